//! Pressure stall information: the kernel's own averages, and the share of the last step.

use super::{Before, Column, Measure, Row, Sheet, count, micros, rise};
use afterimage_format::sample::Machine;

/// The columns.
pub const COLUMNS: [Column; 5] = [
    Column::new("step_percent", "now", Measure::Percent),
    Column::new("avg10_percent", "avg10", Measure::Percent),
    Column::new("avg60_percent", "avg60", Measure::Percent),
    Column::new("avg300_percent", "avg300", Measure::Percent),
    Column::new("total_seconds", "total", Measure::Seconds),
];

/// The rows in the order people ask for them; others stand behind.
pub const ORDER: [&str; 7] = [
    "cpu some",
    "cpu full",
    "memory some",
    "memory full",
    "io some",
    "io full",
    "irq full",
];

/// Every line of `/proc/pressure`: `cpu some`, `memory full`, …
pub fn sheet(now: &Machine, before: Before<'_>) -> Sheet {
    let rows = now.pressure.iter().enumerate();
    let rows = rows.map(|(place, (name, pressure))| {
        let earlier = before.row(|machine| &machine.pressure, name, place);
        let total = micros(pressure.total);
        let stalled = rise(earlier.map(|then| micros(then.total)), total);
        let mut values = vec![before.per_second(stalled).map(|micros| micros / 1e4)];
        let averages = pressure.avg_hundredths.iter();
        values.extend(averages.map(|share| count(*share).map(|share| share / 100.0)));
        values.push(count(total).map(|micros| micros / 1e6));
        Row {
            name: name.clone(),
            values,
        }
    });
    let mut rows: Vec<Row> = rows.collect();
    let place = |row: &Row| ORDER.iter().position(|known| *known == &*row.name);
    rows.sort_by_key(|row| place(row).unwrap_or(ORDER.len()));
    Sheet {
        columns: &COLUMNS,
        rows,
    }
}
