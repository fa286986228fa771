//! The clocks, read in one place, so that everything else can be given a time.

use afterimage_format::tick::Instants;
use afterimage_format::time::{BootTime, MonotonicTime, WallTime};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::time::Duration;

/// Now, by the three clocks that a tick carries.
pub(crate) fn now() -> Instants {
    Instants {
        monotonic: MonotonicTime(micros(clock_gettime(ClockId::Monotonic))),
        boot: BootTime(micros(clock_gettime(ClockId::Boottime))),
        wall: WallTime(micros(clock_gettime(ClockId::Realtime))),
    }
}

/// CPU time that this process has used so far.
pub(crate) fn own_cpu() -> Duration {
    let micros = micros(clock_gettime(ClockId::ProcessCPUTime));
    Duration::from_micros(micros.max(0).cast_unsigned())
}

fn micros(time: Timespec) -> i64 {
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}
