//! The bar above the kernel log: the search, how severe a line must be, and whether the list
//! follows the cursor.

use crate::command::{Command, LogCommand};
use crate::panel::process_table::copy_menu;
use crate::state::log::AtLeast;
use crate::state::{Document, Focus, State};
use crate::theme::Tokens;
use egui::{
    Align, Button, Frame, Id, Key, Layout, Margin, Modifiers, RichText, TextEdit, Ui, WidgetInfo,
};

const HINT: &str = "Search (/)";

/// Draws it.
pub(super) fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let frame = Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(12, 5));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            search(ui, state, document, out);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                copy_menu(ui, out);
                choices(ui, document, out);
            });
        });
    });
}

fn search(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let view = &document.log;
    let id = Id::unique("search in the kernel log");
    let mut log = |command| out.push(Command::Log(command));
    if ui.memory(|memory| memory.has_focus(id)) {
        // First, so that the field does not take it for the end of typing.
        let shift = ui.input_mut(|input| input.consume_key(Modifiers::SHIFT, Key::Enter));
        let plain = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
        if shift {
            log(LogCommand::NextMatch(-1));
        } else if plain {
            log(LogCommand::NextMatch(1));
        }
    }
    let mut text = view.search.clone();
    let field = TextEdit::singleline(&mut text)
        .id(id)
        .hint_text(HINT)
        .desired_width(260.0);
    let response = ui.add(field);
    response.widget_info(|| WidgetInfo {
        label: Some("Search the kernel log".to_owned()),
        ..WidgetInfo::text_edit(true, view.search.as_str(), text.as_str(), HINT)
    });
    if text != view.search {
        log(LogCommand::Search(text));
    }
    if !view.search.is_empty() {
        matches(ui, document, out);
    }
    if state.focus == Some(Focus::Search) {
        response.request_focus();
        out.push(Command::FocusTaken);
    }
}

/// How many lines match, and what can be done with them.
fn matches(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let view = &document.log;
    let count = view.matches.len();
    let text = match (view.current, count) {
        (_, 0) => "no match".to_owned(),
        (Some(current), _) => format!("{} of {count}", current + 1),
        (None, 1) => "1 match".to_owned(),
        (None, _) => format!("{count} matches"),
    };
    let color = if count == 0 {
        tokens.problem
    } else {
        tokens.text
    };
    ui.label(RichText::new(text).color(color));
    let mut log = |command| out.push(Command::Log(command));
    let step = |ui: &mut Ui, name, hint| {
        let button = ui.add_enabled(count > 0, Button::new(name));
        button.on_hover_text(hint).clicked()
    };
    if step(ui, "Previous", "The match before (Shift-Enter)") {
        log(LogCommand::NextMatch(-1));
    }
    if step(ui, "Next", "The next match (Enter)") {
        log(LogCommand::NextMatch(1));
    }
    let only = Button::selectable(view.only_matches, "Only matches");
    let hint = "Hide the lines that do not match";
    if ui.add(only).on_hover_text(hint).clicked() {
        log(LogCommand::ToggleOnlyMatches);
    }
}

/// From right to left.
fn choices(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let view = &document.log;
    let follow = Button::selectable(view.follows, "Follow the cursor");
    let hint = "Keep the lines at the cursor in sight. Scrolling turns it off.";
    if ui.add(follow).on_hover_text(hint).clicked() {
        out.push(Command::Log(LogCommand::Follow(!view.follows)));
    }
    ui.menu_button(view.at_least.title(), |ui| {
        for at_least in AtLeast::ALL {
            let button = Button::selectable(view.at_least == at_least, at_least.title());
            if ui.add(button).clicked() {
                out.push(Command::Log(LogCommand::Show(at_least)));
            }
        }
    })
    .response
    .on_hover_text("How severe a line must be to be shown");
    let all = document.timeline.events.as_ref();
    let all = all.map_or(0, |events| events.log.len());
    let text = if view.lines.len() == all {
        format!("{all} lines")
    } else {
        format!("{} of {all} lines", view.lines.len())
    };
    ui.label(RichText::new(text).color(tokens.text_weak));
}
