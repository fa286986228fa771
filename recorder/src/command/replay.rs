//! `afterimage uptime`, `vmstat` and `free`: the tools people know, over recorded time.

use super::output::print;
use super::{DAMAGED, Opened, range, sound};
use crate::cli::{Format, RangeArgs};
use afterimage_analysis::rate::Step;
use afterimage_analysis::replay::{free, uptime, vmstat};
use afterimage_analysis::table::{Cell, Column};
use afterimage_analysis::when::When;
use afterimage_format::sample::Sample;
use std::process::ExitCode;

pub(super) fn uptime(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    show(args, &uptime::COLUMNS, |opened, now, _| {
        uptime::row(now, &opened.zone)
    })
}

pub(super) fn vmstat(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    show(args, &vmstat::COLUMNS, |opened, now, step| {
        vmstat::row(now, step, opened.host.page_size, &opened.zone)
    })
}

pub(super) fn free(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    show(args, &free::COLUMNS, |opened, now, _| {
        free::row(now, &opened.zone)
    })
}

fn show(
    args: &RangeArgs,
    columns: &[Column],
    mut row: impl FnMut(&Opened, &Sample, Option<&Step<'_>>) -> Vec<Cell>,
) -> anyhow::Result<ExitCode> {
    sound::read(&args.file, |capture| {
        let opened = Opened::of(capture, args.show.utc)?;
        show_of(args, columns, (opened, &mut row))
    })
}

fn show_of(
    args: &RangeArgs,
    columns: &[Column],
    (mut opened, row): (
        Opened,
        impl FnMut(&Opened, &Sample, Option<&Step<'_>>) -> Vec<Cell>,
    ),
) -> anyhow::Result<ExitCode> {
    let (mut table, damaged) = range::table(&mut opened, args, columns, row)?;
    if args.show.format == Format::Table {
        shorten_times(&mut table.rows);
    }
    opened.refuse_torn()?;
    print(&table, args.show.format)?;
    let ends = match &args.at {
        Some(at) => [at, at],
        None => [
            args.from.as_ref().unwrap_or(&When::Start),
            args.to.as_ref().unwrap_or(&When::End),
        ],
    };
    let is_uncertain = ends.into_iter().any(|end| opened.is_uncertain(end));
    Ok(if damaged > 0 || is_uncertain {
        ExitCode::from(DAMAGED)
    } else {
        opened.exit()
    })
}

/// People need no milliseconds, and no offset on each line.
fn shorten_times(rows: &mut [Vec<Cell>]) {
    for row in rows {
        if let Some(Cell::Word(time)) = row.first_mut() {
            *time = time.get(..19).unwrap_or(time).replace('T', " ");
        }
    }
}
