//! What can be done about the page of the thread dumps.

use crate::data::dumps::ThreadKey;
use crate::state::dumps::{Branch, DumpPage, GridSort};
use std::sync::Arc;

/// Something a person did about the thread dumps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DumpCommand {
    /// Go to a dump, by its number in the capture.
    Pick(i64),
    /// Show this of the dump.
    Show(DumpPage),
    /// Show the page of a thread, or put it away.
    Thread(Option<Arc<ThreadKey>>),
    /// Show the page of the first thread that is called so.
    Called(String),
    /// Sort the threads by this.
    Sort(GridSort),
    /// Make what is in the call tree as wide as the CPU that it used, or as its threads are many.
    ToggleCpu,
    /// Leave idle threads out of the call tree, or not.
    ToggleIdle,
    /// Make a part of the call tree as wide as the page; `None` shows all of it.
    Zoom(Option<usize>),
    /// Open or close something.
    Turn(Branch),
    /// Go to the dump that others are compared with.
    GoToPinned,
    /// Look for this text.
    Search(String),
    /// Go so many matches further down in the text.
    NextMatch(i64),
    /// Show the text from this line on.
    GoToLine(usize),
    /// The line that should come into sight has.
    LineShown,
}
