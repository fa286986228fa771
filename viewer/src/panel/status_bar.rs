//! The bar at the bottom: what went wrong last or is damaged, else what the keys and the mouse do.

use crate::display::{self, escape::escaped};
use crate::keys::{MOUSE, shortcuts};
use crate::state::State;
use crate::theme::Tokens;
use egui::{RichText, Ui};

/// Draws it.
pub fn show(ui: &mut Ui, state: &State) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal(|ui| {
        ui.set_min_height(18.0);
        let problem = state
            .document()
            .and_then(|document| document.problem.as_deref());
        if let Some(problem) = problem {
            ui.label(RichText::new(escaped(problem)).color(tokens.problem));
            return;
        }
        let facts = state.document().and_then(|document| document.facts());
        if let Some(damage) = facts.and_then(|facts| display::damage(&facts.damage)) {
            ui.label(RichText::new(damage).color(tokens.problem));
            ui.add_space(16.0);
        }
        let keys = shortcuts();
        let hints = keys
            .iter()
            .filter_map(|shortcut| shortcut.hint)
            .chain(MOUSE);
        for (key, what) in hints {
            ui.label(RichText::new(key).color(tokens.text_strong));
            ui.label(RichText::new(what).color(tokens.text_weak));
            ui.add_space(10.0);
        }
    });
}
