//! What is known of lives until they have ended: pure bookkeeping over what the kernel told.
//!
//! In: events of the process connector, command lines that were read, obituaries of `taskstats`.
//! Out: an [`End`] for each process. The connector says when, `taskstats` with what: both are
//! waited for, a round at most. A process ends with its last thread, not with its first.

use super::obituary::{Deceased, Sums, deceased};
use crate::source::connector::{Event, What};
use crate::source::taskstats::Obituary;
use afterimage_format::units::Ticks;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Processes of which something is remembered; beyond that it is all forgotten.
const MOST: usize = 32_768;
/// Ends that wait for their other half.
const MOST_WAITING: usize = 65_536;

/// A command line as it may be stored, and what else was read with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) tgid: i32,
    /// `CLOCK_MONOTONIC` when it was read.
    pub(crate) at_nanos: u64,
    pub(crate) line: Option<Arc<[u8]>>,
    pub(crate) comm: Option<Arc<[u8]>>,
    pub(crate) tty_nr: Option<i32>,
    pub(crate) started: Option<Ticks>,
}

/// A life that is going on and whose beginning was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Birth {
    /// `None` for one that was there before.
    pub(crate) at_nanos: Option<u64>,
    pub(crate) parent: Option<i32>,
    pub(crate) started: Option<Ticks>,
    pub(crate) line: Option<Arc<[u8]>>,
    pub(crate) comm: Option<Arc<[u8]>>,
    pub(crate) tty_nr: Option<i32>,
    /// Beside the first.
    pub(crate) threads: u32,
    /// Its first thread has ended.
    pub(crate) leader_gone: Option<Leader>,
}

/// A first thread that ended before others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leader {
    /// The process that is to be told.
    parent: Option<i32>,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) tgid: i32,
    /// `CLOCK_MONOTONIC`, if the connector told.
    pub(crate) at_nanos: Option<u64>,
    pub(crate) status: i32,
    pub(crate) parent: Option<i32>,
    pub(crate) birth: Option<Birth>,
    pub(crate) deceased: Option<Deceased>,
}

/// What `/proc` says of a process that may have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alive {
    No,
    /// It goes on, with so many threads.
    Threads(u32),
}

/// Keeps the books.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    births: HashMap<i32, Birth>,
    sums: HashMap<i32, Sums>,
    commands: VecDeque<Command>,
    /// Ends without an obituary, and obituaries without an end; and whether they have waited.
    ends: Vec<(End, bool)>,
    deceased: HashMap<i32, (Deceased, bool)>,
    /// Threads that ended while their process went on.
    threads: u64,
}

impl Ledger {
    /// Command lines that were read; in the order of time.
    pub(crate) fn add_commands(&mut self, commands: impl IntoIterator<Item = Command>) {
        self.commands.extend(commands);
        let excess = self.commands.len().saturating_sub(MOST);
        self.commands.drain(..excess);
    }

    /// An event of the connector.
    pub(crate) fn event(&mut self, event: Event) {
        while let Some(command) = self
            .commands
            .pop_front_if(|command| command.at_nanos <= event.at_nanos)
        {
            self.apply(command);
        }
        match event.what {
            What::Fork {
                parent_tgid,
                pid,
                tgid,
            } => self.fork(event.at_nanos, parent_tgid, (pid, tgid)),
            What::Exec { tgid } => {
                if let Some(birth) = self.births.get_mut(&tgid) {
                    // What its parent had given it is no longer true, and other threads are gone.
                    (birth.line, birth.comm) = (None, None);
                    (birth.threads, birth.leader_gone) = (0, None);
                }
            }
            What::Exit {
                pid,
                tgid,
                status,
                parent_tgid,
            } => self.exit(event.at_nanos, (pid, tgid), status, parent_tgid),
            What::Other => {}
        }
    }

    /// A thread's obituary.
    pub(crate) fn obituary(&mut self, told: Obituary) {
        let tgid = told.tgid.unwrap_or(told.pid);
        if told.is_last == Some(false) {
            if self.sums.len() >= MOST {
                self.sums.clear();
            }
            self.sums.entry(tgid).or_default().add(&told);
            return;
        }
        let sums = self.sums.remove(&tgid);
        if self.deceased.len() < MOST_WAITING {
            self.deceased.insert(tgid, (deceased(told, sums), false));
        }
    }

