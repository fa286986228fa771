//! Reads a capture: samples at any moment, curves, and everything the plain tables hold.
//!
//! What is damaged is left out and listed ([`Capture::damage`]); the rest is still shown.
//! Costs are given for a capture of 500 processes at one tick a second.

mod check;
mod clip;
mod dumps;
mod exits;
mod listing;
mod lives;
mod moment;
mod parts;
mod plain;
mod salvaged;
mod series;
mod stored;
mod tasks;
mod time;
mod verify;

pub use check::Checked;
pub use dumps::StoredDump;
pub use exits::{EndCounts, LifeName, StoredEnd};
pub use lives::{LifeEnds, ShortLives};
pub use salvaged::Rescue;
pub use series::{Curves, LifeBucket};
pub use tasks::TaskTick;
pub use verify::Verified;

use super::chunk::Chunk;
use super::chunk::decode::Part;
use super::error::{CaptureError, FrameFault};
use super::log::LogEnd;
use super::open::{Mode, Opened, open};
use super::watch::{self, Unwatched, Watch, Work};
use crate::sample::{Extract, Sample};
use crate::time::Seq;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use stored::{Cache, Tail};

/// A capture, open for reading.
#[derive(Debug)]
pub struct Capture {
    path: PathBuf,
    opened: Opened,
    cache: Cache,
    damage: Vec<Damage>,
    watch: Arc<dyn Watch>,
    rescue: Option<Rescue>,
    last_dump: dumps::LastDump,
}

/// Something in the capture that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where: a table, and the id of its row (of a chunk, its first tick); or `log`, what a crash
    /// left beside the file, and which of its pages.
    pub table: &'static str,
    /// The row.
    pub row: i64,
    /// What is wrong.
    pub fault: FrameFault,
}

/// Where a tick lies.
#[derive(Debug, Clone)]
struct Place {
    chunk: Rc<Chunk>,
    tick: usize,
}

