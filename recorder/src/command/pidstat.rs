//! `afterimage pidstat`: what each process did in each step, and on average.

use super::replay::exit;
use super::rows::Rows;
use super::stretch::{Item, Stretch};
use super::{Opened, sound};
use crate::cli::{Format, PidstatArgs};
use afterimage_analysis::replay::pidstat::{Pidstat, Units};
use afterimage_analysis::table::Cell;
use afterimage_format::reading::Missing;
use afterimage_format::sample::{Extract, Process};
use std::process::ExitCode;

pub(super) fn run(args: &PidstatArgs) -> anyhow::Result<ExitCode> {
    sound::read(&args.range.file, |capture| {
        show(args, Opened::of(capture, args.range.show.utc)?)
    })
}

fn show(args: &PidstatArgs, mut opened: Opened) -> anyhow::Result<ExitCode> {
    let section = args.section.section();
    let stretch = Stretch::new(&mut opened, &args.range)?;
    let mut out = Rows::new(&args.range, section.columns())?;
    let begin = opened.capture.extract(stretch.first(), &Extract::MACHINE)?;
    let memory = begin.map(|sample| sample.machine.memory.bytes("MemTotal"));
    let units = Units {
        memory: memory.unwrap_or(Err(Missing::NotRead)),
        tick_rate: opened.host.tick_rate,
        page_size: opened.host.page_size,
    };
    let mut pidstat = Pidstat::new(section, units);
    let extract = Extract {
        machine: false,
        processes: section.fields(),
        sockets: false,
    };
    let is_wanted = |process: &Process| is_wanted(args, process);
    // Who names a process wants to see it idle, too.
    let also_idle = args.all || args.pid.is_some() || args.comm.is_some();
    let damaged = stretch.walk(&mut opened, &extract, |opened, item| {
        match item {
            Item::Gap(gap) => out.gap(gap, &opened.zone)?,
            Item::Row(now, step) => {
                let at = opened.zone.rfc3339(now.times.began.wall);
                pidstat.step((now, step), (is_wanted, also_idle), |cells| {
                    let at = std::iter::once(Cell::Word(at.clone()));
                    out.row(at.chain(cells).collect(), step)
                })?;
            }
        }
        Ok(())
    })?;
    let at = match args.range.show.format {
        Format::Table => Cell::Word("Average:".to_owned()),
        _ => Cell::Absent,
    };
    if args.range.at.is_none() {
        for cells in pidstat.averages() {
            let at = std::iter::once(at.clone());
            out.average(at.chain(cells).collect(), pidstat.seconds())?;
        }
    }
    out.finish()?;
    Ok(exit(&opened, &args.range, damaged))
}

fn is_wanted(args: &PidstatArgs, process: &Process) -> bool {
    let of_pid = |pids: &Vec<i32>| pids.contains(&process.key.pid.0);
    let of_comm = |name: &String| {
        let comm = process.comm.as_deref().unwrap_or_default();
        comm.windows(name.len().max(1))
            .any(|part| part == name.as_bytes())
    };
    args.pid.as_ref().is_none_or(of_pid) && args.comm.as_ref().is_none_or(of_comm)
}
