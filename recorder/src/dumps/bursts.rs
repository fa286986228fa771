//! Which dumps of a process belong together. Those of a burst are packed each beside the one
//! before, and CPU is counted from one to the next.

use crate::clock;
use afterimage_format::process::ProcessKey;
use afterimage_format::time::{MonotonicTime, WallTime};
use std::collections::BTreeMap;
use std::time::Duration;

/// Processes that are remembered.
const MOST_KNOWN: usize = 20_000;
/// Dumps that somebody asks for belong together when they follow each other within this,
const WITHIN: Duration = Duration::from_mins(2);
/// and up to so many: as many as are packed beside each other.
const MOST_BY_HAND: usize = 8;

/// The last burst of each process: of triggers, and by hand.
#[derive(Debug, Default)]
pub(super) struct Bursts {
    triggered: BTreeMap<ProcessKey, i64>,
    by_hand: BTreeMap<ProcessKey, ByHand>,
}

#[derive(Debug)]
struct ByHand {
    number: i64,
    last: MonotonicTime,
    dumps: usize,
}

impl Bursts {
    /// The number of the burst that a trigger's dump belongs to.
    pub(super) fn triggered(&mut self, key: ProcessKey, is_first: bool) -> i64 {
        let known = self.triggered.get(&key).copied().filter(|_| !is_first);
        let number = known.unwrap_or_else(|| clock::now().wall.0);
        if self.triggered.len() >= MOST_KNOWN {
            self.triggered.clear();
        }
        self.triggered.insert(key, number);
        number
    }

    /// The number of the burst that a dump belongs to that somebody asks for now. Of a process
    /// that is not known it stands alone.
    pub(super) fn by_hand(
        &mut self,
        key: Option<ProcessKey>,
        (now, wall): (MonotonicTime, WallTime),
    ) -> i64 {
        let Some(key) = key else {
            return wall.0;
        };
        if self.by_hand.len() >= MOST_KNOWN {
            self.by_hand.clear();
        }
        let burst = self.by_hand.entry(key).or_insert(ByHand {
            number: wall.0,
            last: now,
            dumps: 0,
        });
        let is_soon = now.since(burst.last).is_some_and(|passed| passed < WITHIN);
        if !is_soon || burst.dumps >= MOST_BY_HAND {
            (burst.number, burst.dumps) = (wall.0, 0);
        }
        (burst.last, burst.dumps) = (now, burst.dumps + 1);
        burst.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::process::Pid;
    use afterimage_format::units::Ticks;

    fn key(pid: i32) -> ProcessKey {
        ProcessKey {
            pid: Pid(pid),
            started: Ticks(5),
        }
    }

    /// The second since boot, and that of the wall clock.
    fn at(second: i64) -> (MonotonicTime, WallTime) {
        (MonotonicTime(second * 1_000_000), WallTime(second + 1_000))
    }

    #[test]
    fn dumps_by_hand_belong_together_when_they_follow_each_other_and_up_to_eight() {
        let mut bursts = Bursts::default();
        let numbers = (0..10).map(|minute| bursts.by_hand(Some(key(1)), at(minute * 60)));
        let numbers: Vec<i64> = numbers.collect();
        assert_eq!(numbers, [[1000; 8].as_slice(), &[1480; 2]].concat());
        assert_eq!(bursts.by_hand(Some(key(2)), at(600)), 1600);
        assert_eq!(bursts.by_hand(None, at(601)), 1601);
        assert_eq!(bursts.by_hand(Some(key(1)), at(540 + 119)), 1480);
        assert_eq!(bursts.by_hand(Some(key(1)), at(659 + 120)), 1779);
    }

    #[test]
    fn the_first_dump_of_a_trigger_begins_another() {
        let mut bursts = Bursts::default();
        let first = bursts.triggered(key(1), true);
        assert_eq!(bursts.triggered(key(1), false), first);
        assert!(bursts.triggered(key(1), true) >= first);
    }
}
