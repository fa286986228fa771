//! Opens a capture to read it, without changing anything about it.
//!
//! Three ways, by what lies beside the file: in place while a recorder on this host keeps it;
//! in place and taken as immutable when it is complete by itself; and when a crash left a
//! write-ahead log, through a private folder with a link to the file and a copy of the log.
//! A [`Watch`] is told how far that is, and may give it up.

use super::error::CaptureError;
use super::lock::{OwnerLock, with_suffix};
use super::watch::{self, Stage, Unwatched, Watch, Work};
use super::{log, tables, version};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// How a capture was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A recorder on this host is writing it.
    Recording,
    /// It is complete by itself.
    Whole,
    /// With the write-ahead log that a crash left beside it.
    WithLog,
    /// A copy made while it was recorded, without the log.
    CopiedLive,
}

/// An open database, and the private folder it needs, if any.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) db: Connection,
    pub(crate) mode: Mode,
    pub(crate) capture: u64,
    /// Whether the row that says so is sound.
    pub(crate) is_sound: bool,
    /// A log lies beside it that is not its own.
    pub(crate) has_foreign_log: bool,
    /// At which of its pages its own log breaks off, if anything behind that is lost.
    pub(crate) log_breaks_off: Option<u64>,
    _folder: Option<PrivateFolder>,
}

/// Opens `path` in the way that fits it.
pub(crate) fn open(path: &Path, watch: &dyn Watch) -> Result<Opened, CaptureError> {
    open_as(path, OwnerLock::is_held(path), watch)
}

/// Opens `path` as one that no recorder has open.
pub(crate) fn open_unowned(path: &Path) -> Result<Opened, CaptureError> {
    open_as(path, false, &Unwatched)
}

fn open_as(path: &Path, alive: bool, watch: &dyn Watch) -> Result<Opened, CaptureError> {
    let begin = |work| watch::begin(watch, work).map_err(|_over| cancelled(path));
    begin(Work::ReadingHeader)?;
    let header = read_header(path)?;
    let wal = with_suffix(path, "-wal");
    // A file that ended cleanly is no longer in the mode that has a log: one that lies beside it
    // belongs to another file that had this name.
    let log_bytes = fs::metadata(&wal).map_or(0, |data| data.len());
    let has_foreign_log = log_bytes > 0 && !header.written_ahead;
    let log_bytes = if has_foreign_log { 0 } else { log_bytes };
    let log_breaks_off = match (alive, log_bytes) {
        (true, _) | (_, 0) => None,
        _ => log::breaks_off(&wal).unwrap_or(None),
    };
    let (db, folder) = if alive {
        (connect(path, "mode=ro")?, None)
    } else if log_bytes == 0 {
        (connect(path, "mode=ro&immutable=1")?, None)
    } else {
        let folder = PrivateFolder::with(path, &wal, watch)?;
        let db = connect(&folder.path.join("capture"), "mode=ro")?;
        (db, Some(folder))
    };
    begin(Work::OpeningDatabase)?;
    defend(&db).map_err(sqlite(path, "cannot be opened safely"))?;
    version::check_database(path, &db)?;
    check_schema(path, &db)?;
    let (capture, is_sound) = super::writer::capture_number(&db)
        .map_err(sqlite(path, "it does not say which capture it is"))?;
    let mode = match (alive, log_bytes, header.written_ahead) {
        (true, ..) => Mode::Recording,
        (false, 0, true) => Mode::CopiedLive,
        (false, 0, false) => Mode::Whole,
        (false, ..) => Mode::WithLog,
    };
    Ok(Opened {
        db,
        mode,
        capture,
        is_sound,
        has_foreign_log,
        log_breaks_off,
        _folder: folder,
    })
}

fn cancelled(path: &Path) -> CaptureError {
    CaptureError::Cancelled {
        path: path.to_owned(),
    }
}

struct Header {
    /// It was in WAL mode when it was last written: no clean end, or not yet.
    written_ahead: bool,
}

