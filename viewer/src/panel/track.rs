//! One track: a legend, and curves or rows of heat over the shared time axis.

mod axis;

use crate::command::{Command, TrackCommand};
use crate::data::{SeriesData, SeriesId, Unit};
use crate::paint::kept::{self, Drawn, Wanted};
use crate::paint::scale::{Area, Scale};
use crate::panel::timeline::{cursor_line, gap_at, gap_words};
use crate::panel::{focus, heat, legend, pointer, unreadable};
use crate::state::Document;
use crate::state::tracks::{Half, ShownTrack, Track, TrackId, What};
use crate::theme::{Curve, Tokens};
use crate::time_axis::TimeAxis;
pub use axis::{MARKS_APART, gaps};
use egui::{Align2, CursorIcon, FontId, Painter, Rect, Sense, Stroke, Ui, WidgetInfo, vec2};
use std::sync::Arc;

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

/// Room above the curves for the uppermost mark of the axis, and below them for the edge that
/// is dragged.
pub const FRAME: f32 = ABOVE + BELOW;
const ABOVE: f32 = 6.0;
const BELOW: f32 = 9.0;
/// How much of a track with two halves is the upper one.
const UPPER_LOAD: f32 = 0.6;
const UPPER: f32 = 0.5;

/// How high the curves of a track are.
pub fn height_of(track: ShownTrack) -> f32 {
    track.height_in_points()
}

/// How high all legends of a track are together.
pub fn legend_height(ui: &Ui, document: &Document, id: TrackId, width: f32) -> f32 {
    legend::groups(&id.track())
        .iter()
        .map(|group| legend::height(ui, document, group, width))
        .sum()
}

/// Draws it, so high without its legend.
pub fn show(ui: &mut Ui, shown: Shown<'_>, height: f32, out: &mut Vec<Command>) {
    let Shown {
        document,
        track,
        axis,
    } = shown;
    let groups = legend::groups(track);
    let mut pointed_at = legend::show(ui, document, track, (&groups[0], true), out);
    ui.add_space(ABOVE);
    let size = vec2(ui.available_width(), height);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let plot = axis::plot_of(rect, axis);
    let response = ui.interact(
        plot,
        ui.scope_id().with(("plot", track.id)),
        Sense::click_and_drag(),
    );
    response.widget_info(|| {
        let at = document.moment(document.time.cursor);
        let since = document.time.cursor.since(document.time.capture.from);
        let seconds = since.map_or(0.0, |since| since.as_secs_f64());
        let name = format!("{} over time, cursor at {at}", track.title);
        WidgetInfo::slider(true, seconds, name)
    });
    let below = groups.get(1).map(|group| {
        let y = rect.bottom() + 2.0;
        legend::place(ui, document, track, (group, y), out)
    });
    pointed_at = pointed_at.or(below.flatten());
    paint(ui, shown, plot, pointed_at);
    focus::ring(ui, &response);
    pointer::read(ui, &response, document, axis, out);
    if let Some(place) = response.hover_pos() {
        let heat = match track.what {
            What::Rows(group) => heat::words(ui, &response, shown, (group, plot)),
            What::Curves(..) => false,
        };
        if let Some(gap) = gap_at(document, axis, place.x).filter(|_| !heat) {
            gap_words(ui, &response, document, gap);
        }
    }
    let under = groups.get(1).map_or(0.0, |group| {
        legend::height(ui, document, group, rect.width())
    });
    ui.add_space(under);
    lower_edge(ui, track, height, out);
}

/// The edge under a track: dragged, it makes the track higher or lower.
fn lower_edge(ui: &mut Ui, track: &Track, height: f32, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), BELOW), Sense::click_and_drag());
    let response = response.on_hover_cursor(CursorIcon::ResizeVertical);
    let name = format!("Height of {}", track.title);
    response.widget_info(|| WidgetInfo::slider(true, f64::from(height), &name));
    let is_hot = response.hovered() || response.dragged();
    let stroke = if is_hot {
        Stroke::new(2.0, tokens.text_weak)
    } else {
        Stroke::new(1.0, tokens.grid)
    };
    let y = ui.painter().round_to_pixel_center(rect.center().y + 1.0);
    ui.painter().hline(rect.x_range(), y, stroke);
    if response.dragged() && response.drag_delta().y != 0.0 {
        let height = height + response.drag_delta().y;
        out.push(Command::Track(TrackCommand::Resize(track.id, Some(height))));
    }
    if let Some(by) = focus::moved(ui, &response, focus::Way::Along) {
        let height = Some(height + by);
        out.push(Command::Track(TrackCommand::Resize(track.id, height)));
    }
    if response.double_clicked() {
        out.push(Command::Track(TrackCommand::Resize(track.id, None)));
    }
}

