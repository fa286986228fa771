//! The whole capture in a strip, with a brush: what is shown of it. Its edges and its middle
//! are dragged, beside it a new one is drawn, a click goes there, a double click shows all.

use crate::command::{Command, TimeCommand};
use crate::data::{Lane, SeriesId};
use crate::display;
use crate::paint::clusters;
use crate::paint::kept::{self, Drawn, Wanted};
use crate::paint::points;
use crate::paint::scale::{Area, Scale};
use crate::panel::timeline::{cursor_line, gap_at, gap_words};
use crate::panel::track::gaps;
use crate::state::Document;
use crate::state::time::Grip;
use crate::state::timeline::OVERVIEW;
use crate::theme::{Curve, Tokens};
use crate::time_axis::{TimeAxis, ticks};
use egui::{
    Align2, CursorIcon, FontId, Painter, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};
use std::sync::Arc;

const HEIGHT: f32 = 48.0;
/// Room for the times under the curves.
const TIMES: f32 = 14.0;
/// How near an edge of the brush must be to be held, in points.
const NEAR: f32 = 6.0;
/// A brush wider than this share of the strip has no beside: a drag in it draws a new one.
const NEARLY_ALL: f64 = 0.98;

/// Draws it between two places.
pub fn show(ui: &mut Ui, document: &Document, edges: (f64, f64), out: &mut Vec<Command>) {
    let size = vec2(ui.available_width(), HEIGHT + 4.0);
    let (full, _) = ui.allocate_exact_size(size, Sense::hover());
    let time = &document.time;
    let axis = TimeAxis::new(time.whole(), &time.folds, edges);
    let strip = full
        .with_min_x(points(edges.0))
        .with_max_x(points(edges.1))
        .with_max_y(full.bottom() - 4.0);
    let id = ui.scope_id().with("overview");
    let response = ui.interact(strip.expand2(vec2(NEAR, 0.0)), id, Sense::click_and_drag());
    response.widget_info(|| {
        let name = "Overview of the whole capture";
        WidgetInfo::labeled(egui::Role::ScrollBar, true, name)
    });
    paint(ui, document, &axis, strip);
    title(ui, document, full);
    brush(ui, document, &axis, strip);
    crate::panel::focus::ring(ui, &response);
    pointer(ui, &response, document, &axis, out);
}

fn title(ui: &Ui, document: &Document, full: Rect) {
    let tokens = Tokens::of(ui.visuals());
    let time = &document.time;
    let length = time.capture.to.since(time.capture.from);
    let words = |text: &str, y: f32, size: f32, color| {
        let place = pos2(full.left() + 12.0, y);
        let font = FontId::proportional(size);
        ui.painter()
            .text(place, Align2::LEFT_CENTER, text, font, color);
    };
    let middle = full.top() + (HEIGHT - TIMES) / 2.0;
    words("Overview", middle - 7.0, 12.0, tokens.text);
    let length = length.map_or(display::ABSENT.to_owned(), display::duration);
    words(&length, middle + 8.0, 11.0, tokens.text_weak);
}

fn paint(ui: &Ui, document: &Document, axis: &TimeAxis, strip: Rect) {
    let tokens = Tokens::of(ui.visuals());
    let painter = ui.painter().with_clip_rect(strip.intersect(ui.clip_rect()));
    let plot = strip.with_max_y(strip.bottom() - TIMES);
    painter.rect_filled(plot, 0.0, tokens.stripe);
    gaps(&painter, document, axis, plot, tokens);
    let cpus = document.facts().and_then(|facts| facts.cpus).map(f64::from);
    let data = OVERVIEW
        .iter()
        .filter_map(|id| document.timeline.overview.get(id));
    let wanted = Wanted {
        stack: &[],
        lines: &data.map(Arc::clone).collect::<Vec<_>>(),
        axis,
    };
    let folded = kept::folded(ui, wanted);
    let highest = folded.highest.max(cpus.unwrap_or(1.0) * 1.2);
    let style = |(id, _): &(SeriesId, _)| {
        let curve = tokens.curve(*id);
        Curve {
            thickness: 0.0,
            fill: curve.fill.max(0.3),
            ..curve
        }
    };
    let styles: Vec<Curve> = folded.curves.iter().map(style).collect();
    let drawn = Drawn {
        folded: &folded,
        styles: &styles,
        area: Area {
            rect: plot,
            is_down: false,
        },
        scale: Scale {
            top: highest * 1.05,
            step: highest,
        },
        limit: cpus,
    };
    painter.extend(kept::shapes(ui, drawn).iter().cloned());
    events(&painter, document, axis, plot);
    times(&painter, document, axis, strip);
    cursor_line(&painter, document, axis, plot.y_range());
}

/// What is worth knowing from afar: marks and kills.
fn events(painter: &Painter, document: &Document, axis: &TimeAxis, plot: Rect) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let per_point = f64::from(painter.ctx().pixels_per_point());
    let Some(events) = &document.timeline.events else {
        return;
    };
    for (lane, color) in [(Lane::Marks, tokens.mark), (Lane::OomKills, tokens.blocked)] {
        for cluster in clusters::kept(painter.ctx(), events, (lane, 0), axis).iter() {
            let x = points(cluster.pixel as f64 / per_point);
            let heights = plot.top()..=plot.top() + 6.0;
            painter.vline(x, heights, Stroke::new(2.0, color));
        }
    }
}

