//! Whole files: small changes of real captures, read in every way there is, or salvaged.
//!
//! In: bytes that say what to change. Out: nothing. Changed bytes are what a disk does; changed
//! values with checks that fit are what somebody does on purpose.

use crate::capture::Capture;
use crate::capture::error::CaptureError;
use crate::capture::frame::{self, FrameKey, FrameKind, Packer, seal};
use crate::capture::lock::with_suffix;
use crate::capture::pyramid::SHORT_LIVES;
use crate::capture::remake::Maker;
use crate::capture::salvage::salvage;
use crate::capture::tables::{self, CheckedRow};
use crate::capture::watch::{Unwatched, Watch};
use crate::capture::writer::capture_number;
use crate::time::{Seq, WallTime};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A small capture that ended cleanly, and one of a recorder that was killed, with its log.
pub(super) const CLEAN: &[u8] = include_bytes!("../../../../fuzz/base/clean.zst");
pub(super) const KILLED: &[u8] = include_bytes!("../../../../fuzz/base/killed.zst");
pub(super) const KILLED_LOG: &[u8] = include_bytes!("../../../../fuzz/base/killed-wal.zst");
/// None of them is larger.
pub(super) const MOST: usize = 16 << 20;

/// The first byte says what the rest is: of 0 to 3, a file as it is; of 4 to 7, changed bytes of a
/// capture with a log (bit 0) or of one without: two bytes of a page, two of a place in it, one
/// that says how many bytes follow, and those; else changed values, see [`edit`]. Bit 1: it is
/// salvaged, and not read.
///
/// # Panics
/// When what was saved is not sound, or there is no room for it.
pub fn capture(data: &[u8]) {
    let Some((&how, data)) = data.split_first() else {
        return;
    };
    let folder = Folder::make();
    let file = folder.0.join("file");
    let put = |bytes: &[u8], log: &[u8]| {
        fs::write(&file, bytes).expect("there is room");
        if !log.is_empty() {
            fs::write(with_suffix(&file, "-wal"), log).expect("there is room");
        }
    };
    let unpacked = |packed| zstd::bulk::decompress(packed, MOST).expect("we packed it");
    let (clean, edited) = (how & 1 == 0, how >= 8);
    match (clean, unpacked(KILLED_LOG)) {
        _ if how < 4 => put(data, &[]),
        (true, _) if edited => put(&unpacked(CLEAN), &[]),
        (true, _) => put(&changed(unpacked(CLEAN), data), &[]),
        (false, log) if edited => put(&unpacked(KILLED), &log),
        (false, log) => {
            let mut both = unpacked(KILLED);
            let length = both.len();
            both.extend_from_slice(&log);
            let both = changed(both, data);
            put(&both[..length], &both[length..]);
        }
    }
    if edited {
        // What cannot be stored is not tried.
        drop(edit(&file, data));
    }
    if how & 2 == 0 {
        drop(Capture::open(&file).and_then(|mut capture| walk(&mut capture)));
    } else {
        salvaged(&file, &folder.0.join("saved"));
    }
}

/// Changes values, with checks that fit: a table, a row, a column (the one behind the last is the
/// id; of frames: which of them), a kind of value, and eight bytes of it; of a frame, where in its
/// payload, and one byte, or eight of another id.
fn edit(file: &Path, mut edits: &[u8]) -> rusqlite::Result<()> {
    let db = Connection::open(file)?;
    let (capture, _) = capture_number(&db)?;
    let all = db.unchecked_transaction()?;
    while let Some((&[table, row, column, kind, ref value @ ..], rest)) =
        edits.split_first_chunk::<12>()
    {
        edits = rest;
        let tables = tables::all();
        let table = &tables[usize::from(table) % tables.len()];
        let number = i64::from_le_bytes(*value);
        let nth = ("ORDER BY id LIMIT 1 OFFSET ?", [i64::from(row)]);
        if !table.checked {
            let what = (table.name, nth.1[0], usize::from(column));
            edit_frame(&all, capture, what, (kind, number))?;
            continue;
        }
        let row = |row: &CheckedRow| (row.id, row.values().to_vec());
        let found = table.sound_rows(&all, capture, (nth.0, &nth.1), row)?;
        for (mut id, mut values) in found {
            let to = match kind % 4 {
                0 => Value::Null,
                1 => Value::Integer(number),
                2 => Value::Real(f64::from_bits(number.cast_unsigned())),
                _ => tables::text(value),
            };
            let columns = values.len() + 1;
            match values.get_mut(usize::from(column) % columns) {
                Some(cell) => *cell = to,
                None => id = number,
            }
            table.replace(&all, capture, id, values)?;
        }
    }
    all.commit()
}

