//! `afterimage dmesg`: the kernel log.

use super::printer::Printer;
use super::rows::chosen;
use super::{DAMAGED, Opened, sound};
use crate::cli::{Format, RangeArgs};
use afterimage_analysis::table::{Cell, Column};
use afterimage_analysis::zone::Zone;
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
        Some(to) if args.at.is_none() => opened.resolve_end(to)?,
        Some(at) => opened.resolve(at)?.plus(Duration::from_secs(1)),
        None => WallTime(i64::MAX),
    };
    // What hides lines behind it must be known before any is printed, and no log is held whole.
    opened.capture.each_kernel_line(from, to, |_| true)?;
    opened.refuse_torn()?;
    let places = places(args)?;
    let columns = places.iter().map(|&place| COLUMNS[place]).collect();
    let mut printer = Printer::new(args.show.format, columns);
    let (format, zone) = (args.show.format, opened.zone.clone());
    let mut done = Ok(());
    opened.capture.each_kernel_line(from, to, |line| {
        let cells = cells(&line, &zone, format);
        let chosen = places.iter().map(|&place| cells[place].clone());
        done = printer.row(&chosen.collect::<Vec<_>>());
        done.is_ok()
    })?;
    done?;
    printer.finish()?;
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

/// The places of the columns that were asked for.
fn places(args: &RangeArgs) -> anyhow::Result<Vec<usize>> {
    match (&args.columns, args.show.format) {
        (Some(names), _) => chosen(names, &COLUMNS),
        // When, how bad, and what.
        (None, Format::Table) => Ok(vec![0, 2, 4]),
        (None, _) => Ok((0..COLUMNS.len()).collect()),
    }
}

fn cells(line: &KernelLogLine, zone: &Zone, format: Format) -> Vec<Cell> {
    let at = match format {
        Format::Table => zone.date_and_time(line.wall),
        _ => zone.rfc3339(line.wall),
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
