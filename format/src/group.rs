//! What is sampled, as tables of numbers: the raw layer under the typed [`crate::sample`].
//!
//! Each kernel interface is a [`Group`]. Its rows are entities (a CPU, a disk, a line of
//! `/proc/meminfo`, a process), its columns are the fields below, in the kernel's own units.
//! The recorder fills these tables, a chunk stores how they changed, and a reader gets them
//! back cell by cell. A position in these lists is part of the format: new fields go to the
//! end of their group, together with a new format version.

/// How the values of a field behave, which decides how they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises, until whatever it counts is replaced.
    Counter,
    /// Moves both ways.
    Gauge,
    /// Bytes: stored once a chunk, the cell holds their number there.
    Text,
    /// The number of the tick at which a kernel file was last read: its values are as old as that.
    ReadAt,
}

/// One column of a group.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in the documentation and in raw output.
    pub name: &'static str,
    /// How its values behave.
    pub kind: Kind,
}

macro_rules! group_fields {
    ($(#[$about:meta])* $group:ident { $($(#[$doc:meta])* $variant:ident $name:literal $kind:ident,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $group { $($(#[$doc])* $variant,)* }

        impl $group {
            /// Every field, in stored order.
            pub const FIELDS: &'static [Field] =
                &[$(Field { name: $name, kind: Kind::$kind },)*];

            /// Its column.
            pub const fn column(self) -> usize {
                self as usize
            }
        }
    };
}

/// One kernel interface, or one kind of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Group {
    /// The machine as a whole: one row.
    Machine,
    /// `/proc/stat`, the `cpu` lines: one row a CPU, and `cpu` for their sum.
    Cpu,
    /// `/proc/schedstat`: one row a CPU.
    Scheduler,
    /// `/proc/meminfo`: one row a line.
    Memory,
    /// `/proc/vmstat`: one row a line.
    Vmstat,
    /// `/proc/pressure/*`: one row a line, named `cpu some`, `io full`, ...
    Pressure,
    /// `/proc/diskstats`: one row a device.
    Disk,
    /// `/proc/net/dev`: one row an interface.
    Network,
    /// `/proc/PID/*`: one row a process.
    Process,
}

impl Group {
    /// How many groups there are.
    pub const COUNT: usize = 9;

    /// Every group, in stored order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Machine,
        Self::Cpu,
        Self::Scheduler,
        Self::Memory,
        Self::Vmstat,
        Self::Pressure,
        Self::Disk,
        Self::Network,
        Self::Process,
    ];

    /// Its place in arrays with a slot for each group.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether it is left out first when memory is short: the machine's own rows stay.
    pub const fn is_detail(self) -> bool {
        matches!(self, Self::Process)
    }

    /// Its columns.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Machine => MachineField::FIELDS,
            Self::Cpu => CpuField::FIELDS,
            Self::Scheduler => SchedulerField::FIELDS,
            Self::Memory | Self::Vmstat => LineField::FIELDS,
            Self::Pressure => PressureField::FIELDS,
            Self::Disk => DiskField::FIELDS,
            Self::Network => NetworkField::FIELDS,
            Self::Process => ProcessField::FIELDS,
        }
    }
}