impl Capture {
    /// Opens a capture and changes nothing about it. Costs about 2 ms, whatever its length.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        Self::open_watched(path, Arc::new(Unwatched))
    }

    /// The same with somebody who is told how far it has come (a log beside the file is copied
    /// first, and where no link can be made the file too) and who may give it up, then and in
    /// everything that is asked later.
    pub fn open_watched(path: &Path, watch: Arc<dyn Watch>) -> Result<Self, CaptureError> {
        let opened = open(path, &watch)?;
        let mut capture = Self {
            path: path.to_owned(),
            opened,
            cache: Cache::default(),
            damage: Vec::new(),
            watch,
            rescue: None,
            last_dump: dumps::LastDump::default(),
        };
        if !capture.opened.is_sound {
            capture.note_damage("capture", 1, FrameFault::Check);
        }
        if let LogEnd::BreaksOff(page) = capture.opened.log_end {
            capture.note_damage("log", page.cast_signed(), FrameFault::Torn);
        }
        watch::begin(capture.watch.as_ref(), Work::ReadingWhole)
            .map_err(|_over| capture.cancelled())?;
        capture.refresh()?;
        Ok(capture)
    }

    /// Looks again for what was recorded since: needed only in [`Mode::Recording`]. Costs a
    /// look-up; what is new is unpacked when it is asked for.
    pub fn refresh(&mut self) -> Result<(), CaptureError> {
        let ends = "SELECT min(id), max(id) FROM tail";
        let ends = self
            .opened
            .db()
            .query_row(ends, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let ends: (Option<i64>, Option<i64>) =
            ends.map_err(self.sqlite("its tail cannot be read"))?;
        let seq = |id: i64| Seq(id.cast_unsigned());
        self.cache.tail = match ends {
            (Some(first), Some(last)) => Tail::Rows(seq(first), seq(last)),
            _ => Tail::None,
        };
        Ok(())
    }

    /// Whether its log ends in the middle of a commit: what was being written when the recorder, the
    /// host or a copy stopped, or was changed since.
    pub fn ends_in_pieces(&self) -> bool {
        self.opened.log_end == LogEnd::InPieces
    }

    /// The file it was opened from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it was opened, which says in what state it is.
    pub fn mode(&self) -> Mode {
        self.opened.mode
    }

    /// What was found damaged so far, in the order it was met.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// The first and the last tick. Costs two look-ups.
    pub fn ends(&self) -> Result<Option<(Seq, Seq)>, CaptureError> {
        let ends = "SELECT (SELECT min(id) FROM chunk), (SELECT id + ticks - 1 FROM chunk ORDER BY id DESC LIMIT 1)";
        let ends: (Option<i64>, Option<i64>) = self
            .opened
            .db()
            .query_row(ends, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(self.sqlite("its chunks cannot be listed"))?;
        let tail = self.tail_ends();
        let stored = |id: i64| Seq(id.cast_unsigned());
        let first = ends.0.map(stored).or(tail.map(|(first, _)| first));
        let last = tail.map(|(_, last)| last).or(ends.1.map(stored));
        Ok(first.zip(last))
    }

    /// How many ticks there are. (After an outage of the file there are numbers that no tick
    /// has.) Costs a scan of the table of chunks.
    pub fn ticks(&self) -> Result<u64, CaptureError> {
        // Of a bare `count(*)` SQLite makes a single step, which nothing can end.
        let count = "SELECT (SELECT coalesce(sum(ticks), 0) FROM chunk) + (SELECT coalesce(sum(1), 0) FROM tail)";
        let count = self
            .opened
            .db()
            .query_row(count, [], |row| row.get::<_, i64>(0));
        let count = count.map_err(self.sqlite("its chunks cannot be listed"))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The sample with that number. `None` when there is none: before the first, after the
    /// last, or in a damaged frame (then [`Capture::damage`] has grown). Costs 3-4 ms in a
    /// chunk that was not read before, else about half a millisecond.
    pub fn sample(&mut self, seq: Seq) -> Result<Option<Sample>, CaptureError> {
        let place = self.place(seq, Part::All)?;
        Ok(place.map(|place| Sample::from_chunk(&place.chunk, place.tick)))
    }

    /// The same of the machine and its processes alone; the rest counts as not read, and its frame
    /// stays packed. Costs less at a first look into a chunk, of which the other ticks stay packed
    /// too.
    pub fn sample_of_processes(&mut self, seq: Seq) -> Result<Option<Sample>, CaptureError> {
        let place = self.moment(seq)?;
        Ok(place.map(|place| Sample::of_processes(&place.chunk, place.tick)))
    }

    /// The same of what is wanted of it alone. Costs, of the machine, a millisecond in a chunk
    /// that was not read before, else 0.05 ms; of some fields of processes as much as the chunk,
    /// else 0.1 ms.
    pub fn extract(&mut self, seq: Seq, extract: &Extract) -> Result<Option<Sample>, CaptureError> {
        let part = if extract.is_of_machine() {
            Part::Machine
        } else if extract.processes.is_empty() {
            Part::Rest
        } else {
            Part::All
        };
        let place = self.place(seq, part)?;
        Ok(place.map(|place| Sample::extract(&place.chunk, place.tick, extract)))
    }

    /// The run of ticks that `seq` is stored in, with every cell of every tick: the way to go
    /// over a range. The next one begins after the last of its ticks. `None` as for
    /// [`Capture::sample`]. Costs 3-4 ms unless it was read before.
    pub fn chunk_with(&mut self, seq: Seq) -> Result<Option<Rc<Chunk>>, CaptureError> {
        let place = self.place(seq, Part::All)?;
        Ok(place.map(|place| place.chunk))
    }

    fn note_damage(&mut self, table: &'static str, row: i64, fault: FrameFault) {
        let damage = Damage { table, row, fault };
        if !self.damage.contains(&damage) {
            self.damage.push(damage);
        }
    }

    /// Fails when nobody waits for what is being read.
    fn go_on(&self) -> Result<(), CaptureError> {
        if self.watch.is_over() {
            return Err(self.cancelled());
        }
        Ok(())
    }

    fn cancelled(&self) -> CaptureError {
        CaptureError::Cancelled {
            path: self.path.clone(),
        }
    }

    /// What SQLite could not do; when nobody waits for it any more that is why.
    fn sqlite(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> CaptureError + use<> {
        let (failed, watch) = (
            CaptureError::sqlite(&self.path, doing),
            Arc::clone(&self.watch),
        );
        let cancelled = self.cancelled();
        move |source| {
            if watch.is_over() {
                return cancelled;
            }
            failed(source)
        }
    }
}
