//! Ends that the kernel told, beside what the samples saw of the same lives.

use super::{FakeHost, LARGE, exited, folder, key, wall};
use crate::capture::Capture;
use crate::capture::writer::Record;
use crate::facts::{EndsSum, Exited};
use crate::group::Group;
use crate::process::Pid;
use crate::time::Seq;
use crate::units::{Bytes, Ticks};
use std::time::Duration;

/// The end of the process in slot 2, told with a start that is ten clock ticks off.
fn told() -> Exited {
    Exited {
        pid: key(2).pid,
        started: Some(Ticks(key(2).started.0 + 10)),
        lifetime: Some(Duration::from_mins(1)),
        ..exited(61)
    }
}

/// Records `before` ticks, then one without the process of slot 2, then `after`; its end is told
/// with the tick of this number.
fn recorded(before: usize, after: usize, told_with: usize) -> (tempfile::TempDir, Capture) {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    for number in 1..=before + 1 + after {
        let mut tick = host.tick();
        if number == before + 1 {
            tick.end(Group::Process, 2);
            host.processes = 2;
        }
        let records = (number == told_with).then(|| Record::Exited(told()));
        let records = records.into_iter().collect();
        host.writer.commit(Some(&tick), records).unwrap();
    }
    host.writer.finish("signal").unwrap();
    let capture = Capture::open(&path).unwrap();
    (folder, capture)
}

#[test]
fn a_life_gets_what_was_told_of_its_end_whenever_that_came() {
    // Within a chunk; between two chunks; told with the chunk after the one that saw the end.
    for (before, told_with) in [(70, 72), (60, 61), (59, 61)] {
        let (_folder, mut capture) = recorded(before, 70, told_with);
        let lives = capture.lives(Seq(1), Seq(200)).unwrap();
        let life = lives.iter().find(|life| life.key == key(2)).unwrap();
        assert_eq!(life.last, Some(Seq(before as u64)), "{told_with}");
        assert_eq!(life.cpu, Some(Duration::from_micros(1801)), "{told_with}");
        assert_eq!(life.peak_rss, Some(Bytes::from_kib(2048)), "{told_with}");
        let end = capture.end_of(life.boot, key(2)).unwrap().unwrap();
        assert_eq!(end.wait_status, Some(256), "{told_with}");
        assert_eq!(capture.end_of(life.boot, key(1)).unwrap(), None);
        assert!(capture.damage().is_empty());
    }
}

#[test]
fn an_end_goes_by_the_start_of_the_samples_once_they_are_known() {
    let (_folder, mut capture) = recorded(70, 1, 72);
    let ends = capture.exited(wall(0), wall(100)).unwrap();
    assert_eq!(ends[0].started, Some(key(2).started));
}

#[test]
fn ends_come_newest_first_and_only_as_long_as_they_are_wanted() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    let tick = host.tick();
    let records = (0..10).map(|second| Record::Exited(exited(second)));
    host.writer.commit(Some(&tick), records.collect()).unwrap();
    let sum = EndsSum {
        from: wall(3),
        to: wall(7),
        ppid: Some(Pid(1)),
        comm: Some(b"storm".to_vec()),
        lives: 5000,
        cpu: None,
    };
    let records = vec![Record::EndsSum(sum)];
    host.writer.commit(None, records).unwrap();
    let mut capture = Capture::open(&path).unwrap();
    let mut seen = Vec::new();
    let give = |end: crate::capture::reader::StoredEnd| {
        seen.push(end.exited.wall);
        seen.len() < 3
    };
    capture.each_exited(wall(2), wall(8), give).unwrap();
    let (mut all, mut after) = (Vec::new(), i64::MIN);
    while let Some(last) = capture
        .next_exited(after, 3, |end| all.push(end.exited.wall))
        .unwrap()
    {
        after = last;
    }
    assert_eq!(all, (0..10).map(wall).collect::<Vec<_>>());
    assert_eq!(seen, [wall(8), wall(7), wall(6)]);
    let counts = capture.count_ends().unwrap();
    assert_eq!(
        (counts.kept, counts.added_up, counts.evicted),
        (10, 5000, 0)
    );
    let sums = capture.short_lives().unwrap();
    assert_eq!((sums[0].lives, sums[0].ppid), (5000, Some(1)));
}
