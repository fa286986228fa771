//! The plain tables: what columns they have, and rows that carry their own check.
//!
//! `schema.sql` is the one place that names tables and columns; everything here is read from
//! it. A row's check covers its table, its id and its values, so a row that was changed,
//! moved or copied is noticed.

use super::error::is_torn;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};
use std::sync::LazyLock;
use xxhash_rust::xxh3::Xxh3;

/// The whole schema.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// One table of the schema.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Its `CREATE TABLE` statement, as `sqlite_schema` holds it.
    pub(crate) sql: &'static str,
    /// Its columns between `id` and `row_check`, or all after `id` if it has no check.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) checked: bool,
}

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| statements().map(table).collect());

/// Every table of the schema.
pub(crate) fn all() -> &'static [Table] {
    &TABLES
}

/// The table of that name. The names in this crate are all in the schema, which a test sees to.
pub(crate) fn named(name: &str) -> &'static Table {
    let found = TABLES.iter().find(|table| table.name == name);
    found.expect("only tables of schema.sql are asked for")
}

fn statements() -> impl Iterator<Item = &'static str> {
    let parts = SCHEMA.split(';');
    parts.filter_map(|part| part.find("CREATE TABLE").map(|at| part[at..].trim_end()))
}

fn table(sql: &'static str) -> Table {
    let (head, body) = sql.split_once('(').unwrap_or((sql, ""));
    let name = head.trim_start_matches("CREATE TABLE").trim();
    let names = body.trim_end_matches(')').split(',');
    let mut columns: Vec<&str> = names
        .filter_map(|column| column.split_whitespace().next())
        .collect();
    columns.remove(0);
    let checked = columns.pop_if(|last| *last == "row_check").is_some();
    Table {
        name,
        sql,
        columns,
        checked,
    }
}

impl Table {
    /// Adds a row and gives its id: `id`, or the next one.
    pub(crate) fn insert(
        &self,
        db: &Connection,
        capture: u64,
        id: Option<i64>,
        values: Vec<Value>,
    ) -> rusqlite::Result<i64> {
        let id = match id {
            Some(id) => id,
            None => self.next_id(db)?,
        };
        self.write(db, "INSERT", self.row(capture, id, values))?;
        Ok(id)
    }

    /// Writes a row over the one with its id.
    pub(crate) fn replace(
        &self,
        db: &Connection,
        capture: u64,
        id: i64,
        values: Vec<Value>,
    ) -> rusqlite::Result<()> {
        self.write(db, "REPLACE", self.row(capture, id, values))
    }

    /// A row as it is stored: with its id before and its check behind it.
    fn row(&self, capture: u64, id: i64, mut values: Vec<Value>) -> Vec<Value> {
        debug_assert_eq!(values.len(), self.columns.len(), "{}", self.name);
        if self.checked {
            let check = self.check(capture, id, values.iter().map(ValueRef::from));
            values.push(Value::Integer(check));
        }
        values.insert(0, Value::Integer(id));
        values
    }

    fn write(&self, db: &Connection, verb: &str, row: Vec<Value>) -> rusqlite::Result<()> {
        let places = vec!["?"; row.len()].join(",");
        let sql = format!("{verb} INTO {} VALUES ({places})", self.name);
        db.prepare_cached(&sql)?.execute(params_from_iter(row))?;
        Ok(())
    }

    pub(crate) fn next_id(&self, db: &Connection) -> rusqlite::Result<i64> {
        let sql = format!("SELECT coalesce(max(id), 0) + 1 FROM {}", self.name);
        db.prepare_cached(&sql)?.query_row([], |row| row.get(0))
    }

    /// The rows that `rest` (`WHERE`, `ORDER BY`, `LIMIT`) selects.
    pub(crate) fn select<T>(
        &self,
        db: &Connection,
        capture: u64,
        rest: (&str, &[i64]),
        make: impl FnMut(&CheckedRow) -> T,
    ) -> rusqlite::Result<Selected<T>> {
        let mut found = self.select_while(db, capture, rest, (make, || true))?;
        match found.torn.take() {
            Some((_, error)) => Err(error),
            None => Ok(found),
        }
    }

