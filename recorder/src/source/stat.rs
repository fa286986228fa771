//! `/proc/stat`: CPU time by mode, context switches, forks, tasks running and blocked.

use super::numbers::{Words, lines};
use crate::rows::{Cells, NamedRows};
use afterimage_format::group::{CpuField, MachineField};
use afterimage_format::reading::Missing;
use afterimage_format::tick::Tick;

/// The machine's fields that this file holds.
pub(crate) const FIELDS: [MachineField; 6] = [
    MachineField::ContextSwitches,
    MachineField::Interrupts,
    MachineField::Softirqs,
    MachineField::Forks,
    MachineField::Running,
    MachineField::Blocked,
];

/// Reads the whole file. A line that it lacks is not supported by this kernel.
pub(crate) fn parse(text: &[u8], cpus: &mut NamedRows, machine: &mut Cells, tick: &mut Tick) {
    let mut values = FIELDS.map(|_| Err(Missing::NotSupported));
    for line in lines(text) {
        let mut words = Words(line);
        let Some(name) = words.word() else { continue };
        if name.starts_with(b"cpu") {
            let row = cpus.row(tick, name);
            for field in 0..=CpuField::GuestNice.column() {
                row.count(tick, field, words.count());
            }
            continue;
        }
        let place = match name {
            b"ctxt" => 0,
            b"intr" => 1,
            b"softirq" => 2,
            b"processes" => 3,
            b"procs_running" => 4,
            b"procs_blocked" => 5,
            _ => continue,
        };
        values[place] = words.count();
    }
    cpus.end_unseen(tick);
    for (field, value) in FIELDS.into_iter().zip(values) {
        machine.count(tick, field.column(), value);
    }
}
