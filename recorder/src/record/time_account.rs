//! The account of a run's time: each tick that was due was taken, or is missing with a cause.
//! Pure: it is told the time, and what the kernel says of the recorder itself.
//!
//! What a tick that could not be sent had to say is said by the next one. Ticks that are missing
//! one after the other, for whatever reasons, are one gap: its kind is the reason of most of
//! them, and the detail names the others.

use crate::schedule::{Between, Due};
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::{Anchor, Gap, GapKind};
use afterimage_format::tick::Instants;
use afterimage_format::time::{MonotonicTime, Seq, WallTime};
use std::fmt::Write as _;
use std::time::Duration;

/// While nobody takes them, no more records are kept.
const MOST_KEPT: usize = 1000;

/// What the kernel says of the sampler's thread so far, and of a signal since the last tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    /// How long it waited for a CPU; unknown without `schedstat`.
    pub(super) starved: Option<Duration>,
    /// Pages of its own that had to be read from a disk.
    pub(super) major_faults: u64,
    /// SIGCONT has come.
    pub(super) continued: bool,
}

/// What is known of the ticks so far.
#[derive(Debug)]
pub(super) struct TimeAccount {
    interval: Duration,
    before: Option<Before>,
    /// The last tick that got into the queue, and the moment from which nothing is known.
    sent: Option<(Seq, WallTime)>,
    /// The number of the next tick that gets into the queue.
    next: Seq,
    lost: Lost,
    /// What is to be said with the next tick.
    kept: Vec<Record>,
}

/// The tick before, whether it got into the queue or not.
#[derive(Debug, Clone, Copy)]
struct Before {
    began: Instants,
    signs: Signs,
    took: Duration,
    worked: Duration,
}

impl TimeAccount {
    pub(super) fn new(interval: Duration, next: Seq) -> Self {
        Self {
            interval,
            before: None,
            sent: None,
            next,
            lost: Lost::default(),
            kept: Vec::new(),
        }
    }

    /// The number of the next tick.
    pub(super) fn next(&self) -> Seq {
        self.next
    }

    /// A tick begins: what the time since the one before says.
    pub(super) fn begins(&mut self, due: Due, now: Instants, signs: Signs) {
        let before = self.before.replace(Before {
            began: now,
            signs,
            took: Duration::ZERO,
            worked: Duration::ZERO,
        });
        let Some(before) = before else { return };
        let starved = signs.starved.zip(before.signs.starved);
        let between = Between {
            before: before.began,
            now,
            took: before.took,
            worked: before.worked,
            starved: starved.map(|(now, before)| now.saturating_sub(before)),
            major_faults: signs.major_faults.saturating_sub(before.signs.major_faults),
            continued: signs.continued,
        };
        if due.missed > 0 {
            let missed = u32::try_from(due.missed).unwrap_or(u32::MAX);
            let late = now.monotonic.since(due.planned).unwrap_or_default();
            let late = late.saturating_add(self.interval.saturating_mul(missed));
            let (kind, detail) = between.cause(late);
            self.lost.add(kind, due.missed, detail);
        } else if let Some(words) = between.suspend_words() {
            // The monotonic clock stood still, so no tick was due; the hole is there all the same.
            let gap = self.gap(GapKind::Suspended, now.wall, 0, words);
            self.keep(Record::Gap(gap));
        }
        if let Some(words) = between.clock_step_words() {
            let gap = self.gap(GapKind::ClockStepped, now.wall, 0, words);
            self.keep(Record::Gap(gap));
            self.keep(Record::Clock(Anchor {
                seq: self.next,
                boot: now.boot,
                monotonic: now.monotonic,
                wall: now.wall,
            }));
        }
    }

    /// The tick's last value has been read. Gives how long reading took.
    pub(super) fn ended(&mut self, at: MonotonicTime) -> Duration {
        let Some(before) = &mut self.before else {
            return Duration::ZERO;
        };
        before.took = at.since(before.began.monotonic).unwrap_or_default();
        before.took
    }

    /// There is nothing to do until the next tick.
    pub(super) fn rests(&mut self, at: MonotonicTime) {
        if let Some(before) = &mut self.before {
            before.worked = at.since(before.began.monotonic).unwrap_or_default();
        }
    }

    /// What goes with a tick that began then.
    pub(super) fn records(&mut self, now: WallTime) -> Vec<Record> {
        let kept = std::mem::take(&mut self.kept);
        let Some((kind, missed, detail)) = self.lost.told() else {
            return kept;
        };
        let gap = Record::Gap(self.gap(kind, now, missed, detail));
        [gap].into_iter().chain(kept).collect()
    }

    /// The tick got into the queue, with all that went with it.
    pub(super) fn is_sent(&mut self, wall: WallTime) {
        self.lost = Lost::default();
        self.sent = Some((self.next, wall));
        self.next = Seq(self.next.0 + 1);
    }

    /// It did not, and neither did what went with it.
    pub(super) fn is_refused(&mut self, records: Vec<Record>) {
        let detail = "the writer was busy for longer than the queue is";
        self.lost.add(GapKind::QueueFull, 1, detail.to_owned());
        for record in records {
            let is_counted = matches!(&record, Record::Gap(gap) if gap.missed > 0);
            if !is_counted {
                self.keep(record);
            }
        }
    }

    fn keep(&mut self, record: Record) {
        if self.kept.len() < MOST_KEPT {
            self.kept.push(record);
        }
    }

    /// A gap between the last tick that was sent and now.
    fn gap(&self, kind: GapKind, to: WallTime, missed: u64, detail: String) -> Gap {
        let (after, from) = self
            .sent
            .unwrap_or((Seq(self.next.0.saturating_sub(1)), to));
        Gap {
            kind,
            after,
            from,
            to,
            missed,
            detail,
        }
    }
}

/// Ticks that are missing since the last one that was sent, by cause.
#[derive(Debug, Default)]
struct Lost(Vec<(GapKind, u64, String)>);

impl Lost {
    /// Of what happens more than once, the first words are kept.
    fn add(&mut self, kind: GapKind, missed: u64, detail: String) {
        match self.0.iter_mut().find(|(known, ..)| *known == kind) {
            Some((_, count, _)) => *count += missed,
            None => self.0.push((kind, missed, detail)),
        }
    }

    /// The cause of most, how many there are in all, and words that name every cause.
    fn told(&self) -> Option<(GapKind, u64, String)> {
        let most = self.0.iter().max_by_key(|(_, missed, _)| *missed)?;
        let missed = self.0.iter().map(|(_, missed, _)| missed).sum();
        let mut words = most.2.clone();
        for (kind, count, detail) in self.0.iter().filter(|(kind, ..)| *kind != most.0) {
            let name = kind.name();
            write!(words, "; {count} of the ticks: {name}, {detail}")
                .expect("a string takes whatever is written to it");
        }
        Some((most.0, missed, words))
    }
}

#[cfg(test)]
mod tests;
