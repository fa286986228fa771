//! One cell of the process table: a value, or a dash that says on hover why there is none.
//!
//! Painted and not made of widgets: a table has hundreds of cells in sight. Numbers stand under
//! each other with their units in a place of their own, whatever the units are.

use crate::command::Command;
use crate::display::{self, Written, escape::escaped};
use crate::explain;
use crate::paint::points;
use crate::panel::explained;
use crate::state::Document;
use crate::state::table::{Branch, Column, Line};
use crate::theme::Tokens;
use afterimage_analysis::processes::group::Together;
use afterimage_analysis::processes::{Kind, Mark, Seen, Value};
use afterimage_format::reading::Missing;
use afterimage_format::time::WallTime;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};
use std::collections::BTreeMap;

/// Room on either side of a cell's text.
pub(super) const PADDING: f32 = 10.0;
/// Room for a unit behind its number.
const UNIT: f32 = 24.0;
/// How far a child is indented, and the deepest that is told apart.
const INDENT: f32 = 15.0;
const DEEPEST: usize = 24;

/// How a text is drawn.
#[derive(Clone, Copy)]
struct Ink {
    color: Color32,
    /// Struck through: it is gone.
    is_struck: bool,
    size: f32,
}

/// Draws the cell of a process.
pub(super) fn show(
    ui: &mut Ui,
    document: &Document,
    (line, seen): (Line, Seen<'_>),
    column: Column,
    out: &mut Vec<Command>,
) {
    if ui.is_sizing_pass() {
        return;
    }
    if line.is_context {
        ui.set_opacity(0.55);
    }
    let tokens = Tokens::of(ui.visuals());
    let mut area = ui.max_rect().shrink2(vec2(PADDING, 0.0));
    let value = match seen.value(column) {
        Ok(value) => value,
        Err(missing) => return absent(ui, missing, column, tokens),
    };
    let ink = Ink {
        color: color(column, &value, &seen, tokens),
        is_struck: seen.mark == Mark::Gone,
        size: 13.0,
    };
    match column {
        Column::Cpu | Column::Wait if !ink.is_struck => bar(ui, column, &value, tokens),
        Column::Command => branch(ui, &mut area, (line, seen), tokens, out),
        Column::Pid => sign(ui, seen.mark, tokens),
        _ => {}
    }
    if column.is_numeric() {
        let written = match column {
            Column::Started => Written {
                number: started(document, &value),
                ..Written::default()
            },
            _ => display::value(column, &value, &document.zone),
        };
        number(ui, area, &written, column, ink);
    } else {
        let text = display::value(column, &value, &document.zone).number;
        text_in(ui, area, &text, ink);
    }
    let before = seen.before(column);
    if let Some(before) = &before {
        changed(ui, column, before, &value, tokens);
    }
    if ui.rect_contains_pointer(ui.max_rect()) {
        hover(ui, document, &seen, column, before);
    }
}

/// What is nothing stands back, so that what is there is seen.
fn color(column: Column, value: &Value<'_>, seen: &Seen<'_>, tokens: &Tokens) -> Color32 {
    if seen.mark == Mark::Gone {
        return tokens.text_weak;
    }
    let is_nothing = value.number().is_some_and(|number| number.abs() < 0.05);
    match (column, value) {
        (Column::State, Value::Text(letter)) => match letter.as_ref() {
            "R" => tokens.running,
            "D" => tokens.blocked,
            "Z" | "T" | "t" | "X" => tokens.text_strong,
            _ => tokens.text_weak,
        },
        (Column::Command, _) => {
            let has_line = seen
                .row
                .command
                .as_deref()
                .is_ok_and(|line| !line.is_empty());
            if has_line {
                tokens.text_strong
            } else {
                tokens.text_weak
            }
        }
        (Column::Pid | Column::Nice | Column::Priority | Column::Processor, _) => tokens.text,
        _ if is_nothing => tokens.text_weak,
        (Column::Cpu | Column::Wait, _) => tokens.text_strong,
        _ if column.changes_of().is_some() => tokens.text_strong,
        _ => tokens.text,
    }
}

/// A time of day when it was on the cursor's day, else the day.
fn started(document: &Document, value: &Value<'_>) -> String {
    let at = WallTime(crate::time_axis::whole(value.number().unwrap_or(0.0)));
    let (zone, now) = (&document.zone, document.time.cursor);
    let day = |at| zone.format(at, "%Y-%m-%d");
    if day(at) == day(now) {
        zone.time_of_day(at)
    } else if zone.format(at, "%Y") == zone.format(now, "%Y") {
        zone.format(at, "%-d %b")
    } else {
        zone.format(at, "%b %Y")
    }
}

fn absent(ui: &mut Ui, missing: Missing, column: Column, tokens: &Tokens) {
    let area = ui.max_rect().shrink2(vec2(PADDING, 0.0));
    let ink = Ink {
        color: tokens.text_weak,
        is_struck: false,
        size: 13.0,
    };
    let dash = Written {
        number: display::ABSENT.to_owned(),
        ..Written::default()
    };
    if column.is_numeric() {
        number(ui, area, &dash, column, ink);
    } else {
        text_in(ui, area, display::ABSENT, ink);
    }
    if ui.rect_contains_pointer(ui.max_rect()) {
        let why = match (column.changes_of(), missing) {
            (Some(_), Missing::NotRead) => {
                "it cannot be compared: no rate is known of one of the moments".to_owned()
            }
            (None, Missing::Gone) => "it had ended by this snapshot".to_owned(),
            (_, missing) => missing.to_string(),
        };
        let response = ui.interact(ui.max_rect(), ui.scope_id().with("why"), Sense::hover());
        response.on_hover_text(format!("{}: {why}", column.title()));
    }
}

/// A number to the right, its unit in a place of its own.
fn number(ui: &Ui, area: Rect, written: &Written, column: Column, ink: Ink) {
    let has_units = matches!(column.kind(), Kind::Bytes | Kind::ByteRate);
    let mut right = area.right();
    if has_units {
        right -= UNIT;
        if !written.unit.is_empty() {
            let size = Ink { size: 11.0, ..ink };
            let unit = layout(ui, &written.unit, size, UNIT);
            let top = area.center().y - unit.size().y / 2.0 + 0.5;
            ui.painter().galley(pos2(right + 4.0, top), unit, ink.color);
        }
    }
    let galley = layout(ui, &written.number, ink, f32::INFINITY);
    let place = pos2(
        right - galley.size().x,
        area.center().y - galley.size().y / 2.0,
    );
    ui.painter().galley(place, galley, ink.color);
}

/// A text to the left, cut where there is no room; answers how wide it is.
fn text_in(ui: &Ui, area: Rect, text: &str, ink: Ink) -> f32 {
    let galley = layout(ui, text, ink, area.width().max(1.0));
    let width = galley.size().x;
    let place = pos2(area.left(), area.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, ink.color);
    width
}

fn layout(ui: &Ui, text: &str, ink: Ink, width: f32) -> std::sync::Arc<egui::Galley> {
    let strikethrough = if ink.is_struck {
        Stroke::new(1.0, ink.color)
    } else {
        Stroke::NONE
    };
    let format = TextFormat {
        font_id: FontId::proportional(ink.size),
        color: ink.color,
        strikethrough,
        ..TextFormat::default()
    };
    let mut job = LayoutJob::single_section(text.to_owned(), format);
    job.wrap = TextWrapping::truncate_at_width(width);
    ui.painter().layout_job(job)
}

/// A share of one core as a bar that is full at 100.
fn bar(ui: &Ui, column: Column, value: &Value<'_>, tokens: &Tokens) {
    let share = value.number().unwrap_or(0.0) / 100.0;
    if share < 0.0005 {
        return;
    }
    let color = if column == Column::Cpu {
        tokens.running
    } else {
        tokens.io
    };
    let area = ui.max_rect().shrink2(vec2(3.0, 2.0));
    let width = area.width() * points(share.clamp(0.0, 1.0));
    let bar = area.with_max_x(area.left() + width);
    ui.painter()
        .rect_filled(bar, 2.0, color.gamma_multiply(0.28));
}

/// A plus before what is new, a minus before what is gone.
fn sign(ui: &Ui, mark: Mark, tokens: &Tokens) {
    let color = match mark {
        Mark::Stayed => return,
        Mark::Born => tokens.born,
        Mark::Gone => tokens.text_weak,
    };
    let rect = ui.max_rect();
    let middle = pos2(rect.left() + 11.0, rect.center().y);
    let stroke = Stroke::new(1.5, color);
    let painter = ui.painter();
    painter.hline(middle.x - 3.5..=middle.x + 3.5, middle.y, stroke);
    if mark == Mark::Born {
        painter.vline(middle.x, middle.y - 3.5..=middle.y + 3.5, stroke);
    }
}

/// A mark at a value that is different now: an arrow where it went up or down, else a dot.
fn changed(ui: &Ui, column: Column, before: &Value<'_>, now: &Value<'_>, tokens: &Tokens) {
    let rect = ui.max_rect();
    let middle = pos2(rect.left() + 6.0, rect.center().y);
    let painter = ui.painter();
    let way = before
        .number()
        .zip(now.number())
        .filter(|_| column.is_numeric());
    let Some((before, now)) = way else {
        painter.circle_filled(middle - vec2(1.5, 0.0), 2.0, tokens.changed);
        return;
    };
    let up = if now > before { -2.5 } else { 2.5 };
    let tip = middle + vec2(0.0, up);
    let base = middle - vec2(0.0, up);
    let corners = vec![tip, base - vec2(3.0, 0.0), base + vec2(3.0, 0.0)];
    painter.add(Shape::convex_polygon(corners, tokens.changed, Stroke::NONE));
}

/// The indentation of a tree, with lines down from each parent, and what opens a branch.
fn branch(
    ui: &mut Ui,
    area: &mut Rect,
    (line, seen): (Line, Seen<'_>),
    tokens: &Tokens,
    out: &mut Vec<Command>,
) {
    let depth = line.depth.min(DEEPEST);
    let stroke = Stroke::new(1.0, tokens.line);
    let left = area.left();
    for level in 0..depth {
        let x = left + INDENT * points(level as f64) + 5.0;
        ui.painter().vline(x, ui.max_rect().y_range(), stroke);
    }
    let start = left + INDENT * points(depth as f64);
    if line.children > 0 {
        let rect = Rect::from_center_size(pos2(start + 5.0, area.center().y), Vec2::splat(14.0));
        let response = ui.interact(rect, ui.scope_id().with("branch"), Sense::click());
        let name = escaped(&seen.row.comm);
        let words = format!("{} {name}", if line.is_open { "Close" } else { "Open" });
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
        let color = if response.hovered() {
            tokens.text_strong
        } else {
            tokens.text_weak
        };
        triangle(ui, rect, line.is_open, color);
        if response.clicked() {
            out.push(Command::Turn(Branch::Process(seen.row.key)));
        }
    }
    // Where nothing is a tree nothing is indented.
    let is_tree = line.children > 0 || line.depth > 0;
    area.min.x = start + if is_tree { 16.0 } else { 0.0 };
}

/// Points down when what is under it is shown, else to the right.
fn triangle(ui: &Ui, rect: Rect, is_open: bool, color: Color32) {
    let middle = rect.center();
    let corners = if is_open {
        [vec2(-4.0, -2.0), vec2(4.0, -2.0), vec2(0.0, 3.0)]
    } else {
        [vec2(-2.0, -4.0), vec2(3.0, 0.0), vec2(-2.0, 4.0)]
    };
    let corners = corners.map(|corner| middle + corner).to_vec();
    ui.painter()
        .add(Shape::convex_polygon(corners, color, Stroke::NONE));
}

/// What the value means, what it was, and all of a text that was cut.
fn hover(ui: &Ui, document: &Document, seen: &Seen<'_>, column: Column, before: Option<Value<'_>>) {
    let is_text = matches!(
        column,
        Column::Command | Column::Cgroup | Column::Wchan | Column::Comm
    );
    let is_worth_it =
        is_text || column == Column::State || before.is_some() || column == Column::Started;
    if !is_worth_it {
        return;
    }
    let response = ui.interact(ui.max_rect(), ui.scope_id().with("words"), Sense::hover());
    response.on_hover_ui(|ui| {
        let tokens = Tokens::of(ui.visuals());
        ui.set_max_width(560.0);
        let whole = |value: &Value<'_>| display::value(column, value, &document.zone).join();
        if column == Column::State
            && let Ok(letter) = seen.row.state
        {
            match explain::state(letter) {
                Some(entry) => explained::words(ui, display::state(letter), entry),
                None => drop(ui.label("A state that this version has no words for.")),
            }
        } else if let (true, Ok(value)) = (is_text || column == Column::Started, seen.value(column))
        {
            ui.label(whole(&value));
        }
        if let Some(before) = before {
            let since = match &document.pinned {
                Some(pinned) => format!("At {}", document.zone.time_of_day(pinned.snapshot.at)),
                None => "A snapshot before".to_owned(),
            };
            let text = format!("{since} it was {}.", whole(&before));
            ui.label(egui::RichText::new(text).color(tokens.changed));
        }
    });
}

/// What processes have in common, in words.
pub(super) fn group_name(document: &Document, group: &Together) -> String {
    use crate::state::table::Arrangement;
    use afterimage_analysis::processes::group::GroupBy;
    match &group.name {
        Ok(name) if document.table.arrangement == Arrangement::By(GroupBy::State) => {
            display::value(
                Column::State,
                &Value::Text(name.as_str().into()),
                &document.zone,
            )
            .number
        }
        Ok(name) => escaped(name),
        Err(missing) => format!("not known: {missing}"),
    }
}

/// Where in its line the cell of a group stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Which column it is, from the left.
    pub(super) number: usize,
    /// How much room there is for the name from the second column on.
    pub(super) room: f32,
}

impl Place {
    /// Whether the name stands in the second column and goes on over those behind it.
    fn has_room(self) -> bool {
        self.room >= 60.0
    }
}

/// Draws the name of a group over the columns in which it has no sum.
fn name_of_group(ui: &Ui, document: &Document, group: &Together, room: f32) {
    let ink = Ink {
        color: Tokens::of(ui.visuals()).text_strong,
        is_struck: false,
        size: 13.0,
    };
    let rect = ui.max_rect();
    let over = (room - rect.width()).max(0.0);
    let clip = ui.clip_rect();
    let painter = ui
        .painter()
        .with_clip_rect(clip.with_max_x(clip.right() + over));
    let width = room - 2.0 * PADDING;
    let galley = layout(
        ui,
        &shortened(&group_name(document, group), width),
        ink,
        width,
    );
    let place = pos2(
        rect.left() + PADDING,
        rect.center().y - galley.size().y / 2.0,
    );
    painter.galley(place, galley, ink.color);
}

/// Of a path that is too long the end says more than the beginning.
fn shortened(name: &str, room: f32) -> String {
    let length = name.chars().count();
    // About as many letters as there is room for.
    let over = (0..length).find(|over| points((length - over) as f64) * 7.0 <= room);
    match over.filter(|over| name.starts_with('/') && *over > 0) {
        Some(over) => format!("…{}", name.chars().skip(over + 1).collect::<String>()),
        None => name.to_owned(),
    }
}

/// The programs of a group, most frequent first: `postgres 46, bash 2`.
fn programs(document: &Document, group: &Together) -> String {
    const MOST: usize = 6;
    let Some(rows) = document.rows() else {
        return String::new();
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seen in group.members.iter().filter_map(|place| rows.get(*place)) {
        *counts.entry(&seen.row.comm).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = counts.iter().take(MOST).map(|(name, count)| match count {
        1 => escaped(name),
        _ => format!("{} {count}", escaped(name)),
    });
    let more = if counts.len() > MOST { ", …" } else { "" };
    format!("{}{more}", named.collect::<Vec<_>>().join(", "))
}

/// Draws the cell of a group: a sum, its name, or how many it has.
pub(super) fn group(
    ui: &mut Ui,
    document: &Document,
    (line, group): (Line, &Together),
    column: Column,
    place: Place,
) {
    if ui.is_sizing_pass() {
        return;
    }
    let tokens = Tokens::of(ui.visuals());
    let mut area = ui.max_rect().shrink2(vec2(PADDING, 0.0));
    let ink = Ink {
        color: tokens.text_strong,
        is_struck: false,
        size: 13.0,
    };
    if place.number == 0 {
        let mark =
            Rect::from_center_size(pos2(area.left() + 4.0, area.center().y), Vec2::splat(14.0));
        triangle(ui, mark, line.is_open, tokens.text);
        area.min.x += 14.0;
        if column == Column::Pid {
            let count = Written {
                number: format!("{}×", group.members.len()),
                ..Written::default()
            };
            return number(ui, area, &count, column, ink);
        }
    }
    if column == Column::Command {
        let weak = Ink {
            color: tokens.text_weak,
            ..ink
        };
        let mut words = programs(document, group);
        if !place.has_room() {
            words = format!("{}:  {words}", group_name(document, group));
        }
        text_in(ui, area, &words, weak);
        return;
    }
    if place.number == 1 && place.has_room() {
        return name_of_group(ui, document, group, place.room);
    }
    let Some(sum) = group.sum(column) else { return };
    match sum.value() {
        Err(missing) => absent(ui, missing, column, tokens),
        Ok(known) => {
            let value = Value::Number(known);
            if matches!(column, Column::Cpu | Column::Wait) {
                bar(ui, column, &value, tokens);
            }
            let mut written = display::value(column, &value, &document.zone);
            if sum.absent > 0 {
                written.number = format!("≥ {}", written.number);
            }
            let is_nothing = known.abs() < 0.05;
            let color = if is_nothing {
                tokens.text_weak
            } else {
                ink.color
            };
            number(ui, area, &written, column, Ink { color, ..ink });
            if sum.absent > 0 && ui.rect_contains_pointer(ui.max_rect()) {
                let response =
                    ui.interact(ui.max_rect(), ui.scope_id().with("sum"), Sense::hover());
                let why = sum.missing.map_or(String::new(), |why| format!(": {why}"));
                let all = sum.absent + sum.count;
                response.on_hover_text(format!("Of {} of {all} it is not known{why}", sum.absent));
            }
        }
    }
}
