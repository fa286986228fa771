//! A chunk in memory: a run of ticks as rows and the cells that changed.
//!
//! The writer's [`builder`] fills one tick by tick; `encode` and `decode` turn it into
//! frames and back; [`Chunk::cell`] gives the value of any cell at any of its ticks. A chunk
//! needs no other chunk to be understood: its first tick holds every value.

pub mod builder;
pub(crate) mod chain;
mod column;
mod cut;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod packed;
pub(crate) mod pick;
pub(crate) mod replay;
pub(crate) mod tail;
#[cfg(test)]
mod tests;

use crate::capture::error::FrameFault;
use crate::group::{Group, Kind};
use crate::reading::{Missing, Reading};
use crate::tick::{Key, TickTimes};
use std::sync::Arc;

/// How many ticks a chunk has when it is full.
pub const CHUNK_TICKS: usize = 60;

/// No chunk has more ticks than this; positions of ticks are stored in a byte.
pub(crate) const MOST_TICKS: usize = 250;

/// No chunk has more rows than this, of all groups, nor more cells (140,000 processes), nor more
/// changes of them (128 MiB while they are read from a tail), nor more texts: a small file could
/// ask for much memory.
pub(crate) const MOST_ROWS: usize = 256 << 10;
const MOST_CELLS: usize = 8 << 20;
const MOST_CHANGES: usize = 4 << 20;
pub(crate) const MOST_TEXTS: usize = 1 << 20;

/// What is left of the rows and cells that a chunk may have.
#[derive(Debug)]
pub(crate) struct Room {
    rows: usize,
    cells: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            rows: MOST_ROWS,
            cells: MOST_CELLS,
        }
    }
}

impl Room {
    /// Takes the room of so many rows of a group, before anything is allocated for them.
    pub(crate) fn take(&mut self, group: Group, rows: usize) -> Result<(), FrameFault> {
        let cells = rows.saturating_mul(group.fields().len());
        let left = self
            .rows
            .checked_sub(rows)
            .zip(self.cells.checked_sub(cells));
        (self.rows, self.cells) = left.ok_or(FrameFault::Number(rows as u64))?;
        Ok(())
    }
}

/// Refuses more of something than there may be of it.
pub(crate) fn check_count(count: usize, most: usize) -> Result<(), FrameFault> {
    if count > most {
        return Err(FrameFault::Number(count as u64));
    }
    Ok(())
}

/// In [`Row::died`]: still there at the last tick.
pub(crate) const ALIVE: u8 = u8::MAX;

/// The groups whose rows the index lists: what lists of processes and curves are made of.
pub(crate) const INDEXED: [Group; 13] = [
    Group::Machine,
    Group::Cpu,
    Group::Scheduler,
    Group::Memory,
    Group::Vmstat,
    Group::Pressure,
    Group::Disk,
    Group::Network,
    Group::Process,
    Group::Protocol,
    Group::Interrupt,
    Group::Limit,
    Group::Node,
];

/// The groups of the frame of the rest, which lists their rows itself.
pub(crate) const REST: [Group; 4] = [
    Group::Task,
    Group::Socket,
    Group::FileSystem,
    Group::FileLock,
];

/// The groups of the machine's frame.
pub(crate) fn of_machine() -> impl Iterator<Item = Group> {
    INDEXED.into_iter().filter(|group| *group != Group::Process)
}

/// A run of ticks: rows and the cells that changed.
#[derive(Debug, Default, Clone)]
pub struct Chunk {
    /// The groups of [`REST`] were not unpacked: that they have no rows says nothing.
    pub(crate) lacks_rest: bool,
    pub(crate) ticks: Vec<TickTimes>,
    pub(crate) strings: Vec<Arc<[u8]>>,
    pub(crate) groups: [GroupRows; Group::COUNT],
}

/// The rows of one group and every change of their cells.
#[derive(Debug, Default, Clone)]
pub(crate) struct GroupRows {
    pub(crate) rows: Vec<Row>,
    /// In order of (field, row, tick) once [`GroupRows::sort`] was called.
    pub(crate) changes: Vec<CellChange>,
    /// Where the changes of each (field, row) begin, with one more entry for their end.
    starts: Vec<u32>,
}

/// One entity over the ticks of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: Key,
    /// The first tick at which it was there.
    pub(crate) born: u8,
    /// The first tick at which it was not, or [`ALIVE`].
    pub(crate) died: u8,
}

impl Row {
    fn is_at(&self, tick: usize) -> bool {
        usize::from(self.born) <= tick && tick < usize::from(self.died)
    }
}

/// A cell's new value at one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CellChange {
    pub(crate) row: u32,
    pub(crate) field: u8,
    pub(crate) tick: u8,
    pub(crate) missing: u8,
    pub(crate) value: i64,
}

impl GroupRows {
    /// Puts the changes in the order that look-ups and the encoder need.
    pub(crate) fn sort(&mut self, fields: usize) {
        // No cell changes twice in a tick, so that no order is lost.
        self.changes
            .sort_unstable_by_key(|c| (c.field, c.row, c.tick));
        let rows = self.rows.len();
        self.starts.clear();
        self.starts.resize(fields * rows + 1, 0);
        for change in &self.changes {
            let cell = usize::from(change.field) * rows + change.row as usize;
            self.starts[cell + 1] += 1;
        }
        for cell in 1..self.starts.len() {
            self.starts[cell] += self.starts[cell - 1];
        }
    }

