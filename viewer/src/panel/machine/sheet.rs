//! A table of a page: the name of each row stays in sight, the rest scrolls both ways.

mod heading;

use super::cell::{self, Change, Place};
use super::row_meaning;
use crate::display::escape::escaped;
use crate::paint::points;
use crate::panel::explained;
use crate::panel::process_table::ink::text_in;
use crate::theme::Tokens;
use afterimage_analysis::machine::{Measure, Row, Sheet};
use egui::{Color32, FontId, Id, Rect, Role, Sense, Stroke, Ui, WidgetInfo, vec2};
use egui_table::{CellInfo, HeaderCellInfo, HeaderRow, Table, TableDelegate};

pub(super) const ROW: f32 = 21.0;
pub(super) const HEADER: f32 = 24.0;
const GROUPS: f32 = 18.0;
/// Room to the left of the names, as beside everything else in the lower half.
const MARGIN: f32 = 12.0;
const NAME: f32 = 122.0;
/// The least width of a bar; it gets what is left.
const BAR: f32 = 120.0;

/// How a sheet is shown.
pub(super) struct Look {
    /// Under which name its columns are explained.
    pub(super) page: &'static str,
    /// What its rows are.
    pub(super) names: &'static str,
    /// How many of its last columns stand first and stay in sight.
    pub(super) kept: usize,
    /// Headings over several columns each, in the order they are shown; none when empty.
    pub(super) groups: &'static [(&'static str, usize)],
    /// The parts of a bar for each row, by their column.
    pub(super) bar: Option<fn(&Tokens, &str) -> Option<Color32>>,
    /// The colour of a bar behind a number, by its row and its column.
    pub(super) share: fn(&Tokens, &str, &str) -> Option<Color32>,
    /// The column whose share is drawn behind the name of the row.
    pub(super) behind_name: Option<&'static str>,
    /// Whether what a row means stands behind it.
    pub(super) has_words: bool,
    /// Whether a row is the sum of the others.
    pub(super) is_sum: fn(&str) -> bool,
}

/// How high it is with so many rows.
pub(super) fn height(rows: usize, look: &Look) -> f32 {
    let headings = if look.groups.is_empty() {
        HEADER
    } else {
        HEADER + GROUPS
    };
    // Room for the bar that scrolls sideways.
    headings + ROW * u16::try_from(rows.max(2)).map_or(f32::MAX, f32::from) + 12.0
}

/// What stands in a column of the table.
#[derive(Clone, Copy)]
enum Part {
    Name,
    Bar,
    Number(usize),
    /// Words about the row, or nothing.
    Rest,
}

/// Draws it in the room that is left: under each row what is different, when there is something
/// to compare with.
pub(super) fn show(ui: &mut Ui, (sheet, change): (&Sheet, Option<&Change>), look: &Look) {
    // The last ones come first where they are to stay in sight.
    let mut numbers: Vec<Part> = (0..sheet.columns.len()).map(Part::Number).collect();
    numbers.rotate_right(look.kept);
    let bar = look.bar.map(|_| Part::Bar);
    let parts: Vec<Part> = [Part::Name].into_iter().chain(bar).chain(numbers).collect();
    let mut widths: Vec<f32> = parts.iter().map(|part| width(ui, sheet, *part)).collect();
    let taken: f32 = widths.iter().sum();
    let left = (ui.available_width() - taken).max(0.0);
    let mut rest = left;
    if look.bar.is_some() {
        rest = left.min(MARGIN - cell::PADDING);
        widths[1] += left - rest;
    }
    let mut parts = parts;
    if rest >= 1.0 {
        parts.push(Part::Rest);
        widths.push(rest);
    }
    let columns = widths.iter().enumerate().map(|(number, width)| {
        egui_table::Column::new(*width)
            .range(*width..=*width)
            .id(Id::unique(("sheet", look.page, number)))
            .resizable(false)
    });
    let mut headers = vec![HeaderRow::new(HEADER)];
    if !look.groups.is_empty() {
        let mut first = HeaderRow::new(GROUPS);
        first.groups = groups(look, parts.len());
        headers.insert(0, first);
    }
    let table = Table::new()
        .id_salt(("sheet", look.page, widths.len()))
        .num_rows((sheet.rows.len() * if change.is_some() { 2 } else { 1 }) as u64)
        .num_sticky_cols(1 + look.kept)
        .headers(headers)
        .columns(columns.collect::<Vec<_>>());
    let area = ui.available_rect_before_wrap();
    let mut lines = Lines {
        sheet,
        change,
        look,
        parts,
        area,
    };
    // Each table has its own place in its own list.
    ui.push_id(("sheet", look.page), |ui| table.show(ui, &mut lines));
}

