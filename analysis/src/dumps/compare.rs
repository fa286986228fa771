//! What is different between two dumps of one program.
//!
//! In: two dumps, with what follows from each and what the kernel said around them. Out: the threads
//! that began, ended, moved and did not move, with the CPU that each used in between; locks, groups
//! and findings that are other ones.
//!
//! A thread is the same when the runtime's number of it, its name and, where both dumps have it, the
//! kernel's number agree: names alone are used again by pools, and numbers of the kernel by others.
//! Dumps of two lives of a program (it was started again) are held beside each other by name alone.

mod changes;
mod frames;

use super::finding::Finding;
use super::frame;
use super::history;
use super::kernel::Views;
use super::locks::Wanted;
use super::model::{Dump, Source, Stack, State, Thread};
use super::report::{By, Report};
use afterimage_format::kernel_view::KernelView;
pub use changes::{FindingChange, GroupChange, LockChange};
pub use frames::{Beside, beside};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// One of the two.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What it says.
    pub dump: &'a Dump,
    /// What follows from it.
    pub report: &'a Report,
    /// What the kernel said around it.
    pub views: Views<'a>,
}

/// By what threads are held to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identity {
    /// By their numbers and names: both dumps are of one life of one process.
    #[default]
    Life,
    /// By their names alone: the program was started again in between.
    Name,
    /// By the kernel's numbers alone: one of the two is what the kernel said, with names cut short.
    Kernel,
}

impl Identity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Life => "same-life",
            Self::Name => "names",
            Self::Kernel => "kernel-numbers",
        }
    }
}

/// A thread that is in both, and what it did.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each may be another one without the others"
)]
pub struct Pair {
    /// Its place in the earlier dump.
    pub before: usize,
    /// Its place in the later one.
    pub now: usize,
    /// Its state is another one.
    pub state: bool,
    /// Its innermost frame is another one.
    pub top: bool,
    /// It waits for another lock or another holder, or waits for one where it did not.
    pub lock: bool,
    /// Some frame is another one.
    pub stack: bool,
    /// CPU that it used in between.
    pub cpu: Option<Duration>,
}

impl Pair {
    /// Whether it did the same in both.
    pub const fn is_same(&self) -> bool {
        !(self.state || self.top || self.lock || self.stack)
    }
}

/// What is different. Threads are places in the dumps, the others places in the reports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// By what threads were held to be the same.
    pub identity: Identity,
    /// From the one to the other.
    pub over: Option<Duration>,
    /// Who counted CPU, and over how long; none where nobody did.
    pub cpu: Option<(By, Option<Duration>)>,
    /// Threads that are only in the later one.
    pub new: Vec<usize>,
    /// Threads that are only in the earlier one.
    pub gone: Vec<usize>,
    /// Threads that did something else, the most telling first: a state, a lock, a top frame, a frame.
    pub changed: Vec<Pair>,
    /// Threads that did the same and were not idle, those with the most CPU first.
    pub same: Vec<Pair>,
    /// Threads that did the same: they wait for work, or belong to the runtime.
    pub idle: Vec<Pair>,
    /// Locks that are wanted in one of them.
    pub locks: Vec<LockChange>,
    /// Groups of threads of another size, those that changed most first.
    pub groups: Vec<GroupChange>,
    /// Findings of both.
    pub findings: Vec<FindingChange>,
}

