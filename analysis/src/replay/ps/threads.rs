//! `ps -L`: the threads that were recorded, one a row; of every other process its one row.
//!
//! In: the processes of a moment, and the threads that were worth a look, with those of the tick
//! before. Out: rows in order of pid and tid.

use super::{Row, View, cell_of, place_of, started};
use crate::rate::Elapsed;
use crate::table::{Cell, Column, Table};
use crate::waits::{cpu_percent, dictionary, wait_percent};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::sample::{Listed, Task};
use std::collections::{BTreeMap, HashMap};

/// The columns.
pub const COLUMNS: [Column; 20] = [
    Column::number("pid", "PID"),
    Column::number("lwp", "LWP"),
    Column::number("ppid", "PPID"),
    Column::text("user", "USER"),
    Column::text("state", "S"),
    Column::number("nice", "NI"),
    Column::number("threads", "NLWP"),
    Column::number("recorded_threads", "SEEN"),
    Column::number("cpu_percent", "%CPU"),
    Column::number("wait_percent", "%WAIT"),
    Column::number("rss_bytes", "RSS"),
    Column::number("vsize_bytes", "VSZ"),
    Column::number("read_bytes_per_second", "RKB/S"),
    Column::number("write_bytes_per_second", "WKB/S"),
    Column::text("started", "STARTED"),
    Column::text("wchan", "WCHAN"),
    Column::text("syscall", "SYSCALL"),
    Column::text("cgroup", "CGROUP"),
    Column::text("comm", "COMM"),
    Column::text("cmdline", "COMMAND"),
];

/// What is shown to people unless they choose.
pub const DEFAULT: [&str; 11] = [
    "pid",
    "lwp",
    "user",
    "state",
    "threads",
    "recorded_threads",
    "cpu_percent",
    "wait_percent",
    "wchan",
    "syscall",
    "comm",
];

/// A thread, or a process whose threads were not recorded.
#[derive(Debug, Clone, Copy)]
pub struct ThreadRow<'a> {
    /// Its process.
    pub process: Row<'a>,
    /// What is known of the thread; nothing in the row of a whole process.
    pub task: Option<&'a Task>,
    /// How many threads of the process were recorded.
    pub recorded: usize,
    /// What the thread was at the tick before, and how long ago that is in seconds.
    before: Option<(&'a Task, f64)>,
}

impl ThreadRow<'_> {
    /// Whether what is said of its process holds for it alone: it has no other threads.
    fn is_whole(&self) -> bool {
        self.task.is_none() || self.process.process.counters.threads == Ok(1)
    }
}

/// A row for each thread that was recorded, behind one for its process where the first thread was
/// not; and for each other process one.
pub fn rows<'a>(
    processes: &[Row<'a>],
    now: &'a [Task],
    before: &'a [Task],
    elapsed: Option<Elapsed>,
) -> Vec<ThreadRow<'a>> {
    let mut of_process: BTreeMap<Pid, Vec<&Task>> = BTreeMap::new();
    for task in now {
        if let Ok(process) = task.process {
            of_process.entry(process).or_default().push(task);
        }
    }
    let before: HashMap<ProcessKey, &Task> = before.iter().map(|task| (task.key, task)).collect();
    let mut rows = Vec::with_capacity(processes.len() + now.len());
    for process in processes {
        let key = process.process.key;
        let tasks = of_process.get(&key.pid).map_or(&[][..], Vec::as_slice);
        let row = |task: Option<&'a Task>| ThreadRow {
            process: *process,
            task,
            recorded: tasks.len(),
            before: task
                .and_then(|task| before.get(&task.key).copied())
                .zip(elapsed.map(|elapsed| elapsed.seconds)),
        };
        if !tasks.iter().any(|task| task.key == key) {
            rows.push(row(None));
        }
        rows.extend(tasks.iter().map(|task| row(Some(task))));
    }
    rows
}

/// Sorts by a column: numbers with the largest first, text from A to Z; what is absent last.
/// `false` when there is no such column.
pub fn sort(rows: &mut [ThreadRow<'_>], key: &str, view: &View<'_>) -> bool {
    let Some(place) = place_of(key, &COLUMNS) else {
        return false;
    };
    let key = COLUMNS[place].key;
    let mut keyed: Vec<_> = rows
        .iter()
        .map(|row| (cell(row, key, view), *row))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| a.order(b));
    for (place, (_, row)) in rows.iter_mut().zip(keyed) {
        *place = row;
    }
    true
}

/// The column behind a name that people use for it.
pub fn column_named(name: &str) -> Option<Column> {
    let heading = || {
        let mut columns = COLUMNS.iter();
        columns.position(|column| column.heading.eq_ignore_ascii_case(name))
    };
    let place = place_of(name, &COLUMNS).or_else(heading)?;
    Some(COLUMNS[place])
}

/// The rows as a table of some of [`COLUMNS`].
pub fn table(rows: &[ThreadRow<'_>], view: &View<'_>, columns: &[Column]) -> Table {
    let row = |row| {
        columns
            .iter()
            .map(|column| cell(row, column.key, view))
            .collect()
    };
    Table {
        columns: columns.to_vec(),
        rows: rows.iter().map(row).collect(),
    }
}

fn cell(row: &ThreadRow<'_>, key: &str, view: &View<'_>) -> Cell {
    let of_process = || cell_of(key)(&row.process, view);
    if key == "recorded_threads" {
        return Cell::integer(Some(row.recorded));
    }
    let Some(task) = row.task else {
        return match key {
            "lwp" => Cell::Integer(row.process.process.key.pid.0.into()),
            _ => of_process(),
        };
    };
    match key {
        "lwp" => Cell::Integer(task.key.pid.0.into()),
        "state" => {
            let state = task.state.map(|state| state.letter().to_string());
            state.map_or(Cell::Absent, Cell::Word)
        }
        "wchan" => Cell::text(task.wchan.as_deref().ok()),
        "syscall" => call(task, &view.host.architecture),
        "comm" => Cell::text(task.comm.as_deref().ok()),
        // Only that of the process was recorded.
        "nice" | "read_bytes_per_second" | "write_bytes_per_second" if !row.is_whole() => {
            Cell::Absent
        }
        "cpu_percent" if !row.is_whole() => Cell::real(cpu_percent(task, row.before), 1),
        "wait_percent" if !row.is_whole() => Cell::real(wait_percent(task, row.before), 1),
        "started" => {
            let thread = Listed {
                key: task.key,
                ..row.process.process
            };
            Cell::Word(view.zone.rfc3339(started(&thread, view)))
        }
        _ => of_process(),
    }
}

/// The name of the system call that a thread is in, else its number.
pub(crate) fn call(task: &Task, architecture: &str) -> Cell {
    let Ok(number) = task.syscall else {
        return Cell::Absent;
    };
    let name = dictionary::call(architecture, number).map(|call| call.name.to_owned());
    Cell::Word(name.unwrap_or_else(|| number.to_string()))
}
