//! The series of one tick after another: rates need the tick before.

use super::cells::{line, named, number, row_named};
use super::gauges::gauges;
use super::{Series, SeriesValues};
use crate::capture::chunk::Chunk;
use crate::counter::{change, total};
use crate::group::{CpuField, Group, LineField, MachineField, NetworkField, PressureField};

/// Computes the series of one tick after another.
#[derive(Debug, Clone, Default)]
pub struct SeriesReader {
    before: Option<Counters>,
}

/// The counters of one tick that rates are made of.
#[derive(Debug, Clone)]
struct Counters {
    seconds: f64,
    cpu: [Option<u64>; CPU.len()],
    pressure: [Option<u64>; PRESSURE.len()],
    vmstat: [Option<u64>; VMSTAT.len()],
    machine: [Option<u64>; MACHINE.len()],
    network: [Option<u64>; NETWORK.len()],
    protocol: [Option<u64>; PROTOCOL.len()],
    throttles: Option<u64>,
}

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
/// What is a share of the time of all CPUs, and of which fields of [`CPU`] it is made.
const SHARES: [(Series, &[usize]); 8] = [
    (Series::CpuUser, &[0]),
    (Series::CpuNice, &[1]),
    (Series::CpuSystem, &[2]),
    (Series::CpuIdle, &[3]),
    (Series::CpuIowait, &[4]),
    (Series::CpuBusy, &[0, 1, 2, 5, 6, 7]),
    (Series::CpuInterrupts, &[5, 6]),
    (Series::CpuSteal, &[7]),
];
const PRESSURE: [(&str, Series); 5] = [
    ("cpu some", Series::PressureCpuSome),
    ("memory some", Series::PressureMemorySome),
    ("memory full", Series::PressureMemoryFull),
    ("io some", Series::PressureIoSome),
    ("io full", Series::PressureIoFull),
];
const VMSTAT: [(&str, Series); 7] = [
    ("pswpin", Series::SwapIn),
    ("pswpout", Series::SwapOut),
    ("pgpgin", Series::PagedIn),
    ("pgpgout", Series::PagedOut),
    ("pgmajfault", Series::MajorFaults),
    ("oom_kill", Series::OomKills),
    ("pgfault", Series::PageFaults),
];
const MACHINE: [(MachineField, Series); 4] = [
    (MachineField::ContextSwitches, Series::ContextSwitches),
    (MachineField::Interrupts, Series::Interrupts),
    (MachineField::Forks, Series::Forks),
    (MachineField::Softirqs, Series::Softirqs),
];
/// The fields whose sum over all interfaces but `lo` a series is made of.
const NETWORK: [(&[NetworkField], Series); 3] = [
    (&[NetworkField::ReceivedBytes], Series::Received),
    (&[NetworkField::SentBytes], Series::Sent),
    (
        &[
            NetworkField::ReceiveErrors,
            NetworkField::ReceiveDropped,
            NetworkField::SendErrors,
            NetworkField::SendDropped,
        ],
        Series::PacketsLost,
    ),
];
/// Counters of the protocols; two for one series are added.
const PROTOCOL: [(&str, Series); 10] = [
    ("Tcp.ActiveOpens", Series::TcpOpenedOut),
    ("Tcp.PassiveOpens", Series::TcpOpenedIn),
    ("Tcp.RetransSegs", Series::TcpRetransmits),
    ("Tcp.AttemptFails", Series::TcpFailed),
    ("Tcp.EstabResets", Series::TcpResets),
    ("Tcp.OutRsts", Series::TcpResetsSent),
    ("TcpExt.ListenOverflows", Series::ListenOverflows),
    ("TcpExt.ListenDrops", Series::ListenDrops),
    ("Udp.InErrors", Series::UdpErrors),
    ("Udp6InErrors", Series::UdpErrors),
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

fn rates(values: &mut SeriesValues, before: &Counters, now: &Counters) {
    let seconds = now.seconds - before.seconds;
    if seconds <= 0.0 {
        return;
    }
    let mut put = |series: Series, value| values[series as usize] = value;
    let cpu = rises(&before.cpu, &now.cpu);
    let all = total(cpu.iter().flatten().copied()) as f64;
    for (series, modes) in SHARES {
        let used: Option<Vec<u64>> = modes.iter().map(|&mode| cpu[mode]).collect();
        let used = used.map(total).filter(|_| all > 0.0);
        put(series, used.map(|used| used as f64 * 100.0 / all));
    }
    let stalled = rises(&before.pressure, &now.pressure);
    for ((_, series), micros) in PRESSURE.into_iter().zip(stalled) {
        put(
            series,
            micros.map(|micros| micros as f64 / seconds / 10_000.0),
        );
    }
    let per_second = |rise: Option<u64>| rise.map(|rise| rise as f64 / seconds);
    let vmstat = rises(&before.vmstat, &now.vmstat);
    for ((_, series), rise) in VMSTAT.into_iter().zip(vmstat) {
        put(series, per_second(rise));
    }
    let machine = rises(&before.machine, &now.machine);
    for ((_, series), rise) in MACHINE.into_iter().zip(machine) {
        put(series, per_second(rise));
    }
    let network = rises(&before.network, &now.network);
    for ((_, series), rise) in NETWORK.into_iter().zip(network) {
        put(series, per_second(rise));
    }
    let throttles = rises(&[before.throttles], &[now.throttles]);
    put(Series::CpuThrottles, per_second(throttles[0]));
    let protocol = rises(&before.protocol, &now.protocol);
    for ((_, series), rise) in PROTOCOL.into_iter().zip(protocol) {
        let sum = &mut values[series as usize];
        *sum = (*sum)
            .into_iter()
            .chain(per_second(rise))
            .reduce(|a, b| a + b);
    }
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
        let pressure = |(name, _)| {
            let row = row_named(chunk, Group::Pressure, name, tick)?;
            number(chunk, Group::Pressure, row, total, tick)
        };
        Self {
            seconds: chunk.ticks()[tick].began.boot.0 as f64 / 1e6,
            cpu: CPU.map(|field| number(chunk, Group::Cpu, cpu_row?, field.column(), tick)),
            pressure: PRESSURE.map(pressure),
            vmstat: VMSTAT.map(|(name, _)| line(chunk, Group::Vmstat, name, tick)),
            machine: MACHINE.map(|(field, _)| {
                number(chunk, Group::Machine, machine_row?, field.column(), tick)
            }),
            network: NETWORK.map(|(fields, _)| network(chunk, fields, tick)),
            protocol: protocol(chunk, tick),
            throttles: throttles(chunk, tick),
        }
    }
}

