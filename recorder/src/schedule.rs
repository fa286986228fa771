//! When ticks are due, and why some were missed. Pure: it is told the time.
//!
//! Ticks are due at fixed multiples of the interval on the monotonic clock, so they never
//! drift. A late tick is taken at once; the ones it missed are counted, with a cause.

use afterimage_format::facts::GapKind;
use afterimage_format::tick::Instants;
use afterimage_format::time::MonotonicTime;
use std::time::Duration;

/// The clock was set when it moved this much more or less than time did.
const STEP: Duration = Duration::from_millis(50);
/// The host was suspended when the boot clock ran on this much while the other stood still.
const SUSPENDED: Duration = Duration::from_millis(100);

/// The ticks of a run.
#[derive(Debug)]
pub(crate) struct Schedule {
    start: MonotonicTime,
    interval: Duration,
    /// The number of the next tick that is due, from 0.
    next: u64,
}

/// What is due now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// When it was due.
    pub(crate) planned: MonotonicTime,
    /// How many before it were missed.
    pub(crate) missed: u64,
}

impl Schedule {
    pub(crate) fn new(start: MonotonicTime, interval: Duration) -> Self {
        Self {
            start,
            interval,
            next: 0,
        }
    }

    /// When the next tick is due.
    pub(crate) fn next_due(&self) -> MonotonicTime {
        self.at(self.next)
    }

    /// The tick to take at `now`, which is not before [`Schedule::next_due`].
    pub(crate) fn take(&mut self, now: MonotonicTime) -> Due {
        let elapsed = now.since(self.start).unwrap_or_default();
        let latest = elapsed.as_micros() / self.interval.as_micros().max(1);
        let latest = u64::try_from(latest).unwrap_or(u64::MAX).max(self.next);
        let missed = latest - self.next;
        self.next = latest + 1;
        Due {
            planned: self.at(latest),
            missed,
        }
    }

    fn at(&self, number: u64) -> MonotonicTime {
        let micros = u64::try_from(self.interval.as_micros()).unwrap_or(u64::MAX);
        self.start
            .plus(Duration::from_micros(micros.saturating_mul(number)))
    }
}

/// What is known of the time between two ticks, to tell why some are missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Between {
    /// When the last tick had been taken.
    pub(crate) before: Instants,
    /// When this one began.
    pub(crate) now: Instants,
    /// How long the last tick took.
    pub(crate) took: Duration,
    /// How long the recorder waited for a CPU since then; unknown without `schedstat`.
    pub(crate) starved: Option<Duration>,
    /// Whether the recorder was continued after a SIGSTOP.
    pub(crate) continued: bool,
}

impl Between {
    /// Why ticks are missing, and what more can be said.
    pub(crate) fn cause(&self, interval: Duration) -> (GapKind, String) {
        if let Some(suspended) = self.suspend() {
            return (
                GapKind::Suspended,
                format!("for {:.1} s", suspended.as_secs_f64()),
            );
        }
        if self.continued {
            return (
                GapKind::Stopped,
                "by a signal (SIGSTOP), and continued".to_owned(),
            );
        }
        if self.took >= interval {
            let detail = format!("reading /proc took {:.1} s", self.took.as_secs_f64());
            return (GapKind::Stalled, detail);
        }
        let away = self
            .now
            .monotonic
            .since(self.before.monotonic)
            .unwrap_or_default();
        match self.starved {
            Some(starved) if starved * 2 < away.saturating_sub(interval) => {
                let detail =
                    "did not run and did not ask to: a frozen cgroup, or a paused virtual machine";
                (GapKind::Stopped, detail.to_owned())
            }
            Some(starved) => (
                GapKind::Stalled,
                format!("waited {:.1} s for a CPU", starved.as_secs_f64()),
            ),
            None => (
                GapKind::Stalled,
                "the recorder did not get to run".to_owned(),
            ),
        }
    }

