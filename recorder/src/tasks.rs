//! Threads that are worth a look: those in state D always, and those of processes that starve,
//! that are busiest or have most threads, or that somebody asked for.
//!
//! The sweep over the processes comes before, and what it has read says where to look, so a quiet
//! host pays for a few files. A leader in D is known from it. Other threads in D are found where
//! one was at the tick before; among busy processes, when the kernel counts more tasks blocked on
//! I/O than were seen; and, since it counts no others, by going round all threads, some at each
//! tick (`round.rs`). `schedstat` goes before the other files of a thread: of one that has slept
//! since, nothing else is read, and what it does in the kernel not before each tenth tick.

mod choice;
mod kernel_side;
mod known;
mod round;
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
use choice::Choice;
use kernel_side::{KernelSide, Wanted};
use known::{Known, KnownThreads};
use round::Round;
use std::path::PathBuf;
use std::time::Duration;
use thread_files::{Of, ThreadFiles};

/// Threads that are not in D, at a tick.
const MOST_THREADS: usize = 256;
/// Of a process with more threads not all are looked at in one tick.
const MOST_LISTED: usize = 512;
/// Where a thread is in the kernel is read again after so many ticks, though it did not run.
const AGAIN: u64 = 10;
/// What the sources are called of which the threads' files are part.
const SOURCES: [&str; 4] = ["PID/task", "PID/wchan", "PID/syscall", "PID/stack"];
const TASK: usize = 0;
const WCHAN: usize = 1;
const SYSCALL: usize = 2;
const STACK: usize = 3;

/// The threads, and what was last known of them.
#[derive(Debug)]
pub(crate) struct Tasks {
    asked_for: Vec<ThreadsOf>,
    rows: Rows<ProcessKey>,
    files: ThreadFiles,
    kernel_side: KernelSide,
    choice: Choice,
    known: KnownThreads,
    round: Round,
    tids: Vec<i32>,
    wanted: Vec<Wanted>,
    fared: [(&'static str, Reading<()>); SOURCES.len()],
    now: Now,
}

/// What one tick has come to so far.
#[derive(Debug, Default)]
struct Now {
    threads: usize,
    uninterruptible: usize,
    left_out: usize,
}

/// What the threads of a tick are looked at by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) root: &'a ProcRoot,
    /// The time between ticks.
    pub(crate) interval: Duration,
    /// `procs_blocked`.
    pub(crate) blocked: i64,
    /// Tasks waited for a CPU or for memory since the last tick.
    pub(crate) pressed: bool,
}

impl Tasks {
    pub(crate) fn new(root: PathBuf, asked_for: Vec<ThreadsOf>) -> Self {
        Self {
            asked_for,
            rows: Rows::new(Group::Task),
            files: ThreadFiles::default(),
            kernel_side: KernelSide::new(root),
            choice: Choice::default(),
            known: KnownThreads::default(),
            round: Round::default(),
            tids: Vec::new(),
            wanted: Vec::new(),
            fared: SOURCES.map(|name| (name, Ok(()))),
            now: Now::default(),
        }
    }

    /// The processes whose threads are recorded whatever they do.
    pub(crate) fn asked_for(&self) -> &[ThreadsOf] {
        &self.asked_for
    }

