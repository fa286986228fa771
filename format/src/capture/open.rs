//! Opens a capture to read it, without changing anything about it.
//!
//! Three ways, by what lies beside the file: in place while a recorder on this host keeps it;
//! in place and taken as immutable when it is complete by itself; and when a crash left a
//! write-ahead log, through a private folder with a link to the file and a copy of the log.
//! A [`Watch`] is told how far that is, and may give it up. What SQLite may then do is bounded by
//! the [`guard`].

mod folder;
mod guard;

use super::error::CaptureError;
use super::frame::{self, FrameKey, FrameKind};
use super::lock::{OwnerLock, with_suffix};
use super::log::{self, LogEnd};
use super::names;
use super::watch::{self, Unwatched, Watch, Work};
use super::{version, writer};
pub use folder::PrivateFolder;
use guard::Guard;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

/// No capture is larger.
const MOST_BYTES: u64 = 64 << 30;

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

/// Whether its last run has ended: a reader, or another name, kept it from leaving log mode then.
fn has_ended(db: &Connection) -> bool {
    let ended = "SELECT ended IS NOT NULL FROM run ORDER BY id DESC LIMIT 1";
    matches!(db.query_row(ended, [], |row| row.get(0)), Ok(true))
}

/// Whether each commit of the last run reached the disk before the next.
fn is_synced(db: &Connection) -> bool {
    let sync = "SELECT sync = 'tick' FROM run ORDER BY id DESC LIMIT 1";
    matches!(db.query_row(sync, [], |row| row.get(0)), Ok(true))
}

/// An open database, and the private folder it needs, if any.
#[derive(Debug)]
pub(crate) struct Opened {
    db: Connection,
    guard: Arc<Guard>,
    pub(crate) mode: Mode,
    pub(crate) capture: u64,
    /// Whether the row that says so is sound.
    pub(crate) is_sound: bool,
    /// A log lies beside it that is not its own.
    pub(crate) has_foreign_log: bool,
    /// How far its own log is replayed, as far as that is known.
    pub(crate) log_end: LogEnd,
    folder: Option<PrivateFolder>,
}

impl Opened {
    /// For one query, which may do as much as the size of the file explains.
    pub(crate) fn db(&self) -> &Connection {
        self.guard.renew();
        &self.db
    }

    /// For what looks at every page, and ends by itself.
    pub(crate) fn db_for_all(&self) -> &Connection {
        self.guard.lift();
        &self.db
    }

    /// For a whole copy: it is written by SQLite itself, as another database.
    pub(crate) fn copy(
        &self,
        copy: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        self.guard.allow_copy(true);
        let copied = copy(self.db_for_all());
        self.guard.allow_copy(false);
        copied
    }

    /// Keeps a folder for as long as this is open.
    pub(super) fn keep(&mut self, folder: PrivateFolder) {
        self.folder = Some(folder);
    }
}

/// Opens `path` in the way that fits it.
pub(crate) fn open(path: &Path, watch: &Arc<dyn Watch>) -> Result<Opened, CaptureError> {
    open_as(path, None, watch)
}

/// Opens `path` as one that no recorder has open.
pub(crate) fn open_unowned(path: &Path) -> Result<Opened, CaptureError> {
    let watch: Arc<dyn Watch> = Arc::new(Unwatched);
    open_as(path, Some(false), &watch)
}

fn open_as(
    path: &Path,
    alive: Option<bool>,
    watch: &Arc<dyn Watch>,
) -> Result<Opened, CaptureError> {
    let begin = |work| watch::begin(watch.as_ref(), work).map_err(|_over| cancelled(path));
    begin(Work::ReadingHeader)?;
    let header = read_header(path)?;
    // What lies beside it lies beside the file itself, not beside a link to it.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let alive = alive.unwrap_or_else(|| OwnerLock::is_held(&real));
    let wal = with_suffix(&real, "-wal");
    // A file that ended cleanly is no longer in the mode that has a log: one that lies beside it
    // belongs to another file that had this name.
    let log_bytes =
        fs::metadata(&wal).map_or(0, |data| if data.is_file() { data.len() } else { 0 });
    let has_log = log_bytes > 0 && header.written_ahead;
    let files = Files {
        path,
        real: &real,
        bytes: header.bytes,
    };
    let alone = |mode| files.connect(None, "mode=ro&immutable=1", (mode, watch));
    let mut opened = if alive {
        files.connect(None, "mode=ro", (Mode::Recording, watch))?
    } else if has_log {
        let folder = PrivateFolder::with(&real, &wal, watch.as_ref())?;
        begin(Work::OpeningDatabase)?;
        let with_log = files.connect(Some(folder), "mode=ro", (Mode::WithLog, watch))?;
        match alone(Mode::CopiedLive) {
            Ok(alone) if is_foreign(&with_log, &alone) => Opened {
                has_foreign_log: true,
                ..alone
            },
            // Without a sync at each tick a power cut may leave any part of what it does not keep.
            _ if is_synced(&with_log.db) => Opened {
                log_end: log::end(&wal).unwrap_or(LogEnd::Whole),
                ..with_log
            },
            _ => with_log,
        }
    } else if header.written_ahead {
        alone(Mode::CopiedLive)?
    } else {
        alone(Mode::Whole)?
    };
    opened.has_foreign_log |= log_bytes > 0 && !header.written_ahead;
    Ok(opened)
}

