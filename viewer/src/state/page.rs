//! The page of the process that is followed: what is known of it, and of its life.

use crate::command::Request;
use crate::data::worker::{Generation, Job};
use crate::data::{Life, ProcessRow, Snapshot, Whom};
use crate::state::Document;
use crate::time_axis::Span;
use afterimage_format::process::ProcessKey;
use afterimage_format::time::WallTime;
use std::sync::Arc;

/// The page of one process.
#[derive(Debug, Clone)]
pub struct Page {
    /// Which one.
    pub key: ProcessKey,
    /// As it was when it was last seen.
    pub row: Arc<ProcessRow>,
    /// Whether it is there in the snapshot that is shown.
    pub is_there: bool,
    /// Its curves and its lines of the kernel log, once they are loaded.
    pub life: Option<Arc<Life>>,
    /// Whether it has all the room, and not only that beside the table.
    pub is_wide: bool,
    /// The number of the newest question for its life, while the answer is owed.
    pub owed: Option<Generation>,
    asked: Option<Asked>,
}

/// For what its life was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    view: Span,
    buckets: usize,
    end: WallTime,
}

impl Page {
    pub(crate) fn new(key: ProcessKey, row: Arc<ProcessRow>, is_wide: bool) -> Self {
        Self {
            key,
            row,
            is_there: true,
            life: None,
            is_wide,
            owed: None,
            asked: None,
        }
    }

    /// Another snapshot is shown.
    pub(crate) fn look_at(&mut self, snapshot: &Snapshot) {
        let row = snapshot.rows.iter().find(|row| row.key == self.key);
        self.is_there = row.is_some();
        if let Some(row) = row {
            self.row = Arc::new(row.clone());
        }
    }

    pub(crate) fn received(&mut self, generation: Generation, life: Arc<Life>) {
        if self.owed == Some(generation) {
            self.owed = None;
        }
        if life.key == self.key {
            self.life = Some(life);
        }
    }
}

impl Document {
    /// Asks for the life of the process that is followed over the time in view, unless that was
    /// asked for already.
    pub(crate) fn want_life(&mut self) -> Vec<Request> {
        let (view, end, width) = (self.time.view, self.time.capture.to, self.time.width);
        if self.facts().is_none() || width == 0 {
            return vec![];
        }
        let asking = Asked {
            view,
            buckets: width,
            end: end.min(view.to),
        };
        if self
            .page
            .as_ref()
            .is_none_or(|page| page.asked == Some(asking))
        {
            return vec![];
        }
        let generation = self.next_generation();
        let Some(page) = &mut self.page else {
            return vec![];
        };
        page.asked = Some(asking);
        page.owed = Some(generation);
        let whom = Whom {
            key: page.key,
            comm: page.row.comm.clone(),
            started: page.row.started.ok(),
        };
        // As much again on either side, so that panning shows something at once.
        let around = self.time.folds.change(view, |view| view.widened(0.5));
        let job = Job::Life {
            generation,
            whom,
            from: around.from,
            to: around.to,
            buckets: width * 2,
        };
        vec![Request::Ask(self.id, job)]
    }
}
