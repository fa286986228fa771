//! The open captures, a tab each, and the way to open another.

use crate::command::{Command, DeskCommand};
use crate::data::Ending;
use crate::display;
use crate::display::escape::escaped;
use crate::paint::icon::{self, Icon};
use crate::panel::recent;
use crate::state::{Document, Phase, State};
use crate::theme::Tokens;
use afterimage_format::time::WallTime;
use egui::{Button, Color32, Frame, Margin, PointerButton, RichText, ScrollArea, Stroke, Ui};

/// The tabs take at most this share of the bar.
const WIDEST: f32 = 0.6;
/// What opens another capture.
pub const OPEN: &str = "Open …";
/// What opens one of those that were open before.
pub const RECENT: &str = "Recent";

/// Draws the tabs, in so much room.
pub fn show(ui: &mut Ui, state: &State, room: f32, out: &mut Vec<Command>) {
    if state.documents.is_empty() {
        return;
    }
    ScrollArea::horizontal()
        .id_salt("captures")
        .max_width(room.clamp(60.0, (ui.available_width() * WIDEST).max(60.0)))
        .auto_shrink([true, true])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for document in &state.documents {
                tab(ui, state, document, out);
            }
        });
}

/// Draws the button that opens another capture, and the menu of those that were open before.
pub fn open_button(ui: &mut Ui, state: &State, out: &mut Vec<Command>) {
    let hover = if state.desk.takes_no_drops {
        "Open a capture: choose a file, or type its path (Ctrl-O)"
    } else {
        "Open a capture: choose a file, type its path, or drop it on the window (Ctrl-O)"
    };
    if ui.button(OPEN).on_hover_text(hover).clicked() {
        out.push(Command::Desk(DeskCommand::Choose));
    }
    if state.desk.recent.is_empty() {
        return;
    }
    let menu = ui.menu_button(RECENT, |ui| {
        ui.set_min_width(420.0);
        recent::list(ui, state, out);
    });
    menu.response
        .on_hover_text("Captures that were open before");
}

fn tab(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let is_shown = state.active == Some(document.id);
    let (fill, edge) = if is_shown {
        (tokens.canvas, tokens.line)
    } else {
        (Color32::TRANSPARENT, Color32::TRANSPARENT)
    };
    let title = title(state, document);
    let frame = Frame::new()
        .fill(fill)
        .stroke(Stroke::new(1.0, edge))
        .corner_radius(5.0)
        .inner_margin(Margin::symmetric(4, 1));
    let shown = frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let size = if is_shown { 15.0 } else { 13.0 };
        let color = match (&document.phase, is_shown) {
            (Phase::Failed(_), _) => tokens.problem,
            (Phase::Opening, _) => tokens.text_weak,
            (Phase::Open(_), true) => tokens.text_strong,
            (Phase::Open(_), false) => tokens.text,
        };
        let text = RichText::new(title.as_str()).size(size).color(color);
        let name = ui.add(Button::new(text).frame(false));
        let words = ("", "Close this capture (Ctrl-W, or a middle click)");
        let words = (format!("Close {title}"), words.1);
        let close = icon::button(ui, Icon::Close, (&words.0, words.1), true);
        (name, close)
    });
    let (name, close) = shown.inner;
    if is_shown && state.documents.len() > 1 {
        shown.response.scroll_to_me(None);
    }
    if name.clicked_by(PointerButton::Middle) || close.clicked() {
        out.push(Command::Desk(DeskCommand::Close(document.id)));
    } else if name.clicked() && !is_shown {
        out.push(Command::Activate(document.id));
    }
    name.on_hover_ui(|ui| about(ui, document));
}

/// The host, or the file while the host is not known; both where two captures are of one host.
fn title(state: &State, document: &Document) -> String {
    let name = escaped(&document.name());
    let Some(facts) = document.facts() else {
        return match document.phase {
            Phase::Failed(_) => format!("{name} — not opened"),
            _ => format!("{name} …"),
        };
    };
    let is_twin = |other: &&Document| {
        other.id != document.id && other.facts().is_some_and(|other| other.host == facts.host)
    };
    let host = escaped(&facts.host);
    match (host.is_empty(), state.documents.iter().find(is_twin)) {
        (true, _) => name,
        (false, None) => host,
        (false, Some(_)) => format!("{host} · {name}"),
    }
}

/// Where it lies, of which host it is, and from when to when.
fn about(ui: &mut Ui, document: &Document) {
    let tokens = Tokens::of(ui.visuals());
    ui.label(escaped(&document.path.display().to_string()));
    match &document.phase {
        Phase::Opening => {
            ui.label("It is being opened.");
        }
        Phase::Failed(problem) => {
            ui.label(RichText::new(escaped(problem)).color(tokens.problem));
        }
        Phase::Open(facts) => {
            let time = |at: WallTime| display::date_and_clock(&document.zone, at);
            let (host, kernel) = (escaped(&facts.host), escaped(&facts.kernel));
            ui.label(RichText::new(format!("{host}, Linux {kernel}")).color(tokens.text_strong));
            ui.label(format!("{}  to  {}", time(facts.first), time(facts.last)));
            let ending = match facts.ending {
                Ending::Recording => "It is being recorded.".to_owned(),
                ending => format!("It {}.", display::ending(ending)),
            };
            ui.label(RichText::new(ending).color(tokens.text_weak));
        }
    }
}
