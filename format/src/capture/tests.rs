//! Writer and reader together: whatever was written is read back, and damage is named.

mod listing;

use super::lock::{OwnerLock, with_suffix};
use super::writer::{Options, Record, RunFacts, Start, Sync, Writer};
use super::{Capture, Mode};
use crate::facts::{Anchor, Event, Gap, GapKind, Host, KernelLogLine, Source};
use crate::group::{Group, LineField, MachineField, ProcessField};
use crate::process::{Pid, ProcessKey};
use crate::series::Series;
use crate::tick::{Instants, Key, Shed, Tick, TickTimes};
use crate::time::{BootTime, MonotonicTime, Seq, WallTime};
use crate::units::{Bytes, TickRate, Ticks};
use rusqlite::Connection;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// 2023-11-14T22:13:20Z, when the host of these tests had been up for 1000 s.
const BOOTED: i64 = 1_700_000_000_000_000 - 1_000_000_000;

/// The clocks so many seconds into the recording, with the wall clock set by `step` seconds.
fn instants(second: i64, step: i64) -> Instants {
    let micros = (1000 + second) * 1_000_000;
    Instants {
        monotonic: MonotonicTime(micros),
        boot: BootTime(micros),
        wall: WallTime(BOOTED + micros + step * 1_000_000),
    }
}

fn wall(second: i64) -> WallTime {
    instants(second, 0).wall
}

fn facts(boot_id: &str, second: i64) -> RunFacts {
    RunFacts {
        host: Host {
            boot_id: boot_id.to_owned(),
            hostname: "web-1".to_owned(),
            kernel: "6.1.0".to_owned(),
            architecture: "x86_64".to_owned(),
            timezone: Some("Europe/Berlin".to_owned()),
            utc_offset_seconds: 3600,
            cpus: 2,
            tick_rate: TickRate(NonZeroU64::new(100).unwrap()),
            page_size: Bytes(4096),
        },
        pid: 77,
        version: "test".to_owned(),
        interval: Duration::from_secs(1),
        args: "redact".to_owned(),
        now: instants(second, 0),
        mounts: vec![["/", "ext4", "/dev/sda1", "rw"].map(str::to_owned)],
    }
}

fn options(max_bytes: u64) -> Options {
    Options {
        sync: Sync::Off,
        max_bytes,
        retain: Duration::from_hours(24),
    }
}

/// A host with a load, one line of memory and some processes, of which one grows.
struct FakeHost {
    writer: Writer,
    /// The second of the next tick.
    second: i64,
    step: i64,
    processes: u32,
    begun: bool,
}

impl FakeHost {
    fn start(path: &Path, boot_id: &str, second: i64, max_bytes: u64) -> (Self, Start) {
        let lock = OwnerLock::take(path).unwrap();
        let (writer, start) =
            Writer::start(path, lock, options(max_bytes), &facts(boot_id, second)).unwrap();
        let host = Self {
            writer,
            second,
            step: 0,
            processes: 3,
            begun: false,
        };
        (host, start)
    }

    fn tick(&mut self) -> Tick {
        let at = instants(self.second, self.step);
        let mut tick = Tick::new(TickTimes {
            seq: self.writer.next_seq(),
            planned: at.monotonic,
            began: at,
            ended: at,
            recorder_cpu: Duration::ZERO,
            shed: Shed::NONE,
            full_sweep: false,
        });
        if !self.begun {
            tick.begin(Group::Machine, 0, Key::name(""));
            tick.begin(Group::Memory, 0, Key::name("MemFree"));
            for slot in 0..self.processes {
                tick.begin(Group::Process, slot, Key::Process(key(slot)));
                let comm = format!("worker-{slot}");
                tick.text(
                    Group::Process,
                    slot,
                    ProcessField::Comm.column(),
                    Ok(comm.as_bytes()),
                );
                tick.text(
                    Group::Process,
                    slot,
                    ProcessField::CommandLine.column(),
                    Ok(b"/usr/bin/worker --all"),
                );
            }
            self.begun = true;
        }
        let load = if self.second == 100 { 9000 } else { 100 };
        tick.number(Group::Machine, 0, MachineField::Load1.column(), Ok(load));
        tick.number(
            Group::Memory,
            0,
            LineField::Value.column(),
            Ok(1000 + self.second),
        );
        for slot in 0..self.processes {
            let rss = rss(slot, self.second).cast_signed();
            tick.number(Group::Process, slot, ProcessField::Rss.column(), Ok(rss));
            tick.number(Group::Process, slot, ProcessField::PeakRss.column(), Ok(7));
            let run = 1000 * i64::from(slot) * self.second;
            for (field, value) in [(ProcessField::Run, run), (ProcessField::Threads, 1)] {
                tick.number(Group::Process, slot, field.column(), Ok(value));
            }
        }
        self.second += 1;
        tick
    }

