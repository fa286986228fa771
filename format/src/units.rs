//! Units the kernel reports in, as types.
//!
//! Readings enter as the kernel prints them (kibibytes, pages, clock ticks) and
//! leave as one of these types, so no other module multiplies by 1024 or by the
//! page size. Converting clock ticks to time needs the [`TickRate`] stored with
//! the capture: the machine that opens a capture need not be the one that
//! recorded it.

use std::num::NonZeroU64;
use std::time::Duration;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

impl Bytes {
    /// The kernel prints `kB` and means 1024 bytes; see `proc_meminfo(5)`.
    pub const fn from_kib(kib: u64) -> Self {
        Self(kib.saturating_mul(1024))
    }

    /// `rss` in `proc_pid_stat(5)` counts pages.
    pub const fn from_pages(pages: u64, page_size: Self) -> Self {
        Self(pages.saturating_mul(page_size.0))
    }

    /// `/proc/diskstats` counts 512-byte sectors whatever the device's own sector size is.
    pub const fn from_sectors(sectors: u64) -> Self {
        Self(sectors.saturating_mul(512))
    }

    /// The number of bytes, for arithmetic at the edge of the program.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whole kibibytes, as the tools people know print them.
    pub const fn kib(self) -> u64 {
        self.0 / 1024
    }
}

/// A frequency, as `cpufreq` in sysfs gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kilohertz(pub u64);

/// CPU time or uptime in clock ticks (`USER_HZ`), as in `proc_pid_stat(5)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(pub u64);

/// Clock ticks per second on the recorded machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickRate(pub NonZeroU64);

impl Ticks {
    /// How long this many ticks last.
    ///
    /// Whole seconds and the remainder are converted apart: a start time may be
    /// years of ticks, which a float cannot hold to the tick.
    pub fn to_duration(self, rate: TickRate) -> Duration {
        let hz = rate.0.get();
        // Wide enough for any rate that a file may claim; less than a second in any case.
        let nanos = u128::from(self.0 % hz) * 1_000_000_000 / u128::from(hz);
        let leftover = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        Duration::from_secs(self.0 / hz).saturating_add(leftover)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_time_keeps_every_tick_after_years_of_uptime() {
        let rate = TickRate(NonZeroU64::new(100).unwrap());
        let nearly_five_years = Ticks(15_768_000_001);
        let expected = Duration::from_millis(157_680_000_010);
        assert_eq!(nearly_five_years.to_duration(rate), expected);
    }

    #[test]
    fn kernel_kb_means_1024_bytes() {
        assert_eq!(Bytes::from_kib(3).get(), 3072);
    }

    #[test]
    fn a_sector_is_512_bytes_on_every_disk() {
        assert_eq!(Bytes::from_sectors(8), Bytes(4096));
    }
}