    /// How long the host was suspended, if it was.
    pub(crate) fn suspend(&self) -> Option<Duration> {
        Some(self.suspended()).filter(|suspended| *suspended >= SUSPENDED)
    }

    fn suspended(&self) -> Duration {
        let boot = self.now.boot.since(self.before.boot).unwrap_or_default();
        let awake = self
            .now
            .monotonic
            .since(self.before.monotonic)
            .unwrap_or_default();
        boot.saturating_sub(awake)
    }

    /// By how many microseconds the wall clock was set, if it was.
    pub(crate) fn clock_step(&self) -> Option<i64> {
        let boot = self.now.boot.0 - self.before.boot.0;
        let wall = self.now.wall.0.saturating_sub(self.before.wall.0);
        let step = wall.saturating_sub(boot);
        (u128::from(step.unsigned_abs()) > STEP.as_micros()).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::time::{BootTime, WallTime};

    const SECOND: Duration = Duration::from_secs(1);

    fn instants(monotonic_ms: i64, boot_ms: i64, wall_ms: i64) -> Instants {
        Instants {
            monotonic: MonotonicTime(monotonic_ms * 1000),
            boot: BootTime(boot_ms * 1000),
            wall: WallTime(wall_ms * 1000),
        }
    }

    fn between(now: Instants) -> Between {
        Between {
            before: instants(0, 0, 0),
            now,
            took: Duration::from_millis(5),
            starved: Some(Duration::ZERO),
            continued: false,
        }
    }

    #[test]
    fn lateness_never_moves_the_ticks_after_it() {
        let mut schedule = Schedule::new(MonotonicTime(500), SECOND);
        assert_eq!(
            schedule.take(MonotonicTime(700)),
            Due {
                planned: MonotonicTime(500),
                missed: 0
            }
        );
        assert_eq!(
            schedule.take(MonotonicTime(1_900_000)),
            Due {
                planned: MonotonicTime(1_000_500),
                missed: 0
            }
        );
        assert_eq!(schedule.next_due(), MonotonicTime(2_000_500));
    }

    #[test]
    fn ticks_that_passed_are_counted_and_not_bunched() {
        let mut schedule = Schedule::new(MonotonicTime(0), SECOND);
        schedule.take(MonotonicTime(0));
        let due = schedule.take(MonotonicTime(4_200_000));
        assert_eq!(
            due,
            Due {
                planned: MonotonicTime(4_000_000),
                missed: 3
            }
        );
        assert_eq!(schedule.next_due(), MonotonicTime(5_000_000));
    }

    #[test]
    fn a_suspend_is_told_from_a_stop_and_a_stop_from_starving() {
        let asleep = between(instants(1_000, 61_000, 61_000));
        assert_eq!(
            asleep.cause(SECOND),
            (GapKind::Suspended, "for 60.0 s".to_owned())
        );
        assert_eq!(asleep.clock_step(), None);
        let away = between(instants(6_000, 6_000, 6_000));
        assert_eq!(away.cause(SECOND).0, GapKind::Stopped);
        let starved = Between {
            starved: Some(Duration::from_secs(5)),
            ..away
        };
        assert_eq!(
            starved.cause(SECOND),
            (GapKind::Stalled, "waited 5.0 s for a CPU".to_owned())
        );
        let slow = Between {
            took: Duration::from_secs(4),
            ..away
        };
        assert_eq!(slow.cause(SECOND).0, GapKind::Stalled);
    }

    #[test]
    fn a_step_of_the_clock_is_seen_both_ways() {
        assert_eq!(
            between(instants(1_000, 1_000, 3_601_000)).clock_step(),
            Some(3_600_000_000)
        );
        assert_eq!(
            between(instants(1_000, 1_000, -9_000)).clock_step(),
            Some(-10_000_000)
        );
        assert_eq!(between(instants(1_000, 1_000, 1_030)).clock_step(), None);
    }
}