group_fields! {
    /// Columns of [`Group::Machine`].
    MachineField {
        /// First number of `/proc/loadavg`, in hundredths.
        Load1 "load1_hundredths" Gauge,
        /// Second number of `/proc/loadavg`, in hundredths.
        Load5 "load5_hundredths" Gauge,
        /// Third number of `/proc/loadavg`, in hundredths.
        Load15 "load15_hundredths" Gauge,
        /// `/proc/loadavg`, before the slash: scheduling entities that are runnable.
        TasksRunnable "tasks_runnable" Gauge,
        /// `/proc/loadavg`, after the slash: scheduling entities that exist.
        TasksTotal "tasks_total" Gauge,
        /// `/proc/loadavg`, last number: the pid given out most recently.
        LastPid "last_pid" Gauge,
        /// First number of `/proc/uptime`, in hundredths of a second.
        Uptime "uptime_centiseconds" Counter,
        /// Second number of `/proc/uptime`: idle time of all CPUs, in hundredths of a second.
        Idle "idle_centiseconds" Counter,
        /// `ctxt` of `/proc/stat`.
        ContextSwitches "context_switches" Counter,
        /// `intr` of `/proc/stat`, its total.
        Interrupts "interrupts" Counter,
        /// `softirq` of `/proc/stat`, its total.
        Softirqs "softirqs" Counter,
        /// `processes` of `/proc/stat`: forks and clones since boot.
        Forks "forks" Counter,
        /// `procs_running` of `/proc/stat`: tasks running or runnable.
        Running "procs_running" Gauge,
        /// `procs_blocked` of `/proc/stat`: tasks waiting for I/O.
        Blocked "procs_blocked" Gauge,
        /// Processes in `/proc`, kernel threads among them.
        Processes "processes" Gauge,
        /// Of these, in state R when they were looked at.
        ProcessesRunnable "processes_runnable" Gauge,
        /// Of these, in state D when they were looked at.
        ProcessesUninterruptible "processes_uninterruptible" Gauge,
        /// Of these, those whose `io` the recorder may not read.
        ProcessesDenied "processes_denied" Gauge,
    }
}

group_fields! {
    /// Columns of [`Group::Cpu`], in clock ticks, in the order of `proc_stat(5)`.
    CpuField {
        /// Normal processes in user mode, guests included.
        User "user" Counter,
        /// Niced processes in user mode, guests included.
        Nice "nice" Counter,
        /// Kernel mode.
        System "system" Counter,
        /// Idle with no I/O outstanding.
        Idle "idle" Counter,
        /// Idle with I/O outstanding.
        Iowait "iowait" Counter,
        /// Interrupt handlers.
        Irq "irq" Counter,
        /// Soft interrupts.
        Softirq "softirq" Counter,
        /// Taken by the hypervisor for others.
        Steal "steal" Counter,
        /// Running a guest (part of `user`).
        Guest "guest" Counter,
        /// Running a niced guest (part of `nice`).
        GuestNice "guest_nice" Counter,
    }
}

group_fields! {
    /// Columns of [`Group::Scheduler`]: `/proc/schedstat`, the last fields of a `cpu` line.
    SchedulerField {
        /// Time tasks ran on this CPU, in microseconds.
        Run "run_us" Counter,
        /// Time tasks waited to run on this CPU, in microseconds.
        Wait "wait_us" Counter,
        /// Timeslices run on this CPU.
        Slices "slices" Counter,
    }
}

group_fields! {
    /// The one column of [`Group::Memory`] and [`Group::Vmstat`].
    LineField {
        /// The number of the line, in the kernel's own unit (kB or a count in `meminfo`).
        Value "value" Gauge,
    }
}

group_fields! {
    /// Columns of [`Group::Pressure`].
    PressureField {
        /// `avg10`, in hundredths of a percent.
        Avg10 "avg10_hundredths" Gauge,
        /// `avg60`, in hundredths of a percent.
        Avg60 "avg60_hundredths" Gauge,
        /// `avg300`, in hundredths of a percent.
        Avg300 "avg300_hundredths" Gauge,
        /// `total`, in microseconds.
        Total "total_us" Counter,
    }
}

group_fields! {
    /// Columns of [`Group::Disk`], in the order of `/proc/diskstats` (`iostats.rst`).
    DiskField {
        /// Device number, major.
        Major "major" Gauge,
        /// Device number, minor.
        Minor "minor" Gauge,
        /// Reads completed.
        Reads "reads" Counter,
        /// Reads merged.
        ReadsMerged "reads_merged" Counter,
        /// Sectors of 512 bytes read.
        SectorsRead "sectors_read" Counter,
        /// Time spent reading, in ms.
        ReadTime "read_ms" Counter,
        /// Writes completed.
        Writes "writes" Counter,
        /// Writes merged.
        WritesMerged "writes_merged" Counter,
        /// Sectors of 512 bytes written.
        SectorsWritten "sectors_written" Counter,
        /// Time spent writing, in ms.
        WriteTime "write_ms" Counter,
        /// I/O in progress now.
        InFlight "in_flight" Gauge,
        /// Time with I/O in progress, in ms.
        BusyTime "busy_ms" Counter,
        /// The same, weighted by the I/O in progress.
        WeightedTime "weighted_ms" Counter,
        /// Discards completed (since Linux 4.18).
        Discards "discards" Counter,
        /// Discards merged.
        DiscardsMerged "discards_merged" Counter,
        /// Sectors discarded.
        SectorsDiscarded "sectors_discarded" Counter,
        /// Time spent discarding, in ms.
        DiscardTime "discard_ms" Counter,
        /// Flushes completed (since Linux 5.5).
        Flushes "flushes" Counter,
        /// Time spent flushing, in ms.
        FlushTime "flush_ms" Counter,
    }
}