fn times(painter: &Painter, document: &Document, axis: &TimeAxis, strip: Rect) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let font = FontId::proportional(10.0);
    let y = strip.bottom() - TIMES / 2.0;
    for tick in ticks::ticks(axis, &document.zone, 110.0) {
        let x = painter.round_to_pixel_center(points(axis.x_from_time(tick.at)));
        let galley = painter.layout_no_wrap(tick.label, font.clone(), tokens.text_weak);
        let half = galley.rect.width() / 2.0;
        let top = strip.bottom() - TIMES;
        painter.vline(x, top..=top + 3.0, Stroke::new(1.0, tokens.line));
        if x - half > strip.left() && x + half < strip.right() {
            let place = pos2(x - half, y - galley.rect.height() / 2.0 + 1.0);
            painter.galley(place, galley, tokens.text_weak);
        }
    }
}

/// The part that is shown, with its edges.
fn brush_rect(document: &Document, axis: &TimeAxis, strip: Rect) -> Rect {
    let view = document.time.shown();
    let edge = |at| axis.x_from_time(at).clamp(axis.left, axis.right);
    let (from, to) = (edge(view.from), edge(view.to));
    strip
        .with_max_y(strip.bottom() - TIMES)
        .with_min_x(points(from))
        .with_max_x(points(to.max(from + 2.0)))
}

fn is_all(document: &Document) -> bool {
    let time = &document.time;
    let length = |span| time.folds.folded_span(span).micros() as f64;
    length(time.view) > length(time.whole()) * NEARLY_ALL
}

fn brush(ui: &Ui, document: &Document, axis: &TimeAxis, strip: Rect) {
    let tokens = Tokens::of(ui.visuals());
    let painter = ui.painter();
    let rect = brush_rect(document, axis, strip);
    let veil = tokens.canvas.gamma_multiply(0.62);
    let plot = strip.with_max_y(rect.bottom());
    painter.rect_filled(plot.with_max_x(rect.left()), 0.0, veil);
    painter.rect_filled(plot.with_min_x(rect.right()), 0.0, veil);
    let color = tokens.text_weak;
    painter.rect_stroke(rect, 2.0, Stroke::new(1.0, color), StrokeKind::Inside);
    for x in [rect.left() + 0.5, rect.right() - 0.5] {
        let grip = Rect::from_center_size(pos2(x, rect.center().y), vec2(4.0, 14.0));
        painter.rect_filled(grip, 2.0, tokens.text);
    }
}

/// What would be held at a place.
fn grip_at(document: &Document, axis: &TimeAxis, x: f32, strip: Rect) -> Grip {
    let rect = brush_rect(document, axis, strip);
    // A narrow brush is held in the middle as well.
    let inside = NEAR.min(rect.width() / 4.0);
    if rect.left() - NEAR <= x && x <= rect.left() + inside {
        Grip::From
    } else if rect.right() - inside <= x && x <= rect.right() + NEAR {
        Grip::To
    } else if rect.x_range().contains(x) && !is_all(document) {
        Grip::Whole
    } else {
        Grip::New
    }
}

fn pointer(
    ui: &Ui,
    response: &Response,
    document: &Document,
    axis: &TimeAxis,
    out: &mut Vec<Command>,
) {
    crate::panel::pointer::zoom(ui, response, axis, out);
    if response.double_clicked() {
        out.push(Command::ShowAll);
        return;
    }
    let time = |x: f32| axis.time_from_x(f64::from(x));
    let strip = response.rect.shrink2(vec2(NEAR, 0.0));
    if response.drag_started()
        && let Some(place) = ui.input(|input| input.pointer.press_origin())
    {
        let grip = grip_at(document, axis, place.x, strip);
        let begin = TimeCommand::BeginBrush(grip, time(place.x));
        out.push(Command::Time(begin));
    }
    if response.dragged()
        && let Some(place) = response.interact_pointer_pos()
        && let Some(brush) = document.time.brush
    {
        let at = time(place.x);
        // Held still, it is at rest.
        if Some(document.time.brushed(brush, at)) != document.time.preview {
            out.push(Command::Time(TimeCommand::Brush(at)));
        }
    }
    if response.drag_stopped() {
        out.push(Command::Time(TimeCommand::Commit));
    }
    if response.clicked()
        && let Some(place) = response.interact_pointer_pos()
    {
        out.push(Command::SetCursor(time(place.x)));
        out.push(Command::Time(TimeCommand::Settle));
    }
    let Some(place) = response.hover_pos() else {
        return;
    };
    let held = document.time.brush.map(|brush| brush.grip);
    let icon = match held.unwrap_or_else(|| grip_at(document, axis, place.x, strip)) {
        Grip::From | Grip::To => CursorIcon::ResizeHorizontal,
        Grip::Whole if held.is_some() => CursorIcon::Grabbing,
        Grip::Whole => CursorIcon::Grab,
        Grip::New => CursorIcon::Crosshair,
    };
    ui.set_cursor_icon(icon);
    if held.is_none()
        && let Some(gap) = gap_at(document, axis, place.x)
    {
        gap_words(ui, response, document, gap);
    }
}
