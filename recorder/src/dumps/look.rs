//! What the sampler leaves for who decides on dumps: a few numbers of each tick, out of what it
//! has read anyway, in memory that is used again. It waits for nobody: where they are being read
//! just then, a tick is left out.

use crate::sweep::Glance;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::time::MonotonicTime;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A virtual machine has at least so many threads.
const FEWEST_THREADS: u64 = 6;

/// A process at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) key: ProcessKey,
    pub(super) threads: u64,
    /// CPU time in clock ticks since the tick before.
    pub(super) cpu_ticks: i64,
}

/// What people ask a server: connections it has not accepted, those it has, bytes it has not read.
pub(crate) type Served = (Pid, [u64; 3]);

/// A tick.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// One more with each tick.
    pub(super) number: u64,
    pub(super) at: Option<MonotonicTime>,
    pub(super) interval: Duration,
    pub(super) processes: Vec<Seen>,
    /// Processes with a thread in state D.
    pub(super) stuck: Vec<i32>,
    /// CPU some, I/O some, memory full: percent of the last ten seconds.
    pub(crate) pressure: [Option<f64>; 3],
    /// The processes whose sockets are wanted, and what is known of them.
    pub(crate) wanted: Vec<Pid>,
    pub(crate) served: Vec<Served>,
    /// Their ports.
    pub(crate) ports: Vec<(Pid, u16)>,
}

/// Where it lies.
#[derive(Debug, Clone)]
pub(crate) struct Lookout {
    look: Arc<Mutex<Look>>,
    /// Processes are watched, and not only those that are stuck.
    is_on: bool,
    /// Those with fewer threads are not.
    fewest_threads: u64,
}

impl Lookout {
    pub(super) fn new(is_on: bool) -> Self {
        Self {
            look: Arc::default(),
            is_on,
            fewest_threads: FEWEST_THREADS,
        }
    }

    /// Also for processes that no virtual machine would be: a hook may be meant for them.
    pub(super) fn of_any_process(mut self) -> Self {
        self.fewest_threads = 1;
        self
    }

    /// Leaves a tick; `more` adds what others know of it.
    pub(crate) fn leave(
        &self,
        (at, interval): (MonotonicTime, Duration),
        (glances, stuck): (&[Glance], &[i32]),
        more: impl FnOnce(&mut Look),
    ) {
        let Ok(mut look) = self.look.try_lock() else {
            return;
        };
        look.number += 1;
        look.at = Some(at);
        look.interval = interval;
        look.stuck.clear();
        look.stuck.extend_from_slice(stuck);
        if !self.is_on {
            return;
        }
        let seen = |glance: &Glance| Seen {
            key: glance.key,
            threads: glance.threads,
            cpu_ticks: glance.rose.cpu_ticks,
        };
        let many = glances
            .iter()
            .filter(|glance| glance.threads >= self.fewest_threads);
        look.processes.clear();
        look.processes.extend(many.map(seen));
        more(&mut look);
    }

    /// The newest tick, unless it is the one with this number.
    pub(super) fn newest<T>(&self, known: u64, read: impl FnOnce(&mut Look) -> T) -> Option<T> {
        let mut look = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        (look.number != known).then(|| read(&mut look))
    }
}