group_fields! {
    /// Columns of [`Group::Network`], in the order of `/proc/net/dev`.
    NetworkField {
        /// Bytes received.
        ReceivedBytes "rx_bytes" Counter,
        /// Packets received.
        ReceivedPackets "rx_packets" Counter,
        /// Receive errors.
        ReceiveErrors "rx_errors" Counter,
        /// Packets dropped on receipt.
        ReceiveDropped "rx_dropped" Counter,
        /// Receive FIFO errors.
        ReceiveFifo "rx_fifo" Counter,
        /// Frame errors.
        ReceiveFrame "rx_frame" Counter,
        /// Compressed packets received.
        ReceiveCompressed "rx_compressed" Counter,
        /// Multicast frames received.
        ReceiveMulticast "rx_multicast" Counter,
        /// Bytes sent.
        SentBytes "tx_bytes" Counter,
        /// Packets sent.
        SentPackets "tx_packets" Counter,
        /// Send errors.
        SendErrors "tx_errors" Counter,
        /// Packets dropped on sending.
        SendDropped "tx_dropped" Counter,
        /// Send FIFO errors.
        SendFifo "tx_fifo" Counter,
        /// Collisions.
        Collisions "tx_collisions" Counter,
        /// Carrier losses.
        CarrierErrors "tx_carrier" Counter,
        /// Compressed packets sent.
        SentCompressed "tx_compressed" Counter,
    }
}

