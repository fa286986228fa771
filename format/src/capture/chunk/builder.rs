//! Builds a chunk from ticks, and keeps the state that the next chunk begins with.
//!
//! In: the recorder's ticks, which name rows by slot. Out: a [`Chunk`] of numbered rows, and
//! for each tick the bytes of its row in the tail. The current value of every cell is kept
//! here, so that the first tick of a chunk can hold all of them.

mod interner;
mod table;

use super::{
    ALIVE, CHUNK_TICKS, CellChange, Chunk, MOST_CHANGES, MOST_TICKS, Room, Row, check_count, tail,
};
use crate::capture::error::FrameFault;
use crate::group::Group;
use crate::tick::{Change, Key, Tick, TickTimes};
use crate::time::Seq;
use interner::Interner;
use table::Table;

/// A chunk is closed before its time once so many cells changed after its first tick: 6 MiB.
const MUCH_CHANGED: usize = 384 << 10;
/// The same for texts, in bytes.
const MUCH_TEXT: usize = 16 << 20;

/// A chunk in the making.
#[derive(Debug, Default)]
pub struct ChunkBuilder {
    chunk: Chunk,
    tables: [Table; Group::COUNT],
    strings: Interner,
    /// Changes, and bytes of text, that the first tick of the open chunk has.
    carried: [usize; 2],
    /// What is added to the number of each tick.
    shift: i64,
}

/// What one tick changed, row by row: what the tail stores.
#[derive(Debug, Default)]
pub(crate) struct Delta {
    pub(crate) born: Vec<Key>,
    pub(crate) died: Vec<u32>,
    /// Each change with the difference that is written for it; in a tail by (field, row).
    pub(crate) changes: Vec<(Change, i64)>,
}

impl Delta {
    /// Puts the changes in the order in which they are stored; those of one cell stay as they came.
    fn sort(&mut self) {
        self.changes
            .sort_by_key(|(change, _)| (change.field, change.row));
    }
}

impl ChunkBuilder {
    /// How many ticks the open chunk has.
    pub fn len(&self) -> usize {
        self.chunk.ticks.len()
    }

    /// Whether the open chunk has no tick yet.
    pub fn is_empty(&self) -> bool {
        self.chunk.ticks.is_empty()
    }

    /// Whether it is time to close the open chunk.
    pub fn is_full(&self) -> bool {
        let grown = |at: usize| self.size()[at].saturating_sub(self.carried[at]);
        self.len() >= CHUNK_TICKS || grown(0) >= MUCH_CHANGED || grown(1) >= MUCH_TEXT
    }

    /// What is added to the number of each tick.
    pub(crate) fn shift(&self) -> i64 {
        self.shift
    }

    /// From the tick that is numbered `seq` on, numbers go on from `next`.
    pub(crate) fn number_from(&mut self, seq: Seq, next: Seq) {
        self.shift = next.0.wrapping_sub(seq.0).cast_signed();
    }

    /// What was read at a tick of another capture was read so many ticks on, by the numbers here.
    pub(crate) fn renumber(&mut self, step: i64) {
        for group in Group::ALL {
            self.tables[group.index()].renumber(group, step);
        }
    }

    /// Changes, and bytes of text, in the open chunk.
    fn size(&self) -> [usize; 2] {
        let groups = self.chunk.groups.iter();
        let changes = groups.map(|rows| rows.changes.len()).sum();
        [changes, self.strings.bytes()]
    }

    /// The open chunk, with every change in order: what can be read of it so far.
    pub fn chunk(&mut self) -> &Chunk {
        self.chunk.sort();
        &self.chunk
    }

    /// Closes the open chunk; the next tick begins another.
    pub fn take(&mut self) -> Chunk {
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.sort();
        // The current values still number their texts by this chunk: the first tick of the
        // next one carries them over.
        self.chunk.strings.clone_from(&chunk.strings);
        chunk
    }

    /// Opens a chunk again that could not be stored, before any tick was added to the next.
    pub(crate) fn put_back(&mut self, chunk: Chunk) {
        self.chunk = chunk;
    }

