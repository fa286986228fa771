//! A new capture made of the sound parts of another: what a clip and a salvage have in common.
//!
//! In: chunks in order, then rows of plain tables. Out: one file that ended cleanly. The new
//! capture has a number of its own, so every row and frame gets a new check; ids and the numbers
//! of ticks stay. Chunks keep their bytes, as [`Writer`](super::writer::Writer) would have to be
//! run once for each run of the original and would write runs, clocks and gaps of its own; what
//! is derived (`process`, `process_sum`, `command`, `minute`, `pyramid`) is made anew by the
//! writer's own parts, so that it fits the chunks that are there.

mod rows;

use super::chunk::{Chunk, encode};
use super::error::CaptureError;
use super::frame::{FrameKey, Packer, reseal};
use super::lives::{self, Lives};
use super::names;
use super::pyramid::PyramidWriter;
use super::tables::{self, text};
use super::unfinished::Unfinished;
use super::writer::{chunk_row, create, create_private, gap_row};
use crate::facts::{Gap, GapKind};
use crate::time::{Seq, WallTime};
pub(super) use rows::{PlainRows, integer as column};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The chunks of a file that is made in one go: as small as the writer's.
const LEVEL: i32 = 9;

/// Who makes a capture, and when.
#[derive(Debug, Clone)]
pub struct Maker {
    /// Now.
    pub now: WallTime,
    /// Its version.
    pub version: String,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The first and the last tick in it, unless every tick was lost.
    pub ends: Option<(Seq, Seq)>,
    /// How many ticks are in it.
    pub ticks: u64,
    /// Rows of the plain tables that were taken over.
    pub rows: u64,
    /// Stretches of ticks that are lost, as the gaps that now say so.
    pub lost: Vec<Gap>,
}

/// A run whose ticks are being added.
#[derive(Debug)]
struct OpenRun {
    id: i64,
    interval: Duration,
    pyramid: PyramidWriter,
    lives: Lives,
}

/// The last tick of a run that is in the new capture.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunEnd {
    pub(super) last: u64,
    pub(super) wall: WallTime,
}

/// The new capture. Its file is removed again unless it is finished: a capture that is not whole is
/// not left lying about.
#[derive(Debug)]
pub(super) struct Remake {
    path: PathBuf,
    file: Option<Unfinished>,
    db: Option<Connection>,
    number: u64,
    packer: Packer,
    /// What is known of runs and boots.
    known: PlainRows,
    open: Option<OpenRun>,
    first: Option<u64>,
    last: Option<(u64, WallTime)>,
    ticks: u64,
    /// Rows of plain tables that are in it already.
    rows: u64,
    /// The earliest and the latest moment of a tick.
    walls: (WallTime, WallTime),
    runs: BTreeMap<i64, RunEnd>,
    holes: Vec<Gap>,
}

/// Table, id and values of a row.
pub(super) type PlainRow = (&'static str, i64, Vec<Value>);

/// A chunk as it is stored, and the number of the capture it is stored in.
pub(super) type Stored<'a> = (&'a [u8], u64);

