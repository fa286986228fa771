//! A sound frame in the wrong place, or of an earlier time, is not taken for the one that belongs
//! there: also when its key is the same.
//!
//! Two states of one tick have the same key when a capture was copied and both went on, or when a
//! power cut took back what was then recorded anew.

use super::{FakeHost, LARGE, crashed_copy, folder};
use crate::capture::Capture;
use crate::capture::error::FrameFault;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A capture, and a copy of it that went on by itself from tick 61 on.
fn two(ticks: usize) -> (TempDir, PathBuf, PathBuf) {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(60);
    let begun = folder.path().join("begun");
    crashed_copy(&path, &begun);
    host.record(ticks);
    let mine = folder.path().join("mine");
    crashed_copy(&path, &mine);
    let (mut host, _) = FakeHost::start(&begun, "boot-1", 500, LARGE);
    host.record(ticks);
    let other = folder.path().join("other");
    crashed_copy(&begun, &other);
    (folder, mine, other)
}

/// Puts a stored value from one capture into another.
fn paste(into: &Path, from: &Path, [read, write]: [&str; 2]) {
    let bytes: Vec<u8> = Connection::open(from)
        .and_then(|db| db.query_row(read, [], |row| row.get(0)))
        .unwrap();
    let db = Connection::open(into).unwrap();
    assert_eq!(db.execute(write, [bytes]).unwrap(), 1);
}

/// The ticks that are shown, and what is said of the others.
fn shown(path: &Path) -> (Vec<u64>, Vec<(&'static str, i64, FrameFault)>) {
    let mut capture = Capture::open(path).unwrap();
    capture.check().unwrap();
    let sample = |seq: &u64| capture.sample(crate::time::Seq(*seq)).unwrap().is_some();
    let ticks = (1..=200).filter(sample).collect();
    let damage = capture.damage().iter();
    let damage = damage.map(|found| (found.table, found.row, found.fault.clone()));
    (ticks, damage.collect())
}

#[test]
fn another_state_of_a_chunk_is_not_shown() {
    let (_folder, mine, other) = two(61);
    assert_eq!(shown(&mine), ((1..=121).collect(), vec![]));
    let stored = [
        "SELECT frames FROM chunk_body WHERE id = 61",
        "UPDATE chunk_body SET frames = ? WHERE id = 61",
    ];
    paste(&mine, &other, stored);
    let expected: Vec<u64> = (1..=60).chain([121]).collect();
    let damage = vec![("chunk_body", 61, FrameFault::Misplaced)];
    assert_eq!(shown(&mine), (expected, damage));
}

#[test]
fn another_state_of_a_tick_ends_the_tail() {
    for (tick, last, named) in [(65, 64, 65), (62, 61, 62), (61, 60, 61), (70, 69, 70)] {
        let (_folder, mine, other) = two(10);
        let read = format!("SELECT frame FROM tail WHERE id = {tick}");
        let write = format!("UPDATE tail SET frame = ? WHERE id = {tick}");
        paste(&mine, &other, [&read, &write]);
        // Of the first two it cannot be told which is the wrong one.
        let (last, named) = if tick == 62 { (60, 61) } else { (last, named) };
        let damage = vec![("tail", named, FrameFault::Misplaced)];
        assert_eq!(shown(&mine), ((1..=last).collect(), damage), "tick {tick}");
        // Who goes on with it takes no more of it either.
        let (mut host, _) = FakeHost::start(&mine, "boot-1", 900, LARGE);
        host.record(1);
        assert_eq!(host.writer.next_seq().0, last + 2, "tick {tick}");
    }
}

#[test]
fn a_tick_that_is_gone_ends_the_tail() {
    let (_folder, mine, _) = two(10);
    let db = Connection::open(&mine).unwrap();
    db.execute("DELETE FROM tail WHERE id = 66", []).unwrap();
    drop(db);
    let damage = vec![("tail", 67, FrameFault::Absent)];
    assert_eq!(shown(&mine), ((1..=65).collect(), damage));
}

#[test]
fn a_sound_frame_of_another_tick_or_another_capture_is_not_shown() {
    let (_folder, mine, _) = two(61);
    let write = "UPDATE chunk_body SET frames = ? WHERE id = 61";
    paste(
        &mine,
        &mine,
        ["SELECT frames FROM chunk_body WHERE id = 1", write],
    );
    let damage = vec![("chunk_body", 61, FrameFault::Misplaced)];
    assert_eq!(shown(&mine).1, damage);
    let (_folder, foreign, _) = two(61);
    paste(
        &mine,
        &foreign,
        ["SELECT frames FROM chunk_body WHERE id = 61", write],
    );
    let damage = vec![("chunk_body", 61, FrameFault::Check)];
    assert_eq!(shown(&mine).1, damage);
}
