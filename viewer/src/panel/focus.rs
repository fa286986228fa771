//! The keyboard on what is drawn by hand: a ring around what it is on, arrows that move an edge,
//! and the parts of the window that F6 goes through.
//!
//! In: the response of something drawn, and which part the keyboard should go to.
//! Out: how far an edge is to move, and a word that the keyboard has arrived.

use crate::command::Command;
use crate::state::{Focus, Part, State};
use crate::theme::Tokens;
use egui::containers::panel::PanelState;
use egui::{Context, EventFilter, Id, Key, Modifiers, Rect, Response, Role, Sense, Stroke};
use egui::{StrokeKind, Ui, Vec2, WidgetInfo, vec2};

/// How far one press of an arrow moves an edge, in points.
const STEP: f32 = 8.0;

/// Draws a ring around what the keyboard is on.
pub fn ring(ui: &Ui, response: &Response) {
    if response.has_focus() {
        ring_around(ui, response.rect);
    }
}

fn ring_around(ui: &Ui, rect: Rect) {
    let stroke = Stroke::new(1.5, Tokens::of(ui.visuals()).text_strong);
    ui.painter()
        .rect_stroke(rect.shrink(1.0), 2.0, stroke, StrokeKind::Inside);
}

/// Which way an edge can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the left and to the right.
    Across,
    /// Up and down.
    Along,
}

impl Way {
    const fn keys(self) -> [Key; 2] {
        match self {
            Self::Across => [Key::ArrowLeft, Key::ArrowRight],
            Self::Along => [Key::ArrowUp, Key::ArrowDown],
        }
    }
}

/// How many points the arrows move an edge to the right or down, while the keyboard is on it.
pub fn moved(ui: &Ui, response: &Response, way: Way) -> Option<f32> {
    ring(ui, response);
    moved_by_keys(ui, response.id, way)
}

fn moved_by_keys(ui: &Ui, edge: Id, way: Way) -> Option<f32> {
    if !ui.memory(|memory| memory.has_focus(edge)) {
        return None;
    }
    let filter = EventFilter {
        horizontal_arrows: way == Way::Across,
        vertical_arrows: way == Way::Along,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(edge, filter));
    ui.data_mut(|data| data.insert_temp(edges(), (edge, way == Way::Across)));
    let [less, more] = way.keys();
    let presses = |key| {
        ui.input_mut(|input| {
            let mut count = 0.0;
            while input.consume_key(Modifiers::NONE, key) {
                count += 1.0;
            }
            count
        })
    };
    let by: f32 = presses(more) - presses(less);
    (by != 0.0).then_some(by * STEP)
}

fn edges() -> Id {
    Id::unique("the edge that the keyboard is on")
}

/// Whether the arrow belongs to the edge that the keyboard is on, and not to the catalogue.
pub fn takes(ctx: &Context, key: Key) -> bool {
    let known = ctx.data(|data| data.get_temp::<(Id, bool)>(edges()));
    let on = ctx.memory(egui::Memory::focused);
    known.is_some_and(|(edge, is_across)| {
        let way = if is_across { Way::Across } else { Way::Along };
        on == Some(edge) && way.keys().contains(&key)
    })
}

/// Arrows on the edge of a panel make it so much larger. The panel itself knows the mouse only.
pub fn divider(ui: &Ui, panel: &'static str, (name, way): (&str, Way), sign: f32) {
    let id = ui.scope_id().with(panel);
    let edge = id.with("__resize");
    ui.ctx()
        .accesskit_node_builder(edge, |node| node.set_label(name));
    if let Some(response) = ui.read_response(edge) {
        ring(ui, &response);
    }
    let by = moved_by_keys(ui, edge, way);
    let Some((by, mut state)) = by.zip(PanelState::load(ui, id)) else {
        return;
    };
    let size: Vec2 = match way {
        Way::Across => vec2(by * sign, 0.0),
        Way::Along => vec2(0.0, by * sign),
    };
    // The range that the panel is given holds it when it is drawn next.
    state.outer_rect.max += size;
    ui.data_mut(|data| data.insert_persisted(id, state));
    ui.request_repaint();
}

/// The beginning of a part of the window: where F6 takes the keyboard, so that Tab goes on from
/// there.
pub fn part(ui: &Ui, state: &State, part: Part, out: &mut Vec<Command>) {
    let whole = ui.available_rect_before_wrap();
    let place = Rect::from_min_size(whole.min, Vec2::splat(1.0));
    let id = Id::unique(("part of the window", part));
    let response = ui.interact(place, id, Sense::focusable_noninteractive());
    response.widget_info(|| WidgetInfo::labeled(Role::Group, true, part.name()));
    if state.focus == Some(Focus::Part(part)) {
        response.request_focus();
        out.push(Command::FocusTaken);
    }
    if response.has_focus() {
        ring_around(ui, whole);
    }
}
