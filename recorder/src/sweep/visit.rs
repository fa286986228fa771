//! One process at one tick: the gate, and behind it the files that are worth reading.

use super::files::File;
use super::{LONG_ROUND, Process, Rose, Surroundings, Sweep};
use crate::details::Wanted;
use crate::source::process::{io, schedstat, stat, status};
use crate::source::{ProcRoot, missing_from_errno, numbers};
use afterimage_format::group::ProcessField;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::{Shed, Tick};
use rustix::io::Errno;
use std::time::Duration;

impl Sweep {
    /// One process at one tick: the gate, and behind it what is worth reading.
    pub(super) fn visit(
        &mut self,
        process: &mut Process,
        tick: &mut Tick,
        around: &Surroundings<'_>,
    ) {
        let (seq, shed) = (tick.times.seq.0, tick.times.shed);
        process.rose = Rose::default();
        let turn = seq.wrapping_add(process.pid.unsigned_abs().into());
        let due = turn.is_multiple_of(around.round);
        let idle = process.state != b'R' && process.state != b'D' && !process.files.is_busy;
        if shed.contains(Shed::IDLE_PROCESSES) && idle && !due && !process.is_new {
            return;
        }
        let gate = self.pass_gate(process, around.root);
        let mut changed = gate.is_some();
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
        // Only now is it certain that this was not another process with the same pid.
        if let Some(gate) = gate {
            store_gate(process, gate, tick);
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

    /// What `schedstat` says now, if that is news: then the process did something.
    fn pass_gate(&mut self, process: &mut Process, root: &ProcRoot) -> Option<Reading<[u64; 3]>> {
        let read = self.reader.read(&mut process.files, File::Schedstat, root);
        let gate = match read {
            Ok(text) => schedstat::parse(text),
            Err(errno) => Err(missing_from_errno(errno)),
        };
        if gate == Err(Missing::Gone) {
            process.gone = true;
            return None;
        }
        let is_old = gate.is_ok() && gate.ok() == process.gate;
        (!is_old).then_some(gate)
    }

    /// Reads `stat`, and `wchan` of a task in state D. Gives whether it used CPU.
    pub(super) fn read_stat(
        &mut self,
        process: &mut Process,
        tick: &mut Tick,
        root: &ProcRoot,
    ) -> bool {
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
        // All that a process had used before it was first seen did not happen now.
        process.rose.cpu_ticks = if process.is_new {
            0
        } else {
            process.cpu_ticks - before
        };
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
            Ok(text) => numbers::signed(text.trim_ascii_end()),
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

fn store_gate(process: &mut Process, gate: Reading<[u64; 3]>, tick: &mut Tick) {
    if let (Some([_, before, _]), Ok([_, now, _])) = (process.gate, gate) {
        process.rose.waited = Duration::from_nanos(now.saturating_sub(before));
    }
    process.gate = gate.ok();
    let fields = [ProcessField::Run, ProcessField::Wait, ProcessField::Slices];
    for (place, field) in fields.into_iter().enumerate() {
        // Nanoseconds would be a third of the capture, and mean nothing.
        let unit = if place < 2 { 1000 } else { 1 };
        let number = gate.map(|numbers| numbers[place] / unit);
        process.cells.count(tick, field.column(), number);
    }
}
