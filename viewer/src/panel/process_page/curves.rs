//! What the process did over the time in view, with the machine's curve under each of its own.
//!
//! Each has a scale of its own: of a machine's gigabytes nothing would be left to see of a
//! process. Both stand over the same time, so what goes up together is seen.

use crate::command::Command;
use crate::data::Bucket;
use crate::data::life::{Life, Trace};
use crate::display;
use crate::explain::{self, Entry};
use crate::paint::columns::columns;
use crate::paint::scale::{Area, Scale};
use crate::paint::{curve, points};
use crate::panel::{explained, track};
use crate::state::Document;
use crate::state::page::Page;
use crate::state::table::Column;
use crate::theme::{Curve, Tokens};
use crate::time_axis::{Span, TimeAxis};
use afterimage_format::reading::Missing;
use afterimage_format::time::WallTime;
use afterimage_format::units::Bytes;
use egui::{Align, Color32, Label, Layout, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, vec2};

const OWN: f32 = 42.0;
const MACHINE: f32 = 16.0;
/// Room between the two.
const BETWEEN: f32 = 4.0;

/// One of the charts: a process's curves over a machine's.
struct Chart {
    title: &'static str,
    /// The column that it shows over time.
    column: Column,
    own: &'static [Trace],
    machine: &'static [Trace],
    /// How the machine's curve is called, and its entry among the explanations.
    machine_title: (&'static str, &'static str),
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Percent,
    Bytes,
    BytesPerSecond,
}

const CHARTS: [Chart; 4] = [
    Chart {
        title: "CPU",
        column: Column::Cpu,
        own: &[Trace::Cpu],
        machine: &[Trace::MachineCpu],
        machine_title: ("all CPUs", "machine-cpu"),
        unit: Unit::Percent,
    },
    Chart {
        title: "Wait for CPU",
        column: Column::Wait,
        own: &[Trace::Wait],
        machine: &[Trace::MachineWait],
        machine_title: ("pressure", "machine-wait"),
        unit: Unit::Percent,
    },
    Chart {
        title: "RSS",
        column: Column::Rss,
        own: &[Trace::Rss],
        machine: &[Trace::MachineMemory],
        machine_title: ("in use on the machine", "machine-memory"),
        unit: Unit::Bytes,
    },
    Chart {
        title: "Read and write",
        column: Column::Read,
        own: &[Trace::Read, Trace::Write],
        machine: &[Trace::MachineRead, Trace::MachineWrite],
        machine_title: ("all disks", "machine-io"),
        unit: Unit::BytesPerSecond,
    },
];

/// Draws them.
pub(super) fn show(ui: &mut Ui, document: &Document, page: &Page, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    ui.add_space(6.0);
    let Some(life) = &page.life else {
        ui.label(RichText::new("Loading its curves …").color(tokens.text_weak));
        return;
    };
    for chart in &CHARTS {
        one(ui, document, (page, life), chart, out);
        ui.add_space(2.0);
    }
}

fn one(
    ui: &mut Ui,
    document: &Document,
    (page, life): (&Page, &Life),
    chart: &Chart,
    out: &mut Vec<Command>,
) {
    legend(ui, document, page, life, chart);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(
        vec2(width, OWN + BETWEEN + MACHINE),
        Sense::click_and_drag(),
    );
    let edges = (f64::from(rect.left()), f64::from(rect.right()));
    let time = &document.time;
    let axis = TimeAxis::new(time.shown(), &time.folds, edges);
    let own = rect.with_max_y(rect.top() + OWN);
    let machine = rect.with_min_y(rect.bottom() - MACHINE);
    let tokens = Tokens::of(ui.visuals());
    let frame = Stroke::new(1.0, tokens.grid);
    let painter = ui.painter();
    painter.rect_filled(own, 2.0, tokens.panel);
    painter.rect_filled(machine, 2.0, tokens.panel);
    for area in [own, machine] {
        track::gaps(&painter.with_clip_rect(area), document, &axis, area, tokens);
        painter.hline(area.x_range(), area.bottom(), frame);
    }
    draw(ui, life, &axis, own, (chart, chart.own));
    draw(ui, life, &axis, machine, (chart, chart.machine));
    let x = axis.x_from_time(document.time.cursor);
    if axis.left <= x && x <= axis.right {
        let x = painter.round_to_pixel_center(points(x));
        painter.vline(x, rect.y_range(), Stroke::new(1.0, tokens.cursor));
    }
    response.widget_info(|| {
        let words = format!("{} of the process over time", chart.title);
        WidgetInfo::labeled(egui::Role::Image, true, words)
    });
    let held = response.is_pointer_button_down_on() || response.clicked();
    if held && let Some(place) = response.interact_pointer_pos() {
        let at = axis.time_from_x(f64::from(place.x));
        if at != document.time.wanted {
            out.push(Command::SetCursor(at));
        }
    }
}

