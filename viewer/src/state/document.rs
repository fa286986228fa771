//! One open capture as it is shown: the cursor, the view, and what has been loaded of it.

use crate::command::{DocumentId, Request};
use crate::data::worker::{Generation, Job};
use crate::data::{Facts, GapBand, SeriesData, SeriesId, Snapshot, Want};
use crate::state::condition::Condition;
use crate::state::dumps::DumpsView;
use crate::state::lists::Lists;
use crate::state::load::LoadView;
use crate::state::log::LogView;
use crate::state::page::Page;
use crate::state::table::{Pinned, Rows, TableView};
use crate::state::tabs::Tab;
use crate::state::time::TimeView;
use crate::state::timeline::Timeline;
use crate::time_axis::Span;
use afterimage_analysis::when::When;
use afterimage_analysis::zone::Zone;
use afterimage_format::process::Pid;
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
    /// In what condition it is.
    pub condition: Condition,
    /// Where the cursor goes once it is open.
    pub wanted_at: Option<When>,
    /// The time zone that its times are shown in.
    pub zone: Zone,
    /// The cursor and the view.
    pub time: TimeView,
    /// The tracks and the lanes.
    pub timeline: Timeline,
    /// The curves as far as they are loaded.
    pub series: BTreeMap<SeriesId, Arc<SeriesData>>,
    /// The curves that are switched off.
    pub hidden: BTreeSet<SeriesId>,
    /// The snapshot at the cursor, or the one before it while that is being loaded.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Which page of the lower half is shown.
    pub tab: Tab,
    /// How the load is shown.
    pub load: LoadView,
    /// How the thread dumps are shown.
    pub dumps: DumpsView,
    /// The lists of that page.
    pub lists: Lists,
    /// How the kernel log is shown.
    pub log: LogView,
    /// The process table's order and filter.
    pub table: TableView,
    /// The moment that is compared with.
    pub pinned: Option<Pinned>,
    /// The page of the process that is followed.
    pub page: Option<Page>,
    /// The text in the field that takes a time, when it is open.
    pub jump: Option<String>,
    /// What went wrong last.
    pub problem: Option<String>,
    /// The number of the newest snapshot asked for, while its answer is owed.
    pub owed_snapshot: Option<Generation>,
    /// The number of the newest question for curves, while its answer is owed.
    pub owed_series: Option<Generation>,
    /// The process to follow once the moment that is asked for is loaded.
    pub(crate) wanted_pid: Option<Pid>,
    pub(crate) asked: Generation,
    pub(crate) asked_series: Option<AskedSeries>,
}

