//! The row that moves time: back and forward, step and play, where the cursor stands and in
//! which zone, where to go, how much is shown, and which tracks. `fit` says what is shortened in a
//! narrow window.

mod fit;

use crate::command::{Command, TimeCommand, TrackCommand, ZoneChoice};
use crate::data::Ending;
use crate::display;
use crate::display::escape::escaped;
use crate::paint::icon::{self, Icon};
use crate::panel::measure::{button_width, text_width};
use crate::state::time::Speed;
use crate::state::tracks::TrackId;
use crate::state::{Document, Focus, State};
use crate::theme::Tokens;
use egui::{
    Align, Area, Button, Frame, Id, Key, Layout, Margin, Order, Response, RichText, Role, TextEdit,
    Ui, WidgetInfo, vec2,
};
use fit::{Clock, Fit, Widths};

/// How large the moment at the cursor is written.
const CLOCK: f32 = 17.0;
const GO_TO: &str = "Go to …";
const WHOLE: &str = "Whole capture";
const WHOLE_IN_SHORT: &str = "Whole";

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
            let fit = Fit::within(ui.available_width(), widths(ui, document));
            moves(ui, document, out);
            speeds(ui, document, fit, out);
            ui.add_space(8.0);
            cursor(ui, state, document, fit, out);
            ui.add_space(8.0);
            if let Some(text) = &document.jump {
                jump(ui, state, (text, fit.field), out);
            } else if go_to(ui).clicked() {
                out.push(Command::BeginJump);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                tracks(ui, document, out);
                range(ui, document, fit, out);
            });
        });
    });
}

/// How wide the parts of the row are, each with the gap behind it.
fn widths(ui: &Ui, document: &Document) -> Widths {
    let gap = ui.spacing().item_spacing.x;
    let button = |text: &str| button_width(ui, text) + gap;
    let clock = |clock| {
        let text = clock_words(document, clock);
        text_width(ui, &text, CLOCK) + gap
    };
    let icons = 5.0 * (icon::WIDE + gap) + 8.0 + 2.0 + 8.0 + 8.0;
    let zone = document.zone.format(document.time.cursor, "%Z");
    let speeds: f32 = Speed::ALL
        .map(|speed| button(&speed_name(speed)))
        .iter()
        .sum();
    let live = match live_name(document) {
        Some(name) => button(name),
        None => 0.0,
    };
    Widths {
        // A little more than is needed, for what is rounded.
        always: icons + button(&zone) + button("Tracks") + live + 4.0,
        length: text_width(ui, &length_words(document), 13.0) + 4.0 + gap,
        speeds: [speeds, button(&speed_name(document.time.speed))],
        clocks: [Clock::Full, Clock::Day, Clock::Time].map(clock),
        whole: [button(WHOLE), button(WHOLE_IN_SHORT)],
        go_to: document.jump.is_none().then(|| button(GO_TO)),
    }
}

fn go_to(ui: &mut Ui) -> Response {
    ui.button(GO_TO).on_hover_text("Go to a time (G)")
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
}

fn speed_name(speed: Speed) -> String {
    format!("{}×", speed.factor())
}

/// A button for each speed, or one that goes to the next.
fn speeds(ui: &mut Ui, document: &Document, fit: Fit, out: &mut Vec<Command>) {
    let time = &document.time;
    if !fit.has_speeds {
        let button = ui.add(Button::selectable(true, speed_name(time.speed)));
        let next = speed_name(time.speed.next());
        let words = format!("How fast time runs. Click for {next} (X)");
        if button.on_hover_text(words).clicked() {
            out.push(Command::Time(TimeCommand::SetSpeed(time.speed.next())));
        }
        return;
    }
    for speed in Speed::ALL {
        let text = speed_name(speed);
        let words = format!("Play at {text} (X for the next speed)");
        let button = Button::selectable(time.speed == speed, text);
        if ui.add(button).on_hover_text(words).clicked() {
            out.push(Command::Time(TimeCommand::SetSpeed(speed)));
        }
    }
}

/// The time at the cursor, and its zone, which a menu changes.
fn cursor(ui: &mut Ui, state: &State, document: &Document, fit: Fit, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let at = document.time.cursor;
    let time = RichText::new(clock_words(document, fit.clock));
    let label = ui.label(time.size(CLOCK).color(tokens.text_strong));
    if fit.clock != Clock::Full {
        label.on_hover_text(clock_words(document, Clock::Full));
    }
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

fn clock_words(document: &Document, clock: Clock) -> String {
    let (zone, at) = (&document.zone, document.time.cursor);
    match clock {
        Clock::Full => display::date_and_clock(zone, at),
        Clock::Day => zone.format(at, "%-d %b  %H:%M:%S"),
        Clock::Time => zone.time_of_day(at),
    }
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
fn range(ui: &mut Ui, document: &Document, fit: Fit, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let time = &document.time;
    let is_whole = time.view == time.whole();
    let name = if fit.has_whole_name {
        WHOLE
    } else {
        WHOLE_IN_SHORT
    };
    let whole = ui.add_enabled(!is_whole, Button::new(name));
    whole.widget_info(|| WidgetInfo::labeled(Role::Button, !is_whole, WHOLE));
    if whole
        .on_hover_text("Zoom out as far as it goes (0)")
        .clicked()
    {
        out.push(Command::ShowAll);
    }
    if let Some(name) = live_name(document) {
        live(ui, document, name, out);
    }
    if fit.has_length {
        ui.add_space(4.0);
        ui.label(RichText::new(length_words(document)).color(tokens.text_weak));
    }
}

fn length_words(document: &Document) -> String {
    let time = &document.time;
    let length = time.folds.folded_span(time.shown()).micros();
    let length = std::time::Duration::from_micros(length.unsigned_abs());
    format!("{} shown", display::duration(length))
}

/// What the button at the end of a recording says, while there is one.
fn live_name(document: &Document) -> Option<&'static str> {
    let is_recorded = document.facts()?.ending == Ending::Recording;
    let name = if document.time.following {
        "Live"
    } else {
        "Go live"
    };
    is_recorded.then_some(name)
}

/// Whether the cursor stays at the end of what is being recorded; a click goes there, or leaves.
fn live(ui: &mut Ui, document: &Document, name: &str, out: &mut Vec<Command>) {
    let tokens = Tokens::of(ui.visuals());
    let following = document.time.following;
    let (hover, color) = if following {
        (
            "The cursor stays at the end of what is being recorded. Any move leaves it, and so \
             does a click here.",
            tokens.running,
        )
    } else {
        (
            "This capture is being recorded: go to its end and stay there (End)",
            tokens.text,
        )
    };
    let text = RichText::new(name).color(color);
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

fn jump(ui: &mut Ui, state: &State, (text, width): (&str, f32), out: &mut Vec<Command>) {
    let mut edited = text.to_owned();
    let field = TextEdit::singleline(&mut edited)
        .hint_text("14:03, -10m, 2026-11-22 14:03")
        // Without the room around the text.
        .desired_width(width - 8.0);
    let field = ui.add(field);
    field.widget_info(|| WidgetInfo {
        label: Some("Go to a time".to_owned()),
        ..WidgetInfo::text_edit(true, text, &edited, "14:03")
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
