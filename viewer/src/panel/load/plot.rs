//! The load over the time in view: the largest groups one upon the other, against the load average
//! and against what the kernel's formula gives with our counts.

use super::title;
use crate::command::Command;
use crate::data::load::LoadPart;
use crate::data::{LoadColumn, LoadData};
use crate::display;
use crate::explain;
use crate::paint::curve::quad;
use crate::paint::hatch::{hatch, pattern};
use crate::paint::points;
use crate::paint::scale::{Area, Scale};
use crate::panel::{explained, track};
use crate::state::Document;
use crate::theme::Tokens;
use crate::time_axis::{TimeAxis, ticks};
use afterimage_analysis::load::count_words;
use egui::{
    Align2, Color32, FontId, Mesh, Painter, Pos2, Rect, Response, RichText, Role, Sense, Shape,
    Stroke, Ui, WidgetInfo, pos2, vec2,
};

/// Room for the marks of the scale, for the legend and for the times.
const GUTTER: f32 = 38.0;
const LEGEND: f32 = 24.0;
const TIMES: f32 = 18.0;
/// How far apart marks are at least.
const MARKS_APART: f32 = 22.0;
const TIMES_APART: f64 = 84.0;
/// A layer so high and wide has its name in it.
const NAMED: f32 = 15.0;

/// Draws it.
pub(super) fn show(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let full = ui.available_rect_before_wrap();
    let Some(data) = document.load.data.as_deref() else {
        ui.centered_and_justified(|ui| ui.weak("Loading …"));
        return;
    };
    legend(ui, full.with_max_y(full.top() + LEGEND), data);
    let plot = Rect::from_min_max(full.min + vec2(GUTTER, LEGEND), full.max - vec2(0.0, TIMES));
    if plot.height() < 30.0 {
        return;
    }
    let response = ui.interact(
        plot,
        ui.scope_id().with("load plot"),
        Sense::click_and_drag(),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, told(data)));
    let edges = (f64::from(plot.left()), f64::from(plot.right()));
    let axis = TimeAxis::new(document.time.shown(), &document.time.folds, edges);
    paint(ui, document, data, (&axis, plot));
    let held = response.is_pointer_button_down_on() || response.clicked();
    if held && let Some(place) = response.interact_pointer_pos() {
        let at = axis.time_from_x(f64::from(place.x));
        if at != document.time.wanted {
            out.push(Command::SetCursor(at));
        }
    }
    on_hover(response, document, data, &axis);
}

/// How a screen reader, and a test, calls it.
fn told(data: &LoadData) -> String {
    let parts: Vec<String> = data.parts.iter().map(part_title).collect();
    let columns = display::counted(data.columns.len() as u64, "sample");
    format!(
        "Load over time by {}: {}; {columns}",
        data.by.name(),
        parts.join(", ")
    )
}

fn part_title(part: &LoadPart) -> String {
    let pid = part
        .process
        .map_or(String::new(), |key| format!(" {}", key.pid.0));
    format!("{}{pid}", title(&part.name))
}

/// What the lines and the layers without a name are.
fn legend(ui: &mut Ui, rect: Rect, data: &LoadData) {
    let tokens = Tokens::of(ui.visuals());
    let mut x = rect.left() + GUTTER;
    let middle = rect.center().y;
    let entries: [(&str, &str, &str); 4] = [
        ("line", "load, 1 min", "recorded"),
        ("dashed", "the kernel's formula over our counts", "computed"),
        ("hatch", "running, not seen", "not_seen"),
        ("others", "others", "others"),
    ];
    for (sign, words, key) in entries {
        let font = FontId::proportional(11.5);
        let galley = ui
            .painter()
            .layout_no_wrap(words.to_owned(), font, tokens.text_weak);
        let width = 24.0 + galley.size().x;
        if x + width > rect.right() {
            break;
        }
        let area = Rect::from_min_max(pos2(x, rect.top()), pos2(x + width, rect.bottom()));
        let sample = Rect::from_center_size(pos2(x + 9.0, middle), vec2(16.0, 9.0));
        let line = [sample.left_center(), sample.right_center()];
        let painter = ui.painter();
        match sign {
            "line" => {
                painter.line_segment(line, recorded(tokens));
            }
            "dashed" => painter.extend(dashes(&line, tokens)),
            "hatch" => hatch(painter, sample, tokens.text),
            _ => {
                painter.rect_filled(sample, 2.0, tokens.spare);
            }
        }
        let at = pos2(x + 22.0, middle - galley.size().y / 2.0);
        ui.painter().galley(at, galley, tokens.text_weak);
        let response = ui.interact(
            area,
            ui.scope_id().with(("load legend", key)),
            Sense::hover(),
        );
        explained::on_hover(response, words, explain::figure("load", key));
        x += width + 14.0;
    }
    if let Some(apart) = data.apart() {
        let words = format!("one sample each {}", display::duration(apart));
        let font = FontId::proportional(11.5);
        let galley = ui.painter().layout_no_wrap(words, font, tokens.text_weak);
        let left = rect.right() - galley.size().x;
        if left > x {
            let area = rect.with_min_x(left);
            let at = pos2(left, middle - galley.size().y / 2.0);
            ui.painter().galley(at, galley, tokens.text_weak);
            let id = ui.scope_id().with("load apart");
            let response = ui.interact(area, id, Sense::hover());
            explained::on_hover(response, "Samples", explain::figure("load", "samples"));
        }
    }
}

