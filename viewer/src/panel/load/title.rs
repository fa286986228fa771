//! The load at the cursor in words, and what its tasks are grouped by.

use super::MARGIN;
use crate::command::Command;
use crate::data::LoadMoment;
use crate::display;
use crate::explain;
use crate::panel::explained;
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_analysis::load::{By, Counts, words};
use egui::{Align, Button, Frame, Label, Layout, Margin, RichText, Ui};

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, moment: &LoadMoment, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let margin = Margin {
        left: 12,
        right: 12,
        top: 7,
        bottom: 6,
    };
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                choices(ui, document.load.by, out);
                ui.add_space(MARGIN);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let load = RichText::new(load_words(&moment.counts));
                    let load = load.size(16.0).strong().color(tokens.text_strong);
                    let label = ui.add(Label::new(load).selectable(false));
                    explained::on_hover(label, "Load", explain::figure("load", "recorded"));
                    let by = match document.load.by {
                        By::Wchan => By::Command,
                        by => by,
                    };
                    let sentence = words(moment.by(by), 1);
                    let sentence = RichText::new(sentence).size(14.0).color(tokens.text);
                    ui.add(Label::new(sentence).truncate());
                });
            });
        });
        let rest = RichText::new(&moment.residual).color(tokens.text_weak);
        let label = ui.add(Label::new(rest).truncate());
        explained::on_hover(label, "Not seen", explain::figure("load", "not_seen"));
    });
}

/// `Load 23.10`, and the averages over longer.
fn load_words(counts: &Counts) -> String {
    let of = |place: usize| {
        let load = counts.load_hundredths[place].ok();
        load.map_or(display::ABSENT.to_owned(), |load| {
            display::load(load as f64 / 100.0)
        })
    };
    format!("Load {}", of(0))
}

/// From the right.
fn choices(ui: &mut Ui, by: By, out: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.x = 4.0;
    for choice in By::ALL.into_iter().rev() {
        let (name, hint) = match choice {
            By::Process => (
                "Process",
                "One row for each process, with all of its threads",
            ),
            By::Command => ("Command", "Processes of the same name together"),
            By::User => ("User", "Processes of the same user together"),
            By::Wchan => ("Wait", "By the function of the kernel that tasks wait in"),
        };
        let button = Button::selectable(by == choice, name);
        if ui.add(button).on_hover_text(hint).clicked() && by != choice {
            out.push(Command::GroupLoadBy(choice));
        }
    }
    let tokens = Tokens::of(ui.visuals());
    ui.label(RichText::new("by").color(tokens.text_weak));
}
