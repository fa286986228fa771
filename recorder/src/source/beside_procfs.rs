//! The same texts, read by us and by the `procfs` crate: two programs that share no code.
//!
//! The texts are those of a kernel 6.18, and the same without what a kernel 3.10 does not have.

use crate::rows::{Cells, NamedRows};
use crate::source::{diskstats, lines, loadavg, net_dev, pressure, process, stat};
use crate::test_tick;
use afterimage_format::group::{
    CpuField, DiskField, Group, LineField, MachineField, NetworkField, PressureField, ProcessField,
};
use afterimage_format::reading::Missing;
use afterimage_format::tick::{Key, Tick};
use procfs_core::{FromBufRead, FromBufReadSI, FromRead, SystemInfoInterface};
use std::collections::BTreeMap;

macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/proc/", $path)).as_slice()
    };
}

/// What the crate wants to know of the machine that the texts are of.
#[derive(Debug)]
struct Vm;

impl SystemInfoInterface for Vm {
    fn boot_time_secs(&self) -> procfs_core::ProcResult<u64> {
        Ok(0)
    }

    fn ticks_per_second(&self) -> u64 {
        100
    }

    fn page_size(&self) -> u64 {
        4096
    }

    fn is_little_endian(&self) -> bool {
        true
    }
}

fn cells(tick: &mut Tick, group: Group) -> Cells {
    Cells::begin(tick, group, 0, Key::name(""))
}

/// A number as we have it, `None` if it is not supported by the kernel.
fn number(cells: &Cells, column: usize) -> Option<u64> {
    match cells.last(column) {
        Ok(value) => Some(value.cast_unsigned()),
        Err(Missing::NotSupported) => None,
        Err(other) => panic!("column {column}: {other}"),
    }
}

#[test]
fn cpu_time_and_the_counts_of_tasks() {
    let text = fixture!("6.18-vm/stat");
    let theirs = procfs_core::KernelStats::from_buf_read(text, &Vm).unwrap();
    let (mut tick, mut cpus) = (test_tick(), NamedRows::new(Group::Cpu));
    let mut machine = cells(&mut tick, Group::Machine);
    stat::parse(text, &mut cpus, &mut machine, &mut tick);
    let rows = std::iter::once(("cpu".to_owned(), &theirs.total));
    let each = theirs.cpu_time.iter().enumerate();
    for (name, cpu) in rows.chain(each.map(|(n, cpu)| (format!("cpu{n}"), cpu))) {
        assert!(cpus.known(name.as_bytes()).is_some());
        let row = cpus.row(&mut tick, name.as_bytes());
        for (field, value) in [
            (CpuField::User, Some(cpu.user)),
            (CpuField::Nice, Some(cpu.nice)),
            (CpuField::System, Some(cpu.system)),
            (CpuField::Idle, Some(cpu.idle)),
            (CpuField::Iowait, cpu.iowait),
            (CpuField::Irq, cpu.irq),
            (CpuField::Softirq, cpu.softirq),
            (CpuField::Steal, cpu.steal),
            (CpuField::Guest, cpu.guest),
            (CpuField::GuestNice, cpu.guest_nice),
        ] {
            assert_eq!(number(row, field.column()), value, "{name} {field:?}");
        }
    }
    for (field, value) in [
        (MachineField::ContextSwitches, Some(theirs.ctxt)),
        (MachineField::Forks, Some(theirs.processes)),
        (MachineField::Running, theirs.procs_running.map(u64::from)),
        (MachineField::Blocked, theirs.procs_blocked.map(u64::from)),
    ] {
        assert_eq!(number(&machine, field.column()), value, "{field:?}");
    }
}

#[test]
fn load_and_the_numbers_of_tasks() {
    let text = fixture!("6.18-vm/loadavg");
    let theirs = procfs_core::LoadAverage::from_read(text).unwrap();
    let mut tick = test_tick();
    let mut machine = cells(&mut tick, Group::Machine);
    loadavg::parse_loadavg(text, &mut machine, &mut tick);
    let hundredths = |load: f32| format!("{:.0}", load * 100.0).parse().ok();
    for (field, value) in [
        (MachineField::Load1, hundredths(theirs.one)),
        (MachineField::Load5, hundredths(theirs.five)),
        (MachineField::Load15, hundredths(theirs.fifteen)),
        (MachineField::TasksRunnable, Some(theirs.cur.into())),
        (MachineField::TasksTotal, Some(theirs.max.into())),
        (MachineField::LastPid, Some(theirs.latest_pid.into())),
    ] {
        assert_eq!(number(&machine, field.column()), value, "{field:?}");
    }
}

