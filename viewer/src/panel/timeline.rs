//! Everything over time: the overview of the whole capture, the tracks that were chosen, the
//! lanes of events and the ruler, all over one axis with one cursor.

use crate::command::{Command, TrackCommand};
use crate::data::{DAMAGED, GapBand};
use crate::display;
use crate::display::escape::escaped;
use crate::paint::points;
use crate::panel::track::Shown;
use crate::panel::{lanes, legend, overview, ruler, track, transport};
use crate::state::tracks::TrackId;
use crate::state::{Document, State};
use crate::theme::Tokens;
use crate::time_axis::TimeAxis;
use egui::scroll_area::ScrollSource;
use egui::{
    CursorIcon, Painter, Rangef, Response, RichText, ScrollArea, Sense, Shape, Stroke, Tooltip, Ui,
    pos2, vec2,
};

/// Room for titles and for the marks of the vertical axes.
pub const GUTTER: f32 = 84.0;
/// Room to the right, so that the last mark of the ruler fits.
const RIGHT: f32 = 28.0;
const RULER: f32 = 24.0;
/// The track of the load takes what room is left, but its curves are never lower than this,
const LOWEST: f32 = 50.0;
/// among others than this,
const AMONG: f32 = 84.0;
/// and before they are lower than this, the lanes are.
const COMFORT: f32 = 84.0;

/// Room for some lines of the table, however small the window is.
const TABLE: f32 = 190.0;

/// How high it likes to be, of so much.
pub fn usual_height(of: f32) -> f32 {
    (of * 0.58).clamp(410.0, 900.0).min(of - TABLE).max(200.0)
}

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    transport::show(ui, state, document, out);
    let full = ui.available_rect_before_wrap();
    let left = f64::from(full.left() + GUTTER);
    let width = (full.width() - GUTTER - RIGHT).max(1.0);
    want_width(document, width, out);
    let time = &document.time;
    let edges = (left, left + f64::from(width));
    overview::show(ui, document, edges, out);
    let axis = TimeAxis::new(time.shown(), &time.folds, edges);
    let room = ui.available_height() - RULER;
    let around = around_load(ui, document);
    let rows = lanes::Rows::usual();
    let rows = if room - rows.height() >= around + COMFORT {
        rows
    } else {
        lanes::Rows::low(document)
    };
    // In a very low window the lanes are under the curves, to be scrolled to.
    let is_under = room - rows.height() < around + LOWEST;
    if is_under {
        tracks(ui, document, (&axis, room), Some(&rows), out);
    } else {
        tracks(ui, document, (&axis, room - rows.height()), None, out);
        lanes::show(ui, document, (&axis, &rows), out);
    }
    let size = vec2(ui.available_width(), RULER);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    ruler::show(ui, document, &axis, rect, out);
}

/// How high the load is without its curves: wherever it stands, so that lanes do not change while
/// tracks change places.
fn around_load(ui: &Ui, document: &Document) -> f32 {
    let width = ui.available_width();
    track::legend_height(ui, document, TrackId::Load, width) + track::FRAME
}

/// The tracks, with a scroll bar when they are higher than there is room; and the lanes under
/// them, when those have no place of their own.
fn tracks(
    ui: &mut Ui,
    document: &Document,
    (axis, height): (&TimeAxis, f32),
    lanes: Option<&lanes::Rows>,
    out: &mut Vec<Command>,
) {
    let height = height.max(LOWEST);
    let shown = &document.timeline.tracks.0;
    let width = ui.available_width();
    let fixed: f32 = shown
        .iter()
        .map(|track| {
            let legend = track::legend_height(ui, document, track.id, width);
            let flexible = track.id == TrackId::Load && track.height.is_none();
            legend
                + track::FRAME
                + if flexible {
                    0.0
                } else {
                    track::height_of(*track)
                }
        })
        .sum();
    // Among others, which are scrolled to anyway, it is as high as they are.
    let lowest = if shown.len() > 1 { AMONG } else { LOWEST };
    // As many of the lanes as there is room for are in sight without scrolling.
    let under = lanes.map_or(0.0, lanes::Rows::height);
    let left = (height - fixed - under).max(lowest);
    // On the curves the wheel zooms; beside them it scrolls.
    let over_curves = ui.input(|input| {
        let place = input.pointer.hover_pos();
        place.is_some_and(|place| f64::from(place.x) >= axis.left)
    });
    let source = if over_curves {
        ScrollSource::SCROLL_BAR
    } else {
        ScrollSource::SCROLL_BAR | ScrollSource::MOUSE_WHEEL
    };
    ui.spacing_mut().scroll.dormant_handle_opacity = 0.6;
    ui.spacing_mut().scroll.floating_width = 5.0;
    ScrollArea::vertical()
        .id_salt("tracks")
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink([false, false])
        .scroll_source(source)
        .show(ui, |ui| {
            let mut drawn = Vec::with_capacity(shown.len());
            for track in shown {
                let top = ui.cursor().top();
                let flexible = track.id == TrackId::Load && track.height.is_none();
                let height = if flexible {
                    left
                } else {
                    track::height_of(*track)
                };
                let shown = Shown {
                    document,
                    track: &track.id.track(),
                    axis,
                };
                track::show(ui, shown, height, out);
                drawn.push((track.id, Rangef::new(top, ui.cursor().top())));
            }
            reorder(ui, &drawn, out);
            if let Some(rows) = lanes {
                lanes::show(ui, document, (axis, rows), out);
            }
        });
}

