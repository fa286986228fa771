//! What the viewer asks of a capture: the one trait between the screen and a capture file.
//!
//! A [`worker::Worker`] owns a [`Replay`] on a thread of its own; requests go in, replies come
//! out. Everything handed over is finished: rates are computed, clocks are mapped to the wall.
//! What was not recorded is a hole or a [`Missing`](afterimage_format::reading::Missing), never 0.

mod capture;
pub mod dumps;
pub mod events;
pub mod life;
pub mod load;
pub mod log;
pub mod process;
pub mod progress;
pub mod rows;
pub mod series;
pub mod things;
pub mod worker;

use afterimage_analysis::zone::Zone;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::watch::Watch;
use afterimage_format::process::Pid;
use afterimage_format::time::{Seq, WallTime};
use capture::CaptureReplay;
pub use dumps::{DumpContent, DumpList, Grid, ThreadCurve};
pub use events::{Events, Lane};
pub use life::{Life, Whom};
pub use load::{LoadColumn, LoadData, LoadMoment, LoadQuestion};
pub use log::LogEntry;
pub use process::{ProcessRow, Snapshot};
pub use progress::Progress;
pub use rows::{RowGroup, RowsData};
pub use series::{Bucket, SeriesData, SeriesId, Unit};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
pub use things::{Things, ThingsOf};

/// A capture being replayed.
///
/// Made and called on the worker's thread only, so an implementation may block on its file.
pub trait Replay {
    /// What is true of the whole capture, as far as it is known: the same `Arc` until it changes.
    fn facts(&self) -> Arc<Facts>;

    /// Looks for what was recorded since; asked about once a second while it is recorded.
    fn refresh(&mut self) -> Result<(), ReplayError>;

    /// Nothing is asked for at the moment: lets go of what would hinder whoever records.
    fn rest(&mut self);

    /// The curves of `wanted` between two instants, each in at most about `buckets` pieces.
    ///
    /// Answered in the order of `wanted`. Buckets are ordered and do not overlap; where nothing
    /// was recorded there is none. Their edges should not depend on `from`, so that panning
    /// does not make a curve shimmer. A series the host does not have is empty.
    fn series(
        &mut self,
        wanted: &[SeriesId],
        from: WallTime,
        to: WallTime,
        buckets: usize,
    ) -> Result<Vec<SeriesData>, ReplayError>;

    /// What each row of a group did between two instants, in at most about `most` pieces: means,
    /// each exact over its piece. This is read from single samples, so it may take half a second.
    fn rows(
        &mut self,
        group: RowGroup,
        between: (WallTime, WallTime),
        most: usize,
    ) -> Result<RowsData, ReplayError>;

    /// Everything that happened, as far as it is known. It is read a little at a time: `None`
    /// means that it is to be asked for again. In all it costs a scan of whole tables, so it is
    /// wanted once, and now and then while the capture grows.
    fn events(&mut self) -> Result<Option<Events>, ReplayError>;

    /// Everything recorded at one instant, and the values of these curves in any case: those
    /// [of the rest](SeriesId::is_of_the_rest) are left out else.
    fn snapshot(&mut self, want: Want, curves: &[SeriesId]) -> Result<Snapshot, ReplayError>;

    /// What a page shows of one tick beside the machine and its processes.
    fn things(&mut self, of: ThingsOf, seq: Seq) -> Result<Things, ReplayError>;

    /// One process between two instants, its curves in at most about `buckets` pieces.
    fn life(
        &mut self,
        whom: &Whom,
        from: WallTime,
        to: WallTime,
        buckets: usize,
    ) -> Result<Life, ReplayError>;

    /// The load taken apart between two instants. It is read a little at a time: `None` means that
    /// it is to be asked for again.
    fn load(&mut self, question: &LoadQuestion) -> Result<Option<LoadData>, ReplayError> {
        Ok(Some(LoadData::nothing(question.by)))
    }

    /// The thread dumps, in order of time, and what was refused or failed; without their texts.
    fn dumps(&mut self) -> Result<DumpList, ReplayError> {
        Ok(DumpList::default())
    }

    /// One thread dump with its text and what follows from it.
    fn dump(&mut self, id: i64) -> Result<DumpContent, ReplayError> {
        Ok(DumpContent::nothing(id))
    }

    /// The threads of that dump's process over all its dumps. It is read a little at a time, those
    /// nearest first: while some are left, or for `None`, it is to be asked for again.
    fn dump_grid(&mut self, _id: i64) -> Result<Option<Grid>, ReplayError> {
        Ok(Some(Grid::default()))
    }

    /// The CPU of a thread, by its process and its number on the host, between two moments; of a long
    /// time only what is around `at` is looked at.
    fn thread_curve(
        &mut self,
        of: (Pid, i32),
        _at: WallTime,
        span: (WallTime, WallTime),
    ) -> Result<ThreadCurve, ReplayError> {
        Ok(ThreadCurve::nothing(of.1, span))
    }

    /// Reads what will be wanted next if things go on as they do: called when nothing is wanted.
    fn look_ahead(&mut self) {}

    /// Looks through the next little piece of the capture for damage, of which
    /// [`Replay::facts`] then tells; says how far it has come.
    fn search(&mut self) -> Result<Search, ReplayError> {
        Ok(Search::Over)
    }
}