fn edit_frame(
    db: &Connection,
    capture: u64,
    (table, nth, which): (&str, i64, usize),
    (kind, number): (u8, i64),
) -> rusqlite::Result<()> {
    let column = tables::named(table).columns[0];
    let find = format!("SELECT id, {column} FROM {table} WHERE id > 0 LIMIT 1 OFFSET ?");
    let (mut id, stored): (i64, Vec<u8>) =
        db.query_row(&find, [nth], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let kinds = match table {
        "tail" => &[FrameKind::Tick][..],
        _ => &[FrameKind::Index, FrameKind::Machine, FrameKind::Processes],
    };
    let key = |id: i64| FrameKey {
        capture,
        seq: id.cast_unsigned(),
    };
    let (mut input, mut payloads) = (&stored[..], Vec::new());
    for kind in kinds {
        let mut raw = Vec::new();
        if frame::open(&mut input, *kind, key(id), &mut raw).is_err() {
            return Ok(());
        }
        payloads.push((*kind, raw));
    }
    let [a, b, byte, ..] = number.to_le_bytes();
    let count = payloads.len();
    match payloads.get_mut(which % (count + 1)) {
        Some((_, raw)) => {
            let place = usize::from(u16::from_le_bytes([a, b])) % (raw.len() + 1);
            match kind % 3 {
                0 if place < raw.len() => raw[place] = byte,
                1 => raw.insert(place, byte),
                _ => raw.truncate(place),
            }
        }
        None => id = number,
    }
    let (mut frames, mut packer) = (Vec::new(), Packer::new(1).expect("zstd has this level"));
    for (kind, raw) in payloads {
        seal(&mut frames, kind, key(id), &raw, &mut packer).expect("it is short");
    }
    let put = format!("REPLACE INTO {table} VALUES (?, ?)");
    db.execute(&put, (id, frames)).map(drop)
}

fn changed(mut bytes: Vec<u8>, mut changes: &[u8]) -> Vec<u8> {
    const PAGE: usize = 4096;
    while let Some((&[a, b, c, d, length], rest)) = changes.split_first_chunk() {
        let place = usize::from(u16::from_le_bytes([a, b])) * PAGE;
        let place = (place + usize::from(u16::from_le_bytes([c, d])) % PAGE) % bytes.len();
        let length = usize::from(length).min(rest.len()).min(bytes.len() - place);
        bytes[place..place + length].copy_from_slice(&rest[..length]);
        changes = &rest[length..];
    }
    bytes
}

/// Asks a capture for all that can be asked.
pub(super) fn walk(capture: &mut Capture) -> Result<(), CaptureError> {
    const ALWAYS: (WallTime, WallTime) = (WallTime(i64::MIN), WallTime(i64::MAX));
    // One failure must not keep the others from being seen.
    drop((capture.hosts(), capture.runs(), capture.gaps()));
    drop((capture.sources(), capture.notes(), capture.shed()));
    drop((capture.kernel_log(ALWAYS.0, ALWAYS.1), capture.anchors()));
    drop((capture.events(ALWAYS.0, ALWAYS.1), capture.short_lives()));
    drop(capture.lives(Seq(0), Seq(u64::MAX)));
    drop(capture.life_names(Seq(0), Seq(u64::MAX)));
    drop((
        capture.each_exited(ALWAYS.0, ALWAYS.1, |_| true),
        capture.count_ends(),
    ));
    for dump in capture.thread_dumps(ALWAYS.0, ALWAYS.1).unwrap_or_default() {
        drop((capture.dump_text(dump.id), capture.dump_kernel(dump.id)));
    }
    drop((capture.ticks(), capture.chunks(), capture.data_bytes()));
    for most in [2, 10_000] {
        drop(capture.curves(ALWAYS.0, ALWAYS.1, most));
        drop(capture.life_curve(SHORT_LIVES, ALWAYS, most));
    }
    let Some((first, last)) = capture.ends()? else {
        return capture.check().map(drop);
    };
    let middle = Seq(first.0.midpoint(last.0));
    for seq in [first, middle, last] {
        drop((capture.sample(seq), capture.sample_of_processes(seq)));
        drop(capture.listing(seq).map(|listing| {
            listing.map(|listing| listing.processes().count());
        }));
        let wall = capture.wall_of(seq)?.unwrap_or(WallTime(0));
        drop((capture.at_or_before(wall), capture.at_or_after(wall)));
    }
    drop(capture.verify(Seq(0), u32::MAX));
    capture.check().map(drop)
}

/// What is saved is sound, whatever it was saved from.
fn salvaged(file: &Path, to: &Path) {
    let maker = Maker {
        now: WallTime(1_700_000_000_000_000),
        version: "fuzzing".to_owned(),
    };
    let watch: Arc<dyn Watch> = Arc::new(Unwatched);
    if salvage(file, to, (&maker, "salvaged"), &watch).is_err() {
        assert!(!to.exists(), "something was left of what failed");
        return;
    }
    let mut saved = Capture::open(to).expect("what was saved opens");
    saved.check().expect("what was saved can be read");
    assert_eq!(saved.damage(), []);
}

/// A folder of one run, removed with it.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn make() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("afterimage-fuzz-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("temporary files can be made");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
