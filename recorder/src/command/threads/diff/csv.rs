//! What is different between two dumps, as CSV: a line for each thread of either.

use super::json::wants;
use super::{Compared, Kept};
use crate::cli::Format;
use crate::command::printer::Printer;
use afterimage_analysis::dumps::Thread;
use afterimage_analysis::dumps::compare::Pair;
use afterimage_analysis::table::{Cell, Column};

const COLUMNS: [Column; 14] = [
    Column::number("pid", "PID"),
    Column::text("before_at", "BEFORE"),
    Column::text("now_at", "NOW"),
    Column::text("thread", "THREAD"),
    Column::number("number", "#"),
    Column::number("tid", "TID"),
    Column::text("change", "CHANGE"),
    Column::text("before_state", "STATE BEFORE"),
    Column::text("now_state", "STATE NOW"),
    Column::text("before_top", "TOP BEFORE"),
    Column::text("now_top", "TOP NOW"),
    Column::text("before_held_by", "HELD BY BEFORE"),
    Column::text("now_held_by", "HELD BY NOW"),
    Column::number("cpu_ms", "CPU MS"),
];

pub(super) fn print(all: &[Compared]) -> anyhow::Result<()> {
    let mut printer = Printer::new(Format::Csv, COLUMNS.to_vec());
    for compared in all {
        let comparison = &compared.comparison;
        let mut line = |change: &str, ends: [Option<usize>; 2], pair: Option<&Pair>| {
            printer.row(&row(compared, change, ends, pair))
        };
        for place in &comparison.new {
            line("new", [None, Some(*place)], None)?;
        }
        for place in &comparison.gone {
            line("gone", [Some(*place), None], None)?;
        }
        for (change, pairs) in [
            ("changed", &comparison.changed),
            ("same", &comparison.same),
            ("idle", &comparison.idle),
        ] {
            for pair in pairs {
                line(change, [Some(pair.before), Some(pair.now)], Some(pair))?;
            }
        }
    }
    Ok(printer.finish()?)
}

fn row(
    compared: &Compared,
    change: &str,
    [before, now]: [Option<usize>; 2],
    pair: Option<&Pair>,
) -> Vec<Cell> {
    let at = |kept: &Kept| kept.taken.at.clone().map_or(Cell::Absent, Cell::Word);
    let text = |text: Option<&str>| Cell::text(text.map(str::as_bytes));
    let sides = [(&compared.before, before), (&compared.now, now)];
    let threads = sides.map(|(kept, place)| Some(&kept.dump.threads[place?]));
    let thread = threads[1].or(threads[0]);
    let state = |place: usize| text(threads[place].map(|thread| thread.state.name()));
    let top = |place: usize| text(threads[place].and_then(|thread| thread.top()));
    let holders = sides.map(|(kept, place)| wants(kept, place?)?.1);
    let cpu = pair.and_then(|pair| pair.cpu);
    vec![
        Cell::integer(compared.now.taken.pid()),
        at(&compared.before),
        at(&compared.now),
        text(thread.map(Thread::called).as_deref()),
        Cell::integer(thread.and_then(|thread| thread.number)),
        Cell::integer(thread.and_then(|thread| thread.os_id)),
        Cell::Word(change.to_owned()),
        state(0),
        state(1),
        top(0),
        top(1),
        text(holders[0].as_deref()),
        text(holders[1].as_deref()),
        Cell::real(cpu.map(|cpu| cpu.as_secs_f64() * 1e3), 2),
    ]
}
