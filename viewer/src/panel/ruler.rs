//! The ruler under the tracks: times on the host's clock, the cursor's flag, and panning.

use crate::command::Command;
use crate::display;
use crate::paint::points;
use crate::panel::pointer;
use crate::panel::track::{MARKS_APART, gaps};
use crate::state::Document;
use crate::theme::Tokens;
use crate::time_axis::{TimeAxis, ticks};
use egui::{Align2, CursorIcon, FontId, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// Draws it into `rect`, which also covers the room under the vertical axis.
pub fn show(ui: &mut Ui, document: &Document, axis: &TimeAxis, rect: Rect, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let scale = rect
        .with_min_x(points(axis.left))
        .with_max_x(points(axis.right));
    let response = ui
        .interact(scale, ui.scope_id().with("ruler"), Sense::click_and_drag())
        .on_hover_cursor(CursorIcon::ResizeHorizontal);
    response.widget_info(|| {
        let from = display::date_and_clock(&document.zone, axis.span.from);
        let to = display::date_and_clock(&document.zone, axis.span.to);
        WidgetInfo::labeled(
            egui::Role::ScrollBar,
            true,
            format!("Shown: {from} to {to}"),
        )
    });
    pointer::pan(&response, axis, out);
    pointer::zoom(ui, &response, axis, out);

    let flag = flag(document, axis, scale);
    let painter = ui.painter();
    painter.hline(scale.x_range(), scale.top(), Stroke::new(1.0, tokens.line));
    gaps(
        painter,
        document,
        axis,
        scale.with_max_y(scale.top() + 5.0),
        tokens,
    );
    let font = FontId::proportional(11.0);
    let middle = scale.center().y + 1.0;
    for tick in ticks::ticks(axis, &document.zone, MARKS_APART) {
        let x = painter.round_to_pixel_center(points(axis.x_from_time(tick.at)));
        painter.vline(
            x,
            scale.top()..=scale.top() + 4.0,
            Stroke::new(1.0, tokens.line),
        );
        let color = if tick.begins_day {
            tokens.text_strong
        } else {
            tokens.text_weak
        };
        // The flag says the time there.
        if flag.is_some_and(|flag| flag.x_range().expand(18.0).contains(x)) {
            continue;
        }
        painter.text(
            pos2(x, middle),
            Align2::CENTER_CENTER,
            tick.label,
            font.clone(),
            color,
        );
    }
    if let Some(area) = flag {
        let painter = ui.painter();
        let text = document.zone.time_of_day(document.time.cursor);
        painter.rect_filled(area, 4.0, tokens.cursor);
        let font = FontId::proportional(12.0);
        painter.text(
            area.center(),
            Align2::CENTER_CENTER,
            text,
            font,
            tokens.on_cursor,
        );
    }
}

/// Where the cursor's time stands on the ruler, when the cursor is in sight.
fn flag(document: &Document, axis: &TimeAxis, scale: Rect) -> Option<Rect> {
    let x = axis.x_from_time(document.time.cursor);
    if x < axis.left || axis.right < x {
        return None;
    }
    let size = vec2(66.0, 18.0);
    let least = scale.left() + size.x / 2.0 - 20.0;
    let middle = points(x).clamp(least, (scale.right() - size.x / 2.0 + 12.0).max(least));
    Some(Rect::from_center_size(pos2(middle, scale.center().y), size))
}
