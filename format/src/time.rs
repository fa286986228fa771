//! The clocks that meet in one file, and how one is had from another.
//!
//! A capture orders everything by its tick number ([`Seq`]) and by the time since boot
//! ([`BootTime`], which goes on through a suspend). What people read is the wall clock
//! ([`WallTime`]), which may step; each tick keeps its own, so a step never moves the past.

use std::time::Duration;

/// The number of a tick in its capture: rises by one with each tick that was recorded, over
/// all runs and boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

/// Microseconds of `CLOCK_BOOTTIME`: since boot, suspended time included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootTime(pub i64);

/// Microseconds of `CLOCK_MONOTONIC`: since boot, suspended time left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonotonicTime(pub i64);

/// Microseconds of `CLOCK_REALTIME` since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(pub i64);

macro_rules! instants {
    ($($name:ident),*) => {$(
        impl $name {
            /// How long after `earlier` this is; `None` when it is before it.
            pub fn since(self, earlier: Self) -> Option<Duration> {
                let micros = self.0.checked_sub(earlier.0)?;
                u64::try_from(micros).ok().map(Duration::from_micros)
            }

            /// This instant moved later, staying within what the type can hold.
            #[must_use]
            pub fn plus(self, by: Duration) -> Self {
                Self(self.0.saturating_add(micros(by)))
            }

            /// This instant moved earlier, staying within what the type can hold.
            #[must_use]
            pub fn minus(self, by: Duration) -> Self {
                Self(self.0.saturating_sub(micros(by)))
            }
        }
    )*};
}
instants!(BootTime, MonotonicTime, WallTime);

impl WallTime {
    /// The first and the last microsecond that people can write: the years 1 to 9999.
    const ENDS: [i64; 2] = [-62_135_596_800_000_000, 253_402_300_799_999_999];

    /// An instant as a file has it, kept within the years 1 to 9999: a damaged or invented one
    /// would leave no room to calculate with.
    pub fn from_file(micros: i64) -> Self {
        let [first, last] = Self::ENDS;
        Self(micros.clamp(first, last))
    }
}

/// A duration in whole microseconds, as captures store it.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_instant_is_not_a_duration_ago() {
        let (early, late) = (WallTime(1_000), WallTime(3_500));
        assert_eq!(late.since(early), Some(Duration::from_micros(2_500)));
        assert_eq!(early.since(late), None);
    }

    #[test]
    fn moving_stays_within_the_type() {
        assert_eq!(BootTime(i64::MAX).plus(Duration::from_secs(1)).0, i64::MAX);
        assert_eq!(
            BootTime(5_000_000).minus(Duration::from_secs(1)).0,
            4_000_000
        );
    }
}
