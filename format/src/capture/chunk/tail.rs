//! One tick as bytes: a row of the tail.
//!
//! ```text
//! times · strings first used here · for each group: born keys · died rows · changes by field
//! ```
//! The first tick of a chunk holds every row and value; the others only what changed, so the
//! tail is read from its beginning.

use super::builder::Delta;
use super::{Chunk, MOST_CHANGES, MOST_ROWS, MOST_TEXTS, check_count, difference};
use crate::capture::bytes::{Input, put_bytes, put_signed, put_unsigned};
use crate::capture::error::FrameFault;
use crate::group::Group;
use crate::process::{Pid, ProcessKey};
use crate::tick::{Change, Instants, Key, Shed, TickTimes};
use crate::time::{BootTime, MonotonicTime, Seq, WallTime};
use crate::units::Ticks;
use std::sync::Arc;
use std::time::Duration;

/// A tail row, taken apart.
#[derive(Debug)]
pub(crate) struct TailRow<'a> {
    pub(crate) times: TickTimes,
    pub(crate) strings: Vec<&'a [u8]>,
    pub(crate) deltas: [Delta; Group::COUNT],
}

/// A tick after the first: what it changed.
pub(crate) fn encode(
    out: &mut Vec<u8>,
    times: &TickTimes,
    strings: &[Arc<[u8]>],
    deltas: &[Delta; Group::COUNT],
) {
    put_head(out, times, strings);
    for delta in deltas {
        put_keys(out, delta.born.iter());
        put_unsigned(out, delta.died.len() as u64);
        for &row in &delta.died {
            put_unsigned(out, u64::from(row));
        }
        let by_field = delta.changes.chunk_by(|(a, _), (b, _)| a.field == b.field);
        put_unsigned(out, by_field.clone().count() as u64);
        for column in by_field {
            let steps = column.iter();
            let steps = steps.map(|(change, step)| (change.row, change.missing, *step));
            put_column(out, column[0].0.field, steps);
        }
    }
}

/// The first tick of a chunk, which is all that the chunk has yet: every row and every value.
pub(crate) fn encode_first(out: &mut Vec<u8>, chunk: &Chunk) {
    let times = &chunk.ticks[0];
    put_head(out, times, &chunk.strings);
    for (group, rows) in Group::ALL.into_iter().zip(&chunk.groups) {
        put_keys(out, rows.rows.iter().map(|row| &row.key));
        put_unsigned(out, 0);
        let by_field = rows.changes.chunk_by(|a, b| a.field == b.field);
        put_unsigned(out, by_field.clone().count() as u64);
        for column in by_field {
            let field = column[0].field;
            let kind = group.fields()[usize::from(field)].kind;
            let step = |value| difference(kind, value, 0, times.seq.0);
            let steps = column.iter();
            let steps = steps.map(|change| (change.row, change.missing, step(change.value)));
            put_column(out, field, steps);
        }
    }
}

fn put_head(out: &mut Vec<u8>, times: &TickTimes, strings: &[Arc<[u8]>]) {
    for number in numbers_from_times(times) {
        put_signed(out, number);
    }
    put_unsigned(out, strings.len() as u64);
    for text in strings {
        put_bytes(out, text);
    }
}

fn put_keys<'a>(out: &mut Vec<u8>, keys: impl ExactSizeIterator<Item = &'a Key>) {
    put_unsigned(out, keys.len() as u64);
    for key in keys {
        put_key(out, key);
    }
}

/// The changes of one field, in order of rows: (row, missing code, step).
fn put_column(
    out: &mut Vec<u8>,
    field: u8,
    steps: impl ExactSizeIterator<Item = (u32, u8, i64)> + Clone,
) {
    out.push(field);
    put_unsigned(out, steps.len() as u64);
    let mut before = 0;
    for (row, ..) in steps.clone() {
        put_unsigned(out, u64::from(row - before));
        before = row;
    }
    for (_, missing, step) in steps {
        // An absent value is announced by a 0; any step is shifted past it.
        match missing {
            0 if step < 0 => put_signed(out, step),
            0 => put_signed(out, step.saturating_add(1)),
            missing => out.extend_from_slice(&[0, missing]),
        }
    }
}

