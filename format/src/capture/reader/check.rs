//! Everything in a capture, read and checked; and when what is damaged was.

use super::{Capture, Damage};
use crate::capture::chunk::decode::Part;
use crate::capture::error::{CaptureError, is_torn};
use crate::capture::tables::{self, CheckedRow};
use crate::time::WallTime;

/// Every file is a whole number of these.
const PAGE: u64 = 4096;
/// So much of what SQLite finds is listed.
const MOST_FINDINGS: usize = 100;
/// Columns that say when something was, by the unit that follows.
const TIMES: [(&str, i64); 3] = [
    ("from_unix_us", 1),
    ("unix_us", 1),
    ("from_unix_s", 1_000_000),
];

/// How much a check looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Chunks and rows of the tail.
    pub frames: usize,
    /// Rows of plain tables.
    pub rows: usize,
    /// What is wrong with the database around them, in SQLite's words.
    pub structure: Vec<String>,
}

impl Capture {
    /// Reads and checks everything: every frame, every row of every plain table, and how they
    /// hang together. What is damaged is then in [`Capture::damage`]. Costs about 4 ms a recorded
    /// minute.
    pub fn check(&mut self) -> Result<Checked, CaptureError> {
        let ids = self.chunk_ids_of_both()?;
        let (mut frames, rows) = (0, self.check_plain()?);
        for id in ids {
            self.cache.clear();
            self.chunk(id.cast_unsigned(), Part::All)?;
            frames += 1;
        }
        frames += self.tail()?.map_or(0, |tail| tail.ticks().len());
        Ok(Checked {
            frames,
            rows,
            structure: self.structure()?,
        })
    }

    /// A chunk that has lost its frames is as damaged as one whose frames are.
    fn chunk_ids_of_both(&self) -> Result<Vec<i64>, CaptureError> {
        let both = "SELECT id FROM chunk_body WHERE id > 0 UNION SELECT id FROM chunk ORDER BY id";
        let ids = || -> rusqlite::Result<Vec<i64>> {
            let mut rows = self.opened.db().prepare(both)?;
            let rows = rows.query_map([], |row| row.get(0))?;
            rows.collect()
        };
        ids().map_err(self.sqlite("its chunks cannot be listed"))
    }

    /// What SQLite says of its pages and tables.
    fn structure(&self) -> Result<Vec<String>, CaptureError> {
        let check = format!("PRAGMA integrity_check({MOST_FINDINGS})");
        let found = || -> rusqlite::Result<Vec<String>> {
            let mut rows = self.opened.db_for_all().prepare(&check)?;
            let rows = rows.query_map([], |row| row.get(0))?;
            rows.collect()
        };
        match found() {
            Err(error) if is_torn(&error) && !self.watch.is_over() => Ok(vec![error.to_string()]),
            found => {
                let mut found = found.map_err(self.sqlite("it cannot be checked"))?;
                found.retain(|word| word != "ok");
                // SQLite fills up what is missing of the last page.
                let length = std::fs::metadata(&self.path).map_or(0, |data| data.len());
                if !length.is_multiple_of(PAGE) {
                    found.push("it ends in the middle of a page".to_owned());
                }
                Ok(found)
            }
        }
    }

    /// Between which moments something damaged was recorded: by what the table of chunks says of
    /// it, else by the sound rows on both sides of it. `None` where neither tells.
    pub fn time_of(
        &mut self,
        damage: &Damage,
    ) -> Result<(Option<WallTime>, Option<WallTime>), CaptureError> {
        let row = damage.row;
        match damage.table {
            "chunk_body" => {
                let listed = self.rows("chunk", ("WHERE id = ?", &[row]), |row| {
                    (row.integer(2), row.integer(3))
                })?;
                if let Some((from, to)) = listed.first() {
                    return Ok((from.map(WallTime::from_file), to.map(WallTime::from_file)));
                }
                self.beside("chunk", row)
            }
            "tail" => {
                let last = "WHERE id < ? ORDER BY id DESC LIMIT 1";
                let last = self.rows("chunk", (last, &[row]), |row| row.integer(3))?;
                Ok((
                    last.first().copied().flatten().map(WallTime::from_file),
                    None,
                ))
            }
            // Which commits are lost with the rest of a log, nobody knows.
            "log" => Ok((None, None)),
            table => self.beside(table, row),
        }
    }

    /// When the rows before and behind one were.
    fn beside(
        &mut self,
        name: &'static str,
        row: i64,
    ) -> Result<(Option<WallTime>, Option<WallTime>), CaptureError> {
        let columns = &tables::named(name).columns;
        let found = TIMES.iter().find_map(|(column, micros)| {
            let place = columns.iter().position(|known| known == column)?;
            Some((place, micros))
        });
        let Some((column, micros)) = found else {
            return Ok((None, None));
        };
        let when = |row: &CheckedRow| {
            let at = row.integer(column)?;
            Some(WallTime::from_file(at.saturating_mul(*micros)))
        };
        let before = "WHERE id < ? ORDER BY id DESC LIMIT 1";
        let behind = "WHERE id > ? ORDER BY id LIMIT 1";
        let before = self.rows(name, (before, &[row]), when)?;
        let behind = self.rows(name, (behind, &[row]), when)?;
        Ok((
            before.into_iter().next().flatten(),
            behind.into_iter().next().flatten(),
        ))
    }
}