    /// The same for as long as it is said to go on, and up to where the file is damaged.
    pub(crate) fn select_while<T>(
        &self,
        db: &Connection,
        capture: u64,
        rest: (&str, &[i64]),
        (mut make, go_on): (impl FnMut(&CheckedRow) -> T, impl Fn() -> bool),
    ) -> rusqlite::Result<Selected<T>> {
        let columns = self.columns.join(", ");
        let sql = format!(
            "SELECT id, {columns}, row_check FROM {} {}",
            self.name, rest.0
        );
        let mut statement = db.prepare_cached(&sql)?;
        let mut found = statement.query(params_from_iter(rest.1))?;
        let (mut rows, mut damaged) = (Vec::new(), Vec::new());
        let (mut torn, mut next, mut last_id) = (None, 1, None);
        let is_in_order = !rest.0.contains("ORDER BY") || rest.0.ends_with("ORDER BY id");
        while go_on() {
            let row = match found.next() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) if is_torn(&error) => {
                    torn = Some((next, error));
                    break;
                }
                Err(error) => return Err(error),
            };
            let ValueRef::Integer(id) = row.get_ref(0)? else {
                continue;
            };
            // A page in the place of another: rows come twice, and others not at all.
            if is_in_order && last_id.replace(id).is_some_and(|last| id <= last) {
                torn = Some((id, out_of_order()));
                break;
            }
            next = id.saturating_add(1);
            let last = self.columns.len() + 1;
            let cells = (1..last).map(|column| row.get_ref(column).map(owned));
            let values = cells.collect::<rusqlite::Result<Vec<_>>>()?;
            let check = self.check(capture, id, values.iter().map(ValueRef::from));
            if row.get_ref(last)? == ValueRef::Integer(check) {
                rows.push(make(&CheckedRow { id, values }));
            } else {
                damaged.push(id);
            }
        }
        Ok(Selected {
            rows,
            damaged,
            torn,
        })
    }

    /// The same, for those who can do nothing about damage.
    pub(crate) fn sound_rows<T>(
        &self,
        db: &Connection,
        capture: u64,
        rest: (&str, &[i64]),
        make: impl FnMut(&CheckedRow) -> T,
    ) -> rusqlite::Result<Vec<T>> {
        Ok(self.select(db, capture, rest, make)?.rows)
    }

    /// Whether a row that was found somewhere is one of this table: `values` are those between
    /// its id and its check.
    pub(crate) fn is_sound(&self, capture: u64, id: i64, values: &[Value], check: i64) -> bool {
        self.checked
            && values.len() == self.columns.len()
            && self.check(capture, id, values.iter().map(ValueRef::from)) == check
    }

    fn check<'a>(&self, capture: u64, id: i64, values: impl Iterator<Item = ValueRef<'a>>) -> i64 {
        let mut hash = Xxh3::with_seed(capture);
        hash.update(self.name.as_bytes());
        hash.update(&id.to_le_bytes());
        for value in values {
            match value {
                ValueRef::Null => hash.update(&[0]),
                ValueRef::Integer(number) => update(&mut hash, 1, &number.to_le_bytes()),
                ValueRef::Real(number) => update(&mut hash, 2, &number.to_le_bytes()),
                ValueRef::Text(text) => update(&mut hash, 3, text),
                ValueRef::Blob(bytes) => update(&mut hash, 4, bytes),
            }
        }
        i64::try_from(hash.digest() & 0xffff_ffff).unwrap_or(0)
    }
}

/// What `SQLite` would say if it looked at the order of rows.
fn out_of_order() -> rusqlite::Error {
    let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(corrupt, Some("rows are out of order".to_owned()))
}

/// A text that is not UTF-8 was not written by us: as bytes it fails its row's check.
fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => text(bytes),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
    }
}

fn update(hash: &mut Xxh3, kind: u8, bytes: &[u8]) {
    hash.update(&[kind]);
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// What a query found.
#[derive(Debug)]
pub(crate) struct Selected<T> {
    pub(crate) rows: Vec<T>,
    /// The ids of rows whose check fails, which are left out.
    pub(crate) damaged: Vec<i64>,
    /// The row from which on the file itself is damaged, and what was said there.
    pub(crate) torn: Option<(i64, rusqlite::Error)>,
}

/// A row whose check was right.
#[derive(Debug)]
pub(crate) struct CheckedRow {
    pub(crate) id: i64,
    values: Vec<Value>,
}

impl CheckedRow {
    /// Every value between the id and the check.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    pub(crate) fn integer(&self, column: usize) -> Option<i64> {
        match self.values.get(column) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn unsigned(&self, column: usize) -> Option<u64> {
        self.integer(column)
            .and_then(|number| u64::try_from(number).ok())
    }

    /// A text, or the bytes of one that was not UTF-8.
    pub(crate) fn bytes(&self, column: usize) -> Option<&[u8]> {
        match self.values.get(column) {
            Some(Value::Text(text)) => Some(text.as_bytes()),
            Some(Value::Blob(bytes)) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn text(&self, column: usize) -> Option<String> {
        self.bytes(column)
            .map(|text| String::from_utf8_lossy(text).into_owned())
    }
}

/// A text for a plain table: `TEXT`, or `BLOB` where it is not UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Value {
    match str::from_utf8(bytes) {
        Ok(text) => Value::Text(text.to_owned()),
        Err(_not_utf8) => Value::Blob(bytes.to_owned()),
    }
}

/// A count for a plain table.
pub(crate) fn integer(number: impl TryInto<i64>) -> Value {
    Value::Integer(number.try_into().unwrap_or(i64::MAX))
}

/// A value that may be absent.
pub(crate) fn maybe(value: Option<Value>) -> Value {
    value.unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_taken_apart_as_it_is_written() {
        let gap = named("gap");
        assert_eq!(
            gap.columns,
            [
                "kind",
                "after_seq",
                "from_unix_us",
                "to_unix_us",
                "missed_ticks",
                "detail"
            ]
        );
        assert!(gap.checked);
        assert!(
            gap.sql.starts_with("CREATE TABLE gap (") && gap.sql.ends_with("row_check INTEGER)")
        );
        assert!(!named("chunk_body").checked);
        assert_eq!(named("tail").columns, ["frame"]);
    }

    #[test]
    fn a_row_changed_or_moved_behind_our_back_is_left_out_and_named() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let note = named("note");
        for text in ["first", "second", "third"] {
            let values = vec![Value::Integer(5), Value::Text(text.to_owned())];
            note.insert(&db, 9, None, values).unwrap();
        }
        db.execute("UPDATE note SET text = 'sekond' WHERE id = 2", [])
            .unwrap();
        db.execute("UPDATE note SET id = 7 WHERE id = 3", [])
            .unwrap();
        let found = note.select(&db, 9, ("ORDER BY id", &[]), |row| row.text(1));
        let found = found.unwrap();
        assert_eq!(found.rows, [Some("first".to_owned())]);
        assert_eq!(found.damaged, [2, 7]);
    }

    #[test]
    fn sqlite_keeps_each_statement_as_the_schema_has_it() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        for table in all() {
            let sql: String = db
                .query_row(
                    "SELECT sql FROM sqlite_schema WHERE name = ?",
                    [table.name],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(sql, table.sql);
        }
    }
}
