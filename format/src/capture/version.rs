//! Which captures this program reads, and what it says of the others.
//!
//! The format is 0.N while it grows: 0.N and 0.M do not read each other. The number stands where no
//! checksum covers it, so it counts as far as what the file holds agrees: in a file with our tables
//! to the letter and with sound frames of our frame version, another number is damage. So with N
//! goes a change of a table or of the frame version. What changed:
//! - 0.1: the first.
//! - 0.2: of each sum of a life, at how many ticks it is known.
//! - 0.3: tasks, sockets, network protocols, file systems, file locks, interrupts, limits and
//!   NUMA nodes; the frequencies of CPUs; what disks are; the tables of processes that ended
//!   and of thread dumps.

use super::error::{CaptureError, FrameFault};
use super::frame::{self, FrameKey, FrameKind};
use super::writer;
use rusqlite::Connection;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// `application_id` of a capture: "Aftr".
pub(crate) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"Aftr");

/// `user_version` of a capture: N of format 0.N.
pub const FORMAT: i32 = 3;

/// The newest chunks and rows of the tail, and the frame that each begins with.
const NEWEST: [(&str, FrameKind); 2] = [
    (
        "SELECT id, frames FROM chunk_body WHERE id > 0 ORDER BY id DESC LIMIT 8",
        FrameKind::Index,
    ),
    (
        "SELECT id, frame FROM tail ORDER BY id DESC LIMIT 8",
        FrameKind::Tick,
    ),
];

#[cfg(test)]
/// SQLite versions before this can corrupt a database in WAL mode (fixed in 3.51.3).
const LEAST_SQLITE: i32 = 3_051_003;

/// Refuses what this program cannot read, and says which way out there is.
pub(crate) fn check(path: &Path, application_id: i32, format: i32) -> Result<(), CaptureError> {
    if application_id != APPLICATION_ID {
        let why = format!("it is a database of another program (application id {application_id})");
        return Err(CaptureError::NotACapture {
            path: path.into(),
            why,
        });
    }
    if format == FORMAT {
        return Ok(());
    }
    let advice = if format > FORMAT {
        "a newer afterimage wrote it, upgrade to open it"
    } else {
        "an older afterimage wrote it, open it with that one (formats before 1 are not kept readable)"
    };
    Err(CaptureError::OtherFormat {
        path: path.into(),
        found: format,
        ours: FORMAT,
        advice,
    })
}

/// The same for a database that is open.
pub(crate) fn check_database(path: &Path, db: &Connection) -> Result<(), CaptureError> {
    let number =
        |pragma: &str| db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i32>(0));
    let numbers =
        number("application_id").and_then(|application| Ok((application, number("user_version")?)));
    match numbers {
        Ok((application, format)) => check(path, application, format),
        Err(source) if is_marked(path) => Err(CaptureError::Sqlite {
            path: path.to_owned(),
            doing: "it is a capture, but a damaged one",
            source,
        }),
        Err(source) => Err(CaptureError::NotACapture {
            path: path.to_owned(),
            why: source.to_string(),
        }),
    }
}

/// Whether what a database with our tables holds is of our format, whatever number it has. Its
/// newest sound frame tells, as it says its version under its checksum; where there is none, the row
/// that says which capture it is.
pub(crate) fn is_in_content(db: &Connection) -> bool {
    let Ok((capture, is_sound)) = writer::capture_number(db) else {
        return false;
    };
    // What cannot be read tells nothing.
    let told = NEWEST.into_iter().find_map(|(select, kind)| {
        let found = newest(db, select, (kind, capture));
        found.ok().flatten()
    });
    told.unwrap_or(is_sound)
}

/// Whether the newest of these frames that is sound is of our version.
fn newest(
    db: &Connection,
    select: &str,
    (kind, capture): (FrameKind, u64),
) -> rusqlite::Result<Option<bool>> {
    let mut select = db.prepare(select)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let key = FrameKey::new(capture, row.get::<_, i64>(0)?.cast_unsigned());
        match frame::verify(&mut row.get_ref(1)?.as_blob()?, kind, key) {
            Ok(()) => return Ok(Some(true)),
            Err(FrameFault::Version(_)) => return Ok(Some(false)),
            Err(_unsound) => {}
        }
    }
    Ok(None)
}

/// Whether its header says that it is a capture, whatever SQLite makes of the rest.
fn is_marked(path: &Path) -> bool {
    let mut head = [0; 72];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[68..] == APPLICATION_ID.to_be_bytes()
}

/// Whether the SQLite that is linked in is one that keeps WAL databases whole.
#[cfg(test)]
pub(crate) fn sqlite_is_sound() -> bool {
    rusqlite::version_number() >= LEAST_SQLITE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_which_way_the_version_differs() {
        let message = |format| {
            check(Path::new("a"), APPLICATION_ID, format)
                .unwrap_err()
                .to_string()
        };
        assert!(
            message(FORMAT + 1)
                .contains("0.4; this program reads format 0.3: a newer afterimage wrote it")
        );
        assert!(message(FORMAT - 1).contains("an older afterimage wrote it"));
        assert!(check(Path::new("a"), APPLICATION_ID, FORMAT).is_ok());
        assert!(
            check(Path::new("a"), 7, FORMAT)
                .unwrap_err()
                .to_string()
                .contains("another program")
        );
    }

    #[test]
    fn the_bundled_sqlite_is_new_enough() {
        assert!(sqlite_is_sound(), "{}", rusqlite::version());
    }
}
