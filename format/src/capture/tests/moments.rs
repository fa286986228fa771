//! Moments are found, and curves hold at every resolution.

use super::{FakeHost, LARGE, folder, instants, key, rss, wall};
use crate::capture::Capture;
use crate::capture::writer::Record;
use crate::facts::{Anchor, Gap, GapKind};
use crate::sample::Sample;
use crate::series::Series;
use crate::time::Seq;

#[test]
fn moments_are_found_within_and_between_chunks_and_in_gaps() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(130);
    host.second = 200;
    host.record(130);
    let mut capture = Capture::open(&path).unwrap();
    // Ticks 1-130 are at seconds 0-129, ticks 131-260 at seconds 200-329.
    for (second, tick) in [
        (0, 1),
        (59, 60),
        (60, 61),
        (129, 130),
        (150, 130),
        (199, 130),
        (200, 131),
        (329, 260),
        (999, 260),
    ] {
        assert_eq!(
            capture.at_or_before(wall(second)).unwrap(),
            Some(Seq(tick)),
            "second {second}"
        );
    }
    assert_eq!(capture.at_or_before(wall(-1)).unwrap(), None);
    assert_eq!(capture.at_or_after(wall(-1)).unwrap(), Some(Seq(1)));
    assert_eq!(capture.at_or_after(wall(150)).unwrap(), Some(Seq(131)));
    assert_eq!(capture.at_or_after(wall(200)).unwrap(), Some(Seq(131)));
    assert_eq!(capture.at_or_after(wall(330)).unwrap(), None);
}

#[test]
fn when_the_clock_was_set_back_a_moment_that_came_twice_is_the_later_one() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(100);
    host.step = -50;
    let at = instants(host.second, host.step);
    let anchor = Anchor {
        seq: host.writer.next_seq(),
        boot: at.boot,
        monotonic: at.monotonic,
        wall: at.wall,
    };
    let tick = host.tick();
    host.writer
        .commit(Some(&tick), vec![Record::Clock(anchor)])
        .unwrap();
    host.record(19);
    // Tick 101, at second 100, was at second 50 by the clock; tick 120 at second 69.
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(capture.at_or_before(wall(40)).unwrap(), Some(Seq(41)));
    assert_eq!(capture.at_or_before(wall(50)).unwrap(), Some(Seq(101)));
    assert_eq!(capture.at_or_before(wall(60)).unwrap(), Some(Seq(111)));
    assert_eq!(capture.at_or_before(wall(90)).unwrap(), Some(Seq(120)));
}

#[test]
fn one_second_of_load_shows_at_every_resolution() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(8000);
    let mut capture = Capture::open(&path).unwrap();
    for (most, step) in [(10_000, 0), (500, 60), (20, 900), (2, 7200)] {
        let curves = capture.curves(wall(0), wall(7999), most).unwrap();
        assert_eq!(curves.step_seconds, step);
        assert_eq!(
            curves
                .buckets
                .iter()
                .map(|bucket| bucket.ticks)
                .sum::<u64>(),
            8000,
            "step {step}"
        );
        let loads = curves
            .buckets
            .iter()
            .map(|bucket| bucket.of(Series::Load1).unwrap());
        let (least, most) = loads.fold((f64::MAX, f64::MIN), |(min, max), load| {
            (min.min(load.min), max.max(load.max))
        });
        assert!(
            (least - 1.0).abs() < 1e-6 && (most - 90.0).abs() < 1e-6,
            "step {step}: {least} {most}"
        );
    }
}

