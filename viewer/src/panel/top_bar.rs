//! The bar on top: which host this is, and which captures are open.

use crate::command::Command;
use crate::data::{Ending, Facts};
use crate::display;
use crate::display::escape::escaped;
use crate::state::{State, ThemeChoice};
use crate::theme::Tokens;
use egui::{Align, Button, Layout, RichText, Ui};

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        match state.document() {
            Some(document) if document.facts().is_some() => {
                if let Some(facts) = document.facts() {
                    host(ui, facts);
                }
            }
            _ => {
                ui.label(RichText::new("afterimage").heading());
            }
        }
        tabs(ui, state, out);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            theme_button(ui, out);
        });
    });
}

fn host(ui: &mut Ui, facts: &Facts) {
    let tokens = Tokens::of(ui.visuals());
    let name = RichText::new(escaped(&facts.host))
        .heading()
        .color(tokens.text_strong);
    ui.label(name);
    let cpus = match facts.cpus {
        Some(cpus) => display::cpus(f64::from(cpus)),
        None => "CPUs unknown".to_owned(),
    };
    let length = facts
        .last
        .since(facts.first)
        .map_or(display::ABSENT.to_owned(), display::duration);
    let (kernel, end) = (escaped(&facts.kernel), display::ending(facts.ending));
    let so_far = match facts.ending {
        Ending::Recording => "so far",
        _ => "recorded",
    };
    let text = format!("{cpus}  ·  Linux {kernel}  ·  {length} {so_far},");
    ui.label(RichText::new(text).color(tokens.text_weak));
    let color = match facts.ending {
        Ending::Recording => tokens.running,
        Ending::Clean => tokens.text_weak,
        Ending::Unclean | Ending::CopiedLive => tokens.text,
    };
    ui.label(RichText::new(end).color(color))
        .on_hover_text(display::ending_meaning(facts.ending));
}

/// One button a capture, when there are several.
fn tabs(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    if state.documents.len() < 2 {
        return;
    }
    ui.separator();
    for document in &state.documents {
        let active = state.active == Some(document.id);
        let name = document.name();
        if ui.add(Button::selectable(active, escaped(&name))).clicked() {
            out.push(Command::Activate(document.id));
        }
    }
}

/// Names what it changes to.
fn theme_button(ui: &mut Ui, out: &mut Vec<Command>) {
    let (name, other) = if ui.visuals().dark_mode {
        ("Light", ThemeChoice::Light)
    } else {
        ("Dark", ThemeChoice::Dark)
    };
    if ui
        .button(name)
        .on_hover_text("Change the colours")
        .clicked()
    {
        out.push(Command::SetTheme(other));
    }
}
