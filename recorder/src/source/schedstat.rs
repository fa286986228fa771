//! `/proc/schedstat`: how long tasks ran and waited on each CPU.

use super::numbers::{Words, lines};
use crate::rows::NamedRows;
use afterimage_format::group::SchedulerField;
use afterimage_format::tick::Tick;

/// Reads the `cpu` lines: nine numbers, of which the last three are time run, time waited (in
/// nanoseconds since version 15 of the file) and timeslices.
pub(crate) fn parse(text: &[u8], rows: &mut NamedRows, tick: &mut Tick) {
    for line in lines(text).filter(|line| line.starts_with(b"cpu")) {
        let mut words = Words(line);
        let Some(name) = words.word() else { continue };
        for _ in 0..6 {
            words.word();
        }
        let row = rows.row(tick, name);
        let (run, wait, slices) = (words.count(), words.count(), words.count());
        row.count(
            tick,
            SchedulerField::Run.column(),
            run.map(|nanos| nanos / 1000),
        );
        row.count(
            tick,
            SchedulerField::Wait.column(),
            wait.map(|nanos| nanos / 1000),
        );
        row.count(tick, SchedulerField::Slices.column(), slices);
    }
    rows.end_unseen(tick);
}
