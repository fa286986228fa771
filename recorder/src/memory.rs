//! Memory that was freed goes back to the host.
//!
//! Once a large block was freed, glibc takes blocks up to that size from a heap that can only
//! shrink from its end. A chunk is closed each minute, with tens of megabytes on a large host:
//! they would stay with the recorder, in pieces.

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
