//! What is kept of every dump that was read: a few numbers a thread, and each stack once.

use super::Parsed;
use crate::data::dumps::ThreadKey;
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::model::{Stack, State, Thread};
use afterimage_format::kernel_view::KernelView;
use afterimage_format::time::BootTime;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// No more stacks than these are kept: a capture may have been made to do harm.
const MOST_STACKS: usize = 200_000;
/// No more threads than these are kept of all dumps together.
const MOST_CELLS: usize = 8_000_000;

/// A dump that was read, as far as it is kept.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// When the kernel was asked, before and after it.
    pub(super) asked: [Option<BootTime>; 2],
    pub(super) threads: Vec<Kept>,
    /// Whether it is what the kernel said, and nobody else: its stacks are others.
    pub(super) is_kernel: bool,
}

/// A thread of it.
#[derive(Debug)]
pub(super) struct Kept {
    /// Which, by its number among all keys.
    pub(super) key: u32,
    pub(super) state: State,
    pub(super) is_idle: bool,
    pub(super) stack: Option<u32>,
    /// CPU since it began as the dump has it.
    pub(super) cpu: Option<Duration>,
    /// How old it was.
    pub(super) elapsed: Option<Duration>,
    /// CPU since it began as the kernel had it, before and after the dump.
    pub(super) run: [Option<Duration>; 2],
}

/// Everything that is kept.
#[derive(Debug, Default)]
pub(super) struct Columns {
    of: HashMap<i64, Column>,
    cells: usize,
    keys: Vec<Arc<ThreadKey>>,
    key_numbers: HashMap<Arc<ThreadKey>, u32>,
    stacks: Vec<Arc<Stack>>,
    stack_numbers: HashMap<Arc<Stack>, u32>,
    frames: HashSet<Arc<str>>,
}

impl Columns {
    pub(super) fn has(&self, id: i64) -> bool {
        self.of.contains_key(&id)
    }

    pub(super) fn column(&self, id: i64) -> Option<&Column> {
        self.of.get(&id)
    }

    pub(super) fn key(&self, number: u32) -> &Arc<ThreadKey> {
        &self.keys[number as usize]
    }

    pub(super) fn stacks(&self) -> Arc<[Arc<Stack>]> {
        self.stacks.as_slice().into()
    }

    /// Keeps what is needed of a dump.
    pub(super) fn add(&mut self, parsed: &Parsed) {
        let runs = [&parsed.before, &parsed.after].map(|view| runs(view.as_ref()));
        let mut column = Column {
            asked: [&parsed.before, &parsed.after].map(|view| Some(view.as_ref()?.at_boot)),
            threads: Vec::new(),
            is_kernel: parsed.is_kernel(),
        };
        let asleep = asleep(parsed);
        if let Some(dump) = &parsed.dump {
            let room = MOST_CELLS.saturating_sub(self.cells);
            // Threads with the same stack share it.
            let mut known: HashMap<*const Stack, Option<u32>> = HashMap::new();
            for (thread, key) in dump.threads.iter().zip(ThreadKey::all(dump)).take(room) {
                let shared = Arc::as_ptr(&thread.stack);
                let stack = *known
                    .entry(shared)
                    .or_insert_with(|| self.stack_number(&thread.stack));
                let mut kept = kept(thread, self.key_number(key), stack, &runs);
                kept.is_idle |= thread.os_id.is_some_and(|id| asleep.contains(&id));
                column.threads.push(kept);
            }
            self.cells += column.threads.len();
        }
        self.of.insert(parsed.id, column);
    }

    fn key_number(&mut self, key: ThreadKey) -> u32 {
        if let Some(known) = self.key_numbers.get(&key) {
            return *known;
        }
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let key = Arc::new(key);
        self.keys.push(Arc::clone(&key));
        self.key_numbers.insert(key, number);
        number
    }

    fn stack_number(&mut self, stack: &Arc<Stack>) -> Option<u32> {
        if stack.0.is_empty() {
            return None;
        }
        if let Some(known) = self.stack_numbers.get(stack) {
            return Some(*known);
        }
        if self.stacks.len() >= MOST_STACKS {
            return None;
        }
        let number = u32::try_from(self.stacks.len()).ok()?;
        let mut frames = Vec::with_capacity(stack.0.len());
        for frame in &stack.0 {
            if !self.frames.contains(frame) {
                self.frames.insert(Arc::clone(frame));
            }
            frames.extend(self.frames.get(frame).cloned());
        }
        let stack = Arc::new(Stack(frames.into()));
        self.stacks.push(Arc::clone(&stack));
        self.stack_numbers.insert(stack, number);
        Some(number)
    }
}

/// Of what the kernel alone said: who slept and could be woken. Most threads do, as they should.
fn asleep(parsed: &Parsed) -> HashSet<u64> {
    let view = parsed.after.as_ref().or(parsed.before.as_ref());
    let view = view.filter(|_| parsed.is_kernel());
    let threads = view.iter().flat_map(|view| &view.threads);
    let asleep = threads.filter(|thread| thread.state == Some('S'));
    asleep
        .filter_map(|thread| u64::try_from(thread.nstid.unwrap_or(thread.tid)).ok())
        .collect()
}

/// CPU of each thread by the number that the process itself has for it.
fn runs(view: Option<&KernelView>) -> HashMap<u64, Duration> {
    let threads = view.iter().flat_map(|view| &view.threads);
    let runs = threads.filter_map(|thread| {
        let number = u64::try_from(thread.nstid.unwrap_or(thread.tid)).ok()?;
        let ticked = || Some(thread.user? + thread.system?);
        Some((number, thread.run.or_else(ticked)?))
    });
    runs.collect()
}

fn kept(thread: &Thread, key: u32, stack: Option<u32>, runs: &[HashMap<u64, Duration>; 2]) -> Kept {
    let run = |runs: &HashMap<u64, Duration>| runs.get(&thread.os_id?).copied();
    Kept {
        key,
        state: thread.state,
        is_idle: frame::is_idle(thread) || thread.state == State::Vm,
        stack,
        cpu: thread.cpu,
        elapsed: thread.elapsed,
        run: [run(&runs[0]), run(&runs[1])],
    }
}
