//! The page of the thread dumps: which dump is looked at, and how.
//!
//! The dump that is shown is the newest at the cursor, or one that was picked there. Its text is
//! asked for while the page is shown; then its process's other dumps, those nearest first.

pub mod compare;
pub(crate) mod export;
mod order;
mod wanted;

use crate::data::dumps::{DumpContent, DumpList, Grid, ReadDump, ThreadCurve, ThreadKey};
use crate::data::worker::{Generation, Reply};
use afterimage_format::capture::StoredDump;
use afterimage_format::process::Pid;
use afterimage_format::time::WallTime;
use afterimage_format::units::Ticks;
pub use compare::{Compared, PinnedDump};
pub use order::COLUMNS_BACK;
use std::collections::BTreeSet;
use std::sync::Arc;

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
    /// What is different from the pinned dump.
    Compare,
}

impl DumpPage {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::Findings,
        Self::Grid,
        Self::Groups,
        Self::Locks,
        Self::Calls,
        Self::Text,
        Self::Compare,
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
            Self::Compare => "Compare",
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
            Self::Compare => "compare",
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
    /// Threads of which the same is to be told, by their place in the comparison.
    Fold(usize),
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
    /// The CPU of the thread whose page is shown, between its dumps.
    pub curve: Option<Arc<ThreadCurve>>,
    /// The rows of the grid that are shown, in order.
    pub order: Vec<u32>,
    /// The groups of the dump that are shown, by their places in the report.
    pub groups: Vec<u32>,
    /// The dump that others are compared with.
    pub pinned: Option<PinnedDump>,
    /// The dump that is loaded, held beside that one.
    pub compared: Option<Arc<Compared>>,
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
    owed: [Option<Generation>; 4],
    asked_list: Option<WallTime>,
    asked_dump: Option<i64>,
    asked_grid: Option<(Option<i64>, Pid, Option<Ticks>, usize)>,
    asked_curve: Option<CurveOf>,
}

/// A curve that was asked for: of which thread, around which dump, from when until when.
type CurveOf = ((Pid, i32), i64, (WallTime, WallTime));

/// What is owed, by its place in `DumpsView::owed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owed {
    List,
    Dump,
    Grid,
    Curve,
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
            Reply::ThreadCurve(generation, curve) => {
                self.came(Owed::Curve, generation);
                self.curve = Some(curve);
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

    /// This question will not be answered.
    pub(crate) fn gave_up(&mut self, asked: Generation) {
        for owed in &mut self.owed {
            owed.take_if(|owed| *owed == asked);
        }
    }

    /// No answer will come.
    pub(crate) fn failed(&mut self) {
        self.owed = [None; 4];
    }

    /// The thread whose page is shown, by its number on the host.
    pub fn curve_tid(&self) -> Option<i32> {
        let read = self.read()?;
        let place = read.place(self.thread.as_ref()?)?;
        Some(read.report.kernel.thread(place)?.tid)
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

#[cfg(test)]
mod tests;
