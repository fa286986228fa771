//! `ps`: every process at one moment, with what it did since the moment before.

pub mod threads;

use crate::rate::{Elapsed, ProcessRates};
use crate::table::{Cell, Column, Table};
use crate::zone::Zone;
use afterimage_format::facts::Host;
use afterimage_format::sample::{Counters, Listed};
use afterimage_format::tick::TickTimes;
use afterimage_format::time::WallTime;
use afterimage_format::units::Bytes;

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
    /// The view of one tick.
    pub fn new(host: &'a Host, zone: &'a Zone, now: &TickTimes) -> Self {
        let began = now.began;
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
    pub process: Listed<'a>,
    /// What it did since the tick before.
    pub rates: ProcessRates,
    /// How deep it stands in the tree of parents; 0 in a flat list.
    pub depth: usize,
}

/// A row for each process, in the same order. With each comes what it had counted at the tick
/// before, if it was there. Without the time that has elapsed since then there are no rates.
pub fn rows<'a>(
    processes: impl Iterator<Item = (Listed<'a>, Option<Counters>)>,
    elapsed: Option<Elapsed>,
    host: &Host,
) -> Vec<Row<'a>> {
    let rates = |now: &Counters, before: Option<&Counters>| {
        let elapsed = elapsed?;
        Some(match before {
            Some(before) => ProcessRates::between(elapsed, before, now, host.tick_rate),
            None => ProcessRates::since_birth(elapsed, now, host.tick_rate),
        })
    };
    let row = |(process, before): (Listed<'a>, Option<Counters>)| Row {
        process,
        rates: rates(&process.counters, before.as_ref()).unwrap_or_default(),
        depth: 0,
    };
    processes.map(row).collect()
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
    let cell = cell_of(COLUMNS[column].key);
    let mut keyed: Vec<_> = rows.iter().map(|row| (cell(row, view), *row)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.order(b));
    for (place, (_, row)) in rows.iter_mut().zip(keyed) {
        *place = row;
    }
    true
}

fn column_of(key: &str) -> Option<usize> {
    place_of(key, &COLUMNS)
}

/// Where a column of this name, or of one that people use for it, stands among others.
fn place_of(key: &str, columns: &[Column]) -> Option<usize> {
    let known = match key.trim_start_matches(['-', '+', '%']) {
        "cpu" => "cpu_percent",
        "wait" => "wait_percent",
        "rss" | "mem" => "rss_bytes",
        "vsz" => "vsize_bytes",
        "read" => "read_bytes_per_second",
        "write" => "write_bytes_per_second",
        "command" | "args" => "cmdline",
        "nlwp" => "threads",
        "tid" | "spid" => "lwp",
        other => other,
    };
    columns.iter().position(|column| column.key == known)
}

/// The column behind a name that people use for it.
pub fn column_named(name: &str) -> Option<Column> {
    let heading = || {
        COLUMNS
            .iter()
            .position(|column| column.heading.eq_ignore_ascii_case(name))
    };
    let found = column_of(name).or_else(heading);
    found.map(|column| COLUMNS[column])
}

/// The rows as a table of some of [`COLUMNS`].
pub fn table(rows: &[Row<'_>], view: &View<'_>, columns: &[Column]) -> Table {
    let cells: Vec<MakeCell> = columns.iter().map(|column| cell_of(column.key)).collect();
    let row = |row| cells.iter().map(|cell| cell(row, view)).collect();
    Table {
        columns: columns.to_vec(),
        rows: rows.iter().map(row).collect(),
    }
}

type MakeCell = fn(&Row<'_>, &View<'_>) -> Cell;

/// What makes the cells of a column; where there is no such column, nothing is there.
fn cell_of(key: &str) -> MakeCell {
    fn kib(bytes: Option<f64>) -> Cell {
        Cell::scaled(bytes, 1024.0)
    }
    match key {
        "pid" => |row, _| Cell::Integer(row.process.key.pid.0.into()),
        "ppid" => |row, _| Cell::integer(row.process.ppid.ok().map(|pid| pid.0)),
        "user" => |row, _| user(&row.process),
        "state" => |row, _| {
            let state = row.process.state.map(|state| state.letter().to_string());
            state.map_or(Cell::Absent, Cell::Word)
        },
        "nice" => |row, _| Cell::integer(row.process.nice.ok()),
        "threads" => |row, _| Cell::integer(row.process.counters.threads.ok()),
        "cpu_percent" => |row, _| Cell::real(row.rates.cpu_percent, 1),
        "wait_percent" => |row, _| Cell::real(row.rates.wait_percent, 1),
        "rss_bytes" => |row, view| {
            let pages = row.process.rss_pages.ok();
            kib(pages.map(|pages| Bytes::from_pages(pages, view.host.page_size).0 as f64))
        },
        "vsize_bytes" => |row, _| kib(row.process.vsize.ok().map(|bytes| bytes.0 as f64)),
        "read_bytes_per_second" => |row, _| kib(row.rates.read_per_second),
        "write_bytes_per_second" => |row, _| kib(row.rates.write_per_second),
        "started" => |row, view| Cell::Word(view.zone.rfc3339(started(&row.process, view))),
        "wchan" => |row, _| Cell::text(row.process.wchan.ok()),
        "cgroup" => |row, _| Cell::text(row.process.cgroup.ok()),
        "comm" => |row, _| Cell::text(row.process.comm.ok()),
        "cmdline" => |row, _| Cell::text(row.process.command_line.ok()),
        _ => |_, _| Cell::Absent,
    }
}

/// The name, else the number.
fn user(process: &Listed<'_>) -> Cell {
    let number = |uid: u64| Cell::Text(uid.to_string().into_bytes().into());
    let name = process.user.ok();
    let or_number = || process.uid.map_or(Cell::Absent, number);
    name.map_or_else(or_number, |name| Cell::text(Some(name)))
}

/// When a process began: its start is counted from boot.
pub fn started(process: &Listed<'_>, view: &View<'_>) -> WallTime {
    view.booted
        .plus(process.key.started.to_duration(view.host.tick_rate))
}

/// A command line for people: a kernel thread, or a process without one, by its name in
/// brackets; in a tree, indented.
pub fn command(row: &Row<'_>) -> Vec<u8> {
    let mut text = vec![b' '; 2 * row.depth.min(40)];
    match (row.process.command_line, row.process.comm) {
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
