//! The page of the process that is followed: who it is, what it did over the time in view, its
//! relatives, and what the kernel log says of it.

mod curves;
mod identity;
mod log;
mod relatives;

use crate::command::Command;
use crate::display::escape::escaped;
use crate::state::Document;
use crate::state::page::Page;
use crate::theme::Tokens;
use egui::{Align, Frame, Label, Layout, Margin, RichText, ScrollArea, Ui};

/// From this width on, words and curves stand beside each other.
const TWO_COLUMNS: f32 = 860.0;

/// Draws it.
pub fn show(
    ui: &mut Ui,
    document: &Document,
    page: &Page,
    can_widen: bool,
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let bar = Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(12, 5));
    bar.show(ui, |ui| title(ui, page, can_widen, out));
    let body = Frame::new().inner_margin(Margin::symmetric(12, 8));
    ScrollArea::vertical()
        .id_salt(("page", page.key.pid.0))
        .auto_shrink(false)
        .show(ui, |ui| {
            body.show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 5.0;
                if ui.available_width() < TWO_COLUMNS {
                    identity::show(ui, document, page, out);
                    curves::show(ui, document, page, out);
                    relatives::show(ui, document, page, out);
                    log::show(ui, document, page, out);
                    return;
                }
                ui.columns(2, |columns| {
                    identity::show(&mut columns[0], document, page, out);
                    relatives::show(&mut columns[0], document, page, out);
                    log::show(&mut columns[0], document, page, out);
                    curves::show(&mut columns[1], document, page, out);
                });
            });
        });
}

fn title(ui: &mut Ui, page: &Page, can_widen: bool, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .button("Close")
                .on_hover_text("Back to the table (Esc)")
                .clicked()
            {
                out.push(Command::ClosePage);
            }
            let widen = if page.is_wide {
                "Beside the table"
            } else {
                "Whole width"
            };
            if can_widen && ui.button(widen).clicked() {
                out.push(Command::TogglePageWidth);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = RichText::new(escaped(&page.row.comm))
                    .size(14.0)
                    .color(tokens.text_strong);
                ui.add(Label::new(name).truncate());
                let pid = format!("pid {}", page.key.pid.0);
                ui.label(RichText::new(pid).color(tokens.text_weak));
            });
        });
    });
}

/// The name of a part of the page.
fn heading(ui: &mut Ui, name: &str) {
    let tokens = Tokens::of(ui.visuals());
    ui.add_space(8.0);
    ui.label(RichText::new(name).strong().color(tokens.text_strong));
}
