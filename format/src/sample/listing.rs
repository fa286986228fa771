//! Processes as lists of them show them: a part of [`Process`], which costs far less to read.
//!
//! A list has one moment and the counters of the tick before, from which its rates are had. So
//! of the earlier tick only those are read, and of both only the columns that are shown.

use super::Process;
use super::process::{State, pid_from_number};
use crate::capture::chunk::pick::{Picked, Texts};
use crate::group::ProcessField;
use crate::process::{Pid, ProcessKey};
use crate::reading::Reading;
use crate::tick::TickTimes;
use crate::time::Seq;
use crate::units::{Bytes, Ticks};
use std::sync::Arc;
use std::time::Duration;

/// Fields of [`Counters`].
pub(crate) const COUNTED: &[ProcessField] = &[
    ProcessField::IoReadAt,
    ProcessField::StatReadAt,
    ProcessField::Run,
    ProcessField::Wait,
    ProcessField::Utime,
    ProcessField::Stime,
    ProcessField::Threads,
    ProcessField::ReadBytes,
    ProcessField::WriteBytes,
];

/// Fields of [`Listed`], those of [`Counters`] among them.
pub(crate) const LISTED: &[ProcessField] = &[
    ProcessField::IoReadAt,
    ProcessField::StatReadAt,
    ProcessField::Run,
    ProcessField::Wait,
    ProcessField::State,
    ProcessField::Ppid,
    ProcessField::Utime,
    ProcessField::Stime,
    ProcessField::Nice,
    ProcessField::Threads,
    ProcessField::Vsize,
    ProcessField::Rss,
    ProcessField::ReadBytes,
    ProcessField::WriteBytes,
    ProcessField::Uid,
    ProcessField::Comm,
    ProcessField::CommandLine,
    ProcessField::Cgroup,
    ProcessField::Wchan,
    ProcessField::User,
];

/// What the rates of a process are made of. Fields as in [`Process`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// The tick at which `io` was last read.
    pub io_read_at: Reading<Seq>,
    /// The tick at which `stat` was last read for itself, not by a sweep over all.
    pub stat_read_at: Reading<Seq>,
    /// `schedstat`: time on a CPU (of the leader thread).
    pub run: Reading<Duration>,
    /// `schedstat`: time runnable and not running (of the leader thread).
    pub wait: Reading<Duration>,
    /// `stat` field 14.
    pub utime: Reading<Ticks>,
    /// `stat` field 15.
    pub stime: Reading<Ticks>,
    /// `stat` field 20.
    pub threads: Reading<u64>,
    /// `io`: bytes fetched from storage.
    pub read: Reading<Bytes>,
    /// `io`: bytes sent to storage.
    pub written: Reading<Bytes>,
}

/// What a list shows of one process. Fields as in [`Process`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed<'a> {
    /// Its pid and start.
    pub key: ProcessKey,
    /// What its rates are made of.
    pub counters: Counters,
    /// `stat` field 3.
    pub state: Reading<State>,
    /// `stat` field 4.
    pub ppid: Reading<Pid>,
    /// `stat` field 19.
    pub nice: Reading<i64>,
    /// `stat` field 23.
    pub vsize: Reading<Bytes>,
    /// `stat` field 24, in pages.
    pub rss_pages: Reading<u64>,
    /// `status`, `Uid`: the real one.
    pub uid: Reading<u64>,
    /// `comm`.
    pub comm: Reading<&'a [u8]>,
    /// `cmdline`, redacted.
    pub command_line: Reading<&'a [u8]>,
    /// `cgroup`.
    pub cgroup: Reading<&'a [u8]>,
    /// `wchan`, of a task in state D.
    pub wchan: Reading<&'a [u8]>,
    /// The real user's name.
    pub user: Reading<&'a [u8]>,
}

/// Every process at one moment, and the counters of the tick before it.
#[derive(Debug)]
pub struct Listing {
    /// When it was taken, and what was left out.
    pub times: TickTimes,
    /// When the tick before was taken; none if there is no such tick, or it is damaged.
    pub times_before: Option<TickTimes>,
    pub(crate) now: Picked,
    pub(crate) texts: Texts,
    pub(crate) before: Option<Picked>,
}

impl Listing {
    /// Every process, by pid, each with what it had counted at the tick before: none if it was
    /// not there.
    pub fn processes(&self) -> impl Iterator<Item = (Listed<'_>, Option<Counters>)> {
        self.now.there().iter().map(|&(key, row)| {
            let before = self.before.as_ref();
            let before = before.and_then(|before| Some((before, before.row_of(key)?)));
            let counted = before.map(|(before, row)| Counters::of(before, row));
            (self.listed(key, row), counted)
        })
    }

    fn listed(&self, key: ProcessKey, row: usize) -> Listed<'_> {
        use ProcessField as F;
        let signed = |field: F| self.now.cell(row, field);
        let count = |field: F| signed(field).map(i64::cast_unsigned);
        let text = |field: F| self.texts.text(signed(field)?);
        Listed {
            key,
            counters: Counters::of(&self.now, row),
            state: signed(F::State).map(State::from_number),
            ppid: signed(F::Ppid).map(pid_from_number),
            nice: signed(F::Nice),
            vsize: count(F::Vsize).map(Bytes),
            rss_pages: count(F::Rss),
            uid: count(F::Uid),
            comm: text(F::Comm),
            command_line: text(F::CommandLine),
            cgroup: text(F::Cgroup),
            wchan: text(F::Wchan),
            user: text(F::User),
        }
    }
}

impl Counters {
    fn of(picked: &Picked, row: usize) -> Self {
        use ProcessField as F;
        let count = |field: F| picked.cell(row, field).map(i64::cast_unsigned);
        Self {
            io_read_at: count(F::IoReadAt).map(Seq),
            stat_read_at: picked.stat_read_at(row).map(|seq| Seq(seq.cast_unsigned())),
            run: count(F::Run).map(Duration::from_micros),
            wait: count(F::Wait).map(Duration::from_micros),
            utime: count(F::Utime).map(Ticks),
            stime: count(F::Stime).map(Ticks),
            threads: count(F::Threads),
            read: count(F::ReadBytes).map(Bytes),
            written: count(F::WriteBytes).map(Bytes),
        }
    }
}

impl Process {
    /// What its rates are made of.
    pub fn counters(&self) -> Counters {
        Counters {
            io_read_at: self.io_read_at,
            stat_read_at: self.stat_read_at,
            run: self.run,
            wait: self.wait,
            utime: self.utime,
            stime: self.stime,
            threads: self.threads,
            read: self.read,
            written: self.written,
        }
    }

    /// What a list shows of it.
    pub fn listed(&self) -> Listed<'_> {
        fn text(text: &Reading<Arc<[u8]>>) -> Reading<&[u8]> {
            text.as_deref().map_err(|missing| *missing)
        }
        Listed {
            key: self.key,
            counters: self.counters(),
            state: self.state,
            ppid: self.ppid,
            nice: self.nice,
            vsize: self.vsize,
            rss_pages: self.rss_pages,
            uid: self.uids[0],
            comm: text(&self.comm),
            command_line: text(&self.command_line),
            cgroup: text(&self.cgroup),
            wchan: text(&self.wchan),
            user: text(&self.user),
        }
    }
}
