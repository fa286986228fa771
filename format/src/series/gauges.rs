//! Series that take their value from one tick alone.

use super::cells::{line, named, number};
use super::{Series, SeriesValues};
use crate::capture::chunk::Chunk;
use crate::group::{CpuField, FileSystemField, Group, MachineField, SocketField};
use std::str;

/// `f_flag`, `ST_RDONLY`: what nobody can write to is not full.
const READ_ONLY: u64 = 1;

/// The series of the states of TCP, as `ss` spells them.
const STATES: [(&str, Series); 10] = [
    ("ESTAB", Series::TcpEstablished),
    ("LISTEN", Series::TcpListen),
    ("CLOSE-WAIT", Series::TcpCloseWait),
    ("TIME-WAIT", Series::TcpTimeWait),
    ("SYN-SENT", Series::TcpSynSent),
    ("SYN-RECV", Series::TcpSynReceived),
    ("FIN-WAIT-1", Series::TcpFinWait),
    ("FIN-WAIT-2", Series::TcpFinWait),
    ("LAST-ACK", Series::TcpClosing),
    ("CLOSING", Series::TcpClosing),
];

/// Puts them among the values of a tick.
pub(super) fn gauges(values: &mut SeriesValues, chunk: &Chunk, tick: usize) {
    machine(values, chunk, tick);
    memory(values, chunk, tick);
    values[Series::CpuMegahertz as usize] = megahertz(chunk, tick);
    if !chunk.lacks_rest {
        sockets(values, chunk, tick);
        file_systems(values, chunk, tick);
    }
}

fn machine(values: &mut SeriesValues, chunk: &Chunk, tick: usize) {
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
}

fn memory(values: &mut SeriesValues, chunk: &Chunk, tick: usize) {
    let mut set = |series: Series, value| values[series as usize] = value;
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

/// The mean of the CPUs whose frequency is known.
fn megahertz(chunk: &Chunk, tick: usize) -> Option<f64> {
    let field = CpuField::FrequencyKhz.column();
    let cpus = named(chunk, Group::Cpu, tick).filter(|(_, name)| *name != b"cpu");
    let known = cpus.filter_map(|(row, _)| number(chunk, Group::Cpu, row, field, tick));
    let (count, sum) = known.fold((0_u32, 0.0), |(count, sum), khz| {
        (count + 1, sum + khz as f64)
    });
    (count > 0).then(|| sum / f64::from(count) / 1000.0)
}

/// How many TCP sockets are in each state: all 0 but those there are, where they were listed.
fn sockets(values: &mut SeriesValues, chunk: &Chunk, tick: usize) {
    let count = |row| number(chunk, Group::Socket, row, SocketField::Count.column(), tick);
    let (mut counts, mut is_listed) = ([Some(0_u64); STATES.len()], false);
    for (row, name) in named(chunk, Group::Socket, tick) {
        let mut words = name.splitn(3, |byte| *byte == b' ');
        let (Some(b"tcp"), Some(state)) = (words.next(), words.next()) else {
            continue;
        };
        if state == b"*" {
            is_listed |= count(row).is_some();
        } else if let Some(place) = place_of(state) {
            let both = counts[place].zip(count(row));
            counts[place] = both.map(|(sum, count)| sum.saturating_add(count));
        }
    }
    if !is_listed {
        return;
    }
    for (_, series) in STATES {
        values[series as usize] = Some(0.0);
    }
    for ((_, series), count) in STATES.into_iter().zip(counts) {
        let both = values[series as usize].zip(count);
        values[series as usize] = both.map(|(sum, count)| sum + count as f64);
    }
}

fn place_of(state: &[u8]) -> Option<usize> {
    let state = str::from_utf8(state).ok()?;
    STATES.iter().position(|(known, _)| *known == state)
}

/// How full the fullest is, as `df` counts it: what only the superuser may take is not counted.
fn file_systems(values: &mut SeriesValues, chunk: &Chunk, tick: usize) {
    for (row, _) in named(chunk, Group::FileSystem, tick) {
        let cell =
            |field: FileSystemField| number(chunk, Group::FileSystem, row, field.column(), tick);
        if cell(FileSystemField::Flags).is_none_or(|flags| flags & READ_ONLY != 0) {
            continue;
        }
        let space = share(
            cell(FileSystemField::Total),
            cell(FileSystemField::Free),
            cell(FileSystemField::Available),
        );
        let free = cell(FileSystemField::InodesFree);
        let inodes = share(cell(FileSystemField::Inodes), free, free);
        for (series, share) in [
            (Series::FullestSpace, space),
            (Series::FullestInodes, inodes),
        ] {
            let most = &mut values[series as usize];
            *most = (*most).into_iter().chain(share).reduce(f64::max);
        }
    }
}

/// What is used, in percent of that and what is left; `None` of what has no size.
fn share(total: Option<u64>, free: Option<u64>, available: Option<u64>) -> Option<f64> {
    let used = total.filter(|total| *total > 0)?.checked_sub(free?)? as f64;
    let all = used + available? as f64;
    (all > 0.0).then(|| used * 100.0 / all)
}
