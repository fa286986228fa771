//! The keys 1 to 7, which choose a page of the lower half.

use super::Shortcut;
use crate::command::Command;
use crate::state::tabs::Tab;
use egui::{Key, Modifiers};

const KEYS: [Key; 7] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
];

/// Those keys; one hint tells of all.
pub(super) fn shortcuts() -> Vec<Shortcut> {
    let hint = |tab: Tab| (tab == Tab::default()).then_some(("1 … 7", "pages of the lower half"));
    let shortcut = |(key, tab): (Key, Tab)| Shortcut {
        key,
        held: Modifiers::NONE,
        command: Command::ShowTab(tab),
        hint: hint(tab),
    };
    KEYS.into_iter().zip(Tab::ALL).map(shortcut).collect()
}