/// Curves are loaded for the width they are drawn at.
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

/// The gap at a place, if there is one.
pub fn gap_at<'a>(document: &'a Document, axis: &TimeAxis, x: f32) -> Option<&'a GapBand> {
    let gaps = document.facts().map_or(&[][..], |facts| &facts.gaps);
    let near = |gap: &&GapBand| {
        let (from, to) = (axis.x_from_time(gap.from), axis.x_from_time(gap.to));
        // A gap narrower than a pixel can still be pointed at.
        from - 3.0 <= f64::from(x) && f64::from(x) <= to + 3.0
    };
    gaps.iter().find(near)
}

/// Tells of a gap, beside the pointer.
pub fn gap_words(ui: &Ui, response: &Response, document: &Document, gap: &GapBand) {
    let tokens = Tokens::of(ui.visuals());
    Tooltip::for_widget(response)
        .at_pointer()
        .gap(12.0)
        .show(|ui| {
            ui.label(RichText::new(display::gap_cause(&gap.kind)).color(tokens.text_strong));
            ui.label(span_words(document, gap));
            if !gap.detail.is_empty() {
                ui.label(escaped(&gap.detail));
            }
            if document.time.fold_choices.get(&gap.from) == Some(&true) {
                let hint = "It is folded away; a click on the ruler unfolds it (F).";
                ui.label(RichText::new(hint).color(tokens.text_weak));
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
    let same_day = zone.format(gap.from, "%F") == zone.format(gap.to, "%F");
    let form = if same_day {
        "%H:%M:%S"
    } else {
        "%a %-d %b %H:%M"
    };
    let (from, to) = (zone.format(gap.from, form), zone.format(gap.to, form));
    format!("{what} for {length}, {from} to {to}")
}

/// The line of the cursor over a stretch of heights, and that of the pinned moment: broken, so
/// that it is another one without colour, too. Nothing where they are out of sight.
pub fn cursor_line(painter: &Painter, document: &Document, axis: &TimeAxis, heights: Rangef) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let place = |at| {
        let x = axis.x_from_time(at);
        let is_in_sight = axis.left <= x && x <= axis.right;
        is_in_sight.then(|| painter.round_to_pixel_center(points(x)))
    };
    if let Some(x) = document.pinned_at().and_then(place) {
        let line = [pos2(x, heights.min), pos2(x, heights.max)];
        let stroke = Stroke::new(1.5, tokens.changed);
        painter.extend(Shape::dashed_line(&line, stroke, 5.0, 3.0));
    }
    if let Some(x) = place(document.time.cursor) {
        painter.vline(x, heights, Stroke::new(1.5, tokens.cursor));
    }
}

/// While the title of a track is dragged, the track changes places with its neighbours: as soon
/// as the pointer would still be on it there.
fn reorder(ui: &Ui, drawn: &[(TrackId, Rangef)], out: &mut Vec<Command>) {
    let Some(held) = ui.dragged_id() else { return };
    let Some(place) = drawn
        .iter()
        .position(|(id, _)| legend::title_id(*id) == held)
    else {
        return;
    };
    ui.set_cursor_icon(CursorIcon::Grabbing);
    let Some(y) = ui.input(|input| input.pointer.hover_pos()).map(|at| at.y) else {
        return;
    };
    let (id, own) = drawn[place];
    let height = |place: usize| drawn.get(place).map(|(_, range)| range.span());
    let above = place.checked_sub(1).and_then(height);
    let up = above.is_some_and(|above| y < own.max - above);
    let down = height(place + 1).is_some_and(|below| y > own.min + below);
    if up || down {
        let by = if up { -1 } else { 1 };
        out.push(Command::Track(TrackCommand::Shift(id, by)));
    }
}
