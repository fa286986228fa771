//! The machine's curves: what is drawn over time, as numbers per tick.
//!
//! A series takes its value from one tick, or from what a counter did since the tick before.
//! The pyramid keeps the same series in coarser steps, so this list is part of the format:
//! new ones go to the end.

mod cells;
mod gauges;
mod reader;

pub use reader::SeriesReader;

/// One curve of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Series {
    /// Load average over 1 minute.
    Load1,
    /// Load average over 5 minutes.
    Load5,
    /// Load average over 15 minutes.
    Load15,
    /// Tasks running or runnable (`procs_running`).
    Running,
    /// Tasks waiting for I/O (`procs_blocked`).
    Blocked,
    /// Processes seen in state D.
    Uninterruptible,
    /// Processes and threads that exist.
    Tasks,
    /// CPU time in user mode, percent of all CPUs.
    CpuUser,
    /// CPU time in niced user mode, percent of all CPUs.
    CpuNice,
    /// CPU time in the kernel, percent of all CPUs.
    CpuSystem,
    /// Idle time, percent of all CPUs.
    CpuIdle,
    /// Idle with I/O outstanding, percent of all CPUs.
    CpuIowait,
    /// Interrupts and soft interrupts, percent of all CPUs.
    CpuInterrupts,
    /// Stolen by the hypervisor, percent of all CPUs.
    CpuSteal,
    /// Share of the time in which some task waited for a CPU, percent.
    PressureCpuSome,
    /// Share of the time in which some task waited for memory, percent.
    PressureMemorySome,
    /// Share of the time in which all tasks waited for memory, percent.
    PressureMemoryFull,
    /// Share of the time in which some task waited for I/O, percent.
    PressureIoSome,
    /// Share of the time in which all tasks waited for I/O, percent.
    PressureIoFull,
    /// `MemTotal`, in KiB.
    MemoryTotal,
    /// `MemFree`, in KiB.
    MemoryFree,
    /// `MemAvailable`, in KiB.
    MemoryAvailable,
    /// `Buffers`, in KiB.
    Buffers,
    /// `Cached` and `SReclaimable`, in KiB.
    Cached,
    /// `SwapTotal` less `SwapFree`, in KiB.
    SwapUsed,
    /// `Dirty`, in KiB.
    Dirty,
    /// Pages swapped in, a second.
    SwapIn,
    /// Pages swapped out, a second.
    SwapOut,
    /// KiB read from block devices, a second (`pgpgin`).
    PagedIn,
    /// KiB written to block devices, a second (`pgpgout`).
    PagedOut,
    /// Major faults, a second.
    MajorFaults,
    /// Kills by the OOM killer, a second.
    OomKills,
    /// Context switches, a second.
    ContextSwitches,
    /// Interrupts, a second.
    Interrupts,
    /// Forks, a second.
    Forks,
    /// Bytes received a second, all interfaces but `lo`.
    Received,
    /// Bytes sent a second, all interfaces but `lo`.
    Sent,
    /// Neither idle nor waiting for I/O, percent of all CPUs.
    CpuBusy,
    /// Soft interrupts, a second.
    Softirqs,
    /// Page faults, minor and major, a second.
    PageFaults,
    /// TCP connections that this host began, a second (`Tcp.ActiveOpens`).
    TcpOpenedOut,
    /// TCP connections that others began with it, a second (`Tcp.PassiveOpens`).
    TcpOpenedIn,
    /// TCP segments sent again, a second (`Tcp.RetransSegs`).
    TcpRetransmits,
    /// TCP connections that did not come about, a second (`Tcp.AttemptFails`).
    TcpFailed,
    /// Established TCP connections that were reset, a second (`Tcp.EstabResets`).
    TcpResets,
    /// TCP segments with RST sent, a second (`Tcp.OutRsts`).
    TcpResetsSent,
    /// Connections that found a full accept queue, a second (`TcpExt.ListenOverflows`).
    ListenOverflows,
    /// Connections that a listener dropped for any reason, a second (`TcpExt.ListenDrops`).
    ListenDrops,
    /// UDP datagrams received and not delivered, a second (`Udp.InErrors` and `Udp6InErrors`).
    UdpErrors,
    /// Packets with errors or dropped, received and sent, a second, all interfaces but `lo`.
    PacketsLost,
    /// TCP sockets in state ESTABLISHED.
    TcpEstablished,
    /// TCP sockets in state LISTEN.
    TcpListen,
    /// TCP sockets in state CLOSE-WAIT.
    TcpCloseWait,
    /// TCP sockets in state TIME-WAIT.
    TcpTimeWait,
    /// TCP sockets in state SYN-SENT.
    TcpSynSent,
    /// TCP sockets in state SYN-RECV.
    TcpSynReceived,
    /// TCP sockets in state FIN-WAIT-1 or FIN-WAIT-2.
    TcpFinWait,
    /// TCP sockets in state LAST-ACK or CLOSING.
    TcpClosing,
    /// Of the file system with the least room: space in use, percent of what users may have.
    FullestSpace,
    /// Of the file system with the fewest inodes left: inodes in use, percent.
    FullestInodes,
    /// Frequency of the CPUs, their mean, in MHz.
    CpuMegahertz,
    /// Throttle events of all CPUs, a second.
    CpuThrottles,
}

