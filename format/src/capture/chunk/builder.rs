//! Builds a chunk from ticks, and keeps the state that the next chunk begins with.
//!
//! In: the recorder's ticks, which name rows by slot. Out: a [`Chunk`] of numbered rows, and
//! for each tick the bytes of its row in the tail. The current value of every cell is kept
//! here, so that the first tick of a chunk can hold all of them.

use super::{ALIVE, CHUNK_TICKS, CellChange, Chunk, MOST_TICKS, Row, difference, tail};
use crate::capture::error::FrameFault;
use crate::group::{Group, Kind};
use crate::reading::Missing;
use crate::tick::{Change, Key, Tick, TickTimes};
use std::collections::HashMap;
use std::sync::Arc;

/// A chunk is closed before its time once so many cells changed after its first tick: 6 MiB.
const MUCH_CHANGED: usize = 384 << 10;

/// A chunk in the making.
#[derive(Debug, Default)]
pub struct ChunkBuilder {
    chunk: Chunk,
    tables: [Table; Group::COUNT],
    strings: Interner,
    /// Changes that the first tick of the open chunk has.
    carried: usize,
}

/// The rows of one group as they are now.
#[derive(Debug, Default)]
struct Table {
    /// Key and whether it is still there, by row number.
    rows: Vec<(Key, bool)>,
    /// Values and missing codes, row by row.
    values: Vec<i64>,
    missing: Vec<u8>,
    /// The row that the recorder means by a slot.
    row_of_slot: Vec<Option<u32>>,
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

#[derive(Debug, Default)]
struct Interner {
    number_of: HashMap<Arc<[u8]>, u32>,
}

impl Interner {
    fn number(&mut self, text: &[u8], strings: &mut Vec<Arc<[u8]>>) -> i64 {
        match self.number_of.get(text) {
            Some(&number) => i64::from(number),
            None => self.add(text.into(), strings),
        }
    }

    /// The number of a text that other chunks have too.
    fn number_shared(&mut self, text: &Arc<[u8]>, strings: &mut Vec<Arc<[u8]>>) -> i64 {
        match self.number_of.get(text) {
            Some(&number) => i64::from(number),
            None => self.add(Arc::clone(text), strings),
        }
    }

    fn add(&mut self, text: Arc<[u8]>, strings: &mut Vec<Arc<[u8]>>) -> i64 {
        let number = u32::try_from(strings.len()).unwrap_or(u32::MAX);
        strings.push(Arc::clone(&text));
        self.number_of.insert(text, number);
        i64::from(number)
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
        self.len() >= CHUNK_TICKS || self.changes().saturating_sub(self.carried) >= MUCH_CHANGED
    }

    fn changes(&self) -> usize {
        let groups = self.chunk.groups.iter();
        groups.map(|rows| rows.changes.len()).sum()
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
        let old_strings = self.chunk.strings.len();
        let mut deltas: [Delta; Group::COUNT] = Default::default();
        for group in Group::ALL {
            let texts = (&mut self.strings, &mut self.chunk.strings);
            let delta = (!first).then_some(&mut deltas[group.index()]);
            self.tables[group.index()].apply(group, tick, texts, delta);
        }
        if first {
            self.carry_over(&tick.times);
            tail::encode_first(tail, &self.chunk);
        } else {
            for delta in &mut deltas {
                delta.sort();
            }
            self.record(&tick.times, &deltas);
            tail::encode(
                tail,
                &tick.times,
                &self.chunk.strings[old_strings..],
                &deltas,
            );
        }
    }

    /// The first tick of a chunk: every row that is there is born with all its values.
    fn carry_over(&mut self, times: &TickTimes) {
        let old_strings = std::mem::take(&mut self.chunk.strings);
        self.strings.number_of.clear();
        for group in Group::ALL {
            let mut renumber = |number: i64| {
                let number = usize::try_from(number).ok();
                match number.and_then(|number| old_strings.get(number)) {
                    Some(text) => self.strings.number_shared(text, &mut self.chunk.strings),
                    None => self.strings.number(&[], &mut self.chunk.strings),
                }
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
        self.carried = self.changes();
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
            self.carried = self.changes();
        }
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
        for group in Group::ALL {
            let (table, delta) = (&mut self.tables[group.index()], &mut deltas[group.index()]);
            table.follow(group, row.times.seq.0, delta)?;
        }
        for text in row.strings {
            self.strings.number(text, &mut self.chunk.strings);
        }
        self.record(&row.times, &deltas);
        Ok(())
    }
}

impl Table {
    /// Follows what a tick says, and adds to `delta` what that changes.
    fn apply(
        &mut self,
        group: Group,
        tick: &Tick,
        (interner, strings): (&mut Interner, &mut Vec<Arc<[u8]>>),
        mut delta: Option<&mut Delta>,
    ) {
        let changes = tick.group(group);
        let mut orphans = HashMap::new();
        if tick.reset {
            orphans = self.orphan_all();
        }
        for &slot in &changes.deaths {
            if let Some(row) = self
                .row_of_slot
                .get_mut(slot as usize)
                .and_then(Option::take)
            {
                self.rows[row as usize].1 = false;
                if let Some(delta) = &mut delta {
                    delta.died.push(row);
                }
            }
        }
        for (slot, key) in &changes.births {
            let row = orphans.remove(key).unwrap_or_else(|| {
                if let Some(delta) = &mut delta {
                    delta.born.push(key.clone());
                }
                self.add(group, key.clone())
            });
            let slot = *slot as usize;
            if self.row_of_slot.len() <= slot {
                self.row_of_slot.resize(slot + 1, None);
            }
            self.row_of_slot[slot] = Some(row);
        }
        let mut lost: Vec<u32> = orphans.into_values().collect();
        lost.sort_unstable();
        for row in lost {
            self.rows[row as usize].1 = false;
            if let Some(delta) = &mut delta {
                delta.died.push(row);
            }
        }
        for change in &changes.changes {
            let Some(&Some(row)) = self.row_of_slot.get(change.row as usize) else {
                continue;
            };
            let kind = group.fields()[usize::from(change.field)].kind;
            let mut change = Change { row, ..*change };
            if kind == Kind::Text && change.missing == 0 {
                change.value = interner.number(tick.text_at(change.value), strings);
            }
            let step = self.set(group, &mut change, tick.times.seq.0);
            if let Some(delta) = &mut delta {
                delta.changes.push((change, step));
            }
        }
    }

