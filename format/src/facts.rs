//! What a capture says beside its samples: the host, the runs, what is missing and why.

use crate::process::{Pid, ProcessKey};
use crate::time::{BootTime, MonotonicTime, Seq, WallTime};
use crate::units::{Bytes, TickRate, Ticks};
use std::num::NonZeroU64;
use std::time::Duration;

/// The recorded host, as it was during one boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// `uname -n`.
    pub hostname: String,
    /// `uname -r`.
    pub kernel: String,
    /// `uname -m`.
    pub architecture: String,
    /// The IANA name of the host's time zone, where it could be found.
    pub timezone: Option<String>,
    /// What the host's clocks showed beyond UTC when the run began.
    pub utc_offset_seconds: i32,
    /// CPUs online.
    pub cpus: u32,
    /// `USER_HZ`.
    pub tick_rate: TickRate,
    /// The size of a page.
    pub page_size: Bytes,
}

impl Host {
    /// Stands in for a host whose row is damaged: what nearly every host has, and no name.
    pub fn unknown() -> Self {
        Self {
            boot_id: String::new(),
            hostname: "unknown".to_owned(),
            kernel: String::new(),
            architecture: String::new(),
            timezone: None,
            utc_offset_seconds: 0,
            cpus: 0,
            tick_rate: TickRate(NonZeroU64::MIN.saturating_add(99)),
            page_size: Bytes(4096),
        }
    }
}

/// One stretch of recording by one recorder process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number in the capture, from 1.
    pub id: i64,
    /// The boot it belongs to: a number in the `host` table.
    pub boot: i64,
    /// The recorder's pid.
    pub pid: i32,
    /// The recorder's version.
    pub version: String,
    /// The time between ticks.
    pub interval: Duration,
    /// `tick`, `10s` or `off`: when what was written reaches the disk.
    pub sync: String,
    /// `full`, `redact` or `none`.
    pub args: String,
    /// The first tick.
    pub first: Seq,
    /// When it began.
    pub from: WallTime,
    /// The last tick, once the run has ended.
    pub last: Option<Seq>,
    /// When it ended, once it has.
    pub to: Option<WallTime>,
    /// How it ended: `signal`, `duration`, ...; `None` while it records or after a crash.
    pub end: Option<String>,
}

impl Run {
    /// Whether it ended as it was meant to: by a signal, after its time, because a range was cut
    /// out of it, or because recording went on in another file.
    pub fn ended_cleanly(&self) -> bool {
        let clean = ["signal", "duration", CLIPPED, MOVED, STORAGE_BACK];
        self.end.as_deref().is_some_and(|end| clean.contains(&end))
    }
}

/// The end of a run of which a range was taken out.
pub const CLIPPED: &str = "clipped";
/// The end of a run whose file got another name, or none.
pub const MOVED: &str = "moved";
/// The end of a run in a fallback file.
pub const STORAGE_BACK: &str = "storage-back";

/// Why ticks are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GapKind {
    /// The host was suspended.
    Suspended,
    /// The recorder was stopped: by SIGSTOP or a frozen cgroup, or ended in the ordinary way and
    /// was started again later (then no tick was due).
    Stopped,
    /// The recorder did not get to run, or a read did not come back.
    Stalled,
    /// The writer could not keep up.
    QueueFull,
    /// The file could not be written.
    StorageOutage,
    /// The recorder was killed; recording went on later in the same boot.
    Killed,
    /// The host lost power, or crashed.
    PowerLost,
    /// The host was shut down and started again.
    Rebooted,
    /// The wall clock was set; no tick is missing.
    ClockStepped,
    /// The recording before ended without a word.
    UnknownEnd,
}

impl GapKind {
    const NAMES: [(Self, &'static str); 10] = [
        (Self::Suspended, "suspended"),
        (Self::Stopped, "stopped"),
        (Self::Stalled, "stalled"),
        (Self::QueueFull, "queue-full"),
        (Self::StorageOutage, "storage-outage"),
        (Self::Killed, "killed"),
        (Self::PowerLost, "power-lost"),
        (Self::Rebooted, "rebooted"),
        (Self::ClockStepped, "clock-stepped"),
        (Self::UnknownEnd, "unknown-end"),
    ];

    /// Its name in the capture and in every output.
    pub fn name(self) -> &'static str {
        let known = Self::NAMES.into_iter().find(|(kind, _)| *kind == self);
        known.map_or("unknown-end", |(_, name)| name)
    }

    /// The kind behind a name; what a newer recorder wrote is an unknown end.
    pub fn from_name(name: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(_, known)| *known == name);
        known.map_or(Self::UnknownEnd, |(kind, _)| kind)
    }
}

/// A stretch without ticks, or a step of the clock, and its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The cause.
    pub kind: GapKind,
    /// The last tick before it.
    pub after: Seq,
    /// When that was.
    pub from: WallTime,
    /// When the first tick after it was.
    pub to: WallTime,
    /// How many ticks that were due are missing.
    pub missed: u64,
    /// What more is known.
    pub detail: String,
}

/// One line of the kernel log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelLogLine {
    /// The kernel's own sequence number, within one boot.
    pub sequence: u64,
    /// When it was logged, by the kernel's clock, which stands still in a suspend.
    pub at: MonotonicTime,
    /// When that was by the wall clock, as far as can be told.
    pub wall: WallTime,
    /// 0 (emergency) to 7 (debug).
    pub severity: u8,
    /// The syslog facility; 0 is the kernel itself.
    pub facility: u16,
    /// The message.
    pub text: Vec<u8>,
}

