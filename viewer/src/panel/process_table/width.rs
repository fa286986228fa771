//! How wide the columns are: as usual, or as the edge of a heading was dragged.
//!
//! The widths that a person chose are in the state; what fits the text is measured here.

use super::cell::{self, INDENT};
use super::ink::{Ink, PADDING, UNIT, layout};
use crate::command::Command;
use crate::display;
use crate::paint::points;
use crate::state::Document;
use crate::state::table::{Column, DEFAULT_COLUMNS, Line, Rows, TableView, WIDTHS, What};
use crate::theme::Tokens;
use afterimage_analysis::processes::{Kind, Value};
use egui::{CursorIcon, Id, Rect, Role, Sense, Stroke, Ui, WidgetInfo};

/// How much of a heading's right end is its edge.
const EDGE: f32 = 6.0;
/// Room for the arrow of the column that is sorted by.
const ARROW: f32 = 18.0;

/// What a heading and its column hold.
#[derive(Clone, Copy)]
pub(super) struct Contents<'a> {
    pub(super) document: &'a Document,
    pub(super) rows: Rows<'a>,
    pub(super) column: Column,
}

/// Narrower than this, a command line says not who it is.
const LEAST_COMMAND: f32 = 180.0;
/// The columns of those that are shown at first that are left out for want of room, in this order:
/// there the pages and the page of a process say the same.
const LEFT_OUT: [Column; 11] = [
    Column::Nice,
    Column::Started,
    Column::Threads,
    Column::ThreadsChange,
    Column::User,
    Column::Write,
    Column::Read,
    Column::WriteChange,
    Column::ReadChange,
    Column::Wait,
    Column::State,
];

/// The columns that are left out so that the one that says who it is can be seen: none of those
/// that a person chose.
pub(super) fn left_out(view: &TableView, shown: &[Column], available: f32) -> Vec<Column> {
    let mut out = Vec::new();
    let is_usual = view.columns == DEFAULT_COLUMNS && !view.widths.contains_key(&Column::Command);
    if !is_usual {
        return out;
    }
    let taken: f32 = shown.iter().filter_map(|column| width(view, *column)).sum();
    let mut room = available - taken;
    for column in LEFT_OUT {
        if room >= LEAST_COMMAND {
            break;
        }
        let is_wanted = view.sort == column || view.widths.contains_key(&column);
        if shown.contains(&column) && !is_wanted {
            room += width(view, column).unwrap_or(0.0);
            out.push(column);
        }
    }
    out
}

/// Fixed widths, so that nothing moves while one steps; the command line gets the rest.
pub(super) fn widths(view: &TableView, columns: &[Column], available: f32) -> Vec<f32> {
    let of = |column: &Column| width(view, *column);
    let taken: f32 = columns.iter().filter_map(of).sum();
    let least = (available * 0.16).clamp(120.0, 260.0);
    let rest = (available - taken).max(least);
    let all = columns.iter().map(|column| of(column).unwrap_or(rest));
    all.collect()
}

/// The width of a column; `None` for the command line, unless it was chosen.
pub(super) fn width(view: &TableView, column: Column) -> Option<f32> {
    let chosen = view.widths.get(&column).copied();
    chosen.or_else(|| usual(column))
}

fn usual(column: Column) -> Option<f32> {
    Some(match column {
        Column::Command => return None,
        Column::Pid | Column::State | Column::Started => 76.0,
        Column::User | Column::Group | Column::Tty => 88.0,
        Column::Cgroup => 240.0,
        Column::Wchan | Column::Comm => 140.0,
        Column::Policy | Column::Nice => 54.0,
        Column::PsState | Column::Uid | Column::Gid => 60.0,
        Column::Threads | Column::Pmem => 70.0,
        Column::ThreadsChange => 82.0,
        Column::Tpgid | Column::LifeCpu | Column::RtPriority | Column::MajorFaultCount => 92.0,
        Column::Preempted | Column::Switches => 100.0,
        Column::EffectiveUid | Column::EffectiveGid => 104.0,
        _ => match column.kind() {
            Kind::Bytes | Kind::ByteRate => 94.0,
            Kind::Duration => 92.0,
            _ => 76.0,
        },
    })
}

