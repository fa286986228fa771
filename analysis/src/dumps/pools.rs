//! Threads that wait for one of a few things to be given back, or for results that nobody is left to
//! work out.

use super::frame;
use super::groups::pool_name;
use super::locks::Locks;
use super::model::{Dump, How, Thread};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// So many threads must wait before it is said.
const FEWEST: usize = 3;
/// So many who may have what is waited for are named.
const MOST_SUSPECTS: usize = 20;

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Things that are lent: connections, permits.
    Things,
    /// Threads: all of a pool wait for what only its threads could work out.
    Workers,
}

/// A pool that has nothing left.
#[derive(Debug, Clone, PartialEq)]
pub struct Starved {
    /// What is missing.
    pub of: Of,
    /// Where they wait: a method. Of workers the name of their pool.
    pub pool: String,
    /// Who waits; places in [`Dump::threads`].
    pub waiters: Vec<usize>,
    /// Who may have what they wait for: threads in the same code that do not wait for it. A guess.
    pub suspects: Vec<usize>,
}

/// Those of a dump, the worst first.
pub fn find(dump: &Dump, locks: &Locks) -> Vec<Starved> {
    let mut found = things(dump, locks);
    found.extend(workers(dump));
    found.sort_by_key(|starved| Reverse(starved.waiters.len()));
    found
}

fn things(dump: &Dump, locks: &Locks) -> Vec<Starved> {
    let mut pools: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (place, thread) in dump.threads.iter().enumerate() {
        // Who waits for a lock is told of with the lock.
        if locks.waits_for[place].is_some() {
            continue;
        }
        if let Some(frame) = frame::pool_wait(thread) {
            let which = permits(frame, thread);
            pools
                .entry((frame::method(frame), which))
                .or_default()
                .push(place);
        }
    }
    pools.retain(|_, waiters| waiters.len() >= FEWEST);
    let starved = pools.into_iter().map(|((method, _), waiters)| Starved {
        of: Of::Things,
        pool: method.to_owned(),
        suspects: suspects(dump, &waiters, method),
        waiters,
    });
    starved.collect()
}

/// Semaphores are all waited for in the same method: which one it is, its address says.
fn permits<'t>(frame: &str, thread: &'t Thread) -> &'t str {
    if !frame::method(frame).starts_with("java.util.concurrent.Semaphore.") {
        return "";
    }
    let parked = thread.locks.iter().find(|used| used.how == How::Parking);
    let lock = parked.and_then(|used| used.lock.as_ref());
    lock.map_or("", |lock| &*lock.id)
}

/// Threads in the code that the waiters come from, which do not wait themselves.
fn suspects(dump: &Dump, waiters: &[usize], pool: &str) -> Vec<usize> {
    let from = waiters.iter().filter_map(|waiter| {
        let mut frames = dump.threads[*waiter].stack.frames();
        frames.find(|frame| frame::method(frame) == pool)?;
        let outer = frames.find(|frame| frame::is_application(frame))?;
        Some(frame::method(outer))
    });
    let from: BTreeSet<&str> = from.collect();
    let waiting: BTreeSet<usize> = waiters.iter().copied().collect();
    let is_in_it = |thread: &Thread| {
        let mut frames = thread.stack.frames();
        frames.any(|frame| from.contains(frame::method(frame)))
    };
    let others = dump.threads.iter().enumerate();
    let others = others.filter(|(place, thread)| !waiting.contains(place) && is_in_it(thread));
    others.map(|(place, _)| place).take(MOST_SUSPECTS).collect()
}

/// Pools in which every thread waits for a result. Two are enough: one may well wait for another pool.
fn workers(dump: &Dump) -> Vec<Starved> {
    let mut pools: BTreeMap<String, Vec<(usize, bool)>> = BTreeMap::new();
    for (place, thread) in dump.threads.iter().enumerate() {
        if thread.stack.frames().any(is_worker) {
            let waits = frame::result_wait(thread).is_some();
            pools
                .entry(pool_key(&thread.name))
                .or_default()
                .push((place, waits));
        }
    }
    let is_starved =
        |threads: &Vec<(usize, bool)>| threads.len() > 1 && threads.iter().all(|(_, waits)| *waits);
    let starved = pools.into_iter().filter(|(_, threads)| is_starved(threads));
    let starved = starved.map(|(pool, threads)| Starved {
        of: Of::Workers,
        pool,
        waiters: threads.into_iter().map(|(place, _)| place).collect(),
        suspects: Vec::new(),
    });
    starved.collect()
}

fn is_worker(frame: &str) -> bool {
    if !frame.contains(".runWorker(") {
        return false;
    }
    let method = frame::method(frame);
    method.ends_with("ThreadPoolExecutor.runWorker") || method.ends_with("ForkJoinPool.runWorker")
}

/// `pool-2-thread-7` is of `pool-2-thread-*`: only the last number counts the threads.
fn pool_key(name: &str) -> String {
    let before = name.trim_end_matches(|last: char| last.is_ascii_digit());
    if before.len() == name.len() {
        pool_name(name)
    } else {
        format!("{before}*")
    }
}
