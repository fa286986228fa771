//! What a walk over all pages of a file finds: rows and frames whose checks are right.
//!
//! Pages are gone over in order, whatever leads to them, so that a lost page costs what is on it.
//! Free pages are left out where the list of them can be read: what lies there was deleted. Of
//! chunks, ticks and whatever else there may be much of, only the places are kept.

use super::Loss;
use super::numbers;
use super::pages::{PAGE, Pages, is_map};
use super::records::{PageKind, Place, Record, kind, record};
use crate::capture::chunk::packed;
use crate::capture::frame::{FrameKey, FrameKind, verify};
use crate::capture::lock::with_suffix;
use crate::capture::remake::{PlainRows, column};
use crate::capture::tables;
use crate::capture::watch::{self, Stage, Watch, Work};
use crate::time::WallTime;
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The tables whose rows are taken; the others are made anew.
const TAKEN: [&str; 11] = [
    "host",
    "run",
    "gap",
    "clock",
    "source",
    "mount",
    "event",
    "kernel_log",
    "exited",
    "thread_dump",
    "note",
];
/// Those of them that may be large.
const LARGE: [&str; 5] = ["event", "kernel_log", "source", "exited", "thread_dump"];
/// The tables that are made anew.
const DERIVED: [&str; 6] = [
    "command",
    "process",
    "process_sum",
    "minute",
    "pyramid",
    "quota",
];
/// It is told how far it is after so many pages.
const PAGES_A_WORD: u32 = 256;

/// What the table of chunks says of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub(super) run: i64,
    pub(super) ticks: u64,
    pub(super) from: WallTime,
    pub(super) to: WallTime,
}

/// What is sound in a file.
#[derive(Debug)]
pub(super) struct Found {
    pages: Pages,
    /// The number that seeds every check.
    pub(super) number: u64,
    pub(super) rows: PlainRows,
    /// Where the rows of tables lie that may be large.
    large: BTreeMap<(&'static str, i64), Place>,
    pub(super) listed: BTreeMap<u64, Listed>,
    pub(super) chunks: BTreeMap<u64, Place>,
    pub(super) tail: BTreeMap<u64, Place>,
    /// By page: what is on it is known, or that there is nothing.
    known: Vec<bool>,
    /// The last page with something sound on it.
    last_sound: u32,
    /// How many rows there are that no check fits.
    unsound: u64,
    /// How many sound rows lie on pages of the log.
    in_log: u64,
    has_foreign_log: bool,
    missing: u32,
    budget: u64,
}

impl Found {
    /// Goes over a file; `None` when the number of the capture is nowhere in it.
    pub(super) fn read(path: &Path, watch: &dyn Watch) -> io::Result<Option<Self>> {
        let log = with_suffix(path, "-wal");
        let mut pages = Pages::open(path, log.is_file().then_some(log.as_path()))?;
        let numbers = numbers::find(&mut pages, watch)?;
        let missing = pages.missing()?;
        let mut found = Self {
            known: vec![false; pages.count() as usize + 1],
            pages,
            number: 0,
            rows: PlainRows::default(),
            large: BTreeMap::new(),
            listed: BTreeMap::new(),
            chunks: BTreeMap::new(),
            tail: BTreeMap::new(),
            last_sound: 0,
            unsound: 0,
            in_log: 0,
            has_foreign_log: false,
            missing,
            budget: 0,
        };
        // A log of another capture brings its number along.
        let mut best = (0, None);
        for &number in &numbers {
            found.take_all(number, watch)?;
            if found.len() > best.0 {
                best = (found.len(), Some(number));
            }
        }
        let Some(number) = best.1 else {
            return Ok(None);
        };
        if found.number != number {
            found.take_all(number, watch)?;
        }
        Ok(Some(found))
    }