impl Comparison {
    /// What is different from one dump to a later one, which are of one life of a process or not.
    pub fn of(before: &Side<'_>, now: &Side<'_>, is_one_life: bool) -> Self {
        let is_kernel = |side: &Side<'_>| side.dump.source == Source::Kernel;
        let identity = match is_one_life {
            true if is_kernel(before) != is_kernel(now) => Identity::Kernel,
            true => Identity::Life,
            false => Identity::Name,
        };
        let clock = Clock::of(before, now, identity);
        let mut all = Self {
            identity,
            over: elapsed(before, now, identity),
            cpu: clock.by(),
            ..Self::default()
        };
        let mut then = by_key(before.dump, identity);
        for (key, place) in keys(now.dump, identity) {
            let found = then.get(&key).copied();
            let earlier = found.filter(|earlier| {
                identity != Identity::Life
                    || has_same_number(&before.dump.threads[*earlier], &now.dump.threads[place])
            });
            let Some(earlier) = earlier else {
                all.new.push(place);
                continue;
            };
            then.remove(&key);
            let pair = pair((before, earlier), (now, place), &clock);
            let thread = &now.dump.threads[place];
            let is_idle = frame::is_idle(thread) || thread.state == State::Vm;
            match (pair.is_same(), is_idle) {
                (false, _) => all.changed.push(pair),
                (true, false) => all.same.push(pair),
                (true, true) => all.idle.push(pair),
            }
        }
        all.gone = then.into_values().collect();
        all.gone.sort_unstable();
        let weight = |pair: &Pair| (!pair.lock, !pair.state, !pair.top, pair.now);
        all.changed.sort_by_key(weight);
        let by_cpu = |pair: &Pair| (std::cmp::Reverse(pair.cpu), pair.now);
        all.same.sort_by_key(by_cpu);
        all.idle.sort_by_key(by_cpu);
        let same: HashMap<usize, usize> = all.pairs().map(|pair| (pair.now, pair.before)).collect();
        all.locks = changes::locks(before, now, &same);
        all.groups = changes::groups(before, now);
        all.findings = changes::findings(before.report, now.report);
        all
    }

    /// Every thread that is in both.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.changed.iter().chain(&self.same).chain(&self.idle)
    }

    /// The pair of a thread of the later dump.
    pub fn pair_of(&self, now: usize) -> Option<&Pair> {
        self.pairs().find(|pair| pair.now == now)
    }
}

/// What tells a thread from the others in its dump.
type Key<'d> = (Option<u64>, &'d str, bool, usize);

fn keys(dump: &Dump, identity: Identity) -> Vec<(Key<'_>, usize)> {
    let mut repeated: HashMap<Key<'_>, usize> = HashMap::new();
    let listed = dump.threads.iter().enumerate();
    let keys = listed.map(|(place, thread)| {
        let key = match identity {
            // What has no number of the runtime goes by the kernel's.
            Identity::Life => (
                thread.number.or(thread.os_id),
                &*thread.name,
                thread.is_virtual,
                0,
            ),
            Identity::Name => (None, &*thread.name, thread.is_virtual, 0),
            Identity::Kernel => (thread.os_id, "", thread.is_virtual, 0),
        };
        let times = repeated.entry(key).or_default();
        *times += 1;
        ((key.0, key.1, key.2, *times - 1), place)
    });
    keys.collect()
}

fn by_key(dump: &Dump, identity: Identity) -> HashMap<Key<'_>, usize> {
    keys(dump, identity).into_iter().collect()
}

/// Whether the kernel's numbers do not speak against it. A virtual thread has that of its carrier.
fn has_same_number(before: &Thread, now: &Thread) -> bool {
    let ids = before.os_id.zip(now.os_id);
    now.is_virtual || ids.is_none_or(|(then, now)| then == now)
}

/// From the one dump to the other: by the kernel's clock, else by the dumps' own.
fn elapsed(before: &Side<'_>, now: &Side<'_>, identity: Identity) -> Option<Duration> {
    let views = last(&before.views).zip(last(&now.views));
    let by_kernel = views.and_then(|(then, now)| now.at_boot.since(then.at_boot));
    by_kernel.or_else(|| match identity {
        Identity::Life => history::between(before.dump, now.dump),
        Identity::Name | Identity::Kernel => now.dump.at?.since(before.dump.at?),
    })
}

fn last<'v>(views: &Views<'v>) -> Option<&'v KernelView> {
    views.after.or(views.before)
}

/// Who counted CPU in between.
enum Clock {
    /// The kernel: each thread by the number that the process has for it.
    Kernel {
        then: HashMap<u64, Duration>,
        now: HashMap<u64, Duration>,
        over: Option<Duration>,
    },
    /// The runtime.
    Dumps(Option<Duration>),
    /// It cannot be said.
    Nobody,
}

