//! The processes of a snapshot next to what they were at the moment they are compared with:
//! the snapshot before, or one that was pinned.

use crate::data::{ProcessRow, Snapshot};
use afterimage_analysis::processes::{Mark, Seen};
use afterimage_format::process::ProcessKey;
use std::collections::HashSet;
use std::sync::Arc;

/// How much the start of one process may seem to differ between two snapshots, in microseconds:
/// more, and it is another process with the same number after a reboot.
const SAME_START_MICROS: u64 = 60_000_000;

/// A snapshot that others are compared with.
#[derive(Debug, Clone)]
pub struct Pinned {
    /// The snapshot.
    pub snapshot: Arc<Snapshot>,
    /// Its processes, sorted, with their rows.
    index: Vec<(ProcessKey, usize)>,
}

impl Pinned {
    /// Pins a snapshot.
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        let rows = snapshot.rows.iter().enumerate();
        let mut index: Vec<_> = rows.map(|(place, row)| (row.key, place)).collect();
        index.sort_unstable();
        Self { snapshot, index }
    }

    /// What a process was then.
    fn find(&self, row: &ProcessRow) -> Option<&ProcessRow> {
        let place = self
            .index
            .binary_search_by_key(&row.key, |(key, _)| *key)
            .ok()?;
        let was = &self.snapshot.rows[self.index[place].1];
        let same = match (was.started, row.started) {
            (Ok(then), Ok(now)) => then.0.abs_diff(now.0) <= SAME_START_MICROS,
            _ => true,
        };
        same.then_some(was)
    }

    /// Which of its rows are not in a snapshot.
    fn missing_in(&self, snapshot: &Snapshot) -> Vec<usize> {
        let there: HashSet<ProcessKey> = snapshot
            .rows
            .iter()
            .filter(|row| self.find(row).is_some())
            .map(|row| row.key)
            .collect();
        let rows = self.snapshot.rows.iter().enumerate();
        let gone = rows.filter(|(_, row)| !there.contains(&row.key));
        gone.map(|(place, _)| place).collect()
    }
}

/// Which rows are gone, by the moment that is compared with.
pub(super) fn gone(snapshot: &Snapshot, pinned: Option<&Pinned>) -> Vec<usize> {
    match pinned {
        Some(pinned) => pinned.missing_in(snapshot),
        None => (0..snapshot.gone.len()).collect(),
    }
}

/// The rows of a snapshot, then those that are gone.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    snapshot: &'a Snapshot,
    pinned: Option<&'a Pinned>,
    gone: &'a [usize],
}

impl<'a> Rows<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        pinned: Option<&'a Pinned>,
        gone: &'a [usize],
    ) -> Self {
        Self {
            snapshot,
            pinned,
            gone,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.snapshot.rows.len() + self.gone.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them next to what it was.
    pub fn get(&self, place: usize) -> Option<Seen<'a>> {
        let is_compared = self.pinned.is_some();
        let Some(row) = self.snapshot.rows.get(place) else {
            let place = *self.gone.get(place - self.snapshot.rows.len())?;
            let from = self
                .pinned
                .map_or(&self.snapshot.gone, |pinned| &pinned.snapshot.rows);
            return Some(Seen {
                row: from.get(place)?,
                was: None,
                mark: Mark::Gone,
                is_compared,
            });
        };
        let (was, is_born) = match self.pinned {
            Some(pinned) => {
                let was = pinned.find(row);
                (was, was.is_none())
            }
            None => (row.was.as_deref(), row.born),
        };
        Some(Seen {
            row,
            was,
            mark: if is_born { Mark::Born } else { Mark::Stayed },
            is_compared,
        })
    }

    /// All of them.
    pub fn all(&self) -> Vec<Seen<'a>> {
        (0..self.len())
            .filter_map(|place| self.get(place))
            .collect()
    }
}
