//! Actions about the pages of the lower half: which one is shown, and the kernel log's own.

use crate::action::Topic::Pages;
use crate::action::{Action, Press};
use crate::command::{Command, DumpCommand, LogCommand};
use crate::state::dumps::DumpPage;
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
    Key::H,
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

/// What it tells beside the thread dumps.
pub(super) const DUMP_HINTS: [(&str, &str); 4] = [
    ("/", "search"),
    ("↑ ↓", "dump before, next dump"),
    ("P", "pin and compare"),
    ("Esc", "close the thread"),
];

/// The key of a page, as it is told.
pub(crate) fn page_key(tab: Tab) -> String {
    let mut all = KEYS.into_iter().zip(Tab::ALL);
    let key = all.find(|(_, known)| *known == tab).map(|(key, _)| key);
    key.map_or(String::new(), |key| Press::only(key).name().to_lowercase())
}

/// Those actions.
pub(super) fn actions() -> Vec<Action> {
    let page = |(key, tab): (Key, Tab)| {
        let name = format!("Page: {}", tab.title());
        let action = Action::new(Pages, name, Command::ShowTab(tab));
        let action = action
            .what(format!("{}.", tab.meaning()))
            .keys([Press::only(key)]);
        if tab == Tab::default() {
            action.hint("1 … 9, m, h", "pages of the lower half")
        } else {
            action
        }
    };
    let log = |name, command| Action::new(Pages, name, Command::Log(command));
    let mut all: Vec<Action> = KEYS.into_iter().zip(Tab::ALL).map(page).collect();
    all.extend(DumpPage::ALL.map(|page| {
        let name = format!("Thread dumps: {}", page.title().to_lowercase());
        Action::new(Pages, name, Command::Dumps(DumpCommand::Show(page)))
    }));
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
