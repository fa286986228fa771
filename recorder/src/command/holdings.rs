//! `afterimage df`, `lslocks`, `lsblk` and `numastat`: what a host holds, at one moment unless a
//! stretch is asked for.

use super::Opened;
use super::replay::show_some;
use crate::cli::{DfArgs, Format, RangeArgs};
use afterimage_analysis::replay::{df, lsblk, lslocks, numastat};
use afterimage_analysis::table::Cell;
use afterimage_analysis::when::When;
use afterimage_format::group::Group;
use afterimage_format::sample::Extract;
use afterimage_format::time::Seq;
use std::process::ExitCode;

/// File systems, beside the machine.
const FILE_SYSTEMS: Extract = Extract {
    things: &[Group::FileSystem],
    ..Extract::MACHINE
};

pub(super) fn df(args: &DfArgs) -> anyhow::Result<ExitCode> {
    let range = at_the_end(&args.range);
    let of = if args.inodes {
        df::Of::Inodes
    } else {
        df::Of::Blocks
    };
    let all = df::all_columns();
    // People get one kind, as from df; programs, and who names columns, have both.
    let columns = match (range.show.format, &range.columns) {
        (Format::Table, None) => df::columns(of),
        _ => all.clone(),
    };
    let places = columns.iter().map(|column| {
        let place = all.iter().position(|known| known == column);
        place.expect("a column for people is one of all")
    });
    let places: Vec<usize> = places.collect();
    show_some(&range, &columns, &FILE_SYSTEMS, |opened, now, _| {
        let Opened { capture, zone, .. } = opened;
        // What cannot be read counts as damage of the capture by itself.
        let mut when = |seq: Seq| capture.wall_of(seq).ok().flatten();
        let rows = df::rows(now, zone, args.all, &mut when);
        let chosen = |row: Vec<Cell>| places.iter().map(|&place| row[place].clone()).collect();
        rows.into_iter().map(chosen).collect()
    })
}

pub(super) fn lslocks(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    let extract = Extract {
        machine: true,
        processes: lslocks::FIELDS,
        things: lslocks::THINGS,
    };
    show_some(
        &at_the_end(args),
        &lslocks::COLUMNS,
        &extract,
        |opened, now, _| lslocks::rows(now, &opened.zone),
    )
}

pub(super) fn lsblk(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    show_some(
        &at_the_end(args),
        &lsblk::COLUMNS,
        &FILE_SYSTEMS,
        |opened, now, _| lsblk::rows(now, &opened.zone),
    )
}

pub(super) fn numastat(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    let extract = Extract {
        things: numastat::THINGS,
        ..Extract::MACHINE
    };
    show_some(
        &at_the_end(args),
        &numastat::COLUMNS,
        &extract,
        |opened, now, _| numastat::rows(now, &opened.zone),
    )
}

/// The end, unless something else is asked for.
fn at_the_end(args: &RangeArgs) -> RangeArgs {
    let mut range = args.clone();
    if range.from.is_none() && range.to.is_none() && range.step.is_none() {
        range.at.get_or_insert(When::End);
    }
    range
}
