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
    /// Processes whose snapshot says state D, whatever they wait for.
    Uninterruptible,
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
    /// `intr` of `/proc/stat`.
    Interrupts,
    /// `softirq` of `/proc/stat`.
    Softirqs,
    /// `pgfault` of `/proc/vmstat`: minor and major.
    PageFaults,
    /// `ActiveOpens` of `/proc/net/snmp`, Tcp: connections that this host began.
    TcpOpenedOut,
    /// `PassiveOpens` of `/proc/net/snmp`, Tcp: connections that others began.
    TcpOpenedIn,
    /// `RetransSegs` of `/proc/net/snmp`, Tcp.
    TcpRetransmits,
    /// `AttemptFails` of `/proc/net/snmp`, Tcp.
    TcpFailed,
    /// `EstabResets` of `/proc/net/snmp`, Tcp.
    TcpResets,
    /// `OutRsts` of `/proc/net/snmp`, Tcp.
    TcpResetsSent,
    /// `ListenOverflows` of `/proc/net/netstat`, `TcpExt`.
    ListenOverflows,
    /// `ListenDrops` of `/proc/net/netstat`, `TcpExt`.
    ListenDrops,
    /// `InErrors` of `/proc/net/snmp`, Udp, and `Udp6InErrors` of `/proc/net/snmp6`.
    UdpErrors,
    /// Errors and drops of `/proc/net/dev`, all interfaces but `lo`.
    PacketsLost,
    /// Sockets in state ESTABLISHED, by `sock_diag`.
    TcpEstablished,
    /// Sockets in state LISTEN, by `sock_diag`.
    TcpListen,
    /// Sockets in state TIME-WAIT, by `sock_diag`.
    TcpTimeWait,
    /// Sockets in state CLOSE-WAIT, by `sock_diag`.
    TcpCloseWait,
    /// Sockets in state SYN-SENT, by `sock_diag`.
    TcpSynSent,
    /// Sockets in state SYN-RECV, by `sock_diag`.
    TcpSynReceived,
    /// Sockets in state FIN-WAIT-1 or FIN-WAIT-2, by `sock_diag`.
    TcpFinWait,
    /// Sockets in state LAST-ACK or CLOSING, by `sock_diag`.
    TcpClosing,
    /// `statvfs` of the file system with the least room: space in use.
    FullestSpace,
    /// `statvfs` of the file system with the fewest inodes left: inodes in use.
    FullestInodes,
    /// `cpufreq/scaling_cur_freq` of each CPU: their mean.
    CpuMegahertz,
    /// `thermal_throttle/core_throttle_count` of each CPU.
    CpuThrottles,
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
    /// A number of things.
    Count,
    /// A frequency, in MHz.
    Megahertz,
}

impl SeriesId {
    /// Every curve there is.
    pub const ALL: [Self; 59] = [
        Self::LoadOne,
        Self::LoadFive,
        Self::LoadFifteen,
        Self::Runnable,
        Self::Blocked,
        Self::Uninterruptible,
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
        Self::Interrupts,
        Self::Softirqs,
        Self::PageFaults,
        Self::TcpOpenedOut,
        Self::TcpOpenedIn,
        Self::TcpRetransmits,
        Self::TcpFailed,
        Self::TcpResets,
        Self::TcpResetsSent,
        Self::ListenOverflows,
        Self::ListenDrops,
        Self::UdpErrors,
        Self::PacketsLost,
        Self::TcpEstablished,
        Self::TcpListen,
        Self::TcpTimeWait,
        Self::TcpCloseWait,
        Self::TcpSynSent,
        Self::TcpSynReceived,
        Self::TcpFinWait,
        Self::TcpClosing,
        Self::FullestSpace,
        Self::FullestInodes,
        Self::CpuMegahertz,
        Self::CpuThrottles,
    ];

    /// What the legend calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoadOne => "Load, 1 min",
            Self::LoadFive => "5 min",
            Self::LoadFifteen => "15 min",
            Self::Runnable => "Running + runnable",
            Self::Blocked => "Blocked (D)",
            Self::Uninterruptible => "processes in D",
            Self::PressureCpu => "for CPU",
            Self::PressureIo => "for I/O",
            Self::PressureIoFull => "all for I/O",
            Self::PressureMemory => "for memory",
            Self::PressureMemoryFull => "all for memory",
            Self::CpuIowait => "iowait",
            Self::CpuUser => "user",
            Self::CpuNice => "nice",
            Self::CpuSystem => "system",
            Self::CpuInterrupts | Self::Interrupts => "interrupts",
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
            Self::Softirqs => "soft interrupts",
            Self::PageFaults => "page faults",
            Self::TcpOpenedOut => "begun here",
            Self::TcpOpenedIn => "accepted",
            Self::TcpRetransmits => "sent again",
            Self::TcpFailed => "failed to open",
            Self::TcpResets => "reset",
            Self::TcpResetsSent => "RST sent",
            Self::ListenOverflows => "accept queue full",
            Self::ListenDrops => "dropped by listeners",
            Self::UdpErrors => "UDP lost",
            Self::PacketsLost => "packets lost",
            Self::TcpEstablished => "ESTABLISHED",
            Self::TcpListen => "LISTEN",
            Self::TcpTimeWait => "TIME-WAIT",
            Self::TcpCloseWait => "CLOSE-WAIT",
            Self::TcpSynSent => "SYN-SENT",
            Self::TcpSynReceived => "SYN-RECV",
            Self::TcpFinWait => "FIN-WAIT",
            Self::TcpClosing => "LAST-ACK",
            Self::FullestSpace => "space",
            Self::FullestInodes => "inodes",
            Self::CpuMegahertz => "mean of the CPUs",
            Self::CpuThrottles => "throttled",
        }
    }

    /// What its values are.
    pub const fn unit(self) -> Unit {
        match self {
            Self::LoadOne
            | Self::LoadFive
            | Self::LoadFifteen
            | Self::Runnable
            | Self::Blocked
            | Self::Uninterruptible => Unit::Tasks,
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
            | Self::CpuBusy
            | Self::FullestSpace
            | Self::FullestInodes => Unit::Percent,
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
            Self::MajorFaults
            | Self::ContextSwitches
            | Self::Forks
            | Self::Interrupts
            | Self::Softirqs
            | Self::PageFaults
            | Self::TcpOpenedOut
            | Self::TcpOpenedIn
            | Self::TcpRetransmits
            | Self::TcpFailed
            | Self::TcpResets
            | Self::TcpResetsSent
            | Self::ListenOverflows
            | Self::ListenDrops
            | Self::UdpErrors
            | Self::PacketsLost
            | Self::CpuThrottles => Unit::PerSecond,
            Self::TcpEstablished
            | Self::TcpListen
            | Self::TcpTimeWait
            | Self::TcpCloseWait
            | Self::TcpSynSent
            | Self::TcpSynReceived
            | Self::TcpFinWait
            | Self::TcpClosing => Unit::Count,
            Self::CpuMegahertz => Unit::Megahertz,
        }
    }
}

impl SeriesId {
    /// Whether it is made of sockets or file systems: a capture keeps these apart from the machine
    /// and its processes, so a snapshot has its value only when it is asked for.
    pub const fn is_of_the_rest(self) -> bool {
        matches!(self.unit(), Unit::Count)
            || matches!(self, Self::FullestSpace | Self::FullestInodes)
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
