//! What stands where there is no dump: how one is taken, or why there is none.

use super::MARGIN;
use super::ink::safe;
use crate::command::Command;
use crate::data::DumpContent;
use crate::explain;
use crate::paint::hatch::hatch;
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_format::capture::StoredDump;
use afterimage_format::thread_dump::DumpStatus;
use egui::{Align, Frame, Label, Layout, Margin, RichText, ScrollArea, Sense, Stroke, Ui, vec2};

/// The ways to have dumps.
const WAYS: [(&str, &str); 3] = [
    (
        "Let the recorder take dumps by itself when something goes wrong",
        "afterimage record --thread-dumps",
    ),
    (
        "Take one now, of a process or of all",
        "afterimage dump PID",
    ),
    (
        "See which processes would refuse, and why",
        "afterimage doctor",
    ),
];

/// There is none in the capture.
pub(super) fn show(ui: &mut Ui, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let margin = Margin::symmetric(24, 16);
    let scrolled = ScrollArea::vertical().id_salt("no dump").auto_shrink(false);
    let framed = |ui: &mut Ui| {
        ui.spacing_mut().item_spacing.y = 5.0;
        let title = "No thread dump is in this capture";
        ui.label(RichText::new(title).size(18.0).color(tokens.text_strong));
        let words = "A thread dump says what each thread of a program does at one moment, and who holds the \
                     lock that others wait for. It is off at first, as it makes the program stand still for \
                     some milliseconds.";
        ui.add(Label::new(RichText::new(words).color(tokens.text)).wrap());
        ui.add_space(8.0);
        for (what, command) in WAYS {
            ui.label(RichText::new(what).color(tokens.text_strong));
            Frame::new()
                .fill(tokens.panel)
                .stroke(Stroke::new(1.0, tokens.grid))
                .corner_radius(5.0)
                .inner_margin(Margin::symmetric(10, 5))
                .show(ui, |ui| line(ui, (what, command), out));
            ui.add_space(4.0);
        }
    };
    scrolled.show(ui, |ui| Frame::new().inner_margin(margin).show(ui, framed));
}

fn line(ui: &mut Ui, (what, command): (&str, &str), out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.set_max_width(560.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let copy = ui.small_button("Copy");
            copy.widget_info(|| {
                let name = format!("Copy: {what}");
                egui::WidgetInfo::labeled(egui::Role::Button, true, name)
            });
            if copy.clicked() {
                out.push(Command::CopyText(command.to_owned()));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(command).monospace()).truncate());
            });
        });
    });
}

/// It was refused, or failed.
pub(super) fn refused(ui: &mut Ui, document: &Document, shown: &StoredDump) {
    let facts = &shown.facts;
    let (title, key) = match facts.status {
        DumpStatus::Refused => ("There is no dump: the process was not asked", "refused"),
        DumpStatus::Timeout => (
            "There is no dump: the process did not answer in time",
            "timeout",
        ),
        _ => (
            "There is no dump: it was asked for, and did not work",
            "failed",
        ),
    };
    let entry = explain::figure("dumps", key);
    let detail = if facts.detail.is_empty() {
        "No reason was recorded.".to_owned()
    } else {
        safe(&facts.detail)
    };
    let next = entry.map_or("", |entry| entry.high.as_str());
    let at = document.moment(facts.wall);
    words(ui, &format!("{title} ({at})"), &detail, next);
}

/// It was taken, and there is no text of it.
pub(super) fn no_text(ui: &mut Ui, document: &Document, content: &DumpContent) {
    let entry = document.dumps.entry(content.id);
    let is_kernel = entry.is_some_and(|dump| dump.raw_bytes.is_none());
    if is_kernel && !content.kernel.others.is_empty() {
        return;
    }
    let otherwise = if is_kernel {
        "Nothing came of it."
    } else {
        "It is damaged in the file, or a dump that it is packed beside is."
    };
    let why = content.problem.as_deref().unwrap_or(otherwise);
    words(ui, "There is no text", &safe(why), "");
}

fn words(ui: &mut Ui, title: &str, detail: &str, next: &str) {
    let tokens = Tokens::of(ui.visuals());
    let margin = Margin::symmetric(12, 8);
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), Sense::hover());
        hatch(&ui.painter().with_clip_rect(rect), rect, tokens.hatch);
        ui.label(RichText::new(title).size(15.0).color(tokens.problem));
        ui.add(Label::new(RichText::new(detail).size(14.0).color(tokens.text_strong)).wrap());
        if !next.is_empty() {
            ui.add(Label::new(RichText::new(next).color(tokens.text_weak)).wrap());
        }
        ui.add_space(MARGIN - 8.0);
    });
}