/// The columns under each heading: the name, the groups, and what is left.
fn groups(look: &Look, parts: usize) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::with_capacity(look.groups.len() + 2);
    ranges.push(0..1);
    let mut from = 1;
    for (_, count) in look.groups {
        ranges.push(from..from + count);
        from += count;
    }
    if from < parts {
        ranges.push(from..parts);
    }
    ranges
}

/// Wide enough for its numbers and for its heading.
fn width(ui: &Ui, sheet: &Sheet, part: Part) -> f32 {
    let column = match part {
        Part::Name => return NAME,
        Part::Bar => return BAR,
        Part::Rest => return 0.0,
        Part::Number(place) => &sheet.columns[place],
    };
    let least = match column.measure {
        Measure::Bytes => 92.0,
        Measure::KibPerSecond => 74.0,
        Measure::Seconds => 84.0,
        _ => 58.0,
    };
    let font = FontId::proportional(12.0);
    let color = Color32::PLACEHOLDER;
    let heading = ui
        .painter()
        .layout_no_wrap(column.heading.to_owned(), font, color);
    (heading.size().x + 2.0 * cell::PADDING + 2.0).max(least)
}

struct Lines<'a> {
    sheet: &'a Sheet,
    change: Option<&'a Change>,
    look: &'a Look,
    parts: Vec<Part>,
    /// Where the table is.
    area: Rect,
}

