//! What was written goes from the log into the file: now and then, and at the end of the run.

use super::{CHECKPOINT_EVERY, Record, Writer, reserve, start};
use crate::capture::error::CaptureError;
use rusqlite::ErrorCode;
use std::time::Duration;

/// While somebody reads the file, checkpoints wait until this much is in the log.
const LOG_LIMIT: u64 = 64 << 20;
/// How long the end of a run waits for a moment without readers.
const PATIENCE_WITH_READERS: Duration = Duration::from_secs(2);

impl Writer {
    /// Moves what is in the log into the file, at most every 10 seconds; while somebody else has
    /// the file open, only once much is waiting: a plain copy then sees one state of it.
    pub fn maintain(&mut self, read_by_others: impl FnOnce() -> bool) -> Result<(), CaptureError> {
        let Some((_, now, _)) = self.last else {
            return Ok(());
        };
        let since = self.checkpointed.and_then(|done| now.since(done));
        if since.is_some_and(|since| since < CHECKPOINT_EVERY) {
            return Ok(());
        }
        let waiting = reserve::log_bytes(&self.db).map_err(CaptureError::sqlite(
            &self.path,
            "cannot tell the size of its log",
        ))?;
        if waiting < LOG_LIMIT && read_by_others() {
            return Ok(());
        }
        self.checkpointed = Some(now);
        let moved = reserve::checkpoint(&self.db);
        moved.map_err(CaptureError::sqlite(
            &self.path,
            "cannot move the log into the file",
        ))
    }

    /// Ends the run: the open chunk is closed, and one file is left, in a form that can be
    /// opened where nothing may be written.
    pub fn finish(mut self, why: &str) -> Result<(), CaptureError> {
        self.end_run(why)?;
        self.close()
    }

    pub(super) fn end_run(&mut self, why: &str) -> Result<(), CaptureError> {
        self.save_open_chunk()?;
        if let Some((gap, _)) = self.before_run.take() {
            self.unsaved_records.push(Record::Gap(gap));
        }
        let (last, to) = self.last.map_or((0, 0), |(seq, _, wall)| (seq.0, wall.0));
        let ended = (|| {
            let transaction = self.db.unchecked_transaction()?;
            self.write_records(&transaction)?;
            self.pyramid.finish(&transaction, self.run)?;
            start::end_run(&transaction, self.capture, self.run, (last, to, why))?;
            transaction.commit()
        })();
        ended.map_err(CaptureError::sqlite(&self.path, "cannot end the run"))?;
        let given_back = self.give_back_reserve();
        match given_back.map_err(CaptureError::sqlite(
            &self.path,
            "cannot give back what was reserved",
        )) {
            // The run has ended all the same; the file stays longer than it has to be.
            Err(error) if error.is_full() => Ok(()),
            given_back => given_back,
        }
    }

    pub(super) fn close(self) -> Result<(), CaptureError> {
        let (place, in_place) = (self.place, self.is_in_place());
        if in_place {
            self.leave_log_mode()
                .map_err(CaptureError::sqlite(&self.path, "cannot close the file"))?;
        }
        let path = self.path.clone();
        self.db
            .close()
            .map_err(|(_, source)| CaptureError::Sqlite {
                path: path.clone(),
                doing: "cannot close the file",
                source,
            })?;
        if !in_place {
            place.remove_log(&path);
        }
        Ok(())
    }

    /// On a full disk there may be no room for a chunk: then its ticks stay in the tail, which a
    /// reader takes as well, and the next run makes the chunk.
    pub(super) fn save_open_chunk(&mut self) -> Result<(), CaptureError> {
        if self.builder.is_empty() {
            return Ok(());
        }
        match self.close_chunk() {
            Err(error) if error.is_full() && !self.must_close => {
                self.relieve()
                    .map_err(CaptureError::sqlite(&self.path, "cannot make room"))?;
                self.write_tail()?;
                self.unsaved.clear();
                self.unsaved_records.clear();
                Ok(())
            }
            closed => closed,
        }
    }

    /// Leaves one file that can be opened where nothing may be written. That takes a moment in
    /// which nobody reads it; with a reader that stays, the file is whole all the same, and the
    /// emptied log goes with the reader.
    pub(super) fn leave_log_mode(&self) -> rusqlite::Result<()> {
        self.db.busy_timeout(PATIENCE_WITH_READERS)?;
        let left = self.db.pragma_update(None, "journal_mode", "DELETE");
        match left {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseLocked) => Ok(()),
            left => left,
        }
    }
}
