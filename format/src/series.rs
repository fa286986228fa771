//! The machine's curves: what is drawn over time, as numbers per tick.
//!
//! A series takes its value from one tick, or from what a counter did since the tick before.
//! The pyramid keeps the same series in coarser steps, so this list is part of the format:
//! new ones go to the end.

use crate::capture::chunk::Chunk;
use crate::counter::{change, total};
use crate::group::{CpuField, Group, LineField, MachineField, NetworkField, PressureField};
use crate::tick::Key;

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
}

impl Series {
    /// How many series there are.
    pub const COUNT: usize = 38;

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
        ]
    };
}

/// The values of all series at one tick; absent where nothing was read, and at the first tick
/// after a gap for what needs two.
pub type SeriesValues = [Option<f64>; Series::COUNT];

/// Computes the series of one tick after another.
#[derive(Debug, Clone, Default)]
pub struct SeriesReader {
    before: Option<Counters>,
}

/// The counters of one tick that rates are made of.
#[derive(Debug, Clone)]
struct Counters {
    seconds: f64,
    cpu: [Option<u64>; 8],
    pressure: [Option<u64>; 5],
    vmstat: [Option<u64>; 6],
    machine: [Option<u64>; 3],
    network: [Option<u64>; 2],
}

const PRESSURE: [&str; 5] = [
    "cpu some",
    "memory some",
    "memory full",
    "io some",
    "io full",
];
const VMSTAT: [&str; 6] = [
    "pswpin",
    "pswpout",
    "pgpgin",
    "pgpgout",
    "pgmajfault",
    "oom_kill",
];
const CPU: [CpuField; 8] = [
    CpuField::User,
    CpuField::Nice,
    CpuField::System,
    CpuField::Idle,
    CpuField::Iowait,
    CpuField::Irq,
    CpuField::Softirq,
    CpuField::Steal,
];
const MACHINE: [MachineField; 3] = [
    MachineField::ContextSwitches,
    MachineField::Interrupts,
    MachineField::Forks,
];

impl SeriesReader {
    /// Forgets the tick before: the next one follows a gap.
    pub fn restart(&mut self) {
        self.before = None;
    }

    /// The series at one tick of a chunk. Ticks are given in order.
    pub fn read(&mut self, chunk: &Chunk, tick: usize) -> SeriesValues {
        let mut values = [None; Series::COUNT];
        gauges(&mut values, chunk, tick);
        let now = Counters::read(chunk, tick);
        if let Some(before) = &self.before {
            rates(&mut values, before, &now);
        }
        self.before = Some(now);
        values
    }
}

fn gauges(values: &mut SeriesValues, chunk: &Chunk, tick: usize) {
    let machine = |field: MachineField| {
        let (row, _) = chunk.rows_at(Group::Machine, tick).next()?;
        number(chunk, Group::Machine, row, field.column(), tick)
    };
    let hundredths = |field| machine(field).map(|count| count as f64 / 100.0);
    let count = |field| machine(field).map(|count| count as f64);
    let mut set = |series: Series, value| values[series as usize] = value;
    set(Series::Load1, hundredths(MachineField::Load1));
    set(Series::Load5, hundredths(MachineField::Load5));
    set(Series::Load15, hundredths(MachineField::Load15));
    set(Series::Running, count(MachineField::Running));
    set(Series::Blocked, count(MachineField::Blocked));
    set(
        Series::Uninterruptible,
        count(MachineField::ProcessesUninterruptible),
    );
    set(Series::Tasks, count(MachineField::TasksTotal));
    let kib = |name| line(chunk, Group::Memory, name, tick).map(|count| count as f64);
    set(Series::MemoryTotal, kib("MemTotal"));
    set(Series::MemoryFree, kib("MemFree"));
    set(Series::MemoryAvailable, kib("MemAvailable"));
    set(Series::Buffers, kib("Buffers"));
    set(
        Series::Cached,
        kib("Cached").zip(kib("SReclaimable")).map(|(a, b)| a + b),
    );
    set(
        Series::SwapUsed,
        kib("SwapTotal")
            .zip(kib("SwapFree"))
            .map(|(all, free)| all - free),
    );
    set(Series::Dirty, kib("Dirty"));
}

