//! `afterimage ps`: every process at one moment.

use super::output::print;
use super::ps_threads::Threads;
use super::{DAMAGED, Opened, sound};
use crate::cli::{Format, PsArgs};
use afterimage_analysis::rate::Elapsed;
use afterimage_analysis::replay::ps;
use afterimage_analysis::table::{Cell, Column};
use afterimage_analysis::when::When;
use anyhow::bail;
use std::process::ExitCode;

pub(super) fn run(args: &PsArgs) -> anyhow::Result<ExitCode> {
    sound::read(&args.file, |capture| {
        show(args, Opened::of(capture, args.show.utc)?)
    })
}

fn show(args: &PsArgs, mut opened: Opened) -> anyhow::Result<ExitCode> {
    let when = args.at.as_ref().unwrap_or(&When::End);
    let seq = opened.tick_at(when)?;
    let listing = opened.capture.listing(seq)?;
    let now = opened.readable(listing, seq)?;
    let interval = opened.interval_at(seq)?;
    let threads = if args.threads {
        Some(Threads::read(&mut opened, seq)?)
    } else {
        None
    };
    let before = now.times_before.as_ref();
    let elapsed = before.and_then(|before| Elapsed::between(before, &now.times, interval));

    let view = ps::View::new(&opened.host, &opened.zone, &now.times);
    let mut rows = ps::rows(now.processes(), elapsed, &opened.host);
    if let Some(threads) = threads {
        opened.refuse_torn()?;
        let shown = threads.show(args, (&rows, &view, elapsed))?;
        return Ok(if opened.is_uncertain(when) {
            ExitCode::from(DAMAGED)
        } else if shown == ExitCode::SUCCESS {
            opened.exit()
        } else {
            shown
        });
    }
    if args.tree {
        rows = ps::tree(&rows);
    } else if let Some(key) = &args.sort
        && !ps::sort(&mut rows, key, &view)
    {
        bail!(
            "there is no column {key:?} to sort by; there are {}",
            names_of_all()
        );
    }
    rows.truncate(args.limit.unwrap_or(usize::MAX));
    let columns = columns(args)?;
    let mut table = ps::table(&rows, &view, &columns);
    if args.show.format == Format::Table {
        for (cells, row) in table.rows.iter_mut().zip(&rows) {
            let cells = cells.iter_mut().zip(&columns);
            for (cell, _) in cells.filter(|(_, column)| column.key == "cmdline") {
                *cell = Cell::Text(ps::command(row).into());
            }
        }
    }
    opened.refuse_torn()?;
    print(&table, args.show.format)?;
    Ok(if opened.is_uncertain(when) {
        ExitCode::from(DAMAGED)
    } else {
        opened.exit()
    })
}

/// The columns that were asked for; JSON and CSV have all unless told otherwise.
fn columns(args: &PsArgs) -> anyhow::Result<Vec<Column>> {
    let column = |name: &str| match ps::column_named(name) {
        Some(column) => Ok(column),
        None => bail!("there is no column {name:?}; there are {}", names_of_all()),
    };
    match (&args.columns, args.show.format) {
        (Some(names), _) => names.iter().map(|name| column(name)).collect(),
        (None, Format::Table) => ps::DEFAULT.iter().map(|name| column(name)).collect(),
        (None, _) => Ok(ps::COLUMNS.to_vec()),
    }
}

fn names_of_all() -> String {
    let names: Vec<&str> = ps::COLUMNS.iter().map(|column| column.key).collect();
    names.join(" ")
}
