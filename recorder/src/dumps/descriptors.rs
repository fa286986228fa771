//! Which socket or pipe a thread waits for: what the descriptor in the arguments of its system call
//! links to.
//!
//! In: what the kernel says of a thread. Out: the link. Only threads that sleep in a call about one
//! descriptor are looked at, and that costs a `readlink` for each. The descriptor of a `poll` stands in
//! the memory of the process: four bytes are read there, which does nothing to it. Who is at the other
//! end is no matter of this: TCP sockets of the host are in the capture, and for others see
//! [`super::other_ends`].

use afterimage_analysis::waits::dictionary;
use afterimage_format::kernel_view::ThreadView;
use afterimage_format::process::Pid;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

/// Calls whose first argument is the descriptor.
const FIRST: [&str; 20] = [
    "read", "readv", "pread64", "preadv", "preadv2", "recvfrom", "recvmsg", "recvmmsg", "write",
    "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg", "sendmmsg", "accept",
    "accept4", "connect", "sendfile",
];
/// Calls whose first argument is where descriptors are listed, and the second how many.
const LISTS: [&str; 2] = ["poll", "ppoll"];

/// Those of one process.
pub(super) struct Descriptors {
    pid: Pid,
    memory: Memory,
}

impl Descriptors {
    pub(super) fn of(pid: Pid) -> Self {
        let memory = Memory::Closed(pid);
        Self { pid, memory }
    }

    /// What a thread waits for.
    pub(super) fn awaited(&mut self, thread: &ThreadView) -> Option<String> {
        let descriptor = descriptor(thread, &mut self.memory)?;
        link(self.pid, thread.tid, descriptor)
    }

    /// Whether what it waits for may be read, and written, by that descriptor.
    pub(super) fn access(&mut self, thread: &ThreadView) -> Option<Access> {
        let descriptor = descriptor(thread, &mut self.memory)?;
        let path = format!("/proc/{}/task/{}/fd/{descriptor}", self.pid.0, thread.tid);
        let mode = fs::symlink_metadata(path).ok()?.mode();
        Some(Access::of_link(mode))
    }
}

/// What a descriptor was opened for, by the mode of the link to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Access {
    pub(super) reads: bool,
    pub(super) writes: bool,
}

impl Access {
    /// The owner's bits of the mode of a link in `/proc/PID/fd`.
    pub(super) const fn of_link(mode: u32) -> Self {
        Self {
            reads: mode & 0o400 != 0,
            writes: mode & 0o200 != 0,
        }
    }
}

fn descriptor(thread: &ThreadView, memory: &mut Memory) -> Option<u32> {
    if !matches!(thread.state, Some('S' | 'D')) {
        return None;
    }
    let mut words = thread.syscall.as_deref()?.split(' ');
    let number = words.next()?.parse().ok()?;
    let name = dictionary::call(std::env::consts::ARCH, number)?.name;
    let mut argument = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    if FIRST.contains(&name) {
        // The kernel keeps the lower half of it.
        return u32::try_from(argument()? & u64::from(u32::MAX)).ok();
    }
    let (place, count) = (argument()?, argument()?);
    if LISTS.contains(&name) && count == 1 {
        return memory.number(place);
    }
    None
}

/// The socket or pipe behind a descriptor.
fn link(pid: Pid, tid: i32, descriptor: u32) -> Option<String> {
    let link = fs::read_link(format!("/proc/{}/task/{tid}/fd/{descriptor}", pid.0)).ok()?;
    let link = link.into_os_string().into_string().ok()?;
    (link.starts_with("socket:[") || link.starts_with("pipe:[")).then_some(link)
}

/// The memory of a process, opened when it is first needed.
enum Memory {
    Closed(Pid),
    Open(File),
    /// It may not be read.
    Denied,
}

impl Memory {
    /// The number that a `struct pollfd` at this place begins with.
    fn number(&mut self, place: u64) -> Option<u32> {
        if let Self::Closed(pid) = self {
            let file = File::open(format!("/proc/{}/mem", pid.0));
            *self = file.map_or(Self::Denied, Self::Open);
        }
        let Self::Open(file) = self else {
            return None;
        };
        let mut bytes = [0; 4];
        file.read_exact_at(&mut bytes, place).ok()?;
        Some(u32::from_ne_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dumps::kernel;
    use afterimage_format::units::TickRate;
    use std::io::Read as _;
    use std::num::NonZeroU64;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::UnixStream;

    /// Looks at this process until the thread with this name waits, and answers what for.
    fn waits_for(name: &str) -> Option<ThreadView> {
        let own = Pid(i32::try_from(std::process::id()).unwrap());
        let rate = TickRate(NonZeroU64::new(100).unwrap());
        for _ in 0..100_000 {
            let view = kernel::look(own, rate, None).unwrap().view;
            let found = view
                .threads
                .into_iter()
                .find(|thread| thread.comm.as_deref() == Some(name.as_bytes()));
            let found = found.filter(|thread| thread.state == Some('S'));
            let waits = found.as_ref().and_then(|found| found.wchan.as_deref());
            if waits.is_some_and(|wchan| wchan.contains("unix_stream") || wchan.contains("poll")) {
                return found;
            }
            std::thread::yield_now();
        }
        None
    }

    fn inode(of: &impl std::os::fd::AsRawFd) -> String {
        let link = fs::read_link(format!("/proc/self/fd/{}", of.as_raw_fd())).unwrap();
        link.into_os_string().into_string().unwrap()
    }

    #[test]
    fn who_reads_or_polls_a_socket_is_seen_with_it() {
        for (name, polls) in [("reads-socket", false), ("polls-socket", true)] {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let expected = inode(&theirs);
            assert_ne!(ours.as_raw_fd(), theirs.as_raw_fd());
            let waits = std::thread::Builder::new().name(name.to_owned());
            let waits = waits
                .spawn(move || {
                    let mut theirs = theirs;
                    if polls {
                        use rustix::event::{PollFd, PollFlags, poll};
                        let mut all = [PollFd::new(&theirs, PollFlags::IN)];
                        poll(&mut all, None).unwrap();
                    }
                    let mut byte = [0];
                    drop(theirs.read(&mut byte));
                })
                .unwrap();
            let seen = waits_for(name);
            drop(ours);
            waits.join().unwrap();
            let Some(seen) = seen else {
                eprintln!("skipped: this kernel does not say what a thread sleeps in");
                continue;
            };
            if seen.syscall.is_none() {
                eprintln!("skipped: this kernel does not say which system call a thread is in");
                continue;
            }
            assert_eq!(seen.file.as_deref(), Some(&*expected), "{seen:?}");
        }
    }
}
