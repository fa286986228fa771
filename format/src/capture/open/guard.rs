//! What a hostile file could use is turned off, and what it could make endless has an end.
//!
//! Our own queries are all that runs: the schema is compared to the letter, and an authorizer
//! refuses everything that is not reading. What is left to a file is to be large, or to have pages
//! that lead in a circle: so each query may do as much as the size of the file explains.

use crate::capture::error::CaptureError;
use crate::capture::tables;
use crate::capture::watch::Watch;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::Value;
use rusqlite::{Connection, Row};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// After so many steps of its machine SQLite asks whether to go on.
const STEPS: u64 = 10_000;
/// A query may take so many steps, about half a second's,
const LEAST_STEPS: u64 = 20_000_000;
/// and so many more for each page of the file.
const STEPS_A_PAGE: u64 = 2_000;
const PAGE: u64 = 4096;
/// All that SQLite may take, for all captures that a process has open.
const MOST_MEMORY: i64 = 512 << 20;
/// Ours has 21 tables.
const MOST_ENTRIES: u32 = 200;

/// Bounds what is done with one connection.
#[derive(Debug)]
pub(super) struct Guard {
    left: AtomicU64,
    most: u64,
    may_copy: AtomicBool,
}

impl Guard {
    /// Sets up a connection to a file of this size, before anything is asked of it.
    pub(super) fn set_up(
        db: &mut Connection,
        bytes: u64,
        watch: &Arc<dyn Watch>,
    ) -> rusqlite::Result<Arc<Self>> {
        let most = (LEAST_STEPS + bytes / PAGE * STEPS_A_PAGE) / STEPS;
        let guard = Arc::new(Self {
            left: AtomicU64::new(most),
            most,
            may_copy: AtomicBool::new(false),
        });
        let (of_handler, watch) = (Arc::clone(&guard), Arc::clone(watch));
        let handler = move || {
            let left = &of_handler.left;
            let spend = |left: u64| left.checked_sub(1);
            let is_spent = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend);
            is_spent.is_err() || watch.is_over()
        };
        db.progress_handler(i32::try_from(STEPS).unwrap_or(i32::MAX), Some(handler))?;
        let of_authorizer = Arc::clone(&guard);
        db.authorizer(Some(move |context: AuthContext<'_>| {
            if of_authorizer.may_copy.load(Ordering::Relaxed) || only_reads(&context.action) {
                Authorization::Allow
            } else {
                Authorization::Deny
            }
        }))?;
        defend(db)?;
        Ok(guard)
    }

    /// A new query begins.
    pub(super) fn renew(&self) {
        self.left.store(self.most, Ordering::Relaxed);
    }

    /// What begins looks at every page, and knows itself where to end.
    pub(super) fn lift(&self) {
        self.left.store(u64::MAX, Ordering::Relaxed);
    }

    /// Whether a copy may be made now.
    pub(super) fn allow_copy(&self, may_copy: bool) {
        self.may_copy.store(may_copy, Ordering::Relaxed);
    }
}

fn only_reads(action: &AuthAction<'_>) -> bool {
    matches!(
        action,
        AuthAction::Select
            | AuthAction::Read { .. }
            | AuthAction::Function { .. }
            | AuthAction::Pragma { .. }
            | AuthAction::Transaction { .. }
    )
}

fn defend(db: &Connection) -> rusqlite::Result<()> {
    for (switch, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        db.set_db_config(switch, on)?;
    }
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, 64 << 20),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 64 << 10),
        (Limit::SQLITE_LIMIT_COLUMN, 64),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 20),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 3),
        (Limit::SQLITE_LIMIT_VDBE_OP, 25_000),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 8),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 32),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        db.set_limit(limit, most)?;
    }
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.pragma_update(None, "query_only", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    let limit = format!("PRAGMA hard_heap_limit = {MOST_MEMORY}");
    db.query_row(&limit, [], |_| Ok(()))?;
    db.busy_timeout(Duration::from_secs(2))?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// An entry of the list of tables; a value of another type than it should have is no text.
#[derive(Debug)]
struct Entry {
    kind: Option<String>,
    name: Option<String>,
    of: Option<String>,
    sql: Option<String>,
}

impl Entry {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |column| {
            row.get::<_, Value>(column).map(|value| match value {
                Value::Text(text) => Some(text),
                _ => None,
            })
        };
        Ok(Self {
            kind: text(0)?,
            name: text(1)?,
            of: text(2)?,
            sql: text(3)?,
        })
    }
}

