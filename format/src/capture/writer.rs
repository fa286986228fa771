//! Writes a capture: the one connection that may.
//!
//! In: ticks and the rows of plain tables, from one thread. Each [`Writer::commit`] is one
//! transaction: the tick as a row of the tail and everything else that came with it. Every 60
//! ticks the tail becomes a chunk, with its part of the pyramid and of the `process` table,
//! and what is over the size limit is evicted, in that same transaction.
//!
//! It has no clock and no threads: time is what the ticks say.

mod evict;
mod reserve;
mod start;

pub(super) use evict::used_bytes;
pub use start::{RunFacts, Start};
pub(super) use start::{capture_number, create_private};

use super::chunk::builder::ChunkBuilder;
use super::chunk::{Chunk, MOST_TICKS, encode};
use super::error::CaptureError;
use super::frame::{FrameKey, FrameKind, Packer, seal};
use super::lives::Lives;
use super::lock::OwnerLock;
use super::pyramid::PyramidWriter;
use super::tables::{self, integer, text};
use crate::facts::{Anchor, Event, Gap, GapKind, KernelLogLine, Source};
use crate::tick::Tick;
use crate::time::{MonotonicTime, Seq, WallTime};
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode};
use std::path::PathBuf;
use std::time::Duration;

/// When what was written reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// With each tick: a power cut loses the tick in flight.
    Tick,
    /// Every 10 seconds.
    TenSeconds,
    /// When the system likes. After a power cut the capture may be damaged.
    Off,
}

impl Sync {
    /// Its name on the command line and in the capture.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::TenSeconds => "10s",
            Self::Off => "off",
        }
    }

    /// `PRAGMA synchronous` for it; with ten seconds, some commits are made to wait by
    /// [`Writer::commit`].
    fn pragma(self) -> &'static str {
        match self {
            Self::Tick => "FULL",
            Self::TenSeconds => "NORMAL",
            Self::Off => "OFF",
        }
    }
}

/// How a capture is kept.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// When what was written reaches the disk.
    pub sync: Sync,
    /// The largest size of what is kept.
    pub max_bytes: u64,
    /// What is older than this, by the newest data, is evicted.
    pub retain: Duration,
}

/// Something for a plain table.
#[derive(Debug, Clone)]
pub enum Record {
    /// A line of the kernel log.
    KernelLog(KernelLogLine),
    /// Something that happened.
    Event(Event),
    /// Missing ticks.
    Gap(Gap),
    /// A source whose state changed, and the tick since which it holds.
    Source(Source),
    /// The clocks side by side.
    Clock(Anchor),
}

/// The time between checkpoints, and between syncs with `--sync 10s`.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// While somebody reads the file, checkpoints wait until this much is in the log.
const LOG_LIMIT: u64 = 64 << 20;
/// How long the end of a run waits for a moment without readers.
const PATIENCE_WITH_READERS: Duration = Duration::from_secs(2);
/// About what a record takes.
const RECORD_BYTES: usize = 200;
/// More records than this are not kept while the capture cannot be written.
const MOST_UNSAVED_RECORDS: usize = 20_000;
/// So many chunks at most make room for one.
const MOST_EVICTED_AT_ONCE: usize = 8;
/// zstd levels: the tail is written each second, a chunk once a minute.
const TAIL_LEVEL: i32 = 1;
const CHUNK_LEVEL: i32 = 9;

/// The one connection that writes a capture.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    db: Connection,
    options: Options,
    capture: u64,
    run: i64,
    boot: i64,
    interval: Duration,
    builder: ChunkBuilder,
    /// Rows of the tail that could not be written yet, by tick.
    unsaved: Vec<(u64, Vec<u8>)>,
    /// What the tail holds of a chunk that will get no more ticks.
    cut_off: Option<Chunk>,
    /// The gap between the run before and this one, until its first tick ends it, and the time
    /// between ticks of the run before.
    before_run: Option<(Gap, Duration)>,
    /// Ticks were lost: those that follow say nothing until one says everything.
    awaits_reset: bool,
    /// Records that could not be written yet.
    unsaved_records: Vec<Record>,
    chunk_packer: Packer,
    tail_packer: Packer,
    pyramid: PyramidWriter,
    lives: Lives,
    quotas: evict::Quotas,
    last: Option<(Seq, MonotonicTime, WallTime)>,
    checkpointed: Option<MonotonicTime>,
    synced: Option<MonotonicTime>,
    _lock: OwnerLock,
}

