//! What cells are drawn with: numbers, texts, bars and marks.
//!
//! Painted and not made of widgets: a table has hundreds of cells in sight.

use crate::display::{self, Written};
use crate::explain;
use crate::paint::points;
use crate::panel::explained;
use crate::state::table::Column;
use crate::theme::Tokens;
use afterimage_analysis::processes::{Kind, Mark, Value};
use afterimage_format::reading::Missing;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

/// Room on either side of a cell's text.
pub(super) const PADDING: f32 = 10.0;
/// Room for a unit behind its number.
pub(super) const UNIT: f32 = 24.0;

/// How a text is drawn.
#[derive(Clone, Copy)]
pub(in crate::panel) struct Ink {
    /// Its colour.
    pub(in crate::panel) color: Color32,
    /// Struck through: it is gone.
    pub(in crate::panel) is_struck: bool,
    /// How large it is.
    pub(in crate::panel) size: f32,
}

/// Where headings stand: as wide as there is room, in the colour of panels, with a line under it.
pub(in crate::panel) fn heading_band(ui: &mut Ui, height: f32) -> Rect {
    let tokens = Tokens::of(ui.visuals());
    let size = vec2(ui.available_width(), height);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, 0.0, tokens.panel);
    let line = Stroke::new(1.0, tokens.line);
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, line);
    rect
}

pub(super) fn absent(ui: &mut Ui, missing: Missing, column: Column, tokens: &Tokens) {
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
        response.on_hover_ui(|ui| {
            ui.label(format!("{}: {why}", column.title()));
            if let Some(entry) = explain::column(column) {
                explained::words(ui, column.title(), entry);
            }
        });
    }
}

/// A number to the right, its unit in a place of its own.
pub(super) fn number(ui: &Ui, area: Rect, written: &Written, column: Column, ink: Ink) {
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
pub(in crate::panel) fn text_in(ui: &Ui, area: Rect, text: &str, ink: Ink) -> f32 {
    let galley = layout(ui, text, ink, area.width().max(1.0));
    let width = galley.size().x;
    let place = pos2(area.left(), area.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, ink.color);
    width
}

pub(in crate::panel) fn layout(
    ui: &Ui,
    text: &str,
    ink: Ink,
    width: f32,
) -> std::sync::Arc<egui::Galley> {
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
pub(super) fn bar(ui: &Ui, column: Column, value: &Value<'_>, tokens: &Tokens) {
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
pub(super) fn sign(ui: &Ui, mark: Mark, tokens: &Tokens) {
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
pub(super) fn changed(
    ui: &Ui,
    column: Column,
    before: &Value<'_>,
    now: &Value<'_>,
    tokens: &Tokens,
) {
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

/// Points down when what is under it is shown, else to the right.
pub(in crate::panel) fn triangle(ui: &Ui, rect: Rect, is_open: bool, color: Color32) {
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
