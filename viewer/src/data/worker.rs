//! The thread that reads a capture, so that no frame ever waits for a disk.
//!
//! Jobs go in, replies come out over a channel shared by all workers. While one job runs, newer
//! ones replace those still waiting: dragging the cursor over a slow capture loads the moment
//! under the pointer and not every moment it passed.

mod talk;
mod waiting;

pub use talk::{Generation, Job, Reply};

use crate::command::DocumentId;
use crate::data::{Ending, Facts, Progress, Replay, ReplayError, Search};
use afterimage_format::capture::watch::Watch as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use waiting::{Next, Waiting};

/// What opens a capture; it runs on the worker's thread.
pub type Opener = Box<dyn FnOnce(&Arc<Progress>) -> Result<Box<dyn Replay>, ReplayError> + Send>;

/// What is said when the reader itself fails: the file may be what no recorder writes, but a
/// reader must stand that.
const DEFECT: &str = "the viewer met something in it that it does not expect and can read on no \
                      further; this is a defect of the viewer, please report it";

/// How often a capture that is being recorded is looked at again.
const EACH: Duration = Duration::from_secs(1);

/// How often it is told how far looking for damage has come.
const EACH_SEARCH: Duration = Duration::from_millis(100);

/// What a worker calls after each reply, to have a frame drawn.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The thread that reads one capture. When this is dropped it gives up what it is doing and ends.
#[derive(Debug)]
pub struct Worker {
    jobs: Sender<Job>,
    progress: Arc<Progress>,
    /// Nothing ever comes over it; it is closed when the thread has let go of everything.
    over: Receiver<()>,
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
        let told = say.clone();
        let progress = Arc::new(Progress::new(Box::new(move |stage| {
            told(Reply::Opening(stage));
        })));
        let watch = Arc::clone(&progress);
        let (alive, over) = channel();
        std::thread::Builder::new()
            .name(format!("capture-{}", document.0))
            .spawn(move || {
                let _until_the_end = alive;
                let read = || match opener(&watch) {
                    Ok(replay) => {
                        watch.opened();
                        serve(replay, (&inbox, &watch), &say);
                    }
                    Err(error) => say(Reply::NotOpened(chain(&error))),
                };
                // Nothing of the capture is used after it, so nothing half done is seen.
                if catch_unwind(AssertUnwindSafe(read)).is_err() {
                    say(Reply::NotOpened(DEFECT.to_owned()));
                }
            })?;
        Ok(Self {
            jobs,
            progress,
            over,
        })
    }

    /// Ends it and waits until it has let go of its capture: a folder that was made to open it
    /// is gone then. Not for longer than this: a disk may not answer.
    pub fn end(mut self, longest: Duration) {
        self.progress.end();
        // No job will ever come.
        self.jobs = channel().0;
        let _over = self.over.recv_timeout(longest).is_err();
    }

    /// Has the whole capture looked through for damage while there is nothing else to do. To be
    /// asked before it is open.
    pub fn look_for_damage(&self) {
        self.progress.look_for_damage();
    }

    /// Asks for something; a reply comes over the channel.
    pub fn ask(&self, job: Job) {
        // A thread that could not open its capture has said so and is gone.
        let _gone = self.jobs.send(job).is_err();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.progress.end();
    }
}

/// Answers jobs until the sender is gone, and meanwhile follows what is still being recorded.
fn serve(
    mut replay: Box<dyn Replay>,
    (inbox, watch): (&Receiver<Job>, &Progress),
    say: &impl Fn(Reply),
) {
    let mut told = replay.facts();
    say(Reply::Opened(Arc::clone(&told)));
    let (mut waiting, mut looked) = (Waiting::default(), now());
    let (mut is_searching, mut told_at) = (watch.looks_for_damage(), now());
    loop {
        let is_recorded = told.ending == Ending::Recording;
        if is_searching && !is_recorded && !waiting.has_any(inbox) {
            let found = replay.search();
            let found = found.unwrap_or_else(|error| Search::Failed(chain(&error)));
            is_searching = matches!(found, Search::On { .. }) && !watch.is_over();
            tell(replay.as_ref(), &mut told, say);
            if !is_searching || now() - told_at >= EACH_SEARCH {
                told_at = now();
                say(Reply::Searched(found));
            }
            continue;
        }
        let left = is_recorded.then(|| EACH.saturating_sub(now() - looked));
        let answered = match waiting.next(inbox, left) {
            Next::Job(job) => {
                let rest = job.comes_in_pieces().then(|| job.clone());
                let answer = answer(replay.as_mut(), job);
                let is_whole = answer.as_ref().is_some_and(Reply::is_whole);
                if let (false, Some(rest)) = (is_whole, rest) {
                    // After whatever else is wanted by now.
                    waiting.go_on(rest);
                }
                answer
            }
            Next::Look => {
                let failed = replay.refresh().err();
                looked = now();
                failed.map(|error| Reply::Failed(None, chain(&error)))
            }
            Next::Over => return,
        };
        // First, so that a snapshot from before a damaged minute is known to be one.
        tell(replay.as_ref(), &mut told, say);
        if let Some(answer) = answered {
            say(answer);
        }
        if !waiting.has_any(inbox) {
            replay.look_ahead();
            replay.rest();
        }
    }
}

