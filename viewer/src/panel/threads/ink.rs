//! What stands in all views of a dump: rows, texts, the colours and letters of states.

use super::MARGIN;
use crate::command::{Command, DumpCommand};
use crate::data::dumps::ReadDump;
use crate::display::escape::escaped;
use crate::panel::process_table::ink::{Ink, heading_band, layout, text_in};
use crate::theme::Tokens;
use afterimage_analysis::dumps::model::State;
use egui::{
    Color32, CursorIcon, FontId, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, vec2,
};
use std::sync::Arc;

/// The height of a row.
pub(super) const ROW: f32 = 21.0;
/// The height of a row of headings.
pub(super) const HEADER: f32 = 22.0;

/// Every state, those first that one looks at first.
pub(super) const STATES: [State; 8] = [
    State::Blocked,
    State::Runnable,
    State::TimedWaiting,
    State::Waiting,
    State::New,
    State::Terminated,
    State::Unknown,
    State::Vm,
];

/// The colour of a state; the letter says the same.
pub(super) const fn color(tokens: &Tokens, state: State) -> Color32 {
    match state {
        State::Blocked => tokens.blocked,
        State::Runnable => tokens.running,
        State::TimedWaiting => tokens.io,
        State::Waiting => tokens.spare,
        State::Vm => tokens.system,
        State::New | State::Terminated | State::Unknown => tokens.event,
    }
}

/// The letter of a state.
pub(super) const fn letter(state: State) -> &'static str {
    match state {
        State::Blocked => "B",
        State::Runnable => "R",
        State::TimedWaiting => "T",
        State::Waiting => "W",
        State::Vm => "V",
        State::New => "N",
        State::Terminated => "E",
        State::Unknown => "?",
    }
}

/// How a text of this colour and size is drawn.
pub(super) const fn ink(color: Color32, size: f32) -> Ink {
    Ink {
        color,
        is_struck: false,
        size,
    }
}

/// A text of a capture made safe to show. What was no text in a dump is U+FFFD, which few fonts have.
pub(super) fn safe(words: &str) -> String {
    escaped(words).replace('\u{fffd}', "?")
}

/// A text in an area, made safe; answers how wide it is.
pub(super) fn text(ui: &Ui, area: Rect, words: &str, color: Color32, size: f32) -> f32 {
    text_in(ui, area, &safe(words), ink(color, size))
}

/// A name in an area. What tells threads of a pool apart is at the end of their names, so a long one
/// is cut at its begin.
pub(super) fn name(ui: &Ui, area: Rect, words: &str, (color, size): (Color32, f32)) {
    let words = safe(words);
    let width = |words: &str| layout(ui, words, ink(color, size), f32::INFINITY).size().x;
    let whole = width(&words);
    let mut shown = words.clone();
    if whole > area.width() {
        let letters = words.chars().count();
        let share = f64::from(area.width() / whole);
        let fit = usize::try_from(crate::time_axis::whole(letters as f64 * share)).unwrap_or(0);
        for kept in (1..=fit).rev() {
            let end = words.chars().skip(letters - kept);
            shown = std::iter::once('…').chain(end).collect();
            if width(&shown) <= area.width() {
                break;
            }
        }
    }
    text_in(ui, area, &shown, ink(color, size));
}

/// A row that can be clicked, and reached with the keyboard.
pub(super) fn row(
    ui: &mut Ui,
    (height, number): (f32, usize),
    is_chosen: bool,
    told: &str,
) -> (Rect, Response) {
    let tokens = Tokens::of(ui.visuals());
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, is_chosen, told));
    if let Some(fill) = tokens.row(number, (is_chosen, response.hovered())) {
        ui.painter().rect_filled(rect, 0.0, fill);
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.0, tokens.text_strong);
        ui.painter()
            .rect_stroke(rect.shrink(0.5), 0.0, stroke, egui::StrokeKind::Inside);
    }
    (rect, response.on_hover_cursor(CursorIcon::PointingHand))
}

/// Shows the page of a thread of the dump.
pub(super) fn open(read: &ReadDump, place: usize, out: &mut Vec<Command>) {
    if let Some(key) = read.keys.get(place) {
        out.push(Command::Dumps(DumpCommand::Thread(Some(Arc::clone(key)))));
    }
}

/// The letter of a state in its colour, in a box.
pub(super) fn badge(ui: &Ui, rect: Rect, state: State) {
    let tokens = Tokens::of(ui.visuals());
    let color = color(tokens, state);
    ui.painter()
        .rect_filled(rect, 3.0, color.gamma_multiply(0.3));
    let font = FontId::proportional(11.0);
    let anchor = egui::Align2::CENTER_CENTER;
    ui.painter().text(
        rect.center(),
        anchor,
        letter(state),
        font,
        tokens.text_strong,
    );
}

/// The heading of a view: what it shows.
pub(super) fn heading(ui: &mut Ui, words: &str) -> Rect {
    let tokens = Tokens::of(ui.visuals());
    let rect = heading_band(ui, HEADER);
    let area = rect.shrink2(vec2(MARGIN, 0.0));
    text_in(ui, area, words, ink(tokens.text_weak, 12.0));
    rect
}

/// A note where there is nothing else.
pub(super) fn note(ui: &mut Ui, words: &str) {
    ui.add_space(24.0);
    ui.vertical_centered(|ui| ui.weak(words));
}

/// A share of a core in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
