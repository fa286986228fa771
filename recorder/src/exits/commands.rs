//! Command lines of processes that may be gone in a moment: read as soon as `exec` is told.
//!
//! A thread of its own is woken by `exec` events alone and reads two files of `/proc`; the one
//! that keeps the books looks in now and then. A process stuck in the kernel may hold its memory
//! lock for ever: a reader that does not come back within its deadline is left behind and
//! replaced, a few times. Being woken costs ten times what an event does, so so many are read at
//! once and a second; beyond that the newest, a few times a second.

use super::ledger::Command;
use crate::clock;
use crate::redact::{ArgsLevel, Redactor};
use crate::source::connector::{Connector, Wanted, What};
use crate::source::process::stat;
use crate::source::{ProcRoot, missing_from_errno};
use crate::status::Shared;
use afterimage_format::reading::Reading;
use afterimage_format::time::MonotonicTime;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// So many command lines are read at once, and a second.
const BURST: u64 = 200;
const EACH_SECOND: u64 = 25;
/// How long a flood is left alone.
const PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
/// A reader that takes longer for one process does not come back.
const DEADLINE: Duration = Duration::from_secs(1);
/// Readers that were left behind before nobody reads any more.
const MOST_STUCK: usize = 4;
/// What waits to be taken.
const MOST_READ: usize = 1024;
/// Events that are looked at in one go.
const MOST_EVENTS: usize = 4096;

/// The reader, seen by the one that takes what it read.
#[derive(Debug)]
pub(super) struct Commands {
    root: PathBuf,
    shared: Arc<Shared>,
    stop: Arc<OwnedFd>,
    read: Receiver<Command>,
    give: SyncSender<Command>,
    reader: Option<Arc<Pulse>>,
    left_behind: usize,
}

/// What a reader is at.
#[derive(Debug, Default)]
struct Pulse {
    /// When it began with the process at hand, in microseconds of `CLOCK_MONOTONIC`; 0 is none.
    since: AtomicI64,
    /// Nobody waits for it any more.
    is_retired: AtomicBool,
}

impl Commands {
    pub(super) fn new(root: &Path, shared: Arc<Shared>, stop: Arc<OwnedFd>) -> Self {
        let (give, read) = sync_channel(MOST_READ);
        let mut commands = Self {
            root: root.to_owned(),
            shared,
            stop,
            read,
            give,
            reader: None,
            left_behind: 0,
        };
        commands.start();
        commands
    }

    /// What was read since, in the order of time.
    pub(super) fn taken(&mut self, now: MonotonicTime) -> Vec<Command> {
        let mut taken: Vec<Command> = self.read.try_iter().collect();
        taken.sort_by_key(|command| command.at_nanos);
        let since = self
            .reader
            .as_ref()
            .map_or(0, |pulse| pulse.since.load(Ordering::Relaxed));
        let is_late = since != 0
            && now
                .since(MonotonicTime(since))
                .is_some_and(|past| past > DEADLINE);
        if is_late && self.left_behind < MOST_STUCK {
            if let Some(pulse) = self.reader.take() {
                pulse.is_retired.store(true, Ordering::Relaxed);
            }
            self.left_behind += 1;
            self.start();
        }
        taken
    }

    /// Without a reader command lines are those that the samples have.
    fn start(&mut self) {
        let pulse = Arc::new(Pulse::default());
        let reader = (
            self.root.clone(),
            Arc::clone(&self.shared),
            Arc::clone(&self.stop),
            self.give.clone(),
            Arc::clone(&pulse),
        );
        let thread = std::thread::Builder::new().name("exec".to_owned());
        let started = thread.spawn(move || {
            let (root, shared, stop, give, pulse) = reader;
            let root = ProcRoot::open(&root);
            let connector = Connector::listen(Wanted::Exec, 0);
            if let (Ok(root), Ok(connector)) = (root, connector) {
                let reader = Reader {
                    root,
                    shared,
                    give,
                    pulse,
                    redactor: Redactor::embedded(),
                    tokens: BURST,
                    refilled: clock::now().monotonic,
                };
                reader.run(connector, &stop);
            }
        });
        self.reader = started.is_ok().then_some(pulse);
    }
}

