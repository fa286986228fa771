//! Which capture it is: the number that seeds every check, found without a single check that it
//! does not seed itself.
//!
//! It is in a row of `capture` and once more in one of `quota`. Each is checked with the number in
//! it, so that chance does not make one.

use super::pages::{PAGE, Pages};
use super::records::{PageKind, Record, kind, record};
use crate::capture::remake::column;
use crate::capture::tables;
use crate::capture::watch::{self, Stage, Watch, Work};
use crate::capture::writer::{NUMBER, NUMBER_ROW};
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::io;

/// So many numbers are tried, each with a walk over the file.
const MOST_NUMBERS: usize = 4;
const PAGES_A_WORD: u32 = 256;

/// The numbers that the capture may have, the likely ones first.
pub(super) fn find(pages: &mut Pages, watch: &dyn Watch) -> io::Result<Vec<u64>> {
    let log = pages.take_log();
    let (mut sound, mut doubtful) = (BTreeMap::new(), Vec::new());
    // A log may hide the file's own: each is looked through by itself.
    look(pages, watch, (&mut sound, &mut doubtful))?;
    pages.put_log(log);
    if pages.has_log() {
        look(pages, watch, (&mut sound, &mut doubtful))?;
    }
    let mut numbers: Vec<(u64, u32)> = sound.into_iter().collect();
    numbers.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let mut numbers: Vec<u64> = numbers.into_iter().map(|(number, _)| number).collect();
    numbers.extend(doubtful);
    numbers.truncate(MOST_NUMBERS);
    Ok(numbers)
}

/// Looks until both rows were found, or at every page.
fn look(
    pages: &mut Pages,
    watch: &dyn Watch,
    (sound, doubtful): (&mut BTreeMap<u64, u32>, &mut Vec<u64>),
) -> io::Result<()> {
    let mut page = [0; PAGE];
    let mut seen = BTreeMap::new();
    for number in 1..=pages.count() {
        if number % PAGES_A_WORD == 1 {
            let (work, done) = (Work::FindingSound, u64::from(number) * PAGE as u64);
            let total = pages.bytes();
            watch::go_on(watch, Stage { work, done, total })?;
        }
        if !pages.read(number, &mut page)? {
            continue;
        }
        let PageKind::Leaf(rows) = kind(&page) else {
            continue;
        };
        for row in 0..rows {
            // Both are short: nothing behind the page need be read.
            let found = record(pages, &page, row, &mut 0)?;
            match found.as_ref().and_then(of) {
                Some((number, true)) => *seen.entry(number).or_insert(0) += 1,
                Some((number, false)) if doubtful.len() < MOST_NUMBERS => doubtful.push(number),
                _ => {}
            }
        }
        if seen.values().any(|times| *times >= 2) {
            break;
        }
    }
    for (number, times) in seen {
        *sound.entry(number).or_insert(0) += times;
    }
    Ok(())
}

/// The number of the capture, if this is a row that says it, and whether the check of the row,
/// which is seeded with it, is right. If only that is wrong, the number may do all the same.
pub(super) fn of(record: &Record) -> Option<(u64, bool)> {
    let [Value::Null, values @ .., Value::Integer(check)] = record.values.as_slice() else {
        return None;
    };
    let is_sound =
        |table: &str, number| tables::named(table).is_sound(number, record.id, values, *check);
    if record.id == 1 && values.len() == tables::named("capture").columns.len() {
        let number = column(values, 0)?.cast_unsigned();
        return Some((number, is_sound("capture", number)));
    }
    let is_second = record.id == NUMBER_ROW
        && matches!(values.first(), Some(Value::Text(name)) if name == NUMBER);
    let number = column(values, 1).filter(|_| is_second)?.cast_unsigned();
    Some((number, true)).filter(|_| is_sound("quota", number))
}
