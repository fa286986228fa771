//! A file that cannot be written for a while, that is opened anew, or that is no longer there.

use super::{FakeHost, LARGE, facts, folder, instants, options, rss, rss_of};
use crate::capture::lock::{OwnerLock, with_suffix};
use crate::capture::writer::{Record, Start, Sync, Writer};
use crate::capture::{Capture, Mode};
use crate::facts::{Event, Gap, GapKind};
use crate::group::{Group, ProcessField};
use crate::time::Seq;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::Path;

fn mark(text: &str) -> Record {
    Record::Event(Event {
        wall: instants(0, 0).wall,
        kind: "mark".to_owned(),
        text: text.to_owned(),
    })
}

/// A tick that cannot be written, at the end of a chunk or within one.
fn fail_once(host: &mut FakeHost) {
    host.writer.set_read_only(true);
    let tick = host.tick();
    let failed = host.writer.commit(Some(&tick), vec![mark("waits")]);
    assert!(failed.is_err() && host.writer.is_waiting());
    // And once more, in vain.
    assert!(host.writer.commit(None, Vec::new()).is_err());
}

#[track_caller]
fn assert_whole(path: &Path, ticks: u64) {
    let mut capture = Capture::open(path).unwrap();
    capture.check().unwrap();
    assert_eq!(capture.damage(), []);
    assert_eq!(capture.ticks().unwrap(), ticks);
    for seq in 1..=ticks {
        let second = seq.cast_signed() - 1;
        assert_eq!(rss_of(&mut capture, seq, 1), Some(rss(1, second)), "{seq}");
    }
    let events = capture.events(instants(-9, 0).wall, instants(9999, 0).wall);
    assert_eq!(events.unwrap().len(), 1, "it is said once");
    assert_eq!(capture.gaps().unwrap(), []);
}

#[test]
fn what_could_not_be_written_is_written_once_it_can() {
    for before in [50, 59, 60] {
        for anew in [false, true] {
            let (_folder, path) = folder();
            let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
            host.record(before);
            fail_once(&mut host);
            if anew {
                host.writer.reopen(&facts("boot-1", 0)).unwrap();
            } else {
                host.writer.set_read_only(false);
            }
            host.writer.commit(None, Vec::new()).unwrap();
            assert!(!host.writer.is_waiting());
            let last = Seq(before as u64 + 1);
            let ends = Capture::open(&path).unwrap().ends().unwrap();
            assert_eq!(ends, Some((Seq(1), last)), "it is there at once");
            host.record(70);
            host.writer.finish("signal").unwrap();
            assert_whole(&path, before as u64 + 71);
        }
    }
}

#[test]
fn what_had_reached_the_file_after_all_is_not_written_twice() {
    for before in [50, 59] {
        let (_folder, path) = folder();
        let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
        host.record(before);
        let tick = host.tick();
        host.writer
            .pretend_that_a_commit_failed(Some(&tick), vec![mark("waits")]);
        assert!(host.writer.is_waiting());
        host.writer.reopen(&facts("boot-1", 0)).unwrap();
        host.writer.commit(None, Vec::new()).unwrap();
        host.record(10);
        host.writer.finish("signal").unwrap();
        assert_whole(&path, before as u64 + 11);
    }
}

#[test]
fn records_that_had_reached_the_file_after_all_are_not_written_twice() {
    for reached in [true, false] {
        let (_folder, path) = folder();
        let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
        host.record(20);
        if reached {
            host.writer
                .pretend_that_a_commit_failed(None, vec![mark("waits")]);
        } else {
            host.writer.refuse_commits();
            let failed = host.writer.commit(None, vec![mark("waits")]);
            assert!(failed.is_err());
        }
        assert!(host.writer.is_waiting());
        host.writer.reopen(&facts("boot-1", 0)).unwrap();
        host.writer.commit(None, Vec::new()).unwrap();
        host.record(10);
        host.writer.finish("signal").unwrap();
        assert_whole(&path, 30);
    }
}