fn recorded(tokens: &Tokens) -> Stroke {
    Stroke::new(2.0, tokens.load_one)
}

fn dashes(line: &[Pos2], tokens: &Tokens) -> Vec<Shape> {
    Shape::dashed_line(line, Stroke::new(1.5, tokens.load_one), 4.0, 3.0)
}

fn paint(ui: &Ui, document: &Document, data: &LoadData, (axis, plot): (&TimeAxis, Rect)) {
    let tokens = Tokens::of(ui.visuals());
    let seen = data.columns.iter();
    let seen = seen.filter(|column| axis.span.from <= column.to && column.from <= axis.span.to);
    let seen: Vec<&LoadColumn> = seen.collect();
    let highest = seen.iter().fold(1.0, |highest: f64, column| {
        let lines = column
            .load_one
            .unwrap_or(0.0)
            .max(column.computed.unwrap_or(0.0));
        highest.max(column.total()).max(lines)
    });
    let scale = Scale::holding_whole(highest).with_marks_apart(plot.height(), MARKS_APART);
    let area = Area {
        rect: plot,
        is_down: false,
    };
    ui.painter().rect_filled(plot, 2.0, tokens.panel);
    marks(ui.painter(), document, (&scale, area), axis);
    let painter = ui
        .painter()
        .with_clip_rect(plot.expand2(vec2(0.0, 1.0)).intersect(ui.clip_rect()));
    track::gaps(&painter, document, axis, plot, tokens);
    layers(&painter, &seen, (axis, &scale, area), tokens);
    names(&painter, data, &seen, (axis, &scale, area));
    lines(&painter, document, &seen, (axis, &scale, area));
    let x = axis.x_from_time(document.time.cursor);
    if axis.left <= x && x <= axis.right {
        let x = painter.round_to_pixel_center(points(x));
        painter.vline(x, plot.y_range(), Stroke::new(1.0, tokens.cursor));
    }
}

/// The grid, and what is written beside it.
fn marks(painter: &Painter, document: &Document, (scale, area): (&Scale, Area), axis: &TimeAxis) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let font = FontId::proportional(11.0);
    let plot = area.rect;
    for mark in scale.marks() {
        let y = painter.round_to_pixel_center(scale.y(mark, area));
        painter.hline(plot.x_range(), y, Stroke::new(1.0, tokens.grid));
        let text = display::count(mark);
        let at = pos2(plot.left() - 7.0, y);
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            text,
            font.clone(),
            tokens.text_weak,
        );
    }
    for tick in ticks::ticks(axis, &document.zone, TIMES_APART) {
        let x = painter.round_to_pixel_center(points(axis.x_from_time(tick.at)));
        painter.vline(x, plot.y_range(), Stroke::new(1.0, tokens.grid));
        let galley = painter.layout_no_wrap(tick.label, font.clone(), tokens.text_weak);
        let half = galley.size().x / 2.0;
        let left = (x - half).clamp(plot.left(), (plot.right() - 2.0 * half).max(plot.left()));
        painter.galley(pos2(left, plot.bottom() + 3.0), galley, tokens.text_weak);
    }
}

/// The left and the right edge of a column, where it is in view.
fn edges(column: &LoadColumn, axis: &TimeAxis) -> Option<(f32, f32)> {
    let left = axis.x_from_time(column.from).max(axis.left);
    let right = axis.x_from_time(column.to).min(axis.right);
    (left < right).then(|| (points(left), points(right)))
}

fn layers(
    painter: &Painter,
    columns: &[&LoadColumn],
    (axis, scale, area): (&TimeAxis, &Scale, Area),
    tokens: &Tokens,
) {
    let mut mesh = Mesh::default();
    let mut not_seen: Vec<Rect> = Vec::new();
    for column in columns {
        let Some((left, right)) = edges(column, axis) else {
            continue;
        };
        let parts = (0..).map(|place| tokens.layer(place)).zip(&column.tasks);
        let parts = parts.chain([(tokens.spare, &column.others)]);
        let mut sum = 0.0;
        for (color, tasks) in parts.filter(|(_, tasks)| **tasks > 0.0) {
            let bottom = scale.y(sum, area);
            sum += tasks;
            let color = color.gamma_multiply(0.82);
            quad(
                &mut mesh,
                [left, right, scale.y(sum, area), bottom],
                color,
                color,
            );
        }
        if column.not_seen > 0.0 {
            let (bottom, top) = (scale.y(sum, area), scale.y(sum + column.not_seen, area));
            not_seen.push(Rect::from_min_max(pos2(left, top), pos2(right, bottom)));
        }
    }
    painter.add(Shape::mesh(mesh));
    for rect in not_seen {
        pattern(painter, rect, tokens.text);
    }
}

