//! How each curve is drawn: its colour, its line and what is filled under it.
//!
//! Curves of one family share a colour and differ in their line; what lies on the other side of
//! the zero line of a track is told apart by that.

use super::Tokens;
use crate::data::SeriesId;
use egui::Color32;

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Its colour.
    pub color: Color32,
    /// How thick its line is, in points.
    pub thickness: f32,
    /// How much of each dash is drawn, in pixels: drawn, then left out. Tells curves of one
    /// family apart without colour.
    pub dash: Option<(i64, i64)>,
    /// How strongly the space under it is filled, 0 to 1.
    pub fill: f32,
    /// The same, above the line that marks the limit of a track: there, tasks wait.
    pub fill_beyond: f32,
}

/// A line, with so much of the space under it filled.
const fn solid(color: Color32, fill: f32) -> Curve {
    Curve {
        color,
        thickness: 1.5,
        dash: None,
        fill,
        fill_beyond: fill,
    }
}

const fn dashed(color: Color32, dash: (i64, i64)) -> Curve {
    Curve {
        dash: Some(dash),
        ..solid(color, 0.0)
    }
}

/// In a stack the layers part from each other by their fill.
const fn layer(color: Color32, fill: f32) -> Curve {
    Curve {
        thickness: 0.0,
        ..solid(color, fill)
    }
}

impl Tokens {
    /// How a curve is drawn.
    pub fn curve(&self, id: SeriesId) -> Curve {
        use SeriesId as Id;
        match id {
            Id::LoadOne => Curve {
                thickness: 2.0,
                ..solid(self.load_one, 0.0)
            },
            Id::LoadFive => dashed(self.load_five, (9, 4)),
            Id::LoadFifteen => dashed(self.load_fifteen, (3, 3)),
            Id::Runnable => Curve {
                fill_beyond: 0.62,
                ..solid(self.running, 0.16)
            },
            Id::Blocked => solid(self.blocked, 0.70),
            Id::Uninterruptible => solid(self.blocked, 0.25),
            Id::PressureCpu => solid(self.running, 0.12),
            Id::TcpEstablished | Id::CpuMegahertz => solid(self.running, 0.16),
            Id::PressureIo | Id::UdpErrors | Id::TcpSynSent => solid(self.io, 0.16),
            Id::PressureIoFull => layer(self.io, 0.60),
            Id::PressureMemory => solid(self.memory, 0.16),
            Id::PressureMemoryFull => layer(self.memory, 0.60),
            Id::CpuUser => layer(self.running, 0.85),
            Id::CpuNice => layer(self.nice, 0.85),
            Id::CpuSystem => layer(self.system, 0.85),
            Id::CpuInterrupts => layer(self.interrupts, 0.85),
            Id::CpuSteal => layer(self.blocked, 0.85),
            Id::CpuBusy => Curve {
                thickness: 1.0,
                ..solid(self.text_strong, 0.0)
            },
            Id::MemoryUsed => layer(self.memory, 0.85),
            Id::MemoryCache => layer(self.spare, 0.45),
            Id::MemoryFree => layer(self.spare, 0.14),
            Id::MemoryAvailable | Id::MemoryTotal => solid(self.text_strong, 0.0),
            Id::Dirty | Id::PacketsLost => dashed(self.io, (3, 3)),
            Id::CpuIowait | Id::TcpSynReceived => dashed(self.io, (5, 3)),
            Id::SwapUsed | Id::SwapOut | Id::TcpResetsSent | Id::ListenDrops => {
                dashed(self.blocked, (5, 3))
            }
            Id::SwapIn | Id::MajorFaults | Id::PageFaults => solid(self.memory, 0.3),
            Id::DiskRead | Id::DiskWritten | Id::TcpRetransmits | Id::FullestSpace => {
                solid(self.io, 0.3)
            }
            Id::Received | Id::Sent | Id::TcpOpenedIn | Id::TcpOpenedOut => solid(self.system, 0.3),
            Id::ContextSwitches | Id::Forks => solid(self.event, 0.3),
            Id::Interrupts | Id::Softirqs => solid(self.interrupts, 0.3),
            Id::TcpResets | Id::ListenOverflows | Id::TcpCloseWait | Id::CpuThrottles => {
                solid(self.blocked, 0.3)
            }
            Id::TcpFailed => dashed(self.memory, (3, 3)),
            Id::FullestInodes => dashed(self.memory, (5, 3)),
            Id::TcpListen => dashed(self.text_strong, (3, 3)),
            Id::TcpTimeWait => dashed(self.event, (9, 4)),
            Id::TcpFinWait => dashed(self.mark, (9, 4)),
            Id::TcpClosing => dashed(self.mark, (3, 3)),
        }
    }

    /// The colour of a share of 0 to 100 in a row of heat: the more, the further from the
    /// background in lightness, so that no hue is needed to read it.
    pub fn heat(&self, percent: f32) -> Color32 {
        let share = (percent / 100.0).clamp(0.0, 1.0);
        // The lower half fades in, the upper half glows.
        if share < 0.6 {
            self.grid.lerp_to_gamma(self.running, share / 0.6)
        } else {
            self.running
                .lerp_to_gamma(self.load_one, (share - 0.6) / 0.4 * 0.75)
        }
    }
}