/// Something that happened at one moment: a mark, lost log records, ...
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub wall: WallTime,
    /// What kind of thing it is: `mark`, `kernel-log-lost`, ...
    pub kind: String,
    /// What it says.
    pub text: String,
}

/// How one source of the recorder fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The kernel file or interface.
    pub name: String,
    /// `ok`, `absent`, `denied`, `blocked`, `malformed` or `shed`.
    pub state: String,
    /// Why, and what it costs.
    pub detail: String,
}

/// The clocks of one moment: what maps time since boot to the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The tick at which they were read.
    pub seq: Seq,
    /// `CLOCK_BOOTTIME`.
    pub boot: BootTime,
    /// `CLOCK_MONOTONIC`.
    pub monotonic: MonotonicTime,
    /// `CLOCK_REALTIME`.
    pub wall: WallTime,
}

/// One process from its first to its last sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessLife {
    /// Its pid and start.
    pub key: ProcessKey,
    /// The boot it belongs to.
    pub boot: i64,
    /// The parent when it was last seen.
    pub ppid: Option<i32>,
    /// The owner's name, or number.
    pub user: Option<String>,
    /// Its name.
    pub comm: Vec<u8>,
    /// Its command line, redacted.
    pub command_line: Option<Vec<u8>>,
    /// The first tick that saw it.
    pub first: Seq,
    /// The last tick that saw it; `None` while it lives.
    pub last: Option<Seq>,
    /// CPU time it used, as far as it was seen.
    pub cpu: Option<Duration>,
    /// Its largest resident set, as far as it was seen.
    pub peak_rss: Option<Bytes>,
}

/// A process of whose end the kernel told, however short it lived. What it did not tell is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exited {
    /// When it ended.
    pub wall: WallTime,
    /// Its pid.
    pub pid: Pid,
    /// Its parent.
    pub ppid: Option<Pid>,
    /// When it started, since boot: with the pid the key of its samples, if there are any.
    pub started: Option<Ticks>,
    /// Its name.
    pub comm: Option<Vec<u8>>,
    /// Its command line, redacted.
    pub command_line: Option<Vec<u8>>,
    /// The real user.
    pub uid: Option<u32>,
    /// How it ended, as of `wait(2)`: an exit code times 256, or a signal.
    pub wait_status: Option<i32>,
    /// CPU time in user mode.
    pub user: Option<Duration>,
    /// CPU time in kernel mode.
    pub system: Option<Duration>,
    /// Bytes fetched from storage.
    pub read: Option<Bytes>,
    /// Bytes sent to storage.
    pub written: Option<Bytes>,
    /// Its largest resident set, in whole KiB.
    pub peak_rss: Option<Bytes>,
    /// How long it lived.
    pub lifetime: Option<Duration>,
    /// `ac_flag` of `taskstats`: [`FORKED`], [`SUPERUSER`] and others of `acct(5)`.
    pub flags: Option<u8>,
    /// Field 7 (`tty_nr`) of `proc_pid_stat(5)` when it last called `execve`; 0 is none.
    pub tty_nr: Option<i32>,
    /// Who told of it.
    pub known_by: KnownBy,
}

/// It called no `execve` after the `fork` that made it: `AFORK` of `acct(5)`.
pub const FORKED: u8 = 0x01;
/// It used privileges of the superuser: `ASU` of `acct(5)`.
pub const SUPERUSER: u8 = 0x02;

/// How far the recorded start of a process may lie from that of its samples: where nobody told
/// of the fork it was worked out from when its end was read.
pub const START_IS_ABOUT: Ticks = Ticks(30);

/// Whether the recorded start of a process may be that of samples.
pub fn is_same_start(recorded: Ticks, sampled: Ticks) -> bool {
    recorded.0.abs_diff(sampled.0) <= START_IS_ABOUT.0
}

impl Exited {
    /// Whether these are the samples of this process.
    pub fn is_of(&self, key: ProcessKey) -> bool {
        self.pid == key.pid
            && self
                .started
                .is_some_and(|started| is_same_start(started, key.started))
    }

    /// CPU time in all.
    pub fn cpu(&self) -> Option<Duration> {
        Some(self.user? + self.system?)
    }
}

/// Ends of processes that were too many to keep one by one: of one parent, with one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndsSum {
    /// When the first of them ended.
    pub from: WallTime,
    /// When the last of them ended.
    pub to: WallTime,
    /// Their parent.
    pub ppid: Option<Pid>,
    /// Their name.
    pub comm: Option<Vec<u8>>,
    /// How many.
    pub lives: u64,
    /// CPU time of all, as far as it was told.
    pub cpu: Option<Duration>,
}

/// The interface of the kernel that told of the end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownBy {
    /// `taskstats`: with what it had used.
    Taskstats,
    /// The process connector: only that it ended, and how.
    Connector,
    /// One that this version does not know.
    Unknown,
}

impl KnownBy {
    /// Its name in the capture and in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taskstats => "taskstats",
            Self::Connector => "connector",
            Self::Unknown => "unknown",
        }
    }

    /// The interface behind a name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "taskstats" => Self::Taskstats,
            "connector" => Self::Connector,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gap_kind_comes_back_from_its_name() {
        for (kind, name) in GapKind::NAMES {
            assert_eq!((kind.name(), GapKind::from_name(name)), (name, kind));
        }
        assert_eq!(GapKind::from_name("eaten-by-a-dog"), GapKind::UnknownEnd);
    }
}
