//! Sockets at one instant: those of a protocol, state, address and process together.

use super::Cells;
use crate::group::SocketField;
use crate::reading::Reading;
use crate::time::{BootTime, Seq};

/// The sockets that one name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// How many they are.
    pub count: Reading<u64>,
    /// Bytes received and not yet read; of a listening socket: connections not yet accepted.
    pub receive_queue: Reading<u64>,
    /// Bytes not yet acknowledged; of a listening socket: the most that may wait.
    pub send_queue: Reading<u64>,
    /// Segments sent again.
    pub retransmits: Reading<u64>,
    /// When the oldest was first seen in this state.
    pub oldest_since: Reading<BootTime>,
    /// Nobody had looked before that: it may have been in it for longer.
    pub is_older: bool,
    /// The user it belongs to.
    pub uid: Reading<u64>,
    /// The inode of the only, or the oldest, one.
    pub inode: Reading<u64>,
    /// Of the rows for all sockets of a protocol (state `*`): the tick at which these were last
    /// listed.
    pub read_at: Reading<Seq>,
}

impl Socket {
    pub(super) fn from_cells(cells: &Cells<'_>) -> Self {
        use SocketField as F;
        let count = |field: F| cells.count(field.column());
        let since = cells.signed(F::OldestSince.column());
        Self {
            count: count(F::Count),
            receive_queue: count(F::ReceiveQueue),
            send_queue: count(F::SendQueue),
            retransmits: count(F::Retransmits),
            oldest_since: since.map(|since| BootTime(since.saturating_abs())),
            is_older: since.is_ok_and(i64::is_negative),
            uid: count(F::Uid),
            inode: count(F::Inode),
            read_at: count(F::ReadAt).map(Seq),
        }
    }
}
