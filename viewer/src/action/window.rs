//! Actions about the window: these work without a capture, too.

use crate::action::Topic::Window;
use crate::action::{Action, Press};
use crate::command::{Command, DeskCommand, WindowCommand};
use crate::state::ThemeChoice;
use egui::{Key, Modifiers};

/// Held with Tab to go back.
const BACK: Modifiers = Modifiers {
    shift: true,
    ..Modifiers::CTRL
};

/// Those actions.
pub(super) fn actions() -> Vec<Action> {
    const CTRL_K: [Press; 1] = [Press::with(Modifiers::COMMAND, Key::K)];
    const HELP: [Press; 2] = [Press::only(Key::F1), Press::only(Key::Questionmark)];
    let new = |name, command| Action::new(Window, name, command);
    let desk = |name, command| Action::new(Window, name, Command::Desk(command));
    let window = |name, command| Action::new(Window, name, Command::Window(command));
    vec![
        window("Find a command …", WindowCommand::OpenPalette)
            .what("Everything here by its name; also times, processes, columns and curves.")
            .keys(CTRL_K)
            .hint("Ctrl K", "every command"),
        window("Help", WindowCommand::ToggleHelp)
            .keys(HELP)
            .hint("F1", "help"),
        window("Next part of the window", WindowCommand::NextPart(1))
            .what("Takes the keyboard to the bars, the curves or the page; Tab goes on from there.")
            .keys([Press::only(Key::F6)]),
        window("Previous part of the window", WindowCommand::NextPart(-1))
            .keys([Press::with(Modifiers::SHIFT, Key::F6)]),
        desk("Open a capture …", DeskCommand::Choose)
            .what("By the desktop's dialog or by its path; but for Wayland, dropping a file on the window does it, too.")
            .keys([Press::with(Modifiers::COMMAND, Key::O)])
            .hint("Ctrl O", "open a capture"),
        desk("Close this capture", DeskCommand::CloseShown)
            .keys([Press::with(Modifiers::COMMAND, Key::W)]),
        desk("Next capture", DeskCommand::Next(1))
            .keys([Press::with(Modifiers::CTRL, Key::Tab)]),
        desk("Previous capture", DeskCommand::Next(-1))
            .keys([Press::with(BACK, Key::Tab)]),
        desk("Save what is shown as a picture …", DeskCommand::BeginPicture)
            .keys([Press::with(Modifiers::COMMAND, Key::S)]),
        desk("Show or hide what is missing of this capture", DeskCommand::ToggleNotice),
        desk("List what is missing of this capture", DeskCommand::ToggleMissing),
        new("Light colours", Command::SetTheme(ThemeChoice::Light)),
        new("Dark colours", Command::SetTheme(ThemeChoice::Dark)),
    ]
}
