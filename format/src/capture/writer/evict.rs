//! Keeps a capture within its size: oldest first, and no table at the cost of the others.

use super::Writer;
use crate::capture::tables::{self, integer, text};
use rusqlite::Connection;
use rusqlite::types::Value;

/// The tables that could grow without end, each with at most [`SHARE_PERCENT`] of the limit.
const LIMITED: [&str; 8] = [
    "kernel_log",
    "process",
    "process_sum",
    "command",
    "event",
    "source",
    "exited",
    "thread_dump",
];
const SHARE_PERCENT: u64 = 15;
/// Their columns that may be long.
const TEXTS: [&str; 11] = [
    "text",
    "detail",
    "comm",
    "user",
    "command_line",
    "trigger_detail",
    "arguments",
    "vm",
    "body",
    "kernel_before",
    "kernel_after",
];
/// What a row takes beside its texts: record header, numbers, cell pointer.
const ROW_BYTES: u64 = 48;
/// A table is brought this far below its share, so that it is not trimmed with each chunk.
const TRIM_PERCENT: u64 = 90;

/// Which dumps are before a moment: of a burst all or none, as the later lean on the earlier.
const BURST_IS_BEFORE: &str = "unix_us < ?1 AND (burst IS NULL OR burst NOT IN \
    (SELECT burst FROM thread_dump WHERE unix_us >= ?1 AND burst IS NOT NULL))";

/// How large the limited tables are.
#[derive(Debug, Default)]
pub(super) struct Quotas([Quota; LIMITED.len()]);

#[derive(Debug, Default, Clone, Copy)]
struct Quota {
    /// Every row up to this id has been counted.
    counted: i64,
    rows: u64,
    bytes: u64,
    evicted_rows: u64,
    evicted_bytes: u64,
}

impl Quotas {
    /// What an existing capture says of its tables.
    pub(super) fn load(db: &Connection, capture: u64) -> rusqlite::Result<Self> {
        let mut quotas = Self::default();
        let stored = tables::named("quota").sound_rows(db, capture, ("", &[]), |row| {
            let number = |column| row.unsigned(column).unwrap_or(0);
            (row.text(0), number(1), number(2), number(3), number(4))
        })?;
        for (name, rows, bytes, evicted_rows, evicted_bytes) in stored {
            let place = LIMITED
                .iter()
                .position(|known| name.as_deref() == Some(known));
            if let Some(place) = place {
                let counted = max_id(db, LIMITED[place])?;
                quotas.0[place] = Quota {
                    counted,
                    rows,
                    bytes,
                    evicted_rows,
                    evicted_bytes,
                };
            }
        }
        Ok(quotas)
    }
}

/// Bytes in pages that hold something.
pub(in crate::capture) fn used_bytes(db: &Connection) -> rusqlite::Result<u64> {
    let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    let free: i64 = db.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    Ok(u64::try_from(pages - free).unwrap_or(0) * 4096)
}

fn max_id(db: &Connection, table: &str) -> rusqlite::Result<i64> {
    let sql = format!("SELECT coalesce(max(id), 0) FROM {table}");
    db.prepare_cached(&sql)?.query_row([], |row| row.get(0))
}

impl Writer {
    /// Deletes the oldest chunk; `false` when there is only one.
    pub(super) fn evict_oldest(&mut self) -> rusqlite::Result<bool> {
        let transaction = self.db.unchecked_transaction()?;
        let dropped = drop_oldest_chunk(&transaction, None, &mut self.quotas)?;
        transaction.commit()?;
        Ok(dropped)
    }

    /// Brings the capture back under its limits, in one transaction.
    pub(super) fn evict(&mut self) -> rusqlite::Result<()> {
        let transaction = self.db.unchecked_transaction()?;
        for (place, table) in LIMITED.into_iter().enumerate() {
            let quota = &mut self.quotas.0[place];
            count_new(&transaction, table, quota)?;
            let share = self.options.max_bytes / 100 * SHARE_PERCENT;
            if quota.bytes > share {
                trim(&transaction, table, quota, share / 100 * TRIM_PERCENT)?;
                if table == "process" {
                    transaction.execute("DELETE FROM command WHERE id NOT IN (SELECT command FROM process WHERE command IS NOT NULL)", [])?;
                    self.lives.forget_commands();
                }
            }
            store(&transaction, self.capture, table, quota)?;
        }
        let newest = self.last.map_or(0, |(_, _, wall)| wall.0);
        let oldest_kept = newest
            .saturating_sub(i64::try_from(self.options.retain.as_micros()).unwrap_or(i64::MAX));
        let most = self.options.max_bytes - self.least_room();
        while used_bytes(&transaction)? > most {
            if !drop_oldest_chunk(&transaction, None, &mut self.quotas)? {
                break;
            }
        }
        while drop_oldest_chunk(&transaction, Some(oldest_kept), &mut self.quotas)? {}
        transaction.commit()
    }
}

/// Writes the count of a table.
fn store(db: &Connection, capture: u64, table: &str, quota: &Quota) -> rusqlite::Result<()> {
    let numbers = [
        quota.rows,
        quota.bytes,
        quota.evicted_rows,
        quota.evicted_bytes,
    ];
    let values = [text(table.as_bytes())].into_iter();
    let values: Vec<Value> = values.chain(numbers.map(integer)).collect();
    let place = LIMITED.iter().position(|known| *known == table);
    let id = place.and_then(|place| i64::try_from(place).ok());
    tables::named("quota").replace(db, capture, id.unwrap_or(0) + 1, values)
}