    /// Forgets everything: the next tick begins all rows anew.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds a tick, and appends to `tail` what its row of the tail holds.
    pub fn push(&mut self, tick: &Tick, tail: &mut Vec<u8>) {
        debug_assert!(
            self.len() < MOST_TICKS,
            "the writer closes chunks long before"
        );
        let first = self.is_empty();
        let times = TickTimes {
            seq: Seq(tick.times.seq.0.wrapping_add_signed(self.shift)),
            ..tick.times
        };
        let old_strings = self.chunk.strings.len();
        let mut deltas: [Delta; Group::COUNT] = Default::default();
        for group in Group::ALL {
            let texts = (&mut self.strings, &mut self.chunk.strings);
            let delta = (!first).then_some(&mut deltas[group.index()]);
            self.tables[group.index()].apply(group, (tick, self.shift), texts, delta);
        }
        if first {
            self.carry_over(&times);
            tail::encode_first(tail, &self.chunk);
        } else {
            for delta in &mut deltas {
                delta.sort();
            }
            self.record(&times, &deltas);
            tail::encode(tail, &times, &self.chunk.strings[old_strings..], &deltas);
        }
    }

    /// The first tick of a chunk: every row that is there is born with all its values.
    fn carry_over(&mut self, times: &TickTimes) {
        let old_strings = std::mem::take(&mut self.chunk.strings);
        self.strings.clear();
        for group in Group::ALL {
            let mut renumber = |number: i64| {
                let text = old_strings.get(usize::try_from(number).ok()?)?;
                self.strings.number_shared(text, &mut self.chunk.strings)
            };
            let (table, rows) = (
                &mut self.tables[group.index()],
                &mut self.chunk.groups[group.index()],
            );
            table.carry_over(group);
            rows.rows = table.rows_born();
            rows.changes = table.changes_born(group, &mut renumber);
        }
        self.chunk.ticks.push(*times);
        self.carried = self.size();
    }

    /// Adds what a tick changed to the open chunk.
    fn record(&mut self, times: &TickTimes, deltas: &[Delta; Group::COUNT]) {
        let tick = u8::try_from(self.len()).unwrap_or(ALIVE - 1);
        for group in Group::ALL {
            let (rows, delta) = (
                &mut self.chunk.groups[group.index()],
                &deltas[group.index()],
            );
            for &row in &delta.died {
                if let Some(row) = rows.rows.get_mut(row as usize) {
                    row.died = tick;
                }
            }
            rows.rows.extend(delta.born.iter().map(|key| Row {
                key: key.clone(),
                born: tick,
                died: ALIVE,
            }));
            // Of two changes of a cell in one tick the later one holds.
            let by_cell = delta
                .changes
                .chunk_by(|(a, _), (b, _)| (a.field, a.row) == (b.field, b.row));
            let last = by_cell.filter_map(|changes| changes.last());
            rows.changes.extend(last.map(|(change, _)| CellChange {
                row: change.row,
                field: change.field,
                tick,
                missing: change.missing,
                value: change.value,
            }));
        }
        self.chunk.ticks.push(*times);
        if tick == 0 {
            self.carried = self.size();
        }
    }

    /// Refuses what would make more of the open chunk than one may be.
    fn check_room(&self, deltas: &[Delta; Group::COUNT]) -> Result<(), FrameFault> {
        let mut room = Room::default();
        for (group, delta) in Group::ALL.into_iter().zip(deltas) {
            let rows = self.chunk.groups[group.index()].rows.len();
            room.take(group, rows + delta.born.len())?;
        }
        let more: usize = deltas.iter().map(|delta| delta.changes.len()).sum();
        check_count(self.size()[0] + more, MOST_CHANGES)
    }

    /// Adds a tick from its row in the tail, as [`ChunkBuilder::push`] wrote it.
    pub(crate) fn push_tail(&mut self, bytes: &[u8]) -> Result<(), FrameFault> {
        let row = tail::decode(bytes)?;
        if self.len() >= MOST_TICKS {
            return Err(FrameFault::Number(self.len() as u64));
        }
        let mut deltas = row.deltas;
        if self.is_empty() {
            self.clear();
        }
        self.check_room(&deltas)?;
        for group in Group::ALL {
            let (table, delta) = (&mut self.tables[group.index()], &mut deltas[group.index()]);
            table.follow(group, row.times.seq.0, delta)?;
        }
        for text in row.strings {
            let number = self.strings.number(text, &mut self.chunk.strings);
            number.ok_or(FrameFault::Number(text.len() as u64))?;
        }
        self.record(&row.times, &deltas);
        Ok(())
    }
}
