//! Instants to places on the screen and back. Knows no egui and no capture.
//!
//! Places are points in `f64`: in `f32`, a week on 1600 points would be off by a tenth of a second.

pub mod ticks;

use afterimage_format::time::WallTime;

/// A stretch of time, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub from: WallTime,
    /// Where it ends; never before `from`.
    pub to: WallTime,
}

/// The closest one can zoom in, in microseconds.
const NARROWEST_MICROS: i64 = 5_000_000;

impl Span {
    /// How long it is, at least one microsecond.
    pub fn micros(self) -> i64 {
        self.to.0.saturating_sub(self.from.0).max(1)
    }

    /// Whether an instant lies in it, the end included.
    pub fn contains(self, at: WallTime) -> bool {
        self.from <= at && at <= self.to
    }

    /// The instant of this span that is nearest to `at`.
    pub fn nearest(self, at: WallTime) -> WallTime {
        WallTime(at.0.clamp(self.from.0, self.to.0.max(self.from.0)))
    }

    /// Longer by this share of its length on either side.
    #[must_use]
    pub fn widened(self, share: f64) -> Self {
        let more = whole(self.micros() as f64 * share);
        let from = WallTime(self.from.0.saturating_sub(more));
        Self {
            from,
            to: WallTime(self.to.0.saturating_add(more)),
        }
    }

    /// Zoomed so that `at` stays where it is; a factor under 1 zooms in.
    #[must_use]
    pub fn zoomed(self, at: WallTime, factor: f64) -> Self {
        let length = whole(self.micros() as f64 * factor).max(NARROWEST_MICROS);
        let share = (at.0.saturating_sub(self.from.0)) as f64 / self.micros() as f64;
        let from = at.0.saturating_sub(whole(length as f64 * share));
        Self {
            from: WallTime(from),
            to: WallTime(from.saturating_add(length)),
        }
    }

    /// Moved later by so many microseconds.
    #[must_use]
    pub fn moved(self, micros: i64) -> Self {
        let from = WallTime(self.from.0.saturating_add(micros));
        Self {
            from,
            to: WallTime(self.to.0.saturating_add(micros)),
        }
    }

    /// Moved, and shortened when it must be, to lie within `limits`.
    #[must_use]
    pub fn kept_within(self, limits: Self) -> Self {
        if self.micros() >= limits.micros() {
            return limits;
        }
        let before = limits.from.0.saturating_sub(self.from.0).max(0);
        let after = self.to.0.saturating_sub(limits.to.0).max(0);
        self.moved(before.saturating_sub(after))
    }

    /// Moved so that `at` is in it, and away from its edges if it was not.
    #[must_use]
    pub fn showing(self, at: WallTime) -> Self {
        if self.contains(at) {
            return self;
        }
        let middle = self.from.0.saturating_add(self.micros() / 2);
        self.moved(at.0.saturating_sub(middle))
    }
}

/// A span of time laid out between two places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeAxis {
    /// What is shown.
    pub span: Span,
    /// The place of its beginning, in points.
    pub left: f64,
    /// The place of its end, in points.
    pub right: f64,
}

impl TimeAxis {
    /// Where an instant is; instants outside the span have places too.
    pub fn x_from_time(&self, at: WallTime) -> f64 {
        let since = at.0.saturating_sub(self.span.from.0) as f64;
        self.left + since / self.micros_per_point()
    }

    /// Which instant is at a place.
    pub fn time_from_x(&self, x: f64) -> WallTime {
        let since = whole((x - self.left) * self.micros_per_point());
        WallTime(self.span.from.0.saturating_add(since))
    }

    /// How much time one point is.
    pub fn micros_per_point(&self) -> f64 {
        self.span.micros() as f64 / (self.right - self.left).max(1.0)
    }
}

/// The nearest whole number of microseconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float that is too large saturates"
)]
pub fn whole(micros: f64) -> i64 {
    micros.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_348_800_000_000;

    fn span(from_seconds: i64, to_seconds: i64) -> Span {
        let at = |seconds: i64| WallTime(NOON + seconds * 1_000_000);
        Span {
            from: at(from_seconds),
            to: at(to_seconds),
        }
    }

    #[test]
    fn an_instant_comes_back_from_its_place_to_the_microsecond() {
        let week = TimeAxis {
            span: span(0, 604_800),
            left: 57.0,
            right: 1588.5,
        };
        for micros in [
            0,
            1,
            999_999,
            302_400_000_001,
            604_799_999_999,
            -5,
            700_000_000_000,
        ] {
            let at = WallTime(NOON + micros);
            assert_eq!(week.time_from_x(week.x_from_time(at)), at);
        }
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let before = TimeAxis {
            span: span(0, 1000),
            left: 0.0,
            right: 100.0,
        };
        let at = before.time_from_x(25.0);
        let after = TimeAxis {
            span: before.span.zoomed(at, 0.5),
            ..before
        };
        assert_eq!(after.span, span(125, 625));
        assert!((after.x_from_time(at) - 25.0).abs() < 1e-6);
    }

    #[test]
    fn zooming_in_stops_at_five_seconds() {
        assert_eq!(
            span(0, 6).zoomed(span(3, 3).from, 0.001).micros(),
            5_000_000
        );
    }

    #[test]
    fn a_view_is_pushed_back_into_the_capture() {
        assert_eq!(span(-20, 30).kept_within(span(0, 100)), span(0, 50));
        assert_eq!(span(80, 130).kept_within(span(0, 100)), span(50, 100));
        assert_eq!(span(-20, 130).kept_within(span(0, 100)), span(0, 100));
    }

    #[test]
    fn a_cursor_that_left_the_view_comes_back_to_its_middle() {
        assert_eq!(span(0, 10).showing(span(7, 7).from), span(0, 10));
        assert_eq!(span(0, 10).showing(span(50, 50).from), span(45, 55));
    }
}
