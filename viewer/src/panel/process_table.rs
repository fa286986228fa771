//! The processes at the cursor: sorted, filtered, and only the rows in sight laid out.

mod cell;

use crate::command::Command;
use crate::data::Snapshot;
use crate::display;
use crate::display::escape::escaped;
use crate::state::table::Column;
use crate::state::{Document, Focus, State};
use crate::theme::Tokens;
use egui::{
    Align, Layout, Margin, Response, RichText, Role, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2,
};
use egui_table::{CellInfo, HeaderCellInfo, HeaderRow, Table, TableDelegate};

const ROW: f32 = 21.0;
const HEADER: f32 = 24.0;

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let Some(snapshot) = &document.snapshot else {
        ui.centered_and_justified(|ui| ui.weak("Loading …"));
        return;
    };
    title(ui, state, document, snapshot, out);
    if document.gap_at_cursor().is_some() {
        // It is another moment than the one under the cursor.
        ui.set_opacity(0.6);
    }
    let columns = columns(ui.available_width());
    let table = Table::new()
        .id_salt("processes")
        .num_rows(document.table.order.len() as u64)
        .num_sticky_cols(1)
        .headers([HeaderRow::new(HEADER)])
        .columns(columns);
    table.show(
        ui,
        &mut Rows {
            document,
            snapshot,
            out,
        },
    );
}

/// Fixed widths, so that nothing moves while one steps; the command line gets the rest.
fn columns(available: f32) -> Vec<egui_table::Column> {
    let width = |column| match column {
        Column::Pid | Column::Threads | Column::Started => 76.0,
        Column::User => 92.0,
        Column::State => 84.0,
        Column::Cpu | Column::Wait => 78.0,
        Column::Rss => 88.0,
        Column::Read | Column::Write => 96.0,
        Column::Nice => 52.0,
        Column::Command => 0.0,
    };
    let taken: f32 = Column::ALL.into_iter().map(width).sum();
    let fixed = |column| match column {
        Column::Command => (available - taken).max(240.0),
        column => width(column),
    };
    let column = |width| {
        egui_table::Column::new(width)
            .range(width..=width)
            .resizable(false)
    };
    Column::ALL.into_iter().map(fixed).map(column).collect()
}

fn title(
    ui: &mut Ui,
    state: &State,
    document: &Document,
    snapshot: &Snapshot,
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let frame = egui::Frame::new()
        .fill(tokens.panel)
        .inner_margin(Margin::symmetric(12, 5));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(
                RichText::new("Processes")
                    .size(14.0)
                    .color(tokens.text_strong),
            );
            let (text, is_problem) = words(document, snapshot);
            let color = if is_problem {
                tokens.problem
            } else {
                tokens.text
            };
            ui.label(RichText::new(text).color(color));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                filter(ui, state, document, out);
                if !document.table.filter.is_empty() {
                    let shown =
                        format!("{} of {}", document.table.order.len(), snapshot.rows.len());
                    ui.label(RichText::new(shown).color(tokens.text_weak));
                }
            });
        });
    });
}

/// Which snapshot this is, and how many of its processes do what.
fn words(document: &Document, snapshot: &Snapshot) -> (String, bool) {
    let at = document.zone.time_of_day(snapshot.at);
    if let Some(gap) = document.gap_at_cursor() {
        let cause = display::gap_cause(&gap.kind);
        return (
            format!("Nothing to show at the cursor. {cause} Shown is {at}, the last before it."),
            true,
        );
    }
    let doing = |letter| {
        snapshot
            .rows
            .iter()
            .filter(|row| row.state == Ok(letter))
            .count()
    };
    let since = snapshot
        .previous
        .and_then(|previous| snapshot.at.since(previous));
    let rates = match since {
        Some(since) => format!("rates over the {} before", display::duration(since)),
        None if snapshot.at <= document.time.capture.from => {
            "the first, so without rates".to_owned()
        }
        None => "the first after a gap, so without rates".to_owned(),
    };
    let (all, runnable, blocked) = (snapshot.rows.len(), doing('R'), doing('D'));
    (
        format!("at {at}:  {all} in all, {runnable} runnable, {blocked} blocked;  {rates}"),
        false,
    )
}

