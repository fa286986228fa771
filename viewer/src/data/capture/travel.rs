//! Where somebody goes who steps, plays or drags: the next tick in the direction of travel, which
//! is read before it is asked for.

use afterimage_format::time::Seq;

/// A step longer than this is a jump, after which nobody knows where the next one leads.
const FARTHEST: i64 = 600;

/// Which tick was shown last, and which one comes next if it goes on like that.
#[derive(Debug, Default)]
pub(super) struct Travel {
    shown: Option<Seq>,
    ahead: Option<Seq>,
}

impl Travel {
    /// Another tick is shown, of a capture that has those between `ends`.
    pub(super) fn arrive(&mut self, at: Seq, ends: (Seq, Seq)) {
        let step = |from: Seq| at.0.cast_signed().wrapping_sub(from.0.cast_signed());
        let step = self.shown.replace(at).map(step);
        let step = step.filter(|step| (1..=FARTHEST).contains(&step.saturating_abs()));
        let ahead = step.and_then(|step| at.0.checked_add_signed(step).map(Seq));
        self.ahead = ahead.filter(|ahead| (ends.0..=ends.1).contains(ahead));
    }

    /// What comes next, once.
    pub(super) fn ahead(&mut self) -> Option<Seq> {
        self.ahead.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_tick_is_as_far_as_the_last_step_and_told_once() {
        let ends = (Seq(10), Seq(1_000));
        let mut travel = Travel::default();
        travel.arrive(Seq(100), ends);
        assert_eq!(travel.ahead(), None);
        travel.arrive(Seq(110), ends);
        assert_eq!(travel.ahead(), Some(Seq(120)));
        assert_eq!(travel.ahead(), None);
        travel.arrive(Seq(109), ends);
        assert_eq!(travel.ahead(), Some(Seq(108)));
        travel.arrive(Seq(900), ends);
        assert_eq!(travel.ahead(), None, "a jump");
        travel.arrive(Seq(1_000), ends);
        assert_eq!(travel.ahead(), None, "the end");
        travel.arrive(Seq(u64::MAX), ends);
        assert_eq!(travel.ahead(), None);
    }
}