fn paint(ui: &Ui, shown: Shown<'_>, plot: Rect, pointed_at: Option<SeriesId>) {
    let Shown {
        document,
        track,
        axis,
    } = shown;
    let tokens = Tokens::of(ui.visuals());
    let painter = ui.painter();
    let clipped =
        painter.with_clip_rect(plot.expand2(vec2(0.0, 3.0)).intersect(painter.clip_rect()));
    let is_empty = match track.what {
        What::Rows(group) => !document.timeline.rows.contains_key(&group),
        What::Curves(..) => document.series.is_empty(),
    };
    if let Some(problem) = document.unreadable().filter(|_| is_empty) {
        return unreadable::show(&clipped, plot, problem);
    }
    match track.what {
        What::Rows(group) => {
            gaps(&clipped, document, axis, plot, tokens);
            heat::paint(ui, shown, (group, plot));
            cursor_line(&clipped, document, axis, plot.y_range());
        }
        What::Curves(up, down) => {
            let share = match (track.id, down) {
                (_, None) => 1.0,
                (TrackId::Load, _) => UPPER_LOAD,
                _ => UPPER,
            };
            let middle = painter.round_to_pixel_center(plot.top() + plot.height() * share);
            axis::times(painter, shown, plot);
            gaps(&clipped, document, axis, plot, tokens);
            let is_stack = !up.stack.is_empty();
            if !is_stack {
                cursor_line(&clipped, document, axis, plot.y_range());
            }
            let area = Area {
                rect: plot.with_max_y(middle),
                is_down: false,
            };
            half((painter, &clipped), shown, (&up, area), pointed_at);
            if let Some(down) = down {
                let area = Area {
                    rect: plot.with_min_y(middle),
                    is_down: true,
                };
                half((painter, &clipped), shown, (&down, area), pointed_at);
            }
            if is_stack {
                cursor_line(&clipped, document, axis, plot.y_range());
            }
            painter.hline(plot.x_range(), middle, Stroke::new(1.0, tokens.text_weak));
        }
    }
    pointer::band(&clipped, document, axis, plot);
}

/// Whether its curves are there and empty: this host does not have them, or nobody recorded them.
fn is_unknown(document: &Document, half: &Half) -> bool {
    let all = half.stack.iter().chain(half.lines);
    let mut loaded = all.map(|id| document.series.get(id));
    loaded.all(|series| series.is_some_and(|series| series.buckets.is_empty()))
}

/// The curves on one side of the zero line, with their scale.
fn half(
    (painter, clipped): (&Painter, &Painter),
    shown: Shown<'_>,
    (half, area): (&Half, Area),
    pointed_at: Option<SeriesId>,
) {
    let Shown { document, axis, .. } = shown;
    let tokens = Tokens::of(&clipped.ctx().global_style().visuals);
    let cpus = axis::cpus(document, half);
    let data = |ids: &[SeriesId]| -> Vec<Arc<SeriesData>> {
        let visible = ids.iter().filter(|id| !document.hidden.contains(id));
        let data = visible.filter_map(|id| document.series.get(id));
        data.map(Arc::clone).collect()
    };
    let wanted = Wanted {
        stack: &data(half.stack),
        lines: &data(half.lines),
        axis,
    };
    if is_unknown(document, half) {
        let words = "Nothing was recorded of this.";
        let font = FontId::proportional(12.0);
        let middle = area.rect.center();
        clipped.text(middle, Align2::CENTER_CENTER, words, font, tokens.text_weak);
        return;
    }
    let folded = kept::folded(painter.ctx(), wanted);
    let highest = folded.highest.max(half.at_least).max(cpus.unwrap_or(0.0));
    let scale = match half.unit {
        Unit::Bytes | Unit::BytesPerSecond => Scale::holding_bytes(highest * 1.02),
        Unit::Tasks => Scale::holding_whole((highest * 1.04).min(half.at_most)),
        _ => Scale::holding((highest * 1.04).min(half.at_most)),
    };
    let scale = scale.with_marks_apart(area.rect.height(), 19.0);
    axis::values(painter, (half, area), &scale, cpus);
    let style = |(id, _): &(SeriesId, _)| {
        let mut curve = tokens.curve(*id);
        if pointed_at == Some(*id) {
            curve.thickness += 1.5;
        }
        if half.stack.contains(id) {
            // Layers cover each other, so they are mixed with the ground beforehand.
            curve.color = tokens.canvas.lerp_to_gamma(curve.color, curve.fill);
            (curve.fill, curve.fill_beyond) = (1.0, 1.0);
        }
        curve
    };
    let styles: Vec<Curve> = folded.curves.iter().map(style).collect();
    let drawn = Drawn {
        folded: &folded,
        styles: &styles,
        area,
        scale,
        limit: cpus,
    };
    clipped.extend(kept::shapes(painter.ctx(), drawn).iter().cloned());
    if let Some(cpus) = cpus {
        axis::cpu_line(painter, cpus, &scale, area);
    }
}