/// What a log holds is gone from the place on at which it was changed, and what is behind it with
/// it: SQLite takes that for its end.
#[test]
fn a_file_that_has_lost_a_tick_is_no_longer_written() {
    for (is_changed, before) in [(true, 75), (false, 5)] {
        let (_folder, path) = folder();
        let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
        let settings = Record::Settings {
            sync: Sync::Tick,
            args: "full".to_owned(),
        };
        host.writer.commit(None, vec![settings]).unwrap();
        host.record(before);
        let log = with_suffix(&path, "-wal");
        let mut bytes = std::fs::read(&log).unwrap();
        if is_changed {
            bytes[32 + 24 + 100] ^= 1;
        } else {
            bytes.fill(0);
        }
        std::fs::write(&log, &bytes).unwrap();
        let error = host.writer.reopen(&facts("boot-1", 0)).unwrap_err();
        assert!(error.is_damage(), "{error}");
        let carried = host.writer.abandon();
        assert!(std::fs::read(&log).unwrap() == bytes, "it was written to");
        let open = Seq(if is_changed { 61 } else { 1 });
        assert_eq!(carried.ticks(), Some((open, Seq(before as u64))));
        if is_changed {
            // Nor does the next run write over what is sound behind the place.
            let lock = OwnerLock::take(&path).unwrap();
            let begun = Writer::start(&path, lock, options(LARGE), &facts("boot-1", 100));
            assert!(begun.unwrap_err().is_damage());
            assert!(std::fs::read(&log).unwrap() == bytes, "it was written to");
        }
    }
}

/// The first part of the oldest chunk goes on in a page that is not there, in the file and in its
/// log, and who writes it does not rely on what is in memory any more.
fn lead_astray(path: &Path) {
    let other = Connection::open(path).unwrap();
    other
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .unwrap();
    let oldest = "SELECT frames FROM chunk_body ORDER BY id LIMIT 1";
    let frames: Vec<u8> = other.query_row(oldest, [], |row| row.get(0)).unwrap();
    let version = other.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    let version = version.unwrap();
    for file in [path.to_owned(), with_suffix(path, "-wal")] {
        let mut bytes = std::fs::read(&file).unwrap();
        let places: Vec<_> = (0..bytes.len().saturating_sub(64))
            .filter(|&at| bytes[at..at + 64] == frames[..64])
            .collect();
        for begin in places {
            let both = bytes[begin..].iter().zip(&frames);
            let end = begin + both.take_while(|(one, other)| one == other).count();
            bytes[end..end + 4].fill(0xff);
        }
        std::fs::write(&file, &bytes).unwrap();
    }
    other.pragma_update(None, "user_version", version).unwrap();
}

/// `SQLite` looks for that page, and says that there is no room for it.
#[test]
fn a_damaged_file_is_told_from_a_full_disk() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.processes = 300;
    host.record(61);
    lead_astray(&path);
    let failed = (0..1000).find_map(|_| {
        let tick = host.tick();
        let failed = host.writer.commit(Some(&tick), Vec::new()).err();
        failed.filter(|error| error.is_damage() || !error.is_full())
    });
    let error = failed.expect("whoever moves that part of a chunk needs the next one");
    assert!(error.is_damage(), "{error}");
}

fn stalled(after: Seq) -> Gap {
    Gap {
        kind: GapKind::Stalled,
        after,
        from: instants(1, 0).wall,
        to: instants(2, 0).wall,
        missed: 1,
        detail: "busy".to_owned(),
    }
}

/// Goes on in a new file at the path, as the recorder does.
fn go_on(host: FakeHost, path: &Path) -> FakeHost {
    assert!(!host.writer.is_in_place());
    let second = host.second;
    let next = host.writer.next_seq();
    let (mut carried, saved) = host.writer.hand_over("moved");
    if saved.is_ok() {
        carried.forget_ticks();
    }
    let lock = OwnerLock::take(path).unwrap();
    let (mut writer, start) =
        Writer::start(path, lock, options(LARGE), &facts("boot-1", second)).unwrap();
    assert_eq!(start, Start::New);
    writer.take_up(carried);
    // Whoever takes the ticks goes on numbering them; the file counts from its own first one.
    let ahead = next.0 - writer.next_seq().0;
    FakeHost {
        writer,
        ahead,
        ..host
    }
}

