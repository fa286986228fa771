//! What was put in is read back, and the oldest goes first.

use super::{FakeHost, LARGE, exited, facts, folder, key, rss, rss_of, wall};
use crate::capture::writer::{Record, Start};
use crate::capture::{Capture, Mode};
use crate::facts::{Event, Exited, KernelLogLine, KnownBy, Source};
use crate::group::Group;
use crate::process::Pid;
use crate::time::{MonotonicTime, Seq};
use crate::units::Bytes;

#[test]
fn every_tick_is_there_while_it_is_recorded_and_after() {
    let (_folder, path) = folder();
    let (mut host, start) = FakeHost::start(&path, "boot-1", 0, LARGE);
    assert_eq!(start, Start::New);
    host.record(150);

    let mut live = Capture::open(&path).unwrap();
    assert_eq!(live.mode(), Mode::Recording);
    assert_eq!(live.ends().unwrap(), Some((Seq(1), Seq(150))));
    for seq in [1_u64, 60, 61, 120, 121, 150] {
        assert_eq!(
            rss_of(&mut live, seq, 2),
            Some(rss(2, seq.cast_signed() - 1)),
            "tick {seq}"
        );
    }
    host.record(1);
    live.refresh().unwrap();
    assert_eq!(rss_of(&mut live, 151, 1), Some(rss(1, 150)));
    drop(live);

    host.writer.finish("signal").unwrap();
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let mut whole = Capture::open(&path).unwrap();
    assert_eq!(whole.mode(), Mode::Whole);
    assert_eq!(rss_of(&mut whole, 151, 1), Some(rss(1, 150)));
    assert_eq!(rss_of(&mut whole, 152, 1), None);
    assert!(whole.damage().is_empty());
    let run = &whole.runs().unwrap()[0];
    assert_eq!(
        (run.last, run.end.as_deref()),
        (Some(Seq(151)), Some("signal"))
    );
}

#[test]
fn a_life_that_ends_between_two_chunks_keeps_what_it_had_used() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(60);
    let mut tick = host.tick();
    tick.end(Group::Process, 2);
    host.processes = 2;
    host.writer.commit(Some(&tick), Vec::new()).unwrap();
    host.record(60);
    host.writer.finish("signal").unwrap();
    let mut capture = Capture::open(&path).unwrap();
    let lives = capture.lives(Seq(1), Seq(121)).unwrap();
    let life = lives.iter().find(|life| life.key == key(2)).unwrap();
    assert_eq!(
        (life.last, life.peak_rss),
        (Some(Seq(60)), Some(Bytes::from_kib(7)))
    );
}

#[test]
fn over_the_limit_the_oldest_goes_and_the_newest_stays() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, 1 << 20);
    host.processes = 400;
    host.record(60 * 60);
    let data = host.writer.data_bytes().unwrap();
    assert!(data <= (1 << 20) + (256 << 10), "{data}");
    host.writer.finish("signal").unwrap();
    let mut capture = Capture::open(&path).unwrap();
    let (first, last) = capture.ends().unwrap().unwrap();
    assert!(first > Seq(1) && last == Seq(3600), "{first:?} {last:?}");
    assert_eq!(
        rss_of(&mut capture, first.0, 399),
        Some(rss(399, first.0.cast_signed() - 1))
    );
    assert_eq!(
        capture.check().unwrap().frames as u64,
        (3600 - first.0 + 1) / 60
    );
    assert!(capture.damage().is_empty());
}

#[test]
fn a_small_limit_is_used_and_the_file_never_exceeds_it() {
    let (_folder, path) = folder();
    let limit = 4 << 20;
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, limit);
    host.processes = 1000;
    let mut most_data = 0;
    for _ in 0..40 {
        host.record(60);
        let size = std::fs::metadata(&path).unwrap().len();
        assert!(size <= limit, "{size} of {limit}");
        most_data = most_data.max(host.writer.data_bytes().unwrap());
    }
    // The rest is for what comes next.
    assert!(most_data >= limit / 4 * 3, "{most_data} of {limit}");
    let (first, _) = Capture::open(&path).unwrap().ends().unwrap().unwrap();
    assert!(first > Seq(1), "the oldest went");
}

#[test]
fn plain_tables_give_back_what_was_put_in() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    let line = KernelLogLine {
        sequence: 7,
        at: MonotonicTime(5),
        wall: wall(3),
        severity: 4,
        facility: 0,
        text: b"disk \xff failed".to_vec(),
    };
    let event = Event {
        wall: wall(4),
        kind: "mark".to_owned(),
        text: "deploy".to_owned(),
    };
    let source = |state: &str| Source {
        name: "PID/io".to_owned(),
        state: state.to_owned(),
        detail: String::new(),
    };
    let exited = exited(3);
    let unknown = Exited {
        wall: wall(4),
        pid: Pid(4712),
        ppid: None,
        started: None,
        comm: None,
        command_line: None,
        uid: None,
        wait_status: Some(9),
        user: None,
        system: None,
        read: None,
        written: None,
        peak_rss: None,
        lifetime: None,
        flags: None,
        tty_nr: None,
        known_by: KnownBy::Connector,
    };
    let records = vec![
        Record::Exited(exited.clone()),
        Record::Exited(unknown.clone()),
        Record::KernelLog(line.clone()),
        Record::Event(event.clone()),
        Record::Source(source("ok")),
        Record::Source(source("denied")),
    ];
    let tick = host.tick();
    host.writer.commit(Some(&tick), records).unwrap();
    host.record(70);
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(capture.kernel_log(wall(3), wall(3)).unwrap(), [line]);
    assert_eq!(capture.kernel_log(wall(4), wall(9)).unwrap(), []);
    assert_eq!(capture.events(wall(0), wall(9)).unwrap(), [event]);
    assert_eq!(capture.exited(wall(3), wall(3)).unwrap(), [exited]);
    assert_eq!(capture.exited(wall(4), wall(9)).unwrap(), [unknown]);
    assert_eq!(capture.sources().unwrap(), [source("denied")]);
    assert_eq!(capture.host().unwrap().1, facts("boot-1", 0).host);
    let lives = capture.lives(Seq(1), Seq(70)).unwrap();
    assert_eq!(lives.len(), 3);
    assert_eq!(
        (lives[2].key, lives[2].first, lives[2].last),
        (key(2), Seq(1), None)
    );
    assert_eq!(
        lives[2].command_line.as_deref(),
        Some(&b"/usr/bin/worker --all"[..])
    );
}
