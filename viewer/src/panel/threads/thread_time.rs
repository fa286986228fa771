//! What a thread did over the dumps: its CPU around each where no curve is known, and each stretch in which it did the same.

use super::ink::{self, ROW, safe};
use crate::command::{Command, DumpCommand};
use crate::data::DumpContent;
use crate::data::dumps::{Grid, GridRow, ThreadKey, telling};
use crate::paint::points;
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_analysis::dumps::frame;
use egui::{Align2, FontId, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

const HEIGHT: f32 = 46.0;
/// So many stretches up to the dump that is shown have a row.
const MOST: usize = 40;
/// So many dumps are on the curve.
const CURVE: usize = 240;

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    document: &Document,
    (content, key): (&DumpContent, &ThreadKey),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let grid = document.dumps.grid.as_deref();
    let found = grid.and_then(|grid| Some((grid, grid.row(key)?, grid.column(content.id)?)));
    let Some((grid, row, shown)) = found else {
        return;
    };
    ui.add_space(6.0);
    let title = format!("Over {} dumps", grid.columns.len());
    ui.label(RichText::new(title).strong().color(tokens.text_strong));
    if !super::curve::show(ui, document, (grid, row, shown), out) {
        curve(ui, grid, (row, shown));
    }
    for (number, stretch) in stretches(row, shown).into_iter().enumerate() {
        one(ui, document, (grid, row, shown), (number, stretch), out);
    }
}

/// The columns in which it did the same, the newest first.
fn stretches(row: &GridRow, shown: usize) -> Vec<(usize, usize)> {
    let end = (row.first + row.cells.len()).saturating_sub(1);
    let mut all: Vec<(usize, usize)> = Vec::new();
    for column in (row.first..=end).rev() {
        let Some(_) = row.cell(column) else { continue };
        let joins = row.cell(column + 1).is_some_and(|next| next.is_unchanged);
        match all.last_mut() {
            Some((from, _)) if joins && *from == column + 1 => *from = column,
            _ => all.push((column, column)),
        }
    }
    let here = all
        .iter()
        .position(|(from, to)| (*from..=*to).contains(&shown));
    let skipped = here.unwrap_or(0).saturating_sub(MOST / 4);
    all.into_iter().skip(skipped).take(MOST).collect()
}

fn one(
    ui: &mut Ui,
    document: &Document,
    (grid, row, shown): (&Grid, &GridRow, usize),
    (number, (from, to)): (usize, (usize, usize)),
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let Some(cell) = row.cell(to) else { return };
    let at = |column: usize| document.moment(grid.columns[column].at);
    let when = if from == to {
        at(from)
    } else {
        format!("{} – {} ({} dumps)", at(from), at(to), to - from + 1)
    };
    let stack = grid.stack(cell);
    let frames = || stack.iter().flat_map(|stack| stack.frames());
    let telling = telling(frames).map(frame::short).unwrap_or_default();
    let state = cell.state.name();
    let is_here = (from..=to).contains(&shown);
    let told = format!("{when}: {state}, {}", safe(&telling));
    let (rect, response) = ink::row(ui, (ROW, number), is_here, &told);
    let badge = Rect::from_center_size(pos2(rect.left() + 10.0, rect.center().y), vec2(16.0, 16.0));
    ink::badge(ui, badge, cell.state);
    let area = rect.with_min_x(rect.left() + 24.0);
    let wide = ink::text(ui, area, &when, tokens.text_strong, 12.5);
    let beside = area.with_min_x((area.left() + wide + 8.0).min(area.right()));
    ink::text(ui, beside, &telling, tokens.text, 12.5);
    let response = response.on_hover_ui(|ui| {
        ui.set_max_width(560.0);
        for name in frames().take(14) {
            ui.label(RichText::new(safe(&frame::short(name))).monospace().small());
        }
    });
    if response.clicked() {
        out.push(Command::Dumps(DumpCommand::Pick(grid.columns[to].id)));
    }
}

/// CPU around each dump, in shares of a core.
fn curve(ui: &mut Ui, grid: &Grid, (row, shown): (&GridRow, usize)) {
    let tokens = Tokens::of(ui.visuals());
    let size = vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let end = (shown + CURVE / 4).min(grid.columns.len() - 1);
    let columns = (end + 1).saturating_sub(CURVE)..end + 1;
    let share = |column: usize| row.cell(column).and_then(|cell| cell.cpu);
    let known: Vec<(usize, f32)> = columns
        .clone()
        .filter_map(|column| Some((column, share(column)?)))
        .collect();
    let most = known
        .iter()
        .map(|(_, share)| *share)
        .fold(1.0_f32, f32::max);
    let words = match known.last() {
        Some(_) => format!(
            "CPU around each dump, in percent of a core: {}",
            known
                .iter()
                .rev()
                .take(8)
                .rev()
                .map(|(_, share)| format!("{:.0}", share * 100.0))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        None => "CPU: nobody counted it around these dumps".to_owned(),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
    let plot = rect.shrink2(vec2(0.0, 4.0)).with_min_x(rect.left() + 44.0);
    let painter = ui.painter();
    let line = Stroke::new(1.0, tokens.grid);
    painter.hline(plot.x_range(), plot.bottom(), line);
    painter.hline(plot.x_range(), plot.top(), line);
    let font = FontId::proportional(10.5);
    let full = format!("{:.0} %", most * 100.0);
    let label = |at, text: &str| {
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            text,
            font.clone(),
            tokens.text_weak,
        );
    };
    label(plot.left_top() - vec2(6.0, 0.0), &full);
    label(plot.left_bottom() - vec2(6.0, 0.0), "0");
    if known.is_empty() {
        let font = FontId::proportional(11.5);
        painter.text(
            plot.center(),
            Align2::CENTER_CENTER,
            &words,
            font,
            tokens.text_weak,
        );
        return;
    }
    let count = columns.len().max(1) as f64;
    let wide = plot.width() * points(1.0 / count);
    for (column, share) in known {
        let place = (column - columns.start) as f64 / count;
        let x = plot.left() + plot.width() * points(place);
        let height = plot.height() * (share / most);
        let bar = Rect::from_min_max(
            pos2(x + 0.5, plot.bottom() - height.max(1.0)),
            pos2(x + wide.max(2.0) - 0.5, plot.bottom()),
        );
        let color = if column == shown {
            tokens.running
        } else {
            tokens.running.gamma_multiply(0.5)
        };
        painter.rect_filled(bar, 0.0, color);
    }
    response.on_hover_text(words);
}
