//! One cell of a process: a value, or a dash that says on hover why there is none.

use super::ink::{Ink, PADDING, absent, bar, changed, number, sign, text_in, triangle};
use crate::command::Command;
use crate::display::{self, Written, escape::escaped};
use crate::explain;
use crate::paint::points;
use crate::panel::explained;
use crate::state::Document;
use crate::state::table::{Branch, Column, Line};
use crate::theme::Tokens;
use afterimage_analysis::processes::{Mark, Seen, Value};
use afterimage_format::time::WallTime;
use egui::{Color32, Rect, RichText, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

/// How far a child is indented, and the deepest that is told apart.
pub(super) const INDENT: f32 = 15.0;
const DEEPEST: usize = 24;

/// Draws the cell of a process.
pub(super) fn show(
    ui: &mut Ui,
    document: &Document,
    (line, seen): (Line, Seen<'_>),
    column: Column,
    out: &mut Vec<Command>,
) {
    if ui.is_sizing_pass() {
        return;
    }
    if line.is_context {
        ui.set_opacity(0.55);
    }
    let tokens = Tokens::of(ui.visuals());
    let mut area = ui.max_rect().shrink2(vec2(PADDING, 0.0));
    let value = match seen.value(column) {
        Ok(value) => value,
        Err(missing) => return absent(ui, missing, column, tokens),
    };
    let ink = Ink {
        color: color(column, &value, &seen, tokens),
        is_struck: seen.mark == Mark::Gone,
        size: 13.0,
    };
    match column {
        Column::Cpu | Column::Wait if !ink.is_struck => bar(ui, column, &value, tokens),
        Column::Command => branch(ui, &mut area, (line, seen), tokens, out),
        Column::Pid => sign(ui, seen.mark, tokens),
        _ => {}
    }
    if column.is_numeric() {
        number(ui, area, &written(document, column, &value), column, ink);
    } else {
        let text = written(document, column, &value).number;
        text_in(ui, area, &text, ink);
    }
    let before = seen.before(column);
    if let Some(before) = &before {
        changed(ui, column, before, &value, tokens);
    }
    if ui.rect_contains_pointer(ui.max_rect()) {
        hover(ui, document, &seen, column, before);
    }
}

/// A value as it stands in a cell.
pub(super) fn written(document: &Document, column: Column, value: &Value<'_>) -> Written {
    match column {
        Column::Started => Written {
            number: started(document, value),
            ..Written::default()
        },
        _ => display::value(column, value, &document.zone),
    }
}

/// What is nothing stands back, so that what is there is seen.
fn color(column: Column, value: &Value<'_>, seen: &Seen<'_>, tokens: &Tokens) -> Color32 {
    if seen.mark == Mark::Gone {
        return tokens.text_weak;
    }
    let is_nothing = value.number().is_some_and(|number| number.abs() < 0.05);
    match (column, value) {
        (Column::State, Value::Text(letter)) => match letter.as_ref() {
            "R" => tokens.running,
            "D" => tokens.blocked,
            "Z" | "T" | "t" | "X" => tokens.text_strong,
            _ => tokens.text_weak,
        },
        (Column::Command, _) => {
            let has_line = seen
                .row
                .command
                .as_deref()
                .is_ok_and(|line| !line.is_empty());
            if has_line {
                tokens.text_strong
            } else {
                tokens.text_weak
            }
        }
        (Column::Nice | Column::Priority, _) => tokens.text,
        _ if column.is_name() => tokens.text,
        _ if is_nothing => tokens.text_weak,
        (Column::Cpu | Column::Wait, _) => tokens.text_strong,
        _ if column.changes_of().is_some() => tokens.text_strong,
        _ => tokens.text,
    }
}

/// A time of day when it was on the cursor's day, else the day.
fn started(document: &Document, value: &Value<'_>) -> String {
    let at = WallTime(crate::time_axis::whole(value.number().unwrap_or(0.0)));
    let (zone, now) = (&document.zone, document.time.cursor);
    let day = |at| zone.format(at, "%Y-%m-%d");
    if day(at) == day(now) {
        zone.time_of_day(at)
    } else if zone.format(at, "%Y") == zone.format(now, "%Y") {
        zone.format(at, "%-d %b")
    } else {
        zone.format(at, "%b %Y")
    }
}

/// The indentation of a tree, with lines down from each parent, and what opens a branch.
fn branch(
    ui: &mut Ui,
    area: &mut Rect,
    (line, seen): (Line, Seen<'_>),
    tokens: &Tokens,
    out: &mut Vec<Command>,
) {
    let depth = line.depth.min(DEEPEST);
    let stroke = Stroke::new(1.0, tokens.line);
    let left = area.left();
    for level in 0..depth {
        let x = left + INDENT * points(level as f64) + 5.0;
        ui.painter().vline(x, ui.max_rect().y_range(), stroke);
    }
    let start = left + INDENT * points(depth as f64);
    if line.children > 0 {
        let rect = Rect::from_center_size(pos2(start + 5.0, area.center().y), Vec2::splat(14.0));
        let response = ui.interact(rect, ui.scope_id().with("branch"), Sense::click());
        let name = escaped(&seen.row.comm);
        let words = format!("{} {name}", if line.is_open { "Close" } else { "Open" });
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
        let color = if response.hovered() {
            tokens.text_strong
        } else {
            tokens.text_weak
        };
        triangle(ui, rect, line.is_open, color);
        if response.clicked() {
            out.push(Command::Turn(Branch::Process(seen.row.key)));
        }
    }
    // Where nothing is a tree nothing is indented.
    let is_tree = line.children > 0 || line.depth > 0;
    area.min.x = start + if is_tree { 16.0 } else { 0.0 };
}

/// All of the value, what it was, and what it means.
fn hover(ui: &Ui, document: &Document, seen: &Seen<'_>, column: Column, before: Option<Value<'_>>) {
    let response = ui.interact(ui.max_rect(), ui.scope_id().with("words"), Sense::hover());
    response.on_hover_ui(|ui| {
        let tokens = Tokens::of(ui.visuals());
        ui.set_max_width(560.0);
        let whole = |value: &Value<'_>| display::value(column, value, &document.zone).join();
        if let (true, Ok(value)) = (column != Column::State, seen.value(column)) {
            let text = RichText::new(whole(&value)).color(tokens.text_strong);
            ui.label(text);
        }
        if let Some(before) = before {
            let since = match &document.pinned {
                Some(pinned) => format!("At {}", document.moment(pinned.snapshot.at)),
                None => "A snapshot before".to_owned(),
            };
            let text = format!("{since} it was {}.", whole(&before));
            ui.label(RichText::new(text).color(tokens.changed));
        }
        meaning(ui, seen, column);
    });
}

/// What a value of this column means; of a state what this one does.
fn meaning(ui: &mut Ui, seen: &Seen<'_>, column: Column) {
    if let (Column::State, Ok(letter)) = (column, seen.row.state) {
        match explain::state(letter) {
            Some(entry) => explained::words(ui, display::state(letter), entry),
            None => drop(ui.label("A state that this version has no words for.")),
        }
    } else if let Some(entry) = explain::column(column) {
        explained::words(ui, column.title(), entry);
    }
}