/// The count of a table to which rows are added while nobody records: whoever records next takes
/// what is there for counted.
#[derive(Debug)]
pub(in crate::capture) struct Brought(Quota);

impl Brought {
    const TABLE: &'static str = "thread_dump";

    /// Before the rows are added.
    pub(in crate::capture) fn begin(db: &Connection, capture: u64) -> rusqlite::Result<Self> {
        let quotas = Quotas::load(db, capture)?;
        let mut tables = LIMITED.into_iter().zip(quotas.0);
        let found = tables.find(|(table, _)| *table == Self::TABLE);
        Ok(Self(found.map(|(_, quota)| quota).unwrap_or_default()))
    }

    /// After it.
    pub(in crate::capture) fn count(
        mut self,
        db: &Connection,
        capture: u64,
    ) -> rusqlite::Result<()> {
        count_new(db, Self::TABLE, &mut self.0)?;
        store(db, capture, Self::TABLE, &self.0)
    }
}

/// Counts the rows that were added since the last time.
fn count_new(db: &Connection, table: &str, quota: &mut Quota) -> rusqlite::Result<()> {
    let texts = tables::named(table)
        .columns
        .iter()
        .filter(|column| TEXTS.contains(column));
    let lengths: Vec<String> = texts
        .map(|column| format!("coalesce(length({column}), 0)"))
        .collect();
    let length = if lengths.is_empty() {
        "0".to_owned()
    } else {
        lengths.join(" + ")
    };
    let sql = format!(
        "SELECT count(*), coalesce(sum({length}), 0), coalesce(max(id), ?1) FROM {table} WHERE id > ?1"
    );
    let (rows, bytes, last): (i64, i64, i64) =
        db.prepare_cached(&sql)?.query_row([quota.counted], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let rows = rows.max(0).cast_unsigned();
    quota.rows += rows;
    quota.bytes += rows * ROW_BYTES + bytes.max(0).cast_unsigned();
    quota.counted = last;
    Ok(())
}

/// Deletes the oldest rows of a table until about `goal` bytes are left.
fn trim(db: &Connection, table: &str, quota: &mut Quota, goal: u64) -> rusqlite::Result<()> {
    let excess = quota.bytes.saturating_sub(goal);
    let rows = (excess * quota.rows).div_ceil(quota.bytes.max(1));
    let open = if table == "process" {
        "AND last_seq IS NOT NULL"
    } else {
        ""
    };
    let oldest = format!("SELECT id FROM {table} WHERE id > 0 {open} ORDER BY id LIMIT ?1");
    let beside = if table == "thread_dump" {
        format!("OR burst IN (SELECT burst FROM {table} WHERE id IN ({oldest}))")
    } else {
        String::new()
    };
    let sql = format!("DELETE FROM {table} WHERE id IN ({oldest}) {beside}");
    let deleted = db.prepare_cached(&sql)?.execute([rows.cast_signed()])?;
    quota.evicted(deleted as u64);
    Ok(())
}

impl Quota {
    /// So many rows are gone, of the size that rows have on average.
    fn evicted(&mut self, rows: u64) {
        let rows = rows.min(self.rows);
        let bytes = (self.bytes * rows).checked_div(self.rows).unwrap_or(0);
        self.rows -= rows;
        self.bytes -= bytes;
        self.evicted_rows += rows;
        self.evicted_bytes += bytes;
    }
}

/// Deletes the oldest chunk and what belongs to its time; if a time is given, only when the
/// chunk ended before it. The newest chunk stays whatever happens.
fn drop_oldest_chunk(
    db: &Connection,
    before: Option<i64>,
    quotas: &mut Quotas,
) -> rusqlite::Result<bool> {
    let mut oldest = db.prepare_cached("SELECT id, to_unix_us FROM chunk ORDER BY id LIMIT 2")?;
    let chunks: Vec<(i64, i64)> = oldest
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let [(id, to), (next, _)] = chunks[..] else {
        return Ok(false);
    };
    if before.is_some_and(|before| to >= before) {
        return Ok(false);
    }
    for table in ["chunk", "chunk_body"] {
        db.prepare_cached(&format!("DELETE FROM {table} WHERE id = ?"))?
            .execute([id])?;
    }
    db.prepare_cached("DELETE FROM pyramid WHERE first_seq < ? AND to_unix_us <= ?")?
        .execute([next, to])?;
    db.prepare_cached("DELETE FROM minute WHERE to_unix_us <= ?")?
        .execute([to])?;
    db.prepare_cached("DELETE FROM gap WHERE to_unix_us < ?")?
        .execute([to])?;
    for (table, quota) in LIMITED.into_iter().zip(&mut quotas.0) {
        let (is_before, limit) = match table {
            "process" => ("last_seq < ?", next),
            "kernel_log" | "event" | "exited" => ("unix_us < ?", to),
            "process_sum" => ("to_unix_s < ?", to / 1_000_000),
            "thread_dump" => (BURST_IS_BEFORE, to),
            _ => continue,
        };
        let sql = format!("DELETE FROM {table} WHERE {is_before}");
        let deleted = db.prepare_cached(&sql)?.execute([limit])?;
        quota.evicted(deleted as u64);
    }
    Ok(true)
}
