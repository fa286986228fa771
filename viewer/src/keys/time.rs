//! The keys about time: the view, where one has been, speed, folds, and the lanes.

use super::Shortcut;
use crate::command::{Command, TimeCommand, TrackCommand};
use crate::state::State;
use egui::{Context, Key, Modifiers, PointerButton};

/// How much a key zooms and pans.
const ZOOM: f64 = 0.6;
const PAN: f64 = 0.25;

/// Those keys, those with something held first.
pub(super) fn shortcuts() -> Vec<Shortcut> {
    let with = |held, key, command, hint| Shortcut {
        key,
        held,
        command,
        hint,
    };
    let time = |key, command, hint| with(Modifiers::NONE, key, Command::Time(command), hint);
    let lane = |key, command, hint| with(Modifiers::NONE, key, Command::Track(command), hint);
    let alt = |key, command, hint| with(Modifiers::ALT, key, Command::Time(command), hint);
    let back = Some(("Alt ← →", "back, forward to where you were"));
    let previous = Command::Track(TrackCommand::PreviousEvent);
    vec![
        alt(Key::ArrowLeft, TimeCommand::Back, back),
        alt(Key::ArrowRight, TimeCommand::Forward, None),
        with(Modifiers::SHIFT, Key::N, previous, None),
        lane(
            Key::N,
            TrackCommand::NextEvent,
            Some(("N", "next event, with Shift the one before")),
        ),
        lane(Key::L, TrackCommand::NextLane, Some(("L", "next lane"))),
        time(
            Key::Plus,
            TimeCommand::ZoomAtCursor(ZOOM),
            Some(("+ −", "zoom at the cursor")),
        ),
        time(Key::Equals, TimeCommand::ZoomAtCursor(ZOOM), None),
        time(Key::Minus, TimeCommand::ZoomAtCursor(1.0 / ZOOM), None),
        time(
            Key::A,
            TimeCommand::PanBy(-PAN),
            Some(("A D", "earlier, later")),
        ),
        time(Key::D, TimeCommand::PanBy(PAN), None),
        with(
            Modifiers::NONE,
            Key::Num0,
            Command::ShowAll,
            Some(("0", "whole capture")),
        ),
        time(
            Key::X,
            TimeCommand::NextSpeed,
            Some(("X", "speed of playing")),
        ),
        time(
            Key::F,
            TimeCommand::ToggleNearestFold,
            Some(("F", "fold or unfold the gap here")),
        ),
    ]
}

/// The two buttons at the side of a mouse, and the key that forgets a drag.
pub(super) fn read_others(ctx: &Context, state: &State, out: &mut Vec<Command>) {
    let is_dragging = state.document().is_some_and(|document| {
        let time = &document.time;
        time.preview.is_some() || time.band.is_some() || time.brush.is_some()
    });
    // Else it closes what is open.
    if is_dragging && ctx.input(|input| input.key_pressed(Key::Escape)) {
        out.push(Command::Time(TimeCommand::Cancel));
    }
    let buttons = [
        (PointerButton::Extra1, TimeCommand::Back),
        (PointerButton::Extra2, TimeCommand::Forward),
    ];
    for (button, command) in buttons {
        if ctx.input(|input| input.pointer.button_pressed(button)) {
            out.push(Command::Time(command));
        }
    }
}
