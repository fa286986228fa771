//! Room that is ours already when the disk is full.
//!
//! The file is kept longer than what is in it by a reserve, and the write-ahead log is grown
//! once and never shortened while recording; both survive checkpoints. A guard keeps SQLite
//! from growing the file past what it has: in WAL mode that would fail in a checkpoint, when it
//! is too late. When the reserve cannot be topped up, the oldest chunks make room instead.

use super::{Writer, start};
use crate::capture::error::{CaptureError, is_torn};
use crate::capture::lock::with_suffix;
use rusqlite::{Connection, FileControl, MAIN_DB};
use std::fs;

const PAGE: u64 = 4096;
const MIB: u64 = 1 << 20;
/// The reserve is this share of the size limit, and at most [`MOST_RESERVE`].
const RESERVE_SHARE: u64 = 16;
const MOST_RESERVE: u64 = 16 * MIB;
/// What the log is grown to: this share of the size limit, and at most [`MOST_LOG`]. It must hold
/// the largest transaction, which is a chunk with the processes that are new in it.
const LOG_SHARE: u64 = 4;
const MOST_LOG: u64 = 4 * MIB;
/// With less room than this share of the size limit for the next chunk, and at most
/// [`MOST_LEAST_ROOM`], the oldest ones go.
const LEAST_ROOM_SHARE: u64 = 16;
const MOST_LEAST_ROOM: u64 = MIB;
/// After so many writes without room the file is looked at for damage again.
const LOOK_EVERY: u32 = 360;
/// SQLite takes the size of a file as a multiple of a 32-bit number.
const MOST_STEP: u64 = 1 << 30;

impl Writer {
    /// The reserve for this size limit.
    pub(super) fn reserve_bytes(&self) -> u64 {
        (self.options.max_bytes / RESERVE_SHARE).clamp(MIB, MOST_RESERVE)
    }

    /// What the log is grown to, for this size limit.
    fn log_reserve_bytes(&self) -> u64 {
        (self.options.max_bytes / LOG_SHARE / MIB * MIB).clamp(MIB, MOST_LOG)
    }

    /// The least room for the next chunk, for this size limit.
    pub(super) fn least_room(&self) -> u64 {
        (self.options.max_bytes / LEAST_ROOM_SHARE).min(MOST_LEAST_ROOM)
    }

