//! Who is at the other end of what a thread waits for, where that is on the same host.
//!
//! In: what the kernel said of the threads of a process, with the sockets and pipes that they read or
//! write, and the host at that moment ([`Host`]): who has which TCP socket, who is whose child, what they
//! do. Out: for threads that wait for another process, which one, and what that does; and so on from there.
//!
//! Nothing is guessed: a TCP socket is known by its inode, its other end by both addresses; who has the
//! other end of a UNIX socket or a pipe the recorder has looked up; a child is known by the number in the
//! system call, or by being the only one. What is not known, or shared by several, has no entry.

mod host;
mod way;

use super::kernel::{Kernel, Seen};
use crate::waits::dictionary;
use afterimage_format::kernel_view::{KernelView, OtherEnd, ThreadView};
pub use host::Host;
pub use way::{Over, Way};

/// So many processes are gone through.
const FARTHEST: usize = 4;

/// Calls that wait for a child.
const WAITS: [&str; 3] = ["wait4", "waitid", "waitpid"];

/// Another process that a thread waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// What for.
    pub over: Over,
    /// Its number on the host.
    pub pid: i32,
    /// Its name.
    pub comm: String,
    /// What is between them; nothing where it waits for a child.
    pub way: Option<Way>,
    /// The state of its only thread, or D where any is in it.
    pub state: Option<char>,
    /// The system call that it is in.
    pub call: Option<&'static str>,
    /// What it waits for itself.
    pub next: Option<Box<Followed>>,
}

impl Followed {
    /// `waits for a reply from postgres (pid 812) on 127.0.0.1:5432, which is in state D in fsync`.
    pub fn words(&self) -> String {
        let who = format!("{} (pid {})", self.comm, self.pid);
        let on = self.way.as_ref().map_or(String::new(), Way::words);
        let what = match self.over {
            Over::Reply => format!("waits for a reply from {who}{on}"),
            Over::Request => format!("waits for a request from {who}{on}"),
            Over::Data => format!("waits for data from {who}{on}"),
            Over::Write => format!("waits until {who}{on} reads what it writes"),
            Over::Child => format!("waits for its child {who} to end"),
        };
        if let Some(next) = &self.next {
            return format!("{what}, which {}", next.words());
        }
        let call = self
            .call
            .map_or(String::new(), |call| format!(" in {call}"));
        match self.state {
            Some('D') => format!("{what}, which is in state D{call}"),
            Some('S') => format!("{what}, which sleeps{call}"),
            Some('R') => format!("{what}, which runs"),
            Some('T' | 't') => format!("{what}, which is stopped"),
            Some('Z') => format!("{what}, which has ended and was not waited for"),
            _ => what,
        }
    }
}

/// Whether a thread of this view may wait for another process: then the host is of interest.
pub fn is_of_interest(view: &KernelView, architecture: &str) -> bool {
    let may_wait = |thread: &ThreadView| {
        let call = asked(thread.state, thread.syscall.as_deref(), architecture);
        let is_socket = thread
            .file
            .as_deref()
            .is_some_and(|file| file.starts_with("socket:"));
        is_socket
            || thread.other_end.is_some()
            || call.is_some_and(|(call, _)| WAITS.contains(&call))
    };
    view.threads.iter().any(may_wait)
}

/// For each thread that waits for another process, which one. Threads are places in the dump.
pub fn all(kernel: &Kernel, host: &Host) -> Vec<(usize, Followed)> {
    let threads = kernel.threads.iter().enumerate();
    let found = threads.filter_map(|(place, seen)| {
        let waits = Waits::of_seen(seen.as_ref()?, &host.architecture)?;
        Some((place, follow(&waits, host, FARTHEST)?))
    });
    found.collect()
}

/// What the kernel says that a thread waits for.
#[derive(Debug, Clone, Copy)]
struct Waits<'a> {
    call: &'static str,
    arguments: &'a str,
    file: Option<&'a str>,
    other_end: Option<&'a OtherEnd>,
    /// Of which process it is.
    pid: Option<i32>,
    /// Whether it counts processes as the host does.
    is_on_host: bool,
}

