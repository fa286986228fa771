//! What a sweep knows of a process already, for who chooses among them without reading more.

use super::{Process, Sweep};
use crate::tasks::ThreadsOf;
use afterimage_format::group::ProcessField;
use afterimage_format::process::ProcessKey;
use afterimage_format::sample::Why;
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
    /// Its leader was runnable at the last tick and at this, and did not run in between.
    pub(crate) is_stalled: bool,
    /// Somebody wants its threads.
    pub(crate) is_asked_for: bool,
    /// Why its threads are recorded, for who chooses to say; nothing yet.
    pub(crate) why: Why,
}

/// What rose since the tick before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rose {
    /// CPU time in `stat`, of all threads.
    pub(crate) cpu_ticks: i64,
    /// Time that the leader was runnable and did not run.
    pub(crate) waited: Duration,
}

impl Process {
    fn is_stalled(&mut self) -> bool {
        let last_state = std::mem::replace(&mut self.last_state, self.state);
        // `schedstat` moves when it runs, and when it stops waiting.
        last_state == b'R' && self.state == b'R' && !self.files.is_busy
    }
}

impl Sweep {
    /// Every process that is still there, by pid. To be asked for once a tick.
    pub(crate) fn glances(&mut self, asked_for: &[ThreadsOf], glances: &mut Vec<Glance>) {
        let glance = |process: &mut Process| Glance {
            key: process.key,
            state: process.state,
            threads: process.threads,
            is_busy: process.files.is_busy,
            rose: process.rose,
            is_stalled: process.is_stalled(),
            is_asked_for: asked_for.iter().any(|asked| match asked {
                ThreadsOf::Pid(pid) => *pid == process.pid,
                ThreadsOf::Name(name) => process
                    .cells
                    .is_text(ProcessField::Comm.column(), name.as_bytes()),
            }),
            why: Why(0),
        };
        glances.clear();
        let processes = self.processes.iter_mut();
        let alive = processes.filter(|process| !process.gone);
        glances.extend(alive.map(glance));
    }
}
