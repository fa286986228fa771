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
    /// Whether rows say which one they follow: once they did not.
    is_linked: Option<bool>,
}

impl Chain {
    /// The next row: its number, its frame, whose check is right, and what that holds.
    pub(crate) fn follow(&mut self, seq: u64, frame: &[u8], raw: &[u8]) -> Result<(), FrameFault> {
        let link = link(frame);
        let fits = match self.last {
            None => tail::begins(raw)? && link == 0,
            Some((before, name)) => {
                let is_linked = *self.is_linked.get_or_insert(link != 0);
                let expected = if is_linked { name } else { 0 };
                !tail::begins(raw)? && link == expected && before.checked_add(1) == Some(seq)
            }
        };
        if !fits {
            return Err(FrameFault::Misplaced);
        }
        self.last = Some((seq, name(frame)));
        Ok(())
    }
}
