//! `sar`: its reports, one section each, as sysstat 12 computes them.
//!
//! In: a sample and the step that led to it. Out: rows of cells in the order of the section's
//! columns. What sar gives as an amount is of the later end of the step, its rates and shares are
//! over all of it.

mod columns;
mod device;
mod things;

use crate::machine::cpu::Modes;
use crate::machine::memory::{swapped, total};
use crate::machine::{Absent, Before, Value, for_each, rise};
use crate::rate::Step;
use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::group::Group;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{CpuTimes, Lines, Sample};
use afterimage_format::units::Bytes;

/// A report of sar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `-u`: shares of CPU time, all CPUs together and each.
    Cpu,
    /// `-q`: the run queue and the load averages.
    Queue,
    /// `-r`: memory.
    Memory,
    /// `-S`: swap space.
    Swap,
    /// `-B`: paging.
    Paging,
    /// `-b`: transfers of all real devices together.
    Io,
    /// `-d`: each block device.
    Disks,
    /// `-n DEV`: each network interface.
    Network,
    /// `-W`: pages swapped.
    Swapping,
    /// `-r ALL`: what `-r` leaves out.
    MoreMemory,
    /// `-H`: huge pages.
    HugePages,
    /// `-F`: each file system.
    FileSystems,
    /// `-I`: each interrupt.
    Interrupts,
    /// `-m CPU`: how fast each CPU runs.
    Frequency,
}

impl Section {
    /// Its columns: the moment, a name where there are several rows a moment, numbers.
    pub fn columns(self) -> Vec<Column> {
        let at = std::iter::once(Column::text("at", "TIME"));
        at.chain(columns::of(self).iter().copied()).collect()
    }

    /// What it needs of a sample beside the machine.
    pub const fn things(self) -> &'static [Group] {
        match self {
            Self::FileSystems => &[Group::FileSystem],
            Self::Interrupts => &[Group::Interrupt],
            _ => &[],
        }
    }

    /// The rows of one sample. Of a section with several, those with a wanted name.
    pub fn rows(
        self,
        now: &Sample,
        step: Option<&Step<'_>>,
        (page_size, zone): (Bytes, &Zone),
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<Vec<Cell>> {
        let before = Before(step);
        let cells = match self {
            Self::Cpu => cpu(now, before, is_wanted),
            Self::Disks => device::disks(now, before, is_wanted),
            Self::Network => device::networks(now, before, is_wanted),
            Self::Queue => vec![queue(now)],
            Self::Memory => vec![memory(&now.machine.memory)],
            Self::Swap => vec![swap(&now.machine.memory)],
            Self::Paging => vec![paging(now, before)],
            Self::Io => vec![device::all_disks(now, before)],
            Self::Swapping => vec![swapping(now, before, page_size)],
            Self::MoreMemory => vec![things::more_memory(&now.machine.memory)],
            Self::HugePages => vec![things::huge_pages(&now.machine.memory)],
            Self::FileSystems => things::file_systems(now, is_wanted),
            Self::Interrupts => things::interrupts(now, before, is_wanted),
            Self::Frequency => things::frequency(now, before, is_wanted),
        };
        let at = zone.rfc3339(now.times.began.wall);
        let row = |cells: Vec<Cell>| {
            std::iter::once(Cell::Word(at.clone()))
                .chain(cells)
                .collect()
        };
        cells.into_iter().map(row).collect()
    }
}

/// As sar writes numbers.
fn number(value: Value) -> Cell {
    Cell::real(value.ok(), 2)
}

fn named(name: &str, values: impl IntoIterator<Item = Value>) -> Vec<Cell> {
    let name = std::iter::once(Cell::text(Some(name.as_bytes())));
    name.chain(values.into_iter().map(number)).collect()
}

fn cpu(now: &Sample, before: Before<'_>, is_wanted: impl Fn(&str) -> bool) -> Vec<Vec<Cell>> {
    let machine = &now.machine;
    let all = before
        .machine()
        .and_then(|then| Ok((then.cpu?, machine.cpu?)));
    let mut rows = Vec::new();
    if is_wanted("all") {
        rows.push(named("all", shares(&all)));
    }
    for (place, (name, times)) in machine.cpus.iter().enumerate() {
        let number = name.strip_prefix("cpu").unwrap_or(name);
        if is_wanted(number) {
            let then = before.row(|machine| &machine.cpus, name, place);
            rows.push(named(number, shares(&then.map(|then| (then, *times)))));
        }
    }
    rows
}

