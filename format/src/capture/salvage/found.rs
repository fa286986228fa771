//! What a walk over all pages of a file finds: rows and frames whose checks are right.
//!
//! Pages are gone over in order, whatever leads to them, so that a lost page costs what is on it.
//! Free pages are left out where the list of them can be read: what lies there was deleted. Of
//! chunks and ticks only the places are kept.

use super::pages::{PAGE, Pages, is_map};
use super::records::{PageKind, Place, Record, kind, record};
use crate::capture::chunk::builder::ChunkBuilder;
use crate::capture::chunk::chain::Chain;
use crate::capture::chunk::decode::{Part, decode};
use crate::capture::chunk::{Chunk, packed};
use crate::capture::frame::{FrameKey, FrameKind, Unpacker, verify};
use crate::capture::lock::with_suffix;
use crate::capture::remake::{PlainRows, column};
use crate::capture::tables;
use crate::time::WallTime;
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The tables whose rows are taken; the others are made anew.
const TAKEN: [&str; 9] = [
    "host",
    "run",
    "gap",
    "clock",
    "source",
    "mount",
    "event",
    "kernel_log",
    "note",
];
/// The tables that are made anew.
const DERIVED: [&str; 6] = [
    "command",
    "process",
    "process_sum",
    "minute",
    "pyramid",
    "quota",
];

/// So many rows that may be the one of `capture` are tried, each with a walk over the file.
const MOST_NUMBERS: usize = 4;

/// What the table of chunks says of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub(super) run: i64,
    pub(super) ticks: u64,
    pub(super) from: WallTime,
    pub(super) to: WallTime,
}

/// Where ticks can be had from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A chunk that begins with that tick.
    Chunk(u64),
    /// Rows of the tail, from and to these ticks.
    Tail(u64, u64),
}

/// A chunk, and its frames where it was stored as one.
pub(super) type Unpacked = (Chunk, Option<Vec<u8>>);

/// What is sound in a file.
#[derive(Debug)]
pub(super) struct Found {
    pages: Pages,
    /// The number that seeds every check.
    pub(super) number: u64,
    pub(super) rows: PlainRows,
    pub(super) listed: BTreeMap<u64, Listed>,
    chunks: BTreeMap<u64, Place>,
    tail: BTreeMap<u64, Place>,
    /// By page: what is on it is known, or that there is nothing.
    known: Vec<bool>,
    /// Places of rows that no check fits.
    unsound: Vec<Place>,
    missing: u32,
    budget: u64,
}