pub(crate) fn decode(bytes: &[u8]) -> Result<TailRow<'_>, FrameFault> {
    let mut input = Input(bytes);
    let times = times(&mut input)?;
    let count = input.count(1)?;
    check_count(count, MOST_TEXTS)?;
    let strings = (0..count)
        .map(|_| input.bytes())
        .collect::<Result<_, _>>()?;
    let mut deltas: [Delta; Group::COUNT] = Default::default();
    let mut room = MOST_CHANGES;
    for delta in &mut deltas {
        *delta = decode_delta(&mut input, room)?;
        room -= delta.changes.len();
    }
    input.end()?;
    Ok(TailRow {
        times,
        strings,
        deltas,
    })
}

fn decode_delta(input: &mut Input<'_>, room: usize) -> Result<Delta, FrameFault> {
    let mut delta = Delta::default();
    let born = input.count(2)?;
    check_count(born, MOST_ROWS)?;
    for _ in 0..born {
        delta.born.push(key(input)?);
    }
    let died = input.count(1)?;
    check_count(died, MOST_ROWS)?;
    for _ in 0..died {
        delta.died.push(input.small()?);
    }
    let mut before = None;
    for _ in 0..input.count(3)? {
        let field = next_field(input, &mut before)?;
        let count = input.count(2)?;
        let first = delta.changes.len();
        check_count(first.saturating_add(count), room)?;
        let mut row = 0_u32;
        for _ in 0..count {
            row = row
                .checked_add(input.small()?)
                .ok_or(FrameFault::Misplaced)?;
            let change = Change {
                row,
                field,
                missing: 0,
                value: 0,
            };
            delta.changes.push((change, 0));
        }
        for (change, step) in &mut delta.changes[first..] {
            match value(input)? {
                Ok(stored) => *step = stored,
                Err(missing) => change.missing = missing,
            }
        }
    }
    Ok(delta)
}

/// The number of a field. They rise: of two changes of a cell in one tick it is then known which
/// is the later.
pub(super) fn next_field(input: &mut Input<'_>, before: &mut Option<u8>) -> Result<u8, FrameFault> {
    let field = input.byte()?;
    if before.replace(field).is_some_and(|before| before >= field) {
        return Err(FrameFault::Misplaced);
    }
    Ok(field)
}

/// Whether a row is the first, which holds every row and every value: only that announces the
/// machine itself, whose group comes before the others.
pub(super) fn begins(row: &[u8]) -> Result<bool, FrameFault> {
    let mut input = Input(row);
    input.skip(TIME_NUMBERS)?;
    for _ in 0..input.count(1)? {
        input.bytes()?;
    }
    Ok(input.count(2)? > 0)
}

/// When the tick of a row was taken, at the beginning of its row.
pub(crate) fn times(input: &mut Input<'_>) -> Result<TickTimes, FrameFault> {
    let mut numbers = [0; TIME_NUMBERS];
    for number in &mut numbers {
        *number = input.signed()?;
    }
    Ok(times_from_numbers(numbers))
}

/// A changed value: its step, or the code of why there is none.
pub(super) fn value(input: &mut Input<'_>) -> Result<Result<i64, u8>, FrameFault> {
    Ok(match input.signed()? {
        0 => match input.byte()? {
            0 => Ok(0),
            missing => Err(missing),
        },
        negative if negative < 0 => Ok(negative),
        shifted => Ok(shifted - 1),
    })
}

/// Steps over a group that nobody wants.
pub(super) fn pass_delta(input: &mut Input<'_>) -> Result<(), FrameFault> {
    for _ in 0..input.count(2)? {
        pass_key(input)?;
    }
    let died = input.count(1)?;
    input.skip(died)?;
    for _ in 0..input.count(3)? {
        input.byte()?;
        pass_field(input)?;
    }
    Ok(())
}

