//! What may block: command lines and cgroups, read on a thread of their own.
//!
//! The kernel takes the process's memory lock for `cmdline`, and a process stuck in the kernel
//! may hold it for ever. So the sampler asks, goes on with the sweep, and waits a moment at its
//! end; what has not come by then is marked as blocked, and filled in when it comes. A reader
//! that is stuck is left behind and replaced, a few times.

use crate::redact::{ArgsLevel, Redactor};
use crate::source::passing::Passing;
use crate::source::{ProcRoot, missing_from_errno};
use crate::standing::Niceness;
use afterimage_format::process::ProcessKey;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::time::MonotonicTime;
use rustix::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, TrySendError, channel};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What is stored of a command line.
const MOST_STORED: usize = 4096;
/// A command line is measured up to this length.
const MOST_READ: u64 = 16 << 20;
/// How long the end of a sweep waits for the details of processes that are new.
const PATIENCE: Duration = Duration::from_millis(25);
/// And how much longer for each of them, for so many at most: at the start all are new.
const PATIENCE_EACH: Duration = Duration::from_micros(100);
const MOST_WAITED_FOR: u32 = 2000;
/// Readers that were left behind, stuck, before the sampler goes on without.
const MOST_STUCK: usize = 4;

/// A batch that has not come for so long: reading does not come back.
const LATE: Duration = Duration::from_secs(3);

/// A process whose details are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) key: ProcessKey,
    pub(crate) is_new: bool,
}

/// The details of one process.
#[derive(Debug)]
pub(crate) struct Detail {
    pub(crate) key: ProcessKey,
    /// What may be stored of it, and its full length.
    pub(crate) command_line: Reading<(Vec<u8>, u64)>,
    pub(crate) cgroup: Reading<Vec<u8>>,
}

/// A batch, and how many processes the host has.
type Request = (Vec<Wanted>, usize);

/// Asks for details and collects them.
#[derive(Debug)]
pub(crate) struct Details {
    proc_root: PathBuf,
    level: ArgsLevel,
    requests: Option<SyncSender<Request>>,
    replies: Receiver<Vec<Detail>>,
    reply_to: Sender<Vec<Detail>>,
    /// That of a reader, whatever the sampler's is.
    niceness: Niceness,
    /// Batches that have not come, and when they were asked for.
    open: Vec<(MonotonicTime, Vec<Wanted>)>,
    reader: Option<JoinHandle<()>>,
    /// Readers that kept us waiting too long. They end once the kernel lets them go.
    left_behind: Vec<JoinHandle<()>>,
}

impl Details {
    pub(crate) fn new(proc_root: PathBuf, level: ArgsLevel) -> Self {
        let (reply_to, replies) = channel();
        Self {
            proc_root,
            level,
            requests: None,
            replies,
            reply_to,
            niceness: Niceness::own(),
            open: Vec::new(),
            reader: None,
            left_behind: Vec::new(),
        }
    }

    /// What is stored of command lines from now on, and whether that is news. A reader at the old
    /// level ends, and what it still says is not heard.
    pub(crate) fn set_level(&mut self, level: ArgsLevel) -> bool {
        let is_news = level != self.level;
        if is_news {
            self.level = level;
            self.requests = None;
            self.open.clear();
            (self.reply_to, self.replies) = channel();
        }
        is_news
    }

    /// Whether a reader is stuck in the kernel.
    pub(crate) fn is_stuck(&self, now: MonotonicTime) -> bool {
        let waited = self.open.first().and_then(|(asked, _)| now.since(*asked));
        !self.left_behind.is_empty() || waited.is_some_and(|waited| waited >= LATE)
    }

    /// Asks for these and empties the list. They are read while the sweep goes on.
    pub(crate) fn ask(&mut self, wanted: &mut Vec<Wanted>, processes: usize, now: MonotonicTime) {
        if wanted.is_empty() || !self.has_reader() {
            wanted.clear();
            return;
        }
        let batch = std::mem::take(wanted);
        let Some(requests) = &self.requests else {
            return;
        };
        match requests.try_send((batch.clone(), processes)) {
            Ok(()) => self.open.push((now, batch)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                // It has been at a batch since the last ticks: the next one takes this over.
                self.left_behind.extend(self.reader.take());
                self.requests = None;
                self.open.clear();
                wanted.extend(batch);
            }
        }
    }

    /// What has come since, without waiting.
    pub(crate) fn arrived(&mut self) -> Vec<Detail> {
        let mut details = Vec::new();
        while let Ok(batch) = self.replies.try_recv() {
            self.close_one(&batch);
            details.extend(batch);
        }
        details
    }

    /// What has come, after waiting a moment if processes that are new are among the wanted.
    /// Those that keep us waiting are marked as blocked.
    pub(crate) fn awaited(&mut self) -> Vec<Detail> {
        let Some((_, last)) = self.open.last() else {
            return Vec::new();
        };
        if !last.iter().any(|wanted| wanted.is_new) {
            return Vec::new();
        }
        let batch = last.len();
        let patience =
            PATIENCE + PATIENCE_EACH * u32::try_from(batch).unwrap_or(0).min(MOST_WAITED_FOR);
        match self.replies.recv_timeout(patience) {
            Ok(batch) => {
                self.close_one(&batch);
                batch
            }
            Err(_late) => {
                let wanted = last.iter().filter(|wanted| wanted.is_new);
                wanted
                    .map(|wanted| Detail::missing(wanted.key, Missing::Blocked))
                    .collect()
            }
        }
    }

