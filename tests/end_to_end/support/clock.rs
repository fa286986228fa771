//! The monotonic clock, and waiting for something with a deadline.

use rustix::time::{ClockId, clock_gettime};
use std::thread;
use std::time::Duration;

/// Nothing that a test waits for takes this long, even where two cores do the work of twenty.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// How often a wait looks again.
const LOOK: Duration = Duration::from_millis(10);

/// The time since boot without suspends: the clock that samples carry as `monotonic`.
pub(crate) fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::try_from(now).expect("the monotonic clock is never before boot")
}

/// Waits until `look` gives something; panics with `what` when it does not in time.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = monotonic() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(monotonic() < end, "waited {DEADLINE:?} in vain for {what}");
        thread::sleep(LOOK);
    }
}
