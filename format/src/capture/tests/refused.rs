//! What is no capture of ours is refused, and damage is named.

use super::{FakeHost, LARGE, crashed_copy, facts, folder, options, rss, rss_of, wall};
use crate::capture::error::{CaptureError, FrameFault};
use crate::capture::lock::{OwnerLock, with_suffix};
use crate::capture::watch::{Patience, Watch, Work};
use crate::capture::writer::{Start, Writer};
use crate::capture::{Capture, Mode};
use crate::time::Seq;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

#[test]
fn a_damaged_chunk_is_left_out_and_named_and_the_rest_is_shown() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(180);
    host.writer.finish("signal").unwrap();
    let db = Connection::open(&path).unwrap();
    let mut frames: Vec<u8> = db
        .query_row("SELECT frames FROM chunk_body WHERE id = 61", [], |row| {
            row.get(0)
        })
        .unwrap();
    // Behind the header of the first frame.
    frames[40] ^= 4;
    db.execute("UPDATE chunk_body SET frames = ? WHERE id = 61", [frames])
        .unwrap();
    db.execute("UPDATE gap SET missed_ticks = 5", []).unwrap();
    drop(db);
    let mut looked = Capture::open(&path).unwrap();
    let first = looked.verify(Seq(0), 2).unwrap();
    assert_eq!((first.chunks, first.last), (2, Some(Seq(61))));
    let rest = looked.verify(Seq(61), 2).unwrap();
    assert_eq!(
        (rest.chunks, looked.verify(Seq(121), 2).unwrap().last),
        (1, None)
    );
    let damaged: Vec<_> = looked.damage().iter().map(|damage| damage.row).collect();
    assert_eq!((damaged, looked.chunks().unwrap()), (vec![61], 3));
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(rss_of(&mut capture, 60, 1), Some(rss(1, 59)));
    assert_eq!(rss_of(&mut capture, 61, 1), None);
    assert_eq!(rss_of(&mut capture, 121, 1), Some(rss(1, 120)));
    assert_eq!(capture.check().unwrap().frames, 3);
    let damaged: Vec<_> = capture
        .damage()
        .iter()
        .map(|damage| (damage.table, damage.row))
        .collect();
    assert_eq!(damaged, [("chunk_body", 61)]);
    // A moment in it is not answered with another one.
    assert_eq!(capture.at_or_before(wall(90)).unwrap(), Some(Seq(91)));
    assert!(capture.sample(Seq(91)).unwrap().is_none());
}

#[test]
fn a_chunk_put_in_the_place_of_another_is_found() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(120);
    host.writer.finish("signal").unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute(
        "UPDATE chunk_body SET frames = (SELECT frames FROM chunk_body WHERE id = 1) WHERE id = 61",
        [],
    )
    .unwrap();
    drop(db);
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(rss_of(&mut capture, 61, 1), None);
    assert_eq!(capture.damage().len(), 1);
}

#[test]
fn what_is_no_capture_is_refused_and_not_touched() {
    let (_folder, path) = folder();
    let refused = |path: &Path| {
        let before = std::fs::read(path).unwrap();
        let lock = OwnerLock::take(path).unwrap();
        let write = Writer::start(path, lock, options(LARGE), &facts("boot-1", 0)).unwrap_err();
        assert_eq!(std::fs::read(path).unwrap(), before);
        (
            write.to_string(),
            Capture::open(path).unwrap_err().to_string(),
        )
    };
    std::fs::write(&path, "notes, and more than a hundred bytes of them, so that a header would fit into it if it were one at all...").unwrap();
    assert!(
        refused(&path)
            .0
            .contains("does not begin as a capture does")
    );
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE a (b)")
        .unwrap();
    let (write, read) = refused(&path);
    assert!(
        write.contains("another program") && read.contains("another program"),
        "{write} {read}"
    );
}

#[test]
fn another_hosts_capture_is_not_written_to() {
    let (_folder, path) = folder();
    let (host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.writer.finish("signal").unwrap();
    let mut elsewhere = facts("boot-9", 0);
    elsewhere.host.hostname = "db-2".to_owned();
    let lock = OwnerLock::take(&path).unwrap();
    let error = Writer::start(&path, lock, options(LARGE), &elsewhere).unwrap_err();
    assert!(
        error.to_string().contains("the host web-1, not of db-2"),
        "{error}"
    );
}

#[test]
fn a_table_that_is_not_ours_to_the_letter_is_not_read() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(3);
    host.writer.finish("signal").unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute_batch("CREATE TABLE mine (x); CREATE VIEW yours AS SELECT 1")
        .unwrap();
    drop(db);
    assert!(
        Capture::open(&path).is_ok(),
        "tables we do not know are no concern of ours"
    );
    let db = Connection::open(&path).unwrap();
    db.execute_batch("DROP TABLE note; CREATE VIEW note AS SELECT 1 AS id, 2 AS unix_us, 'x' AS text, 3 AS row_check").unwrap();
    drop(db);
    let error = Capture::open(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("its table note is not as this program writes it"),
        "{error}"
    );
}

/// What a start on this file says; the file and what lies beside it must stay as they are.
fn refusal(path: &Path) -> CaptureError {
    let log = with_suffix(path, "-wal");
    let all = || (std::fs::read(path).ok(), std::fs::read(&log).ok());
    let count = || std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    let before = (all(), count());
    let lock = OwnerLock::take(path).unwrap();
    let error = Writer::start(path, lock, options(LARGE), &facts("boot-1", 500)).unwrap_err();
    assert!((all(), count()) == before, "{error} and changed it");
    error
}

