//! Since when each thread has been seen in its state: in how many ticks in a row.
//!
//! In: the threads of neighbouring ticks, backwards from a moment, then forwards. Out: since when.
//! What a thread did between two ticks is not known; the switches in between tell whether it ran.

use afterimage_format::process::ProcessKey;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{Sample, State, Task};
use afterimage_format::time::MonotonicTime;
use std::collections::HashMap;
use std::time::Duration;

/// The first of the ticks in a row that show a thread in its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Began {
    state: Reading<State>,
    at: MonotonicTime,
    switches: Option<u64>,
    /// Whether the tick before shows it otherwise, or not at all; else the record does not go
    /// back further.
    pub is_seen: bool,
}

impl Began {
    fn of(task: &Task, at: MonotonicTime, is_seen: bool) -> Self {
        Self {
            state: task.state,
            at,
            switches: switches(task),
            is_seen,
        }
    }

    /// How long before this moment that was.
    pub fn ago(&self, now: &Sample) -> Option<Duration> {
        now.times.began.monotonic.since(self.at)
    }

    /// How often the thread gave up its CPU, or lost it, since; 0 is one single wait.
    pub fn switches_since(&self, now: &Task) -> Option<u64> {
        switches(now)?.checked_sub(self.switches?)
    }
}

fn switches(task: &Task) -> Option<u64> {
    let (voluntary, involuntary) = (task.voluntary_switches, task.involuntary_switches);
    voluntary.ok()?.checked_add(involuntary.ok()?)
}

/// Every thread of a moment.
#[derive(Debug, Default)]
pub struct Seen {
    began: HashMap<ProcessKey, Began>,
}

impl Seen {
    /// At a first moment: nothing is known of what was before.
    pub fn at(now: &Sample) -> Self {
        let mut seen = Self::default();
        seen.forward(now, false);
        seen
    }

    /// Since when a thread of the last moment is as it is.
    pub fn began(&self, key: ProcessKey) -> Option<&Began> {
        self.began.get(&key)
    }

    /// Takes in the tick before the earliest so far. Gives whether one more may tell more.
    pub fn back(&mut self, earlier: &Sample) -> bool {
        let Ok(tasks) = &earlier.tasks else {
            return false;
        };
        let at = earlier.times.began.monotonic;
        let (mut open, mut closed) = (0, Vec::new());
        let tasks: HashMap<ProcessKey, &Task> = tasks.iter().map(|task| (task.key, task)).collect();
        for (key, began) in self.began.iter_mut().filter(|(_, began)| !began.is_seen) {
            match tasks.get(key).filter(|task| task.state == began.state) {
                Some(task) => {
                    *began = Began::of(task, at, false);
                    open += 1;
                }
                None => closed.push(*key),
            }
        }
        for key in closed {
            if let Some(began) = self.began.get_mut(&key) {
                began.is_seen = true;
            }
        }
        open > 0
    }

    /// Goes on to a later moment; `is_next` when no tick is missing in between.
    pub fn forward(&mut self, now: &Sample, is_next: bool) {
        let at = now.times.began.monotonic;
        let tasks = now.tasks.iter().flatten();
        let began = tasks.map(|task| {
            let known = self.began.get(&task.key).filter(|_| is_next);
            let known = known.filter(|known| known.state == task.state);
            let began = known.copied();
            (
                task.key,
                began.unwrap_or_else(|| Began::of(task, at, is_next)),
            )
        });
        self.began = began.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::made::sample_of_tasks;
    use crate::waits::tests::task;

    fn at(seconds: u64, states: &[(i32, u8)]) -> Sample {
        let tasks = states.iter().map(|(tid, state)| task(*tid, *state));
        sample_of_tasks(tasks.collect(), seconds)
    }

    fn began(seen: &Seen, now: &Sample, tid: i32) -> (u64, bool) {
        let began = seen.began(task(tid, b'D').key).unwrap();
        (began.ago(now).unwrap().as_secs(), began.is_seen)
    }

    #[test]
    fn a_state_has_lasted_since_the_first_tick_in_a_row_that_shows_it() {
        let now = at(9, &[(1, b'D'), (2, b'D'), (3, b'S')]);
        let mut seen = Seen::at(&now);
        assert_eq!(began(&seen, &now, 1), (0, false), "nothing is known before");
        assert!(seen.back(&at(8, &[(1, b'D'), (2, b'S')])));
        assert!(seen.back(&at(7, &[(1, b'D'), (2, b'D'), (3, b'S')])));
        assert_eq!(began(&seen, &now, 1), (2, false));
        assert_eq!(began(&seen, &now, 2), (0, true));
        assert_eq!(
            began(&seen, &now, 3),
            (0, true),
            "it was not looked at in between"
        );
        assert!(!seen.back(&at(6, &[])));
        assert_eq!(began(&seen, &now, 1), (2, true));
    }

    #[test]
    fn it_goes_on_to_the_next_tick_and_not_across_a_gap() {
        let mut seen = Seen::at(&at(1, &[(1, b'D')]));
        let now = at(2, &[(1, b'D'), (2, b'D')]);
        seen.forward(&now, true);
        assert_eq!(began(&seen, &now, 1), (1, false));
        assert_eq!(began(&seen, &now, 2), (0, true));
        let later = at(5, &[(1, b'D')]);
        seen.forward(&later, false);
        assert_eq!(began(&seen, &later, 1), (0, false));
    }

    #[test]
    fn switches_tell_whether_it_was_one_wait() {
        let now = at(2, &[(1, b'D')]);
        let mut seen = Seen::at(&now);
        seen.back(&at(1, &[(1, b'D')]));
        let began = *seen.began(task(1, b'D').key).unwrap();
        let mut task = task(1, b'D');
        assert_eq!(began.switches_since(&task), Some(0));
        task.voluntary_switches = Ok(8);
        assert_eq!(began.switches_since(&task), Some(3));
        task.involuntary_switches = Err(afterimage_format::reading::Missing::NotSupported);
        assert_eq!(began.switches_since(&task), None);
    }
}
