//! The thread that asks each file system for its space, and what becomes of it when one of them
//! does not answer.
//!
//! In: the numbers of ticks. Out: [`News`]. The sampler only looks how far the thread has come.

use super::super::mountinfo::{Mount, one_of_each, parse};
use super::super::{ProcRoot, missing_from_errno, read_from_start};
use crate::standing::Niceness;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::time::{MonotonicTime, Seq};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

/// A mount that keeps us waiting so long does not answer.
const DEADLINE: Duration = Duration::from_secs(2);
/// Threads that were left behind, stuck, before the sampler goes on without.
const MOST_STUCK: usize = 16;
/// So many are asked in one round; where there are more, they take turns.
const MOST_EACH_ROUND: usize = 64;
/// Rounds from one question to the next of those that ask another host or a program.
const REMOTE_ROUND: usize = 3;
/// A copy of `/proc` is read again after so many rounds: it gives no news.
const COPY_ROUND: u64 = 10;
/// Where the thread is while it is at no mount: at the list of them.
const AT_THE_LIST: u64 = u64::MAX;

/// `statvfs(3)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Space {
    /// In bytes: its size, what is free, and what is free for everybody.
    pub(super) total: u64,
    pub(super) free: u64,
    pub(super) available: u64,
    pub(super) inodes: u64,
    pub(super) inodes_free: u64,
    /// `f_flag`.
    pub(super) flags: u64,
}

/// What has become known.
#[derive(Debug)]
pub(super) enum News {
    /// Every mount, when the list has changed.
    Mounts(Reading<Vec<Mount>>),
    /// What mounts answered, by their numbers, and the tick at which they were asked.
    Space {
        asked: Seq,
        all: Vec<(u64, Reading<Space>)>,
    },
    /// A mount (else the list itself) has not answered since that tick.
    Blocked { id: Option<u64>, since: Seq },
    /// It lets go of the thread that waited for it.
    Back { id: u64 },
}

/// One round: the tick at which it is given out, and the mounts that are known not to answer.
type Round = (Seq, Arc<[u64]>);
/// What a thread has to say, and its number.
type Said = (u64, Option<News>);

/// How far a thread has come.
#[derive(Debug, Default)]
struct Progress {
    /// Rises with each mount.
    steps: AtomicU64,
    /// The mount that it is at.
    at: AtomicU64,
    /// It is to end as soon as it is let go.
    is_given_up: AtomicBool,
}

/// The thread that is at work.
#[derive(Debug)]
struct Worker {
    number: u64,
    rounds: SyncSender<Round>,
    progress: Arc<Progress>,
    /// The round that is out; how far it had come when that was seen first, and how often since.
    out: Option<Seq>,
    seen: Option<(u64, MonotonicTime)>,
}

/// Gives out rounds, and hears what comes of them.
#[derive(Debug)]
pub(super) struct Asker {
    proc_root: PathBuf,
    worker: Option<Worker>,
    workers: u64,
    sender: Sender<Said>,
    said: Receiver<Said>,
    /// The threads that were left behind, by number, and the mount that each is at.
    stuck: Vec<(u64, u64)>,
    silent: Arc<[u64]>,
    niceness: Niceness,
}

impl Asker {
    pub(super) fn new(root: &ProcRoot) -> Self {
        let (sender, said) = channel();
        Self {
            proc_root: root.path().to_owned(),
            worker: None,
            workers: 0,
            sender,
            said,
            stuck: Vec::new(),
            silent: Arc::new([]),
            niceness: Niceness::own(),
        }
    }

    /// The next thing that is new, without waiting.
    pub(super) fn heard(&mut self, now: MonotonicTime) -> Option<News> {
        while let Ok((number, news)) = self.said.try_recv() {
            if let Some(place) = self.stuck.iter().position(|(stuck, _)| *stuck == number) {
                let (_, id) = self.stuck.swap_remove(place);
                self.silent = self.stuck.iter().map(|(_, id)| *id).collect();
                // Whatever it brings is as old as the question, and not heard.
                return Some(News::Back { id });
            }
            if self
                .worker
                .as_ref()
                .is_none_or(|worker| worker.number != number)
            {
                continue;
            }
            match news {
                None => self.worker.iter_mut().for_each(Worker::is_done),
                Some(news) => return Some(news),
            }
        }
        self.look(now)
    }

