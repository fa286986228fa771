//! `iostat -x`: a row for each block device at each step, as sysstat 12 computes it.

use super::lsblk::shown_name;
use crate::machine::{Before, Sheet, disks};
use crate::rate::Step;
use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::sample::Sample;

/// The columns, in the order of `iostat -x`.
pub fn columns() -> Vec<Column> {
    let own = [Column::text("at", "TIME"), Column::text("device", "Device")];
    let numbers = disks::COLUMNS.iter();
    let numbers = numbers.map(|column| Column::number(column.key, column.heading));
    own.into_iter().chain(numbers).collect()
}

/// The rows of one sample: every device that is wanted, in the kernel's order. Without a step its
/// rates are absent. With `names`, dm devices go by theirs, as with `iostat -N`.
pub fn rows(
    now: &Sample,
    step: Option<&Step<'_>>,
    (zone, names): (&Zone, bool),
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<Vec<Cell>> {
    let mut sheet = disks::sheet(&now.machine, Before(step));
    if names {
        for (row, (name, disk)) in sheet.rows.iter_mut().zip(&now.machine.disks) {
            row.name = shown_name(name, disk).into();
        }
    }
    let at = zone.rfc3339(now.times.began.wall);
    cells(&sheet, &at, is_wanted)
}

/// A sheet as rows of cells with two decimals, each with the moment and its own name before them.
pub(super) fn cells(sheet: &Sheet, at: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<Vec<Cell>> {
    let rows = sheet.rows.iter().filter(|row| is_wanted(&row.name));
    let rows = rows.map(|row| {
        let own = [
            Cell::Word(at.to_owned()),
            Cell::text(Some(row.name.as_bytes())),
        ];
        let values = row.values.iter().map(|value| Cell::real(value.ok(), 2));
        own.into_iter().chain(values).collect()
    });
    rows.collect()
}
