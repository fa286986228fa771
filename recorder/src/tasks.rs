//! Threads that are worth a look: those in state D always, and those of processes that starve,
//! that are busiest, or that somebody asked for.
//!
//! The sweep over the processes comes before, and what it has read says where to look, so a quiet
//! host pays for a few files. A leader in D is known from it. Other threads in D are found where
//! one was at the tick before; among busy processes, when the kernel counts more tasks blocked on
//! I/O than were seen; and, since it counts no others, by going round all threads, some at each tick.
//! What a thread that has not run since does in the kernel is not read again.

mod choice;
mod kernel_side;
mod thread_files;

pub(crate) use choice::ThreadsOf;

use crate::rows::Rows;
use crate::source::process::stat;
use crate::source::{ProcRoot, numbers};
use crate::sweep::Glance;
use afterimage_format::group::{Group, TaskField};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::Why;
use afterimage_format::tick::Tick;
use kernel_side::{KernelSide, Peeked, Wanted};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use thread_files::{Of, ThreadFiles};

/// Threads that are not in D, at a tick.
const MOST_THREADS: usize = 256;
/// Of a process with more threads not all are looked at in one tick.
const MOST_LISTED: usize = 512;
/// Threads that are looked at on the way round, at a tick; and when some are blocked unseen.
const ROUND: usize = 32;
const ROUND_BLOCKED: usize = 512;
/// Where a thread is in the kernel is read again after so many ticks, though it did not run.
const AGAIN: u64 = 10;

