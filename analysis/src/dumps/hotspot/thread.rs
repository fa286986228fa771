//! One thread, line by line, and the virtual thread that it carries.

use super::super::intern::Interner;
use super::super::model::{How, LockUse, State, Thread};
use super::header::Header;
use super::lock_line;

/// A thread whose lines are being read.
#[derive(Debug)]
pub(super) struct Open<'a> {
    pub(super) header: Header<'a>,
    /// The name of one that goes over several lines.
    pub(super) name: Option<Box<str>>,
    pub(super) state: Option<State>,
    pub(super) frames: Vec<&'a str>,
    pub(super) locks: Vec<LockUse>,
    pub(super) carries: Option<u64>,
    /// What of the above is of a virtual thread that it carries: its number, and where it begins.
    pub(super) mounted: Option<(u64, usize, usize)>,
    pub(super) lists_owned: bool,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What came of a line.
pub(super) enum Came {
    Known,
    Unknown,
    /// The threads are complete.
    End,
}

/// `Carrying virtual thread #231`.
fn virtual_number(text: &str, before: &str) -> Option<u64> {
    let number = text.strip_prefix(before)?.trim().strip_prefix('#')?;
    number.parse().ok()
}

impl<'a> Open<'a> {
    /// A line of it.
    pub(super) fn line(&mut self, text: &'a str, names: &mut Interner) -> Came {
        if let Some(frame) = text.strip_prefix("at ") {
            self.frames.push(frame);
            return Came::Known;
        }
        if text == "- None" && self.lists_owned {
            return Came::Known;
        }
        if let Some(rest) = text.strip_prefix("- ") {
            let (_, first, _) = self.mounted.unwrap_or_default();
            let depth = self.frames.len() - first.min(self.frames.len());
            return match lock_line::parse(rest, (depth, self.lists_owned), names) {
                Some(used) => {
                    self.locks.push(used);
                    Came::Known
                }
                None => Came::Unknown,
            };
        }
        if let Some(state) = text.strip_prefix("java.lang.Thread.State: ") {
            let word = state.split(' ').next().unwrap_or(state);
            let Some(state) = State::from_java(word) else {
                return Came::Unknown;
            };
            self.state = Some(state);
            return Came::Known;
        }
        if let Some(number) = virtual_number(text, "Carrying virtual thread ") {
            self.carries = Some(number);
            return Came::Known;
        }
        if let Some(number) = virtual_number(text, "Mounted virtual thread ") {
            self.mounted = Some((number, self.frames.len(), self.locks.len()));
            return Came::Known;
        }
        if text == "Locked ownable synchronizers:" {
            self.lists_owned = true;
            return Came::Known;
        }
        // The states within the VM stand there when it was asked to say more.
        let known = [
            "No compile task",
            "Compiling:",
            "JavaThread state:",
            "Thread: 0x",
            "...",
        ];
        if known.iter().any(|known| text.starts_with(known)) {
            return Came::Known;
        }
        Came::Unknown
    }

    /// The thread, and the virtual thread that it carries where its stack is there.
    pub(super) fn into_threads(mut self, names: &mut Interner) -> Vec<Thread> {
        let header = self.header;
        let mounted = self.mounted.map(|(number, frames, locks)| {
            let frames = self.frames.split_off(frames.min(self.frames.len()));
            let all = self.locks.split_off(locks.min(self.locks.len()));
            // The list of synchronizers at the end is of the carrier's heading.
            let is_owned = |used: &LockUse| used.how == How::Owns;
            let (owned, locks): (Vec<_>, Vec<_>) = all.into_iter().partition(is_owned);
            self.locks.extend(owned);
            (number, frames, locks)
        });
        let place = self.start..self.end;
        let name = self.name.unwrap_or_else(|| header.name.into());
        let carrier = Thread {
            number: header.number,
            os_id: header.os_id,
            status: header.status.into(),
            is_daemon: header.is_daemon,
            cpu: header.cpu,
            elapsed: header.elapsed,
            allocated_bytes: header.allocated_bytes,
            stack: names.stack(self.frames.iter().copied()),
            locks: self.locks.into(),
            carries: self.carries,
            place: place.clone(),
            ..Thread::new(&name, self.state.unwrap_or(State::Vm))
        };
        let mounted = mounted.map(|(number, frames, locks)| Thread {
            number: Some(number),
            os_id: header.os_id,
            status: "mounted".into(),
            is_daemon: true,
            is_virtual: true,
            stack: names.stack(frames.iter().copied()),
            locks: locks.into(),
            carrier: header.number,
            is_listed: false,
            place,
            ..Thread::new("", State::Runnable)
        });
        std::iter::once(carrier).chain(mounted).collect()
    }
}
