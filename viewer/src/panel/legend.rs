//! The line above a track: what each curve is, its value at the cursor, and whether it is shown.

use crate::command::Command;
use crate::data::SeriesId;
use crate::display;
use crate::panel::load::GUTTER;
use crate::panel::track::Track;
use crate::state::Document;
use crate::theme::{Curve, Tokens};
use egui::{FontId, Rect, Response, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// How high the line is.
pub const HEIGHT: f32 = 26.0;
const SWATCH: f32 = 18.0;

/// Draws it; answers which curve is pointed at.
pub fn show(
    ui: &mut Ui,
    document: &Document,
    track: &Track,
    out: &mut Vec<Command>,
) -> Option<SeriesId> {
    let tokens = Tokens::of(ui.visuals());
    let mut pointed_at = None;
    let size = vec2(ui.available_width(), HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let inner = rect.with_min_x(rect.left() + 12.0);
    ui.scope_builder(egui::UiBuilder::new().max_rect(inner), |ui| {
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 16.0;
            let title = RichText::new(track.title)
                .color(tokens.text_strong)
                .size(14.0);
            let title = ui.label(title).on_hover_text(track.meaning);
            ui.add_space((GUTTER + 16.0 - title.rect.width() - 28.0).max(0.0));
            // As people read them, the load averages first: the last curves are in front.
            for id in order(track) {
                let response = entry(ui, document, id, track.unit);
                if response.hovered() {
                    pointed_at = Some(id);
                }
                if response.clicked() {
                    out.push(Command::ToggleSeries(id));
                }
                if id == SeriesId::Runnable && track.shows_cpus {
                    beyond(ui, document);
                }
            }
        });
    });
    pointed_at
}

fn order(track: &Track) -> impl Iterator<Item = SeriesId> + use<> {
    let series = track.series;
    let loads = |id: &&SeriesId| {
        matches!(
            id,
            SeriesId::LoadOne | SeriesId::LoadFive | SeriesId::LoadFifteen
        )
    };
    series
        .iter()
        .filter(loads)
        .chain(series.iter().filter(move |id| !loads(id)))
        .copied()
}

/// The value of a curve at the snapshot that is shown.
fn current(document: &Document, id: SeriesId) -> Option<f64> {
    let snapshot = document.snapshot.as_ref();
    // The legend must not show the value of a moment that lies on the other side of a gap.
    snapshot
        .filter(|_| document.gap_at_cursor().is_none())
        .and_then(|snapshot| snapshot.values.get(&id))
        .and_then(|reading| reading.ok())
}

/// The same in words.
fn value(document: &Document, id: SeriesId, unit: &str) -> String {
    let value = current(document, id);
    match (id, value) {
        (_, None) => display::ABSENT.to_owned(),
        (SeriesId::LoadOne | SeriesId::LoadFive | SeriesId::LoadFifteen, Some(value)) => {
            display::load(value)
        }
        (SeriesId::Runnable | SeriesId::Blocked, Some(value)) => display::count(value),
        (_, Some(value)) => format!("{}{unit}", display::percent(value)),
    }
}

fn entry(ui: &mut Ui, document: &Document, id: SeriesId, unit: &str) -> Response {
    let tokens = Tokens::of(ui.visuals());
    let shown = !document.hidden.contains(&id);
    let value = value(document, id, unit);
    let font = FontId::proportional(13.0);
    let painter = ui.painter();
    let name_color = if shown { tokens.text } else { tokens.text_weak };
    let name = painter.layout_no_wrap(id.name().to_owned(), font.clone(), name_color);
    let value_color = if shown {
        tokens.text_strong
    } else {
        tokens.text_weak
    };
    let number = painter.layout_no_wrap(value.clone(), font.clone(), value_color);
    // Room for the widest value, so that nothing jumps while the cursor moves.
    let widest = painter
        .layout_no_wrap(widest(id, unit), font, value_color)
        .rect
        .width();
    let width = SWATCH + 6.0 + name.rect.width() + 7.0 + widest.max(number.rect.width());
    let (rect, response) = ui.allocate_exact_size(vec2(width, 20.0), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::CheckBox,
            true,
            shown,
            format!("{}: {value}", id.name()),
        )
    });
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect.expand2(vec2(5.0, 1.0)), 4.0, tokens.grid);
    }
    let swatch = Rect::from_center_size(
        pos2(rect.left() + SWATCH / 2.0, rect.center().y),
        vec2(SWATCH, 10.0),
    );
    paint_swatch(ui, swatch, tokens.curve(id), shown);
    let mut x = swatch.right() + 6.0;
    let middle = rect.center().y;
    let top = |height: f32| middle - height / 2.0;
    let name_width = name.rect.width();
    painter.galley(pos2(x, top(name.rect.height())), name, name_color);
    if !shown {
        painter.hline(
            x..=x + name_width,
            middle + 1.0,
            Stroke::new(1.0, tokens.text_weak),
        );
    }
    x += name_width + 7.0;
    painter.galley(pos2(x, top(number.rect.height())), number, value_color);
    response.on_hover_text(format!("{} Click to show or hide it.", id.meaning()))
}

/// The widest value of a curve that is to be expected.
fn widest(id: SeriesId, unit: &str) -> String {
    match id {
        SeriesId::Runnable | SeriesId::Blocked => "000".to_owned(),
        _ => format!("00.00{unit}"),
    }
}

/// What the curve of the runnable tasks means above the line of the CPUs.
fn beyond(ui: &mut Ui, document: &Document) {
    let Some(cpus) = document.facts().and_then(|facts| facts.cpus) else {
        return;
    };
    let tokens = Tokens::of(ui.visuals());
    let curve = tokens.curve(SeriesId::Runnable);
    let cpus = f64::from(cpus);
    let waiting = current(document, SeriesId::Runnable).map(|value| (value - cpus).max(0.0));
    let number = waiting.map_or(display::ABSENT.to_owned(), display::count);
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let (swatch, _) = ui.allocate_exact_size(vec2(SWATCH, 10.0), Sense::hover());
            let color = curve.color.gamma_multiply(curve.fill_beyond);
            ui.painter().rect_filled(swatch, 0.0, color);
            let what = format!("beyond {}: waiting", display::cpus(cpus));
            ui.label(RichText::new(what).color(tokens.text));
            ui.label(RichText::new(number).color(tokens.text_strong));
        })
        .response;
    response.on_hover_text(
        "Each CPU runs one task at a time. Runnable tasks beyond that number wait for their turn.",
    );
}

/// A piece of the curve as it is drawn.
fn paint_swatch(ui: &Ui, area: Rect, curve: Curve, shown: bool) {
    let painter = ui.painter();
    let color = if shown {
        curve.color
    } else {
        curve.color.gamma_multiply(0.35)
    };
    let middle = painter.round_to_pixel_center(area.center().y);
    if curve.fill > 0.0 {
        let under = area.with_min_y(middle);
        painter.rect_filled(under, 0.0, color.gamma_multiply(curve.fill));
    }
    let (on, off) = curve.dash.unwrap_or((i64::MAX, 0));
    let mut from = area.left();
    while from < area.right() {
        let to = (from + on as f32).min(area.right());
        painter.hline(from..=to, middle, Stroke::new(curve.thickness, color));
        from = to + (off as f32).max(0.1);
    }
}
