//! The columns of what is machine-wide: CPUs, memory, devices, counters and limits.

use super::{Field, Kind};

group_fields! {
    /// Columns of [`super::Group::Machine`].
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
    /// Columns of [`super::Group::Cpu`]: up to `guest_nice` in clock ticks, in the order of
    /// `proc_stat(5)`; the others from `/sys/devices/system/cpu`.
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
        /// `cpufreq/scaling_cur_freq` in `/sys/devices/system/cpu`, in kHz.
        FrequencyKhz "frequency_khz" Gauge,
        /// `thermal_throttle/core_throttle_count` in `/sys/devices/system/cpu`.
        ThrottleCount "throttle_count" Counter,
    }
}

group_fields! {
    /// Columns of [`super::Group::Scheduler`]: `/proc/schedstat`, the last fields of a `cpu` line.
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
    /// The one column of the groups of named numbers: [`super::Group::Memory`], [`super::Group::Vmstat`],
    /// [`super::Group::Protocol`], [`super::Group::Limit`] and [`super::Group::Node`].
    LineField {
        /// The number of the line, in the kernel's own unit (kB or a count in `meminfo`).
        Value "value" Gauge,
    }
}

group_fields! {
    /// Columns of [`super::Group::Pressure`].
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
    /// Columns of [`super::Group::Disk`]: up to `flush_ms` in the order of `/proc/diskstats`
    /// (`iostats.rst`); the others from `/sys/block`.
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
        /// What the device calls itself in `/sys/class/block`: `dm/name`, `md/level` or
        /// `device/model`.
        Model "model" Text,
        /// The devices that a dm or md device stands on, comma separated: `slaves` of
        /// `/sys/class/block`; of a partition its disk.
        Parents "parents" Text,
    }
}

group_fields! {
    /// Columns of [`super::Group::Network`], in the order of `/proc/net/dev`.
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
    /// Columns of [`super::Group::Interrupt`].
    InterruptField {
        /// How often it came, on all CPUs together.
        Total "total" Counter,
        /// What `/proc/interrupts` says behind the numbers: the chip and the drivers.
        Description "description" Text,
    }
}