impl<'a> Waits<'a> {
    fn of_seen(seen: &'a Seen, architecture: &str) -> Option<Self> {
        let syscall = seen.syscall.as_deref();
        let (call, arguments) = asked(seen.state, syscall, architecture)?;
        Some(Self {
            call,
            arguments,
            file: seen.file.as_deref(),
            other_end: seen.other_end.as_deref(),
            pid: seen.pid,
            is_on_host: seen.is_on_host,
        })
    }
}

/// The call that a sleeping thread is in.
fn asked<'a>(
    state: Option<char>,
    syscall: Option<&'a str>,
    architecture: &str,
) -> Option<(&'static str, &'a str)> {
    if !matches!(state, Some('S' | 'D')) {
        return None;
    }
    let (number, arguments) = syscall?.split_once(' ')?;
    let call = dictionary::call(architecture, number.parse().ok()?)?;
    Some((call.name, arguments))
}

fn follow(waits: &Waits<'_>, host: &Host, left: usize) -> Option<Followed> {
    let left = left.checked_sub(1)?;
    let (over, pid, way) = match (waits.other_end, waits.file) {
        (Some(end), _) => over_other_end(waits, end)?,
        (None, Some(file)) => over_tcp(waits.call, file, host)?,
        (None, None) => (Over::Child, child(waits, host)?, None),
    };
    let neighbour = host.neighbour(pid)?;
    // What a process does of which several threads are there, nobody knows but of those in state D.
    let thread = neighbour.thread();
    let next = thread.and_then(|thread| {
        let (call, arguments) = asked(thread.state, thread.syscall.as_deref(), &host.architecture)?;
        let waits = Waits {
            call,
            arguments,
            file: thread.file.as_deref(),
            other_end: thread.other_end.as_ref(),
            pid: Some(pid),
            is_on_host: thread.nstid.is_none_or(|nstid| nstid == thread.tid),
        };
        follow(&waits, host, left)
    });
    let (state, call) = neighbour.doing(&host.architecture);
    Some(Followed {
        over,
        pid,
        comm: neighbour.comm.clone(),
        way,
        state,
        call,
        next: next.map(Box::new),
    })
}

type Found = (Over, i32, Option<Way>);

fn over_tcp(call: &str, file: &str, host: &Host) -> Option<Found> {
    let inode = file.strip_prefix("socket:[")?.strip_suffix(']')?;
    let socket = host.socket(inode.parse().ok()?)?;
    let other = host.other_end(socket)?;
    let over = if writes(call) {
        Over::Write
    } else if host.is_served(&socket.local) {
        Over::Request
    } else {
        Over::Reply
    };
    let way = Way::Tcp {
        local: socket.local.clone(),
        remote: socket.peer.clone(),
    };
    Some((over, other, Some(way)))
}

/// Whoever alone has the other end of a UNIX socket or a pipe.
fn over_other_end(waits: &Waits<'_>, end: &OtherEnd) -> Option<Found> {
    let [other] = end.holders[..] else {
        return None;
    };
    let way = Way::of(end);
    let over = if writes(waits.call) {
        Over::Write
    } else {
        way.read()
    };
    // A process that wakes itself waits for nobody else.
    (waits.pid != Some(other)).then_some((over, other, Some(way)))
}

fn writes(call: &str) -> bool {
    let writes = ["write", "send", "pwrite"];
    writes.iter().any(|begin| call.starts_with(begin))
}

/// The child that is waited for: that of the number, or the only one.
fn child(waits: &Waits<'_>, host: &Host) -> Option<i32> {
    let mut words = waits.arguments.split(' ');
    let mut argument = || {
        let word = words.next()?.strip_prefix("0x")?;
        let whole = u64::from_str_radix(word, 16).ok()?;
        // The kernel takes the lower half, with its sign.
        let lower = u32::try_from(whole & u64::from(u32::MAX)).ok()?;
        Some(lower.cast_signed())
    };
    let pid = match waits.call {
        "wait4" | "waitpid" => argument()?,
        // P_PID is 1, P_ALL is 0.
        "waitid" => match (argument()?, argument()?) {
            (1, pid) => pid,
            (0, _) => -1,
            _ => return None,
        },
        _ => return None,
    };
    if pid > 0 {
        return waits.is_on_host.then_some(pid);
    }
    let mut children = host.children(waits.pid?);
    let only = children.next().filter(|_| pid == -1)?;
    children.next().is_none().then_some(only)
}
