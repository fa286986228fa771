//! Numbers of the machine as a whole: name, number, unit, in as many columns as there is room.

use super::cell::{self, Change, Place};
use crate::panel::process_table::ink::text_in;
use crate::theme::Tokens;
use afterimage_analysis::machine::{Column, Sheet, Value};
use egui::{Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

const LINE: f32 = 20.0;
/// The width of one number with its name, at least.
const NARROWEST: f32 = 226.0;
const WIDEST: f32 = 300.0;
const APART: f32 = 18.0;
/// Room for a number with its unit, and for its difference beside it.
const NUMBER: f32 = 96.0;

/// Draws them, from the top to the bottom and then to the right, in so many lines at least: what
/// belongs together stands together.
pub(super) fn show(
    ui: &mut Ui,
    (sheet, change): (&Sheet, Option<&Change>),
    page: &str,
    least: usize,
) {
    let figures: Vec<(&Column, Value)> = sheet.figures().collect();
    let changes = change.map(|change| change.sheet.figures().map(|(_, value)| value));
    let changes: Vec<Value> = changes.into_iter().flatten().collect();
    let more = if change.is_some() { NUMBER } else { 0.0 };
    let available = ui.available_width();
    let columns = columns(available, figures.len(), NARROWEST + more)
        .min(figures.len().div_ceil(least).max(1));
    let lines = figures.len().div_ceil(columns);
    let count = u16::try_from(columns).map_or(1.0, f32::from);
    let width = ((available + APART) / count - APART).clamp(1.0, WIDEST + more);
    let height = LINE * u16::try_from(lines).map_or(1.0, f32::from);
    let (full, _) = ui.allocate_exact_size(vec2(available, height), Sense::hover());
    for (number, (column, value)) in figures.into_iter().enumerate() {
        let at = |place: usize, step: f32| step * u16::try_from(place).map_or(0.0, f32::from);
        let corner = Vec2::new(at(number / lines, width + APART), at(number % lines, LINE));
        let rect = Rect::from_min_size(full.min + corner, vec2(width, LINE));
        one(
            ui,
            rect,
            page,
            (column, value, changes.get(number).copied()),
        );
    }
}

/// So many columns that each is full, but for the last one.
fn columns(available: f32, figures: usize, narrowest: f32) -> usize {
    let fitting = (1..=figures).take_while(|columns| {
        let columns = u16::try_from(*columns).map_or(f32::MAX, f32::from);
        columns * (narrowest + APART) - APART <= available
    });
    let most = fitting.last().unwrap_or(1);
    figures.div_ceil(figures.div_ceil(most).max(1)).max(1)
}

fn one(
    ui: &Ui,
    rect: Rect,
    page: &str,
    (column, value, change): (&'static Column, Value, Option<Value>),
) {
    let tokens = Tokens::of(ui.visuals());
    let id = ui.scope_id().with((page, column.key));
    let response = ui.interact(rect, id.with("whole"), Sense::hover());
    response.widget_info(|| {
        let words = format!("{}: {}", column.heading, cell::told(column, value, false));
        let change = change.map(|change| cell::told(column, change, true));
        let change = change.map_or(String::new(), |change| format!(", difference {change}"));
        WidgetInfo::labeled(Role::Label, true, words + &change)
    });
    let line = Stroke::new(1.0, tokens.grid);
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, line);
    let taken = if change.is_some() { 2.0 } else { 1.0 } * NUMBER;
    let name = Rect::from_min_max(rect.min, pos2(rect.right() - taken, rect.bottom()));
    text_in(ui, name, column.heading, cell::ink(tokens.text, 13.0));
    let number = rect.with_min_x(name.right().max(rect.right() - NUMBER));
    let place = Place {
        rect: if change.is_some() { number } else { rect },
        id,
        has_unit: true,
        is_change: false,
    };
    cell::show(ui, page, column, value, place);
    if let Some(change) = change {
        let place = Place {
            rect: rect.with_min_x(name.right()).with_max_x(number.left()),
            id: id.with("change"),
            has_unit: true,
            is_change: true,
        };
        cell::show(ui, page, column, change, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_and_none_of_them_is_empty() {
        assert_eq!(columns(100.0, 10, NARROWEST), 1);
        assert_eq!(
            columns(1576.0, 10, NARROWEST),
            5,
            "two lines of five, and not 6 and 4"
        );
        assert_eq!(columns(1576.0, 22, NARROWEST), 6);
        assert_eq!(columns(9999.0, 3, NARROWEST), 3);
        assert_eq!(columns(1000.0, 0, NARROWEST), 1);
    }
}
