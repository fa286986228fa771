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
mod in_kernel;
mod kernel_side;
mod known;
mod round;
mod thread_files;

pub(crate) use choice::ThreadsOf;

use crate::rows::Rows;
use crate::source::ProcRoot;
use crate::source::process::stat;
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
    /// The names on one stack.
    functions: Vec<u8>,
    fared: [(&'static str, Reading<()>); SOURCES.len()],
    /// The last time that some threads were not to be looked at: how many of how many.
    refused: [Option<(usize, usize)>; SOURCES.len()],
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
            functions: Vec::new(),
            fared: SOURCES.map(|name| (name, Ok(()))),
            refused: [None; SOURCES.len()],
            now: Now::default(),
        }
    }

    /// The processes whose threads are recorded whatever they do.
    pub(crate) fn asked_for(&self) -> &[ThreadsOf] {
        &self.asked_for
    }

    /// The processes that had a thread in state D at the last tick.
    pub(crate) fn stuck(&self) -> &[i32] {
        self.round.stuck()
    }

    /// How reading them fared at the worst so far, by name.
    pub(crate) fn fared(&self) -> [(&'static str, Reading<()>); SOURCES.len()] {
        self.fared
    }

    /// How many threads were refused to the recorder, of how many that it looked at, the last time
    /// that some were.
    pub(crate) fn refused(&self, source: &str) -> Option<(usize, usize)> {
        let place = SOURCES.iter().position(|name| *name == source)?;
        self.refused[place]
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
        self.files.end_tick();
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
        let seq = tick.times.seq.0;
        if self.known.is_seen(tid) {
            return;
        }
        let before = self.known.before(tid);
        let due = (seq + u64::from(tid.unsigned_abs())).is_multiple_of(AGAIN);
        let mut gate = Err(Missing::NotRead);
        if is_chosen(glance) || before.is_some() {
            gate = self.files.schedstat(root, (process, tid));
            let sleeper = before.filter(|before| before.is_asleep_still(gate));
            if let Some(sleeper) = sleeper.filter(|_| !due && !around.pressed && is_chosen(glance))
            {
                self.keep_sleeper(tick, sleeper, why);
                return;
            }
        }
        let text = self.files.read(
            root,
            Of {
                process,
                tid,
                name: "stat",
            },
        );
        let stat = text.and_then(stat::parse);
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
                gate = self.files.schedstat(root, (process, tid));
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
            gate = self.files.schedstat(root, (process, tid));
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
        self.read_wait(root, tick, (known, process, why), is_wanted);
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

    fn note(&mut self, source: usize, missing: Missing) {
        if missing != Missing::Gone {
            self.fared[source].1 = Err(missing);
        }
    }
}

fn is_chosen(glance: &Glance) -> bool {
    glance.why != Why(0)
}
