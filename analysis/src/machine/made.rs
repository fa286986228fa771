//! Machines made by hand, for tests.

use crate::rate::Elapsed;
use afterimage_format::reading::Missing;
use afterimage_format::sample::{Disk, Lines, Machine, Sample, Task};
use afterimage_format::tick::{Instants, Shed, TickTimes};
use afterimage_format::time::{BootTime, MonotonicTime, Seq, WallTime};
use afterimage_format::units::Bytes;
use std::time::Duration;

/// A step between two samples.
pub(crate) const TWO_SECONDS: Elapsed = Elapsed {
    seconds: 2.0,
    ticks: 2,
    idle_left_out: false,
};

/// A machine of which nothing was read.
pub(crate) fn nothing() -> Machine {
    Machine::not_read()
}

/// Lines of `meminfo` or `vmstat`.
pub(crate) fn lines(all: &[(&str, u64)]) -> Lines {
    let line = |(name, number): &(&str, u64)| ((*name).into(), Ok(*number));
    Lines(all.iter().map(line).collect())
}

/// Two machines as the samples before and after [`TWO_SECONDS`].
pub(crate) fn at(before: Machine, now: Machine) -> (Sample, Sample) {
    (sample(before, 1), sample(now, 3))
}

fn sample(machine: Machine, seconds: u64) -> Sample {
    let micros = i64::try_from(seconds * 1_000_000).unwrap();
    let instants = Instants {
        monotonic: MonotonicTime(micros),
        boot: BootTime(micros),
        wall: WallTime(micros),
    };
    let times = TickTimes {
        seq: Seq(seconds),
        planned: MonotonicTime(micros),
        began: instants,
        ended: instants,
        recorder_cpu: Duration::ZERO,
        shed: Shed::NONE,
        full_sweep: true,
    };
    Sample::of(times, machine, vec![])
}

/// A moment of which only the threads are known, so many seconds after boot.
pub(crate) fn sample_of_tasks(tasks: Vec<Task>, seconds: u64) -> Sample {
    Sample {
        tasks: Ok(tasks),
        ..sample(nothing(), seconds)
    }
}

/// A disk that has done so many times 100 reads of 4 KiB in 200 ms and 300 writes of 8 KiB in
/// 900 ms.
pub(crate) fn disk(times: u64) -> Disk {
    let millis = |millis: u64| Ok(Duration::from_millis(millis * times));
    Disk {
        number: [Ok(8), Ok(0)],
        reads: [Ok(100 * times), Ok(0)],
        read: Ok(Bytes::from_kib(400 * times)),
        read_time: millis(200),
        writes: [Ok(300 * times), Ok(0)],
        written: Ok(Bytes::from_kib(2400 * times)),
        write_time: millis(900),
        in_flight: Ok(0),
        busy_time: millis(500),
        weighted_time: millis(1100),
        discards: [Ok(0); 2],
        discarded: Ok(Bytes(0)),
        discard_time: millis(0),
        flushes: Ok(0),
        flush_time: millis(0),
        model: Err(Missing::NotRead),
        parents: Err(Missing::NotRead),
    }
}