/// The name with the values at the cursor, and how high the scale goes.
fn legend(ui: &mut Ui, document: &Document, page: &Page, life: &Life, chart: &Chart) {
    let tokens = Tokens::of(ui.visuals());
    let at = document.shown_at().unwrap_or(document.time.cursor);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 7.0;
        let title = RichText::new(chart.title).color(tokens.text_strong);
        let title = ui.add(Label::new(title).selectable(false));
        explained::on_hover(title, chart.title, explain::column(chart.column));
        for trace in chart.own {
            let (value, why) = own_value(page, life, *trace, at);
            let text = value.map_or(display::ABSENT.to_owned(), |value| {
                written(value, chart.unit)
            });
            let sign = match trace {
                Trace::Read => "read ",
                Trace::Write => "write ",
                _ => "",
            };
            let color = color(*trace, tokens);
            let label = ui.label(RichText::new(format!("{sign}{text}")).color(color));
            if let Some(why) = why {
                label.on_hover_text(why);
            }
        }
        let most = highest(life, document.time.shown(), chart.own);
        if most > 0.0 {
            let text = format!("up to {}", written(most, chart.unit));
            ui.label(RichText::new(text).small().color(tokens.text_weak));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (name, entry) = chart.machine_title;
            machine_words(ui, life, chart, at, (name, explain::page(entry)));
        });
    });
}

fn machine_words(
    ui: &mut Ui,
    life: &Life,
    chart: &Chart,
    at: WallTime,
    (name, entry): (&str, Option<&Entry>),
) {
    let tokens = Tokens::of(ui.visuals());
    let values = chart.machine.iter().map(|trace| value_at(life, *trace, at));
    let sum = values.sum::<Option<f64>>();
    let value = sum.map_or(display::ABSENT.to_owned(), |value| {
        written(value, chart.unit)
    });
    let limit = chart
        .machine
        .first()
        .and_then(|trace| life.limits.get(trace));
    let limit = limit.filter(|limit| chart.unit == Unit::Bytes || **limit > 100.0);
    let of = limit.map_or(String::new(), |limit| {
        format!(" of {}", written(*limit, chart.unit))
    });
    let text = RichText::new(format!("{name} {value}{of}"))
        .small()
        .color(tokens.text_weak);
    let label = ui.add(Label::new(text).selectable(false));
    explained::on_hover(label, name, entry);
}

/// The value at the cursor; why there is none, when the snapshot says so.
fn own_value(
    page: &Page,
    life: &Life,
    trace: Trace,
    at: WallTime,
) -> (Option<f64>, Option<String>) {
    let row = &page.row;
    let missing: Option<Missing> = match trace {
        Trace::Read => row.read_per_second.err(),
        Trace::Write => row.write_per_second.err(),
        Trace::Wait => row.wait_percent.err(),
        _ => None,
    };
    let value = value_at(life, trace, at);
    // The row at the cursor knows why there is none.
    let why = missing.filter(|_| value.is_none());
    (value, why.map(|missing| missing.to_string()))
}

fn value_at(life: &Life, trace: Trace, at: WallTime) -> Option<f64> {
    let buckets = life.traces.get(&trace)?;
    let after = buckets.partition_point(|bucket| bucket.from <= at);
    let bucket = buckets.get(after.checked_sub(1)?)?;
    (at < bucket.to).then_some(bucket.mean)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and one that is too large saturates"
)]
fn written(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => format!("{value:.1} %"),
        Unit::Bytes => display::bytes(Bytes(value as u64)),
        Unit::BytesPerSecond => format!("{}/s", display::bytes(Bytes(value as u64))),
    }
}

fn color(trace: Trace, tokens: &Tokens) -> Color32 {
    match trace {
        Trace::Cpu => tokens.running,
        Trace::Wait | Trace::Read => tokens.io,
        Trace::Write => tokens.blocked,
        Trace::Rss => tokens.memory,
        _ => tokens.load_fifteen,
    }
}

/// The highest value of some curves in the time that is in view.
fn highest(life: &Life, view: Span, traces: &[Trace]) -> f64 {
    let buckets = traces.iter().filter_map(|trace| life.traces.get(trace));
    let visible = |bucket: &&Bucket| view.from <= bucket.to && bucket.from <= view.to;
    let values = buckets.flatten().filter(visible).map(|bucket| bucket.max);
    values.filter(|value| value.is_finite()).fold(0.0, f64::max)
}

fn draw(ui: &Ui, life: &Life, axis: &TimeAxis, area: Rect, (chart, traces): (&Chart, &[Trace])) {
    let tokens = Tokens::of(ui.visuals());
    let pixels = ui.pixels_per_point();
    let limits = traces.iter().filter_map(|trace| life.limits.get(trace));
    let least = if chart.unit == Unit::Percent {
        10.0
    } else {
        4096.0
    };
    let top = highest(life, axis.span, traces);
    let top = limits.copied().chain([top]).fold(least, f64::max);
    let scale = Scale {
        top: top * 1.06,
        step: top,
    };
    let place = Area {
        rect: area,
        is_down: false,
    };
    let painter = ui.painter().with_clip_rect(area.expand2(vec2(0.0, 1.0)));
    for trace in traces {
        let Some(buckets) = life.traces.get(trace) else {
            continue;
        };
        let columns = columns(buckets, axis, f64::from(pixels));
        let style = Curve {
            color: color(*trace, tokens),
            thickness: 1.5,
            dash: (*trace == Trace::Read || *trace == Trace::MachineRead).then_some((6, 3)),
            fill: 0.18,
            fill_beyond: 0.18,
        };
        painter.extend(curve::shapes(
            &columns,
            style,
            &scale,
            place,
            (pixels, None),
        ));
    }
}
