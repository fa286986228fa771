//! The bar on top: which host this is, where the cursor stands, and how to move it.

use crate::command::Command;
use crate::data::{Ending, Facts};
use crate::display;
use crate::display::escape::escaped;
use crate::state::{Document, Focus, State, ThemeChoice};
use crate::theme::Tokens;
use egui::{Align, Button, Key, Layout, RichText, TextEdit, Ui};

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
            if let Some(document) = state
                .document()
                .filter(|document| document.facts().is_some())
            {
                cursor(ui, state, document, out);
            }
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

/// From right to left.
fn cursor(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    if ui
        .button("Whole capture")
        .on_hover_text("Zoom out as far as it goes")
        .clicked()
    {
        out.push(Command::ShowAll);
    }
    let facts = document.facts();
    let is_recorded = facts.is_some_and(|facts| facts.ending == Ending::Recording);
    if is_recorded && !document.time.following {
        let newest = ui
            .button("Newest")
            .on_hover_text("Go to the end and stay there (End)");
        if newest.clicked() {
            out.push(Command::Last);
        }
    }
    let (play, what) = if document.time.playing {
        ("Pause", "Stop here (Space)")
    } else {
        ("Play", "Let time run as it did (Space)")
    };
    if ui.button(play).on_hover_text(what).clicked() {
        out.push(Command::TogglePlay);
    }
    match &document.jump {
        Some(text) => jump(ui, state, text, out),
        None => {
            if ui
                .button("Go to …")
                .on_hover_text("Go to a time (G)")
                .clicked()
            {
                out.push(Command::BeginJump);
            }
        }
    }
    let at = document.time.cursor;
    let zone = document.zone.format(at, "%Z");
    ui.label(RichText::new(zone).color(tokens.text_weak))
        .on_hover_text(zone_words(document));
    let time = display::date_and_clock(&document.zone, at);
    ui.label(RichText::new(time).size(17.0).color(tokens.text_strong));
}

fn zone_words(document: &Document) -> String {
    let name = document
        .facts()
        .and_then(|facts| facts.zone_name.as_deref());
    match (name, document.zone.iana_name()) {
        (Some(name), Some(_)) => {
            format!("Times are those of the recorded host: {}", escaped(name))
        }
        (Some(name), None) => format!(
            "This machine does not know the host's time zone ({}): times are by the offset \
             that the host had when it was recorded",
            escaped(name)
        ),
        (None, _) => "Times are by the offset from UTC that the host had when it was \
                      recorded"
            .to_owned(),
    }
}

fn jump(ui: &mut Ui, state: &State, text: &str, out: &mut Vec<Command>) {
    let mut edited = text.to_owned();
    let field = TextEdit::singleline(&mut edited)
        .hint_text("14:03, -10m, 2026-11-22 14:03")
        .desired_width(230.0);
    let field = ui.add(field);
    field.widget_info(|| egui::WidgetInfo {
        label: Some("Go to a time".to_owned()),
        ..egui::WidgetInfo::text_edit(true, text, &edited, "14:03")
    });
    if state.focus == Some(Focus::Jump) {
        field.request_focus();
        out.push(Command::FocusTaken);
    }
    if field.changed() {
        out.push(Command::EditJump(edited));
    }
    if field.lost_focus() {
        let entered = ui.input(|input| input.key_pressed(Key::Enter));
        out.push(if entered {
            Command::Jump
        } else {
            Command::CancelJump
        });
    }
}