/// The sum over all interfaces but `lo`; absent when there is none.
fn network(chunk: &Chunk, fields: &[NetworkField], tick: usize) -> Option<u64> {
    let real = named(chunk, Group::Network, tick).filter(|(_, name)| *name != b"lo");
    let numbers = real.flat_map(|(row, _)| {
        fields
            .iter()
            .filter_map(move |field| number(chunk, Group::Network, row, field.column(), tick))
    });
    numbers.reduce(u64::saturating_add)
}

/// All of them in one pass: there are hundreds of rows.
fn protocol(chunk: &Chunk, tick: usize) -> [Option<u64>; PROTOCOL.len()] {
    let mut found = [None; PROTOCOL.len()];
    for (row, name) in named(chunk, Group::Protocol, tick) {
        let known = PROTOCOL
            .iter()
            .position(|(wanted, _)| wanted.as_bytes() == name);
        if let Some(place) = known {
            found[place] = number(chunk, Group::Protocol, row, LineField::Value.column(), tick);
        }
    }
    found
}

/// How often the CPUs were throttled, all together; absent when none says so.
fn throttles(chunk: &Chunk, tick: usize) -> Option<u64> {
    let field = CpuField::ThrottleCount.column();
    let cpus = named(chunk, Group::Cpu, tick).filter(|(_, name)| *name != b"cpu");
    let counts = cpus.filter_map(|(row, _)| number(chunk, Group::Cpu, row, field, tick));
    counts.reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restarted_counter_has_no_rate() {
        assert_eq!(
            rises(&[Some(10), Some(10), None], &[Some(30), Some(4), Some(1)]),
            [Some(20), None, None]
        );
    }
}