    /// How reading them fared at the worst so far, by name.
    pub(crate) fn fared(&self) -> [(&'static str, Reading<()>); SOURCES.len()] {
        self.fared
    }

    /// Forgets every thread: each begins anew with the next tick.
    pub(crate) fn forget(&mut self) {
        self.rows.forget();
        self.known.forget();
    }

    /// Reads the threads that are worth it. The glances are in order of pid.
    pub(crate) fn collect(
        &mut self,
        around: &Surroundings<'_>,
        tick: &mut Tick,
        glances: &mut [Glance],
    ) {
        self.now = Now::default();
        self.files.expect(glances.len(), around.root);
        self.choice
            .choose(glances, tick.times.shed, around.interval);
        let glances = &*glances;
        for why in [Why::ASKED_FOR, Why::STARVED, Why::BUSIEST] {
            for glance in glances.iter().filter(|glance| glance.why.contains(why)) {
                self.read_process(around, tick, glance);
            }
        }
        for glance in glances.iter().filter(|glance| !is_chosen(glance)) {
            if glance.state == b'D' || self.round.was_stuck(glance.key.pid) {
                self.read_process(around, tick, glance);
            }
        }
        self.watch(around, tick, glances);
        self.go_round(around, tick, glances);
        self.read_kernel_side(around, tick);
        self.rows.end_unseen(tick);
        self.known.end_tick();
        self.round.end_tick();
        if self.now.left_out > 0 {
            self.fared[TASK].1 = Err(Missing::Shed);
        }
    }

    /// Every thread of a process; of one that was not chosen those in D.
    fn read_process(&mut self, around: &Surroundings<'_>, tick: &mut Tick, glance: &Glance) {
        let mut tids = std::mem::take(&mut self.tids);
        if let Err(missing) = self.files.list(around.root, glance, &mut tids) {
            self.note(TASK, missing);
        }
        if tids.len() > MOST_LISTED {
            // The others are found on the way round, if they are in D.
            let (before, first) = (tids.len(), tids[MOST_THREADS]);
            tids.retain(|tid| *tid < first || self.known.was_recorded(*tid));
            if is_chosen(glance) {
                self.now.left_out += before - tids.len();
            }
        }
        for &tid in &tids {
            self.read_thread(around, tick, (glance, tid));
        }
        self.tids = tids;
    }

    fn read_thread(
        &mut self,
        around: &Surroundings<'_>,
        tick: &mut Tick,
        (glance, tid): (&Glance, i32),
    ) {
        let (process, root, mut why) = (glance.key.pid, around.root, glance.why);
        let of = |name| Of { process, tid, name };
        let seq = tick.times.seq.0;
        if self.known.is_seen(tid) {
            return;
        }
        let before = self.known.before(tid);
        let due = (seq + u64::from(tid.unsigned_abs())).is_multiple_of(AGAIN);
        let mut gate = Err(Missing::NotRead);
        if is_chosen(glance) || before.is_some() {
            gate = self.files.schedstat(root, of("schedstat"));
            let sleeper = before.filter(|before| before.is_asleep_still(gate));
            if let Some(sleeper) = sleeper.filter(|_| !due && !around.pressed && is_chosen(glance))
            {
                self.keep_sleeper(tick, sleeper, why);
                return;
            }
        }
        let text = self.files.read(root, of("stat"));
        let stat = text.and_then(|text| stat::parse(text));
        let Ok((stat, started)) = stat.and_then(|stat| Ok((stat, stat.started()?))) else {
            return;
        };
        let (state, pid) = (stat.state(), Pid(tid));
        let key = ProcessKey { pid, started };
        let before = before.filter(|before| before.key == key);
        if before.is_some_and(|before| before.is_starving((state, gate), around.interval)) {
            why.0 |= Why::STARVED.0;
        }
        if state == b'D' {
            why.0 |= Why::UNINTERRUPTIBLE.0;
            self.now.uninterruptible += 1;
            self.round.is_stuck(process);
        } else if why == Why(0) {
            if state == b'R' && before.is_none() {
                // Whether it gets a CPU, the next tick tells.
                gate = self.files.schedstat(root, of("schedstat"));
                self.round.watch(process, tid);
                self.known.see(Known::unrecorded(key, state, gate));
            }
            return;
        } else if self.now.threads == MOST_THREADS {
            self.now.left_out += 1;
            return;
        } else {
            self.now.threads += 1;
        }
        if !is_chosen(glance) && why.contains(Why::STARVED) {
            self.round.watch(process, tid);
        }
        let cells = self.rows.row(tick, &key);
        stat.store_task(cells, tick);
        if gate == Err(Missing::NotRead) {
            gate = self.files.schedstat(root, of("schedstat"));
        }
        let known = Known::recorded(key, state, gate);
        let is_wanted = before.is_none_or(|before| before.has_moved(&known) || before.is_owed);
        // Of what is only busy, a look each tenth tick is enough.
        let is_wanted = due || (is_wanted && (why != Why::BUSIEST || before.is_none()));
        self.known.see(Known {
            is_owed: before.is_some_and(|before| before.is_owed),
            ..known
        });
        self.store(tick, (key, process, why), gate);
        self.read_wait(root, tick, (known, process), is_wanted);
    }

    /// A thread that has not run since the last tick: all is as it was.
    fn keep_sleeper(&mut self, tick: &mut Tick, sleeper: Known, why: Why) {
        if self.now.threads == MOST_THREADS {
            self.now.left_out += 1;
            return;
        }
        self.now.threads += 1;
        let cells = self.rows.row(tick, &sleeper.key);
        cells.count(tick, TaskField::Why.column(), Ok(why.0.into()));
        if sleeper.is_owed {
            let process = cells.last(TaskField::ProcessPid.column());
            let process =
                process.and_then(|pid| i32::try_from(pid).map_err(|_too_large| Missing::Malformed));
            self.wanted.extend(process.map(|process| Wanted {
                key: sleeper.key,
                process: Pid(process),
            }));
        }
        self.known.see(sleeper);
    }

    /// What is counted of a thread, beside its `stat`.
    fn store(
        &mut self,
        tick: &mut Tick,
        (key, process, why): (ProcessKey, Pid, Why),
        gate: Reading<[u64; 3]>,
    ) {
        use TaskField as F;
        let Some(cells) = self.rows.known(&key) else {
            return;
        };
        cells.set(tick, F::ProcessPid.column(), Ok(process.0.into()));
        cells.count(tick, F::Why.column(), Ok(why.0.into()));
        for (field, place) in [(F::Run, 0), (F::Wait, 1)] {
            let micros = gate.map(|numbers| numbers[place] / 1000);
            cells.count(tick, field.column(), micros);
        }
    }

    /// How often it was switched, and, of a thread that waits, what in.
    fn read_wait(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        (known, process): (Known, Pid),
        is_wanted: bool,
    ) {
        use TaskField as F;
        let Some(cells) = self.rows.known(&known.key) else {
            return;
        };
        let tid = known.key.pid.0;
        let of = |name| Of { process, tid, name };
        let switches = self.files.switches(root, of("status"));
        let fields = [F::VoluntarySwitches, F::InvoluntarySwitches];
        for (field, count) in fields.into_iter().zip(switches) {
            cells.count(tick, field.column(), count);
        }
        if known.state == b'R' {
            for field in [F::Wchan, F::Syscall, F::SyscallArguments, F::Stack] {
                cells.text(tick, field.column(), Err(Missing::NotRead));
            }
        } else if is_wanted {
            // `0` is what the kernel says of a thread that is about to run, and to who may not know.
            let wchan = self.files.read(root, of("wchan"));
            let wchan = wchan.and_then(|name| match name.trim_ascii() {
                b"0" | b"" => Err(Missing::NotRead),
                name => Ok(name),
            });
            cells.text(tick, F::Wchan.column(), wchan);
            cells.count(tick, F::ReadAt.column(), Ok(tick.times.seq.0));
            let key = known.key;
            self.wanted.push(Wanted { key, process });
        }
    }

    fn read_kernel_side(&mut self, around: &Surroundings<'_>, tick: &mut Tick) {
        if self.wanted.is_empty() {
            return;
        }
        let mut wanted = std::mem::take(&mut self.wanted);
        for peeked in self.kernel_side.peek(&mut wanted, around.interval) {
            for (place, state) in [
                (SYSCALL, peeked.syscall.as_ref().err()),
                (STACK, peeked.stack.as_ref().err()),
            ] {
                let worse =
                    state.filter(|missing| !matches!(missing, Missing::Gone | Missing::NotRead));
                if let Some(missing) = worse {
                    self.note(place, *missing);
                }
            }
            // What there was no time for is asked for at the next tick.
            self.known
                .owes(peeked.key, peeked.syscall == Err(Missing::NotRead));
            let Some(cells) = self.rows.known(&peeked.key) else {
                continue;
            };
            let is_denied = peeked.syscall == Err(Missing::PermissionDenied);
            if is_denied && cells.last(TaskField::Wchan.column()) == Err(Missing::NotRead) {
                let denied = Err(Missing::PermissionDenied);
                cells.text(tick, TaskField::Wchan.column(), denied);
                self.fared[WCHAN].1 = Err(Missing::PermissionDenied);
            }
            let call = peeked.syscall.and_then(|text| call_from_text(&text));
            let number = call.as_ref().map(|(number, _)| *number);
            let number = number.map_err(|missing| *missing);
            cells.count(tick, TaskField::Syscall.column(), number);
            let arguments = call.as_ref().map(|(_, rest)| rest.as_slice());
            let arguments = arguments.map_err(|missing| *missing);
            cells.text(tick, TaskField::SyscallArguments.column(), arguments);
            let stack = peeked.stack.map(|text| functions_from_text(&text));
            let stack = stack.as_deref().map_err(|missing| *missing);
            cells.text(tick, TaskField::Stack.column(), stack);
        }
        wanted.clear();
        self.wanted = wanted;
    }

    fn note(&mut self, source: usize, missing: Missing) {
        if missing != Missing::Gone {
            self.fared[source].1 = Err(missing);
        }
    }
}

fn is_chosen(glance: &Glance) -> bool {
    glance.why != Why(0)
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
mod tests;
