//! Rows of plain tables on their way from one capture into another.
//!
//! Each has passed the check of the capture it comes from; its id stays, as other rows refer to
//! it. What is derived from the chunks is not among them.

use crate::capture::tables::CheckedRow;
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Values by table and id, without the check.
#[derive(Debug, Default, Clone)]
pub(in crate::capture) struct PlainRows(BTreeMap<&'static str, BTreeMap<i64, Vec<Value>>>);

/// Columns of `run`.
const BOOT: usize = 0;
const INTERVAL: usize = 3;
const FIRST_SEQ: usize = 6;
/// Of `host`.
const TICK_RATE: usize = 7;

impl PlainRows {
    /// Takes a row; one with the same id is replaced.
    pub(in crate::capture) fn put(&mut self, table: &'static str, id: i64, values: Vec<Value>) {
        self.0.entry(table).or_default().insert(id, values);
    }

    /// The same for a row of a query.
    pub(in crate::capture) fn take(&mut self, table: &'static str, row: &CheckedRow) {
        self.put(table, row.id, row.values().to_vec());
    }

    /// Adds a row behind the others of its table.
    pub(in crate::capture) fn push(&mut self, table: &'static str, values: Vec<Value>) {
        let rows = self.0.entry(table).or_default();
        let last = rows.last_key_value().map_or(0, |(id, _)| *id);
        rows.insert(last.max(0).saturating_add(1), values);
    }

    /// The rows of a table, by id.
    pub(in crate::capture) fn table(
        &self,
        table: &str,
    ) -> impl DoubleEndedIterator<Item = (i64, &[Value])> {
        let rows = self.0.get(table).into_iter().flatten();
        rows.map(|(id, values)| (*id, values.as_slice()))
    }

    /// Whether there is such a row.
    pub(in crate::capture) fn has(&self, table: &str, id: i64) -> bool {
        self.0.get(table).is_some_and(|rows| rows.contains_key(&id))
    }

    /// The values of a row, to be changed.
    pub(in crate::capture) fn row_mut(&mut self, table: &str, id: i64) -> Option<&mut Vec<Value>> {
        self.0.get_mut(table)?.get_mut(&id)
    }

    /// Drops the rows of a table of which this is not said.
    pub(in crate::capture) fn retain(
        &mut self,
        table: &str,
        mut keep: impl FnMut(i64, &[Value]) -> bool,
    ) {
        if let Some(rows) = self.0.get_mut(table) {
            rows.retain(|id, values| keep(*id, values));
        }
    }

    /// The rows of these tables alone.
    pub(in crate::capture) fn only(&self, tables: &[&str]) -> Self {
        let rows = self.0.iter().filter(|(table, _)| tables.contains(table));
        Self(rows.map(|(table, rows)| (*table, rows.clone())).collect())
    }

    /// How many rows there are.
    pub(in crate::capture) fn len(&self) -> u64 {
        self.0.values().map(|rows| rows.len() as u64).sum()
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = (&'static str, i64, Vec<Value>)> {
        self.0.into_iter().flat_map(|(table, rows)| {
            rows.into_iter()
                .map(move |(id, values)| (table, id, values))
        })
    }

    /// Kind, `after_seq` and `missed_ticks` of each gap.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (&[u8], u64, u64)> {
        self.table("gap").map(|(_, values)| {
            let kind = match values.first() {
                Some(Value::Text(kind)) => kind.as_bytes(),
                _ => &[],
            };
            let number = |column| integer(values, column).unwrap_or(0).max(0).unsigned_abs();
            (kind, number(1), number(4))
        })
    }

    /// The run that a tick belongs to, by where the runs begin; 0 when none is known.
    pub(super) fn run_of(&self, seq: u64) -> i64 {
        let begun = |values: &[Value]| {
            let first = integer(values, FIRST_SEQ).and_then(|first| u64::try_from(first).ok());
            first.is_some_and(|first| first <= seq)
        };
        let mut runs = self.table("run").rev();
        runs.find(|(_, values)| begun(values))
            .map_or(0, |(id, _)| id)
    }

    /// Boot, time between ticks and clock ticks a second of a run: what nearly every host has
    /// where its rows are lost.
    pub(super) fn basis(&self, run: i64) -> (i64, Duration, u64) {
        let values = self.table("run").find(|(id, _)| *id == run);
        let number = |column| values.and_then(|(_, values)| integer(values, column));
        let newest_boot = self.table("host").next_back().map_or(0, |(id, _)| id);
        let boot = number(BOOT).unwrap_or(newest_boot);
        let interval = number(INTERVAL).and_then(|micros| u64::try_from(micros).ok());
        let host = self.table("host").find(|(id, _)| *id == boot);
        let rate = host.and_then(|(_, values)| integer(values, TICK_RATE));
        let rate = rate.and_then(|rate| u64::try_from(rate).ok());
        (
            boot,
            Duration::from_micros(interval.unwrap_or(1_000_000)),
            rate.filter(|&rate| rate > 0).unwrap_or(100),
        )
    }
}

/// A number in a row.
pub(in crate::capture) fn integer(values: &[Value], column: usize) -> Option<i64> {
    match values.get(column) {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    }
}
