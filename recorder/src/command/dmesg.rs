//! `afterimage dmesg`: the kernel log.

use super::output::print;
use super::{DAMAGED, Opened, sound};
use crate::cli::{Format, RangeArgs};
use afterimage_analysis::table::{Cell, Column, Table};
use afterimage_format::facts::KernelLogLine;
use afterimage_format::time::WallTime;
use std::process::ExitCode;
use std::time::Duration;

const COLUMNS: [Column; 5] = [
    Column::text("at", "TIME"),
    Column::number("monotonic_seconds", "SINCE BOOT"),
    Column::text("severity", "SEVERITY"),
    Column::number("facility", "FACILITY"),
    Column::text("text", "MESSAGE"),
];

const SEVERITIES: [&str; 8] = [
    "emergency",
    "alert",
    "critical",
    "error",
    "warning",
    "notice",
    "info",
    "debug",
];

pub(super) fn run(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    sound::read(&args.file, |capture| {
        show(args, Opened::of_any(capture, args.show.utc)?)
    })
}

fn show(args: &RangeArgs, mut opened: Opened) -> anyhow::Result<ExitCode> {
    // The ring reaches back to before the recording, so without --from all of it is shown.
    let from = match args.at.as_ref().or(args.from.as_ref()) {
        Some(from) => opened.resolve(from)?.minus(Duration::from_millis(2)),
        None => WallTime(i64::MIN),
    };
    let to = match args.at.as_ref().or(args.to.as_ref()) {
        Some(to) if args.at.is_none() => opened.resolve(to)?,
        Some(at) => opened.resolve(at)?.plus(Duration::from_secs(1)),
        None => WallTime(i64::MAX),
    };
    let lines = opened.capture.kernel_log(from, to)?;
    let rows = lines
        .iter()
        .map(|line| cells(line, &opened, args.show.format));
    let table = Table {
        columns: COLUMNS.to_vec(),
        rows: rows.collect(),
    };
    let table = match args.show.format {
        Format::Table => table.select(&["at", "severity", "text"]).unwrap_or(table),
        _ => table,
    };
    opened.refuse_torn()?;
    print(&table, args.show.format)?;
    let damaged = opened
        .capture
        .damage()
        .iter()
        .any(|damage| damage.table == "kernel_log");
    Ok(if damaged || opened.lost_anything_anywhere() {
        ExitCode::from(DAMAGED)
    } else {
        ExitCode::SUCCESS
    })
}

fn cells(line: &KernelLogLine, opened: &Opened, format: Format) -> Vec<Cell> {
    let at = match format {
        Format::Table => opened.zone.date_and_time(line.wall),
        _ => opened.zone.rfc3339(line.wall),
    };
    let severity = SEVERITIES
        .get(usize::from(line.severity))
        .copied()
        .unwrap_or("unknown");
    vec![
        Cell::Word(at),
        Cell::real(Some(line.at.0 as f64 / 1e6), 6),
        Cell::Word(severity.to_owned()),
        Cell::Integer(line.facility.into()),
        Cell::Text(line.text.clone().into()),
    ]
}
