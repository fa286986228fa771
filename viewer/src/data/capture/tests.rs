//! Captures written by the format's own writer, read as the viewer reads them.

mod damage;
mod lives;
mod load;
mod tracks;

use super::*;
use crate::data::life::Trace;
use crate::data::{Damage, Ending, GapBand};
use afterimage_format::capture::lock::OwnerLock;
use afterimage_format::capture::writer::{Options, Record, RunFacts, Sync, Writer};
use afterimage_format::facts::{Gap, GapKind, Host};
use afterimage_format::group::{Group, MachineField, PressureField, ProcessField};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::Missing;
use afterimage_format::tick::{Instants, Key, Shed, Tick, TickTimes};
use afterimage_format::time::{BootTime, MonotonicTime, WallTime};
use afterimage_format::units::{Bytes, TickRate, Ticks};
use std::num::NonZeroU64;
use std::time::Duration;

const SECOND: i64 = 1_000_000;
/// When the first tick was taken; the host was booted 1000 seconds before.
const START: i64 = 1_700_000_000 * SECOND;
const BOOTED: i64 = START - 1_000 * SECOND;
/// Ticks 1 to 70 at 0 s to 69 s; nothing until 100 s; ticks 71 to 150 at 100 s to 179 s.
const BEFORE_GAP: u64 = 70;
const LAST: u64 = 150;

fn second_of(seq: u64) -> i64 {
    let late = if seq > BEFORE_GAP { 30 } else { 0 };
    i64::try_from(seq).unwrap() - 1 + late
}

fn wall(second: i64) -> WallTime {
    WallTime(START + second * SECOND)
}

fn instants(second: i64) -> Instants {
    let since_boot = (1_000 + second) * SECOND;
    Instants {
        monotonic: MonotonicTime(since_boot),
        boot: BootTime(since_boot),
        wall: wall(second),
    }
}

fn run_facts() -> RunFacts {
    RunFacts {
        host: Host {
            boot_id: "b007".to_owned(),
            hostname: "web-07".to_owned(),
            kernel: "6.1.0".to_owned(),
            architecture: "x86_64".to_owned(),
            timezone: Some("Europe/Berlin".to_owned()),
            utc_offset_seconds: 3_600,
            cpus: 4,
            tick_rate: TickRate(NonZeroU64::new(100).unwrap()),
            page_size: Bytes(4_096),
        },
        pid: 7,
        version: "0.1.0".to_owned(),
        interval: Duration::from_secs(1),
        args: "redact".to_owned(),
        now: instants(0),
        mounts: vec![],
    }
}

/// One tick: 3 tasks run, CPU pressure is 25 %, and process 42, begun 900 s after boot, uses
/// half a core, waits a tenth of the time and reads 4096 bytes each second.
fn tick(seq: u64) -> Tick {
    tick_at(seq, second_of(seq))
}

fn tick_at(seq: u64, second: i64) -> Tick {
    let mut tick = Tick::new(TickTimes {
        seq: Seq(seq),
        planned: instants(second).monotonic,
        began: instants(second),
        ended: instants(second),
        recorder_cpu: Duration::ZERO,
        shed: Shed::NONE,
        full_sweep: true,
    });
    tick.reset = true;
    let (count, now) = (i64::try_from(seq).unwrap(), second + 1_000);
    tick.begin(Group::Machine, 0, Key::name("machine"));
    for (field, value) in [(MachineField::Load1, 150), (MachineField::Running, 3)] {
        tick.number(Group::Machine, 0, field.column(), Ok(value));
    }
    tick.begin(Group::Pressure, 0, Key::name("cpu some"));
    let total = PressureField::Total.column();
    tick.number(Group::Pressure, 0, total, Ok(now * 250_000));
    let (pid, started) = (Pid(42), Ticks(90_000));
    tick.begin(Group::Process, 0, Key::Process(ProcessKey { pid, started }));
    for (field, value) in [
        (ProcessField::State, i64::from(b'R')),
        (ProcessField::Threads, 1),
        (ProcessField::Run, now * 500_000),
        (ProcessField::Wait, now * 100_000),
        (ProcessField::Rss, 10),
        (ProcessField::IoReadAt, count),
        (ProcessField::ReadBytes, now * 4_096),
        (ProcessField::Uid, 1_000),
    ] {
        tick.number(Group::Process, 0, field.column(), Ok(value));
    }
    let (comm, denied) = (b"a\xffb\x1b".as_slice(), Missing::PermissionDenied);
    tick.text(Group::Process, 0, ProcessField::Comm.column(), Ok(comm));
    let field = ProcessField::WriteBytes.column();
    tick.number(Group::Process, 0, field, Err(denied));
    tick
}

const OPTIONS: Options = Options {
    sync: Sync::Off,
    max_bytes: 1 << 30,
    retain: Duration::from_hours(24),
};

/// Begins a capture in a folder of its own and writes the ticks up to one.
fn written(upto: u64) -> (tempfile::TempDir, Writer) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web-07.afterimage");
    let lock = OwnerLock::take(&path).unwrap();
    let (mut writer, _start) = Writer::start(&path, lock, OPTIONS, &run_facts()).unwrap();
    add(&mut writer, 1..=upto);
    (folder, writer)
}

