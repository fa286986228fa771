//! One cell of the process table: a value, or a dash that says on hover why there is none.

use crate::data::ProcessRow;
use crate::display;
use crate::display::escape::escaped;
use crate::paint::points;
use crate::state::Document;
use crate::state::table::Column;
use crate::theme::Tokens;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::time::WallTime;
use afterimage_format::units::Bytes;
use egui::{Align, Color32, Label, Layout, RichText, Ui};

/// Room on either side of a cell's text.
pub(super) const PADDING: f32 = 10.0;

/// Draws the cell of a column.
pub(super) fn show(ui: &mut Ui, document: &Document, row: &ProcessRow, column: Column) {
    let tokens = Tokens::of(ui.visuals());
    match column {
        Column::Pid => number(ui, Ok(row.key.pid.0.to_string()), tokens.text),
        Column::User => {
            let user = row.user.as_deref().map_err(|missing| *missing);
            text(ui, user.map(escaped), tokens.text);
        }
        Column::State => state(ui, row.state, tokens),
        Column::Cpu => share(ui, row.cpu_percent, tokens.running, tokens),
        Column::Wait => share(ui, row.wait_percent, tokens.io, tokens),
        Column::Rss => amount(ui, row.rss, tokens),
        Column::Read => amount(ui, row.read_per_second, tokens),
        Column::Write => amount(ui, row.write_per_second, tokens),
        Column::Threads => number(
            ui,
            row.threads.map(|threads| threads.to_string()),
            tokens.text,
        ),
        Column::Nice => number(ui, row.nice.map(|nice| nice.to_string()), tokens.text),
        Column::Started => {
            let started = row.started.map(|at| started_words(document, at));
            number(ui, started, tokens.text);
        }
        Column::Command => command(ui, row, tokens),
    }
}

/// A time of day when it was on the cursor's day, else the day.
fn started_words(document: &Document, at: WallTime) -> String {
    let zone = &document.zone;
    let day = |at| zone.format(at, "%Y-%m-%d");
    let now = document.time.cursor;
    if day(at) == day(now) {
        zone.time_of_day(at)
    } else if zone.format(at, "%Y") == zone.format(now, "%Y") {
        zone.format(at, "%-d %b")
    } else {
        zone.format(at, "%b %Y")
    }
}

fn absent(ui: &mut Ui, missing: Missing) {
    let dash = RichText::new(display::ABSENT).color(Tokens::of(ui.visuals()).text_weak);
    ui.add(Label::new(dash).selectable(false))
        .on_hover_text(missing.to_string());
}

fn number(ui: &mut Ui, value: Reading<String>, color: Color32) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.add_space(PADDING);
        match value {
            Ok(value) => {
                ui.add(Label::new(RichText::new(value).color(color)).selectable(false));
            }
            Err(missing) => absent(ui, missing),
        }
    });
}

fn text(ui: &mut Ui, value: Reading<String>, color: Color32) {
    ui.add_space(PADDING);
    match value {
        Ok(value) => {
            let label = Label::new(RichText::new(value).color(color)).selectable(false);
            // A label that is cut off reports no width, and the first pass measures.
            let label = if ui.is_sizing_pass() {
                label.extend()
            } else {
                label.truncate()
            };
            ui.add(label);
        }
        Err(missing) => absent(ui, missing),
    }
}

fn state(ui: &mut Ui, state: Reading<char>, tokens: &Tokens) {
    let letter = match state {
        Ok(letter) => letter,
        Err(missing) => return text(ui, Err(missing), tokens.text),
    };
    let color = match letter {
        'R' => tokens.running,
        'D' => tokens.blocked,
        'Z' | 'T' | 't' | 'X' => tokens.text,
        _ => tokens.text_weak,
    };
    ui.add_space(PADDING);
    let words = match display::state(letter) {
        "unknown" => escaped(&letter.to_string()),
        word => word.to_owned(),
    };
    let label = Label::new(RichText::new(words).color(color)).selectable(false);
    ui.add(label).on_hover_text(display::state_meaning(letter));
}

/// An amount; nothing at all stands back, so that what is there is seen.
fn amount(ui: &mut Ui, value: Reading<Bytes>, tokens: &Tokens) {
    let color = match value {
        Ok(Bytes(0)) => tokens.text_weak,
        _ => tokens.text,
    };
    number(ui, value.map(display::bytes), color);
}

/// A share of one core: a number over a bar that is full at 100.
fn share(ui: &mut Ui, value: Reading<f64>, color: Color32, tokens: &Tokens) {
    if let Ok(value) = value
        && value >= 0.05
    {
        let area = ui.max_rect().shrink2(egui::vec2(3.0, 2.0));
        let width = area.width() * points((value / 100.0).clamp(0.0, 1.0));
        let bar = area.with_max_x(area.left() + width);
        ui.painter()
            .rect_filled(bar, 2.0, color.gamma_multiply(0.28));
    }
    let quiet = value.is_ok_and(|value| value < 0.05);
    let color = if quiet {
        tokens.text_weak
    } else {
        tokens.text_strong
    };
    number(ui, value.map(display::percent), color);
}

fn command(ui: &mut Ui, row: &ProcessRow, tokens: &Tokens) {
    ui.add_space(PADDING);
    let title = row.title();
    let safe = escaped(&title);
    let color = if row
        .command
        .as_deref()
        .is_ok_and(|command| !command.is_empty())
    {
        tokens.text_strong
    } else {
        tokens.text_weak
    };
    let label = Label::new(RichText::new(safe).color(color)).selectable(false);
    if ui.is_sizing_pass() {
        ui.label("");
    } else {
        // A label that is cut off shows the whole text on hover by itself.
        ui.add(label.truncate());
    }
}
