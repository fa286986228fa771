//! Dumps that somebody took by hand are in the capture afterwards, and count as the others do.

use super::{FakeHost, LARGE, crashed_copy, folder, wall};
use crate::capture::Capture;
use crate::capture::bring::bring;
use crate::capture::error::CaptureError;
use crate::capture::lock::{LockError, OwnerLock};
use crate::process::Pid;
use crate::thread_dump::{DumpFacts, DumpStatus, IMPORTED, PackedText, ThreadDump};
use crate::time::WallTime;
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

fn dump(second: i64, text: &[u8]) -> ThreadDump {
    ThreadDump {
        facts: DumpFacts {
            wall: wall(second),
            end: wall(second),
            pid: Pid(4711),
            started: None,
            comm: b"java".to_vec(),
            kind: IMPORTED.to_owned(),
            trigger: "imported".to_owned(),
            trigger_detail: "by-hand.txt".to_owned(),
            burst: None,
            status: DumpStatus::Ok,
            detail: String::new(),
            arguments: String::new(),
            signalled: false,
            attach: None,
            took: Duration::ZERO,
            pause: None,
            vm: None,
            cpu: None,
            summary: None,
        },
        text: Some(PackedText::pack(text).unwrap()),
        before: None,
        after: None,
    }
}

fn record(path: &Path, second: i64) {
    let (mut host, _) = FakeHost::start(path, "boot-1", second, LARGE);
    host.record(70);
    host.writer.finish("signal").unwrap();
}

/// Rows and bytes of the table, as the capture counts them.
fn counted(path: &Path) -> (i64, i64) {
    let db = Connection::open(path).unwrap();
    let sql = "SELECT rows, bytes FROM quota WHERE name = 'thread_dump'";
    db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
}

#[test]
fn they_are_read_back_and_recording_goes_on() {
    let (_folder, path) = folder();
    record(&path, 0);
    let texts = [b"Full thread dump".repeat(1000), b"another".to_vec()];
    let dumps = [dump(5, &texts[0]), dump(6, &texts[1])];
    let lock = OwnerLock::take(&path).unwrap();
    bring(&path, &lock, &dumps).unwrap();
    drop(lock);
    let (rows, bytes) = counted(&path);
    assert!(rows == 2 && bytes > 0, "{rows} {bytes}");
    record(&path, 1000);
    assert_eq!(counted(&path), (rows, bytes), "they were counted once");
    let mut capture = Capture::open(&path).unwrap();
    let all = capture
        .thread_dumps(WallTime(i64::MIN), WallTime(i64::MAX))
        .unwrap();
    assert_eq!(all.len(), 2);
    for (stored, (dump, text)) in all.iter().zip(dumps.iter().zip(&texts)) {
        assert_eq!((stored.run, stored.seq), (None, None));
        assert_eq!(stored.facts, dump.facts);
        assert_eq!(capture.dump_text(stored.id).unwrap().as_ref(), Some(text));
    }
    assert!(capture.damage().is_empty());
}

#[test]
fn one_file_is_left() {
    let (folder, path) = folder();
    record(&path, 0);
    let lock = OwnerLock::take(&path).unwrap();
    bring(&path, &lock, &[dump(5, b"x")]).unwrap();
    drop(lock);
    let files = std::fs::read_dir(folder.path()).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    assert_eq!(files, [path]);
}

#[test]
fn a_capture_that_is_recorded_or_was_killed_is_left_alone() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(70);
    let held = OwnerLock::take(&path);
    assert!(matches!(held, Err(LockError::Held { .. })), "{held:?}");
    let killed = folder.path().join("killed.afterimage");
    crashed_copy(&path, &killed);
    let before = std::fs::read(&killed).unwrap();
    let lock = OwnerLock::take(&killed).unwrap();
    let refused = bring(&killed, &lock, &[dump(5, b"x")]);
    assert!(
        matches!(refused, Err(CaptureError::Unfinished { .. })),
        "{refused:?}"
    );
    assert_eq!(std::fs::read(&killed).unwrap(), before);
    let other = folder.path().join("other");
    std::fs::write(&other, b"no capture").unwrap();
    let lock = OwnerLock::take(&other).unwrap();
    assert!(bring(&other, &lock, &[dump(5, b"x")]).is_err());
    drop(host);
}
