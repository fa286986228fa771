//! What threads wait for, in words, and for how long they have been seen so.
//!
//! - [`dictionary`]: functions of the kernel and system calls, out of two data files.
//! - [`Kind`]: whether a thread waits at all, and how.
//! - [`words()`]: the sentence about one thread.
//! - [`Seen`]: since when each thread has been in its state, from tick to tick.
//!
//! Pure: threads of samples in, words and times out.

pub mod dictionary;
mod seen;
mod words;

pub use seen::{Began, Seen};
pub use words::{Words, words};

use crate::rate::rise;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{State, Task, Why};
use std::time::Duration;

/// Who waited for a CPU for this share of the time starves, in percent: as the recorder has it.
const STARVING_PERCENT: f64 = 30.0;

/// How a thread waits. The order is that of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// State D.
    Uninterruptible,
    /// It wants a CPU and gets none, or not enough.
    Starved,
    /// Stopped by a signal or a debugger.
    Stopped,
    /// State S.
    Sleeping,
    /// State I: a thread of the kernel without work.
    Idle,
}

impl Kind {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uninterruptible => "uninterruptible",
            Self::Starved => "starved",
            Self::Stopped => "stopped",
            Self::Sleeping => "sleeping",
            Self::Idle => "idle",
        }
    }

    /// How a thread waits, with what was known of it so many seconds before; nothing when it
    /// runs, or has ended.
    pub fn of(task: &Task, before: Option<(&Task, f64)>) -> Option<Self> {
        let state = task.state.ok()?;
        if state == State::UNINTERRUPTIBLE {
            return Some(Self::Uninterruptible);
        }
        if is_starved(task, state, before) {
            return Some(Self::Starved);
        }
        Some(match state.letter() {
            'S' => Self::Sleeping,
            'T' | 't' => Self::Stopped,
            'I' => Self::Idle,
            _ => return None,
        })
    }
}

/// Whether it starves, by its own numbers; without any before, by what the recorder saw.
fn is_starved(task: &Task, state: State, before: Option<(&Task, f64)>) -> bool {
    let is_runnable = state == State::RUNNABLE;
    let Some((before, seconds)) = before else {
        let noted = task.why.is_ok_and(|why| why.contains(Why::STARVED));
        return is_runnable && noted;
    };
    let was_runnable = before.state == Ok(State::RUNNABLE);
    let has_waited = wait_percent(task, Some((before, seconds)));
    let stood_still = task.run.is_ok() && task.run == before.run && task.wait == before.wait;
    let got_none = is_runnable && was_runnable && stood_still;
    got_none || has_waited.is_some_and(|percent| percent >= STARVING_PERCENT)
}

/// For how much of the time it waited for a CPU. While it waits the kernel counts nothing: that
/// comes when it runs.
pub fn wait_percent(task: &Task, before: Option<(&Task, f64)>) -> Option<f64> {
    let (before, seconds) = before?;
    Some(share(before.wait, task.wait, seconds)?.min(100.0))
}

/// How much CPU it used, 100 is one core.
pub fn cpu_percent(task: &Task, before: Option<(&Task, f64)>) -> Option<f64> {
    let (before, seconds) = before?;
    share(before.run, task.run, seconds)
}

fn share(before: Reading<Duration>, now: Reading<Duration>, seconds: f64) -> Option<f64> {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let rise = rise(before.map(micros), now.map(micros))?;
    Some(rise as f64 / 1e4 / seconds)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use afterimage_format::process::{Pid, ProcessKey};
    use afterimage_format::reading::Missing;
    use afterimage_format::units::Ticks;

    /// A thread of which nothing is known but this.
    pub(crate) fn task(tid: i32, state: u8) -> Task {
        let absent = Missing::NotRead;
        Task {
            key: ProcessKey {
                pid: Pid(tid),
                started: Ticks(5),
            },
            process: Ok(Pid(7)),
            comm: Ok(b"worker"[..].into()),
            state: Ok(State(state)),
            wchan: Err(absent),
            syscall: Err(absent),
            syscall_arguments: Err(absent),
            stack: Err(absent),
            user_time: Err(absent),
            system_time: Err(absent),
            run: Ok(Duration::from_secs(1)),
            wait: Ok(Duration::from_secs(2)),
            voluntary_switches: Ok(5),
            involuntary_switches: Ok(6),
            major_faults: Err(absent),
            processor: Err(absent),
            why: Ok(Why::ASKED_FOR),
            read_at: Err(absent),
        }
    }

    fn kind(now: &Task, before: &Task) -> Option<Kind> {
        Kind::of(now, Some((before, 1.0)))
    }

    #[test]
    fn who_runs_waits_for_nothing_and_who_cannot_run_starves() {
        let (now, before) = (task(70, b'R'), task(70, b'R'));
        assert_eq!(kind(&now, &before), Some(Kind::Starved), "nothing moved");
        let mut ran = now.clone();
        ran.run = Ok(Duration::from_millis(1001));
        assert_eq!(kind(&ran, &before), None);
        assert_eq!(kind(&now, &task(70, b'S')), None, "woken just now");
        for (waited, expected) in [(2300, Some(Kind::Starved)), (2299, None)] {
            ran.wait = Ok(Duration::from_millis(waited));
            assert_eq!(kind(&ran, &before), expected, "{waited}");
        }
    }

    #[test]
    fn without_a_tick_before_it_counts_what_the_recorder_saw() {
        let mut now = task(70, b'R');
        assert_eq!(Kind::of(&now, None), None);
        now.why = Ok(Why::STARVED);
        assert_eq!(Kind::of(&now, None), Some(Kind::Starved));
        now.state = Ok(State(b'S'));
        assert_eq!(Kind::of(&now, None), Some(Kind::Sleeping));
    }

    #[test]
    fn a_state_says_how_a_thread_waits() {
        let kinds = [b'D', b'S', b'T', b't', b'I', b'Z', b'R']
            .map(|state| Kind::of(&task(70, state), None).map(Kind::name));
        let expected = [
            Some("uninterruptible"),
            Some("sleeping"),
            Some("stopped"),
            Some("stopped"),
            Some("idle"),
            None,
            None,
        ];
        assert_eq!(kinds, expected);
    }
}
