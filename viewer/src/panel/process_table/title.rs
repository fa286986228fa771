//! The bar above the table: which snapshot this is and what it is compared with, the filter, and
//! the menus that say how the table is shown.

use super::{columns, filter};
use crate::command::Command;
use crate::data::Snapshot;
use crate::display;
use crate::panel::measure::{button_width, text_width};
use crate::state::table::export::CopyAs;
use crate::state::table::{Arrangement, Column, Counts, TableView};
use crate::state::{Document, State};
use crate::theme::Tokens;
use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Align, Button, Color32, Frame, Layout, Margin, PopupCloseBehavior, RichText, Ui};

/// How wide the field of the filter is where there is room, where there is less, and at least.
const FIELDS: [f32; 3] = [270.0, 190.0, 110.0];
/// What a text field takes around its text.
const AROUND_FIELD: f32 = 8.0;
/// Room for a little of what may be cut short.
const RATES: f32 = 60.0;

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    state: &State,
    (document, snapshot): (&Document, &Snapshot),
    left_out: &[Column],
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let frame = Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(12, 5));
    frame.show(ui, |ui| {
        let from_right = Layout::right_to_left(Align::Center);
        let room = ui.available_width();
        let menus = menus_width(ui, document, left_out);
        let told = words_width(ui, document, snapshot);
        let fits = |field: &&f32| menus + **field + told <= room;
        if let Some(field) = FIELDS[..2].iter().find(fits) {
            ui.horizontal(|ui| {
                ui.with_layout(from_right, |ui| {
                    controls(ui, (state, document, *field), left_out, out);
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        words(ui, document, snapshot, out);
                    });
                });
            });
            return;
        }
        ui.horizontal(|ui| words(ui, document, snapshot, out));
        ui.add_space(2.0);
        ui.horizontal(|ui| {
            let field = (room - menus).clamp(FIELDS[2], FIELDS[0]);
            ui.with_layout(from_right, |ui| {
                controls(ui, (state, document, field), left_out, out);
            });
        });
    });
}

/// Which snapshot this is, what is new and what is gone, and what it is compared with.
fn words(ui: &mut Ui, document: &Document, snapshot: &Snapshot, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    // What is wrong with the filter is said once: here, or under the field while it is typed.
    let is_told = document.gap_at_cursor().is_none() && filter::tells_problem(ui);
    if let Some(problem) = problem(document, snapshot).filter(|_| !is_told) {
        ui.add(egui::Label::new(RichText::new(problem).color(tokens.problem)).truncate());
        return;
    }
    let counts = document.table.counts;
    let doing = |letter| {
        let rows = snapshot.rows.iter();
        rows.filter(|row| row.state == Ok(letter)).count()
    };
    let (runnable, blocked) = (doing('R'), doing('D'));
    let color = if blocked > 0 {
        tokens.blocked
    } else {
        tokens.text_weak
    };
    count(ui, snapshot.rows.len(), "in all", tokens.text);
    count(ui, runnable, "runnable", tokens.text);
    count(ui, blocked, "blocked", color);
    compared(ui, document, counts, out);
    let rates = rates(document, snapshot);
    ui.add(egui::Label::new(RichText::new(rates).color(tokens.text_weak)).truncate());
}

fn count(ui: &mut Ui, count: usize, what: &str, color: Color32) {
    ui.label(RichText::new(format!("{count} {what}")).color(color));
}

/// What is new and gone, as buttons that show only those.
fn compared(ui: &mut Ui, document: &Document, counts: Counts, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let since = match &document.pinned {
        Some(pinned) => document.moment(pinned.snapshot.at),
        None => "the snapshot before".to_owned(),
    };
    let mut chip = |count: usize, sign: &str, word: &str, color: Color32| {
        if count == 0 {
            return;
        }
        let filter = format!("is:{word}");
        let is_on = document.table.filter == filter;
        let text = RichText::new(format!("{sign}{count} {word}")).color(color);
        let hint = format!("Show only those that are {word} since {since}");
        if ui
            .add(Button::selectable(is_on, text))
            .on_hover_text(hint)
            .clicked()
        {
            out.push(Command::Filter(if is_on { String::new() } else { filter }));
        }
    };
    chip(counts.born, "+", "new", tokens.born);
    chip(counts.gone, "−", "gone", tokens.text);
    if let Some(pinned) = &document.pinned {
        let text = RichText::new(format!("compared with {since}")).color(tokens.changed);
        let hint = "Differences are those from this pinned moment. Click to go there.";
        if ui.button(text).on_hover_text(hint).clicked() {
            out.push(Command::SetCursor(pinned.snapshot.at));
        }
    }
}

/// Why what is shown is not what was asked for.
pub(in crate::panel) fn problem(document: &Document, snapshot: &Snapshot) -> Option<String> {
    if let Some(gap) = document.gap_at_cursor() {
        let (cause, at) = (display::gap_cause(&gap.kind), document.moment(snapshot.at));
        // Where nothing before the cursor can be read, what is shown is of after it.
        let which = if snapshot.at > document.time.cursor {
            "the first after it"
        } else {
            "the last before it"
        };
        return Some(format!(
            "Nothing to show at the cursor. {cause} Shown is {at}, {which}."
        ));
    }
    let problem = document.table.filter_problem.as_ref()?;
    Some(format!("Filter: {problem}"))
}

