//! One number of a page, with its meaning on hover, or a dash with the reason.

use crate::display::{self, figure};
use crate::explain;
use crate::paint::points;
use crate::panel::explained;
use crate::panel::process_table::ink::{Ink, layout, text_in};
use crate::theme::Tokens;
use afterimage_analysis::machine::{Absent, Column, Measure, Sheet, Value};
use egui::{Color32, Id, Rect, RichText, Sense, Ui, pos2, vec2};

/// Room on either side of what stands in a cell.
pub(in crate::panel) const PADDING: f32 = 7.0;
/// Room for a unit behind its number.
pub(in crate::panel) const UNIT: f32 = 26.0;

/// How a number stands in its cell.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Where.
    pub(super) rect: Rect,
    /// Its name for the mouse.
    pub(super) id: Id,
    /// Whether its unit is written, because no heading says it.
    pub(super) has_unit: bool,
    /// Whether it is a difference.
    pub(super) is_change: bool,
}

/// What is different since the pinned moment.
pub(super) struct Change {
    /// The numbers.
    pub(super) sheet: Sheet,
    /// Which moment that is.
    pub(super) since: String,
}

/// A number, or a dash.
pub(super) fn show(ui: &Ui, page: &str, column: &Column, value: Value, place: Place) {
    let tokens = Tokens::of(ui.visuals());
    let area = place.rect.shrink2(vec2(PADDING, 0.0));
    match value {
        // There is nothing to be said about a number that the row has no place for.
        Err(Absent::NotHere) => return,
        Err(_absent) => right(ui, area, display::ABSENT, tokens.text_weak),
        Ok(value) => {
            let written = if place.is_change {
                figure::change(column.measure, value)
            } else {
                figure::figure(column.measure, value)
            };
            // What is nothing stands back, so that what is there is seen.
            let is_nothing = !written.number.contains(|c: char| ('1'..='9').contains(&c));
            let color = match (is_nothing, place.is_change) {
                (true, _) => tokens.text_weak,
                (false, true) => tokens.changed,
                (false, false) => tokens.text_strong,
            };
            let unit = match column.measure {
                Measure::Bytes => written.unit.as_str(),
                measure if place.has_unit => figure::unit(measure),
                _ => "",
            };
            let has_room = place.has_unit || column.measure == Measure::Bytes;
            let number = if has_room {
                area.with_max_x(area.right() - UNIT)
            } else {
                area
            };
            right(ui, number, &written.number, color);
            if has_room && !unit.is_empty() {
                let ink = ink(tokens.text_weak, 11.0);
                let unit_area = area.with_min_x(number.right() + 4.0);
                text_in(ui, unit_area.with_max_x(area.right() + 14.0), unit, ink);
            }
        }
    }
    hover(ui, page, column, value, place);
}

pub(in crate::panel) fn ink(color: Color32, size: f32) -> Ink {
    Ink {
        color,
        is_struck: false,
        size,
    }
}

/// A text that ends at the right edge.
fn right(ui: &Ui, area: Rect, text: &str, color: Color32) {
    let galley = layout(ui, text, ink(color, 13.0), f32::INFINITY);
    let left = area.right() - galley.size().x;
    let top = area.center().y - galley.size().y / 2.0;
    ui.painter().galley(pos2(left, top), galley, color);
}

/// What it is, its value with the unit, and why there is none.
fn hover(ui: &Ui, page: &str, column: &Column, value: Value, place: Place) {
    if !ui.rect_contains_pointer(place.rect) {
        return;
    }
    let response = ui.interact(place.rect, place.id, Sense::hover());
    response.on_hover_ui(|ui| {
        let tokens = Tokens::of(ui.visuals());
        let told = told(column, value, place.is_change);
        let what = if place.is_change { ", difference" } else { "" };
        let title = format!("{}{what}: {told}", column.heading);
        match explain::figure(page, column.key) {
            Some(entry) => explained::words(ui, &title, entry),
            None => drop(ui.label(title)),
        }
        if let Err(absent) = value {
            let why = format!("There is no number: {absent}.");
            ui.label(RichText::new(why).color(tokens.problem));
        }
    });
}

/// A number with its unit, for screen readers, hints and copies.
pub(super) fn told(column: &Column, value: Value, is_change: bool) -> String {
    let Ok(value) = value else {
        return display::ABSENT.to_owned();
    };
    let written = if is_change {
        figure::change(column.measure, value).join()
    } else {
        figure::figure(column.measure, value).join()
    };
    match figure::unit(column.measure) {
        "" => written,
        unit => format!("{written} {unit}"),
    }
}

/// A share as a bar behind a number: full at 100.
pub(in crate::panel) fn share(ui: &Ui, rect: Rect, value: Value, color: Color32) {
    let share = value.unwrap_or(0.0) / 100.0;
    if share < 0.0005 {
        return;
    }
    let area = rect.shrink2(vec2(3.0, 2.0));
    let width = area.width() * points(share.clamp(0.0, 1.0));
    let bar = area.with_max_x(area.left() + width);
    ui.painter()
        .rect_filled(bar, 2.0, color.gamma_multiply(0.28));
}
