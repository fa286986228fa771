//! Actions about the cursor, the view, the tracks and the lanes.

use crate::action::Topic::{Time, Tracks, View};
use crate::action::{Action, Press};
use crate::command::{Command, TimeCommand, TrackCommand};
use crate::state::State;
use egui::{Key, Modifiers};

/// How much of a zoom one press of a key is.
const ZOOM: f64 = 0.5;
/// How much of the view one press of a key pans.
const PAN: f64 = 0.25;

/// Those actions.
pub(super) fn actions(state: &State) -> Vec<Action> {
    let mut all = cursor();
    all.extend(view(state));
    all.extend(tracks());
    all
}

fn cursor() -> Vec<Action> {
    const LEFT: [Press; 1] = [Press::only(Key::ArrowLeft)];
    const RIGHT: [Press; 1] = [Press::only(Key::ArrowRight)];
    const SHIFT_LEFT: [Press; 1] = [Press::with(Modifiers::SHIFT, Key::ArrowLeft)];
    const SHIFT_RIGHT: [Press; 1] = [Press::with(Modifiers::SHIFT, Key::ArrowRight)];
    const ALT_LEFT: [Press; 1] = [Press::with(Modifiers::ALT, Key::ArrowLeft)];
    const ALT_RIGHT: [Press; 1] = [Press::with(Modifiers::ALT, Key::ArrowRight)];
    let step = |name, by| Action::new(Time, name, Command::Step(by));
    let of_time = |name, command| Action::new(Time, name, Command::Time(command));
    vec![
        step("Previous snapshot", -1)
            .keys(LEFT)
            .hint("← →", "one snapshot, with Shift ten"),
        step("Next snapshot", 1).keys(RIGHT),
        step("Ten snapshots back", -10).keys(SHIFT_LEFT),
        step("Ten snapshots on", 10).keys(SHIFT_RIGHT),
        Action::new(Time, "First snapshot", Command::First)
            .keys([Press::only(Key::Home)])
            .hint("Home End", "first, last"),
        Action::new(Time, "Last snapshot", Command::Last)
            .what("Of a capture that is being recorded: stay at its end, until the cursor is moved.")
            .keys([Press::only(Key::End)]),
        Action::new(Time, "Play or stop", Command::TogglePlay)
            .keys([Press::only(Key::Space)])
            .hint("Space", "play"),
        of_time("Next speed of playing", TimeCommand::NextSpeed)
            .what("As fast as it was, ten times or sixty times as fast.")
            .keys([Press::only(Key::X)]),
        Action::new(Time, "Go to a time …", Command::BeginJump)
            .what("14:03 on the host's clock, -10m before the end, +5m after the start, or a date with a time.")
            .keys([Press::only(Key::G)])
            .hint("G", "go to a time"),
        of_time("Back to where you were", TimeCommand::Back)
            .what("The mouse's back button does it too.")
            .keys(ALT_LEFT)
            .hint("Alt ← →", "back, forward to where you were"),
        of_time("Forward again", TimeCommand::Forward).keys(ALT_RIGHT),
    ]
}

fn view(state: &State) -> Vec<Action> {
    let of_time = |name, command| Action::new(View, name, Command::Time(command));
    vec![
        of_time("Zoom in at the cursor", TimeCommand::ZoomAtCursor(ZOOM))
            .keys([Press::only(Key::Plus), Press::only(Key::Equals)])
            .hint("+ −", "zoom at the cursor"),
        of_time("Zoom out", TimeCommand::ZoomAtCursor(1.0 / ZOOM)).keys([Press::only(Key::Minus)]),
        of_time("Show what is earlier", TimeCommand::PanBy(-PAN))
            .keys([Press::only(Key::A)])
            .hint("A D", "earlier, later"),
        of_time("Show what is later", TimeCommand::PanBy(PAN)).keys([Press::only(Key::D)]),
        Action::new(View, "Show the whole capture", Command::ShowAll)
            .keys([Press::only(Key::Num0)])
            .hint("0", "whole capture"),
        of_time(
            "Fold or unfold the gap here",
            TimeCommand::ToggleNearestFold,
        )
        .what("A long stretch without samples takes no room while it is folded.")
        .keys([Press::only(Key::F)])
        .hint("F", "fold or unfold the gap here"),
        Action::new(View, "Next time zone", Command::SetZone(state.zone.next()))
            .what("Times as the host, as UTC or as this machine has them.")
            .keys([Press::only(Key::Z)])
            .hint("Z", "time zone"),
    ]
}

fn tracks() -> Vec<Action> {
    const SHIFT_N: [Press; 1] = [Press::with(Modifiers::SHIFT, Key::N)];
    let lane = |name, command| Action::new(Tracks, name, Command::Track(command));
    vec![
        lane("Next event", TrackCommand::NextEvent)
            .what("Of the lane whose name is marked.")
            .keys([Press::only(Key::N)])
            .hint("N", "next event, with Shift the one before"),
        lane("Previous event", TrackCommand::PreviousEvent).keys(SHIFT_N),
        lane("Show what the event here is about", TrackCommand::ShowEvent)
            .what("Of the lane that N goes along: the process, the thread dump or the line of the log.")
            .keys([Press::only(Key::E)]),
        lane("Next lane", TrackCommand::NextLane)
            .what("Which events N goes along.")
            .keys([Press::only(Key::L)])
            .hint("L", "next lane"),
    ]
}
