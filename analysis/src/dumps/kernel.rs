//! The threads of a dump as the kernel saw them before and after it.
//!
//! In: a dump and up to three views of the kernel. Out: for each thread its CPU over the time between
//! the first and the last of them, how long it waited for a CPU, and what it is in. A thread of the
//! dump and one of the kernel are the same when the number that the dump gives is that of the
//! innermost pid namespace.

use super::intern::Interner;
use super::model::{Dump, Source, State, Thread, When};
use super::throttling::Throttled;
use crate::waits::dictionary;
use afterimage_format::kernel_view::{KernelView, OtherEnd, ThreadView};
use std::collections::HashMap;
use std::time::Duration;

/// The kernel cuts names here, in bytes.
const COMM: usize = 15;

/// What the kernel said around a dump.
#[derive(Debug, Clone, Copy, Default)]
pub struct Views<'v> {
    /// After the dump before of the same burst: CPU is counted from there on.
    pub earlier: Option<&'v KernelView>,
    /// Just before the dump.
    pub before: Option<&'v KernelView>,
    /// Just after it.
    pub after: Option<&'v KernelView>,
    /// As `uname -m` has it: system calls have other numbers on each.
    pub architecture: &'v str,
}

/// What it said of one thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Its number on the host.
    pub tid: i32,
    /// Its name, as the kernel cuts it.
    pub comm: Option<Box<[u8]>>,
    /// CPU between the first and the last view.
    pub cpu: Option<Duration>,
    /// How long it could have run then, and did not.
    pub wait: Option<Duration>,
    /// Its last state.
    pub state: Option<char>,
    /// What it waits for, in words.
    pub words: Option<String>,
    /// What kind of thing that is: one of [`dictionary::KINDS`].
    pub on: Option<&'static str>,
    /// The number of its system call and the arguments, as the kernel prints them.
    pub syscall: Option<Box<str>>,
    /// The socket or pipe that the call is about: `socket:[123]`.
    pub file: Option<Box<str>>,
    /// Who has the other end of that.
    pub other_end: Option<Box<OtherEnd>>,
    /// Its process.
    pub pid: Option<i32>,
    /// Whether it is counted as on the host, and not in a pid namespace.
    pub is_on_host: bool,
}

/// What the kernel said of all threads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kernel {
    /// The time between the first and the last view.
    pub over: Option<Duration>,
    /// For each thread of the dump.
    pub threads: Vec<Option<Seen>>,
    /// Threads that the dump does not have: of libraries that the runtime does not know.
    pub others: Vec<Seen>,
    /// What a quota kept them from, where their cgroup has one.
    pub throttled: Option<Throttled>,
}

impl Kernel {
    /// What the kernel said of the threads of a dump.
    pub fn of(dump: &Dump, views: &Views<'_>) -> Self {
        let last = views.after.or(views.before).or(views.earlier);
        let Some(last) = last else {
            return Self {
                threads: vec![None; dump.threads.len()],
                ..Self::default()
            };
        };
        let first = views
            .earlier
            .or(views.before)
            .filter(|first| first.at_boot < last.at_boot);
        let over = first.and_then(|first| last.at_boot.since(first.at_boot));
        let by_tid: HashMap<i32, &ThreadView> = first
            .iter()
            .flat_map(|first| first.threads.iter().map(|thread| (thread.tid, thread)))
            .collect();
        let mut by_nstid: HashMap<u64, Seen> = HashMap::new();
        let mut order = Vec::new();
        for thread in &last.threads {
            let number = u64::try_from(thread.nstid.unwrap_or(thread.tid)).unwrap_or(u64::MAX);
            let before = by_tid.get(&thread.tid).copied();
            let mut seen = seen(thread, before, views.architecture);
            // The first thread has the number of its process, and is there until that ends.
            seen.pid = last.threads.first().map(|first| first.tid);
            by_nstid.insert(number, seen);
            order.push(number);
        }
        let threads = dump.threads.iter().map(|thread| {
            let id = thread.os_id?;
            // What a virtual thread does, its carrier does.
            if thread.is_listed {
                by_nstid.remove(&id)
            } else {
                by_nstid.get(&id).cloned()
            }
        });
        Self {
            over,
            threads: threads.collect(),
            others: order
                .iter()
                .filter_map(|number| by_nstid.remove(number))
                .collect(),
            throttled: first.and_then(|first| Throttled::between(first, last)),
        }
    }

    /// What it said of a thread of the dump.
    pub fn thread(&self, place: usize) -> Option<&Seen> {
        self.threads.get(place)?.as_ref()
    }

    /// How much of the time a thread ran, 1 is a whole core.
    pub fn cpu_share(&self, seen: &Seen) -> Option<f64> {
        share(seen.cpu?, self.over?)
    }

    /// How much of the time a thread could have run and did not.
    pub fn wait_share(&self, seen: &Seen) -> Option<f64> {
        share(seen.wait?, self.over?)
    }

    /// Whether a thread that is called RUNNABLE did next to nothing: it slept in the kernel at the
    /// end, and has run for less than a hundredth of the time.
    pub fn only_waits(&self, place: usize, state: State) -> bool {
        let Some(seen) = self.thread(place) else {
            return false;
        };
        let is_still = self.cpu_share(seen).is_some_and(|share| share < 0.01);
        state == State::Runnable && seen.state == Some('S') && is_still
    }
}