fn filter(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let mut text = document.table.filter.clone();
    let field = TextEdit::singleline(&mut text)
        .hint_text("Filter (/)")
        .desired_width(220.0);
    let field = ui.add(field);
    field.widget_info(|| WidgetInfo {
        label: Some("Filter".to_owned()),
        ..WidgetInfo::text_edit(
            true,
            document.table.filter.as_str(),
            text.as_str(),
            "Filter (/)",
        )
    });
    if state.focus == Some(Focus::Filter) {
        field.request_focus();
        out.push(Command::FocusTaken);
    }
    if field.changed() {
        out.push(Command::Filter(text));
    }
}

/// The table's rows, as `egui_table` asks for them.
struct Rows<'a> {
    document: &'a Document,
    snapshot: &'a Snapshot,
    out: &'a mut Vec<Command>,
}

impl Rows<'_> {
    fn row(&self, number: u64) -> Option<&crate::data::ProcessRow> {
        let place = usize::try_from(number).ok()?;
        self.snapshot
            .rows
            .get(*self.document.table.order.get(place)?)
    }
}

impl TableDelegate for Rows<'_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, info: &HeaderCellInfo) {
        let column = Column::ALL[info.col_range.start];
        let view = &self.document.table;
        let descending = (view.sort == column).then_some(view.descending);
        if header(ui, column, descending).clicked() {
            self.out.push(Command::SortBy(column));
        }
    }

    fn row_ui(&mut self, ui: &mut Ui, number: u64) {
        let Some(row) = self.row(number) else { return };
        let (key, name) = (row.key, escaped(&row.title()));
        let tokens = Tokens::of(ui.visuals());
        let rect = ui.max_rect();
        let selected = self.document.table.selected == Some(key);
        let response = ui.interact(rect, ui.scope_id().with(("row", number)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, &name));
        let fill = if selected {
            Some(tokens.selection)
        } else if response.hovered() {
            Some(tokens.grid)
        } else {
            (number % 2 == 1).then_some(tokens.stripe)
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, 0.0, fill);
        }
        if response.clicked() {
            self.out.push(Command::Select(key));
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, info: &CellInfo) {
        if let Some(row) = self.row(info.row_nr) {
            cell::show(ui, self.document, row, Column::ALL[info.col_nr]);
        }
    }

    fn default_row_height(&self) -> f32 {
        ROW
    }
}

/// A heading; the arrow shows which way the table is sorted.
fn header(ui: &mut Ui, column: Column, descending: Option<bool>) -> Response {
    let tokens = Tokens::of(ui.visuals());
    let rect = ui.max_rect();
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, column.title()));
    let painter = ui.painter();
    let hovered = response.hovered() || response.has_focus();
    painter.rect_filled(rect, 0.0, if hovered { tokens.line } else { tokens.panel });
    let color = if descending.is_some() {
        tokens.text_strong
    } else {
        tokens.text_weak
    };
    let font = egui::FontId::proportional(12.0);
    let text = painter.layout_no_wrap(column.title().to_owned(), font, color);
    let left = if column.is_numeric() {
        rect.right() - cell::PADDING - text.rect.width()
    } else {
        rect.left() + cell::PADDING
    };
    let width = text.rect.width();
    painter.galley(
        pos2(left, rect.center().y - text.rect.height() / 2.0),
        text,
        color,
    );
    if let Some(descending) = descending {
        let x = if column.is_numeric() {
            left - 9.0
        } else {
            left + width + 9.0
        };
        let way = if descending { 3.0 } else { -3.0 };
        let tip = pos2(x, rect.center().y + way);
        let base = tip - vec2(0.0, 2.0 * way);
        let points = vec![tip, base - vec2(3.5, 0.0), base + vec2(3.5, 0.0)];
        painter.add(egui::Shape::convex_polygon(
            points,
            color,
            egui::Stroke::NONE,
        ));
    }
    response.on_hover_text(column.meaning())
}
