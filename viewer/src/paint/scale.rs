//! The vertical axis: from 0 to a round number above what is shown.

use crate::paint::points;
use egui::Rect;

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
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|round| round * power)
            .find(|step| *step >= least * 0.999 && (*step >= 1.0 || power < 1.0))
            .unwrap_or(10.0 * power);
        let marks = (highest / step - 0.001).ceil().max(1.0);
        Self {
            top: marks * step,
            step,
        }
    }

    /// How high a value stands in an area.
    pub fn y(&self, value: f64, area: Rect) -> f32 {
        let share = points((value / self.top).clamp(0.0, 1.0));
        area.bottom() - area.height() * share
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
