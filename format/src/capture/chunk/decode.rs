//! Frames back into a chunk. Everything in them is checked before it is used.

use super::column::{Cell, Later, first_values};
use super::packed::Packed;
use super::tail::{TIME_NUMBERS, key, pass_key, times_from_numbers};
use super::{
    ALIVE, CellChange, Chunk, GroupRows, INDEXED, MOST_CHANGES, MOST_TEXTS, MOST_TICKS, REST, Room,
    Row, check_count, of_machine, place,
};
use crate::capture::bytes::Input;
use crate::capture::error::FrameFault;
use crate::capture::frame::{FrameKey, Unpacker};
use crate::group::{Field, Group};
use crate::process::{Pid, ProcessKey};
use crate::reading::Missing;
use crate::tick::{Key, TickTimes};
use crate::units::Ticks;

/// Room that is taken at once for the changes of a group other than processes.
const FEW_CHANGES: usize = 64 << 10;

/// What of a chunk is wanted: unpacking less is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Tick times, strings, rows, and the values of the machine.
    Machine,
    /// These and the values of processes.
    Processes,
    /// Those of the machine and the rest: sockets, file systems and what else is no process.
    Rest,
    /// Everything.
    All,
}

impl Part {
    /// Whether the values of processes are in it.
    pub(crate) const fn has_processes(self) -> bool {
        matches!(self, Self::Processes | Self::All)
    }

    /// Whether the rest is in it.
    pub(crate) const fn has_rest(self) -> bool {
        matches!(self, Self::Rest | Self::All)
    }

    /// Whether another one is in it.
    pub(crate) const fn has(self, other: Self) -> bool {
        (self.has_processes() || !other.has_processes()) && (self.has_rest() || !other.has_rest())
    }

    /// The same without the rest.
    pub(crate) const fn without_rest(self) -> Self {
        if self.has_processes() {
            Self::Processes
        } else {
            Self::Machine
        }
    }
}

/// Which ticks of a chunk are wanted, by their places: of each cell it is enough to know what it
/// was at the first of them and what it became until the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) first: u8,
    pub(crate) last: u8,
}

impl Window {
    /// Every tick.
    pub(crate) const ALL: Self = Self {
        first: 0,
        last: u8::MAX,
    };

    /// A tick and the one before it.
    pub(crate) fn up_to(tick: usize) -> Self {
        let last = u8::try_from(tick).unwrap_or(u8::MAX);
        Self {
            first: last.saturating_sub(1),
            last,
        }
    }

    /// How many changes of so many cells there can be in it.
    fn most_changes(self, cells: usize) -> usize {
        cells.saturating_mul(1 + usize::from(self.last - self.first))
    }

    pub(crate) fn has(self, tick: usize) -> bool {
        (usize::from(self.first)..=usize::from(self.last)).contains(&tick)
    }
}

/// A chunk from its frames. A part that is not wanted stays without values.
pub(crate) fn decode(frames: &[u8], key: FrameKey, part: Part) -> Result<Chunk, FrameFault> {
    let mut unpacker = Unpacker::default();
    let packed = Packed::open(frames, key, &mut unpacker)?;
    packed.chunk((part, Window::ALL), &mut unpacker)
}

/// The index: tick times, strings, and rows of all but the rest, still without values.
pub(super) fn index(raw: &[u8]) -> Result<Chunk, FrameFault> {
    let mut input = Input(raw);
    let mut chunk = Chunk {
        ticks: times(&mut input)?,
        lacks_rest: true,
        ..Chunk::default()
    };
    for _ in 0..texts(&mut input)? {
        chunk.strings.push(input.bytes()?.into());
    }
    let mut room = Room::default();
    for group in INDEXED {
        let rows = decode_rows(&mut input, (group, &mut room), chunk.ticks.len())?;
        chunk.groups[group.index()].rows = rows;
    }
    input.end()?;
    Ok(chunk)
}

/// Of an index only the rows of processes.
pub(super) fn process_rows(raw: &[u8], ticks: usize) -> Result<Vec<Row>, FrameFault> {
    let mut input = Input(raw);
    pass_times(&mut input)?;
    for _ in 0..texts(&mut input)? {
        input.bytes()?;
    }
    let mut rows = Vec::new();
    for group in INDEXED {
        if group == Group::Process {
            rows = decode_rows(&mut input, (group, &mut Room::default()), ticks)?;
            continue;
        }
        let count = input.count(4)?;
        for _ in 0..count {
            pass_key(&mut input)?;
        }
        input.skip(2 * count)?;
    }
    input.end()?;
    Ok(rows)
}

/// Of an index only the strings.
pub(super) fn strings<'a>(raw: &'a [u8], mut each: impl FnMut(&'a [u8])) -> Result<(), FrameFault> {
    let mut input = Input(raw);
    pass_times(&mut input)?;
    for _ in 0..texts(&mut input)? {
        each(input.bytes()?);
    }
    Ok(())
}

