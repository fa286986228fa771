//! `free`: memory and swap at one moment, as procps 4 computes it.

use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::counter;
use afterimage_format::sample::Sample;

/// The columns, in the order of the JSON contract.
pub const COLUMNS: [Column; 10] = [
    Column::text("at", "TIME"),
    Column::number("total_bytes", "total"),
    Column::number("used_bytes", "used"),
    Column::number("free_bytes", "free"),
    Column::number("shared_bytes", "shared"),
    Column::number("buff_cache_bytes", "buff/cache"),
    Column::number("available_bytes", "available"),
    Column::number("swap_total_bytes", "swap total"),
    Column::number("swap_used_bytes", "swap used"),
    Column::number("swap_free_bytes", "swap free"),
];

/// The row of one sample. `used` is what is not available, as in procps since version 4.
pub fn row(now: &Sample, zone: &Zone) -> Vec<Cell> {
    let line = |name| now.machine.memory.bytes(name).ok().map(|bytes| bytes.0);
    let (total, free) = (line("MemTotal"), line("MemFree"));
    let available = line("MemAvailable").or(free);
    let cache = [line("Buffers"), line("Cached"), line("SReclaimable")];
    let cache: Option<Vec<u64>> = cache.into_iter().collect();
    let cache = cache.map(counter::total);
    let used = total
        .zip(available)
        .map(|(total, available)| total.saturating_sub(available));
    let (swap, swap_free) = (line("SwapTotal"), line("SwapFree"));
    let swap_used = swap
        .zip(swap_free)
        .map(|(total, free)| total.saturating_sub(free));
    let kib = |bytes: Option<u64>| Cell::scaled(bytes.map(|bytes| bytes as f64), 1024.0);
    vec![
        Cell::Word(zone.rfc3339(now.times.began.wall)),
        kib(total),
        kib(used),
        kib(free),
        kib(line("Shmem")),
        kib(cache),
        kib(line("MemAvailable")),
        kib(swap),
        kib(swap_used),
        kib(swap_free),
    ]
}