/// Every table of ours must be the table we know, to the letter: a view of that name would run
/// whatever it likes, and an index could hide rows. What has other names and belongs to none of
/// ours is not looked at.
pub(super) fn check_schema(path: &Path, db: &Connection) -> Result<(), CaptureError> {
    let entries = || -> rusqlite::Result<Vec<Entry>> {
        let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT ?";
        let mut rows = db.prepare(sql)?;
        let rows = rows.query_map([MOST_ENTRIES + 1], Entry::of)?;
        rows.collect()
    };
    let failed = CaptureError::sqlite(path, "its list of tables cannot be read");
    let entries = entries().map_err(failed)?;
    match alteration(&entries) {
        None => Ok(()),
        Some(why) => Err(CaptureError::Altered {
            path: path.to_owned(),
            why,
        }),
    }
}

fn alteration(entries: &[Entry]) -> Option<String> {
    if entries.len() > MOST_ENTRIES as usize {
        return Some("it has more tables than any capture".to_owned());
    }
    let is = |text: &Option<String>, name: &str| {
        let text = text.as_deref();
        text.is_some_and(|text| text.eq_ignore_ascii_case(name))
    };
    for table in tables::all() {
        let mut named = entries.iter().filter(|entry| is(&entry.name, table.name));
        let ours = named.next().is_some_and(|entry| {
            entry.kind.as_deref() == Some("table") && entry.sql.as_deref() == Some(table.sql)
        });
        if !ours || named.next().is_some() {
            let name = table.name;
            return Some(format!("its table {name} is not as this program writes it"));
        }
        let on_it = |entry: &&Entry| is(&entry.of, table.name) && !is(&entry.name, table.name);
        if let Some(entry) = entries.iter().find(on_it) {
            let kind = entry.kind.as_deref().unwrap_or("something");
            let name = table.name;
            return Some(format!(
                "its table {name} has something that is not ours: {kind}"
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::watch::{Patience, Unwatched};
    use rusqlite::ErrorCode;

    /// A table whose rows, with each other, are more than anybody counts.
    const COUNT: &str = "SELECT sum(1) FROM a, a AS b, a AS c, a AS d";

    fn guarded(watch: impl Watch + 'static) -> (Connection, Arc<Guard>) {
        let watch: Arc<dyn Watch> = Arc::new(watch);
        let mut db = Connection::open_in_memory().unwrap();
        let fill = "CREATE TABLE a (x); INSERT INTO a WITH RECURSIVE n(x) AS \
                    (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 3000) SELECT x FROM n";
        db.execute_batch(fill).unwrap();
        let guard = Guard::set_up(&mut db, 0, &watch).unwrap();
        (db, guard)
    }

    fn code(db: &Connection, sql: &str) -> Option<ErrorCode> {
        let run = db.query_row(sql, [], |_| Ok(()));
        run.err().and_then(|error| error.sqlite_error_code())
    }

    #[test]
    fn a_query_ends_when_it_did_more_than_the_file_explains_and_the_next_one_runs() {
        let (db, guard) = guarded(Unwatched);
        assert_eq!(code(&db, COUNT), Some(ErrorCode::OperationInterrupted));
        guard.renew();
        assert_eq!(code(&db, "SELECT sum(1) FROM a"), None);
    }

    #[test]
    fn a_query_that_nobody_waits_for_ends_though_it_may_take_as_long_as_it_likes() {
        let patience = Patience {
            longest: Some(0),
            ..Patience::default()
        };
        let (db, guard) = guarded(patience);
        guard.lift();
        assert_eq!(code(&db, COUNT), Some(ErrorCode::OperationInterrupted));
    }

    #[test]
    fn nothing_but_reading_is_allowed() {
        let (db, guard) = guarded(Unwatched);
        for sql in [
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n LIMIT 1",
            "ATTACH 'elsewhere' AS b",
            "CREATE TEMP TABLE c (x)",
            "DELETE FROM a",
        ] {
            assert_eq!(
                code(&db, sql),
                Some(ErrorCode::AuthorizationForStatementDenied),
                "{sql}"
            );
        }
        guard.allow_copy(true);
        assert_eq!(code(&db, "DELETE FROM a"), Some(ErrorCode::ReadOnly));
    }

    #[test]
    fn sqlite_takes_no_more_memory_than_it_may() {
        let (db, _guard) = guarded(Unwatched);
        let limit = db.query_row("PRAGMA hard_heap_limit", [], |row| row.get::<_, i64>(0));
        assert_eq!(limit.unwrap(), MOST_MEMORY);
    }
}