fn add(writer: &mut Writer, ticks: std::ops::RangeInclusive<u64>) {
    for seq in ticks {
        let gap = Gap {
            kind: GapKind::Stalled,
            after: Seq(BEFORE_GAP),
            from: wall(69),
            to: wall(100),
            missed: 30,
            detail: "starved of CPU".to_owned(),
        };
        let is_after = seq == BEFORE_GAP + 1;
        let records = is_after.then_some(Record::Gap(gap)).into_iter().collect();
        writer.commit(Some(&tick(seq)), records).unwrap();
    }
}

fn ended() -> (tempfile::TempDir, CaptureReplay) {
    let (folder, writer) = written(LAST);
    writer.finish("signal").unwrap();
    let replay = CaptureReplay::open(&folder.path().join("web-07.afterimage")).unwrap();
    (folder, replay)
}

fn seq(replay: &mut CaptureReplay, want: Want) -> u64 {
    replay.snapshot(want, &[]).unwrap().seq.0
}

fn near(reading: Result<f64, Missing>, expected: f64) {
    let value = reading.unwrap();
    assert!((value - expected).abs() < 1e-6, "{value}, not {expected}");
}

#[test]
fn what_is_true_of_the_whole_is_told() {
    let (_folder, replay) = ended();
    let facts = replay.facts();
    assert_eq!((facts.host.as_str(), facts.cpus), ("web-07", Some(4)));
    assert_eq!((facts.first, facts.last), (wall(0), wall(179)));
    assert_eq!(facts.ending, Ending::Clean);
    assert_eq!(facts.damage, Damage::default());
    let gap = GapBand {
        from: wall(70),
        to: wall(100),
        kind: "stalled".to_owned(),
        detail: "starved of CPU".to_owned(),
    };
    assert_eq!(facts.gaps, [gap]);
}

#[test]
fn a_moment_is_the_last_snapshot_before_it() {
    let (_folder, mut replay) = ended();
    let at = |second| Want::At(wall(second).plus(Duration::from_millis(700)));
    assert_eq!(seq(&mut replay, at(-50)), 1);
    assert_eq!(seq(&mut replay, at(12)), 13);
    assert_eq!(seq(&mut replay, at(85)), BEFORE_GAP);
    assert_eq!(seq(&mut replay, at(5_000)), LAST);
}

#[test]
fn steps_stop_at_the_ends_and_do_not_count_a_gap() {
    let (_folder, mut replay) = ended();
    let step = |from, by| Want::Step {
        from: Seq(from),
        by,
    };
    assert_eq!(seq(&mut replay, step(70, 1)), 71);
    assert_eq!(seq(&mut replay, step(75, -10)), 65);
    assert_eq!(seq(&mut replay, step(3, -10)), 1);
    assert_eq!(seq(&mut replay, step(145, i64::MAX)), LAST);
    assert_eq!(seq(&mut replay, Want::First), 1);
    assert_eq!(seq(&mut replay, Want::Last), LAST);
}

#[test]
fn a_snapshot_has_rates_over_the_step_before_it() {
    let (_folder, mut replay) = ended();
    let snapshot = replay.snapshot(Want::At(wall(12)), &[]).unwrap();
    assert_eq!(snapshot.previous, Some(wall(11)));
    near(snapshot.values[&SeriesId::LoadOne], 1.5);
    near(snapshot.values[&SeriesId::Runnable], 3.0);
    near(snapshot.values[&SeriesId::PressureCpu], 25.0);
    let not_there = snapshot.values[&SeriesId::PressureIo];
    assert_eq!(not_there, Err(Missing::NotSupported));
    let [row] = &snapshot.rows[..] else {
        panic!("one process")
    };
    near(row.cpu_percent, 50.0);
    near(row.wait_percent, 10.0);
    assert_eq!(row.rss, Ok(Bytes(40_960)));
    assert_eq!(row.read_per_second, Ok(Bytes(4_096)));
    assert_eq!(row.write_per_second, Err(Missing::PermissionDenied));
    assert_eq!(row.started, Ok(WallTime(BOOTED + 900 * SECOND)));
    assert_eq!(row.user.as_deref(), Ok("1000"));
    assert_eq!(row.comm, "a\\xffb\\x1b");
}

#[test]
fn there_is_no_rate_at_the_beginning_and_after_a_gap() {
    let (_folder, mut replay) = ended();
    for second in [0, 100] {
        let snapshot = replay.snapshot(Want::At(wall(second)), &[]).unwrap();
        assert_eq!(snapshot.at, wall(second));
        assert_eq!(snapshot.previous, None);
        assert_eq!(snapshot.rows[0].cpu_percent, Err(Missing::NotRead));
        let pressure = snapshot.values[&SeriesId::PressureCpu];
        assert_eq!(pressure, Err(Missing::NotRead));
    }
}

