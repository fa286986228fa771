//! `/proc/loadavg` and `/proc/uptime`: one line each.

use super::numbers::{Words, count, hundredths};
use crate::rows::Cells;
use afterimage_format::group::MachineField;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;

/// The fields of `/proc/loadavg`.
pub(crate) const LOADAVG_FIELDS: [MachineField; 6] = [
    MachineField::Load1,
    MachineField::Load5,
    MachineField::Load15,
    MachineField::TasksRunnable,
    MachineField::TasksTotal,
    MachineField::LastPid,
];

/// The fields of `/proc/uptime`.
pub(crate) const UPTIME_FIELDS: [MachineField; 2] = [MachineField::Uptime, MachineField::Idle];

/// Reads `0.17 0.07 0.02 2/78 1801`.
pub(crate) fn parse_loadavg(text: &[u8], machine: &mut Cells, tick: &mut Tick) {
    let mut words = Words(text.trim_ascii_end());
    let loads: [Reading<u64>; 3] =
        std::array::from_fn(|_| hundredths(words.word().ok_or(Missing::Malformed)?));
    let (runnable, total) = parse_tasks(words.word().unwrap_or_default());
    let [one, five, fifteen] = loads;
    let values = [one, five, fifteen, runnable, total, words.count()];
    for (field, value) in LOADAVG_FIELDS.into_iter().zip(values) {
        machine.count(tick, field.column(), value);
    }
}

/// How many tasks `0.17 0.07 0.02 2/78 1801` says are runnable.
pub(crate) fn parse_runnable(text: &[u8]) -> Reading<u64> {
    let mut words = Words(text.trim_ascii_end());
    for _ in 0..3 {
        words.word().ok_or(Missing::Malformed)?;
    }
    parse_tasks(words.word().unwrap_or_default()).0
}

/// Reads `2/78`: runnable tasks, and all.
fn parse_tasks(tasks: &[u8]) -> (Reading<u64>, Reading<u64>) {
    let slash = tasks.iter().position(|byte| *byte == b'/');
    match slash {
        Some(slash) => (count(&tasks[..slash]), count(&tasks[slash + 1..])),
        None => (Err(Missing::Malformed), Err(Missing::Malformed)),
    }
}

/// Reads `350482.19 691031.80`.
pub(crate) fn parse_uptime(text: &[u8], machine: &mut Cells, tick: &mut Tick) {
    let mut words = Words(text.trim_ascii_end());
    for field in UPTIME_FIELDS {
        let value = words.word().ok_or(Missing::Malformed).and_then(hundredths);
        machine.count(tick, field.column(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tick;
    use afterimage_format::group::Group;
    use afterimage_format::tick::Key;

    #[test]
    fn loadavg_is_taken_apart() {
        let mut tick = test_tick();
        let mut machine = Cells::begin(&mut tick, Group::Machine, 0, Key::name(""));
        parse_loadavg(b"0.17 12.07 3.02 2/78 1801\n", &mut machine, &mut tick);
        let read: Vec<_> = LOADAVG_FIELDS
            .map(|field| machine.last(field.column()))
            .into();
        assert_eq!(read, [17, 1207, 302, 2, 78, 1801].map(Ok));
    }

    #[test]
    fn a_damaged_line_is_malformed_where_it_is_damaged() {
        let mut tick = test_tick();
        let mut machine = Cells::begin(&mut tick, Group::Machine, 0, Key::name(""));
        parse_loadavg(b"0.17 x 3.02 278 1801\n", &mut machine, &mut tick);
        let read: Vec<_> = LOADAVG_FIELDS
            .map(|field| machine.last(field.column()))
            .into();
        let bad = Err(Missing::Malformed);
        assert_eq!(read, [Ok(17), bad, Ok(302), bad, bad, Ok(1801)]);
    }
}
