//! The page of the thread dumps: which dump is looked at, and how.
//!
//! The dump that is shown is the newest at the cursor, or one that was picked there. Its text is
//! asked for while the page is shown; then its process's other dumps, those nearest first.

pub(crate) mod export;
mod order;

use crate::command::Request;
use crate::data::dumps::{DumpContent, DumpList, Grid, ReadDump, ThreadKey};
use crate::data::worker::{Generation, Job, Reply};
use crate::state::Document;
use crate::state::tabs::Tab;
use afterimage_format::capture::StoredDump;
use afterimage_format::process::Pid;
use afterimage_format::time::WallTime;
use afterimage_format::units::Ticks;
pub use order::COLUMNS_BACK;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A capture that grows is looked through for dumps again after this time.
const AGAIN_MICROS: i64 = 5_000_000;

/// What is shown of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DumpPage {
    /// What is wrong, in words.
    #[default]
    Findings,
    /// Threads over the dumps.
    Grid,
    /// Threads that do the same.
    Groups,
    /// Who holds what, and who waits for it.
    Locks,
    /// The stacks, merged.
    Calls,
    /// The text.
    Text,
}

impl DumpPage {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Findings,
        Self::Grid,
        Self::Groups,
        Self::Locks,
        Self::Calls,
        Self::Text,
    ];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Findings => "Findings",
            Self::Grid => "Over time",
            Self::Groups => "Groups",
            Self::Locks => "Locks",
            Self::Calls => "Call tree",
            Self::Text => "Text",
        }
    }

    /// Its name on the command line and among the explanations.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::Grid => "grid",
            Self::Groups => "groups",
            Self::Locks => "locks",
            Self::Calls => "calls",
            Self::Text => "text",
        }
    }
}

/// What threads are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GridSort {
    /// What did something else before, the worst first.
    #[default]
    Change,
    /// Their state.
    State,
    /// CPU around the dump.
    Cpu,
    /// Their names.
    Name,
}

impl GridSort {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Change, Self::State, Self::Cpu, Self::Name];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Change => "Change",
            Self::State => "State",
            Self::Cpu => "CPU",
            Self::Name => "Name",
        }
    }
}

/// Something that can be opened and closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Branch {
    /// A group, by its place in the report.
    Group(usize),
    /// The groups that are idle.
    Idle,
    /// All who wait for a lock, by its place in the report.
    Waiters(usize),
    /// What a finding rests on, by its place.
    Finding(usize),
}

/// How the thread dumps are shown.
#[derive(Debug, Clone, Default)]
pub struct DumpsView {
    /// The dumps, once they are loaded.
    pub list: Option<DumpList>,
    /// The dump that is loaded; that which was shown before while another one is being loaded.
    pub content: Option<Arc<DumpContent>>,
    /// The threads of its process over the dumps, as far as they are read.
    pub grid: Option<Arc<Grid>>,
    /// The rows of the grid that are shown, in order.
    pub order: Vec<u32>,
    /// The groups of the dump that are shown, by their places in the report.
    pub groups: Vec<u32>,
    /// What is shown of it.
    pub page: DumpPage,
    /// The thread whose page is shown.
    pub thread: Option<Arc<ThreadKey>>,
    /// What threads are sorted by.
    pub sort: GridSort,
    /// Whether the call tree shows CPU.
    pub by_cpu: bool,
    /// Whether idle threads are in it.
    pub with_idle: bool,
    /// The part of it that is as wide as the page.
    pub zoom: Option<usize>,
    /// What is open that is not at first, or the other way round.
    pub turned: BTreeSet<Branch>,
    /// What is looked for.
    pub search: String,
    /// The lines of the text that match.
    pub found: Vec<u32>,
    /// Which of them one stands at.
    pub found_at: Option<usize>,
    /// The line of the text that should come into sight.
    pub wanted_line: Option<usize>,
    /// The thread to show once the dump is loaded, by its name.
    pub(crate) wanted_thread: Option<String>,
    pub(crate) picked: Option<i64>,
    owed: [Option<Generation>; 3],
    asked_list: Option<WallTime>,
    asked_dump: Option<i64>,
    asked_grid: Option<(Option<i64>, Pid, Option<Ticks>, usize)>,
}