#[test]
fn a_capture_with_a_damaged_page_is_refused_before_anything_is_changed() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(130);
    host.writer.finish("signal").unwrap();
    let whole = std::fs::read(&path).unwrap();
    // Of every table, its first page.
    let db = Connection::open(&path).unwrap();
    let pages = "SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0";
    let mut rows = db.prepare(pages).unwrap();
    let pages = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let pages: Vec<(String, i64)> = pages.unwrap().collect::<Result<_, _>>().unwrap();
    for (name, page) in pages {
        let mut damaged = whole.clone();
        let page = usize::try_from(page).unwrap();
        damaged[(page - 1) * 4096..page * 4096].fill(0xff);
        std::fs::write(&path, damaged).unwrap();
        assert!(refusal(&path).is_damage(), "{name}");
    }
    for length in [whole.len() / 2, whole.len() - 5000] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(refusal(&path).is_damage(), "{length} bytes of it");
    }
}

#[test]
fn a_log_that_belongs_to_another_capture_is_not_moved_into_this_one() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(130);
    host.writer.finish("signal").unwrap();
    let other = path.with_file_name("other.afterimage");
    let (mut host, _) = FakeHost::start(&other, "boot-1", 0, LARGE);
    host.record(70);
    std::fs::copy(with_suffix(&other, "-wal"), with_suffix(&path, "-wal")).unwrap();
    assert!(refusal(&path).is_damage());
    let reader = Capture::open(&path).unwrap();
    assert_eq!(reader.ticks().unwrap(), 130, "of the file alone");
    drop(reader);
    let crashed = path.with_file_name("crashed.afterimage");
    let (mut first, _) = FakeHost::start(&crashed, "boot-1", 0, LARGE);
    first.record(130);
    crashed_copy(&crashed, &path);
    std::fs::copy(with_suffix(&other, "-wal"), with_suffix(&path, "-wal")).unwrap();
    assert!(refusal(&path).is_damage(), "beside a file that has its own");
    std::fs::write(&path, "").unwrap();
    assert!(refusal(&path).is_damage(), "a log beside an empty file");
}

#[test]
fn a_capture_that_no_reader_would_open_is_not_gone_on_with() {
    let (_folder, path) = folder();
    let (host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.writer.finish("signal").unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute_batch("DROP TABLE note").unwrap();
    drop(db);
    let said = refusal(&path).to_string();
    assert!(said.contains("its table note"), "{said}");
}

#[test]
fn an_empty_file_is_recorded_into() {
    let (_folder, path) = folder();
    std::fs::write(&path, "").unwrap();
    let said = Capture::open(&path).unwrap_err().to_string();
    assert!(said.contains("it is empty"), "{said}");
    let (mut host, start) = FakeHost::start(&path, "boot-1", 0, LARGE);
    assert_eq!(start, Start::New);
    host.record(3);
    host.writer.finish("signal").unwrap();
    assert_eq!(Capture::open(&path).unwrap().ticks().unwrap(), 3);
}

#[test]
fn opening_after_a_crash_tells_how_far_it_is_and_ends_when_nobody_waits() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(70);
    let (_other, copy) = folder();
    crashed_copy(&path, &copy);
    let watch = Arc::new(Patience::default());
    let mut capture = Capture::open_watched(&copy, Arc::clone(&watch) as Arc<dyn Watch>).unwrap();
    assert_eq!(capture.mode(), Mode::WithLog);
    assert!(capture.sample(Seq(3)).unwrap().is_some());
    let told = watch.told.lock().unwrap().clone();
    let mut copied = told.iter().filter(|stage| stage.work == Work::CopyingLog);
    assert!(
        copied.any(|stage| stage.done > 0 && stage.done == stage.total),
        "{told:?}"
    );
    for longest in 0..told.len() {
        let watch = Patience {
            longest: Some(longest),
            ..Patience::default()
        };
        let opened = Capture::open_watched(&copy, Arc::new(watch));
        assert!(matches!(opened, Err(CaptureError::Cancelled { .. })));
    }
    let left = std::fs::read_dir(copy.parent().unwrap()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    drop(capture);
    assert!(
        left.len() <= 3,
        "nothing but the copy, its log and the open one: {left:?}"
    );
}

#[test]
fn a_table_on_damaged_pages_is_read_as_far_as_it_goes_and_named() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(120);
    host.writer.finish("signal").unwrap();
    let db = Connection::open(&path).unwrap();
    let page = |name: &str| -> i64 {
        let find = "SELECT rootpage FROM sqlite_schema WHERE name = ?";
        db.query_row(find, [name], |row| row.get(0)).unwrap()
    };
    let places = ["gap", "event"].map(|name| usize::try_from((page(name) - 1) * 4096).unwrap());
    drop(db);
    let mut bytes = std::fs::read(&path).unwrap();
    for place in places {
        bytes[place..place + 4096].fill(0);
    }
    std::fs::write(&path, bytes).unwrap();
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(capture.gaps().unwrap(), []);
    assert_eq!(capture.events(wall(0), wall(9_999)).unwrap(), []);
    assert_eq!(rss_of(&mut capture, 61, 1), Some(rss(1, 60)));
    let damage = capture.damage().iter();
    let damage: Vec<_> = damage
        .map(|damage| (damage.table, damage.fault.clone()))
        .collect();
    assert_eq!(
        damage,
        [("gap", FrameFault::Torn), ("event", FrameFault::Torn)]
    );
}