/// Which curves were asked for last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AskedSeries {
    /// These, each a bit,
    curves: u64,
    /// for this stretch of time,
    span: Span,
    /// while so much of it was in sight,
    view_micros: i64,
    /// in so many pieces,
    buckets: usize,
    /// when this was the end of the capture.
    end: WallTime,
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
    pub(crate) fn new(id: DocumentId, path: PathBuf, wanted_at: Option<When>) -> Self {
        Self {
            id,
            path,
            phase: Phase::Opening,
            condition: Condition::default(),
            wanted_at,
            zone: Zone::utc(),
            time: TimeView::default(),
            timeline: Timeline::default(),
            series: BTreeMap::new(),
            hidden: BTreeSet::new(),
            snapshot: None,
            tab: Tab::default(),
            load: LoadView::default(),
            dumps: DumpsView::default(),
            lists: Lists::default(),
            log: LogView::default(),
            table: TableView::default(),
            pinned: None,
            page: None,
            jump: None,
            problem: None,
            owed_snapshot: None,
            owed_series: None,
            wanted_pid: None,
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

    /// The moment that is compared with.
    pub fn pinned_at(&self) -> Option<WallTime> {
        self.pinned.as_ref().map(|pinned| pinned.snapshot.at)
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
        let owed = self.owed_snapshot.is_some() || self.owed_series.is_some();
        let page = self.page.as_ref().is_some_and(|page| page.owed.is_some());
        let page = page || self.lists.owed.is_some() || self.load.owed.is_some();
        let page = page || self.dumps.is_waiting();
        opening || owed || page || self.timeline.is_waiting()
    }

    /// No answer will come to what was asked.
    pub(crate) fn owe_nothing(&mut self) {
        self.owed_snapshot = None;
        self.owed_series = None;
        self.asked_series = None;
        self.timeline.failed();
        self.load.failed();
        self.dumps.failed();
        self.lists.failed();
        if let Some(page) = &mut self.page {
            page.owed = None;
        }
    }

    /// No answer will come to this question; those to others still may.
    pub(crate) fn owe_no_more(&mut self, asked: Generation) {
        let settle = |owed: &mut Option<Generation>| owed.take_if(|owed| *owed == asked).is_some();
        settle(&mut self.owed_snapshot);
        if settle(&mut self.owed_series) {
            self.asked_series = None;
        }
        if settle(&mut self.load.owed) {
            self.load.failed();
        }
        settle(&mut self.lists.owed);
        if let Some(page) = &mut self.page {
            settle(&mut page.owed);
        }
        self.timeline.gave_up(asked);
        self.dumps.gave_up(asked);
    }

    /// The processes at the cursor next to what they were.
    pub fn rows(&self) -> Option<Rows<'_>> {
        let snapshot = self.snapshot.as_deref()?;
        Some(self.table.rows(snapshot, self.pinned.as_ref()))
    }

    /// Works out the table anew.
    pub(crate) fn arrange(&mut self) {
        if let Some(snapshot) = &self.snapshot {
            self.table.arrange(snapshot, self.pinned.as_ref());
        }
    }

    /// Asks for a snapshot; an answer to an older question no longer ends the waiting.
    pub(crate) fn want(&mut self, want: Want) -> Vec<Request> {
        if self.facts().is_none() {
            return vec![];
        }
        let generation = self.next_generation();
        self.owed_snapshot = Some(generation);
        let curves = self.timeline.tracks.series();
        let curves = curves.into_iter().filter(|id| id.is_of_the_rest());
        let job = Job::Snapshot {
            generation,
            want,
            curves: curves.collect(),
        };
        vec![Request::Ask(self.id, job)]
    }

    /// Asks for the values of curves that are shown and were not when the snapshot was taken.
    pub(crate) fn want_values(&mut self) -> Vec<Request> {
        let Some(snapshot) = self.snapshot.clone() else {
            return vec![];
        };
        let shown = self.timeline.tracks.series();
        let mut asked = shown.iter().filter(|id| id.is_of_the_rest());
        if asked.all(|id| snapshot.values.contains_key(id)) {
            return vec![];
        }
        self.want(match (self.time.following, self.owed_snapshot) {
            (true, _) => Want::Last,
            // Another moment than that of the snapshot is on its way.
            (false, Some(_)) => Want::At(self.time.wanted),
            (false, None) => Want::At(snapshot.at),
        })
    }

    /// Asks for the curves of the view and as much again on either side, for panning, and for
    /// what else is shown of that time, unless what was asked for last still fits.
    pub(crate) fn want_series(&mut self) -> Vec<Request> {
        let mut requests = self.want_curves();
        requests.extend(self.want_timeline());
        requests
    }

    fn want_curves(&mut self) -> Vec<Request> {
        if self.facts().is_none() || self.time.width == 0 {
            return vec![];
        }
        let view = self.time.shown();
        let wanted = self.timeline.tracks.series();
        let asking = AskedSeries {
            curves: wanted.iter().fold(0, |set, id| set | 1 << (*id as u64)),
            span: self.time.folds.change(view, |view| view.widened(1.0)),
            view_micros: self.time.folds.folded_span(view).micros(),
            buckets: self.time.width * 3,
            end: self.time.capture.to,
        };
        if self
            .asked_series
            .is_some_and(|asked| asked.fits(&asking, view))
        {
            return vec![];
        }
        self.asked_series = Some(asking);
        let generation = self.next_generation();
        self.owed_series = Some(generation);
        let job = Job::Series {
            generation,
            wanted,
            from: asking.span.from,
            to: asking.span.to,
            buckets: asking.buckets,
        };
        vec![Request::Ask(self.id, job)]
    }

    pub(crate) fn next_generation(&mut self) -> Generation {
        self.asked = Generation(self.asked.0 + 1);
        self.asked
    }

    /// An instant as it is told: the time of day, with the day when the capture is longer than
    /// one, so that there are several such times in it, or when it lies on a day outside of it:
    /// dumps can be brought in that are older.
    pub fn moment(&self, at: WallTime) -> String {
        const DAY_MICROS: i64 = 86_400_000_000;
        let capture = self.time.capture;
        let day = |at| self.zone.format(at, "%Y-%m-%d");
        let is_beside = at < capture.from && day(at) != day(capture.from)
            || capture.to < at && day(at) != day(capture.to);
        if is_beside && self.zone.format(at, "%Y") != self.zone.format(capture.to, "%Y") {
            return self.zone.format(at, "%-d %b %Y %H:%M:%S");
        }
        if is_beside || capture.micros() > DAY_MICROS {
            return self.zone.format(at, "%-d %b %H:%M:%S");
        }
        self.zone.time_of_day(at)
    }

    /// Why what is at the cursor cannot be shown, when no answer to it will come.
    pub fn unreadable(&self) -> Option<&str> {
        self.problem.as_deref().filter(|_| !self.is_waiting())
    }

    /// The instant that the values in the legend belong to.
    pub fn shown_at(&self) -> Option<WallTime> {
        self.snapshot.as_ref().map(|snapshot| snapshot.at)
    }
}

impl AskedSeries {
    /// Whether these curves are as good in `view` as those of `other` would be.
    fn fits(&self, other: &Self, view: Span) -> bool {
        let has_all = self.curves & other.curves == other.curves;
        let covers = has_all && self.span.contains(view.from) && self.span.contains(view.to);
        let zoom = other.view_micros as f64 / self.view_micros as f64;
        let pixel = other.view_micros as f64 * 3.0 / other.buckets.max(1) as f64;
        // A capture that is being recorded grows each second, and a week of it need not be
        // drawn again for that.
        let grown = other.end.0.saturating_sub(self.end.0) as f64;
        let is_seen = self.end <= view.to && grown >= pixel.max(1.0);
        covers && self.buckets == other.buckets && (0.9..=1.1).contains(&zoom) && !is_seen
    }
}
