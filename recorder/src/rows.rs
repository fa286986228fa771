//! What the kernel said last, row by row: only what differs goes into a tick.

use afterimage_format::group::{Group, Kind};
use afterimage_format::process::ProcessKey;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::{Key, Tick};
use std::borrow::Borrow as _;
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

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

    /// Whether that is what a text was set to last.
    pub(crate) fn is_text(&self, field: usize, text: &[u8]) -> bool {
        self.last(field) == Ok(hash(text))
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

/// What rows of a group are known by: a name, or a process or thread.
pub(crate) trait RowKey: Hash + Eq + ToOwned<Owned: Hash + Eq + Debug> {
    /// The same as a tick has it.
    fn key(&self) -> Key;
}

impl RowKey for [u8] {
    fn key(&self) -> Key {
        Key::name(self)
    }
}

impl RowKey for ProcessKey {
    fn key(&self) -> Key {
        Key::Process(*self)
    }
}

/// The rows of a group whose rows have names.
pub(crate) type NamedRows = Rows<[u8]>;

impl NamedRows {
    /// The rows whose names begin so stay, though no file has said anything of them at this tick:
    /// their numbers are absent.
    pub(crate) fn keep(&mut self, tick: &mut Tick, prefix: &[u8], missing: Missing) {
        let fields = self.group.fields();
        for row in &mut self.list {
            if row.key.starts_with(prefix) {
                row.seen = true;
                for (field, _) in fields
                    .iter()
                    .enumerate()
                    .filter(|(_, field)| field.kind != Kind::Text)
                {
                    row.cells.set(tick, field, Err(missing));
                }
            }
        }
    }
}

/// The rows of a group, which may come and go.
#[derive(Debug)]
pub(crate) struct Rows<K: RowKey + ?Sized> {
    group: Group,
    list: Vec<Row<K::Owned>>,
    /// Where each row lies in the list.
    places: HashMap<K::Owned, usize>,
    /// Where the row after the last one lies: files keep the order of their lines.
    cursor: usize,
    next_slot: u32,
    /// Slots of rows that have ended.
    free_slots: Vec<u32>,
}

#[derive(Debug)]
struct Row<K> {
    key: K,
    cells: Cells,
    seen: bool,
}

impl<K: RowKey + ?Sized> Rows<K> {
    pub(crate) fn new(group: Group) -> Self {
        Self {
            group,
            list: Vec::new(),
            places: HashMap::new(),
            cursor: 0,
            next_slot: 0,
            free_slots: Vec::new(),
        }
    }

    /// The row of that key, begun if it is new. It is in the file.
    pub(crate) fn row(&mut self, tick: &mut Tick, key: &K) -> &mut Cells {
        let place = self.place(key).unwrap_or_else(|| self.begin(tick, key));
        self.cursor = place + 1;
        self.list[place].seen = true;
        &mut self.list[place].cells
    }

    /// The row of that key, if there is one: for what another file says of it.
    pub(crate) fn known(&mut self, key: &K) -> Option<&mut Cells> {
        let place = self.place(key)?;
        Some(&mut self.list[place].cells)
    }

    fn place(&self, key: &K) -> Option<usize> {
        let expected = self.list.get(self.cursor);
        if expected.is_some_and(|row| row.key.borrow() == key) {
            return Some(self.cursor);
        }
        self.places.get(key).copied()
    }

    fn begin(&mut self, tick: &mut Tick, key: &K) -> usize {
        let slot = self.free_slots.pop().unwrap_or_else(|| {
            self.next_slot += 1;
            self.next_slot - 1
        });
        self.places.insert(key.to_owned(), self.list.len());
        self.list.push(Row {
            key: key.to_owned(),
            cells: Cells::begin(tick, self.group, slot, key.key()),
            seen: false,
        });
        self.list.len() - 1
    }

    /// After a whole file was read: rows that were not in it have ended.
    pub(crate) fn end_unseen(&mut self, tick: &mut Tick) {
        self.cursor = 0;
        let (group, before) = (self.group, self.list.len());
        let free_slots = &mut self.free_slots;
        self.list.retain_mut(|row| {
            if !row.seen {
                tick.end(group, row.cells.slot);
                free_slots.push(row.cells.slot);
            }
            std::mem::take(&mut row.seen)
        });
        if self.list.len() < before {
            self.places.clear();
            let keys = self.list.iter().map(|row| row.key.borrow().to_owned());
            self.places.extend(keys.zip(0..));
        }
    }

    /// The file could not be read: every row says why.
    pub(crate) fn all_missing(&mut self, tick: &mut Tick, missing: Missing) {
        for row in &mut self.list {
            for field in 0..self.group.fields().len() {
                row.cells.set(tick, field, Err(missing));
            }
        }
    }

    /// Forgets every row: they begin anew with the next tick.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tick;
    use afterimage_format::group::LineField;
    use afterimage_format::process::Pid;
    use afterimage_format::units::Ticks;

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
    fn rows_that_come_and_go_take_up_no_more_slots_than_there_are_rows_at_a_time() {
        let mut rows = Rows::new(Group::Task);
        let thread = |tid| ProcessKey {
            pid: Pid(tid),
            started: Ticks(5),
        };
        for tid in 1..1000 {
            let mut tick = test_tick();
            for tid in [tid, tid + 1] {
                rows.row(&mut tick, &thread(tid));
            }
            rows.end_unseen(&mut tick);
            let said = tick.group(Group::Task);
            let ended = usize::from(tid > 1);
            assert_eq!((said.births.len(), said.deaths.len()), (2 - ended, ended));
            assert!(said.births.iter().all(|(slot, _)| *slot < 3));
            assert!(rows.known(&thread(tid - 1)).is_none() && rows.known(&thread(tid)).is_some());
        }
    }

    #[test]
    fn what_another_file_says_of_a_row_does_not_keep_it() {
        let mut rows = NamedRows::new(Group::Disk);
        let mut tick = test_tick();
        rows.row(&mut tick, b"sda");
        rows.end_unseen(&mut tick);
        assert!(rows.known(b"sda").is_some());
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
