//! The file of a run: a new one, or one that is there already and can be gone on with.

use super::RunFacts;
use super::inspect::inspect;
use crate::capture::error::CaptureError;
use crate::capture::lock::with_suffix;
use crate::capture::names;
use crate::capture::tables::{self, integer, text};
use crate::capture::version;
use crate::capture::writer::Sync;
use crate::time::WallTime;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

/// The row of `quota` that has the number of the capture, and what it is called there.
pub(in crate::capture) const NUMBER_ROW: i64 = 0;
pub(in crate::capture) const NUMBER: &str = "capture";

/// What lies at the path of an output.
enum Found {
    Nothing,
    /// A file without a byte in it.
    Empty,
    File,
}

/// Opens the file that was named, created if it is not there. What cannot be gone on with is
/// refused, and stays as it is.
pub(in crate::capture::writer) fn open(
    path: &Path,
    facts: &RunFacts,
) -> Result<(Connection, u64), CaptureError> {
    let found = look(path)?;
    match found {
        Found::Nothing => make(path, facts)?,
        Found::Empty => {}
        Found::File => inspect(path, facts)?,
    }
    let fail = |doing| CaptureError::sqlite(path, doing);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(names::literal(path), flags);
    let db = db.map_err(fail("cannot open it"))?;
    db.set_prepared_statement_cache_capacity(64);
    // A capture that is then refused stays as it is.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(fail("cannot open it"))?;
    if matches!(found, Found::Empty) {
        create(&db, facts.now.wall, &facts.version).map_err(fail("cannot create it"))?;
    }
    version::check_database(path, &db)?;
    let number = capture_number(&db).map_err(fail("cannot read which capture it is"))?;
    check_identity(path, &db, number, facts)?;
    Ok((db, number.0))
}

/// Refuses a capture of another host, and one of which that cannot be told.
pub(super) fn check_identity(
    path: &Path,
    db: &Connection,
    (capture, is_sound): (u64, bool),
    facts: &RunFacts,
) -> Result<(), CaptureError> {
    let damaged = has_damaged_rows(db, capture);
    if !is_sound || damaged.map_err(CaptureError::sqlite(path, "cannot read what it is of"))? {
        return Err(damage(path));
    }
    let other = other_host(db, capture, facts);
    match other.map_err(CaptureError::sqlite(path, "cannot read its host"))? {
        Some(found) => Err(CaptureError::OtherHost {
            path: path.to_owned(),
            found,
            ours: facts.host.hostname.clone(),
        }),
        None => Ok(()),
    }
}

pub(in crate::capture::writer) fn damage(path: &Path) -> CaptureError {
    CaptureError::Unsound {
        path: path.to_owned(),
    }
}

/// Makes an empty capture under a name of its own, and gives it this one when it is complete and
/// on the disk: after a power cut there is a capture, or none, but nothing that is refused.
fn make(path: &Path, facts: &RunFacts) -> Result<(), CaptureError> {
    let draft = with_suffix(path, "-unfinished");
    let made = fill(&draft, path, facts);
    let made = made.and_then(|()| place(&draft, path).map_err(unopened(path)));
    if made.is_err() {
        // If it cannot be removed, the next start does it.
        drop(std::fs::remove_file(&draft));
    }
    made
}

/// Nobody else knows of the draft, and it is made anew when this is cut short: no journal.
fn fill(draft: &Path, path: &Path, facts: &RunFacts) -> Result<(), CaptureError> {
    let emptied = remove_if_there(draft).and_then(|()| create_private(draft));
    emptied.map_err(unopened(path))?;
    let filled = Connection::open(names::literal(draft)).and_then(|db| {
        db.query_row("PRAGMA journal_mode = MEMORY", [], |_| Ok(()))?;
        create(&db, facts.now.wall, &facts.version)
    });
    filled
        .map(drop)
        .map_err(CaptureError::sqlite(path, "cannot create it"))
}

/// A log or journal of another file that had this name would be taken for its own.
fn place(draft: &Path, path: &Path) -> std::io::Result<()> {
    let file = std::fs::OpenOptions::new().write(true).open(draft)?;
    file.sync_all()?;
    remove_if_there(&with_suffix(path, "-wal"))?;
    remove_if_there(&with_suffix(path, "-journal"))?;
    // SQLite syncs the folder with the log that it adds to it, before the first tick.
    std::fs::rename(draft, path)
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _gone => Ok(()),
    }
}

fn unopened(path: &Path) -> impl FnOnce(std::io::Error) -> CaptureError + use<> {
    let path = path.to_owned();
    move |source| CaptureError::Open { path, source }
}

