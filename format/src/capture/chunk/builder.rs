//! Builds a chunk from ticks, and keeps the state that the next chunk begins with.
//!
//! In: the recorder's ticks, which name rows by slot. Out: a [`Chunk`] of numbered rows, and
//! for each tick the bytes of its row in the tail. The current value of every cell is kept
//! here, so that the first tick of a chunk can hold all of them.

use super::{ALIVE, CellChange, Chunk, MOST_TICKS, Row, difference, tail};
use crate::capture::error::FrameFault;
use crate::group::{Group, Kind};
use crate::reading::Missing;
use crate::tick::{Change, Key, Tick, TickTimes};
use std::collections::HashMap;

/// A chunk in the making.
#[derive(Debug, Default)]
pub struct ChunkBuilder {
    chunk: Chunk,
    tables: [Table; Group::COUNT],
    strings: Interner,
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
    /// Each change with the difference that is written for it.
    pub(crate) changes: Vec<(Change, i64)>,
}

#[derive(Debug, Default)]
struct Interner {
    number_of: HashMap<Box<[u8]>, u32>,
}

impl Interner {
    fn number(&mut self, text: &[u8], strings: &mut Vec<Box<[u8]>>) -> i64 {
        if let Some(&number) = self.number_of.get(text) {
            return i64::from(number);
        }
        let number = u32::try_from(strings.len()).unwrap_or(u32::MAX);
        strings.push(text.into());
        self.number_of.insert(text.into(), number);
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
            self.tables[group.index()].apply(group, tick, texts, &mut deltas[group.index()]);
        }
        let mut new_strings = old_strings;
        if first {
            self.carry_over(&mut deltas, tick.times.seq.0);
            new_strings = 0;
        }
        self.record(&tick.times, &deltas);
        tail::encode(
            tail,
            &tick.times,
            &self.chunk.strings[new_strings..],
            &mut deltas,
        );
    }

    /// The first tick of a chunk: every row that is there is born with all its values.
    fn carry_over(&mut self, deltas: &mut [Delta; Group::COUNT], seq: u64) {
        let old_strings = std::mem::take(&mut self.chunk.strings);
        self.strings.number_of.clear();
        for group in Group::ALL {
            let mut renumber = |number: i64| {
                let number = usize::try_from(number).unwrap_or(usize::MAX);
                let text = old_strings.get(number).map_or(&[][..], |text| text);
                self.strings.number(text, &mut self.chunk.strings)
            };
            deltas[group.index()] =
                self.tables[group.index()].carry_over(group, seq, &mut renumber);
        }
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
            rows.changes
                .extend(delta.changes.iter().map(|(change, _)| CellChange {
                    row: change.row,
                    field: change.field,
                    tick,
                    missing: change.missing,
                    value: change.value,
                }));
        }
        self.chunk.ticks.push(*times);
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
    fn apply(
        &mut self,
        group: Group,
        tick: &Tick,
        (interner, strings): (&mut Interner, &mut Vec<Box<[u8]>>),
        delta: &mut Delta,
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
                delta.died.push(row);
            }
        }
        for (slot, key) in &changes.births {
            let row = orphans.remove(key).unwrap_or_else(|| {
                delta.born.push(key.clone());
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
            delta.died.push(row);
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
            delta.changes.push((change, step));
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

    /// Drops dead rows, orders the rest by key and gives them all as newborn.
    fn carry_over(
        &mut self,
        group: Group,
        seq: u64,
        renumber: &mut impl FnMut(i64) -> i64,
    ) -> Delta {
        let fields = group.fields();
        let width = fields.len();
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
        let cells = || order.iter().flat_map(|row| row * width..(row + 1) * width);
        self.values = cells().map(|cell| self.values[cell]).collect();
        self.missing = cells().map(|cell| self.missing[cell]).collect();
        self.rows = order.iter().map(|&row| self.rows[row].clone()).collect();
        self.born_with_values(fields.iter().map(|field| field.kind), seq, renumber)
    }

    fn born_with_values(
        &mut self,
        kinds: impl ExactSizeIterator<Item = Kind>,
        seq: u64,
        renumber: &mut impl FnMut(i64) -> i64,
    ) -> Delta {
        let width = kinds.len();
        let mut delta = Delta {
            born: self.rows.iter().map(|(key, _)| key.clone()).collect(),
            ..Delta::default()
        };
        for (kind, field) in kinds.zip(0_u8..) {
            for row in 0..self.rows.len() {
                let cell = row * width + usize::from(field);
                let missing = self.missing[cell];
                if missing != 0 {
                    // Whoever reads this chunk alone knows no number from before.
                    self.values[cell] = 0;
                }
                if missing == Missing::NotRead.code() {
                    continue;
                }
                if kind == Kind::Text && missing == 0 {
                    self.values[cell] = renumber(self.values[cell]);
                }
                let value = if missing == 0 { self.values[cell] } else { 0 };
                let change = Change {
                    row: u32::try_from(row).unwrap_or(u32::MAX),
                    field,
                    missing,
                    value,
                };
                delta
                    .changes
                    .push((change, difference(kind, value, 0, seq)));
            }
        }
        delta
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