/// The threads, and what was last known of them.
#[derive(Debug)]
pub(crate) struct Tasks {
    asked_for: Vec<ThreadsOf>,
    rows: Rows<ProcessKey>,
    files: ThreadFiles,
    kernel_side: KernelSide,
    /// `schedstat` of those that were recorded at the last tick.
    gates: HashMap<ProcessKey, Reading<[u64; 3]>>,
    /// Processes that had a thread in D at the last tick.
    stuck: BTreeSet<i32>,
    /// Where the way round goes on: behind this thread of this process.
    round: (i32, i32),
    fared: [(&'static str, Reading<()>); 3],
    now: Now,
}

/// What one tick has come to so far.
#[derive(Debug, Default)]
struct Now {
    gates: HashMap<ProcessKey, Reading<[u64; 3]>>,
    stuck: BTreeSet<i32>,
    wanted: Vec<Wanted>,
    threads: usize,
    uninterruptible: usize,
    left_out: usize,
}

impl Tasks {
    pub(crate) fn new(root: PathBuf, asked_for: Vec<ThreadsOf>) -> Self {
        Self {
            asked_for,
            rows: Rows::new(Group::Task),
            files: ThreadFiles::default(),
            kernel_side: KernelSide::new(root),
            gates: HashMap::new(),
            stuck: BTreeSet::new(),
            round: (0, 0),
            fared: ["PID/task", "PID/syscall", "PID/stack"].map(|name| (name, Ok(()))),
            now: Now::default(),
        }
    }

    /// The processes whose threads are recorded whatever they do.
    pub(crate) fn asked_for(&self) -> &[ThreadsOf] {
        &self.asked_for
    }

    /// How reading them fared at the worst so far, by name.
    pub(crate) fn fared(&self) -> [(&'static str, Reading<()>); 3] {
        self.fared
    }

    /// Forgets every thread: each begins anew with the next tick.
    pub(crate) fn forget(&mut self) {
        self.rows.forget();
        self.gates.clear();
    }

    /// Reads the threads that are worth it. `blocked` is `procs_blocked`.
    pub(crate) fn collect(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        glances: &[Glance],
        blocked: i64,
    ) {
        self.now = Now::default();
        self.files.expect(glances.len(), root);
        let chosen = choice::choose(glances, tick.times.shed);
        for (glance, why) in &chosen {
            self.read_process(root, tick, glance, *why);
        }
        let rest = |glance: &&Glance| {
            let mut chosen = chosen.iter();
            has_more(glance) || !chosen.any(|(chosen, _)| chosen.key == glance.key)
        };
        let rest: Vec<&Glance> = glances.iter().filter(rest).collect();
        for glance in &rest {
            if glance.state == b'D' || self.stuck.contains(&glance.key.pid.0) {
                self.read_process(root, tick, glance, Why(0));
            }
        }
        self.go_round(root, tick, &rest, blocked);
        self.read_kernel_side(tick);
        self.rows.end_unseen(tick);
        self.gates = std::mem::take(&mut self.now.gates);
        self.stuck = std::mem::take(&mut self.now.stuck);
        if self.now.left_out > 0 {
            self.fared[0].1 = Err(Missing::Shed);
        }
    }

    /// Every thread of a process; of one that was not chosen those in D.
    fn read_process(&mut self, root: &ProcRoot, tick: &mut Tick, glance: &Glance, why: Why) {
        let mut tids = self.files.list(root, glance);
        if tids.len() > MOST_LISTED {
            // The others are found on the way round, if they are in D.
            let before = tids.len();
            let known: BTreeSet<i32> = self.gates.keys().map(|key| key.pid.0).collect();
            let first = tids[MOST_THREADS];
            tids.retain(|tid| *tid < first || known.contains(tid));
            self.now.left_out += if why == Why(0) {
                0
            } else {
                before - tids.len()
            };
        }
        for tid in tids {
            self.read_thread(root, tick, glance, (tid, why));
        }
    }

    /// Some threads at each tick, so that in the end each one was looked at.
    fn go_round(&mut self, root: &ProcRoot, tick: &mut Tick, rest: &[&Glance], blocked: i64) {
        let seen = i64::try_from(self.now.uninterruptible).unwrap_or(i64::MAX);
        let unseen = blocked > seen;
        let mut left = if unseen { ROUND_BLOCKED } else { ROUND };
        let many = |glance: &&&Glance| {
            let is_read = glance.state == b'D' || self.stuck.contains(&glance.key.pid.0);
            glance.threads > 1 && (has_more(glance) || !is_read)
        };
        let many: Vec<&&Glance> = rest.iter().filter(many).collect();
        let behind = many.partition_point(|glance| glance.key.pid.0 < self.round.0);
        let (done, next) = many.split_at(behind);
        // Who waits for the disk now has most likely just run.
        let busy = many.iter().filter(|glance| unseen && glance.is_busy);
        let busy = busy.map(|glance| (*glance, false));
        let round = next.iter().chain(done).map(|glance| (*glance, true));
        for (glance, is_round) in busy.chain(round) {
            for tid in self.files.list(root, glance) {
                if is_round
                    && (glance.key.pid.0, tid) <= self.round
                    && self.round.0 == glance.key.pid.0
                {
                    continue;
                }
                if left == 0 {
                    return;
                }
                left -= 1;
                if is_round {
                    self.round = (glance.key.pid.0, tid);
                }
                self.read_thread(root, tick, glance, (tid, Why(0)));
            }
        }
        self.round = (0, 0);
    }

    fn read_thread(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        glance: &Glance,
        (tid, mut why): (i32, Why),
    ) {
        use TaskField as F;
        let process = glance.key.pid;
        let of = |name| Of { process, tid, name };
        let Ok(text) = self.files.read(root, of("stat")) else {
            return;
        };
        let Ok(stat) = stat::parse(text) else { return };
        let Ok(started) = stat.started() else { return };
        let state = stat.state();
        if state == b'D' {
            why.0 |= Why::UNINTERRUPTIBLE.0;
        } else if why == Why(0) {
            return;
        } else if self.now.threads == MOST_THREADS {
            self.now.left_out += 1;
            return;
        }
        let pid = Pid(tid);
        let key = ProcessKey { pid, started };
        if self.now.gates.contains_key(&key) {
            return;
        }
        if state == b'D' {
            self.now.uninterruptible += 1;
            self.now.stuck.insert(process.0);
        } else {
            self.now.threads += 1;
        }
        let cells = self.rows.row(tick, &key);
        stat.store_task(cells, tick);
        cells.set(tick, F::ProcessPid.column(), Ok(process.0.into()));
        cells.count(tick, F::Why.column(), Ok(why.0.into()));
        let gate = self.files.schedstat(root, of("schedstat"));
        let columns = [F::Run, F::Wait].into_iter().zip([0, 1]);
        for (field, place) in columns {
            let micros = gate.map(|numbers| numbers[place] / 1000);
            cells.count(tick, field.column(), micros);
        }
        let switches = self.files.switches(root, of("status"));
        let fields = [F::VoluntarySwitches, F::InvoluntarySwitches];
        for (field, count) in fields.into_iter().zip(switches) {
            cells.count(tick, field.column(), count);
        }
        self.now.gates.insert(key, gate);
        let seq = tick.times.seq.0;
        let due = (seq + u64::from(tid.unsigned_abs())).is_multiple_of(AGAIN);
        let has_run = self.gates.get(&key) != Some(&gate) || gate.is_err();
        if state == b'R' {
            for field in [F::Wchan, F::Syscall, F::SyscallArguments, F::Stack] {
                cells.text(tick, field.column(), Err(Missing::NotRead));
            }
        } else if due || has_run {
            let wchan = self.files.read(root, of("wchan"));
            cells.text(tick, F::Wchan.column(), wchan);
            self.now.wanted.push(Wanted { key, process });
            cells.count(tick, F::ReadAt.column(), Ok(seq));
        }
    }

    fn read_kernel_side(&mut self, tick: &mut Tick) {
        if self.now.wanted.is_empty() {
            return;
        }
        let wanted = std::mem::take(&mut self.now.wanted);
        for peeked in self.kernel_side.peek(wanted) {
            let Peeked {
                key,
                syscall,
                stack,
            } = peeked;
            for (place, state) in [(1, syscall.as_ref().err()), (2, stack.as_ref().err())] {
                if let Some(missing) = state.filter(|missing| **missing != Missing::Gone) {
                    self.fared[place].1 = Err(*missing);
                }
            }
            let Some(cells) = self.rows.known(&key) else {
                continue;
            };
            let call = syscall.and_then(|text| call_from_text(&text));
            let number = call.as_ref().map(|(number, _)| *number);
            cells.count(
                tick,
                TaskField::Syscall.column(),
                number.map_err(|missing| *missing),
            );
            let arguments = call.as_ref().map(|(_, rest)| rest.as_slice());
            let arguments = arguments.map_err(|missing| *missing);
            cells.text(tick, TaskField::SyscallArguments.column(), arguments);
            let stack = stack.map(|text| functions_from_text(&text));
            let stack = stack.as_deref().map_err(|missing| *missing);
            cells.text(tick, TaskField::Stack.column(), stack);
        }
    }
}

/// Whether not all of its threads are looked at in one tick.
fn has_more(glance: &Glance) -> bool {
    glance.threads > MOST_LISTED as u64
}

/// The number of the call and what stands behind it. A thread that runs, or waits outside of a
/// call (`-1`), is in none.
fn call_from_text(text: &[u8]) -> Reading<(u64, Vec<u8>)> {
    let text = text.trim_ascii();
    let end = text.iter().position(|byte| *byte == b' ');
    let (number, rest) = text.split_at(end.unwrap_or(text.len()));
    if number == b"running" || number == b"-1" {
        return Err(Missing::NotRead);
    }
    Ok((numbers::count(number)?, rest.trim_ascii().to_vec()))
}

/// The names of the functions, one a line, without where in each of them.
fn functions_from_text(text: &[u8]) -> Vec<u8> {
    let name = |line: &[u8]| {
        let start = line.iter().position(|byte| *byte == b' ');
        let name = line[start.map_or(0, |start| start + 1)..].split(|byte| *byte == b'+');
        name.into_iter().next().unwrap_or_default().to_vec()
    };
    let names: Vec<Vec<u8>> = numbers::lines(text).map(name).collect();
    names.join(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_a_number_and_a_thread_outside_of_one_has_none() {
        assert_eq!(
            call_from_text(b"232 0x4 0x7f 0x10 0xffff 0x0 0x0 0x7ffe 0x7fab\n"),
            Ok((232, b"0x4 0x7f 0x10 0xffff 0x0 0x0 0x7ffe 0x7fab".to_vec()))
        );
        assert_eq!(call_from_text(b"running\n"), Err(Missing::NotRead));
        assert_eq!(call_from_text(b"-1 0x7ffe 0x7fab\n"), Err(Missing::NotRead));
        assert_eq!(call_from_text(b""), Err(Missing::Malformed));
    }

    #[test]
    fn of_a_stack_the_names_are_kept() {
        let text = b"[<0>] do_wait+0x65/0x100\n[<0>] kernel_wait4+0xaf/0x150\n";
        assert_eq!(functions_from_text(text), b"do_wait\nkernel_wait4");
        assert_eq!(functions_from_text(b""), b"");
    }
}
