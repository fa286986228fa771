//! The rows of a tail, unpacked, and what lists of processes need of one of their ticks.
//!
//! In: the rows in order. Out: chosen cells of the processes at one tick, by going over the rows
//! up to that tick and keeping the newest value of each chosen cell. Like [`super::pick`] of a
//! chunk it keeps nothing else.

use super::pick::{Picked, Texts, Wanted};
use super::tail::{self, TIME_NUMBERS};
use super::{MOST_TEXTS, MOST_TICKS, Room, check_count, value_from_difference};
use crate::capture::bytes::Input;
use crate::capture::error::FrameFault;
use crate::group::{Group, ProcessField};
use crate::process::ProcessKey;
use crate::reading::{Missing, Reading};
use crate::tick::{Key, TickTimes};

/// No tail unpacks to more than this: what its chunk may, and what changes within it.
const MOST_BYTES: usize = 80 << 20;

/// The rows of a tail, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct TailRows {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
    ticks: Vec<TickTimes>,
}

/// When the tick of a row was taken.
pub(crate) fn times(row: &[u8]) -> Result<TickTimes, FrameFault> {
    tail::times(&mut Input(row))
}

impl TailRows {
    /// Adds the next row.
    pub(crate) fn push(&mut self, row: &[u8]) -> Result<(), FrameFault> {
        if self.ticks.len() >= MOST_TICKS {
            return Err(FrameFault::Number(self.ticks.len() as u64));
        }
        let bytes = self.bytes.len() + row.len();
        if bytes > MOST_BYTES {
            return Err(FrameFault::Number(bytes as u64));
        }
        self.ticks.push(times(row)?);
        self.bytes.extend_from_slice(row);
        self.ends.push(self.bytes.len());
        Ok(())
    }

    /// When its ticks were taken, in order.
    pub(crate) fn ticks(&self) -> &[TickTimes] {
        &self.ticks
    }

    /// The rows, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins
            .zip(&self.ends)
            .map(|(from, to)| &self.bytes[from..*to])
    }

    /// Chosen cells of the processes at some ticks, the earlier tick first, and the strings that
    /// they refer to. Fields of an earlier tick must be among those of the last. What fails
    /// fails at the row of the tick that is given.
    pub(crate) fn pick(&self, wanted: &[Wanted]) -> Result<(Vec<Picked>, Texts), Fault> {
        let fields = wanted.last().map_or(&[][..], |last| last.fields);
        let mut replay = Replay::new(fields);
        let mut picked = Vec::with_capacity(wanted.len());
        for (tick, (row, times)) in self.rows().zip(&self.ticks).enumerate() {
            let followed = replay.follow(row, times.seq.0);
            followed.map_err(|fault| (tick, fault))?;
            let at = wanted.iter().filter(|wanted| wanted.tick == tick);
            picked.extend(at.map(|wanted| replay.pick(wanted)));
            if picked.len() == wanted.len() {
                break;
            }
        }
        Ok((picked, replay.texts))
    }
}

/// A tick, and why its row could not be used.
pub(crate) type Fault = (usize, FrameFault);

/// The processes as they are after some rows.
#[derive(Debug)]
struct Replay {
    fields: &'static [ProcessField],
    /// By column: its place among the chosen ones.
    place: [Option<usize>; ProcessField::FIELDS.len()],
    /// Each row, and whether it is still there.
    rows: Vec<(Key, bool)>,
    /// Row after row, the chosen fields in order: the last number, and what the cell is now. An
    /// absent value does not change the number, on which the next step builds.
    cells: Vec<(i64, Reading<i64>)>,
    texts: Texts,
}

impl Replay {
    fn new(fields: &'static [ProcessField]) -> Self {
        let place = |column| fields.iter().position(|field| field.column() == column);
        Self {
            fields,
            place: std::array::from_fn(place),
            rows: Vec::new(),
            cells: Vec::new(),
            texts: Texts::default(),
        }
    }

    /// Works in the row of one tick.
    fn follow(&mut self, row: &[u8], seq: u64) -> Result<(), FrameFault> {
        let mut input = Input(row);
        input.skip(TIME_NUMBERS)?;
        let texts = input.count(1)?;
        check_count(texts.saturating_add(self.texts.len()), MOST_TEXTS)?;
        for _ in 0..texts {
            self.texts.push(input.bytes()?);
        }
        for group in Group::ALL {
            if group == Group::Process {
                self.delta(&mut input, seq)?;
            } else {
                tail::pass_delta(&mut input)?;
            }
        }
        input.end()
    }

    fn delta(&mut self, input: &mut Input<'_>, seq: u64) -> Result<(), FrameFault> {
        let before = self.rows.len();
        let born = input.count(2)?;
        Room::default().take(Group::Process, before + born)?;
        for _ in 0..born {
            self.rows.push((tail::key(input)?, true));
        }
        let cells = self.rows.len() * self.fields.len();
        self.cells.resize(cells, (0, Err(Missing::NotRead)));
        for _ in 0..input.count(1)? {
            let row = input.small()? as usize;
            let row = self.rows[..before].get_mut(row);
            row.ok_or(FrameFault::Misplaced)?.1 = false;
        }
        let mut field_before = None;
        for _ in 0..input.count(3)? {
            let column = usize::from(tail::next_field(input, &mut field_before)?);
            let place = self.place.get(column).ok_or(FrameFault::Misplaced)?;
            match *place {
                Some(place) => self.field(input, (column, place), seq)?,
                None => tail::pass_field(input)?,
            }
        }
        Ok(())
    }

    /// What changed of one chosen field.
    fn field(
        &mut self,
        input: &mut Input<'_>,
        (column, place): (usize, usize),
        seq: u64,
    ) -> Result<(), FrameFault> {
        let kind = ProcessField::FIELDS[column].kind;
        let count = input.count(2)?;
        let mut rows = *input;
        input.skip(count)?;
        let mut row = 0_usize;
        for _ in 0..count {
            row = row.saturating_add(rows.small()? as usize);
            if row >= self.rows.len() {
                return Err(FrameFault::Misplaced);
            }
            let (last, cell) = &mut self.cells[row * self.fields.len() + place];
            *cell = match tail::value(input)? {
                Ok(step) => {
                    *last = value_from_difference(kind, step, *last, seq);
                    Ok(*last)
                }
                Err(code) => Err(Missing::from_code(code).unwrap_or(Missing::Unknown)),
            };
        }
        Ok(())
    }

    /// The processes as they are now, with some of the chosen fields.
    fn pick(&self, wanted: &Wanted) -> Picked {
        let rows = self.rows.iter().enumerate();
        let there: Vec<(ProcessKey, usize)> = rows
            .filter_map(|(number, row)| match row {
                (Key::Process(key), true) => Some((*key, number)),
                _ => None,
            })
            .collect();
        let mut picked = Picked::new(wanted, there, self.rows.len());
        for row in 0..self.rows.len() {
            for (place, field) in self.fields.iter().enumerate() {
                let (_, cell) = self.cells[row * self.fields.len() + place];
                picked.set(row, field.column(), cell);
            }
        }
        picked
    }
}
