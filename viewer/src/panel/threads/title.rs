//! Which dump it is, how many threads were in which state, and what of it can be shown.

use super::compare;
use super::ink::{self, STATES, safe};
use crate::command::{Command, DumpCommand};
use crate::data::DumpContent;
use crate::data::dumps::{Outcome, ReadDump, known_pid, outcome, process_words, time_words};
use crate::explain;
use crate::panel::explained;
use crate::panel::measure::button_width;
use crate::state::dumps::DumpPage;
use crate::state::{Document, Focus, State};
use crate::theme::Tokens;
use afterimage_analysis::dumps::model::State as Of;
use afterimage_format::capture::StoredDump;
use egui::{
    Align, Button, Frame, Id, Key, Label, Layout, Margin, Modifiers, RichText, Role, Sense,
    TextEdit, Ui, WidgetInfo, vec2,
};

/// The gap between two buttons in a row.
const BETWEEN: f32 = 4.0;
/// How wide the field that looks for text is, and where there is little room.
const SEARCH: f32 = 210.0;
const LEAST_SEARCH: f32 = 100.0;
/// What the row and the field take around what stands in them.
const AROUND_SEARCH: f32 = 24.0 + 8.0 + 2.0 * BETWEEN;

/// Draws the first lines.
pub(super) fn show(
    ui: &mut Ui,
    document: &Document,
    (shown, content): (&StoredDump, Option<&DumpContent>),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let margin = Margin::symmetric(12, 6);
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.horizontal(|ui| {
            let name = process_words(&shown.facts);
            let name = RichText::new(name)
                .size(16.0)
                .strong()
                .color(tokens.text_strong);
            let at = document.moment(shown.facts.wall);
            process(ui, shown, name, out);
            let at = RichText::new(at).size(16.0).color(tokens.text_strong);
            ui.add(Label::new(at).selectable(false));
            let words = RichText::new(words(document, shown, content)).color(tokens.text_weak);
            ui.add(Label::new(words).truncate());
        });
        if let Some(read) = content.and_then(|content| content.read.as_ref()) {
            states(ui, read);
        }
    });
}

/// Whose dump it is; a click shows that process, where it is known.
fn process(ui: &mut Ui, shown: &StoredDump, name: RichText, out: &mut Vec<Command>) {
    let Some(pid) = known_pid(&shown.facts) else {
        ui.add(Label::new(name).selectable(false))
            .on_hover_text("The file that this dump was brought in from does not tell its pid.");
        return;
    };
    let process = ui.add(Button::new(name).frame(false));
    let process = process.on_hover_text("The process at that moment");
    if process.clicked() {
        out.push(Command::FollowPid(pid, shown.facts.wall));
    }
}

/// What it runs on, what it was taken for, how long it stood still, and whether it is from before
/// the cursor.
fn words(document: &Document, shown: &StoredDump, content: Option<&DumpContent>) -> String {
    let facts = &shown.facts;
    let mut parts = Vec::new();
    if facts.wall > document.log_instant() {
        parts.push("after the cursor; there is none before it".to_owned());
    }
    if let Some(problem) = content.and_then(|content| content.problem.as_deref()) {
        parts.push(problem.to_owned());
    }
    let read = content.and_then(|content| content.read.as_ref());
    if let Some(read) = read {
        let unknown = read.dump.unknown.count;
        if unknown > 0 {
            parts.push(format!("{unknown} lines of it are not understood"));
        }
        if read.dump.is_truncated {
            parts.push("its end is missing".to_owned());
        }
    }
    if outcome(facts.status) == Outcome::Taken && facts.status.name() != "ok" {
        parts.push(facts.status.name().to_owned());
    }
    let trigger = match (safe(&facts.trigger), safe(&facts.trigger_detail)) {
        (trigger, _) if trigger.is_empty() => None,
        (trigger, detail) if detail.is_empty() => Some(format!("taken for: {trigger}")),
        (trigger, detail) => Some(format!("taken for: {trigger} ({detail})")),
    };
    parts.extend(trigger);
    parts.extend(
        facts
            .pause
            .map(|pause| format!("it stood still for {}", time_words(pause))),
    );
    parts.extend(facts.vm.as_deref().map(safe));
    parts.join(" · ")
}

/// A bar of how many threads are in which state, each with its number and its name.
fn states(ui: &mut Ui, read: &ReadDump) {
    let tokens = Tokens::of(ui.visuals());
    let report = &read.report;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        let total = format!("{} threads", report.total);
        ui.label(RichText::new(total).color(tokens.text_strong));
        for state in STATES {
            let count = report.count(state);
            if count > 0 {
                one_state(ui, state, count);
            }
        }
        if report.virtual_threads > 0 {
            let words = format!("{} virtual", report.virtual_threads);
            ui.label(RichText::new(words).color(tokens.text));
        }
        if !report.only_wait.is_empty() {
            let words = format!("{} of the RUNNABLE only wait", report.only_wait.len());
            let words = RichText::new(words).color(tokens.text_weak);
            // In the next row as a whole, where there is no room for it in this one.
            let label = ui.add(Label::new(words).extend());
            explained::on_hover(label, "RUNNABLE", explain::figure("dumps", "only_wait"));
        }
    });
}

