//! One entry of a legend: a piece of the curve, its name, and its value at the cursor.

use crate::data::SeriesId;
use crate::display::{self, measure};
use crate::explain;
use crate::panel::explained;
use crate::panel::measure::text_width;
use crate::state::Document;
use crate::theme::{Curve, Tokens};
use egui::{
    Align2, FontId, Id, Painter, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

const SWATCH: f32 = 18.0;
const BESIDE_SWATCH: f32 = 6.0;
const BESIDE_NAME: f32 = 6.0;

/// An entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    /// A curve, and whether it is drawn downwards.
    Curve(SeriesId, bool),
    /// What the curve of the runnable tasks means above the line of the CPUs.
    Beyond,
}

/// What the curve of the runnable tasks means above the line of the CPUs.
const BEYOND: &str = "Each CPU runs one task at a time. Runnable tasks beyond that number wait for \
                      their turn.";

impl Entry {
    fn name(self, document: &Document) -> String {
        match self {
            Self::Curve(id, _) => id.name().to_owned(),
            Self::Beyond => {
                let cpus = document.facts().and_then(|facts| facts.cpus);
                let cpus =
                    cpus.map_or("the CPUs".to_owned(), |cpus| display::cpus(f64::from(cpus)));
                format!("beyond {cpus}: waiting")
            }
        }
    }

    /// The value at the snapshot that is shown, in words.
    fn value(self, document: &Document) -> String {
        let value = |id| {
            let snapshot = document.snapshot.as_ref();
            // Not the value of a moment that lies on the other side of a gap.
            let snapshot = snapshot.filter(|_| document.gap_at_cursor().is_none())?;
            snapshot.values.get(&id)?.ok()
        };
        let text = match self {
            Self::Curve(id, _) => value(id).map(|value| measure::value(id, value)),
            Self::Beyond => {
                let cpus = document.facts().and_then(|facts| facts.cpus);
                let runnable = value(SeriesId::Runnable).zip(cpus);
                runnable
                    .map(|(runnable, cpus)| display::count((runnable - f64::from(cpus)).max(0.0)))
            }
        };
        text.unwrap_or_else(|| display::ABSENT.to_owned())
    }

    fn widest(self) -> &'static str {
        match self {
            Self::Curve(id, _) => measure::widest(id),
            Self::Beyond => "000",
        }
    }

    fn is_shown(self, document: &Document) -> bool {
        match self {
            Self::Curve(id, _) => !document.hidden.contains(&id),
            Self::Beyond => !document.hidden.contains(&SeriesId::Runnable),
        }
    }

    /// How wide it is, with room for the widest value that is to be expected.
    pub(super) fn width(self, ui: &Ui, document: &Document, size: f32) -> f32 {
        let name = text_width(ui, &self.name(document), size);
        let widest = text_width(ui, self.widest(), size);
        let value = text_width(ui, &self.value(document), size);
        SWATCH + BESIDE_SWATCH + name + BESIDE_NAME + widest.max(value)
    }

    /// Draws it.
    pub(super) fn show(
        self,
        ui: &Ui,
        document: &Document,
        (id, rect, size): (Id, Rect, f32),
    ) -> Response {
        let tokens = Tokens::of(ui.visuals());
        let is_shown = self.is_shown(document);
        let (name, value) = (self.name(document), self.value(document));
        let sense = match self {
            Self::Curve(..) => Sense::click(),
            Self::Beyond => Sense::hover(),
        };
        let response = ui.interact(rect, id, sense);
        response.widget_info(|| match self {
            Self::Curve(..) => {
                WidgetInfo::selected(Role::CheckBox, true, is_shown, format!("{name}: {value}"))
            }
            Self::Beyond => WidgetInfo::labeled(Role::Label, true, format!("{name}: {value}")),
        });
        let painter = ui.painter();
        if sense.senses_click() && (response.hovered() || response.has_focus()) {
            painter.rect_filled(rect.expand2(vec2(5.0, -1.0)), 4.0, tokens.grid);
        }
        let middle = pos2(rect.left() + SWATCH / 2.0, rect.center().y);
        let swatch = Rect::from_center_size(middle, vec2(SWATCH, 10.0));
        self.paint_swatch(painter, swatch, tokens, is_shown);
        let name_color = if is_shown {
            tokens.text
        } else {
            tokens.text_weak
        };
        let x = swatch.right() + BESIDE_SWATCH;
        let font = FontId::proportional(size);
        let place = pos2(x, rect.center().y);
        let drawn = painter.text(place, Align2::LEFT_CENTER, name, font.clone(), name_color);
        if !is_shown {
            let stroke = Stroke::new(1.0, tokens.text_weak);
            painter.hline(drawn.x_range(), rect.center().y + 1.0, stroke);
        }
        let color = if is_shown {
            tokens.text_strong
        } else {
            tokens.text_weak
        };
        let place = pos2(drawn.right() + BESIDE_NAME, rect.center().y);
        painter.text(place, Align2::LEFT_CENTER, value, font, color);
        match self {
            Self::Curve(id, _) => {
                let response = explained::on_hover(response, id.name(), explain::series(id));
                response.on_hover_text("Click to show or hide it.")
            }
            Self::Beyond => response.on_hover_text(BEYOND),
        }
    }

    fn paint_swatch(self, painter: &Painter, area: Rect, tokens: &Tokens, is_shown: bool) {
        let (curve, is_down) = match self {
            Self::Curve(id, is_down) => (tokens.curve(id), is_down),
            Self::Beyond => (tokens.curve(SeriesId::Runnable), false),
        };
        let strength = if is_shown { 1.0 } else { 0.35 };
        let color = curve.color.gamma_multiply(strength);
        let is_layer = curve.thickness <= 0.0;
        if self == Self::Beyond || is_layer {
            let fill = if is_layer {
                curve.fill.max(0.3)
            } else {
                curve.fill_beyond
            };
            painter.rect_filled(area, 1.0, color.gamma_multiply(fill));
            return;
        }
        let middle = painter.round_to_pixel_center(area.center().y);
        if curve.fill > 0.0 {
            let filled = if is_down {
                area.with_max_y(middle)
            } else {
                area.with_min_y(middle)
            };
            painter.rect_filled(filled, 0.0, color.gamma_multiply(curve.fill));
        }
        line(painter, (area, middle), &curve, color);
    }
}

/// A piece of the curve's line, with its dashes.
fn line(painter: &Painter, (area, y): (Rect, f32), curve: &Curve, color: egui::Color32) {
    let (on, off) = curve.dash.unwrap_or((i64::MAX, 0));
    let mut from = area.left();
    while from < area.right() {
        let to = (from + on as f32).min(area.right());
        painter.hline(from..=to, y, Stroke::new(curve.thickness, color));
        from = to + (off as f32).max(0.1);
    }
}