#[test]
fn what_a_process_did_adds_up_at_every_resolution() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(8000);
    let mut capture = Capture::open(&path).unwrap();
    for most in [10_000, 500, 20, 2] {
        let span = (wall(0), wall(7999));
        let buckets = capture.life_curve(key(2), span, most).unwrap();
        assert_eq!(
            buckets.iter().map(|bucket| bucket.sums.ticks).sum::<u64>(),
            8000
        );
        // 2 ms a second; what was before the first tick is not known.
        let cpu = buckets.iter().map(|bucket| bucket.sums.cpu_us.sum);
        assert_eq!(cpu.sum::<u64>(), 7999 * 2000, "{most}");
        assert!(
            buckets
                .iter()
                .all(|bucket| bucket.sums.cpu_us.most == 2000 || bucket.first == Seq(1))
        );
        let largest = buckets
            .iter()
            .map(|bucket| bucket.sums.rss_pages.most)
            .max();
        let known = buckets.iter().map(|bucket| bucket.sums.cpu_us.ticks);
        assert_eq!(known.sum::<u64>(), 7999, "{most}");
        let denied = buckets.iter().map(|bucket| bucket.sums.read_bytes.ticks);
        assert_eq!(denied.sum::<u64>(), 0, "its I/O was never readable");
        assert_eq!(largest, (0..8000).map(|second| rss(2, second)).max());
    }
}

#[test]
fn what_a_process_did_while_ticks_are_missing_belongs_to_no_stretch() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(30);
    host.second += 100;
    let gap = Gap {
        kind: GapKind::Stalled,
        after: Seq(30),
        from: wall(29),
        to: wall(130),
        missed: 100,
        detail: String::new(),
    };
    host.writer.commit(None, vec![Record::Gap(gap)]).unwrap();
    host.record(400);
    let mut capture = Capture::open(&path).unwrap();
    for most in [1000, 10] {
        let buckets = capture.life_curve(key(2), (wall(0), wall(600)), most);
        let sums = buckets
            .unwrap()
            .into_iter()
            .map(|bucket| bucket.sums.cpu_us);
        let sums: Vec<_> = sums.filter(|sum| sum.ticks > 0).collect();
        // 430 ticks, of which the first and the one after the gap have none before them.
        let known: u64 = sums.iter().map(|sum| sum.ticks).sum();
        assert_eq!(known, 428, "{most}");
        assert!(sums.iter().all(|sum| sum.most == 2000), "{most}: {sums:?}");
    }
}

#[test]
fn hours_without_a_recorder_do_not_make_the_rest_coarse() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(600);
    drop(host);
    let hours = 20 * 3600;
    let (mut host, _) = FakeHost::start(&path, "boot-1", hours, LARGE);
    host.record(600);
    let mut capture = Capture::open(&path).unwrap();
    // 1200 s were recorded: in 100 pieces of a minute they fit, twenty hours would not.
    let curves = capture.curves(wall(0), wall(hours + 599), 100).unwrap();
    assert_eq!(curves.step_seconds, 60);
    let ticks = curves.buckets.iter().map(|bucket| bucket.ticks);
    assert_eq!(ticks.sum::<u64>(), 1200);
}

#[test]
fn lives_have_their_ends_and_the_machine_is_read_without_them() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(130);
    let mut capture = Capture::open(&path).unwrap();
    let (mut ends, mut after) = (Vec::new(), i64::MIN);
    while let Some(last) = capture.life_ends(after, 2, |life| ends.push(life)).unwrap() {
        after = last;
    }
    assert_eq!(ends.len(), 3);
    assert!(ends.iter().all(|life| life.first == Seq(1)));
    assert!(ends.iter().all(|life| life.first_seen == wall(0)));
    assert!(ends.iter().all(|life| life.last.is_none()));
    assert_eq!(ends[1].key, key(1));
}

#[test]
fn a_moment_is_the_same_whichever_was_looked_at_before() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(150);
    let mut capture = Capture::open(&path).unwrap();
    // First looks, the tick before, back into the same chunk, over its edges, and the tail.
    for seq in [
        70, 69, 70, 90, 89, 75, 61, 60, 30, 29, 31, 1, 120, 121, 120, 150,
    ] {
        let moment = capture.sample_of_processes(Seq(seq)).unwrap().unwrap();
        let whole = Capture::open(&path).unwrap().sample(Seq(seq));
        let whole = whole.unwrap().unwrap();
        assert_eq!(moment.times, whole.times);
        let of = |sample: &Sample| format!("{:?} {:?}", sample.machine, sample.processes);
        assert_eq!(of(&moment), of(&whole), "tick {seq}");
    }
    assert!(capture.sample_of_processes(Seq(500)).unwrap().is_none());
    assert_eq!(capture.damage(), []);
}
