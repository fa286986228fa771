//! The panels: each reads the state and pushes commands, and changes nothing itself.

pub mod captures;
pub mod dialog;
pub mod drop;
pub mod empty;
pub mod explained;
pub mod focus;
pub mod heat;
pub mod help;
pub mod kernel_log;
pub mod lanes;
pub mod legend;
mod list;
pub mod load;
pub mod machine;
pub mod measure;
pub mod notice;
pub mod opening;
pub mod overview;
pub mod palette;
pub mod picture;
pub mod pointer;
pub mod process_page;
pub mod process_table;
pub mod processes;
pub mod recent;
pub mod ruler;
pub mod status_bar;
pub mod tabs;
pub mod threads;
pub mod timeline;
pub mod top_bar;
pub mod track;
pub mod transport;
pub mod unreadable;

use crate::command::{Command, DeskCommand};
use crate::state::desk::Divider;
use crate::state::{Document, Part, Phase, State};
use crate::theme::Tokens;
use egui::{CentralPanel, Frame, Margin, Panel, Ui};
use focus::Way;

/// Draws everything.
pub fn show(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let bar = Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(12, 6));
    Panel::top("top bar").frame(bar).show(ui, |ui| {
        focus::part(ui, state, Part::Top, out);
        top_bar::show(ui, state, out);
    });
    let document = state.document();
    notice::show(ui, state, out);
    if document.is_some_and(|document| document.facts().is_some()) {
        Panel::bottom("status bar").frame(bar).show(ui, |ui| {
            focus::part(ui, state, Part::Bottom, out);
            status_bar::show(ui, state, out);
        });
    }
    let canvas = Frame::new().fill(tokens.canvas);
    CentralPanel::default()
        .frame(canvas)
        .show(ui, |ui| match document {
            Some(document) if matches!(document.phase, Phase::Open(_)) => {
                show_document(ui, state, document, out);
            }
            document => empty::show(ui, state, document, out),
        });
    opening::over(ui, state, out);
    picture::show(ui, state, out);
    drop::show(ui, tokens);
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
    let share = state.desk.shares.timeline;
    let chosen = share.map(|share| share * height);
    let shown = Panel::top("timeline")
        .resizable(true)
        .default_size(chosen.unwrap_or_else(|| timeline::usual_height(height)))
        .size_range(200.0..=(height - 100.0).max(201.0))
        .frame(load)
        .show(ui, |ui| {
            // A resizable panel takes its content's size; without this it would creep shut.
            ui.set_min_height(ui.available_height());
            focus::part(ui, state, Part::Curves, out);
            timeline::show(ui, state, document, out);
        });
    let now = shown.response.rect.height() / height;
    keep_share(share, (Divider::Timeline, now), out);
    focus::divider(ui, "timeline", ("Height of the curves", Way::Along), 1.0);
    focus::part(ui, state, Part::Page, out);
    tabs::show(ui, state, document, out);
}

/// Remembers where the window is divided, when that is no longer where it was.
fn keep_share(known: Option<f32>, (divider, now): (Divider, f32), out: &mut Vec<Command>) {
    let is_news = known.is_none_or(|known| (known - now).abs() > 0.004);
    if is_news && now.is_finite() && (0.05..=0.95).contains(&now) {
        out.push(Command::Desk(DeskCommand::Divide(divider, now)));
    }
}
