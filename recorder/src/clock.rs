//! The clocks, read in one place, so that everything else can be given a time.

use afterimage_format::tick::Instants;
use afterimage_format::time::{BootTime, MonotonicTime, WallTime};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::time::Duration;

/// Reading the clocks takes less than this, unless the recorder is stopped or loses its CPU
/// between them: then it would look as if one of them had been set.
const AT_ONCE: Duration = Duration::from_millis(1);
/// So often it is tried.
const TRIES: usize = 10;

/// Now, by the three clocks that a tick carries.
pub(crate) fn now() -> Instants {
    now_by(&mut |clock| micros(clock_gettime(clock)))
}

/// The first attempt in which no time passed between the clocks, else the quickest.
fn now_by(read: &mut dyn FnMut(ClockId) -> i64) -> Instants {
    let mut quickest: Option<(Duration, Instants)> = None;
    for _ in 0..TRIES {
        let monotonic = MonotonicTime(read(ClockId::Monotonic));
        let now = Instants {
            monotonic,
            boot: BootTime(read(ClockId::Boottime)),
            wall: WallTime(read(ClockId::Realtime)),
        };
        let after = MonotonicTime(read(ClockId::Monotonic));
        let took = after.since(monotonic).unwrap_or_default();
        if took <= AT_ONCE {
            return now;
        }
        if quickest.is_none_or(|(least, _)| took < least) {
            quickest = Some((took, now));
        }
    }
    quickest.expect("it was tried more than once").1
}

/// CPU time that this process has used so far.
pub(crate) fn own_cpu() -> Duration {
    let micros = micros(clock_gettime(ClockId::ProcessCPUTime));
    Duration::from_micros(micros.max(0).cast_unsigned())
}

/// CPU time that the calling thread has used so far.
pub(crate) fn own_thread_cpu() -> Duration {
    let micros = micros(clock_gettime(ClockId::ThreadCPUTime));
    Duration::from_micros(micros.max(0).cast_unsigned())
}

fn micros(time: Timespec) -> i64 {
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_between_two_clocks_sets_none_of_them() {
        let (mut time, mut reads) = (1_000_000, 0);
        let now = now_by(&mut |_| {
            reads += 1;
            // Five seconds pass before the second is read.
            time += if reads == 2 { 5_000_000 } else { 1 };
            time
        });
        assert_eq!(now.boot.0 - now.monotonic.0, 1);
        assert_eq!(now.wall.0 - now.boot.0, 1);
    }

    #[test]
    fn where_every_attempt_is_slow_the_quickest_counts() {
        let (mut time, mut reads) = (0, 0);
        let now = now_by(&mut |_| {
            reads += 1;
            time += if reads > 36 { 500 } else { 2_000 };
            time
        });
        assert_eq!(now.boot.0 - now.monotonic.0, 500);
    }
}