    fn record(&mut self, ticks: usize) {
        for _ in 0..ticks {
            let tick = self.tick();
            self.writer.commit(Some(&tick), Vec::new()).unwrap();
            self.writer.maintain(|| false).unwrap();
        }
    }
}

fn key(slot: u32) -> ProcessKey {
    ProcessKey {
        pid: Pid(100 + slot.cast_signed()),
        started: Ticks(4000),
    }
}

/// The resident set of a process at a second: never the same for long, so that it takes room.
fn rss(slot: u32, second: i64) -> u64 {
    let mixed =
        (second.cast_unsigned() << 20 | u64::from(slot)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 48
}

fn rss_of(capture: &mut Capture, seq: u64, slot: u32) -> Option<u64> {
    let sample = capture.sample(Seq(seq)).unwrap()?;
    let process = sample
        .processes
        .into_iter()
        .find(|process| process.key == key(slot));
    process.and_then(|process| process.rss_pages.ok())
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.afterimage");
    (folder, path)
}

const LARGE: u64 = 64 << 20;

/// What a crash leaves: the file and its log, without whoever wrote them.
fn crashed_copy(path: &Path, to: &Path) {
    std::fs::copy(path, to).unwrap();
    std::fs::copy(with_suffix(path, "-wal"), with_suffix(to, "-wal")).unwrap();
}

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
fn an_outage_of_the_file_loses_nothing_while_memory_lasts() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(50);
    host.writer.set_read_only(true);
    for _ in 0..100 {
        let tick = host.tick();
        assert!(host.writer.commit(Some(&tick), Vec::new()).is_err());
        assert!(!host.writer.is_overfull());
    }
    host.writer.set_read_only(false);
    host.record(10);
    host.writer.finish("signal").unwrap();
    let mut capture = Capture::open(&path).unwrap();
    assert_eq!(capture.ticks().unwrap(), 160);
    for seq in [50, 51, 100, 150, 160_u64] {
        assert_eq!(
            rss_of(&mut capture, seq, 1),
            Some(rss(1, seq.cast_signed() - 1)),
            "tick {seq}"
        );
    }
    assert_eq!(capture.gaps().unwrap(), []);
}

#[test]
fn of_a_longer_outage_what_is_lost_is_counted_and_what_was_written_stays() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(70);
    host.writer.set_read_only(true);
    while !host.writer.is_overfull() {
        let tick = host.tick();
        assert!(host.writer.commit(Some(&tick), Vec::new()).is_err());
    }
    host.writer.drop_backlog();
    // Ticks that were on their way say only what changed.
    for _ in 0..5 {
        let tick = host.tick();
        drop(host.writer.commit(Some(&tick), Vec::new()));
    }
    host.writer.set_read_only(false);
    let outage = u64::try_from(host.second).unwrap() - 70;
    host.begun = false;
    let mut tick = host.tick();
    tick.reset = true;
    let back = tick.times.seq.0;
    host.writer.commit(Some(&tick), Vec::new()).unwrap();
    host.record(70);
    let second = host.second;
    host.writer.finish("signal").unwrap();

    let mut capture = Capture::open(&path).unwrap();
    assert!(capture.check().is_ok() && capture.damage().is_empty());
    let gaps = capture.gaps().unwrap();
    assert_eq!(
        (gaps[0].kind, gaps[0].after, gaps[0].missed),
        (GapKind::StorageOutage, Seq(70), outage)
    );
    assert_eq!(capture.ticks().unwrap() + outage, second.cast_unsigned());
    assert_eq!(rss_of(&mut capture, 70, 1), Some(rss(1, 69)));
    assert_eq!(rss_of(&mut capture, back, 1), Some(rss(1, second - 71)));
    let (_, last) = capture.ends().unwrap().unwrap();
    assert_eq!(rss_of(&mut capture, last.0, 1), Some(rss(1, second - 1)));
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
        let largest = buckets.iter().map(|bucket| bucket.sums.rss_pages[1]).max();
        assert_eq!(largest, (0..8000).map(|second| rss(2, second)).max());
    }
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
    let records = vec![
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
    std::fs::write(&path, "").unwrap();
    assert!(refused(&path).1.contains("it is empty"));
    std::fs::write(&path, "notes, and more than a hundred bytes of them, so that a header would fit into it if it were one at all...").unwrap();
    assert!(refused(&path).0.contains("does not begin as one"));
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
