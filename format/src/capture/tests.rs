//! Writer and reader together: whatever was written is read back, and damage is named.

mod begun;
mod brought;
mod clips;
mod dumps;
mod ends;
mod going_on;
mod headers;
mod hostile;
mod kept;
mod listing;
mod moments;
mod places;
mod refused;
mod salvages;
mod stale;

use super::Capture;
use super::lock::{OwnerLock, with_suffix};
use super::writer::{Options, RunFacts, Start, Sync, Writer};
use crate::facts::{Exited, FORKED, Host, KnownBy, SUPERUSER};
use crate::group::{Group, LineField, MachineField, ProcessField};
use crate::process::{Pid, ProcessKey};
use crate::tick::{Instants, Key, Shed, Tick, TickTimes};
use crate::time::{BootTime, MonotonicTime, Seq, WallTime};
use crate::units::{Bytes, TickRate, Ticks};
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
    /// How far its own numbers are ahead of those in the file.
    ahead: u64,
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
            ahead: 0,
        };
        (host, start)
    }

    fn tick(&mut self) -> Tick {
        let at = instants(self.second, self.step);
        let mut tick = Tick::new(TickTimes {
            seq: Seq(self.writer.next_seq().0 + self.ahead),
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

/// A process that ended at a second, of which the kernel told everything.
fn exited(second: i64) -> Exited {
    Exited {
        wall: wall(second),
        pid: Pid(4711),
        ppid: Some(Pid(1)),
        started: Some(Ticks(100_123)),
        comm: Some(b"short".to_vec()),
        command_line: Some(b"short --of \xff".to_vec()),
        uid: Some(1000),
        wait_status: Some(256),
        user: Some(Duration::from_micros(1234)),
        system: Some(Duration::from_micros(567)),
        read: Some(Bytes(8192)),
        written: Some(Bytes(0)),
        peak_rss: Some(Bytes::from_kib(2048)),
        lifetime: Some(Duration::from_millis(40)),
        flags: Some(FORKED | SUPERUSER),
        tty_nr: Some(0x8803),
        known_by: KnownBy::Taskstats,
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
