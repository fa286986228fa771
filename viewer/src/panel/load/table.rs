//! The groups at the cursor, a row each: how many tasks, in which state, and what they wait for.

use super::{MARGIN, color, title, total};
use crate::command::Command;
use crate::data::LoadMoment;
use crate::display;
use crate::explain;
use crate::paint::hatch::hatch;
use crate::paint::points;
use crate::panel::explained;
use crate::panel::process_table::ink::{Ink, heading_band, layout, text_in};
use crate::state::Document;
use crate::state::tabs::Tab;
use crate::theme::Tokens;
use afterimage_analysis::load::{By, Group, count_words, wait_words};
use egui::{
    Align2, Color32, CursorIcon, FontId, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2,
};

const ROW: f32 = 22.0;
const HEADER: f32 = 24.0;
const SWATCH: f32 = 10.0;
/// A name and its pid can be read in so much room.
const NAME: f32 = 150.0;

/// The columns: their headings, their entries among the explanations, and their widths.
const COLUMNS: [(&str, &str, f32); 6] = [
    ("", "group", 0.0),
    ("Tasks", "tasks", 62.0),
    ("Share", "share", 62.0),
    ("R", "running", 46.0),
    ("D", "uninterruptible", 46.0),
    ("Waits for", "waits", 0.0),
];

/// Where each column begins and ends.
struct Places([Rect; COLUMNS.len()]);

impl Places {
    fn of(row: Rect) -> Self {
        let fixed: f32 = COLUMNS.iter().map(|(_, _, width)| width).sum();
        let left = (row.width() - 2.0 * MARGIN - fixed).max(120.0);
        // Who it is comes before what it waits for.
        let name = (left * 0.44).max(NAME.min(left * 0.75));
        let mut x = row.left() + MARGIN;
        let widths = COLUMNS
            .iter()
            .enumerate()
            .map(|(place, column)| match place {
                0 => name,
                5 => left - name,
                _ => column.2,
            });
        let mut places = widths.map(|width| {
            let rect = Rect::from_min_max(pos2(x, row.top()), pos2(x + width, row.bottom()));
            x += width;
            rect
        });
        Self(std::array::from_fn(|_| places.next().unwrap_or(row)))
    }
}

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, moment: &LoadMoment, out: &mut Vec<Command>) {
    header(ui, document.load.by);
    let groups = moment.by(document.load.by);
    let missing = moment.counts.running_not_seen().unwrap_or(0).max(0);
    let rows = groups.len() + usize::from(missing > 0);
    if rows == 0 {
        ui.add_space(24.0);
        ui.vertical_centered(|ui| ui.weak("Nothing runs, wants to run, or is in state D."));
        return;
    }
    let all = total(moment).max(1.0);
    let area = ScrollArea::vertical()
        .id_salt("load")
        .auto_shrink([false; 2]);
    area.show_rows(ui, ROW, rows, |ui, shown| {
        for number in shown {
            match groups.get(number) {
                Some(group) => one(ui, document, (number, group), all, out),
                None => not_seen(ui, missing, all),
            }
        }
    });
}

fn header(ui: &mut Ui, by: By) {
    let tokens = Tokens::of(ui.visuals());
    let rect = heading_band(ui, HEADER);
    let names = match by {
        By::Process => "Process",
        By::Command => "Command",
        By::User => "User",
        By::Wchan => "Waits in",
    };
    for ((name, key, _), place) in COLUMNS.iter().zip(Places::of(rect).0) {
        let name = if name.is_empty() { names } else { name };
        let id = ui.scope_id().with(("load column", *key));
        let response = ui.interact(place, id, Sense::hover());
        explained::on_hover(response, name, explain::figure("load", key));
        let is_number = matches!(*key, "tasks" | "share" | "running" | "uninterruptible");
        let (anchor, at) = if is_number {
            (Align2::RIGHT_CENTER, place.right_center() - vec2(8.0, 0.0))
        } else {
            (Align2::LEFT_CENTER, place.left_center() + vec2(4.0, 0.0))
        };
        let font = FontId::proportional(12.0);
        ui.painter().text(at, anchor, name, font, tokens.text_weak);
    }
}

fn one(
    ui: &mut Ui,
    document: &Document,
    (number, group): (usize, &Group),
    all: f64,
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let (rect, response) = row(ui, Sense::click());
    let waits = group.waiting.first().map(wait_words).unwrap_or_default();
    let is_followed = group.process.is_some() && group.process == document.table.selected;
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, told(group, all, &waits)));
    if let Some(fill) = tokens.row(number, (is_followed, response.hovered())) {
        ui.painter().rect_filled(rect, 0.0, fill);
    }
    let places = Places::of(rect).0;
    let ink = color(tokens, document.load.data.as_deref(), group);
    swatch(ui, places[0], ink);
    name(ui, places[0], group, tokens);
    numbers(ui, &places, group, all, ink);
    let words = Ink {
        color: tokens.text,
        is_struck: false,
        size: 12.5,
    };
    text_in(ui, places[5].shrink2(vec2(4.0, 0.0)), &waits, words);
    let response = response.on_hover_ui(|ui| on_hover(ui, group));
    if let Some(key) = group.process
        && response.on_hover_cursor(CursorIcon::PointingHand).clicked()
    {
        out.extend([Command::Follow(key), Command::ShowTab(Tab::Processes)]);
    }
}

fn row(ui: &mut Ui, sense: Sense) -> (Rect, egui::Response) {
    ui.allocate_exact_size(vec2(ui.available_width(), ROW), sense)
}

