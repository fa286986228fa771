//! The thread dumps of a capture as they are shown: the list of them, one of them in full, and the
//! threads of one process from dump to dump.
//!
//! The list costs little and has no texts. A text is read when its dump is looked at, and what is
//! kept of all the others is a state, a stack and CPU for each thread.

mod call_tree;
mod text;
mod words;

use afterimage_analysis::dumps::kernel::Kernel;
use afterimage_analysis::dumps::model::{Dump, Stack, State, Thread};
pub use afterimage_analysis::dumps::past::Piece;
use afterimage_analysis::dumps::report::Report;
use afterimage_format::capture::StoredDump;
use afterimage_format::kernel_view::{KernelView, ThreadView};
use afterimage_format::time::WallTime;
pub use call_tree::{CallNode, CallTree, telling};
use std::collections::HashMap;
use std::sync::Arc;
pub use text::DumpText;
pub use words::{
    Outcome, known_pid, mark_words, outcome, process_words, status_words, summary_words, time_words,
};

/// The dumps of a capture, in order of time, and what was refused or failed.
pub type DumpList = Arc<[StoredDump]>;

/// What tells a thread from the others of its process, and goes with it from dump to dump.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadKey {
    /// Its name.
    pub name: Box<str>,
    /// What the runtime calls it.
    pub number: Option<u64>,
    /// What the kernel calls it, where the runtime has no number for it.
    pub os_id: Option<u64>,
    /// Of several that cannot be told apart otherwise.
    pub repeated: u32,
}

impl ThreadKey {
    /// Those of all threads of a dump, in their order.
    pub fn all(dump: &Dump) -> Vec<Self> {
        let mut repeated: HashMap<(&str, Option<u64>, Option<u64>), u32> = HashMap::new();
        let key = |thread: &'_ Thread| {
            let os_id = thread.os_id.filter(|_| thread.number.is_none());
            (thread.number, os_id)
        };
        let mut keys = Vec::with_capacity(dump.threads.len());
        for thread in &dump.threads {
            let (number, os_id) = key(thread);
            let times = repeated.entry((&thread.name, number, os_id)).or_default();
            keys.push(Self {
                name: thread.name.clone(),
                number,
                os_id,
                repeated: *times,
            });
            *times += 1;
        }
        keys
    }
}

/// One dump in full.
#[derive(Debug, Clone)]
pub struct DumpContent {
    /// Its number in the capture.
    pub id: i64,
    /// What was read in its text.
    pub read: Option<ReadDump>,
    /// Its text.
    pub text: Option<DumpText>,
    /// What the kernel said just before it.
    pub before: Option<KernelView>,
    /// The same just after it.
    pub after: Option<KernelView>,
    /// Of a dump without a text that can be read: what the kernel said of the threads.
    pub kernel: Kernel,
    /// Why there is no text, or what is odd about it.
    pub problem: Option<String>,
}

/// What was read in the text of a dump.
#[derive(Debug, Clone)]
pub struct ReadDump {
    /// What it says.
    pub dump: Arc<Dump>,
    /// What follows from it.
    pub report: Report,
    /// For each thread what it is known by in other dumps.
    pub keys: Vec<Arc<ThreadKey>>,
    /// The same the other way round.
    pub places: HashMap<Arc<ThreadKey>, usize>,
    /// Their stacks, merged.
    pub tree: CallTree,
}

impl ReadDump {
    /// The place of a thread among those of the dump.
    pub fn place(&self, key: &ThreadKey) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// The place of the first thread that is called so.
    pub fn called(&self, name: &str) -> Option<usize> {
        let mut threads = self.dump.threads.iter();
        threads.position(|thread| thread.called() == name)
    }

    /// How much of a core a thread used around the dump, 1 is all of it.
    pub fn cpu_share(&self, place: usize) -> Option<f64> {
        let kernel = &self.report.kernel;
        kernel.cpu_share(kernel.thread(place)?)
    }
}

