//! Writes a capture: the one connection that may.
//!
//! In: ticks and the rows of plain tables, from one thread. Each [`Writer::commit`] is one
//! transaction: the tick as a row of the tail and everything else that came with it. Every 60
//! ticks the tail becomes a chunk, with its part of the pyramid and of the `process` table,
//! and what is over the size limit is evicted, in that same transaction.
//!
//! It has no clock and no threads: time is what the ticks say.

mod close;
mod dumps;
mod evict;
mod finish;
mod place;
mod reserve;
mod rows;
mod start;

pub(super) use dumps::brought_row;
pub(super) use evict::{Brought, used_bytes};
pub use place::Carried;
pub(super) use rows::{chunk_row, gap_row};
pub(super) use start::{NUMBER, NUMBER_ROW, capture_number, create, create_private};
pub use start::{RunFacts, Start};

use super::chunk::builder::ChunkBuilder;
use super::error::CaptureError;
use super::frame::{self, FrameKey, FrameKind, Packer, seal_linked};
use super::lives::Lives;
use super::lock::OwnerLock;
use super::pyramid::PyramidWriter;
use crate::facts::{Anchor, EndsSum, Event, Exited, Gap, GapKind, KernelLogLine, Source};
use crate::thread_dump::{PackedText, ThreadDump};
use crate::tick::Tick;
use crate::time::{MonotonicTime, Seq, WallTime};
use rows::NewRow;
use rusqlite::Connection;
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
    /// A process of whose end the kernel told.
    Exited(Exited),
    /// Processes that ended, too many to keep one by one.
    EndsSum(EndsSum),
    /// A thread dump, or an attempt at one.
    ThreadDump(Box<ThreadDump>),
    /// Missing ticks.
    Gap(Gap),
    /// A source whose state changed, and the tick since which it holds.
    Source(Source),
    /// The clocks side by side.
    Clock(Anchor),
    /// What the row of the run says from now on.
    Settings {
        /// When what was written reaches the disk.
        sync: Sync,
        /// The most that was stored of command lines in this run: `full`, `redact` or `none`.
        args: String,
    },
}

impl Record {
    /// With the number of the tick before moved on, or of the tick with which it comes.
    fn renumbered(mut self, (before, with): (i64, i64)) -> Self {
        match &mut self {
            Self::Gap(gap) => gap.after = Seq(gap.after.0.saturating_add_signed(before)),
            Self::Clock(anchor) => anchor.seq = Seq(anchor.seq.0.saturating_add_signed(with)),
            Self::KernelLog(_)
            | Self::Event(_)
            | Self::Exited(_)
            | Self::EndsSum(_)
            | Self::ThreadDump(_)
            | Self::Source(_)
            | Self::Settings { .. } => {}
        }
        self
    }

    /// About what it takes in the file.
    fn bytes(&self) -> usize {
        let texts = match self {
            Self::ThreadDump(dump) => [&dump.text, &dump.before, &dump.after],
            _ => [&None; 3],
        };
        let texts = texts.into_iter().flatten();
        RECORD_BYTES + texts.map(PackedText::packed_bytes).sum::<usize>()
    }
}

