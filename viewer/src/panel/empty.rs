//! The window without a capture: what to do, how far opening one is, or what went wrong.

use crate::command::Command;
use crate::display::escape::escaped;
use crate::panel::opening;
use crate::state::{Document, Phase, State};
use crate::theme::Tokens;
use egui::{Align, Frame, Layout, Margin, RichText, ScrollArea, Stroke, Ui, vec2};

/// From this width on what to do stands beside the way to open a file.
const BESIDE: f32 = 980.0;
const WIDE: f32 = 900.0;
const NARROW: f32 = 580.0;

/// What to do on the host and here, in order.
const STEPS: [(&str, &str); 3] = [
    ("Record on the host", "afterimage record -o host.afterimage"),
    ("Copy the file here", "scp host:host.afterimage ."),
    ("Look at it", "afterimage-viewer host.afterimage"),
];

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, document: Option<&Document>, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.with_layout(Layout::top_down(Align::Center), |ui| {
                ui.add_space((ui.ctx().content_rect().height() * 0.14).max(12.0));
                let card = Frame::new()
                    .fill(tokens.panel)
                    .stroke(Stroke::new(1.0, tokens.line))
                    .corner_radius(10.0)
                    .inner_margin(Margin::symmetric(36, 30));
                let is_wide = ui.available_width() >= BESIDE && !is_opening(document);
                let width = if is_wide { WIDE } else { NARROW };
                let width = width.min(ui.available_width() - 90.0);
                card.show(ui, |ui| {
                    ui.set_width(width);
                    ui.with_layout(Layout::top_down(Align::Min), |ui| {
                        content(ui, state, document, is_wide, out);
                    });
                });
                ui.add_space(12.0);
            });
        });
}

fn is_opening(document: Option<&Document>) -> bool {
    document.is_some_and(|document| !matches!(document.phase, Phase::Failed(_)))
}

fn content(
    ui: &mut Ui,
    state: &State,
    document: Option<&Document>,
    is_wide: bool,
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    if let Some(document) = document {
        let name = escaped(&document.name());
        let Phase::Failed(problem) = &document.phase else {
            heading(ui, &format!("Opening {name} …"), tokens);
            return opening::progress(ui, document, out);
        };
        heading(ui, &format!("{name} was not opened"), tokens);
        opening::failed(ui, document, problem, out);
        ui.add_space(18.0);
        ui.separator();
        ui.add_space(14.0);
    }
    if !is_wide {
        open(ui, state, tokens, out);
        ui.add_space(22.0);
        lesson(ui, tokens, out);
        return;
    }
    let half = (ui.available_width() - 48.0) / 2.0;
    ui.horizontal_top(|ui| {
        let column = |ui: &mut Ui, add: &mut dyn FnMut(&mut Ui)| {
            ui.allocate_ui_with_layout(vec2(half, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(half);
                add(ui);
            });
        };
        column(ui, &mut |ui| open(ui, state, tokens, out));
        ui.add_space(32.0);
        column(ui, &mut |ui| lesson(ui, tokens, out));
    });
}

fn heading(ui: &mut Ui, text: &str, tokens: &Tokens) {
    ui.label(RichText::new(text).size(22.0).color(tokens.text_strong));
    ui.add_space(8.0);
}

fn open(ui: &mut Ui, state: &State, tokens: &Tokens, out: &mut Vec<Command>) {
    heading(ui, "Open a capture", tokens);
    ui.label("One file with everything a Linux host did, second by second.");
    ui.add_space(14.0);
    opening::ways(ui, state, out);
}

fn lesson(ui: &mut Ui, tokens: &Tokens, out: &mut Vec<Command>) {
    heading(ui, "Make one", tokens);
    ui.label("Three commands, from the host to this window.");
    ui.add_space(14.0);
    for (number, (what, example)) in STEPS.into_iter().enumerate() {
        let title = format!("{}  {what}", number + 1);
        ui.label(RichText::new(title).color(tokens.text_strong));
        Frame::new()
            .fill(tokens.canvas)
            .stroke(Stroke::new(1.0, tokens.grid))
            .corner_radius(5.0)
            .inner_margin(Margin::symmetric(10, 5))
            .show(ui, |ui| {
                ui.horizontal(|ui| example_line(ui, (what, example), out));
            });
        ui.add_space(10.0);
    }
}

/// A command, and a button that copies it.
fn example_line(ui: &mut Ui, (what, example): (&str, &str), out: &mut Vec<Command>) {
    ui.set_width(ui.available_width());
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let copy = ui
            .small_button("Copy")
            .on_hover_text("Put this command on the clipboard");
        copy.widget_info(|| {
            let name = format!("Copy: {what}");
            egui::WidgetInfo::labeled(egui::Role::Button, true, name)
        });
        if copy.clicked() {
            out.push(Command::CopyText(example.to_owned()));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(egui::Label::new(RichText::new(example).monospace()).truncate());
        });
    });
}
