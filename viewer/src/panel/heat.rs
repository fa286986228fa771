//! Rows of heat: one a CPU, a disk or a file system, the stronger the busier or fuller it was.

use crate::data::rows::RowCell;
use crate::data::{RowGroup, RowsData};
use crate::display;
use crate::display::escape::escaped;
use crate::paint::curve::quad;
use crate::paint::points;
use crate::panel::track::Shown;
use crate::theme::Tokens;
use egui::{Align2, FontId, Mesh, Rect, Response, RichText, Shape, Tooltip, Ui, pos2};

/// Rows at least so high have their names beside them.
const READABLE: f32 = 11.0;
/// How many characters of a name there is room for.
const LONGEST: usize = 10;

/// Draws the rows.
pub fn paint(ui: &Ui, shown: Shown<'_>, (group, plot): (RowGroup, Rect)) {
    let Shown { document, axis, .. } = shown;
    let tokens = Tokens::of(ui.visuals());
    let painter = ui.painter().with_clip_rect(plot.intersect(ui.clip_rect()));
    let Some(rows) = document.timeline.rows.get(&group) else {
        let words = "Loading …";
        let font = FontId::proportional(12.0);
        painter.text(
            plot.center(),
            Align2::CENTER_CENTER,
            words,
            font,
            tokens.text_weak,
        );
        return;
    };
    let count = rows.names.len().max(1) as f32;
    let row_height = plot.height() / count;
    let space = if row_height > 5.0 { 1.0 } else { 0.0 };
    let mut mesh = Mesh::default();
    for cell in &rows.cells {
        let left = axis.x_from_time(cell.from).max(axis.left);
        let right = axis.x_from_time(cell.to).min(axis.right);
        if right <= left {
            continue;
        }
        for (row, value) in cell.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let top = plot.top() + row as f32 * row_height;
            let edges = [points(left), points(right), top, top + row_height - space];
            let color = tokens.heat(*value);
            quad(&mut mesh, edges, color, color);
        }
    }
    painter.add(Shape::mesh(mesh));
    names(ui, rows, plot, row_height);
}

fn names(ui: &Ui, rows: &RowsData, plot: Rect, row_height: f32) {
    let tokens = Tokens::of(ui.visuals());
    let font = FontId::proportional(11.0);
    let every = (READABLE / row_height).ceil().max(1.0);
    for (row, name) in rows.names.iter().enumerate() {
        if (row as f32 / every).fract() > 0.01 {
            continue;
        }
        let y = plot.top() + (row as f32 + 0.5) * row_height;
        let place = pos2(plot.left() - 7.0, y);
        let name = short(&escaped(name));
        ui.painter().text(
            place,
            Align2::RIGHT_CENTER,
            name,
            font.clone(),
            tokens.text_weak,
        );
    }
}

/// A name as far as there is room; of a path its end, which tells it from the others.
fn short(name: &str) -> String {
    let length = name.chars().count();
    if length <= LONGEST {
        return name.to_owned();
    }
    if name.starts_with('/') {
        let end: String = name.chars().skip(length + 1 - LONGEST).collect();
        return format!("…{end}");
    }
    name.chars().take(LONGEST).collect()
}

/// Tells of the row and the piece of time under the pointer; whether there is one.
pub fn words(
    ui: &Ui,
    response: &Response,
    shown: Shown<'_>,
    (group, plot): (RowGroup, Rect),
) -> bool {
    let Shown { document, axis, .. } = shown;
    let found = response.hover_pos().and_then(|place| {
        let rows = document.timeline.rows.get(&group)?;
        let cell = rows.cell_at(axis.time_from_x(f64::from(place.x)))?;
        let share = (place.y - plot.top()) / plot.height();
        let row = row_of(share, rows.names.len());
        Some((rows, cell, row))
    });
    let Some((rows, cell, row)) = found else {
        return false;
    };
    let value = cell.values.get(row).copied().flatten();
    let value = value.map_or(display::ABSENT.to_owned(), |value| {
        format!("{} %", display::percent(f64::from(value)))
    });
    let name = rows.names.get(row).map_or("", |name| name);
    let tokens = Tokens::of(ui.visuals());
    Tooltip::for_widget(response)
        .at_pointer()
        .gap(12.0)
        .show(|ui| {
            let (of_what, when) = match group {
                RowGroup::Cpus | RowGroup::Disks => ("busy", over(cell)),
                RowGroup::FileSystems => ("of the space in use", String::new()),
            };
            let text = format!("{} {value} {of_what}", escaped(name));
            ui.label(RichText::new(text).color(tokens.text_strong));
            if !when.is_empty() {
                ui.label(RichText::new(when).color(tokens.text_weak));
            }
        });
    true
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a screen's height"
)]
fn row_of(share: f32, rows: usize) -> usize {
    ((share * rows as f32).max(0.0) as usize).min(rows.saturating_sub(1))
}

/// What time a value is the mean of.
fn over(cell: &RowCell) -> String {
    let length = cell.to.since(cell.from).unwrap_or_default();
    format!("mean over {}", display::duration(length))
}
