//! Which process a reading belongs to.

use crate::units::Ticks;

/// A process id. The kernel reuses it; see [`ProcessKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(pub i32);

/// One process over its whole life: its pid and when it started.
///
/// A pid alone would join a dead process to the next one that got its number,
/// and their counters would be subtracted from each other. Unique within one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessKey {
    /// The pid while it lives.
    pub pid: Pid,
    /// Field 22 (`starttime`) of `proc_pid_stat(5)`, since boot.
    pub started: Ticks,
}
