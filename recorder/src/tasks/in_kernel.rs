//! What a thread that waits does in the kernel: `wchan`, and by way of `kernel_side.rs`, as those
//! may block, `syscall` and `stack`. In: their texts. Out: cells of its row.

use super::kernel_side::{Peeked, Wanted};
use super::known::Known;
use super::thread_files::Of;
use super::{SOURCES, Surroundings, Tasks};
use crate::source::{ProcRoot, numbers};
use afterimage_format::group::TaskField;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::Why;
use afterimage_format::tick::Tick;

/// Places among the sources.
const WCHAN: usize = 1;
const SYSCALL: usize = 2;
const STACK: usize = 3;

impl Tasks {
    /// How often it was switched, and, of a thread that waits, what in.
    pub(super) fn read_wait(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        (known, process, why): (Known, Pid, Why),
        is_wanted: bool,
    ) {
        use TaskField as F;
        let Some(cells) = self.rows.known(&known.key) else {
            return;
        };
        let tid = known.key.pid.0;
        let of = |name| Of { process, tid, name };
        // Of what is only busy, they are counted each tenth tick too.
        if is_wanted || why != Why::BUSIEST {
            let switches = self.files.switches(root, of("status"));
            let fields = [F::VoluntarySwitches, F::InvoluntarySwitches];
            for (field, count) in fields.into_iter().zip(switches) {
                cells.count(tick, field.column(), count);
            }
        }
        if known.state == b'R' {
            for field in [F::Wchan, F::Syscall, F::SyscallArguments, F::Stack] {
                cells.text(tick, field.column(), Err(Missing::NotRead));
            }
        } else if is_wanted {
            // `0` is what the kernel says of a thread that is about to run, and to who may not know.
            let wchan = self.files.read(root, of("wchan"));
            let wchan = wchan.and_then(|name| match name.trim_ascii() {
                b"0" | b"" => Err(Missing::NotRead),
                name => Ok(name),
            });
            cells.text(tick, F::Wchan.column(), wchan);
            cells.count(tick, F::ReadAt.column(), Ok(tick.times.seq.0));
            let key = known.key;
            self.wanted.push(Wanted { key, process });
        }
    }

    pub(super) fn read_kernel_side(&mut self, around: &Surroundings<'_>, tick: &mut Tick) {
        use TaskField as F;
        let Self {
            rows,
            known,
            fared,
            refused,
            functions,
            ..
        } = self;
        let looked_at = self.wanted.len();
        let mut denied_now = [0; SOURCES.len()];
        let mut worst = |place: usize, missing: Missing| {
            if !matches!(missing, Missing::Gone | Missing::NotRead) {
                fared[place].1 = Err(missing);
            }
            if missing == Missing::PermissionDenied {
                denied_now[place] += 1;
                refused[place] = Some((denied_now[place], looked_at));
            }
        };
        let give = |key: ProcessKey, [syscall, stack]: Peeked<'_>| {
            for (place, read) in [(SYSCALL, syscall), (STACK, stack)] {
                if let Err(missing) = read {
                    worst(place, missing);
                }
            }
            // What there was no time for is asked for at the next tick.
            known.owes(key, syscall == Err(Missing::NotRead));
            let Some(cells) = rows.known(&key) else {
                return;
            };
            let denied = Missing::PermissionDenied;
            let has_no_wchan = cells.last(F::Wchan.column()) == Err(Missing::NotRead);
            if syscall == Err(denied) && has_no_wchan {
                cells.text(tick, F::Wchan.column(), Err(denied));
                worst(WCHAN, denied);
            }
            let call = syscall.and_then(call_from_text);
            let (number, arguments) = (call.map(|call| call.0), call.map(|call| call.1));
            cells.count(tick, F::Syscall.column(), number);
            cells.text(tick, F::SyscallArguments.column(), arguments);
            let stack = stack.map(|text| {
                functions_from_text(text, functions);
                functions.as_slice()
            });
            cells.text(tick, F::Stack.column(), stack);
        };
        self.kernel_side
            .peek(&mut self.wanted, around.interval, give);
    }
}

/// The number of the call and what stands behind it. A thread that runs, or waits outside of a
/// call (`-1`), is in none.
fn call_from_text(text: &[u8]) -> Reading<(u64, &[u8])> {
    let text = text.trim_ascii();
    let end = text.iter().position(|byte| *byte == b' ');
    let (number, rest) = text.split_at(end.unwrap_or(text.len()));
    if number == b"running" || number == b"-1" {
        return Err(Missing::NotRead);
    }
    Ok((numbers::count(number)?, rest.trim_ascii()))
}

/// The names of the functions, one a line, without where in each of them.
fn functions_from_text(text: &[u8], names: &mut Vec<u8>) {
    names.clear();
    for line in numbers::lines(text) {
        let start = line.iter().position(|byte| *byte == b' ');
        let name = line[start.map_or(0, |start| start + 1)..].split(|byte| *byte == b'+');
        if !names.is_empty() {
            names.push(b'\n');
        }
        names.extend_from_slice(name.into_iter().next().unwrap_or_default());
    }
}

#[cfg(test)]
mod tests;
