//! Two dumps held beside each other: the one that is pinned, and the one at the cursor.

use super::{Branch, DumpsView};
use crate::data::dumps::{DumpContent, ReadDump};
use afterimage_analysis::dumps::compare::{Comparison, Side};
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::groups::pool_name;
use afterimage_analysis::dumps::kernel::Views;
use afterimage_analysis::dumps::model::{State, Thread};
use afterimage_format::time::WallTime;
use std::collections::HashMap;
use std::sync::Arc;

/// A dump that others are compared with.
#[derive(Debug, Clone)]
pub struct PinnedDump {
    /// It, as it was loaded.
    pub content: Arc<DumpContent>,
    /// When it was begun.
    pub at: WallTime,
}

/// What became of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// They did something else.
    Moved,
    /// They were not there before.
    Began,
    /// They are no longer there.
    Ended,
    /// They did the same, and should not have.
    Still,
    /// They did the same, as they should: they are idle.
    Idle,
}

impl Fate {
    /// Every one, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Began,
        Self::Ended,
        Self::Moved,
        Self::Still,
        Self::Idle,
    ];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Moved => "Moved",
            Self::Began => "Began",
            Self::Ended => "Ended",
            Self::Still => "Did not move",
            Self::Idle => "Idle in both",
        }
    }
}

/// A thread of either dump, or of both: places in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Both {
    /// In the earlier dump.
    pub before: Option<usize>,
    /// In the later one.
    pub now: Option<usize>,
    /// CPU that it used in between.
    pub cpu: Option<std::time::Duration>,
    /// It waits for another lock, or for another thread that has it.
    pub has_other_lock: bool,
}

/// Threads of one pool of which the same is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// What became of them.
    pub fate: Fate,
    /// They.
    pub threads: Vec<Both>,
    /// The name of the pool, or of the only one.
    pub name: String,
}

/// A row of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffRow {
    /// The title of findings.
    Findings,
    /// A finding, by its place in the comparison.
    Finding(usize),
    /// The title of locks.
    Locks,
    /// A lock, by its place in the comparison.
    Lock(usize),
    /// The title of threads, and how many there are.
    Fate(Fate, usize),
    /// A fold, by its place.
    Fold(usize),
    /// A thread of an open fold.
    Thread(usize, usize),
    /// The title of groups.
    Groups,
    /// A group, by its place in the comparison.
    Group(usize),
}

/// The pinned dump and the one that is shown, the earlier one first.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The earlier one.
    pub before: Arc<DumpContent>,
    /// The later one.
    pub now: Arc<DumpContent>,
    /// Whether the pinned one is the earlier one.
    pub is_pinned_first: bool,
    /// What is different.
    pub comparison: Comparison,
    /// The threads, folded.
    pub folds: Vec<Fold>,
    /// What is shown, in order.
    pub rows: Vec<DiffRow>,
}

impl Compared {
    /// Both, as they were read; the earlier one first.
    pub fn reads(&self) -> Option<[&ReadDump; 2]> {
        Some([self.before.read.as_ref()?, self.now.read.as_ref()?])
    }
}

impl DumpsView {
    /// Whether others are compared with this dump.
    pub fn is_pinned(&self, id: i64) -> bool {
        self.pinned
            .as_ref()
            .is_some_and(|pinned| pinned.content.id == id)
    }

    /// Pins the dump that is loaded, or unpins the one that is.
    pub(crate) fn toggle_pin(&mut self) {
        self.compared = None;
        if self.pinned.take().is_some() {
            return;
        }
        let content = self
            .content
            .clone()
            .filter(|content| content.read.is_some());
        let at = content
            .as_ref()
            .and_then(|content| self.entry(content.id))
            .map(|dump| dump.facts.wall);
        self.pinned = content
            .zip(at)
            .map(|(content, at)| PinnedDump { content, at });
    }

    /// Holds the dump that is loaded beside the one that is pinned.
    pub(crate) fn compare(&mut self) {
        let known = self.compared.take();
        let (Some(pinned), Some(shown)) = (&self.pinned, &self.content) else {
            return;
        };
        if pinned.content.id == shown.id {
            return;
        }
        let Some(entry) = self.entry(shown.id) else {
            return;
        };
        let is_pinned_first = pinned.at <= entry.facts.wall;
        let (before, now) = if is_pinned_first {
            (&pinned.content, shown)
        } else {
            (shown, &pinned.content)
        };
        let is_known = |known: &Arc<Compared>| {
            Arc::ptr_eq(&known.before, before) && Arc::ptr_eq(&known.now, now)
        };
        let life = |id| {
            let facts = self.entry(id).map(|dump| (dump.run, &dump.facts));
            facts.map(|(run, facts)| (run, facts.pid, facts.started))
        };
        let is_one_life = life(pinned.content.id) == life(shown.id);
        let compared = match known.filter(is_known) {
            Some(known) => Some(Arc::unwrap_or_clone(known)),
            None => compared((before, now), is_one_life),
        };
        let compared = compared.map(|mut compared| {
            compared.is_pinned_first = is_pinned_first;
            compared.rows = self.rows(&compared);
            Arc::new(compared)
        });
        self.compared = compared;
    }

