//! The curves over time that a capture can be asked for.

use afterimage_format::time::WallTime;

/// One curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeriesId {
    /// First field of `/proc/loadavg`.
    LoadOne,
    /// Second field of `/proc/loadavg`.
    LoadFive,
    /// Third field of `/proc/loadavg`.
    LoadFifteen,
    /// `procs_running` of `/proc/stat`: tasks running and runnable.
    Runnable,
    /// `procs_blocked` of `/proc/stat`: tasks in uninterruptible wait (D).
    Blocked,
    /// `some` of `/proc/pressure/cpu`, percent of the time since the previous tick.
    PressureCpu,
    /// `some` of `/proc/pressure/io`, percent of the time since the previous tick.
    PressureIo,
    /// `some` of `/proc/pressure/memory`, percent of the time since the previous tick.
    PressureMemory,
}

impl SeriesId {
    /// Every curve there is.
    pub const ALL: [Self; 8] = [
        Self::Runnable,
        Self::Blocked,
        Self::LoadOne,
        Self::LoadFive,
        Self::LoadFifteen,
        Self::PressureCpu,
        Self::PressureIo,
        Self::PressureMemory,
    ];

    /// What the legend calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoadOne => "Load, 1 min",
            Self::LoadFive => "5 min",
            Self::LoadFifteen => "15 min",
            Self::Runnable => "Running + runnable",
            Self::Blocked => "Blocked (D)",
            Self::PressureCpu => "for CPU",
            Self::PressureIo => "for I/O",
            Self::PressureMemory => "for memory",
        }
    }

    /// What it means, for someone who has never seen it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::LoadOne => {
                "Load average over one minute: tasks running, runnable or blocked, damped. \
                 It lags behind what happens."
            }
            Self::LoadFive => "Load average over five minutes.",
            Self::LoadFifteen => "Load average over fifteen minutes.",
            Self::Runnable => {
                "Tasks on a CPU or ready for one. What exceeds the number of CPUs is waiting."
            }
            Self::Blocked => {
                "Tasks in uninterruptible wait, mostly for a disk or a network file system. \
                 They count into the load without using a CPU."
            }
            Self::PressureCpu => "Share of time in which at least one task waited for a CPU.",
            Self::PressureIo => "Share of time in which at least one task waited for I/O.",
            Self::PressureMemory => {
                "Share of time in which at least one task waited for memory: \
                 reclaim, swap-in, refaults."
            }
        }
    }
}

/// One piece of a curve: what the values in it reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// From this instant on.
    pub from: WallTime,
    /// Up to this one.
    pub to: WallTime,
    /// The lowest value.
    pub min: f64,
    /// The highest value.
    pub max: f64,
    /// The mean value.
    pub mean: f64,
}

/// One curve over a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesData {
    /// Which curve.
    pub id: SeriesId,
    /// Its pieces, in order; a hole between two means nothing was recorded there.
    pub buckets: Vec<Bucket>,
}
