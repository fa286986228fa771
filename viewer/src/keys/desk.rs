//! The keys around the captures: open, close and choose one, save a picture. They work without a
//! capture, and while text is typed.

use super::Shortcut;
use crate::command::{Command, DeskCommand};
use crate::state::State;
use egui::{Context, Key, Modifiers};

/// Those keys, those with more held first.
pub(super) fn shortcuts() -> Vec<Shortcut> {
    let with = |held, key, command, hint| Shortcut {
        key,
        held,
        command: Command::Desk(command),
        hint,
    };
    let back = Modifiers::CTRL | Modifiers::SHIFT;
    vec![
        with(
            Modifiers::COMMAND,
            Key::O,
            DeskCommand::Choose,
            Some(("Ctrl-O", "open a capture")),
        ),
        with(back, Key::Tab, DeskCommand::Next(-1), None),
        with(
            Modifiers::CTRL,
            Key::Tab,
            DeskCommand::Next(1),
            Some(("Ctrl-Tab", "next capture, with Shift the one before")),
        ),
        with(
            Modifiers::COMMAND,
            Key::W,
            DeskCommand::CloseShown,
            Some(("Ctrl-W", "close this capture")),
        ),
        with(
            Modifiers::COMMAND,
            Key::S,
            DeskCommand::BeginPicture,
            Some(("Ctrl-S", "save as picture")),
        ),
    ]
}

/// Takes them out of the input.
pub(super) fn read(ctx: &Context, state: &State, out: &mut Vec<Command>) {
    let is_typing = ctx.text_edit_focused();
    let is_asking = state.desk.is_asking();
    for shortcut in shortcuts() {
        // In a text it takes away a word.
        let closes = matches!(shortcut.command, Command::Desk(DeskCommand::CloseShown));
        if closes && (is_typing || is_asking) {
            continue;
        }
        let pressed =
            ctx.input_mut(|input| input.count_and_consume_key(shortcut.held, shortcut.key));
        out.extend(std::iter::repeat_n(shortcut.command, pressed));
    }
}