impl Found {
    /// Goes over a file twice; `None` when the number of the capture is nowhere in it.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let log = with_suffix(path, "-wal");
        let mut pages = Pages::open(path, log.exists().then_some(log.as_path()))?;
        let count = pages.count() as usize;
        let missing = pages.missing()?;
        let mut found = Self {
            pages,
            number: 0,
            rows: PlainRows::default(),
            listed: BTreeMap::new(),
            chunks: BTreeMap::new(),
            tail: BTreeMap::new(),
            known: vec![false; count + 1],
            unsound: Vec::new(),
            missing,
            budget: 0,
        };
        let (mut numbers, mut doubtful) = (Vec::new(), Vec::new());
        found.each_record(&[], |_, record, _| {
            match capture_number(record) {
                Some((number, true)) if numbers.len() < MOST_NUMBERS => numbers.push(number),
                Some((number, false)) if doubtful.len() < MOST_NUMBERS => doubtful.push(number),
                _ => {}
            }
            false
        })?;
        let free = found.pages.free()?.unwrap_or_default();
        numbers.append(&mut doubtful);
        numbers.dedup();
        for number in numbers {
            found.take_all(number, &free)?;
            if !found.is_empty() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Takes everything whose check is right for this number.
    fn take_all(&mut self, number: u64, free: &[u32]) -> io::Result<()> {
        self.number = number;
        self.known.fill(false);
        for &page in free {
            if let Some(known) = self.known.get_mut(page as usize) {
                *known = true;
            }
        }
        self.each_record(free, Self::take)
    }

    fn is_empty(&self) -> bool {
        self.rows.len() == 0 && self.chunks.is_empty() && self.tail.is_empty()
    }

    /// Shows every record of every page to `each`, which says whether it knows it.
    fn each_record(
        &mut self,
        free: &[u32],
        mut each: impl FnMut(&mut Self, &Record, Place) -> bool,
    ) -> io::Result<()> {
        let mut free = free.to_owned();
        free.sort_unstable();
        // In a sound file each page is read once for the row that goes on there.
        self.budget = 4 * u64::from(self.pages.count()) + 10_000;
        self.unsound.clear();
        let mut page = [0; PAGE];
        for number in 1..=self.pages.count() {
            if free.binary_search(&number).is_ok() || !self.pages.read(number, &mut page)? {
                continue;
            }
            let rows = match kind(&page) {
                PageKind::Leaf(rows) => rows,
                other => {
                    let known = other == PageKind::Interior || is_map(number) || number == 1;
                    self.known[number as usize] |= known;
                    continue;
                }
            };
            let mut unsound = Vec::new();
            for place in (0..rows).map(|row| (number, row)) {
                let record = record(&mut self.pages, &page, place.1, &mut self.budget)?;
                match record {
                    Some(record) if each(self, &record, place) => {
                        for page in record.beyond {
                            self.known[page as usize] = true;
                        }
                    }
                    _ => unsound.push(place),
                }
            }
            // A page on which no row is sound may as well be the inside of a long row.
            self.known[number as usize] |= unsound.len() < rows || rows == 0;
            if unsound.len() < rows {
                self.unsound.append(&mut unsound);
            }
        }
        Ok(())
    }

    /// Takes a row if it is one of ours.
    fn take(&mut self, record: &Record, place: Place) -> bool {
        let id = record.id;
        let [Value::Null, values @ ..] = record.values.as_slice() else {
            return false;
        };
        if let [Value::Blob(frames)] = values {
            return self.take_frames(id, frames, place);
        }
        let [values @ .., Value::Integer(check)] = values else {
            return false;
        };
        let number = self.number;
        let sound = |table: &str| tables::named(table).is_sound(number, id, values, *check);
        if let Some(table) = TAKEN.into_iter().find(|table| sound(table)) {
            // Of two states of a run, the one with its end is the newer.
            let is_newer = table != "run" || column(values, 9).is_some();
            if !self.rows.has(table, id) || (table == "run" && is_newer) {
                self.rows.put(table, id, values.to_vec());
            }
            return true;
        }
        if sound("chunk") {
            let number = |place| column(values, place).unwrap_or(0);
            let listed = Listed {
                run: number(0),
                ticks: u64::try_from(number(1)).unwrap_or(0),
                from: WallTime::from_file(number(2)),
                to: WallTime::from_file(number(3)),
            };
            self.listed.insert(id.cast_unsigned(), listed);
            return true;
        }
        // SQLite stores whole numbers of a column of REAL as integers.
        DERIVED.into_iter().any(sound)
            || capture_number(record) == Some((number, true))
            || is_minute(values)
    }

    fn take_frames(&mut self, id: i64, frames: &[u8], place: Place) -> bool {
        let seq = id.cast_unsigned();
        let key = FrameKey {
            capture: self.number,
            seq,
        };
        if id < 1 {
            // What a crash left of a reserve.
            return frames.iter().all(|&byte| byte == 0);
        }
        let is_tick = verify(&mut &frames[..], FrameKind::Tick, key).is_ok();
        if is_tick {
            self.tail.insert(seq, place);
        } else if packed::verify(frames, key).is_ok() {
            self.chunks.insert(seq, place);
        } else {
            return false;
        }
        true
    }

    /// What is known to be lost, but for ticks.
    pub(super) fn losses(&self) -> Vec<String> {
        let mut losses = Vec::new();
        if self.missing > 0 {
            losses.push(format!(
                "the file is cut: {} pages are missing",
                self.missing
            ));
        }
        let unknown = self.known.iter().skip(1).filter(|known| !**known).count();
        if unknown > 0 {
            losses.push(format!(
                "{unknown} pages hold nothing that could be told from damage"
            ));
        }
        if !self.unsound.is_empty() {
            let count = self.unsound.len();
            losses.push(format!("{count} rows on pages that are sound else"));
        }
        let bodies = self
            .listed
            .keys()
            .filter(|id| !self.chunks.contains_key(id));
        losses.extend(bodies.map(|id| format!("the chunk that begins with tick {id}")));
        for table in ["host", "run"] {
            if self.rows.table(table).next().is_none() {
                losses.push(format!("every row of {table}"));
            }
        }
        losses
    }

    /// Everything with ticks in it, by the first of them; chunks before the tail.
    pub(super) fn sources(&mut self) -> Vec<(u64, Source)> {
        let chunks = self.chunks.keys().map(|&seq| (seq, Source::Chunk(seq)));
        let mut sources: Vec<_> = chunks.collect();
        let mut from: Option<u64> = None;
        let mut before = 0;
        for seq in self.tail.keys().copied() {
            match from {
                Some(first) if seq == before + 1 => from = Some(first),
                Some(first) => {
                    sources.push((first, Source::Tail(first, before)));
                    from = Some(seq);
                }
                None => from = Some(seq),
            }
            before = seq;
        }
        sources.extend(from.map(|first| (first, Source::Tail(first, before))));
        sources.sort_by_key(|(seq, source)| (*seq, matches!(source, Source::Tail(..))));
        sources
    }

    /// Unpacks; `None` when that cannot be done.
    pub(super) fn chunk(&mut self, source: &Source) -> io::Result<Option<Unpacked>> {
        match source {
            Source::Chunk(seq) => {
                let place = self.chunks.get(seq).copied();
                let Some(frames) = self.blob(place)? else {
                    return Ok(None);
                };
                let chunk = decode(&frames, self.key(*seq), Part::All).ok();
                Ok(chunk.map(|chunk| (chunk, Some(frames))))
            }
            Source::Tail(first, last) => {
                let chunk = self.tail_chunk(*first, *last)?;
                Ok(chunk.map(|chunk| (chunk, None)))
            }
        }
    }

    /// The ticks of a tail that begin with its first row, up to the first damaged one: what
    /// follows one that is missing builds on it.
    fn tail_chunk(&mut self, first: u64, last: u64) -> io::Result<Option<Chunk>> {
        let mut builder = ChunkBuilder::default();
        let (mut unpacker, mut raw) = (Unpacker::default(), Vec::new());
        let mut chain = Chain::default();
        for seq in first..=last {
            let place = self.tail.get(&seq).copied();
            let Some(frame) = self.blob(place)? else {
                break;
            };
            let key = self.key(seq);
            let opened = unpacker.open(&mut &frame[..], FrameKind::Tick, key, &mut raw);
            let follows = opened.and_then(|()| chain.follow(seq, &frame, &raw));
            if let Err(fault) = follows.and_then(|()| builder.push_tail(&raw)) {
                if chain.is_in_doubt(&fault) {
                    builder.clear();
                }
                break;
            }
        }
        Ok((!builder.is_empty()).then(|| builder.take()))
    }

    /// The bytes of a row that has been found.
    fn blob(&mut self, place: Option<Place>) -> io::Result<Option<Vec<u8>>> {
        let mut page = [0; PAGE];
        let Some(place) = place else { return Ok(None) };
        if !self.pages.read(place.0, &mut page)? {
            return Ok(None);
        }
        // What was found once is as long as it was.
        let mut budget = u64::from(self.pages.count());
        let record = record(&mut self.pages, &page, place.1, &mut budget)?;
        let last = record.and_then(|mut record| record.values.pop());
        Ok(match last {
            Some(Value::Blob(bytes)) => Some(bytes),
            _ => None,
        })
    }

    fn key(&self, seq: u64) -> FrameKey {
        FrameKey {
            capture: self.number,
            seq,
        }
    }
}

/// The number of the capture, if this is the row that says it, and whether the check of the row,
/// which is seeded with it, is right. If only that is wrong, the number may do all the same.
fn capture_number(record: &Record) -> Option<(u64, bool)> {
    let [Value::Null, values @ .., Value::Integer(check)] = record.values.as_slice() else {
        return None;
    };
    let table = tables::named("capture");
    let number = column(values, 0)?.cast_unsigned();
    let is_one = record.id == 1 && values.len() == table.columns.len();
    is_one.then(|| (number, table.is_sound(number, record.id, values, *check)))
}

/// A row of `minute`, whose check is over numbers that are stored in a shorter form.
fn is_minute(values: &[Value]) -> bool {
    values.len() == tables::named("minute").columns.len()
}
