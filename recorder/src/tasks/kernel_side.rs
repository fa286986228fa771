//! In which system call a thread is, and where in the kernel: `syscall` and `stack`.
//!
//! For both the kernel takes a lock of the process, and may wait for it for ever where an exec is
//! stuck. So they are read on a thread of their own; what has not come in time is marked as
//! blocked. A reader that is late is left behind, and as long as it is stuck, nobody asks again
//! for the process that it is stuck at.

use crate::source::{ProcRoot, missing_from_errno, read_from_start};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::{Missing, Reading};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long one thread may keep the sampler waiting.
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

    /// What the files of these say, in no particular order.
    pub(super) fn peek(&mut self, mut wanted: Vec<Wanted>) -> Vec<Peeked> {
        self.left_behind
            .retain(|reader| !reader.thread.is_finished());
        let stuck_at = |wanted: &Wanted| {
            let mut readers = self.left_behind.iter();
            readers.any(|reader| reader.at.load(Ordering::Relaxed) == wanted.process.0)
        };
        let avoided = wanted.extract_if(.., |wanted| stuck_at(wanted));
        let mut peeked: Vec<Peeked> = avoided.map(|wanted| Peeked::blocked(wanted.key)).collect();
        let reader = match self.reader.take() {
            Some(reader) => Some(reader),
            None if wanted.is_empty() || self.left_behind.len() >= MOST_STUCK => None,
            None => Reader::start(self.root.clone(), self.read),
        };
        let mut answered = 0;
        if let Some(reader) = reader {
            let asked = reader.requests.send(wanted.clone()).is_ok();
            while asked && answered < wanted.len() {
                let Ok(one) = reader.replies.recv_timeout(PATIENCE) else {
                    break;
                };
                peeked.push(one);
                answered += 1;
            }
            if answered == wanted.len() {
                self.reader = Some(reader);
            } else {
                self.left_behind.push(reader.ending());
            }
        }
        let late = wanted.split_off(answered);
        peeked.extend(late.into_iter().map(|wanted| Peeked::blocked(wanted.key)));
        peeked
    }
}

impl Reader {
    fn start(root: PathBuf, read: Read) -> Option<Self> {
        let (requests, incoming) = channel::<Vec<Wanted>>();
        let (answers, replies) = channel();
        let at = Arc::new(AtomicI32::new(0));
        let now_at = Arc::clone(&at);
        let thread = std::thread::Builder::new().name("kernel-side".to_owned());
        let started = thread.spawn(move || {
            let Ok(root) = ProcRoot::open(&root) else {
                return;
            };
            for wanted in incoming.iter().flatten() {
                now_at.store(wanted.process.0, Ordering::Relaxed);
                if answers.send(read(&root, wanted)).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            requests,
            replies,
            at,
            thread: started.ok()?,
        })
    }

    /// It ends with the file that it is at: nobody hears what it says.
    fn ending(self) -> Self {
        let (requests, _) = channel();
        let (_, replies) = channel();
        Self {
            requests,
            replies,
            ..self
        }
    }
}

impl Peeked {
    fn blocked(key: ProcessKey) -> Self {
        Self {
            key,
            syscall: Err(Missing::Blocked),
            stack: Err(Missing::Blocked),
        }
    }
}

fn read(root: &ProcRoot, wanted: Wanted) -> Peeked {
    let text = |name: &str| {
        let path = format!("{}/task/{}/{name}", wanted.process.0, wanted.key.pid.0);
        let file = root.open_file(&path).map_err(missing_from_errno)?;
        let mut buffer = vec![0; 4096];
        let length = read_from_start(&file, &mut buffer).map_err(missing_from_errno)?;
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

    #[test]
    fn a_process_that_never_answers_is_asked_once_and_does_not_keep_the_others_from_answering() {
        let mut side = KernelSide::new(PathBuf::from("/proc"));
        side.read = stuck_at_13;
        let first = side.peek(vec![wanted(13)]);
        assert_eq!(first, [Peeked::blocked(wanted(13).key)]);
        for _ in 0..2 * MOST_STUCK {
            let peeked = side.peek(vec![wanted(13)]);
            assert_eq!(peeked, [Peeked::blocked(wanted(13).key)]);
            assert_eq!(side.left_behind.len(), 1, "nobody else is stuck there");
        }
        // A machine that is busy may leave a reader late, but not for ever.
        let answers = || side.peek(vec![wanted(7)])[0].syscall.is_ok();
        assert!(std::iter::repeat_with(answers).take(1000).any(|came| came));
    }
}