/// How a screen reader, and a test, calls a row.
fn told(group: &Group, all: f64, waits: &str) -> String {
    let share = group.tasks() as f64 * 100.0 / all;
    let pid = group
        .process
        .map_or(String::new(), |key| format!(" {}", key.pid.0));
    let name = title(&group.name);
    let (running, stuck) = (group.running, group.uninterruptible);
    let tasks = display::counted(group.tasks(), "task");
    format!("{name}{pid}: {tasks}, {share:.0} %, {running} R, {stuck} D. {waits}")
}

fn swatch(ui: &Ui, place: Rect, color: Color32) {
    let middle = pos2(place.left() + SWATCH / 2.0 + 2.0, place.center().y);
    let rect = Rect::from_center_size(middle, vec2(SWATCH, SWATCH));
    ui.painter().rect_filled(rect, 2.0, color);
}

/// The name, and behind it its pid.
fn name(ui: &Ui, place: Rect, group: &Group, tokens: &Tokens) {
    let ink = |color, size| Ink {
        color,
        is_struck: false,
        size,
    };
    let area = place.with_min_x(place.left() + SWATCH + 10.0);
    let pids = match (group.process, group.pids.as_slice()) {
        (Some(key), _) => key.pid.0.to_string(),
        (None, [only]) => only.0.to_string(),
        (None, _) => String::new(),
    };
    let pid = layout(ui, &pids, ink(tokens.text_weak, 11.0), 80.0);
    let room = area.with_max_x(area.right() - pid.size().x - 8.0);
    let width = text_in(ui, room, &title(&group.name), ink(tokens.text_strong, 13.0));
    let at = pos2(
        area.left() + width + 7.0,
        area.center().y - pid.size().y / 2.0 + 0.5,
    );
    ui.painter().galley(at, pid, tokens.text_weak);
}

fn numbers(ui: &Ui, places: &[Rect; COLUMNS.len()], group: &Group, all: f64, color: Color32) {
    let tokens = Tokens::of(ui.visuals());
    let share = group.tasks() as f64 / all;
    bar(ui, places[2], share, color);
    let none = |count: u64| {
        if count == 0 {
            String::new()
        } else {
            count.to_string()
        }
    };
    let texts = [
        (places[1], group.tasks().to_string(), tokens.text_strong),
        (places[2], format!("{:.0} %", share * 100.0), tokens.text),
        (places[3], none(group.running), tokens.running),
        (places[4], none(group.uninterruptible), tokens.blocked),
    ];
    for (place, text, color) in texts {
        number(ui, place, text, color);
    }
}

fn number(ui: &Ui, place: Rect, text: String, color: Color32) {
    let font = FontId::proportional(13.0);
    let at = place.right_center() - vec2(8.0, 0.0);
    ui.painter()
        .text(at, Align2::RIGHT_CENTER, text, font, color);
}

fn bar(ui: &Ui, place: Rect, share: f64, color: Color32) {
    let area = place.shrink2(vec2(3.0, 3.0));
    let width = area.width() * points(share.clamp(0.0, 1.0));
    let bar = area.with_max_x(area.left() + width);
    ui.painter()
        .rect_filled(bar, 2.0, color.gamma_multiply(0.3));
}

/// What the kernel counted beside what was seen.
fn not_seen(ui: &mut Ui, missing: i64, all: f64) {
    let tokens = Tokens::of(ui.visuals());
    let (rect, response) = row(ui, Sense::hover());
    let words = format!(
        "Running, not seen: {}",
        display::counted(missing.unsigned_abs(), "task")
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &words));
    let places = Places::of(rect).0;
    let middle = pos2(places[0].left() + SWATCH / 2.0 + 2.0, rect.center().y);
    let swatch = Rect::from_center_size(middle, vec2(SWATCH, SWATCH));
    hatch(ui.painter(), swatch, tokens.text);
    let ink = Ink {
        color: tokens.text,
        is_struck: false,
        size: 13.0,
    };
    let area = places[0].with_min_x(places[0].left() + SWATCH + 10.0);
    text_in(ui, area, "running, not seen", ink);
    let missing = missing as f64;
    number(ui, places[1], count_words(missing), tokens.text_strong);
    number(
        ui,
        places[2],
        format!("{:.0} %", missing * 100.0 / all),
        tokens.text,
    );
    number(ui, places[3], count_words(missing), tokens.running);
    explained::on_hover(
        response,
        "Running, not seen",
        explain::figure("load", "not_seen"),
    );
}

/// Everything that its tasks wait for, and some of its processes.
fn on_hover(ui: &mut Ui, group: &Group) {
    let tokens = Tokens::of(ui.visuals());
    ui.set_max_width(420.0);
    ui.label(
        egui::RichText::new(title(&group.name))
            .strong()
            .color(tokens.text_strong),
    );
    let (running, stuck) = (group.running, group.uninterruptible);
    ui.label(format!(
        "{running} running or runnable, {stuck} in state D."
    ));
    for waiting in &group.waiting {
        let name = waiting.wchan.as_deref().map(|wchan| {
            let name = afterimage_analysis::escape::Escaped(wchan);
            format!(" ({name})")
        });
        let name = name.unwrap_or_default();
        ui.label(format!("{}× {}{name}", waiting.tasks, wait_words(waiting)));
    }
    let pids: Vec<String> = group.pids.iter().map(|pid| pid.0.to_string()).collect();
    ui.weak(match group.process {
        Some(_) => "Click for the page of the process.".to_owned(),
        None => format!("Among its processes: {}", pids.join(", ")),
    });
}
