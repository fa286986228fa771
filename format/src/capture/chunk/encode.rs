//! A chunk as four frames: index, machine, processes, rest.
//!
//! The index holds the tick times, the strings and the rows; the others hold columns, the last
//! one with rows of its own: what few ask for costs the others nothing. A column is everything one field did: the first value of each row as a step from the row
//! before, then for each row that changed when it did and by how much. Like stands beside
//! like, which is what makes it compress.

use super::tail::{TIME_NUMBERS, numbers_from_times, put_key};
use super::{ALIVE, CellChange, Chunk, GroupRows, INDEXED, REST, difference, of_machine};
use crate::capture::bytes::{put_bytes, put_signed, put_unsigned};
use crate::capture::error::FrameFault;
use crate::capture::frame::{FrameKey, FrameKind, Packer, seal};
use crate::group::{Group, Kind};
use crate::process::{Pid, ProcessKey};
use crate::reading::Missing;
use crate::tick::Key;
use crate::units::Ticks;

/// The frames of `chunk`, one after the other. Its changes are in order already.
pub(crate) fn encode(
    chunk: &Chunk,
    key: FrameKey,
    packer: &mut Packer,
) -> Result<Vec<u8>, FrameFault> {
    let (mut frames, mut raw) = (Vec::new(), Vec::new());
    put_times(&mut raw, chunk);
    put_unsigned(&mut raw, chunk.strings.len() as u64);
    for text in &chunk.strings {
        put_bytes(&mut raw, text);
    }
    for group in INDEXED {
        put_rows(&mut raw, &chunk.groups[group.index()]);
    }
    seal(&mut frames, FrameKind::Index, key, &raw, packer)?;
    raw.clear();
    for group in of_machine() {
        put_columns(&mut raw, chunk, group);
    }
    seal(&mut frames, FrameKind::Machine, key, &raw, packer)?;
    raw.clear();
    put_columns(&mut raw, chunk, Group::Process);
    seal(&mut frames, FrameKind::Processes, key, &raw, packer)?;
    raw.clear();
    for group in REST {
        put_rows(&mut raw, &chunk.groups[group.index()]);
        put_columns(&mut raw, chunk, group);
    }
    seal(&mut frames, FrameKind::Rest, key, &raw, packer)?;
    Ok(frames)
}

/// Times as second differences: a clock that keeps time is a row of zeros.
fn put_times(out: &mut Vec<u8>, chunk: &Chunk) {
    put_unsigned(out, chunk.ticks.len() as u64);
    let numbers: Vec<_> = chunk.ticks.iter().map(numbers_from_times).collect();
    for column in 0..TIME_NUMBERS {
        let (mut last, mut step) = (0_i64, 0_i64);
        for row in &numbers {
            let new_step = row[column].wrapping_sub(last);
            put_signed(out, new_step.wrapping_sub(step));
            (last, step) = (row[column], new_step);
        }
    }
}

fn put_rows(out: &mut Vec<u8>, rows: &GroupRows) {
    put_unsigned(out, rows.rows.len() as u64);
    let mut previous = ProcessKey {
        pid: Pid(0),
        started: Ticks(0),
    };
    for row in &rows.rows {
        match &row.key {
            Key::Process(process) => {
                out.push(2);
                put_signed(out, i64::from(process.pid.0) - i64::from(previous.pid.0));
                put_signed(
                    out,
                    process
                        .started
                        .0
                        .wrapping_sub(previous.started.0)
                        .cast_signed(),
                );
                previous = *process;
            }
            name @ Key::Name(_) => put_key(out, name),
        }
    }
    for row in &rows.rows {
        put_unsigned(out, u64::from(row.born));
    }
    for row in &rows.rows {
        put_unsigned(
            out,
            u64::from(if row.died == ALIVE { 0 } else { row.died + 1 }),
        );
    }
}

fn put_columns(out: &mut Vec<u8>, chunk: &Chunk, group: Group) {
    let (rows, fields) = (&chunk.groups[group.index()], group.fields());
    let first_seq = chunk.ticks.first().map_or(0, |tick| tick.seq.0);
    put_unsigned(out, fields.len() as u64);
    for (field, column) in fields.iter().enumerate() {
        put_first_values(out, rows, field, column.kind, first_seq);
        put_changes(out, chunk, rows, field, column.kind);
    }
}

/// The first value of a row, if it had one when it was born.
fn first_value(rows: &GroupRows, field: usize, row: usize) -> Option<&CellChange> {
    let first = rows.changes_of(field, row).first();
    first.filter(|change| change.tick == rows.rows[row].born)
}

fn put_first_values(out: &mut Vec<u8>, rows: &GroupRows, field: usize, kind: Kind, seq: u64) {
    let count = rows.rows.len();
    let code = |row| first_value(rows, field, row).map_or(Missing::NotRead.code(), |c| c.missing);
    put_runs(out, (0..count).map(code));
    let present = (0..count).filter_map(|row| first_value(rows, field, row));
    let mut previous = 0;
    for change in present.filter(|change| change.missing == 0) {
        let value = match kind {
            Kind::ReadAt => change.value.wrapping_sub(seq.cast_signed()),
            _ => change.value,
        };
        put_signed(out, value.wrapping_sub(previous));
        previous = value;
    }
}

fn put_changes(out: &mut Vec<u8>, chunk: &Chunk, rows: &GroupRows, field: usize, kind: Kind) {
    let later = |row: usize| {
        let changes = rows.changes_of(field, row);
        &changes[usize::from(first_value(rows, field, row).is_some())..]
    };
    let changed: Vec<usize> = (0..rows.rows.len())
        .filter(|&row| !later(row).is_empty())
        .collect();
    put_unsigned(out, changed.len() as u64);
    let mut previous = 0;
    for &row in &changed {
        put_unsigned(out, (row - previous) as u64);
        previous = row;
    }
    for &row in &changed {
        put_unsigned(out, later(row).len() as u64);
    }
    for &row in &changed {
        let mut at = rows.rows[row].born;
        for change in later(row) {
            put_unsigned(out, u64::from(change.tick - at));
            at = change.tick;
        }
    }
    let all = || changed.iter().flat_map(|&row| later(row));
    let any_missing = all().any(|change| change.missing != 0);
    out.push(u8::from(any_missing));
    if any_missing {
        put_runs(out, all().map(|change| change.missing));
    }
    for &row in &changed {
        let first = first_value(rows, field, row).filter(|change| change.missing == 0);
        let mut value = first.map_or(0, |change| change.value);
        for change in later(row).iter().filter(|change| change.missing == 0) {
            let seq = chunk.ticks[usize::from(change.tick)].seq.0;
            put_signed(out, difference(kind, change.value, value, seq));
            value = change.value;
        }
    }
}

/// A sequence of codes as (code, how often) pairs.
fn put_runs(out: &mut Vec<u8>, mut codes: impl Iterator<Item = u8>) {
    let Some(mut code) = codes.next() else { return };
    let mut length = 1_u64;
    for next in codes {
        if next == code {
            length += 1;
        } else {
            out.push(code);
            put_unsigned(out, length);
            (code, length) = (next, 1);
        }
    }
    out.push(code);
    put_unsigned(out, length);
}
