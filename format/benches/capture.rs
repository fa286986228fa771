//! What the functions of a capture cost that run at each tick, each minute and each look-up.
//!
//! `cargo bench -p afterimage-format`. The processes are made up: half of what 500 of them have
//! changes at each tick. What a whole recorder costs is measured by `tests/bench/figures.py`.

use afterimage_format::capture::Capture;
use afterimage_format::capture::chunk::builder::ChunkBuilder;
use afterimage_format::capture::lock::OwnerLock;
use afterimage_format::capture::writer::{Options, RunFacts, Sync, Writer};
use afterimage_format::facts::Host;
use afterimage_format::group::{Group, ProcessField};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::tick::{Instants, Key, Shed, Tick, TickTimes};
use afterimage_format::time::{BootTime, MonotonicTime, Seq, WallTime};
use afterimage_format::units::{Bytes, TickRate, Ticks};
use divan::{Bencher, black_box};
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

const PROCESSES: u32 = 500;
/// Ten whole chunks and half a tail.
const TICKS: u64 = 630;

fn main() {
    divan::main();
}

fn instants(number: u64) -> Instants {
    let micros = i64::try_from(number).expect("a small number") * 1_000_000;
    Instants {
        monotonic: MonotonicTime(micros),
        boot: BootTime(micros),
        wall: WallTime(1_700_000_000_000_000 + micros),
    }
}

/// What the host does at a tick; at the first one everything is new.
fn tick(number: u64) -> Tick {
    let at = instants(number);
    let mut tick = Tick::new(TickTimes {
        seq: Seq(number),
        planned: at.monotonic,
        began: at,
        ended: at,
        recorder_cpu: Duration::from_millis(8 * number),
        shed: Shed::NONE,
        full_sweep: false,
    });
    for slot in 0..PROCESSES {
        let is_first = number == 1;
        if is_first {
            let pid = Pid(i32::try_from(100 + slot).expect("a small number"));
            let started = Ticks(slot.into());
            tick.begin(
                Group::Process,
                slot,
                Key::Process(ProcessKey { pid, started }),
            );
            let line = format!("/usr/bin/worker --number {slot} --of {PROCESSES}");
            let column = ProcessField::CommandLine.column();
            tick.text(Group::Process, slot, column, Ok(line.as_bytes()));
        }
        if is_first || slot % 2 == 0 {
            for field in ProcessField::Utime.column()..ProcessField::GuestTime.column() {
                let value =
                    i64::from(slot) * 1000 + number.cast_signed() * (1 + i64::from(slot % 7));
                tick.number(Group::Process, slot, field, Ok(value));
            }
        }
    }
    tick
}

fn capture(folder: &Path) -> Capture {
    let path = folder.join("bench.afterimage");
    let options = Options {
        sync: Sync::Off,
        max_bytes: 1 << 30,
        retain: Duration::from_hours(24),
    };
    let facts = RunFacts {
        host: Host {
            boot_id: "bench".to_owned(),
            hostname: "bench".to_owned(),
            kernel: "6.1.0".to_owned(),
            architecture: "x86_64".to_owned(),
            timezone: None,
            utc_offset_seconds: 0,
            cpus: 2,
            tick_rate: TickRate(NonZeroU64::new(100).expect("100 is not 0")),
            page_size: Bytes(4096),
        },
        pid: 1,
        version: "bench".to_owned(),
        interval: Duration::from_secs(1),
        args: "redact".to_owned(),
        now: instants(0),
        mounts: Vec::new(),
    };
    let lock = OwnerLock::take(&path).expect("the folder is new");
    let (mut writer, _) = Writer::start(&path, lock, options, &facts).expect("the folder is new");
    for number in 1..=TICKS {
        let committed = writer.commit(Some(&tick(number)), Vec::new());
        committed.expect("there is room for it");
    }
    writer.finish("bench").expect("there is room for it");
    Capture::open(&path).expect("it was closed in order")
}

/// A tick on its way into the open chunk, and its row of the tail; each 60th closes the chunk.
#[divan::bench]
fn a_tick_into_the_open_chunk(bencher: Bencher<'_, '_>) {
    let mut builder = ChunkBuilder::default();
    builder.push(&tick(1), &mut Vec::new());
    let mut number = 1;
    bencher
        .with_inputs(|| {
            number += 1;
            (tick(number), Vec::new())
        })
        .bench_local_refs(|(tick, tail)| {
            builder.push(tick, tail);
            if builder.is_full() {
                black_box(builder.take());
            }
        });
}

/// `ps` at a moment: what a listing shows, picked out of a chunk that is not in memory.
#[divan::bench]
fn a_listing_at_any_moment(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut capture = capture(folder.path());
    let mut seq = 1;
    bencher.bench_local(|| {
        seq = 1 + (seq + 77) % TICKS;
        black_box(capture.listing(Seq(seq)).expect("it is sound"));
    });
}

/// Everything at a moment.
#[divan::bench]
fn a_sample_at_any_moment(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut capture = capture(folder.path());
    let mut seq = 1;
    bencher.bench_local(|| {
        seq = 1 + (seq + 77) % TICKS;
        black_box(capture.sample(Seq(seq)).expect("it is sound"));
    });
}

/// Everything, one tick after the other: the chunk is in memory but once in 60 times.
#[divan::bench]
fn a_sample_step_by_step(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut capture = capture(folder.path());
    let mut seq = 0;
    bencher.bench_local(|| {
        seq = 1 + seq % TICKS;
        black_box(capture.sample(Seq(seq)).expect("it is sound"));
    });
}

/// The curves of the whole capture, from the pyramid.
#[divan::bench]
fn curves_of_everything(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut capture = capture(folder.path());
    let (from, to) = (instants(0).wall, instants(TICKS).wall);
    bencher.bench_local(|| black_box(capture.curves(from, to, 100).expect("it is sound")));
}
