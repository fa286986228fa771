//! The records on a leaf page of a table, taken off its bytes.
//!
//! In: a page that may hold anything. Out: rows as id and values, of which nothing is known but
//! that they have the form of one. How much is read behind a page for a long row is bounded for
//! the whole file: a chain of pages may lead in a circle.

use super::pages::{PAGE, Pages, be32};
use crate::capture::tables;
use rusqlite::types::Value;
use std::io;

/// A page with rows of a table.
const LEAF: u8 = 13;
/// A page that only leads to others.
const INTERIOR: u8 = 5;
const HEADER: usize = 8;
/// What of a row stays on its page, by the rules of SQLite.
const MOST_LOCAL: usize = PAGE - 35;
const LEAST_LOCAL: usize = (PAGE - 12) * 32 / 255 - 23;
/// No row is longer.
const MOST_BYTES: usize = 64 << 20;
/// No table has more columns.
const MOST_COLUMNS: usize = 64;

/// What a page seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    /// It holds so many rows.
    Leaf(usize),
    Interior,
    Other,
}

/// Where a row lies: page, and place on it.
pub(super) type Place = (u32, usize);

pub(super) fn kind(page: &[u8; PAGE]) -> PageKind {
    match page[0] {
        LEAF => PageKind::Leaf(usize::from(be16(page, 3)).min((PAGE - HEADER) / 2)),
        INTERIOR => PageKind::Interior,
        _ => PageKind::Other,
    }
}

/// A row, as far as its form is right.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: i64,
    /// The first is the id once more, as NULL.
    pub(super) values: Vec<Value>,
    /// The pages behind its own that it goes on.
    pub(super) beyond: Vec<u32>,
}

/// The row at a place of a page. `budget` is how many more pages may be read for long rows.
pub(super) fn record(
    pages: &mut Pages,
    page: &[u8; PAGE],
    place: usize,
    budget: &mut u64,
) -> io::Result<Option<Record>> {
    let at = usize::from(be16(page, HEADER + 2 * place));
    let Some(mut input) = page.get(at..).filter(|_| at >= HEADER) else {
        return Ok(None);
    };
    let (Some(length), Some(id)) = (varint(&mut input), varint(&mut input)) else {
        return Ok(None);
    };
    let Some(length) = usize::try_from(length)
        .ok()
        .filter(|&length| length <= MOST_BYTES)
    else {
        return Ok(None);
    };
    let local = local(length);
    let Some((head, rest)) = input.split_at_checked(local) else {
        return Ok(None);
    };
    // Before anything is read for it: is this the beginning of a row at all?
    if columns(head).is_none() {
        return Ok(None);
    }
    let (mut bytes, mut beyond) = (head.to_owned(), Vec::new());
    let mut next = be32(rest, 0);
    let mut more = [0; PAGE];
    while bytes.len() < length {
        if *budget == 0 || !pages.read(next, &mut more)? {
            return Ok(None);
        }
        *budget -= 1;
        beyond.push(next);
        next = be32(&more, 0);
        let wanted = (length - bytes.len()).min(PAGE - 4);
        bytes.extend_from_slice(&more[4..4 + wanted]);
    }
    Ok(values(&bytes).map(|values| Record {
        id: id.cast_signed(),
        values,
        beyond,
    }))
}

fn local(length: usize) -> usize {
    if length <= MOST_LOCAL {
        return length;
    }
    let fitting = LEAST_LOCAL + (length - LEAST_LOCAL) % (PAGE - 4);
    if fitting <= MOST_LOCAL {
        fitting
    } else {
        LEAST_LOCAL
    }
}

/// The types of a row's values, and what is behind them.
fn columns(bytes: &[u8]) -> Option<(Vec<u64>, &[u8])> {
    let mut input = bytes;
    let header = usize::try_from(varint(&mut input)?).ok()?;
    let mut types = bytes.get(bytes.len() - input.len()..header)?;
    let mut found = Vec::new();
    while !types.is_empty() {
        if found.len() == MOST_COLUMNS {
            return None;
        }
        found.push(varint(&mut types)?);
    }
    Some((found, bytes.get(header..)?))
}

fn values(bytes: &[u8]) -> Option<Vec<Value>> {
    let (types, mut input) = columns(bytes)?;
    let mut values = Vec::with_capacity(types.len());
    for kind in types {
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let (value, rest) = input.split_at_checked(usize::try_from(length).ok()?)?;
        input = rest;
        values.push(match kind {
            0 => Value::Null,
            1..=6 => Value::Integer(signed(value)),
            7 => Value::Real(f64::from_bits(signed(value).cast_unsigned())),
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            kind if kind % 2 == 0 => Value::Blob(value.to_owned()),
            _ => tables::text(value),
        });
    }
    input.is_empty().then_some(values)
}

/// Big-endian, in two's complement of its length.
fn signed(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let begin = if negative { -1 } else { 0 };
    bytes
        .iter()
        .fold(begin, |number, &byte| number << 8 | i64::from(byte))
}

/// Seven bits a byte, the highest first; of a ninth byte all eight.
fn varint(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..9 {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        if place == 8 {
            return Some(number << 8 | u64::from(byte));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    let word = bytes.get(at..at + 2).and_then(|word| word.try_into().ok());
    word.map_or(0, u16::from_be_bytes)
}
