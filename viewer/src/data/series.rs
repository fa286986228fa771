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
    /// `full` of `/proc/pressure/io`, percent of the time since the previous tick.
    PressureIoFull,
    /// `some` of `/proc/pressure/memory`, percent of the time since the previous tick.
    PressureMemory,
    /// `full` of `/proc/pressure/memory`, percent of the time since the previous tick.
    PressureMemoryFull,
    /// `iowait` of `/proc/stat`, percent of all CPUs.
    CpuIowait,
    /// `user` of `/proc/stat`, percent of all CPUs.
    CpuUser,
    /// `nice` of `/proc/stat`, percent of all CPUs.
    CpuNice,
    /// `system` of `/proc/stat`, percent of all CPUs.
    CpuSystem,
    /// `irq` and `softirq` of `/proc/stat`, percent of all CPUs.
    CpuInterrupts,
    /// `steal` of `/proc/stat`, percent of all CPUs.
    CpuSteal,
    /// Neither idle nor waiting for I/O, percent of all CPUs.
    CpuBusy,
    /// `MemTotal` less `MemFree`, `Buffers`, `Cached` and `SReclaimable`.
    MemoryUsed,
    /// `Buffers`, `Cached` and `SReclaimable`.
    MemoryCache,
    /// `MemFree`.
    MemoryFree,
    /// `MemAvailable`.
    MemoryAvailable,
    /// `MemTotal`.
    MemoryTotal,
    /// `Dirty`.
    Dirty,
    /// `SwapTotal` less `SwapFree`.
    SwapUsed,
    /// `pswpin` of `/proc/vmstat`.
    SwapIn,
    /// `pswpout` of `/proc/vmstat`.
    SwapOut,
    /// `pgmajfault` of `/proc/vmstat`.
    MajorFaults,
    /// `pgpgin` of `/proc/vmstat`: read from block devices.
    DiskRead,
    /// `pgpgout` of `/proc/vmstat`: written to block devices.
    DiskWritten,
    /// Bytes received, all interfaces but `lo`.
    Received,
    /// Bytes sent, all interfaces but `lo`.
    Sent,
    /// `ctxt` of `/proc/stat`.
    ContextSwitches,
    /// `processes` of `/proc/stat`.
    Forks,
}

/// What the values of a curve are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of tasks.
    Tasks,
    /// A share, 100 is all.
    Percent,
    /// An amount of memory.
    Bytes,
    /// An amount of data each second.
    BytesPerSecond,
    /// A number of things each second.
    PerSecond,
}

impl SeriesId {
    /// Every curve there is.
    pub const ALL: [Self; 33] = [
        Self::LoadOne,
        Self::LoadFive,
        Self::LoadFifteen,
        Self::Runnable,
        Self::Blocked,
        Self::PressureCpu,
        Self::PressureIo,
        Self::PressureIoFull,
        Self::PressureMemory,
        Self::PressureMemoryFull,
        Self::CpuIowait,
        Self::CpuUser,
        Self::CpuNice,
        Self::CpuSystem,
        Self::CpuInterrupts,
        Self::CpuSteal,
        Self::CpuBusy,
        Self::MemoryUsed,
        Self::MemoryCache,
        Self::MemoryFree,
        Self::MemoryAvailable,
        Self::MemoryTotal,
        Self::Dirty,
        Self::SwapUsed,
        Self::SwapIn,
        Self::SwapOut,
        Self::MajorFaults,
        Self::DiskRead,
        Self::DiskWritten,
        Self::Received,
        Self::Sent,
        Self::ContextSwitches,
        Self::Forks,
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
            Self::PressureIoFull => "all for I/O",
            Self::PressureMemory => "for memory",
            Self::PressureMemoryFull => "all for memory",
            Self::CpuIowait => "iowait",
            Self::CpuUser => "user",
            Self::CpuNice => "nice",
            Self::CpuSystem => "system",
            Self::CpuInterrupts => "interrupts",
            Self::CpuSteal => "stolen",
            Self::CpuBusy => "busy",
            Self::MemoryUsed => "used",
            Self::MemoryCache => "buff/cache",
            Self::MemoryFree => "free",
            Self::MemoryAvailable => "available",
            Self::MemoryTotal => "total",
            Self::Dirty => "dirty",
            Self::SwapUsed => "swap used",
            Self::SwapIn => "swapped in",
            Self::SwapOut => "swapped out",
            Self::MajorFaults => "major faults",
            Self::DiskRead => "read",
            Self::DiskWritten => "written",
            Self::Received => "received",
            Self::Sent => "sent",
            Self::ContextSwitches => "context switches",
            Self::Forks => "forks",
        }
    }

    /// What its values are.
    pub const fn unit(self) -> Unit {
        match self {
            Self::LoadOne | Self::LoadFive | Self::LoadFifteen | Self::Runnable | Self::Blocked => {
                Unit::Tasks
            }
            Self::PressureCpu
            | Self::PressureIo
            | Self::PressureIoFull
            | Self::PressureMemory
            | Self::PressureMemoryFull
            | Self::CpuIowait
            | Self::CpuUser
            | Self::CpuNice
            | Self::CpuSystem
            | Self::CpuInterrupts
            | Self::CpuSteal
            | Self::CpuBusy => Unit::Percent,
            Self::MemoryUsed
            | Self::MemoryCache
            | Self::MemoryFree
            | Self::MemoryAvailable
            | Self::MemoryTotal
            | Self::Dirty
            | Self::SwapUsed => Unit::Bytes,
            Self::SwapIn
            | Self::SwapOut
            | Self::DiskRead
            | Self::DiskWritten
            | Self::Received
            | Self::Sent => Unit::BytesPerSecond,
            Self::MajorFaults | Self::ContextSwitches | Self::Forks => Unit::PerSecond,
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
