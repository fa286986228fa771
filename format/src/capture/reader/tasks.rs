//! Single threads over a stretch of ticks: what each used of the CPU, as far as it was recorded.

use super::{Capture, Part};
use crate::capture::error::CaptureError;
use crate::group::{Group, TaskField};
use crate::process::{Pid, ProcessKey};
use crate::reading::Reading;
use crate::tick::Key;
use crate::time::{BootTime, Seq, WallTime};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A thread at a tick that recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskTick {
    /// Which tick.
    pub seq: Seq,
    /// When it was taken.
    pub at: WallTime,
    /// The same by the clock that never steps.
    pub at_boot: BootTime,
    /// First number of `schedstat`: time on a CPU since it began.
    pub run: Reading<Duration>,
    /// Second number of `schedstat`: time runnable and not running.
    pub wait: Reading<Duration>,
}

impl Capture {
    /// Threads of a process, by tid and start, at the ticks from `from` to `to` that recorded them.
    /// What is missing in between was not recorded. Costs 1-2 ms a chunk.
    pub fn task_ticks(
        &mut self,
        process: Pid,
        tids: &BTreeSet<i32>,
        (from, to): (Seq, Seq),
    ) -> Result<BTreeMap<ProcessKey, Vec<TaskTick>>, CaptureError> {
        let mut found: BTreeMap<ProcessKey, Vec<TaskTick>> = BTreeMap::new();
        let mut seq = Seq(from.0.max(1));
        while seq <= to {
            let Some(chunk) = self.chunk_of(seq, Part::Rest)? else {
                let Some(next) = self.next_start(seq)? else {
                    break;
                };
                seq = next;
                continue;
            };
            for (tick, times) in chunk.ticks().iter().enumerate() {
                if times.seq < from || times.seq > to || chunk.lacks_rest {
                    continue;
                }
                for (row, key) in chunk.rows_at(Group::Task, tick) {
                    let Key::Process(key) = key else { continue };
                    let cell =
                        |field: TaskField| chunk.cell(Group::Task, row, field.column(), tick);
                    let is_of_it = || cell(TaskField::ProcessPid) == Ok(i64::from(process.0));
                    if !tids.contains(&key.pid.0) || !is_of_it() {
                        continue;
                    }
                    let micros = |field| {
                        let micros = cell(field).map(i64::cast_unsigned);
                        micros.map(Duration::from_micros)
                    };
                    found.entry(*key).or_default().push(TaskTick {
                        seq: times.seq,
                        at: times.began.wall,
                        at_boot: times.began.boot,
                        run: micros(TaskField::Run),
                        wait: micros(TaskField::Wait),
                    });
                }
            }
            let end = chunk.ticks().last().map_or(Seq(0), |times| times.seq);
            seq = match self.next_start(seq)? {
                _ if end >= seq => Seq(end.0 + 1),
                Some(next) => next,
                None => break,
            };
        }
        Ok(found)
    }
}
