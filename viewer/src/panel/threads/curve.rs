//! The CPU of a thread over the time that the curves above show, from tick to tick, with its dumps as
//! marks. Where it was not recorded there is a hole, and no line.

use super::ink;
use crate::command::{Command, DumpCommand};
use crate::data::dumps::{Grid, GridRow, Piece, ThreadCurve};
use crate::explain;
use crate::paint::hatch::hatch;
use crate::paint::points;
use crate::panel::explained;
use crate::state::Document;
use crate::theme::Tokens;
use afterimage_format::time::WallTime;
use egui::{
    Align2, CursorIcon, FontId, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

/// How high the curve is, and the strip with the marks of dumps under it.
const HEIGHT: f32 = 64.0;
const MARKS: f32 = 22.0;
/// Room for the numbers at the left.
const NUMBERS: f32 = 44.0;
/// How wide a mark can be hit.
const HIT: f32 = 12.0;

/// Draws it where anything was recorded; whether it did.
pub(super) fn show(
    ui: &mut Ui,
    document: &Document,
    (grid, row, shown): (&Grid, &GridRow, usize),
    out: &mut Vec<Command>,
) -> bool {
    let Some(curve) = document.dumps.curve.as_deref() else {
        return false;
    };
    let is_of_it = document.dumps.curve_tid() == Some(curve.tid);
    if !is_of_it || curve.pieces.is_empty() {
        return false;
    }
    let tokens = Tokens::of(ui.visuals());
    let words = words(document, curve);
    let title = ui.label(
        RichText::new("CPU from tick to tick")
            .strong()
            .color(tokens.text_strong),
    );
    explained::on_hover(
        title,
        "CPU from tick to tick",
        explain::figure("dumps", "curve"),
    );
    let size = vec2(ui.available_width(), HEIGHT + MARKS);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
    let plot = Rect::from_min_max(
        pos2(rect.left() + NUMBERS, rect.top() + 4.0),
        pos2(rect.right() - 4.0, rect.top() + HEIGHT),
    );
    let scale = Scale { curve, plot };
    axis(ui, document, &scale);
    for (from, to) in [
        (curve.span.0, curve.looked.0),
        (curve.looked.1, curve.span.1),
    ] {
        if from < to {
            let area = plot.with_min_x(scale.x(from)).with_max_x(scale.x(to));
            hatch(ui.painter(), area, tokens.hatch);
        }
    }
    draw(ui, &scale);
    marks(ui, document, (grid, row, shown), &scale, out);
    response.on_hover_ui_at_pointer(|ui| hover(ui, document, &scale));
    true
}

/// Instants to places.
struct Scale<'a> {
    curve: &'a ThreadCurve,
    plot: Rect,
}

impl Scale<'_> {
    fn x(&self, at: WallTime) -> f32 {
        let (from, to) = self.curve.span;
        let all = (to.0.saturating_sub(from.0)).max(1) as f64;
        let share = (at.0.saturating_sub(from.0)) as f64 / all;
        self.plot.left() + self.plot.width() * points(share.clamp(0.0, 1.0))
    }

    fn y(&self, share: f64) -> f32 {
        self.plot.bottom() - self.plot.height() * points(share.clamp(0.0, 1.0))
    }

    /// The piece under a place.
    fn piece(&self, x: f32) -> Option<&Piece> {
        let pieces = self.curve.pieces.iter();
        pieces
            .filter(|piece| self.x(piece.from) <= x + 0.5)
            .rfind(|piece| self.x(piece.to) >= x - 0.5)
    }
}

fn axis(ui: &Ui, document: &Document, scale: &Scale<'_>) {
    let tokens = Tokens::of(ui.visuals());
    let plot = scale.plot;
    let line = Stroke::new(1.0, tokens.grid);
    let font = FontId::proportional(10.5);
    for share in [0.0, 0.5, 1.0] {
        let y = scale.y(share);
        ui.painter().hline(plot.x_range(), y, line);
        let at = pos2(plot.left() - 6.0, y);
        let words = ink::percent(share);
        ui.painter().text(
            at,
            Align2::RIGHT_CENTER,
            words,
            font.clone(),
            tokens.text_weak,
        );
    }
    let (from, to) = scale.curve.span;
    let base = plot.bottom() + MARKS;
    for (x, at, anchor) in [
        (plot.left(), from, Align2::LEFT_BOTTOM),
        (plot.right(), to, Align2::RIGHT_BOTTOM),
    ] {
        let words = document.moment(at);
        ui.painter()
            .text(pos2(x, base), anchor, words, font.clone(), tokens.text_weak);
    }
}

