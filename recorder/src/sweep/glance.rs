//! What a sweep knows of a process already, for who chooses among them without reading more.

use super::{Process, Sweep};
use crate::tasks::ThreadsOf;
use afterimage_format::group::ProcessField;
use afterimage_format::process::ProcessKey;
use std::time::Duration;

/// One process after a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glance {
    pub(crate) key: ProcessKey,
    pub(crate) state: u8,
    pub(crate) threads: u64,
    /// Its `schedstat` or its CPU time moved since the tick before.
    pub(crate) is_busy: bool,
    pub(crate) rose: Rose,
    /// Somebody wants its threads.
    pub(crate) is_asked_for: bool,
}

/// What rose since the tick before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rose {
    /// CPU time in `stat`, of all threads.
    pub(crate) cpu_ticks: i64,
    /// Time that the leader was runnable and did not run.
    pub(crate) waited: Duration,
}

impl Sweep {
    /// Every process that is still there, by pid.
    pub(crate) fn glances(&self, asked_for: &[ThreadsOf]) -> Vec<Glance> {
        let alive = self.processes.iter().filter(|process| !process.gone);
        let glance = |process: &Process| Glance {
            key: process.key,
            state: process.state,
            threads: process.threads,
            is_busy: process.files.is_busy,
            rose: process.rose,
            is_asked_for: asked_for.iter().any(|asked| match asked {
                ThreadsOf::Pid(pid) => *pid == process.pid,
                ThreadsOf::Name(name) => process
                    .cells
                    .is_text(ProcessField::Comm.column(), name.as_bytes()),
            }),
        };
        alive.map(glance).collect()
    }
}