/// Tells what is true of the whole capture, when that is no longer what was told.
fn tell(replay: &dyn Replay, told: &mut Arc<Facts>, say: &impl Fn(Reply)) {
    let facts = replay.facts();
    if !Arc::ptr_eq(&facts, told) {
        *told = facts;
        say(Reply::Changed(Arc::clone(told)));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "only paces looking at a file that grows; nothing shown depends on it"
)]
fn now() -> Instant {
    Instant::now()
}

/// The answer to a question; `None` when there is more to do for it.
fn answer(replay: &mut dyn Replay, job: Job) -> Option<Reply> {
    let asked = job.generation();
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
        Job::Overview {
            generation,
            wanted,
            from,
            to,
            buckets,
        } => replay
            .series(&wanted, from, to, buckets)
            .map(|all| Reply::Overview(generation, all.into_iter().map(Arc::new).collect())),
        Job::Rows {
            generation,
            wanted,
            from,
            to,
            most,
        } => wanted
            .into_iter()
            .map(|group| replay.rows(group, (from, to), most).map(Arc::new))
            .collect::<Result<_, _>>()
            .map(|all| Reply::Rows(generation, all)),
        Job::Events { generation } => match replay.events() {
            Ok(events) => Ok(Reply::Events(generation, Arc::new(events?))),
            Err(error) => Err(error),
        },
        Job::Snapshot {
            generation,
            want,
            curves,
        } => replay
            .snapshot(want, &curves)
            .map(|snapshot| Reply::Snapshot(generation, Arc::new(snapshot))),
        Job::Things {
            generation,
            of,
            seq,
        } => replay
            .things(of, seq)
            .map(|things| Reply::Things(generation, Arc::new(things))),
        Job::Life {
            generation,
            whom,
            from,
            to,
            buckets,
        } => replay
            .life(&whom, from, to, buckets)
            .map(|life| Reply::Life(generation, Arc::new(life))),
        Job::Load {
            generation,
            question,
        } => match replay.load(&question) {
            Ok(load) => Ok(Reply::Load(generation, Arc::new(load?))),
            Err(error) => Err(error),
        },
        job @ (Job::Dumps { .. }
        | Job::Dump { .. }
        | Job::DumpGrid { .. }
        | Job::ThreadCurve { .. }) => return answer_dumps(replay, &job),
    };
    Some(answered.unwrap_or_else(|error| Reply::Failed(Some(asked), chain(&error))))
}

/// The same of questions about thread dumps; of others there are no more.
fn answer_dumps(replay: &mut dyn Replay, job: &Job) -> Option<Reply> {
    let asked = job.generation();
    let answered = match *job {
        Job::Dumps { generation } => replay.dumps().map(|list| Reply::Dumps(generation, list)),
        Job::Dump { generation, id } => replay
            .dump(id)
            .map(|dump| Reply::Dump(generation, Arc::new(dump))),
        Job::ThreadCurve {
            generation,
            of,
            at,
            span,
        } => replay
            .thread_curve(of, at, span)
            .map(|curve| Reply::ThreadCurve(generation, Arc::new(curve))),
        Job::DumpGrid { generation, id } => match replay.dump_grid(id) {
            Ok(grid) => Ok(Reply::DumpGrid(generation, Arc::new(grid?))),
            Err(error) => Err(error),
        },
        _ => return None,
    };
    Some(answered.unwrap_or_else(|error| Reply::Failed(Some(asked), chain(&error))))
}

/// An error with all its causes on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        // SQLite says the same twice, the second time with its number.
        let news = words.rsplit(": ").next().unwrap_or(&words);
        if !text.ends_with(news) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests;
