//! What of the row that moves time is shown in full when the window is narrow.
//!
//! In: how wide everything would be. Out: which words are shortened, those first that are told
//! elsewhere as well. Pure, and without egui: what is measured comes in as numbers.

/// How the row is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    /// Whether it is said how much is shown.
    pub(super) has_length: bool,
    /// Whether each speed has its button; else there is one that goes to the next.
    pub(super) has_speeds: bool,
    /// How much of the moment is written.
    pub(super) clock: Clock,
    /// Whether the button that zooms out has its whole name.
    pub(super) has_whole_name: bool,
    /// How wide the field is that takes a time.
    pub(super) field: f32,
}

/// How much of the moment at the cursor is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// `Mon 23 Nov 2026  17:00:02`
    Full,
    /// `23 Nov  17:00:02`
    Day,
    /// `17:00:02`
    Time,
}

/// How wide the parts of the row are that can be written in more than one way, in points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widths {
    /// Everything that is always there.
    pub(super) always: f32,
    pub(super) length: f32,
    /// All speeds, and the one button instead.
    pub(super) speeds: [f32; 2],
    /// The moment, from the longest to the shortest way.
    pub(super) clocks: [f32; 3],
    /// The name of the button that zooms out, whole and short.
    pub(super) whole: [f32; 2],
    /// The button behind which the field for a time is, or `None` while that is open.
    pub(super) go_to: Option<f32>,
}

/// The field for a time is so wide where there is room,
const USUAL_FIELD: f32 = 230.0;
/// and never narrower than this.
const LEAST_FIELD: f32 = 116.0;

impl Fit {
    /// The fullest way of writing that is no wider than the room.
    pub(super) fn within(room: f32, widths: Widths) -> Self {
        let full = Self {
            has_length: true,
            has_speeds: true,
            clock: Clock::Full,
            has_whole_name: true,
            field: USUAL_FIELD,
        };
        let steps: [fn(&mut Self); 5] = [
            |fit| fit.has_length = false,
            |fit| fit.has_speeds = false,
            |fit| fit.clock = Clock::Day,
            |fit| fit.has_whole_name = false,
            |fit| fit.clock = Clock::Time,
        ];
        let mut fit = full;
        for shorten in steps {
            if fit.width(widths) <= room {
                break;
            }
            shorten(&mut fit);
        }
        let left = room - fit.width(widths) + LEAST_FIELD;
        fit.field = left.clamp(LEAST_FIELD, USUAL_FIELD);
        fit
    }

    /// How wide the row is, with the field as narrow as it can be.
    fn width(self, widths: Widths) -> f32 {
        let clock = match self.clock {
            Clock::Full => widths.clocks[0],
            Clock::Day => widths.clocks[1],
            Clock::Time => widths.clocks[2],
        };
        widths.always
            + clock
            + if self.has_length { widths.length } else { 0.0 }
            + widths.speeds[usize::from(!self.has_speeds)]
            + widths.whole[usize::from(!self.has_whole_name)]
            + widths.go_to.unwrap_or(LEAST_FIELD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTHS: Widths = Widths {
        always: 300.0,
        length: 90.0,
        speeds: [120.0, 30.0],
        clocks: [210.0, 130.0, 70.0],
        whole: [110.0, 60.0],
        go_to: Some(65.0),
    };

    #[test]
    fn what_is_told_elsewhere_is_left_out_first() {
        let fit = |room| Fit::within(room, WIDTHS);
        // 300 + 90 + 120 + 210 + 110 + 65.
        assert!(fit(895.0).has_length);
        let second = fit(894.0);
        assert!(!second.has_length && second.has_speeds);
        assert!(!fit(804.0).has_speeds);
        assert_eq!(fit(715.0).clock, Clock::Full);
        assert_eq!(fit(714.0).clock, Clock::Day);
        assert!(fit(635.0).has_whole_name);
        let last = fit(500.0);
        assert_eq!((last.clock, last.has_whole_name), (Clock::Time, false));
    }

    #[test]
    fn the_field_for_a_time_takes_what_is_left() {
        let open = Widths {
            go_to: None,
            ..WIDTHS
        };
        // The row without the field is 830, then 740 without the length.
        assert!((Fit::within(1_100.0, open).field - 230.0).abs() < 1e-3);
        assert!((Fit::within(1_000.0, open).field - 170.0).abs() < 1e-3);
        assert!((Fit::within(870.0, open).field - 130.0).abs() < 1e-3);
        assert!((Fit::within(100.0, open).field - 116.0).abs() < 1e-3);
    }
}