impl Lines<'_> {
    /// A row, and what it is the difference since when it is one.
    fn row(&self, number: u64) -> Option<(&Row, Option<&str>)> {
        let number = usize::try_from(number).ok()?;
        match self.change {
            None => Some((self.sheet.rows.get(number)?, None)),
            Some(_) if number % 2 == 0 => Some((self.sheet.rows.get(number / 2)?, None)),
            Some(change) => Some((change.sheet.rows.get(number / 2)?, Some(&change.since))),
        }
    }

    /// Whether a group of columns begins with this column of the table.
    fn begins_group(&self, column: usize) -> bool {
        let Some(number) = column.checked_sub(1) else {
            return false;
        };
        let mut from = 0;
        self.look.groups.iter().any(|(_, count)| {
            let begins = from == number;
            from += count;
            begins
        }) || (!self.look.groups.is_empty() && number == from)
    }

    /// How a screen reader, and a test, calls a row.
    fn name(&self, row: &Row, since: Option<&str>) -> String {
        let values = self.sheet.columns.iter().zip(&row.values);
        let values = values.map(|(column, value)| {
            format!(
                "{} {}",
                column.heading,
                cell::told(column, *value, since.is_some())
            )
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let since = since.map_or(String::new(), |since| format!(" less {since}"));
        format!("{}{since}: {values}", escaped(&row.name))
    }

    fn name_cell(&self, ui: &Ui, row: &Row, since: Option<&str>) {
        let tokens = Tokens::of(ui.visuals());
        let rect = ui.max_rect();
        if let Some(since) = since {
            let area = rect.shrink2(vec2(MARGIN, 0.0));
            let ink = cell::ink(tokens.changed, 12.0);
            text_in(ui, area, &format!("Δ {since}"), ink);
            return;
        }
        let key = self.look.behind_name;
        let share = key.and_then(|key| {
            let place = self
                .sheet
                .columns
                .iter()
                .position(|column| column.key == key)?;
            Some((
                row.values.get(place).copied()?,
                (self.look.share)(tokens, &row.name, key)?,
            ))
        });
        if let Some((share, color)) = share {
            cell::share(ui, rect, share, color);
        }
        let area = rect.shrink2(vec2(MARGIN, 0.0));
        let ink = cell::ink(tokens.text_strong, 13.0);
        text_in(ui, area, &escaped(&row.name), ink);
        if let Some(entry) = row_meaning(self.look.page, &row.name)
            && ui.rect_contains_pointer(rect)
        {
            let response = ui.interact(rect, ui.scope_id().with("row"), Sense::hover());
            explained::on_hover(response, &escaped(&row.name), Some(entry));
        }
    }

    /// The shares of a row beside each other; what is left of it is idle.
    fn bar(&self, ui: &Ui, row: &Row) {
        let Some(color) = self.look.bar else { return };
        let tokens = Tokens::of(ui.visuals());
        let area = ui.max_rect().shrink2(vec2(6.0, 4.0));
        ui.painter().rect_filled(area, 2.0, tokens.grid);
        let mut x = area.left();
        for (column, value) in self.sheet.columns.iter().zip(&row.values) {
            let (Some(color), Ok(value)) = (color(tokens, column.key), value) else {
                continue;
            };
            let width = area.width() * points((value / 100.0).clamp(0.0, 1.0));
            let end = (x + width).min(area.right());
            let part = area.with_min_x(x).with_max_x(end);
            ui.painter().rect_filled(part, 0.0, color);
            x = end;
        }
    }

    fn rest(&self, ui: &Ui, row: &Row) {
        if !self.look.has_words {
            return;
        }
        let tokens = Tokens::of(ui.visuals());
        let area = ui.max_rect().shrink2(vec2(14.0, 0.0));
        if let Some(entry) = row_meaning(self.look.page, &row.name) {
            let text = entry.what.split_inclusive(". ").next();
            let text = text.unwrap_or_default().trim_end();
            text_in(ui, area, text, cell::ink(tokens.text, 13.0));
        }
    }
}

impl TableDelegate for Lines<'_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, info: &HeaderCellInfo) {
        if !self.look.groups.is_empty() && info.row_nr == 0 {
            return heading::group(ui, self.look, info.group_index);
        }
        let tokens = Tokens::of(ui.visuals());
        let rect = ui.max_rect();
        ui.painter().rect_filled(rect, 0.0, tokens.panel);
        let line = Stroke::new(1.0, tokens.line);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
        match self.parts[info.col_range.start] {
            Part::Number(place) => {
                if self.begins_group(info.col_range.start) {
                    heading::edge(ui, rect);
                }
                heading::column(ui, self.look, &self.sheet.columns[place]);
            }
            Part::Name => heading::names(ui, self.look.names),
            Part::Bar | Part::Rest => {}
        }
    }

    fn row_ui(&mut self, ui: &mut Ui, number: u64) {
        let Some((row, since)) = self.row(number) else {
            return;
        };
        let tokens = Tokens::of(ui.visuals());
        let rect = ui.max_rect();
        let id = ui.scope_id().with(("row", number));
        let response = ui.interact(rect, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Row, true, self.name(row, since)));
        let pointer = ui.input(|input| input.pointer.hover_pos());
        let is_pointed_at = pointer.is_some_and(|pointer| {
            rect.y_range().contains(pointer.y)
                && self.area.contains(pointer)
                && ui.layer_id_at(pointer) == Some(ui.layer_id())
        });
        let fill = if is_pointed_at {
            Some(tokens.grid)
        } else if (self.look.is_sum)(&row.name) {
            Some(tokens.panel)
        } else {
            // A row and its difference belong together.
            let row = if self.change.is_some() {
                number / 2
            } else {
                number
            };
            (row % 2 == 1).then_some(tokens.stripe)
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, 0.0, fill);
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, info: &CellInfo) {
        if ui.is_sizing_pass() {
            return;
        }
        let (Some((row, since)), Some(part)) = (self.row(info.row_nr), self.parts.get(info.col_nr))
        else {
            return;
        };
        match *part {
            Part::Name => self.name_cell(ui, row, since),
            Part::Bar | Part::Rest if since.is_some() => {}
            Part::Bar => self.bar(ui, row),
            Part::Rest => self.rest(ui, row),
            Part::Number(place) => {
                let (column, value) = (&self.sheet.columns[place], row.values[place]);
                let rect = ui.max_rect();
                let tokens = Tokens::of(ui.visuals());
                if self.begins_group(info.col_nr) {
                    heading::edge(ui, rect);
                }
                let share = (self.look.share)(tokens, &row.name, column.key);
                if let Some(color) = share.filter(|_| since.is_none()) {
                    cell::share(ui, rect, value, color);
                }
                let place = Place {
                    rect,
                    id: ui.scope_id().with("number"),
                    has_unit: false,
                    is_change: since.is_some(),
                };
                cell::show(ui, self.look.page, column, value, place);
            }
        }
    }

    fn default_row_height(&self) -> f32 {
        ROW
    }
}
