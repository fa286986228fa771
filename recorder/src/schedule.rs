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
/// Even a disk that thrashes brings a page back within this.
const PAGE_BACK: Duration = Duration::from_millis(250);

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
        // Before the first tick none was due.
        let missed = if self.next == 0 {
            0
        } else {
            latest - self.next
        };
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

/// What is known of the time between the beginnings of two ticks, to tell why some are missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Between {
    /// When the last tick began: what happened while it was read counts too.
    pub(crate) before: Instants,
    /// When this one began.
    pub(crate) now: Instants,
    /// How long reading the last tick took.
    pub(crate) took: Duration,
    /// And until the sampler had nothing more to do.
    pub(crate) worked: Duration,
    /// How long the sampler waited for a CPU since then; unknown without `schedstat`.
    pub(crate) starved: Option<Duration>,
    /// Pages of the recorder itself that the sampler had to wait for: they had been swapped out,
    /// or their file's pages had been dropped.
    pub(crate) major_faults: u64,
    /// Whether the recorder was continued after a SIGSTOP.
    pub(crate) continued: bool,
}

impl Between {
    /// Why this tick comes so late after the first that is missing: the most telling cause, and
    /// words that name the others too.
    pub(crate) fn cause(&self, late: Duration) -> (GapKind, String) {
        let mut causes = self.causes(late).into_iter().flatten();
        let (kind, first) = causes.next().unwrap_or_else(|| self.without_a_sign());
        let others = causes.map(|(other, detail)| {
            if other == kind {
                format!("also {detail}")
            } else {
                format!("also {}: {detail}", other.name())
            }
        });
        let words: Vec<String> = [first].into_iter().chain(others).collect();
        (kind, words.join("; "))
    }

    /// Each cause that there are signs of, the most telling first.
    fn causes(&self, late: Duration) -> [Option<(GapKind, String)>; 5] {
        let is_most = |time: Duration| time.saturating_mul(2) >= late;
        let starved = self.starved.filter(|starved| is_most(*starved));
        let pages = self.major_faults;
        let swapped =
            u32::try_from(pages).map_or(Duration::MAX, |pages| PAGE_BACK.saturating_mul(pages));
        let work = if self.took * 2 >= self.worked {
            (self.took, "reading /proc")
        } else {
            (self.worked, "the sampler's own work")
        };
        [
            self.suspend_words()
                .map(|words| (GapKind::Suspended, words)),
            self.continued.then(|| {
                let words = "by a signal (SIGSTOP), and continued";
                (GapKind::Stopped, words.to_owned())
            }),
            starved.map(|starved| {
                let words = format!("waited {} for a CPU", seconds(starved));
                (GapKind::Stalled, words)
            }),
            (pages > 0 && swapped >= late).then(|| {
                let words = format!("swapped out: waited for {pages} of its own pages");
                (GapKind::Stalled, words)
            }),
            is_most(work.0).then(|| {
                let words = format!("{} took {}", work.1, seconds(work.0));
                (GapKind::Stalled, words)
            }),
        ]
    }

    /// The sampler had nothing to do, and woke late.
    fn without_a_sign(&self) -> (GapKind, String) {
        if self.starved.is_some() {
            let words =
                "did not run and did not ask to: a frozen cgroup, or a paused virtual machine";
            (GapKind::Stopped, words.to_owned())
        } else {
            let words = "the recorder did not get to run";
            (GapKind::Stalled, words.to_owned())
        }
    }

    /// How long the host was suspended, if it was.
    pub(crate) fn suspend_words(&self) -> Option<String> {
        let boot = self.now.boot.since(self.before.boot).unwrap_or_default();
        let awake = self.now.monotonic.since(self.before.monotonic);
        let suspended = boot.saturating_sub(awake.unwrap_or_default());
        (suspended >= SUSPENDED).then(|| format!("for {}", seconds(suspended)))
    }

    /// How the wall clock was set, if it was.
    pub(crate) fn clock_step_words(&self) -> Option<String> {
        let boot = self.now.boot.0.saturating_sub(self.before.boot.0);
        let wall = self.now.wall.0.saturating_sub(self.before.wall.0);
        let step = wall.saturating_sub(boot);
        let size = Duration::from_micros(step.unsigned_abs());
        let way = if step < 0 { "back" } else { "forward" };
        (size > STEP).then(|| format!("the clock was set {way} by {:.3} s", size.as_secs_f64()))
    }
}

fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::time::{BootTime, WallTime};

    const SECOND: Duration = Duration::from_secs(1);
    /// After five ticks of a second that are missing.
    const LATE: Duration = Duration::from_secs(5);

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
            worked: Duration::from_millis(6),
            starved: Some(Duration::ZERO),
            major_faults: 0,
            continued: false,
        }
    }

    #[track_caller]
    fn assert_cause(between: Between, kind: GapKind, words: &str) {
        assert_eq!(between.cause(LATE), (kind, words.to_owned()));
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
    fn what_was_late_before_the_first_tick_is_not_missing() {
        let mut schedule = Schedule::new(MonotonicTime(0), SECOND);
        let due = Due {
            planned: MonotonicTime(3_000_000),
            missed: 0,
        };
        assert_eq!(schedule.take(MonotonicTime(3_100_000)), due);
        assert_eq!(schedule.next_due(), MonotonicTime(4_000_000));
    }

    #[test]
    fn a_suspend_is_told_from_a_stop_and_a_stop_from_starving() {
        let asleep = between(instants(3_000, 63_000, 63_000));
        assert_cause(asleep, GapKind::Suspended, "for 60.0 s");
        assert_eq!(asleep.clock_step_words(), None);
        let away = between(instants(6_000, 6_000, 6_000));
        let frozen = "did not run and did not ask to: a frozen cgroup, or a paused virtual machine";
        assert_cause(away, GapKind::Stopped, frozen);
        let stopped = Between {
            continued: true,
            ..away
        };
        let by_signal = "by a signal (SIGSTOP), and continued";
        assert_cause(stopped, GapKind::Stopped, by_signal);
        let starved = Between {
            starved: Some(Duration::from_secs(5)),
            ..away
        };
        assert_cause(starved, GapKind::Stalled, "waited 5.0 s for a CPU");
        let unknown = Between {
            starved: None,
            ..away
        };
        assert_cause(unknown, GapKind::Stalled, "the recorder did not get to run");
    }

    #[test]
    fn slow_reads_are_told_from_slow_work_and_from_swapping() {
        let away = between(instants(6_000, 6_000, 6_000));
        let four = Duration::from_secs(4);
        let slow = Between {
            took: four,
            worked: four,
            ..away
        };
        assert_cause(slow, GapKind::Stalled, "reading /proc took 4.0 s");
        let busy = Between {
            worked: four,
            ..away
        };
        assert_cause(busy, GapKind::Stalled, "the sampler's own work took 4.0 s");
        let swapped = Between {
            major_faults: 40,
            ..away
        };
        let words = "swapped out: waited for 40 of its own pages";
        assert_cause(swapped, GapKind::Stalled, words);
        let one_page = Between {
            major_faults: 1,
            ..away
        };
        assert_eq!(
            one_page.cause(LATE).0,
            GapKind::Stopped,
            "one page does not take five seconds"
        );
    }

    #[test]
    fn of_several_causes_the_most_telling_goes_first_and_all_are_named() {
        let all = Between {
            took: Duration::from_secs(4),
            worked: Duration::from_secs(4),
            starved: Some(Duration::from_secs(3)),
            major_faults: 40,
            continued: true,
            ..between(instants(6_000, 16_000, 16_000))
        };
        let stop = "also stopped: by a signal (SIGSTOP), and continued";
        let stall = "also stalled: waited 3.0 s for a CPU; also stalled: swapped out: waited for 40 \
            of its own pages; also stalled: reading /proc took 4.0 s";
        assert_cause(
            all,
            GapKind::Suspended,
            &format!("for 10.0 s; {stop}; {stall}"),
        );
        let awake = Between {
            continued: false,
            ..all
        };
        let stalled = Between {
            now: instants(6_000, 6_000, 6_000),
            ..awake
        };
        let words = "waited 3.0 s for a CPU; also swapped out: waited for 40 of its own pages; \
            also reading /proc took 4.0 s";
        assert_cause(stalled, GapKind::Stalled, words);
    }

    #[test]
    fn a_step_of_the_clock_is_seen_both_ways() {
        let words = |now| between(now).clock_step_words();
        assert_eq!(
            words(instants(1_000, 1_000, 3_601_000)).as_deref(),
            Some("the clock was set forward by 3600.000 s")
        );
        assert_eq!(
            words(instants(1_000, 1_000, -9_000)).as_deref(),
            Some("the clock was set back by 10.000 s")
        );
        assert_eq!(words(instants(1_000, 1_000, 1_030)), None);
    }
}
