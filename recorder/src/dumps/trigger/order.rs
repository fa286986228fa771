//! Which condition tells more than another.

use crate::dumps::job::Reason;

/// The condition of the host, which says nothing of the process itself.
pub(super) const PRESSURE: &str = "pressure";

/// What is wrong with a process, what tells most first.
const ORDER: [&str; 7] = [
    "requests-pile-up",
    "lock-contention",
    "thread-hogs-core",
    "cpu-saturated",
    "thread-growth",
    "safepoint-time",
    PRESSURE,
];

/// Whether one tells more than another.
pub(super) fn tells_more(one: &Reason, other: &Reason) -> bool {
    let place = |reason: &Reason| ORDER.iter().position(|name| *name == reason.trigger);
    place(one)
        .zip(place(other))
        .is_some_and(|(one, other)| one < other)
}
