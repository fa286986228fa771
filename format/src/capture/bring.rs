//! Puts thread dumps that somebody took by other means into a capture.
//!
//! In: a capture that nobody records into and that was ended cleanly, and the dumps. Out: the same
//! file with a row more for each, of no run. All of them are in it afterwards, or none.

use super::error::CaptureError;
use super::lock::{OwnerLock, with_suffix};
use super::names;
use super::open;
use super::tables;
use super::writer::{Brought, brought_row};
use crate::thread_dump::ThreadDump;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Adds them; who holds the lock knows that nobody records into it.
pub fn bring(path: &Path, _lock: &OwnerLock, dumps: &[ThreadDump]) -> Result<(), CaptureError> {
    let capture = look(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fail = |doing| CaptureError::sqlite(path, doing);
    let db = Connection::open_with_flags(names::literal(path), flags);
    let db = db.map_err(fail("cannot open it"))?;
    write(&db, capture, dumps).map_err(fail("cannot add thread dumps"))?;
    let closed = db.close();
    closed.map_err(|(_, source)| CaptureError::Sqlite {
        path: path.to_owned(),
        doing: "cannot close the file",
        source,
    })
}

/// The number of the capture, when it can be added to: as a reader opens it, nothing of it is
/// changed by looking.
fn look(path: &Path) -> Result<u64, CaptureError> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let log = std::fs::metadata(with_suffix(&real, "-wal"));
    let opened = open::open_unowned(path)?;
    if log.is_ok_and(|log| log.len() > 0) {
        return Err(CaptureError::Unfinished {
            path: path.to_owned(),
        });
    }
    if !opened.is_sound {
        return Err(CaptureError::Unsound {
            path: path.to_owned(),
        });
    }
    Ok(opened.capture)
}

fn write(db: &Connection, capture: u64, dumps: &[ThreadDump]) -> rusqlite::Result<()> {
    let transaction = db.unchecked_transaction()?;
    let brought = Brought::begin(&transaction, capture)?;
    for dump in dumps {
        let row = brought_row(dump)?;
        tables::named("thread_dump").insert(&transaction, capture, None, row)?;
    }
    brought.count(&transaction, capture)?;
    transaction.commit()
}