fn one_state(ui: &mut Ui, state: Of, count: usize) {
    let tokens = Tokens::of(ui.visuals());
    let color = ink::color(tokens, state);
    let words = format!("{count} {}", state.name());
    let font = egui::FontId::proportional(13.0);
    let galley = ui
        .painter()
        .layout_no_wrap(words.clone(), font, tokens.text_strong);
    let size = vec2(galley.size().x + 20.0, 18.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    let badge = egui::Rect::from_min_size(rect.left_top() + vec2(0.0, 1.0), vec2(16.0, 16.0));
    ink::badge(ui, badge, state);
    let at = rect.left_center() + vec2(20.0, -galley.size().y / 2.0);
    ui.painter().galley(at, galley, color);
    explained::on_hover(
        response,
        state.name(),
        explain::figure("dumps", state.name()),
    );
}

/// The ways to look at it, and the field that looks for text.
pub(super) fn choices(
    ui: &mut Ui,
    state: &State,
    document: &Document,
    read: &ReadDump,
    out: &mut Vec<Command>,
) {
    let title = |page| match page {
        DumpPage::Findings => format!("Findings {}", read.report.findings.len()),
        page => page.title().to_owned(),
    };
    let pages = DumpPage::ALL.map(|page| button_width(ui, &title(page)) + BETWEEN);
    let pinned = document.dumps.pinned.as_ref().map_or(0.0, |pinned| {
        let words = format!("compared with {}", document.moment(pinned.at));
        button_width(ui, &words) + BETWEEN
    });
    let pin = button_width(ui, "Unpin") + pinned;
    let beside = pages.iter().sum::<f32>() + pin + AROUND_SEARCH;
    let field = (ui.available_width() - beside).min(SEARCH);
    let has_room = field >= LEAST_SEARCH;
    bar(ui, has_room, |ui| {
        ui.spacing_mut().item_spacing.x = BETWEEN;
        for page in DumpPage::ALL {
            let is_on = document.dumps.page == page;
            let title = title(page);
            let button = ui.add(Button::selectable(is_on, title));
            let entry = explain::figure("dumps", page.key());
            let button = explained::on_hover(button, page.title(), entry);
            if button.clicked() && !is_on {
                out.push(Command::Dumps(DumpCommand::Show(page)));
            }
        }
        if has_room {
            let from_right = Layout::right_to_left(Align::Center);
            ui.with_layout(from_right, |ui| {
                search(ui, state, (document, field), out);
                compare::pin(ui, document, out);
            });
        }
    });
    if !has_room {
        search_and_pin(ui, state, document, out);
    }
}

/// In a narrow window, under the ways to look at it.
fn search_and_pin(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    bar(ui, true, |ui| {
        let from_right = Layout::right_to_left(Align::Center);
        ui.with_layout(from_right, |ui| {
            search(ui, state, (document, SEARCH), out);
            compare::pin(ui, document, out);
        });
    });
}

/// The field alone.
pub(super) fn search_bar(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    bar(ui, true, |ui| {
        let from_right = Layout::right_to_left(Align::Center);
        ui.with_layout(from_right, |ui| search(ui, state, (document, SEARCH), out));
    });
}

/// A row of controls, or more rows than one when they may be.
fn bar(ui: &mut Ui, is_one_row: bool, add: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui.visuals());
    let frame = Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(12, 3));
    frame.show(ui, |ui| {
        if is_one_row {
            ui.horizontal(|ui| {
                ui.set_min_width(ui.available_width());
                add(ui);
            });
        } else {
            ui.set_min_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = BETWEEN;
            ui.horizontal_wrapped(add);
        }
    });
}

fn search(ui: &mut Ui, state: &State, (document, width): (&Document, f32), out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let view = &document.dumps;
    let mut text = view.search.clone();
    let hint = "Thread, method or text (/)";
    let field = TextEdit::singleline(&mut text)
        .id(Id::unique("search in thread dumps"))
        .hint_text(hint)
        .desired_width(width);
    let response = ui.add(field);
    response.widget_info(|| WidgetInfo {
        label: Some("Search in the dump".to_owned()),
        ..WidgetInfo::text_edit(true, view.search.as_str(), text.as_str(), hint)
    });
    if state.focus == Some(Focus::Dumps) {
        response.request_focus();
        out.push(Command::FocusTaken);
    }
    if text != view.search {
        out.push(Command::Dumps(DumpCommand::Search(text)));
    } else if response.lost_focus() {
        let (enter, back) = ui.input(|input| {
            let enter = input.key_pressed(Key::Enter);
            (
                enter,
                enter && input.modifiers.matches_logically(Modifiers::SHIFT),
            )
        });
        if enter {
            out.push(Command::Dumps(DumpCommand::NextMatch(if back {
                -1
            } else {
                1
            })));
            response.request_focus();
        }
    }
    if view.page == DumpPage::Text && !view.search.is_empty() {
        let at = view.found_at.map_or(0, |at| at + 1);
        let words = format!("{at} of {} lines", view.found.len());
        ui.label(RichText::new(words).color(tokens.text_weak));
    }
}
