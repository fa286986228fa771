//! `waits`: who waits for what, in words, at one moment.
//!
//! In: the threads of a sample, with those of the tick before, and since when each is as it is.
//! Out: a row for each that waits: first those in state D, then those that starve, then the others.

use super::ps::threads::call;
use crate::rate::Step;
use crate::table::{Cell, Column};
use crate::waits::{Kind, Seen, wait_percent, words};
use crate::zone::Zone;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::sample::{Sample, Task, Why};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

/// The columns.
pub const COLUMNS: [Column; 19] = [
    Column::text("at", "TIME"),
    Column::text("kind", "KIND"),
    Column::number("tid", "TID"),
    Column::number("pid", "PID"),
    Column::text("comm", "COMM"),
    Column::text("process_comm", "PROCESS"),
    Column::text("state", "S"),
    Column::number("seconds", "SECONDS"),
    Column::text("began", "BEGAN"),
    Column::number("switches", "SWITCHES"),
    Column::number("wait_percent", "%WAIT"),
    Column::text("wchan", "WCHAN"),
    Column::text("syscall", "SYSCALL"),
    Column::number("syscall_number", "NR"),
    Column::text("syscall_arguments", "ARGUMENTS"),
    Column::text("on", "ON"),
    Column::text("why", "WHY"),
    Column::text("sentence", "WAITS FOR"),
    Column::text("stack", "STACK"),
];

/// What is shown to people unless they choose.
pub const DEFAULT: [&str; 10] = [
    "at", "tid", "pid", "comm", "state", "seconds", "wchan", "syscall", "sentence", "stack",
];

/// Functions of a kernel stack that are shown to people.
pub const TOP_FUNCTIONS: usize = 4;

