//! The processes at the cursor: only the rows and columns in sight are laid out.
//!
//! `title` is the bar above with the filter and the menus, `header` a heading, `width` how wide
//! its column is, `cell` and `group` what stands in a cell, `ink` what that is drawn with.

mod boxes;
mod cell;
mod columns;
mod filter;
mod group;
mod header;
pub(super) mod ink;
mod title;
mod width;

use crate::command::Command;
use crate::display::{self, escape::escaped};
use crate::panel::{focus, unreadable};
use crate::state::table::{Branch, Column, Line, Rows, What};
use crate::state::{Document, State};
use crate::theme::Tokens;
use afterimage_analysis::processes::Mark;
use egui::{Id, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};
use egui_table::{CellInfo, HeaderCellInfo, HeaderRow, Table, TableDelegate};

pub(super) use title::{copy_menu, problem};

const ROW: f32 = 21.0;
const HEADER: f32 = 24.0;

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let (Some(snapshot), Some(rows)) = (&document.snapshot, document.rows()) else {
        return unreadable::or_loading(ui, document);
    };
    let mut shown = document.table.shown_columns(document.pinned.is_some());
    let left_out = width::left_out(&document.table, &shown, ui.available_width());
    shown.retain(|column| !left_out.contains(column));
    title::show(ui, state, (document, snapshot), &left_out, out);
    if document.gap_at_cursor().is_some() {
        // It is another moment than the one under the cursor.
        ui.set_opacity(0.6);
    }
    let widths = width::widths(&document.table, &shown, ui.available_width());
    let columns = shown.iter().zip(&widths).map(|(column, width)| {
        let width = *width;
        egui_table::Column::new(width)
            .range(width..=width)
            .id(Id::unique(("column", column.key())))
            // The edges of the headings do that: chosen widths are kept in the state.
            .resizable(false)
    });
    let mut table = Table::new()
        // Widths belong to a set of columns: another set is another table.
        .id_salt(("processes", &shown))
        .num_rows(document.table.lines.len() as u64)
        .num_sticky_cols(1)
        .headers([HeaderRow::new(HEADER)])
        .columns(columns.collect::<Vec<_>>());
    if let Some(line) = document.table.wanted_line {
        table = table.scroll_to_row(line as u64, None);
        out.push(Command::LineShown);
    }
    let (area, boxed) = boxes::beside(ui, state, ui.available_rect_before_wrap());
    let mut lines = Lines {
        document,
        rows,
        columns: shown,
        widths,
        area,
        lacking: None,
        out,
    };
    // Each table has its own place in its own list.
    ui.push_id("processes", |ui| {
        ui.scope_builder(UiBuilder::new().max_rect(area), |ui| {
            table.show(ui, &mut lines);
        });
    });
    if let Some(sign) = lines.lacking {
        boxes::remember(ui, sign);
    }
    if document.table.lines.is_empty() {
        nothing(ui, document, area);
    }
    if let Some(sign) = boxed {
        boxes::show(ui, area, sign, out);
    }
}

/// Says that no process matches, instead of a void.
fn nothing(ui: &mut Ui, document: &Document, area: Rect) {
    let tokens = Tokens::of(ui.visuals());
    let place = area.center_top() + vec2(0.0, HEADER + 40.0);
    let text = format!(
        "None of the {} processes matches the filter.",
        document.table.counts.all
    );
    let font = egui::FontId::proportional(14.0);
    let painter = ui.painter();
    painter.text(
        place,
        egui::Align2::CENTER_CENTER,
        text,
        font,
        tokens.text_weak,
    );
}

/// The table's lines, as `egui_table` asks for them.
struct Lines<'a> {
    document: &'a Document,
    rows: Rows<'a>,
    columns: Vec<Column>,
    /// How wide each of them is.
    widths: Vec<f32>,
    /// Where the table is.
    area: Rect,
    /// A sign of a name in sight that is drawn as a box.
    lacking: Option<char>,
    out: &'a mut Vec<Command>,
}