/// CPU as an area from below, and on top of it the time in which it wanted one and had none. What
/// shares a point is drawn as its highest.
fn draw(ui: &Ui, scale: &Scale<'_>) {
    let tokens = Tokens::of(ui.visuals());
    let mut column: Option<(f32, f32, f64, f64)> = None;
    let put = |ui: &Ui, (left, right, cpu, wait): (f32, f32, f64, f64)| {
        let right = right.max(left + 1.0);
        let (foot, top) = (scale.y(0.0), scale.y(cpu));
        let used = Rect::from_min_max(pos2(left, top.min(foot - 1.0)), pos2(right, foot));
        ui.painter()
            .rect_filled(used, 0.0, tokens.running.gamma_multiply(0.75));
        if wait >= 0.01 {
            let wanted = Rect::from_min_max(pos2(left, scale.y(cpu + wait)), pos2(right, top));
            ui.painter()
                .rect_filled(wanted, 0.0, tokens.warning.gamma_multiply(0.6));
        }
    };
    for piece in &scale.curve.pieces {
        let (left, right) = (scale.x(piece.from), scale.x(piece.to));
        let wait = piece.wait.unwrap_or(0.0);
        column = match column {
            Some((begin, end, cpu, most)) if right - begin < 1.0 => {
                Some((begin, end.max(right), cpu.max(piece.cpu), most.max(wait)))
            }
            before => {
                if let Some(before) = before {
                    put(ui, before);
                }
                Some((left, right, piece.cpu, wait))
            }
        };
    }
    if let Some(last) = column {
        put(ui, last);
    }
}

/// A mark for each dump: a click goes to it.
fn marks(
    ui: &mut Ui,
    document: &Document,
    (grid, row, shown): (&Grid, &GridRow, usize),
    scale: &Scale<'_>,
    out: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui.visuals());
    let plot = scale.plot;
    for (place, column) in grid.columns.iter().enumerate() {
        let (from, to) = scale.curve.span;
        if column.at < from || column.at > to || row.cell(place).is_none() {
            continue;
        }
        let x = scale.x(column.at);
        let area = Rect::from_min_max(
            pos2(x - HIT / 2.0, plot.top()),
            pos2(x + HIT / 2.0, plot.bottom() + MARKS),
        );
        let id = ui.scope_id().with(("mark", column.id));
        let response = ui.interact(area, id, Sense::click());
        let at = document.moment(column.at);
        let is_shown = place == shown;
        response.widget_info(|| {
            let name = format!("Dump of {at} on the curve");
            WidgetInfo::selected(Role::Button, true, is_shown, name)
        });
        let is_near = response.hovered() || response.has_focus();
        let color = match (is_shown, is_near) {
            (true, _) => tokens.cursor,
            (false, true) => tokens.text_strong,
            (false, false) => tokens.text_weak,
        };
        let width = if is_shown || is_near { 2.0 } else { 1.0 };
        ui.painter()
            .vline(x, plot.y_range(), Stroke::new(width, color));
        let tip = pos2(x, plot.bottom() + 2.0);
        let sign = vec![tip, tip + vec2(-4.5, 7.0), tip + vec2(4.5, 7.0)];
        ui.painter()
            .add(egui::Shape::convex_polygon(sign, color, Stroke::NONE));
        let response = response.on_hover_cursor(CursorIcon::PointingHand);
        if response.clicked() {
            out.push(Command::Dumps(DumpCommand::Pick(column.id)));
        }
        response.on_hover_text(format!("{at}: go to this dump"));
    }
}

fn hover(ui: &mut Ui, document: &Document, scale: &Scale<'_>) {
    let Some(pointer) = ui.ctx().pointer_latest_pos() else {
        return;
    };
    let Some(piece) = scale.piece(pointer.x) else {
        ui.label("It was not recorded then.");
        return;
    };
    ui.label(format!("{}: {}", document.moment(piece.to), of(piece)));
}

fn of(piece: &Piece) -> String {
    let cpu = format!("{} of a core", ink::percent(piece.cpu));
    match piece.wait.filter(|wait| *wait >= 0.01) {
        Some(wait) => format!("{cpu}, and {} waiting for one", ink::percent(wait)),
        None => cpu,
    }
}

/// The curve in words.
fn words(document: &Document, curve: &ThreadCurve) -> String {
    let (Some(first), Some(last)) = (curve.pieces.first(), curve.pieces.last()) else {
        return String::new();
    };
    let most = curve
        .pieces
        .iter()
        .map(|piece| piece.cpu)
        .fold(0.0, f64::max);
    format!(
        "CPU from tick to tick, from {} to {}: at most {}, at the end {}",
        document.moment(first.from),
        document.moment(last.to),
        ink::percent(most),
        of(last)
    )
}