fn rates(values: &mut SeriesValues, before: &Counters, now: &Counters) {
    let seconds = now.seconds - before.seconds;
    if seconds <= 0.0 {
        return;
    }
    let mut put = |series: Series, value| values[series as usize] = value;
    let cpu = rises(&before.cpu, &now.cpu);
    let all = total(cpu.iter().flatten().copied()) as f64;
    let share = |modes: &[usize]| {
        let used: Option<Vec<u64>> = modes.iter().map(|&mode| cpu[mode]).collect();
        let used = used.map(total);
        used.filter(|_| all > 0.0)
            .map(|used| used as f64 * 100.0 / all)
    };
    put(Series::CpuUser, share(&[0]));
    put(Series::CpuNice, share(&[1]));
    put(Series::CpuSystem, share(&[2]));
    put(Series::CpuIdle, share(&[3]));
    put(Series::CpuIowait, share(&[4]));
    put(Series::CpuBusy, share(&[0, 1, 2, 5, 6, 7]));
    put(Series::CpuInterrupts, share(&[5, 6]));
    put(Series::CpuSteal, share(&[7]));
    let pressure = rises(&before.pressure, &now.pressure);
    let percent = |line: usize| pressure[line].map(|micros| micros as f64 / seconds / 10_000.0);
    put(Series::PressureCpuSome, percent(0));
    put(Series::PressureMemorySome, percent(1));
    put(Series::PressureMemoryFull, percent(2));
    put(Series::PressureIoSome, percent(3));
    put(Series::PressureIoFull, percent(4));
    let per_second = |rise: Option<u64>| rise.map(|rise| rise as f64 / seconds);
    let vmstat = rises(&before.vmstat, &now.vmstat).map(per_second);
    let lines = [
        Series::SwapIn,
        Series::SwapOut,
        Series::PagedIn,
        Series::PagedOut,
        Series::MajorFaults,
        Series::OomKills,
    ];
    for (series, value) in lines.into_iter().zip(vmstat) {
        put(series, value);
    }
    let counters = rises(&before.machine, &now.machine).map(per_second);
    let counts = [Series::ContextSwitches, Series::Interrupts, Series::Forks];
    for (series, value) in counts.into_iter().zip(counters) {
        put(series, value);
    }
    let [received, sent] = rises(&before.network, &now.network).map(per_second);
    put(Series::Received, received);
    put(Series::Sent, sent);
}

fn rises<const N: usize>(before: &[Option<u64>; N], now: &[Option<u64>; N]) -> [Option<u64>; N] {
    std::array::from_fn(|at| change(before[at]?, now[at]?).rise())
}

impl Counters {
    fn read(chunk: &Chunk, tick: usize) -> Self {
        let cpu_row = row_named(chunk, Group::Cpu, "cpu", tick);
        let machine_row = chunk
            .rows_at(Group::Machine, tick)
            .next()
            .map(|(row, _)| row);
        let total = PressureField::Total.column();
        let pressure = |name| {
            let row = row_named(chunk, Group::Pressure, name, tick)?;
            number(chunk, Group::Pressure, row, total, tick)
        };
        Self {
            seconds: chunk.ticks()[tick].began.boot.0 as f64 / 1e6,
            cpu: CPU.map(|field| number(chunk, Group::Cpu, cpu_row?, field.column(), tick)),
            pressure: PRESSURE.map(pressure),
            vmstat: VMSTAT.map(|name| line(chunk, Group::Vmstat, name, tick)),
            machine: MACHINE
                .map(|field| number(chunk, Group::Machine, machine_row?, field.column(), tick)),
            network: [NetworkField::ReceivedBytes, NetworkField::SentBytes]
                .map(|field| network(chunk, field, tick)),
        }
    }
}

/// The sum over all interfaces but `lo`; absent when there is none.
fn network(chunk: &Chunk, field: NetworkField, tick: usize) -> Option<u64> {
    let rows = chunk.rows_at(Group::Network, tick);
    let real = rows.filter(|(_, key)| **key != Key::name("lo"));
    let bytes =
        real.filter_map(|(row, _)| number(chunk, Group::Network, row, field.column(), tick));
    bytes.reduce(u64::saturating_add)
}

fn line(chunk: &Chunk, group: Group, name: &str, tick: usize) -> Option<u64> {
    let row = row_named(chunk, group, name, tick)?;
    number(chunk, group, row, LineField::Value.column(), tick)
}

fn row_named(chunk: &Chunk, group: Group, name: &str, tick: usize) -> Option<usize> {
    let mut rows = chunk.rows_at(group, tick);
    rows.find_map(|(row, key)| match key {
        Key::Name(known) if **known == *name.as_bytes() => Some(row),
        _ => None,
    })
}

fn number(chunk: &Chunk, group: Group, row: usize, field: usize, tick: usize) -> Option<u64> {
    let value = chunk.cell(group, row, field, tick);
    value.ok().map(i64::cast_unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_stands_at_its_own_place() {
        for (place, series) in Series::ALL.into_iter().enumerate() {
            assert_eq!(series as usize, place);
        }
    }

    #[test]
    fn a_restarted_counter_has_no_rate() {
        assert_eq!(
            rises(&[Some(10), Some(10), None], &[Some(30), Some(4), Some(1)]),
            [Some(20), None, None]
        );
    }
}