/// The time between checkpoints, and between syncs with `--sync 10s`.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// About what a record takes.
const RECORD_BYTES: usize = 200;
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
    /// The open chunk begins with ticks of another file: no row of the tail can follow on them.
    must_close: bool,
    /// What the newest row of the tail is called by the next.
    last_name: u16,
    /// The gap between the run before and this one, until its first tick ends it, and the time
    /// between ticks of the run before.
    before_run: Option<(Gap, Duration)>,
    /// Records that could not be written yet.
    unsaved_records: Vec<Record>,
    /// The last row that a commit of records alone adds, until it is known to have worked.
    in_doubt: Option<NewRow>,
    /// Why no room could be made for what comes next, if so.
    no_room: Option<CaptureError>,
    /// Writes for which no room could be made; from 0 again once that was damage.
    without_room: u32,
    chunk_packer: Packer,
    tail_packer: Packer,
    pyramid: PyramidWriter,
    lives: Lives,
    quotas: evict::Quotas,
    last: Option<(Seq, MonotonicTime, WallTime)>,
    /// What the path stood for when the file was opened.
    place: place::Place,
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
        set.map_err(CaptureError::sqlite(&self.path, "cannot set when to sync"))
    }

    /// From now on nothing can be written, or again everything.
    #[cfg(test)]
    pub(crate) fn set_read_only(&self, read_only: bool) {
        let set = self.db.pragma_update(None, "query_only", read_only);
        set.expect("a pragma of ours");
    }

    /// From now on each commit fails at its very end.
    #[cfg(test)]
    pub(crate) fn refuse_commits(&mut self) {
        let set = self.db.commit_hook(Some(|| true));
        set.expect("a hook of ours");
    }

    /// Writes these, and goes on as if that had not worked.
    #[cfg(test)]
    pub(crate) fn pretend_that_a_commit_failed(
        &mut self,
        tick: Option<&Tick>,
        records: Vec<Record>,
    ) {
        self.unsaved_records.extend(records);
        if let Some(tick) = tick {
            self.add(tick).expect("a tick of ours");
        }
        let (unsaved, records) = (self.unsaved.clone(), self.unsaved_records.clone());
        let is_full = self.builder.is_full();
        let mut chunk = None;
        if is_full {
            chunk = Some(self.builder.take());
            self.write_chunk(chunk.as_ref().expect("it is full"))
                .expect("it can be written");
        } else {
            self.write_tail().expect("it can be written");
        }
        (self.unsaved, self.unsaved_records) = (unsaved, records);
        if let Some(chunk) = chunk {
            self.builder.put_back(chunk);
        }
    }

    /// The kernel-log line that was stored last in this boot, by the kernel's number.
    pub fn last_kernel_sequence(&self) -> Result<Option<u64>, CaptureError> {
        let newest = "SELECT max(sequence) FROM kernel_log WHERE boot = ?";
        let newest = self
            .db
            .query_row(newest, [self.boot], |row| row.get::<_, Option<i64>>(0));
        let newest = newest.map_err(CaptureError::sqlite(
            &self.path,
            "its kernel log cannot be read",
        ))?;
        Ok(newest.and_then(|sequence| u64::try_from(sequence).ok()))
    }

    /// Adds a tick and records in one transaction. When that fails, they are kept, and written
    /// with the next call that succeeds.
    pub fn commit(
        &mut self,
        tick: Option<&Tick>,
        records: Vec<Record>,
    ) -> Result<(), CaptureError> {
        let before = self.builder.shift();
        if let Some(tick) = tick {
            self.end_gap_before_run(tick.times.began.wall);
            // Ticks may have been given up on the way, or begun in another file.
            self.builder.number_from(tick.times.seq, self.next_seq());
        }
        let shifts = (before, self.builder.shift());
        let records = records.into_iter().map(|record| self.lives.heard(record));
        self.unsaved_records
            .extend(records.map(|record| record.renumbered(shifts)));
        if let Some(tick) = tick {
            self.add(tick)?;
        }
        let now = self.last.map(|(_, at, _)| at);
        self.choose_sync(now)
            .map_err(CaptureError::sqlite(&self.path, "cannot set when to sync"))?;
        let room = self.keep_room();
        self.note_room(room);
        let mut written = self.write();
        if written.as_ref().is_err_and(CaptureError::is_full) {
            let relieved = self.relieve();
            self.note_room(relieved);
            written = self.write();
        }
        let no_room = self.no_room.take();
        self.judge_room(written.and(no_room.map_or(Ok(()), Err)))
    }

    /// That no room could be made is no reason not to write: there may be enough. It is said in
    /// the end.
    fn note_room(&mut self, made: rusqlite::Result<()>) {
        if let Err(source) = made {
            self.no_room = Some(CaptureError::sqlite(&self.path, "cannot make room")(source));
        }
    }

    /// Writes everything that waits.
    fn write(&mut self) -> Result<(), CaptureError> {
        if self.builder.is_full() || self.must_close {
            self.close_chunk()?;
            self.must_close = false;
        } else {
            self.write_tail()?;
        }
        self.unsaved.clear();
        self.unsaved_records.clear();
        self.in_doubt = None;
        Ok(())
    }

    /// The disk or the log is full: what waits in the log goes into the file, so that the log can
    /// be written from its beginning again, and the file grows if by now it can.
    fn relieve(&mut self) -> rusqlite::Result<()> {
        reserve::checkpoint(&self.db)?;
        self.top_up_reserve(self.reserve_bytes())
    }

    /// A flood of log lines may need more room in one tick than a chunk does in sixty.
    fn keep_room(&mut self) -> rusqlite::Result<()> {
        let ticks: usize = self.unsaved.iter().map(|(_, frame)| frame.len()).sum();
        let records: usize = self.unsaved_records.iter().map(Record::bytes).sum();
        let needed = ticks + records;
        self.top_up_reserve(2 * needed as u64)?;
        self.make_room(needed)
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
        let seq = self.next_seq();
        let link = if self.builder.is_empty() {
            0
        } else {
            self.last_name
        };
        let mut raw = Vec::new();
        self.builder.push(tick, &mut raw);
        let mut frame = Vec::new();
        let key = FrameKey::new(self.capture, seq.0);
        seal_linked(
            &mut frame,
            (FrameKind::Tick, link),
            key,
            &raw,
            &mut self.tail_packer,
        )
        .map_err(|fault| CaptureError::damaged(&self.path, seq.0, fault))?;
        self.last_name = frame::name(&frame);
        self.unsaved.push((seq.0, frame));
        self.last = Some((seq, times.planned, times.began.wall));
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

    /// The size of what is kept: pages in use.
    pub fn data_bytes(&self) -> Result<u64, CaptureError> {
        used_bytes(&self.db).map_err(CaptureError::sqlite(&self.path, "cannot tell its size"))
    }
}