fn rates(document: &Document, snapshot: &Snapshot) -> String {
    let since = snapshot
        .previous
        .and_then(|previous| snapshot.at.since(previous));
    match since {
        Some(since) => format!("rates over {}", display::duration(since)),
        None if snapshot.at <= document.time.capture.from => {
            "the first snapshot, so without rates".to_owned()
        }
        None => "the first after a gap, so without rates".to_owned(),
    }
}

/// Copies what is shown.
pub(in crate::panel) fn copy_menu(ui: &mut Ui, out: &mut Vec<Command>) {
    ui.menu_button("Copy", |ui| {
        for (name, how) in [("As text", CopyAs::Text), ("As CSV", CopyAs::Csv)] {
            if ui.button(name).clicked() {
                out.push(Command::CopyTable(how));
            }
        }
    })
    .response
    .on_hover_text("Put the table, as it is shown, on the clipboard");
}

/// The menu of columns, which says when some are left out for want of room.
fn columns_menu(ui: &mut Ui, table: &TableView, left_out: &[Column], out: &mut Vec<Command>) {
    let hint = if left_out.is_empty() {
        "Choose the columns".to_owned()
    } else {
        let names: Vec<_> = left_out.iter().map(|column| column.title()).collect();
        let names = names.join(", ");
        format!("Left out for want of room: {names}. Those that you choose yourself stay.")
    };
    let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new(columns_name(left_out))
        .config(stays)
        .ui(ui, |ui| columns::of_all(ui, table, out))
        .0
        .on_hover_text(hint);
}

/// From right to left.
fn controls(
    ui: &mut Ui,
    (state, document, field): (&State, &Document, f32),
    left_out: &[Column],
    out: &mut Vec<Command>,
) {
    let table = &document.table;
    copy_menu(ui, out);
    columns_menu(ui, table, left_out, out);
    ui.menu_button(table.arrangement.title(), |ui| {
        for arrangement in Arrangement::ALL {
            let is_on = table.arrangement == arrangement;
            if ui
                .add(Button::selectable(is_on, arrangement.title()))
                .clicked()
            {
                out.push(Command::Arrange(arrangement));
            }
        }
    })
    .response
    .on_hover_text("How the rows stand together (T for the tree)");
    let is_pinned = document.pinned.is_some();
    let pin = Button::selectable(is_pinned, pin_name(document));
    let hint = if is_pinned {
        "Compare no longer (P)"
    } else {
        "Pin this moment, move the cursor, and see what is different (P)"
    };
    if ui.add(pin).on_hover_text(hint).clicked() {
        out.push(Command::TogglePin);
    }
    filter::show(ui, state, (document, field), out);
    if let Some(shown) = shown_of_all(table) {
        let tokens = Tokens::of(ui.visuals());
        ui.label(RichText::new(shown).color(tokens.text_weak));
    }
}

/// How many match the filter, while there is one.
fn shown_of_all(table: &TableView) -> Option<String> {
    (!table.filter.is_empty()).then(|| table.counts.told())
}

/// How wide what stands to the right is, without the field.
fn menus_width(ui: &Ui, document: &Document, left_out: &[Column]) -> f32 {
    let (table, gap) = (&document.table, ui.spacing().item_spacing.x);
    let pin = pin_name(document);
    let columns = columns_name(left_out);
    let buttons = ["Copy", &columns, table.arrangement.title(), pin];
    let buttons = buttons.map(|name| button_width(ui, name) + gap);
    let shown = shown_of_all(table).map_or(0.0, |shown| text_width(ui, &shown, 13.0) + gap);
    buttons.iter().sum::<f32>() + shown + AROUND_FIELD
}

/// How wide the words to the left are, with a little of what may be cut short.
fn words_width(ui: &Ui, document: &Document, snapshot: &Snapshot) -> f32 {
    let gap = ui.spacing().item_spacing.x;
    let (counts, all) = (document.table.counts, snapshot.rows.len());
    let mut width = RATES;
    for (count, what) in [(all, "in all"), (all, "runnable"), (all, "blocked")] {
        width += text_width(ui, &format!("{count} {what}"), 13.0) + gap;
    }
    for (count, what) in [(counts.born, "new"), (counts.gone, "gone")] {
        if count > 0 {
            width += button_width(ui, &format!("+{count} {what}")) + gap;
        }
    }
    if let Some(pinned) = &document.pinned {
        let since = document.moment(pinned.snapshot.at);
        width += button_width(ui, &format!("compared with {since}")) + gap;
    }
    width
}

fn pin_name(document: &Document) -> &'static str {
    if document.pinned.is_some() {
        "Unpin"
    } else {
        "Pin"
    }
}

fn columns_name(left_out: &[Column]) -> String {
    match left_out.len() {
        0 => "Columns".to_owned(),
        some => format!("Columns −{some}"),
    }
}
