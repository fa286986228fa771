//! Chosen cells of the processes at one tick, straight out of a chunk's columns.
//!
//! In: the unpacked frame of processes, and the ticks and fields that are wanted of it. Out: one
//! cell for each process and field. Nothing is kept of the other ticks, and columns that nobody
//! wants are stepped over unread, so this costs a fraction of [`super::decode`], which it
//! otherwise agrees with.

use super::Row;
use super::column::{Cell, Later, first_values, pass_column};
use crate::capture::bytes::Input;
use crate::capture::error::FrameFault;
use crate::group::ProcessField;
use crate::process::ProcessKey;
use crate::reading::{Missing, Reading};
use crate::tick::{Key, TickTimes};
use std::ops::Range;

const COLUMNS: usize = ProcessField::FIELDS.len();

/// The fields that are wanted of one tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) tick: usize,
    pub(crate) fields: &'static [ProcessField],
}

/// Chosen cells of the processes at one tick.
#[derive(Debug)]
pub(crate) struct Picked {
    tick: usize,
    /// By column: its place among the chosen ones.
    place: [Option<u8>; COLUMNS],
    width: usize,
    /// The processes that were there, in order of their keys, and their rows.
    there: Vec<(ProcessKey, usize)>,
    /// Row after row, the chosen fields in order.
    cells: Vec<Reading<i64>>,
    /// The tick of the last sweep by then, which read the `stat` of all and says so once.
    swept: Option<i64>,
}

impl Picked {
    /// When every `stat` was read last, by the ticks of its chunk or tail.
    pub(crate) fn note_sweep(&mut self, ticks: &[TickTimes]) {
        let until = ticks.get(..=self.tick).unwrap_or(ticks);
        let swept = until.iter().rev().find(|times| times.full_sweep);
        self.swept = swept.map(|times| times.seq.0.cast_signed());
    }

    /// When the `stat` of a process was read.
    pub(crate) fn stat_read_at(&self, row: usize) -> Reading<i64> {
        let read = self.cell(row, ProcessField::StatReadAt)?;
        Ok(self.swept.map_or(read, |swept| read.max(swept)))
    }

    /// With nothing said of any cell yet; `rows` may hold more than the processes that were there.
    pub(crate) fn new(wanted: &Wanted, mut there: Vec<(ProcessKey, usize)>, rows: usize) -> Self {
        let fields = wanted.fields;
        let mut place = [None; COLUMNS];
        for (field, number) in fields.iter().zip(0..) {
            place[field.column()] = Some(number);
        }
        // Rows are in order but for those born within the chunk.
        there.sort_by_key(|(key, _)| *key);
        Self {
            tick: wanted.tick,
            place,
            width: fields.len(),
            there,
            cells: vec![Err(Missing::NotRead); rows * fields.len()],
            swept: None,
        }
    }

    /// The processes that were there, in order of their keys, each with its row.
    pub(crate) fn there(&self) -> &[(ProcessKey, usize)] {
        &self.there
    }

    fn has(&self, column: usize) -> bool {
        self.place[column].is_some()
    }

    /// The row of a process, if it was there.
    pub(crate) fn row_of(&self, key: ProcessKey) -> Option<usize> {
        let found = self.there.binary_search_by_key(&key, |(key, _)| *key);
        found.ok().map(|place| self.there[place].1)
    }

    /// A cell of a row.
    pub(crate) fn cell(&self, row: usize, field: ProcessField) -> Reading<i64> {
        let place = self.place[field.column()];
        let place = usize::from(place.expect("only fields that were chosen are asked for"));
        self.cells[row * self.width + place]
    }

    /// Sets a cell, if its column was chosen.
    pub(crate) fn set(&mut self, row: usize, column: usize, cell: Reading<i64>) {
        if let Some(place) = self.place[column] {
            self.cells[row * self.width + usize::from(place)] = cell;
        }
    }
}

/// The strings of a chunk, by number.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &[u8]) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(text);
        self.places.push(from..self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The text behind the value of a text cell.
    pub(crate) fn text(&self, number: i64) -> Reading<&[u8]> {
        let place = usize::try_from(number).ok();
        let place = place.and_then(|number| self.places.get(number));
        place
            .map(|place| &self.bytes[place.clone()])
            .ok_or(Missing::Malformed)
    }
}

/// Picks what is wanted out of the columns of processes, the earlier tick first.
pub(super) fn pick(
    raw: &[u8],
    rows: &[Row],
    ticks: &[TickTimes],
    wanted: &[Wanted],
) -> Result<Vec<Picked>, FrameFault> {
    let mut input = Input(raw);
    let count = input.count(1)?;
    if count != COLUMNS {
        return Err(FrameFault::Number(count as u64));
    }
    let mut picked: Vec<Picked> = wanted.iter().map(|wanted| wanted.among(rows)).collect();
    let mut first = Vec::with_capacity(rows.len());
    for column in 0..COLUMNS {
        if picked.iter().any(|picked| picked.has(column)) {
            pick_column(&mut input, column, (rows, ticks), &mut first, &mut picked)?;
        } else {
            pass_column(&mut input, rows.len())?;
        }
    }
    input.end()?;
    Ok(picked)
}

/// The cells of one column that are wanted.
fn pick_column(
    input: &mut Input<'_>,
    column: usize,
    (rows, ticks): (&[Row], &[TickTimes]),
    first: &mut Vec<Cell>,
    picked: &mut [Picked],
) -> Result<(), FrameFault> {
    let kind = ProcessField::FIELDS[column].kind;
    first_values(input, first, (rows.len(), kind), ticks)?;
    for (row, cell) in first.iter().enumerate() {
        for picked in &mut *picked {
            picked.set(row, column, cell.reading());
        }
    }
    let last = picked.iter().map(|picked| picked.tick).max();
    let mut later = Later::read(input, kind)?;
    while let Some(mut of) = later.next_row(rows, first)? {
        while let Some((tick, cell)) = later.next(&mut of, ticks)? {
            let tick = usize::from(tick);
            if Some(tick) > last {
                later.pass(of, ticks)?;
                break;
            }
            for picked in picked.iter_mut().filter(|picked| tick <= picked.tick) {
                picked.set(of.row, column, cell.reading());
            }
        }
    }
    Ok(())
}

impl Wanted {
    /// Room for its cells, and which of the rows were there.
    fn among(&self, rows: &[Row]) -> Picked {
        let there = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.is_at(self.tick));
        let there = there.filter_map(|(number, row)| match row.key {
            Key::Process(key) => Some((key, number)),
            Key::Name(_) => None,
        });
        Picked::new(self, there.collect(), rows.len())
    }
}
