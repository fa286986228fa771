//! Where a tick is stored, unpacked as far as it is needed, and kept for the next look.

use super::moment::Moment;
use super::{Capture, Part, Place};
use crate::capture::chunk::Chunk;
use crate::capture::chunk::builder::ChunkBuilder;
use crate::capture::chunk::chain::Chain;
use crate::capture::chunk::decode::Window;
use crate::capture::chunk::packed::Packed;
use crate::capture::chunk::replay::{self, TailRows};
use crate::capture::error::{CaptureError, FrameFault, is_torn};
use crate::capture::frame::{FrameKey, FrameKind, Unpacker};
use crate::capture::tables::{self, CheckedRow};
use crate::tick::TickTimes;
use crate::time::{Seq, WallTime};
use rusqlite::OptionalExtension as _;
use std::rc::Rc;

/// How many unpacked chunks are kept: stepping back and forth stays within two.
const CACHED_CHUNKS: usize = 4;
/// How many chunks are kept packed: a tick and the one before it lie in at most two.
const CACHED_PACKED: usize = 2;

/// No more than this is kept of chunks besides the last one, unpacked or packed.
const CACHED_BYTES: usize = 64 << 20;

/// What was read of chunks and of the tail.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// The newest last, with the part that was unpacked.
    chunks: Vec<(u64, Part, Rc<Chunk>)>,
    /// The newest last.
    packed: Vec<(u64, Rc<Packed>)>,
    /// The chunk that was looked into once.
    pub(super) moment: Option<Moment>,
    pub(super) tail: Tail,
    unpacker: Unpacker,
}

/// The open chunk, unpacked when it is first needed.
#[derive(Debug, Default)]
pub(super) enum Tail {
    /// There is none.
    #[default]
    None,
    /// From and to which tick its rows say they are.
    Rows(Seq, Seq),
    /// Its rows up to the first damaged one, and what they make, once that is asked for.
    Unpacked(Rc<TailRows>, Option<Rc<Chunk>>),
}

/// A chunk, or the tail, that has, or would have, some tick.
#[derive(Debug)]
pub(super) enum Stored {
    /// The chunk that begins at that tick.
    Chunk(u64, Rc<Packed>),
    Tail(Rc<TailRows>),
}

impl Stored {
    pub(super) fn ticks(&self) -> &[TickTimes] {
        match self {
            Self::Chunk(_, packed) => packed.ticks(),
            Self::Tail(rows) => rows.ticks(),
        }
    }

    /// Which of its ticks has that number.
    pub(super) fn tick(&self, seq: Seq) -> Option<usize> {
        let tick = self.ticks().binary_search_by_key(&seq, |times| times.seq);
        tick.ok()
    }
}

impl Cache {
    pub(super) fn unpacker(&mut self) -> &mut Unpacker {
        &mut self.unpacker
    }

    /// Forgets the chunks.
    pub(super) fn clear(&mut self) {
        self.chunks.clear();
        self.packed.clear();
        self.moment = None;
    }

    pub(super) fn has(&self, first: u64, part: Part) -> bool {
        let mut chunks = self.chunks.iter();
        chunks.any(|(id, has, _)| *id == first && has.has(part))
    }

    fn keep(&mut self, chunk: (u64, Part, Rc<Chunk>)) {
        let bytes = |chunks: &[(u64, Part, Rc<Chunk>)]| -> usize {
            chunks.iter().map(|(_, _, chunk)| chunk.bytes()).sum()
        };
        while self.chunks.len() >= CACHED_CHUNKS || bytes(&self.chunks) > CACHED_BYTES {
            self.chunks.remove(0);
        }
        self.chunks.push(chunk);
    }

    fn keep_packed(&mut self, packed: (u64, Rc<Packed>)) {
        let bytes = |kept: &[(u64, Rc<Packed>)]| -> usize {
            kept.iter().map(|(_, packed)| packed.bytes()).sum()
        };
        while self.packed.len() >= CACHED_PACKED || bytes(&self.packed) > CACHED_BYTES {
            self.packed.remove(0);
        }
        self.packed.push(packed);
    }
}

