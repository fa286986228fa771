//! What lanes beside the curves are made of: when lives began and ended.

use super::Capture;
use crate::capture::error::CaptureError;
use crate::process::{Pid, ProcessKey};
use crate::time::{Seq, WallTime};
use crate::units::Ticks;

/// When one life was seen first and last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeEnds {
    /// The boot's number.
    pub boot: i64,
    /// Its pid and start.
    pub key: ProcessKey,
    /// Its name.
    pub comm: Vec<u8>,
    /// The first tick that saw it.
    pub first: Seq,
    /// The second in which that was.
    pub first_seen: WallTime,
    /// The last tick that saw it, and the second in which that was; `None` while it lives.
    pub last: Option<(Seq, WallTime)>,
}

/// Lives too many to keep one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortLives {
    /// The second in which the first of them was seen.
    pub from: WallTime,
    /// The second in which the last of them was seen.
    pub to: WallTime,
    /// Their parent.
    pub ppid: Option<i32>,
    /// Their name.
    pub comm: Vec<u8>,
    /// How many they were.
    pub lives: u64,
}

impl Capture {
    /// When lives began and ended, as far as their chunk is closed: a minute after it happened.
    /// Goes over at most so many rows after the row `after` (`i64::MIN` to begin with) and
    /// answers the last one, from which to go on; `None` when there was none left. Costs about
    /// 2 µs a life.
    pub fn life_ends(
        &mut self,
        after: i64,
        most: u32,
        mut each: impl FnMut(LifeEnds),
    ) -> Result<Option<i64>, CaptureError> {
        let few = "SELECT max(id) FROM (SELECT id FROM process WHERE id > ? ORDER BY id LIMIT ?)";
        let Some(last) = self.last_of_few(few, after, most)? else {
            return Ok(None);
        };
        let range = ("WHERE id > ? AND id <= ? ORDER BY id", &[after, last][..]);
        self.rows("process", range, |row| {
            let seconds = |column| row.integer(column).map(wall_of_seconds);
            let pid = row.integer(1).and_then(|pid| i32::try_from(pid).ok());
            each(LifeEnds {
                boot: row.integer(0).unwrap_or(0),
                key: ProcessKey {
                    pid: Pid(pid.unwrap_or(-1)),
                    started: Ticks(row.unsigned(2).unwrap_or(0)),
                },
                comm: row.bytes(5).unwrap_or_default().to_owned(),
                first: Seq(row.unsigned(7).unwrap_or(0)),
                first_seen: seconds(9).unwrap_or(WallTime(0)),
                last: row.unsigned(8).map(Seq).zip(seconds(10)),
            });
        })?;
        Ok(Some(last))
    }

    /// The last row of the next few of a table, if there are any.
    pub(super) fn last_of_few(
        &self,
        few: &'static str,
        after: i64,
        most: u32,
    ) -> Result<Option<i64>, CaptureError> {
        let last = || -> rusqlite::Result<Option<i64>> {
            let mut last = self.opened.db().prepare_cached(few)?;
            last.query_row([after, most.into()], |row| row.get(0))
        };
        last().map_err(self.sqlite("a plain table cannot be read"))
    }

    /// The lives that were added up because there were too many. Costs a scan of the table.
    pub fn short_lives(&mut self) -> Result<Vec<ShortLives>, CaptureError> {
        self.rows("process_sum", ("ORDER BY id", &[]), |row| ShortLives {
            from: row.integer(0).map_or(WallTime(0), wall_of_seconds),
            to: row.integer(1).map_or(WallTime(0), wall_of_seconds),
            ppid: row.integer(2).and_then(|pid| i32::try_from(pid).ok()),
            comm: row.bytes(3).unwrap_or_default().to_owned(),
            lives: row.unsigned(4).unwrap_or(0),
        })
    }
}

fn wall_of_seconds(seconds: i64) -> WallTime {
    WallTime::from_file(seconds.saturating_mul(1_000_000))
}
