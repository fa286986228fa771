//! Looking through a whole capture for damage, a little at a time, while nothing is asked for.

use super::CaptureReplay;
use crate::data::{ReplayError, Search};
use afterimage_format::capture::Mode;
use afterimage_format::time::Seq;

/// So many chunks are looked at before somebody else may ask.
const AT_ONCE: u32 = 32;

/// How far it has come.
#[derive(Debug)]
pub(super) struct Searched {
    /// The chunk that was looked at last.
    last: Seq,
    done: u64,
    total: Option<u64>,
}

impl Default for Searched {
    fn default() -> Self {
        Self {
            last: Seq(0),
            done: 0,
            total: None,
        }
    }
}

impl CaptureReplay {
    /// Looks at the next few chunks.
    pub(super) fn search_on(&mut self) -> Result<Search, ReplayError> {
        let capture = self.reader()?;
        // It has just been written, by somebody who would rather not wait for us.
        if capture.mode() == Mode::Recording {
            return Ok(Search::Off);
        }
        let total = match self.searched.total {
            Some(total) => total,
            None => self.reader()?.chunks()?,
        };
        self.searched.total = Some(total);
        let after = self.searched.last;
        let verified = self.reader()?.verify(after, AT_ONCE)?;
        self.notice_damage()?;
        let Some(last) = verified.last else {
            return Ok(Search::Over);
        };
        self.searched.last = last;
        self.searched.done += verified.chunks;
        Ok(Search::On {
            done: self.searched.done,
            total: total.max(self.searched.done),
        })
    }
}
