//! `ps`: every process at one moment, with what it did since the moment before.

use crate::rate::{ProcessRates, Step};
use crate::table::{Cell, Column, Table};
use crate::zone::Zone;
use afterimage_format::facts::Host;
use afterimage_format::process::ProcessKey;
use afterimage_format::sample::{Process, Sample};
use afterimage_format::time::WallTime;
use afterimage_format::units::Bytes;
use std::cmp::Ordering;
use std::time::Duration;

/// The columns, in the order of the JSON contract.
pub const COLUMNS: [Column; 17] = [
    Column::number("pid", "PID"),
    Column::number("ppid", "PPID"),
    Column::text("user", "USER"),
    Column::text("state", "S"),
    Column::number("nice", "NI"),
    Column::number("threads", "NLWP"),
    Column::number("cpu_percent", "%CPU"),
    Column::number("wait_percent", "%WAIT"),
    Column::number("rss_bytes", "RSS"),
    Column::number("vsize_bytes", "VSZ"),
    Column::number("read_bytes_per_second", "RKB/S"),
    Column::number("write_bytes_per_second", "WKB/S"),
    Column::text("started", "STARTED"),
    Column::text("wchan", "WCHAN"),
    Column::text("cgroup", "CGROUP"),
    Column::text("comm", "COMM"),
    Column::text("cmdline", "COMMAND"),
];

/// What is shown to people unless they choose.
pub const DEFAULT: [&str; 12] = [
    "pid",
    "ppid",
    "user",
    "state",
    "nice",
    "threads",
    "cpu_percent",
    "wait_percent",
    "rss_bytes",
    "read_bytes_per_second",
    "write_bytes_per_second",
    "cmdline",
];

/// What the rows of one moment have in common.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The host.
    pub host: &'a Host,
    /// The zone in which times are shown.
    pub zone: &'a Zone,
    /// When the host was booted, by the wall clock of that moment.
    pub booted: WallTime,
    /// That moment.
    pub now: WallTime,
}

impl<'a> View<'a> {
    /// The view of one sample.
    pub fn new(host: &'a Host, zone: &'a Zone, now: &Sample) -> Self {
        let began = now.times.began;
        let booted = WallTime(began.wall.0.saturating_sub(began.boot.0));
        Self {
            host,
            zone,
            booted,
            now: began.wall,
        }
    }
}

/// One process at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The process.
    pub process: &'a Process,
    /// What it did since the sample before.
    pub rates: ProcessRates,
    /// How deep it stands in the tree of parents; 0 in a flat list.
    pub depth: usize,
}

/// Every process of a sample, in order of pid. Without a step there are no rates.
pub fn rows<'a>(now: &'a Sample, step: Option<&Step<'_>>, host: &Host) -> Vec<Row<'a>> {
    let before = |key: ProcessKey| {
        let processes = &step?.before.processes;
        let place = processes
            .binary_search_by_key(&key, |process| process.key)
            .ok()?;
        Some(&processes[place])
    };
    let rates = |process: &Process| {
        let step = step?;
        Some(match before(process.key) {
            Some(before) => ProcessRates::between(step, before, process, host.tick_rate),
            None => ProcessRates::since_birth(step, process, host.tick_rate),
        })
    };
    let row = |process| Row {
        process,
        rates: rates(process).unwrap_or_default(),
        depth: 0,
    };
    now.processes.iter().map(row).collect()
}

/// The rows with each process under its parent, in order of pid among siblings.
pub fn tree<'a>(rows: &[Row<'a>]) -> Vec<Row<'a>> {
    let index = |pid| rows.iter().position(|row| row.process.key.pid == pid);
    let mut children = vec![Vec::new(); rows.len()];
    let mut roots = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        match row
            .process
            .ppid
            .ok()
            .and_then(index)
            .filter(|parent| *parent != place)
        {
            Some(parent) => children[parent].push(place),
            None => roots.push(place),
        }
    }
    // Parents in a circle can only come from a damaged or forged capture: each row is put out
    // once, and those that no root leads to come last.
    let (mut ordered, mut done) = (Vec::with_capacity(rows.len()), vec![false; rows.len()]);
    for start in roots.into_iter().chain(0..rows.len()) {
        let mut stack = vec![(start, 0)];
        while let Some((place, depth)) = stack.pop() {
            if std::mem::replace(&mut done[place], true) {
                continue;
            }
            ordered.push(Row {
                depth,
                ..rows[place]
            });
            stack.extend(
                children[place]
                    .iter()
                    .rev()
                    .map(|&child| (child, depth + 1)),
            );
        }
    }
    ordered
}