/// Which snapshot is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// The newest at or before this instant; the first one when the instant is before it.
    At(WallTime),
    /// So many snapshots later (or earlier, when negative), stopping at either end.
    Step {
        /// Where to count from.
        from: Seq,
        /// How many snapshots, gaps not counted.
        by: i64,
    },
    /// The first of the capture.
    First,
    /// The last of the capture.
    Last,
}

/// What is true of a whole capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The host's name.
    pub host: String,
    /// The kernel release.
    pub kernel: String,
    /// The host's time zone.
    pub zone: Zone,
    /// What the host calls its time zone, which this machine need not know.
    pub zone_name: Option<String>,
    /// How many CPUs were online; `None` when that was not recorded.
    pub cpus: Option<u32>,
    /// How the recording stands.
    pub ending: Ending,
    /// The first instant recorded.
    pub first: WallTime,
    /// The last instant recorded.
    pub last: WallTime,
    /// Where ticks are missing, in order; also where they are damaged, as far as was seen.
    pub gaps: Vec<GapBand>,
    /// What was found damaged so far.
    pub damage: Damage,
}

/// How a recording stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It goes on, on this host.
    Recording,
    /// The recorder ended it.
    Clean,
    /// Nothing says that it was ended: a crash, a power cut, a kill.
    Unclean,
    /// The file was copied while it was recorded.
    CopiedLive,
}

/// How much of a capture cannot be read, or is not in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Damage {
    /// The time whose samples are lost.
    pub time: Duration,
    /// Rows of other tables that are lost.
    pub rows: usize,
    /// The same table by table.
    pub tables: Vec<LostRows>,
    /// How much older than the file its newest tick is, when it was copied while it was
    /// recorded: that much was not in it yet.
    pub behind: Option<Duration>,
    /// The file is broken, and what is shown was salvaged from it: what could not be.
    pub salvaged: Option<Vec<LostPart>>,
}

impl Damage {
    /// Where rows of these tables are lost, or may be: in order, apart from each other, and to
    /// [`WallTime`]'s ends where nobody knows from when or until when.
    pub fn lost_of(&self, tables: &[&str]) -> Vec<(WallTime, WallTime)> {
        if self.has_unknown_losses() {
            return vec![(WallTime(i64::MIN), WallTime(i64::MAX))];
        }
        let lost = self.tables.iter();
        let lost = lost.filter(|lost| tables.contains(&lost.table));
        joined(lost.flat_map(|lost| lost.when.iter().copied()))
    }

    /// Whether anything was found damaged.
    pub fn is_any(&self) -> bool {
        !self.time.is_zero() || self.rows > 0 || self.salvaged.is_some()
    }

    /// Whether parts of a file are lost of which nobody knows what was on them.
    pub fn has_unknown_losses(&self) -> bool {
        let mut parts = self.salvaged.iter().flatten();
        parts.any(|part| part.when.is_none())
    }
}

/// Stretches of time in order, those that touch as one.
fn joined(stretches: impl IntoIterator<Item = (WallTime, WallTime)>) -> Vec<(WallTime, WallTime)> {
    let mut all: Vec<_> = stretches.into_iter().collect();
    all.sort_unstable();
    let mut apart: Vec<(WallTime, WallTime)> = Vec::new();
    for (from, to) in all {
        match apart.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => apart.push((from, to)),
        }
    }
    apart
}

/// What could not be salvaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostPart {
    /// In words.
    pub what: String,
    /// From when until when that was; `None` where nobody knows.
    pub when: Option<(WallTime, WallTime)>,
}

/// What is lost of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostRows {
    /// Which.
    pub table: &'static str,
    /// So many rows were found damaged.
    pub rows: usize,
    /// Whether there is a place from which on nothing of it can be read.
    pub is_torn: bool,
    /// When that was, by the rows beside them: in order and apart from each other, and to
    /// [`WallTime`]'s ends where no row is beside them.
    pub when: Vec<(WallTime, WallTime)>,
}

/// How far looking through a whole capture for damage has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Search {
    /// It has not begun, or is not wanted.
    #[default]
    Off,
    /// It goes on.
    On {
        /// So many chunks were looked at,
        done: u64,
        /// of so many.
        total: u64,
    },
    /// All of it was looked at.
    Over,
    /// It came to something that cannot be passed.
    Failed(String),
}

/// A stretch of time in which nothing was recorded, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapBand {
    /// Where it begins: when a tick was due and none was taken.
    pub from: WallTime,
    /// The first instant that was recorded after it.
    pub to: WallTime,
    /// The cause as the capture names it: `suspended`, `killed`, `queue-full`; or [`DAMAGED`].
    pub kind: String,
    /// What more is known; may be empty.
    pub detail: String,
}

/// The kind of a gap that was recorded, but cannot be read.
pub const DAMAGED: &str = "damaged";

/// Why a capture, or a part of it, cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The reader cannot open it, or cannot read from it.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// What was asked for, and everything around it, is damaged.
    #[error("the samples there are damaged")]
    Damaged,
}

/// Opens a capture file for replay. To be called on the thread that will read it.
/// `progress` is told how far it has come, and may give it up.
pub fn open(path: &Path, progress: &Arc<Progress>) -> Result<Box<dyn Replay>, ReplayError> {
    let watch: Arc<dyn Watch> = Arc::<Progress>::clone(progress);
    Ok(Box::new(CaptureReplay::open_watched(path, &watch)?))
}
