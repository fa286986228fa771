//! Looks at a capture that is there before anything about it is changed: what is damaged is left
//! as it is, and recorded beside.
//!
//! It is opened as a reader opens it, so a log that lies beside it is not moved into it. Small
//! tables are looked at in full, what is large only while the whole file is small: a recording
//! must begin within a second or so. Damage in what was not looked at shows up later, in a reader
//! or when the writer meets it.

use super::RunFacts;
use super::file::{check_identity, damage};
use super::take_over::{last_of_chunks, last_run, tail_rows};
use crate::capture::error::CaptureError;
use crate::capture::frame::{self, FrameKey, FrameKind};
use crate::capture::lives::Lives;
use crate::capture::log::LogEnd;
use crate::capture::open;
use crate::capture::pyramid::PyramidWriter;
use crate::capture::tables;
use crate::capture::writer::evict::{Quotas, used_bytes};
use rusqlite::Connection;
use std::path::Path;

/// Up to this size every page is looked at.
const SMALL: u64 = 64 << 20;
/// Tables that stay small, or of which a run goes by every row.
const ALWAYS: [&str; 9] = [
    "capture", "host", "run", "clock", "source", "note", "quota", "tail", "chunk",
];

/// Refuses what cannot be gone on with.
pub(super) fn inspect(path: &Path, facts: &RunFacts) -> Result<(), CaptureError> {
    let opened = match open::open_unowned(path) {
        // There may be no room for the copy of its log: that is no reason not to record.
        Err(CaptureError::Open { .. }) => return Ok(()),
        opened => opened?,
    };
    // SQLite would move it into the file, or write over what is sound in it.
    if opened.has_foreign_log || matches!(opened.log_end, LogEnd::BreaksOff(_)) {
        return Err(damage(path));
    }
    let (db, capture) = (opened.db_for_all(), opened.capture);
    check_identity(path, db, (capture, opened.is_sound), facts)?;
    let is_sound = check_pages(db).and_then(|is_sound| {
        read_what_a_run_reads(db, capture, facts)?;
        Ok(is_sound && is_own_tail(capture, &tail_rows(db)?))
    });
    match is_sound {
        Ok(true) => Ok(()),
        Ok(false) => Err(damage(path)),
        // Not SQLite says so, but our reading of what it gave: a number that is none.
        Err(error) if error.sqlite_error_code().is_none() => Err(damage(path)),
        Err(error) => Err(CaptureError::sqlite(path, "cannot be gone on with")(error)),
    }
}

/// Whether the pages of its tables hang together, as far as that is looked at.
fn check_pages(db: &Connection) -> rusqlite::Result<bool> {
    let check = |of: &str| {
        let sql = format!("PRAGMA quick_check({of})");
        db.query_row(&sql, [], |row| row.get::<_, String>(0))
            .map(|word| word == "ok")
    };
    if used_bytes(db)? <= SMALL {
        return check("1");
    }
    for table in tables::all()
        .iter()
        .filter(|table| ALWAYS.contains(&table.name))
    {
        if !check(table.name)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What would otherwise be found unreadable only once a run has begun.
fn read_what_a_run_reads(db: &Connection, capture: u64, facts: &RunFacts) -> rusqlite::Result<()> {
    last_run(db, capture)?;
    last_of_chunks(db)?;
    Quotas::load(db, capture)?;
    PyramidWriter::covered(db)?;
    Lives::resume(db, capture, 1, facts.host.tick_rate.0.get())?;
    let newest = "SELECT max(sequence) FROM kernel_log";
    db.query_row(newest, [], |row| row.get::<_, Option<i64>>(0))?;
    Ok(())
}

/// A log of another capture may fit between the pages of this one. Its ticks do not.
fn is_own_tail(capture: u64, rows: &[(i64, Vec<u8>)]) -> bool {
    let mut raw = Vec::new();
    let mut is_own = |seq: i64, row: &[u8]| {
        let seq = seq.cast_unsigned();
        frame::open(
            &mut &*row,
            FrameKind::Tick,
            FrameKey { capture, seq },
            &mut raw,
        )
        .is_ok()
    };
    rows.is_empty() || rows.iter().any(|(seq, row)| is_own(*seq, row))
}