/// The kernel's view as a dump, where there is no other: names as the kernel cuts them, and kernel
/// stacks.
pub fn dump_of(view: &KernelView) -> Dump {
    let mut names = Interner::default();
    let mut dump = Dump::new(Source::Kernel);
    let at = jiff::Timestamp::from_microsecond(view.at.0);
    dump.at = at.ok().map(When::Exact);
    dump.threads = view
        .threads
        .iter()
        .map(|thread| {
            let comm = comm(thread.comm.as_deref()).unwrap_or_default();
            let stack = thread.stack.as_deref().unwrap_or_default();
            let functions = stack.split(';').filter(|function| !function.is_empty());
            Thread {
                os_id: u64::try_from(thread.nstid.unwrap_or(thread.tid)).ok(),
                status: thread.wchan.as_deref().unwrap_or_default().into(),
                stack: names.stack(functions),
                ..Thread::new(&comm, state(thread.state))
            }
        })
        .collect();
    dump
}

/// Gives the threads of the kernel's view the names and numbers that a dump of the same process has
/// for them: the kernel cuts names at 15 bytes. A thread is the same when its number is and the name
/// begins so: numbers are used again.
pub fn named(view: &mut Dump, by: &Dump) {
    let listed = by.listed().filter(|thread| !thread.is_virtual);
    let known: HashMap<u64, &Thread> = listed
        .filter_map(|thread| Some((thread.os_id?, thread)))
        .collect();
    for thread in &mut view.threads {
        let found = thread.os_id.and_then(|id| known.get(&id));
        let Some(found) = found.filter(|found| begins_as(&found.name, &thread.name)) else {
            continue;
        };
        thread.name.clone_from(&found.name);
        thread.number = found.number;
        thread.is_daemon = found.is_daemon;
    }
}

/// Whether the kernel's name is the begin of this one.
fn begins_as(name: &str, comm: &str) -> bool {
    let cut = name.floor_char_boundary(COMM.min(name.len()));
    // Half a letter at the cut is none in either.
    let comm = comm.trim_end_matches(char::REPLACEMENT_CHARACTER);
    !comm.is_empty()
        && (name[..cut] == *comm || name[..cut].starts_with(comm) && comm.len() + 3 >= cut)
}

/// What a letter of the kernel means in the words of dumps.
fn state(letter: Option<char>) -> State {
    match letter {
        Some('R') => State::Runnable,
        Some('S' | 'D' | 'I') => State::Waiting,
        Some('Z' | 'X') => State::Terminated,
        _ => State::Unknown,
    }
}

/// A name as the kernel has it.
pub(super) fn comm(comm: Option<&[u8]>) -> Option<String> {
    Some(String::from_utf8_lossy(comm?).into_owned())
}

fn share(part: Duration, of: Duration) -> Option<f64> {
    (!of.is_zero()).then(|| part.as_secs_f64() / of.as_secs_f64())
}

fn seen(thread: &ThreadView, before: Option<&ThreadView>, architecture: &str) -> Seen {
    let rise = |now: Option<Duration>, then: Option<Duration>| now?.checked_sub(then?);
    let ran = before.and_then(|before| rise(thread.run, before.run));
    // Without the scheduler's counts it is good to a tick of the kernel.
    let ticked = |before: &ThreadView| {
        let user = rise(thread.user, before.user)?;
        Some(user + rise(thread.system, before.system)?)
    };
    let (words, on) = words(thread, architecture);
    Seen {
        tid: thread.tid,
        comm: thread.comm.as_deref().map(Into::into),
        cpu: ran.or_else(|| before.and_then(ticked)),
        wait: before.and_then(|before| rise(thread.wait, before.wait)),
        state: thread.state,
        words,
        on,
        syscall: thread.syscall.as_deref().map(Into::into),
        file: thread.file.as_deref().map(Into::into),
        other_end: thread.other_end.clone().map(Box::new),
        pid: None,
        is_on_host: thread.nstid.is_none_or(|nstid| nstid == thread.tid),
    }
}

/// What a thread is in, in words, and on what kind of thing it waits.
fn words(thread: &ThreadView, architecture: &str) -> (Option<String>, Option<&'static str>) {
    let sleeps = matches!(thread.state, Some('S' | 'D'));
    if !sleeps {
        let words = match thread.state {
            Some('R') => "It runs, or could.",
            Some('T' | 't') => "It is stopped by a signal or a debugger.",
            _ => return (None, None),
        };
        return (Some(words.to_owned()), None);
    }
    let wchan = thread
        .wchan
        .as_deref()
        .filter(|wchan| !matches!(*wchan, "" | "0"));
    let stack = thread.stack.as_deref().unwrap_or_default();
    let functions = wchan.into_iter().chain(stack.split(';'));
    let mut known = functions.filter_map(|function| dictionary::wait(function.as_bytes()));
    let known = known.find(|wait| wait.on != "idle");
    let number = thread
        .syscall
        .as_deref()
        .and_then(|call| call.split(' ').next()?.parse().ok());
    let call = number.and_then(|number| dictionary::call(architecture, number));
    let what = match (known, wchan) {
        (Some(wait), _) => Some(wait.what.clone()),
        (None, Some(function)) => Some(format!("Waits in {function} of the kernel.")),
        (None, None) => None,
    };
    let asked = call.map(|call| format!("It called {}.", call.name));
    let parts: Vec<String> = what.into_iter().chain(asked).collect();
    let words = (!parts.is_empty()).then(|| parts.join(" "));
    (words, known.map(|wait| wait.on.as_str()))
}

#[cfg(test)]
mod tests;
