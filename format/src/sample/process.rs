//! One process at one instant.

use super::{Cells, Columns};
use crate::capture::chunk::Chunk;
use crate::group::ProcessField;
use crate::process::{Pid, ProcessKey};
use crate::reading::{Missing, Reading};
use crate::tick::Key;
use crate::time::Seq;
use crate::units::{Bytes, Ticks};
use std::sync::Arc;
use std::time::Duration;

/// The state letter of `proc_pid_stat(5)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State(pub u8);

impl State {
    /// The letter, as `ps` prints it.
    pub fn letter(self) -> char {
        char::from(self.0)
    }

    pub(super) fn from_number(letter: i64) -> Self {
        Self(u8::try_from(letter).unwrap_or(b'?'))
    }

    /// Running or waiting for a CPU.
    pub const RUNNABLE: Self = Self(b'R');
    /// Waiting, and not to be woken by a signal.
    pub const UNINTERRUPTIBLE: Self = Self(b'D');
}

pub(super) fn pid_from_number(pid: i64) -> Pid {
    Pid(i32::try_from(pid).unwrap_or(-1))
}

/// One process at one instant. Fields of `stat` are named as in `proc_pid_stat(5)`.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its pid and start.
    pub key: ProcessKey,
    /// The tick at which `stat` was last read: the fields from it are as old as that.
    pub stat_read_at: Reading<Seq>,
    /// The tick at which `io` was last read.
    pub io_read_at: Reading<Seq>,
    /// The tick at which `status` was last read.
    pub status_read_at: Reading<Seq>,
    /// `schedstat`: time on a CPU (of the leader thread).
    pub run: Reading<Duration>,
    /// `schedstat`: time runnable and not running (of the leader thread).
    pub wait: Reading<Duration>,
    /// `schedstat`: timeslices run (of the leader thread).
    pub slices: Reading<u64>,
    /// `stat` field 3.
    pub state: Reading<State>,
    /// `stat` field 4.
    pub ppid: Reading<Pid>,
    /// `stat` field 5.
    pub pgrp: Reading<Pid>,
    /// `stat` field 6.
    pub session: Reading<Pid>,
    /// `stat` field 7.
    pub tty_nr: Reading<i64>,
    /// `stat` field 8.
    pub tpgid: Reading<i64>,
    /// `stat` field 9, bit `PF_KTHREAD`.
    pub kernel_thread: Reading<bool>,
    /// `stat` fields 10 and 11: minor faults, of reaped children.
    pub minflt: [Reading<u64>; 2],
    /// `stat` fields 12 and 13: major faults, of reaped children.
    pub majflt: [Reading<u64>; 2],
    /// `stat` field 14.
    pub utime: Reading<Ticks>,
    /// `stat` field 15.
    pub stime: Reading<Ticks>,
    /// `stat` field 16.
    pub cutime: Reading<Ticks>,
    /// `stat` field 17.
    pub cstime: Reading<Ticks>,
    /// `stat` field 18.
    pub priority: Reading<i64>,
    /// `stat` field 19.
    pub nice: Reading<i64>,
    /// `stat` field 20.
    pub threads: Reading<u64>,
    /// `stat` field 23.
    pub vsize: Reading<Bytes>,
    /// `stat` field 24, in pages.
    pub rss_pages: Reading<u64>,
    /// `stat` field 39.
    pub processor: Reading<i64>,
    /// `stat` field 40.
    pub rt_priority: Reading<i64>,
    /// `stat` field 41.
    pub policy: Reading<i64>,
    /// `stat` field 42.
    pub blkio_delay: Reading<Ticks>,
    /// `stat` fields 43 and 44: guest time, of reaped children.
    pub guest_time: [Reading<Ticks>; 2],
    /// `io`: bytes read and written by system calls.
    pub chars: [Reading<Bytes>; 2],
    /// `io`: read and write system calls.
    pub calls: [Reading<u64>; 2],
    /// `io`: bytes fetched from storage.
    pub read: Reading<Bytes>,
    /// `io`: bytes sent to storage.
    pub written: Reading<Bytes>,
    /// `io`: bytes whose write was cancelled by truncation.
    pub write_cancelled: Reading<Bytes>,
    /// `status`, `Uid`: real and effective.
    pub uids: [Reading<u64>; 2],
    /// `status`, `Gid`: real and effective.
    pub gids: [Reading<u64>; 2],
    /// `status`, `VmHWM`: the largest resident set so far.
    pub peak_rss: Reading<Bytes>,
    /// `status`, `RssAnon`.
    pub rss_anon: Reading<Bytes>,
    /// `status`, `RssFile`.
    pub rss_file: Reading<Bytes>,
    /// `status`, `RssShmem`.
    pub rss_shmem: Reading<Bytes>,
    /// `status`, `VmSwap`.
    pub swap: Reading<Bytes>,
    /// `status`: voluntary and involuntary context switches (of the leader thread).
    pub switches: [Reading<u64>; 2],
    /// `oom_score_adj`.
    pub oom_score_adj: Reading<i64>,
    /// Open descriptors.
    pub descriptors: Reading<u64>,
    /// `cmdline`: its full length, before it was cut.
    pub command_length: Reading<Bytes>,
    /// `comm`.
    pub comm: Reading<Arc<[u8]>>,
    /// `cmdline`, redacted.
    pub command_line: Reading<Arc<[u8]>>,
    /// `cgroup`.
    pub cgroup: Reading<Arc<[u8]>>,
    /// `wchan`, of a task in state D.
    pub wchan: Reading<Arc<[u8]>>,
    /// The real user's name.
    pub user: Reading<Arc<[u8]>>,
    /// The real group's name.
    pub group: Reading<Arc<[u8]>>,
}

