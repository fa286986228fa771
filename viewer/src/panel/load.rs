//! Load against wait over time: two tracks over one ruler, with the cursor through all of them.
//!
//! The upper track counts tasks: the load averages, and what they are made of (running or
//! runnable, and blocked), against the number of CPUs. The lower one is pressure: the share of
//! the time in which something waited.

use crate::command::Command;
use crate::data::{DAMAGED, GapBand, SeriesId};
use crate::display;
use crate::display::escape::escaped;
use crate::paint::points;
use crate::panel::track::{Shown, Track};
use crate::panel::{legend, pointer, ruler, track};
use crate::state::Document;
use crate::theme::Tokens;
use crate::time_axis::TimeAxis;
use egui::{Rangef, Rect, Sense, Shape, Stroke, Tooltip, Ui, pos2, vec2};

/// Room for the marks of the vertical axis.
pub const GUTTER: f32 = 52.0;
/// Room to the right, so that the last mark of the ruler fits.
const RIGHT: f32 = 28.0;
const RULER: f32 = 26.0;
/// Room between a legend and its curves, for the uppermost mark of the axis.
const ABOVE: f32 = 7.0;

const TASKS: Track = Track {
    title: "Tasks",
    meaning: "Load against the number of CPUs, and what the load is made of",
    series: &[
        SeriesId::Runnable,
        SeriesId::Blocked,
        SeriesId::LoadOne,
        SeriesId::LoadFive,
        SeriesId::LoadFifteen,
    ],
    unit: "",
    at_least: 1.0,
    at_most: f64::INFINITY,
    shows_cpus: true,
};

const WAITING: Track = Track {
    title: "Waiting",
    meaning: "Pressure: the share of the time in which at least one task waited for this",
    series: &[
        SeriesId::PressureCpu,
        SeriesId::PressureIo,
        SeriesId::PressureMemory,
    ],
    unit: " %",
    at_least: 10.0,
    at_most: 100.0,
    shows_cpus: false,
};

/// Draws it.
pub fn show(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let full = ui.available_rect_before_wrap();
    let width = (full.width() - GUTTER - RIGHT).max(1.0);
    let axis = axis(document, full.left() + GUTTER, width);
    want_width(document, width, out);

    let shown = |track| Shown {
        document,
        track,
        axis: &axis,
    };
    let plots = (full.height() - RULER - 2.0 * (legend::HEIGHT + ABOVE) - 6.0).max(40.0);
    // Behind the curves: a spike of one second must not hide under the cursor that points at it.
    let behind = ui.painter().add(Shape::Noop);
    let upper = one(ui, shown(&TASKS), plots * 0.6, out);
    let lower = one(ui, shown(&WAITING), plots * 0.4, out);
    ui.add_space(2.0);
    let (rect, _) = ui.allocate_exact_size(vec2(full.width(), RULER), Sense::hover());
    ruler::show(ui, document, &axis, rect, out);
    // Not through the legend between the tracks, whose words it would cross.
    let heights = [
        upper.y_range(),
        Rangef::new(lower.top(), lower.bottom() + 4.0),
    ];
    ui.painter()
        .set(behind, cursor(ui, document, &axis, heights));
}

fn axis(document: &Document, left: f32, width: f32) -> TimeAxis {
    let left = f64::from(left);
    TimeAxis {
        span: document.time.view,
        left,
        right: left + f64::from(width),
    }
}

/// Curves are loaded for the width they are drawn at, in physical pixels.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a screen's width"
)]
fn want_width(document: &Document, width: f32, out: &mut Vec<Command>) {
    let pixels = width.ceil() as usize;
    if document.time.width != pixels {
        out.push(Command::Width(pixels));
    }
}

/// One track with its legend; answers where its curves are.
fn one(ui: &mut Ui, shown: Shown<'_>, height: f32, out: &mut Vec<Command>) -> Rect {
    let Shown {
        document,
        track,
        axis,
    } = shown;
    let hovered = legend::show(ui, document, track, out);
    ui.add_space(ABOVE);
    let size = vec2(ui.available_width(), height);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let plot = rect
        .with_min_x(points(axis.left))
        .with_max_x(points(axis.right));
    let response = ui.interact(
        plot,
        ui.scope_id().with(track.title),
        Sense::click_and_drag(),
    );
    pointer::read(ui, &response, document, axis, out);
    track::paint(ui, shown, plot, hovered);
    response.widget_info(|| {
        let at = document.zone.time_of_day(document.time.cursor);
        let since = document.time.cursor.since(document.time.capture.from);
        let seconds = since.map_or(0.0, |since| since.as_secs_f64());
        egui::WidgetInfo::slider(
            true,
            seconds,
            format!("{} over time, cursor at {at}", track.title),
        )
    });
    gap_words(ui, &response, document, axis);
    plot
}

/// The reason of the gap under the pointer.
fn gap_words(ui: &Ui, response: &egui::Response, document: &Document, axis: &TimeAxis) {
    let Some(place) = response.hover_pos() else {
        return;
    };
    let gaps = document.facts().map_or(&[][..], |facts| &facts.gaps);
    let near = |gap: &&GapBand| {
        let (from, to) = (axis.x_from_time(gap.from), axis.x_from_time(gap.to));
        // A gap narrower than a pixel can still be pointed at.
        from - 3.0 <= f64::from(place.x) && f64::from(place.x) <= to + 3.0
    };
    let Some(gap) = gaps.iter().find(near) else {
        return;
    };
    let tokens = Tokens::of(ui.visuals());
    Tooltip::for_widget(response)
        .at_pointer()
        .gap(12.0)
        .show(|ui| {
            ui.label(egui::RichText::new(display::gap_cause(&gap.kind)).color(tokens.text_strong));
            ui.label(span_words(document, gap));
            if !gap.detail.is_empty() {
                ui.label(escaped(&gap.detail));
            }
        });
}

fn span_words(document: &Document, gap: &GapBand) -> String {
    let length = gap
        .to
        .since(gap.from)
        .map_or(display::ABSENT.to_owned(), display::duration);
    let zone = &document.zone;
    let what = match gap.kind.as_str() {
        DAMAGED => "What was recorded cannot be read",
        _ => "Nothing was recorded",
    };
    let (from, to) = (zone.time_of_day(gap.from), zone.time_of_day(gap.to));
    format!("{what} for {length}, {from} to {to}")
}

/// The line through all tracks; nothing when the cursor is out of sight.
fn cursor(ui: &Ui, document: &Document, axis: &TimeAxis, heights: [Rangef; 2]) -> Shape {
    let x = axis.x_from_time(document.time.cursor);
    if x < axis.left || axis.right < x {
        return Shape::Noop;
    }
    let stroke = Stroke::new(1.5, Tokens::of(ui.visuals()).cursor);
    let x = ui.painter().round_to_pixel_center(points(x));
    let line =
        |height: Rangef| Shape::line_segment([pos2(x, height.min), pos2(x, height.max)], stroke);
    Shape::Vec(heights.map(line).to_vec())
}