    /// Leaves a thread behind that has not moved for too long.
    fn look(&mut self, now: MonotonicTime) -> Option<News> {
        let worker = self.worker.as_mut()?;
        let since = worker.out?;
        let steps = worker.progress.steps.load(Ordering::Acquire);
        let at = worker.progress.at.load(Ordering::Acquire);
        // Both looks are the sampler's: where it did not run itself, no time has passed.
        let (before, first) = *worker.seen.get_or_insert((steps, now));
        if before != steps {
            worker.seen = Some((steps, now));
            return None;
        }
        if now.since(first).unwrap_or_default() < DEADLINE {
            return None;
        }
        worker.progress.is_given_up.store(true, Ordering::Release);
        self.stuck.push((worker.number, at));
        self.silent = self.stuck.iter().map(|(_, id)| *id).collect();
        self.worker = None;
        let id = (at != AT_THE_LIST).then_some(at);
        Some(News::Blocked { id, since })
    }

    /// Gives out a round, unless one is out.
    pub(super) fn ask(&mut self, tick: Seq) -> Reading<()> {
        if self.worker.is_none() {
            let lists = self.stuck.iter().any(|(_, id)| *id == AT_THE_LIST);
            if lists || self.stuck.len() >= MOST_STUCK {
                return Err(Missing::Blocked);
            }
            self.worker = self.start();
        }
        let worker = self.worker.as_mut().ok_or(Missing::Unreadable)?;
        if worker.out.is_none()
            && worker
                .rounds
                .try_send((tick, Arc::clone(&self.silent)))
                .is_ok()
        {
            (worker.out, worker.seen) = (Some(tick), None);
        }
        Ok(())
    }

    fn start(&mut self) -> Option<Worker> {
        self.workers += 1;
        let number = self.workers;
        let (rounds, incoming) = sync_channel(1);
        let progress = Arc::new(Progress::default());
        let run = Run {
            number,
            proc_root: self.proc_root.clone(),
            progress: Arc::clone(&progress),
            sender: self.sender.clone(),
            list: None,
            targets: Vec::new(),
            is_live: false,
        };
        let niceness = self.niceness;
        let thread = std::thread::Builder::new().name("statvfs".to_owned());
        let started = thread.spawn(move || {
            niceness.apply();
            run.until_done(&incoming);
        });
        started.ok().map(|_left_to_itself| Worker {
            number,
            rounds,
            progress,
            out: None,
            seen: None,
        })
    }
}

impl Worker {
    fn is_done(&mut self) {
        (self.out, self.seen) = (None, None);
    }
}

/// A thread at work.
#[derive(Debug)]
struct Run {
    number: u64,
    proc_root: PathBuf,
    progress: Arc<Progress>,
    sender: Sender<Said>,
    /// `self/mountinfo`, kept open: it says when it has changed.
    list: Option<OwnedFd>,
    /// One mount of each file system, and for how many rounds it is left alone.
    targets: Vec<(Mount, usize)>,
    is_live: bool,
}

impl Run {
    fn until_done(mut self, rounds: &Receiver<Round>) {
        for (number, (tick, silent)) in (0..).zip(rounds) {
            self.progress.at.store(AT_THE_LIST, Ordering::Release);
            self.progress.steps.fetch_add(1, Ordering::AcqRel);
            if let Some(list) = self.read_list(number) {
                if let Ok(mounts) = &list {
                    self.aim(mounts);
                }
                self.say(Some(News::Mounts(list)));
            }
            let all = self.ask_all(&silent);
            self.say(Some(News::Space { asked: tick, all }));
            // A round ends with this; of one that was given up it is the last word.
            self.say(None);
            if self.progress.is_given_up.load(Ordering::Acquire) {
                return;
            }
        }
    }

