//! The tail becomes a chunk, with its part of the pyramid and of the lives, in one transaction.

use super::Writer;
use super::rows::chunk_row;
use crate::capture::chunk::{Chunk, encode};
use crate::capture::error::CaptureError;
use crate::capture::frame::FrameKey;
use crate::capture::lives::Lives;
use crate::capture::pyramid::PyramidWriter;
use crate::capture::tables;

/// So many chunks at most make room for one.
const MOST_EVICTED_AT_ONCE: usize = 8;

impl Writer {
    /// Replaces the tail by a chunk. If that fails the open chunk goes on growing in memory and
    /// is tried again with the next tick.
    pub(super) fn close_chunk(&mut self) -> Result<(), CaptureError> {
        let chunk = self.builder.take();
        let written = self.write_chunk(&chunk);
        if written.is_err() {
            self.builder.put_back(chunk);
        }
        written
    }

    pub(super) fn write_chunk(&mut self, chunk: &Chunk) -> Result<(), CaptureError> {
        let key = FrameKey::new(self.capture, chunk.ticks[0].seq.0);
        let frames = encode::encode(chunk, key, &mut self.chunk_packer);
        let frames = frames.map_err(|fault| CaptureError::damaged(&self.path, key.seq, fault))?;
        let cramped = self.make_room(frames.len());
        self.note_room(cramped);
        let mut pyramid = self.pyramid.clone();
        if let Err(source) = self.write_chunk_rows(chunk, &frames, &mut pyramid) {
            // What the transaction would have stored is not stored: neither are these.
            let lives = Lives::resume(&self.db, self.capture, self.boot, self.lives.tick_rate());
            self.lives = lives.map_err(CaptureError::sqlite(
                &self.path,
                "cannot read its processes",
            ))?;
            return Err(CaptureError::sqlite(&self.path, "cannot save a chunk")(
                source,
            ));
        }
        self.pyramid = pyramid;
        self.unsaved_records.clear();
        // The chunk is stored, whatever becomes of the room for the next.
        let evicted = self.evict().and_then(|()| self.top_up_reserve(0));
        self.note_room(evicted);
        Ok(())
    }

    /// When the file has no room for what is next, it grows; when the size limit or the disk does
    /// not let it, the oldest chunks make room.
    pub(super) fn make_room(&mut self, bytes: usize) -> rusqlite::Result<()> {
        let needed = self.least_room().max(2 * bytes as u64);
        for _ in 0..MOST_EVICTED_AT_ONCE {
            if self.room_bytes()? >= needed {
                return Ok(());
            }
            self.top_up_reserve(needed)?;
            if self.room_bytes()? >= needed {
                return Ok(());
            }
            if !self.evict_oldest()? {
                return self.go_beyond_limit(needed);
            }
        }
        Ok(())
    }

    pub(super) fn write_chunk_rows(
        &mut self,
        chunk: &Chunk,
        frames: &[u8],
        pyramid: &mut PyramidWriter,
    ) -> rusqlite::Result<()> {
        let transaction = self.db.unchecked_transaction()?;
        let (id, row) = chunk_row(self.run, chunk);
        tables::named("chunk").replace(&transaction, self.capture, id, row)?;
        // The tail first: its pages are used again for the chunk.
        transaction
            .prepare_cached("DELETE FROM tail")?
            .execute([])?;
        transaction
            .prepare_cached("REPLACE INTO chunk_body VALUES (?, ?)")?
            .execute((id, frames))?;
        pyramid.add(&transaction, (self.run, self.interval), chunk)?;
        self.lives.update(&transaction, chunk)?;
        self.write_records(&transaction)?;
        transaction.commit()
    }
}