/// Sorts by a column: numbers with the largest first, text from A to Z; what is absent last.
/// `false` when there is no such column.
pub fn sort(rows: &mut [Row<'_>], key: &str, view: &View<'_>) -> bool {
    let Some(column) = column_of(key) else {
        return false;
    };
    let mut keyed: Vec<_> = rows
        .iter()
        .map(|row| (cells(row, view)[column].clone(), *row))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| order(a, b));
    for (place, (_, row)) in rows.iter_mut().zip(keyed) {
        *place = row;
    }
    true
}

fn column_of(key: &str) -> Option<usize> {
    let known = match key.trim_start_matches(['-', '+', '%']) {
        "cpu" => "cpu_percent",
        "wait" => "wait_percent",
        "rss" | "mem" => "rss_bytes",
        "vsz" => "vsize_bytes",
        "read" => "read_bytes_per_second",
        "write" => "write_bytes_per_second",
        "command" | "args" => "cmdline",
        "nlwp" => "threads",
        other => other,
    };
    COLUMNS.iter().position(|column| column.key == known)
}

/// The column behind a name that people use for it.
pub fn key_of(name: &str) -> Option<&'static str> {
    let heading = || {
        COLUMNS
            .iter()
            .position(|column| column.heading.eq_ignore_ascii_case(name))
    };
    column_of(name)
        .or_else(heading)
        .map(|column| COLUMNS[column].key)
}

fn order(a: &Cell, b: &Cell) -> Ordering {
    let number = |cell: &Cell| match cell {
        Cell::Integer(value) => Some(*value as f64),
        Cell::Real(value, _) | Cell::Scaled(value, _) => Some(*value),
        _ => None,
    };
    match (a, b) {
        (Cell::Absent, Cell::Absent) => Ordering::Equal,
        (Cell::Absent, _) => Ordering::Greater,
        (_, Cell::Absent) => Ordering::Less,
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Word(a), Cell::Word(b)) => a.cmp(b),
        _ => number(b).partial_cmp(&number(a)).unwrap_or(Ordering::Equal),
    }
}

/// The rows as a table of all columns.
pub fn table(rows: &[Row<'_>], view: &View<'_>) -> Table {
    let rows = rows.iter().map(|row| cells(row, view));
    Table {
        columns: COLUMNS.to_vec(),
        rows: rows.collect(),
    }
}

fn cells(row: &Row<'_>, view: &View<'_>) -> Vec<Cell> {
    let (process, host) = (row.process, view.host);
    let kib = |bytes: Option<f64>| Cell::scaled(bytes, 1024.0);
    let rss = process
        .rss_pages
        .ok()
        .map(|pages| Bytes::from_pages(pages, host.page_size).0 as f64);
    let uid = process.uids[0].ok().map(|uid| uid.to_string().into_bytes());
    let user = process.user.as_deref().ok().or(uid.as_deref());
    let state = process.state.ok().map(|state| state.letter().to_string());
    vec![
        Cell::Integer(process.key.pid.0.into()),
        Cell::integer(process.ppid.ok().map(|pid| pid.0)),
        Cell::text(user),
        state.map_or(Cell::Absent, Cell::Word),
        Cell::integer(process.nice.ok()),
        Cell::integer(process.threads.ok()),
        Cell::real(row.rates.cpu_percent, 1),
        Cell::real(row.rates.wait_percent, 1),
        kib(rss),
        kib(process.vsize.ok().map(|bytes| bytes.0 as f64)),
        kib(row.rates.read_per_second),
        kib(row.rates.write_per_second),
        Cell::Word(view.zone.rfc3339(started(process, view))),
        Cell::text(process.wchan.as_deref().ok()),
        Cell::text(process.cgroup.as_deref().ok()),
        Cell::text(process.comm.as_deref().ok()),
        Cell::text(process.command_line.as_deref().ok()),
    ]
}

/// When a process began: its start is counted from boot.
pub fn started(process: &Process, view: &View<'_>) -> WallTime {
    view.booted
        .plus(process.key.started.to_duration(view.host.tick_rate))
}

/// A command line for people: a kernel thread, or a process without one, by its name in
/// brackets; in a tree, indented.
pub fn command(row: &Row<'_>) -> Vec<u8> {
    let mut text = vec![b' '; 2 * row.depth.min(40)];
    match (
        row.process.command_line.as_deref(),
        row.process.comm.as_deref(),
    ) {
        (Ok(line), _) if !line.is_empty() => text.extend_from_slice(line),
        (_, Ok(name)) => {
            text.push(b'[');
            text.extend_from_slice(name);
            text.push(b']');
        }
        _ => text.push(b'?'),
    }
    text
}

/// How long ago something was last read, in ticks, as far as that matters to people.
pub fn age(process: &Process, now: &Sample, interval: Duration) -> Option<Duration> {
    let read = process.stat_read_at.ok()?;
    let ticks = now.times.seq.0.checked_sub(read.0)?;
    Some(interval * u32::try_from(ticks).unwrap_or(u32::MAX))
}
