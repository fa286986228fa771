//! One track: curves over a shared time axis, with their own vertical scale.

use crate::data::SeriesId;
use crate::display;
use crate::paint::columns::{Column, columns};
use crate::paint::hatch::hatch;
use crate::paint::scale::Scale;
use crate::paint::{curve, points};
use crate::state::Document;
use crate::theme::Tokens;
use crate::time_axis::{TimeAxis, ticks};
use egui::{Align2, FontId, Painter, Rect, Shape, Stroke, Ui, pos2};

/// What a track shows.
#[derive(Debug, Clone, Copy)]
pub struct Track {
    /// Its name.
    pub title: &'static str,
    /// What it is, in a sentence.
    pub meaning: &'static str,
    /// Its curves, those at the back first.
    pub series: &'static [SeriesId],
    /// What its values are, with a space before it.
    pub unit: &'static str,
    /// The scale is never smaller than this.
    pub at_least: f64,
    /// The scale is never larger than this.
    pub at_most: f64,
    /// Whether the number of CPUs is a line in it.
    pub shows_cpus: bool,
}

/// A track, of which capture, over which time.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The capture.
    pub document: &'a Document,
    /// What is shown of it.
    pub track: &'a Track,
    /// Over which time.
    pub axis: &'a TimeAxis,
}

/// How far apart the marks of the time axis are, at least, in points.
pub const MARKS_APART: f64 = 92.0;

/// Draws the curves into `plot`, and the marks of the scale to its left.
pub fn paint(ui: &Ui, shown: Shown<'_>, plot: Rect, pointed_at: Option<SeriesId>) {
    let Shown {
        document,
        track,
        axis,
    } = shown;
    let tokens = Tokens::of(ui.visuals());
    let pixels_per_point = ui.pixels_per_point();
    let cpus = cpus(document, track);
    let curves: Vec<(SeriesId, Vec<Column>)> = track
        .series
        .iter()
        .filter(|id| !document.hidden.contains(id))
        .filter_map(|id| document.series.get(id))
        .map(|data| {
            (
                data.id,
                columns(&data.buckets, axis, f64::from(pixels_per_point)),
            )
        })
        .collect();
    let highest = curves
        .iter()
        .flat_map(|(_, columns)| columns)
        .map(|column| column.max);
    let highest = highest.fold(track.at_least.max(cpus.unwrap_or(0.0)), f64::max);
    let scale = Scale::holding((highest * 1.04).min(track.at_most));

    let painter = ui.painter();
    grid(painter, shown, plot, (&scale, cpus));
    let clipped = painter.with_clip_rect(plot.expand2(egui::vec2(0.0, 2.0)));
    gaps(&clipped, document, axis, plot, tokens);
    for (id, columns) in &curves {
        let mut curve = tokens.curve(*id);
        if pointed_at == Some(*id) {
            curve.thickness += 1.5;
        }
        clipped.extend(curve::shapes(
            columns,
            curve,
            &scale,
            plot,
            (pixels_per_point, cpus),
        ));
    }
    if let Some(cpus) = cpus {
        cpu_line(painter, cpus, &scale, plot, tokens);
    }
}

/// The number of CPUs, where it is a line.
fn cpus(document: &Document, track: &Track) -> Option<f64> {
    let cpus = document.facts()?.cpus?;
    track.shows_cpus.then_some(f64::from(cpus))
}

fn grid(painter: &Painter, shown: Shown<'_>, plot: Rect, (scale, cpus): (&Scale, Option<f64>)) {
    let Shown {
        document,
        track,
        axis,
    } = shown;
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let font = FontId::proportional(11.0);
    for mark in scale.marks() {
        let y = painter.round_to_pixel_center(scale.y(mark, plot));
        let color = if mark > 0.0 { tokens.grid } else { tokens.line };
        painter.hline(plot.x_range(), y, Stroke::new(1.0, color));
        // The line of the CPUs has its own, which says more.
        let cpus = cpus.map(|cpus| scale.y(cpus, plot));
        if cpus.is_some_and(|cpus| (cpus - y).abs() < 13.0) {
            continue;
        }
        let text = format!("{}{}", display::count(mark), track.unit);
        let place = pos2(plot.left() - 7.0, y);
        painter.text(
            place,
            Align2::RIGHT_CENTER,
            text,
            font.clone(),
            tokens.text_weak,
        );
    }
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

/// The bands of the gaps that are in view, also used on the ruler.
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
fn cpu_line(painter: &Painter, cpus: f64, scale: &Scale, plot: Rect, tokens: &Tokens) {
    let y = painter.round_to_pixel_center(scale.y(cpus, plot));
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
