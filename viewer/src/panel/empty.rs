//! The window without a capture: what to do, or what went wrong.

use crate::display::escape::escaped;
use crate::state::{Document, Phase};
use crate::theme::Tokens;
use egui::{Align, Frame, Layout, Margin, RichText, Stroke, Ui};

/// Draws it.
pub fn show(ui: &mut Ui, document: Option<&Document>) {
    let tokens = Tokens::of(ui.visuals());
    let dropping = ui.input(|input| !input.raw.hovered_files.is_empty());
    let edge = if dropping {
        tokens.running
    } else {
        tokens.line
    };
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space((ui.available_height() * 0.2).max(16.0));
        let card = Frame::new()
            .fill(tokens.panel)
            .stroke(Stroke::new(1.0, edge))
            .corner_radius(8.0)
            .inner_margin(Margin::symmetric(36, 28));
        card.show(ui, |ui| {
            ui.set_width(560.0_f32.min(ui.available_width()));
            ui.with_layout(Layout::top_down(Align::Min), |ui| match document {
                Some(document) => about(ui, document, tokens),
                None => lesson(ui, tokens),
            });
        });
    });
}

fn about(ui: &mut Ui, document: &Document, tokens: &Tokens) {
    let name = document.name();
    let name = escaped(&name);
    match &document.phase {
        Phase::Failed(problem) => {
            heading(ui, &format!("{name} was not opened"), tokens);
            ui.label(RichText::new(escaped(problem)).color(tokens.problem));
            ui.add_space(20.0);
            lesson(ui, tokens);
        }
        Phase::Opening | Phase::Open(_) => heading(ui, &format!("Opening {name} …"), tokens),
    }
}

fn heading(ui: &mut Ui, text: &str, tokens: &Tokens) {
    ui.label(RichText::new(text).size(22.0).color(tokens.text_strong));
    ui.add_space(8.0);
}

fn lesson(ui: &mut Ui, tokens: &Tokens) {
    heading(ui, "Open a capture", tokens);
    ui.label("A capture is one file with everything a Linux host did, second by second.");
    ui.add_space(14.0);
    step(
        ui,
        "Record on the host",
        "afterimage record -o host.afterimage",
        tokens,
    );
    step(
        ui,
        "Copy the file here",
        "scp host:host.afterimage .",
        tokens,
    );
    step(ui, "Open it", "afterimage-viewer host.afterimage", tokens);
    ui.label("… or drop the file on this window.");
}

fn step(ui: &mut Ui, what: &str, example: &str, tokens: &Tokens) {
    ui.label(RichText::new(what).color(tokens.text_strong));
    Frame::new()
        .fill(tokens.canvas)
        .corner_radius(4.0)
        .inner_margin(Margin::symmetric(10, 6))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(example).monospace());
        });
    ui.add_space(10.0);
}