    /// Nobody may listen any more: the run is over.
    fn say(&self, news: Option<News>) {
        drop(self.sender.send((self.number, news)));
    }

    /// The mounts, if they are not known already.
    fn read_list(&mut self, round: u64) -> Option<Reading<Vec<Mount>>> {
        if let Some(list) = &self.list
            && self.is_live
        {
            let mut fds = [PollFd::new(list, PollFlags::PRI)];
            let at_once = Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            let changed = poll(&mut fds, Some(&at_once)).is_ok_and(|ready| ready > 0);
            return changed.then(|| mounts(list).map_err(missing_from_errno));
        }
        if !round.is_multiple_of(COPY_ROUND) {
            return None;
        }
        let read = ProcRoot::open(&self.proc_root).and_then(|root| {
            self.is_live = root.is_live();
            let list = root.open_file("self/mountinfo");
            let list = match list {
                Err(Errno::NOENT) => root.open_file("1/mountinfo")?,
                list => list?,
            };
            // What changes from here on makes it readable again.
            let mounts = mounts(&list)?;
            self.list = Some(list);
            Ok(mounts)
        });
        Some(read.map_err(missing_from_errno))
    }

    /// What is asked from now on; those that stay keep their turn.
    fn aim(&mut self, mounts: &[Mount]) {
        let before = std::mem::take(&mut self.targets);
        let targets = one_of_each(mounts).into_iter().map(|mount| {
            let known = before.iter().find(|(known, _)| known.id == mount.id);
            let wait = known.map_or(0, |(_, wait)| *wait);
            (mount, wait)
        });
        self.targets = targets.collect();
    }

    /// Asks those whose turn it is, one after the other. What a copy of `/proc` lists is mounted
    /// elsewhere.
    fn ask_all(&mut self, silent: &[u64]) -> Vec<(u64, Reading<Space>)> {
        let turns = self.targets.len() / MOST_EACH_ROUND;
        let mut all = Vec::new();
        for (mount, wait) in &mut self.targets {
            if !self.is_live || silent.contains(&mount.id) {
                continue;
            }
            if *wait > 0 {
                *wait -= 1;
                continue;
            }
            let remote = if mount.is_remote() {
                REMOTE_ROUND - 1
            } else {
                0
            };
            *wait = turns.max(remote);
            self.progress.at.store(mount.id, Ordering::Release);
            self.progress.steps.fetch_add(1, Ordering::AcqRel);
            all.push((mount.id, space(mount)));
            if self.progress.is_given_up.load(Ordering::Acquire) {
                break;
            }
        }
        all
    }
}

fn mounts(list: &OwnedFd) -> rustix::io::Result<Vec<Mount>> {
    let mut text = vec![0; 16 << 10];
    let length = read_from_start(list, &mut text)?;
    Ok(parse(&text[..length]))
}

fn space(mount: &Mount) -> Reading<Space> {
    let said = rustix::fs::statvfs(OsStr::from_bytes(&mount.point));
    let said = said.map_err(|errno| match errno {
        // Its place is hidden, or it has just gone.
        Errno::NOENT | Errno::NOTDIR => Missing::Gone,
        errno => missing_from_errno(errno),
    })?;
    // Sizes are counted in fragments; a file system that does not say how large they are means
    // its blocks.
    let unit = if said.f_frsize == 0 {
        said.f_bsize
    } else {
        said.f_frsize
    };
    let bytes = |blocks: u64| blocks.saturating_mul(unit);
    Ok(Space {
        total: bytes(said.f_blocks),
        free: bytes(said.f_bfree),
        available: bytes(said.f_bavail),
        inodes: said.f_files,
        inodes_free: said.f_ffree,
        flags: said.f_flag.bits(),
    })
}
