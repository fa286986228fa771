//! How a capture is shown at first: as the one before it was.

use crate::data::SeriesId;
use crate::state::Document;
use crate::state::table::{Arrangement, TableView};
use crate::state::tracks::Tracks;
use afterimage_analysis::processes::Column;
use std::collections::{BTreeMap, BTreeSet};

/// What is taken over from one capture to the next, and from one day to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    /// The columns of the process table from left to right.
    pub columns: Vec<Column>,
    /// How wide columns are, where that was chosen.
    pub widths: BTreeMap<Column, f32>,
    /// The column it is sorted by.
    pub sort: Column,
    /// Whether the largest comes first.
    pub descending: bool,
    /// How the rows stand together.
    pub arrangement: Arrangement,
    /// The tracks from the top, and how high they are.
    pub tracks: Tracks,
    /// The curves that are switched off.
    pub hidden: BTreeSet<SeriesId>,
}

impl Default for Preferences {
    fn default() -> Self {
        let table = TableView::default();
        Self {
            columns: table.columns,
            widths: table.widths,
            sort: table.sort,
            descending: table.descending,
            arrangement: table.arrangement,
            tracks: Tracks::default(),
            hidden: BTreeSet::new(),
        }
    }
}

impl Preferences {
    /// How a capture is shown.
    pub fn of(document: &Document) -> Self {
        let table = &document.table;
        Self {
            columns: table.columns.clone(),
            widths: table.widths.clone(),
            // Differences are gone with the moment that they are differences from.
            sort: table.sort.changes_of().unwrap_or(table.sort),
            descending: table.descending,
            arrangement: table.arrangement,
            tracks: document.timeline.tracks.clone(),
            hidden: document.hidden.clone(),
        }
    }

    /// Shows a capture like that.
    pub(crate) fn arrange(&self, document: &mut Document) {
        let table = &mut document.table;
        table.columns.clone_from(&self.columns);
        table.widths.clone_from(&self.widths);
        table.sort = self.sort;
        table.descending = self.descending;
        table.arrangement = self.arrangement;
        document.timeline.tracks.clone_from(&self.tracks);
        document.hidden.clone_from(&self.hidden);
    }
}