impl DumpContent {
    /// A dump of which there is nothing.
    pub fn nothing(id: i64) -> Self {
        Self {
            id,
            read: None,
            text: None,
            before: None,
            after: None,
            kernel: Kernel::default(),
            problem: None,
        }
    }

    /// What the kernel said of a thread last, as it said it.
    pub fn kernel_thread(&self, tid: i32) -> Option<&ThreadView> {
        let views = self.after.iter().chain(&self.before);
        let mut threads = views.flat_map(|view| &view.threads);
        threads.find(|thread| thread.tid == tid)
    }
}

/// The CPU of one thread over a stretch of time, as far as the samples recorded it.
#[derive(Debug, Clone, PartialEq)]
pub struct ThreadCurve {
    /// Which thread, by its number on the host.
    pub tid: i32,
    /// From when until when it was asked for.
    pub span: (WallTime, WallTime),
    /// From when until when was looked.
    pub looked: (WallTime, WallTime),
    /// From tick to tick; a hole was not recorded.
    pub pieces: Vec<Piece>,
}

impl ThreadCurve {
    /// One of which nothing is known.
    pub const fn nothing(tid: i32, span: (WallTime, WallTime)) -> Self {
        Self {
            tid,
            span,
            looked: span,
            pieces: vec![],
        }
    }
}

/// Threads of one process over its dumps.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// The dumps that were read, in order of time.
    pub columns: Vec<GridColumn>,
    /// The threads, in the order in which they were first seen.
    pub rows: Vec<GridRow>,
    /// The stacks that cells name.
    pub stacks: Arc<[Arc<Stack>]>,
    /// How many dumps of the process are not read yet.
    pub left: usize,
}

/// A dump among others of its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridColumn {
    /// Its number in the capture.
    pub id: i64,
    /// When it was begun.
    pub at: WallTime,
    /// Whether it is what the kernel said, and nobody else.
    pub is_kernel: bool,
}

/// A thread over the dumps.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    /// Which.
    pub key: Arc<ThreadKey>,
    /// The first dump that has it.
    pub first: usize,
    /// What it did from there on; none where it is not there.
    pub cells: Vec<Option<GridCell>>,
}

/// A thread in a dump.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridCell {
    /// Its state.
    pub state: State,
    /// Whether its state and its stack are the same as in the dump before.
    pub is_unchanged: bool,
    /// Whether it waits for work, as it should.
    pub is_idle: bool,
    /// Which stack; none when it has none.
    pub stack: Option<u32>,
    /// How much of a core it used around then, 1 is all of it.
    pub cpu: Option<f32>,
}

impl GridRow {
    /// What the thread did in a dump.
    pub fn cell(&self, column: usize) -> Option<&GridCell> {
        self.cells.get(column.checked_sub(self.first)?)?.as_ref()
    }

    /// In how many of these dumps it did something else than in the one before.
    pub fn changes(&self, columns: std::ops::Range<usize>) -> usize {
        let changed = |column: &usize| {
            let was_there = column.checked_sub(1).map(|before| self.cell(before));
            match (was_there, self.cell(*column)) {
                (Some(Some(_)), Some(now)) => !now.is_unchanged,
                (Some(None), Some(_)) | (Some(Some(_)), None) => true,
                _ => false,
            }
        };
        columns.filter(changed).count()
    }
}

impl Grid {
    /// The place of a dump.
    pub fn column(&self, id: i64) -> Option<usize> {
        self.columns.iter().position(|column| column.id == id)
    }

    /// The row of a thread.
    pub fn row(&self, key: &ThreadKey) -> Option<&GridRow> {
        self.rows.iter().find(|row| *row.key == *key)
    }

    /// A stack that a cell names.
    pub fn stack(&self, cell: &GridCell) -> Option<&Arc<Stack>> {
        self.stacks.get(cell.stack? as usize)
    }
}
