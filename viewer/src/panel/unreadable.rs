//! What stands where something cannot be read: hatching, as in every gap, and the reason.

use crate::display::escape::escaped;
use crate::paint::hatch::hatch;
use crate::state::Document;
use crate::theme::Tokens;
use egui::{Align2, FontId, Painter, Rect, Ui, vec2};

/// Fills the room that is left: with the reason when there is one, else it is still being loaded.
pub fn or_loading(ui: &mut Ui, document: &Document) {
    match document.unreadable() {
        Some(problem) => {
            let area = ui.available_rect_before_wrap();
            show(ui.painter(), area, problem);
            ui.allocate_rect(area, egui::Sense::hover())
                .widget_info(|| {
                    let words = format!("This cannot be read: {}", escaped(problem));
                    egui::WidgetInfo::labeled(egui::Role::Label, true, words)
                });
        }
        None => {
            ui.centered_and_justified(|ui| ui.weak("Loading …"));
        }
    }
}

/// Hatches an area, with the reason in the middle of it.
pub fn show(painter: &Painter, area: Rect, problem: &str) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    hatch(painter, area, tokens.hatch);
    let font = FontId::proportional(14.0);
    let words = format!("This cannot be read: {}", escaped(problem));
    let room = (area.width() - 60.0).max(40.0);
    let text = painter.layout(words, font, tokens.problem, room);
    let place = Align2::CENTER_CENTER.anchor_size(area.center(), text.size());
    let around = place.expand2(vec2(12.0, 8.0)).intersect(area);
    painter.rect_filled(around, 4.0, tokens.canvas);
    painter.galley(place.min, text, tokens.problem);
}