impl Capture {
    pub(super) fn place(&mut self, seq: Seq, part: Part) -> Result<Option<Place>, CaptureError> {
        let Some(chunk) = self.chunk_of(seq, part)? else {
            return Ok(None);
        };
        let tick = chunk.ticks().binary_search_by_key(&seq, |times| times.seq);
        Ok(tick.ok().map(|tick| Place { chunk, tick }))
    }

    /// What has, or would have, the tick `seq`, with the times of its ticks.
    pub(super) fn stored_of(&mut self, seq: Seq) -> Result<Option<Stored>, CaptureError> {
        if self.is_in_tail(seq) {
            return Ok(self.tail_rows()?.map(Stored::Tail));
        }
        let Some(first) = self.chunk_at(seq)? else {
            return Ok(None);
        };
        let packed = self.packed(first)?;
        Ok(packed.map(|packed| Stored::Chunk(first, packed)))
    }

    /// The chunk that has, or would have, the tick `seq`.
    pub(super) fn chunk_of(
        &mut self,
        seq: Seq,
        part: Part,
    ) -> Result<Option<Rc<Chunk>>, CaptureError> {
        if self.is_in_tail(seq) {
            return self.tail();
        }
        let first = self.chunk_at(seq)?;
        first.map_or(Ok(None), |first| self.chunk(first, part))
    }

    pub(super) fn is_in_tail(&self, seq: Seq) -> bool {
        self.tail_ends().is_some_and(|(first, _)| first <= seq)
    }

    /// The first tick of the last chunk that begins at or before `seq`.
    pub(super) fn chunk_at(&self, seq: Seq) -> Result<Option<u64>, CaptureError> {
        let find = "SELECT id FROM chunk_body WHERE id BETWEEN 1 AND ? ORDER BY id DESC LIMIT 1";
        let find = || -> rusqlite::Result<Option<i64>> {
            let mut find = self.opened.db().prepare_cached(find)?;
            find.query_row([seq.0.cast_signed()], |row| row.get(0))
                .optional()
        };
        let found = find().map_err(self.sqlite("its chunks cannot be listed"))?;
        Ok(found.map(i64::cast_unsigned))
    }

    /// The chunk that begins at `first`; `None` when it is damaged.
    pub(super) fn chunk(
        &mut self,
        first: u64,
        part: Part,
    ) -> Result<Option<Rc<Chunk>>, CaptureError> {
        let chunks = &mut self.cache.chunks;
        let fits = |has: Part| has.has(part);
        let known = chunks
            .iter()
            .position(|(id, has, _)| *id == first && fits(*has));
        if let Some(known) = known {
            let entry = chunks.remove(known);
            let chunk = Rc::clone(&entry.2);
            chunks.push(entry);
            return Ok(Some(chunk));
        }
        let Some(packed) = self.packed(first)? else {
            return Ok(None);
        };
        let mut unpacked = packed.chunk((part, Window::ALL), self.cache.unpacker());
        if let Err(fault) = &unpacked {
            self.note_damage("chunk_body", first.cast_signed(), fault.clone());
            if part.has_rest() {
                // Should only the rest be damaged, the chunk says that it lacks it.
                unpacked = packed.chunk((part.without_rest(), Window::ALL), self.cache.unpacker());
            }
        }
        Ok(unpacked.ok().map(|chunk| {
            let chunk = Rc::new(chunk);
            self.cache.keep((first, part, Rc::clone(&chunk)));
            chunk
        }))
    }