/// What is there; what cannot be a capture is refused untouched.
fn look(path: &Path) -> Result<Found, CaptureError> {
    let mut head = [0; 16];
    let data = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
        data => data.map_err(unopened(path))?,
    };
    let not_a_capture = |why: &str| CaptureError::NotACapture {
        path: path.to_owned(),
        why: why.to_owned(),
    };
    if !data.is_file() {
        return Err(not_a_capture("it is not a regular file"));
    }
    if data.len() == 0 {
        let log = std::fs::metadata(with_suffix(path, "-wal")).map_or(0, |data| data.len());
        // SQLite would throw away a log that lies beside nothing.
        return if log == 0 {
            Ok(Found::Empty)
        } else {
            Err(damage(path))
        };
    }
    let mut file = std::fs::File::open(path).map_err(unopened(path))?;
    match file.read_exact(&mut head) {
        Ok(()) if head == *b"SQLite format 3\0" => Ok(Found::File),
        _ => Err(not_a_capture("it does not begin as a capture does")),
    }
}

/// Makes a file that only its owner may read; one that is there already is an error.
pub(in crate::capture) fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Makes an empty capture of an empty database, and gives the number that it got.
pub(in crate::capture) fn create(
    db: &Connection,
    now: WallTime,
    version: &str,
) -> rusqlite::Result<u64> {
    db.pragma_update(None, "page_size", 4096)?;
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let number = std::hash::RandomState::new().build_hasher().finish();
    let transaction = db.unchecked_transaction()?;
    transaction.execute_batch(tables::SCHEMA)?;
    let values = vec![
        Value::Integer(number.cast_signed()),
        integer(now.0),
        text(version.as_bytes()),
    ];
    tables::named("capture").insert(&transaction, number, Some(1), values)?;
    note_number(&transaction, number)?;
    transaction.pragma_update(None, "application_id", version::APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version::FORMAT)?;
    transaction.commit()?;
    Ok(number)
}

/// The number of a capture once more, on another page: without it nothing could be told from
/// damage.
pub(in crate::capture) fn note_number(db: &Connection, number: u64) -> rusqlite::Result<()> {
    let nothing = || Value::Integer(0);
    let values = vec![
        text(NUMBER.as_bytes()),
        Value::Integer(number.cast_signed()),
        nothing(),
        nothing(),
        nothing(),
    ];
    tables::named("quota").replace(db, number, NUMBER_ROW, values)
}

pub(in crate::capture::writer) fn configure(db: &Connection, sync: Sync) -> rusqlite::Result<()> {
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.query_row("PRAGMA wal_autocheckpoint = 0", [], |_| Ok(()))?;
    db.pragma_update(None, "cache_size", -4096)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "synchronous", sync.pragma())?;
    db.busy_timeout(Duration::from_secs(5))
}

/// The number that seeds every check, and whether its own row, which is checked with it, is
/// sound: if only that is damaged, everything else can still be read.
pub(in crate::capture) fn capture_number(db: &Connection) -> rusqlite::Result<(u64, bool)> {
    let own = own_number(db);
    match own {
        Ok((_, true)) => own,
        // The second copy is worth something only where it is sound.
        _ => second_number(db)
            .ok()
            .flatten()
            .map_or(own, |number| Ok((number, false))),
    }
}

fn own_number(db: &Connection) -> rusqlite::Result<(u64, bool)> {
    let number: i64 = db.query_row("SELECT number FROM capture WHERE id = 1", [], |row| {
        row.get(0)
    })?;
    let number = number.cast_unsigned();
    let found = tables::named("capture").select(db, number, ("", &[]), |_| ())?;
    Ok((number, found.rows.len() == 1 && found.damaged.is_empty()))
}

fn second_number(db: &Connection) -> rusqlite::Result<Option<u64>> {
    let number: i64 = db.query_row("SELECT rows FROM quota WHERE id = ?", [NUMBER_ROW], |row| {
        row.get(0)
    })?;
    let number = number.cast_unsigned();
    let only = ("WHERE id = ?", &[NUMBER_ROW][..]);
    let found = tables::named("quota").select(db, number, only, |row| row.text(0))?;
    Ok(found
        .rows
        .contains(&Some(NUMBER.to_owned()))
        .then_some(number))
}

/// Whether what a run goes by when it takes over is damaged.
fn has_damaged_rows(db: &Connection, capture: u64) -> rusqlite::Result<bool> {
    for table in ["host", "run"] {
        let found = tables::named(table).select(db, capture, ("", &[]), |_| ())?;
        if !found.damaged.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The name of the host in the capture, if it is another one.
fn other_host(db: &Connection, capture: u64, facts: &RunFacts) -> rusqlite::Result<Option<String>> {
    let hosts = tables::named("host").sound_rows(db, capture, ("", &[]), |row| row.text(1))?;
    let other = hosts
        .into_iter()
        .flatten()
        .find(|name| *name != facts.host.hostname);
    Ok(other)
}
