//! The keyboard: one table of keys, from which they are read and from which the hints are made.

mod desk;
mod time;

use crate::command::Command;
use crate::state::State;
use egui::{Context, Key, Modifiers};

/// A key, what it does, and how that is told.
#[derive(Debug, Clone)]
pub struct Shortcut {
    /// The key.
    pub key: Key,
    /// What is held with it.
    pub held: Modifiers,
    /// What it does.
    pub command: Command,
    /// What the hint says; empty when another key's hint tells of it.
    pub hint: Option<(&'static str, &'static str)>,
}

/// Every key the viewer knows, those with something held first: they would match without it as
/// well.
pub fn shortcuts() -> Vec<Shortcut> {
    let key = |key, command, hint| Shortcut {
        key,
        held: Modifiers::NONE,
        command,
        hint,
    };
    let shifted = |key, command, hint| Shortcut {
        key,
        held: Modifiers::SHIFT,
        command,
        hint,
    };
    let mut all = special();
    all.extend([
        shifted(Key::ArrowLeft, Command::Step(-10), None),
        shifted(Key::ArrowRight, Command::Step(10), None),
        key(
            Key::ArrowLeft,
            Command::Step(-1),
            Some(("← →", "one snapshot, with Shift ten")),
        ),
        key(Key::ArrowRight, Command::Step(1), None),
        key(Key::Home, Command::First, Some(("Home End", "first, last"))),
        key(Key::End, Command::Last, None),
        key(Key::Space, Command::TogglePlay, Some(("Space", "play"))),
        key(Key::G, Command::BeginJump, Some(("G", "go to a time"))),
        key(Key::Slash, Command::FocusFilter, Some(("/", "filter"))),
        key(
            Key::ArrowUp,
            Command::SelectNext(-1),
            Some(("↑ ↓", "process")),
        ),
        key(Key::ArrowDown, Command::SelectNext(1), None),
        key(Key::T, Command::ToggleTree, Some(("T", "tree"))),
        key(Key::P, Command::TogglePin, Some(("P", "pin and compare"))),
        key(Key::Escape, Command::ClosePage, None),
    ]);
    all
}

/// Those that are told of last.
fn special() -> Vec<Shortcut> {
    let mut special = time::shortcuts();
    special.extend(desk::shortcuts());
    special
}

/// What the mouse does on the curves, told the same way.
pub const MOUSE: [(&str, &str); 4] = [
    ("Drag", "moves the cursor"),
    ("Wheel", "zooms"),
    ("Shift-drag", "pans"),
    ("Ctrl-drag", "zooms into it"),
];

/// What is told of the keys and the mouse: what everybody needs first.
pub fn hints() -> Vec<(&'static str, &'static str)> {
    let mut all = shortcuts();
    let special = special().len();
    all.rotate_left(special);
    let of = |shortcut: &Shortcut| shortcut.hint;
    let basic = all.len() - special;
    let (basic, more) = all.split_at(basic);
    let zone = [("Z", "time zone")];
    let hints = basic.iter().filter_map(of).chain(MOUSE);
    hints
        .chain(more.iter().filter_map(of))
        .chain(zone)
        .collect()
}

/// Takes the keys that were pressed out of the input. While text is typed there are none.
pub fn read(ctx: &Context, state: &State, out: &mut Vec<Command>) {
    desk::read(ctx, state, out);
    if ctx.text_edit_focused() || state.document().is_none() || state.desk.is_asking() {
        return;
    }
    time::read_others(ctx, state, out);
    let zone = ctx.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, Key::Z));
    if zone > 0 {
        out.push(Command::SetZone(state.zone.next()));
    }
    for shortcut in shortcuts() {
        let Shortcut {
            held, key, command, ..
        } = shortcut;
        let pressed = ctx.input_mut(|input| input.count_and_consume_key(held, key));
        out.extend(std::iter::repeat_n(command, pressed));
    }
}
