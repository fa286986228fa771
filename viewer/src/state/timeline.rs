//! What is shown over time beside the curves' data: tracks, lanes, the overview, and what is
//! still to be loaded of them.

use crate::command::Request;
use crate::data::worker::{Generation, Job};
use crate::data::{Events, Lane, RowGroup, RowsData, SeriesData, SeriesId};
use crate::state::Document;
use crate::state::tracks::Tracks;
use crate::time_axis::Span;
use afterimage_format::time::WallTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tracks and lanes of one capture.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// The tracks that are shown.
    pub tracks: Tracks,
    /// The lane that the keys go along.
    pub lane: Lane,
    /// Everything that happened, once it is loaded.
    pub events: Option<Arc<Events>>,
    /// The curves of the overview.
    pub overview: BTreeMap<SeriesId, Arc<SeriesData>>,
    /// What each CPU and disk did, as far as it was asked for.
    pub rows: BTreeMap<RowGroup, Arc<RowsData>>,
    owed: [Option<Generation>; 3],
    asked_overview: Option<(WallTime, usize)>,
    asked_events: Option<WallTime>,
    asked_rows: Option<AskedRows>,
}

/// Which rows were asked for last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct AskedRows {
    groups: Vec<RowGroup>,
    span: Span,
    view_micros: i64,
    end: WallTime,
}

/// The curves of the overview, those at the back first.
pub const OVERVIEW: [SeriesId; 2] = [SeriesId::Runnable, SeriesId::Blocked];

/// In how many pieces the rows of CPUs and disks are drawn: each costs a read.
const ROW_PIECES: usize = 500;
/// A capture that grows is looked through for events again after this time,
const EVENTS_AGAIN_MICROS: i64 = 5_000_000;
/// or this share of its length.
const EVENTS_AGAIN_SHARE: i64 = 500;

/// What is owed, by its place in `Timeline::owed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owed {
    Overview,
    Events,
    Rows,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            tracks: Tracks::default(),
            lane: Lane::KernelLog,
            events: None,
            overview: BTreeMap::new(),
            rows: BTreeMap::new(),
            owed: [None; 3],
            asked_overview: None,
            asked_events: None,
            asked_rows: None,
        }
    }
}

impl Timeline {
    pub(crate) fn is_waiting(&self) -> bool {
        self.owed.iter().any(Option::is_some)
    }

    /// An answer came: what it answers is owed no more, unless a newer one is.
    pub(crate) fn came(&mut self, what: Owed, generation: Generation) {
        let owed = &mut self.owed[what as usize];
        if *owed == Some(generation) {
            *owed = None;
        }
    }

    /// This question will not be answered.
    pub(crate) fn gave_up(&mut self, asked: Generation) {
        for owed in &mut self.owed {
            owed.take_if(|owed| *owed == asked);
        }
    }

    /// A question failed, and nobody knows which.
    pub(crate) fn failed(&mut self) {
        self.owed = [None; 3];
    }
}

impl Document {
    /// Asks for what the overview, the lanes and the rows need, unless they have it.
    pub(crate) fn want_timeline(&mut self) -> Vec<Request> {
        if self.facts().is_none() || self.time.width == 0 {
            return vec![];
        }
        let jobs = [self.overview_job(), self.events_job(), self.rows_job()];
        let jobs = jobs.into_iter().flatten();
        jobs.map(|job| Request::Ask(self.id, job)).collect()
    }

    fn overview_job(&mut self) -> Option<Job> {
        let (capture, width) = (self.time.capture, self.time.width);
        let pixel = capture.micros() / i64::try_from(width).unwrap_or(i64::MAX).max(1);
        let fits = |(end, asked): (WallTime, usize)| {
            asked == width && capture.to.0.saturating_sub(end.0) <= pixel
        };
        if self.timeline.asked_overview.is_some_and(fits) {
            return None;
        }
        self.timeline.asked_overview = Some((capture.to, width));
        let generation = self.owe(Owed::Overview);
        Some(Job::Overview {
            generation,
            wanted: OVERVIEW.to_vec(),
            from: capture.from,
            to: capture.to,
            buckets: width,
        })
    }

    fn events_job(&mut self) -> Option<Job> {
        let capture = self.time.capture;
        let again = EVENTS_AGAIN_MICROS.max(capture.micros() / EVENTS_AGAIN_SHARE);
        let fits = |end: WallTime| capture.to.0.saturating_sub(end.0) < again;
        if self.timeline.asked_events.is_some_and(fits) {
            return None;
        }
        self.timeline.asked_events = Some(capture.to);
        let generation = self.owe(Owed::Events);
        Some(Job::Events { generation })
    }

    fn rows_job(&mut self) -> Option<Job> {
        let groups = self.timeline.tracks.groups();
        if groups.is_empty() {
            return None;
        }
        let view = self.time.shown();
        let asking = AskedRows {
            groups,
            span: self.time.folds.change(view, |view| view.widened(0.5)),
            view_micros: view.micros(),
            end: self.time.capture.to,
        };
        let fits = self.timeline.asked_rows.as_ref();
        if fits.is_some_and(|asked| asked.fits(&asking, view)) {
            return None;
        }
        let job = Job::Rows {
            generation: self.owe(Owed::Rows),
            wanted: asking.groups.clone(),
            from: asking.span.from,
            to: asking.span.to,
            most: ROW_PIECES * 2,
        };
        self.timeline.asked_rows = Some(asking);
        Some(job)
    }

    fn owe(&mut self, what: Owed) -> Generation {
        let generation = self.next_generation();
        self.timeline.owed[what as usize] = Some(generation);
        generation
    }
}

impl AskedRows {
    /// Whether these rows are as good in `view` as those of `other` would be.
    fn fits(&self, other: &Self, view: Span) -> bool {
        let has_all = other.groups.iter().all(|group| self.groups.contains(group));
        let covers = self.span.contains(view.from) && self.span.contains(view.to);
        let zoom = other.view_micros as f64 / self.view_micros as f64;
        let piece = other.view_micros / i64::try_from(ROW_PIECES).unwrap_or(i64::MAX);
        let grown = other.end.0.saturating_sub(self.end.0);
        let is_seen = self.end <= view.to && grown >= piece.max(1);
        has_all && covers && (0.7..=1.4).contains(&zoom) && !is_seen
    }
}
