//! Memory that was freed goes back to the host, and what is used is not swapped out.
//!
//! Once a large block was freed, glibc takes blocks up to that size from a heap that can only
//! shrink from its end. A chunk is closed each minute, with tens of megabytes on a large host:
//! they would stay with the recorder, in pieces.
//!
//! A recorder whose pages were swapped out waits for the disk at the moment it records for. It
//! locks them, but only where that has no limit: under one, an allocation fails that would not
//! have failed otherwise.

use crate::standing::{Grant, is_capable};
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{Resource, getrlimit};
use rustix::thread::CapabilitySet;

/// Blocks of this size and more are mapped one by one, and unmapped when they are freed.
#[cfg(target_env = "gnu")]
const MAPPED_FROM: std::ffi::c_int = 256 << 10;

/// To be called once, before the recorder starts its threads.
#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "there is no safe wrapper for mallopt")]
pub(crate) fn return_freed_blocks() {
    // SAFETY: mallopt(3) takes two numbers and sets a parameter of the allocator under its lock.
    let set = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM) };
    debug_assert_eq!(
        set, 1,
        "the parameter and its value are as mallopt(3) has them"
    );
}

/// Other allocators give large blocks back by themselves.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn return_freed_blocks() {}

/// Keeps every page in memory once it was used, from now on. Pages that are not used stay out.
pub(crate) fn lock() -> Grant {
    let name = "memory-lock";
    let limit = getrlimit(Resource::Memlock).current;
    if limit.is_some() && !is_capable(CapabilitySet::IPC_LOCK) {
        let bytes = limit.unwrap_or_default();
        return Grant::denied(
            name,
            format!("not locked: no more than {bytes} bytes may be"),
        );
    }
    match mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT) {
        Ok(()) => Grant::given(name, "what was used once stays in memory".to_owned()),
        Err(errno) => Grant::denied(name, format!("not locked: {errno}")),
    }
}
