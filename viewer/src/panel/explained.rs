//! What something means, on hover: what it is, where it comes from, what a high value says.

use crate::explain::Entry;
use crate::theme::Tokens;
use egui::{Response, RichText, Ui};

/// How wide the words may become.
const WIDTH: f32 = 380.0;

/// Adds the words to a widget.
pub fn on_hover(response: Response, title: &str, entry: Option<&Entry>) -> Response {
    match entry {
        Some(entry) => response.on_hover_ui(|ui| words(ui, title, entry)),
        None => response,
    }
}

/// The words.
pub fn words(ui: &mut Ui, title: &str, entry: &Entry) {
    let tokens = Tokens::of(ui.visuals());
    ui.set_max_width(WIDTH);
    ui.spacing_mut().item_spacing.y = 5.0;
    ui.label(RichText::new(title).strong().color(tokens.text_strong));
    ui.label(RichText::new(&entry.what).color(tokens.text));
    part(ui, "What it tells", &entry.high);
    part(ui, "From", &entry.source);
}

fn part(ui: &mut Ui, name: &str, text: &str) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        ui.label(RichText::new(name).small().color(tokens.text_weak));
        ui.label(RichText::new(text).small().color(tokens.text));
    });
}