impl Writer {
    /// The number that the next tick must have.
    pub fn next_seq(&self) -> Seq {
        self.last.map_or(Seq(1), |(seq, ..)| Seq(seq.0 + 1))
    }

    /// New limits, and a new rule for when what was written reaches the disk.
    pub fn set_options(&mut self, options: Options) -> Result<(), CaptureError> {
        self.options = options;
        let set = self
            .db
            .pragma_update(None, "synchronous", options.sync.pragma());
        set.map_err(self.sqlite("cannot set when to sync"))
    }

    /// From now on nothing can be written, or again everything.
    #[cfg(test)]
    pub(crate) fn set_read_only(&self, read_only: bool) {
        let set = self.db.pragma_update(None, "query_only", read_only);
        set.expect("a pragma of ours");
    }

    /// How many ticks wait in memory for the file to be writable.
    pub fn backlog(&self) -> usize {
        self.unsaved.len()
    }

    /// Whether no more ticks fit into the open chunk, because none of them could be written.
    pub fn is_overfull(&self) -> bool {
        self.builder.len() >= MOST_TICKS - 1
    }

    /// Gives up on the ticks that could not be written; their loss is written as a gap once that
    /// is possible. Those of the open chunk that were written stay in the tail, and become a
    /// chunk then. The next tick must begin all rows anew.
    pub fn drop_backlog(&mut self) {
        let mut chunk = self.builder.take();
        let saved = chunk.ticks.len().saturating_sub(self.unsaved.len());
        let lost = &chunk.ticks[saved..];
        if let (Some(first), Some(last)) = (lost.first(), lost.last()) {
            self.unsaved_records.push(Record::Gap(Gap {
                kind: GapKind::StorageOutage,
                after: Seq(first.seq.0.saturating_sub(1)),
                from: first.began.wall,
                to: last.began.wall,
                missed: lost.len() as u64,
                detail: "the capture could not be written for longer than memory lasts".to_owned(),
            }));
        }
        chunk.truncate(saved);
        self.cut_off = (saved > 0).then_some(chunk);
        self.builder.clear();
        self.unsaved.clear();
        self.awaits_reset = true;
    }

    /// A tick that says only what changed since one that is lost says nothing.
    fn is_lost(&mut self, tick: &Tick) -> bool {
        self.awaits_reset &= !tick.reset;
        let outage = self
            .unsaved_records
            .iter_mut()
            .rev()
            .find_map(|record| match record {
                Record::Gap(gap) if gap.kind == GapKind::StorageOutage => Some(gap),
                _ => None,
            });
        if let Some(gap) = outage.filter(|_| self.awaits_reset) {
            gap.missed += 1;
            gap.to = tick.times.began.wall;
        }
        self.awaits_reset
    }

    /// The kernel-log line that was stored last in this boot, by the kernel's number.
    pub fn last_kernel_sequence(&self) -> Result<Option<u64>, CaptureError> {
        let newest = "SELECT max(sequence) FROM kernel_log WHERE boot = ?";
        let newest = self
            .db
            .query_row(newest, [self.boot], |row| row.get::<_, Option<i64>>(0));
        let newest = newest.map_err(self.sqlite("its kernel log cannot be read"))?;
        Ok(newest.and_then(|sequence| u64::try_from(sequence).ok()))
    }

    /// Adds a tick and records in one transaction. When that fails, they are kept, and written
    /// with the next call that succeeds.
    pub fn commit(
        &mut self,
        tick: Option<&Tick>,
        records: Vec<Record>,
    ) -> Result<(), CaptureError> {
        self.unsaved_records.extend(records);
        if let Some(tick) = tick {
            self.end_gap_before_run(tick.times.began.wall);
        }
        if let Some(tick) = tick
            && !self.is_lost(tick)
        {
            self.add(tick)?;
        }
        let now = self.last.map(|(_, at, _)| at);
        self.choose_sync(now)
            .map_err(self.sqlite("cannot set when to sync"))?;
        self.bound_backlog();
        self.keep_room().map_err(self.sqlite("cannot make room"))?;
        if let Some(chunk) = self.cut_off.take() {
            let written = self.write_chunk(&chunk);
            self.cut_off = written.is_err().then_some(chunk);
            written?;
        }
        let written = if self.builder.is_full() {
            self.close_chunk()
        } else {
            self.write_tail()
        };
        written?;
        self.unsaved.clear();
        self.unsaved_records.clear();
        Ok(())
    }

