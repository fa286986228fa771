//! Instants to places on the screen and back. Knows no egui and no capture.
//!
//! Places are points in `f64`: in `f32`, a week on 1600 points would be off by a tenth of a second.

pub mod folds;
pub mod ticks;

use afterimage_format::time::WallTime;
pub use folds::Folds;
use std::hash::{Hash, Hasher};

/// A stretch of time, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Where it begins.
    pub from: WallTime,
    /// Where it ends; never before `from`.
    pub to: WallTime,
}

/// The closest one can zoom in, in microseconds.
pub const NARROWEST_MICROS: i64 = 5_000_000;

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

/// How wide a folded stretch of time is drawn, in points.
pub const FOLD: f64 = 18.0;

/// A span of time laid out between two places, with the folded stretches of it narrow.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeAxis {
    /// What is shown.
    pub span: Span,
    /// The place of its beginning, in points.
    pub left: f64,
    /// The place of its end, in points.
    pub right: f64,
    micros_per_point: f64,
    /// From each of these on, up to the next, time and place are proportional; never empty.
    pieces: Vec<Piece>,
    folds: Vec<Span>,
}

/// Where a stretch of even time begins.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    from: i64,
    left: f64,
    micros_per_point: f64,
    is_fold: bool,
}

impl Hash for TimeAxis {
    /// The rest follows from these.
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.span, &self.folds).hash(state);
        [self.left, self.right].map(f64::to_bits).hash(state);
    }
}

impl TimeAxis {
    /// Lays a span out. A stretch that is folded is shown whole or not at all, so the span is
    /// taken a little longer where it ends in one.
    pub fn new(span: Span, folds: &Folds, (left, right): (f64, f64)) -> Self {
        let folds: Vec<Span> = folds.within(span).collect();
        let span = Span {
            from: folds
                .first()
                .map_or(span.from, |fold| fold.from.min(span.from)),
            to: folds.last().map_or(span.to, |fold| fold.to.max(span.to)),
        };
        let folded: i64 = folds.iter().map(|fold| fold.micros()).sum();
        let points = (right - left).max(1.0);
        // However many they are, half of the room is for what was recorded.
        let fold_points = FOLD.min(points / 2.0 / folds.len().max(1) as f64);
        let even_points = points - fold_points * folds.len() as f64;
        let micros_per_point = (span.micros() - folded).max(1) as f64 / even_points;
        let mut axis = Self {
            span,
            left,
            right,
            micros_per_point,
            pieces: vec![],
            folds,
        };
        axis.lay_out(fold_points);
        axis
    }

    fn lay_out(&mut self, fold_points: f64) {
        let even = |from, left| Piece {
            from,
            left,
            micros_per_point: self.micros_per_point,
            is_fold: false,
        };
        let mut last = even(self.span.from.0, self.left);
        let mut pieces = vec![last];
        for fold in &self.folds {
            let left = last.left + (fold.from.0 - last.from) as f64 / last.micros_per_point;
            pieces.push(Piece {
                from: fold.from.0,
                left,
                micros_per_point: fold.micros() as f64 / fold_points,
                is_fold: true,
            });
            last = even(fold.to.0, left + fold_points);
            pieces.push(last);
        }
        self.pieces = pieces;
    }

    /// Where an instant is; instants outside the span have places too.
    pub fn x_from_time(&self, at: WallTime) -> f64 {
        let after = self.pieces.partition_point(|piece| piece.from <= at.0);
        let piece = self.pieces[after.saturating_sub(1)];
        piece.left + at.0.saturating_sub(piece.from) as f64 / piece.micros_per_point
    }

    /// Which instant is at a place.
    pub fn time_from_x(&self, x: f64) -> WallTime {
        let after = self.pieces.partition_point(|piece| piece.left <= x);
        let piece = self.pieces[after.saturating_sub(1)];
        let since = whole((x - piece.left) * piece.micros_per_point);
        WallTime(piece.from.saturating_add(since))
    }

    /// How much time one point is, but for the folded stretches.
    pub fn micros_per_point(&self) -> f64 {
        self.micros_per_point
    }

    /// The folded stretches that are shown, in order.
    pub fn folds(&self) -> &[Span] {
        &self.folds
    }

    /// The stretches of even time that are shown, in order.
    pub fn evens(&self) -> impl Iterator<Item = Span> {
        let ends = self.pieces.iter().skip(1).map(|piece| piece.from);
        let ends = ends.chain([self.span.to.0]);
        let pieces = self.pieces.iter().zip(ends);
        pieces
            .filter(|(piece, _)| !piece.is_fold)
            .map(|(piece, to)| Span {
                from: WallTime(piece.from),
                to: WallTime(to),
            })
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
        let week = TimeAxis::new(span(0, 604_800), &Folds::default(), (57.0, 1588.5));
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
    fn an_instant_comes_back_also_with_days_folded_away() {
        // Ten minutes, three days of nothing, ten minutes, an hour of nothing, five minutes.
        let folds = Folds::new([span(600, 259_800), span(260_400, 264_000)]);
        let axis = TimeAxis::new(span(0, 264_300), &folds, (78.0, 1571.25));
        let edges = [0, 600, 259_800, 260_400, 264_000, 264_300];
        let inside = [
            1, 599, 601, 100_000, 259_799, 260_000, 262_000, 264_100, -50, 300_000,
        ];
        for second in edges.into_iter().chain(inside) {
            for micros in [-1, 0, 1, 333_333] {
                let at = WallTime(NOON + second * 1_000_000 + micros);
                assert_eq!(
                    axis.time_from_x(axis.x_from_time(at)),
                    at,
                    "{second} {micros}"
                );
            }
        }
        // 1493.25 points less two folds of 18 are for 1500 seconds.
        assert!((axis.micros_per_point() - 1.5e9 / 1_457.25).abs() < 1e-3);
        let wide = axis.x_from_time(span(259_800, 0).from) - axis.x_from_time(span(600, 0).from);
        assert!((wide - FOLD).abs() < 1e-9);
    }

    #[test]
    fn places_grow_with_time_however_many_folds_there_are() {
        let folds = Folds::new((0..400).map(|number| span(number * 20 + 10, number * 20 + 20)));
        let axis = TimeAxis::new(span(0, 8000), &folds, (0.0, 500.0));
        let places = (0..8000).map(|second| axis.x_from_time(span(second, second).from));
        let places: Vec<f64> = places.collect();
        assert!(places.is_sorted());
        assert!((places[7999] - 500.0).abs() < 1.0, "{}", places[7999]);
    }

    #[test]
    fn a_span_that_ends_in_a_fold_shows_the_whole_fold() {
        let folds = Folds::new([span(100, 900)]);
        let axis = TimeAxis::new(span(0, 500), &folds, (0.0, 100.0));
        assert_eq!(axis.span, span(0, 900));
        assert_eq!(axis.folds(), [span(100, 900)]);
        assert!((axis.x_from_time(axis.span.to) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let axis = |span| TimeAxis::new(span, &Folds::default(), (0.0, 100.0));
        let before = axis(span(0, 1000));
        let at = before.time_from_x(25.0);
        let after = axis(before.span.zoomed(at, 0.5));
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
