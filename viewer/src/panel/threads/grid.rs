//! The threads of a process over its dumps: a row a thread, a column a dump.
//!
//! A cell has the letter and the colour of the state, and at its foot a bar of CPU. Cells whose
//! stack is that of the dump before are joined: a long bar is a thread that does not move.

use super::ink::{self, HEADER, ROW, color, letter, percent, safe};
use super::{MARGIN, share};
use crate::command::{Command, DumpCommand};
use crate::data::dumps::{Grid, GridCell, GridColumn, GridRow, ReadDump};
use crate::explain;
use crate::paint::points;
use crate::panel::explained;
use crate::panel::process_table::ink::heading_band;
use crate::state::Document;
use crate::state::dumps::GridSort;
use crate::theme::Tokens;
use afterimage_analysis::dumps::frame;
use egui::{Align2, Button, FontId, Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder, pos2, vec2};
use std::ops::Range;
use std::sync::Arc;

/// How wide a cell is, at least and at most.
const CELL: (f32, f32) = (15.0, 26.0);
/// How wide the column of CPU is.
const CPU: f32 = 46.0;
/// The name has this share of the width, and at least and at most so much.
const NAME: (f32, f32, f32) = (0.3, 110.0, 260.0);

/// Where everything stands, and which dumps are in sight.
struct Places {
    name: f32,
    cell: f32,
    columns: Range<usize>,
}

impl Places {
    fn of(width: f32, grid: &Grid, shown: usize) -> Self {
        let row = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, ROW));
        let name = share(row, NAME);
        let room = ((width - name - CPU) * 0.62).max(CELL.0);
        let count = grid.columns.len().max(1);
        let cell = (room / count as f32).clamp(CELL.0, CELL.1);
        let fit = fitting(room, cell).clamp(1, count);
        // What was before the dump that is shown is worth more than what came after it.
        let end = (shown + 1 + fit / 4).max(fit).min(count);
        Self {
            name,
            cell,
            columns: end - fit..end,
        }
    }

    fn cells(&self) -> f32 {
        self.cell * self.columns.len() as f32
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few columns on a screen"
)]
fn fitting(room: f32, cell: f32) -> usize {
    (room / cell).clamp(1.0, 4096.0) as usize
}

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, read: &ReadDump, out: &mut Vec<Command>) {
    let view = &document.dumps;
    let shown = view.content.as_deref().map(|content| content.id);
    let grid = view.grid.as_deref();
    let found = grid
        .zip(shown)
        .and_then(|(grid, id)| Some((grid, grid.column(id)?)));
    let Some((grid, shown)) = found else {
        return ink::note(ui, "Reading the dumps of the process …");
    };
    let places = Places::of(ui.available_width(), grid, shown);
    head(ui, document, (grid, shown), &places, out);
    if view.order.is_empty() {
        return ink::note(ui, "No thread and no method is called so.");
    }
    let area = ScrollArea::vertical().id_salt("grid").auto_shrink(false);
    area.show_rows(ui, ROW, view.order.len(), |ui, numbers| {
        for number in numbers {
            let row = view
                .order
                .get(number)
                .and_then(|row| grid.rows.get(*row as usize));
            if let Some(row) = row {
                one(
                    ui,
                    document,
                    (grid, shown, read),
                    (number, row, &places),
                    out,
                );
            }
        }
    });
}

/// What threads are sorted by, and the times of the dumps.
fn head(
    ui: &mut Ui,
    document: &Document,
    (grid, shown): (&Grid, usize),
    places: &Places,
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let rect = heading_band(ui, HEADER);
    let left = rect.left() + places.name;
    let small = FontId::proportional(11.0);
    for (place, column) in places.columns.clone().enumerate() {
        let x = left + places.cell * place as f32;
        let area = Rect::from_min_size(pos2(x, rect.top()), vec2(places.cell, HEADER));
        let id = ui.scope_id().with(("dump", grid.columns[column].id));
        let response = ui.interact(area, id, Sense::click());
        let at = document.moment(grid.columns[column].at);
        response.widget_info(|| {
            let name = format!("Dump of {at}");
            egui::WidgetInfo::selected(egui::Role::ColumnHeader, true, column == shown, name)
        });
        sign(ui, document, &grid.columns[column], (area, column == shown));
        if response.clicked() {
            out.push(Command::Dumps(DumpCommand::Pick(grid.columns[column].id)));
        }
        let what = if grid.columns[column].is_kernel {
            "no dump, what the kernel alone said (k)"
        } else {
            "go to this dump"
        };
        response.on_hover_text(format!("{at}: {what}"));
    }
    let cpu = pos2(left + places.cells() + CPU - 6.0, rect.center().y);
    let cpu = ui
        .painter()
        .text(cpu, Align2::RIGHT_CENTER, "CPU", small, tokens.text_weak);
    let response = ui.interact(cpu, ui.scope_id().with("cpu"), Sense::hover());
    explained::on_hover(response, "CPU", explain::figure("dumps", "cpu"));
    sorts(ui, document, rect, left + places.cells() + CPU, out);
    let names = Rect::from_min_max(
        rect.left_top() + vec2(MARGIN, 0.0),
        pos2(left, rect.bottom()),
    );
    let count = match grid.left {
        0 => format!(
            "{} threads, {} dumps",
            document.dumps.order.len(),
            grid.columns.len()
        ),
        left => format!("{} dumps, {left} to be read", grid.columns.len()),
    };
    ink::text(ui, names, &count, tokens.text_weak, 11.5);
}