/// The name of each group, where its layer is highest, if there is room.
fn names(
    painter: &Painter,
    data: &LoadData,
    columns: &[&LoadColumn],
    (axis, scale, area): (&TimeAxis, &Scale, Area),
) {
    for (place, part) in data.parts.iter().enumerate() {
        let font = FontId::proportional(11.5);
        let galley = painter.layout_no_wrap(title(&part.name), font, Color32::PLACEHOLDER);
        let room = galley.size() + vec2(10.0, 0.0);
        let Some(at) = roomiest(columns, place, room, (axis, scale, area)) else {
            continue;
        };
        let tokens = Tokens::of(&painter.ctx().global_style().visuals);
        let rect = Align2::CENTER_CENTER.anchor_size(at, galley.size());
        painter.rect_filled(
            rect.expand2(vec2(4.0, 0.0)),
            3.0,
            tokens.canvas.gamma_multiply(0.72),
        );
        painter.galley(rect.min, galley, tokens.text_strong);
    }
}

/// The middle of the highest stretch of a layer in which a text of this size fits.
fn roomiest(
    columns: &[&LoadColumn],
    place: usize,
    room: egui::Vec2,
    (axis, scale, area): (&TimeAxis, &Scale, Area),
) -> Option<Pos2> {
    let band = |column: &LoadColumn| {
        let (left, right) = edges(column, axis)?;
        let below: f64 = column.tasks.iter().take(place).sum();
        let own = column.tasks.get(place)?;
        let (bottom, top) = (scale.y(below, area), scale.y(below + own, area));
        Some(Rect::from_min_max(pos2(left, top), pos2(right, bottom)))
    };
    let bands: Vec<Rect> = columns.iter().filter_map(|column| band(column)).collect();
    let mut best: Option<(f32, Pos2)> = None;
    for (first, begin) in bands.iter().enumerate() {
        let (mut top, mut bottom, mut end) = (begin.top(), begin.bottom(), begin.left());
        for band in &bands[first..] {
            if band.left() - end > 1.0 {
                break;
            }
            (top, bottom, end) = (top.max(band.top()), bottom.min(band.bottom()), band.right());
            let height = bottom - top;
            if height < NAMED.max(room.y) {
                break;
            }
            if end - begin.left() >= room.x {
                let middle = pos2(begin.left().midpoint(end), top.midpoint(bottom));
                if best.is_none_or(|(most, _)| height > most) {
                    best = Some((height, middle));
                }
                break;
            }
        }
    }
    best.map(|(_, middle)| middle)
}

/// The averages: as they were recorded, and as they follow from our counts.
fn lines(
    painter: &Painter,
    document: &Document,
    columns: &[&LoadColumn],
    (axis, scale, area): (&TimeAxis, &Scale, Area),
) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let gaps = document.facts().map_or(&[][..], |facts| &facts.gaps);
    let of = |value: fn(&LoadColumn) -> Option<f64>| {
        let mut runs: Vec<Vec<Pos2>> = vec![vec![]];
        let mut before = None;
        for column in columns {
            let is_broken = before.is_some_and(|before| {
                gaps.iter()
                    .any(|gap| before <= gap.from && gap.to <= column.from)
            });
            if is_broken {
                runs.push(vec![]);
            }
            before = Some(column.from);
            let x = points(axis.x_from_time(column.from));
            match (value(column), runs.last_mut()) {
                (Some(value), Some(run)) => run.push(pos2(x, scale.y(value, area))),
                _ => runs.push(vec![]),
            }
        }
        runs
    };
    let halo = Stroke::new(4.5, tokens.panel.gamma_multiply(0.85));
    for run in of(|column| column.load_one) {
        painter.line(run.clone(), halo);
        painter.line(run, recorded(tokens));
    }
    for run in of(|column| column.computed) {
        painter.extend(dashes(&run, tokens));
    }
}

/// What stands where the pointer is, in numbers.
fn on_hover(response: Response, document: &Document, data: &LoadData, axis: &TimeAxis) {
    let Some(place) = response.hover_pos() else {
        return;
    };
    let at = axis.time_from_x(f64::from(place.x));
    let Some(column) = data.column_at(at) else {
        return;
    };
    response.on_hover_ui_at_pointer(|ui| {
        let tokens = Tokens::of(ui.visuals());
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.label(
            RichText::new(document.moment(column.from))
                .strong()
                .color(tokens.text_strong),
        );
        let parts = data.parts.iter().map(part_title).zip(&column.tasks);
        let others = [("others".to_owned(), &column.others)];
        let rest = [("running, not seen".to_owned(), &column.not_seen)];
        for (name, tasks) in parts
            .chain(others)
            .chain(rest)
            .filter(|(_, tasks)| **tasks > 0.0)
        {
            ui.label(format!("{} {name}", count_words(*tasks)));
        }
        let told = |value: Option<f64>| value.map_or(display::ABSENT.to_owned(), display::load);
        ui.weak(format!(
            "load {}, our counts give {}",
            told(column.load_one),
            told(column.computed)
        ));
    });
}
