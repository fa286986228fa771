//! Frames back into a chunk. Everything in them is checked before it is used.

use super::tail::{TIME_NUMBERS, key, times_from_numbers};
use super::{ALIVE, CellChange, Chunk, GroupRows, MOST_TICKS, Row, value_from_difference};
use crate::capture::bytes::Input;
use crate::capture::error::FrameFault;
use crate::capture::frame::{FrameKey, FrameKind, open, skip};
use crate::group::{Field, Group, Kind};
use crate::process::{Pid, ProcessKey};
use crate::tick::{Key, TickTimes};
use crate::units::Ticks;

/// No chunk unpacks to more cells than this: 128 MiB.
const MOST_CHANGES: usize = 8 << 20;

/// What of a chunk is wanted: unpacking less is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Tick times, strings and rows.
    Index,
    /// And every group but processes.
    Machine,
    /// Everything.
    All,
}

/// A chunk from its frames. A part that is not wanted stays without values.
pub(crate) fn decode(mut frames: &[u8], key: FrameKey, part: Part) -> Result<Chunk, FrameFault> {
    let mut raw = Vec::new();
    open(&mut frames, FrameKind::Index, key, &mut raw)?;
    let mut chunk = decode_index(&raw)?;
    if part == Part::Index {
        skip(&mut frames)?;
    } else {
        open(&mut frames, FrameKind::Machine, key, &mut raw)?;
        let mut input = Input(&raw);
        for group in Group::ALL
            .into_iter()
            .filter(|&group| group != Group::Process)
        {
            columns(&mut input, &mut chunk, group)?;
        }
        input.end()?;
    }
    if part == Part::All {
        open(&mut frames, FrameKind::Processes, key, &mut raw)?;
        let mut input = Input(&raw);
        columns(&mut input, &mut chunk, Group::Process)?;
        input.end()?;
    }
    for group in Group::ALL {
        chunk.groups[group.index()].complete(group.fields().len());
    }
    Ok(chunk)
}

fn decode_index(raw: &[u8]) -> Result<Chunk, FrameFault> {
    let mut input = Input(raw);
    let ticks = times(&mut input)?;
    let mut strings = Vec::new();
    for _ in 0..input.count(1)? {
        strings.push(input.bytes()?.into());
    }
    let mut chunk = Chunk {
        ticks,
        strings,
        ..Chunk::default()
    };
    for rows in &mut chunk.groups {
        rows.rows = decode_rows(&mut input, chunk.ticks.len())?;
    }
    input.end()?;
    Ok(chunk)
}

fn times(input: &mut Input<'_>) -> Result<Vec<TickTimes>, FrameFault> {
    let count = input.count(TIME_NUMBERS)?;
    if count == 0 || count > MOST_TICKS {
        return Err(FrameFault::Number(count as u64));
    }
    let mut numbers = vec![[0; TIME_NUMBERS]; count];
    for column in 0..TIME_NUMBERS {
        let (mut last, mut step) = (0_i64, 0_i64);
        for row in &mut numbers {
            step = step.wrapping_add(input.signed()?);
            last = last.wrapping_add(step);
            row[column] = last;
        }
    }
    Ok(numbers.into_iter().map(times_from_numbers).collect())
}

fn decode_rows(input: &mut Input<'_>, ticks: usize) -> Result<Vec<Row>, FrameFault> {
    let count = input.count(4)?;
    let mut rows = Vec::with_capacity(count);
    let mut previous = ProcessKey {
        pid: Pid(0),
        started: Ticks(0),
    };
    for _ in 0..count {
        let key = match input.0.first() {
            Some(2) => {
                input.byte()?;
                previous = next_process(input, previous)?;
                Key::Process(previous)
            }
            _ => key(input)?,
        };
        rows.push(Row {
            key,
            born: 0,
            died: ALIVE,
        });
    }
    let tick = |value: u32| {
        let known = u8::try_from(value)
            .ok()
            .filter(|&tick| usize::from(tick) < ticks);
        known.ok_or(FrameFault::Number(u64::from(value)))
    };
    for row in &mut rows {
        row.born = tick(input.small()?)?;
    }
    for row in &mut rows {
        row.died = input.small()?.checked_sub(1).map_or(Ok(ALIVE), tick)?;
    }
    Ok(rows)
}

/// A process as steps from the one before it.
pub(crate) fn next_process(
    input: &mut Input<'_>,
    previous: ProcessKey,
) -> Result<ProcessKey, FrameFault> {
    let step = input.signed()?;
    let pid = i64::from(previous.pid.0).checked_add(step);
    let pid = pid.and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.ok_or(FrameFault::Number(step.cast_unsigned()))?;
    let started = previous
        .started
        .0
        .wrapping_add(input.signed()?.cast_unsigned());
    Ok(ProcessKey {
        pid: Pid(pid),
        started: Ticks(started),
    })
}

