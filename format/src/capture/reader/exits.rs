//! How processes ended: the rows of `exited`, however short the lives were.

use super::Capture;
use crate::capture::error::CaptureError;
use crate::capture::tables::CheckedRow;
use crate::facts::{Exited, KnownBy};
use crate::process::{Pid, ProcessKey};
use crate::time::{Seq, WallTime};
use crate::units::{Bytes, Ticks};
use std::cell::Cell as Flag;
use std::time::Duration;

/// An end as it stands in the capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEnd {
    /// The boot's number.
    pub boot: i64,
    /// The newest tick when it was written.
    pub seq: Seq,
    /// What was told.
    pub exited: Exited,
}

/// A life as the samples saw it, for finding the names of the dead and of their parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeName {
    /// The boot's number.
    pub boot: i64,
    /// Pid and start.
    pub key: ProcessKey,
    /// The first tick that saw it.
    pub first: Seq,
    /// The last one; `None` while it lives.
    pub last: Option<Seq>,
    /// The owner's name, or number.
    pub user: Option<Box<str>>,
    /// Its name.
    pub comm: Box<[u8]>,
    /// Which command line is its own: see [`Capture::command_line`].
    pub command: Option<i64>,
}

impl Capture {
    /// The lives that were there at some tick of `from..=to`, oldest first. Costs a scan of the
    /// table, and some 100 bytes for each.
    pub fn life_names(&mut self, from: Seq, to: Seq) -> Result<Vec<LifeName>, CaptureError> {
        let there = "WHERE first_seq <= ?2 AND (last_seq IS NULL OR last_seq >= ?1) ORDER BY id";
        let range = [from.0.cast_signed(), to.0.cast_signed()];
        self.rows("process", (there, &range), |row| LifeName {
            boot: row.integer(0).unwrap_or(0),
            key: ProcessKey {
                pid: Pid(row
                    .integer(1)
                    .and_then(|pid| i32::try_from(pid).ok())
                    .unwrap_or(-1)),
                started: Ticks(row.unsigned(2).unwrap_or(0)),
            },
            first: Seq(row.unsigned(7).unwrap_or(0)),
            last: row.unsigned(8).map(Seq),
            user: row.text(4).map(String::into_boxed_str),
            comm: row.bytes(5).unwrap_or_default().into(),
            command: row.integer(6),
        })
    }

    /// A command line by its number; `None` when it was evicted.
    pub fn command_line(&mut self, command: i64) -> Result<Option<Vec<u8>>, CaptureError> {
        let one = ("WHERE id = ?", &[command][..]);
        let found = self.rows("command", one, |row| row.bytes(0).map(<[u8]>::to_owned))?;
        Ok(found.into_iter().flatten().next())
    }

    /// The processes of whose end the kernel told between two moments, both included, in the
    /// order of its words. Costs a scan of the table: it is at most 15 % of the size limit.
    pub fn exited(&mut self, from: WallTime, to: WallTime) -> Result<Vec<Exited>, CaptureError> {
        let between = (
            "WHERE unix_us BETWEEN ? AND ? ORDER BY id",
            &[from.0, to.0][..],
        );
        self.rows("exited", between, |row| stored(row).exited)
    }

    /// The same one after the other, the newest first, for as long as the answer is `true`: there
    /// may be a million.
    pub fn each_exited(
        &mut self,
        from: WallTime,
        to: WallTime,
        mut give: impl FnMut(StoredEnd) -> bool,
    ) -> Result<(), CaptureError> {
        let between = (
            "WHERE unix_us BETWEEN ? AND ? ORDER BY id DESC",
            &[from.0, to.0][..],
        );
        let wanted = Flag::new(true);
        let give = |row: &CheckedRow| wanted.set(wanted.get() && give(stored(row)));
        // Nothing is kept of a row.
        let _: Vec<()> = self.rows_while("exited", between, (give, || wanted.get()))?;
        Ok(())
    }

