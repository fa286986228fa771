//! The machine as a whole at one instant.

use super::{Cells, Columns, named};
use crate::capture::chunk::Chunk;
use crate::group::{
    CpuField, DiskField, Group, LineField, MachineField, NetworkField, PressureField,
    SchedulerField,
};
use crate::reading::{Missing, Reading};
use crate::units::{Bytes, Kilohertz, Ticks};
use std::sync::Arc;
use std::time::Duration;

/// The machine-wide files at one instant.
#[derive(Debug, Clone)]
pub struct Machine {
    /// `/proc/loadavg`: over 1, 5 and 15 minutes, in hundredths.
    pub load_hundredths: [Reading<u64>; 3],
    /// `/proc/loadavg`, before the slash: scheduling entities runnable.
    pub tasks_runnable: Reading<u64>,
    /// `/proc/loadavg`, after the slash: scheduling entities that exist.
    pub tasks_total: Reading<u64>,
    /// `/proc/uptime`, first number.
    pub uptime: Reading<Duration>,
    /// `ctxt` of `/proc/stat`.
    pub context_switches: Reading<u64>,
    /// `intr` of `/proc/stat`, its total.
    pub interrupts: Reading<u64>,
    /// `processes` of `/proc/stat`: forks since boot.
    pub forks: Reading<u64>,
    /// `procs_running` of `/proc/stat`.
    pub running: Reading<u64>,
    /// `procs_blocked` of `/proc/stat`: waiting for I/O.
    pub blocked: Reading<u64>,
    /// Processes seen in state D.
    pub uninterruptible: Reading<u64>,
    /// Processes that the recorder may not read in full.
    pub denied: Reading<u64>,
    /// `/proc/stat`, the `cpu` line: all CPUs together.
    pub cpu: Reading<CpuTimes>,
    /// `/proc/stat`, a line for each CPU: its name and its times.
    pub cpus: Vec<(Box<str>, CpuTimes)>,
    /// `/proc/schedstat`, a line for each CPU.
    pub scheduler: Vec<(Box<str>, SchedulerTimes)>,
    /// `/proc/meminfo`.
    pub memory: Lines,
    /// `/proc/vmstat`.
    pub vmstat: Lines,
    /// `/proc/pressure`: lines named `cpu some`, `io full`, ...
    pub pressure: Vec<(Box<str>, Pressure)>,
    /// `/proc/diskstats`.
    pub disks: Vec<(Box<str>, Disk)>,
    /// `/proc/net/dev`.
    pub networks: Vec<(Box<str>, Network)>,
}

impl Machine {
    /// A machine of which nothing was read.
    pub fn not_read() -> Self {
        Self::from_chunk(&Chunk::default(), 0)
    }

    pub(crate) fn from_chunk(chunk: &Chunk, tick: usize) -> Self {
        let columns = Columns::at(chunk, Group::Machine, tick);
        let machine = |field: MachineField| {
            columns.keys.first().ok_or(Missing::NotRead)?;
            columns.row(0).count(field.column())
        };
        let mut cpus = named(chunk, Group::Cpu, tick, CpuTimes::from_cells);
        let all = cpus.iter().position(|(name, _)| &**name == "cpu");
        let cpu = all.map(|all| cpus.remove(all).1).ok_or(Missing::NotRead);
        let hundredths = |count: u64| Duration::from_millis(count.saturating_mul(10));
        Self {
            load_hundredths: [
                MachineField::Load1,
                MachineField::Load5,
                MachineField::Load15,
            ]
            .map(machine),
            tasks_runnable: machine(MachineField::TasksRunnable),
            tasks_total: machine(MachineField::TasksTotal),
            uptime: machine(MachineField::Uptime).map(hundredths),
            context_switches: machine(MachineField::ContextSwitches),
            interrupts: machine(MachineField::Interrupts),
            forks: machine(MachineField::Forks),
            running: machine(MachineField::Running),
            blocked: machine(MachineField::Blocked),
            uninterruptible: machine(MachineField::ProcessesUninterruptible),
            denied: machine(MachineField::ProcessesDenied),
            cpu,
            cpus,
            scheduler: named(chunk, Group::Scheduler, tick, SchedulerTimes::from_cells),
            memory: Lines::from_chunk(chunk, Group::Memory, tick),
            vmstat: Lines::from_chunk(chunk, Group::Vmstat, tick),
            pressure: named(chunk, Group::Pressure, tick, Pressure::from_cells),
            disks: named(chunk, Group::Disk, tick, Disk::from_cells),
            networks: named(chunk, Group::Network, tick, Network::from_cells),
        }
    }

