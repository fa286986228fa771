//! All of something as one bar, with its parts in it and their names under it.

use super::cell;
use crate::display;
use crate::explain;
use crate::paint::points;
use crate::panel::explained;
use crate::theme::Tokens;
use afterimage_analysis::machine::{Column, Value};
use afterimage_format::units::Bytes;
use egui::{
    Align2, Color32, FontId, Frame, Margin, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};

const HEIGHT: f32 = 24.0;
const LEGEND: f32 = 22.0;
const TITLE: f32 = 58.0;
const TITLE_PIXELS: i8 = 58;

/// One part.
pub(super) type Part = (&'static Column, Value, Color32);

/// Draws it. What is available lies to the right of a line; it is more than what is free.
pub(super) fn show(
    ui: &mut Ui,
    (page, title): (&str, &str),
    parts: &[Part],
    total: f64,
    available: Option<f64>,
) {
    let tokens = Tokens::of(ui.visuals());
    let size = vec2(ui.available_width(), HEIGHT);
    let (full, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| {
        let parts = parts.iter().map(|(column, value, _)| {
            format!("{} {}", column.heading, cell::told(column, *value, false))
        });
        let parts = parts.collect::<Vec<_>>().join(", ");
        WidgetInfo::labeled(Role::Image, true, format!("{title}: {parts}"))
    });
    let font = FontId::proportional(13.0);
    let place = full.left_center();
    let painter = ui.painter().clone();
    painter.text(place, Align2::LEFT_CENTER, title, font, tokens.text_strong);
    let bar = full.with_min_x(full.left() + TITLE).shrink2(vec2(0.0, 3.0));
    painter.rect_filled(bar, 2.0, tokens.grid);
    let width = |amount: f64| bar.width() * points((amount / total.max(1.0)).clamp(0.0, 1.0));
    let mut x = bar.left();
    for (column, value, color) in parts {
        let Ok(amount) = *value else { continue };
        let end = (x + width(amount)).min(bar.right());
        let part = bar.with_min_x(x).with_max_x(end);
        painter.rect_filled(part, 0.0, *color);
        name(ui, part, column.heading, *color);
        x = end;
    }
    if let Some(available) = available {
        let x = bar.right() - width(available);
        let stroke = Stroke::new(2.0, tokens.text_strong);
        painter.vline(x, full.y_range(), stroke);
    }
    legend(ui, page, parts, total, available);
}

/// The name of a part in it, where there is room.
fn name(ui: &Ui, part: Rect, name: &str, behind: Color32) {
    let luminance = 0.299 * f32::from(behind.r())
        + 0.587 * f32::from(behind.g())
        + 0.114 * f32::from(behind.b());
    let color = if luminance > 128.0 {
        Color32::BLACK
    } else {
        Color32::WHITE
    };
    let font = FontId::proportional(12.0);
    let galley = ui.painter().layout_no_wrap(name.to_owned(), font, color);
    if galley.size().x + 12.0 <= part.width() {
        let place = part.center() - galley.size() / 2.0;
        ui.painter().galley(place, galley, color);
    }
}

/// What each part is: a patch of its colour, its name, its size and its share.
fn legend(ui: &mut Ui, page: &str, parts: &[Part], total: f64, available: Option<f64>) {
    let tokens = Tokens::of(ui.visuals());
    // Under the bar, also where it goes on in a second line.
    let under = Frame::new().inner_margin(Margin {
        left: TITLE_PIXELS,
        ..Margin::ZERO
    });
    let wrapped = |ui: &mut Ui| {
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        for (column, value, color) in parts {
            let told = match value {
                Ok(amount) => {
                    let share = *amount * 100.0 / total.max(1.0);
                    format!("{}  {share:.0} %", display::bytes(whole(*amount)))
                }
                Err(_absent) => display::ABSENT.to_owned(),
            };
            let font = FontId::proportional(12.0);
            let painter = ui.painter().clone();
            let layout = |text: String, color| painter.layout_no_wrap(text, font.clone(), color);
            let heading = layout(column.heading.to_owned(), tokens.text);
            let amount = layout(told, tokens.text_strong);
            let width = 18.0 + heading.size().x + 8.0 + amount.size().x + 22.0;
            let (rect, response) = ui.allocate_exact_size(vec2(width, LEGEND), Sense::hover());
            let patch =
                Rect::from_center_size(pos2(rect.left() + 5.0, rect.center().y), Vec2::splat(10.0));
            painter.rect_filled(patch, 2.0, *color);
            let top = rect.center().y - heading.size().y / 2.0;
            let x = rect.left() + 18.0;
            let behind = x + heading.size().x + 8.0;
            painter.galley(pos2(x, top), heading, tokens.text);
            painter.galley(pos2(behind, top), amount, tokens.text_strong);
            let words = format!("{}: {}", column.heading, cell::told(column, *value, false));
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
            explained::on_hover(response, &words, explain::figure(page, column.key));
        }
        if let Some(available) = available {
            let amount = display::bytes(whole(available));
            let words = format!("Right of the line: {amount} available");
            let font = FontId::proportional(12.0);
            let galley = ui
                .painter()
                .layout_no_wrap(words.clone(), font, tokens.text);
            // As one piece, as the parts are: it is not broken at the edge.
            let size = vec2(galley.size().x, LEGEND);
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            let top = rect.center().y - galley.size().y / 2.0;
            ui.painter()
                .galley(pos2(rect.left(), top), galley, tokens.text);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
            let entry = explain::figure("memory", "available_bytes");
            explained::on_hover(response, "available", entry);
        }
    };
    under.show(ui, |ui| ui.horizontal_wrapped(wrapped));
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an amount is not negative, and one that is too large saturates"
)]
fn whole(amount: f64) -> Bytes {
    Bytes(amount.round() as u64)
}