    /// A flood of log lines may need more room in one tick than a chunk does in sixty.
    fn keep_room(&mut self) -> rusqlite::Result<()> {
        let ticks: usize = self.unsaved.iter().map(|(_, frame)| frame.len()).sum();
        let needed = ticks + self.unsaved_records.len() * RECORD_BYTES;
        if self.room_bytes()? < (self.reserve_bytes() / 2).max(2 * needed as u64) {
            self.top_up_reserve()?;
        }
        self.make_room(needed)
    }

    /// While nothing can be written, ticks go before log lines.
    fn bound_backlog(&mut self) {
        let excess = self
            .unsaved_records
            .len()
            .saturating_sub(MOST_UNSAVED_RECORDS);
        if excess == 0 {
            return;
        }
        let mut left = excess;
        self.unsaved_records.retain(|record| {
            let drop = left > 0 && matches!(record, Record::KernelLog(_));
            left -= usize::from(drop);
            !drop
        });
        let (text, wall) = (
            excess - left,
            self.last.map_or(WallTime(0), |(_, _, wall)| wall),
        );
        self.unsaved_records.push(Record::Event(Event {
            wall,
            kind: "kernel-log-lost".to_owned(),
            text: format!("{text} lines were given up while the capture could not be written"),
        }));
    }

    /// The first tick is where the gap before this run ends.
    fn end_gap_before_run(&mut self, at: WallTime) {
        let Some((mut gap, interval)) = self.before_run.take() else {
            return;
        };
        gap.to = at;
        if gap.kind != GapKind::Stopped {
            gap.missed = at
                .since(gap.from)
                .map_or(0, |length| start::due(length, interval));
        }
        self.unsaved_records.push(Record::Gap(gap));
    }

    fn add(&mut self, tick: &Tick) -> Result<(), CaptureError> {
        let times = &tick.times;
        let mut raw = Vec::new();
        self.builder.push(tick, &mut raw);
        let mut frame = Vec::new();
        let key = self.key(times.seq.0);
        seal(
            &mut frame,
            FrameKind::Tick,
            key,
            &raw,
            &mut self.tail_packer,
        )
        .map_err(|fault| self.damaged(times.seq.0, fault))?;
        self.unsaved.push((times.seq.0, frame));
        self.last = Some((times.seq, times.planned, times.began.wall));
        Ok(())
    }

    /// `--sync 10s`: one commit in ten seconds waits for the disk, and takes the others along.
    fn choose_sync(&mut self, now: Option<MonotonicTime>) -> rusqlite::Result<()> {
        if self.options.sync != Sync::TenSeconds {
            return Ok(());
        }
        let due = now
            .zip(self.synced)
            .and_then(|(now, synced)| now.since(synced));
        let due = due.is_none_or(|since| since >= CHECKPOINT_EVERY);
        if due {
            self.synced = now;
        }
        let mode = if due { "FULL" } else { "NORMAL" };
        self.db.pragma_update(None, "synchronous", mode)
    }

    fn write_tail(&mut self) -> Result<(), CaptureError> {
        let wrote = (|| {
            let transaction = self.db.unchecked_transaction()?;
            let mut insert = transaction.prepare_cached("REPLACE INTO tail VALUES (?, ?)")?;
            for (seq, frame) in &self.unsaved {
                insert.execute((seq.cast_signed(), frame))?;
            }
            drop(insert);
            self.write_records(&transaction)?;
            transaction.commit()
        })();
        wrote.map_err(self.sqlite("cannot save a tick"))
    }

