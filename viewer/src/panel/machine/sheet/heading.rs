//! The headings of a table of a page: what its rows are, groups of columns, and each column.

use super::{Look, MARGIN};
use crate::explain;
use crate::panel::explained;
use crate::panel::machine::cell;
use crate::theme::Tokens;
use afterimage_analysis::machine::Column;
use egui::{Align2, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// What the rows are.
pub(super) fn names(ui: &Ui, names: &str) {
    let (tokens, rect) = (Tokens::of(ui.visuals()), ui.max_rect());
    let place = pos2(rect.left() + MARGIN, rect.center().y);
    let font = FontId::proportional(12.0);
    ui.painter()
        .text(place, Align2::LEFT_CENTER, names, font, tokens.text_weak);
}

/// A heading over several columns; the first place is that over the names.
pub(super) fn group(ui: &Ui, look: &Look, place: usize) {
    let (tokens, rect) = (Tokens::of(ui.visuals()), ui.max_rect());
    ui.painter().rect_filled(rect, 0.0, tokens.panel);
    let group = place.checked_sub(1).and_then(|at| look.groups.get(at));
    let Some((title, _)) = group else { return };
    edge(ui, rect);
    let place = pos2(rect.left() + cell::PADDING, rect.center().y + 1.0);
    let font = FontId::proportional(12.0);
    ui.painter()
        .text(place, Align2::LEFT_CENTER, *title, font, tokens.text);
}

/// A line before a group of columns.
pub(super) fn edge(ui: &Ui, rect: Rect) {
    let tokens = Tokens::of(ui.visuals());
    let line = Stroke::new(1.0, tokens.line);
    ui.painter().vline(rect.left() + 0.5, rect.y_range(), line);
}

/// The heading of one column, underlined in the colour of its part of the bars.
pub(super) fn column(ui: &mut Ui, look: &Look, column: &Column) {
    let (tokens, rect) = (Tokens::of(ui.visuals()), ui.max_rect());
    let place = pos2(rect.right() - cell::PADDING, rect.center().y);
    let (heading, font) = (column.heading, FontId::proportional(12.0));
    let color = tokens.text_weak;
    let text = ui
        .painter()
        .text(place, Align2::RIGHT_CENTER, heading, font, color);
    if let Some(color) = look.bar.and_then(|color| color(tokens, column.key)) {
        let mark = pos2(text.center().x, rect.bottom() - 3.0);
        let mark = Rect::from_center_size(mark, vec2(text.width(), 3.0));
        ui.painter().rect_filled(mark, 1.0, color);
    }
    let response = ui.allocate_rect(rect, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, heading));
    explained::on_hover(response, heading, explain::figure(look.page, column.key));
}
