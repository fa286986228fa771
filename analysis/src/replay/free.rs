//! `free`: memory and swap at one moment, as procps 4 computes it.

use crate::machine::memory::Amounts;
use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::reading::Reading;
use afterimage_format::sample::Sample;
use afterimage_format::units::Bytes;

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
    let amounts = Amounts::new(&now.machine.memory);
    let kib = |bytes: Reading<Bytes>| Cell::scaled(bytes.ok().map(|bytes| bytes.0 as f64), 1024.0);
    vec![
        Cell::Word(zone.rfc3339(now.times.began.wall)),
        kib(amounts.total),
        kib(amounts.used),
        kib(amounts.unused),
        kib(amounts.shared),
        kib(amounts.buff_cache),
        kib(amounts.available),
        kib(amounts.swap_total),
        kib(amounts.swap_used),
        kib(amounts.swap_unused),
    ]
}
