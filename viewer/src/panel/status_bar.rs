//! The bar at the bottom: what went wrong last or is damaged, else what the keys and the mouse do.

use crate::action::hints;
use crate::command::{Command, DeskCommand, WindowCommand};
use crate::data::Search;
use crate::display::{self, escape::escaped};
use crate::state::State;
use crate::theme::Tokens;
use egui::{Label, RichText, Ui};

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal(|ui| {
        ui.set_min_height(18.0);
        // What is wrong with the time that is typed stands under its field.
        let document = state.document().filter(|document| document.jump.is_none());
        let problem = document.and_then(|document| document.problem.as_deref());
        if let Some(problem) = problem {
            let text = RichText::new(escaped(problem)).color(tokens.problem);
            ui.add(Label::new(text).truncate());
            return;
        }
        let facts = state.document().and_then(|document| document.facts());
        if let Some(damage) = facts.and_then(|facts| display::damage(&facts.damage)) {
            let text = RichText::new(damage).color(tokens.problem);
            let button = ui.add(egui::Button::new(text).frame(false));
            if button
                .on_hover_text("Show or hide what is missing")
                .clicked()
            {
                out.push(Command::Desk(DeskCommand::ToggleNotice));
            }
            ui.add_space(16.0);
        }
        let condition = state.document().map(|document| &document.condition);
        if let Some(Search::On { done, total }) = condition.map(|condition| &condition.search) {
            let percent = done * 100 / total.max(&1);
            let text = format!("looking for damage: {percent} %");
            ui.label(RichText::new(text).color(tokens.text_weak));
            ui.add_space(16.0);
        }
        let hints = hints(state);
        let room = ui.available_width() - 90.0;
        let mut taken = 0.0;
        for (key, what) in &hints {
            let width = |text: &str| {
                let font = egui::FontId::proportional(13.0);
                let galley = ui
                    .painter()
                    .layout_no_wrap(text.to_owned(), font, tokens.text);
                galley.rect.width()
            };
            // The hint, the space within it and the space after it.
            taken += width(key) + width(what) + 8.0 + 8.0 + 10.0 + 8.0;
            if taken > room {
                break;
            }
            ui.label(RichText::new(*key).color(tokens.text_strong));
            ui.label(RichText::new(*what).color(tokens.text_weak));
            ui.add_space(10.0);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let help = ui
                .button("Help")
                .on_hover_text("Every key and what it does (F1)");
            if help.clicked() {
                out.push(Command::Window(WindowCommand::ToggleHelp));
            }
        });
    });
}