struct Reader {
    root: ProcRoot,
    shared: Arc<Shared>,
    give: SyncSender<Command>,
    pulse: Arc<Pulse>,
    redactor: Redactor,
    tokens: u64,
    refilled: MonotonicTime,
}

impl Reader {
    fn run(mut self, mut connector: Connector, stop: &OwnedFd) {
        let mut wanted: Vec<i32> = Vec::new();
        let mut buffer = vec![0; 8 << 10];
        loop {
            let is_over = if self.tokens == 0 {
                let mut fds = [PollFd::new(stop, PollFlags::IN)];
                poll(&mut fds, Some(&PAUSE)).is_ok_and(|ready| ready > 0)
            } else {
                let mut fds = [
                    PollFd::new(stop, PollFlags::IN),
                    PollFd::new(connector.socket(), PollFlags::IN),
                ];
                poll(&mut fds, None).is_ok() && !fds[0].revents().is_empty()
            };
            if is_over {
                return;
            }
            let drained = connector.drain(MOST_EVENTS, &mut |event| {
                if let What::Exec { tgid } = event.what {
                    wanted.push(tgid);
                }
            });
            if drained.is_err() {
                return;
            }
            self.refill();
            // The newest first: they are the likeliest to be there.
            while let Some(tgid) = wanted.pop() {
                let Some(left) = self.tokens.checked_sub(1) else {
                    break;
                };
                self.tokens = left;
                if !self.read(tgid, &mut buffer) {
                    return;
                }
            }
            wanted.clear();
        }
    }

    fn refill(&mut self) {
        let now = clock::now().monotonic;
        let passed = now.since(self.refilled).unwrap_or_default();
        let gained = u64::try_from(passed.as_millis()).unwrap_or(0) * EACH_SECOND / 1000;
        if gained > 0 {
            self.refilled = now;
            self.tokens = self.tokens.saturating_add(gained).min(BURST);
        }
    }

    /// Reads one process; whether anybody still listens.
    fn read(&self, tgid: i32, buffer: &mut [u8]) -> bool {
        let now = clock::now().monotonic;
        self.pulse.since.store(now.0.max(1), Ordering::Relaxed);
        let level = self.shared.args();
        let command = self.command(tgid, level, now, buffer);
        self.pulse.since.store(0, Ordering::Relaxed);
        if self.pulse.is_retired.load(Ordering::Relaxed) {
            return false;
        }
        // What was read at another level than is asked for now is not given away.
        if let Some(command) = command.filter(|_| self.shared.args() == level) {
            // Nobody takes them at the moment: then this one is lost.
            return !matches!(
                self.give.try_send(command),
                Err(std::sync::mpsc::TrySendError::Disconnected(_))
            );
        }
        true
    }

    /// `None` of a process that is gone already.
    fn command(
        &self,
        tgid: i32,
        level: ArgsLevel,
        now: MonotonicTime,
        buffer: &mut [u8],
    ) -> Option<Command> {
        let read = |name: &str, buffer: &mut [u8]| -> Reading<usize> {
            let file = self.root.open_file(&format!("{tgid}/{name}"));
            let file = file.map_err(missing_from_errno)?;
            rustix::io::pread(&file, buffer, 0).map_err(missing_from_errno)
        };
        let length = read("cmdline", buffer).ok()?;
        let line = self.redactor.command_line(level, &buffer[..length]);
        let length = read("stat", buffer).ok();
        let stat = length.and_then(|length| stat::parse(&buffer[..length]).ok());
        Some(Command {
            tgid,
            at_nanos: now.0.cast_unsigned().saturating_mul(1000),
            line: (!line.is_empty()).then(|| line.into()),
            comm: stat.map(|stat| stat.comm.into()),
            tty_nr: stat
                .and_then(|stat| stat.tty_nr().ok())
                .and_then(|tty| i32::try_from(tty).ok()),
            started: stat.and_then(|stat| stat.started().ok()),
        })
    }
}
