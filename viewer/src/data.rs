//! What the viewer asks of a capture: the one trait between the screen and a capture file.
//!
//! A [`worker::Worker`] owns a [`Replay`] on a thread of its own; requests go in, replies come
//! out. Everything handed over is finished: rates are computed, clocks are mapped to the wall.
//! What was not recorded is a hole or a [`Missing`](afterimage_format::reading::Missing), never 0.

pub mod process;
pub mod series;
pub mod worker;

use afterimage_format::time::{Seq, WallTime};
pub use process::{ProcessRow, Snapshot};
pub use series::{Bucket, SeriesData, SeriesId};
use std::path::{Path, PathBuf};

/// A capture being replayed.
///
/// Called on the worker's thread only, so an implementation may block on its file.
pub trait Replay: Send {
    /// What is true of the whole capture; asked once, right after opening.
    fn facts(&self) -> Facts;

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

    /// Everything recorded at one instant.
    fn snapshot(&mut self, want: Want) -> Result<Snapshot, ReplayError>;
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
    /// The IANA name of the host's time zone.
    pub zone: String,
    /// How many CPUs were online; `None` when that was not recorded.
    pub cpus: Option<u32>,
    /// How the recording stands, in words: "recording", "ended cleanly".
    pub state: String,
    /// The first instant recorded.
    pub first: WallTime,
    /// The last instant recorded.
    pub last: WallTime,
    /// Where ticks are missing, in order.
    pub gaps: Vec<GapBand>,
}

/// A stretch of time in which nothing was recorded, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapBand {
    /// The last instant that was recorded before it.
    pub from: WallTime,
    /// The first instant that was recorded after it.
    pub to: WallTime,
    /// The cause as the capture names it: `suspended`, `killed`, `queue-full`.
    pub kind: String,
    /// What more is known; may be empty.
    pub detail: String,
}

/// Why a capture, or a part of it, cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file is not there or may not be read.
    #[error("{path} cannot be opened")]
    Open {
        /// The file as it was named.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// This program was built without a reader for capture files.
    #[error("{path} is there, but this build of afterimage-viewer cannot read captures yet")]
    NoReader {
        /// The file as it was named.
        path: PathBuf,
    },
    /// Reading from an open capture failed.
    #[error("{what} cannot be read from the capture")]
    Read {
        /// What was asked for.
        what: &'static str,
        /// What the reader said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Opens a capture file for replay.
pub fn open(path: &Path) -> Result<Box<dyn Replay>, ReplayError> {
    let path = path.to_path_buf();
    match std::fs::File::open(&path) {
        Ok(_) => Err(ReplayError::NoReader { path }),
        Err(source) => Err(ReplayError::Open { path, source }),
    }
}
