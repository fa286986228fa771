//! CPU time and memory of this process, from the kernel.

use rustix::time::{ClockId, clock_gettime};
use std::fs::read_to_string;

/// CPU time of this thread, in milliseconds.
pub(crate) fn of_thread() -> f64 {
    // The kernel brings its count up to date when a thread gives way.
    std::thread::yield_now();
    run_time("/proc/thread-self/schedstat")
}

/// CPU time of all threads, those that have ended among them, in milliseconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "days of CPU time are not spent here"
)]
pub(crate) fn of_process() -> f64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}

fn run_time(path: &str) -> f64 {
    let text = read_to_string(path).unwrap_or_default();
    let nanos = text.split(' ').next().unwrap_or_default();
    nanos.parse::<f64>().map_or(0.0, |nanos| nanos / 1e6)
}

/// A line of `/proc/self/status`, in MiB: `VmHWM` is the most that was ever resident.
pub(crate) fn status_mib(line: &str) -> f64 {
    let text = read_to_string("/proc/self/status").expect("Linux");
    let found = text
        .lines()
        .find_map(|found| found.strip_prefix(line)?.strip_prefix(':'));
    let kib = found.and_then(|rest| rest.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.trim().parse::<f64>().ok())
        .map_or(f64::NAN, |kib| kib / 1024.0)
}

/// The value that so many percent are not above.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) * percent / 100]
}