impl Process {
    /// A process of which nothing was read.
    pub fn not_read(key: ProcessKey) -> Self {
        let (chunk, name) = (Chunk::default(), Key::Process(key));
        let nothing = Columns {
            chunk: &chunk,
            keys: vec![&name],
            cells: vec![Err(Missing::NotRead); ProcessField::FIELDS.len()],
        };
        Self::from_cells(key, &nothing.row(0))
    }

    pub(super) fn from_cells(key: ProcessKey, cells: &Cells<'_>) -> Self {
        use ProcessField as F;
        let signed = |field: F| cells.signed(field.column());
        let count = |field: F| cells.count(field.column());
        let ticks = |field: F| count(field).map(Ticks);
        let bytes = |field: F| count(field).map(Bytes);
        let kib = |field: F| count(field).map(Bytes::from_kib);
        let micros = |field: F| count(field).map(Duration::from_micros);
        let pid = |field: F| signed(field).map(pid_from_number);
        let text = |field: F| cells.text(field.column());
        Self {
            key,
            stat_read_at: count(F::StatReadAt).map(Seq),
            io_read_at: count(F::IoReadAt).map(Seq),
            status_read_at: count(F::StatusReadAt).map(Seq),
            run: micros(F::Run),
            wait: micros(F::Wait),
            slices: count(F::Slices),
            state: signed(F::State).map(State::from_number),
            ppid: pid(F::Ppid),
            pgrp: pid(F::Pgrp),
            session: pid(F::Session),
            tty_nr: signed(F::TtyNr),
            tpgid: signed(F::Tpgid),
            kernel_thread: signed(F::KernelThread).map(|flag| flag != 0),
            minflt: [F::Minflt, F::Cminflt].map(count),
            majflt: [F::Majflt, F::Cmajflt].map(count),
            utime: ticks(F::Utime),
            stime: ticks(F::Stime),
            cutime: ticks(F::Cutime),
            cstime: ticks(F::Cstime),
            priority: signed(F::Priority),
            nice: signed(F::Nice),
            threads: count(F::Threads),
            vsize: bytes(F::Vsize),
            rss_pages: count(F::Rss),
            processor: signed(F::Processor),
            rt_priority: signed(F::RtPriority),
            policy: signed(F::Policy),
            blkio_delay: ticks(F::BlkioDelay),
            guest_time: [F::GuestTime, F::CguestTime].map(ticks),
            chars: [F::ReadChars, F::WriteChars].map(bytes),
            calls: [F::ReadCalls, F::WriteCalls].map(count),
            read: bytes(F::ReadBytes),
            written: bytes(F::WriteBytes),
            write_cancelled: bytes(F::CancelledWriteBytes),
            uids: [F::Uid, F::Euid].map(count),
            gids: [F::Gid, F::Egid].map(count),
            peak_rss: kib(F::PeakRss),
            rss_anon: kib(F::RssAnon),
            rss_file: kib(F::RssFile),
            rss_shmem: kib(F::RssShmem),
            swap: kib(F::Swap),
            switches: [F::VoluntarySwitches, F::InvoluntarySwitches].map(count),
            oom_score_adj: signed(F::OomScoreAdj),
            descriptors: count(F::Descriptors),
            command_length: bytes(F::CommandLength),
            comm: text(F::Comm),
            command_line: text(F::CommandLine),
            cgroup: text(F::Cgroup),
            wchan: text(F::Wchan),
            user: text(F::User),
            group: text(F::GroupName),
        }
    }
}