    /// After the last column: fields that were not decoded have no changes.
    fn complete(&mut self, fields: usize) {
        let cells = fields * self.rows.len() + 1;
        self.starts.resize(cells, place(self.changes.len()));
    }

    /// Every change of one cell, in order of time.
    pub(crate) fn changes_of(&self, field: usize, row: usize) -> &[CellChange] {
        let cell = field * self.rows.len() + row;
        let range = self.starts[cell] as usize..self.starts[cell + 1] as usize;
        &self.changes[range]
    }
}

/// A place in the list of changes, of which no chunk has 2^32.
fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Chunk {
    /// When its ticks were taken, in order.
    pub fn ticks(&self) -> &[TickTimes] {
        &self.ticks
    }

    /// Its ticks get other numbers, in another capture. What was read before the first has 0.
    pub(crate) fn renumber(&mut self, step: i64) {
        for times in &mut self.ticks {
            times.seq.0 = times.seq.0.wrapping_add_signed(step);
        }
        for group in Group::ALL {
            let fields = group.fields();
            let changes = self.groups[group.index()].changes.iter_mut();
            let read_at = changes.filter(|change| {
                let field = fields.get(usize::from(change.field));
                field.is_some_and(|field| field.kind == Kind::ReadAt)
            });
            for change in read_at {
                change.value = change.value.saturating_add(step).max(0);
            }
        }
    }

    /// The rows of `group` that were there at `tick`, with their keys.
    pub fn rows_at(&self, group: Group, tick: usize) -> impl Iterator<Item = (usize, &Key)> {
        let rows = self.groups[group.index()].rows.iter().enumerate();
        rows.filter_map(move |(number, row)| row.is_at(tick).then_some((number, &row.key)))
    }

    /// The value of a cell at `tick`: what it last changed to. Costs a binary search.
    pub fn cell(&self, group: Group, row: usize, field: usize, tick: usize) -> Reading<i64> {
        let changes = self.groups[group.index()].changes_of(field, row);
        let seen = changes.partition_point(|c| usize::from(c.tick) <= tick);
        match changes[..seen].last() {
            None => Err(Missing::NotRead),
            Some(last) => Missing::from_code(last.missing).map_or(Ok(last.value), Err),
        }
    }

    /// The text of a cell at `tick`.
    pub fn text(&self, group: Group, row: usize, field: usize, tick: usize) -> Reading<&[u8]> {
        self.string(self.cell(group, row, field, tick)?)
    }

    /// The text behind the value of a text cell.
    pub(crate) fn string(&self, number: i64) -> Reading<&[u8]> {
        self.shared_string(number).map(AsRef::as_ref)
    }

    /// The same, to be kept longer than the chunk.
    pub(crate) fn shared_string(&self, number: i64) -> Reading<&Arc<[u8]>> {
        let text = usize::try_from(number).ok();
        let text = text.and_then(|number| self.strings.get(number));
        text.ok_or(Missing::Malformed)
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let groups = self.groups.iter();
        let groups = groups.map(|rows| {
            size_of_val(&*rows.rows) + size_of_val(&*rows.changes) + size_of_val(&*rows.starts)
        });
        let texts = self.strings.iter().map(|text| text.len() + 48);
        groups.chain(texts).sum()
    }

    /// Keeps the first ticks, as if the others had not been.
    pub(crate) fn truncate(&mut self, ticks: usize) {
        self.ticks.truncate(ticks);
        let is_kept = |tick: u8| usize::from(tick) < ticks;
        for group in &mut self.groups {
            group.changes.retain(|change| is_kept(change.tick));
            // Rows are in order of birth.
            group.rows.retain(|row| is_kept(row.born));
            for row in group.rows.iter_mut().filter(|row| !is_kept(row.died)) {
                row.died = ALIVE;
            }
        }
        let texts = Group::ALL.into_iter().flat_map(|group| {
            let kind = move |change: &CellChange| group.fields()[usize::from(change.field)].kind;
            let changes = self.groups[group.index()].changes.iter();
            changes.filter(move |change| kind(change) == Kind::Text && change.missing == 0)
        });
        let last = texts.map(|change| change.value).max();
        let used = last.and_then(|last| usize::try_from(last + 1).ok());
        self.strings.truncate(used.unwrap_or(0));
        self.sort();
    }

    pub(crate) fn sort(&mut self) {
        for group in Group::ALL {
            self.groups[group.index()].sort(group.fields().len());
        }
    }
}

/// How a value is written: as what it adds to what is known.
///
/// Both directions are one subtraction, so that neither can drift from the other.
pub(crate) fn difference(kind: Kind, value: i64, previous: i64, seq: u64) -> i64 {
    match kind {
        Kind::Counter | Kind::Gauge => value.wrapping_sub(previous),
        Kind::ReadAt => value.wrapping_sub(seq.cast_signed()),
        Kind::Text => value,
    }
}

/// The value behind a [`difference`].
pub(crate) fn value_from_difference(kind: Kind, difference: i64, previous: i64, seq: u64) -> i64 {
    match kind {
        Kind::Counter | Kind::Gauge => previous.wrapping_add(difference),
        Kind::ReadAt => difference.wrapping_add(seq.cast_signed()),
        Kind::Text => difference,
    }
}