    /// Takes everything whose check is right for this number. A log in which nothing is, is not
    /// of this capture.
    fn take_all(&mut self, number: u64, watch: &dyn Watch) -> io::Result<()> {
        self.number = number;
        self.has_foreign_log = false;
        self.walk(watch)?;
        if self.pages.has_log() && self.in_log == 0 {
            let log = self.pages.take_log();
            self.walk(watch)?;
            self.has_foreign_log = true;
            if self.len() == 0 {
                self.pages.put_log(log);
            }
        }
        Ok(())
    }

    /// How much there is.
    fn len(&self) -> u64 {
        let places = self.large.len() + self.chunks.len() + self.tail.len();
        self.rows.len() + places as u64
    }

    /// Takes every sound record of every page.
    fn walk(&mut self, watch: &dyn Watch) -> io::Result<()> {
        self.rows = PlainRows::default();
        (self.unsound, self.in_log, self.last_sound) = (0, 0, 0);
        self.large.clear();
        self.listed.clear();
        self.chunks.clear();
        self.tail.clear();
        self.known.fill(false);
        let mut free = self.pages.free()?.unwrap_or_default();
        free.sort_unstable();
        for &page in &free {
            if let Some(known) = self.known.get_mut(page as usize) {
                *known = true;
            }
        }
        // In a sound file each page is read once for the row that goes on there.
        self.budget = 4 * u64::from(self.pages.count()) + 10_000;
        let mut page = [0; PAGE];
        for number in 1..=self.pages.count() {
            if number % PAGES_A_WORD == 1 {
                let (work, done) = (Work::FindingSound, u64::from(number) * PAGE as u64);
                let total = self.pages.bytes();
                watch::go_on(watch, Stage { work, done, total })?;
            }
            if free.binary_search(&number).is_err() && self.pages.read(number, &mut page)? {
                self.take_page(number, &page)?;
            }
        }
        Ok(())
    }

    fn take_page(&mut self, number: u32, page: &[u8; PAGE]) -> io::Result<()> {
        let rows = match kind(page) {
            PageKind::Leaf(rows) => rows,
            other => {
                let known = other == PageKind::Interior || is_map(number) || number == 1;
                self.known[number as usize] |= known;
                return Ok(());
            }
        };
        let mut unsound = 0;
        for place in (0..rows).map(|row| (number, row)) {
            let record = record(&mut self.pages, page, place.1, &mut self.budget)?;
            match record {
                Some(record) if self.take(&record, place) => {
                    self.last_sound = self.last_sound.max(number);
                    for page in record.beyond {
                        self.known[page as usize] = true;
                        self.last_sound = self.last_sound.max(page);
                    }
                }
                _ => unsound += 1,
            }
        }
        // A page on which no row is sound may as well be the inside of a long row.
        self.known[number as usize] |= unsound < rows || rows == 0;
        if unsound < rows {
            self.unsound += unsound as u64;
            let is_in_log = self.pages.is_in_log(number);
            self.in_log += if is_in_log {
                (rows - unsound) as u64
            } else {
                0
            };
        }
        Ok(())
    }

    /// Takes a row if it is one of ours.
    fn take(&mut self, record: &Record, place: Place) -> bool {
        let id = record.id;
        if is_of_schema(&record.values) {
            return true;
        }
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
            if LARGE.contains(&table) {
                self.large.entry((table, id)).or_insert(place);
            } else if !self.rows.has(table, id) || (table == "run" && is_newer) {
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
            self.listed.entry(id.cast_unsigned()).or_insert(listed);
            return true;
        }
        // SQLite stores whole numbers of a column of REAL as integers.
        DERIVED.into_iter().any(sound)
            || numbers::of(record) == Some((number, true))
            || is_minute(values)
    }

    fn take_frames(&mut self, id: i64, frames: &[u8], place: Place) -> bool {
        let seq = id.cast_unsigned();
        let key = FrameKey::new(self.number, seq);
        if id < 1 {
            // What a crash left of a reserve.
            return frames.iter().all(|&byte| byte == 0);
        }
        let is_tick = verify(&mut &frames[..], FrameKind::Tick, key).is_ok();
        if is_tick {
            self.tail.entry(seq).or_insert(place);
        } else if packed::verify(frames, key).is_ok() {
            self.chunks.entry(seq).or_insert(place);
        } else {
            return false;
        }
        true
    }