/// The rows of one moment. `all`: also threads that only sleep and that nobody asked for.
pub fn rows(
    (now, step): (&Sample, Option<&Step<'_>>),
    seen: &Seen,
    (zone, architecture): (&Zone, &str),
    all: bool,
) -> Vec<Vec<Cell>> {
    let earlier = step
        .iter()
        .flat_map(|step| step.before.tasks.iter().flatten());
    let earlier: HashMap<ProcessKey, &Task> = earlier.map(|task| (task.key, task)).collect();
    let names = now.processes.iter();
    let names: HashMap<Pid, &[u8]> = names
        .filter_map(|process| Some((process.key.pid, process.comm.as_deref().ok()?)))
        .collect();
    let mut rows = Vec::new();
    for task in now.tasks.iter().flatten() {
        let before = earlier.get(&task.key).copied();
        let before = before.zip(step.map(|step| step.elapsed.seconds));
        let Some(kind) = Kind::of(task, before) else {
            continue;
        };
        let is_asked_for = task.why.is_ok_and(|why| why.contains(Why::ASKED_FOR));
        if kind > Kind::Starved && !is_asked_for && !all {
            continue;
        }
        let began = seen.began(task.key);
        let lasted = began.and_then(|began| began.ago(now));
        let words = words(task, kind, before, architecture);
        let name = task.process.ok().and_then(|pid| names.get(&pid).copied());
        let cells = vec![
            Cell::Word(zone.rfc3339(now.times.began.wall)),
            Cell::Word(kind.name().to_owned()),
            Cell::Integer(task.key.pid.0.into()),
            Cell::integer(task.process.ok().map(|pid| pid.0)),
            Cell::text(task.comm.as_deref().ok()),
            Cell::text(name),
            task.state
                .map_or(Cell::Absent, |state| Cell::Word(state.letter().to_string())),
            Cell::real(lasted.map(|lasted| lasted.as_secs_f64()), 1),
            began.map_or(Cell::Absent, |began| {
                let word = if began.is_seen { "seen" } else { "earlier" };
                Cell::Word(word.to_owned())
            }),
            Cell::integer(began.and_then(|began| began.switches_since(task))),
            Cell::real(wait_percent(task, before), 1),
            Cell::text(task.wchan.as_deref().ok()),
            call(task, architecture),
            Cell::integer(task.syscall.ok()),
            Cell::text(task.syscall_arguments.as_deref().ok()),
            words
                .on
                .map_or(Cell::Absent, |on| Cell::Word(on.to_owned())),
            task.why
                .map_or(Cell::Absent, |why| Cell::Word(reasons(why))),
            Cell::Word(words.sentence),
            stack(task),
        ];
        rows.push((order(kind, lasted.unwrap_or_default(), task), cells));
    }
    rows.sort_by_key(|(order, _)| *order);
    rows.into_iter().map(|(_, cells)| cells).collect()
}

/// The longest first, among those that wait alike.
fn order(kind: Kind, lasted: Duration, task: &Task) -> (Kind, Reverse<Duration>, ProcessKey) {
    (kind, Reverse(lasted), task.key)
}

/// Why it was recorded, each reason a word.
fn reasons(why: Why) -> String {
    let words = [
        (Why::UNINTERRUPTIBLE, "uninterruptible"),
        (Why::STARVED, "starved"),
        (Why::ASKED_FOR, "asked-for"),
        (Why::BUSIEST, "busiest"),
    ];
    let words = words
        .into_iter()
        .filter(|(reason, _)| why.contains(*reason));
    words.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

/// The functions, innermost first, with blanks between them.
fn stack(task: &Task) -> Cell {
    let Ok(stack) = &task.stack else {
        return Cell::Absent;
    };
    let functions = stack.split(|byte| *byte == b'\n');
    let functions: Vec<&[u8]> = functions.filter(|name| !name.is_empty()).collect();
    Cell::Text(functions.join(&b' ').into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::made::sample_of_tasks;
    use crate::rate::Elapsed;
    use crate::waits::tests::task;

    fn cell<'a>(row: &'a [Cell], key: &str) -> &'a Cell {
        let place = COLUMNS.iter().position(|column| column.key == key);
        &row[place.unwrap()]
    }

    fn moment(seconds: u64) -> Sample {
        let (mut asleep, mut idler) = (task(3, b'S'), task(4, b'S'));
        asleep.wchan = Ok(b"futex_do_wait"[..].into());
        idler.why = Ok(Why::BUSIEST);
        let (starved, mut stuck) = (task(1, b'R'), task(2, b'D'));
        stuck.syscall = Ok(74);
        stuck.stack = Ok(b"io_schedule\nfolio_wait_bit_common\ndo_fsync"[..].into());
        sample_of_tasks(vec![starved, stuck, asleep, idler], seconds)
    }

    fn shown(all: bool) -> Vec<Vec<Cell>> {
        let (before, now) = (moment(1), moment(3));
        let mut seen = Seen::at(&before);
        seen.forward(&now, true);
        let elapsed = Elapsed {
            seconds: 2.0,
            ticks: 1,
            idle_left_out: false,
        };
        let step = Step {
            before: &before,
            now: &now,
            elapsed,
        };
        rows((&now, Some(&step)), &seen, (&Zone::utc(), "x86_64"), all)
    }

    #[test]
    fn those_in_d_come_first_then_those_that_starve_then_those_asked_for() {
        let tids = |rows: &[Vec<Cell>]| -> Vec<Cell> {
            rows.iter().map(|row| cell(row, "tid").clone()).collect()
        };
        assert_eq!(tids(&shown(false)), [2, 1, 3].map(Cell::Integer));
        assert_eq!(tids(&shown(true)), [2, 1, 3, 4].map(Cell::Integer));
    }

    #[test]
    fn a_row_says_what_for_how_long_and_where_in_the_kernel() {
        let rows = shown(false);
        let row = &rows[0];
        let word = |word: &str| Cell::Word(word.to_owned());
        assert_eq!(*cell(row, "kind"), word("uninterruptible"));
        assert_eq!(*cell(row, "seconds"), Cell::Real(2.0, 1));
        assert_eq!(*cell(row, "began"), word("earlier"));
        assert_eq!(*cell(row, "switches"), Cell::Integer(0));
        assert_eq!(*cell(row, "syscall"), word("fsync"));
        assert_eq!(*cell(row, "wchan"), Cell::Absent);
        assert_eq!(*cell(row, "on"), word("disk"));
        let stack = b"io_schedule folio_wait_bit_common do_fsync";
        assert_eq!(*cell(row, "stack"), Cell::text(Some(stack)));
        let sentence = "Waits for a disk to finish a request. It called fsync, which makes sure that a file is on the disk.";
        assert_eq!(*cell(row, "sentence"), word(sentence));
        assert_eq!(*cell(&rows[1], "kind"), word("starved"));
    }
}
