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
const LOG_HEADER: usize = 32;
const PAGE_HEADER: usize = 24;
/// Every capture has pages of this size.
const PAGE: usize = 4096;
/// Pages of rounds before the last so many are gone from any log: a round has some pages at least.
const MOST_ROUNDS: u32 = 1 << 24;
/// No page of `SQLite` has a higher number.
const MOST_PAGES: u32 = 0xffff_fffe;

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
    if length < LOG_HEADER as u64 {
        return Ok(None);
    }
    log.read_exact(&mut header)?;
    let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = header;
    let page = u32::from_be_bytes([a, b, c, d]);
    if !page.is_power_of_two() || page < 512 {
        return Ok(None);
    }
    let step = PAGE_HEADER as u64 + u64::from(page);
    let mut end = LOG_HEADER as u64;
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

/// How far `SQLite` will replay a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogEnd {
    /// To the last page that was written.
    Whole,
    /// To the last transaction but one, or but two: where the next one would begin stands neither
    /// a whole one nor what an earlier round left. A crash leaves it so, and what was changed in
    /// it later cannot be told from that.
    InPieces,
    /// To this one of its pages, with transactions behind it: something was changed.
    BreaksOff(u64),
}

/// How far `SQLite` will replay a log.
pub(super) fn end(path: &Path) -> io::Result<LogEnd> {
    let mut log = io::BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut header = [0; LOG_HEADER];
    if log.read_exact(&mut header).is_err() || header == [0; LOG_HEADER] {
        return Ok(LogEnd::Whole);
    }
    let big_endian = header[3] & 1 == 1;
    let mut sum = Sum::default().over(&header[..24], big_endian);
    if !sum.is_at(&header, 24) || be32(&header, 8) as usize != PAGE {
        return Ok(LogEnd::BreaksOff(0));
    }
    let mut page = vec![0; PAGE_HEADER + PAGE];
    let (mut number, mut broken, mut behind, mut open) = (0, None, 0, false);
    while log.read_exact(&mut page).is_ok() {
        number += 1;
        let is_of_round = page[8..16] == header[16..24];
        // A page that ends a transaction says how large the file is then.
        let ends_one = be32(&page, 4) != 0;
        if broken.is_none() {
            sum = sum.over(&page[..8], big_endian);
            sum = sum.over(&page[PAGE_HEADER..], big_endian);
            if is_of_round && sum.is_at(&page, 16) {
                open = !ends_one;
                continue;
            }
            broken = Some(number);
            open |= !is_left_over(&page, &header);
        }
        open |= is_of_round;
        behind += u32::from(is_of_round && ends_one);
    }
    Ok(match broken {
        Some(number) if behind > 1 => LogEnd::BreaksOff(number),
        _ if open => LogEnd::InPieces,
        _ => LogEnd::Whole,
    })
}

/// Whether a page of the log may be of an earlier round, or is room that nobody wrote to yet: the
/// first of the salts counts the rounds.
fn is_left_over(page: &[u8], header: &[u8; LOG_HEADER]) -> bool {
    let rounds = be32(header, 16).wrapping_sub(be32(page, 8));
    let is_earlier = (1..MOST_ROUNDS).contains(&rounds) && be32(page, 0) <= MOST_PAGES;
    is_earlier || page[..PAGE_HEADER] == [0; PAGE_HEADER]
}

/// The checksum of a log, which goes on from page to page.
#[derive(Debug, Default, Clone, Copy)]
struct Sum(u32, u32);

