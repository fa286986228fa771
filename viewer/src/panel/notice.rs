//! What a person should know before believing what is shown: which parts of a capture are
//! missing, and words that nobody asked for. Each can be put away.

use crate::command::{Command, DeskCommand};
use crate::data::events::EventRow;
use crate::data::{DAMAGED, Facts, GapBand, Lane, Search};
use crate::display;
use crate::display::escape::escaped;
use crate::paint::icon::{self, Icon};
use crate::state::{Document, State};
use crate::theme::Tokens;
use afterimage_format::time::WallTime;
use egui::{Align, Frame, Layout, Margin, Panel, RichText, ScrollArea, Stroke, Ui};

/// How many stretches of time are listed.
const MOST: usize = 500;

/// Draws what there is to say, between the bar on top and the rest.
pub fn show(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let strip = Frame::new()
        .fill(tokens.panel)
        .stroke(Stroke::new(1.0, tokens.line))
        .inner_margin(Margin::symmetric(12, 6));
    if let Some(word) = &state.desk.word {
        Panel::top("word").frame(strip).show(ui, |ui| {
            let color = if word.is_problem {
                tokens.problem
            } else {
                tokens.text
            };
            let text = RichText::new(escaped(&word.text)).color(color);
            line(
                ui,
                text,
                ("Put this away", DeskCommand::Unsay),
                out,
                |_, _| {},
            );
        });
    }
    let Some(document) = state.document() else {
        return;
    };
    let Some(facts) = document.facts() else {
        return;
    };
    let sentences = sentences(document, facts);
    if sentences.is_empty() || !document.condition.has_notice() {
        return;
    }
    Panel::top("notice").frame(strip).show(ui, |ui| {
        let text = RichText::new(sentences.join(" ")).color(tokens.problem);
        let put_away = ("Put this notice away", DeskCommand::ToggleNotice);
        let is_open = document.condition.is_list_open;
        line(ui, text, put_away, out, |ui, out| {
            let name = if is_open { "Hide" } else { "What is missing" };
            if ui.button(name).clicked() {
                out.push(Command::Desk(DeskCommand::ToggleMissing));
            }
        });
        if is_open {
            list(ui, document, facts, out);
        }
    });
}

/// A sentence, what can be done about it, and the way to put it away.
fn line(
    ui: &mut Ui,
    text: RichText,
    (name, put_away): (&str, DeskCommand),
    out: &mut Vec<Command>,
    more: impl FnOnce(&mut Ui, &mut Vec<Command>),
) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon::button(ui, Icon::Close, (name, name), true).clicked() {
                out.push(Command::Desk(put_away));
            }
            more(ui, out);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(text).wrap());
            });
        });
    });
}

/// What is missing, plainly; nothing when that is nothing.
fn sentences(document: &Document, facts: &Facts) -> Vec<String> {
    let mut sentences = Vec::new();
    if facts.damage.salvaged.is_some() {
        let broken = "This file is broken: shown is what could be salvaged from it. Curves are \
                      hatched where ticks are lost, and lanes where events may be.";
        sentences.push(broken.to_owned());
    }
    if let Some(damage) = display::damage(&facts.damage) {
        sentences.push(format!(
            "This capture is damaged: {damage}. The rest is shown."
        ));
    }
    if let Some(behind) = display::behind(&facts.damage) {
        sentences.push(behind);
    }
    if let Search::Failed(problem) = &document.condition.search {
        let problem = escaped(problem);
        sentences.push(format!(
            "It could not be looked through to its end: {problem}."
        ));
    }
    sentences
}

/// Each stretch of time, which goes there, and each table that lost rows.
fn list(ui: &mut Ui, document: &Document, facts: &Facts, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let lost: Vec<&GapBand> = facts
        .gaps
        .iter()
        .filter(|gap| gap.kind == DAMAGED)
        .collect();
    ui.add_space(4.0);
    ScrollArea::vertical()
        .max_height(180.0)
        // Else it stays as high as it was first, when more is found.
        .min_scrolled_height(180.0)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for gap in lost.iter().take(MOST) {
                stretch(ui, document, gap, out);
            }
            if lost.len() > MOST {
                ui.label(format!("and {} more", lost.len() - MOST));
            }
            lost_parts(ui, document, facts);
            lost_rows(ui, document, facts);
            let words = match &document.condition.search {
                Search::On { done, total } => {
                    format!("Still looking: {done} of {total} chunks.")
                }
                Search::Over => "All of it was looked through.".to_owned(),
                Search::Off | Search::Failed(_) => {
                    "Only what was shown so far was looked at.".to_owned()
                }
            };
            ui.label(RichText::new(words).color(tokens.text_weak));
        });
}

/// What could not be salvaged, and what is left of the tables that may have lost something.
fn lost_parts(ui: &mut Ui, document: &Document, facts: &Facts) {
    for part in facts.damage.salvaged.iter().flatten().take(MOST) {
        let what = escaped(&part.what);
        ui.label(match part.when {
            Some(when) => {
                let when = display::stretch(when, |at| document.moment(at));
                format!("lost: {what}, {when}")
            }
            None => format!("lost: {what}"),
        });
    }
    let Some(events) = &document.timeline.events else {
        return;
    };
    if !facts.damage.has_unknown_losses() {
        return;
    }
    for lane in Lane::ALL.into_iter().filter(|lane| *lane != Lane::Recorder) {
        let rows = events.of(lane);
        let count: usize = rows.iter().map(EventRow::len).sum();
        let first = rows.iter().filter_map(|row| row.times().first()).min();
        let last = rows.iter().filter_map(|row| row.times().last()).max();
        let left = match first.copied().zip(last.copied()) {
            Some((first, last)) => {
                let when = display::stretch((first, last), |at| document.moment(at));
                let events = display::counted(count as u64, "event");
                format!("{events} left, {when}; others may be lost")
            }
            None => "nothing is left, and something may be lost".to_owned(),
        };
        ui.label(format!("{}: {left}", lane.name()));
    }
}

/// The tables that lost rows, and when that was.
fn lost_rows(ui: &mut Ui, document: &Document, facts: &Facts) {
    for lost in &facts.damage.tables {
        let what = display::table(lost.table);
        let when = lost.when.first().zip(lost.when.last());
        let when = when.map(|(first, last)| (first.0, last.1));
        let when = when.filter(|when| *when != (WallTime(i64::MIN), WallTime(i64::MAX)));
        let when = when.map_or(String::new(), |when| {
            format!(", {}", display::stretch(when, |at| document.moment(at)))
        });
        ui.label(if lost.is_torn {
            format!("{what}: damaged, and cannot be read to its end{when}")
        } else {
            let rows = display::counted(lost.rows as u64, "row");
            format!("{what}: {rows} left out{when}")
        });
    }
}

fn stretch(ui: &mut Ui, document: &Document, gap: &GapBand, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let zone = &document.zone;
    let time = |at: WallTime| zone.format(at, "%a %-d %b %H:%M:%S");
    let length = gap.to.since(gap.from);
    let length = length.map_or(display::ABSENT.to_owned(), display::duration);
    ui.horizontal(|ui| {
        let text = format!("{} to {}", time(gap.from), zone.format(gap.to, "%H:%M:%S"));
        let button = ui.button(text).on_hover_text("Go there");
        if button.clicked() {
            out.push(Command::SetCursor(gap.from));
        }
        ui.label(length);
        ui.label(RichText::new(escaped(&gap.detail)).color(tokens.text_weak));
    });
}
