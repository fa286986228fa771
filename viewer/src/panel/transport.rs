//! The row that moves time: back and forward, step and play, where the cursor stands and in
//! which zone, where to go, how much is shown, and which tracks.

use crate::command::{Command, TimeCommand, TrackCommand, ZoneChoice};
use crate::data::Ending;
use crate::display;
use crate::display::escape::escaped;

use crate::paint::icon::{self, Icon};
use crate::state::time::Speed;
use crate::state::tracks::TrackId;
use crate::state::{Document, Focus, State};
use crate::theme::Tokens;
use egui::{
    Align, Area, Button, Frame, Id, Key, Layout, Margin, Order, Response, RichText, TextEdit, Ui,
    vec2,
};

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let frame = Frame::new()
        .fill(tokens.canvas)
        .inner_margin(Margin::symmetric(12, 5));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(24.0);
            ui.spacing_mut().item_spacing.x = 4.0;
            moves(ui, document, out);
            ui.add_space(8.0);
            cursor(ui, state, document, out);
            ui.add_space(8.0);
            if let Some(text) = &document.jump {
                jump(ui, state, text, out);
            } else if go_to(ui).clicked() {
                out.push(Command::BeginJump);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                tracks(ui, document, out);
                range(ui, document, out);
            });
        });
    });
}

fn go_to(ui: &mut Ui) -> Response {
    ui.button("Go to …").on_hover_text("Go to a time (G)")
}

fn moves(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let time = &document.time;
    let history = [
        (
            Icon::Back,
            ("Back", "Back to where you were (Alt-Left)"),
            time.history.has_past(),
            TimeCommand::Back,
        ),
        (
            Icon::Forward,
            ("Forward", "Forward again (Alt-Right)"),
            time.history.has_future(),
            TimeCommand::Forward,
        ),
    ];
    for (icon, words, is_enabled, command) in history {
        if icon::button(ui, icon, words, is_enabled).clicked() {
            out.push(Command::Time(command));
        }
    }
    ui.add_space(8.0);
    let before = ("Previous snapshot", "One snapshot earlier (Left)");
    if icon::button(ui, Icon::StepBack, before, true).clicked() {
        out.push(Command::Step(-1));
    }
    let (icon, words) = if time.playing {
        (Icon::Pause, ("Pause", "Stop here (Space)"))
    } else {
        (Icon::Play, ("Play", "Let time run (Space)"))
    };
    if icon::button(ui, icon, words, true).clicked() {
        out.push(Command::TogglePlay);
    }
    let after = ("Next snapshot", "One snapshot later (Right)");
    if icon::button(ui, Icon::StepForward, after, true).clicked() {
        out.push(Command::Step(1));
    }
    ui.add_space(2.0);
    for speed in Speed::ALL {
        let text = format!("{}×", speed.factor());
        let words = format!("Play at {text} (X for the next speed)");
        let button = Button::selectable(time.speed == speed, text);
        if ui.add(button).on_hover_text(words).clicked() {
            out.push(Command::Time(TimeCommand::SetSpeed(speed)));
        }
    }
}

/// The time at the cursor, and its zone, which a menu changes.
fn cursor(ui: &mut Ui, state: &State, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let at = document.time.cursor;
    let time = display::date_and_clock(&document.zone, at);
    ui.label(RichText::new(time).size(17.0).color(tokens.text_strong));
    let zone = document.zone.format(at, "%Z");
    let menu = ui.menu_button(RichText::new(zone).color(tokens.text_weak), |ui| {
        for choice in ZoneChoice::ALL {
            if ui
                .radio(state.zone == choice, zone_name(state, document, choice))
                .clicked()
            {
                out.push(Command::SetZone(choice));
                ui.close();
            }
        }
    });
    menu.response.on_hover_text(zone_words(state, document));
}

fn zone_name(state: &State, document: &Document, choice: ZoneChoice) -> String {
    let facts = document.facts();
    let zone = match choice {
        ZoneChoice::Host => facts.map(|facts| &facts.zone),
        ZoneChoice::Utc => None,
        ZoneChoice::Local => state.local_zone.as_ref(),
    };
    match zone {
        Some(zone) => {
            let name = zone.iana_name().map_or_else(
                || zone.format(document.time.cursor, "%:z"),
                ToOwned::to_owned,
            );
            format!("{} ({})", choice.name(), escaped(&name))
        }
        None => choice.name().to_owned(),
    }
}

