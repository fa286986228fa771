//! The ruler under the tracks: times, the cursor's flag, folded gaps, and panning.

use crate::command::{Command, TimeCommand};
use crate::data::GapBand;
use crate::display;
use crate::paint::points;
use crate::panel::timeline::gap_words;
use crate::panel::track::{MARKS_APART, gaps};
use crate::panel::{focus, pointer};
use crate::state::Document;
use crate::theme::Tokens;
use crate::time_axis::{TimeAxis, ticks};
use afterimage_format::time::WallTime;
use egui::{
    Align2, Color32, CursorIcon, FontId, Rangef, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};

/// Draws it into `rect`, which also covers the room under the vertical axis.
pub fn show(ui: &mut Ui, document: &Document, axis: &TimeAxis, rect: Rect, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let scale = rect
        .with_min_x(points(axis.left))
        .with_max_x(points(axis.right));
    let response = ui
        .interact(scale, ui.scope_id().with("ruler"), Sense::click_and_drag())
        .on_hover_cursor(CursorIcon::ResizeHorizontal);
    response.widget_info(|| {
        let from = display::date_and_clock(&document.zone, axis.span.from);
        let to = display::date_and_clock(&document.zone, axis.span.to);
        WidgetInfo::labeled(
            egui::Role::ScrollBar,
            true,
            format!("Shown: {from} to {to}"),
        )
    });
    focus::ring(ui, &response);
    pointer::pan(ui, &response, axis, out);
    pointer::zoom(ui, &response, axis, out);

    let pinned = document.pinned_at();
    let flag = |at| flag(ui, document, at, (axis, scale));
    let pinned = pinned.and_then(|at| Some((at, flag(at)?)));
    let flag = flag(document.time.cursor);
    let painter = ui.painter();
    painter.hline(scale.x_range(), scale.top(), Stroke::new(1.0, tokens.line));
    gap_toggles(ui, &response, document, axis, out);
    let painter = ui.painter();
    gaps(
        painter,
        document,
        axis,
        scale.with_max_y(scale.top() + 5.0),
        tokens,
    );
    let chips = folds(ui, axis, scale, out);
    let painter = ui.painter();
    let font = FontId::proportional(11.0);
    let middle = scale.center().y + 1.0;
    for tick in ticks::ticks(axis, &document.zone, MARKS_APART) {
        let x = painter.round_to_pixel_center(points(axis.x_from_time(tick.at)));
        painter.vline(
            x,
            scale.top()..=scale.top() + 4.0,
            Stroke::new(1.0, tokens.line),
        );
        let color = if tick.begins_day {
            tokens.text_strong
        } else {
            tokens.text_weak
        };
        let galley = painter.layout_no_wrap(tick.label, font.clone(), color);
        let half = galley.rect.width() / 2.0;
        let label = Rangef::new(x - half, x + half).expand(5.0);
        // The flag says the time there, and a fold how much is left out.
        let is_taken = |rect: &Rect| rect.x_range().intersects(label);
        let pin = pinned.iter().map(|(_, rect)| rect);
        if flag.iter().chain(&chips).chain(pin).any(is_taken) {
            continue;
        }
        let place = pos2(x - half, middle - galley.rect.height() / 2.0);
        painter.galley(place, galley, color);
    }
    if let Some((at, area)) = pinned {
        pin(ui, document, (at, area), out);
    }
    if let Some(area) = flag {
        let painter = ui.painter();
        let text = document.moment(document.time.cursor);
        painter.rect_filled(area, 4.0, tokens.cursor);
        let font = FontId::proportional(12.0);
        painter.text(
            area.center(),
            Align2::CENTER_CENTER,
            text,
            font,
            tokens.on_cursor,
        );
    }
}