group_fields! {
    /// Columns of [`Group::Process`]; `stat` fields are named as in `proc_pid_stat(5)`.
    ProcessField {
        /// The tick at which `stat` was last read, but for ticks that read it of every process.
        StatReadAt "stat_read_at" ReadAt,
        /// The tick at which `io` was last read.
        IoReadAt "io_read_at" ReadAt,
        /// The tick at which `status` was last read.
        StatusReadAt "status_read_at" ReadAt,
        /// `schedstat`, first number, in microseconds: time on a CPU (of the leader thread).
        Run "run_us" Counter,
        /// `schedstat`, second number, in microseconds: time runnable and not running.
        Wait "wait_us" Counter,
        /// `schedstat`, third number: timeslices run.
        Slices "slices" Counter,
        /// `stat` field 3: the state letter, as its ASCII code.
        State "state" Gauge,
        /// `stat` field 4.
        Ppid "ppid" Gauge,
        /// `stat` field 5.
        Pgrp "pgrp" Gauge,
        /// `stat` field 6.
        Session "session" Gauge,
        /// `stat` field 7: the controlling terminal's device number.
        TtyNr "tty_nr" Gauge,
        /// `stat` field 8.
        Tpgid "tpgid" Gauge,
        /// `stat` field 9, bit `PF_KTHREAD`: 1 for a kernel thread.
        KernelThread "kernel_thread" Gauge,
        /// `stat` field 10.
        Minflt "minflt" Counter,
        /// `stat` field 11.
        Cminflt "cminflt" Counter,
        /// `stat` field 12.
        Majflt "majflt" Counter,
        /// `stat` field 13.
        Cmajflt "cmajflt" Counter,
        /// `stat` field 14, in clock ticks.
        Utime "utime" Counter,
        /// `stat` field 15, in clock ticks.
        Stime "stime" Counter,
        /// `stat` field 16, in clock ticks.
        Cutime "cutime" Counter,
        /// `stat` field 17, in clock ticks.
        Cstime "cstime" Counter,
        /// `stat` field 18.
        Priority "priority" Gauge,
        /// `stat` field 19.
        Nice "nice" Gauge,
        /// `stat` field 20.
        Threads "num_threads" Gauge,
        /// `stat` field 23, in bytes.
        Vsize "vsize" Gauge,
        /// `stat` field 24, in pages.
        Rss "rss_pages" Gauge,
        /// `stat` field 39.
        Processor "processor" Gauge,
        /// `stat` field 40.
        RtPriority "rt_priority" Gauge,
        /// `stat` field 41.
        Policy "policy" Gauge,
        /// `stat` field 42: waiting for block I/O, in clock ticks (needs delay accounting).
        BlkioDelay "delayacct_blkio_ticks" Counter,
        /// `stat` field 43, in clock ticks.
        GuestTime "guest_time" Counter,
        /// `stat` field 44, in clock ticks.
        CguestTime "cguest_time" Counter,
        /// `io`: bytes read by system calls.
        ReadChars "rchar" Counter,
        /// `io`: bytes written by system calls.
        WriteChars "wchar" Counter,
        /// `io`: read system calls.
        ReadCalls "syscr" Counter,
        /// `io`: write system calls.
        WriteCalls "syscw" Counter,
        /// `io`: bytes fetched from storage.
        ReadBytes "read_bytes" Counter,
        /// `io`: bytes sent to storage.
        WriteBytes "write_bytes" Counter,
        /// `io`: bytes whose write was cancelled by truncation.
        CancelledWriteBytes "cancelled_write_bytes" Counter,
        /// `status`, `Uid`: the real user.
        Uid "uid" Gauge,
        /// `status`, `Uid`: the effective user.
        Euid "euid" Gauge,
        /// `status`, `Gid`: the real group.
        Gid "gid" Gauge,
        /// `status`, `Gid`: the effective group.
        Egid "egid" Gauge,
        /// `status`, `VmHWM`, in kB: the largest resident set so far.
        PeakRss "vm_hwm_kib" Gauge,
        /// `status`, `RssAnon`, in kB.
        RssAnon "rss_anon_kib" Gauge,
        /// `status`, `RssFile`, in kB.
        RssFile "rss_file_kib" Gauge,
        /// `status`, `RssShmem`, in kB.
        RssShmem "rss_shmem_kib" Gauge,
        /// `status`, `VmSwap`, in kB.
        Swap "vm_swap_kib" Gauge,
        /// `status`, `voluntary_ctxt_switches` (of the leader thread).
        VoluntarySwitches "voluntary_ctxt_switches" Counter,
        /// `status`, `nonvoluntary_ctxt_switches` (of the leader thread).
        InvoluntarySwitches "nonvoluntary_ctxt_switches" Counter,
        /// `oom_score_adj`.
        OomScoreAdj "oom_score_adj" Gauge,
        /// Open descriptors: `st_size` of `/proc/PID/fd` (since Linux 6.2), else counted.
        Descriptors "fd_count" Gauge,
        /// `cmdline`: its full length in bytes, before it was cut.
        CommandLength "cmdline_bytes" Gauge,
        /// `comm`, or the name in `stat`.
        Comm "comm" Text,
        /// `cmdline`, redacted, arguments joined by a space.
        CommandLine "cmdline" Text,
        /// `cgroup`: the path in the unified hierarchy, else of the first one listed.
        Cgroup "cgroup" Text,
        /// `wchan` of a task in state D.
        Wchan "wchan" Text,
        /// The real user's name in `/etc/passwd`.
        User "user" Text,
        /// The real group's name in `/etc/group`.
        GroupName "group" Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_stands_at_its_own_index() {
        for (position, group) in Group::ALL.into_iter().enumerate() {
            assert_eq!(group.index(), position);
        }
    }

    #[test]
    fn every_column_fits_the_byte_that_stores_it() {
        for group in Group::ALL {
            assert!(u8::try_from(group.fields().len()).is_ok(), "{group:?}");
        }
        assert_eq!(
            ProcessField::FIELDS[ProcessField::Comm.column()].name,
            "comm"
        );
    }
}
