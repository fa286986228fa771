//! The same threads from dump to dump.
//!
//! In: dumps in the order of time. Out: which of them are of one life of one process, and of those a
//! grid of threads and dumps, and the threads that do not move. Addresses of locks move with each
//! collection, so nothing here goes by them.

use super::frame;
use super::model::{Dump, State, Thread};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Who used more than this part of a core is at work, though its stack is the same.
const WORKS: u32 = 10;

/// One thread in one dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Its place in [`Dump::threads`].
    pub thread: usize,
    /// Its state.
    pub state: State,
    /// Whether its stack is the same as in the dump before.
    pub is_unchanged: bool,
    /// CPU since the dump before, as the dumps have it.
    pub cpu: Option<Duration>,
}

/// One thread over all dumps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// It in each dump; none where it is not there.
    pub cells: Vec<Option<Cell>>,
}

/// A thread that did the same in the last dumps, and was not idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stuck {
    /// Which row.
    pub row: usize,
    /// Since which dump, by its place in the series.
    pub since: usize,
    /// In how many dumps, the last among them.
    pub dumps: usize,
    /// From the first of those to the last; none where the dumps do not tell.
    pub over: Option<Duration>,
    /// CPU in that time, as the dumps have it.
    pub cpu: Option<Duration>,
}

/// Dumps of one life of one process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Series {
    /// Which dumps, by their place in what was given.
    pub dumps: Vec<usize>,
    /// For each of them the time since the one before.
    pub since_before: Vec<Option<Duration>>,
    /// The threads, in the order in which they were first seen.
    pub rows: Vec<Row>,
    /// Those that do not move, the longest first.
    pub stuck: Vec<Stuck>,
    /// Where a thread of the last dump is among them.
    stuck_threads: HashMap<usize, usize>,
}

/// What tells a thread from the others in its dump, and goes with it to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key<'d> {
    number: Option<u64>,
    /// What has no number of its own goes by the kernel's.
    os_id: Option<u64>,
    name: &'d str,
    is_virtual: bool,
    /// Of several that cannot be told apart otherwise.
    repeated: usize,
}

fn keys(dump: &Dump) -> Vec<Key<'_>> {
    let mut repeated: HashMap<Key<'_>, usize> = HashMap::new();
    let keys = dump.threads.iter().map(|thread| {
        let key = Key {
            number: thread.number,
            os_id: thread.os_id.filter(|_| thread.number.is_none()),
            name: &thread.name,
            is_virtual: thread.is_virtual,
            repeated: 0,
        };
        let times = repeated.entry(key).or_default();
        *times += 1;
        Key {
            repeated: *times - 1,
            ..key
        }
    });
    keys.collect()
}

/// The first thread by its number: it is there from the start to the end of a life.
fn first(dump: &Dump) -> Option<&Thread> {
    let numbered = dump.listed().filter(|thread| thread.number.is_some());
    numbered.min_by_key(|thread| thread.number)
}

/// Whether a dump can be of the same life of the same process as one before it.
pub fn is_same_life(before: &Dump, now: &Dump) -> bool {
    let is_same = |a: Option<&str>, b: Option<&str>| a.is_none() || b.is_none() || a == b;
    let has_same_pid = before.pid.is_none() || now.pid.is_none() || before.pid == now.pid;
    let has_same_vm =
        before.source != now.source || is_same(before.vm.as_deref(), now.vm.as_deref());
    if !has_same_pid || !has_same_vm || before.source.is_java() != now.source.is_java() {
        return false;
    }
    let (Some(then), Some(now)) = (first(before), first(now)) else {
        return before.pid.is_some() || before.source == now.source;
    };
    let same_id = then.os_id.is_none() || now.os_id.is_none() || then.os_id == now.os_id;
    let is_older = then
        .elapsed
        .zip(now.elapsed)
        .is_none_or(|(then, now)| then <= now);
    then.number == now.number && then.name == now.name && same_id && is_older
}

/// From one dump to the next of the same life: by how much older the threads became, else by the clock
/// of the dumps.
pub fn between(before: &Dump, now: &Dump) -> Option<Duration> {
    let older = first(before).zip(first(now));
    let older = older.and_then(|(then, now)| now.elapsed?.checked_sub(then.elapsed?));
    older.or_else(|| now.at?.since(before.at?))
}