    /// What is shown of it: what has the text that is looked for, and folds as they are open.
    fn rows(&self, compared: &Compared) -> Vec<DiffRow> {
        let wanted = self.search.to_lowercase();
        let Some(reads) = compared.reads() else {
            return Vec::new();
        };
        let comparison = &compared.comparison;
        let mut rows = Vec::new();
        if wanted.is_empty() && !comparison.findings.is_empty() {
            rows.push(DiffRow::Findings);
            rows.extend((0..comparison.findings.len()).map(DiffRow::Finding));
        }
        if wanted.is_empty() && !comparison.locks.is_empty() {
            rows.push(DiffRow::Locks);
            rows.extend((0..comparison.locks.len()).map(DiffRow::Lock));
        }
        for fate in Fate::ALL {
            let folds = compared.folds.iter().enumerate();
            let folds: Vec<(usize, &Fold)> = folds
                .filter(|(_, fold)| fold.fate == fate && is_wanted(fold, reads, &wanted))
                .collect();
            let count = folds.iter().map(|(_, fold)| fold.threads.len()).sum();
            if count == 0 {
                continue;
            }
            rows.push(DiffRow::Fate(fate, count));
            if fate == Fate::Idle && wanted.is_empty() && !self.is_open(Branch::Idle) {
                continue;
            }
            for (place, fold) in folds {
                rows.push(DiffRow::Fold(place));
                if fold.threads.len() > 1 && self.is_open(Branch::Fold(place)) {
                    let threads = 0..fold.threads.len();
                    rows.extend(threads.map(|thread| DiffRow::Thread(place, thread)));
                }
            }
        }
        let groups: Vec<usize> = (0..comparison.groups.len())
            .filter(|place| {
                let counts = comparison.groups[*place].counts;
                counts.0.max(counts.1) > 1
            })
            .collect();
        if wanted.is_empty() && !groups.is_empty() {
            rows.push(DiffRow::Groups);
            rows.extend(groups.into_iter().map(DiffRow::Group));
        }
        rows
    }
}

fn is_wanted(fold: &Fold, reads: [&ReadDump; 2], wanted: &str) -> bool {
    let has = |thread: &Thread| {
        let methods = thread.stack.frames().map(frame::method);
        let mut all = std::iter::once(&*thread.name).chain(methods);
        all.any(|name| name.to_lowercase().contains(wanted))
    };
    wanted.is_empty()
        || fold.threads.iter().any(|both| {
            let threads = threads(both, reads);
            threads.into_iter().flatten().any(has)
        })
}

/// A thread as it is in each of the dumps.
pub fn threads<'r>(both: &Both, reads: [&'r ReadDump; 2]) -> [Option<&'r Thread>; 2] {
    let places = [both.before, both.now];
    [0, 1].map(|side| Some(&reads[side].dump.threads[places[side]?]))
}

/// Where a thread is: the innermost frame of the application, else of all.
pub fn place_of(thread: &Thread) -> String {
    let at = frame::telling(thread).or_else(|| thread.top());
    at.map(frame::short).unwrap_or_default()
}

fn compared(
    (before, now): (&Arc<DumpContent>, &Arc<DumpContent>),
    is_one_life: bool,
) -> Option<Compared> {
    fn side<'a>(content: &'a DumpContent, read: &'a ReadDump) -> Side<'a> {
        Side {
            dump: &read.dump,
            report: &read.report,
            views: Views {
                before: content.before.as_ref(),
                after: content.after.as_ref(),
                ..Views::default()
            },
        }
    }
    let reads = [before.read.as_ref()?, now.read.as_ref()?];
    let comparison = Comparison::of(&side(before, reads[0]), &side(now, reads[1]), is_one_life);
    Some(Compared {
        before: Arc::clone(before),
        now: Arc::clone(now),
        is_pinned_first: true,
        folds: folds(&comparison, reads),
        comparison,
        rows: Vec::new(),
    })
}

/// What is told of a thread, and is the same of others of its pool.
type Told = (Fate, String, [Option<(State, String)>; 2], bool);

fn folds(comparison: &Comparison, reads: [&ReadDump; 2]) -> Vec<Fold> {
    let alone = |before, now| Both {
        before,
        now,
        cpu: None,
        has_other_lock: false,
    };
    let began = comparison.new.iter();
    let began = began.map(|now| (Fate::Began, alone(None, Some(*now))));
    let ended = comparison.gone.iter();
    let ended = ended.map(|before| (Fate::Ended, alone(Some(*before), None)));
    let lists = [
        (Fate::Moved, &comparison.changed),
        (Fate::Still, &comparison.same),
        (Fate::Idle, &comparison.idle),
    ];
    let pairs = lists.into_iter().flat_map(|(fate, pairs)| {
        pairs.iter().map(move |pair| {
            let both = Both {
                before: Some(pair.before),
                now: Some(pair.now),
                cpu: pair.cpu,
                has_other_lock: pair.lock,
            };
            (fate, both)
        })
    });
    let mut places: HashMap<Told, usize> = HashMap::new();
    let mut folds: Vec<Fold> = Vec::new();
    for (fate, both) in pairs.chain(began).chain(ended) {
        let of = threads(&both, reads);
        let name = of[1].or(of[0]).map_or(String::new(), Thread::called);
        let told = of.map(|thread| thread.map(|thread| (thread.state, place_of(thread))));
        let key = (fate, pool_name(&name), told, both.has_other_lock);
        let next = folds.len();
        let place = *places.entry(key).or_insert(next);
        if place == next {
            folds.push(Fold {
                fate,
                threads: Vec::new(),
                name: name.clone(),
            });
        } else {
            folds[place].name = pool_name(&name);
        }
        folds[place].threads.push(both);
    }
    folds
}
