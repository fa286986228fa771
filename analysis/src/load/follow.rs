//! The kernel's formula run over a stretch of recorded counts, beside what the kernel published.
//!
//! In: the counts of one moment after the other, at least one every [`CADENCE`] where the stretch is
//! to be followed well. Out: for each part of the stretch the averages that follow from our counts,
//! the tasks that the published average implies, and what part of those was seen.
//!
//! When the kernel takes its number is not published; but when an average is seen to change, it has
//! just done so, and the steps of the formula are set by that. Between two moments counts are taken
//! to go in a straight line. What lies behind a gap begins anew.

use super::Counts;
use super::average::{Averages, CADENCE, Implied, decay, implied};
use afterimage_format::time::MonotonicTime;

/// Moments further apart do not tell when an average changed.
const NEAR_SECONDS: f64 = 4.6;

/// Recorded counts, as far as they have been followed.
#[derive(Debug, Clone, Default)]
pub struct Follow {
    last: Option<At>,
    averages: Option<Averages>,
    /// When the kernel takes its next number, in seconds of the monotonic clock.
    next: f64,
    /// When it was last taken to have done so.
    stepped: f64,
    part: Sums,
    whole: Whole,
}

/// One moment.
#[derive(Debug, Clone, Copy)]
struct At {
    seconds: f64,
    seen: f64,
    counted: f64,
    loads: Option<[u64; 3]>,
}

/// Since the last part of the stretch was taken.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// The one-minute average that it began with.
    began: Option<u64>,
    steps: u32,
    /// Tasks seen and counted at each step, weighted as the formula weighs them.
    seen: f64,
    counted: f64,
}

/// Since the stretch began.
#[derive(Debug, Clone, Copy, Default)]
struct Whole {
    steps: u32,
    implied: f64,
    seen: f64,
    counted: f64,
}

/// What the published average implies over some time, beside what was seen in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Over {
    /// How many tasks the kernel must have counted on average.
    pub implied: Implied,
    /// How many were seen on average, each with a name.
    pub seen: f64,
    /// The same with the kernel's own count of those that run.
    pub counted: f64,
    /// So many numbers the kernel took in that time.
    pub steps: u32,
}

impl Over {
    /// Tasks of the load that sampling did not see; negative when it saw more than there were on
    /// average.
    pub fn not_seen(&self) -> f64 {
        self.implied.tasks - self.seen
    }

    /// The same as a share of the load, in percent; nothing where the load is too small for that.
    pub fn not_seen_percent(&self) -> Option<f64> {
        let is_known = self.implied.tasks > self.implied.resolution.max(0.05);
        is_known.then(|| self.not_seen() * 100.0 / self.implied.tasks)
    }
}

/// One part of a stretch, and the stretch up to its end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Compared {
    /// The averages over 1, 5 and 15 minutes that follow from our counts, begun with those that
    /// were published at the first moment of the stretch.
    pub computed: Option<[f64; 3]>,
    /// Over this part of the stretch; nothing when the kernel took no number in it.
    pub part: Option<Over>,
    /// Over the stretch so far.
    pub stretch: Option<Over>,
}

impl Follow {
    /// What comes next is behind a gap.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// Goes on to a later moment.
    pub fn go_on(&mut self, at: MonotonicTime, counts: &Counts) {
        let loads = match counts.load_hundredths {
            [Ok(one), Ok(five), Ok(fifteen)] => Some([one, five, fifteen]),
            _ => None,
        };
        let now = At {
            seconds: at.0 as f64 / 1e6,
            seen: counts.seen() as f64,
            counted: counts.counted(),
            loads,
        };
        match self.last.replace(now) {
            Some(before) if before.seconds < now.seconds => self.between(before, now),
            _ => self.begin(now),
        }
    }

    fn begin(&mut self, now: At) {
        self.averages = now.loads.map(Averages::from_hundredths);
        self.next = now.seconds + CADENCE.as_secs_f64();
        self.stepped = f64::NEG_INFINITY;
        self.part.began = now.loads.map(|loads| loads[0]);
    }

    fn between(&mut self, before: At, now: At) {
        if self.averages.is_none() {
            return self.begin(now);
        }
        let cadence = CADENCE.as_secs_f64();
        let is_near = now.seconds - before.seconds < NEAR_SECONDS;
        let has_changed =
            before.loads.is_some() && now.loads.is_some() && before.loads != now.loads;
        if is_near && has_changed {
            // It took its number somewhere between the two.
            let middle = f64::midpoint(before.seconds, now.seconds);
            if middle - self.stepped > cadence / 2.0 {
                self.step(before, now, middle);
            }
            self.next = middle + cadence;
            return;
        }
        // Where a change would be seen it is waited for: it says better when.
        let slack = if is_near {
            now.seconds - before.seconds
        } else {
            0.0
        };
        while self.next + slack <= now.seconds {
            self.step(before, now, self.next);
            self.next += cadence;
        }
    }

    /// The kernel takes its number.
    fn step(&mut self, before: At, now: At, at: f64) {
        let share = ((at - before.seconds) / (now.seconds - before.seconds)).clamp(0.0, 1.0);
        let mean = |before: f64, now: f64| before + (now - before) * share;
        let (seen, counted) = (
            mean(before.seen, now.seen),
            mean(before.counted, now.counted),
        );
        self.averages = self.averages.map(|averages| averages.after(counted));
        let left = decay(1);
        self.part.steps += 1;
        self.part.seen = self.part.seen * left + seen * (1.0 - left);
        self.part.counted = self.part.counted * left + counted * (1.0 - left);
        self.stepped = at;
    }

