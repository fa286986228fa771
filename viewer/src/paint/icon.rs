//! Small pictures on buttons, drawn by hand: the built-in font has none of them.

use egui::{
    Color32, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2,
};

/// How wide a button that stands by itself is.
pub const WIDE: f32 = 26.0;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// To where one was.
    Back,
    /// To where one came back from.
    Forward,
    /// One snapshot earlier.
    StepBack,
    /// One snapshot later.
    StepForward,
    /// Time runs.
    Play,
    /// Time stops.
    Pause,
    /// One place up.
    Up,
    /// One place down.
    Down,
    /// Take it away.
    Close,
}

/// A button with a picture and a name; pale while it can do nothing.
pub fn button(ui: &mut Ui, icon: Icon, (name, hover): (&str, &str), is_enabled: bool) -> Response {
    let small = matches!(icon, Icon::Up | Icon::Down | Icon::Close);
    let size = if small {
        vec2(18.0, 18.0)
    } else {
        vec2(WIDE, 22.0)
    };
    let sense = if is_enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, is_enabled, name));
    let style = ui.style().interact(&response);
    let is_hot = is_enabled && (response.hovered() || response.has_focus());
    if !small || is_hot {
        let fill = if is_enabled {
            style.weak_bg_fill
        } else {
            Color32::TRANSPARENT
        };
        let rect = rect.shrink(0.5);
        ui.painter()
            .rect(rect, 4.0, fill, style.bg_stroke, egui::StrokeKind::Inside);
    }
    let weak = ui.visuals().weak_text_color();
    let color = match (is_enabled, is_hot, small) {
        (false, ..) => weak.gamma_multiply(0.45),
        (true, false, true) => weak.gamma_multiply(0.8),
        _ => style.fg_stroke.color,
    };
    paint(ui.painter(), rect, icon, color);
    response.on_hover_text(hover)
}

fn paint(painter: &Painter, rect: Rect, icon: Icon, color: Color32) {
    let middle = rect.center();
    let stroke = Stroke::new(1.5, color);
    let at = |x: f32, y: f32| middle + Vec2::new(x, y);
    let filled = |points: Vec<Pos2>| Shape::convex_polygon(points, color, Stroke::NONE);
    let line = |points: Vec<Pos2>| Shape::line(points, stroke);
    let bar = |x: f32| {
        let rect = Rect::from_center_size(at(x, 0.0), vec2(2.5, 10.0));
        Shape::rect_filled(rect, 0.5, color)
    };
    let shapes = match icon {
        Icon::Back => vec![
            line(vec![at(-1.0, -4.5), at(-5.5, 0.0), at(-1.0, 4.5)]),
            line(vec![at(-5.5, 0.0), at(5.5, 0.0)]),
        ],
        Icon::Forward => vec![
            line(vec![at(1.0, -4.5), at(5.5, 0.0), at(1.0, 4.5)]),
            line(vec![at(-5.5, 0.0), at(5.5, 0.0)]),
        ],
        Icon::StepBack => vec![
            filled(vec![at(2.5, -5.0), at(2.5, 5.0), at(-4.0, 0.0)]),
            bar(-5.0),
        ],
        Icon::StepForward => vec![
            filled(vec![at(-2.5, -5.0), at(4.0, 0.0), at(-2.5, 5.0)]),
            bar(5.0),
        ],
        Icon::Play => vec![filled(vec![at(-4.0, -5.5), at(5.5, 0.0), at(-4.0, 5.5)])],
        Icon::Pause => vec![bar(-3.0), bar(3.0)],
        Icon::Up => vec![line(vec![at(-3.5, 1.8), at(0.0, -1.8), at(3.5, 1.8)])],
        Icon::Down => vec![line(vec![at(-3.5, -1.8), at(0.0, 1.8), at(3.5, -1.8)])],
        Icon::Close => vec![
            line(vec![at(-3.0, -3.0), at(3.0, 3.0)]),
            line(vec![at(-3.0, 3.0), at(3.0, -3.0)]),
        ],
    };
    painter.extend(shapes);
}

/// A small arrow head that points down, beside a word that opens a menu.
pub fn menu_arrow(painter: &Painter, middle: Pos2, color: Color32) {
    let points = vec![
        pos2(middle.x - 3.0, middle.y - 1.5),
        pos2(middle.x, middle.y + 1.5),
        pos2(middle.x + 3.0, middle.y - 1.5),
    ];
    painter.add(Shape::line(points, Stroke::new(1.2, color)));
}
