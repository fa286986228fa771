//! Everything that follows from one dump, with what is known around it.

use super::deadlock::{self, Deadlock};
use super::finding::{self, Finding};
use super::followed::{self, Followed, Host};
use super::frame;
use super::groups::{self, Group};
use super::history::{self, Series};
use super::kernel::{Kernel, Views, comm};
use super::locks::Locks;
use super::model::{Dump, State};
use super::past::Past;
use super::pools::{self, Starved};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Of so many threads the past is looked at.
const MOST_SUSPECTS: usize = 64;

/// What is known around a dump.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'a> {
    /// What the kernel said of the threads.
    pub views: Views<'a>,
    /// The dumps of the same life up to this one, which is the last of the series.
    pub series: Option<(&'a Series, &'a [&'a Dump])>,
    /// Everybody else on the host at that moment.
    pub host: Option<&'a Host>,
    /// What the samples say of the threads before it.
    pub before: Option<&'a Past>,
}

/// Who says how much CPU a thread used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The kernel, between two looks at its threads around the dump.
    Kernel,
    /// The JVM, between the dump before and this one.
    Dumps,
    /// The JVM, since the thread began.
    SinceStart,
}

impl By {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Dumps => "dumps",
            Self::SinceStart => "since-start",
        }
    }
}

/// The CPU of one thread.
#[derive(Debug, Clone, PartialEq)]
pub struct CpuUse {
    /// Its place in [`Dump::threads`]; none for one that only the kernel knows.
    pub thread: Option<usize>,
    /// What it is called.
    pub name: String,
    /// Its number on the host where the kernel was asked, else as the dump has it.
    pub tid: Option<u64>,
    /// How much it used.
    pub cpu: Duration,
    /// Over how long.
    pub over: Option<Duration>,
    /// How long it could have run then, and did not.
    pub wait: Option<Duration>,
    /// Who says so.
    pub by: By,
}

impl CpuUse {
    /// How much of a core that is, 1 is a whole one.
    pub fn share(&self) -> Option<f64> {
        let over = self.over.filter(|over| !over.is_zero())?;
        Some(self.cpu.as_secs_f64() / over.as_secs_f64())
    }
}

/// What follows from a dump.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// How many threads the dump lists.
    pub total: usize,
    /// How many of them are in each state.
    pub states: BTreeMap<State, usize>,
    /// How many virtual threads are there, within carriers too.
    pub virtual_threads: usize,
    /// Locks that are waited for, the worst first.
    pub locks: Locks,
    /// Circles of waiting threads.
    pub deadlocks: Vec<Deadlock>,
    /// Threads that do the same.
    pub groups: Vec<Group>,
    /// Pools that have nothing left.
    pub starved: Vec<Starved>,
    /// What the kernel said.
    pub kernel: Kernel,
    /// Threads that used CPU, the most first.
    pub cpu: Vec<CpuUse>,
    /// Threads that are called RUNNABLE and only wait, for a socket or the like.
    pub only_wait: Vec<usize>,
    /// Threads that wait for another process of the host, and for which one.
    pub followed: Vec<(usize, Followed)>,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The report of a dump.
    pub fn of(dump: &Dump, around: &Around<'_>) -> Self {
        let locks = Locks::of(dump);
        let kernel = Kernel::of(dump, &around.views);
        let mut states = BTreeMap::new();
        for thread in dump.listed() {
            *states.entry(thread.state).or_insert(0) += 1;
        }
        let only_wait = |place: &usize| {
            let thread = &dump.threads[*place];
            let by_stack = frame::socket_wait(thread).is_some();
            kernel.only_waits(*place, thread.state) || by_stack && !has_worked(&kernel, *place)
        };
        let mut report = Self {
            total: dump.listed().count(),
            states,
            virtual_threads: virtual_threads(dump),
            deadlocks: deadlock::find(dump, &locks),
            groups: groups::find(dump),
            starved: pools::find(dump, &locks),
            cpu: cpu(dump, &kernel, around),
            only_wait: (0..dump.threads.len()).filter(only_wait).collect(),
            followed: around
                .host
                .map(|host| followed::all(&kernel, host))
                .unwrap_or_default(),
            locks,
            kernel,
            findings: Vec::new(),
        };
        report.findings = finding::of(dump, &report, around);
        report
    }

    /// The threads, by their numbers on the host, whose past is of interest: those that findings are
    /// about, and those that ran.
    pub fn suspects(&self) -> BTreeSet<i32> {
        let suspects = self.findings.iter().flat_map(|finding| &finding.suspects);
        let tids = suspects.filter_map(|suspect| i32::try_from(suspect.tid?).ok());
        let seen = self.kernel.threads.iter().flatten();
        let ran = seen.filter(|seen| seen.state == Some('R'));
        let all = tids.chain(ran.map(|seen| seen.tid));
        all.take(MOST_SUSPECTS).collect()
    }

    /// The process that a thread waits for.
    pub fn followed(&self, thread: usize) -> Option<&Followed> {
        let mut all = self.followed.iter();
        all.find(|(place, _)| *place == thread)
            .map(|(_, followed)| followed)
    }

    /// How many threads are in a state.
    pub fn count(&self, state: State) -> usize {
        self.states.get(&state).copied().unwrap_or(0)
    }
}

