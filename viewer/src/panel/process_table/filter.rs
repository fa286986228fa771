//! The filter's field, with what could come next under it and what is wrong with it.

use crate::command::Command;
use crate::explain;
use crate::state::table::Column;
use crate::state::{Document, Focus, State};
use crate::theme::Tokens;
use afterimage_analysis::processes::Value;
use afterimage_analysis::processes::filter::{Completion, complete};
use egui::text::{CCursor, CCursorRange};
use egui::{
    Area, EventFilter, Frame, Id, Key, Modifiers, Order, RichText, TextEdit, Ui, WidgetInfo, vec2,
};
use std::collections::BTreeMap;

const TELLS: &str = "what is wrong with the filter stands under it";
const HINT: &str = "Filter (/):  nginx  state:D  cpu>10";
/// The most different values of a column that are offered.
const MOST_VALUES: usize = 40;

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    state: &State,
    (document, width): (&Document, f32),
    out: &mut Vec<Command>,
) {
    let id = ui.scope_id().with("filter");
    let before = &document.table.filter;
    let mut text = before.clone();
    let is_typed = ui.memory(|memory| memory.has_focus(id));
    let hovered = Id::unique("the pointer is over what could come next");
    let was_hovered = ui.data(|data| data.get_temp::<bool>(hovered).unwrap_or(false));
    let offered = if is_typed || was_hovered {
        complete(before, |column| values(document, column))
    } else {
        vec![]
    };
    if is_typed && pressed_escape(ui) {
        // Once it takes the text away, and once more it leaves the field.
        if before.is_empty() {
            ui.memory_mut(|memory| memory.surrender_focus(id));
        } else {
            text.clear();
        }
    }
    let tab = |input: &mut egui::InputState| input.consume_key(Modifiers::NONE, Key::Tab);
    if is_typed && !offered.is_empty() && ui.input_mut(tab) {
        take(ui, id, &offered[0], out);
        return field(ui, (id, width), &mut offered[0].text.clone());
    }
    field(ui, (id, width), &mut text);
    let Some(response) = ui.read_response(id) else {
        return;
    };
    response.widget_info(|| WidgetInfo {
        label: Some("Filter".to_owned()),
        ..WidgetInfo::text_edit(true, before.as_str(), text.as_str(), HINT)
    });
    if state.focus == Some(Focus::Filter) {
        response.request_focus();
        out.push(Command::FocusTaken);
    }
    if text != *before {
        out.push(Command::Filter(text));
    }
    let tells = is_typed && document.table.filter_problem.is_some();
    ui.data_mut(|data| data.insert_temp(Id::unique(TELLS), tells));
    let mut is_hovered = false;
    if !offered.is_empty() || tells {
        is_hovered = below(ui, &response, document, &offered, out);
    }
    ui.data_mut(|data| data.insert_temp(hovered, is_hovered));
}

fn field(ui: &mut Ui, (id, width): (Id, f32), text: &mut String) {
    // Tab takes what is offered, so it must not go on to the next field; Escape is ours too.
    let ours = EventFilter {
        tab: true,
        escape: true,
        horizontal_arrows: true,
        vertical_arrows: true,
    };
    let field = TextEdit::singleline(text)
        .id(id)
        .hint_text(HINT)
        .desired_width(width)
        .event_filter(ours);
    ui.add(field);
}

fn pressed_escape(ui: &Ui) -> bool {
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
}

/// Whether what is wrong with the filter stands under its field.
pub(super) fn tells_problem(ui: &Ui) -> bool {
    let told = ui.data(|data| data.get_temp::<bool>(Id::unique(TELLS)));
    told.unwrap_or(false)
}

/// Takes over what was offered, with the caret behind it.
fn take(ui: &Ui, id: Id, completion: &Completion, out: &mut Vec<Command>) {
    let mut state = TextEdit::load_state(ui, id).unwrap_or_default();
    let end = CCursor::new(completion.text.chars().count());
    state.cursor.set_char_range(Some(CCursorRange::one(end)));
    TextEdit::store_state(ui, id, state);
    ui.memory_mut(|memory| memory.request_focus(id));
    out.push(Command::Filter(completion.text.clone()));
}

/// What is wrong and what could come next; whether the pointer is over it.
fn below(
    ui: &Ui,
    field: &egui::Response,
    document: &Document,
    offered: &[Completion],
    out: &mut Vec<Command>,
) -> bool {
    let tokens = Tokens::of(ui.visuals());
    let area = Area::new(Id::unique("what could come next"))
        .order(Order::Foreground)
        .fixed_pos(field.rect.left_bottom() + vec2(0.0, 4.0))
        .constrain(true);
    let shown = area.show(ui, |ui| {
        Frame::popup(ui.style()).show(ui, |ui| {
            ui.set_width(field.rect.width().max(420.0));
            if let Some(problem) = &document.table.filter_problem {
                ui.label(RichText::new(problem).color(tokens.problem));
            }
            for (place, completion) in offered.iter().enumerate() {
                ui.horizontal(|ui| {
                    let button = egui::Button::selectable(false, completion.shown.as_str());
                    if ui.add(button).clicked() {
                        take(ui, field.id, completion, out);
                    }
                    let what = completion.column.and_then(explain::column);
                    let what = what.map_or("", |entry| first_sentence(&entry.what));
                    if place == 0 {
                        let tab = RichText::new("Tab").small().color(tokens.text_strong);
                        ui.label(tab).on_hover_text("The Tab key takes it");
                    }
                    let what = RichText::new(what).small().color(tokens.text_weak);
                    ui.add(egui::Label::new(what).truncate());
                });
            }
        });
    });
    shown.response.contains_pointer()
}

fn first_sentence(text: &str) -> &str {
    text.find(". ").map_or(text, |end| &text[..=end])
}

/// What a column of text holds at the moment, most frequent first.
fn values(document: &Document, column: Column) -> Vec<String> {
    let Some(rows) = document.rows() else {
        return vec![];
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for seen in rows.all() {
        if let Ok(Value::Text(text)) = seen.value(column) {
            *counts.entry(text.into_owned()).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(MOST_VALUES);
    counts.into_iter().map(|(text, _)| text).collect()
}
