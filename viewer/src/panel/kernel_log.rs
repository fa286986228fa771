//! The kernel log: all of it, beside the cursor. Only the lines in sight are laid out.
//!
//! `title` is the bar above with the search and the choice of severity, `line` one line.

mod line;
mod title;

use crate::command::{Command, LogCommand};
use crate::data::LogEntry;
use crate::explain;
use crate::panel::{explained, focus, unreadable};
use crate::state::{Document, State};
use crate::theme::Tokens;
use egui::{Align, Align2, FontId, Id, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_table::{CellInfo, HeaderCellInfo, HeaderRow, PrefetchInfo, Table, TableDelegate};
use line::Part;
use std::ops::Range;

const ROW: f32 = 20.0;
const HEADER: f32 = 22.0;
/// Where a scroll bar may be.
const SCROLL_BAR: f32 = 14.0;

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    title::show(ui, state, document, out);
    let Some(events) = &document.timeline.events else {
        return unreadable::or_loading(ui, document);
    };
    let view = &document.log;
    let area = ui.available_rect_before_wrap();
    if scrolled(ui, area) && view.follows {
        out.push(Command::Log(LogCommand::Follow(false)));
    }
    let widths = [
        (Part::Time, 152.0),
        (Part::Severity, 84.0),
        (Part::Process, 84.0),
        (Part::Text, (area.width() - 320.0).max(200.0)),
    ];
    let columns = widths.map(|(part, width)| {
        egui_table::Column::new(width)
            .range(width..=width)
            .id(Id::unique(("kernel log", part.title())))
            .resizable(false)
    });
    let mut table = Table::new()
        .id_salt("kernel log")
        .num_rows(view.lines.len() as u64)
        .headers([HeaderRow::new(HEADER)])
        .columns(columns);
    if let Some(line) = view.wanted_line {
        let seen = &view.in_sight;
        let is_seen = seen.start < line && line + 2 < seen.end;
        if !is_seen {
            table = table.scroll_to_row(line as u64, Some(Align::Center));
        }
        out.push(Command::Log(LogCommand::LineShown));
    }
    let mut lines = Lines {
        document,
        log: &events.log,
        parts: widths.map(|(part, _)| part),
        area,
        seen: 0..0,
        out,
    };
    // Each table has its own place in its own list.
    ui.push_id("kernel log", |ui| table.show(ui, &mut lines));
    let place = |row: u64| usize::try_from(row).unwrap_or(usize::MAX);
    let seen = place(lines.seen.start)..place(lines.seen.end);
    if seen != view.in_sight {
        out.push(Command::Log(LogCommand::InSight(seen)));
    }
    if view.lines.is_empty() {
        nothing(ui, document, &events.log, area);
    }
}

/// Whether somebody scrolls in the list, with the wheel or the bar.
fn scrolled(ui: &Ui, area: Rect) -> bool {
    let bar = area.with_min_x(area.right() - SCROLL_BAR);
    let at = ui.input(|input| input.pointer.hover_pos());
    let is_over =
        at.is_some_and(|at| area.contains(at) && ui.layer_id_at(at) == Some(ui.layer_id()));
    ui.input(|input| {
        let pressed = input
            .pointer
            .press_origin()
            .filter(|_| input.pointer.primary_down());
        let drags = pressed.is_some_and(|origin| bar.contains(origin));
        drags || (is_over && input.smooth_scroll_delta().y != 0.0)
    })
}

/// Says why there is no line, instead of a void.
fn nothing(ui: &Ui, document: &Document, log: &[LogEntry], area: Rect) {
    let tokens = Tokens::of(ui.visuals());
    let text = match (log.is_empty(), document.log.search.is_empty()) {
        (true, _) => "No line of the kernel log was recorded. The recorder may not have been \
                      allowed to read it: `afterimage doctor` on that host says so."
            .to_owned(),
        (false, true) => format!("None of the {} lines is so severe.", log.len()),
        (false, false) => format!("None of the {} lines matches.", log.len()),
    };
    let place = area.center_top() + vec2(0.0, HEADER + 40.0);
    let font = FontId::proportional(14.0);
    ui.painter()
        .text(place, Align2::CENTER_CENTER, text, font, tokens.text_weak);
}

