//! One line of a list: its fields, what is wrong, and everything about it on hover.

use super::{MARGIN, ROW};
use crate::command::Command;
use crate::display::escape::escaped;
use crate::display::{self, figure};
use crate::explain;
use crate::panel::machine::cell::{self, PADDING, UNIT, ink};
use crate::panel::process_table::ink::text_in;
use crate::panel::{explained, focus};
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_analysis::lists::{Column, Field, Kind, Line, List, Mood};
use afterimage_analysis::machine::Measure;
use afterimage_format::process::{Pid, ProcessKey};
use egui::{Color32, CursorIcon, FontId, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

/// Where so much is left behind the last column, what the line means stands there.
const LEAST_WORDS: f32 = 160.0;
/// So many lines of what more there is are shown.
const MOST_LINES: usize = 40;

/// What is drawn.
pub(super) struct Drawn<'a> {
    pub(super) document: &'a Document,
    pub(super) list: &'a List,
    pub(super) widths: &'a [f32],
}

/// Draws a line.
pub(super) fn show(
    ui: &mut Ui,
    drawn: &Drawn<'_>,
    (place, line): (usize, &Line),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let columns = drawn.list.columns;
    let width = ui.available_width().max(drawn.widths.iter().sum());
    let process = line.process.and_then(|pid| process(drawn.document, pid));
    let sense = if process.is_some() {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, name(columns, line)));
    let fill = match (response.hovered(), place % 2) {
        (true, _) => Some(tokens.grid),
        (false, 1) => Some(tokens.stripe),
        _ => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, 0.0, fill);
    }
    if let Some(color) = color_of(tokens, line.mood) {
        let edge = rect.with_max_x(rect.left() + 3.0);
        ui.painter().rect_filled(edge, 0.0, color);
    }
    let mut left = rect.left();
    let mut at_pointer = None;
    let pointer = ui.input(|input| input.pointer.hover_pos());
    for (number, (column, width)) in columns.iter().zip(drawn.widths).enumerate() {
        let Some(field) = line.fields.get(number) else {
            break;
        };
        let place = Rect::from_min_size(pos2(left, rect.top()), vec2(*width, ROW));
        let area = if number == 0 && !column.is_number() {
            place.with_min_x(left + MARGIN - PADDING)
        } else {
            place
        };
        one(ui, column, field, line, area);
        if pointer.is_some_and(|pointer| place.contains(pointer)) {
            at_pointer = Some((column, field));
        }
        left += width;
    }
    rest(ui, line, rect.with_min_x(left));
    focus::ring(ui, &response);
    let response = match process {
        Some(_) => response.on_hover_cursor(CursorIcon::PointingHand),
        None => response,
    };
    if let Some(key) = process.filter(|_| response.clicked()) {
        out.push(Command::Follow(key));
    }
    if response.hovered() {
        response.on_hover_ui_at_pointer(|ui| hover(ui, line, at_pointer, process.is_some()));
    }
}

/// The life that had this pid at the moment that is shown.
fn process(document: &Document, pid: Pid) -> Option<ProcessKey> {
    let snapshot = document.snapshot.as_ref()?;
    let rows = &snapshot.rows;
    let known = rows.iter().rev().find(|row| row.key.pid == pid);
    known.map(|row| row.key)
}

fn color_of(tokens: &Tokens, mood: Mood) -> Option<Color32> {
    match mood {
        Mood::Usual => None,
        Mood::Warning => Some(tokens.warning),
        Mood::Problem => Some(tokens.problem),
    }
}

/// A field as it is told: with its unit, and a dash where it is absent.
fn told(column: &Column, field: &Field) -> String {
    let measure = column.measure();
    let number = |number: f64| {
        let written = figure::figure(measure, number).join();
        match figure::unit(measure) {
            "" => written,
            unit => format!("{written} {unit}"),
        }
    };
    match field {
        Field::Text(text) => escaped(text),
        Field::Number(value) => number(*value),
        Field::AtLeast(value) => format!("at least {}", number(*value)),
        Field::Absent(_) => display::ABSENT.to_owned(),
        Field::Empty => String::new(),
    }
}

/// How a screen reader, and a test, calls a line.
fn name(columns: &[Column], line: &Line) -> String {
    let fields = columns.iter().zip(&line.fields);
    let fields = fields.filter(|(_, field)| **field != Field::Empty);
    let fields = fields.map(|(column, field)| {
        let heading = column.heading.to_lowercase();
        format!("{heading} {}", told(column, field))
    });
    fields.collect::<Vec<_>>().join(", ")
}

