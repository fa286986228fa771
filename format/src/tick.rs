//! One instant as the recorder hands it over: when it was, and what changed since the last.
//!
//! The sampler fills a [`Tick`] without allocating once its vectors have grown, sends it to
//! the writer, and gets it back empty. It names rows by *slot*: a small number of its own
//! choosing that it may reuse once it has announced the row's end.

mod packed;

pub use packed::{PackedTick, TickPacker};

use crate::group::Group;
use crate::process::ProcessKey;
use crate::reading::{Missing, Reading};
use crate::time::{BootTime, MonotonicTime, Seq, WallTime};
use std::time::Duration;

/// What a row of a group is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A CPU, a device, a line of a file: its name as the kernel spells it.
    Name(Box<[u8]>),
    /// A process over its life.
    Process(ProcessKey),
}

impl Key {
    /// A row known by a name.
    pub fn name(name: impl AsRef<[u8]>) -> Self {
        Self::Name(name.as_ref().into())
    }
}

/// The clocks at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instants {
    /// `CLOCK_MONOTONIC`.
    pub monotonic: MonotonicTime,
    /// `CLOCK_BOOTTIME`.
    pub boot: BootTime,
    /// `CLOCK_REALTIME`.
    pub wall: WallTime,
}

/// When a tick was due, began and ended, and how it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickTimes {
    /// Its number in the capture.
    pub seq: Seq,
    /// When it was due.
    pub planned: MonotonicTime,
    /// When the first file was opened.
    pub began: Instants,
    /// When the last value had been read.
    pub ended: Instants,
    /// CPU time that the whole recorder has used so far in this run.
    pub recorder_cpu: Duration,
    /// What was left out to stay within the budget: bits of [`Shed`].
    pub shed: Shed,
    /// Whether `stat` of every process was read, whatever its `schedstat` said.
    pub full_sweep: bool,
}

/// What a tick left out to stay within the budget, one bit a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shed(pub u32);

impl Shed {
    /// Nothing left out.
    pub const NONE: Self = Self(0);
    /// Descriptor counts, OOM scores and cgroups of known processes; threads that nobody asked for
    /// and that are not in state D.
    pub const RARE_FILES: Self = Self(1);
    /// `status` of processes that changed.
    pub const STATUS: Self = Self(2);
    /// `io` of processes that changed.
    pub const IO: Self = Self(4);
    /// Idle processes, but for each tenth tick, or still more rarely; threads that are not in
    /// state D, also those that somebody asked for.
    pub const IDLE_PROCESSES: Self = Self(8);

    /// All processes: while the capture could not be written there was no memory for them. A
    /// later tick says what had changed.
    pub const DETAILS: Self = Self(16 | Self::IDLE_PROCESSES.0);

    /// The owners of new sockets, and the list of sockets but for each tenth tick.
    pub const SOCKETS: Self = Self(32);

    const NAMES: [(Self, &'static str); 6] = [
        (Self::RARE_FILES, "rare-files"),
        (Self::SOCKETS, "sockets"),
        (Self::STATUS, "status"),
        (Self::IO, "io"),
        (Self::IDLE_PROCESSES, "idle-processes"),
        (Self::DETAILS, "all-processes"),
    ];

    /// Whether all of `step` is left out.
    pub const fn contains(self, step: Self) -> bool {
        self.0 & step.0 == step.0
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, step: Self) -> Self {
        Self(self.0 | step.0)
    }

    /// The steps behind names that are separated by commas; names it does not know are left out.
    #[must_use]
    pub fn from_names(names: &str) -> Self {
        let wanted = |name: &str| names.split(',').any(|wanted| wanted.trim() == name);
        let known = Self::NAMES.into_iter().filter(|(_, name)| wanted(name));
        known.fold(Self::NONE, |all, (step, _)| all.with(step))
    }

    /// The names of the steps, in the order they are taken.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let known = Self::NAMES.into_iter();
        known.filter_map(move |(step, name)| self.contains(step).then_some(name))
    }
}