#[test]
fn memory_line_by_line() {
    for text in [fixture!("6.18-vm/meminfo"), fixture!("3.10-shape/meminfo")] {
        let theirs = procfs_core::Meminfo::from_buf_read(text).unwrap();
        let (mut tick, mut rows) = (test_tick(), NamedRows::new(Group::Memory));
        lines::parse(text, &mut rows, &mut tick);
        // They give bytes, the kernel has KiB, and so have we.
        for (name, bytes) in [
            ("MemTotal", Some(theirs.mem_total)),
            ("MemFree", Some(theirs.mem_free)),
            ("MemAvailable", theirs.mem_available),
            ("Buffers", Some(theirs.buffers)),
            ("Cached", Some(theirs.cached)),
            ("SReclaimable", theirs.s_reclaimable),
            ("Shmem", theirs.shmem),
            ("SwapTotal", Some(theirs.swap_total)),
            ("SwapFree", Some(theirs.swap_free)),
            ("Dirty", Some(theirs.dirty)),
            ("Committed_AS", Some(theirs.committed_as)),
        ] {
            assert_eq!(
                rows.known(name.as_bytes()).is_some(),
                bytes.is_some(),
                "{name}"
            );
            let Some(bytes) = bytes else { continue };
            let row = rows.row(&mut tick, name.as_bytes());
            assert_eq!(
                number(row, LineField::Value.column()),
                Some(bytes / 1024),
                "{name}"
            );
        }
    }
}

#[test]
fn virtual_memory_counters_every_one() {
    let text = fixture!("6.18-vm/vmstat");
    let (mut tick, mut rows) = (test_tick(), NamedRows::new(Group::Vmstat));
    lines::parse(text, &mut rows, &mut tick);
    let theirs = procfs_core::VmStat::from_buf_read(text).unwrap();
    assert!(theirs.0.len() > 100);
    for (name, value) in BTreeMap::from_iter(theirs.0) {
        let row = rows.row(&mut tick, name.as_bytes());
        assert_eq!(row.last(LineField::Value.column()), Ok(value), "{name}");
    }
}

#[test]
fn disks_with_and_without_the_later_columns() {
    for text in [
        fixture!("6.18-vm/diskstats"),
        fixture!("3.10-shape/diskstats"),
    ] {
        let theirs = procfs_core::DiskStats::from_buf_read(text).unwrap();
        let (mut tick, mut rows) = (test_tick(), NamedRows::new(Group::Disk));
        diskstats::parse(text, &mut rows, &mut tick);
        let mut used = 0;
        for disk in theirs.0 {
            let is_used = disk.reads + disk.writes > 0;
            assert_eq!(
                rows.known(disk.name.as_bytes()).is_some(),
                is_used,
                "{}",
                disk.name
            );
            if !is_used {
                continue;
            }
            used += 1;
            let row = rows.row(&mut tick, disk.name.as_bytes());
            for (field, value) in [
                (DiskField::Reads, Some(disk.reads)),
                (DiskField::SectorsRead, Some(disk.sectors_read)),
                (DiskField::Writes, Some(disk.writes)),
                (DiskField::SectorsWritten, Some(disk.sectors_written)),
                (DiskField::InFlight, Some(disk.in_progress)),
                (DiskField::BusyTime, Some(disk.time_in_progress)),
                (
                    DiskField::WeightedTime,
                    Some(disk.weighted_time_in_progress),
                ),
                (DiskField::Discards, disk.discards),
                (DiskField::Flushes, disk.flushes),
                (DiskField::FlushTime, disk.time_flushing),
            ] {
                assert_eq!(
                    number(row, field.column()),
                    value,
                    "{} {field:?}",
                    disk.name
                );
            }
        }
        assert_eq!(used, 3);
    }
}

#[test]
fn network_interfaces() {
    let text = fixture!("6.18-vm/net/dev");
    let theirs = procfs_core::net::InterfaceDeviceStatus::from_buf_read(text).unwrap();
    let (mut tick, mut rows) = (test_tick(), NamedRows::new(Group::Network));
    net_dev::parse(text, &mut rows, &mut tick);
    assert!(!theirs.0.is_empty());
    for (name, device) in BTreeMap::from_iter(theirs.0) {
        let row = rows.row(&mut tick, name.as_bytes());
        for (field, value) in [
            (NetworkField::ReceivedBytes, device.recv_bytes),
            (NetworkField::ReceivedPackets, device.recv_packets),
            (NetworkField::ReceiveErrors, device.recv_errs),
            (NetworkField::ReceiveDropped, device.recv_drop),
            (NetworkField::SentBytes, device.sent_bytes),
            (NetworkField::SentPackets, device.sent_packets),
            (NetworkField::SendErrors, device.sent_errs),
            (NetworkField::SendDropped, device.sent_drop),
        ] {
            assert_eq!(number(row, field.column()), Some(value), "{name} {field:?}");
        }
    }
}

