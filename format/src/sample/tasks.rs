//! The threads that were worth a look at one instant: what each waits for.

use super::process::pid_from_number;
use super::{Cells, Columns, State};
use crate::capture::chunk::Chunk;
use crate::group::{Group, TaskField};
use crate::process::{Pid, ProcessKey};
use crate::reading::Reading;
use crate::tick::Key;
use crate::time::Seq;
use crate::units::Ticks;
use std::sync::Arc;
use std::time::Duration;

/// Why a thread was looked at: one bit a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Why(pub u32);

impl Why {
    /// It is in state D.
    pub const UNINTERRUPTIBLE: Self = Self(1);
    /// It is runnable and gets no CPU.
    pub const STARVED: Self = Self(2);
    /// Somebody asked for the threads of its process.
    pub const ASKED_FOR: Self = Self(4);
    /// Its process is among the busiest, or among those with most threads.
    pub const BUSIEST: Self = Self(8);

    /// Whether all of `reason` applies.
    pub const fn contains(self, reason: Self) -> bool {
        self.0 & reason.0 == reason.0
    }
}

/// One thread at one instant. Files are those of `/proc/PID/task/TID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its tid and start.
    pub key: ProcessKey,
    /// The process it is a thread of.
    pub process: Reading<Pid>,
    /// `comm`.
    pub comm: Reading<Arc<[u8]>>,
    /// `stat` field 3.
    pub state: Reading<State>,
    /// `wchan`: the function of the kernel that it waits in.
    pub wchan: Reading<Arc<[u8]>>,
    /// `syscall`, first number: the system call that it is in.
    pub syscall: Reading<u64>,
    /// `syscall`, the numbers behind the first, as the kernel prints them.
    pub syscall_arguments: Reading<Arc<[u8]>>,
    /// `stack`: the functions of the kernel that it is in, innermost first.
    pub stack: Reading<Arc<[u8]>>,
    /// `stat` field 14.
    pub user_time: Reading<Ticks>,
    /// `stat` field 15.
    pub system_time: Reading<Ticks>,
    /// `schedstat`: time on a CPU.
    pub run: Reading<Duration>,
    /// `schedstat`: time runnable and not running.
    pub wait: Reading<Duration>,
    /// `status`, `voluntary_ctxt_switches`.
    pub voluntary_switches: Reading<u64>,
    /// `status`, `nonvoluntary_ctxt_switches`.
    pub involuntary_switches: Reading<u64>,
    /// `stat` field 12.
    pub major_faults: Reading<u64>,
    /// `stat` field 39: the CPU it ran on last.
    pub processor: Reading<u64>,
    /// Why it was looked at.
    pub why: Reading<Why>,
    /// The tick at which its files were last read.
    pub read_at: Reading<Seq>,
}

/// Every thread, by tid.
pub(super) fn from_chunk(chunk: &Chunk, tick: usize) -> Vec<Task> {
    let columns = Columns::at(chunk, Group::Task, tick);
    let rows = columns.keys.iter().enumerate();
    let tasks = rows.filter_map(|(row, key)| match key {
        Key::Process(key) => Some(Task::from_cells(*key, &columns.row(row))),
        Key::Name(_) => None,
    });
    let mut tasks: Vec<Task> = tasks.collect();
    // Rows are in order but for those born within the chunk.
    tasks.sort_by_key(|task| task.key);
    tasks
}

impl Task {
    fn from_cells(key: ProcessKey, cells: &Cells<'_>) -> Self {
        use TaskField as F;
        let signed = |field: F| cells.signed(field.column());
        let count = |field: F| cells.count(field.column());
        let text = |field: F| cells.text(field.column());
        Self {
            key,
            process: signed(F::ProcessPid).map(pid_from_number),
            comm: text(F::Comm),
            state: signed(F::State).map(State::from_number),
            wchan: text(F::Wchan),
            syscall: count(F::Syscall),
            syscall_arguments: text(F::SyscallArguments),
            stack: text(F::Stack),
            user_time: count(F::UserTime).map(Ticks),
            system_time: count(F::SystemTime).map(Ticks),
            run: count(F::Run).map(Duration::from_micros),
            wait: count(F::Wait).map(Duration::from_micros),
            voluntary_switches: count(F::VoluntarySwitches),
            involuntary_switches: count(F::InvoluntarySwitches),
            major_faults: count(F::MajorFaults),
            processor: count(F::Processor),
            why: signed(F::Why).map(|bits| Why(u32::try_from(bits).unwrap_or(u32::MAX))),
            read_at: count(F::ReadAt).map(Seq),
        }
    }
}
