//! The frame of what stands over the window and asks something: a title, and what is asked.

use crate::theme::Tokens;
use egui::{Frame, Id, Margin, Modal, RichText, Ui};

/// Draws it, so wide where there is room; whether it should be put away.
pub fn show(ui: &Ui, title: &str, width: f32, add: impl FnOnce(&mut Ui)) -> bool {
    let tokens = Tokens::of(ui.visuals());
    let frame = Frame::popup(ui.style())
        .fill(tokens.panel)
        .corner_radius(8.0)
        .inner_margin(Margin::symmetric(24, 20));
    let shown = Modal::new(Id::unique(("dialog", title)))
        .frame(frame)
        .show(ui, |ui| {
            ui.set_width(width.min(ui.ctx().content_rect().width() - 80.0));
            let title = RichText::new(title).size(20.0);
            ui.label(title.color(tokens.text_strong));
            ui.add_space(8.0);
            add(ui);
        });
    shown.should_close()
}
