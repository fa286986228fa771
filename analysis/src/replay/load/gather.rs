//! Samples on their way to a row.

use super::Taken;
use crate::load::{By, Counts, Follow, Moment, Totals, groups};
use afterimage_format::process::Pid;
use afterimage_format::reading::Reading;
use afterimage_format::sample::Sample;
use afterimage_format::time::{MonotonicTime, WallTime};
use std::time::Duration;

/// Gathers samples until a row is taken.
#[derive(Debug, Default)]
pub struct Gather {
    by: By,
    follow: Follow,
    totals: Totals,
    sums: Sums,
    last: Option<Last>,
    taken: Option<MonotonicTime>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    wall: WallTime,
    monotonic: MonotonicTime,
    counts: Counts,
}

/// Sums over samples, each with how many of them had it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) running: Mean,
    pub(super) uninterruptible: Mean,
    pub(super) kernel_running: Mean,
    pub(super) kernel_runnable: Mean,
    pub(super) kernel_blocked: Mean,
    pub(super) running_not_seen: Mean,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    sum: f64,
    of: u64,
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.of += 1;
        }
    }

    pub(super) fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.sum / self.of as f64)
    }
}

impl Gather {
    /// For groups of this kind.
    pub fn by(by: By) -> Self {
        Self {
            by,
            ..Self::default()
        }
    }

    /// What comes next is behind a gap.
    pub fn restart(&mut self) {
        self.follow.restart();
        (self.last, self.taken) = (None, None);
    }

    /// Adds a sample of a recorder with this pid.
    pub fn add(&mut self, sample: &Sample, recorder: Option<Pid>) {
        let moment = Moment::of(sample, recorder);
        let counts = moment.counts;
        let count = |reading: Reading<u64>| reading.ok().map(|count| count as f64);
        self.sums.running.add(Some(counts.running as f64));
        self.sums
            .uninterruptible
            .add(Some(counts.uninterruptible as f64));
        self.sums.kernel_running.add(count(counts.kernel_running));
        self.sums.kernel_runnable.add(count(counts.kernel_runnable));
        self.sums.kernel_blocked.add(count(counts.kernel_blocked));
        let rest = counts.running_not_seen().map(|rest| rest as f64);
        self.sums.running_not_seen.add(rest);
        self.totals.add(groups(&moment.parts, self.by));
        let (wall, monotonic) = (sample.times.began.wall, sample.times.began.monotonic);
        self.follow.go_on(monotonic, &counts);
        self.last = Some(Last {
            wall,
            monotonic,
            counts,
        });
    }

    /// Only the samples from here on make up the groups and the counts of the next row.
    pub fn forget_groups(&mut self) {
        self.totals.take();
        self.sums = Sums::default();
    }

    /// Whether so much time has passed since a row was taken.
    pub fn is_due(&self, step: Option<Duration>) -> bool {
        let (Some(step), Some(taken), Some(last)) = (step, self.taken, self.last) else {
            return true;
        };
        // Ticks are a little late, one more than another.
        let passed = last.monotonic.since(taken);
        passed.is_none_or(|passed| passed >= step.mul_f64(0.98))
    }

    /// Takes what was gathered; nothing when that is nothing.
    pub fn take(&mut self) -> Option<Taken> {
        let last = self.last.filter(|_| self.totals.moments() > 0)?;
        let (groups, moments) = self.totals.take();
        let over = self.taken.replace(last.monotonic);
        Some(Taken {
            at: last.wall,
            over: over.and_then(|before| last.monotonic.since(before)),
            counts: last.counts,
            groups,
            moments,
            compared: self.follow.take(),
            sums: std::mem::take(&mut self.sums),
        })
    }
}
