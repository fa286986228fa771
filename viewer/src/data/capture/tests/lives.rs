//! Ends that the kernel told of, in the lanes: seen or short, well or badly ended.

use super::{OPTIONS, START, run_facts, second_of, tick, wall};
use crate::data::Replay as _;
use crate::data::capture::CaptureReplay;
use crate::data::events::{EventRow, Events, Lane};
use afterimage_format::capture::lock::OwnerLock;
use afterimage_format::capture::writer::{Record, Writer};
use afterimage_format::facts::{Exited, KnownBy};
use afterimage_format::group::Group;
use afterimage_format::process::Pid;
use afterimage_format::tick::{Key, Tick, TickTimes};
use afterimage_format::time::WallTime;
use afterimage_format::units::Ticks;
use std::time::Duration;

/// An end at that second and a half, of which only the wait status is known.
fn exited(second: i64, pid: i32, wait_status: i32) -> Exited {
    Exited {
        wall: WallTime(START + second * 1_000_000 + 500_000),
        pid: Pid(pid),
        ppid: Some(Pid(42)),
        started: Some(Ticks(100_000)),
        comm: Some(b"job".to_vec()),
        command_line: None,
        uid: None,
        wait_status: Some(wait_status),
        user: Some(Duration::from_millis(30)),
        system: Some(Duration::from_millis(20)),
        read: None,
        written: None,
        peak_rss: None,
        lifetime: Some(Duration::from_millis(250)),
        flags: None,
        tty_nr: None,
        known_by: KnownBy::Taskstats,
    }
}

/// 70 ticks in which process 42 is there up to tick 65; `ends` are told with tick 66.
fn events(ends: Vec<Exited>) -> Events {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web-07.afterimage");
    let lock = OwnerLock::take(&path).unwrap();
    let (mut writer, _start) = Writer::start(&path, lock, OPTIONS, &run_facts()).unwrap();
    let mut ends = Some(ends);
    for seq in 1..=70 {
        let (mut tick, mut records) = (tick(seq), vec![]);
        if seq > 65 {
            tick = alone(tick.times);
            records.extend(ends.take().into_iter().flatten().map(Record::Exited));
        }
        writer.commit(Some(&tick), records).unwrap();
    }
    writer.finish("signal").unwrap();
    let mut replay = CaptureReplay::open(&path).unwrap();
    loop {
        if let Some(events) = replay.events().unwrap() {
            return events;
        }
    }
}

/// A tick without a process.
fn alone(times: TickTimes) -> Tick {
    let mut tick = Tick::new(times);
    tick.reset = true;
    tick.begin(Group::Machine, 0, Key::name("machine"));
    tick
}

fn texts(row: &EventRow) -> Vec<String> {
    (0..row.len()).map(|place| row.text(place)).collect()
}

#[test]
fn who_lived_between_two_ticks_is_born_and_dies_in_the_lane() {
    let events = events(vec![exited(30, 900, 0), exited(31, 901, 9)]);
    let [births, deaths] = events.of(Lane::Processes) else {
        panic!("two classes")
    };
    assert_eq!(texts(births), ["900 (job) began", "901 (job) began"]);
    // A quarter of a second before its end.
    assert_eq!(births.times()[0], WallTime(wall(30).0 + 250_000));
    // The name of process 42 is two bytes that are no text, and an escape.
    assert_eq!(
        texts(deaths)[..2],
        [
            r"900 (job) exited with status 0 after 0.2 s, 50.0 ms of CPU, child of 42 (a\xffb\x1b)",
            r"901 (job) was killed by SIGKILL after 0.2 s, 50.0 ms of CPU, child of 42 (a\xffb\x1b)",
        ]
    );
}

#[test]
fn what_samples_saw_and_the_kernel_told_of_is_one_end() {
    // Ten clock ticks beside the start that the samples have.
    let of_42 = Exited {
        started: Some(Ticks(90_010)),
        ppid: Some(Pid(1)),
        // It began after the first tick by this, and was there all the same.
        lifetime: Some(Duration::from_secs(64)),
        comm: None,
        ..exited(second_of(65), 42, 3 << 8)
    };
    let events = events(vec![of_42]);
    let [births, deaths] = events.of(Lane::Processes) else {
        panic!("two classes")
    };
    assert!(births.is_empty(), "it was there when the recording began");
    assert_eq!(
        texts(deaths),
        [r"42 (a\xffb\x1b) exited with status 3 after 1 m 4 s, 50.0 ms of CPU, child of 1"]
    );
}

#[test]
fn ends_by_a_signal_and_with_an_error_are_failures_and_others_are_not() {
    let ends = vec![
        exited(30, 900, 0),
        exited(40, 901, 1 << 8),
        exited(50, 902, 0x8b),
    ];
    let events = events(ends);
    let [killed, erred] = events.of(Lane::Failures) else {
        panic!("two classes")
    };
    assert!(texts(killed)[0].contains("902 (job) was killed by SIGSEGV (core)"));
    assert!(texts(erred)[0].contains("901 (job) exited with status 1"));
    assert_eq!((killed.len(), erred.len()), (1, 1));
    // The keys go from one to the other.
    let next = events.after(Lane::Failures, wall(0)).unwrap();
    assert_eq!(events.failed_at(next), Some(Pid(901)));
    let next = events.after(Lane::Failures, next).unwrap();
    assert_eq!(events.failed_at(next), Some(Pid(902)));
    assert_eq!(events.after(Lane::Failures, next), None);
    // Beside these, process 42 ended, of which nobody told.
    let deaths = &events.of(Lane::Processes)[1];
    assert_eq!(
        (deaths.len(), deaths.text(3).as_str()),
        (4, r"42 (a\xffb\x1b) ended")
    );
}

#[test]
fn thirty_thousand_ends_in_a_minute_are_all_counted() {
    let ends = (0..30_000).map(|number| Exited {
        wall: WallTime(wall(1).0 + i64::from(number) * 2_000),
        ..exited(0, 1_000 + number, (number % 3) << 8)
    });
    let events = events(ends.collect());
    let deaths = &events.of(Lane::Processes)[1];
    let in_view = deaths.between(wall(0), wall(64));
    assert_eq!(deaths.count(&in_view), 30_000);
    assert_eq!(events.of(Lane::Failures)[1].len(), 20_000);
}
