//! Actions about the window: these work without a capture, too.

use crate::action::Topic::Window;
use crate::action::{Action, Press};
use crate::command::{Command, WindowCommand};
use crate::state::ThemeChoice;
use egui::{Key, Modifiers};

/// Those actions.
pub(super) fn actions() -> Vec<Action> {
    const CTRL_K: [Press; 1] = [Press::with(Modifiers::COMMAND, Key::K)];
    const HELP: [Press; 2] = [Press::only(Key::F1), Press::only(Key::Questionmark)];
    let new = |name, command| Action::new(Window, name, command);
    let window = |name, command| Action::new(Window, name, Command::Window(command));
    vec![
        window("Find a command …", WindowCommand::OpenPalette)
            .what("Everything here by its name; also times, processes, columns and curves.")
            .keys(CTRL_K)
            .hint("Ctrl K", "every command"),
        window("Help", WindowCommand::ToggleHelp)
            .keys(HELP)
            .hint("F1", "help"),
        new("Light colours", Command::SetTheme(ThemeChoice::Light)),
        new("Dark colours", Command::SetTheme(ThemeChoice::Dark)),
    ]
}