fn columns(input: &mut Input<'_>, chunk: &mut Chunk, group: Group) -> Result<(), FrameFault> {
    let fields = group.fields();
    let count = input.count(1)?;
    if count != fields.len() {
        return Err(FrameFault::Number(count as u64));
    }
    let ticks = std::mem::take(&mut chunk.ticks);
    let mut rows = std::mem::take(&mut chunk.groups[group.index()]);
    // No change takes less than two bytes.
    rows.changes.reserve_exact(input.0.len() / 2);
    let decoded = fields
        .iter()
        .zip(0..)
        .try_for_each(|(column, field)| decode_column(input, &mut rows, &ticks, (field, column)));
    chunk.ticks = ticks;
    chunk.groups[group.index()] = rows;
    decoded
}

fn decode_column(
    input: &mut Input<'_>,
    rows: &mut GroupRows,
    ticks: &[TickTimes],
    (field, column): (u8, &Field),
) -> Result<(), FrameFault> {
    let first = first_values(input, rows.rows.len(), column.kind, ticks[0].seq.0)?;
    let mut later = later_changes(input, rows, ticks.len(), field)?;
    if input.byte()? != 0 {
        let mut codes = Runs::default();
        for change in &mut later {
            change.missing = codes.next(input)?;
        }
    }
    let (mut value, mut row) = (0, None);
    for change in &mut later {
        if row != Some(change.row) {
            row = Some(change.row);
            let (code, number) = first[change.row as usize];
            value = if code == 0 { number } else { 0 };
        }
        if change.missing == 0 {
            let seq = ticks[usize::from(change.tick)].seq.0;
            value = value_from_difference(column.kind, input.signed()?, value, seq);
            change.value = value;
        }
    }
    rows.push_column(field, &first, &later);
    if rows.changes.len() > MOST_CHANGES {
        return Err(FrameFault::Number(rows.changes.len() as u64));
    }
    Ok(())
}

/// The first value of each row, or the code of why there is none.
fn first_values(
    input: &mut Input<'_>,
    rows: usize,
    kind: Kind,
    seq: u64,
) -> Result<Vec<(u8, i64)>, FrameFault> {
    let mut codes = Runs::default();
    let mut first = Vec::with_capacity(rows);
    for _ in 0..rows {
        first.push((codes.next(input)?, 0));
    }
    let mut previous = 0_i64;
    for (_, value) in first.iter_mut().filter(|(code, _)| *code == 0) {
        previous = previous.wrapping_add(input.signed()?);
        *value = match kind {
            Kind::ReadAt => previous.wrapping_add(seq.cast_signed()),
            _ => previous,
        };
    }
    Ok(first)
}

/// The changes after the first values, in order of (row, tick), still without values.
fn later_changes(
    input: &mut Input<'_>,
    rows: &GroupRows,
    ticks: usize,
    field: u8,
) -> Result<Vec<CellChange>, FrameFault> {
    let changed = changed_rows(input, rows.rows.len())?;
    let mut later = Vec::new();
    for (row, count) in changed {
        let mut at = u32::from(rows.rows[row as usize].born);
        for _ in 0..count {
            at = at.saturating_add(input.small()?);
            let tick = u8::try_from(at).ok();
            let tick = tick.filter(|&tick| usize::from(tick) < ticks);
            later.push(CellChange {
                row,
                field,
                tick: tick.ok_or(FrameFault::Number(u64::from(at)))?,
                missing: 0,
                value: 0,
            });
        }
        if later.len() > MOST_CHANGES {
            return Err(FrameFault::Number(later.len() as u64));
        }
    }
    Ok(later)
}

/// Which rows changed later, and how often.
fn changed_rows(input: &mut Input<'_>, rows: usize) -> Result<Vec<(u32, u32)>, FrameFault> {
    let count = input.count(2)?;
    let mut changed = Vec::with_capacity(count);
    let mut row = 0_u32;
    for _ in 0..count {
        row = row.saturating_add(input.small()?);
        if row as usize >= rows {
            return Err(FrameFault::Number(u64::from(row)));
        }
        changed.push((row, 0));
    }
    for (_, changes) in &mut changed {
        *changes = input.small()?;
        if *changes as usize > input.0.len() {
            return Err(FrameFault::Number(u64::from(*changes)));
        }
    }
    Ok(changed)
}

/// Reads the (code, how often) pairs that the encoder wrote.
#[derive(Debug, Default)]
struct Runs {
    code: u8,
    left: u64,
}

impl Runs {
    fn next(&mut self, input: &mut Input<'_>) -> Result<u8, FrameFault> {
        if self.left == 0 {
            self.code = input.byte()?;
            self.left = input.unsigned()?;
        }
        self.left = self.left.checked_sub(1).ok_or(FrameFault::Number(0))?;
        Ok(self.code)
    }
}
