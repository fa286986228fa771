//! A part of a chunk as a chunk of its own: what a clip keeps at its two edges.
//!
//! In: a chunk and the ticks that are wanted of it. Out: the same chunk with those ticks only.
//! Its first tick then holds every value, as that of any chunk does, and no text is left that
//! only the other ticks used: what a clip leaves out is not in it.

use super::{ALIVE, CellChange, Chunk, GroupRows, Row};
use crate::group::{Group, Kind, ProcessField};
use crate::reading::Missing;
use std::collections::BTreeSet;
use std::ops::Range;

const NOT_READ: u8 = Missing::NotRead.code();

impl Chunk {
    /// Keeps these ticks, as if the others had not been.
    pub(crate) fn keep(&mut self, ticks: Range<usize>) {
        self.truncate(ticks.end);
        let first = ticks.start.min(self.ticks.len());
        if let (1.., Ok(first)) = (first, u8::try_from(first)) {
            self.name_sweep(first);
            self.ticks.drain(..usize::from(first));
            for rows in &mut self.groups {
                rows.begin_at(first);
            }
        }
        self.drop_unused_texts();
        self.sort();
    }

    /// A sweep before the first tick that is kept read the `stat` of all processes, which only
    /// its tick said: now each of them says so.
    fn name_sweep(&mut self, first: u8) {
        let before = &self.ticks[..=usize::from(first)];
        let Some(swept) = before.iter().rev().find(|times| times.full_sweep) else {
            return;
        };
        let swept = swept.seq.0.cast_signed();
        let column = ProcessField::StatReadAt.column();
        let changes = &mut self.groups[Group::Process.index()].changes;
        // Only the last of them before the first tick counts; to raise the others is harmless.
        let read = changes.iter_mut().filter(|change| {
            usize::from(change.field) == column && change.tick <= first && change.missing == 0
        });
        for change in read {
            change.value = change.value.max(swept);
        }
    }

    fn drop_unused_texts(&mut self) {
        let count = self.strings.len();
        let known = |number: i64| usize::try_from(number).ok().filter(|&place| place < count);
        let mut used = BTreeSet::new();
        for change in self.texts_mut() {
            if let Some(number) = known(change.value) {
                used.insert(number);
            } else {
                (change.missing, change.value) = (Missing::Malformed.code(), 0);
            }
        }
        let used: Vec<usize> = used.into_iter().collect();
        for change in self.texts_mut() {
            let place = known(change.value).and_then(|number| used.binary_search(&number).ok());
            change.value = place.map_or(0, |place| i64::try_from(place).unwrap_or(0));
        }
        let kept = used.iter().map(|&number| self.strings[number].clone());
        self.strings = kept.collect();
    }

    fn texts_mut(&mut self) -> impl Iterator<Item = &mut CellChange> {
        let groups = Group::ALL.into_iter().zip(&mut self.groups);
        groups.flat_map(|(group, rows)| {
            rows.changes
                .iter_mut()
                .filter(move |change| is_text(group, change))
        })
    }
}

fn is_text(group: Group, change: &CellChange) -> bool {
    let field = &group.fields()[usize::from(change.field)];
    field.kind == Kind::Text && change.missing == 0
}

impl GroupRows {
    /// What is there at tick `first` is there from the beginning; the changes are in order.
    fn begin_at(&mut self, first: u8) {
        let mut order: Vec<usize> = (0..self.rows.len())
            .filter(|&row| self.rows[row].died > first)
            .collect();
        // First those that were there, by their keys; the others stay in the order they came.
        order.sort_by(|&a, &b| {
            let [a, b] = [a, b].map(|row| {
                let Row { key, born, .. } = &self.rows[row];
                let is_later = *born > first;
                (is_later, (!is_later).then_some(key))
            });
            a.cmp(&b)
        });
        let mut new_row = vec![None; self.rows.len()];
        for (new, &old) in (0_u32..).zip(&order) {
            new_row[old] = Some(new);
        }
        let earlier = |tick: u8| tick.saturating_sub(first);
        let rows = order.iter().map(|&row| {
            let row = &self.rows[row];
            Row {
                key: row.key.clone(),
                born: earlier(row.born),
                died: if row.died == ALIVE {
                    ALIVE
                } else {
                    earlier(row.died)
                },
            }
        });
        let rows = rows.collect();
        let by_cell = self
            .changes
            .chunk_by(|a, b| (a.field, a.row) == (b.field, b.row));
        let mut changes = Vec::with_capacity(self.changes.len());
        for cell in by_cell {
            let Some(row) = cell.first().and_then(|change| new_row[change.row as usize]) else {
                continue;
            };
            // The newest value at the first tick, and all that follow.
            let known = cell.partition_point(|change| change.tick <= first);
            let kept = &cell[known.saturating_sub(1)..];
            changes.extend(kept.iter().filter_map(|change| {
                let tick = earlier(change.tick);
                // Of a row that is there at the first tick, that is what saying nothing means.
                let says_nothing = change.tick <= first && change.missing == NOT_READ;
                (!says_nothing).then_some(CellChange {
                    row,
                    tick,
                    ..*change
                })
            }));
        }
        (self.rows, self.changes) = (rows, changes);
    }
}
