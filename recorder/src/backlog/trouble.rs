//! How the writer fares: free, at work, or waiting for its next attempt. Pure: it is told the time.

use afterimage_format::time::MonotonicTime;
use std::time::Duration;

/// The pause after the first failure, doubled with each one after it.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A job that takes longer than this is in trouble.
const STALLED: Duration = Duration::from_secs(5);
/// Trouble that lasts this long is no hiccup.
const LASTING: Duration = Duration::from_secs(15);

/// What the writer does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum State {
    /// It waits for a job.
    #[default]
    Idle,
    /// It has one.
    Busy {
        since: MonotonicTime,
        /// Since when there is trouble, if there is.
        trouble: Option<MonotonicTime>,
        pause: Duration,
    },
    /// It could not do the last one.
    Failed {
        retry_at: MonotonicTime,
        trouble: MonotonicTime,
        pause: Duration,
    },
}

impl State {
    /// It gets a job.
    pub(super) fn begin(&mut self, now: MonotonicTime) {
        let (trouble, pause) = match *self {
            Self::Failed { trouble, pause, .. } => (Some(trouble), pause),
            Self::Idle | Self::Busy { .. } => (None, FIRST_PAUSE),
        };
        *self = Self::Busy {
            since: now,
            trouble,
            pause,
        };
    }

    /// The job is done, or could not be.
    pub(super) fn end(&mut self, failed: bool, now: MonotonicTime) {
        let (since, pause) = match *self {
            Self::Busy { trouble, pause, .. } => (trouble, pause),
            Self::Idle | Self::Failed { .. } => (None, FIRST_PAUSE),
        };
        *self = if failed {
            Self::Failed {
                retry_at: now.plus(pause),
                trouble: since.unwrap_or(now),
                pause: (pause * 2).min(LONGEST_PAUSE),
            }
        } else {
            Self::Idle
        };
    }

    /// The next attempt is made at once.
    pub(super) fn retry_now(&mut self) {
        if let Self::Failed {
            retry_at, trouble, ..
        } = self
        {
            *retry_at = *trouble;
        }
    }

    /// Since when there is trouble.
    pub(super) fn trouble_since(&self) -> Option<MonotonicTime> {
        match *self {
            Self::Idle => None,
            Self::Busy { trouble, .. } => trouble,
            Self::Failed { trouble, .. } => Some(trouble),
        }
    }

    /// When it is to be looked at again.
    pub(super) fn deadline(&self, now: MonotonicTime) -> Option<MonotonicTime> {
        match *self {
            Self::Idle => None,
            Self::Busy {
                since,
                trouble: None,
                ..
            } => Some(since.plus(STALLED)),
            Self::Busy {
                trouble: Some(trouble),
                ..
            } => Some(trouble.plus(LASTING)).filter(|at| *at > now),
            Self::Failed { retry_at, .. } => Some(retry_at),
        }
    }

    /// That the job takes too long, said once.
    pub(super) fn stalls(&mut self, now: MonotonicTime) -> Option<String> {
        let Self::Busy { since, trouble, .. } = self else {
            return None;
        };
        if trouble.is_some() || since.plus(STALLED) > now {
            return None;
        }
        *trouble = Some(*since);
        Some(format!("writing has taken {} s so far", STALLED.as_secs()))
    }

    /// Whether the trouble is more than a hiccup.
    pub(super) fn lasts(&self, now: MonotonicTime) -> bool {
        self.trouble_since()
            .is_some_and(|since| since.plus(LASTING) <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_rare_and_trouble_is_counted_from_its_beginning() {
        let begin = MonotonicTime(5_000_000);
        let (mut state, mut now, mut pauses) = (State::default(), begin, Vec::new());
        for _ in 0..8 {
            state.begin(now);
            state.end(true, now);
            let at = state.deadline(now).unwrap();
            pauses.push(at.since(now).unwrap().as_millis());
            assert_eq!(state.trouble_since(), Some(begin));
            now = at;
        }
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert!(!state.lasts(begin.plus(Duration::from_secs(14))) && state.lasts(now));
        state.begin(now);
        state.end(false, now);
        assert_eq!((state, state.trouble_since()), (State::Idle, None));
    }

    #[test]
    fn a_job_that_takes_too_long_is_said_once() {
        let begin = MonotonicTime(5_000_000);
        let mut state = State::default();
        state.begin(begin);
        assert_eq!(state.deadline(begin), Some(begin.plus(STALLED)));
        assert_eq!(state.stalls(begin.plus(Duration::from_secs(4))), None);
        let said = state.stalls(begin.plus(STALLED)).unwrap();
        assert_eq!(said, "writing has taken 5 s so far");
        assert_eq!(state.stalls(begin.plus(STALLED * 2)), None);
        assert_eq!(state.trouble_since(), Some(begin));
        state.end(false, begin.plus(STALLED * 2));
        assert_eq!(state, State::Idle);
    }
}