#[test]
fn curves_have_a_hole_where_nothing_was_recorded() {
    let (_folder, mut replay) = ended();
    let wanted = [
        SeriesId::Runnable,
        SeriesId::PressureCpu,
        SeriesId::PressureIo,
    ];
    let series = replay
        .series(&wanted, wall(-500), wall(9_000), 1_000)
        .unwrap();
    let [runnable, pressure, not_there] = &series[..] else {
        panic!("three")
    };
    assert_eq!(runnable.buckets.len(), 150);
    let last = runnable.buckets[69];
    // One interval, and not over the gap.
    assert_eq!((last.from, last.to), (wall(69), wall(70)));
    assert_eq!(runnable.buckets[70].from, wall(100));
    // The first tick, and the first after the gap, have none.
    assert_eq!(pressure.buckets.len(), 148);
    near(Ok(pressure.buckets[0].mean), 25.0);
    assert!(
        pressure
            .buckets
            .iter()
            .all(|bucket| bucket.from != wall(100))
    );
    assert!(not_there.buckets.is_empty());
}

#[test]
fn a_recorder_that_was_stopped_for_a_while_leaves_no_rate_over_that_time() {
    let (folder, writer) = written(20);
    writer.finish("signal").unwrap();
    let path = folder.path().join("web-07.afterimage");
    let mut facts = run_facts();
    facts.now = instants(100);
    let lock = OwnerLock::take(&path).unwrap();
    let (mut writer, _start) = Writer::start(&path, lock, OPTIONS, &facts).unwrap();
    // Ticks 21 to 40 are at 100 s to 119 s.
    for seq in 21..=40 {
        writer
            .commit(Some(&tick_at(seq, second_of(seq) + 80)), vec![])
            .unwrap();
    }
    writer.finish("signal").unwrap();
    let mut replay = CaptureReplay::open(&path).unwrap();
    let [gap] = &replay.facts().gaps[..] else {
        panic!("one gap")
    };
    assert_eq!((gap.kind.as_str(), gap.from), ("stopped", wall(20)));
    let wanted = [SeriesId::PressureCpu];
    let series = replay.series(&wanted, wall(0), wall(200), 1_000).unwrap();
    let begins: Vec<_> = series[0].buckets.iter().map(|bucket| bucket.from).collect();
    assert_eq!((begins.len(), begins[19]), (38, wall(101)));
}

#[test]
fn curves_in_few_pieces_are_coarser_and_in_order() {
    let (_folder, mut replay) = ended();
    let wanted = [SeriesId::Runnable];
    let series = replay.series(&wanted, wall(0), wall(179), 10).unwrap();
    let buckets = &series[0].buckets;
    assert!(!buckets.is_empty() && buckets.len() <= 10);
    assert!(buckets.windows(2).all(|pair| pair[0].to <= pair[1].from));
    assert_eq!(buckets[0].from, wall(0));
}

#[test]
fn a_capture_that_is_being_recorded_grows_and_then_ends() {
    let (folder, mut writer) = written(20);
    let mut replay = CaptureReplay::open(&folder.path().join("web-07.afterimage")).unwrap();
    let facts = replay.facts();
    assert_eq!((facts.ending, facts.last), (Ending::Recording, wall(19)));
    replay.rest();
    replay.refresh().unwrap();
    assert!(Arc::ptr_eq(&facts, &replay.facts()), "nothing has changed");
    add(&mut writer, 21..=65);
    replay.refresh().unwrap();
    assert_eq!(replay.facts().last, wall(64));
    assert_eq!(seq(&mut replay, Want::Last), 65);
    assert_eq!(seq(&mut replay, Want::First), 1);
    replay.rest();
    // A viewer that looks on does not keep the recorder from closing the file.
    writer.finish("signal").unwrap();
    replay.refresh().unwrap();
    assert_eq!(replay.facts().ending, Ending::Clean);
    assert_eq!(seq(&mut replay, Want::Last), 65);
}

#[test]
fn the_reader_says_itself_why_a_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a capture").unwrap();
    let error = CaptureReplay::open(&path).unwrap_err();
    assert!(error.to_string().contains("is not an afterimage capture"));
}

#[test]
fn the_life_of_a_process_has_its_rates_and_a_hole_where_nothing_was_recorded() {
    let (_folder, mut replay) = ended();
    let whom = Whom {
        key: ProcessKey {
            pid: Pid(42),
            started: Ticks(90_000),
        },
        comm: "worker".to_owned(),
        started: None,
    };
    let life = replay.life(&whom, wall(0), wall(200), 1_000).unwrap();
    let cpu = &life.traces[&Trace::Cpu];
    assert!(
        cpu.iter().all(|bucket| (bucket.mean - 50.0).abs() < 0.5),
        "{cpu:?}"
    );
    assert!(
        !cpu.iter()
            .any(|bucket| bucket.from < wall(100) && wall(70) < bucket.to)
    );
    // The first tick of all, and the first after the gap, have memory but no rates.
    assert_eq!((cpu.len(), life.traces[&Trace::Rss].len()), (148, 150));
    assert!(life.log.is_empty());
}