    /// The chunk that begins at `first`, of which only the index is unpacked; `None` when that
    /// is damaged.
    pub(super) fn packed(&mut self, first: u64) -> Result<Option<Rc<Packed>>, CaptureError> {
        let known = self.cache.packed.iter().find(|(id, _)| *id == first);
        if let Some((_, packed)) = known {
            return Ok(Some(Rc::clone(packed)));
        }
        self.go_on()?;
        let key = self.key(first);
        let unpacker = &mut self.cache.unpacker;
        let read = "SELECT frames FROM chunk_body WHERE id = ?";
        let mut read = || -> rusqlite::Result<Option<Result<Packed, FrameFault>>> {
            let mut read = self.opened.db().prepare_cached(read)?;
            read.query_row([first.cast_signed()], |row| {
                // In SQLite's own memory: a chunk is large.
                let frames = row.get_ref(0)?.as_blob()?;
                Ok(Packed::open(frames, key, unpacker))
            })
            .optional()
        };
        let found = match read() {
            Err(error) if is_torn(&error) => Some(Err(FrameFault::Torn)),
            found => found.map_err(self.sqlite("a chunk cannot be read"))?,
        };
        let found = match found.unwrap_or(Err(FrameFault::Absent)) {
            Ok(packed) if !self.is_listed(first, packed.ticks())? => Err(FrameFault::Misplaced),
            found => found,
        };
        match found {
            Ok(packed) => {
                let packed = Rc::new(packed);
                self.cache.keep_packed((first, Rc::clone(&packed)));
                Ok(Some(packed))
            }
            Err(fault) => {
                self.note_damage("chunk_body", first.cast_signed(), fault);
                Ok(None)
            }
        }
    }

    /// Whether the list of chunks, as far as it is sound, tells of this chunk. Another state of it
    /// has the same key: one that a power cut took back, or that a copy went on with.
    fn is_listed(&self, first: u64, ticks: &[TickTimes]) -> Result<bool, CaptureError> {
        let (db, capture) = (self.opened.db(), self.opened.capture);
        let one = ("WHERE id = ?", &[first.cast_signed()][..]);
        let listed = tables::named("chunk").sound_rows(db, capture, one, |row| lists(row, ticks));
        match listed {
            Err(error) if is_torn(&error) => Ok(true),
            listed => {
                let listed = listed.map_err(self.sqlite("its chunks cannot be listed"))?;
                Ok(listed.first() != Some(&false))
            }
        }
    }

    pub(super) fn key(&self, seq: u64) -> FrameKey {
        FrameKey::new(self.opened.capture, seq)
    }

    /// The first and the last tick of the tail.
    pub(super) fn tail_ends(&self) -> Option<(Seq, Seq)> {
        match &self.cache.tail {
            Tail::None => None,
            Tail::Rows(first, last) => Some((*first, *last)),
            Tail::Unpacked(rows, _) => Some((rows.ticks().first()?.seq, rows.ticks().last()?.seq)),
        }
    }

    /// When a tick of the tail was taken, by its own row: the rows before it stay packed. `None`
    /// when its row, or all of the tail, is damaged.
    pub(super) fn wall_in_tail(&mut self, seq: Seq) -> Result<Option<WallTime>, CaptureError> {
        if let Tail::Rows(..) = self.cache.tail {
            let key = self.key(seq.0);
            let unpacker = &mut self.cache.unpacker;
            let mut read = || -> rusqlite::Result<Option<Result<TickTimes, FrameFault>>> {
                let read = "SELECT frame FROM tail WHERE id = ?";
                let mut read = self.opened.db().prepare_cached(read)?;
                read.query_row([seq.0.cast_signed()], |row| {
                    let (mut frame, mut raw) = (row.get_ref(0)?.as_blob()?, Vec::new());
                    let opened = unpacker.open(&mut frame, FrameKind::Tick, key, &mut raw);
                    Ok(opened.and_then(|()| replay::times(&raw)))
                })
                .optional()
            };
            let found = read().map_err(self.sqlite("its tail cannot be read"))?;
            if let Some(Ok(times)) = found {
                return Ok(Some(times.began.wall));
            }
        }
        // What is wrong with it shows when it is read from its beginning.
        let rows = self.tail_rows()?;
        let ticks = rows.as_ref().map_or(&[][..], |rows| rows.ticks());
        let found = ticks.iter().find(|times| times.seq == seq);
        Ok(found.map(|times| times.began.wall))
    }

