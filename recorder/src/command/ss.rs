//! `afterimage ss`: sockets, at one moment or step by step.

use super::output::print_text;
use super::replay::exit;
use super::rows::Rows;
use super::stretch::{Item, Stretch};
use super::{Opened, sound};
use crate::cli::{Format, RangeArgs, SsArgs};
use afterimage_analysis::amount::HumanDuration;
use afterimage_analysis::replay::ss::{self, ports, summary};
use afterimage_analysis::table::{Cell, Column};
use afterimage_analysis::when::When;
use afterimage_format::group::{Group, ProcessField};
use afterimage_format::reading::Missing;
use afterimage_format::sample::{Extract, Sample};
use std::process::ExitCode;
use std::time::Duration;

/// What people are shown instead of some columns.
const SHOWN: [Column; 2] = [
    Column::text("process", "Process"),
    Column::text("age", "Age"),
];
/// The columns of a table for people; one of many moments has the moment before them.
const DEFAULT: [&str; 10] = [
    "protocol",
    "state",
    "recv_q",
    "send_q",
    "local",
    "peer",
    "process",
    "age",
    "count",
    "retransmits",
];
/// Why there are no rows.
const MISSING: Column = Column::text("missing", "Missing");

pub(super) fn run(args: &SsArgs) -> anyhow::Result<ExitCode> {
    let mut range = args.range.clone();
    if range.from.is_none() && range.to.is_none() {
        range.at.get_or_insert(When::End);
    }
    sound::read(&range.file, |capture| {
        show(
            args,
            &mut range.clone(),
            Opened::of(capture, range.show.utc)?,
        )
    })
}

fn show(args: &SsArgs, range: &mut RangeArgs, mut opened: Opened) -> anyhow::Result<ExitCode> {
    let stretch = Stretch::new(&mut opened, range)?;
    let is_table = range.show.format == Format::Table;
    if is_table && range.columns.is_none() && !args.summary {
        range.columns = Some(default(args, range));
    }
    let mut out = Rows::new(range, columns(args, is_table))?;
    let extract = Extract {
        machine: false,
        processes: if args.summary || args.ports {
            &[]
        } else {
            &[ProcessField::Comm]
        },
        things: &[Group::Socket, Group::Protocol, Group::Limit],
    };
    let filter = args.filter();
    let damaged = stretch.walk(&mut opened, &extract, |opened, item| match item {
        Item::Gap(gap) if args.summary && is_table => {
            Ok(print_text(&format!("{}\n\n", gap.words(&opened.zone)))?)
        }
        Item::Gap(gap) => out.gap(gap, &opened.zone),
        Item::Row(now, step) => {
            let at = opened.zone.rfc3339(now.times.began.wall);
            let found = if args.summary {
                Ok(vec![summary::row(now)])
            } else if args.ports {
                ports::rows(now)
            } else {
                rows(now, &filter, is_table)
            };
            let missing = why(now);
            match found {
                Ok(rows) if args.summary && is_table => {
                    let words = rows.iter().map(|row| summary::words(row));
                    let why =
                        missing.map_or(String::new(), |why| format!("\n{}\n", not_listed(why)));
                    Ok(print_text(&format!(
                        "{at}\n{}{why}\n",
                        words.collect::<String>()
                    ))?)
                }
                Ok(rows) => rows.into_iter().try_for_each(|row| {
                    let why = if args.summary { missing } else { None };
                    out.row(whole(&at, row, why), step)
                }),
                Err(why) if is_table => out.words(format!("{at} -- {} --", not_listed(why))),
                Err(why) => {
                    let absent = columns(args, is_table).len() - 2;
                    out.row(whole(&at, vec![Cell::Absent; absent], Some(why)), step)
                }
            }
        }
    })?;
    if !(args.summary && is_table) {
        out.finish()?;
    }
    Ok(exit(&opened, range, damaged))
}

/// Why sockets were not listed, if they were not.
fn why(now: &Sample) -> Option<Missing> {
    ports::rows(now).err()
}

fn not_listed(why: Missing) -> String {
    format!("sockets were not listed: {why}")
}

/// A row of its columns with the moment before and the reason behind it.
fn whole(at: &str, row: Vec<Cell>, why: Option<Missing>) -> Vec<Cell> {
    let why = why.map_or(Cell::Absent, |why| Cell::Word(why.to_string()));
    let at = std::iter::once(Cell::Word(at.to_owned()));
    at.chain(row).chain([why]).collect()
}

fn rows(now: &Sample, filter: &ss::Filter, is_table: bool) -> Result<Vec<Vec<Cell>>, Missing> {
    let rows = ss::rows(now, filter)?.into_iter().map(|row| {
        let mut cells = row.cells;
        if is_table {
            cells.extend([row.process, row.age.map_or(Cell::Absent, age)]);
        }
        cells
    });
    Ok(rows.collect())
}

/// To the second: nobody looked more often.
fn age((age, is_at_least): (Duration, bool)) -> Cell {
    let more = if is_at_least { ">" } else { "" };
    let age = HumanDuration(Duration::from_secs(age.as_secs()));
    Cell::Word(format!("{more}{age}"))
}

/// Every column there is; people are shown some in other words.
fn columns(args: &SsArgs, is_table: bool) -> Vec<Column> {
    let own: &[Column] = if args.summary {
        &summary::COLUMNS
    } else if args.ports {
        &ports::COLUMNS
    } else {
        &ss::COLUMNS
    };
    let shown: &[Column] = if is_table && !args.summary && !args.ports {
        &SHOWN
    } else {
        &[]
    };
    [own, shown, &[MISSING]].concat()
}

/// What a table for people has; one of a single moment does not repeat it on each line.
fn default(args: &SsArgs, range: &RangeArgs) -> Vec<String> {
    let all: Vec<&str> = if args.ports {
        ports::COLUMNS
            .iter()
            .skip(1)
            .map(|column| column.key)
            .collect()
    } else {
        DEFAULT.to_vec()
    };
    let at = range.at.is_none().then_some("at");
    at.into_iter().chain(all).map(str::to_owned).collect()
}