/// %user, %nice, %system with interrupts, %iowait, %steal, %idle.
fn shares(times: &Result<(CpuTimes, CpuTimes), Absent>) -> [Value; 6] {
    let times = times.as_ref().map_err(|absent| *absent);
    let modes = times.and_then(|(before, now)| Modes::between(before, now));
    let share = |pick: fn(&Modes) -> u64| {
        let modes = modes?;
        match modes.total() {
            0 => Err(Absent::NoTime),
            all => Ok(pick(&modes) as f64 * 100.0 / all as f64),
        }
    };
    [
        share(|modes| modes.user),
        share(|modes| modes.nice),
        share(|modes| {
            modes
                .system
                .saturating_add(modes.irq)
                .saturating_add(modes.softirq)
        }),
        share(|modes| modes.iowait),
        share(|modes| modes.steal),
        share(|modes| modes.idle),
    ]
}

/// As in sar the one who looks, who runs whenever he looks, is not counted.
fn queue(now: &Sample) -> Vec<Cell> {
    let machine = &now.machine;
    let runnable = machine.tasks_runnable.ok();
    let [one, five, fifteen] = machine
        .load_hundredths
        .map(|load| Cell::real(load.ok().map(|load| load as f64 / 100.0), 2));
    vec![
        Cell::integer(runnable.map(|runnable| runnable.saturating_sub(1))),
        Cell::integer(machine.tasks_total.ok()),
        one,
        five,
        fifteen,
        Cell::integer(machine.blocked.ok()),
    ]
}

fn share_of(part: Reading<u64>, all: Reading<u64>) -> Value {
    Ok(for_each(part?, all?) * 100.0)
}

fn memory(lines: &Lines) -> Vec<Cell> {
    let line = |name| lines.number(name);
    let all = line("MemTotal");
    let unused = ["MemFree", "Buffers", "Cached", "Slab"];
    let used = all.and_then(|all| {
        (unused.iter()).try_fold(all, |used, name| Ok(used.saturating_sub(line(name)?)))
    });
    let to_commit = all.and_then(|all| Ok(all.saturating_add(line("SwapTotal")?)));
    let amount = |reading: Reading<u64>| Cell::integer(reading.ok());
    vec![
        amount(line("MemFree")),
        amount(line("MemAvailable")),
        amount(used),
        number(share_of(used, all)),
        amount(line("Buffers")),
        amount(line("Cached")),
        amount(line("Committed_AS")),
        number(share_of(line("Committed_AS"), to_commit)),
        amount(line("Active")),
        amount(line("Inactive")),
        amount(line("Dirty")),
    ]
}

fn swap(lines: &Lines) -> Vec<Cell> {
    let line = |name| lines.number(name);
    let (all, unused, cached) = (line("SwapTotal"), line("SwapFree"), line("SwapCached"));
    let used = all.and_then(|all| Ok(all.saturating_sub(unused?)));
    let amount = |reading: Reading<u64>| Cell::integer(reading.ok());
    vec![
        amount(unused),
        amount(used),
        number(share_of(used, all)),
        amount(cached),
        number(share_of(cached, used)),
    ]
}

fn paging(now: &Sample, before: Before<'_>) -> Vec<Cell> {
    let rises = |names: &[&str]| {
        let then = before.machine().map(|then| total(&then.vmstat, names));
        rise(then, total(&now.machine.vmstat, names))
    };
    let counted = |names: &[&str]| number(before.per_second(rises(names)));
    let reclaimed = rises(&["pgsteal_kswapd", "pgsteal_direct"]);
    let scanned = rises(&["pgscan_kswapd", "pgscan_direct"]);
    let efficiency = reclaimed.and_then(|reclaimed| Ok(for_each(reclaimed, scanned?) * 100.0));
    vec![
        counted(&["pgpgin"]),
        counted(&["pgpgout"]),
        counted(&["pgfault"]),
        counted(&["pgmajfault"]),
        counted(&["pgfree"]),
        counted(&["pgscan_kswapd"]),
        counted(&["pgscan_direct"]),
        counted(&["pgsteal_kswapd", "pgsteal_direct"]),
        number(efficiency),
    ]
}

/// Pages, where `vmstat` has KiB.
fn swapping(now: &Sample, before: Before<'_>, page_size: Bytes) -> Vec<Cell> {
    let kib = page_size.kib().max(1) as f64;
    let pages = |line| swapped(&now.machine, before, line, page_size).map(|amount| amount / kib);
    vec![number(pages("pswpin")), number(pages("pswpout"))]
}

#[cfg(test)]
mod tests;
