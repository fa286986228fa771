//! What each track of curves shows: which curves, on which side of the zero line, on which scale.

use super::{Half, Track, TrackId, What};
use crate::data::{SeriesId, Unit};

/// A half with nothing special about it.
pub(super) const PLAIN: Half = Half {
    title: "",
    meaning: "",
    stack: &[],
    lines: &[],
    legend: &[],
    unit: Unit::PerSecond,
    at_least: 1.0,
    at_most: f64::INFINITY,
    shows_cpus: false,
};

const MIB: f64 = 1_048_576.0;

pub(super) const fn load() -> Track {
    use SeriesId as Id;
    let tasks = Half {
        title: "Load",
        meaning: "Upwards: tasks, against the number of CPUs, and what they are made of",
        lines: &[
            Id::Runnable,
            Id::Blocked,
            Id::LoadOne,
            Id::LoadFive,
            Id::LoadFifteen,
        ],
        legend: &[
            Id::LoadOne,
            Id::LoadFive,
            Id::LoadFifteen,
            Id::Runnable,
            Id::Blocked,
        ],
        unit: Unit::Tasks,
        shows_cpus: true,
        ..PLAIN
    };
    let waits = &[
        Id::PressureCpu,
        Id::PressureIo,
        Id::PressureIoFull,
        Id::PressureMemory,
        Id::PressureMemoryFull,
        Id::CpuIowait,
    ];
    let wait = Half {
        title: "Wait",
        meaning: "Downwards: pressure, the share of the time in which tasks waited for this",
        lines: waits,
        legend: waits,
        unit: Unit::Percent,
        at_least: 10.0,
        at_most: 100.0,
        ..PLAIN
    };
    Track {
        id: TrackId::Load,
        title: "Load against wait",
        meaning: "What wants to run (upwards), and how much of the time tasks waited (downwards)",
        what: What::Curves(tasks, Some(wait)),
        height: 220.0,
    }
}

pub(super) const fn cpu() -> Track {
    use SeriesId as Id;
    let modes = &[
        Id::CpuUser,
        Id::CpuNice,
        Id::CpuSystem,
        Id::CpuInterrupts,
        Id::CpuSteal,
        Id::CpuIowait,
    ];
    let half = Half {
        stack: modes,
        lines: &[Id::CpuBusy],
        legend: &[
            Id::CpuUser,
            Id::CpuNice,
            Id::CpuSystem,
            Id::CpuInterrupts,
            Id::CpuSteal,
            Id::CpuIowait,
            Id::CpuBusy,
        ],
        unit: Unit::Percent,
        at_least: 100.0,
        at_most: 100.0,
        ..PLAIN
    };
    Track {
        id: TrackId::Cpu,
        title: "CPU",
        meaning: "Where the time of all CPUs went; what is left to 100 % was idle",
        what: What::Curves(half, None),
        height: 84.0,
    }
}

pub(super) const fn memory() -> Track {
    use SeriesId as Id;
    let half = Half {
        stack: &[Id::MemoryUsed, Id::MemoryCache, Id::MemoryFree],
        lines: &[Id::SwapUsed, Id::MemoryAvailable],
        legend: &[
            Id::MemoryUsed,
            Id::MemoryCache,
            Id::MemoryFree,
            Id::MemoryAvailable,
            Id::SwapUsed,
        ],
        unit: Unit::Bytes,
        at_least: 16.0 * MIB,
        ..PLAIN
    };
    Track {
        id: TrackId::Memory,
        title: "Memory",
        meaning: "Who has the memory, as `free` counts it",
        what: What::Curves(half, None),
        height: 84.0,
    }
}

pub(super) const fn swap() -> Track {
    use SeriesId as Id;
    let swapped = Half {
        lines: &[Id::SwapIn, Id::SwapOut],
        legend: &[Id::SwapIn, Id::SwapOut],
        unit: Unit::BytesPerSecond,
        at_least: MIB,
        ..PLAIN
    };
    let faults = Half {
        lines: &[Id::MajorFaults],
        legend: &[Id::MajorFaults],
        at_least: 10.0,
        ..PLAIN
    };
    Track {
        id: TrackId::Swap,
        title: "Paging",
        meaning: "What was swapped (upwards), and accesses that waited for a disk (downwards)",
        what: What::Curves(swapped, Some(faults)),
        height: 84.0,
    }
}

pub(super) const fn disk() -> Track {
    use SeriesId as Id;
    let read = Half {
        lines: &[Id::DiskRead],
        legend: &[Id::DiskRead],
        unit: Unit::BytesPerSecond,
        at_least: MIB,
        ..PLAIN
    };
    let written = Half {
        lines: &[Id::DiskWritten],
        legend: &[Id::DiskWritten],
        ..read
    };
    Track {
        id: TrackId::Disk,
        title: "Disk",
        meaning: "What all disks read (upwards) and wrote (downwards)",
        what: What::Curves(read, Some(written)),
        height: 84.0,
    }
}

pub(super) const fn network() -> Track {
    use SeriesId as Id;
    let received = Half {
        lines: &[Id::Received],
        legend: &[Id::Received],
        unit: Unit::BytesPerSecond,
        at_least: 1024.0,
        ..PLAIN
    };
    let sent = Half {
        lines: &[Id::Sent],
        legend: &[Id::Sent],
        ..received
    };
    Track {
        id: TrackId::Network,
        title: "Network",
        meaning: "What all interfaces but lo received (upwards) and sent (downwards)",
        what: What::Curves(received, Some(sent)),
        height: 84.0,
    }
}

pub(super) const fn kernel() -> Track {
    use SeriesId as Id;
    let switches = Half {
        lines: &[Id::ContextSwitches],
        legend: &[Id::ContextSwitches],
        at_least: 100.0,
        ..PLAIN
    };
    let forks = Half {
        lines: &[Id::Forks],
        legend: &[Id::Forks],
        at_least: 10.0,
        ..PLAIN
    };
    Track {
        id: TrackId::Kernel,
        title: "Switches",
        meaning: "How often CPUs changed tasks (upwards) and how many tasks were made (downwards)",
        what: What::Curves(switches, Some(forks)),
        height: 84.0,
    }
}