    /// One line of `/proc/pressure`, such as `memory full`.
    pub fn pressure_of(&self, line: &str) -> Reading<Pressure> {
        let found = self.pressure.iter().find(|(name, _)| &**name == line);
        found
            .map(|(_, pressure)| *pressure)
            .ok_or(Missing::NotSupported)
    }
}

/// CPU time by mode since boot, in clock ticks, as in `proc_stat(5)`; and how fast it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTimes {
    /// User mode, guests included.
    pub user: Reading<Ticks>,
    /// Niced user mode.
    pub nice: Reading<Ticks>,
    /// Kernel mode.
    pub system: Reading<Ticks>,
    /// Idle.
    pub idle: Reading<Ticks>,
    /// Idle with I/O outstanding.
    pub iowait: Reading<Ticks>,
    /// Interrupt handlers.
    pub irq: Reading<Ticks>,
    /// Soft interrupts.
    pub softirq: Reading<Ticks>,
    /// Taken by the hypervisor.
    pub steal: Reading<Ticks>,
    /// Running a guest (part of `user`).
    pub guest: Reading<Ticks>,
    /// Running a niced guest (part of `nice`).
    pub guest_nice: Reading<Ticks>,
    /// `cpufreq/scaling_cur_freq`.
    pub frequency: Reading<Kilohertz>,
    /// `thermal_throttle/core_throttle_count`: how often it was slowed down for its heat.
    pub throttle_count: Reading<u64>,
}

impl CpuTimes {
    fn from_cells(cells: &Cells<'_>) -> Self {
        let ticks = |field: CpuField| cells.count(field.column()).map(Ticks);
        Self {
            user: ticks(CpuField::User),
            nice: ticks(CpuField::Nice),
            system: ticks(CpuField::System),
            idle: ticks(CpuField::Idle),
            iowait: ticks(CpuField::Iowait),
            irq: ticks(CpuField::Irq),
            softirq: ticks(CpuField::Softirq),
            steal: ticks(CpuField::Steal),
            guest: ticks(CpuField::Guest),
            guest_nice: ticks(CpuField::GuestNice),
            frequency: cells.count(CpuField::FrequencyKhz.column()).map(Kilohertz),
            throttle_count: cells.count(CpuField::ThrottleCount.column()),
        }
    }
}

/// A CPU's line of `/proc/schedstat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchedulerTimes {
    /// Time tasks ran.
    pub run: Reading<Duration>,
    /// Time tasks waited to run.
    pub wait: Reading<Duration>,
    /// Timeslices run.
    pub slices: Reading<u64>,
}

impl SchedulerTimes {
    fn from_cells(cells: &Cells<'_>) -> Self {
        let micros = |field: SchedulerField| cells.count(field.column()).map(Duration::from_micros);
        Self {
            run: micros(SchedulerField::Run),
            wait: micros(SchedulerField::Wait),
            slices: cells.count(SchedulerField::Slices.column()),
        }
    }
}

/// One line of `meminfo`, `vmstat` or another group of named numbers: its name and its number.
pub type Line = (Box<str>, Reading<u64>);

/// A file of named numbers, by name.
#[derive(Debug, Clone, Default)]
pub struct Lines(pub Vec<Line>);

impl Lines {
    pub(super) fn from_chunk(chunk: &Chunk, group: Group, tick: usize) -> Self {
        let value = |cells: &Cells<'_>| cells.count(LineField::Value.column());
        Self(named(chunk, group, tick, value))
    }

    /// The number of a line, in the kernel's unit.
    pub fn number(&self, line: &str) -> Reading<u64> {
        let found = self.0.iter().find(|(name, _)| &**name == line);
        found.map_or(Err(Missing::NotSupported), |(_, number)| *number)
    }

    /// The number of a line of `meminfo` that ends in `kB`.
    pub fn bytes(&self, line: &str) -> Reading<Bytes> {
        self.number(line).map(Bytes::from_kib)
    }
}

/// One line of a file in `/proc/pressure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressure {
    /// Share of the last 10, 60 and 300 seconds, in hundredths of a percent.
    pub avg_hundredths: [Reading<u64>; 3],
    /// Time with tasks stalled, since boot.
    pub total: Reading<Duration>,
}

