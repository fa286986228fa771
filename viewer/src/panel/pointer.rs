//! What the mouse does on the tracks and on the ruler.
//!
//! On the tracks a click or a drag moves the cursor, which is what they are there for; with
//! Shift, or on the ruler, a drag moves the view. The wheel zooms around the pointer, sideways
//! it pans. A double click shows the whole capture.

use crate::command::Command;
use crate::paint::points;
use crate::state::Document;
use crate::theme::Tokens;
use crate::time_axis::{TimeAxis, whole};
use egui::{Align2, CursorIcon, FontId, Response, Stroke, Ui, pos2};

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
    if ui.input(|input| input.modifiers.shift) {
        pan(response, axis, out);
        return;
    }
    let held = response.is_pointer_button_down_on() || response.clicked();
    if held && let Some(place) = response.interact_pointer_pos() {
        let at = axis.time_from_x(f64::from(place.x));
        if at != document.time.wanted {
            out.push(Command::SetCursor(at));
        }
    } else if let Some(place) = response.hover_pos() {
        hover(ui, response, document, axis, place.x);
    }
}

/// Moves the view with a drag.
pub fn pan(response: &Response, axis: &TimeAxis, out: &mut Vec<Command>) {
    let moved = f64::from(response.drag_delta().x);
    if response.dragged() && moved != 0.0 {
        out.push(Command::Pan(whole(-moved * axis.micros_per_point())));
    }
    if response.double_clicked() {
        out.push(Command::ShowAll);
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
    let at = document.zone.time_of_day(axis.time_from_x(f64::from(x)));
    let before_right = f64::from(rect.right()) - f64::from(x) > 70.0;
    let (align, aside) = if before_right {
        (Align2::LEFT_TOP, 5.0)
    } else {
        (Align2::RIGHT_TOP, -5.0)
    };
    let place = pos2(x + points(aside), rect.top() + 2.0);
    painter.text(place, align, at, FontId::proportional(11.0), tokens.text);
}
