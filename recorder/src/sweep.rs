//! Every process, at every tick, for as little as it takes.
//!
//! `schedstat` is the gate: two thirds of the processes of a host did nothing since the last
//! tick, and it tells for a sixth of what the other files cost. The gate lies in two cases.
//! It covers the leader thread only, so processes with more threads always get `stat`. And it
//! stands still for a task that was woken and starves, so whenever the kernel counts more
//! runnable tasks than we have seen, or pressure rose, every process gets `stat`. Every tenth
//! tick, staggered by pid, everything of a process is read again.

mod files;
mod listing;

use crate::accounts_at::AccountsAt;
use crate::details::{Detail, Details, Wanted};
use crate::rows::Cells;
use crate::source::process::{io, schedstat, stat, status};
use crate::source::{ProcRoot, missing_from_errno};
use afterimage_format::group::{Group, ProcessField};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::Missing;
use afterimage_format::tick::{Key, Shed, Tick};
use files::{File, Files, Reader};
use listing::Listing;
use rustix::io::Errno;

/// What hardly ever changes is read again each so many ticks.
const LONG_ROUND: u64 = 60;
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
    free_slots: Vec<u32>,
    slots: u32,
    reader: Reader,
    wanted: Vec<Wanted>,
    /// How many new ones this tick may still read whole.
    new_left: u32,
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
    /// The tick that last read `stat`.
    stat_at: u64,
    io_denied: bool,
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
            free_slots: Vec::new(),
            slots: 0,
            reader: Reader::new(kept_files),
            wanted: Vec::new(),
            new_left: 0,
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
        // Those that were waited for in vain at an earlier tick.
        apply(&mut self.processes, tick, details.arrived());
        let mut processes = std::mem::take(&mut self.processes);
        for process in &mut processes {
            self.visit(process, tick, around);
        }
        details.ask(&mut self.wanted, processes.len());
        let mut seen = count(&processes);
        let starving = around
            .running
            .is_some_and(|running| running > seen.runnable);
        // Under a tight budget the starving are found in turn, within ten ticks.
        let affordable = !tick.times.shed.contains(Shed::IDLE_PROCESSES);
        if affordable && (starving || around.pressed) {
            let now = tick.times.seq.0;
            for process in processes
                .iter_mut()
                .filter(|process| !process.gone && process.stat_at != now)
            {
                self.read_stat(process, tick, around.root);
            }
            seen = count(&processes);
            seen.full_sweep = true;
        }
        self.processes = processes;
        let awaited = details.awaited();
        apply(&mut self.processes, tick, awaited);
        Ok(seen)
    }

    /// Forgets every process: each begins anew with the next tick.
    pub(crate) fn forget(&mut self) {
        self.processes.clear();
        self.free_slots.clear();
        self.slots = 0;
        self.reader.forget();
    }

    /// Brings the list in line with `/proc`: who is new, who is gone.
    fn merge(&mut self, tick: &mut Tick, root: &ProcRoot) {
        self.next.clear();
        let mut known = self.processes.drain(..).peekable();
        let mut newborn = Vec::new();
        for &pid in self.listing.pids() {
            while let Some(process) = known.next_if(|process| process.pid < pid || process.gone) {
                end(process, tick, &mut self.free_slots, &mut self.reader);
            }
            match known.next_if(|process| process.pid == pid) {
                Some(process) => self.next.push(process),
                None => newborn.push(pid),
            }
        }
        for process in known {
            end(process, tick, &mut self.free_slots, &mut self.reader);
        }
        std::mem::swap(&mut self.processes, &mut self.next);
        if newborn.is_empty() {
            return;
        }
        for pid in newborn {
            if let Some(process) = self.begin(pid, tick, root) {
                self.processes.push(process);
            }
        }
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
            stat_at: 0,
            io_denied: false,
            is_new: true,
            gone: false,
        })
    }

    /// One process at one tick: the gate, and behind it what is worth reading.
    fn visit(&mut self, process: &mut Process, tick: &mut Tick, around: &Surroundings<'_>) {
        let (seq, shed) = (tick.times.seq.0, tick.times.shed);
        let turn = seq.wrapping_add(process.pid.unsigned_abs().into());
        let due = turn.is_multiple_of(around.round);
        let idle = process.state != b'R' && process.state != b'D' && !process.files.is_busy;
        if shed.contains(Shed::IDLE_PROCESSES) && idle && !due && !process.is_new {
            return;
        }
        let mut changed = self.pass_gate(process, tick, around.root);
        if process.gone {
            return;
        }
        if changed || process.is_new || due || process.threads != 1 || process.state == b'D' {
            changed |= self.read_stat(process, tick, around.root);
            if process.stat_at == seq {
                // A sweep over all of them says so once, in the tick's own times.
                let field = ProcessField::StatReadAt.column();
                process.cells.count(tick, field, Ok(seq));
            }
        }
        if process.gone {
            return;
        }
        process.files.is_busy = changed;
        let is_new = process.is_new && self.new_left > 0;
        if is_new {
            process.is_new = false;
            self.new_left -= 1;
        } else if process.is_new {
            return;
        }
        if is_new || due || (changed && !shed.contains(Shed::IO)) {
            self.read_io(process, tick, around.root, turn);
        }
        if is_new || due || (changed && !shed.contains(Shed::STATUS)) {
            self.read_status(process, tick, around);
        }
        if is_new || (due && !shed.contains(Shed::RARE_FILES)) {
            self.read_descriptors(process, tick, around.root);
        }
        let long_due = turn.is_multiple_of(LONG_ROUND) && !shed.contains(Shed::RARE_FILES);
        if is_new || long_due {
            self.read_oom_score(process, tick, around.root);
            let key = process.key;
            self.wanted.push(Wanted { key, is_new });
        }
        if due {
            self.reader.make_way(&mut process.files);
        }
    }

    /// Whether the process did anything since the last tick, as far as `schedstat` tells.
    fn pass_gate(&mut self, process: &mut Process, tick: &mut Tick, root: &ProcRoot) -> bool {
        let read = self.reader.read(&mut process.files, File::Schedstat, root);
        let gate = match read {
            Ok(text) => schedstat::parse(text),
            Err(errno) => Err(missing_from_errno(errno)),
        };
        if gate == Err(Missing::Gone) {
            process.gone = true;
            return false;
        }
        if gate.ok() == process.gate && gate.is_ok() {
            return false;
        }
        process.gate = gate.ok();
        let cells = &mut process.cells;
        let fields = [ProcessField::Run, ProcessField::Wait, ProcessField::Slices];
        for (place, field) in fields.into_iter().enumerate() {
            // Nanoseconds would be a third of the capture, and mean nothing.
            let unit = if place < 2 { 1000 } else { 1 };
            cells.count(
                tick,
                field.column(),
                gate.map(|numbers| numbers[place] / unit),
            );
        }
        true
    }

    /// Reads `stat`, and `wchan` of a task in state D. Gives whether it used CPU.
    fn read_stat(&mut self, process: &mut Process, tick: &mut Tick, root: &ProcRoot) -> bool {
        let read = self.reader.read(&mut process.files, File::Stat, root);
        let text = match read {
            Ok(text) => text,
            Err(errno) => {
                process.gone = matches!(errno, Errno::SRCH | Errno::NOENT);
                return false;
            }
        };
        let Ok(stat) = stat::parse(text) else {
            return false;
        };
        if stat.started() != Ok(process.key.started) {
            // The pid was given to another process while we looked away.
            process.gone = true;
            return false;
        }
        let is_renamed = stat.store(&mut process.cells, tick);
        if is_renamed && !process.is_new {
            // It has executed another program: its command line is that one's.
            self.wanted.push(Wanted {
                key: process.key,
                is_new: true,
            });
        }
        process.threads = stat.threads().unwrap_or(0);
        process.state = stat.state();
        process.stat_at = tick.times.seq.0;
        let cpu = [ProcessField::Utime, ProcessField::Stime]
            .map(|field| process.cells.last(field.column()).unwrap_or(0));
        let before = std::mem::replace(&mut process.cpu_ticks, cpu[0] + cpu[1]);
        self.read_wchan(process, tick, root);
        before != process.cpu_ticks
    }

    fn read_wchan(&mut self, process: &mut Process, tick: &mut Tick, root: &ProcRoot) {
        let field = ProcessField::Wchan.column();
        if process.state != b'D' {
            process.cells.text(tick, field, Err(Missing::NotRead));
            return;
        }
        let wchan = self.reader.read_once(&process.files, "wchan", root);
        let wchan = wchan.map_err(missing_from_errno);
        process.cells.text(tick, field, wchan);
    }

    fn read_io(&mut self, process: &mut Process, tick: &mut Tick, root: &ProcRoot, turn: u64) {
        // What was denied once stays denied, unless the process changes its owner.
        if process.io_denied && !turn.is_multiple_of(LONG_ROUND) {
            return;
        }
        match self.reader.read(&mut process.files, File::Io, root) {
            Ok(text) => {
                io::parse(text, &mut process.cells, tick);
                process.io_denied = false;
            }
            Err(errno) => {
                let missing = missing_from_errno(errno);
                process.io_denied = missing == Missing::PermissionDenied;
                io::missing(missing, &mut process.cells, tick);
            }
        }
        let seq = tick.times.seq.0;
        process
            .cells
            .count(tick, ProcessField::IoReadAt.column(), Ok(seq));
    }

    fn read_status(&mut self, process: &mut Process, tick: &mut Tick, around: &Surroundings<'_>) {
        let cells = &mut process.cells;
        match self
            .reader
            .read(&mut process.files, File::Status, around.root)
        {
            Ok(text) => status::parse(text, cells, tick),
            Err(errno) => status::missing(missing_from_errno(errno), cells, tick),
        }
        cells.count(
            tick,
            ProcessField::StatusReadAt.column(),
            Ok(tick.times.seq.0),
        );
        let uid = cells.last(ProcessField::Uid.column());
        cells.text(
            tick,
            ProcessField::User.column(),
            uid.and_then(|uid| around.accounts.user(uid)),
        );
        let gid = cells.last(ProcessField::Gid.column());
        cells.text(
            tick,
            ProcessField::GroupName.column(),
            gid.and_then(|gid| around.accounts.group(gid)),
        );
    }

    fn read_oom_score(&mut self, process: &mut Process, tick: &mut Tick, root: &ProcRoot) {
        let score = match self.reader.read_once(&process.files, "oom_score_adj", root) {
            Ok(text) => crate::source::numbers::signed(text.trim_ascii_end()),
            Err(errno) => Err(missing_from_errno(errno)),
        };
        process
            .cells
            .set(tick, ProcessField::OomScoreAdj.column(), score);
    }

    fn read_descriptors(&mut self, process: &mut Process, tick: &mut Tick, root: &ProcRoot) {
        let count = self.reader.count_descriptors(&process.files, root);
        let count = count.map_err(missing_from_errno);
        process
            .cells
            .count(tick, ProcessField::Descriptors.column(), count);
    }
}

/// Puts command lines and cgroups, which others have read, into the rows they belong to.
fn apply(processes: &mut [Process], tick: &mut Tick, details: Vec<Detail>) {
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
