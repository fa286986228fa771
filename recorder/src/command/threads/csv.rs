//! Thread dumps as CSV: a line for each thread.

use super::source::Asked;
use super::{Lives, Worked};
use crate::cli::Format;
use crate::command::printer::Printer;
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::locks::Holder;
use afterimage_analysis::table::{Cell, Column};
use std::collections::HashMap;

const COLUMNS: [Column; 17] = [
    Column::text("at", "TIME"),
    Column::number("pid", "PID"),
    Column::text("thread", "THREAD"),
    Column::number("number", "#"),
    Column::number("tid", "TID"),
    Column::text("state", "STATE"),
    Column::text("is_virtual", "VIRTUAL"),
    Column::text("is_idle", "IDLE"),
    Column::number("cpu_ms", "CPU MS"),
    Column::number("over_ms", "OVER MS"),
    Column::text("cpu_by", "BY"),
    Column::text("waits_for", "WAITS FOR"),
    Column::text("held_by", "HELD BY"),
    Column::text("is_guess", "GUESS"),
    Column::number("unchanged_dumps", "UNCHANGED"),
    Column::text("top", "TOP"),
    Column::text("telling", "TELLING"),
];

pub(super) fn print(asked: &mut Asked<'_>) -> anyhow::Result<()> {
    let mut printer = Printer::new(Format::Csv, COLUMNS.to_vec());
    let architecture = asked.architecture.clone();
    let mut lives = Lives::default();
    asked.each(&mut |taken| {
        lives.work(taken, &architecture, |worked, taken| {
            let rows = worked.filter(|_| taken.is_shown).map(rows);
            let mut rows = rows.into_iter().flatten();
            rows.try_for_each(|row| printer.row(&row))
        })?;
        Ok(())
    })?;
    Ok(printer.finish()?)
}

fn rows(worked: &Worked<'_>) -> Vec<Vec<Cell>> {
    let (dump, report) = (worked.dump, &worked.report);
    let cpu: HashMap<usize, _> = report
        .cpu
        .iter()
        .filter_map(|used| Some((used.thread?, used)))
        .collect();
    let threads = dump.threads.iter().enumerate().map(|(place, thread)| {
        let used = cpu.get(&place);
        let millis = |time: Option<std::time::Duration>| {
            Cell::real(time.map(|time| time.as_secs_f64() * 1e3), 2)
        };
        let wanted = report.locks.waits_for[place].map(|at| &report.locks.wanted[at]);
        let holder = wanted.and_then(|wanted| wanted.holder.thread());
        let is_guess = wanted.map(|wanted| matches!(wanted.holder, Holder::Guessed(_)));
        let stuck = worked.series.stuck_thread(place);
        let text = |text: Option<&str>| Cell::text(text.map(str::as_bytes));
        vec![
            worked.taken.at.clone().map_or(Cell::Absent, Cell::Word),
            Cell::integer(worked.taken.pid()),
            text(Some(&thread.called())),
            Cell::integer(thread.number),
            Cell::integer(used.and_then(|used| used.tid).or(thread.os_id)),
            Cell::Word(thread.state.name().to_owned()),
            Cell::Flag(thread.is_virtual),
            Cell::Flag(frame::is_idle(thread)),
            millis(used.map(|used| used.cpu)),
            millis(used.and_then(|used| used.over)),
            used.map_or(Cell::Absent, |used| Cell::Word(used.by.name().to_owned())),
            text(wanted.map(|wanted| wanted.lock.words()).as_deref()),
            text(
                holder
                    .map(|holder| dump.threads[holder].called())
                    .as_deref(),
            ),
            is_guess.map_or(Cell::Absent, Cell::Flag),
            Cell::integer(stuck.map(|stuck| stuck.dumps)),
            text(thread.top()),
            text(frame::telling(thread)),
        ]
    });
    threads.collect()
}
