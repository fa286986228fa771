//! Hatching: the mark of what was not recorded, in every panel.

use egui::{Color32, Painter, Pos2, Rect, Stroke};

/// The distance between two strokes, in points.
const APART: f32 = 7.0;

/// Hatches an area, over a faint wash of the same colour so that a narrow one is seen as well.
pub fn hatch(painter: &Painter, area: Rect, color: Color32) {
    let painter = painter.with_clip_rect(area.intersect(painter.clip_rect()));
    pattern(&painter, area, color);
    let edge = Stroke::new(1.0, color.gamma_multiply(0.8));
    painter.vline(area.left(), area.y_range(), edge);
    painter.vline(area.right(), area.y_range(), edge);
}

/// The same without edges, for areas beside each other that are one.
pub fn pattern(painter: &Painter, area: Rect, color: Color32) {
    let painter = painter.with_clip_rect(area.intersect(painter.clip_rect()));
    painter.rect_filled(area, 0.0, color.gamma_multiply(0.12));
    let stroke = Stroke::new(1.0, color.gamma_multiply(0.55));
    let height = area.height();
    // Anchored to the screen, so that two bands beside each other are one pattern.
    let mut x = ((area.left() - height) / APART).floor() * APART;
    while x < area.right() {
        let (foot, head) = (
            Pos2::new(x, area.bottom()),
            Pos2::new(x + height, area.top()),
        );
        painter.line_segment([foot, head], stroke);
        x += APART;
    }
}
