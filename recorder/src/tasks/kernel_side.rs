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
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
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

/// What the two files of one thread say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peeked {
    pub(super) key: ProcessKey,
    pub(super) syscall: Reading<Vec<u8>>,
    pub(super) stack: Reading<Vec<u8>>,
}

type Read = fn(&ProcRoot, Wanted) -> Peeked;

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
    requests: Sender<Vec<Wanted>>,
    replies: Receiver<Peeked>,
    /// All that was asked for has been replied to.
    done: Receiver<()>,
    /// The process that it is at.
    at: Arc<AtomicI32>,
    thread: JoinHandle<()>,
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

    /// What the files of these say, in no particular order; takes them away.
    pub(super) fn peek(&mut self, wanted: &mut Vec<Wanted>, interval: Duration) -> Vec<Peeked> {
        self.left_behind
            .retain(|reader| !reader.thread.is_finished());
        let stuck_at = |wanted: &Wanted| {
            let mut readers = self.left_behind.iter();
            readers.any(|reader| reader.at.load(Ordering::Relaxed) == wanted.process.0)
        };
        let avoided = wanted.extract_if(.., |wanted| stuck_at(wanted));
        let blocked = |wanted: Wanted| Peeked::absent(wanted.key, Missing::Blocked);
        let mut peeked: Vec<Peeked> = avoided.map(blocked).collect();
        if wanted.is_empty() {
            return peeked;
        }
        let reader = match self.reader.take() {
            Some(reader) => Some(reader),
            None if self.left_behind.len() >= MOST_STUCK => None,
            None => Reader::start(self.root.clone(), self.read),
        };
        let Some(reader) = reader else {
            peeked.extend(wanted.drain(..).map(blocked));
            return peeked;
        };
        let patience = PATIENCE.min(interval / 4);
        let is_asked = reader.requests.send(wanted.clone()).is_ok();
        let is_done = is_asked && reader.done.recv_timeout(patience).is_ok();
        let at = reader.at.load(Ordering::Relaxed);
        // It answers in the order in which it was asked.
        let replies = wanted.len();
        let before = peeked.len();
        peeked.extend(reader.replies.try_iter().take(replies));
        let answered = peeked.len() - before;
        if is_done {
            self.reader = Some(reader);
        } else {
            self.left_behind.push(reader.ending());
        }
        peeked.extend(wanted.drain(..).skip(answered).map(|late| {
            let is_stuck = late.process.0 == at;
            let why = if is_stuck {
                Missing::Blocked
            } else {
                Missing::NotRead
            };
            Peeked::absent(late.key, why)
        }));
        peeked
    }
}

impl Reader {
    fn start(root: PathBuf, read: Read) -> Option<Self> {
        let (requests, incoming) = channel::<Vec<Wanted>>();
        let (answers, replies) = channel();
        let (ends, done) = channel();
        let at = Arc::new(AtomicI32::new(0));
        let now_at = Arc::clone(&at);
        let thread = std::thread::Builder::new().name("kernel-side".to_owned());
        let started = thread.spawn(move || {
            let Ok(root) = ProcRoot::open(&root) else {
                return;
            };
            for wanted in incoming {
                for wanted in wanted {
                    now_at.store(wanted.process.0, Ordering::Relaxed);
                    if answers.send(read(&root, wanted)).is_err() {
                        return;
                    }
                }
                if ends.send(()).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            requests,
            replies,
            done,
            at,
            thread: started.ok()?,
        })
    }

    /// It ends with the file that it is at: nobody hears what it says.
    fn ending(self) -> Self {
        let (requests, _) = channel();
        let (_, replies) = channel();
        let (_, done) = channel();
        Self {
            requests,
            replies,
            done,
            ..self
        }
    }
}

impl Peeked {
    fn absent(key: ProcessKey, missing: Missing) -> Self {
        Self {
            key,
            syscall: Err(missing),
            stack: Err(missing),
        }
    }
}

fn read(root: &ProcRoot, wanted: Wanted) -> Peeked {
    let thread = format!("{}/task/{}", wanted.process.0, wanted.key.pid.0);
    let missing = |errno| match errno {
        // Not that the kernel has no such file: the thread has ended.
        Errno::NOENT if statat(root.directory(), &thread, AtFlags::empty()).is_err() => {
            Missing::Gone
        }
        errno => missing_from_errno(errno),
    };
    let text = |name: &str| {
        let file = root
            .open_file(&format!("{thread}/{name}"))
            .map_err(missing)?;
        let mut buffer = vec![0; 4096];
        let length = read_from_start(&file, &mut buffer).map_err(missing)?;
        buffer.truncate(length);
        Ok(buffer)
    };
    Peeked {
        key: wanted.key,
        syscall: text("syscall"),
        stack: text("stack"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::units::Ticks;

    const SECOND: Duration = Duration::from_secs(1);

    fn wanted(pid: i32) -> Wanted {
        let key = ProcessKey {
            pid: Pid(pid),
            started: Ticks(5),
        };
        Wanted {
            key,
            process: Pid(pid),
        }
    }

    fn absent(pid: i32, missing: Missing) -> Peeked {
        Peeked::absent(wanted(pid).key, missing)
    }

    /// Process 13 never answers.
    fn stuck_at_13(_: &ProcRoot, wanted: Wanted) -> Peeked {
        while wanted.process == Pid(13) {
            std::thread::park();
        }
        Peeked {
            key: wanted.key,
            syscall: Ok(b"running".to_vec()),
            stack: Err(Missing::PermissionDenied),
        }
    }

    fn side() -> KernelSide {
        let mut side = KernelSide::new(PathBuf::from("/proc"));
        side.read = stuck_at_13;
        side
    }

    #[test]
    fn a_process_that_never_answers_is_asked_once_and_does_not_keep_the_others_from_answering() {
        let mut side = side();
        let first = side.peek(&mut vec![wanted(13)], SECOND);
        assert_eq!(first, [absent(13, Missing::Blocked)]);
        for _ in 0..2 * MOST_STUCK {
            let peeked = side.peek(&mut vec![wanted(13)], SECOND);
            assert_eq!(peeked, [absent(13, Missing::Blocked)]);
            assert_eq!(side.left_behind.len(), 1, "nobody else is stuck there");
        }
        // A machine that is busy may leave a reader late, but not for ever.
        let answers = || side.peek(&mut vec![wanted(7)], SECOND)[0].syscall.is_ok();
        assert!(std::iter::repeat_with(answers).take(1000).any(|came| came));
    }

    #[test]
    fn what_comes_behind_a_process_that_never_answers_is_not_blocked_but_late() {
        let mut side = side();
        let mut all: Vec<Wanted> = [13, 8, 9].map(wanted).into();
        let peeked = side.peek(&mut all, SECOND);
        let late = [8, 9].map(|pid| absent(pid, Missing::NotRead));
        assert!(all.is_empty() && peeked.len() == 3);
        // On a machine so busy that not even the first was begun, each of them is late.
        assert_eq!(peeked[1..], late);
    }

    #[test]
    fn a_file_that_the_kernel_lacks_is_not_the_file_of_a_thread_that_ended() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("7/task/7")).unwrap();
        let root = ProcRoot::open(folder.path()).unwrap();
        assert_eq!(read(&root, wanted(7)), absent(7, Missing::NotSupported));
        assert_eq!(read(&root, wanted(8)), absent(8, Missing::Gone));
    }
}
