//! The vertical axis: from 0 to a round number above what is shown.

use crate::paint::points;
use egui::Rect;

/// Where values are drawn: upwards from the lower edge, or downwards from the upper one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The place.
    pub rect: Rect,
    /// Whether larger values stand lower.
    pub is_down: bool,
}

impl Area {
    /// Where 0 is.
    pub fn foot(self) -> f32 {
        if self.is_down {
            self.rect.top()
        } else {
            self.rect.bottom()
        }
    }

    /// Where the highest value is.
    pub fn head(self) -> f32 {
        if self.is_down {
            self.rect.bottom()
        } else {
            self.rect.top()
        }
    }
}

/// Values to heights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The value at the upper edge.
    pub top: f64,
    /// The distance between two marks.
    pub step: f64,
}

impl Scale {
    /// A scale that holds `highest`, with at most five marks.
    pub fn holding(highest: f64) -> Self {
        let highest = highest.max(1.0);
        let least = highest / 5.0;
        let power = 10_f64.powf(least.log10().floor());
        Self::in_steps(
            highest,
            [1.0, 2.0, 2.5, 5.0, 10.0].map(|round| round * power),
        )
    }

    /// The same for what is counted: there are no two and a half tasks.
    pub fn holding_whole(highest: f64) -> Self {
        let highest = highest.max(1.0);
        let least = (highest / 5.0).max(1.0);
        let power = 10_f64.powf(least.log10().floor());
        Self::in_steps(
            highest,
            [1.0, 2.0, 4.0, 5.0, 10.0].map(|round| round * power),
        )
    }

    /// Marks at the smallest of these distances with which there are at most five.
    fn in_steps(highest: f64, steps: [f64; 5]) -> Self {
        let least = highest / 5.0;
        let fits = |step: &f64| *step >= least * 0.999 && (*step >= 1.0 || least < 1.0);
        let step = steps.into_iter().find(fits).unwrap_or(steps[4]);
        let marks = (highest / step - 0.001).ceil().max(1.0);
        Self {
            top: marks * step,
            step,
        }
    }

    /// The same for amounts of memory, round in the unit that people read them in.
    pub fn holding_bytes(highest: f64) -> Self {
        let unit = 1024_f64.powf(highest.max(1.0).log(1024.0).floor());
        let scale = Self::holding(highest / unit);
        Self {
            top: scale.top * unit,
            step: scale.step * unit,
        }
    }

    /// The same with fewer marks, each at least so many points from the next, and one of them
    /// at the upper edge.
    #[must_use]
    pub fn with_marks_apart(self, height: f32, apart: f32) -> Self {
        let most = f64::from((height / apart).floor().max(1.0));
        let marks = (self.top / self.step).round();
        let halves = self.top / 2.0;
        let step = if marks <= most {
            self.step
        } else if let Some(every) = [2.0, 3.0, 4.0]
            .into_iter()
            .find(|every| marks / every <= most && marks % every < 0.5)
        {
            self.step * every
        } else if most >= 2.0 && halves.fract() < 1e-9 {
            halves
        } else {
            self.top
        };
        Self { step, ..self }
    }

    /// How far from its foot a value stands in an area.
    pub fn y(&self, value: f64, area: Area) -> f32 {
        let share = points((value / self.top).clamp(0.0, 1.0));
        if area.is_down {
            area.rect.top() + area.rect.height() * share
        } else {
            area.rect.bottom() - area.rect.height() * share
        }
    }

    /// The marks, the upper edge included.
    pub fn marks(&self) -> impl Iterator<Item = f64> + '_ {
        (0..=10_u32)
            .map(|number| f64::from(number) * self.step)
            .take_while(|mark| *mark <= self.top * 1.001)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_marks_still_end_at_the_upper_edge() {
        let step = |highest, height| Scale::holding(highest).with_marks_apart(height, 20.0).step;
        // 100 in steps of 20 has five marks; with room for four there are two.
        assert!((step(100.0, 99.0) - 50.0).abs() < 1e-9);
        assert!((step(100.0, 100.0) - 20.0).abs() < 1e-9);
        assert!((step(80.0, 50.0) - 40.0).abs() < 1e-9);
        assert!((step(80.0, 30.0) - 80.0).abs() < 1e-9);
        // Five tasks have no middle.
        assert!((step(5.0, 60.0) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn amounts_of_memory_have_marks_at_round_amounts() {
        let scale = Scale::holding_bytes(23.5 * 1_073_741_824.0);
        assert!((scale.step / 1_073_741_824.0 - 5.0).abs() < 1e-9);
        assert!((scale.top / 1_073_741_824.0 - 25.0).abs() < 1e-9);
        let few = scale.with_marks_apart(40.0, 18.0);
        assert!((few.step / scale.top - 0.5).abs() < 1e-9);
    }

    #[test]
    fn tasks_are_marked_at_whole_numbers() {
        for (highest, top, step) in [
            (0.3, 1.0, 1.0),
            (2.1, 3.0, 1.0),
            (6.2, 8.0, 2.0),
            (11.4, 12.0, 4.0),
            (24.0, 25.0, 5.0),
            (41.6, 50.0, 10.0),
            (130.0, 160.0, 40.0),
        ] {
            let scale = Scale::holding_whole(highest);
            assert!((scale.top - top).abs() < 1e-9, "{highest}: {scale:?}");
            assert!((scale.step - step).abs() < 1e-9, "{highest}: {scale:?}");
        }
    }

    #[test]
    fn the_scale_ends_at_a_round_number_above_the_highest_value() {
        for (highest, top, step) in [
            (0.0, 1.0, 0.2),
            (3.2, 4.0, 1.0),
            (41.0, 50.0, 10.0),
            (100.0, 100.0, 20.0),
        ] {
            let scale = Scale::holding(highest);
            assert!((scale.top - top).abs() < 1e-9, "{highest}: {scale:?}");
            assert!((scale.step - step).abs() < 1e-9, "{highest}: {scale:?}");
        }
    }
}