fn one(ui: &Ui, column: &Column, field: &Field, line: &Line, rect: Rect) {
    let tokens = Tokens::of(ui.visuals());
    let area = rect.shrink2(vec2(PADDING, 0.0));
    if let (Kind::Share, Some(share)) = (column.kind, field.number()) {
        let color = color_of(tokens, line.mood).unwrap_or(tokens.io);
        let back = rect.shrink2(vec2(3.0, 3.0));
        ui.painter().rect_filled(back, 2.0, tokens.grid);
        cell::share(ui, rect, Ok(share), color);
    }
    let is_first = line
        .fields
        .first()
        .is_some_and(|first| std::ptr::eq(first, field));
    match field {
        Field::Empty => {}
        Field::Absent(_) if column.is_number() => {
            right(ui, area, display::ABSENT, tokens.text_weak);
        }
        Field::Absent(_) => {
            text_in(ui, area, display::ABSENT, ink(tokens.text_weak, 13.0));
        }
        Field::Text(text) => {
            let color = match (is_first, line.mood) {
                (true, Mood::Usual) => tokens.text_strong,
                (true, mood) => color_of(tokens, mood).unwrap_or(tokens.text_strong),
                (false, _) => tokens.text,
            };
            text_in(ui, area, &escaped(text), ink(color, 13.0));
        }
        Field::Number(value) | Field::AtLeast(value) => {
            let is_least = matches!(field, Field::AtLeast(_));
            number(ui, column, (*value, is_least), area);
        }
    }
}

/// A number to the right, with the unit of an amount behind it.
fn number(ui: &Ui, column: &Column, (value, is_least): (f64, bool), area: Rect) {
    let tokens = Tokens::of(ui.visuals());
    let measure = column.measure();
    let written = figure::figure(measure, value);
    let is_nothing = !written.number.contains(|c: char| ('1'..='9').contains(&c));
    let color = if is_nothing {
        tokens.text_weak
    } else {
        tokens.text_strong
    };
    let sign = if is_least { "≥ " } else { "" };
    let text = format!("{sign}{}", written.number);
    if measure != Measure::Bytes {
        return right(ui, area, &text, color);
    }
    let place = area.with_max_x(area.right() - UNIT);
    right(ui, place, &text, color);
    let unit = area.with_min_x(place.right() + 4.0);
    text_in(ui, unit, &written.unit, ink(tokens.text_weak, 11.0));
}

fn right(ui: &Ui, area: Rect, text: &str, color: Color32) {
    let font = FontId::proportional(13.0);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, color);
    let place = pos2(
        (area.right() - galley.size().x).max(area.left() - PADDING),
        area.center().y - galley.size().y / 2.0,
    );
    ui.painter().galley(place, galley, color);
}

/// What a line means, where there is room behind it.
fn rest(ui: &Ui, line: &Line, rect: Rect) {
    let tokens = Tokens::of(ui.visuals());
    let Some(entry) = line.meaning.and_then(explain::named) else {
        return;
    };
    if rect.width() >= LEAST_WORDS {
        let text = entry.what.split_inclusive(". ").next();
        let text = text.unwrap_or_default().trim_end();
        let area = rect.shrink2(vec2(PADDING + 5.0, 0.0));
        text_in(ui, area, text, ink(tokens.text_weak, 13.0));
    }
}

/// All of a field, why it is absent, what the line means, and what more there is.
fn hover(ui: &mut Ui, line: &Line, at: Option<(&Column, &Field)>, leads: bool) {
    let tokens = Tokens::of(ui.visuals());
    ui.set_max_width(460.0);
    ui.spacing_mut().item_spacing.y = 4.0;
    if let Some((column, field)) = at.filter(|(_, field)| **field != Field::Empty) {
        ui.label(RichText::new(format!(
            "{}: {}",
            column.heading,
            told(column, field)
        )));
        if let Field::Absent(absent) = field {
            let why = format!("There is nothing: {absent}.");
            ui.label(RichText::new(why).color(tokens.problem));
        }
        if let Field::AtLeast(_) = field {
            let why = "It was so already when the record of it begins.";
            ui.label(RichText::new(why).small().color(tokens.text_weak));
        }
    }
    if let (Some(meaning), Some(first)) = (line.meaning, line.fields.first())
        && let (Some(entry), Field::Text(title)) = (explain::named(meaning), first)
    {
        ui.separator();
        explained::words(ui, &escaped(title), entry);
    }
    if let Some(more) = line.more.as_deref().filter(|more| !more.is_empty()) {
        ui.separator();
        let title = "In the kernel, the innermost function first";
        ui.label(RichText::new(title).small().color(tokens.text_weak));
        for function in more.lines().take(MOST_LINES) {
            ui.label(RichText::new(escaped(function)).monospace().small());
        }
    }
    if leads {
        let words = "A click shows its process.";
        ui.label(RichText::new(words).small().color(tokens.text_weak));
    }
}
