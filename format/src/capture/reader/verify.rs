//! Looking for damage a little at a time, for who has other things to do in between.
//!
//! [`Capture::check`] unpacks everything; this compares checksums alone, which finds what a disk
//! or a transfer has changed, at the speed of reading.

use super::Capture;
use crate::capture::chunk::packed;
use crate::capture::error::{CaptureError, FrameFault, is_torn};
use crate::time::Seq;
use rusqlite::OptionalExtension as _;

/// How far a look for damage has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// So many chunks were looked at this time.
    pub chunks: u64,
    /// The last of them, to go on behind; `None` when there was none left.
    pub last: Option<Seq>,
}

impl Capture {
    /// How many chunks there are. Costs a scan of their table.
    pub fn chunks(&self) -> Result<u64, CaptureError> {
        let count = "SELECT coalesce(sum(1), 0) FROM chunk";
        let count = self
            .opened
            .db()
            .query_row(count, [], |row| row.get::<_, i64>(0));
        let count = count.map_err(self.sqlite("its chunks cannot be listed"))?;
        Ok(count.unsigned_abs())
    }

    /// Compares the checksums of the next `most` chunks behind the one that begins with `after`.
    /// What is damaged is then in [`Capture::damage`]. Costs reading them, about 0.1 ms each.
    pub fn verify(&mut self, after: Seq, most: u32) -> Result<Verified, CaptureError> {
        let ids = self.ids_after(after, most)?;
        for id in &ids {
            self.go_on()?;
            if let Some(fault) = self.fault_of(*id)? {
                self.note_damage("chunk_body", *id, fault);
            }
        }
        Ok(Verified {
            chunks: ids.len() as u64,
            last: ids.last().map(|id| Seq(id.cast_unsigned())),
        })
    }

    /// Reads the chunks that have ticks of `first..=last`, without unpacking them: pages that the
    /// database cannot read are then in [`Capture::damage`], as [`FrameFault::Torn`]. For who must
    /// know before he has come that far. Costs about 20 microseconds a chunk.
    pub fn look_over(&mut self, first: Seq, last: Seq) -> Result<(), CaptureError> {
        for id in self.chunk_ids(first, last)? {
            self.go_on()?;
            let read = || -> rusqlite::Result<()> {
                let read = "SELECT frames FROM chunk_body WHERE id = ?";
                let mut read = self.opened.db().prepare_cached(read)?;
                let mut rows = read.query([id.cast_signed()])?;
                while let Some(row) = rows.next()? {
                    row.get_ref(0)?;
                }
                Ok(())
            };
            match read() {
                Err(error) if is_torn(&error) => {
                    self.note_damage("chunk_body", id.cast_signed(), FrameFault::Torn);
                }
                read => read.map_err(self.sqlite("a chunk cannot be read"))?,
            }
        }
        Ok(())
    }

    /// A chunk that has lost its frames is as damaged as one whose frames are.
    fn ids_after(&self, after: Seq, most: u32) -> Result<Vec<i64>, CaptureError> {
        let next = "SELECT id FROM chunk_body WHERE id > max(?1, 0) \
                    UNION SELECT id FROM chunk WHERE id > ?1 ORDER BY id LIMIT ?2";
        let ids = || -> rusqlite::Result<Vec<i64>> {
            let mut rows = self.opened.db().prepare_cached(next)?;
            let rows = rows.query_map((after.0.cast_signed(), most), |row| row.get(0))?;
            rows.collect()
        };
        ids().map_err(self.sqlite("its chunks cannot be listed"))
    }

    fn fault_of(&self, id: i64) -> Result<Option<FrameFault>, CaptureError> {
        let key = self.key(id.cast_unsigned());
        let read = "SELECT frames FROM chunk_body WHERE id = ?";
        let read = || -> rusqlite::Result<Option<Option<FrameFault>>> {
            let mut read = self.opened.db().prepare_cached(read)?;
            read.query_row([id], |row| {
                let frames = row.get_ref(0)?.as_blob()?;
                Ok(packed::verify(frames, key).err())
            })
            .optional()
        };
        let found = match read() {
            Err(error) if is_torn(&error) => Some(Some(FrameFault::Torn)),
            found => found.map_err(self.sqlite("a chunk cannot be read"))?,
        };
        Ok(found.unwrap_or(Some(FrameFault::Absent)))
    }
}
