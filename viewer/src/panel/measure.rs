//! How wide words are, for rows that must fit a narrow window.
//!
//! egui keeps what was laid out once, so asking each frame costs a look-up.

use egui::{Color32, FontId, TextStyle, Ui};

/// How wide a line of text is.
pub fn text_width(ui: &Ui, text: &str, size: f32) -> f32 {
    let font = FontId::proportional(size);
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
    galley.size().x
}

/// How wide a button with this text is.
pub fn button_width(ui: &Ui, text: &str) -> f32 {
    let size = TextStyle::Button.resolve(ui.style()).size;
    text_width(ui, text, size) + 2.0 * ui.spacing().button_padding.x
}