/// The edge to the right of a heading: dragged it makes the column wider or narrower, and a
/// double click makes it as wide as what stands in it.
pub(super) fn edge(ui: &Ui, contents: Contents<'_>, out: &mut Vec<Command>) {
    let (rect, column) = (ui.max_rect(), contents.column);
    let place = rect.with_min_x(rect.right() - EDGE);
    let response = ui.interact(place, ui.scope_id().with("edge"), Sense::click_and_drag());
    let name = format!("Width of {}", column.title());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, &name));
    if response.hovered() || response.dragged() {
        ui.set_cursor_icon(CursorIcon::ResizeColumn);
        let stroke = Stroke::new(2.0, Tokens::of(ui.visuals()).text_weak);
        let x = rect.right() - 1.0;
        ui.painter().vline(x, rect.y_range(), stroke);
    }
    let mut choose = |width: f32| {
        let width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
        let width = Some(width.round());
        out.push(Command::SetColumnWidth { column, width });
    };
    if response.double_clicked() {
        choose(fitting(ui, contents));
    } else if response.dragged()
        && let Some(width) = dragged(ui, &response, rect)
    {
        choose(width);
    }
}

/// How wide the column is with its edge where the pointer took it.
fn dragged(ui: &Ui, response: &egui::Response, rect: Rect) -> Option<f32> {
    let pointer = response.interact_pointer_pos()?.x;
    let id = Id::unique("how far from the edge it was taken");
    if response.drag_started() {
        let origin = ui.input(|input| input.pointer.press_origin())?.x;
        ui.data_mut(|data| data.insert_temp(id, rect.right() - origin));
    }
    let aside: f32 = ui.data(|data| data.get_temp(id))?;
    (response.drag_delta().x != 0.0).then(|| pointer + aside - rect.left())
}

/// Wide enough for the heading and for everything that stands in the column now.
fn fitting(ui: &Ui, contents: Contents<'_>) -> f32 {
    let Contents {
        document, column, ..
    } = contents;
    let ink = |size| Ink {
        color: egui::Color32::PLACEHOLDER,
        is_struck: false,
        size,
    };
    let long = |text: &str, size| layout(ui, text, ink(size), f32::INFINITY).size().x;
    let heading = long(column.title(), 12.0) + ARROW;
    let cell = |line: &Line| {
        let (text, indent) = text_of(contents, *line)?;
        Some(long(&text, 13.0) + indent)
    };
    let lines = document.table.lines.iter();
    let widest = lines.filter_map(cell).fold(heading, f32::max);
    let has_units = matches!(column.kind(), Kind::Bytes | Kind::ByteRate);
    (widest + 2.0 * PADDING + if has_units { UNIT } else { 2.0 }).ceil()
}

/// What stands in a line, without its unit, and how far it is indented.
fn text_of(contents: Contents<'_>, line: Line) -> Option<(String, f32)> {
    let Contents {
        document,
        rows,
        column,
    } = contents;
    let written = |value: &Value<'_>| cell::written(document, column, value).number;
    match line.what {
        What::Process(place) => {
            let value = rows.get(place)?.value(column);
            let text = value.map_or(display::ABSENT.to_owned(), |value| written(&value));
            let depth = line.depth + usize::from(line.children > 0);
            let is_tree = column == Column::Command && depth > 0;
            let indent = INDENT * points(depth as f64) + 16.0;
            Some((text, if is_tree { indent } else { 0.0 }))
        }
        What::Group(group) => {
            let sum = document.table.groups[group].sum(column)?;
            let known = sum.value().ok()?;
            Some((format!("≥ {}", written(&Value::Number(known))), 0.0))
        }
    }
}
