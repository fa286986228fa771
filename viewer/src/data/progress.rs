//! How far opening a capture has come, told from the thread that opens it, and the word that
//! nobody waits any more, told to that thread.

use afterimage_format::capture::watch::{Stage, Watch, Work};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the same work is told of.
const EACH: Duration = Duration::from_millis(50);

/// Between the thread that opens and reads one capture and those who wait for it.
pub struct Progress {
    say: Box<dyn Fn(Stage) + Send + Sync>,
    told: Mutex<Option<(Work, Instant)>>,
    is_opening: AtomicBool,
    is_over: AtomicBool,
    looks_for_damage: AtomicBool,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress")
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

impl Progress {
    /// What is reached while opening is said with `say`, though not all of it.
    pub fn new(say: Box<dyn Fn(Stage) + Send + Sync>) -> Self {
        Self {
            say,
            told: Mutex::new(None),
            is_opening: AtomicBool::new(true),
            is_over: AtomicBool::new(false),
            looks_for_damage: AtomicBool::new(false),
        }
    }

    /// It is open: the same steps, when it is opened again later, are of no interest.
    pub fn opened(&self) {
        self.is_opening.store(false, Ordering::Relaxed);
    }

    /// Nobody waits any more: whatever is going on ends soon.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// The whole capture should be looked through for damage when there is nothing else to do.
    pub fn look_for_damage(&self) {
        self.looks_for_damage.store(true, Ordering::Relaxed);
    }

    /// Whether it should.
    pub fn looks_for_damage(&self) -> bool {
        self.looks_for_damage.load(Ordering::Relaxed)
    }
}

impl Watch for Progress {
    fn reached(&self, stage: Stage) {
        if !self.is_opening.load(Ordering::Relaxed) {
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        let is_known =
            told.is_some_and(|(work, then)| work == stage.work && now.duration_since(then) < EACH);
        if !is_known {
            *told = Some((stage.work, now));
            drop(told);
            (self.say)(stage);
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "only paces what is told; nothing shown depends on it"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn each_kind_of_work_is_told_and_nothing_once_it_is_open() {
        let (send, told) = channel();
        let progress = Progress::new(Box::new(move |stage| send.send(stage).unwrap()));
        let stage = |work, done| Stage {
            work,
            done,
            total: 1_000,
        };
        for done in 0..1_000 {
            progress.reached(stage(Work::CopyingLog, done));
        }
        progress.reached(stage(Work::OpeningDatabase, 0));
        progress.opened();
        progress.reached(stage(Work::ReadingHeader, 0));
        let told: Vec<Stage> = told.try_iter().collect();
        assert_eq!(told.first(), Some(&stage(Work::CopyingLog, 0)));
        assert_eq!(told.last(), Some(&stage(Work::OpeningDatabase, 0)));
        assert!(told.len() < 1_000, "{}", told.len());
    }
}
