//! What can be done about the page of the kernel log.

use crate::state::log::AtLeast;
use std::ops::Range;

/// Something a person did about the kernel log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogCommand {
    /// Look for this text.
    Search(String),
    /// Go so many matches further down.
    NextMatch(i64),
    /// Show only lines that match, or all again.
    ToggleOnlyMatches,
    /// Show only lines that are at least so severe.
    Show(AtLeast),
    /// Keep the lines at the cursor in sight, or no longer.
    Follow(bool),
    /// Stand at a line, by its place among those that are shown: searching goes on from there.
    Stand(usize),
    /// Other lines are in sight, by their places among those that are shown.
    InSight(Range<usize>),
    /// The line that should come into sight has.
    LineShown,
}