    fn file_bytes(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |data| data.len())
    }

    /// At the start of a run: before the first checkpoint, which would cut off what an earlier
    /// run had reserved. A disk that is full already is no failure.
    pub(super) fn set_up_reserve(&mut self) -> rusqlite::Result<()> {
        let length = self.file_bytes().max(self.reserve_bytes());
        keep_length(&self.db, length)?;
        checkpoint(&self.db)?;
        self.db.execute("DELETE FROM chunk_body WHERE id < 0", [])?;
        let log = fs::metadata(with_suffix(&self.path, "-wal")).map_or(0, |data| data.len());
        if log < self.log_reserve_bytes() {
            // Whatever this runs into, the recording goes on with a log that grows as it must.
            drop(self.grow_log());
            self.db.execute("DELETE FROM chunk_body WHERE id < 0", [])?;
        }
        checkpoint(&self.db)?;
        self.top_up_reserve(0)
    }

    /// Writes once as much as the log is to hold, and deletes it again.
    fn grow_log(&self) -> rusqlite::Result<()> {
        let megabytes = self.log_reserve_bytes() / MIB;
        let transaction = self.db.unchecked_transaction()?;
        for number in 1..=megabytes.cast_signed() {
            transaction.execute(
                "REPLACE INTO chunk_body VALUES (?, zeroblob(?))",
                (-number, MIB.cast_signed()),
            )?;
        }
        transaction.commit()?;
        checkpoint(&self.db)
    }

    /// Makes the file longer when its reserve runs low, or has not what is needed; never beyond
    /// the size limit.
    pub(super) fn top_up_reserve(&mut self, needed: u64) -> rusqlite::Result<()> {
        let least = (self.reserve_bytes() / 2).max(needed);
        if self.room_bytes()? < least {
            let reserve = self.reserve_bytes().max(2 * needed);
            let wanted = (self.paged_bytes()? + reserve).next_multiple_of(MIB);
            self.lengthen(wanted.min(self.options.max_bytes / PAGE * PAGE))?;
        }
        self.set_guard()
    }

    /// Room for a chunk that the size limit has none for: it is kept all the same, as there is
    /// nothing older that could go instead.
    pub(super) fn go_beyond_limit(&mut self, needed: u64) -> rusqlite::Result<()> {
        let wanted = (self.paged_bytes()? + needed).next_multiple_of(MIB);
        self.lengthen(wanted)?;
        self.set_guard()
    }

    /// Makes the file this long, if it is shorter and the disk has room. That it has none is no
    /// failure: then the oldest chunks make room. Its length tells as well: on some file systems
    /// SQLite keeps the error to itself.
    fn lengthen(&self, wanted: u64) -> rusqlite::Result<()> {
        let length = self.file_bytes();
        if wanted <= length {
            return Ok(());
        }
        keep_length(&self.db, wanted)?;
        let mut hint = (wanted - PAGE).cast_signed();
        let hinted = self
            .db
            .file_control(Some(MAIN_DB), FileControl::SizeHint(&mut hint));
        if hinted.is_err() || self.file_bytes() < wanted {
            keep_length(&self.db, length.max(self.file_bytes() / PAGE * PAGE))?;
        }
        Ok(())
    }

    /// `SQLite` finds no room for a page that is far behind the end of the file, either: then it is
    /// not the disk that is full, but the file that is damaged. All of it is looked at for that,
    /// ever more rarely: where this lasts, about once an hour.
    pub(super) fn judge_room(
        &mut self,
        written: Result<(), CaptureError>,
    ) -> Result<(), CaptureError> {
        if !written.as_ref().is_err_and(CaptureError::is_full) {
            return written;
        }
        self.without_room += 1;
        let count = self.without_room;
        // What passes with the first attempt was no damage.
        let is_due = count > 1 && count.is_power_of_two() || count.is_multiple_of(LOOK_EVERY);
        if !is_due {
            return written;
        }
        let check = "PRAGMA quick_check(1)";
        let found = self.db.query_row(check, [], |row| row.get::<_, String>(0));
        let is_damaged = match found {
            Ok(word) => word != "ok",
            Err(error) => is_torn(&error),
        };
        if is_damaged {
            self.without_room = 0;
            return Err(start::damage(&self.path));
        }
        written
    }

    fn paged_bytes(&self) -> rusqlite::Result<u64> {
        Ok(pages(&self.db, "page_count")? * PAGE)
    }

    /// No page beyond the end of the file.
    fn set_guard(&self) -> rusqlite::Result<()> {
        let most = (self.file_bytes() / PAGE).max(pages(&self.db, "page_count")?);
        let sql = format!("PRAGMA max_page_count = {most}");
        self.db.query_row(&sql, [], |_| Ok(()))
    }

    /// What can be written without the file system's help.
    pub(super) fn room_bytes(&self) -> rusqlite::Result<u64> {
        let behind = (self.file_bytes() / PAGE).saturating_sub(pages(&self.db, "page_count")?);
        Ok((behind + pages(&self.db, "freelist_count")?) * PAGE)
    }

    /// A clean end gives the free pages and the reserve back to the file system.
    pub(super) fn give_back_reserve(&mut self) -> rusqlite::Result<()> {
        self.db
            .query_row("PRAGMA max_page_count = 4294967294", [], |_| Ok(()))?;
        set_step(&self.db, 0)?;
        self.db.execute("DELETE FROM chunk_body WHERE id < 0", [])?;
        let mut free = u64::MAX;
        loop {
            let left = pages(&self.db, "freelist_count")?;
            if left == 0 || left >= free {
                break;
            }
            free = left;
            // In steps that fit into the log as it is: the disk may be full.
            let step = self.log_reserve_bytes() / PAGE / 4;
            let mut vacuum = self
                .db
                .prepare(&format!("PRAGMA incremental_vacuum({step})"))?;
            let mut rows = vacuum.query([])?;
            while rows.next()?.is_some() {}
            checkpoint(&self.db)?;
        }
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }
}

/// From now on checkpoints leave the file at least this long.
fn keep_length(db: &Connection, length: u64) -> rusqlite::Result<()> {
    let steps = length.div_ceil(MOST_STEP).max(1);
    set_step(db, length.div_ceil(steps).next_multiple_of(PAGE))
}

fn set_step(db: &Connection, bytes: u64) -> rusqlite::Result<()> {
    let mut step = i32::try_from(bytes).unwrap_or(i32::MAX);
    db.file_control(Some(MAIN_DB), FileControl::ChunkSize(&mut step))
}

fn pages(db: &Connection, pragma: &str) -> rusqlite::Result<u64> {
    let count: i64 = db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) fn checkpoint(db: &Connection) -> rusqlite::Result<()> {
    db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// How much of the log is waiting to be moved into the file.
pub(super) fn log_bytes(db: &Connection) -> rusqlite::Result<u64> {
    let (written, moved): (i64, i64) = db.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
        Ok((row.get(1)?, row.get(2)?))
    })?;
    let waiting = if written == moved { 0 } else { written };
    Ok(u64::try_from(waiting).unwrap_or(0) * PAGE)
}