impl Series {
    /// How many series there are.
    pub const COUNT: usize = 62;

    /// Every series, in stored order.
    pub const ALL: [Self; Self::COUNT] = {
        use Series as S;
        [
            S::Load1,
            S::Load5,
            S::Load15,
            S::Running,
            S::Blocked,
            S::Uninterruptible,
            S::Tasks,
            S::CpuUser,
            S::CpuNice,
            S::CpuSystem,
            S::CpuIdle,
            S::CpuIowait,
            S::CpuInterrupts,
            S::CpuSteal,
            S::PressureCpuSome,
            S::PressureMemorySome,
            S::PressureMemoryFull,
            S::PressureIoSome,
            S::PressureIoFull,
            S::MemoryTotal,
            S::MemoryFree,
            S::MemoryAvailable,
            S::Buffers,
            S::Cached,
            S::SwapUsed,
            S::Dirty,
            S::SwapIn,
            S::SwapOut,
            S::PagedIn,
            S::PagedOut,
            S::MajorFaults,
            S::OomKills,
            S::ContextSwitches,
            S::Interrupts,
            S::Forks,
            S::Received,
            S::Sent,
            S::CpuBusy,
            S::Softirqs,
            S::PageFaults,
            S::TcpOpenedOut,
            S::TcpOpenedIn,
            S::TcpRetransmits,
            S::TcpFailed,
            S::TcpResets,
            S::TcpResetsSent,
            S::ListenOverflows,
            S::ListenDrops,
            S::UdpErrors,
            S::PacketsLost,
            S::TcpEstablished,
            S::TcpListen,
            S::TcpCloseWait,
            S::TcpTimeWait,
            S::TcpSynSent,
            S::TcpSynReceived,
            S::TcpFinWait,
            S::TcpClosing,
            S::FullestSpace,
            S::FullestInodes,
            S::CpuMegahertz,
            S::CpuThrottles,
        ]
    };

    /// Whether it is made of sockets or file systems, which are not stored with the machine: at
    /// single ticks it costs unpacking these.
    pub const fn is_of_the_rest(self) -> bool {
        use Series as S;
        matches!(
            self,
            S::TcpEstablished
                | S::TcpListen
                | S::TcpCloseWait
                | S::TcpTimeWait
                | S::TcpSynSent
                | S::TcpSynReceived
                | S::TcpFinWait
                | S::TcpClosing
                | S::FullestSpace
                | S::FullestInodes
        )
    }
}

/// The values of all series at one tick; absent where nothing was read, and at the first tick
/// after a gap for what needs two.
pub type SeriesValues = [Option<f64>; Series::COUNT];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_stands_at_its_own_place() {
        for (place, series) in Series::ALL.into_iter().enumerate() {
            assert_eq!(series as usize, place);
        }
    }
}