impl Lines<'_> {
    fn line(&self, number: u64) -> Option<Line> {
        let place = usize::try_from(number).ok()?;
        self.document.table.lines.get(place).copied()
    }

    /// Whether the pointer is on this line, also in the part of it that is drawn apart.
    fn is_pointed_at(&self, ui: &Ui, rect: Rect) -> bool {
        let pointer = ui.input(|input| input.pointer.hover_pos());
        pointer.is_some_and(|pointer| {
            rect.y_range().contains(pointer.y)
                && self.area.contains(pointer)
                && ui.layer_id_at(pointer) == Some(ui.layer_id())
        })
    }

    /// How a screen reader, and a test, calls the line: what it is about, then what stands in it.
    fn name(&self, line: Line) -> String {
        match line.what {
            What::Process(place) => self.rows.get(place).map_or(String::new(), |seen| {
                let mark = match seen.mark {
                    Mark::Stayed => "",
                    Mark::Born => "new: ",
                    Mark::Gone => "gone: ",
                };
                let mut name = format!("{mark}{}", escaped(&seen.row.title()));
                for column in self.columns.iter().filter(|of| **of != Column::Command) {
                    let told = seen
                        .value(*column)
                        .map_or(display::ABSENT.to_owned(), |value| {
                            cell::written(self.document, *column, &value).join()
                        });
                    name.extend([", ", column.title(), " ", told.as_str()]);
                }
                name
            }),
            What::Group(group) => {
                let group = &self.document.table.groups[group];
                let name = group::name(self.document, group);
                format!("{name}, {} processes", group.members.len())
            }
        }
    }

    /// How much room the columns give in which a group has no sum, behind the first one.
    fn room_for_name(&self) -> f32 {
        let rest = self.columns.iter().zip(&self.widths).skip(1);
        // Where the command line would be stands which programs they are.
        let empty =
            rest.take_while(|(column, _)| !column.is_summable() && **column != Column::Command);
        empty.map(|(_, width)| width).sum()
    }

    fn pressed(&mut self, line: Line) {
        match line.what {
            What::Process(place) => {
                let key = self.rows.get(place).map(|seen| seen.row.key);
                self.out.extend(key.map(Command::Select));
            }
            What::Group(group) => {
                let name = self.document.table.groups[group].name.clone().ok();
                self.out.push(Command::Turn(Branch::Group(name)));
            }
        }
    }
}

impl TableDelegate for Lines<'_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, info: &HeaderCellInfo) {
        let contents = width::Contents {
            document: self.document,
            rows: self.rows,
            column: self.columns[info.col_range.start],
        };
        header::show(ui, contents, self.out);
    }

    fn row_ui(&mut self, ui: &mut Ui, number: u64) {
        let Some(line) = self.line(number) else {
            return;
        };
        let tokens = Tokens::of(ui.visuals());
        let rect = ui.max_rect();
        let process = match line.what {
            What::Process(place) => self.rows.get(place),
            What::Group(_) => None,
        };
        let selected = match line.what {
            What::Process(_) => {
                process.is_some_and(|seen| self.document.table.selected == Some(seen.row.key))
            }
            What::Group(group) => self.document.table.stands_at(group),
        };
        if let (Some(seen), None) = (process, self.lacking) {
            self.lacking = boxes::lacking(ui, &seen.row.title());
        }
        let response = ui.interact(rect, ui.scope_id().with(("row", number)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, self.name(line)));
        let fill = if selected {
            Some(tokens.selection)
        } else if response.hovered() || self.is_pointed_at(ui, rect) {
            Some(tokens.grid)
        } else if process.is_none() {
            Some(tokens.panel)
        } else {
            (number % 2 == 1).then_some(tokens.stripe)
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, 0.0, fill);
        }
        if process.is_some_and(|seen| seen.mark == Mark::Born) {
            let edge = rect.with_max_x(rect.left() + 3.0);
            ui.painter().rect_filled(edge, 0.0, tokens.born);
        }
        focus::ring(ui, &response);
        if response.clicked() {
            self.pressed(line);
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, info: &CellInfo) {
        let (Some(line), Some(column)) = (self.line(info.row_nr), self.columns.get(info.col_nr))
        else {
            return;
        };
        match line.what {
            What::Process(place) => {
                if let Some(seen) = self.rows.get(place) {
                    cell::show(ui, self.document, (line, seen), *column, self.out);
                }
            }
            What::Group(group) => {
                let group = &self.document.table.groups[group];
                let place = group::Place {
                    number: info.col_nr,
                    room: self.room_for_name(),
                    end: self.area.right(),
                };
                group::show(ui, self.document, (line, group), *column, place);
            }
        }
    }

    fn default_row_height(&self) -> f32 {
        ROW
    }
}