impl Pressure {
    fn from_cells(cells: &Cells<'_>) -> Self {
        let averages = [
            PressureField::Avg10,
            PressureField::Avg60,
            PressureField::Avg300,
        ];
        Self {
            avg_hundredths: averages.map(|field| cells.count(field.column())),
            total: cells
                .count(PressureField::Total.column())
                .map(Duration::from_micros),
        }
    }
}

/// A device's line of `/proc/diskstats`, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Its device number, major and minor.
    pub number: [Reading<u64>; 2],
    /// Reads completed and merged.
    pub reads: [Reading<u64>; 2],
    /// Bytes read.
    pub read: Reading<Bytes>,
    /// Time spent reading.
    pub read_time: Reading<Duration>,
    /// Writes completed and merged.
    pub writes: [Reading<u64>; 2],
    /// Bytes written.
    pub written: Reading<Bytes>,
    /// Time spent writing.
    pub write_time: Reading<Duration>,
    /// I/O in progress at that instant.
    pub in_flight: Reading<u64>,
    /// Time with I/O in progress.
    pub busy_time: Reading<Duration>,
    /// The same, weighted by the I/O in progress.
    pub weighted_time: Reading<Duration>,
    /// Discards completed and merged.
    pub discards: [Reading<u64>; 2],
    /// Bytes discarded.
    pub discarded: Reading<Bytes>,
    /// Time spent discarding.
    pub discard_time: Reading<Duration>,
    /// Flushes completed.
    pub flushes: Reading<u64>,
    /// Time spent flushing.
    pub flush_time: Reading<Duration>,
    /// What it calls itself.
    pub model: Reading<Arc<[u8]>>,
    /// The devices that it stands on, comma separated.
    pub parents: Reading<Arc<[u8]>>,
}

impl Disk {
    fn from_cells(cells: &Cells<'_>) -> Self {
        let count = |field: DiskField| cells.count(field.column());
        let sectors = |field: DiskField| count(field).map(Bytes::from_sectors);
        let millis = |field: DiskField| count(field).map(Duration::from_millis);
        Self {
            number: [DiskField::Major, DiskField::Minor].map(count),
            reads: [DiskField::Reads, DiskField::ReadsMerged].map(count),
            read: sectors(DiskField::SectorsRead),
            read_time: millis(DiskField::ReadTime),
            writes: [DiskField::Writes, DiskField::WritesMerged].map(count),
            written: sectors(DiskField::SectorsWritten),
            write_time: millis(DiskField::WriteTime),
            in_flight: count(DiskField::InFlight),
            busy_time: millis(DiskField::BusyTime),
            weighted_time: millis(DiskField::WeightedTime),
            discards: [DiskField::Discards, DiskField::DiscardsMerged].map(count),
            discarded: sectors(DiskField::SectorsDiscarded),
            discard_time: millis(DiskField::DiscardTime),
            flushes: count(DiskField::Flushes),
            flush_time: millis(DiskField::FlushTime),
            model: cells.text(DiskField::Model.column()),
            parents: cells.text(DiskField::Parents.column()),
        }
    }
}

/// An interface's line of `/proc/net/dev`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Bytes received.
    pub received: Reading<Bytes>,
    /// Packets received.
    pub received_packets: Reading<u64>,
    /// Receive errors and drops.
    pub receive_errors: [Reading<u64>; 2],
    /// Multicast frames received.
    pub received_multicast: Reading<u64>,
    /// Compressed packets received and sent.
    pub compressed: [Reading<u64>; 2],
    /// Bytes sent.
    pub sent: Reading<Bytes>,
    /// Packets sent.
    pub sent_packets: Reading<u64>,
    /// Send errors and drops.
    pub send_errors: [Reading<u64>; 2],
}

impl Network {
    fn from_cells(cells: &Cells<'_>) -> Self {
        let count = |field: NetworkField| cells.count(field.column());
        Self {
            received: count(NetworkField::ReceivedBytes).map(Bytes),
            received_packets: count(NetworkField::ReceivedPackets),
            receive_errors: [NetworkField::ReceiveErrors, NetworkField::ReceiveDropped].map(count),
            received_multicast: count(NetworkField::ReceiveMulticast),
            compressed: [
                NetworkField::ReceiveCompressed,
                NetworkField::SentCompressed,
            ]
            .map(count),
            sent: count(NetworkField::SentBytes).map(Bytes),
            sent_packets: count(NetworkField::SentPackets),
            send_errors: [NetworkField::SendErrors, NetworkField::SendDropped].map(count),
        }
    }
}