/// How many texts follow.
fn texts(input: &mut Input<'_>) -> Result<usize, FrameFault> {
    let count = input.count(1)?;
    check_count(count, MOST_TEXTS).map(|()| count)
}

fn pass_times(input: &mut Input<'_>) -> Result<(), FrameFault> {
    let count = input.count(TIME_NUMBERS)?;
    input.skip(count * TIME_NUMBERS)
}

/// The values of the machine.
pub(super) fn machine(raw: &[u8], chunk: &mut Chunk, window: Window) -> Result<(), FrameFault> {
    let mut input = Input(raw);
    for group in of_machine() {
        columns(&mut input, chunk, (group, window))?;
    }
    input.end()
}

/// The rows and the values of the rest.
pub(super) fn rest(raw: &[u8], chunk: &mut Chunk, window: Window) -> Result<(), FrameFault> {
    let mut input = Input(raw);
    // What the index has counts.
    let mut room = Room::default();
    for group in INDEXED {
        room.take(group, chunk.groups[group.index()].rows.len())?;
    }
    for group in REST {
        let rows = decode_rows(&mut input, (group, &mut room), chunk.ticks.len())?;
        chunk.groups[group.index()].rows = rows;
        columns(&mut input, chunk, (group, window))?;
    }
    chunk.lacks_rest = false;
    input.end()
}

/// The values of processes.
pub(super) fn processes(raw: &[u8], chunk: &mut Chunk, window: Window) -> Result<(), FrameFault> {
    let mut input = Input(raw);
    columns(&mut input, chunk, (Group::Process, window))?;
    input.end()
}

/// When the ticks of an index were taken.
pub(super) fn times(input: &mut Input<'_>) -> Result<Vec<TickTimes>, FrameFault> {
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

fn decode_rows(
    input: &mut Input<'_>,
    (group, room): (Group, &mut Room),
    ticks: usize,
) -> Result<Vec<Row>, FrameFault> {
    let count = input.count(4)?;
    room.take(group, count)?;
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

fn columns(
    input: &mut Input<'_>,
    chunk: &mut Chunk,
    (group, window): (Group, Window),
) -> Result<(), FrameFault> {
    let fields = group.fields();
    let count = input.count(1)?;
    if count != fields.len() {
        return Err(FrameFault::Number(count as u64));
    }
    let others = chunk.groups.iter().map(|rows| rows.changes.len()).sum();
    let room = MOST_CHANGES.saturating_sub(others);
    let ticks = std::mem::take(&mut chunk.ticks);
    let mut rows = std::mem::take(&mut chunk.groups[group.index()]);
    // No change takes less than two bytes.
    let most = (input.0.len() / 2).min(window.most_changes(rows.rows.len() * fields.len()));
    let at_once = match group {
        Group::Process => room,
        _ => room.min(FEW_CHANGES),
    };
    rows.changes.reserve_exact(most.min(at_once));
    let mut first = Vec::with_capacity(rows.rows.len());
    let decoded = fields.iter().zip(0..).try_for_each(|column| {
        let to = (&mut rows, room);
        decode_column(input, to, (&ticks, window), column, &mut first)
    });
    chunk.ticks = ticks;
    chunk.groups[group.index()] = rows;
    decoded
}

/// Adds the changes of one column, in order of (row, tick): nothing has to be sorted.
fn decode_column(
    input: &mut Input<'_>,
    (rows, room): (&mut GroupRows, usize),
    (ticks, window): (&[TickTimes], Window),
    (column, field): (&Field, u8),
    first: &mut Vec<Cell>,
) -> Result<(), FrameFault> {
    first_values(input, first, (rows.rows.len(), column.kind), ticks)?;
    let mut later = Later::read(input, column.kind)?;
    let most = rows.changes.len().saturating_add(first.len());
    check_count(most.saturating_add(later.changes), room)?;
    let mut next = later.next_row(&rows.rows, first)?;
    for ((row, cell), number) in rows.rows.iter().zip(&*first).zip(0_u32..) {
        let begin = rows.changes.len();
        rows.starts.push(place(begin));
        let mut keep = |tick, cell: Cell| {
            if tick <= window.first {
                // What it was before is over by then.
                rows.changes.truncate(begin);
            }
            rows.changes.push(CellChange {
                row: number,
                field,
                tick,
                missing: cell.missing,
                value: cell.value,
            });
        };
        if cell.missing != Missing::NotRead.code() {
            keep(row.born, *cell);
        }
        if let Some(mut of) = next.take_if(|next| next.row == number as usize) {
            while let Some((tick, cell)) = later.next(&mut of, ticks)? {
                if tick > window.last {
                    later.pass(of, ticks)?;
                    break;
                }
                keep(tick, cell);
            }
            next = later.next_row(&rows.rows, first)?;
        }
    }
    Ok(())
}
