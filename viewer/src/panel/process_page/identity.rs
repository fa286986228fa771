//! Who the process is, and its whole command line.

use crate::command::Command;
use crate::display::{self, escape::escaped};
use crate::explain;
use crate::panel::explained;
use crate::state::Document;
use crate::state::page::Page;
use crate::state::table::Column;
use crate::theme::Tokens;
use afterimage_analysis::ending::Ending;
use afterimage_analysis::oom::oom_kill;
use afterimage_format::process::Pid;
use egui::{Align, Frame, Grid, Label, Layout, Link, Margin, RichText, Ui};

/// What is told of it, in this order.
const TOLD: [Column; 12] = [
    Column::State,
    Column::User,
    Column::Started,
    Column::Age,
    Column::CpuTime,
    Column::Rss,
    Column::Threads,
    Column::Descriptors,
    Column::Nice,
    Column::OomScoreAdj,
    Column::Wchan,
    Column::Cgroup,
];

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, page: &Page, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    if !page.is_there {
        absence(ui, document, page, out);
    }
    command_line(ui, page, out);
    let pairs = match ui.available_width() {
        ..420.0 => 1,
        ..620.0 => 2,
        _ => 3,
    };
    Grid::new("identity")
        .num_columns(2 * pairs)
        .spacing([14.0, 4.0])
        .show(ui, |ui| {
            name(ui, Column::Ppid, tokens);
            parent(ui, document, page, out);
            for (place, column) in TOLD.into_iter().enumerate() {
                if (place + 1) % pairs == 0 {
                    ui.end_row();
                }
                name(ui, column, tokens);
                told(ui, document, page, column, tokens);
            }
            ui.end_row();
        });
}

/// It is not there at the cursor: why, and a way to where it was.
fn absence(ui: &mut Ui, document: &Document, page: &Page, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let at = document.shown_at().unwrap_or(document.time.cursor);
    let is_later = page.row.started.is_ok_and(|started| at < started);
    let seen = page.life.as_ref().and_then(|life| life.seen);
    let words = if is_later {
        "It had not started yet at the cursor. This is as it was when it was last shown.".to_owned()
    } else {
        format!("It was gone at the cursor. {}", ended(document, page))
    };
    Frame::new()
        .fill(tokens.grid)
        .corner_radius(4.0)
        .inner_margin(Margin::symmetric(8, 5))
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(words).color(tokens.problem));
                let Some((first, last)) = seen else { return };
                let (to, name) = if is_later {
                    (Some(first), "first")
                } else {
                    (last, "last")
                };
                if let Some(to) = to {
                    let text = format!("Go to where it was {name} seen, {}", document.moment(to));
                    if ui.add(Link::new(text)).clicked() {
                        out.push(Command::SetCursor(to));
                    }
                }
            });
        });
}

/// How it ended, where the kernel log tells, or where the kernel told of its end.
fn ended(document: &Document, page: &Page) -> String {
    let Some(life) = &page.life else {
        return String::new();
    };
    let lines = life.log.iter().rev().filter(|line| line.names_pid);
    let mut kills = lines.filter_map(|line| Some((line.at, oom_kill(&line.text)?)));
    let kill = kills.find(|(_, kill)| kill.pid == page.key.pid.0);
    if let Some((at, kill)) = kill {
        let why = if kill.is_in_cgroup {
            "its cgroup had no memory left"
        } else {
            "the machine had no memory left"
        };
        let at = document.moment(at);
        return format!("The OOM killer killed it at {at}: {why}.");
    }
    if let Some((at, ending)) = life.ending {
        let at = document.moment(at);
        return match ending {
            Ending::Exited(_) => format!("It ended at {at} with exit status {ending}."),
            Ending::Killed { .. } => format!("It was killed at {at} by {ending}."),
        };
    }
    match life.seen {
        Some((_, Some(last))) => {
            let last = document.moment(last);
            format!("It was last seen at {last}; how it ended was not recorded.")
        }
        _ => "How it ended was not recorded.".to_owned(),
    }
}

fn command_line(ui: &mut Ui, page: &Page, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let title = escaped(&page.row.title());
    Frame::new()
        .fill(tokens.panel)
        .corner_radius(4.0)
        .inner_margin(Margin::symmetric(8, 6))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let text = RichText::new(title.as_str()).color(tokens.text_strong);
            // A page of columns is set even on both sides, which would put blanks into it.
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.add(Label::new(text).wrap().selectable(true));
            });
            ui.horizontal(|ui| {
                if ui.small_button("Copy command line").clicked() {
                    out.push(Command::CopyText(title));
                }
            });
        });
}

fn name(ui: &mut Ui, column: Column, tokens: &Tokens) {
    let name = RichText::new(column.title()).color(tokens.text_weak);
    let label = ui.add(Label::new(name).selectable(false));
    explained::on_hover(label, column.title(), explain::column(column));
}

fn told(ui: &mut Ui, document: &Document, page: &Page, column: Column, tokens: &Tokens) {
    match page.row.value(column) {
        Ok(value) => {
            let written = display::value(column, &value, &document.zone).join();
            let text = RichText::new(written).color(tokens.text);
            let label = match column {
                Column::Cgroup | Column::Wchan => Label::new(text).truncate(),
                _ => Label::new(text).extend(),
            };
            let label = ui.add(label);
            if let (Column::State, Ok(letter)) = (column, page.row.state) {
                explained::on_hover(label, display::state(letter), explain::state(letter));
            }
        }
        Err(missing) => {
            let dash = RichText::new(display::ABSENT).color(tokens.text_weak);
            ui.add(Label::new(dash).selectable(false))
                .on_hover_text(missing.to_string());
        }
    }
}

/// The parent as a link, with its name.
fn parent(ui: &mut Ui, document: &Document, page: &Page, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let Ok(Pid(pid)) = page.row.ppid else {
        ui.label(display::ABSENT);
        return;
    };
    let rows = document.rows().map(|rows| rows.all()).unwrap_or_default();
    let parent = rows.iter().find(|seen| seen.row.key.pid == Pid(pid));
    if let Some(parent) = parent {
        let text = format!("{pid}  {}", escaped(&parent.row.comm));
        if ui.add(Link::new(text)).clicked() {
            out.push(Command::Follow(parent.row.key));
        }
        return;
    }
    let words = match pid {
        0 => "none: the kernel started it".to_owned(),
        _ => pid.to_string(),
    };
    ui.label(RichText::new(words).color(tokens.text));
}
