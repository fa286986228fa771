//! Every process, at every tick, for as little as it takes.
//!
//! `schedstat` is the gate: two thirds of the processes of a host did nothing since the last
//! tick, and it tells for a sixth of what the other files cost. The gate lies in two cases.
//! It covers the leader thread only, so processes with more threads always get `stat`. And it
//! stands still for a task that was woken and starves, so whenever the kernel counts more
//! runnable tasks than we have seen, before the sweep and after it, and than are always unseen,
//! or pressure rose, every process gets `stat`. Every tenth tick, staggered by pid, everything of a process is read again.

mod files;
mod glance;
mod listing;
mod unseen;
mod visit;

use crate::accounts_at::AccountsAt;
use crate::details::{Detail, Details, Wanted};
use crate::rows::Cells;
use crate::source::process::stat;
use crate::source::{KeptFile, ProcRoot, loadavg};
use afterimage_format::group::{Group, ProcessField};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::Missing;
use afterimage_format::tick::{Key, Shed, Tick};
use files::{File, Files, Reader};
pub(crate) use glance::{Glance, Rose};
pub(crate) use listing::Listing;
use rustix::io::Errno;
use unseen::Unseen;

/// What hardly ever changes is read again each so many ticks.
const LONG_ROUND: u64 = 60;
/// A process whose command line was empty so often in a row has none: it took it away itself.
const MOST_EMPTY: u8 = 5;
/// So many new processes at a tick are read whole; the others follow at the next ticks. A
/// recorder that starts on a host with thousands would miss its second tick over the first.
const MOST_NEW: u32 = 2000;

/// The processes, and what was last known of them.
#[derive(Debug)]
pub(crate) struct Sweep {
    listing: Listing,
    processes: Vec<Process>,
    /// Where the next list is put together; swapped with `processes`.
    next: Vec<Process>,
    newborn: Vec<i32>,
    free_slots: Vec<u32>,
    slots: u32,
    reader: Reader,
    /// Counts the runnable tasks for less than `/proc/stat` does.
    loadavg: KeptFile,
    unseen: Unseen,
    wanted: Vec<Wanted>,
    /// How many new ones this tick may still read whole.
    new_left: u32,
    /// Command lines are stored in another way from now on: those that are known do not count.
    has_old_lines: bool,
}

#[derive(Debug)]
struct Process {
    pid: i32,
    key: ProcessKey,
    slot: u32,
    cells: Cells,
    files: Files,
    gate: Option<[u64; 3]>,
    threads: u64,
    state: u8,
    /// CPU time in `stat`, as it was last.
    cpu_ticks: i64,
    rose: Rose,
    /// The state at the last tick.
    last_state: u8,
    /// The tick that last read `stat`.
    stat_at: u64,
    io_denied: bool,
    /// How often in a row its command line was empty.
    empty_lines: u8,
    /// Only its `stat` was read yet.
    is_new: bool,
    gone: bool,
}

/// What a sweep saw.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) processes: u64,
    pub(crate) runnable: u64,
    pub(crate) uninterruptible: u64,
    pub(crate) denied: u64,
    pub(crate) full_sweep: bool,
}

/// What a sweep has to know beside `/proc/PID`.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) root: &'a ProcRoot,
    pub(crate) accounts: &'a AccountsAt,
    /// `procs_running`: more than we see means that some starve unseen.
    pub(crate) running: Option<u64>,
    /// CPU or memory pressure rose since the last tick.
    pub(crate) pressed: bool,
    /// Everything of a process is read again each so many ticks.
    pub(crate) round: u64,
}

impl Sweep {
    /// Keeps at most `kept_files` descriptors open.
    pub(crate) fn new(kept_files: usize) -> Self {
        Self {
            listing: Listing::default(),
            processes: Vec::new(),
            next: Vec::new(),
            newborn: Vec::new(),
            free_slots: Vec::new(),
            slots: 0,
            reader: Reader::new(kept_files),
            loadavg: KeptFile::new("loadavg"),
            unseen: Unseen::default(),
            wanted: Vec::new(),
            new_left: 0,
            has_old_lines: false,
        }
    }