    /// The rows of the tail.
    fn tail_rows(&mut self) -> Result<Option<Rc<TailRows>>, CaptureError> {
        if let Tail::Rows(..) = self.cache.tail {
            let rows = self.read_tail()?;
            self.cache.tail = if rows.ticks().is_empty() {
                Tail::None
            } else {
                Tail::Unpacked(Rc::new(rows), None)
            };
        }
        Ok(match &self.cache.tail {
            Tail::Unpacked(rows, _) => Some(Rc::clone(rows)),
            _ => None,
        })
    }

    /// The rows of the tail up to the first damaged one, on which the rest builds.
    fn read_tail(&mut self) -> Result<TailRows, CaptureError> {
        let capture = self.opened.capture;
        let unpacker = &mut self.cache.unpacker;
        let (mut tail, mut raw) = (TailRows::default(), Vec::new());
        let mut chain = Chain::default();
        let mut read = || -> rusqlite::Result<Option<(i64, FrameFault)>> {
            let read = "SELECT id, frame FROM tail ORDER BY id";
            let mut read = self.opened.db().prepare_cached(read)?;
            let mut rows = read.query([])?;
            while let Some(row) = rows.next()? {
                let seq: i64 = row.get(0)?;
                let key = FrameKey::new(capture, seq.cast_unsigned());
                let frame = row.get_ref(1)?.as_blob()?;
                let opened = unpacker.open(&mut &*frame, FrameKind::Tick, key, &mut raw);
                let follows = opened.and_then(|()| chain.follow(key.seq, frame, &raw));
                if let Err(fault) = follows.and_then(|()| tail.push(&raw)) {
                    let in_doubt = chain.is_in_doubt(&fault);
                    if in_doubt {
                        tail = TailRows::default();
                    }
                    return Ok(Some((seq - i64::from(in_doubt), fault)));
                }
            }
            Ok(None)
        };
        let damaged = read().map_err(self.sqlite("its tail cannot be read"))?;
        if let Some((seq, fault)) = damaged {
            self.note_damage("tail", seq, fault);
        }
        Ok(tail)
    }

    /// The tail as the open chunk it is.
    pub(super) fn tail(&mut self) -> Result<Option<Rc<Chunk>>, CaptureError> {
        let Some(rows) = self.tail_rows()? else {
            return Ok(None);
        };
        if let Tail::Unpacked(_, Some(chunk)) = &self.cache.tail {
            return Ok(Some(Rc::clone(chunk)));
        }
        let mut builder = ChunkBuilder::default();
        for (row, times) in rows.rows().zip(rows.ticks()) {
            if let Err(fault) = builder.push_tail(row) {
                self.note_damage("tail", times.seq.0.cast_signed(), fault);
                break;
            }
        }
        let chunk = (!builder.is_empty()).then(|| Rc::new(builder.take()));
        self.cache.tail = Tail::Unpacked(rows, chunk.clone());
        Ok(chunk)
    }
}

/// Whether a row of the list of chunks is that of a chunk with these ticks.
fn lists(row: &CheckedRow, ticks: &[TickTimes]) -> bool {
    let ends = ticks.first().zip(ticks.last());
    let at = |place| row.integer(place);
    let wall = |place| at(place).map(WallTime::from_file);
    ends.is_some_and(|(first, last)| {
        row.unsigned(1) == Some(ticks.len() as u64)
            && wall(2) == Some(first.began.wall)
            && wall(3) == Some(last.began.wall)
            && at(4) == Some(first.began.boot.0)
            && at(5) == Some(last.began.boot.0)
    })
}