    /// The ends of this round. With only one of the two to tell of them nobody is waited for.
    pub(crate) fn settle(
        &mut self,
        (connector, taskstats): (bool, bool),
        is_over: bool,
        alive: &mut dyn FnMut(i32) -> Alive,
        give: &mut dyn FnMut(End),
    ) {
        // What is left was read of processes that have not ended yet.
        while let Some(command) = self.commands.pop_front() {
            self.apply(command);
        }
        for (mut end, has_waited) in std::mem::take(&mut self.ends) {
            if let Some((deceased, _)) = self.deceased.remove(&end.tgid) {
                end.status = deceased.status;
                end.deceased = Some(deceased);
                give(end);
            } else if taskstats && !has_waited && !is_over {
                self.ends.push((end, true));
            } else if let Alive::Threads(threads) = alive(end.tgid) {
                self.goes_on(end, threads);
            } else {
                give(end);
            }
        }
        let mut alone: Vec<_> = self.deceased.drain().collect();
        alone.sort_unstable_by_key(|(tgid, _)| *tgid);
        for (tgid, (deceased, has_waited)) in alone {
            if connector && !has_waited && !is_over {
                self.deceased.insert(tgid, (deceased, true));
            } else if !connector || deceased.is_process {
                let birth = self.births.remove(&tgid);
                give(End {
                    tgid,
                    at_nanos: None,
                    status: deceased.status,
                    parent: None,
                    birth,
                    deceased: Some(deceased),
                });
            }
        }
    }

    /// Events were lost: what is remembered may be of processes that are gone.
    pub(crate) fn forget(&mut self) {
        self.births.clear();
        self.sums.clear();
    }

    /// What is stored of command lines has changed.
    pub(crate) fn forget_lines(&mut self) {
        self.commands.clear();
        self.births.retain(|_, birth| {
            birth.line = None;
            true
        });
        for (end, _) in &mut self.ends {
            if let Some(birth) = &mut end.birth {
                birth.line = None;
            }
        }
    }

    /// Threads that ended while their process went on, since this was asked last.
    pub(crate) fn threads(&mut self) -> u64 {
        std::mem::take(&mut self.threads)
    }

    fn fork(&mut self, at_nanos: u64, parent: i32, (pid, tgid): (i32, i32)) {
        if pid != tgid {
            if let Some(birth) = self.births.get_mut(&tgid) {
                birth.threads += 1;
            }
            return;
        }
        if self.births.len() >= MOST {
            self.births.clear();
        }
        let of_parent = self.births.get(&parent);
        let birth = Birth {
            at_nanos: Some(at_nanos),
            parent: Some(parent),
            started: None,
            // Until it calls `exec` it is what its parent is.
            line: of_parent.and_then(|parent| parent.line.clone()),
            comm: of_parent.and_then(|parent| parent.comm.clone()),
            tty_nr: of_parent.and_then(|parent| parent.tty_nr),
            threads: 0,
            leader_gone: None,
        };
        self.births.insert(tgid, birth);
    }

    fn exit(&mut self, at: u64, (pid, tgid): (i32, i32), status: i32, parent: Option<i32>) {
        let birth = self.births.get_mut(&tgid);
        let parent = if pid == tgid {
            if let Some(birth) = birth.filter(|birth| birth.threads > 0) {
                birth.leader_gone = Some(Leader { parent });
                return;
            }
            parent
        } else {
            self.threads += 1;
            let Some(birth) = birth else { return };
            birth.threads = birth.threads.saturating_sub(1);
            match birth.leader_gone {
                Some(leader) if birth.threads == 0 => leader.parent,
                _ => return,
            }
        };
        let birth = self.births.remove(&tgid);
        if self.ends.len() < MOST_WAITING {
            let end = End {
                tgid,
                at_nanos: Some(at),
                status,
                parent,
                birth,
                deceased: None,
            };
            self.ends.push((end, false));
        }
    }

    /// Its first thread has ended, and others have not.
    fn goes_on(&mut self, end: End, threads: u32) {
        let birth = end.birth.unwrap_or_default();
        let birth = Birth {
            threads: threads.saturating_sub(1).max(1),
            leader_gone: Some(Leader { parent: end.parent }),
            ..birth
        };
        self.births.insert(end.tgid, birth);
    }

    fn apply(&mut self, command: Command) {
        let ended = self.ends.iter_mut().rev().find(|(end, _)| {
            let after = end.at_nanos.is_some_and(|at| at >= command.at_nanos);
            end.tgid == command.tgid && after
        });
        let birth = match ended {
            Some((end, _)) => end.birth.as_mut(),
            None => self.births.get_mut(&command.tgid),
        };
        let Some(birth) = birth.filter(|birth| birth.at_nanos <= Some(command.at_nanos)) else {
            return;
        };
        birth.line = command.line;
        birth.comm = command.comm;
        birth.tty_nr = command.tty_nr.or(birth.tty_nr);
        birth.started = command.started.or(birth.started);
    }
}

#[cfg(test)]
mod tests;