    /// Reads every process into the tick.
    pub(crate) fn run(
        &mut self,
        tick: &mut Tick,
        around: &Surroundings<'_>,
        details: &mut Details,
    ) -> Result<Seen, Errno> {
        self.listing.read(around.root)?;
        self.reader.expect(self.listing.pids().len(), around.root);
        self.new_left = MOST_NEW;
        self.merge(tick, around.root);
        if std::mem::take(&mut self.has_old_lines) {
            self.drop_command_lines(tick);
        }
        // Those that were waited for in vain at an earlier tick.
        apply(
            &mut self.processes,
            tick,
            details.arrived(),
            &mut self.wanted,
        );
        let mut processes = std::mem::take(&mut self.processes);
        for process in &mut processes {
            self.visit(process, tick, around);
        }
        let mut seen = count(&processes);
        let unseen = match around.running {
            Some(running) if running > seen.runnable => {
                self.count_unseen(&mut processes, around.root)
            }
            _ => 0,
        };
        let may_starve = self.unseen.calls_for_a_look(unseen);
        details.ask(
            &mut self.wanted,
            processes.len(),
            tick.times.began.monotonic,
        );
        // Under a tight budget the starving are found in turn, within ten ticks.
        let affordable = !tick.times.shed.contains(Shed::IDLE_PROCESSES);
        if affordable && (may_starve || around.pressed) {
            let now = tick.times.seq.0;
            for process in processes
                .iter_mut()
                .filter(|process| !process.gone && process.stat_at != now)
            {
                self.read_stat(process, tick, around.root);
            }
            let before = std::mem::replace(&mut seen, count(&processes));
            seen.full_sweep = true;
            let found = seen.runnable.saturating_sub(before.runnable);
            self.unseen.looked(unseen.saturating_sub(found));
        }
        self.processes = processes;
        let awaited = details.awaited();
        apply(&mut self.processes, tick, awaited, &mut self.wanted);
        Ok(seen)
    }

    /// How many runnable tasks the kernel, asked once more, still counts beside the processes that
    /// were seen so; `u64::MAX` if it does not say. Much of what it counts when a tick begins was
    /// woken by the same clock as the tick, and sleeps again once everything was looked at; what
    /// starves does not.
    fn count_unseen(&mut self, processes: &mut [Process], root: &ProcRoot) -> u64 {
        let mut still = 0;
        for process in processes.iter_mut().filter(|process| process.state == b'R') {
            let read = self.reader.read(&mut process.files, File::Stat, root);
            let stat = read.ok().and_then(|text| stat::parse(text).ok());
            still += u64::from(stat.is_some_and(|stat| stat.state() == b'R'));
        }
        let counted = self.loadavg.read(root).and_then(loadavg::parse_runnable);
        counted.map_or(u64::MAX, |counted| counted.saturating_sub(still))
    }

    /// Forgets every process: each begins anew with the next tick.
    pub(crate) fn forget(&mut self) {
        self.processes.clear();
        self.free_slots.clear();
        self.slots = 0;
        self.reader.forget();
    }

    /// No tick after this says what a command line was when it was read before.
    pub(crate) fn forget_command_lines(&mut self) {
        self.has_old_lines = true;
    }

    fn drop_command_lines(&mut self, tick: &mut Tick) {
        let line = ProcessField::CommandLine.column();
        for process in &mut self.processes {
            process.cells.text(tick, line, Err(Missing::NotRead));
            let (key, is_new) = (process.key, true);
            self.wanted.push(Wanted { key, is_new });
        }
    }

