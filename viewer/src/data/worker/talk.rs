//! What is asked of the one who reads a capture, and what is answered.

use crate::data::{
    DumpContent, DumpList, Events, Facts, Grid, Life, LoadData, LoadQuestion, RowGroup, RowsData,
    Search, SeriesData, SeriesId, Snapshot, Things, ThingsOf, ThreadCurve, Want, Whom,
};
use afterimage_format::capture::watch::Stage;
use afterimage_format::process::Pid;
use afterimage_format::time::{Seq, WallTime};
use std::path::PathBuf;
use std::sync::Arc;

/// Which question a reply answers: rises with each one, so that an overtaken one is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Generation(pub u64);

/// A question to one capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Curves for a stretch of time.
    Series {
        /// Which question this is.
        generation: Generation,
        /// Which curves.
        wanted: Vec<SeriesId>,
        /// From here.
        from: WallTime,
        /// Up to here.
        to: WallTime,
        /// In about so many pieces.
        buckets: usize,
    },
    /// Curves for the strip that shows the whole capture.
    Overview {
        /// Which question this is.
        generation: Generation,
        /// Which curves.
        wanted: Vec<SeriesId>,
        /// From here.
        from: WallTime,
        /// Up to here.
        to: WallTime,
        /// In about so many pieces.
        buckets: usize,
    },
    /// What each CPU or disk did.
    Rows {
        /// Which question this is.
        generation: Generation,
        /// Which groups.
        wanted: Vec<RowGroup>,
        /// From here.
        from: WallTime,
        /// Up to here.
        to: WallTime,
        /// In about so many pieces.
        most: usize,
    },
    /// Everything that happened.
    Events {
        /// Which question this is.
        generation: Generation,
    },
    /// The process table at one instant.
    Snapshot {
        /// Which question this is.
        generation: Generation,
        /// Which instant.
        want: Want,
        /// Curves whose values are wanted though they cost more.
        curves: Vec<SeriesId>,
    },
    /// What a page shows beside the machine and its processes.
    Things {
        /// Which question this is.
        generation: Generation,
        /// Which page.
        of: ThingsOf,
        /// Which tick.
        seq: Seq,
    },
    /// One process over a stretch of time.
    Life {
        /// Which question this is.
        generation: Generation,
        /// Which process.
        whom: Whom,
        /// From here.
        from: WallTime,
        /// Up to here.
        to: WallTime,
        /// In about so many pieces.
        buckets: usize,
    },
    /// The load over a stretch of time, taken apart.
    Load {
        /// Which question this is.
        generation: Generation,
        /// About what.
        question: LoadQuestion,
    },
    /// The list of thread dumps.
    Dumps {
        /// Which question this is.
        generation: Generation,
    },
    /// One thread dump.
    Dump {
        /// Which question this is.
        generation: Generation,
        /// Which, by its number in the capture.
        id: i64,
    },
    /// The CPU of one thread.
    ThreadCurve {
        /// Which question this is.
        generation: Generation,
        /// Its process and its number on the host.
        of: (Pid, i32),
        /// When the dump that is shown was begun.
        at: WallTime,
        /// From when until when.
        span: (WallTime, WallTime),
    },
    /// The threads of a dump's process over all its dumps.
    DumpGrid {
        /// Which question this is.
        generation: Generation,
        /// Which dump.
        id: i64,
    },
}

impl Job {
    /// Which question this is.
    pub(super) const fn generation(&self) -> Generation {
        match self {
            Self::Series { generation, .. }
            | Self::Overview { generation, .. }
            | Self::Rows { generation, .. }
            | Self::Events { generation }
            | Self::Snapshot { generation, .. }
            | Self::Things { generation, .. }
            | Self::Life { generation, .. }
            | Self::Load { generation, .. }
            | Self::Dumps { generation }
            | Self::Dump { generation, .. }
            | Self::ThreadCurve { generation, .. }
            | Self::DumpGrid { generation, .. } => *generation,
        }
    }

    /// Whether it is answered a little at a time.
    pub(super) fn comes_in_pieces(&self) -> bool {
        matches!(
            self,
            Self::Events { .. } | Self::Load { .. } | Self::DumpGrid { .. }
        )
    }
}

/// What came back from one capture.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The file is this one, whatever name it was opened by.
    IsAt(PathBuf),
    /// Opening it has come so far.
    Opening(Stage),
    /// Looking through all of it for damage has come so far.
    Searched(Search),
    /// It is open.
    Opened(Arc<Facts>),
    /// It cannot be opened, and why.
    NotOpened(String),
    /// More was recorded, or something was found damaged.
    Changed(Arc<Facts>),
    /// The curves that were asked for.
    Series(Generation, Vec<Arc<SeriesData>>),
    /// The curves of the whole capture.
    Overview(Generation, Vec<Arc<SeriesData>>),
    /// What each CPU or disk did.
    Rows(Generation, Vec<Arc<RowsData>>),
    /// Everything that happened.
    Events(Generation, Arc<Events>),
    /// The snapshot that was asked for.
    Snapshot(Generation, Arc<Snapshot>),
    /// What a page shows beside the machine and its processes.
    Things(Generation, Arc<Things>),
    /// The process that was asked about.
    Life(Generation, Arc<Life>),
    /// The load that was asked for.
    Load(Generation, Arc<LoadData>),
    /// The thread dumps.
    Dumps(Generation, DumpList),
    /// The thread dump that was asked for.
    Dump(Generation, Arc<DumpContent>),
    /// The threads over the dumps, as far as those are read.
    DumpGrid(Generation, Arc<Grid>),
    /// The CPU of the thread that was asked about.
    ThreadCurve(Generation, Arc<ThreadCurve>),
    /// A question could not be answered, and why; without its number it was that for what was
    /// recorded since.
    Failed(Option<Generation>, String),
}

impl Reply {
    /// Whether the question is answered, or is to be gone on with.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::DumpGrid(_, grid) => grid.left == 0,
            _ => true,
        }
    }
}
