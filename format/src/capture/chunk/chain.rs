//! Which row of a tail follows which: each but the first builds on the one before it.
//!
//! In: the rows in order, as frame and as payload. Out: whether the next one belongs there. A row
//! has the capture and its tick as key, which an older state of the same row has too, and a row
//! that is no longer there leaves no trace: so each says in its header which one it follows.

use super::tail;
use crate::capture::error::FrameFault;
use crate::capture::frame::{link, name};

/// How far a tail was followed.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// The number of the last row, and its name.
    last: Option<(u64, u16)>,
    rows: usize,
    /// Whether rows say which one they follow: once they did not.
    is_linked: Option<bool>,
}

impl Chain {
    /// The next row: its number, its frame, whose check is right, and what that holds.
    pub(crate) fn follow(&mut self, seq: u64, frame: &[u8], raw: &[u8]) -> Result<(), FrameFault> {
        let link = link(frame);
        let fits = match self.last {
            None => tail::begins(raw)? && link == 0,
            Some((before, _)) if before.checked_add(1) != Some(seq) => {
                return Err(FrameFault::Absent);
            }
            Some((_, name)) => {
                let is_linked = *self.is_linked.get_or_insert(link != 0);
                let expected = if is_linked { name } else { 0 };
                !tail::begins(raw)? && link == expected
            }
        };
        if !fits {
            return Err(FrameFault::Misplaced);
        }
        self.rows += 1;
        self.last = Some((seq, name(frame)));
        Ok(())
    }

    /// Whether the only row so far may be the wrong one, and not the next, of which `fault` is said.
    pub(crate) fn is_in_doubt(&self, fault: &FrameFault) -> bool {
        self.rows == 1 && *fault == FrameFault::Misplaced
    }
}