    /// Brings the list in line with `/proc`: who is new, who is gone.
    fn merge(&mut self, tick: &mut Tick, root: &ProcRoot) {
        self.next.clear();
        let mut known = self.processes.drain(..).peekable();
        for &pid in self.listing.pids() {
            while let Some(process) = known.next_if(|process| process.pid < pid || process.gone) {
                end(process, tick, &mut self.free_slots, &mut self.reader);
            }
            match known.next_if(|process| process.pid == pid) {
                Some(process) => self.next.push(process),
                None => self.newborn.push(pid),
            }
        }
        for process in known {
            end(process, tick, &mut self.free_slots, &mut self.reader);
        }
        std::mem::swap(&mut self.processes, &mut self.next);
        if self.newborn.is_empty() {
            return;
        }
        let mut newborn = std::mem::take(&mut self.newborn);
        for pid in newborn.drain(..) {
            if let Some(process) = self.begin(pid, tick, root) {
                self.processes.push(process);
            }
        }
        self.newborn = newborn;
        self.processes.sort_unstable_by_key(|process| process.pid);
    }

    /// A pid that was not there at the last tick. Its start makes it a process.
    fn begin(&mut self, pid: i32, tick: &mut Tick, root: &ProcRoot) -> Option<Process> {
        let files = Files::new(pid);
        let text = self.reader.read_once(&files, "stat", root).ok()?;
        let started = stat::parse(text).ok()?.started().ok()?;
        let key = ProcessKey {
            pid: Pid(pid),
            started,
        };
        let slot = self.free_slots.pop().unwrap_or_else(|| {
            self.slots += 1;
            self.slots - 1
        });
        let cells = Cells::begin(tick, Group::Process, slot, Key::Process(key));
        Some(Process {
            pid,
            key,
            slot,
            cells,
            files,
            gate: None,
            threads: 0,
            state: b'?',
            cpu_ticks: 0,
            rose: Rose::default(),
            last_state: b'?',
            stat_at: 0,
            io_denied: false,
            empty_lines: 0,
            is_new: true,
            gone: false,
        })
    }
}

/// Puts command lines and cgroups, which others have read, into the rows they belong to.
///
/// In the middle of an exec a process has its new name and no command line yet: those that have
/// none are asked again.
fn apply(
    processes: &mut [Process],
    tick: &mut Tick,
    details: Vec<Detail>,
    again: &mut Vec<Wanted>,
) {
    for detail in details {
        let found = processes.binary_search_by_key(&detail.key.pid.0, |process| process.pid);
        let Ok(place) = found else { continue };
        let process = &mut processes[place];
        if process.key != detail.key || process.gone {
            continue;
        }
        let (line, length) = match &detail.command_line {
            Ok((line, length)) => (Ok(line.as_slice()), Ok(*length)),
            Err(missing) => (Err(*missing), Err(*missing)),
        };
        process
            .cells
            .text(tick, ProcessField::CommandLine.column(), line);
        process
            .cells
            .count(tick, ProcessField::CommandLength.column(), length);
        let may_have_one = process.cells.last(ProcessField::KernelThread.column()) == Ok(0);
        let is_empty = length == Ok(0) && may_have_one && process.state != b'Z';
        process.empty_lines = if is_empty {
            process.empty_lines.saturating_add(1)
        } else {
            0
        };
        if (1..MOST_EMPTY).contains(&process.empty_lines) {
            let (key, is_new) = (process.key, true);
            again.push(Wanted { key, is_new });
        }
        let cgroup = detail.cgroup.as_deref().map_err(|missing| *missing);
        process
            .cells
            .text(tick, ProcessField::Cgroup.column(), cgroup);
    }
}

fn end(mut process: Process, tick: &mut Tick, free_slots: &mut Vec<u32>, reader: &mut Reader) {
    tick.end(Group::Process, process.slot);
    free_slots.push(process.slot);
    reader.close(&mut process.files);
}

fn count(processes: &[Process]) -> Seen {
    let mut seen = Seen::default();
    for process in processes.iter().filter(|process| !process.gone) {
        seen.processes += 1;
        seen.runnable += u64::from(process.state == b'R');
        seen.uninterruptible += u64::from(process.state == b'D');
        seen.denied += u64::from(process.io_denied);
    }
    seen
}
