//! Tracks of what cannot be woken, of the kernel's work, of the network's trouble, of sockets and of file systems.

use super::every::PLAIN;
use super::{Half, Track, TrackId, What};
use crate::data::{SeriesId, Unit};

/// Two curves, one on each side of the zero line.
const fn two(up: &'static [SeriesId], down: &'static [SeriesId], at_least: f64) -> What {
    let up = Half {
        lines: up,
        legend: up,
        at_least,
        ..PLAIN
    };
    let down = Half {
        lines: down,
        legend: down,
        at_least,
        ..PLAIN
    };
    What::Curves(up, Some(down))
}

pub(super) const fn interrupts() -> Track {
    Track {
        id: TrackId::Interrupts,
        title: "Interrupts",
        meaning: "How often devices and other CPUs interrupted (upwards) and how much work that left for later (downwards)",
        what: two(&[SeriesId::Interrupts], &[SeriesId::Softirqs], 100.0),
        height: 84.0,
    }
}

pub(super) const fn waits() -> Track {
    let tasks = &[SeriesId::Uninterruptible, SeriesId::Blocked];
    let half = Half {
        lines: tasks,
        legend: tasks,
        unit: Unit::Tasks,
        at_least: 2.0,
        ..PLAIN
    };
    Track {
        id: TrackId::Waits,
        title: "Waits",
        meaning: "Processes that nothing can wake before what they wait for comes, and tasks that wait for storage so",
        what: What::Curves(half, None),
        height: 60.0,
    }
}

pub(super) const fn faults() -> Track {
    let faults = &[SeriesId::PageFaults];
    let half = Half {
        lines: faults,
        legend: faults,
        at_least: 100.0,
        ..PLAIN
    };
    Track {
        id: TrackId::Faults,
        title: "Page faults",
        meaning: "How often programs touched memory that was not mapped yet",
        what: What::Curves(half, None),
        height: 60.0,
    }
}

pub(super) const fn speed() -> Track {
    let (speeds, events) = (&[SeriesId::CpuMegahertz], &[SeriesId::CpuThrottles]);
    let speed = Half {
        lines: speeds,
        legend: speeds,
        unit: Unit::Megahertz,
        at_least: 1000.0,
        ..PLAIN
    };
    let throttled = Half {
        lines: events,
        legend: events,
        ..PLAIN
    };
    Track {
        id: TrackId::Speed,
        title: "CPU speed",
        meaning: "How fast the CPUs run (upwards), and how often heat slowed them down (downwards)",
        what: What::Curves(speed, Some(throttled)),
        height: 84.0,
    }
}

pub(super) const fn network_trouble() -> Track {
    use SeriesId as Id;
    let connections = &[
        Id::TcpRetransmits,
        Id::TcpResets,
        Id::TcpResetsSent,
        Id::TcpFailed,
    ];
    let lost = &[
        Id::ListenOverflows,
        Id::ListenDrops,
        Id::UdpErrors,
        Id::PacketsLost,
    ];
    Track {
        id: TrackId::NetworkTrouble,
        title: "Network trouble",
        meaning: "TCP that was sent again, reset or refused (upwards), and what was dropped before a program saw it (downwards)",
        what: two(connections, lost, 10.0),
        height: 96.0,
    }
}

pub(super) const fn connections() -> Track {
    Track {
        id: TrackId::Connections,
        title: "New connections",
        meaning: "TCP connections that others began with this host (upwards), and that it began (downwards)",
        what: two(&[SeriesId::TcpOpenedIn], &[SeriesId::TcpOpenedOut], 10.0),
        height: 84.0,
    }
}

pub(super) const fn sockets() -> Track {
    use SeriesId as Id;
    let usual = &[Id::TcpEstablished, Id::TcpTimeWait, Id::TcpListen];
    let passing = &[
        Id::TcpCloseWait,
        Id::TcpSynSent,
        Id::TcpSynReceived,
        Id::TcpFinWait,
        Id::TcpClosing,
    ];
    let up = Half {
        lines: usual,
        legend: usual,
        unit: Unit::Count,
        at_least: 10.0,
        ..PLAIN
    };
    let down = Half {
        lines: passing,
        legend: passing,
        ..up
    };
    Track {
        id: TrackId::Sockets,
        title: "TCP sockets",
        meaning: "Sockets in the states that last (upwards), and in those that should pass soon (downwards)",
        what: What::Curves(up, Some(down)),
        height: 96.0,
    }
}

pub(super) const fn space() -> Track {
    let shares = &[SeriesId::FullestSpace, SeriesId::FullestInodes];
    let half = Half {
        lines: shares,
        legend: shares,
        unit: Unit::Percent,
        at_least: 100.0,
        at_most: 100.0,
        ..PLAIN
    };
    Track {
        id: TrackId::Space,
        title: "Fullest file system",
        meaning: "How much of the file system with the least room is in use; “Each file system” tells which it is",
        what: What::Curves(half, None),
        height: 60.0,
    }
}