/// What stands over a column: that it is shown, pinned, or the kernel's alone.
fn sign(ui: &Ui, document: &Document, column: &GridColumn, (area, is_shown): (Rect, bool)) {
    let tokens = Tokens::of(ui.visuals());
    let (word, color, line) = if is_shown {
        ("here", tokens.text_strong, Some(tokens.cursor))
    } else if document.dumps.is_pinned(column.id) {
        ("pin", tokens.changed, Some(tokens.changed))
    } else if column.is_kernel {
        ("k", tokens.text_weak, None)
    } else {
        return;
    };
    if let Some(line) = line {
        let mark = area.with_min_y(area.bottom() - 2.0);
        ui.painter().rect_filled(mark, 0.0, line);
    }
    let font = FontId::proportional(11.0);
    let middle = Align2::CENTER_CENTER;
    ui.painter().text(area.center(), middle, word, font, color);
}

fn sorts(ui: &mut Ui, document: &Document, rect: Rect, left: f32, out: &mut Vec<Command>) {
    let area = rect.with_min_x(left + 6.0);
    let builder = UiBuilder::new()
        .max_rect(area)
        .layout(egui::Layout::left_to_right(egui::Align::Center));
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(area.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding = vec2(5.0, 1.0);
        ui.label(egui::RichText::new("by").small());
        for sort in GridSort::ALL {
            let is_on = document.dumps.sort == sort;
            let title = egui::RichText::new(sort.title()).size(11.5);
            let button = ui.add(Button::selectable(is_on, title));
            button.widget_info(|| {
                let name = format!("Sort by {}", sort.title());
                egui::WidgetInfo::selected(egui::Role::Button, true, is_on, name)
            });
            if button.clicked() {
                out.push(Command::Dumps(DumpCommand::Sort(sort)));
            }
        }
    });
}

fn one(
    ui: &mut Ui,
    document: &Document,
    (grid, shown, read): (&Grid, usize, &ReadDump),
    (number, row, places): (usize, &GridRow, &Places),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let is_chosen = document.dumps.thread.as_ref() == Some(&row.key);
    let words = words(grid, (shown, read), row);
    let told = format!("{}: {}, {words}", safe(&name(row)), states(row, grid));
    let (rect, response) = ink::row(ui, (ROW, number), is_chosen, &told);
    let left = rect.left() + places.name;
    let area = Rect::from_min_max(
        rect.left_top() + vec2(MARGIN, 0.0),
        pos2(left - 6.0, rect.bottom()),
    );
    ink::name(ui, area, &name(row), (tokens.text_strong, 12.5));
    for (place, column) in places.columns.clone().enumerate() {
        let x = left + places.cell * place as f32;
        let area = Rect::from_min_size(pos2(x, rect.top()), vec2(places.cell, ROW));
        if let Some(one) = row.cell(column) {
            let is_first = column == places.columns.start;
            cell(ui, area, (one, is_first));
        }
        if column == shown {
            let edges = Stroke::new(1.0, tokens.cursor.gamma_multiply(0.5));
            ui.painter().vline(area.left(), area.y_range(), edges);
            ui.painter().vline(area.right(), area.y_range(), edges);
        }
    }
    let end = left + places.cells();
    if let Some(cpu) = row
        .cell(shown)
        .and_then(|cell| cell.cpu)
        .filter(|cpu| *cpu >= 0.005)
    {
        let at = pos2(end + CPU - 6.0, rect.center().y);
        let font = FontId::proportional(12.0);
        let color = if cpu >= 0.5 {
            tokens.running
        } else {
            tokens.text
        };
        ui.painter().text(
            at,
            Align2::RIGHT_CENTER,
            percent(f64::from(cpu)),
            font,
            color,
        );
    }
    let beside = rect
        .with_min_x(end + CPU + 6.0)
        .with_max_x(rect.right() - 6.0);
    ink::text(ui, beside, &words, tokens.text, 12.5);
    let response = response.on_hover_ui(|ui| hover(ui, document, grid, (shown, row)));
    if response.clicked() {
        let key = (!is_chosen).then(|| Arc::clone(&row.key));
        out.push(Command::Dumps(DumpCommand::Thread(key)));
    }
}

