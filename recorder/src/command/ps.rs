//! `afterimage ps`: every process at one moment.

use super::Opened;
use super::output::print;
use crate::cli::{Format, PsArgs};
use afterimage_analysis::rate::Step;
use afterimage_analysis::replay::ps;
use afterimage_analysis::table::{Cell, Table};
use afterimage_analysis::when::When;
use afterimage_format::time::Seq;
use anyhow::bail;
use std::process::ExitCode;

pub(super) fn run(args: &PsArgs) -> anyhow::Result<ExitCode> {
    let mut opened = Opened::open(&args.file, args.show.utc)?;
    let seq = opened.tick_at(args.at.as_ref().unwrap_or(&When::End))?;
    let now = opened.sample(seq)?;
    let before = if seq > opened.first {
        opened.capture.sample(Seq(seq.0 - 1))?
    } else {
        None
    };
    let interval = opened.interval_at(seq)?;
    let step = before
        .as_ref()
        .and_then(|before| Step::between(before, &now, interval));

    let view = ps::View::new(&opened.host, &opened.zone, &now);
    let mut rows = ps::rows(&now, step.as_ref(), &opened.host);
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
    let mut table = ps::table(&rows, &view);
    if args.show.format == Format::Table {
        for (cells, row) in table.rows.iter_mut().zip(&rows) {
            if let Some(command) = cells.last_mut() {
                *command = Cell::Text(ps::command(row).into());
            }
        }
    }
    print(&chosen(&table, args)?, args.show.format)?;
    Ok(opened.exit())
}

/// The columns that were asked for; JSON and CSV have all unless told otherwise.
fn chosen(table: &Table, args: &PsArgs) -> anyhow::Result<Table> {
    let keys = match (&args.columns, args.show.format) {
        (Some(names), _) => {
            let key = |name: &String| match ps::key_of(name) {
                Some(key) => Ok(key),
                None => bail!("there is no column {name:?}; there are {}", names_of_all()),
            };
            names.iter().map(key).collect::<anyhow::Result<Vec<_>>>()?
        }
        (None, Format::Table) => ps::DEFAULT.to_vec(),
        (None, _) => return Ok(table.clone()),
    };
    match table.select(&keys) {
        Ok(table) => Ok(table),
        Err(key) => bail!("there is no column {key:?}"),
    }
}

fn names_of_all() -> String {
    let names: Vec<&str> = ps::COLUMNS.iter().map(|column| column.key).collect();
    names.join(" ")
}
