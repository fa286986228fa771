//! What a page shows of one instant beside the machine and its processes.
//!
//! It lies in a part of a capture that the process table does without, so it is asked for while
//! such a page is shown, and only then.

use crate::data::load::LoadMoment;
use afterimage_analysis::lists::{List, ListId};
use afterimage_format::time::Seq;

/// Whose things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThingsOf {
    /// Interrupts, the speed of CPUs, NUMA nodes.
    Cpus,
    /// File systems and locks.
    Disks,
    /// Counters of the protocols, limits of the kernel.
    Network,
    /// Threads that wait.
    Waits,
    /// Sockets.
    Sockets,
    /// The tasks that made up the load.
    Load,
}

impl ThingsOf {
    /// Every page's.
    pub const ALL: [Self; 6] = [
        Self::Cpus,
        Self::Disks,
        Self::Network,
        Self::Waits,
        Self::Sockets,
        Self::Load,
    ];

    /// The lists of its page, in the order in which they are shown; the last one is the longest.
    pub const fn lists(self) -> &'static [ListId] {
        match self {
            Self::Cpus => &[
                ListId::SoftInterrupts,
                ListId::Interrupts,
                ListId::Speeds,
                ListId::Nodes,
            ],
            Self::Disks => &[ListId::FileSystems, ListId::FileLocks],
            Self::Network => &[ListId::Protocols, ListId::Limits],
            Self::Waits => &[ListId::WaitChannels, ListId::Waits],
            Self::Sockets => &[
                ListId::SocketStates,
                ListId::Listeners,
                ListId::CloseWaits,
                ListId::LocalPorts,
                ListId::Sockets,
            ],
            Self::Load => &[],
        }
    }
}

/// The lists of one page at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Things {
    /// Whose they are.
    pub of: ThingsOf,
    /// Which tick.
    pub seq: Seq,
    /// The lists, in the order of [`ThingsOf::lists`].
    pub lists: Vec<List>,
    /// The load taken apart, for its page alone.
    pub load: Option<LoadMoment>,
}

impl Things {
    /// One of its lists.
    pub fn list(&self, id: ListId) -> Option<&List> {
        self.lists.iter().find(|list| list.id == id)
    }
}
