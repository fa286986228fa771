//! The parts of a capture as they are stored, for who makes another capture of them.

use super::{Capture, Part};
use crate::capture::chunk::Chunk;
use crate::capture::chunk::decode::Window;
use crate::capture::error::CaptureError;
use crate::time::Seq;
use rusqlite::OptionalExtension as _;

impl Capture {
    /// The number that seeds every check in it.
    pub(super) fn number(&self) -> u64 {
        self.opened.capture
    }

    /// Does something that sees one state of the file, though it is being recorded.
    pub(super) fn as_of_now<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CaptureError>,
    ) -> Result<T, CaptureError> {
        let begun = self.opened.db().execute_batch("BEGIN");
        begun.map_err(self.sqlite("it cannot be read as of one moment"))?;
        self.cache.clear();
        let done = self.refresh().and_then(|()| read(self));
        let ended = self.opened.db().execute_batch("ROLLBACK");
        let done = done?;
        ended.map_err(self.sqlite("it cannot be read as of one moment"))?;
        Ok(done)
    }

    /// The first tick of the next chunk behind `seq`, or of the tail; `None` behind the last.
    /// Costs a look-up.
    pub fn next_stored(&self, seq: Seq) -> Result<Option<Seq>, CaptureError> {
        let next = "SELECT min(id) FROM chunk_body WHERE id > max(?, 0)";
        let next = self
            .opened
            .db()
            .query_row(next, [seq.0.cast_signed()], |row| {
                row.get::<_, Option<i64>>(0)
            });
        let next = next.map_err(self.sqlite("its chunks cannot be listed"))?;
        let chunk = next.map(|id| Seq(id.cast_unsigned()));
        let tail = self.tail_ends().map(|(first, _)| first);
        let tail = tail.filter(|first| *first > seq);
        Ok(chunk.into_iter().chain(tail).min())
    }

    /// The chunks that have, or would have, ticks of `first..=last`, by their first ticks.
    pub(super) fn chunk_ids(&self, first: Seq, last: Seq) -> Result<Vec<u64>, CaptureError> {
        let ids = "SELECT id FROM chunk_body WHERE id > 0 AND id <= ?2 AND id >= \
                   (SELECT coalesce(max(id), 0) FROM chunk_body WHERE id <= ?1) \
                   UNION SELECT id FROM chunk WHERE id > 0 AND id <= ?2 AND id + ticks > ?1 \
                   ORDER BY id";
        let ids = || -> rusqlite::Result<Vec<u64>> {
            let mut rows = self.opened.db().prepare(ids)?;
            let ends = (first.0.cast_signed(), last.0.cast_signed());
            let rows = rows.query_map(ends, |row| row.get(0).map(i64::cast_unsigned))?;
            rows.collect()
        };
        ids().map_err(self.sqlite("its chunks cannot be listed"))
    }

    /// A chunk that nobody else has; `None` when it is damaged.
    pub(super) fn own_chunk(&mut self, first: u64) -> Result<Option<Chunk>, CaptureError> {
        let Some(packed) = self.packed(first)? else {
            return Ok(None);
        };
        match packed.chunk((Part::All, Window::ALL), self.cache.unpacker()) {
            Ok(chunk) => Ok(Some(chunk)),
            Err(fault) => {
                self.note_damage("chunk_body", first.cast_signed(), fault);
                Ok(None)
            }
        }
    }

    /// The tail as a chunk that nobody else has.
    pub(super) fn own_tail(&mut self) -> Result<Option<Chunk>, CaptureError> {
        Ok(self.tail()?.map(|chunk| Chunk::clone(&chunk)))
    }

    /// A chunk as it is stored.
    pub(super) fn frames_of(&self, first: u64) -> Result<Option<Vec<u8>>, CaptureError> {
        let read = "SELECT frames FROM chunk_body WHERE id = ?";
        let read = || -> rusqlite::Result<Option<Vec<u8>>> {
            let mut read = self.opened.db().prepare_cached(read)?;
            read.query_row([first.cast_signed()], |row| row.get(0))
                .optional()
        };
        read().map_err(self.sqlite("a chunk cannot be read"))
    }
}
