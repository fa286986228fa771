//! What the kernel said last, row by row: only what differs goes into a tick.

use afterimage_format::group::Group;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::{Key, Tick};

/// One row's last values.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    group: Group,
    slot: u32,
    values: Box<[i64]>,
    missing: Box<[u8]>,
}

impl Cells {
    /// A row that begins: nothing of it has been read.
    pub(crate) fn begin(tick: &mut Tick, group: Group, slot: u32, key: Key) -> Self {
        tick.begin(group, slot, key);
        let width = group.fields().len();
        Self {
            group,
            slot,
            values: vec![0; width].into(),
            missing: vec![Missing::NotRead.code(); width].into(),
        }
    }

    /// Sets a number; what it was before is no news.
    pub(crate) fn set(&mut self, tick: &mut Tick, field: usize, reading: Reading<i64>) {
        let (value, missing) = match reading {
            Ok(value) => (value, 0),
            Err(missing) => (self.values[field], missing.code()),
        };
        if self.values[field] != value || self.missing[field] != missing {
            self.values[field] = value;
            self.missing[field] = missing;
            tick.number(self.group, self.slot, field, reading);
        }
    }

    /// Sets a counter, kept as the kernel's 64 bits.
    pub(crate) fn count(&mut self, tick: &mut Tick, field: usize, reading: Reading<u64>) {
        self.set(tick, field, reading.map(u64::cast_signed));
    }

    /// Sets a text, and gives whether that is news. Its hash stands for what it was before.
    pub(crate) fn text(&mut self, tick: &mut Tick, field: usize, reading: Reading<&[u8]>) -> bool {
        let (value, missing) = match reading {
            Ok(text) => (hash(text), 0),
            Err(missing) => (self.values[field], missing.code()),
        };
        let is_news = self.values[field] != value || self.missing[field] != missing;
        if is_news {
            self.values[field] = value;
            self.missing[field] = missing;
            tick.text(self.group, self.slot, field, reading);
        }
        is_news
    }

    /// What a number was set to last.
    pub(crate) fn last(&self, field: usize) -> Reading<i64> {
        Missing::from_code(self.missing[field]).map_or(Ok(self.values[field]), Err)
    }
}

/// FNV-1a: a change of text that it misses once in 2^64 is shown late, not wrong.
fn hash(text: &[u8]) -> i64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    text.iter().fold(0xcbf2_9ce4_8422_2325, fold).cast_signed()
}

/// The rows of a group whose rows have names.
#[derive(Debug)]
pub(crate) struct NamedRows {
    group: Group,
    rows: Vec<NamedRow>,
    /// Where the row after the last one lies: files keep the order of their lines.
    cursor: usize,
    next_slot: u32,
}

#[derive(Debug)]
struct NamedRow {
    name: Box<[u8]>,
    cells: Cells,
    seen: bool,
}

impl NamedRows {
    pub(crate) fn new(group: Group) -> Self {
        Self {
            group,
            rows: Vec::new(),
            cursor: 0,
            next_slot: 0,
        }
    }

    /// The row of that name, begun if it is new.
    pub(crate) fn row(&mut self, tick: &mut Tick, name: &[u8]) -> &mut Cells {
        let expected = self
            .rows
            .get(self.cursor)
            .is_some_and(|row| *row.name == *name);
        let place = if expected {
            self.cursor
        } else {
            self.rows
                .iter()
                .position(|row| *row.name == *name)
                .unwrap_or_else(|| {
                    let cells = Cells::begin(tick, self.group, self.next_slot, Key::name(name));
                    self.next_slot += 1;
                    self.rows.push(NamedRow {
                        name: name.into(),
                        cells,
                        seen: false,
                    });
                    self.rows.len() - 1
                })
        };
        self.cursor = place + 1;
        self.rows[place].seen = true;
        &mut self.rows[place].cells
    }

    /// Whether there is a row of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.rows.iter().any(|row| *row.name == *name.as_bytes())
    }

    /// After a whole file was read: rows that were not in it have ended.
    pub(crate) fn end_unseen(&mut self, tick: &mut Tick) {
        self.cursor = 0;
        let group = self.group;
        self.rows.retain_mut(|row| {
            if !row.seen {
                tick.end(group, row.cells.slot);
            }
            std::mem::take(&mut row.seen)
        });
    }

    /// The file could not be read: every row says why.
    pub(crate) fn all_missing(&mut self, tick: &mut Tick, missing: Missing) {
        for row in &mut self.rows {
            for field in 0..self.group.fields().len() {
                row.cells.set(tick, field, Err(missing));
            }
        }
    }

    /// Forgets every row: they begin anew with the next tick.
    pub(crate) fn forget(&mut self) {
        self.rows.clear();
        self.cursor = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tick;
    use afterimage_format::group::LineField;

    #[test]
    fn only_what_changed_is_said() {
        let mut rows = NamedRows::new(Group::Memory);
        let value = LineField::Value.column();
        let mut tick = test_tick();
        rows.row(&mut tick, b"MemFree")
            .count(&mut tick, value, Ok(10));
        rows.row(&mut tick, b"Cached")
            .count(&mut tick, value, Ok(20));
        rows.end_unseen(&mut tick);
        assert_eq!(tick.group(Group::Memory).births.len(), 2);
        tick.clear();
        rows.row(&mut tick, b"MemFree")
            .count(&mut tick, value, Ok(10));
        rows.row(&mut tick, b"Cached")
            .count(&mut tick, value, Ok(21));
        rows.end_unseen(&mut tick);
        let changes = &tick.group(Group::Memory).changes;
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].row, changes[0].reading()), (1, Ok(21)));
    }

    #[test]
    fn a_line_that_is_gone_ends() {
        let mut rows = NamedRows::new(Group::Disk);
        let mut tick = test_tick();
        rows.row(&mut tick, b"sda");
        rows.row(&mut tick, b"sdb");
        rows.end_unseen(&mut tick);
        tick.clear();
        rows.row(&mut tick, b"sdb");
        rows.end_unseen(&mut tick);
        assert_eq!(tick.group(Group::Disk).deaths, [0]);
    }

    #[test]
    fn an_absent_value_is_said_once_and_then_the_old_number_again() {
        let mut tick = test_tick();
        let mut cells = Cells::begin(&mut tick, Group::Memory, 0, Key::name("MemFree"));
        cells.set(&mut tick, 0, Ok(7));
        cells.set(&mut tick, 0, Err(Missing::Unreadable));
        cells.set(&mut tick, 0, Err(Missing::Unreadable));
        cells.set(&mut tick, 0, Ok(7));
        let said: Vec<_> = tick
            .group(Group::Memory)
            .changes
            .iter()
            .map(|change| change.reading())
            .collect();
        assert_eq!(said, [Ok(7), Err(Missing::Unreadable), Ok(7)]);
    }
}
