//! What can be done about the lists of the pages.

/// Something a person did about one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListCommand {
    /// Sort it by the column with this key, turn its order round, or put it as it came.
    SortBy(&'static str),
    /// Show only lines that match.
    Filter(String),
}