    fn close_one(&mut self, batch: &[Detail]) {
        self.open.retain(|(_, wanted)| {
            wanted.first().map(|first| first.key) != batch.first().map(|first| first.key)
        });
    }

    fn has_reader(&mut self) -> bool {
        if self.requests.is_some() {
            return true;
        }
        self.left_behind.retain(|reader| !reader.is_finished());
        if self.left_behind.len() >= MOST_STUCK {
            return false;
        }
        let (requests, incoming) = sync_channel(2);
        let reader = Reader {
            level: self.level,
            redactor: Redactor::embedded(),
            replies: self.reply_to.clone(),
        };
        let root = self.proc_root.clone();
        let niceness = self.niceness;
        let thread = std::thread::Builder::new().name("details".to_owned());
        let started = thread.spawn(move || {
            niceness.apply();
            if let Ok(root) = ProcRoot::open(&root) {
                reader.run(&root, &incoming);
            }
        });
        self.reader = started.ok();
        self.requests = self.reader.is_some().then_some(requests);
        self.requests.is_some()
    }
}

impl Detail {
    fn missing(key: ProcessKey, missing: Missing) -> Self {
        Self {
            key,
            command_line: Err(missing),
            cgroup: Err(missing),
        }
    }
}

struct Reader {
    level: ArgsLevel,
    redactor: Redactor,
    replies: Sender<Vec<Detail>>,
}

impl Reader {
    fn run(self, root: &ProcRoot, requests: &Receiver<Request>) {
        let mut buffer = vec![0; 64 << 10];
        let mut passing = Passing::default();
        for (wanted, processes) in requests {
            let mut batch = Vec::with_capacity(wanted.len());
            passing.expect(processes, root);
            for wanted in wanted {
                let mut open = |file: &str| passing.open(file, root).map_err(missing_from_errno);
                batch.push(self.read(wanted.key, &mut open, &mut buffer));
            }
            passing.rest();
            if self.replies.send(batch).is_err() {
                return;
            }
        }
    }

    fn read(
        &self,
        key: ProcessKey,
        open: &mut dyn FnMut(&str) -> Reading<OwnedFd>,
        buffer: &mut [u8],
    ) -> Detail {
        let pid = key.pid.0;
        let mut open = |name: &str| open(&format!("{pid}/{name}"));
        let command_line = open("cmdline").and_then(|file| read_up_to(&file, buffer));
        let command_line = command_line.map(|(kept, length)| {
            let kept = &buffer[..kept];
            (self.redactor.command_line(self.level, kept), length)
        });
        let cgroup = open("cgroup").and_then(|file| {
            let (kept, _) = read_up_to(&file, buffer)?;
            Ok(cgroup_path(&buffer[..kept]).to_owned())
        });
        Detail {
            key,
            command_line,
            cgroup,
        }
    }
}

/// The first 4 KiB, and the length of all of it: how many bytes are in the buffer, and how
/// many there were.
fn read_up_to(file: &OwnedFd, buffer: &mut [u8]) -> Reading<(usize, u64)> {
    let (mut kept, mut length) = (0, 0_u64);
    while length < MOST_READ {
        let free = if kept < MOST_STORED {
            kept
        } else {
            MOST_STORED
        };
        let read =
            rustix::io::pread(file, &mut buffer[free..], length).map_err(missing_from_errno)?;
        if read == 0 {
            break;
        }
        kept = (free + read).min(MOST_STORED).max(kept);
        length += read as u64;
    }
    Ok((kept, length))
}

/// The path in the unified hierarchy (`0::/path`); where that is its root, the path in the
/// hierarchy of version 1 that limits memory, else in the first one that is not at its root.
fn cgroup_path(text: &[u8]) -> &[u8] {
    let paths = || {
        let lines = crate::source::numbers::lines(text);
        lines.filter_map(|line| {
            let mut parts = line.splitn(3, |byte| *byte == b':').skip(1);
            Some((parts.next()?, parts.next()?))
        })
    };
    let is_below_the_root = |(_, path): &(&[u8], &[u8])| *path != b"/";
    let of = |wanted: &[u8]| {
        let mut found = paths().filter(is_below_the_root);
        found.find(|(controllers, _)| controllers.split(|byte| *byte == b',').any(|c| c == wanted))
    };
    let below = of(b"").or_else(|| of(b"memory"));
    let found = below.or_else(|| paths().find(is_below_the_root));
    found
        .or_else(|| paths().next())
        .map_or(b"", |(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unified_path_goes_before_those_of_version_1() {
        assert_eq!(
            cgroup_path(b"0::/system.slice/a.service\n"),
            b"/system.slice/a.service"
        );
        assert_eq!(cgroup_path(b"12:memory:/m\n0::/u\n"), b"/u");
        assert_eq!(
            cgroup_path(b"12:memory:/docker/ab\n1:cpu:/\n0::/\n"),
            b"/docker/ab"
        );
        let limited = b"9:name=systemd:/\n5:cpuset:/x\n4:cpu,memory:/jobs/a:b\n0::/\n";
        assert_eq!(cgroup_path(limited), b"/jobs/a:b");
        assert_eq!(cgroup_path(b"3:pids:/\n2:freezer:/f\n0::/\n"), b"/f");
        assert_eq!(cgroup_path(b"2:pids:/\n0::/\n"), b"/");
        assert_eq!(cgroup_path(b"0::/\n"), b"/");
        assert_eq!(cgroup_path(b""), b"");
    }
}
