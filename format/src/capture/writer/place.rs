//! Whether the file is still where it was, and what becomes of a recording when it is not, or
//! when its connection can no longer be trusted.
//!
//! SQLite writes on into a file that was deleted, renamed or replaced, and says nothing. And when
//! a disk was away for a moment, SQLite may call a file corrupt that is whole once it is opened
//! anew: so it is opened anew and looked at, and never repaired or deleted.

use super::{Record, RunFacts, Writer, start};
use crate::capture::chunk::builder::ChunkBuilder;
use crate::capture::error::CaptureError;
use crate::capture::lives::Lives;
use crate::capture::lock::with_suffix;
use crate::facts::{Gap, GapKind};
use crate::time::{Seq, WallTime};
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

/// What a recording takes along into another file: every row as it was last.
#[derive(Debug)]
pub struct Carried {
    builder: ChunkBuilder,
    next: Seq,
    records: Vec<Record>,
    lost: Option<(u64, WallTime, WallTime)>,
}

impl Carried {
    /// What a recording has that began before there was a file to write to.
    pub fn nothing() -> Self {
        Self {
            builder: ChunkBuilder::default(),
            next: Seq(1),
            records: Vec::new(),
            lost: None,
        }
    }

    /// How many ticks could be saved neither in the file before nor in the next one.
    pub fn lost(&self) -> u64 {
        self.lost.map_or(0, |(ticks, ..)| ticks)
    }
}

impl Writer {
    /// Whether the name still stands for the file that is written.
    pub fn is_in_place(&self) -> bool {
        Place::of(&self.path) == self.place
    }

    /// Whether something waits that could not be written yet.
    pub fn is_waiting(&self) -> bool {
        !self.unsaved.is_empty() || !self.unsaved_records.is_empty() || self.builder.is_full()
    }

    /// Ends the run in this file as well as it can be, to go on in another one. What could not be
    /// saved is told by the other one.
    pub fn hand_over(mut self, why: &str) -> (Carried, Result<(), CaptureError>) {
        let saved = self.save_open_chunk();
        let mut builder = std::mem::take(&mut self.builder);
        let open = builder.take().ticks;
        let unsaved = open.len().saturating_sub(self.unsaved.len());
        let lost = &open[open.len().min(unsaved)..];
        let ends = saved
            .is_err()
            .then(|| lost.first().zip(lost.last()))
            .flatten();
        let carried = Carried {
            next: self.next_seq(),
            lost: ends.map(|(first, last)| (lost.len() as u64, first.began.wall, last.began.wall)),
            records: std::mem::take(&mut self.unsaved_records),
            builder,
        };
        (carried, saved.and_then(|()| self.finish(why)))
    }

    /// Goes on with what another file was left with; the numbers of ticks go on with those here.
    pub fn take_up(&mut self, carried: Carried) {
        let next = self.next_seq();
        self.builder = carried.builder;
        let step = next.0.wrapping_sub(carried.next.0).cast_signed();
        self.builder.renumber(step);
        let by_sampler = carried.next.0.wrapping_add_signed(-self.builder.shift());
        self.builder.number_from(Seq(by_sampler), next);
        let records = carried.records.into_iter();
        self.unsaved_records
            .extend(records.map(|record| record.renumbered((step, step))));
        if let Some((missed, from, to)) = carried.lost {
            self.unsaved_records.push(Record::Gap(Gap {
                kind: GapKind::StorageOutage,
                after: Seq(next.0.saturating_sub(1)),
                from,
                to,
                missed,
                detail: "the file before could not be written any more".to_owned(),
            }));
        }
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
        self.set_up_reserve()
            .map_err(CaptureError::sqlite(&self.path, "cannot be written"))?;
        // Now it is on the disk. What was read before came out of memory: after a failed sync the
        // kernel takes its pages for written, and a later look may find the disk's old ones.
        self.forget_written(written);
        self.place = Place::of(&self.path);
        Ok(())
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
        if newest < last.0 || (self.unsaved.is_empty() && !self.builder.is_full()) {
            return;
        }
        self.unsaved.clear();
        self.unsaved_records.clear();
        if in_chunk {
            drop(self.builder.take());
        }
    }
}
