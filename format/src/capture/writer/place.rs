//! Whether the file is still where it was, and what becomes of a recording when it is not, or
//! when its connection can no longer be trusted.
//!
//! SQLite writes on into a file that was deleted, renamed or replaced, and says nothing. And when
//! a disk was away for a moment, SQLite may call a file corrupt that is whole once it is opened
//! anew: so it is opened anew and looked at, and never repaired or deleted.

use super::{Record, RunFacts, Writer, start};
use crate::capture::chunk::Chunk;
use crate::capture::chunk::builder::ChunkBuilder;
use crate::capture::error::CaptureError;
use crate::capture::lives::Lives;
use crate::capture::lock::with_suffix;
use crate::tick::Instants;
use crate::time::Seq;
use rusqlite::Connection;
use std::path::Path;

/// Which files a name stood for, as far as the system tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    main: Option<(u64, u64)>,
    log: Option<(u64, u64)>,
}

impl Place {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            main: identity(path),
            log: identity(&with_suffix(path, "-wal")),
        }
    }

    /// Takes away the emptied log of a file that has another name by now, unless it is somebody
    /// else's. SQLite would take what lies there, or leave it to spoil the next file of that name.
    pub(super) fn remove_log(self, path: &Path) {
        if Self::of(path).log == self.log {
            for suffix in ["-wal", "-shm"] {
                // What cannot be removed is found by whoever opens a file there.
                drop(std::fs::remove_file(with_suffix(path, suffix)));
            }
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let data = std::fs::metadata(path).ok()?;
    Some((data.dev(), data.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<(u64, u64)> {
    path.exists().then_some((0, 0))
}

/// What a recording takes along into another file: every row as it was last, the ticks that
/// are in no chunk for certain, and the records that wait.
#[derive(Debug)]
pub struct Carried {
    builder: ChunkBuilder,
    open: Chunk,
    /// The number of the first open tick, or else of the next one, in the file before.
    next: Seq,
    records: Vec<Record>,
}

impl Carried {
    /// What a recording has that began before there was a file to write to.
    pub fn nothing() -> Self {
        Self {
            builder: ChunkBuilder::default(),
            open: Chunk::default(),
            next: Seq(1),
            records: Vec::new(),
        }
    }

    /// The file before has the ticks: they are not written again.
    pub fn forget_ticks(&mut self) {
        self.next.0 += self.open.ticks.len() as u64;
        self.open = Chunk::default();
    }

    /// The first and the last of the ticks, by their numbers in the file before.
    pub fn ticks(&self) -> Option<(Seq, Seq)> {
        let ticks = &self.open.ticks;
        ticks
            .first()
            .zip(ticks.last())
            .map(|(first, last)| (first.seq, last.seq))
    }

    /// When the first of the ticks was taken.
    pub fn first(&self) -> Option<Instants> {
        self.open.ticks.first().map(|times| times.began)
    }
}

impl Writer {
    /// Whether the name still stands for the file that is written.
    pub fn is_in_place(&self) -> bool {
        Place::of(&self.path) == self.place
    }

    /// Whether something waits that could not be written yet.
    pub fn is_waiting(&self) -> bool {
        let is_carried = self.must_close && !self.builder.is_empty();
        let is_due = is_carried || self.builder.is_full();
        is_due || !self.unsaved.is_empty() || !self.unsaved_records.is_empty()
    }

    /// Ends the run in this file as well as it can be, and gives what another one would go on
    /// with: also the ticks that were saved at last, for who finds that they cannot be read.
    pub fn hand_over(mut self, why: &str) -> (Carried, Result<(), CaptureError>) {
        let open = self.builder.chunk().clone();
        let ended = self.end_run(why);
        drop(self.builder.take());
        let carried = self.carried(open);
        (carried, ended.and_then(|()| self.close()))
    }

    /// Leaves a file that is damaged, without writing to it, for another one.
    pub fn abandon(mut self) -> Carried {
        let open = self.builder.take();
        self.carried(open)
    }

    fn carried(&mut self, open: Chunk) -> Carried {
        Carried {
            next: Seq(self.next_seq().0 - open.ticks.len() as u64),
            open,
            records: std::mem::take(&mut self.unsaved_records),
            builder: std::mem::take(&mut self.builder),
        }
    }

    /// Goes on with what another file was left with; the numbers of ticks go on with those here.
    pub fn take_up(&mut self, mut carried: Carried) {
        let step = self.next_seq().0.wrapping_sub(carried.next.0).cast_signed();
        let next = carried.next.0 + carried.open.ticks.len() as u64;
        let by_sampler = next.wrapping_add_signed(-carried.builder.shift());
        carried.open.renumber(step);
        carried.builder.renumber(step);
        self.builder = carried.builder;
        if let (Some(first), Some(last)) = (carried.open.ticks.first(), carried.open.ticks.last()) {
            self.end_gap_before_run(first.began.wall);
            self.last = Some((last.seq, last.planned, last.began.wall));
            self.must_close = true;
            self.builder.put_back(carried.open);
        }
        self.builder.number_from(Seq(by_sampler), self.next_seq());
        let records = carried.records.into_iter();
        self.unsaved_records
            .extend(records.map(|record| record.renumbered((step, step))));
    }

    /// Closes the connection and opens the file anew, after a look at whether it is whole. Of
    /// what waits, that which had reached the file after all is not written twice.
    pub fn reopen(&mut self, facts: &RunFacts) -> Result<(), CaptureError> {
        let nowhere = Connection::open_in_memory()
            .map_err(CaptureError::sqlite(&self.path, "cannot open it again"))?;
        // First closed: a second descriptor that is closed would take SQLite's locks with it.
        drop(std::mem::replace(&mut self.db, nowhere));
        if !self.is_in_place() {
            return Ok(());
        }
        let (db, capture) = start::open(&self.path, facts)?;
        if capture != self.capture {
            return Err(start::damage(&self.path));
        }
        let set_up = start::configure(&db, self.options.sync);
        set_up.map_err(CaptureError::sqlite(&self.path, "cannot set it up"))?;
        self.db = db;
        let lives = Lives::resume(&self.db, capture, self.boot, self.lives.tick_rate());
        self.lives = lives.map_err(CaptureError::sqlite(
            &self.path,
            "cannot read its processes",
        ))?;
        let quotas = super::evict::Quotas::load(&self.db, capture);
        self.quotas = quotas.map_err(CaptureError::sqlite(&self.path, "cannot read its quotas"))?;
        let written = self.newest_in_file();
        let written = written.map_err(CaptureError::sqlite(
            &self.path,
            "cannot read its newest tick",
        ))?;
        // A log of which something was changed ends before it, without a word.
        if written.0 < self.newest_saved() {
            return Err(start::damage(&self.path));
        }
        self.set_up_reserve()
            .map_err(CaptureError::sqlite(&self.path, "cannot be written"))?;
        // Now it is on the disk. What was read before came out of memory: after a failed sync the
        // kernel takes its pages for written, and a later look may find the disk's old ones.
        self.forget_written(written);
        self.forget_records()
            .map_err(CaptureError::sqlite(&self.path, "cannot read its records"))?;
        self.place = Place::of(&self.path);
        Ok(())
    }

    /// The number of the newest tick that the file took.
    fn newest_saved(&mut self) -> u64 {
        let carried = self.builder.chunk().ticks.first();
        let carried = carried.filter(|_| self.must_close).map(|times| times.seq.0);
        let waits = self.unsaved.first().map(|(seq, _)| *seq);
        let next = carried.or(waits).unwrap_or(self.next_seq().0);
        next.saturating_sub(1)
    }

    /// The number of the newest tick in the file, and whether it is in a chunk.
    fn newest_in_file(&self) -> rusqlite::Result<(u64, bool)> {
        let newest = |sql| {
            let newest = self
                .db
                .query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
            newest.map(|seq| seq.map_or(0, i64::cast_unsigned))
        };
        let chunks = newest("SELECT max(id + ticks - 1) FROM chunk")?;
        let tail = newest("SELECT max(id) FROM tail")?;
        Ok((chunks.max(tail), chunks >= tail))
    }

    /// A commit that failed may have reached the log all the same, and from there the file.
    fn forget_written(&mut self, (newest, in_chunk): (u64, bool)) {
        let Some((last, ..)) = self.last else { return };
        let waits = !self.unsaved.is_empty() || self.builder.is_full() || self.must_close;
        if newest < last.0 || !waits {
            return;
        }
        self.unsaved.clear();
        self.unsaved_records.clear();
        if in_chunk {
            drop(self.builder.take());
            self.must_close = false;
        }
    }

    /// The same for records that came without a tick.
    fn forget_records(&mut self) -> rusqlite::Result<()> {
        if let Some(row) = self.in_doubt
            && row.is_there(&self.db)?
        {
            self.unsaved_records.clear();
        }
        self.in_doubt = None;
        Ok(())
    }
}
