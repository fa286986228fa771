//! The thread that reads a capture, so that no frame ever waits for a disk.
//!
//! Jobs go in, replies come out over a channel shared by all workers. While one job runs, newer
//! ones replace those still waiting: dragging the cursor over a slow capture loads the moment
//! under the pointer and not every moment it passed.

use crate::command::DocumentId;
use crate::data::{Facts, Replay, ReplayError, SeriesData, SeriesId, Snapshot, Want};
use afterimage_format::time::WallTime;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Which question a reply answers: rises with each one, so that an overtaken one is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Generation(pub u64);

/// A question to one capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Curves for a stretch of time.
    Series {
        /// Which question this is.
        generation: Generation,
        /// Which curves.
        wanted: Vec<SeriesId>,
        /// From here.
        from: WallTime,
        /// Up to here.
        to: WallTime,
        /// In about so many pieces.
        buckets: usize,
    },
    /// The process table at one instant.
    Snapshot {
        /// Which question this is.
        generation: Generation,
        /// Which instant.
        want: Want,
    },
}

/// What came back from one capture.
#[derive(Debug, Clone)]
pub enum Reply {
    /// It is open.
    Opened(Arc<Facts>),
    /// It cannot be opened, and why.
    NotOpened(String),
    /// The curves that were asked for.
    Series(Generation, Vec<Arc<SeriesData>>),
    /// The snapshot that was asked for.
    Snapshot(Generation, Arc<Snapshot>),
    /// A question could not be answered, and why.
    Failed(String),
}

/// What opens a capture; it runs on the worker's thread.
pub type Opener = Box<dyn FnOnce() -> Result<Box<dyn Replay>, ReplayError> + Send>;

/// What a worker calls after each reply, to have a frame drawn.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The thread that reads one capture. It ends when this is dropped.
#[derive(Debug)]
pub struct Worker {
    jobs: Sender<Job>,
}

impl Worker {
    /// Starts the thread, which opens the capture first.
    pub fn start(
        document: DocumentId,
        opener: Opener,
        replies: Sender<(DocumentId, Reply)>,
        wake: Wake,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = channel();
        let say = move |reply| {
            // Nobody listens any more once the window is closed.
            let _closed = replies.send((document, reply)).is_err();
            wake();
        };
        std::thread::Builder::new()
            .name(format!("capture-{}", document.0))
            .spawn(move || match opener() {
                Ok(replay) => serve(replay, &inbox, say),
                Err(error) => say(Reply::NotOpened(chain(&error))),
            })?;
        Ok(Self { jobs })
    }

    /// Asks for something; a reply comes over the channel.
    pub fn ask(&self, job: Job) {
        // A thread that could not open its capture has said so and is gone.
        let _gone = self.jobs.send(job).is_err();
    }
}

/// Answers jobs until the sender is gone.
fn serve(mut replay: Box<dyn Replay>, inbox: &Receiver<Job>, say: impl Fn(Reply)) {
    say(Reply::Opened(Arc::new(replay.facts())));
    let mut waiting = Waiting::default();
    while let Some(job) = waiting.next(inbox) {
        say(answer(replay.as_mut(), job));
    }
}

fn answer(replay: &mut dyn Replay, job: Job) -> Reply {
    let answered = match job {
        Job::Series {
            generation,
            wanted,
            from,
            to,
            buckets,
        } => replay
            .series(&wanted, from, to, buckets)
            .map(|all| Reply::Series(generation, all.into_iter().map(Arc::new).collect())),
        Job::Snapshot { generation, want } => replay
            .snapshot(want)
            .map(|snapshot| Reply::Snapshot(generation, Arc::new(snapshot))),
    };
    answered.unwrap_or_else(|error| Reply::Failed(chain(&error)))
}

/// The jobs that wait: at most one of each kind, the newest.
#[derive(Debug, Default)]
struct Waiting {
    series: Option<Job>,
    snapshot: Option<Job>,
}

impl Waiting {
    /// The next job; blocks when there is none, `None` when there will never be one again.
    fn next(&mut self, inbox: &Receiver<Job>) -> Option<Job> {
        if self.series.is_none() && self.snapshot.is_none() {
            self.keep(inbox.recv().ok()?);
        }
        while let Ok(job) = inbox.try_recv() {
            self.keep(job);
        }
        self.snapshot.take().or_else(|| self.series.take())
    }

    fn keep(&mut self, job: Job) {
        match job {
            Job::Series { .. } => self.series = Some(job),
            Job::Snapshot { .. } => self.snapshot = Some(job),
        }
    }
}

/// An error with all its causes on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(number: u64) -> Job {
        let want = Want::At(WallTime(0));
        Job::Snapshot {
            generation: Generation(number),
            want,
        }
    }

    fn series(buckets: usize) -> Job {
        let (from, to) = (WallTime(0), WallTime(1));
        Job::Series {
            generation: Generation(0),
            wanted: vec![],
            from,
            to,
            buckets,
        }
    }

    #[test]
    fn only_the_newest_wanted_moment_is_loaded() {
        let (send, inbox) = channel();
        for job in [
            snapshot(1),
            series(10),
            snapshot(2),
            series(20),
            snapshot(3),
        ] {
            send.send(job).unwrap();
        }
        drop(send);
        let mut waiting = Waiting::default();
        assert_eq!(waiting.next(&inbox), Some(snapshot(3)));
        assert_eq!(waiting.next(&inbox), Some(series(20)));
        assert_eq!(waiting.next(&inbox), None);
    }

    #[test]
    fn a_capture_that_is_not_there_is_reported_with_its_cause() {
        let path = std::path::PathBuf::from("no-such.afterimage");
        let opener: Opener = Box::new(move || crate::data::open(&path));
        let (send, replies) = channel();
        let _worker = Worker::start(DocumentId(7), opener, send, Arc::new(|| ())).unwrap();
        let (document, reply) = replies.recv().unwrap();
        assert_eq!(document, DocumentId(7));
        let Reply::NotOpened(text) = reply else {
            panic!("it was opened")
        };
        assert!(
            text.starts_with("no-such.afterimage cannot be opened: "),
            "{text}"
        );
    }
}
