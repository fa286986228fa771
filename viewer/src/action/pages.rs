//! Actions about the pages of the lower half: which one is shown, and the kernel log's own.

use crate::action::Topic::Pages;
use crate::action::{Action, Press};
use crate::command::{Command, LogCommand};
use crate::state::tabs::Tab;
use egui::Key;

const KEYS: [Key; Tab::ALL.len()] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
    Key::M,
];

/// What the bar at the bottom tells beside the kernel log.
pub(super) const LOG_HINTS: [(&str, &str); 3] = [
    ("/", "search"),
    ("Enter", "next match"),
    ("↑ ↓", "line before, next line"),
];
/// What it tells beside a page with a filter.
pub(super) const LIST_HINTS: [(&str, &str); 1] = [("/", "filter")];
/// What it tells beside a page of the machine.
pub(super) const MACHINE_HINTS: [(&str, &str); 1] = [("P", "pin and compare")];

/// Those actions.
pub(super) fn actions() -> Vec<Action> {
    let page = |(key, tab): (Key, Tab)| {
        let name = format!("Page: {}", tab.title());
        let action = Action::new(Pages, name, Command::ShowTab(tab));
        let action = action
            .what(format!("{}.", tab.meaning()))
            .keys([Press::only(key)]);
        if tab == Tab::default() {
            action.hint("1 … 9, m", "pages of the lower half")
        } else {
            action
        }
    };
    let log = |name, command| Action::new(Pages, name, Command::Log(command));
    let mut all: Vec<Action> = KEYS.into_iter().zip(Tab::ALL).map(page).collect();
    all.extend([
        log(
            "Kernel log: only the lines found, or all",
            LogCommand::ToggleOnlyMatches,
        ),
        log(
            "Kernel log: keep the lines at the cursor in sight",
            LogCommand::Follow(true),
        ),
    ]);
    all
}
