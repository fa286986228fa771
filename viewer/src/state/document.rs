//! One open capture as it is shown: the cursor, the view, and what has been loaded of it.

use crate::command::{DocumentId, Request};
use crate::data::worker::{Generation, Job};
use crate::data::{Facts, GapBand, SeriesData, SeriesId, Snapshot, Want};
use crate::state::table::TableView;
use crate::state::time::TimeView;
use crate::time_axis::Span;
use crate::time_axis::moment::Moment;
use crate::time_axis::zone::Zone;
use afterimage_format::time::WallTime;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// One open capture.
#[derive(Debug, Clone)]
pub struct Document {
    /// Which one.
    pub id: DocumentId,
    /// The file.
    pub path: PathBuf,
    /// How far opening it has come.
    pub phase: Phase,
    /// Where the cursor goes once it is open.
    pub wanted_at: Option<Moment>,
    /// The host's time zone.
    pub zone: Zone,
    /// The cursor and the view.
    pub time: TimeView,
    /// The curves as far as they are loaded.
    pub series: BTreeMap<SeriesId, Arc<SeriesData>>,
    /// The curves that are switched off.
    pub hidden: BTreeSet<SeriesId>,
    /// The snapshot at the cursor, or the one before it while that is being loaded.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The process table's order and filter.
    pub table: TableView,
    /// The text in the field that takes a time, when it is open.
    pub jump: Option<String>,
    /// What went wrong last.
    pub problem: Option<String>,
    /// The number of the newest snapshot asked for, while its answer is owed.
    pub owed_snapshot: Option<Generation>,
    /// The number of the newest question for curves, while its answer is owed.
    pub owed_series: Option<Generation>,
    pub(crate) asked: Generation,
    pub(crate) asked_series: Option<(Span, usize)>,
}

/// How far opening a capture has come.
#[derive(Debug, Clone)]
pub enum Phase {
    /// Being opened.
    Opening,
    /// Open.
    Open(Arc<Facts>),
    /// It cannot be opened, and why.
    Failed(String),
}

impl Document {
    pub(crate) fn new(id: DocumentId, path: PathBuf, wanted_at: Option<Moment>) -> Self {
        Self {
            id,
            path,
            phase: Phase::Opening,
            wanted_at,
            zone: Zone::named("UTC"),
            time: TimeView::default(),
            series: BTreeMap::new(),
            hidden: BTreeSet::new(),
            snapshot: None,
            table: TableView::default(),
            jump: None,
            problem: None,
            owed_snapshot: None,
            owed_series: None,
            asked: Generation::default(),
            asked_series: None,
        }
    }

    /// What is true of the whole capture, once it is open.
    pub fn facts(&self) -> Option<&Facts> {
        match &self.phase {
            Phase::Open(facts) => Some(facts),
            Phase::Opening | Phase::Failed(_) => None,
        }
    }

    /// The file's name without its folder.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// The gap that the cursor stands in.
    pub fn gap_at_cursor(&self) -> Option<&GapBand> {
        let at = self.time.cursor;
        self.facts()?
            .gaps
            .iter()
            .find(|gap| gap.from < at && at < gap.to)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        let opening = matches!(self.phase, Phase::Opening);
        opening || self.owed_snapshot.is_some() || self.owed_series.is_some()
    }

    /// Asks for a snapshot; an answer to an older question no longer ends the waiting.
    pub(crate) fn want(&mut self, want: Want) -> Vec<Request> {
        if self.facts().is_none() {
            return vec![];
        }
        let generation = self.next_generation();
        self.owed_snapshot = Some(generation);
        vec![Request::Ask(self.id, Job::Snapshot { generation, want })]
    }

    /// Asks for the curves of the view and as much again on either side, for panning, unless
    /// just these were asked for last.
    pub(crate) fn want_series(&mut self) -> Vec<Request> {
        if self.facts().is_none() || self.time.width == 0 {
            return vec![];
        }
        let wide = self.time.view.widened(1.0);
        let buckets = self.time.width * 3;
        if self.asked_series == Some((wide, buckets)) {
            return vec![];
        }
        self.asked_series = Some((wide, buckets));
        let generation = self.next_generation();
        self.owed_series = Some(generation);
        let wanted = SeriesId::ALL.to_vec();
        let Span { from, to } = wide;
        let job = Job::Series {
            generation,
            wanted,
            from,
            to,
            buckets,
        };
        vec![Request::Ask(self.id, job)]
    }

    fn next_generation(&mut self) -> Generation {
        self.asked = Generation(self.asked.0 + 1);
        self.asked
    }

    /// The instant that the values in the legend belong to.
    pub fn shown_at(&self) -> Option<WallTime> {
        self.snapshot.as_ref().map(|snapshot| snapshot.at)
    }
}
