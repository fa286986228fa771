//! Thread dumps for people: the list of them, and of the last of each process what is wrong, who
//! holds which lock, who does the same, who uses the CPU, and what did not move.

mod sections;

use super::source::{Asked, Taken};
use super::{Lives, Worked, json, put, short_time};
use crate::cli::Format;
use crate::command::printer::Printer;
use afterimage_analysis::dumps::State;
use afterimage_analysis::table::{Cell, Column};
use std::collections::BTreeMap;

const COLUMNS: [Column; 13] = [
    Column::text("at", "TIME"),
    Column::number("pid", "PID"),
    Column::text("comm", "COMMAND"),
    Column::text("source", "FORM"),
    Column::text("trigger", "TRIGGER"),
    Column::text("status", "STATUS"),
    Column::number("pause_ms", "PAUSE MS"),
    Column::number("total", "THREADS"),
    Column::number("blocked", "BLOCKED"),
    Column::number("runnable", "RUNNABLE"),
    Column::number("waiting", "WAITING"),
    Column::number("deadlocks", "DEADLOCKS"),
    Column::text("worst", "WORST"),
];

/// Of so many processes the last dump is shown in full.
const MOST_IN_FULL: usize = 8;

pub(super) fn print(asked: &mut Asked<'_>) -> anyhow::Result<()> {
    let architecture = asked.architecture.clone();
    let (mut lives, mut rows) = (Lives::default(), Vec::new());
    // The newest text of each life of a process, by when it came.
    let mut texts: BTreeMap<usize, (usize, String)> = BTreeMap::new();
    asked.each(&mut |taken| {
        lives.work(taken, &architecture, |worked, taken| {
            if !taken.is_shown {
                return;
            }
            rows.push(row(worked, taken));
            if let Some(worked) = worked {
                texts.insert(worked.life, (rows.len(), sections::text(worked)));
            }
        });
        Ok(())
    })?;
    if rows.is_empty() {
        return Ok(put("There is no thread dump.\n")?);
    }
    let is_list = rows.len() > 1 || texts.is_empty();
    if is_list {
        let mut printer = Printer::new(Format::Table, COLUMNS.to_vec());
        rows.iter().try_for_each(|row| printer.row(row))?;
        printer.finish()?;
    }
    let mut texts: Vec<(usize, String)> = texts.into_values().collect();
    texts.sort_by_key(|(number, _)| *number);
    let left_out = texts.len().saturating_sub(MOST_IN_FULL);
    for (number, (_, text)) in texts.iter().skip(left_out).enumerate() {
        if is_list || number > 0 {
            put("\n")?;
        }
        put(text)?;
    }
    if left_out > 0 {
        put(&format!(
            "\n{left_out} more processes have dumps: --pid shows them.\n"
        ))?;
    }
    if asked.other_lines > 0 {
        put(&format!(
            "\n{} other lines are not of a dump.\n",
            asked.other_lines
        ))?;
    }
    Ok(())
}

/// A line of the list.
fn row(worked: Option<&Worked<'_>>, taken: &Taken) -> Vec<Cell> {
    let facts = taken.stored.as_ref().map(|stored| &stored.facts);
    let report = worked.map(|worked| &worked.report);
    let count = |state| Cell::integer(report.map(|report| report.count(state)));
    let waiting =
        report.map(|report| report.count(State::Waiting) + report.count(State::TimedWaiting));
    let at = taken.at.as_ref().map(|at| short_time(at));
    let word =
        |word: Option<&str>| word.map_or(Cell::Absent, |word| Cell::text(Some(word.as_bytes())));
    let source = worked.map(|worked| worked.dump.source.name());
    let kind = facts.map(|facts| facts.kind.as_str());
    let worst = report.and_then(|report| report.findings.first());
    let worst = worst.map(|finding| finding.summary.as_str());
    // Of what brought no dump this says why.
    let detail = facts
        .map(|facts| facts.detail.as_str())
        .filter(|detail| !detail.is_empty());
    vec![
        at.map_or(Cell::Absent, Cell::Word),
        Cell::integer(taken.pid()),
        Cell::text(facts.map(|facts| facts.comm.as_slice())),
        word(source.or(kind)),
        word(facts.map(|facts| facts.trigger.as_str())),
        Cell::Word(json::status(taken).to_owned()),
        Cell::real(
            facts
                .and_then(|facts| facts.pause)
                .map(|pause| pause.as_secs_f64() * 1e3),
            1,
        ),
        Cell::integer(report.map(|report| report.total)),
        count(State::Blocked),
        count(State::Runnable),
        Cell::integer(waiting),
        Cell::integer(report.map(|report| report.deadlocks.len())),
        word(worst.or(detail)),
    ]
}