/// A click on a gap at its length folds it away.
fn gap_toggles(
    ui: &Ui,
    response: &egui::Response,
    document: &Document,
    axis: &TimeAxis,
    out: &mut Vec<Command>,
) {
    let Some(place) = response.hover_pos() else {
        return;
    };
    let x = f64::from(place.x);
    let is_wide = |gap: &&GapBand| axis.x_from_time(gap.to) - axis.x_from_time(gap.from) > 24.0;
    let facts = document.facts();
    let gap = facts.and_then(|facts| {
        let gaps = facts.gaps.iter().filter(is_wide);
        let mut under =
            gaps.filter(|gap| axis.x_from_time(gap.from) <= x && x <= axis.x_from_time(gap.to));
        under.next()
    });
    if let Some(gap) = gap {
        ui.set_cursor_icon(CursorIcon::PointingHand);
        if response.clicked() {
            out.push(Command::Time(TimeCommand::ToggleFold(gap.from)));
        } else {
            gap_words(ui, response, document, gap);
        }
    }
}

/// What is folded away, with its length; a click unfolds it. Answers where they stand.
fn folds(ui: &Ui, axis: &TimeAxis, scale: Rect, out: &mut Vec<Command>) -> Vec<Rect> {
    let tokens = Tokens::of(ui.visuals());
    let mut chips: Vec<Rect> = Vec::new();
    for fold in axis.folds() {
        let [from, to] = [fold.from, fold.to].map(|at| points(axis.x_from_time(at)));
        let length = fold.to.since(fold.from).unwrap_or_default();
        let text = display::duration(length);
        let font = FontId::proportional(10.0);
        let galley = ui.painter().layout_no_wrap(text.clone(), font, tokens.text);
        let middle = pos2(f32::midpoint(from, to), scale.center().y + 1.0);
        let width = (galley.rect.width() + 10.0).max(to - from);
        let mut rect = Rect::from_center_size(middle, vec2(width, 16.0));
        let is_crowded = chips
            .iter()
            .any(|chip| chip.x_range().intersects(rect.x_range()));
        if is_crowded {
            rect = Rect::from_center_size(middle, vec2(to - from, 16.0));
        }
        let id = ui.scope_id().with(("fold", fold.from.0));
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| {
            let name = format!("Folded gap of {text}: unfold it");
            WidgetInfo::labeled(egui::Role::Button, true, name)
        });
        let fill = if response.hovered() {
            tokens.line
        } else {
            tokens.grid
        };
        let stroke = Stroke::new(1.0, tokens.hatch);
        ui.painter()
            .rect(rect, 3.0, fill, stroke, StrokeKind::Inside);
        if !is_crowded {
            let place = rect.center() - galley.rect.size() / 2.0;
            ui.painter().galley(place, galley, tokens.text);
        }
        focus::ring(ui, &response);
        if response.clicked() {
            out.push(Command::Time(TimeCommand::ToggleFold(fold.from)));
        }
        response.on_hover_text("Nothing was recorded here. Click to show the gap at its length.");
        chips.push(rect);
    }
    chips
}

/// The flag of the pinned moment; a click goes there.
fn pin(ui: &Ui, document: &Document, (at, area): (WallTime, Rect), out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let text = document.moment(at);
    let response = ui.interact(area, ui.scope_id().with("pinned"), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(
            egui::Role::Button,
            true,
            format!("Pinned moment {text}: go there"),
        )
    });
    ui.painter().rect_filled(area, 4.0, tokens.changed);
    let font = FontId::proportional(12.0);
    let place = (area.center(), Align2::CENTER_CENTER);
    ui.painter()
        .text(place.0, place.1, &text, font, tokens.canvas);
    focus::ring(ui, &response);
    if response.clicked() {
        out.push(Command::SetCursor(at));
    }
    response
        .on_hover_text("The pinned moment, which the table is compared with. Click to go there.");
}

/// Where the time of an instant stands on the ruler, when it is in sight.
fn flag(
    ui: &Ui,
    document: &Document,
    at: WallTime,
    (axis, scale): (&TimeAxis, Rect),
) -> Option<Rect> {
    let x = axis.x_from_time(at);
    if x < axis.left || axis.right < x {
        return None;
    }
    let (text, font) = (document.moment(at), FontId::proportional(12.0));
    let text = ui
        .painter()
        .layout_no_wrap(text, font, Color32::PLACEHOLDER);
    let size = vec2((text.size().x + 16.0).max(66.0), 18.0);
    let least = scale.left() + size.x / 2.0 - 20.0;
    let middle = points(x).clamp(least, (scale.right() - size.x / 2.0 + 12.0).max(least));
    Some(Rect::from_center_size(pos2(middle, scale.center().y), size))
}
