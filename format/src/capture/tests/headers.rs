//! The 100 bytes that say what a file is are covered by no checksum. Whatever bit of them is wrong,
//! every tick is still shown, or what is not shown is named; and a salvage saves every tick.

use super::clips::maker;
use super::{FakeHost, LARGE, crashed_copy, folder};
use crate::capture::error::CaptureError;
use crate::capture::lock::with_suffix;
use crate::capture::salvage::salvage;
use crate::capture::version::FORMAT;
use crate::capture::watch::{Unwatched, Watch};
use crate::capture::{Capture, Mode};
use crate::time::Seq;
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const HEADER: usize = 100;
const TICKS: u64 = 70;

fn watch() -> Arc<dyn Watch> {
    Arc::new(Unwatched)
}

/// How many of the ticks a reader shows, and whether it names anything as damaged.
fn shown(path: &Path) -> Result<(u64, bool), CaptureError> {
    let mut capture = Capture::open_or_salvage(path, &maker(), &watch())?;
    let (mut ticks, mut sound) = (0, true);
    for seq in 1..=TICKS {
        match capture.sample(Seq(seq)) {
            Ok(sample) => ticks += u64::from(sample.is_some()),
            Err(error) => sound &= !error.is_damage(),
        }
    }
    let is_named = !sound || !capture.damage().is_empty() || capture.rescue().is_some();
    Ok((ticks, is_named))
}

fn saved(path: &Path, to: &Path) -> Result<u64, CaptureError> {
    let salvaged = salvage(path, to, (&maker(), "salvaged"), &watch())?;
    Ok(salvaged.made.ticks)
}

/// Flips each bit of the first bytes of a file that holds all the ticks.
#[track_caller]
fn flip_each_bit(folder: &Path, path: &Path) {
    let good = fs::read(path).unwrap();
    let to = folder.join("saved");
    for bit in 0..8 * HEADER {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, &bytes).unwrap();
        let place = format!("bit {} of byte {}", bit % 8, bit / 8);
        let (ticks, is_named) = shown(path).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert!(ticks == TICKS || is_named, "{place}: {ticks} ticks");
        let saved = saved(path, &to).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(saved, TICKS, "{place}");
        fs::remove_file(&to).unwrap();
        assert!(fs::read(path).unwrap() == bytes, "{place}: it was changed");
    }
}

#[test]
fn no_bit_of_the_header_costs_a_tick_of_a_capture_that_ended() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(70);
    host.writer.finish("signal").unwrap();
    assert_eq!(Capture::open(&path).unwrap().mode(), Mode::Whole);
    flip_each_bit(folder.path(), &path);
}

#[test]
fn no_bit_of_the_header_costs_a_tick_of_a_capture_with_a_log() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(70);
    let crashed = folder.path().join("crashed");
    crashed_copy(&path, &crashed);
    assert_eq!(Capture::open(&crashed).unwrap().mode(), Mode::WithLog);
    flip_each_bit(folder.path(), &crashed);
}

#[test]
fn what_is_wrong_with_a_header_is_said() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(70);
    host.writer.finish("signal").unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[62] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let refused = Capture::open(&path).unwrap_err();
    assert!(refused.is_damage(), "{refused}");
    let said = format!("its header says format 0.{}", FORMAT + 256);
    assert!(refused.to_string().contains(&said), "{refused}");
    let to = folder.path().join("saved");
    let salvaged = salvage(&path, &to, (&maker(), "salvaged"), &watch()).unwrap();
    let reason = salvaged.reason.map(|reason| reason.to_string());
    assert_eq!(
        (salvaged.losses, reason),
        (vec![], Some(refused.to_string()))
    );
}

/// What another version of this program wrote is not read, though its checks may be right.
#[test]
fn another_format_is_refused_by_its_tables_and_by_its_frames() {
    for is_of_tables in [true, false] {
        let (folder, path) = folder();
        let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
        host.record(70);
        host.writer.finish("signal").unwrap();
        let db = Connection::open(&path).unwrap();
        if is_of_tables {
            db.execute_batch("ALTER TABLE note ADD COLUMN more TEXT")
                .unwrap();
        } else {
            give_frames_another_version(&db);
        }
        db.pragma_update(None, "user_version", FORMAT + 1).unwrap();
        drop(db);
        let to = folder.path().join("saved");
        for refused in [shown(&path).unwrap_err(), saved(&path, &to).unwrap_err()] {
            assert!(
                matches!(refused, CaptureError::OtherFormat { .. }),
                "{refused}"
            );
        }
        assert!(!to.exists() && !with_suffix(&path, "-wal").exists());
    }
}

/// As a later program would write them: the check covers the version.
fn give_frames_another_version(db: &Connection) {
    let number: i64 = db
        .query_row("SELECT number FROM capture", [], |row| row.get(0))
        .unwrap();
    let chunks = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let mut read = db.prepare("SELECT id, frames FROM chunk_body").unwrap();
    let chunks: rusqlite::Result<Vec<(i64, Vec<u8>)>> =
        read.query_map([], chunks).unwrap().collect();
    for (id, mut frames) in chunks.unwrap() {
        let length = u32::from_le_bytes(frames[20..24].try_into().unwrap()) as usize;
        frames[4] += 1;
        let head = xxh3_64_with_seed(&frames[..24], number.cast_unsigned());
        let check = xxh3_64_with_seed(&frames[32..32 + length], head);
        frames[24..32].copy_from_slice(&check.to_le_bytes());
        let write = "UPDATE chunk_body SET frames = ? WHERE id = ?";
        db.execute(write, (frames, id)).unwrap();
    }
}
