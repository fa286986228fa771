//! The process table: which columns and rows are shown, and in which order.
//!
//! [`TableView`] is what a person chose. [`Rows`] are the processes of the snapshot next to what
//! they were at the moment they are compared with; `TableView::arrange` makes of both the
//! [`Line`]s that are drawn, whenever one of them changes.

mod arrange;
pub mod export;
mod rows;

use crate::data::Snapshot;
pub use afterimage_analysis::processes::Column;
use afterimage_analysis::processes::filter::{self, Filter};
use afterimage_analysis::processes::group::{GroupBy, Together};
use afterimage_format::process::ProcessKey;
pub use rows::{Pinned, Rows};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The columns that are shown unless a person chooses, from left to right.
pub const DEFAULT_COLUMNS: [Column; 12] = [
    Column::Pid,
    Column::User,
    Column::State,
    Column::Cpu,
    Column::Wait,
    Column::Rss,
    Column::Read,
    Column::Write,
    Column::Threads,
    Column::Nice,
    Column::Started,
    Column::Command,
];

/// How narrow and how wide a column can be made, in points.
pub const WIDTHS: RangeInclusive<f32> = 28.0..=1_600.0;

/// How the rows stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Arrangement {
    /// One under the other.
    #[default]
    Flat,
    /// Under their parents.
    Tree,
    /// In groups, with sums.
    By(GroupBy),
}

impl Arrangement {
    /// Every arrangement.
    pub const ALL: [Self; 6] = [
        Self::Flat,
        Self::Tree,
        Self::By(GroupBy::User),
        Self::By(GroupBy::Cgroup),
        Self::By(GroupBy::Command),
        Self::By(GroupBy::State),
    ];

    /// What a menu calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Flat => "List",
            Self::Tree => "Tree by parent",
            Self::By(GroupBy::User) => "Grouped by user",
            Self::By(GroupBy::Cgroup) => "Grouped by cgroup",
            Self::By(GroupBy::Command) => "Grouped by program",
            Self::By(GroupBy::State) => "Grouped by state",
        }
    }
}

/// What of a tree or of groups can be opened and closed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Branch {
    /// What is under a process.
    Process(ProcessKey),
    /// The members of a group; `None` is the group of those of which it is not known.
    Group(Option<String>),
}

/// What one line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The process at this place of [`Rows`].
    Process(usize),
    /// The group at this place of [`TableView::groups`].
    Group(usize),
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What it shows.
    pub what: What,
    /// How far it is indented.
    pub depth: usize,
    /// How many lines could stand under it.
    pub children: usize,
    /// Whether they do.
    pub is_open: bool,
    /// Whether it is here only because something under it matches the filter.
    pub is_context: bool,
}

/// How many rows there are of what kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Processes that match the filter, without those that are gone.
    pub shown: usize,
    /// Those that match it and are gone.
    pub shown_gone: usize,
    /// All of them, without those that are gone.
    pub all: usize,
    /// Those that began since the moment that is compared with.
    pub born: usize,
    /// Those that are gone since.
    pub gone: usize,
}

impl Counts {
    /// How many of how many match: `5 of 205`, and `2 gone` beside them.
    pub fn told(&self) -> String {
        let there = format!("{} of {}", self.shown, self.all);
        match self.shown_gone {
            0 => there,
            gone => format!("{there}, {gone} gone"),
        }
    }
}

/// What of the table is shown, and in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct TableView {
    /// The columns from left to right.
    pub columns: Vec<Column>,
    /// How wide columns are, where that was chosen, in points.
    pub widths: BTreeMap<Column, f32>,
    /// The column it is sorted by.
    pub sort: Column,
    /// Whether the largest comes first.
    pub descending: bool,
    /// What is in the filter's field.
    pub filter: String,
    /// What is wrong with it; the last one that was right still holds.
    pub filter_problem: Option<String>,
    /// How the rows stand together.
    pub arrangement: Arrangement,
    /// What was opened or closed by hand: branches of a tree are open, groups closed.
    pub turned: BTreeSet<Branch>,
    /// The process that is followed.
    pub selected: Option<ProcessKey>,
    /// The group that the keys went to last, when that is no process.
    pub at_group: Option<Branch>,
    /// The lines in order.
    pub lines: Vec<Line>,
    /// The groups, when there are any.
    pub groups: Vec<Together>,
    /// How many there are of what.
    pub counts: Counts,
    /// The line that should be brought into sight.
    pub wanted_line: Option<usize>,
    matching: Filter,
    /// Which of the rows of the moment compared with are gone.
    gone: Vec<usize>,
}

