//! `afterimage uptime`, `vmstat`, `free`, `iostat` and `sar`: the machine as the tools people know
//! show it, over recorded time.

use super::rows::Rows;
use super::stretch::{Item, Stretch};
use super::{DAMAGED, Opened, sound};
use crate::cli::{IostatArgs, RangeArgs, SarArgs};
use afterimage_analysis::rate::Step;
use afterimage_analysis::replay::sar::Section;
use afterimage_analysis::replay::{free, iostat, uptime, vmstat};
use afterimage_analysis::table::{Cell, Column};
use afterimage_analysis::when::When;
use afterimage_format::sample::{Extract, Sample};
use std::process::ExitCode;

pub(super) fn uptime(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    show(args, &uptime::COLUMNS, |opened, now, _| {
        vec![uptime::row(now, &opened.zone)]
    })
}

pub(super) fn vmstat(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    show(args, &vmstat::COLUMNS, |opened, now, step| {
        vec![vmstat::row(now, step, opened.host.page_size, &opened.zone)]
    })
}

pub(super) fn free(args: &RangeArgs) -> anyhow::Result<ExitCode> {
    show(args, &free::COLUMNS, |opened, now, _| {
        vec![free::row(now, &opened.zone)]
    })
}

pub(super) fn iostat(args: &IostatArgs) -> anyhow::Result<ExitCode> {
    let wanted = args.devices.as_deref();
    let is_wanted = |name: &str| wanted.is_none_or(|wanted| names(wanted, name));
    show(&args.range, &iostat::columns(), |opened, now, step| {
        iostat::rows(now, step, (&opened.zone, args.dm_names), is_wanted)
    })
}

pub(super) fn sar(args: &SarArgs) -> anyhow::Result<ExitCode> {
    let section = args.section.section();
    let wanted = match (&args.devices, section) {
        (Some(devices), _) => Some(devices.clone()),
        // Each CPU is there for who asks.
        (None, Section::Cpu | Section::Frequency) => Some(vec!["all".to_owned()]),
        (None, _) => None,
    };
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| names(wanted, name));
    let extract = Extract {
        things: section.things(),
        ..Extract::MACHINE
    };
    let columns = section.columns();
    show_some(&args.range, &columns, &extract, |opened, now, step| {
        let units = (opened.host.page_size, &opened.zone);
        section.rows(now, step, units, is_wanted)
    })
}

/// Whether a device is named; `ALL` names each.
fn names(wanted: &[String], name: &str) -> bool {
    wanted
        .iter()
        .any(|wanted| wanted == name || wanted == "ALL")
}

fn show(
    args: &RangeArgs,
    columns: &[Column],
    rows: impl FnMut(&mut Opened, &Sample, Option<&Step<'_>>) -> Vec<Vec<Cell>>,
) -> anyhow::Result<ExitCode> {
    show_some(args, columns, &Extract::MACHINE, rows)
}

/// The same for who needs more of a sample than the machine.
pub(super) fn show_some(
    args: &RangeArgs,
    columns: &[Column],
    extract: &Extract,
    mut rows: impl FnMut(&mut Opened, &Sample, Option<&Step<'_>>) -> Vec<Vec<Cell>>,
) -> anyhow::Result<ExitCode> {
    sound::read(&args.file, |capture| {
        let mut opened = Opened::of(capture, args.show.utc)?;
        let stretch = Stretch::new(&mut opened, args)?;
        let mut out = Rows::new(args, columns.to_vec())?;
        let damaged = stretch.walk(&mut opened, extract, |opened, item| {
            match item {
                Item::Gap(gap) => out.gap(gap, &opened.zone)?,
                Item::Row(now, step) => {
                    for row in rows(opened, now, step) {
                        out.row(row, step)?;
                    }
                }
            }
            Ok(())
        })?;
        out.finish()?;
        Ok(exit(&opened, args, damaged))
    })
}

/// The exit code for a stretch of which so many samples were damaged.
pub(super) fn exit(opened: &Opened, args: &RangeArgs, damaged: u64) -> ExitCode {
    let ends = match &args.at {
        Some(at) => [at, at],
        None => [
            args.from.as_ref().unwrap_or(&When::Start),
            args.to.as_ref().unwrap_or(&When::End),
        ],
    };
    let is_uncertain = ends.into_iter().any(|end| opened.is_uncertain(end));
    if damaged > 0 || is_uncertain {
        ExitCode::from(DAMAGED)
    } else {
        opened.exit()
    }
}
