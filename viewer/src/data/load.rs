//! The load taken apart: at one instant, and over a stretch of time in columns.

use afterimage_analysis::load::{By, Counts, Group, Name};
use afterimage_format::process::ProcessKey;
use afterimage_format::time::WallTime;

/// What the load was made of at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadMoment {
    /// The tasks that were seen, in groups of each kind, in the order of [`By::ALL`].
    pub groups: [Vec<Group>; By::ALL.len()],
    /// How many were seen and what the kernel counted.
    pub counts: Counts,
    /// How the two agree, in words that are safe to show.
    pub residual: String,
}

impl LoadMoment {
    /// The groups of one kind, the largest first.
    pub fn by(&self, by: By) -> &[Group] {
        let place = By::ALL.iter().position(|other| *other == by);
        place.map_or(&[], |place| &self.groups[place])
    }
}

/// What is asked about a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadQuestion {
    /// What tasks are grouped by.
    pub by: By,
    /// From here.
    pub from: WallTime,
    /// Up to here.
    pub to: WallTime,
    /// In at most about so many columns.
    pub most: usize,
}

/// The load over a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadData {
    /// What tasks are grouped by.
    pub by: By,
    /// The largest groups, the largest first.
    pub parts: Vec<LoadPart>,
    /// One sample each, in order; none where nothing was recorded.
    pub columns: Vec<LoadColumn>,
}

/// One group over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadPart {
    /// What its tasks have in common.
    pub name: Name,
    /// By process: which one.
    pub process: Option<ProcessKey>,
}

/// The load at one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadColumn {
    /// When it was taken.
    pub from: WallTime,
    /// Until when it stands: the next one, or the end of its tick where nothing follows.
    pub to: WallTime,
    /// Tasks of each of the parts.
    pub tasks: Vec<f64>,
    /// Tasks of all other groups.
    pub others: f64,
    /// Tasks that the kernel counted as running and that were not seen; none where it counted fewer,
    /// or did not tell.
    pub not_seen: f64,
    /// `/proc/loadavg` over one minute.
    pub load_one: Option<f64>,
    /// What the kernel's formula gives with our counts.
    pub computed: Option<f64>,
}

impl LoadColumn {
    /// All tasks, seen or not.
    pub fn total(&self) -> f64 {
        self.tasks.iter().sum::<f64>() + self.others + self.not_seen
    }
}

impl LoadData {
    /// No column at all.
    pub fn nothing(by: By) -> Self {
        Self {
            by,
            parts: vec![],
            columns: vec![],
        }
    }

    /// The place of a group among the parts.
    pub fn place_of(&self, group: &Group) -> Option<usize> {
        let is_it = |part: &LoadPart| part.name == group.name && part.process == group.process;
        self.parts.iter().position(is_it)
    }

    /// The column that an instant lies in.
    pub fn column_at(&self, at: WallTime) -> Option<&LoadColumn> {
        let after = self.columns.partition_point(|column| column.from <= at);
        let column = self.columns.get(after.checked_sub(1)?)?;
        (at < column.to).then_some(column)
    }

    /// How far columns are apart, as most of them are.
    pub fn apart(&self) -> Option<std::time::Duration> {
        let pairs = self.columns.windows(2);
        let mut apart: Vec<_> = pairs
            .filter_map(|pair| pair[1].from.since(pair[0].from))
            .collect();
        apart.sort_unstable();
        apart.get(apart.len() / 2).copied()
    }
}