    /// Replaces the tail by a chunk. If that fails the open chunk goes on growing in memory and
    /// is tried again with the next tick.
    fn close_chunk(&mut self) -> Result<(), CaptureError> {
        let chunk = self.builder.take();
        let written = self.write_chunk(&chunk);
        if written.is_err() {
            self.builder.put_back(chunk);
        }
        written
    }

    fn write_chunk(&mut self, chunk: &Chunk) -> Result<(), CaptureError> {
        let key = self.key(chunk.ticks[0].seq.0);
        let frames = encode::encode(chunk, key, &mut self.chunk_packer);
        let frames = frames.map_err(|fault| self.damaged(key.seq, fault))?;
        let cramped = self.make_room(frames.len());
        cramped.map_err(self.sqlite("cannot make room"))?;
        let mut pyramid = self.pyramid.clone();
        if let Err(source) = self.write_chunk_rows(chunk, &frames, &mut pyramid) {
            // What the transaction would have stored is not stored: neither are these.
            let lives = Lives::resume(&self.db, self.capture, self.boot, self.lives.tick_rate());
            self.lives = lives.map_err(self.sqlite("cannot read its processes"))?;
            return Err(self.sqlite("cannot save a chunk")(source));
        }
        self.pyramid = pyramid;
        let evicted = self.evict().and_then(|()| self.top_up_reserve());
        evicted.map_err(self.sqlite("cannot make room"))
    }

    /// When the disk has no room for the next chunk, the oldest ones make it.
    fn make_room(&mut self, chunk_bytes: usize) -> rusqlite::Result<()> {
        for _ in 0..MOST_EVICTED_AT_ONCE {
            if !self.is_cramped(chunk_bytes)? {
                break;
            }
            self.top_up_reserve()?;
            if !self.is_cramped(chunk_bytes)? || !self.evict_oldest()? {
                break;
            }
        }
        Ok(())
    }

    fn write_chunk_rows(
        &mut self,
        chunk: &Chunk,
        frames: &[u8],
        pyramid: &mut PyramidWriter,
    ) -> rusqlite::Result<()> {
        let transaction = self.db.unchecked_transaction()?;
        let (first, last) = (chunk.ticks[0], chunk.ticks[chunk.ticks.len() - 1]);
        let row = vec![
            integer(self.run),
            integer(chunk.ticks.len()),
            integer(first.began.wall.0),
            integer(last.began.wall.0),
            integer(first.began.boot.0),
            integer(last.began.boot.0),
        ];
        let id = first.seq.0.cast_signed();
        tables::named("chunk").replace(&transaction, self.capture, id, row)?;
        // The tail first: its pages are used again for the chunk.
        transaction
            .prepare_cached("DELETE FROM tail")?
            .execute([])?;
        transaction
            .prepare_cached("REPLACE INTO chunk_body VALUES (?, ?)")?
            .execute((id, frames))?;
        pyramid.add(&transaction, (self.run, self.interval), chunk)?;
        self.lives.update(&transaction, chunk)?;
        self.write_records(&transaction)?;
        transaction.commit()
    }

    fn write_records(&self, db: &Connection) -> rusqlite::Result<()> {
        let seq = self.last.map_or(0, |(seq, ..)| seq.0);
        self.unsaved_records.iter().try_for_each(|record| {
            let (table, values) = self.row(record, seq);
            tables::named(table)
                .insert(db, self.capture, None, values)
                .map(drop)
        })
    }

    fn row(&self, record: &Record, seq: u64) -> (&'static str, Vec<Value>) {
        match record {
            Record::KernelLog(line) => {
                let values = vec![
                    integer(self.boot),
                    integer(line.sequence),
                    integer(line.at.0),
                    integer(line.wall.0),
                    integer(line.severity),
                    integer(line.facility),
                    text(&line.text),
                ];
                ("kernel_log", values)
            }
            Record::Event(event) => {
                let values = vec![
                    integer(seq),
                    integer(event.wall.0),
                    text(event.kind.as_bytes()),
                    text(event.text.as_bytes()),
                ];
                ("event", values)
            }
            Record::Gap(gap) => ("gap", gap_row(gap)),
            Record::Source(source) => {
                let texts =
                    [&source.name, &source.state, &source.detail].map(|part| text(part.as_bytes()));
                let values = [integer(self.run), integer(seq)].into_iter().chain(texts);
                ("source", values.collect())
            }
            Record::Clock(anchor) => {
                let values = vec![
                    integer(self.run),
                    integer(anchor.seq.0),
                    integer(anchor.boot.0),
                    integer(anchor.monotonic.0),
                    integer(anchor.wall.0),
                ];
                ("clock", values)
            }
        }
    }

