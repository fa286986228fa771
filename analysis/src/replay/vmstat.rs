//! `vmstat`: one row a step, as `vmstat 1` of procps computes it.

use crate::machine::cpu::Modes;
use crate::machine::{Before, memory};
use crate::rate::Step;
use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::counter::total;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{CpuTimes, Sample};
use afterimage_format::units::Bytes;

/// The columns, in the order of `vmstat`.
pub const COLUMNS: [Column; 18] = [
    Column::text("at", "TIME"),
    Column::number("r", "r"),
    Column::number("b", "b"),
    Column::number("swpd_kib", "swpd"),
    Column::number("free_kib", "free"),
    Column::number("buff_kib", "buff"),
    Column::number("cache_kib", "cache"),
    Column::number("si_kib_per_second", "si"),
    Column::number("so_kib_per_second", "so"),
    Column::number("bi_per_second", "bi"),
    Column::number("bo_per_second", "bo"),
    Column::number("in_per_second", "in"),
    Column::number("cs_per_second", "cs"),
    Column::number("us_percent", "us"),
    Column::number("sy_percent", "sy"),
    Column::number("id_percent", "id"),
    Column::number("wa_percent", "wa"),
    Column::number("st_percent", "st"),
];

/// The row of one sample; without a step its rates are absent.
///
/// `r` does not count the recorder itself, which runs whenever it looks.
pub fn row(now: &Sample, step: Option<&Step<'_>>, page_size: Bytes, zone: &Zone) -> Vec<Cell> {
    let machine = &now.machine;
    let line = |name| machine.memory.number(name).ok();
    let swapped = line("SwapTotal")
        .zip(line("SwapFree"))
        .map(|(total, free)| total.saturating_sub(free));
    let cache = line("Cached")
        .zip(line("SReclaimable"))
        .map(|(cached, slab)| cached + slab);
    let per_second = |value: fn(&Sample) -> Reading<u64>| {
        let rate = step.and_then(|step| step.per_second(value(step.before), value(now)));
        Cell::real(rate, 0)
    };
    let pages = |name: &str| {
        let rate = memory::swapped(machine, Before(step), name, page_size);
        Cell::real(rate.ok(), 0)
    };
    let blocks = |name: &str| {
        let rate = step.and_then(|step| {
            step.per_second(
                step.before.machine.vmstat.number(name),
                machine.vmstat.number(name),
            )
        });
        Cell::real(rate, 0)
    };
    let shares = step.and_then(|step| shares(step.before.machine.cpu.ok()?, machine.cpu.ok()?));
    let share = |at: usize| Cell::real(shares.map(|shares| shares[at]), 0);
    vec![
        Cell::Word(zone.rfc3339(now.times.began.wall)),
        Cell::integer(
            machine
                .running
                .ok()
                .map(|running| running.saturating_sub(1)),
        ),
        Cell::integer(machine.blocked.ok()),
        Cell::integer(swapped),
        Cell::integer(line("MemFree")),
        Cell::integer(line("Buffers")),
        Cell::integer(cache),
        pages("pswpin"),
        pages("pswpout"),
        blocks("pgpgin"),
        blocks("pgpgout"),
        per_second(|sample| sample.machine.interrupts),
        per_second(|sample| sample.machine.context_switches),
        share(0),
        share(1),
        share(2),
        share(3),
        share(4),
    ]
}

/// User with nice, system with interrupts, idle, wait for I/O, stolen: percent of all time.
pub fn shares(before: CpuTimes, now: CpuTimes) -> Option<[f64; 5]> {
    let modes = Modes::between(&before, &now).ok()?;
    let all = modes.total();
    let user = total([modes.user, modes.nice]);
    let system = total([modes.system, modes.irq, modes.softirq]);
    let shares = [user, system, modes.idle, modes.iowait, modes.steal];
    (all > 0).then(|| shares.map(|mode| mode as f64 * 100.0 / all as f64))
}
