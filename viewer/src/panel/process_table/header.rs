//! A heading: sorts when it is clicked, moves when it is dragged, and has a menu.

use super::ink::PADDING;
use super::{columns, width};
use crate::command::Command;
use crate::explain;
use crate::panel::{explained, focus};
use crate::state::table::{Column, TableView, WIDTHS};
use crate::theme::Tokens;
use egui::{CursorIcon, FontId, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// Draws it.
pub(super) fn show(ui: &mut Ui, contents: width::Contents<'_>, out: &mut Vec<Command>) {
    let (view, column) = (&contents.document.table, contents.column);
    let rect = ui.max_rect();
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, column.title()));
    let sorted = (view.sort == column).then_some(view.descending);
    let lit = response.hovered() || response.has_focus() || response.dragged();
    paint(ui, column, sorted, lit);
    if response.clicked() {
        out.push(Command::SortBy(column));
    }
    let can_move = view.columns.contains(&column);
    if can_move {
        response.dnd_set_drag_payload(column);
    }
    if response.dragged() {
        ui.set_cursor_icon(CursorIcon::Grabbing);
    }
    drop_here(ui, &response, view, column, out);
    response.context_menu(|ui| columns::of_one(ui, view, column, out));
    if !response.context_menu_opened() && !response.dragged() {
        explained::on_hover(response, column.title(), explain::column(column));
    }
    // Behind the heading itself: what comes last gets the pointer.
    width::edge(ui, contents, out);
    let edge = ui.read_response(ui.scope_id().with("edge"));
    if let Some(by) = edge.and_then(|edge| focus::moved(ui, &edge, focus::Way::Across)) {
        let width = (rect.width() + by).clamp(*WIDTHS.start(), *WIDTHS.end());
        let width = Some(width.round());
        out.push(Command::SetColumnWidth { column, width });
    }
}

/// Takes a heading that is dropped on this one: in front of it, or behind it when it is let go
/// over the right half.
fn drop_here(
    ui: &Ui,
    response: &egui::Response,
    view: &TableView,
    column: Column,
    out: &mut Vec<Command>,
) {
    let (Some(dragged), Some(pointer)) = (
        response.dnd_hover_payload::<Column>(),
        ui.input(|input| input.pointer.interact_pos()),
    ) else {
        return;
    };
    if *dragged == column {
        return;
    }
    let behind = pointer.x > response.rect.center().x;
    let x = if behind {
        response.rect.right()
    } else {
        response.rect.left()
    };
    let stroke = Stroke::new(2.0, Tokens::of(ui.visuals()).text_strong);
    ui.painter().vline(x, response.rect.y_range(), stroke);
    if let Some(dropped) = response.dnd_release_payload::<Column>() {
        let next = || {
            let place = view.columns.iter().position(|shown| *shown == column)?;
            view.columns[place + 1..]
                .iter()
                .copied()
                .find(|next| *next != *dropped)
        };
        let before = if behind { next() } else { Some(column) };
        out.push(Command::MoveColumn {
            column: *dropped,
            before,
        });
    }
}

/// The arrow shows which way the table is sorted.
fn paint(ui: &Ui, column: Column, sorted: Option<bool>, lit: bool) {
    let (tokens, rect, painter) = (Tokens::of(ui.visuals()), ui.max_rect(), ui.painter());
    painter.rect_filled(rect, 0.0, if lit { tokens.line } else { tokens.panel });
    painter.hline(
        rect.x_range(),
        rect.bottom() - 0.5,
        Stroke::new(1.0, tokens.line),
    );
    let color = if sorted.is_some() {
        tokens.text_strong
    } else {
        tokens.text_weak
    };
    let font = FontId::proportional(12.0);
    let text = painter.layout_no_wrap(column.title().to_owned(), font, color);
    let left = if column.is_numeric() {
        rect.right() - PADDING - text.rect.width()
    } else {
        rect.left() + PADDING
    };
    let width = text.rect.width();
    let top = rect.center().y - text.rect.height() / 2.0;
    painter.galley(pos2(left, top), text, color);
    let Some(descending) = sorted else { return };
    let x = if column.is_numeric() {
        left - 9.0
    } else {
        left + width + 9.0
    };
    let way = if descending { 3.0 } else { -3.0 };
    let tip = pos2(x, rect.center().y + way);
    let base = tip - vec2(0.0, 2.0 * way);
    let points = vec![tip, base - vec2(3.5, 0.0), base + vec2(3.5, 0.0)];
    painter.add(egui::Shape::convex_polygon(points, color, Stroke::NONE));
}
