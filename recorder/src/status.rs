//! How the recording goes: written by the threads, read by the status line and the socket.

use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::writer::Writer;
use afterimage_format::tick::Shed;
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
    pub(crate) backlog: usize,
    /// What could not be written, if the last attempt failed.
    pub(crate) trouble: Option<String>,
    /// Sources that are not readable.
    pub(crate) missing: Vec<String>,
}

/// The state, and what the writer asks of the sampler.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    status: Mutex<Status>,
    everything: AtomicBool,
    /// One line for each change of state, to be shown to whoever started the recorder.
    lines: Mutex<Vec<String>>,
}

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

    /// Notes how a commit went; the first that fails, and the first that succeeds after it,
    /// is worth a line.
    pub(crate) fn stored(&self, writer: &Writer, result: Result<(), CaptureError>) {
        let trouble = result.err().map(|error| {
            let error: &dyn std::error::Error = &error;
            let mut words = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                words = format!("{words}: {cause}");
                source = cause.source();
            }
            words
        });
        let mut status = self.lock();
        status.backlog = writer.backlog();
        if let Ok(bytes) = writer.data_bytes() {
            status.data_bytes = bytes;
        }
        let before = std::mem::replace(&mut status.trouble, trouble.clone());
        drop(status);
        match (before, trouble) {
            (None, Some(words)) => {
                self.say(format!("{words}; keeping ticks in memory and trying on"));
            }
            (Some(_), None) => self.say("writing again; nothing in memory was lost".to_owned()),
            _ => {}
        }
    }

    /// The writer lost ticks: the next one must say everything.
    pub(crate) fn ask_for_everything(&self) {
        self.everything.store(true, Ordering::Relaxed);
    }

    /// Whether the next tick must say everything; asked once.
    pub(crate) fn wants_everything(&self) -> bool {
        self.everything.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn say(&self, line: String) {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }

    pub(crate) fn said(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