/// The series in these dumps, which are in the order of time. Each belongs to one.
pub fn series(dumps: &[&Dump]) -> Vec<Series> {
    let mut found: Vec<Series> = Vec::new();
    for (place, dump) in dumps.iter().enumerate() {
        let fits = |series: &&mut Series| {
            let last = series.dumps.last().copied();
            last.is_some_and(|last| is_same_life(dumps[last], dump))
        };
        // Only the last few: a log holds one life after the other.
        match found.iter_mut().rev().take(16).find(fits) {
            Some(series) => series.dumps.push(place),
            None => found.push(Series {
                dumps: vec![place],
                ..Series::default()
            }),
        }
    }
    for series in &mut found {
        series.fill(dumps);
    }
    found
}

impl Series {
    fn fill(&mut self, dumps: &[&Dump]) {
        let mut rows: HashMap<Key<'_>, usize> = HashMap::new();
        for (column, place) in self.dumps.iter().enumerate() {
            let dump = dumps[*place];
            let before = column
                .checked_sub(1)
                .map(|before| dumps[self.dumps[before]]);
            self.since_before
                .push(before.and_then(|before| between(before, dump)));
            for (thread, key) in keys(dump).into_iter().enumerate() {
                let next = self.rows.len();
                let row = *rows.entry(key).or_insert(next);
                if row == next {
                    self.rows.push(Row {
                        name: dump.threads[thread].called(),
                        cells: vec![None; self.dumps.len()],
                    });
                }
                let earlier = column
                    .checked_sub(1)
                    .and_then(|before| self.rows[row].cells[before]);
                let earlier = earlier.zip(before);
                let earlier = earlier.map(|(cell, before)| &before.threads[cell.thread]);
                self.rows[row].cells[column] = Some(cell(thread, dump, earlier));
            }
        }
        self.find_stuck(dumps);
    }

    fn find_stuck(&mut self, dumps: &[&Dump]) {
        let Some(last) = self.dumps.len().checked_sub(1).filter(|last| *last > 0) else {
            return;
        };
        let stuck = self.rows.iter().enumerate().filter_map(|(row, cells)| {
            let cells = &cells.cells;
            let thread = &dumps[self.dumps[last]].threads[cells[last]?.thread];
            let is_of_interest = !frame::is_idle(thread) && thread.state != State::Vm;
            let same = |column: &usize| cells[*column].is_some_and(|cell| cell.is_unchanged);
            let unchanged = (1..=last).rev().take_while(same).count();
            let since = last - unchanged;
            let over: Option<Duration> = self.since_before[since + 1..].iter().copied().sum();
            let cpu = cells[since + 1..]
                .iter()
                .map(|cell| cell.and_then(|cell| cell.cpu));
            let cpu: Option<Duration> = cpu.sum();
            // Who works in one place does not stand still.
            let works = over.zip(cpu).is_some_and(|(over, cpu)| cpu > over / WORKS);
            (is_of_interest && unchanged > 0 && !works).then_some(Stuck {
                row,
                since,
                dumps: unchanged + 1,
                over,
                cpu,
            })
        });
        self.stuck = stuck.collect();
        self.stuck
            .sort_by_key(|stuck| (std::cmp::Reverse(stuck.dumps), stuck.row));
        let threads = self.stuck.iter().enumerate().filter_map(|(at, stuck)| {
            let cell = self.rows[stuck.row].cells[last]?;
            Some((cell.thread, at))
        });
        self.stuck_threads = threads.collect();
    }

    /// How a thread of the last dump has not moved, by its place in that.
    pub fn stuck_thread(&self, thread: usize) -> Option<&Stuck> {
        self.stuck.get(*self.stuck_threads.get(&thread)?)
    }
}

fn cell(place: usize, dump: &Dump, earlier: Option<&Thread>) -> Cell {
    let thread = &dump.threads[place];
    let is_same = |earlier: &Thread| {
        let is_one = Arc::ptr_eq(&earlier.stack, &thread.stack) || earlier.stack == thread.stack;
        is_one && earlier.state == thread.state && !thread.stack.0.is_empty()
    };
    Cell {
        thread: place,
        state: thread.state,
        is_unchanged: earlier.is_some_and(is_same),
        cpu: earlier.and_then(|earlier| thread.cpu?.checked_sub(earlier.cpu?)),
    }
}