    /// After a lost tick: what was there is found again by its key, or has ended.
    fn orphan_all(&mut self) -> HashMap<Key, u32> {
        self.row_of_slot.clear();
        let rows = self.rows.iter().zip(0..);
        rows.filter(|((_, alive), _)| *alive)
            .map(|((key, _), row)| (key.clone(), row))
            .collect()
    }

    fn add(&mut self, group: Group, key: Key) -> u32 {
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push((key, true));
        let cells = self.values.len() + group.fields().len();
        self.values.resize(cells, 0);
        self.missing.resize(cells, Missing::NotRead.code());
        row
    }

    /// Sets a cell and gives the difference to write. An absent value keeps the last number,
    /// so that the next one is still a small step away.
    fn set(&mut self, group: Group, change: &mut Change, seq: u64) -> i64 {
        let fields = group.fields();
        let cell = change.row as usize * fields.len() + usize::from(change.field);
        self.missing[cell] = change.missing;
        if change.missing != 0 {
            change.value = 0;
            return 0;
        }
        let previous = std::mem::replace(&mut self.values[cell], change.value);
        let kind = fields[usize::from(change.field)].kind;
        difference(kind, change.value, previous, seq)
    }

    /// Drops dead rows and orders the rest by key.
    fn carry_over(&mut self, group: Group) {
        let width = group.fields().len();
        let alive = self
            .rows
            .iter()
            .zip(0_usize..)
            .filter(|((_, alive), _)| *alive);
        let mut order: Vec<usize> = alive.map(|(_, row)| row).collect();
        order.sort_unstable_by(|&a, &b| self.rows[a].0.cmp(&self.rows[b].0));

        let mut new_row = vec![None; self.rows.len()];
        for (new, &old) in (0..).zip(&order) {
            new_row[old] = Some(new);
        }
        for row in &mut self.row_of_slot {
            *row = row.and_then(|row| new_row[row as usize]);
        }
        let mut values = Vec::with_capacity(order.len() * width);
        let mut missing = Vec::with_capacity(order.len() * width);
        for &row in &order {
            values.extend_from_slice(&self.values[row * width..][..width]);
            missing.extend_from_slice(&self.missing[row * width..][..width]);
        }
        (self.values, self.missing) = (values, missing);
        self.rows = order.iter().map(|&row| self.rows[row].clone()).collect();
    }

    /// Every row, as born in the first tick of a chunk.
    fn rows_born(&self) -> Vec<Row> {
        let rows = self.rows.iter().map(|(key, _)| Row {
            key: key.clone(),
            born: 0,
            died: ALIVE,
        });
        rows.collect()
    }

    /// Every value, as a change in the first tick of a chunk.
    fn changes_born(
        &mut self,
        group: Group,
        renumber: &mut impl FnMut(i64) -> i64,
    ) -> Vec<CellChange> {
        let fields = group.fields();
        let unread = Missing::NotRead.code();
        let read = self.missing.iter().filter(|&&code| code != unread);
        let mut changes = Vec::with_capacity(read.count());
        for (column, field) in fields.iter().zip(0_u8..) {
            for (row, number) in (0..self.rows.len()).zip(0_u32..) {
                let cell = row * fields.len() + usize::from(field);
                let missing = self.missing[cell];
                if missing != 0 {
                    // Whoever reads this chunk alone knows no number from before.
                    self.values[cell] = 0;
                } else if column.kind == Kind::Text {
                    self.values[cell] = renumber(self.values[cell]);
                }
                if missing != unread {
                    changes.push(CellChange {
                        row: number,
                        field,
                        tick: 0,
                        missing,
                        value: self.values[cell],
                    });
                }
            }
        }
        changes
    }

    /// Applies a tail row's delta, turning its differences into values.
    fn follow(&mut self, group: Group, seq: u64, delta: &mut Delta) -> Result<(), FrameFault> {
        let fields = group.fields();
        for &row in &delta.died {
            let row = self.rows.get_mut(row as usize);
            row.ok_or(FrameFault::Misplaced)?.1 = false;
        }
        for key in &delta.born {
            self.add(group, key.clone());
        }
        for (change, step) in &mut delta.changes {
            let column = fields.get(usize::from(change.field));
            let column = column.filter(|_| (change.row as usize) < self.rows.len());
            let kind = column.ok_or(FrameFault::Misplaced)?.kind;
            let cell = change.row as usize * fields.len() + usize::from(change.field);
            self.missing[cell] = change.missing;
            if change.missing == 0 {
                change.value = super::value_from_difference(kind, *step, self.values[cell], seq);
                self.values[cell] = change.value;
            }
        }
        Ok(())
    }
}