/// What it is called, where its name says nothing.
fn name(row: &GridRow) -> String {
    match (&*row.key.name, row.key.number, row.key.os_id) {
        ("", Some(number), _) => format!("thread #{number}"),
        ("", None, Some(id)) => format!("thread {id}"),
        (name, ..) => name.to_owned(),
    }
}

/// One state after the other, for who cannot see the cells.
fn states(row: &GridRow, grid: &Grid) -> String {
    let last = grid.columns.len().saturating_sub(8);
    let of = |column| row.cell(column).map_or("-", |cell| letter(cell.state));
    (last..grid.columns.len())
        .map(of)
        .collect::<Vec<_>>()
        .join(" ")
}

fn cell(ui: &Ui, area: Rect, (cell, is_first): (&GridCell, bool)) {
    let tokens = Tokens::of(ui.visuals());
    let strength = if cell.is_idle { 0.22 } else { 0.55 };
    // What does not move is one bar from dump to dump.
    let from = if cell.is_unchanged && !is_first {
        0.0
    } else {
        1.5
    };
    let bar = Rect::from_min_max(
        pos2(area.left() + from, area.top() + 3.0),
        pos2(area.right(), area.bottom() - 3.0),
    );
    let color = color(tokens, cell.state);
    ui.painter()
        .rect_filled(bar, 2.0, color.gamma_multiply(strength));
    let ink = if cell.is_idle {
        tokens.text_weak
    } else {
        tokens.text_strong
    };
    let font = FontId::proportional(10.5);
    ui.painter().text(
        bar.center(),
        Align2::CENTER_CENTER,
        letter(cell.state),
        font,
        ink,
    );
    if let Some(cpu) = cell.cpu.filter(|cpu| *cpu >= 0.01) {
        let width = bar.width() * points(f64::from(cpu.clamp(0.0, 1.0)));
        let used = Rect::from_min_size(
            pos2(bar.left(), bar.bottom() - 3.0),
            vec2(width.max(1.5), 3.0),
        );
        ui.painter().rect_filled(used, 0.0, tokens.text_strong);
    }
}

/// What it does in the dump that is shown: whom it blocks, whom it waits for, where it is.
fn words(grid: &Grid, (shown, read): (usize, &ReadDump), row: &GridRow) -> String {
    let Some(cell) = row.cell(shown) else {
        return "not in this dump".to_owned();
    };
    let place = read.place(&row.key);
    let locks = &read.report.locks;
    let blocks = place.and_then(|place| locks.held_by(place).map(|wanted| wanted.total).max());
    let waits = place.and_then(|place| locks.waits_for_thread(place));
    let thread = place.map(|place| &read.dump.threads[place]);
    let telling = thread.and_then(frame::telling).map(frame::short);
    let top = grid
        .stack(cell)
        .and_then(|stack| Some(frame::short(stack.frames().next()?)));
    let at = telling
        .or(top)
        .unwrap_or_else(|| cell.state.name().to_owned());
    match (blocks, waits) {
        (Some(count), _) => format!("blocks {count}: {at}"),
        (None, Some(holder)) => format!("waits for {}: {at}", read.dump.threads[holder].called()),
        (None, None) if cell.is_idle => format!("idle: {at}"),
        (None, None) => at,
    }
}

fn hover(ui: &mut Ui, document: &Document, grid: &Grid, (shown, row): (usize, &GridRow)) {
    let tokens = Tokens::of(ui.visuals());
    ui.set_max_width(560.0);
    ui.label(
        egui::RichText::new(safe(&name(row)))
            .strong()
            .color(tokens.text_strong),
    );
    let Some(cell) = row.cell(shown) else { return };
    let same = (row.first..shown).rev();
    let same = same.take_while(|column| row.cell(column + 1).is_some_and(|cell| cell.is_unchanged));
    let since = same.last().unwrap_or(shown);
    let state = cell.state.name();
    let words = if since < shown {
        format!(
            "{state}, as it was at {}",
            document.moment(grid.columns[since].at)
        )
    } else {
        state.to_owned()
    };
    ui.label(words);
    let stack = grid.stack(cell);
    for name in stack.iter().flat_map(|stack| stack.frames()).take(12) {
        let words = egui::RichText::new(safe(&frame::short(name)));
        ui.label(words.monospace().small());
    }
}