impl Sum {
    fn over(self, bytes: &[u8], big_endian: bool) -> Self {
        let words = bytes.chunks_exact(4).map(|word| match *word {
            [a, b, c, d] if big_endian => u32::from_be_bytes([a, b, c, d]),
            [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
            _ => 0,
        });
        let (mut sum, mut first) = (self, true);
        for word in words {
            if first {
                sum.0 = sum.0.wrapping_add(word).wrapping_add(sum.1);
            } else {
                sum.1 = sum.1.wrapping_add(word).wrapping_add(sum.0);
            }
            first = !first;
        }
        sum
    }

    fn is_at(self, bytes: &[u8], at: usize) -> bool {
        (be32(bytes, at), be32(bytes, at + 4)) == (self.0, self.1)
    }
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    word.map_or(0, u32::from_be_bytes)
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
    fn a_log_of_which_something_was_changed_is_found_and_one_that_ends_in_pieces_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let db = Connection::open(at("db")).unwrap();
        let set_up = "PRAGMA page_size = 4096; PRAGMA journal_mode = wal; CREATE TABLE a (b)";
        db.execute_batch(set_up).unwrap();
        for _ in 0..5 {
            db.execute("INSERT INTO a VALUES (randomblob(3000))", [])
                .unwrap();
        }
        let good = fs::read(at("db-wal")).unwrap();
        let broken = |bytes: &[u8]| {
            fs::write(at("log"), bytes).unwrap();
            end(&at("log")).unwrap()
        };
        let step = PAGE_HEADER + PAGE;
        assert_eq!(broken(&good), LogEnd::Whole);
        for cut in [0, 5, 32, 32 + 3 * step] {
            assert_eq!(broken(&good[..cut]), LogEnd::Whole, "cut at {cut}");
        }
        for place in [3, 20, 30] {
            let mut bytes = good.clone();
            bytes[place] ^= 2;
            assert_eq!(
                broken(&bytes),
                LogEnd::BreaksOff(0),
                "in the header at {place}"
            );
        }
        // Its number, its salt, its checksum, its content.
        for place in [3, 9, 17, 2000] {
            let mut bytes = good.clone();
            bytes[32 + 2 * step + place] ^= 2;
            assert_eq!(broken(&bytes), LogEnd::BreaksOff(3), "in a page at {place}");
            bytes = good.clone();
            let last = good.len() - step;
            bytes[last + place] ^= 2;
            assert_eq!(
                broken(&bytes),
                LogEnd::InPieces,
                "in the last page at {place}"
            );
        }
        // All of the last commit.
        let pages = (LOG_HEADER..good.len()).step_by(step);
        let mut ends = pages.filter(|page| be32(&good[*page..], 4) != 0);
        let last = ends.nth_back(1).unwrap() + step;
        for (byte, expected) in [(0xff, LogEnd::InPieces), (0, LogEnd::Whole)] {
            let mut bytes = good.clone();
            bytes[last..].fill(byte);
            assert_eq!(broken(&bytes), expected, "the last commit is all {byte:x}");
        }
    }

    #[test]
    fn a_page_of_ones_is_left_over_from_no_round() {
        let header = [0; LOG_HEADER];
        assert!(!is_left_over(&[0xff; PAGE_HEADER], &header));
        let mut earlier = [0xff; PAGE_HEADER];
        earlier[..4].fill(0);
        assert!(is_left_over(&earlier, &header));
    }

    #[test]
    fn what_an_earlier_round_left_is_no_piece_of_a_commit() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let db = Connection::open(at("db")).unwrap();
        let set_up = "PRAGMA page_size = 4096; PRAGMA journal_mode = wal; CREATE TABLE a (b)";
        db.execute_batch(set_up).unwrap();
        for round in 0..3 {
            for _ in 0..20 - 5 * round {
                db.execute("INSERT INTO a VALUES (randomblob(3000))", [])
                    .unwrap();
                assert_eq!(end(&at("db-wal")).unwrap(), LogEnd::Whole);
            }
            db.execute_batch("PRAGMA wal_checkpoint(RESTART)").unwrap();
        }
    }

    #[test]
    fn a_transaction_that_was_not_ended_leaves_a_log_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let db = Connection::open(at("db")).unwrap();
        let set_up = "PRAGMA page_size = 4096; PRAGMA journal_mode = wal; CREATE TABLE a (b)";
        db.execute_batch(set_up).unwrap();
        db.execute("INSERT INTO a VALUES (randomblob(30000))", [])
            .unwrap();
        let good = fs::read(at("db-wal")).unwrap();
        assert_eq!(end(&at("db-wal")).unwrap(), LogEnd::Whole);
        let without_its_end = good.len() - PAGE_HEADER - PAGE;
        fs::write(at("log"), &good[..without_its_end]).unwrap();
        assert_eq!(end(&at("log")).unwrap(), LogEnd::InPieces);
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
