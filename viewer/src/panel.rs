//! The panels: each reads the state and pushes commands, and changes nothing itself.

pub mod empty;
pub mod explained;
pub mod heat;
pub mod help;
pub mod kernel_log;
pub mod lanes;
pub mod legend;
pub mod machine;
pub mod overview;
pub mod palette;
pub mod pointer;
pub mod process_page;
pub mod process_table;
pub mod processes;
pub mod ruler;
pub mod status_bar;
pub mod tabs;
pub mod timeline;
pub mod top_bar;
pub mod track;
pub mod transport;

use crate::command::Command;
use crate::state::{Document, Phase, State};
use crate::theme::Tokens;
use egui::{CentralPanel, Frame, Margin, Panel, Ui};

/// Draws everything.
pub fn show(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let bar = Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(12, 6));
    Panel::top("top bar")
        .frame(bar)
        .show(ui, |ui| top_bar::show(ui, state, out));
    let document = state.document();
    if document.is_some_and(|document| document.facts().is_some()) {
        Panel::bottom("status bar")
            .frame(bar)
            .show(ui, |ui| status_bar::show(ui, state, out));
    }
    let canvas = Frame::new().fill(tokens.canvas);
    CentralPanel::default()
        .frame(canvas)
        .show(ui, |ui| match document {
            Some(document) if matches!(document.phase, Phase::Open(_)) => {
                show_document(ui, state, document, out);
            }
            document => empty::show(ui, document),
        });
    if state.help {
        help::show(ui, state, out);
    }
    if let Some(open) = &state.palette {
        palette::show(ui, state, open, out);
    }
}

fn show_document(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let height = ui.available_height();
    let load = Frame::new().fill(tokens.canvas);
    Panel::top("timeline")
        .resizable(true)
        .default_size(timeline::usual_height(height))
        .size_range(250.0..=(height - 100.0).max(251.0))
        .frame(load)
        .show(ui, |ui| {
            // A resizable panel takes its content's size; without this it would creep shut.
            ui.set_min_height(ui.available_height());
            timeline::show(ui, state, document, out);
        });
    tabs::show(ui, state, document, out);
}