#[test]
fn pressure_of_memory() {
    let text = fixture!("6.18-vm/pressure/memory");
    let theirs = procfs_core::MemoryPressure::from_buf_read(text).unwrap();
    let (mut tick, mut rows) = (test_tick(), NamedRows::new(Group::Pressure));
    pressure::parse("memory", text, &mut rows, &mut tick);
    for (name, record) in [("memory some", theirs.some), ("memory full", theirs.full)] {
        let row = rows.row(&mut tick, name.as_bytes());
        let total = number(row, PressureField::Total.column());
        assert_eq!(total, Some(record.total), "{name}");
        let average = number(row, PressureField::Avg10.column());
        let hundredths = format!("{:.0}", record.avg10 * 100.0).parse().ok();
        assert_eq!(average, hundredths, "{name}");
    }
}

#[test]
fn a_process_from_its_stat() {
    for text in [
        fixture!("6.18-vm/self/stat"),
        fixture!("3.10-shape/self/stat"),
    ] {
        let theirs = procfs_core::process::Stat::from_read(text).unwrap();
        let mut tick = test_tick();
        let mut cells = cells(&mut tick, Group::Process);
        let ours = process::stat::parse(text).unwrap();
        ours.store(&mut cells, &mut tick);
        let signed = |value: i64| value.cast_unsigned();
        for (field, value) in [
            (ProcessField::Ppid, signed(theirs.ppid.into())),
            (ProcessField::Pgrp, signed(theirs.pgrp.into())),
            (ProcessField::Session, signed(theirs.session.into())),
            (ProcessField::Minflt, theirs.minflt),
            (ProcessField::Majflt, theirs.majflt),
            (ProcessField::Utime, theirs.utime),
            (ProcessField::Stime, theirs.stime),
            (ProcessField::Priority, signed(theirs.priority)),
            (ProcessField::Nice, signed(theirs.nice)),
            (ProcessField::Threads, signed(theirs.num_threads)),
            (ProcessField::Vsize, theirs.vsize),
            (ProcessField::Rss, theirs.rss),
        ] {
            assert_eq!(number(&cells, field.column()), Some(value), "{field:?}");
        }
        assert_eq!(ours.started().map(|ticks| ticks.0), Ok(theirs.starttime));
    }
}

#[test]
fn a_process_from_its_status() {
    for text in [
        fixture!("6.18-vm/self/status"),
        fixture!("3.10-shape/self/status"),
    ] {
        let theirs = procfs_core::process::Status::from_buf_read(text).unwrap();
        let mut tick = test_tick();
        let mut cells = cells(&mut tick, Group::Process);
        process::status::parse(text, &mut cells, &mut tick);
        for (field, value) in [
            (ProcessField::Uid, Some(theirs.ruid.into())),
            (ProcessField::Euid, Some(theirs.euid.into())),
            (ProcessField::Gid, Some(theirs.rgid.into())),
            (ProcessField::PeakRss, theirs.vmhwm),
            (ProcessField::RssAnon, theirs.rssanon),
            (ProcessField::RssFile, theirs.rssfile),
            (ProcessField::RssShmem, theirs.rssshmem),
            (ProcessField::Swap, theirs.vmswap),
            (
                ProcessField::VoluntarySwitches,
                theirs.voluntary_ctxt_switches,
            ),
            (
                ProcessField::InvoluntarySwitches,
                theirs.nonvoluntary_ctxt_switches,
            ),
        ] {
            assert_eq!(number(&cells, field.column()), value, "{field:?}");
        }
    }
}

#[test]
fn a_process_from_its_io_and_its_schedstat() {
    let text = fixture!("6.18-vm/self/io");
    let theirs = procfs_core::process::Io::from_read(text).unwrap();
    let mut tick = test_tick();
    let mut cells = cells(&mut tick, Group::Process);
    process::io::parse(text, &mut cells, &mut tick);
    for (field, value) in [
        (ProcessField::ReadChars, theirs.rchar),
        (ProcessField::WriteChars, theirs.wchar),
        (ProcessField::ReadCalls, theirs.syscr),
        (ProcessField::WriteCalls, theirs.syscw),
        (ProcessField::ReadBytes, theirs.read_bytes),
        (ProcessField::WriteBytes, theirs.write_bytes),
        (
            ProcessField::CancelledWriteBytes,
            theirs.cancelled_write_bytes,
        ),
    ] {
        assert_eq!(number(&cells, field.column()), Some(value), "{field:?}");
    }
    let text = fixture!("6.18-vm/self/schedstat");
    let theirs = procfs_core::process::Schedstat::from_read(text).unwrap();
    let ours = process::schedstat::parse(text);
    let theirs = [theirs.sum_exec_runtime, theirs.run_delay, theirs.pcount];
    assert_eq!(ours, Ok(theirs));
}
