//! What the mouse does on the tracks and on the ruler.
//!
//! On the tracks a click or a drag moves the cursor, which is what they are there for; with
//! Shift or the middle button, and on the ruler and the lanes, a drag moves the view; with Ctrl
//! or the right button it marks a stretch to zoom into. The wheel zooms around the pointer,
//! sideways it pans. A double click shows the whole capture.

use crate::command::{Command, TimeCommand};
use crate::paint::points;
use crate::state::Document;
use crate::theme::Tokens;
use crate::time_axis::{Span, TimeAxis, whole};
use egui::{CursorIcon, FontId, Painter, PointerButton, Rect, Response, Stroke, Ui, pos2};

/// How much of a zoom one point of the wheel is.
const WHEEL: f64 = 1.0 / 240.0;

/// Reads the mouse on a track.
pub fn read(
    ui: &Ui,
    response: &Response,
    document: &Document,
    axis: &TimeAxis,
    out: &mut Vec<Command>,
) {
    zoom(ui, response, axis, out);
    if response.double_clicked() {
        out.push(Command::ShowAll);
        return;
    }
    let modifiers = ui.input(|input| input.modifiers);
    let is_other_button = response.dragged_by(PointerButton::Middle);
    let is_dragging_view = document.time.preview.is_some() && response.dragged();
    if modifiers.shift || is_other_button || is_dragging_view {
        pan(ui, response, axis, out);
        return;
    }
    if modifiers.command
        || response.dragged_by(PointerButton::Secondary)
        || document.time.band.is_some()
    {
        mark(ui, response, (document, axis), out);
        return;
    }
    if response.drag_stopped() || response.clicked() {
        if document.time.preview.is_some() {
            out.push(Command::Time(TimeCommand::Commit));
        }
        out.push(Command::Time(TimeCommand::Settle));
    }
    let is_primary = ui.input(|input| input.pointer.primary_down());
    let is_down = is_primary && response.is_pointer_button_down_on();
    let held = is_down || response.clicked();
    if held && let Some(place) = response.interact_pointer_pos() {
        let at = axis.time_from_x(f64::from(place.x));
        if at != document.time.wanted {
            out.push(Command::SetCursor(at));
        }
    } else if let Some(place) = response.hover_pos() {
        hover(ui, response, document, axis, place.x);
    }
}

/// Moves the view with a drag; letting go commits it.
pub fn pan(ui: &Ui, response: &Response, axis: &TimeAxis, out: &mut Vec<Command>) {
    let moved = f64::from(response.drag_delta().x);
    if response.dragged() {
        ui.set_cursor_icon(CursorIcon::Grabbing);
        if moved != 0.0 {
            let micros = whole(-moved * axis.micros_per_point());
            out.push(Command::Time(TimeCommand::Drag(micros)));
        }
    }
    if response.drag_stopped() {
        out.push(Command::Time(TimeCommand::Commit));
    }
    if response.double_clicked() {
        out.push(Command::ShowAll);
    }
}

/// Marks a stretch with a drag; letting go zooms into it.
fn mark(
    ui: &Ui,
    response: &Response,
    (document, axis): (&Document, &TimeAxis),
    out: &mut Vec<Command>,
) {
    if response.drag_stopped() {
        out.push(Command::Time(TimeCommand::Commit));
        return;
    }
    let origin = ui.input(|input| input.pointer.press_origin());
    if response.dragged()
        && let (Some(origin), Some(place)) = (origin, response.interact_pointer_pos())
    {
        let [one, other] = [origin.x, place.x].map(|x| {
            let x = f64::from(x).clamp(axis.left, axis.right);
            axis.time_from_x(x)
        });
        let band = Span {
            from: one.min(other),
            to: one.max(other),
        };
        if document.time.band != Some(band) {
            out.push(Command::Time(TimeCommand::Band(band)));
        }
    }
}

/// The stretch that is being marked.
pub fn band(painter: &Painter, document: &Document, axis: &TimeAxis, plot: Rect) {
    let Some(band) = document.time.band else {
        return;
    };
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let [from, to] = [band.from, band.to].map(|at| points(axis.x_from_time(at)));
    let rect = plot.with_min_x(from).with_max_x(to);
    painter.rect_filled(rect, 0.0, tokens.text_strong.gamma_multiply(0.10));
    for x in [from, to] {
        painter.vline(x, plot.y_range(), Stroke::new(1.0, tokens.text_strong));
    }
}

/// Zooms with the wheel, or with two fingers.
pub fn zoom(ui: &Ui, response: &Response, axis: &TimeAxis, out: &mut Vec<Command>) {
    let Some(place) = response.hover_pos() else {
        return;
    };
    let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
    let factor = (-f64::from(scroll.y) * WHEEL).exp() / f64::from(pinch);
    if (factor - 1.0).abs() > 1e-6 {
        let at = axis.time_from_x(f64::from(place.x));
        out.push(Command::Zoom { at, factor });
    }
    if scroll.x != 0.0 {
        out.push(Command::Pan(whole(
            -f64::from(scroll.x) * axis.micros_per_point(),
        )));
    }
}

/// A thin line with its time, where a click would put the cursor.
fn hover(ui: &Ui, response: &Response, document: &Document, axis: &TimeAxis, x: f32) {
    ui.set_cursor_icon(CursorIcon::Crosshair);
    let tokens = Tokens::of(ui.visuals());
    let painter = ui.painter();
    let rect = response.rect;
    let x = painter.round_to_pixel_center(x);
    painter.vline(
        x,
        rect.y_range(),
        Stroke::new(1.0, tokens.text_weak.gamma_multiply(0.6)),
    );
    let at = document.moment(axis.time_from_x(f64::from(x)));
    let text = painter.layout_no_wrap(at, FontId::proportional(11.0), tokens.text);
    let width = text.size().x;
    let left = if x + width + 10.0 < rect.right() {
        x + 5.0
    } else {
        x - 5.0 - width
    };
    painter.galley(pos2(left, rect.top() + 2.0), text, tokens.text);
}
