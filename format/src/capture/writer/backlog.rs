//! What could not be written yet: kept in memory, bounded, and what is given up is counted.

use super::{Record, Writer};
use crate::capture::chunk::MOST_TICKS;
use crate::facts::{Event, Gap, GapKind};
use crate::tick::Tick;
use crate::time::{Seq, WallTime};

/// More records than this are not kept while the capture cannot be written.
const MOST_UNSAVED_RECORDS: usize = 20_000;

impl Writer {
    /// How many ticks wait in memory for the file to be writable.
    pub fn backlog(&self) -> usize {
        self.unsaved.len()
    }

    /// Whether no more fits into the open chunk, because it could not be written.
    pub fn is_overfull(&self) -> bool {
        self.builder.len() >= MOST_TICKS - 1 || self.builder.is_overfull()
    }

    /// Gives up on the ticks that could not be written; their loss is written as a gap once that
    /// is possible. Those of the open chunk that were written stay in the tail, and become a
    /// chunk then. The next tick must begin all rows anew.
    pub fn drop_backlog(&mut self) {
        let mut chunk = self.builder.take();
        let saved = chunk.ticks.len().saturating_sub(self.unsaved.len());
        let lost = &chunk.ticks[saved..];
        if let (Some(first), Some(last)) = (lost.first(), lost.last()) {
            self.unsaved_records.push(Record::Gap(Gap {
                kind: GapKind::StorageOutage,
                after: Seq(first.seq.0.saturating_sub(1)),
                from: first.began.wall,
                to: last.began.wall,
                missed: lost.len() as u64,
                detail: "the capture could not be written for longer than memory lasts".to_owned(),
            }));
        }
        // Without one that was written, what is cut off already still waits.
        if saved > 0 {
            chunk.truncate(saved);
            self.cut_off = Some(chunk);
        }
        self.builder.clear();
        self.unsaved.clear();
        self.awaits_reset = true;
    }

    /// A tick that says only what changed since one that is lost says nothing.
    pub(super) fn is_lost(&mut self, tick: &Tick) -> bool {
        self.awaits_reset &= !tick.reset;
        let outage = self
            .unsaved_records
            .iter_mut()
            .rev()
            .find_map(|record| match record {
                Record::Gap(gap) if gap.kind == GapKind::StorageOutage => Some(gap),
                _ => None,
            });
        if let Some(gap) = outage.filter(|_| self.awaits_reset) {
            gap.missed += 1;
            gap.to = tick.times.began.wall;
        }
        self.awaits_reset
    }

    /// While nothing can be written, ticks go before log lines.
    pub(super) fn bound_backlog(&mut self) {
        let excess = self
            .unsaved_records
            .len()
            .saturating_sub(MOST_UNSAVED_RECORDS);
        if excess == 0 {
            return;
        }
        let mut left = excess;
        self.unsaved_records.retain(|record| {
            let drop = left > 0 && matches!(record, Record::KernelLog(_));
            left -= usize::from(drop);
            !drop
        });
        let (text, wall) = (
            excess - left,
            self.last.map_or(WallTime(0), |(_, _, wall)| wall),
        );
        self.unsaved_records.push(Record::Event(Event {
            wall,
            kind: "kernel-log-lost".to_owned(),
            text: format!("{text} lines were given up while the capture could not be written"),
        }));
    }
}
