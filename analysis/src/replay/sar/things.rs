//! The reports of sar that are about what a host has: `-r ALL`, `-H`, `-F`, `-I` and `-m CPU`.

use super::{number, share_of};
use crate::machine::{Absent, Before, Value, rise};
use crate::table::Cell;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{CpuTimes, FileSystem, Interrupt, Lines, Sample};

const MIB: f64 = 1_048_576.0;

fn name(text: &[u8]) -> Cell {
    Cell::text(Some(text))
}

fn amount(reading: Reading<u64>) -> Cell {
    Cell::integer(reading.ok())
}

/// `-r ALL`: what it has beyond `-r`, in KiB.
pub(super) fn more_memory(lines: &Lines) -> Vec<Cell> {
    let names = [
        "AnonPages",
        "Slab",
        "KernelStack",
        "PageTables",
        "VmallocUsed",
    ];
    let cells = names.map(|name| amount(lines.number(name)));
    cells.into()
}

/// `-H`: pages of the default size, in KiB.
pub(super) fn huge_pages(lines: &Lines) -> Vec<Cell> {
    let kib = |pages: &str| {
        let (pages, size) = (lines.number(pages)?, lines.number("Hugepagesize")?);
        Ok(pages.saturating_mul(size))
    };
    let (all, unused) = (kib("HugePages_Total"), kib("HugePages_Free"));
    let used = all.and_then(|all| Ok(all.saturating_sub(unused?)));
    vec![
        amount(unused),
        amount(used),
        number(share_of(used, all)),
        amount(kib("HugePages_Rsvd")),
        amount(kib("HugePages_Surp")),
    ]
}

/// `-F`: those that have a size, or do not say it. Wanted by device or mount point.
pub(super) fn file_systems(now: &Sample, is_wanted: impl Fn(&str) -> bool) -> Vec<Vec<Cell>> {
    let Ok(all) = &now.file_systems else {
        return Vec::new();
    };
    let mut rows: Vec<&(Box<str>, FileSystem)> = all.iter().collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let device = |row: &FileSystem| row.device.clone().unwrap_or_default();
    rows.retain(|(point, row)| {
        let is_named = is_wanted(point) || is_wanted(&String::from_utf8_lossy(&device(row)));
        is_named && row.total.map(|total| total.0) != Ok(0)
    });
    rows.into_iter()
        .map(|(point, row)| file_system(point, row))
        .collect()
}

fn file_system(point: &str, row: &FileSystem) -> Vec<Cell> {
    let bytes = |reading: Reading<afterimage_format::units::Bytes>| reading.map(|bytes| bytes.0);
    let (total, unused) = (bytes(row.total), bytes(row.free));
    let less = |all: Reading<u64>, part: Reading<u64>| Ok(all?.saturating_sub(part?));
    let used = less(total, unused);
    let mib =
        |bytes: Reading<u64>| number(bytes.map(|bytes| bytes as f64 / MIB).map_err(Absent::from));
    let inodes_used = less(row.inodes, row.inodes_free);
    vec![
        Cell::text(row.device.as_deref().ok()),
        name(point.as_bytes()),
        mib(unused),
        mib(used),
        number(share_of(used, total)),
        number(share_of(less(total, bytes(row.available)), total)),
        amount(row.inodes_free),
        amount(inodes_used),
        number(share_of(inodes_used, row.inodes)),
    ]
}

/// `-I`: their sum, and each by its name; soft ones as `softirq:NAME`.
pub(super) fn interrupts(
    now: &Sample,
    before: Before<'_>,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    if is_wanted("sum") {
        let then = before.machine().map(|machine| machine.interrupts);
        let sum = rise(then, now.machine.interrupts);
        rows.push(vec![
            name(b"sum"),
            number(before.per_second(sum)),
            Cell::Absent,
        ]);
    }
    let mut all: Vec<&(Box<str>, Interrupt)> = now.interrupts.iter().collect();
    all.sort_by_key(|(name, _)| order(name));
    for (full, interrupt) in all {
        let short = full.strip_prefix("irq:").unwrap_or(full);
        if !is_wanted(short) {
            continue;
        }
        let then = before.0.ok_or(Absent::NoStep).and_then(|step| {
            let mut then = step.before.interrupts.iter();
            let found = then.find(|(known, _)| known == full);
            found.map(|(_, then)| then.total).ok_or(Absent::New)
        });
        let per_second = before.per_second(rise(then, interrupt.total));
        let description = Cell::text(interrupt.description.as_deref().ok());
        rows.push(vec![
            name(short.as_bytes()),
            number(per_second),
            description,
        ]);
    }
    rows
}

/// As `/proc/interrupts` has them: by number, then those with names, then soft ones.
fn order(full: &str) -> (bool, Option<u64>, &str) {
    let short = full.strip_prefix("irq:");
    let number = short.and_then(|short| short.parse().ok());
    (short.is_none(), number.or(Some(u64::MAX)), full)
}

/// `-m CPU`, and how often each was slowed down for its heat: all together and each. The
/// frequency of all is their mean, as in sar.
pub(super) fn frequency(
    now: &Sample,
    before: Before<'_>,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<Vec<Cell>> {
    let cpus = &now.machine.cpus;
    let mhz = |cpu: &CpuTimes| cpu.frequency.map(|khz| khz.0 as f64 / 1e3);
    let row = |name: &str, mhz: Value, count: Reading<u64>, rose: Result<u64, Absent>| {
        vec![
            Cell::text(Some(name.as_bytes())),
            number(mhz),
            amount(count),
            number(before.per_second(rose)),
        ]
    };
    let mut rows = Vec::new();
    if is_wanted("all") {
        let known: Vec<f64> = cpus.iter().filter_map(|(_, cpu)| mhz(cpu).ok()).collect();
        let missing = cpus.first().and_then(|(_, cpu)| mhz(cpu).err());
        let mean = if known.is_empty() {
            Err(missing.unwrap_or(Missing::NotRead).into())
        } else {
            Ok(known.iter().sum::<f64>() / known.len() as f64)
        };
        let sum = |cpus: &[(Box<str>, CpuTimes)]| {
            let mut all = cpus.iter().map(|(_, cpu)| cpu.throttle_count);
            let first = all.next().unwrap_or(Err(Missing::NotRead))?;
            all.try_fold(first, |sum, next| Ok(sum.saturating_add(next?)))
        };
        let then = before.machine().map(|machine| sum(&machine.cpus));
        rows.push(row("all", mean, sum(cpus), rise(then, sum(cpus))));
    }
    for (place, (name, cpu)) in cpus.iter().enumerate() {
        let short = name.strip_prefix("cpu").unwrap_or(name);
        if is_wanted(short) {
            let then = before.row(|machine| &machine.cpus, name, place);
            let rose = rise(then.map(|then| then.throttle_count), cpu.throttle_count);
            let mhz = mhz(cpu).map_err(Absent::from);
            rows.push(row(short, mhz, cpu.throttle_count, rose));
        }
    }
    rows
}