#[test]
fn a_renamed_file_is_ended_cleanly_and_the_next_goes_on_with_every_process() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(69);
    let mut tick = host.tick();
    let read_at = ProcessField::StatReadAt.column();
    tick.number(Group::Process, 0, read_at, Ok(70));
    host.writer.commit(Some(&tick), Vec::new()).unwrap();
    assert!(host.writer.is_in_place());
    let moved = path.with_file_name("moved.afterimage");
    std::fs::rename(&path, &moved).unwrap();
    let mut host = go_on(host, &path);
    host.record(60);
    let mut gap = stalled(Seq(130));
    let tick = host.tick();
    host.writer
        .commit(Some(&tick), vec![Record::Gap(gap.clone())])
        .unwrap();
    host.record(9);
    host.writer.finish("signal").unwrap();

    let mut first = Capture::open(&moved).unwrap();
    assert_eq!(first.mode(), Mode::Whole);
    assert_eq!(first.ends().unwrap(), Some((Seq(1), Seq(70))));
    assert_eq!(first.runs().unwrap()[0].end.as_deref(), Some("moved"));
    let mut second = Capture::open(&path).unwrap();
    second.check().unwrap();
    assert_eq!(second.ends().unwrap(), Some((Seq(1), Seq(70))));
    assert_eq!(second.runs().unwrap()[0].first, Seq(1));
    // A gap names the tick before it, by whoever counts.
    gap.after = Seq(60);
    assert_eq!(second.gaps().unwrap(), [gap]);
    assert_eq!(rss_of(&mut second, 1, 2), Some(rss(2, 70)));
    assert_eq!(rss_of(&mut second, 70, 2), Some(rss(2, 139)));
    let sample = second.sample(Seq(1)).unwrap().unwrap();
    assert_eq!(&*sample.processes[0].comm.clone().unwrap(), b"worker-0");
    // It was read at the tick before the first.
    assert_eq!(sample.processes[0].counters().stat_read_at, Ok(Seq(0)));
}

#[test]
fn a_file_that_took_its_place_keeps_its_own_log() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(10);
    let log = with_suffix(&path, "-wal");
    for file in [&path, &log] {
        std::fs::rename(file, with_suffix(file, ".old")).unwrap();
        std::fs::write(file, "somebody else's").unwrap();
    }
    let (carried, ended) = host.writer.hand_over("moved");
    ended.unwrap();
    assert_eq!(carried.ticks(), Some((Seq(1), Seq(10))));
    for file in [&path, &log] {
        assert_eq!(std::fs::read(file).unwrap(), b"somebody else's");
    }
    let moved = with_suffix(&path, ".old");
    let first = Capture::open(&moved).unwrap();
    assert_eq!(first.ends().unwrap(), Some((Seq(1), Seq(10))));
}

#[test]
fn what_a_dead_file_could_not_take_is_in_the_next() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(70);
    let mut tick = host.tick();
    let read_at = ProcessField::StatReadAt.column();
    tick.number(Group::Process, 0, read_at, Ok(71));
    host.writer.commit(Some(&tick), Vec::new()).unwrap();
    fail_once(&mut host);
    std::fs::remove_file(&path).unwrap();
    let mut host = go_on(host, &path);
    assert!(host.writer.is_waiting());
    host.writer.commit(None, Vec::new()).unwrap();
    assert!(!host.writer.is_waiting());
    host.record(5);
    // What is not closed yet can be read all the same.
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(capture.ends().unwrap(), Some((Seq(1), Seq(17))));
    assert_eq!(rss_of(&mut capture, 17, 2), Some(rss(2, 76)));
    host.writer.finish("signal").unwrap();

    // The ten ticks after the last chunk, that which was read, that which failed, and five.
    let mut capture = Capture::open(&path).unwrap();
    capture.check().unwrap();
    assert_eq!(capture.damage(), []);
    assert_eq!(capture.ticks().unwrap(), 17);
    assert_eq!(capture.gaps().unwrap(), []);
    assert_eq!(rss_of(&mut capture, 1, 2), Some(rss(2, 60)));
    assert_eq!(rss_of(&mut capture, 12, 2), Some(rss(2, 71)));
    assert_eq!(rss_of(&mut capture, 13, 2), Some(rss(2, 72)));
    let read_at = |capture: &mut Capture, seq| {
        let sample = capture.sample(Seq(seq)).unwrap().unwrap();
        sample.processes[0].counters().stat_read_at
    };
    assert_eq!(read_at(&mut capture, 11), Ok(Seq(11)));
    assert_eq!(read_at(&mut capture, 17), Ok(Seq(11)));
    let events = capture.events(instants(-9, 0).wall, instants(99, 0).wall);
    assert_eq!(events.unwrap().len(), 1, "what waited is there");
}
