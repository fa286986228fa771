//! What is wrong, the worst first: a sentence each, who is to blame, and what it rests on.

use super::MARGIN;
use super::ink::{self, safe};
use crate::command::{Command, DumpCommand};
use crate::data::dumps::ReadDump;
use crate::explain;
use crate::panel::explained;
use crate::state::Document;
use crate::state::dumps::Branch;
use crate::theme::Tokens;
use afterimage_analysis::dumps::finding::{Evidence, Finding, Party, Severity};
use egui::{
    Color32, CursorIcon, Frame, Label, Margin, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo,
    vec2,
};

/// So many of those who are to blame have a line each at first, and when one looks closer.
const FIRST: usize = 1;
const NAMED: usize = 8;
/// So many of those who suffer are named when one looks closer.
const VICTIMS: usize = 60;

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, read: &ReadDump, out: &mut Vec<Command>) {
    let findings = &read.report.findings;
    if findings.is_empty() {
        return ink::note(
            ui,
            "Nothing is wrong in it: nobody waits long for a lock, no pool is empty, no thread \
             keeps a core.",
        );
    }
    ScrollArea::vertical()
        .id_salt("findings")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (number, finding) in findings.iter().enumerate() {
                one(ui, document, (number, finding), out);
            }
            ui.add_space(8.0);
        });
}

const fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "!!",
        Severity::Warning => "!",
        Severity::Note => "i",
    }
}

const fn color(tokens: &Tokens, severity: Severity) -> Color32 {
    match severity {
        Severity::Critical => tokens.blocked,
        Severity::Warning => tokens.warning,
        Severity::Note => tokens.event,
    }
}

fn one(
    ui: &mut Ui,
    document: &Document,
    (number, finding): (usize, &Finding),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let branch = Branch::Finding(number);
    let is_open = document.dumps.is_open(branch);
    let margin = Margin {
        left: 12,
        right: 12,
        top: 7,
        bottom: 5,
    };
    let drawn = Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.horizontal_top(|ui| {
            mark(ui, finding.severity);
            ui.vertical(|ui| {
                summary(ui, finding, (branch, is_open), out);
                let shown = if is_open { NAMED } else { FIRST };
                for party in finding.suspects.iter().take(shown) {
                    suspect(ui, party, is_open, out);
                }
                let more = finding.suspects.len().saturating_sub(shown);
                if more > 0 && is_open {
                    let words = format!("and {more} more");
                    ui.label(RichText::new(words).color(tokens.text_weak));
                }
                if is_open {
                    details(ui, finding, out);
                }
            });
        });
    });
    let edge = drawn
        .response
        .rect
        .with_max_x(drawn.response.rect.left() + 3.0);
    ui.painter().rect_filled(
        edge.shrink2(vec2(0.0, 2.0)),
        1.0,
        color(tokens, finding.severity),
    );
    let line = egui::Stroke::new(1.0, tokens.grid);
    let under = drawn.response.rect;
    ui.painter()
        .hline(under.x_range().shrink(MARGIN), under.bottom(), line);
}

fn mark(ui: &mut Ui, severity: Severity) {
    let tokens = Tokens::of(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(vec2(20.0, 18.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, severity.name()));
    let color = color(tokens, severity);
    ui.painter()
        .rect_filled(rect, 4.0, color.gamma_multiply(0.25));
    let font = egui::FontId::proportional(13.0);
    let anchor = egui::Align2::CENTER_CENTER;
    ui.painter()
        .text(rect.center(), anchor, sign(severity), font, color);
    response.on_hover_text(severity.name());
}

/// The sentence; a click tells what it rests on.
fn summary(
    ui: &mut Ui,
    finding: &Finding,
    (branch, is_open): (Branch, bool),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let words = safe(&finding.summary);
    let text = RichText::new(&words).size(14.0).color(tokens.text_strong);
    let label = ui.add(
        Label::new(text)
            .wrap()
            .selectable(false)
            .sense(Sense::click()),
    );
    label.widget_info(|| WidgetInfo::selected(Role::Button, true, is_open, &words));
    let entry = explain::figure("finding", finding.kind);
    let label = label.on_hover_cursor(CursorIcon::PointingHand);
    let label = explained::on_hover(label, finding.kind, entry);
    if label.clicked() {
        out.push(Command::Dumps(DumpCommand::Turn(branch)));
    }
}

/// Who may be to blame, and what that thread did: on one line until one looks closer.
fn suspect(ui: &mut Ui, party: &Party, is_open: bool, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let reasons: Vec<String> = party.reasons.iter().map(|reason| safe(reason)).collect();
    let reasons = RichText::new(reasons.join("; ")).color(tokens.text);
    let mut line = |ui: &mut Ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 1.0);
        let arrow = if party.score < 1.0 { "perhaps" } else { "by" };
        ui.label(RichText::new(arrow).color(tokens.text_weak));
        name(ui, party, out);
        let reasons = Label::new(reasons.clone());
        ui.add(if is_open {
            reasons.wrap()
        } else {
            reasons.truncate()
        });
    };
    if is_open {
        ui.horizontal_wrapped(line);
    } else {
        ui.horizontal(|ui| line(ui));
    }
}

/// A name that leads to the page of the thread.
fn name(ui: &mut Ui, party: &Party, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let name = RichText::new(safe(&party.name)).color(tokens.running);
    let link = ui.add(Label::new(name).selectable(false).sense(Sense::click()));
    link.widget_info(|| {
        let words = format!("Thread {}", safe(&party.name));
        WidgetInfo::labeled(Role::Link, true, words)
    });
    let link = link.on_hover_cursor(CursorIcon::PointingHand);
    if link
        .on_hover_text("Its stacks, its CPU and what the kernel says of it")
        .clicked()
    {
        out.push(Command::Dumps(DumpCommand::Called(party.name.clone())));
    }
}

/// What it rests on, who suffers, and what to look at next.
fn details(ui: &mut Ui, finding: &Finding, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    for evidence in &finding.evidence {
        let words = RichText::new(format!("· {}", told(evidence))).color(tokens.text);
        ui.add(Label::new(words).wrap());
    }
    let next = RichText::new(format!("Next: {}", safe(&finding.next))).color(tokens.text_weak);
    ui.add(Label::new(next).wrap());
    if finding.victims.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 2.0);
        ui.label(RichText::new("Who waits:").color(tokens.text_weak));
        for party in finding.victims.iter().take(VICTIMS) {
            name(ui, party, out);
        }
        let more = finding.victims.len().saturating_sub(VICTIMS);
        if more > 0 {
            ui.label(RichText::new(format!("and {more} more")).color(tokens.text_weak));
        }
    });
}

/// `40 threads that wait`, or words.
fn told(evidence: &Evidence) -> String {
    let what = safe(&evidence.what);
    let Some(value) = evidence.value else {
        return what;
    };
    let number = crate::display::count(value);
    let unit = evidence.unit;
    let from = evidence.threshold.map_or(String::new(), |threshold| {
        format!(" (from {} on it counts)", crate::display::count(threshold))
    });
    format!("{what}: {number} {unit}{from}")
}
