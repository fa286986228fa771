//! A crash, a restart, an outage: what is there afterwards, and what the file says of it.

use super::{FakeHost, LARGE, crashed_copy, folder, key, rss, rss_of, wall};
use crate::capture::writer::Start;
use crate::capture::{Capture, Mode};
use crate::facts::{Gap, GapKind};
use crate::time::Seq;

#[test]
fn a_crash_loses_no_committed_tick_and_recording_goes_on_after_it() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(75);
    let after = path.with_file_name("b.afterimage");
    crashed_copy(&path, &after);

    let mut capture = Capture::open(&after).unwrap();
    assert_eq!(capture.mode(), Mode::WithLog);
    assert_eq!(capture.ends().unwrap(), Some((Seq(1), Seq(75))));
    assert_eq!(rss_of(&mut capture, 75, 1), Some(rss(1, 74)));
    drop(capture);
    let beside = std::fs::read_dir(after.parent().unwrap()).unwrap().count();

    let (mut host, start) = FakeHost::start(&after, "boot-1", 100, LARGE);
    let Start::Continued(gap) = start else {
        panic!("it was there already")
    };
    // The last tick was at second 74; those of 75 to 99 are missing.
    assert_eq!(
        (gap.kind, gap.after, gap.missed),
        (GapKind::Killed, Seq(75), 25)
    );
    host.record(5);
    host.writer.finish("signal").unwrap();
    let mut capture = Capture::open(&after).unwrap();
    assert_eq!(capture.ends().unwrap(), Some((Seq(1), Seq(80))));
    assert_eq!(rss_of(&mut capture, 75, 1), Some(rss(1, 74)));
    assert_eq!(rss_of(&mut capture, 80, 1), Some(rss(1, 104)));
    assert_eq!(capture.gaps().unwrap(), [gap]);
    let ends: Vec<_> = capture
        .runs()
        .unwrap()
        .into_iter()
        .map(|run| run.end.unwrap())
        .collect();
    assert_eq!(ends, ["killed", "signal"]);
    assert!(beside >= 4, "the first recorder's files are untouched");
}

#[test]
fn after_a_crash_the_curves_have_no_hole() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(1000);
    let after = path.with_file_name("b.afterimage");
    crashed_copy(&path, &after);
    let (mut host, _) = FakeHost::start(&after, "boot-1", 1000, LARGE);
    host.record(1000);
    let mut capture = Capture::open(&after).unwrap();
    for most in [500, 100, 2] {
        let curves = capture.curves(wall(0), wall(1999), most).unwrap();
        assert_eq!(
            curves
                .buckets
                .iter()
                .map(|bucket| bucket.ticks)
                .sum::<u64>(),
            2000,
            "{most}"
        );
        let life = capture
            .life_curve(key(1), (wall(0), wall(1999)), most)
            .unwrap();
        assert_eq!(
            life.iter().map(|bucket| bucket.sums.ticks).sum::<u64>(),
            2000,
            "{most}"
        );
    }
}

#[test]
fn a_host_that_went_down_is_told_from_one_that_was_restarted() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(10);
    let cut = path.with_file_name("cut.afterimage");
    crashed_copy(&path, &cut);
    host.writer.finish("signal").unwrap();
    let (_, start) = FakeHost::start(&path, "boot-2", 50, LARGE);
    assert!(
        matches!(
            start,
            Start::Continued(Gap {
                kind: GapKind::Rebooted,
                ..
            })
        ),
        "{start:?}"
    );
    let (_, start) = FakeHost::start(&cut, "boot-2", 50, LARGE);
    assert!(
        matches!(
            start,
            Start::Continued(Gap {
                kind: GapKind::PowerLost,
                ..
            })
        ),
        "{start:?}"
    );
}