/// Steps over what changed of one field, behind its number.
pub(super) fn pass_field(input: &mut Input<'_>) -> Result<(), FrameFault> {
    let changes = input.count(2)?;
    input.skip(changes)?;
    for _ in 0..changes {
        if input.signed()? == 0 {
            input.byte()?;
        }
    }
    Ok(())
}

/// A key: a name, or a process by pid and start.
pub(crate) fn put_key(out: &mut Vec<u8>, key: &Key) {
    match key {
        Key::Name(name) => {
            out.push(0);
            put_bytes(out, name);
        }
        Key::Process(process) => {
            out.push(1);
            put_signed(out, i64::from(process.pid.0));
            put_unsigned(out, process.started.0);
        }
    }
}

pub(crate) fn key(input: &mut Input<'_>) -> Result<Key, FrameFault> {
    match input.byte()? {
        0 => Ok(Key::Name(input.bytes()?.into())),
        1 => {
            let pid = input.signed()?;
            let pid =
                i32::try_from(pid).map_err(|_too_large| FrameFault::Number(pid.cast_unsigned()))?;
            let started = Ticks(input.unsigned()?);
            Ok(Key::Process(ProcessKey {
                pid: Pid(pid),
                started,
            }))
        }
        other => Err(FrameFault::Number(u64::from(other))),
    }
}

/// Steps over a key, in a row of the tail or in the index of a chunk.
pub(super) fn pass_key(input: &mut Input<'_>) -> Result<(), FrameFault> {
    match input.byte()? {
        0 => input.bytes().map(drop),
        1 | 2 => input.skip(2),
        other => Err(FrameFault::Number(u64::from(other))),
    }
}

/// How many numbers the times of a tick are stored as.
pub(crate) const TIME_NUMBERS: usize = 11;

/// The times of a tick as numbers that hardly move from tick to tick: the monotonic clock as
/// lateness, the others as their distance from it.
pub(crate) fn numbers_from_times(times: &TickTimes) -> [i64; TIME_NUMBERS] {
    let (began, ended) = (times.began, times.ended);
    let distance = |at: Instants| {
        let boot = at.boot.0.wrapping_sub(at.monotonic.0);
        (boot, at.wall.0.wrapping_sub(at.monotonic.0))
    };
    let (boot, wall) = distance(began);
    let (end_boot, end_wall) = distance(ended);
    [
        times.seq.0.cast_signed(),
        times.planned.0,
        began.monotonic.0.wrapping_sub(times.planned.0),
        boot,
        wall,
        ended.monotonic.0.wrapping_sub(began.monotonic.0),
        end_boot.wrapping_sub(boot),
        end_wall.wrapping_sub(wall),
        i64::try_from(times.recorder_cpu.as_micros()).unwrap_or(i64::MAX),
        i64::from(times.shed.0),
        i64::from(times.full_sweep),
    ]
}

/// The times behind [`numbers_from_times`].
pub(crate) fn times_from_numbers(numbers: [i64; TIME_NUMBERS]) -> TickTimes {
    let [
        seq,
        planned,
        late,
        boot,
        wall,
        took,
        end_boot,
        end_wall,
        cpu,
        shed,
        sweep,
    ] = numbers;
    let instants = |monotonic: i64, boot: i64, wall: i64| Instants {
        monotonic: MonotonicTime(monotonic),
        boot: BootTime(monotonic.wrapping_add(boot)),
        wall: WallTime::from_file(monotonic.wrapping_add(wall)),
    };
    let began = planned.wrapping_add(late);
    let (end_boot, end_wall) = (boot.wrapping_add(end_boot), wall.wrapping_add(end_wall));
    TickTimes {
        seq: Seq(seq.cast_unsigned()),
        planned: MonotonicTime(planned),
        began: instants(began, boot, wall),
        ended: instants(began.wrapping_add(took), end_boot, end_wall),
        recorder_cpu: Duration::from_micros(cpu.max(0).cast_unsigned()),
        shed: Shed(u32::try_from(shed).unwrap_or(u32::MAX)),
        full_sweep: sweep != 0,
    }
}
