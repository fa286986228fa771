//! In which system call a thread is, and where in the kernel: `syscall` and `stack`.
//!
//! For both the kernel takes a lock of the process, and may wait for it for ever where an exec is
//! stuck. So they are read on a thread of their own, which has so long in all at each tick: the
//! process that it is stuck at is marked as blocked, and what comes behind it is asked for again
//! at the next tick. A reader that is late is left behind, and as long as it is stuck, nobody asks
//! again for the process that it is stuck at.

use crate::source::{ProcRoot, missing_from_errno, read_from_start};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::{Missing, Reading};
use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long all of them together may keep the sampler waiting at a tick; of a short interval at
/// most a quarter.
const PATIENCE: Duration = Duration::from_millis(25);
/// Readers that were left behind, stuck, before the sampler goes on without.
const MOST_STUCK: usize = 4;

/// A thread to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) key: ProcessKey,
    pub(super) process: Pid,
}

/// What the two files of one thread say: `syscall` and `stack`.
pub(super) type Peeked<'a> = [Reading<&'a [u8]>; 2];

/// Puts a file of a thread behind the texts that are there, and gives where.
type Read = fn(&ProcRoot, Wanted, &str, &mut Vec<u8>) -> Reading<()>;

/// Asks for them and waits, but not for long.
#[derive(Debug)]
pub(super) struct KernelSide {
    root: PathBuf,
    read: Read,
    reader: Option<Reader>,
    left_behind: Vec<Reader>,
}

#[derive(Debug)]
struct Reader {
    requests: Option<SyncSender<()>>,
    /// All that was asked for has been answered.
    done: Receiver<()>,
    batch: Arc<Mutex<Batch>>,
    /// The process that it is at.
    at: Arc<AtomicI32>,
    thread: JoinHandle<()>,
}

/// What is asked for, and the answers so far, in the same order. Used again at the next tick.
#[derive(Debug, Default)]
struct Batch {
    wanted: Vec<Wanted>,
    answers: Vec<[Reading<Range<usize>>; 2]>,
    texts: Vec<u8>,
}

impl KernelSide {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            read,
            reader: None,
            left_behind: Vec::new(),
        }
    }

    /// Gives what the files of each of these say, and takes them away.
    pub(super) fn peek(
        &mut self,
        wanted: &mut Vec<Wanted>,
        interval: Duration,
        mut give: impl FnMut(ProcessKey, Peeked<'_>),
    ) {
        self.left_behind
            .retain(|reader| !reader.thread.is_finished());
        wanted.retain(|wanted| {
            let mut readers = self.left_behind.iter();
            let is_stuck = readers.any(|reader| reader.is_at(wanted.process));
            if is_stuck {
                give(wanted.key, [Err(Missing::Blocked); 2]);
            }
            !is_stuck
        });
        if wanted.is_empty() {
            return;
        }
        let reader = match self.reader.take() {
            Some(reader) => Some(reader),
            None if self.left_behind.len() >= MOST_STUCK => None,
            None => Reader::start(self.root.clone(), self.read),
        };
        let Some(mut reader) = reader else {
            for wanted in wanted.drain(..) {
                give(wanted.key, [Err(Missing::Blocked); 2]);
            }
            return;
        };
        let is_done = reader.ask(wanted, PATIENCE.min(interval / 4));
        let answered = reader.answers(&mut give);
        for late in wanted.drain(..).skip(answered) {
            let why = if reader.is_at(late.process) {
                Missing::Blocked
            } else {
                Missing::NotRead
            };
            give(late.key, [Err(why); 2]);
        }
        if is_done {
            self.reader = Some(reader);
        } else {
            // It ends with the file that it is at: nobody asks it again.
            reader.requests = None;
            self.left_behind.push(reader);
        }
    }
}

