//! `uptime`: how long the host has been up, and its load averages, at one moment.

use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::sample::Sample;

/// The columns.
pub const COLUMNS: [Column; 8] = [
    Column::text("at", "TIME"),
    Column::number("up_seconds", "UP S"),
    Column::number("load1", "LOAD1"),
    Column::number("load5", "LOAD5"),
    Column::number("load15", "LOAD15"),
    Column::number("running", "RUNNING"),
    Column::number("blocked", "BLOCKED"),
    Column::number("tasks", "TASKS"),
];

/// The row of one sample.
pub fn row(now: &Sample, zone: &Zone) -> Vec<Cell> {
    let machine = &now.machine;
    let loads = machine
        .load_hundredths
        .map(|load| Cell::real(load.ok().map(|load| load as f64 / 100.0), 2));
    let [one, five, fifteen] = loads;
    vec![
        Cell::Word(zone.rfc3339(now.times.began.wall)),
        Cell::real(machine.uptime.ok().map(|up| up.as_secs_f64()), 2),
        one,
        five,
        fifteen,
        Cell::integer(machine.running.ok()),
        Cell::integer(machine.blocked.ok()),
        Cell::integer(machine.tasks_total.ok()),
    ]
}
