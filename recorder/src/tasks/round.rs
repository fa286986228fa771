//! The way round all threads of all processes, some at each tick: so that in the end each one in
//! D is found, and each one that wants a CPU and gets none.

use super::{MOST_LISTED, Surroundings, Tasks, is_chosen};
use crate::sweep::Glance;
use afterimage_format::process::Pid;
use afterimage_format::sample::Why;
use afterimage_format::tick::Tick;

/// Threads that are looked at on the way round, at a tick; and when some are blocked unseen.
const ROUND: usize = 32;
const ROUND_BLOCKED: usize = 512;
/// Threads that want a CPU, of which the next tick tells whether they got it.
const MOST_WATCHED: usize = 64;

/// Where it goes on, and what it has found.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Behind this thread of this process.
    at: (i32, i32),
    /// Processes with a thread in D: at the last tick, and at this.
    stuck: [Vec<i32>; 2],
    /// Threads that want a CPU, with their processes: at the last tick, and at this.
    watched: [Vec<(i32, i32)>; 2],
}

impl Round {
    /// The processes with a thread in D at the last tick.
    pub(super) fn stuck(&self) -> &[i32] {
        &self.stuck[0]
    }

    pub(super) fn was_stuck(&self, process: Pid) -> bool {
        self.stuck[0].contains(&process.0)
    }

    pub(super) fn is_stuck(&mut self, process: Pid) {
        if !self.stuck[1].contains(&process.0) {
            self.stuck[1].push(process.0);
        }
    }

    pub(super) fn watch(&mut self, process: Pid, tid: i32) {
        if self.watched[1].len() < MOST_WATCHED {
            self.watched[1].push((process.0, tid));
        }
    }

    pub(super) fn end_tick(&mut self) {
        self.stuck.swap(0, 1);
        self.stuck[1].clear();
        self.watched.swap(0, 1);
        self.watched[1].clear();
    }
}

impl Tasks {
    /// Threads that wanted a CPU at the last tick: those that got none are recorded.
    pub(super) fn watch(&mut self, around: &Surroundings<'_>, tick: &mut Tick, glances: &[Glance]) {
        let watched = std::mem::take(&mut self.round.watched[0]);
        for &(process, tid) in &watched {
            let found = glances.binary_search_by_key(&process, |glance| glance.key.pid.0);
            if let Ok(place) = found {
                self.read_thread(around, tick, (&glances[place], tid));
            }
        }
        self.round.watched[0] = watched;
    }

    /// Some threads at each tick, so that in the end each one was looked at.
    pub(super) fn go_round(
        &mut self,
        around: &Surroundings<'_>,
        tick: &mut Tick,
        glances: &[Glance],
    ) {
        let seen = i64::try_from(self.now.uninterruptible).unwrap_or(i64::MAX);
        let unseen = around.blocked > seen;
        let mut left = if unseen { ROUND_BLOCKED } else { ROUND };
        let mut tids = std::mem::take(&mut self.tids);
        // Who waits for the disk now has most likely just run.
        let busy = glances.iter().filter(|glance| unseen && glance.is_busy);
        for glance in busy.filter(|glance| is_on_the_way(glance)) {
            let glance = &unchosen(glance);
            if self.files.list(around.root, glance, &mut tids).is_err() {
                continue;
            }
            for &tid in tids.iter().take(left) {
                self.read_thread(around, tick, (glance, tid));
            }
            left = left.saturating_sub(tids.len());
        }
        let behind = glances.partition_point(|glance| glance.key.pid.0 < self.round.at.0);
        let (done, next) = glances.split_at(behind);
        let mut is_done = true;
        for glance in next
            .iter()
            .chain(done)
            .filter(|glance| is_on_the_way(glance))
        {
            if left == 0 {
                is_done = false;
                break;
            }
            let glance = &unchosen(glance);
            let process = glance.key.pid.0;
            if self.files.list(around.root, glance, &mut tids).is_err() {
                continue;
            }
            let at = self.round.at;
            let rest = tids.iter().filter(|tid| at.0 != process || **tid > at.1);
            for &tid in rest.take(left) {
                left -= 1;
                self.round.at = (process, tid);
                self.read_thread(around, tick, (glance, tid));
            }
        }
        if is_done {
            self.round.at = (0, 0);
        }
        self.tids = tids;
    }
}

/// Whether not all of its threads are looked at anyway. (Of a process that is, each says that it
/// was seen.)
fn is_on_the_way(glance: &Glance) -> bool {
    glance.threads > 1 && (!is_chosen(glance) || glance.threads > MOST_LISTED as u64)
}

/// On the way only those in D or starving count: of the others whole processes are recorded, or
/// nothing.
fn unchosen(glance: &Glance) -> Glance {
    Glance {
        why: Why(0),
        ..*glance
    }
}