    /// Moves what is in the log into the file, at most every 10 seconds; while somebody else has
    /// the file open, only once much is waiting: a plain copy then sees one state of it.
    pub fn maintain(&mut self, read_by_others: impl FnOnce() -> bool) -> Result<(), CaptureError> {
        let Some((_, now, _)) = self.last else {
            return Ok(());
        };
        let since = self.checkpointed.and_then(|done| now.since(done));
        if since.is_some_and(|since| since < CHECKPOINT_EVERY) {
            return Ok(());
        }
        let waiting =
            reserve::log_bytes(&self.db).map_err(self.sqlite("cannot tell the size of its log"))?;
        if waiting < LOG_LIMIT && read_by_others() {
            return Ok(());
        }
        self.checkpointed = Some(now);
        let moved = reserve::checkpoint(&self.db);
        moved.map_err(self.sqlite("cannot move the log into the file"))
    }

    /// The size of what is kept: pages in use.
    pub fn data_bytes(&self) -> Result<u64, CaptureError> {
        used_bytes(&self.db).map_err(self.sqlite("cannot tell its size"))
    }

    /// Ends the run: the open chunk is closed, and one file is left, in a form that can be
    /// opened where nothing may be written.
    pub fn finish(mut self, why: &str) -> Result<(), CaptureError> {
        if let Some(chunk) = self.cut_off.take() {
            self.write_chunk(&chunk)?;
        }
        if !self.builder.is_empty() {
            self.close_chunk()?;
        }
        if let Some((gap, _)) = self.before_run.take() {
            self.unsaved_records.push(Record::Gap(gap));
        }
        let (last, to) = self.last.map_or((0, 0), |(seq, _, wall)| (seq.0, wall.0));
        let ended = (|| {
            let transaction = self.db.unchecked_transaction()?;
            self.write_records(&transaction)?;
            self.pyramid.finish(&transaction, self.run)?;
            start::end_run(&transaction, self.capture, self.run, (last, to, why))?;
            transaction.commit()
        })();
        ended.map_err(self.sqlite("cannot end the run"))?;
        self.give_back_reserve()
            .map_err(self.sqlite("cannot give back what was reserved"))?;
        self.leave_log_mode()
            .map_err(self.sqlite("cannot close the file"))?;
        let path = self.path.clone();
        self.db.close().map_err(|(_, source)| CaptureError::Sqlite {
            path,
            doing: "cannot close the file",
            source,
        })
    }

    /// Leaves one file that can be opened where nothing may be written. That takes a moment in
    /// which nobody reads it; with a reader that stays, the file is whole all the same, and the
    /// emptied log goes with the reader.
    fn leave_log_mode(&self) -> rusqlite::Result<()> {
        self.db.busy_timeout(PATIENCE_WITH_READERS)?;
        let left = self.db.pragma_update(None, "journal_mode", "DELETE");
        match left {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseLocked) => Ok(()),
            left => left,
        }
    }

    fn key(&self, seq: u64) -> FrameKey {
        FrameKey {
            capture: self.capture,
            seq,
        }
    }

    fn damaged(&self, seq: u64, fault: super::error::FrameFault) -> CaptureError {
        CaptureError::Damaged {
            path: self.path.clone(),
            seq,
            fault,
        }
    }

    fn sqlite(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> CaptureError + use<> {
        let path = self.path.clone();
        move |source| CaptureError::Sqlite {
            path,
            doing,
            source,
        }
    }
}

fn gap_row(gap: &Gap) -> Vec<Value> {
    vec![
        text(gap.kind.name().as_bytes()),
        integer(gap.after.0),
        integer(gap.from.0),
        integer(gap.to.0),
        integer(gap.missed),
        text(gap.detail.as_bytes()),
    ]
}
