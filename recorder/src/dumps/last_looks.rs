//! The last look at the threads of each process that was looked at: who has not run since then
//! need not be asked again.

use super::kernel::Looked;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::units::Ticks;
use std::collections::VecDeque;
use std::sync::Arc;

/// Threads of all of them together: half a kilobyte each.
const MOST_THREADS: usize = 8192;

/// The looks, the newest first.
#[derive(Debug, Default)]
pub(super) struct LastLooks(VecDeque<(ProcessKey, Arc<Looked>)>);

impl LastLooks {
    /// That at a process, where it is known which.
    pub(super) fn of(&self, pid: Pid, started: Option<Ticks>) -> Option<Arc<Looked>> {
        let started = started?;
        let key = ProcessKey { pid, started };
        let mut looks = self.0.iter();
        let found = looks.find(|(known, _)| *known == key);
        found.map(|(_, looked)| Arc::clone(looked))
    }

    /// Keeps one, and no more of others than there is room for.
    pub(super) fn keep(&mut self, key: ProcessKey, looked: Arc<Looked>) {
        self.0.retain(|(known, _)| *known != key);
        self.0.push_front((key, looked));
        let mut threads = 0;
        self.0.retain(|(_, looked)| {
            threads += looked.threads();
            threads <= MOST_THREADS
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_no_more_threads_than_there_is_room_for() {
        let key = |pid| ProcessKey {
            pid: Pid(pid),
            started: Ticks(1),
        };
        let of = |looks: &LastLooks, pid| looks.of(Pid(pid), Some(Ticks(1)));
        let mut looks = LastLooks::default();
        for pid in [1, 2, 1, 3] {
            looks.keep(key(pid), Arc::new(Looked::with_threads(3000)));
        }
        assert!(of(&looks, 1).is_some() && of(&looks, 3).is_some());
        assert!(of(&looks, 2).is_none());
        looks.keep(key(4), Arc::new(Looked::with_threads(MOST_THREADS + 1)));
        assert!(of(&looks, 4).is_none() && of(&looks, 3).is_none());
    }
}
