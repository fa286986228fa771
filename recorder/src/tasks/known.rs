//! What was known of each thread at the tick before: what tells whether it ran, and whether it
//! starves. In: what a tick sees of a thread. Out: what it was. Reads nothing.

use afterimage_format::process::ProcessKey;
use afterimage_format::reading::Reading;
use std::collections::HashMap;
use std::time::Duration;

/// Who waited for a CPU for more than this share of the time starves, in percent.
pub(super) const STARVING_PERCENT: u128 = 30;

/// One thread at one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) key: ProcessKey,
    pub(super) state: u8,
    /// `schedstat`: nanoseconds run, nanoseconds waited, timeslices.
    pub(super) gate: Reading<[u64; 3]>,
    /// What it does in the kernel could not be read in time.
    pub(super) is_owed: bool,
    pub(super) is_recorded: bool,
}

impl Known {
    pub(super) fn recorded(key: ProcessKey, state: u8, gate: Reading<[u64; 3]>) -> Self {
        Self {
            key,
            state,
            gate,
            is_owed: false,
            is_recorded: true,
        }
    }

    /// One that is only kept an eye on.
    pub(super) fn unrecorded(key: ProcessKey, state: u8, gate: Reading<[u64; 3]>) -> Self {
        Self {
            is_recorded: false,
            ..Self::recorded(key, state, gate)
        }
    }

    /// Whether it was asleep and has not run since. (It may have been woken and starve: where
    /// tasks wait for a CPU nobody may rely on this.)
    pub(super) fn is_asleep_still(&self, gate: Reading<[u64; 3]>) -> bool {
        let is_asleep = !matches!(self.state, b'R' | b'D');
        is_asleep && self.is_recorded && gate.is_ok() && gate == self.gate
    }

    /// Whether it ran since, or nobody can tell.
    pub(super) fn has_moved(&self, now: &Self) -> bool {
        now.gate.is_err() || self.gate != now.gate || self.state != now.state || !self.is_recorded
    }

    /// Whether it wanted a CPU since, and got none, or waited for most of the time. While it
    /// waits the kernel counts nothing: that comes when it runs.
    pub(super) fn is_starving(
        &self,
        (state, gate): (u8, Reading<[u64; 3]>),
        interval: Duration,
    ) -> bool {
        let (Ok(before), Ok(now)) = (self.gate, gate) else {
            return false;
        };
        let got_none = self.state == b'R' && state == b'R' && before == now;
        got_none || waited_long(now[1].saturating_sub(before[1]), interval)
    }
}

/// Whether so many nanoseconds of waiting for a CPU are much of the time between two ticks.
pub(super) fn waited_long(waited_nanos: u64, interval: Duration) -> bool {
    let waited = Duration::from_nanos(waited_nanos);
    !waited.is_zero() && waited.as_nanos() * 100 >= interval.as_nanos() * STARVING_PERCENT
}

/// The threads of this tick and of the one before, by tid.
#[derive(Debug, Default)]
pub(super) struct KnownThreads {
    before: HashMap<i32, Known>,
    now: HashMap<i32, Known>,
}

impl KnownThreads {
    /// Whether this tick has looked at it already.
    pub(super) fn is_seen(&self, tid: i32) -> bool {
        self.now.contains_key(&tid)
    }

    pub(super) fn before(&self, tid: i32) -> Option<Known> {
        self.before.get(&tid).copied()
    }

    pub(super) fn was_recorded(&self, tid: i32) -> bool {
        let before = self.before.get(&tid);
        before.is_some_and(|before| before.is_recorded)
    }

    pub(super) fn see(&mut self, known: Known) {
        self.now.insert(known.key.pid.0, known);
    }

    /// Whether what it does in the kernel is still to be read.
    pub(super) fn owes(&mut self, key: ProcessKey, is_owed: bool) {
        if let Some(known) = self.now.get_mut(&key.pid.0) {
            known.is_owed = is_owed;
        }
    }

    pub(super) fn end_tick(&mut self) {
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.clear();
    }

    pub(super) fn forget(&mut self) {
        self.before.clear();
        self.now.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::process::Pid;
    use afterimage_format::reading::Missing;
    use afterimage_format::units::Ticks;

    const SECOND: Duration = Duration::from_secs(1);

    fn known(state: u8, gate: [u64; 3]) -> Known {
        let key = ProcessKey {
            pid: Pid(7),
            started: Ticks(5),
        };
        Known::recorded(key, state, Ok(gate))
    }

    #[test]
    fn who_wants_a_cpu_and_gets_none_starves_though_nothing_is_counted() {
        let waits = known(b'R', [5, 5, 1]);
        assert!(waits.is_starving((b'R', Ok([5, 5, 1])), SECOND));
        assert!(!waits.is_starving((b'R', Ok([9, 5, 2])), SECOND), "it ran");
        let woken = known(b'S', [5, 5, 1]);
        assert!(
            !woken.is_starving((b'R', Ok([5, 5, 1])), SECOND),
            "just now"
        );
        let unknown = Err(Missing::NotSupported);
        assert!(!waits.is_starving((b'R', unknown), SECOND));
    }

    #[test]
    fn who_waits_for_three_tenths_of_the_time_starves_at_any_interval() {
        for (interval, waited) in [(1000, 300), (100, 30)] {
            let interval = Duration::from_millis(interval);
            let before = known(b'S', [0, 0, 1]);
            let after = |millis: u64| (b'S', Ok([1, millis * 1_000_000, 2]));
            assert!(before.is_starving(after(waited), interval));
            assert!(!before.is_starving(after(waited - 1), interval));
        }
    }

    #[test]
    fn only_a_thread_that_slept_and_did_not_run_is_as_it_was() {
        assert!(known(b'S', [5, 5, 1]).is_asleep_still(Ok([5, 5, 1])));
        assert!(!known(b'S', [5, 5, 1]).is_asleep_still(Ok([6, 5, 2])));
        assert!(!known(b'R', [5, 5, 1]).is_asleep_still(Ok([5, 5, 1])));
        assert!(!known(b'D', [5, 5, 1]).is_asleep_still(Ok([5, 5, 1])));
        let gone = Err(Missing::Gone);
        let unknown = Known {
            gate: gone,
            ..known(b'S', [0; 3])
        };
        assert!(!unknown.is_asleep_still(gone));
    }
}