/// Refuses what is no SQLite database before SQLite sees it.
fn read_header(path: &Path) -> Result<Header, CaptureError> {
    let fail = |source| CaptureError::Open {
        path: path.to_owned(),
        source,
    };
    let not_a_capture = |why: &str| CaptureError::NotACapture {
        path: path.to_owned(),
        why: why.to_owned(),
    };
    let data = fs::metadata(path).map_err(fail)?;
    if data.is_dir() {
        return Err(not_a_capture("it is a directory"));
    }
    if !data.is_file() {
        return Err(not_a_capture("it is not a regular file"));
    }
    if data.len() == 0 {
        return Err(not_a_capture("it is empty"));
    }
    let mut head = [0; 100];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(not_a_capture("it is too short"));
        }
        read => read.map_err(fail)?,
    }
    if head[..16] != *b"SQLite format 3\0" {
        return Err(not_a_capture("it does not begin as one"));
    }
    Ok(Header {
        written_ahead: head[18] == 2,
    })
}

fn connect(path: &Path, how: &str) -> Result<Connection, CaptureError> {
    let mut uri = "file:".to_owned();
    let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    for &byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(byte));
            }
            other => uri.extend(["%".to_owned(), format!("{other:02x}")]),
        }
    }
    uri.push('?');
    uri.push_str(how);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, flags).map_err(sqlite(path, "cannot be opened"))
}

/// What a hostile file could use is turned off.
fn defend(db: &Connection) -> rusqlite::Result<()> {
    for (switch, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
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
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 32),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    ] {
        db.set_limit(limit, most)?;
    }
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.pragma_update(None, "query_only", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.busy_timeout(std::time::Duration::from_secs(2))?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Every table of ours must be the table we know, to the letter: a view of that name would run
/// whatever it likes. Tables we do not know are not looked at.
fn check_schema(path: &Path, db: &Connection) -> Result<(), CaptureError> {
    let found = || -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
        let mut rows = db.prepare("SELECT name, type, sql FROM sqlite_schema")?;
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect()
    };
    let found = found().map_err(sqlite(path, "its list of tables cannot be read"))?;
    for table in tables::all() {
        let entry = found.iter().find(|(name, ..)| name == table.name);
        let ours = entry
            .is_some_and(|(_, kind, sql)| kind == "table" && sql.as_deref() == Some(table.sql));
        if !ours {
            let why = format!("its table {} is not as this program writes it", table.name);
            return Err(CaptureError::NotACapture {
                path: path.to_owned(),
                why,
            });
        }
    }
    Ok(())
}

fn sqlite(
    path: &Path,
    doing: &'static str,
) -> impl FnOnce(rusqlite::Error) -> CaptureError + use<> {
    let path = path.to_owned();
    move |source| CaptureError::Sqlite {
        path,
        doing,
        source,
    }
}

/// Copies a capture to where no link to it can be.
fn copy(capture: &Path, to: &Path, watch: &dyn Watch) -> io::Result<()> {
    let mut from = fs::File::open(capture)?;
    let (work, done, total) = (Work::CopyingCapture, 0, from.metadata()?.len());
    watch::go_on(watch, Stage { work, done, total })?;
    let mut to = fs::File::create_new(to)?;
    watch::copy(&mut from, &mut to, (work, total), watch)
}

/// A folder that only we can read, with the capture as a link and its log as a copy. Removed
/// with everything in it when it is dropped.
#[derive(Debug)]
struct PrivateFolder {
    path: PathBuf,
}

impl PrivateFolder {
    /// Beside the capture, so that a link costs nothing; else, with a copy, where temporary
    /// files go.
    fn with(capture: &Path, wal: &Path, watch: &dyn Watch) -> Result<Self, CaptureError> {
        let fail = |source| {
            if watch.is_over() {
                return cancelled(capture);
            }
            CaptureError::Open {
                path: capture.to_owned(),
                source,
            }
        };
        let beside = capture
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.unwrap_or_else(|| Path::new("."));
        let filled = Self::filled(beside, capture, wal, watch);
        // It may not be writable, or full.
        filled
            .or_else(|_no_room| Self::filled(&std::env::temp_dir(), capture, wal, watch))
            .map_err(fail)
    }

    fn filled(parent: &Path, capture: &Path, wal: &Path, watch: &dyn Watch) -> io::Result<Self> {
        let folder = Self::make(parent)?;
        let inside = folder.path.join("capture");
        log::copy(wal, &folder.path.join("capture-wal"), watch)?;
        fs::hard_link(capture, &inside)
            .or_else(|_other_file_system| copy(capture, &inside, watch))?;
        Ok(folder)
    }

    fn make(parent: &Path) -> io::Result<Self> {
        let number = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
        let path = parent.join(format!(".afterimage-view-{number:016x}"));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self { path })
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // Nothing can be done about a folder that will not go, and nothing depends on it.
        drop(fs::remove_dir_all(&self.path));
    }
}