impl Default for TableView {
    fn default() -> Self {
        Self {
            columns: DEFAULT_COLUMNS.to_vec(),
            widths: BTreeMap::new(),
            sort: Column::Cpu,
            descending: true,
            filter: String::new(),
            filter_problem: None,
            arrangement: Arrangement::Flat,
            turned: BTreeSet::new(),
            selected: None,
            at_group: None,
            lines: vec![],
            groups: vec![],
            counts: Counts::default(),
            wanted_line: None,
            matching: Filter::default(),
            gone: vec![],
        }
    }
}

impl TableView {
    /// The columns as they are shown: while a moment is pinned, with the differences beside.
    pub fn shown_columns(&self, is_pinned: bool) -> Vec<Column> {
        let mut shown = Vec::new();
        for column in &self.columns {
            shown.push(*column);
            let change = column.change().filter(|_| is_pinned);
            shown.extend(change.filter(|change| !self.columns.contains(change)));
        }
        shown
    }

    /// The rows of a snapshot next to what they were.
    pub fn rows<'a>(&'a self, snapshot: &'a Snapshot, pinned: Option<&'a Pinned>) -> Rows<'a> {
        Rows::new(snapshot, pinned, &self.gone)
    }

    /// Sorts by a column, or turns its order round if it is the one already.
    pub(crate) fn sort_by(&mut self, column: Column) {
        self.descending = if self.sort == column {
            !self.descending
        } else {
            column.is_largest_first()
        };
        self.sort = column;
    }

    /// Takes a filter; one that is wrong says so, and the one before goes on to hold.
    pub(crate) fn filter(&mut self, text: String) {
        match filter::parse(&text) {
            Ok(filter) => {
                self.matching = filter;
                self.filter_problem = None;
            }
            Err(problem) => self.filter_problem = Some(problem.to_string()),
        }
        self.filter = text;
    }

    /// Shows a column to the left of the command line, or hides it; one is always left.
    pub(crate) fn toggle_column(&mut self, column: Column) {
        match self.columns.iter().position(|shown| *shown == column) {
            Some(_) if self.columns.len() == 1 => {}
            Some(place) => {
                self.columns.remove(place);
            }
            None => {
                let last = self.columns.last() == Some(&Column::Command);
                let place = self.columns.len() - usize::from(last);
                self.columns.insert(place, column);
            }
        }
    }

    /// Moves a column in front of another one, or to the end.
    pub(crate) fn move_column(&mut self, column: Column, before: Option<Column>) {
        if before == Some(column) || !self.columns.contains(&column) {
            return;
        }
        self.columns.retain(|shown| *shown != column);
        // A difference stands behind its own column, and so does what is dropped on it.
        let before = before.map(|before| match before.changes_of() {
            Some(base) if !self.columns.contains(&before) => base,
            _ => before,
        });
        let place = self.columns.iter().position(|shown| Some(*shown) == before);
        self.columns
            .insert(place.unwrap_or(self.columns.len()), column);
    }

    /// Makes a column as wide as it was chosen, or as wide as usual again.
    pub(crate) fn set_width(&mut self, column: Column, width: Option<f32>) {
        match width.filter(|width| WIDTHS.contains(width)) {
            Some(width) => self.widths.insert(column, width),
            None => self.widths.remove(&column),
        };
    }

    /// Shows the columns that are shown at first, as wide as usual.
    pub(crate) fn reset_columns(&mut self) {
        self.columns = DEFAULT_COLUMNS.to_vec();
        self.widths.clear();
    }

    /// Opens a branch that is closed, or closes it.
    pub(crate) fn turn(&mut self, branch: Branch) {
        if let Branch::Group(_) = &branch {
            self.at_group = Some(branch.clone());
        }
        if !self.turned.remove(&branch) {
            self.turned.insert(branch);
        }
    }

    /// The process on a line.
    pub fn process_of(&self, line: usize, rows: &Rows<'_>) -> Option<ProcessKey> {
        match self.lines.get(line)?.what {
            What::Process(place) => Some(rows.get(place)?.row.key),
            What::Group(_) => None,
        }
    }

    /// Whether the keys went to this group last.
    pub fn stands_at(&self, group: usize) -> bool {
        let name = self.groups.get(group).map(|group| group.name.as_ref().ok());
        let Some(Branch::Group(at)) = &self.at_group else {
            return false;
        };
        self.selected.is_none() && name == Some(at.as_ref())
    }

    /// The line that the keys are at: that of the process that is followed, or of a group.
    pub(crate) fn here(&self, rows: &Rows<'_>) -> Option<usize> {
        (0..self.lines.len()).find(|line| match self.lines[*line].what {
            What::Process(_) => {
                self.selected.is_some() && self.process_of(*line, rows) == self.selected
            }
            What::Group(group) => self.stands_at(group),
        })
    }

    /// The line so many below that one, or at an end.
    pub(crate) fn neighbour(&self, by: i64, rows: &Rows<'_>) -> Option<usize> {
        let last = self.lines.len().checked_sub(1)?;
        Some(match self.here(rows) {
            Some(here) => here
                .saturating_add_signed(isize::try_from(by).ok()?)
                .min(last),
            None => 0,
        })
    }

    /// What the line that the keys are at opens and closes.
    pub(crate) fn branch_here(&self, rows: &Rows<'_>) -> Option<(usize, Branch)> {
        let here = self.here(rows)?;
        let line = self.lines[here];
        let branch = match line.what {
            What::Process(_) if line.children == 0 => return None,
            What::Process(_) => Branch::Process(self.process_of(here, rows)?),
            What::Group(group) => Branch::Group(self.groups.get(group)?.name.clone().ok()),
        };
        Some((here, branch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_and_go_and_one_is_always_left() {
        let mut view = TableView::default();
        view.toggle_column(Column::Swap);
        assert_eq!(
            view.columns[view.columns.len() - 2..],
            [Column::Swap, Column::Command]
        );
        view.move_column(Column::Swap, Some(Column::Pid));
        assert_eq!(view.columns[..2], [Column::Swap, Column::Pid]);
        view.move_column(Column::Pid, None);
        assert_eq!(view.columns.last(), Some(&Column::Pid));
        view.columns = vec![Column::Pid];
        view.toggle_column(Column::Pid);
        assert_eq!(view.columns, [Column::Pid]);
    }

    #[test]
    fn a_pinned_moment_puts_the_differences_beside_their_columns() {
        let view = TableView {
            columns: vec![Column::Cpu, Column::Nice, Column::Rss],
            ..TableView::default()
        };
        let shown = view.shown_columns(true);
        assert_eq!(
            shown,
            [
                Column::Cpu,
                Column::CpuChange,
                Column::Nice,
                Column::Rss,
                Column::RssChange
            ]
        );
        assert_eq!(view.shown_columns(false), view.columns);
    }

    #[test]
    fn a_filter_that_is_wrong_leaves_the_last_one_that_was_right() {
        let mut view = TableView::default();
        view.filter("cpu>10".to_owned());
        let right = view.matching.clone();
        view.filter("cpu>10 rss>".to_owned());
        assert!(view.filter_problem.is_some());
        assert_eq!(
            (view.matching.clone(), view.filter.as_str()),
            (right, "cpu>10 rss>")
        );
        view.filter(String::new());
        assert_eq!(
            (view.matching.is_empty(), view.filter_problem),
            (true, None)
        );
    }
}