impl Reader {
    fn start(root: PathBuf, read: Read) -> Option<Self> {
        let (requests, incoming) = sync_channel::<()>(1);
        let (ends, done) = sync_channel(1);
        let batch = Arc::new(Mutex::new(Batch::default()));
        let at = Arc::new(AtomicI32::new(0));
        let (its_batch, now_at) = (Arc::clone(&batch), Arc::clone(&at));
        // The sampler waits for it, so it keeps the sampler's niceness.
        let thread = std::thread::Builder::new().name("kernel-side".to_owned());
        let started = thread.spawn(move || {
            let Ok(root) = ProcRoot::open(&root) else {
                return;
            };
            let mut texts = [const { Vec::new() }; 2];
            for () in incoming {
                let mut number = 0;
                while let Some(wanted) = next(&its_batch, number) {
                    now_at.store(wanted.process.0, Ordering::Relaxed);
                    let [syscall, stack] = &mut texts;
                    let syscall = read(&root, wanted, "syscall", syscall);
                    let stack = read(&root, wanted, "stack", stack);
                    lock(&its_batch).answer([syscall, stack], &texts);
                    number += 1;
                }
                now_at.store(0, Ordering::Relaxed);
                if ends.send(()).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            requests: Some(requests),
            done,
            batch,
            at,
            thread: started.ok()?,
        })
    }

    /// Hands them over and waits. Gives whether all were answered in time.
    fn ask(&self, wanted: &[Wanted], patience: Duration) -> bool {
        let mut batch = lock(&self.batch);
        batch.wanted.clear();
        batch.wanted.extend_from_slice(wanted);
        batch.answers.clear();
        batch.texts.clear();
        drop(batch);
        let requests = self.requests.as_ref();
        let is_asked = requests.is_some_and(|requests| requests.try_send(()).is_ok());
        is_asked && self.done.recv_timeout(patience).is_ok()
    }

    /// Gives the answers so far, and how many they are.
    fn answers(&self, give: &mut impl FnMut(ProcessKey, Peeked<'_>)) -> usize {
        let batch = match self.batch.try_lock() {
            Ok(batch) => batch,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // It is just putting one down, and may have lost its CPU: nobody waits for it.
            Err(TryLockError::WouldBlock) => return 0,
        };
        for (wanted, answer) in batch.wanted.iter().zip(&batch.answers) {
            let text = |place: &Reading<Range<usize>>| match place {
                Ok(place) => Ok(&batch.texts[place.clone()]),
                Err(missing) => Err(*missing),
            };
            give(wanted.key, [text(&answer[0]), text(&answer[1])]);
        }
        batch.answers.len()
    }

    fn is_at(&self, process: Pid) -> bool {
        self.at.load(Ordering::Relaxed) == process.0
    }
}

impl Batch {
    fn answer(&mut self, read: [Reading<()>; 2], texts: &[Vec<u8>; 2]) {
        let [syscall, stack] = read;
        let mut place = |read: Reading<()>, text: &[u8]| {
            let start = self.texts.len();
            self.texts.extend_from_slice(text);
            read.map(|()| start..self.texts.len())
        };
        let answer = [place(syscall, &texts[0]), place(stack, &texts[1])];
        self.answers.push(answer);
    }
}

fn next(batch: &Mutex<Batch>, number: usize) -> Option<Wanted> {
    lock(batch).wanted.get(number).copied()
}

/// Whoever panicked with it left whole answers behind.
fn lock(batch: &Mutex<Batch>) -> MutexGuard<'_, Batch> {
    batch.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One file of a thread, in place of what was in the buffer.
fn read(root: &ProcRoot, wanted: Wanted, name: &str, buffer: &mut Vec<u8>) -> Reading<()> {
    buffer.clear();
    let thread = format!("{}/task/{}", wanted.process.0, wanted.key.pid.0);
    let missing = |errno| match errno {
        // Not that the kernel has no such file: the thread has ended.
        Errno::NOENT if statat(root.directory(), &thread, AtFlags::empty()).is_err() => {
            Missing::Gone
        }
        errno => missing_from_errno(errno),
    };
    let file = root
        .open_file(&format!("{thread}/{name}"))
        .map_err(missing)?;
    buffer.resize(4096, 0);
    let length = read_from_start(&file, buffer);
    buffer.truncate(*length.as_ref().unwrap_or(&0));
    length.map(drop).map_err(missing)
}

#[cfg(test)]
mod tests;
