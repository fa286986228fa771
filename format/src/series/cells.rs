//! Cells of a chunk by name, as the series read them.

use crate::capture::chunk::Chunk;
use crate::group::{Group, LineField};
use crate::tick::Key;

/// The number of a row of a group of named numbers.
pub(super) fn line(chunk: &Chunk, group: Group, name: &str, tick: usize) -> Option<u64> {
    let row = row_named(chunk, group, name, tick)?;
    number(chunk, group, row, LineField::Value.column(), tick)
}

/// The row of that name, if it is there at that tick.
pub(super) fn row_named(chunk: &Chunk, group: Group, name: &str, tick: usize) -> Option<usize> {
    named(chunk, group, tick).find_map(|(row, known)| (known == name.as_bytes()).then_some(row))
}

/// The rows that are there at that tick, with their names.
pub(super) fn named(
    chunk: &Chunk,
    group: Group,
    tick: usize,
) -> impl Iterator<Item = (usize, &[u8])> {
    let rows = chunk.rows_at(group, tick);
    rows.filter_map(|(row, key)| match key {
        Key::Name(name) => Some((row, &**name)),
        Key::Process(_) => None,
    })
}

/// A cell as a count; `None` where it is missing.
pub(super) fn number(
    chunk: &Chunk,
    group: Group,
    row: usize,
    field: usize,
    tick: usize,
) -> Option<u64> {
    let value = chunk.cell(group, row, field, tick);
    value.ok().map(i64::cast_unsigned)
}