/// A log of another capture may fit between the pages of this one. Its ticks do not, nor does
/// what it says of which capture this is.
fn is_foreign(with_log: &Opened, alone: &Opened) -> bool {
    let is_other = alone.is_sound && with_log.capture != alone.capture;
    is_other || has_own_tail(with_log).is_ok_and(|is_own| !is_own)
}

fn has_own_tail(opened: &Opened) -> rusqlite::Result<bool> {
    let mut rows = opened
        .db()
        .prepare("SELECT id, frame FROM tail ORDER BY id DESC")?;
    let (mut rows, mut is_empty) = (rows.query([])?, true);
    while let Some(row) = rows.next()? {
        is_empty = false;
        let seq: i64 = row.get(0)?;
        let key = FrameKey::new(opened.capture, seq.cast_unsigned());
        if frame::verify(&mut row.get_ref(1)?.as_blob()?, FrameKind::Tick, key).is_ok() {
            return Ok(true);
        }
    }
    Ok(is_empty)
}

fn cancelled(path: &Path) -> CaptureError {
    CaptureError::Cancelled {
        path: path.to_owned(),
    }
}

struct Header {
    /// It was in WAL mode when it was last written: no clean end, or not yet.
    written_ahead: bool,
    bytes: u64,
}

/// How long a file is; refuses what is none, as even to open it may never end.
pub(super) fn file_bytes(path: &Path) -> Result<u64, CaptureError> {
    let data = fs::metadata(path).map_err(|source| CaptureError::Open {
        path: path.to_owned(),
        source,
    })?;
    let why = if data.is_dir() {
        "it is a directory"
    } else if !data.is_file() {
        "it is not a regular file"
    } else {
        return Ok(data.len());
    };
    Err(CaptureError::NotACapture {
        path: path.to_owned(),
        why: why.to_owned(),
    })
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
    let bytes = file_bytes(path)?;
    if bytes == 0 {
        return Err(not_a_capture("it is empty"));
    }
    if bytes > MOST_BYTES {
        return Err(not_a_capture("it is larger than 64 GiB, as none is"));
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
        return Err(not_a_capture("it does not begin as a capture does"));
    }
    if head[16..18] != [0x10, 0] {
        return Err(not_a_capture("its pages are not of 4096 bytes"));
    }
    Ok(Header {
        // It says so twice: where only one of the two does, the other is damaged.
        written_ahead: head[18..20].contains(&2),
        bytes,
    })
}

/// A capture by the name that it was given, and by the one without links in it.
#[derive(Clone, Copy)]
struct Files<'a> {
    path: &'a Path,
    real: &'a Path,
    bytes: u64,
}

impl Files<'_> {
    /// Opens the file, or the link to it in `folder`, and sees that it is a capture.
    fn connect(
        &self,
        folder: Option<PrivateFolder>,
        how: &str,
        (mode, watch): (Mode, &Arc<dyn Watch>),
    ) -> Result<Opened, CaptureError> {
        let path = self.path;
        watch::begin(watch.as_ref(), Work::OpeningDatabase).map_err(|_over| cancelled(path))?;
        let file = folder.as_ref().map(|folder| folder.join("capture"));
        let mut db = connect(path, file.as_deref().unwrap_or(self.real), how)?;
        let guard = Guard::set_up(&mut db, self.bytes, watch)
            .map_err(CaptureError::sqlite(path, "cannot be opened safely"))?;
        let format = version::check_database(path, &db);
        guard.renew();
        check_content(path, &db, format)?;
        let failed = CaptureError::sqlite(path, "it does not say which capture it is");
        let (capture, is_sound) = writer::capture_number(&db).map_err(failed)?;
        let is_whole = mode == Mode::CopiedLive && has_ended(&db);
        Ok(Opened {
            mode: if is_whole { Mode::Whole } else { mode },
            db,
            guard,
            capture,
            is_sound,
            has_foreign_log: false,
            log_end: LogEnd::Whole,
            folder,
        })
    }
}

/// Refuses what has not our tables, and what is of another format: not by its number alone, which
/// a single bit changes.
fn check_content(
    path: &Path,
    db: &Connection,
    format: Result<(), CaptureError>,
) -> Result<(), CaptureError> {
    let other = match format {
        Ok(()) => return guard::check_schema(path, db),
        Err(other) => other,
    };
    let CaptureError::OtherFormat { found, ours, .. } = &other else {
        return Err(other);
    };
    let is_ours = guard::check_schema(path, db).is_ok() && version::is_in_content(db);
    if !is_ours {
        return Err(other);
    }
    let why = format!("its header says format 0.{found}, but what it holds is of format 0.{ours}");
    let path = path.to_owned();
    Err(CaptureError::Header { path, why })
}

/// A URI is the only way to say how.
fn connect(path: &Path, file: &Path, how: &str) -> Result<Connection, CaptureError> {
    // The name has no link in it; one that has been put there since is not followed.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(names::uri(file, how), flags)
        .map_err(CaptureError::sqlite(path, "cannot be opened"))
}