struct Lines<'a> {
    document: &'a Document,
    log: &'a [LogEntry],
    parts: [Part; 4],
    area: Rect,
    /// The lines in sight.
    seen: Range<u64>,
    out: &'a mut Vec<Command>,
}

impl<'a> Lines<'a> {
    fn entry(&self, number: u64) -> Option<(usize, &'a LogEntry)> {
        let place = usize::try_from(number).ok()?;
        let line = self.document.log.lines.get(place)?;
        Some((place, self.log.get(*line as usize)?))
    }
}

impl TableDelegate for Lines<'_> {
    fn prepare(&mut self, info: &PrefetchInfo) {
        self.seen = info.visible_rows.clone();
    }

    fn header_cell_ui(&mut self, ui: &mut Ui, info: &HeaderCellInfo) {
        let tokens = Tokens::of(ui.visuals());
        let rect = ui.max_rect();
        let part = self.parts[info.col_range.start];
        ui.painter().rect_filled(rect, 0.0, tokens.panel);
        let line = Stroke::new(1.0, tokens.line);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
        let place = pos2(rect.left() + line::PADDING, rect.center().y);
        let (title, font) = (part.title(), FontId::proportional(12.0));
        ui.painter()
            .text(place, Align2::LEFT_CENTER, title, font, tokens.text_weak);
        let response = ui.interact(rect, ui.scope_id().with("heading"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, title));
        explained::on_hover(response, title, explain::figure("log", part.key()));
    }

    fn row_ui(&mut self, ui: &mut Ui, number: u64) {
        let Some((place, entry)) = self.entry(number) else {
            return;
        };
        // The table asks for its rows once for the columns that stay in sight, of which there are
        // none here.
        if !ui.clip_rect().is_positive() {
            return;
        }
        let view = &self.document.log;
        let tokens = Tokens::of(ui.visuals());
        let rect = ui.max_rect();
        let id = ui.scope_id().with(("line", number));
        let response = ui.interact(rect, id, Sense::click());
        let is_at_cursor = view.at_cursor.contains(&place);
        response.widget_info(|| {
            let name = line::name(self.document, entry);
            WidgetInfo::selected(Role::Row, true, is_at_cursor, name)
        });
        let pointer = ui.input(|input| input.pointer.hover_pos());
        let is_pointed_at = pointer.is_some_and(|pointer| {
            rect.y_range().contains(pointer.y)
                && self.area.contains(pointer)
                && ui.layer_id_at(pointer) == Some(ui.layer_id())
        });
        let fill = if is_at_cursor {
            Some(tokens.selection.gamma_multiply(0.6))
        } else if is_pointed_at {
            Some(tokens.grid)
        } else {
            (number % 2 == 1).then_some(tokens.stripe)
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, 0.0, fill);
        }
        if is_at_cursor {
            let edge = rect.with_max_x(rect.left() + 3.0);
            ui.painter().rect_filled(edge, 0.0, tokens.cursor);
        }
        // The cursor stands between what was and what is to come.
        let cursor = Stroke::new(1.0, tokens.cursor);
        if place + 1 == view.at_cursor.end {
            ui.painter()
                .hline(rect.x_range(), rect.bottom() - 0.5, cursor);
        } else if place == 0 && view.at_cursor.end == 0 {
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, cursor);
        }
        let is_current = view.current.and_then(|at| view.matches.get(at)) == Some(&place);
        if is_current {
            let mark = rect.with_max_x(rect.left() + 6.0);
            ui.painter().rect_filled(mark, 0.0, tokens.changed);
        }
        focus::ring(ui, &response);
        if response.clicked() {
            self.out.push(Command::SetCursor(entry.at));
            self.out
                .push(Command::Time(crate::command::TimeCommand::Settle));
            self.out.push(Command::Log(LogCommand::Follow(true)));
            self.out.push(Command::Log(LogCommand::Stand(place)));
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, info: &CellInfo) {
        if ui.is_sizing_pass() {
            return;
        }
        let (Some((_, entry)), Some(part)) = (self.entry(info.row_nr), self.parts.get(info.col_nr))
        else {
            return;
        };
        line::cell(ui, self.document, entry, *part, self.out);
    }

    fn default_row_height(&self) -> f32 {
        ROW
    }
}
