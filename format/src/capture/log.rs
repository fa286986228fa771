//! A copy of a write-ahead log, as short as it can be.
//!
//! The log is written from its beginning after each checkpoint, so most of it is usually left
//! from earlier rounds. Each round has numbers of its own (the salts), and `SQLite` replays the
//! log up to the first page of another round: only that much is copied.

use super::watch::{self, Stage, Watch, Work};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Before the pages of a log, and before each page in it.
const LOG_HEADER: u64 = 32;
const PAGE_HEADER: u64 = 24;

/// Copies what counts of a log to a file that is not there yet.
pub(super) fn copy(from: &Path, to: &Path, watch: &dyn Watch) -> io::Result<()> {
    let mut log = File::open(from)?;
    let length = log.metadata()?.len();
    let counts = end_of_round(&mut log, length, watch)?.unwrap_or(length);
    log.rewind()?;
    let mut to = File::create_new(to)?;
    let work = (Work::CopyingLog, counts);
    watch::copy(&mut log.take(counts), &mut to, work, watch)
}

/// Where the pages of its round end; `None` when it does not begin as a log does, which is for
/// `SQLite` to judge.
fn end_of_round(log: &mut File, length: u64, watch: &dyn Watch) -> io::Result<Option<u64>> {
    let mut header = [0; 32];
    if length < LOG_HEADER {
        return Ok(None);
    }
    log.read_exact(&mut header)?;
    let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = header;
    let page = u32::from_be_bytes([a, b, c, d]);
    if !page.is_power_of_two() || page < 512 {
        return Ok(None);
    }
    let step = PAGE_HEADER + u64::from(page);
    let mut end = LOG_HEADER;
    let mut salts = [0; 8];
    while end + step <= length {
        let stage = Stage {
            work: Work::CopyingLog,
            done: 0,
            total: 0,
        };
        watch::go_on(watch, stage)?;
        log.seek(SeekFrom::Start(end + 8))?;
        log.read_exact(&mut salts)?;
        if salts != header[16..24] {
            break;
        }
        end += step;
    }
    Ok(Some(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::watch::{Patience, Unwatched};
    use rusqlite::Connection;
    use std::fs;

    fn rows(path: &Path) -> i64 {
        let db = Connection::open(path).unwrap();
        db.query_row("SELECT count(*) FROM a", [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_short_copy_holds_all_that_is_replayed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let db = Connection::open(at("db")).unwrap();
        let set_up = "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE a (b)";
        db.execute_batch(set_up).unwrap();
        let fill = |rows: u32| {
            for _ in 0..rows {
                db.execute("INSERT INTO a VALUES (randomblob(3000))", [])
                    .unwrap();
            }
        };
        fill(50);
        // The next round is written over the beginning of this one.
        db.execute_batch("PRAGMA wal_checkpoint(RESTART)").unwrap();
        fill(7);
        fs::copy(at("db"), at("copy")).unwrap();
        copy(&at("db-wal"), &at("copy-wal"), &Unwatched).unwrap();
        let length = |name: &str| fs::metadata(at(name)).unwrap().len();
        assert!(length("copy-wal") * 3 < length("db-wal"));
        assert_eq!(rows(&at("copy")), 57);
    }

    #[test]
    fn what_is_no_log_is_copied_whole() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (number, bytes) in [&b""[..], b"short", &[0; 5000], &[7; 5000]]
            .iter()
            .enumerate()
        {
            let to = at(&format!("to-{number}"));
            fs::write(at("from"), bytes).unwrap();
            copy(&at("from"), &to, &Unwatched).unwrap();
            assert_eq!(fs::read(to).unwrap(), *bytes);
        }
    }

    #[test]
    fn a_log_that_nobody_waits_for_is_not_copied() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("from"), [7; 5000]).unwrap();
        let watch = Patience {
            longest: Some(0),
            ..Patience::default()
        };
        assert!(copy(&at("from"), &at("to"), &watch).is_err());
        assert_eq!(fs::metadata(at("to")).map_or(0, |data| data.len()), 0);
    }
}
