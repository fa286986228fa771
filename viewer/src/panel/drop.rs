//! What is shown while files are held over the window: that they can be dropped.

use crate::display::escape::escaped;
use crate::theme::Tokens;
use egui::{Align2, Area, Frame, Id, LayerId, Margin, Order, RichText, Stroke, StrokeKind, Ui};

/// Draws it over everything, also while a capture is open.
pub fn show(ui: &Ui, tokens: &Tokens) {
    let held = ui.input(|input| input.raw.hovered_files.clone());
    if held.is_empty() {
        return;
    }
    let window = ui.ctx().content_rect();
    let layer = LayerId::new(Order::Foreground, Id::unique("drop shade"));
    let painter = ui.ctx().layer_painter(layer);
    painter.rect_filled(window, 0.0, tokens.canvas.gamma_multiply(0.82));
    let edge = Stroke::new(3.0, tokens.running);
    painter.rect_stroke(window.shrink(10.0), 10.0, edge, StrokeKind::Inside);
    let names = held
        .iter()
        .filter_map(|file| file.path.as_deref()?.file_name());
    let names: Vec<_> = names.map(|name| escaped(&name.to_string_lossy())).collect();
    let title = match held.len() {
        1 => "Drop to open this capture".to_owned(),
        count => format!("Drop to open these {count} captures"),
    };
    Area::new(Id::unique("drop"))
        .order(Order::Tooltip)
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        .interactable(false)
        .show(ui, |ui| {
            let frame = Frame::new()
                .fill(tokens.panel)
                .stroke(Stroke::new(1.0, tokens.running))
                .corner_radius(8.0)
                .inner_margin(Margin::symmetric(32, 22));
            frame.show(ui, |ui| {
                ui.vertical_centered(|ui| {
                    ui.label(RichText::new(title).size(22.0).color(tokens.text_strong));
                    for name in names.iter().take(6) {
                        ui.label(RichText::new(name).color(tokens.text));
                    }
                });
            });
        });
}
