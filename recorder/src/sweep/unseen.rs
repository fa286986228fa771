//! Runnable tasks that the kernel counts and no sweep finds: threads beside the leader, and, seen
//! from a container, the tasks of others. In: how many were unseen at each tick, and how many
//! still were after every process was looked at. Out: whether to look at every process.
//!
//! A host with one busy thread has one unseen task at each tick. To look at every process for it
//! each time would cost half a tick's CPU and find nothing, so what no look finds for some ticks
//! on end is taken for such, and only more than that is looked for; and now and then all the same.

/// What is there at so many looks on end is always there.
const LOOKS: usize = 3;
/// Ticks on end that go without a look.
const MOST_WITHOUT: u32 = 3;

/// What the last looks did not find.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    not_found: [u64; LOOKS],
    without: u32,
}

impl Unseen {
    /// Whether so many are more than are always unseen. `u64::MAX`: nobody knows how many.
    pub(super) fn calls_for_a_look(&mut self, unseen: u64) -> bool {
        if unseen == 0 {
            self.looked(0);
            return false;
        }
        let always = self.not_found.iter().min().copied().unwrap_or(0);
        if unseen < u64::MAX && unseen <= always && self.without < MOST_WITHOUT {
            self.without += 1;
            return false;
        }
        true
    }

    /// Every process was looked at, and so many were not among them.
    pub(super) fn looked(&mut self, not_found: u64) {
        self.not_found.rotate_right(1);
        self.not_found[0] = not_found;
        self.without = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives whether there was a look, of which this many were not found.
    fn tick(unseen: &mut Unseen, counted: u64, not_found: u64) -> bool {
        let looks = unseen.calls_for_a_look(counted);
        if looks {
            unseen.looked(not_found);
        }
        looks
    }

    #[test]
    fn what_no_look_finds_is_looked_for_now_and_then_only() {
        let mut unseen = Unseen::default();
        let looks: Vec<bool> = (0..12).map(|_| tick(&mut unseen, 1, 1)).collect();
        assert_eq!(looks[..3], [true; 3], "not known yet");
        assert_eq!(looks[3..].iter().filter(|looks| **looks).count(), 2);
    }

    #[test]
    fn one_more_than_always_is_looked_for_at_once() {
        let mut unseen = Unseen::default();
        for _ in 0..LOOKS {
            tick(&mut unseen, 2, 2);
        }
        assert!(!tick(&mut unseen, 2, 2));
        assert!(tick(&mut unseen, 3, 2));
        assert!(tick(&mut unseen, u64::MAX, 2), "nobody knows how many");
    }

    #[test]
    fn what_was_not_there_for_a_tick_is_looked_for_again() {
        let mut unseen = Unseen::default();
        for _ in 0..LOOKS {
            tick(&mut unseen, 1, 1);
        }
        assert!(!tick(&mut unseen, 0, 0));
        assert!(tick(&mut unseen, 1, 0), "this one is found");
        assert!(tick(&mut unseen, 1, 1));
    }
}
