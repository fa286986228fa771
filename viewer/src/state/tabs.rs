//! The tabs of the lower half: which page of the moment at the cursor is shown.

/// One page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// The process table, and the page of the process that is followed.
    #[default]
    Processes,
    /// What each CPU did.
    Cpu,
    /// What memory is used for, and paging.
    Memory,
    /// What each block device did.
    Disks,
    /// What each interface did.
    Network,
    /// Sockets: who is connected to whom, and what is wrong there.
    Sockets,
    /// Who waits for what.
    Waits,
    /// How long tasks were stalled.
    Pressure,
    /// The kernel log.
    Log,
    /// What the load is made of.
    Load,
    /// The thread dumps.
    Threads,
}

impl Tab {
    /// Every page, in the order of the tabs and of the keys 1 to 9, M and H.
    pub const ALL: [Self; 11] = [
        Self::Processes,
        Self::Cpu,
        Self::Memory,
        Self::Disks,
        Self::Network,
        Self::Sockets,
        Self::Waits,
        Self::Pressure,
        Self::Log,
        Self::Load,
        Self::Threads,
    ];

    /// What stands on the tab.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Processes => "Processes",
            Self::Cpu => "CPU",
            Self::Memory => "Memory",
            Self::Disks => "Disks",
            Self::Network => "Network",
            Self::Sockets => "Sockets",
            Self::Waits => "Waits",
            Self::Pressure => "Pressure",
            Self::Log => "Kernel log",
            Self::Load => "Load",
            Self::Threads => "Threads",
        }
    }

    /// What is to be seen there.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Processes => "Every process at the cursor",
            Self::Cpu => "What each CPU did, as mpstat; interrupts, speeds, NUMA nodes",
            Self::Memory => "What memory is used for, swap and paging, as free and vmstat",
            Self::Disks => "What each disk did, as iostat -x; file systems and file locks",
            Self::Network => "What each interface did, as sar -n DEV; what went wrong, and limits",
            Self::Sockets => "Connections, listen queues, and what nobody closed, as ss",
            Self::Waits => "Who waits for what, in words: blocked threads and starved ones",
            Self::Pressure => "How much of the time something waited for CPU, memory or I/O",
            Self::Log => "Every line of the kernel log, beside the cursor",
            Self::Load => "Which tasks make up the load, and how far that agrees with the kernel",
            Self::Threads => {
                "Thread dumps: who blocks whom inside a program, and what each thread did"
            }
        }
    }

    /// How it is called on the command line.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Disks => "disks",
            Self::Network => "network",
            Self::Sockets => "sockets",
            Self::Waits => "waits",
            Self::Pressure => "pressure",
            Self::Log => "log",
            Self::Load => "load",
            Self::Threads => "threads",
        }
    }
}