impl Remake {
    /// Begins a capture at `path`, where nothing may be yet. `known` has the rows of `host` and
    /// `run`.
    pub(super) fn begin(
        path: &Path,
        maker: &Maker,
        known: PlainRows,
    ) -> Result<Self, CaptureError> {
        create_private(path).map_err(|source| CaptureError::Open {
            path: path.to_owned(),
            source,
        })?;
        let packer = Packer::new(LEVEL).map_err(|fault| CaptureError::Damaged {
            path: path.to_owned(),
            seq: 0,
            fault,
        })?;
        let mut new = Self {
            path: path.to_owned(),
            file: Some(Unfinished::new(path)),
            db: None,
            number: 0,
            packer,
            known,
            open: None,
            first: None,
            last: None,
            ticks: 0,
            rows: 0,
            walls: (WallTime(i64::MAX), WallTime(i64::MIN)),
            runs: BTreeMap::new(),
            holes: Vec::new(),
        };
        let opened = (|| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = Connection::open_with_flags(names::literal(path), flags)?;
            db.set_prepared_statement_cache_capacity(64);
            // Nobody else has it, and if this is cut short it is removed: no journal on the disk.
            db.query_row("PRAGMA journal_mode = MEMORY", [], |_| Ok(()))?;
            db.pragma_update(None, "synchronous", "OFF")?;
            let number = create(&db, maker.now, &maker.version)?;
            Ok((db, number))
        })();
        let (db, number) = opened.map_err(CaptureError::sqlite(&new.path, "cannot create it"))?;
        (new.db, new.number) = (Some(db), number);
        Ok(new)
    }

    /// Adds the next chunk; with `stored`, its bytes are taken as they are.
    pub(super) fn add(
        &mut self,
        chunk: &Chunk,
        run: Option<i64>,
        stored: Option<Stored<'_>>,
    ) -> Result<(), CaptureError> {
        let (Some(first), Some(last)) = (chunk.ticks.first(), chunk.ticks.last()) else {
            return Ok(());
        };
        // What another chunk has already, or what is out of order, is not taken twice.
        if self.last.is_some_and(|(seq, _)| first.seq.0 <= seq) {
            return Ok(());
        }
        let id = first.seq.0;
        let frames = match stored {
            Some((frames, number)) => reseal(frames, number, self.number),
            None => encode::encode(chunk, FrameKey::new(self.number, id), &mut self.packer),
        };
        let frames = frames.map_err(|fault| CaptureError::damaged(&self.path, id, fault))?;
        let run = run.unwrap_or_else(|| self.known.run_of(id));
        self.note_hole(chunk);
        let added = self.write_chunk(chunk, run, &frames);
        added.map_err(CaptureError::sqlite(&self.path, "cannot save a chunk"))?;
        self.first.get_or_insert(id);
        self.last = Some((last.seq.0, last.began.wall));
        self.ticks += chunk.ticks.len() as u64;
        for times in &chunk.ticks {
            let (from, to) = self.walls;
            self.walls = (from.min(times.began.wall), to.max(times.began.wall));
        }
        let end = RunEnd {
            last: last.seq.0,
            wall: last.began.wall,
        };
        self.runs.insert(run, end);
        Ok(())
    }

    fn write_chunk(&mut self, chunk: &Chunk, run: i64, frames: &[u8]) -> rusqlite::Result<()> {
        let Some(db) = &self.db else { return Ok(()) };
        let transaction = db.unchecked_transaction()?;
        if self.open.as_ref().is_none_or(|open| open.id != run) {
            if let Some(mut before) = self.open.take() {
                before.pyramid.finish(&transaction, before.id)?;
            }
            let (boot, interval, tick_rate) = self.known.basis(run);
            let last_seq = self.last.map_or(0, |(seq, _)| seq);
            lives::end_other_boots(&transaction, self.number, boot, last_seq)?;
            self.open = Some(OpenRun {
                id: run,
                interval,
                pyramid: PyramidWriter::new(self.number, tick_rate),
                lives: Lives::resume(&transaction, self.number, boot, tick_rate)?,
            });
        }
        let (id, values) = chunk_row(run, chunk);
        tables::named("chunk").insert(&transaction, self.number, Some(id), values)?;
        transaction
            .prepare_cached("INSERT INTO chunk_body VALUES (?, ?)")?
            .execute((id, frames))?;
        if let Some(open) = &mut self.open {
            let of = (open.id, open.interval);
            open.pyramid.add(&transaction, of, chunk)?;
            open.lives.update(&transaction, chunk)?;
        }
        transaction.commit()
    }

    /// Numbers of ticks go up by one: where they do not, ticks are lost.
    fn note_hole(&mut self, chunk: &Chunk) {
        let Some(first) = chunk.ticks.first() else {
            return;
        };
        if let Some((seq, wall)) = self.last
            && first.seq.0 > seq + 1
        {
            let missed = first.seq.0 - seq - 1;
            let (from, to) = (wall, first.began.wall);
            self.holes.push(lost(Seq(seq), (from, to), missed));
        }
    }

    /// The first and the last tick so far.
    pub(super) fn ends(&self) -> Option<(Seq, Seq)> {
        Some((Seq(self.first?), Seq(self.last?.0)))
    }

    /// The earliest and the latest moment of a tick so far.
    pub(super) fn walls(&self) -> (WallTime, WallTime) {
        self.walls
    }

    /// The runs that have ticks in it, with their last.
    pub(super) fn runs(&self) -> &BTreeMap<i64, RunEnd> {
        &self.runs
    }

    /// Ticks at the beginning or the end are lost.
    pub(super) fn add_lost(&mut self, gap: Gap) {
        self.holes.push(gap);
    }

    /// Adds rows of plain tables one by one, for tables that may be large.
    pub(super) fn add_rows(
        &mut self,
        rows: impl Iterator<Item = io::Result<PlainRow>>,
        failed: impl Fn(io::Error) -> CaptureError,
    ) -> Result<(), CaptureError> {
        let Some(db) = &self.db else { return Ok(()) };
        let saved = |error| CaptureError::sqlite(&self.path, "cannot save its tables")(error);
        let transaction = db.unchecked_transaction().map_err(saved)?;
        for row in rows {
            let (table, id, values) = row.map_err(&failed)?;
            let table = tables::named(table);
            table
                .insert(&transaction, self.number, Some(id), values)
                .map_err(saved)?;
            self.rows += 1;
        }
        transaction.commit().map_err(saved)
    }

    /// Adds the plain rows and a note, and closes the file.
    pub(super) fn finish(
        mut self,
        rows: PlainRows,
        (note, now): (&str, WallTime),
    ) -> Result<Made, CaptureError> {
        let lost = self.unexplained(&rows);
        let count = self.rows + rows.len();
        let wrote = self.write_rows(rows, &lost, (note, now));
        wrote.map_err(CaptureError::sqlite(&self.path, "cannot save its tables"))?;
        let closed = self.db.take().map_or(Ok(()), Connection::close);
        if let Err((db, source)) = closed {
            self.db = Some(db);
            return Err(CaptureError::sqlite(&self.path, "cannot close the file")(
                source,
            ));
        }
        let synced = std::fs::File::open(&self.path).and_then(|file| file.sync_all());
        if let Err(source) = synced {
            let path = self.path.clone();
            return Err(CaptureError::Open { path, source });
        }
        // From here on it stays.
        let made = Made {
            ends: self.ends(),
            ticks: self.ticks,
            rows: count,
            lost,
        };
        if let Some(file) = self.file.take() {
            file.keep();
        }
        Ok(made)
    }

    /// Holes that no gap of the original explains: what was given up in memory while the file
    /// could not be written left one.
    fn unexplained(&mut self, rows: &PlainRows) -> Vec<Gap> {
        let mut holes = std::mem::take(&mut self.holes);
        for hole in &mut holes {
            let end = hole.after.0 + hole.missed;
            let outages = rows.gaps().filter(|(kind, after, _)| {
                *kind == GapKind::StorageOutage.name().as_bytes()
                    && (hole.after.0..=end).contains(after)
            });
            let given_up: u64 = outages.map(|(.., missed)| missed).sum();
            hole.missed = hole.missed.saturating_sub(given_up);
        }
        holes.retain(|hole| hole.missed > 0);
        holes
    }

    fn write_rows(
        &mut self,
        mut rows: PlainRows,
        lost: &[Gap],
        (note, now): (&str, WallTime),
    ) -> rusqlite::Result<()> {
        let Some(db) = &self.db else { return Ok(()) };
        let transaction = db.unchecked_transaction()?;
        if let Some(mut open) = self.open.take() {
            open.pyramid.finish(&transaction, open.id)?;
        }
        for gap in lost {
            rows.push("gap", gap_row(gap));
        }
        let said = vec![Value::Integer(now.0), text(note.as_bytes())];
        rows.push("note", said);
        for (table, id, values) in rows.into_rows() {
            tables::named(table).insert(&transaction, self.number, Some(id), values)?;
        }
        transaction.commit()
    }
}

/// The gap that stands for lost ticks.
pub(super) fn lost(after: Seq, (from, to): (WallTime, WallTime), missed: u64) -> Gap {
    Gap {
        kind: GapKind::UnknownEnd,
        after,
        from,
        to,
        missed,
        detail: "these ticks were recorded, but damaged in the file this one was made of"
            .to_owned(),
    }
}
