//! Actions about the process table and the page of the process that is followed.

use crate::action::Topic::Processes;
use crate::action::{Action, Press};
use crate::command::Command;
use crate::state::table::export::CopyAs;
use egui::Key;

/// Those actions.
pub(super) fn actions() -> Vec<Action> {
    let new = |name, command| Action::new(Processes, name, command);
    vec![
        new("Filter the processes", Command::FocusFilter)
            .what("nginx or state:D or cpu>10 or user:www-data; Tab takes what is offered.")
            .keys([Press::only(Key::Slash)])
            .hint("/", "filter"),
        new("Show every process", Command::Filter(String::new())),
        new("Previous process", Command::SelectNext(-1))
            .keys([Press::only(Key::ArrowUp)])
            .hint("↑ ↓", "process"),
        new("Next process", Command::SelectNext(1)).keys([Press::only(Key::ArrowDown)]),
        new("Open or close the group or branch here", Command::TurnHere)
            .what("Of the tree, or of processes in groups: the line that ↑ and ↓ went to.")
            .keys([Press::only(Key::Enter)]),
        new("Tree of processes, or the list", Command::ToggleTree)
            .keys([Press::only(Key::T)])
            .hint("T", "tree"),
        new("Pin this moment, or unpin it", Command::TogglePin)
            .what("Then move the cursor: the table, or the page of thread dumps, shows what is different.")
            .keys([Press::only(Key::P)])
            .hint("P", "pin and compare"),
        new("Close the process's page", Command::ClosePage).keys([Press::only(Key::Escape)]),
        new(
            "Give the process's page all the room",
            Command::TogglePageWidth,
        ),
        new("Copy the table as text", Command::CopyTable(CopyAs::Text)),
        new("Copy the table as CSV", Command::CopyTable(CopyAs::Csv)),
        new("Show the usual columns", Command::ResetColumns),
    ]
}
