//! What is asked of the worker for the page of the thread dumps.

use super::Owed;
use crate::command::Request;
use crate::data::worker::{Generation, Job};
use crate::state::Document;
use crate::state::tabs::Tab;
use afterimage_format::capture::StoredDump;
use afterimage_format::time::WallTime;

/// A capture that grows is looked through for dumps again after this time.
const AGAIN_MICROS: i64 = 5_000_000;

impl Document {
    /// The dump at the cursor.
    pub fn dump_at_cursor(&self) -> Option<&StoredDump> {
        self.dumps.at(self.log_instant())
    }

    /// Asks for the dumps, and while their page is shown for the one at the cursor and those of
    /// its process, unless they are there.
    pub(crate) fn want_dumps(&mut self) -> Vec<Request> {
        if self.facts().is_none() || self.time.width == 0 {
            return vec![];
        }
        let jobs = [
            self.dumps_job(),
            self.dump_job(),
            self.dump_grid_job(),
            self.curve_job(),
        ];
        let jobs = jobs.into_iter().flatten();
        jobs.map(|job| Request::Ask(self.id, job)).collect()
    }

    fn owe_dumps(&mut self, what: Owed) -> Generation {
        let generation = self.next_generation();
        self.dumps.owed[what as usize] = Some(generation);
        generation
    }

    fn dumps_job(&mut self) -> Option<Job> {
        let end = self.time.capture.to;
        let fits = |asked: WallTime| end.0.saturating_sub(asked.0) < AGAIN_MICROS;
        if self.dumps.asked_list.is_some_and(fits) {
            return None;
        }
        self.dumps.asked_list = Some(end);
        let generation = self.owe_dumps(Owed::List);
        Some(Job::Dumps { generation })
    }

    fn dump_job(&mut self) -> Option<Job> {
        let id = self.dump_at_cursor()?.id;
        if self.tab != Tab::Threads || self.dumps.asked_dump == Some(id) {
            return None;
        }
        self.dumps.asked_dump = Some(id);
        let generation = self.owe_dumps(Owed::Dump);
        Some(Job::Dump { generation, id })
    }

    fn dump_grid_job(&mut self) -> Option<Job> {
        let shown = self.dump_at_cursor()?;
        let (id, facts) = (shown.id, &shown.facts);
        let count = self.dumps.list.as_deref().map_or(0, <[_]>::len);
        let asking = Some((shown.run, facts.pid, facts.started, count));
        if self.tab != Tab::Threads || self.dumps.asked_grid == asking {
            return None;
        }
        self.dumps.asked_grid = asking;
        let generation = self.owe_dumps(Owed::Grid);
        Some(Job::DumpGrid { generation, id })
    }

    /// Asks for the CPU of the thread whose page is shown, over what the curves above show.
    fn curve_job(&mut self) -> Option<Job> {
        let content = self.dumps.content.clone()?;
        let (read, key) = (content.read.as_ref()?, self.dumps.thread.as_ref()?);
        let seen = read.report.kernel.thread(read.place(key)?)?;
        let facts = &self.dumps.entry(content.id)?.facts;
        let (of, at) = ((facts.pid, seen.tid), facts.wall);
        let view = self.time.view;
        let asking = (of, content.id, (view.from, view.to));
        if self.tab != Tab::Threads || self.dumps.asked_curve == Some(asking) {
            return None;
        }
        self.dumps.asked_curve = Some(asking);
        let generation = self.owe_dumps(Owed::Curve);
        Some(Job::ThreadCurve {
            generation,
            of,
            at,
            span: asking.2,
        })
    }
}
