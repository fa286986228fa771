//! What the kernel says of the thread that asks: why it did not run when it should have.

use crate::source::process::schedstat;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::time::Duration;

/// The calling thread; to be asked by no other.
#[derive(Debug)]
pub(crate) struct OwnThread {
    /// `None` on a kernel without it.
    schedstat: Option<OwnedFd>,
}

impl OwnThread {
    pub(crate) fn new() -> Self {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let path = "/proc/thread-self/schedstat";
        let schedstat = openat(CWD, path, flags, Mode::empty()).ok();
        Self { schedstat }
    }

    /// How long it has waited for a CPU since it began.
    pub(crate) fn starved(&self) -> Option<Duration> {
        let mut text = [0; 128];
        let length = rustix::io::pread(self.schedstat.as_ref()?, &mut text, 0).ok()?;
        let [_, waited, _] = schedstat::parse(&text[..length]).ok()?;
        Some(Duration::from_nanos(waited))
    }

    /// How many pages it had to wait for because they were on a disk.
    #[expect(
        clippy::unused_self,
        reason = "it is a fact about this thread like the other"
    )]
    #[expect(unsafe_code, reason = "there is no safe wrapper for getrusage")]
    pub(crate) fn major_faults(&self) -> u64 {
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: getrusage(2) writes a `struct rusage` to where it is told, and nothing else.
        let got = unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
        // SAFETY: it was zeroed before, and every bit pattern is a number.
        let usage = unsafe { usage.assume_init() };
        debug_assert_eq!(got, 0, "the thread is there, and so is the place");
        u64::try_from(usage.ru_majflt).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_runs_has_waited_for_no_longer_than_the_host_is_up() {
        let own = OwnThread::new();
        let up = crate::clock::now().monotonic.0;
        let starved = own.starved().expect("every kernel of today has it");
        assert!(starved < Duration::from_micros(up.cast_unsigned()));
        assert!(own.major_faults() < 1_000_000);
    }
}