/// Those that a dump has a stack of, and those of which it only says who carries them, as JDK 21 does.
fn virtual_threads(dump: &Dump) -> usize {
    let all = dump.threads.iter();
    let shown = all.clone().filter(|thread| thread.is_virtual);
    let numbers: BTreeSet<Option<u64>> = shown.clone().map(|thread| thread.number).collect();
    let hidden =
        all.filter(|thread| thread.carries.is_some() && !numbers.contains(&thread.carries));
    shown.count() + hidden.count()
}

/// Whether the kernel counted work of a thread that stands in a read: then the read does not wait.
fn has_worked(kernel: &Kernel, place: usize) -> bool {
    let seen = kernel.thread(place);
    seen.is_some_and(|seen| kernel.cpu_share(seen).is_some_and(|share| share >= 0.1))
}

/// Threads by their CPU: as exactly as anybody counted it.
fn cpu(dump: &Dump, kernel: &Kernel, around: &Around<'_>) -> Vec<CpuUse> {
    let mut uses = by_kernel(dump, kernel);
    if uses.is_empty() {
        uses = by_dumps(dump, around);
    }
    if uses.is_empty() {
        let threads = dump.threads.iter().enumerate();
        let since_start = threads.filter_map(|(place, thread)| {
            Some(CpuUse {
                thread: Some(place),
                name: thread.called(),
                tid: thread.os_id,
                cpu: thread.cpu?,
                over: thread.elapsed,
                wait: None,
                by: By::SinceStart,
            })
        });
        uses = since_start.collect();
    }
    uses.sort_by_key(|used| Reverse(used.cpu));
    uses
}

fn by_kernel(dump: &Dump, kernel: &Kernel) -> Vec<CpuUse> {
    let of_dump = kernel
        .threads
        .iter()
        .enumerate()
        .filter_map(|(place, seen)| {
            let (thread, seen) = (&dump.threads[place], seen.as_ref()?);
            let name = if thread.name.is_empty() {
                comm(seen.comm.as_deref()).unwrap_or_else(|| thread.called())
            } else {
                thread.called()
            };
            thread.is_listed.then_some((Some(place), name, seen))
        });
    let others = kernel.others.iter();
    let others = others.map(|seen| (None, comm(seen.comm.as_deref()).unwrap_or_default(), seen));
    let uses = of_dump.chain(others).filter_map(|(thread, name, seen)| {
        Some(CpuUse {
            thread,
            name,
            tid: u64::try_from(seen.tid).ok(),
            cpu: seen.cpu?,
            over: kernel.over,
            wait: seen.wait,
            by: By::Kernel,
        })
    });
    uses.collect()
}

fn by_dumps(dump: &Dump, around: &Around<'_>) -> Vec<CpuUse> {
    let Some((series, dumps)) = around.series else {
        return Vec::new();
    };
    let Some(last) = series.dumps.len().checked_sub(1).filter(|last| *last > 0) else {
        return Vec::new();
    };
    let before = dumps.get(series.dumps[last - 1]);
    let over = before.and_then(|before| history::between(before, dump));
    let cells = series.rows.iter().filter_map(|row| row.cells[last]);
    let uses = cells.filter_map(|cell| {
        let thread = dump.threads.get(cell.thread)?;
        Some(CpuUse {
            thread: Some(cell.thread),
            name: thread.called(),
            tid: thread.os_id,
            cpu: cell.cpu?,
            over,
            wait: None,
            by: By::Dumps,
        })
    });
    uses.collect()
}
