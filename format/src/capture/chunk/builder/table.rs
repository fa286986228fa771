//! The rows of one group as they are now: the current value of every cell.
//!
//! In: what a tick says of slots, or what a row of the tail says of rows. Out: what that changes,
//! as steps from what was known; and at the first tick of a chunk everything there is.

use super::Delta;
use super::interner::Interner;
use crate::capture::chunk::{ALIVE, CellChange, Row, difference, value_from_difference};
use crate::capture::error::FrameFault;
use crate::group::{Group, Kind};
use crate::reading::Missing;
use crate::tick::{Change, Key, Tick};
use std::collections::HashMap;
use std::sync::Arc;

/// The rows of one group as they are now.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Key and whether it is still there, by row number.
    rows: Vec<(Key, bool)>,
    /// Values and missing codes, row by row.
    values: Vec<i64>,
    missing: Vec<u8>,
    /// The row that the recorder means by a slot.
    row_of_slot: Vec<Option<u32>>,
}

impl Table {
    /// Follows what a tick says, whose number is shifted, and adds to `delta` what that changes.
    pub(super) fn apply(
        &mut self,
        group: Group,
        (tick, shift): (&Tick, i64),
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
                match interner.number(tick.text_at(change.value), strings) {
                    Some(number) => change.value = number,
                    None => change.missing = Missing::Shed.code(),
                }
            }
            if kind == Kind::ReadAt && change.missing == 0 {
                change.value = change.value.saturating_add(shift);
            }
            let seq = tick.times.seq.0.wrapping_add_signed(shift);
            let step = self.set(group, &mut change, seq);
            if let Some(delta) = &mut delta {
                delta.changes.push((change, step));
            }
        }
    }

    /// The ticks at which values were read get other numbers. What was read before the first has 0.
    pub(super) fn renumber(&mut self, group: Group, step: i64) {
        let fields = group.fields();
        for (column, field) in fields.iter().enumerate() {
            if field.kind == Kind::ReadAt {
                for row in self.values.chunks_exact_mut(fields.len()) {
                    row[column] = row[column].saturating_add(step).max(0);
                }
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
    pub(super) fn carry_over(&mut self, group: Group) {
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
    pub(super) fn rows_born(&self) -> Vec<Row> {
        let rows = self.rows.iter().map(|(key, _)| Row {
            key: key.clone(),
            born: 0,
            died: ALIVE,
        });
        rows.collect()
    }

    /// Every value, as a change in the first tick of a chunk.
    pub(super) fn changes_born(
        &mut self,
        group: Group,
        renumber: &mut impl FnMut(i64) -> Option<i64>,
    ) -> Vec<CellChange> {
        let fields = group.fields();
        let unread = Missing::NotRead.code();
        let read = self.missing.iter().filter(|&&code| code != unread);
        let mut changes = Vec::with_capacity(read.count());
        for (column, field) in fields.iter().zip(0_u8..) {
            for (row, number) in (0..self.rows.len()).zip(0_u32..) {
                let cell = row * fields.len() + usize::from(field);
                if column.kind == Kind::Text && self.missing[cell] == 0 {
                    match renumber(self.values[cell]) {
                        Some(number) => self.values[cell] = number,
                        None => self.missing[cell] = Missing::Shed.code(),
                    }
                }
                let missing = self.missing[cell];
                if missing != 0 {
                    // Whoever reads this chunk alone knows no number from before.
                    self.values[cell] = 0;
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
    pub(super) fn follow(
        &mut self,
        group: Group,
        seq: u64,
        delta: &mut Delta,
    ) -> Result<(), FrameFault> {
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
                change.value = value_from_difference(kind, *step, self.values[cell], seq);
                self.values[cell] = change.value;
            }
        }
        Ok(())
    }
}