    /// The same a few at a time, oldest first, as [`Capture::life_ends`]. Costs some 3 µs each.
    pub fn next_exited(
        &mut self,
        after: i64,
        most: u32,
        mut each: impl FnMut(StoredEnd),
    ) -> Result<Option<i64>, CaptureError> {
        let few = "SELECT max(id) FROM (SELECT id FROM exited WHERE id > ? ORDER BY id LIMIT ?)";
        let Some(last) = self.last_of_few(few, after, most)? else {
            return Ok(None);
        };
        let range = ("WHERE id > ? AND id <= ? ORDER BY id", &[after, last][..]);
        self.rows("exited", range, |row| each(stored(row)))?;
        Ok(Some(last))
    }

    /// How this process ended, if the kernel told. Costs a scan of the table.
    pub fn end_of(&mut self, boot: i64, key: ProcessKey) -> Result<Option<Exited>, CaptureError> {
        let of_pid = (
            "WHERE boot = ? AND pid = ? ORDER BY id",
            &[boot, key.pid.0.into()][..],
        );
        let ends = self.rows("exited", of_pid, |row| stored(row).exited)?;
        let own = ends.into_iter().filter(|end| end.is_of(key));
        Ok(own.min_by_key(|end| end.started.map(|at| at.0.abs_diff(key.started.0))))
    }

    /// The texts of all events of a kind. Costs a scan of the table.
    pub fn events_of(&mut self, kind: &str) -> Result<Vec<String>, CaptureError> {
        let events = self.rows("event", ("ORDER BY id", &[]), |row| {
            let is_wanted = row.text(2).as_deref() == Some(kind);
            is_wanted.then(|| row.text(3).unwrap_or_default())
        })?;
        Ok(events.into_iter().flatten().collect())
    }

    /// How many ends were told one by one, how many were added up, and how many of both are no
    /// longer kept. Costs a count of the tables.
    pub fn count_ends(&mut self) -> Result<EndCounts, CaptureError> {
        let kept = self.rows("exited", ("", &[]), |_| ())?.len() as u64;
        let sums = self.rows("process_sum", ("", &[]), |row| row.unsigned(4).unwrap_or(0))?;
        let evicted = self.rows("quota", ("WHERE name = 'exited'", &[]), |row| {
            row.unsigned(3).unwrap_or(0)
        })?;
        Ok(EndCounts {
            kept,
            added_up: sums.iter().fold(0, |all, lives| all.saturating_add(*lives)),
            evicted: evicted.into_iter().sum(),
        })
    }
}

/// How many processes a capture knows to have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndCounts {
    /// Rows of `exited`.
    pub kept: u64,
    /// Lives that `process_sum` counts.
    pub added_up: u64,
    /// Rows of `exited` that were evicted.
    pub evicted: u64,
}

fn stored(row: &CheckedRow) -> StoredEnd {
    let pid = |column| row.integer(column).and_then(|pid| i32::try_from(pid).ok());
    let bytes = |column| row.bytes(column).map(<[u8]>::to_owned);
    let micros = |column| row.unsigned(column).map(Duration::from_micros);
    let exited = Exited {
        wall: WallTime::from_file(row.integer(2).unwrap_or(0)),
        pid: Pid(pid(3).unwrap_or(-1)),
        ppid: pid(4).map(Pid),
        started: row.unsigned(5).map(Ticks),
        comm: bytes(6),
        command_line: bytes(7),
        uid: row.unsigned(8).and_then(|uid| u32::try_from(uid).ok()),
        wait_status: row.integer(9).and_then(|status| i32::try_from(status).ok()),
        user: micros(10),
        system: micros(11),
        read: row.unsigned(12).map(Bytes),
        written: row.unsigned(13).map(Bytes),
        peak_rss: row.unsigned(14).map(Bytes::from_kib),
        lifetime: micros(15),
        flags: row.unsigned(16).and_then(|flags| u8::try_from(flags).ok()),
        tty_nr: row.integer(17).and_then(|tty| i32::try_from(tty).ok()),
        known_by: KnownBy::from_name(&row.text(18).unwrap_or_default()),
    };
    StoredEnd {
        boot: row.integer(0).unwrap_or(0),
        seq: Seq(row.unsigned(1).unwrap_or(0)),
        exited,
    }
}