impl Clock {
    fn of(before: &Side<'_>, now: &Side<'_>, identity: Identity) -> Self {
        if identity == Identity::Name {
            return Self::Nobody;
        }
        if let Some((then, last)) = last(&before.views).zip(last(&now.views)) {
            return Self::Kernel {
                then: runs(then),
                now: runs(last),
                over: last.at_boot.since(then.at_boot),
            };
        }
        let knows = |dump: &Dump| dump.threads.iter().any(|thread| thread.cpu.is_some());
        if knows(before.dump) && knows(now.dump) {
            return Self::Dumps(history::between(before.dump, now.dump));
        }
        Self::Nobody
    }

    fn by(&self) -> Option<(By, Option<Duration>)> {
        match self {
            Self::Kernel { over, .. } => Some((By::Kernel, *over)),
            Self::Dumps(over) => Some((By::Dumps, *over)),
            Self::Nobody => None,
        }
    }

    fn cpu(&self, before: &Thread, after: &Thread) -> Option<Duration> {
        match self {
            Self::Kernel { then, now, .. } => {
                let run = |runs: &HashMap<u64, Duration>, thread: &Thread| {
                    runs.get(&thread.os_id?).copied()
                };
                // What its carrier used, others may have used on it.
                let is_own = after.is_listed;
                let used = run(now, after)?.checked_sub(run(then, before)?);
                used.filter(|_| is_own)
            }
            Self::Dumps(_) => after.cpu?.checked_sub(before.cpu?),
            Self::Nobody => None,
        }
    }
}

/// CPU of each thread since it began, by the number that the process has for it.
fn runs(view: &KernelView) -> HashMap<u64, Duration> {
    let runs = view.threads.iter().filter_map(|thread| {
        let number = u64::try_from(thread.nstid.unwrap_or(thread.tid)).ok()?;
        let ticked = || Some(thread.user? + thread.system?);
        Some((number, thread.run.or_else(ticked)?))
    });
    runs.collect()
}

fn pair(
    (before, earlier): (&Side<'_>, usize),
    (now, later): (&Side<'_>, usize),
    clock: &Clock,
) -> Pair {
    let (then, after) = (&before.dump.threads[earlier], &now.dump.threads[later]);
    Pair {
        before: earlier,
        now: later,
        state: then.state != after.state,
        top: then.top() != after.top(),
        lock: want(before, earlier) != want(now, later),
        stack: !is_same_stack(&then.stack, &after.stack),
        cpu: clock.cpu(then, after),
    }
}

fn is_same_stack(before: &Arc<Stack>, now: &Arc<Stack>) -> bool {
    Arc::ptr_eq(before, now) || before == now
}

/// The lock that a thread waits for, by what does not move: its class, and the name of who has it.
fn want<'a>(side: &Side<'a>, thread: usize) -> Option<(&'a str, Option<&'a str>)> {
    let locks = &side.report.locks;
    let wanted = &locks.wanted[(*locks.waits_for.get(thread)?)?];
    Some((&wanted.lock.class, holder(side, wanted)))
}

/// The name of who has a lock.
fn holder<'a>(side: &Side<'a>, wanted: &Wanted) -> Option<&'a str> {
    let thread = wanted.holder.thread()?;
    Some(&side.dump.threads[thread].name)
}

/// A finding with what it is about.
fn about(finding: &Finding) -> (&'static str, String) {
    let mut names: Vec<&str> = finding
        .suspects
        .iter()
        .map(|suspect| suspect.name.as_str())
        .collect();
    names.sort_unstable();
    let by_resource = matches!(
        finding.kind,
        "pool-starvation" | "tasks-blocked" | "cpu-saturated" | "thread-growth"
    );
    if names.is_empty() || by_resource {
        // Addresses move.
        let resource = finding.resource.split_once("> ");
        let resource = resource.map_or(&*finding.resource, |(_, class)| class);
        return (finding.kind, resource.to_owned());
    }
    (finding.kind, names.join("\n"))
}
