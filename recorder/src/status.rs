//! How the recording goes: written by the threads, read by the status line and the socket.

use crate::clock;
use crate::redact::ArgsLevel;
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::Event;
use afterimage_format::thread_dump::DumpStatus;
use afterimage_format::tick::Shed;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A moment's state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    pub(crate) ticks: u64,
    pub(crate) missed: u64,
    /// CPU time that the recorder used for its last tick.
    pub(crate) cost: Duration,
    pub(crate) shed: Shed,
    pub(crate) data_bytes: u64,
    /// Ticks that wait to be written.
    pub(crate) backlog: usize,
    /// Of those that wait now, ticks without processes; and ticks that are lost already.
    pub(crate) thinned: u64,
    pub(crate) lost: u64,
    /// The file that is written, if it is another one than when the run began.
    pub(crate) file: Option<PathBuf>,
    /// What could not be written, if the last attempt failed.
    pub(crate) trouble: Option<String>,
    /// Sources that are not readable, and why.
    pub(crate) missing: Vec<(&'static str, String)>,
    /// Why the kernel log is not, if so.
    pub(crate) no_kernel_log: Option<String>,
    /// Who does not tell of the ends of processes, and why.
    pub(crate) no_ends: Vec<(&'static str, String)>,
    /// Threads that ended while their process went on.
    pub(crate) threads_ended: u64,
    /// Thread dumps in this run.
    pub(crate) dumps: DumpCounts,
}

/// How many thread dumps came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DumpCounts {
    /// They are taken for reasons of the recorder's own, too.
    pub(crate) is_on: bool,
    /// Virtual machines that are watched.
    pub(crate) machines: usize,
    /// There is a text, if only a part of it.
    pub(crate) taken: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
}

impl DumpCounts {
    /// One more.
    pub(crate) fn count(&mut self, status: DumpStatus) {
        let count = match status {
            DumpStatus::Ok | DumpStatus::Late | DumpStatus::Truncated => &mut self.taken,
            DumpStatus::Refused => &mut self.refused,
            _ => &mut self.failed,
        };
        *count += 1;
    }
}

impl Status {
    /// What is not visible, and why.
    pub(crate) fn not_visible(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let sources = self.missing.iter().map(|(name, why)| (*name, why.as_str()));
        let log = self.no_kernel_log.iter().map(|why| ("kmsg", why.as_str()));
        let ends = self.no_ends.iter().map(|(name, why)| (*name, why.as_str()));
        sources.chain(log).chain(ends)
    }

    pub(crate) fn not_visible_names(&self) -> impl Iterator<Item = &'static str> {
        self.not_visible().map(|(name, _)| name)
    }
}

/// The state, and what the writer asks of the sampler.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    status: Mutex<Status>,
    everything: AtomicBool,
    /// One line for each change of state, to be shown to whoever started the recorder.
    lines: Mutex<Vec<String>>,
    /// Sources of which it was said that they are not readable.
    named: Mutex<Vec<&'static str>>,
    /// What goes into the capture with the next tick.
    left: Mutex<Vec<Record>>,
    /// What is stored of command lines.
    args: Mutex<ArgsLevel>,
}

/// Records that wait for a tick; beyond that they are counted.
const MOST_LEFT: usize = 20_000;

/// While nobody takes them, no more lines are kept.
const MOST_LINES: usize = 1000;

impl Shared {
    pub(crate) fn status(&self) -> Status {
        self.lock().clone()
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.lock());
    }

    /// A panic elsewhere does not make the numbers unreadable.
    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ticks may be lost, or be told by themselves: the next one must say everything.
    pub(crate) fn ask_for_everything(&self) {
        self.everything.store(true, Ordering::Relaxed);
    }

    /// Whether the next tick must say everything; asked once.
    pub(crate) fn wants_everything(&self) -> bool {
        self.everything.swap(false, Ordering::Relaxed)
    }

    /// Leaves records for the next tick: a commit of their own would cost a wait for the disk.
    pub(crate) fn leave(&self, records: impl IntoIterator<Item = Record>) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lost = 0_u64;
        for record in records {
            if left.len() < MOST_LEFT {
                left.push(record);
            } else {
                lost += 1;
            }
        }
        if lost > 0 {
            left.push(Record::Event(Event {
                wall: clock::now().wall,
                kind: "exits-lost".to_owned(),
                text: format!("{lost} ends were lost: no tick came to take them along"),
            }));
        }
    }

    /// What was left for the next tick.
    pub(crate) fn take_along(&self) -> Vec<Record> {
        std::mem::take(&mut self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is stored of command lines.
    pub(crate) fn args(&self) -> ArgsLevel {
        *self.args.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_args(&self, level: ArgsLevel) {
        *self.args.lock().unwrap_or_else(PoisonError::into_inner) = level;
    }

    pub(crate) fn say(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MOST_LINES {
            lines.push(line);
        }
    }

    /// Says once of each source that it is not readable, a line for each reason.
    pub(crate) fn say_what_is_not_visible(&self) {
        let status = self.lock();
        let mut known = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let mut news: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, why) in status.not_visible() {
            if known.contains(&name) {
                continue;
            }
            known.push(name);
            match news.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, names)) => names.push(name),
                None => news.push((why, vec![name])),
            }
        }
        for (why, names) in news {
            self.say(format!("not visible: {} ({why})", names.join(", ")));
        }
    }

    pub(crate) fn said(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
