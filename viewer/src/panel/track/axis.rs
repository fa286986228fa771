//! What stands behind and beside the curves: the grid, the marks of the scale, and the gaps.

use super::Shown;
use crate::display::{self, measure};
use crate::paint::hatch::hatch;
use crate::paint::points;
use crate::paint::scale::{Area, Scale};
use crate::state::Document;
use crate::state::tracks::Half;
use crate::theme::Tokens;
use crate::time_axis::{TimeAxis, ticks};
use egui::{Align2, FontId, Painter, Rect, Shape, Stroke, pos2};

/// How far apart the marks of the time axis are, at least, in points.
pub const MARKS_APART: f64 = 92.0;

/// The part of a track that the time axis covers.
pub(super) fn plot_of(rect: Rect, axis: &TimeAxis) -> Rect {
    rect.with_min_x(points(axis.left))
        .with_max_x(points(axis.right))
}

/// The number of CPUs, where it is a line.
pub(super) fn cpus(document: &Document, half: &Half) -> Option<f64> {
    let cpus = document.facts()?.cpus?;
    half.shows_cpus.then_some(f64::from(cpus))
}

/// The lines of the time axis.
pub(super) fn times(painter: &Painter, shown: Shown<'_>, plot: Rect) {
    let Shown { document, axis, .. } = shown;
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    for tick in ticks::ticks(axis, &document.zone, MARKS_APART) {
        let x = painter.round_to_pixel_center(points(axis.x_from_time(tick.at)));
        let color = if tick.begins_day {
            tokens.line
        } else {
            tokens.grid
        };
        painter.vline(x, plot.y_range(), Stroke::new(1.0, color));
    }
}

/// The lines of the scale, and its marks to the left of them.
pub(super) fn values(
    painter: &Painter,
    (half, area): (&Half, Area),
    scale: &Scale,
    cpus: Option<f64>,
) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let font = FontId::proportional(11.0);
    for mark in scale.marks() {
        let y = painter.round_to_pixel_center(scale.y(mark, area));
        if mark > 0.0 {
            painter.hline(area.rect.x_range(), y, Stroke::new(1.0, tokens.grid));
        }
        // Zero is the line that both halves share, and the line of the CPUs has its own mark.
        let cpus = cpus.map(|cpus| scale.y(cpus, area));
        let is_taken = cpus.is_some_and(|cpus| (cpus - y).abs() < 13.0);
        if is_taken || mark <= 0.0 {
            continue;
        }
        let place = pos2(area.rect.left() - 7.0, y);
        let text = measure::mark(half.unit, mark);
        painter.text(
            place,
            Align2::RIGHT_CENTER,
            text,
            font.clone(),
            tokens.text_weak,
        );
    }
}

/// The bands of the gaps that are in view, also used on the ruler and behind the lanes.
pub fn gaps(painter: &Painter, document: &Document, axis: &TimeAxis, area: Rect, tokens: &Tokens) {
    let Some(facts) = document.facts() else {
        return;
    };
    for gap in &facts.gaps {
        let from = axis.x_from_time(gap.from).max(axis.left);
        let to = axis.x_from_time(gap.to).min(axis.right);
        if from <= to {
            // However short it was, it is seen.
            let to = to.max(from + 2.0);
            hatch(
                painter,
                area.with_min_x(points(from)).with_max_x(points(to)),
                tokens.hatch,
            );
        }
    }
}

/// The line that parts what runs from what waits, named on the axis.
pub(super) fn cpu_line(painter: &Painter, cpus: f64, scale: &Scale, area: Area) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let plot = area.rect;
    let y = painter.round_to_pixel_center(scale.y(cpus, area));
    let line = [pos2(plot.left(), y), pos2(plot.right(), y)];
    let stroke = Stroke::new(1.0, tokens.text_strong);
    painter.extend(Shape::dashed_line(&line, stroke, 2.0, 3.0));
    painter.text(
        pos2(plot.left() - 7.0, y),
        Align2::RIGHT_CENTER,
        display::cpus(cpus),
        FontId::proportional(11.0),
        tokens.text_strong,
    );
}