fn zone_words(state: &State, document: &Document) -> String {
    if state.zone != ZoneChoice::Host {
        let name = state.zone.name();
        return format!("Times are not those of the recorded host: {name}. Click to change (Z).");
    }
    let name = document
        .facts()
        .and_then(|facts| facts.zone_name.as_deref());
    match (name, document.zone.iana_name()) {
        (Some(name), Some(_)) => {
            let name = escaped(name);
            format!("Times are those of the recorded host: {name}. Click to change (Z).")
        }
        (Some(name), None) => format!(
            "This machine does not know the host's time zone ({}): times are by the offset \
             that the host had when it was recorded",
            escaped(name)
        ),
        (None, _) => "Times are by the offset from UTC that the host had when it was \
                      recorded"
            .to_owned(),
    }
}

/// How much is shown, and how to see all of it.
fn range(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let time = &document.time;
    let is_whole = time.view == time.whole();
    let whole = ui.add_enabled(!is_whole, Button::new("Whole capture"));
    if whole
        .on_hover_text("Zoom out as far as it goes (0)")
        .clicked()
    {
        out.push(Command::ShowAll);
    }
    let facts = document.facts();
    let is_recorded = facts.is_some_and(|facts| facts.ending == Ending::Recording);
    if is_recorded {
        live(ui, document, out);
    }
    let shown = time.shown();
    let length = time.folds.folded_span(shown).micros();
    let length = std::time::Duration::from_micros(length.unsigned_abs());
    let text = format!("{} shown", display::duration(length));
    if ui.available_width() > 110.0 {
        ui.add_space(4.0);
        ui.label(RichText::new(text).color(tokens.text_weak));
    }
}

/// Whether the cursor stays at the end of what is being recorded; a click goes there, or leaves.
fn live(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let following = document.time.following;
    let (text, hover, color) = if following {
        (
            "Live",
            "The cursor stays at the end of what is being recorded. Any move leaves it, and so \
             does a click here.",
            tokens.running,
        )
    } else {
        (
            "Go live",
            "This capture is being recorded: go to its end and stay there (End)",
            tokens.text,
        )
    };
    let text = RichText::new(text).color(color);
    let button = ui.add(Button::selectable(following, text).frame_when_inactive(true));
    if button.on_hover_text(hover).clicked() {
        out.push(if following {
            Command::SetCursor(document.time.cursor)
        } else {
            Command::Last
        });
    }
}

/// The menu of tracks.
fn tracks(ui: &mut Ui, document: &Document, out: &mut Vec<Command>) {
    let menu = ui.menu_button("Tracks", |ui| {
        ui.set_min_width(220.0);
        for id in TrackId::ALL {
            let track = id.track();
            let mut is_shown = document.timeline.tracks.contains(id);
            let check = ui.checkbox(&mut is_shown, track.title);
            if check.on_hover_text(track.meaning).clicked() {
                out.push(Command::Track(TrackCommand::Toggle(id)));
            }
        }
    });
    menu.response
        .on_hover_text("Which curves are shown over time");
}

fn jump(ui: &mut Ui, state: &State, text: &str, out: &mut Vec<Command>) {
    let mut edited = text.to_owned();
    let field = TextEdit::singleline(&mut edited)
        .hint_text("14:03, -10m, 2026-11-22 14:03")
        .desired_width(230.0);
    let field = ui.add(field);
    field.widget_info(|| egui::WidgetInfo {
        label: Some("Go to a time".to_owned()),
        ..egui::WidgetInfo::text_edit(true, text, &edited, "14:03")
    });
    if state.focus == Some(Focus::Jump) {
        field.request_focus();
        out.push(Command::FocusTaken);
    }
    if field.changed() {
        out.push(Command::EditJump(edited));
    }
    let problem = state
        .document()
        .and_then(|document| document.problem.as_deref());
    if let Some(problem) = problem {
        no_time(ui, &field, problem);
    }
    if field.lost_focus() {
        let entered = ui.input(|input| input.key_pressed(Key::Enter));
        out.push(if entered {
            Command::Jump
        } else {
            Command::CancelJump
        });
    }
}

/// Why what stands in the field is no time, under it: there one looks.
fn no_time(ui: &Ui, field: &Response, problem: &str) {
    let tokens = Tokens::of(ui.visuals());
    Area::new(Id::unique("why it is no time"))
        .order(Order::Foreground)
        .fixed_pos(field.rect.left_bottom() + vec2(0.0, 4.0))
        .show(ui, |ui| {
            Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_max_width(420.0);
                ui.label(RichText::new(escaped(problem)).color(tokens.problem));
            });
        });
}
