//! What the kernel log says of a process: the lines that name its pid or its name.

use super::heading;
use crate::command::Command;
use crate::display::escape::escaped;
use crate::state::Document;
use crate::state::page::Page;
use crate::theme::Tokens;
use egui::{Label, Link, RichText, Ui};

/// Up to this severity a line tells of an error.
const ERROR: u8 = 3;

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, page: &Page, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    heading(ui, "Kernel log");
    let Some(life) = &page.life else {
        ui.label(RichText::new("Loading …").color(tokens.text_weak));
        return;
    };
    if life.log.is_empty() {
        let none = "No line of the kernel log names it.";
        ui.label(RichText::new(none).color(tokens.text_weak));
        return;
    }
    if life.log_left_out > 0 {
        let words = format!("{} older lines are left out", life.log_left_out);
        ui.label(RichText::new(words).color(tokens.text_weak));
    }
    for line in &life.log {
        ui.horizontal_top(|ui| {
            let at = document.moment(line.at);
            if ui
                .add(Link::new(at))
                .on_hover_text("Move the cursor there")
                .clicked()
            {
                out.push(Command::SetCursor(line.at));
            }
            let (sign, color) = match (line.names_pid, line.severity <= ERROR) {
                (false, _) => ("same name: ", tokens.text_weak),
                (true, true) => ("error: ", tokens.problem),
                (true, false) => ("", tokens.text),
            };
            let text = RichText::new(format!("{sign}{}", escaped(&line.text))).color(color);
            ui.add(Label::new(text).wrap().selectable(true));
        });
    }
}
