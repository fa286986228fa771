//! One line of the kernel log: when, how severe, whom it names, and what it says.

use crate::command::Command;
use crate::data::LogEntry;
use crate::display::escape::escaped;
use crate::display::severity;
use crate::panel::process_table::ink::{Ink, text_in};
use crate::state::Document;
use crate::theme::Tokens;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Link, Rect, RichText, Sense, Ui, UiBuilder, pos2, vec2};

pub(super) const PADDING: f32 = 12.0;

/// A column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Time,
    Severity,
    Process,
    Text,
}

impl Part {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Time => "Time",
            Self::Severity => "Severity",
            Self::Process => "Process",
            Self::Text => "Message",
        }
    }

    /// The name it is explained under.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Severity => "severity",
            Self::Process => "process",
            Self::Text => "message",
        }
    }
}

/// How a screen reader, and a test, calls a line.
pub(super) fn name(document: &Document, entry: &LogEntry) -> String {
    let at = time(document, entry);
    let text = escaped(&entry.text);
    format!("{at} {}: {text}", severity(entry.severity))
}

/// With its day, and with milliseconds: the kernel logs many lines within a second.
fn time(document: &Document, entry: &LogEntry) -> String {
    document.zone.format(entry.at, "%d %b  %H:%M:%S%.3f")
}

fn color(tokens: &Tokens, severity: u8) -> Color32 {
    match severity {
        0..=3 => tokens.problem,
        4 => tokens.warning,
        5 => tokens.text_strong,
        6 => tokens.text,
        _ => tokens.text_weak,
    }
}

/// Draws a cell.
pub(super) fn cell(
    ui: &mut Ui,
    document: &Document,
    entry: &LogEntry,
    part: Part,
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let area = ui.max_rect().shrink2(vec2(PADDING, 0.0));
    let ink = |color| Ink {
        color,
        is_struck: false,
        size: 13.0,
    };
    match part {
        Part::Time => {
            text_in(ui, area, &time(document, entry), ink(tokens.text_weak));
        }
        Part::Severity => {
            let color = match entry.severity {
                6.. => tokens.text_weak,
                severity => color(tokens, severity),
            };
            text_in(ui, area, severity(entry.severity), ink(color));
        }
        Part::Process => process(ui, area, entry, out),
        Part::Text => text(ui, document, area, entry),
    }
}

/// The process that it names, to be looked at as it was then.
fn process(ui: &mut Ui, area: Rect, entry: &LogEntry, out: &mut Vec<Command>) {
    let Some(pid) = entry.pid else { return };
    ui.scope_builder(UiBuilder::new().max_rect(area), |ui| {
        let words = RichText::new(format!("pid {}", pid.0));
        let hint = if entry.is_kill {
            "Show the process that was killed, as it was at that moment"
        } else {
            "Show this process as it was at that moment"
        };
        if ui.add(Link::new(words)).on_hover_text(hint).clicked() {
            out.push(Command::FollowPid(pid, entry.at));
        }
    });
}

fn text(ui: &Ui, document: &Document, area: Rect, entry: &LogEntry) {
    let tokens = Tokens::of(ui.visuals());
    let shown = escaped(&entry.text);
    let mut job = LayoutJob::default();
    let color = color(tokens, entry.severity);
    let mut from = 0;
    for found in found(&shown, &document.log.search) {
        job.append(&shown[from..found.start], 0.0, format(color, None));
        let mark = Some((tokens.changed, tokens.canvas));
        job.append(&shown[found.clone()], 0.0, format(color, mark));
        from = found.end;
    }
    job.append(&shown[from..], 0.0, format(color, None));
    job.wrap = TextWrapping::truncate_at_width(area.width().max(1.0));
    let galley = ui.painter().layout_job(job);
    let is_cut = galley.elided;
    let place = pos2(area.left(), area.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, color);
    if is_cut && ui.rect_contains_pointer(area) {
        let response = ui.interact(area, ui.scope_id().with("all"), Sense::hover());
        response.on_hover_ui(|ui| {
            ui.set_max_width(720.0);
            ui.label(shown);
        });
    }
}

fn format(color: Color32, mark: Option<(Color32, Color32)>) -> TextFormat {
    TextFormat {
        // The kernel aligns its tables with blanks.
        font_id: FontId::monospace(12.0),
        color: mark.map_or(color, |(_, ink)| ink),
        background: mark.map_or(Color32::TRANSPARENT, |(paper, _)| paper),
        ..TextFormat::default()
    }
}

/// Where the text that is looked for stands, when its letters are those of the alphabet that
/// keep their place whatever their case.
fn found(text: &str, search: &str) -> Vec<std::ops::Range<usize>> {
    if search.is_empty() || !search.is_ascii() {
        return vec![];
    }
    let (lower, search) = (text.to_ascii_lowercase(), search.to_ascii_lowercase());
    let all = lower.match_indices(&search);
    all.map(|(at, found)| at..at + found.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_marked_in_the_line() {
        assert_eq!(found("Link is linked 한글", "LINK"), [0..4, 8..12]);
        assert_eq!(found("한글 link", "link").first(), Some(&(7..11)));
        assert!(found("abc", "").is_empty());
        assert!(
            found("Größe", "größe").is_empty(),
            "marked nowhere, but it is found"
        );
    }
}