    /// What has come since this was asked last, and since the stretch began.
    pub fn take(&mut self) -> Compared {
        let now = self.last.and_then(|last| last.loads).map(|loads| loads[0]);
        let part = std::mem::take(&mut self.part);
        let over = part.began.zip(now).and_then(|(began, now)| {
            let weight = 1.0 - decay(part.steps);
            Some(Over {
                implied: implied(began, now, part.steps)?,
                seen: part.seen / weight,
                counted: part.counted / weight,
                steps: part.steps,
            })
        });
        self.part.began = now;
        if let Some(over) = over {
            self.whole.add(over);
        } else if part.steps == 0 {
            self.part.began = part.began.or(now);
        }
        Compared {
            computed: self.averages.map(Averages::values),
            part: over,
            stretch: self.whole.over(),
        }
    }
}

impl Whole {
    fn add(&mut self, over: Over) {
        let weight = f64::from(over.steps);
        self.steps += over.steps;
        self.implied += over.implied.tasks * weight;
        self.seen += over.seen * weight;
        self.counted += over.counted * weight;
    }

    fn over(&self) -> Option<Over> {
        let steps = f64::from(self.steps);
        (self.steps > 0).then(|| Over {
            implied: Implied {
                tasks: self.implied / steps,
                // What is rounded at the end of one part is so at the beginning of the next.
                resolution: 0.005 + 0.01 / (1.0 - decay(1)) / steps,
            },
            seen: self.seen / steps,
            counted: self.counted / steps,
            steps: self.steps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::reading::{Missing, Reading};

    fn counts(running: u64, kernel: Reading<u64>, load: Averages) -> Counts {
        Counts {
            running,
            uninterruptible: 1,
            kernel_running: kernel,
            kernel_runnable: kernel,
            kernel_blocked: Ok(0),
            load_hundredths: load
                .values()
                .map(|load| Ok(format!("{:.0}", load * 100.0).parse().unwrap())),
            threads: Ok(()),
            idle_left_out: false,
        }
    }

    fn at(seconds: f64) -> MonotonicTime {
        MonotonicTime(format!("{:.0}", seconds * 1e6).parse().unwrap())
    }

    /// A kernel that counts so many tasks in R, seven more than are seen, and one in D; a moment
    /// each second. It takes its number 3.7 s after the first moment, and then every 5.004 s.
    fn followed(seconds: u32, runs: impl Fn(u32) -> u64) -> (Follow, Averages) {
        let mut kernel = Averages::from_hundredths([0; 3]);
        let (mut follow, mut next) = (Follow::default(), 3.7);
        for second in 0..=seconds {
            while next < f64::from(second) {
                kernel = kernel.after(runs(second) as f64 + 1.0);
                next += CADENCE.as_secs_f64();
            }
            let running = runs(second);
            let counts = counts(running.saturating_sub(7), Ok(running), kernel);
            follow.go_on(at(f64::from(second) + 100.0), &counts);
        }
        (follow, kernel)
    }

    #[test]
    fn our_counts_give_the_averages_that_the_kernel_published() {
        let (mut follow, kernel) = followed(600, |second| if second < 300 { 20 } else { 4 });
        let computed = follow.take().computed.unwrap();
        for (ours, theirs) in computed.into_iter().zip(kernel.values()) {
            assert!((ours - theirs).abs() < 0.05, "{ours} {theirs}");
        }
    }

    #[test]
    fn what_was_not_seen_is_a_number_with_its_resolution() {
        let (mut follow, _) = followed(60, |_| 20);
        let part = follow.take().part.unwrap();
        assert_eq!(part.steps, 12);
        assert!(
            (part.implied.tasks - 21.0).abs() <= part.implied.resolution + 0.02,
            "{part:?}"
        );
        assert!(
            (part.seen - 14.0).abs() < 1e-6 && (part.counted - 21.0).abs() < 1e-6,
            "{part:?}"
        );
        assert!((part.not_seen() - 7.0).abs() < 0.05, "{part:?}");
        assert!(
            (part.not_seen_percent().unwrap() - 33.3).abs() < 0.3,
            "{part:?}"
        );
    }

    #[test]
    fn no_step_says_nothing_and_a_gap_begins_anew() {
        let (mut follow, kernel) = followed(2, |_| 3);
        let compared = follow.take();
        assert_eq!((compared.part, compared.stretch), (None, None));
        assert_eq!(compared.computed, Some([0.0; 3]));
        follow.restart();
        assert_eq!(follow.take(), Compared::default());
        let other = kernel.after(40.0);
        follow.go_on(at(500.0), &counts(0, Ok(0), other));
        let computed = follow.take().computed.unwrap();
        assert!(
            (computed[0] - other.values()[0]).abs() < 0.006,
            "{computed:?}"
        );
    }

    #[test]
    fn moments_far_apart_have_as_many_steps_as_there_were_between_them() {
        let mut follow = Follow::default();
        let kernel = Averages::from_hundredths([500; 3]);
        follow.go_on(at(0.0), &counts(4, Ok(4), kernel));
        follow.go_on(at(60.1), &counts(4, Ok(4), kernel));
        let compared = follow.take();
        assert_eq!(compared.part.unwrap().steps, 12);
        assert!(
            (compared.stretch.unwrap().not_seen()).abs() < 0.02,
            "{compared:?}"
        );
    }

    #[test]
    fn without_an_average_there_is_nothing_to_compare_with() {
        let mut follow = Follow::default();
        let mut counts = counts(4, Ok(4), Averages::from_hundredths([500; 3]));
        counts.load_hundredths[0] = Err(Missing::PermissionDenied);
        follow.go_on(at(0.0), &counts);
        follow.go_on(at(30.0), &counts);
        assert_eq!(follow.take(), Compared::default());
    }
}
