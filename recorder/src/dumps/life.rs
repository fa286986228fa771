//! What `/proc` says of one process that decides whether it may be asked: who it is, whose it
//! is, what it does with SIGQUIT.
//!
//! `stat`, `status` and `cgroup` never wait for the process, so they may be read when it is in
//! trouble. What may wait is in `nature.rs`.

use super::kernel::innermost;
use crate::clock;
use crate::source::numbers::{Words, lines};
use crate::source::process::stat;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::units::{TickRate, Ticks};
use std::fs;
use std::num::NonZeroU64;
use std::time::Duration;

/// `SIGQUIT`, as a bit of the masks in `status`.
const QUIT: u64 = 1 << 2;

/// A process as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) key: ProcessKey,
    pub(super) comm: Vec<u8>,
    pub(super) state: u8,
    /// How long it has lived.
    pub(super) age: Duration,
    /// Effective user and group.
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Its pid in the innermost namespace.
    pub(super) nspid: i32,
    pub(super) catches_quit: bool,
    pub(super) ignores_quit: bool,
    /// It has no memory of its own.
    pub(super) is_kernel_thread: bool,
}

/// `USER_HZ`.
pub(super) fn tick_rate() -> TickRate {
    let hz = NonZeroU64::new(rustix::param::clock_ticks_per_second());
    TickRate(hz.unwrap_or(NonZeroU64::MIN.saturating_add(99)))
}

/// Looks at a process; nothing when it is gone.
pub(super) fn look(pid: Pid) -> Option<Life> {
    let file = |name| fs::read(format!("/proc/{}/{name}", pid.0)).ok();
    life(pid, &file("stat")?, &file("status")?)
}

fn life(pid: Pid, stat: &[u8], status: &[u8]) -> Option<Life> {
    let stat = stat::parse(stat).ok()?;
    let started = stat.started().ok()?;
    let line = |name: &[u8]| lines(status).find_map(|line| line.strip_prefix(name));
    let effective = |name| {
        let mut words = Words(line(name)?);
        words.word()?;
        words.count().ok().and_then(|id| u32::try_from(id).ok())
    };
    let mask = |name| {
        let mask = str::from_utf8(line(name)?.trim_ascii()).ok()?;
        u64::from_str_radix(mask, 16).ok()
    };
    let since_boot = Duration::from_micros(clock::now().boot.0.max(0).cast_unsigned());
    Some(Life {
        key: ProcessKey { pid, started },
        comm: stat.comm.to_owned(),
        state: stat.state(),
        age: since_boot.saturating_sub(started.to_duration(tick_rate())),
        uid: effective(b"Uid:")?,
        gid: effective(b"Gid:")?,
        nspid: innermost(status, b"NStgid:").unwrap_or(pid.0),
        catches_quit: mask(b"SigCgt:")? & QUIT != 0,
        ignores_quit: mask(b"SigIgn:")? & QUIT != 0,
        is_kernel_thread: line(b"VmSize:").is_none() && stat.state() != b'Z',
    })
}

/// When it started, if it is still there.
pub(super) fn started(pid: Pid) -> Option<Ticks> {
    let text = fs::read(format!("/proc/{}/stat", pid.0)).ok()?;
    stat::parse(&text).ok()?.started().ok()
}

/// Whether the process, or a cgroup that it is in, is frozen.
pub(super) fn is_frozen(pid: Pid) -> bool {
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", pid.0)).unwrap_or_default();
    let reads = |path: String| fs::read_to_string(path).unwrap_or_default();
    groups.lines().any(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        // `frozen` counts what the cgroups above have frozen.
        let events = ["", "unified/"].map(|at| format!("/sys/fs/cgroup/{at}{path}/cgroup.events"));
        match controllers {
            "" => events
                .into_iter()
                .any(|path| reads(path).lines().any(|line| line == "frozen 1")),
            "freezer" => {
                let state = reads(format!("/sys/fs/cgroup/freezer{path}/freezer.state"));
                !matches!(state.trim(), "" | "THAWED")
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "14513 (java) S 1 2 3 34816 5 4194304 10 11 12 13 14 15 16 17 20 0 31 0 4242 1000 250 \
        18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 3 0 0 0 0 0 0 0 0 0 0\n";

    fn of(status: &str) -> Option<Life> {
        life(Pid(14513), STAT.as_bytes(), status.as_bytes())
    }

    #[test]
    fn the_effective_owner_the_inner_pid_and_the_signals_are_read() {
        let status = "Name:\tjava\nUid:\t1000\t1001\t1000\t1000\nGid:\t100\t101\t100\t100\n\
            NStgid:\t14513\t7\nNSpid:\t14513\t7\nVmSize:\t 5 kB\n\
            SigIgn:\t0000000000000000\nSigCgt:\t2000000181005ccf\n";
        let life = of(status).unwrap();
        assert_eq!((life.uid, life.gid, life.nspid), (1001, 101, 7));
        assert!(life.catches_quit && !life.ignores_quit && !life.is_kernel_thread);
        assert_eq!(life.key.started, Ticks(4242));
        let status = status
            .replace("005ccf", "005ccb")
            .replace("SigIgn:\t0000000000000000", "SigIgn:\t0000000000000004");
        let life = of(&status).unwrap();
        assert!(!life.catches_quit && life.ignores_quit);
    }

    #[test]
    fn what_is_not_told_is_not_guessed() {
        assert_eq!(of("Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nSigIgn:\t0\n"), None);
        assert_eq!(of("Gid:\t1\t1\t1\t1\nSigIgn:\t0\nSigCgt:\t4\n"), None);
    }

    #[test]
    fn this_process_is_found_and_none_is_frozen_that_runs() {
        let pid = Pid(i32::try_from(std::process::id()).unwrap());
        let life = look(pid).unwrap();
        assert_eq!(Some(life.key.started), started(pid));
        assert_eq!(life.uid, rustix::process::geteuid().as_raw());
        assert!(!is_frozen(pid));
        assert_eq!(look(Pid(i32::MAX)), None);
    }
}
