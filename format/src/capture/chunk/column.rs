//! One column of a chunk, read from front to back.
//!
//! Its parts lie one behind the other: first values, then which rows change later, how often,
//! when, and to what. [`Later`] keeps its place in each of them, so that no list of changes is
//! made on the way. Everything is checked before it is used.

use super::{Row, value_from_difference};
use crate::capture::bytes::Input;
use crate::capture::error::FrameFault;
use crate::group::Kind;
use crate::reading::{Missing, Reading};
use crate::tick::TickTimes;

/// A value, or the code of why there is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) missing: u8,
    pub(super) value: i64,
}

impl Cell {
    pub(super) fn reading(self) -> Reading<i64> {
        Missing::from_code(self.missing).map_or(Ok(self.value), Err)
    }
}

/// The first value of each row, into `first`.
pub(super) fn first_values(
    input: &mut Input<'_>,
    first: &mut Vec<Cell>,
    (rows, kind): (usize, Kind),
    ticks: &[TickTimes],
) -> Result<(), FrameFault> {
    first.clear();
    let mut codes = Runs::default();
    for _ in 0..rows {
        let missing = codes.next(input)?;
        first.push(Cell { missing, value: 0 });
    }
    let seq = ticks[0].seq.0.cast_signed();
    let mut previous = 0_i64;
    for cell in first.iter_mut().filter(|cell| cell.missing == 0) {
        previous = previous.wrapping_add(input.signed()?);
        cell.value = match kind {
            Kind::ReadAt => previous.wrapping_add(seq),
            _ => previous,
        };
    }
    Ok(())
}

/// Steps over a column that nobody wants.
pub(super) fn pass_column(input: &mut Input<'_>, rows: usize) -> Result<(), FrameFault> {
    let values = Runs::pass(input, rows)?;
    input.skip(values)?;
    Later::read(input, Kind::Gauge).map(drop)
}

/// The changes after the first values, in order of (row, tick).
#[derive(Debug)]
pub(super) struct Later<'a> {
    kind: Kind,
    /// How many rows are left, and which was the last.
    rows_left: usize,
    row: Option<usize>,
    rows: Input<'a>,
    counts: Input<'a>,
    times: Input<'a>,
    /// Without them every change has a value.
    codes: Option<(Runs, Input<'a>)>,
    values: Input<'a>,
    /// How many changes there are in all.
    pub(super) changes: usize,
}

/// A row that changes later.
#[derive(Debug)]
pub(super) struct Changing {
    pub(super) row: usize,
    left: usize,
    tick: u32,
    value: i64,
}

impl<'a> Later<'a> {
    /// Finds where its parts begin; `input` is then at the next column.
    pub(super) fn read(input: &mut Input<'a>, kind: Kind) -> Result<Self, FrameFault> {
        let rows_left = input.count(2)?;
        let rows = *input;
        input.skip(rows_left)?;
        let (counts, mut changes) = (*input, 0_usize);
        for _ in 0..rows_left {
            changes = changes.saturating_add(input.small()? as usize);
        }
        let times = *input;
        input.skip(changes)?;
        let (mut codes, mut present) = (None, changes);
        if input.byte()? != 0 {
            codes = Some((Runs::default(), *input));
            present = Runs::pass(input, changes)?;
        }
        let values = *input;
        input.skip(present)?;
        Ok(Self {
            kind,
            rows_left,
            row: None,
            rows,
            counts,
            times,
            codes,
            values,
            changes,
        })
    }

    /// The next row that changes.
    pub(super) fn next_row(
        &mut self,
        rows: &[Row],
        first: &[Cell],
    ) -> Result<Option<Changing>, FrameFault> {
        if self.rows_left == 0 {
            return Ok(None);
        }
        self.rows_left -= 1;
        let step = self.rows.small()? as usize;
        let number = self.row.unwrap_or(0).saturating_add(step);
        // In order, and each row once.
        let is_new = self.row.is_none_or(|before| number > before);
        let (Some(row), true) = (rows.get(number), is_new) else {
            return Err(FrameFault::Number(number as u64));
        };
        self.row = Some(number);
        Ok(Some(Changing {
            row: number,
            left: self.counts.small()? as usize,
            tick: row.born.into(),
            // Of a first value that is missing this is 0, as it must be.
            value: first[number].value,
        }))
    }

    /// The next change of a row: at which tick, and to what.
    pub(super) fn next(
        &mut self,
        of: &mut Changing,
        ticks: &[TickTimes],
    ) -> Result<Option<(u8, Cell)>, FrameFault> {
        if of.left == 0 {
            return Ok(None);
        }
        of.left -= 1;
        of.tick = of.tick.saturating_add(self.times.small()?);
        let tick = u8::try_from(of.tick).ok();
        let found = tick.and_then(|tick| Some((tick, ticks.get(usize::from(tick))?)));
        let (tick, times) = found.ok_or(FrameFault::Number(u64::from(of.tick)))?;
        let missing = match &mut self.codes {
            Some((runs, codes)) => runs.next(codes)?,
            None => 0,
        };
        let mut cell = Cell { missing, value: 0 };
        if missing == 0 {
            let step = self.values.signed()?;
            of.value = value_from_difference(self.kind, step, of.value, times.seq.0);
            cell.value = of.value;
        }
        Ok(Some((tick, cell)))
    }

    /// Steps over what is left of a row.
    pub(super) fn pass(&mut self, of: Changing, ticks: &[TickTimes]) -> Result<(), FrameFault> {
        if self.codes.is_none() {
            self.times.skip(of.left)?;
            return self.values.skip(of.left);
        }
        let mut of = of;
        while self.next(&mut of, ticks)?.is_some() {}
        Ok(())
    }
}

/// Reads (code, how often) pairs.
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

    /// Steps over so many codes, and gives how many of them are 0: a value follows for each.
    fn pass(input: &mut Input<'_>, codes: usize) -> Result<usize, FrameFault> {
        let (mut left, mut present) = (codes, 0);
        while left > 0 {
            let (code, count) = (input.byte()?, input.unsigned()?);
            let count = usize::try_from(count).unwrap_or(usize::MAX).min(left);
            if count == 0 {
                return Err(FrameFault::Number(0));
            }
            left -= count;
            present += if code == 0 { count } else { 0 };
        }
        Ok(present)
    }
}
