//! Captures as the format's own writer writes them, for what must be seen on a real file.

use afterimage_format::capture::lock::OwnerLock;
use afterimage_format::capture::writer::{Options, Record, RunFacts, Sync, Writer};
use afterimage_format::facts::{Host, KernelLogLine};
use afterimage_format::group::{Group, MachineField, PressureField, ProcessField};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::tick::{Instants, Key, Shed, Tick, TickTimes};
use afterimage_format::time::{BootTime, MonotonicTime, Seq, WallTime};
use afterimage_format::units::{Bytes, TickRate, Ticks};
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

const SECOND: i64 = 1_000_000;
/// Sunday, 22 November 2026, 14:00:00 UTC.
const START: i64 = 1_795_356_000 * SECOND;
/// How long the host was up then.
const UPTIME: i64 = 1_000;
/// How many ticks the incident has; in the middle third `burner` takes the CPUs.
pub(crate) const TICKS: u64 = 150;

pub(crate) fn instants(second: i64) -> Instants {
    let since_boot = (UPTIME + second).wrapping_mul(SECOND);
    Instants {
        monotonic: MonotonicTime(since_boot),
        boot: BootTime(since_boot),
        wall: WallTime(START.wrapping_add(second.wrapping_mul(SECOND))),
    }
}

pub(crate) fn empty(seq: u64, at: Instants) -> Tick {
    let mut tick = Tick::new(TickTimes {
        seq: Seq(seq),
        planned: at.monotonic,
        began: at,
        ended: at,
        recorder_cpu: Duration::from_millis(8 * seq),
        shed: Shed::NONE,
        full_sweep: true,
    });
    tick.reset = true;
    tick
}

/// Writes a capture of these ticks, closed in order.
pub(crate) fn write(path: &Path, ticks: impl Iterator<Item = (Tick, Vec<Record>)>) {
    let host = Host {
        boot_id: "b007".to_owned(),
        hostname: "web-07".to_owned(),
        kernel: "6.1.0".to_owned(),
        architecture: "x86_64".to_owned(),
        timezone: Some("UTC".to_owned()),
        utc_offset_seconds: 0,
        cpus: 4,
        tick_rate: TickRate(NonZeroU64::new(100).expect("100 is not 0")),
        page_size: Bytes(4096),
    };
    let facts = RunFacts {
        host,
        pid: 7,
        version: "test".to_owned(),
        interval: Duration::from_secs(1),
        args: "redact".to_owned(),
        now: instants(0),
        mounts: vec![],
    };
    let options = Options {
        sync: Sync::Off,
        max_bytes: 1 << 30,
        retain: Duration::from_hours(24 * 365),
    };
    let lock = OwnerLock::take(path).expect("the folder is new");
    let (mut writer, _) = Writer::start(path, lock, options, &facts).expect("the folder is new");
    for (tick, records) in ticks {
        writer
            .commit(Some(&tick), records)
            .expect("there is room for it");
    }
    writer.finish("test").expect("there is room for it");
}

/// A host on which a process takes every CPU for a while, and what the kernel says of it.
pub(crate) fn incident(path: &Path) {
    write(path, (1..=TICKS).map(|seq| (tick(seq), records(seq))));
}

fn records(seq: u64) -> Vec<Record> {
    if seq != 90 {
        return vec![];
    }
    let at = instants(89);
    vec![Record::KernelLog(KernelLogLine {
        sequence: 1,
        at: at.monotonic,
        wall: at.wall,
        severity: 4,
        facility: 0,
        text: b"thermal: CPU0 temperature above threshold".to_vec(),
    })]
}

pub(crate) fn machine(tick: &mut Tick, values: &[(MachineField, i64)]) {
    tick.begin(Group::Machine, 0, Key::name(""));
    for (field, value) in values {
        tick.number(Group::Machine, 0, field.column(), Ok(*value));
    }
}

/// A process with its numbers; slots are given out in order of the calls.
pub(crate) fn process(
    tick: &mut Tick,
    slot: u32,
    (pid, name): (i32, &str),
    values: &[(ProcessField, i64)],
) {
    let started = Ticks(u64::from(slot) * 100);
    let key = ProcessKey {
        pid: Pid(pid),
        started,
    };
    tick.begin(Group::Process, slot, Key::Process(key));
    for (field, value) in values {
        tick.number(Group::Process, slot, field.column(), Ok(*value));
    }
    for field in [ProcessField::Comm, ProcessField::CommandLine] {
        tick.text(Group::Process, slot, field.column(), Ok(name.as_bytes()));
    }
}

fn tick(seq: u64) -> Tick {
    let second = i64::try_from(seq).expect("few") - 1;
    let mut tick = empty(seq, instants(second));
    let burns = (50..100).contains(&second);
    let running = if burns { 9 } else { 1 };
    machine(
        &mut tick,
        &[
            (MachineField::Load1, if burns { 400 } else { 40 }),
            (MachineField::Load5, 60),
            (MachineField::Load15, 50),
            (MachineField::Running, running),
            (MachineField::Blocked, 0),
        ],
    );
    tick.begin(Group::Pressure, 0, Key::name("cpu some"));
    let waited = (second.clamp(50, 100) - 50) * 800_000;
    tick.number(
        Group::Pressure,
        0,
        PressureField::Total.column(),
        Ok(waited),
    );
    let burned = (second.clamp(50, 100) - 50) * 3_600_000;
    let names = [
        "systemd",
        "sshd",
        "nginx",
        "postgres",
        "burner --hot",
        "cron",
    ];
    for (slot, name) in names.into_iter().enumerate() {
        let is_burner = name.starts_with("burner");
        let pid = if slot == 0 {
            1
        } else {
            100 + i32::try_from(slot).expect("few")
        };
        let runs = is_burner && burns;
        let run = if is_burner { burned } else { second * 1_000 };
        let values = [
            (ProcessField::Ppid, i64::from(slot > 0)),
            (
                ProcessField::State,
                i64::from(if runs { b'R' } else { b'S' }),
            ),
            (ProcessField::Threads, 1),
            (ProcessField::Run, run),
            (ProcessField::Wait, if is_burner { waited } else { 0 }),
            (
                ProcessField::Rss,
                1_000 * i64::try_from(slot + 1).expect("few"),
            ),
            (ProcessField::Uid, 0),
        ];
        process(
            &mut tick,
            u32::try_from(slot).expect("few"),
            (pid, name),
            &values,
        );
    }
    tick
}
