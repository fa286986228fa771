//! Who has the other end of the pipe or UNIX socket that a thread of a dump waits for.
//!
//! In: what the kernel said of the threads. Out: in those that wait for a pipe or UNIX socket, the
//! processes that have its other end. Of a socket `sock_diag` says which one that is, where it is in
//! the recorder's network namespace; of a pipe it is whoever has it open the other way round. Who has
//! it is looked for in the links of `/proc/PID/fd` ([`search`]), and only then.

mod search;

use super::descriptors::{Access, Descriptors};
use crate::source::sock_diag::ask::SockDiag;
use afterimage_analysis::waits::dictionary;
use afterimage_format::kernel_view::{KernelView, OtherEnd, ThreadView};
use afterimage_format::process::Pid;
use search::{Search, Wanted};
use std::collections::HashMap;
use std::time::Duration;

/// CPU time for looking at the threads and for this together,
const MOST: Duration = Duration::from_millis(12);
/// of which this has at least so much.
const LEAST: Duration = Duration::from_millis(3);
/// So many sockets are asked for.
const MOST_ASKED: usize = 64;
/// Calls that wait for nobody who is connected.
const NOT_CONNECTED: [&str; 3] = ["accept", "accept4", "connect"];

/// What was found out in the course of one dump.
#[derive(Debug, Default)]
pub(super) struct OtherEnds {
    diag: SockDiag,
    /// By what the descriptor links to and what it was opened for.
    known: HashMap<(String, Option<Access>), Option<OtherEnd>>,
}

impl OtherEnds {
    /// Adds them to the threads of a process, to look at which took so much CPU time.
    pub(super) fn fill(&mut self, pid: Pid, view: &mut KernelView, spent: Duration) {
        let budget = MOST.saturating_sub(spent).max(LEAST);
        let mut descriptors = Descriptors::of(pid);
        let mut keys = Vec::new();
        let mut search = Search::within(pid.0, budget);
        for (place, thread) in view.threads.iter().enumerate() {
            let Some(key) = key(thread, &mut descriptors) else {
                continue;
            };
            let is_full = self.known.len() >= MOST_ASKED;
            if !self.known.contains_key(&key) && !is_full {
                let wanted = self.wanted(&key);
                if let Some(wanted) = wanted {
                    search.add(key.clone(), wanted);
                }
                self.known.insert(key.clone(), None);
            }
            keys.push((place, key));
        }
        for (key, found) in search.run() {
            self.known.insert(key, Some(found));
        }
        for (place, key) in keys {
            view.threads[place].other_end = self.known.get(&key).cloned().flatten();
        }
    }

    /// What to look for; nothing where there is no other end, or it is not known.
    fn wanted(&mut self, (link, access): &(String, Option<Access>)) -> Option<Wanted> {
        if access.is_some() {
            return Some(Wanted::pipe(link, (*access)?));
        }
        let inode = link.strip_prefix("socket:[")?.strip_suffix(']')?;
        let own = self.diag.unix(inode.parse().ok()?).ok()?;
        let other = self.diag.unix(own.peer?).ok()?;
        Some(Wanted::socket(own.peer?, [own.name, other.name], other.uid))
    }
}

/// What a thread waits for; with a pipe, which end of it it has.
fn key(thread: &ThreadView, descriptors: &mut Descriptors) -> Option<(String, Option<Access>)> {
    let link = thread.file.clone()?;
    if link.starts_with("pipe:[") {
        let access = descriptors.access(thread)?;
        // Of one that was opened for both nobody knows what it is waited for.
        return (access.reads != access.writes).then_some((link, Some(access)));
    }
    let number = thread.syscall.as_deref()?.split(' ').next()?.parse().ok()?;
    let call = dictionary::call(std::env::consts::ARCH, number)?.name;
    // Where the stack says so, the kernel need not be asked.
    let stack = thread.stack.as_deref().unwrap_or_default();
    let is_inet = stack.contains("inet") || stack.contains("tcp_");
    (!is_inet && !NOT_CONNECTED.contains(&call)).then_some((link, None))
}

#[cfg(test)]
mod tests;