    /// What is known to be lost, but for ticks.
    pub(super) fn losses(&self) -> Vec<Loss> {
        let mut losses = Vec::new();
        if self.missing > 0 {
            let pages = pages(u64::from(self.missing));
            losses.push(format!("the end of the file: {pages} are not there"));
        }
        // Behind the database lies room that was never used.
        let end = self.last_sound.max(self.pages.said()) as usize;
        let pages_of_it = self.known.iter().take(end + 1).skip(1);
        let unknown = pages_of_it.filter(|known| !**known).count();
        if unknown > 0 {
            let pages = pages(unknown as u64);
            losses.push(format!(
                "{pages} that are damaged, with whatever was on them"
            ));
        }
        if self.unsound > 0 {
            losses.push(format!("{} rows that fail their checksum", self.unsound));
        }
        if self.has_foreign_log {
            losses.push(
                "what the log beside it (-wal) holds: it belongs to another capture".to_owned(),
            );
        }
        for (table, what) in [
            ("host", "the host is"),
            ("run", "the runs of the recorder are"),
        ] {
            if self.rows.table(table).next().is_none() {
                losses.push(format!("which {what}"));
            }
        }
        losses.into_iter().map(Loss::without_time).collect()
    }

    /// The rows that only their places are known of, one after the other.
    pub(super) fn large_rows(
        &mut self,
    ) -> impl Iterator<Item = io::Result<(&'static str, i64, Vec<Value>)>> {
        let places = std::mem::take(&mut self.large);
        places.into_iter().filter_map(|((table, id), place)| {
            let read = self.reread(place).transpose()?;
            // Without the id before it and the check behind it.
            Some(read.map(|record| {
                let mut values = record.values;
                values.pop();
                values.remove(0);
                (table, id, values)
            }))
        })
    }

    /// How long all pages are.
    pub(super) fn bytes(&self) -> u64 {
        self.pages.bytes()
    }

    /// The bytes of a row that has been found.
    pub(super) fn blob(&mut self, place: Option<Place>) -> io::Result<Option<Vec<u8>>> {
        let Some(place) = place else { return Ok(None) };
        let last = self.reread(place)?;
        Ok(match last.and_then(|mut record| record.values.pop()) {
            Some(Value::Blob(bytes)) => Some(bytes),
            _ => None,
        })
    }

    /// A row that has been found.
    fn reread(&mut self, place: Place) -> io::Result<Option<Record>> {
        let mut page = [0; PAGE];
        if !self.pages.read(place.0, &mut page)? {
            return Ok(None);
        }
        // What was found once is as long as it was.
        let mut budget = u64::from(self.pages.count());
        record(&mut self.pages, &page, place.1, &mut budget)
    }

    pub(super) fn key(&self, seq: u64) -> FrameKey {
        FrameKey::new(self.number, seq)
    }
}

/// Whether a row says what is in the file, as SQLite has it: that text takes more than the first
/// page. Rows of ours begin without a value, for their id.
fn is_of_schema(values: &[Value]) -> bool {
    let kinds = ["table", "index", "trigger", "view"];
    matches!(values, [Value::Text(kind), _, _, _, Value::Text(_) | Value::Null]
        if kinds.contains(&kind.as_str()))
}

/// A row of `minute`, whose check is over numbers that are stored in a shorter form.
fn is_minute(values: &[Value]) -> bool {
    values.len() == tables::named("minute").columns.len()
}

/// So many pages, and how much that is.
fn pages(count: u64) -> String {
    let kib = count * PAGE as u64 / 1024;
    let word = if count == 1 { "page" } else { "pages" };
    format!("{count} {word} ({kib} KiB)")
}
