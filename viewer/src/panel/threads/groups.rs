//! Threads that do the same: a row for each stack, those that are idle folded into one.

use super::MARGIN;
use super::ink::{self, ROW, safe};
use crate::command::{Command, DumpCommand};
use crate::data::dumps::ReadDump;
use crate::panel::process_table::ink::triangle;
use crate::state::Document;
use crate::state::dumps::Branch;
use crate::theme::Tokens;
use afterimage_analysis::dumps::frame;
use egui::{Rect, ScrollArea, Ui, pos2, vec2};

/// A row of the view.
#[derive(Clone, Copy)]
enum Line {
    Group(usize),
    /// A thread of a group.
    Thread(usize),
    /// A frame of a group's stack.
    Frame(usize, usize),
    Idle {
        groups: usize,
        threads: usize,
    },
}

fn lines(document: &Document, read: &ReadDump) -> Vec<Line> {
    let view = &document.dumps;
    let groups = &read.report.groups;
    let mut all = Vec::new();
    let add = |place: usize, all: &mut Vec<Line>| {
        all.push(Line::Group(place));
        if view.is_open(Branch::Group(place)) {
            let group = &groups[place];
            all.extend((0..group.stack.0.len()).map(|frame| Line::Frame(place, frame)));
            all.extend(group.threads.iter().map(|thread| Line::Thread(*thread)));
        }
    };
    let fitting = view.groups.iter().map(|place| *place as usize);
    let fitting = fitting.filter(|place| *place < groups.len());
    let (idle, busy): (Vec<usize>, Vec<usize>) = fitting.partition(|place| groups[*place].is_idle);
    for place in busy {
        add(place, &mut all);
    }
    if !idle.is_empty() {
        let threads = idle.iter().map(|place| groups[*place].threads.len()).sum();
        all.push(Line::Idle {
            groups: idle.len(),
            threads,
        });
        if view.is_open(Branch::Idle) || !view.search.is_empty() {
            for place in idle {
                add(place, &mut all);
            }
        }
    }
    all
}

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, read: &ReadDump, out: &mut Vec<Command>) {
    let lines = lines(document, read);
    ink::heading(
        ui,
        "Threads with the same state and the same stack, the most first. A click opens a group.",
    );
    if lines.is_empty() {
        return ink::note(ui, "No thread and no method is called so.");
    }
    let area = ScrollArea::vertical().id_salt("groups").auto_shrink(false);
    area.show_rows(ui, ROW, lines.len(), |ui, numbers| {
        for number in numbers {
            match lines[number] {
                Line::Group(place) => group(ui, document, read, (number, place), out),
                Line::Thread(place) => thread(ui, document, read, (number, place), out),
                Line::Frame(group, frame) => one_frame(ui, read, (group, frame)),
                Line::Idle { groups, threads } => {
                    idle(ui, document, (number, groups, threads), out);
                }
            }
        }
    });
}

fn group(
    ui: &mut Ui,
    document: &Document,
    read: &ReadDump,
    (number, place): (usize, usize),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let group = &read.report.groups[place];
    let first = &read.dump.threads[group.threads[0]];
    let name = match (group.threads.len(), group.name.is_empty()) {
        (1, _) => first.called(),
        (_, true) => format!("{} and others", first.called()),
        (_, false) => group.name.clone(),
    };
    let at = frame::telling(first).map(frame::short).unwrap_or_default();
    let count = group.threads.len();
    let state = group.state.name();
    let told = format!("Group of {count} {state}: {}, {}", safe(&name), safe(&at));
    let branch = Branch::Group(place);
    let is_open = document.dumps.is_open(branch);
    let (rect, response) = ink::row(ui, (ROW, number), false, &told);
    let sign = Rect::from_min_size(rect.left_top() + vec2(MARGIN - 4.0, 0.0), vec2(12.0, ROW));
    triangle(ui, sign, is_open, tokens.text_weak);
    let right = pos2(rect.left() + 62.0, rect.center().y);
    let font = egui::FontId::proportional(14.0);
    let anchor = egui::Align2::RIGHT_CENTER;
    ui.painter()
        .text(right, anchor, count.to_string(), font, tokens.text_strong);
    let badge = Rect::from_center_size(pos2(rect.left() + 80.0, rect.center().y), vec2(16.0, 16.0));
    ink::badge(ui, badge, group.state);
    let beside = rect
        .with_min_x(rect.left() + 98.0)
        .with_max_x(rect.right() - MARGIN);
    let names = beside.with_max_x(beside.left() + beside.width() * 0.34);
    ink::text(ui, names, &name, tokens.text_strong, 13.0);
    let beside = beside.with_min_x(names.right() + 10.0);
    ink::text(ui, beside, &at, tokens.text, 12.5);
    if response.clicked() {
        out.push(Command::Dumps(DumpCommand::Turn(branch)));
    }
}

fn thread(
    ui: &mut Ui,
    document: &Document,
    read: &ReadDump,
    (number, place): (usize, usize),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let name = read.dump.threads[place].called();
    let is_chosen = document.dumps.thread.as_ref() == read.keys.get(place);
    let told = format!("Thread {}", safe(&name));
    let (rect, response) = ink::row(ui, (ROW, number), is_chosen, &told);
    let area = rect.with_min_x(rect.left() + 98.0);
    ink::text(ui, area, &name, tokens.running, 12.5);
    if response.clicked() {
        ink::open(read, place, out);
    }
}

fn one_frame(ui: &mut Ui, read: &ReadDump, (group, place): (usize, usize)) {
    let tokens = Tokens::of(ui.visuals());
    let frames = &read.report.groups[group].stack.0;
    let size = vec2(ui.available_width(), ROW);
    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    let name = &*frames[place];
    let is_application = frame::is_application(name);
    let color = if is_application {
        tokens.text_strong
    } else {
        tokens.text_weak
    };
    let area = rect.with_min_x(rect.left() + 110.0);
    ink::text(ui, area, &format!("at {}", frame::short(name)), color, 12.0);
}

fn idle(
    ui: &mut Ui,
    document: &Document,
    (number, groups, threads): (usize, usize, usize),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let words = format!("Idle: {threads} threads in {groups} groups wait for work, as they should");
    let is_open = document.dumps.is_open(Branch::Idle);
    let (rect, response) = ink::row(ui, (ROW, number), false, &words);
    let sign = Rect::from_min_size(rect.left_top() + vec2(MARGIN - 4.0, 0.0), vec2(12.0, ROW));
    triangle(ui, sign, is_open, tokens.text_weak);
    ink::text(
        ui,
        rect.with_min_x(rect.left() + 30.0),
        &words,
        tokens.text_weak,
        13.0,
    );
    if response.clicked() {
        out.push(Command::Dumps(DumpCommand::Turn(Branch::Idle)));
    }
}