/// What is owed, by its place in `DumpsView::owed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owed {
    List,
    Dump,
    Grid,
}

impl DumpsView {
    pub(crate) fn is_waiting(&self) -> bool {
        self.owed.iter().any(Option::is_some)
    }

    /// An answer came; of what is no answer about dumps, nothing is taken.
    pub(crate) fn answered(&mut self, reply: Reply) {
        match reply {
            Reply::Dumps(generation, list) => {
                self.came(Owed::List, generation);
                self.list = Some(list);
            }
            Reply::Dump(generation, content) => {
                self.came(Owed::Dump, generation);
                self.received(content);
            }
            Reply::DumpGrid(generation, grid) => {
                // More of it comes under the same number.
                if grid.left == 0 {
                    self.came(Owed::Grid, generation);
                }
                self.received_grid(grid);
            }
            _ => {}
        }
    }

    fn came(&mut self, what: Owed, generation: Generation) {
        let owed = &mut self.owed[what as usize];
        if *owed == Some(generation) {
            *owed = None;
        }
    }

    /// No answer will come.
    pub(crate) fn failed(&mut self) {
        self.owed = [None; 3];
    }

    /// A dump of the list.
    pub fn entry(&self, id: i64) -> Option<&StoredDump> {
        self.list.as_deref()?.iter().find(|dump| dump.id == id)
    }

    /// What was read of the dump that is loaded.
    pub fn read(&self) -> Option<&ReadDump> {
        self.content.as_deref()?.read.as_ref()
    }

    /// Whether something is open, where it is closed at first.
    pub fn is_open(&self, branch: Branch) -> bool {
        self.turned.contains(&branch)
    }

    /// The dump at an instant: the one that was picked there, else the newest until then, else the
    /// first.
    fn at(&self, at: WallTime) -> Option<&StoredDump> {
        let list = self.list.as_deref()?;
        let picked = self.picked.and_then(|id| self.entry(id));
        let until = list.partition_point(|dump| dump.facts.wall <= at);
        let newest = until.checked_sub(1).map(|last| &list[last]);
        picked
            .filter(|dump| dump.facts.wall == at)
            .or(newest)
            .or(list.first())
    }

    /// A dump came.
    fn received(&mut self, content: Arc<DumpContent>) {
        if self
            .content
            .as_ref()
            .is_none_or(|known| known.id != content.id)
        {
            self.zoom = None;
            self.turned.clear();
        }
        self.content = Some(content);
        if let Some(name) = self.wanted_thread.take() {
            self.follow(&name);
        }
        self.look_for();
        self.arrange();
    }

    /// The threads of its process came.
    fn received_grid(&mut self, grid: Arc<Grid>) {
        self.grid = Some(grid);
        self.arrange();
    }

    /// Shows the page of the first thread with this name.
    pub(crate) fn follow(&mut self, name: &str) {
        let read = self.read();
        let found = read.and_then(|read| Some(Arc::clone(&read.keys[read.called(name)?])));
        self.thread = found.or(self.thread.take());
    }

    /// Looks through the text for what is looked for.
    pub(crate) fn look_for(&mut self) {
        let text = self
            .content
            .as_deref()
            .and_then(|content| content.text.as_ref());
        self.found = text.map_or(vec![], |text| text.find(&self.search));
        self.found_at = (!self.found.is_empty()).then_some(0);
        self.wanted_line = self.found.first().map(|line| *line as usize);
    }

    /// Goes so many matches further down, and round.
    pub(crate) fn next_match(&mut self, by: i64) {
        let count = i64::try_from(self.found.len()).unwrap_or(i64::MAX);
        if count == 0 {
            return;
        }
        let at = self
            .found_at
            .and_then(|at| i64::try_from(at).ok())
            .unwrap_or(0);
        let next = usize::try_from((at + by).rem_euclid(count)).unwrap_or(0);
        self.found_at = Some(next);
        self.wanted_line = self.found.get(next).map(|line| *line as usize);
    }
}

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
        let jobs = [self.dumps_job(), self.dump_job(), self.dump_grid_job()];
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
}

#[cfg(test)]
mod tests;
