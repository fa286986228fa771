//! Which of the jobs that wait comes next: newer ones replace those of their kind.

use super::Job;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// The jobs that wait: at most one of each kind, the newest, by how soon it is wanted.
#[derive(Debug, Default)]
pub(super) struct Waiting([Option<Job>; 12]);

/// What a worker does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It answers this.
    Job(Job),
    /// It looks for what was recorded since.
    Look,
    /// Nobody will ask again.
    Over,
}

impl Waiting {
    /// What to do next; blocks until there is something, or it is time to look again.
    pub(super) fn next(&mut self, inbox: &Receiver<Job>, left: Option<Duration>) -> Next {
        // Somebody who scrubs without a pause must not keep the capture from growing.
        if left == Some(Duration::ZERO) {
            return Next::Look;
        }
        if !self.has_any(inbox) {
            let came = match left {
                None => inbox.recv().map_err(|_over| RecvTimeoutError::Disconnected),
                Some(left) => inbox.recv_timeout(left),
            };
            match came {
                Ok(job) => self.keep(job),
                Err(RecvTimeoutError::Timeout) => return Next::Look,
                Err(RecvTimeoutError::Disconnected) => return Next::Over,
            }
        }
        let job = self.0.iter_mut().find_map(Option::take);
        job.map_or(Next::Over, Next::Job)
    }

    /// Takes what has come, and says whether anything waits.
    pub(super) fn has_any(&mut self, inbox: &Receiver<Job>) -> bool {
        while let Ok(job) = inbox.try_recv() {
            self.keep(job);
        }
        self.0.iter().any(Option::is_some)
    }

    /// There is more to do of a question, unless a newer one of its kind has come.
    pub(super) fn go_on(&mut self, job: Job) {
        let place = place(&job);
        self.0[place].get_or_insert(job);
    }

    fn keep(&mut self, job: Job) {
        let place = place(&job);
        self.0[place] = Some(job);
    }
}

/// How soon it is wanted.
fn place(job: &Job) -> usize {
    match job {
        Job::Snapshot { .. } => 0,
        Job::Things { .. } => 1,
        Job::Dump { .. } => 2,
        Job::Series { .. } => 3,
        Job::Life { .. } => 4,
        Job::Overview { .. } => 5,
        Job::Dumps { .. } => 6,
        Job::Load { .. } => 7,
        Job::DumpGrid { .. } => 8,
        Job::Events { .. } => 9,
        Job::Rows { .. } => 10,
        Job::ThreadCurve { .. } => 11,
    }
}