/// One cell that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The row: a slot in a [`Tick`], a row number in a chunk.
    pub row: u32,
    /// The column.
    pub field: u8,
    /// 0, or [`Missing::code`].
    pub missing: u8,
    /// The new value; of a text, where it is kept.
    pub value: i64,
}

impl Change {
    /// The value, or why there is none.
    pub fn reading(self) -> Reading<i64> {
        Missing::from_code(self.missing).map_or(Ok(self.value), Err)
    }
}

/// What changed in one group.
#[derive(Debug, Default)]
pub struct GroupChanges {
    /// Rows that begin, before any change of theirs.
    pub births: Vec<(u32, Key)>,
    /// Rows that are there no more.
    pub deaths: Vec<u32>,
    /// Cells that changed, those of newborn rows among them.
    pub changes: Vec<Change>,
}

/// Changes beyond which a tick gives memory back when it does not use it.
const MUCH: usize = 16 << 10;

/// One instant: its times and what changed.
#[derive(Debug)]
pub struct Tick {
    /// When it was and how it was taken.
    pub times: TickTimes,
    /// Every row begins anew: what earlier ticks said no longer holds (one of them was lost).
    pub reset: bool,
    groups: [GroupChanges; Group::COUNT],
    texts: Vec<u8>,
}

impl Tick {
    /// An empty tick at `times`.
    pub fn new(times: TickTimes) -> Self {
        Self {
            times,
            reset: false,
            groups: Default::default(),
            texts: Vec::new(),
        }
    }

    /// Empties it for its next use; what it has allocated stays.
    pub fn clear(&mut self) {
        self.reset = false;
        self.texts.clear();
        for group in &mut self.groups {
            // The first tick has every row; what it took is not needed again.
            let used = group.changes.len();
            group.births.clear();
            group.deaths.clear();
            group.changes.clear();
            if group.changes.capacity() > MUCH && used < group.changes.capacity() / 4 {
                group.changes.shrink_to(used * 2);
                group.births.shrink_to(used);
            }
        }
    }

    /// What changed in `group`.
    pub fn group(&self, group: Group) -> &GroupChanges {
        &self.groups[group.index()]
    }

    /// Announces a row.
    pub fn begin(&mut self, group: Group, slot: u32, key: Key) {
        self.groups[group.index()].births.push((slot, key));
    }

    /// Announces that a row is there no more.
    pub fn end(&mut self, group: Group, slot: u32) {
        self.groups[group.index()].deaths.push(slot);
    }

    /// A number that changed.
    pub fn number(&mut self, group: Group, slot: u32, field: usize, reading: Reading<i64>) {
        let (value, missing) = match reading {
            Ok(value) => (value, 0),
            Err(missing) => (0, missing.code()),
        };
        self.push(group, change(slot, field, missing, value));
    }

    /// A text that changed.
    pub fn text(&mut self, group: Group, slot: u32, field: usize, reading: Reading<&[u8]>) {
        match reading {
            Ok(text) => {
                let place = self.keep_text(text);
                self.push(group, change(slot, field, 0, place));
            }
            Err(missing) => self.push(group, change(slot, field, missing.code(), 0)),
        }
    }

    /// Keeps a text, and gives the value of the change that has it.
    fn keep_text(&mut self, text: &[u8]) -> i64 {
        let place = self.texts.len() << 16 | text.len().min(0xffff);
        self.texts
            .extend_from_slice(&text[..text.len().min(0xffff)]);
        i64::try_from(place).unwrap_or(0)
    }

    /// The bytes behind the value of a text change.
    pub fn text_at(&self, value: i64) -> &[u8] {
        let place = usize::try_from(value).unwrap_or(0);
        let (from, length) = (place >> 16, place & 0xffff);
        self.texts.get(from..from + length).unwrap_or_default()
    }

    fn push(&mut self, group: Group, change: Change) {
        self.groups[group.index()].changes.push(change);
    }
}

fn change(row: u32, field: usize, missing: u8, value: i64) -> Change {
    let field = u8::try_from(field).expect("a group has at most 255 columns, see its test");
    Change {
        row,
        field,
        missing,
        value,
    }
}
