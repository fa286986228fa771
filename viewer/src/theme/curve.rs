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

impl Tokens {
    /// How a curve is drawn.
    pub fn curve(&self, id: SeriesId) -> Curve {
        let solid = |color, fill| Curve {
            color,
            thickness: 1.5,
            dash: None,
            fill,
            fill_beyond: fill,
        };
        let dashed = |color, dash| Curve {
            color,
            thickness: 1.5,
            dash: Some(dash),
            fill: 0.0,
            fill_beyond: 0.0,
        };
        // In a stack the layers part from each other by their fill.
        let layer = |color| Curve {
            thickness: 0.0,
            ..solid(color, 0.85)
        };
        match id {
            SeriesId::LoadOne => Curve {
                thickness: 2.0,
                ..solid(self.load_one, 0.0)
            },
            SeriesId::LoadFive => dashed(self.load_five, (9, 4)),
            SeriesId::LoadFifteen => dashed(self.load_fifteen, (3, 3)),
            SeriesId::Runnable => Curve {
                fill_beyond: 0.62,
                ..solid(self.running, 0.16)
            },
            SeriesId::Blocked => solid(self.blocked, 0.70),
            SeriesId::PressureCpu => solid(self.running, 0.12),
            SeriesId::PressureIo => solid(self.io, 0.16),
            SeriesId::PressureIoFull => Curve {
                thickness: 0.0,
                ..solid(self.io, 0.60)
            },
            SeriesId::PressureMemory => solid(self.memory, 0.16),
            SeriesId::PressureMemoryFull => Curve {
                thickness: 0.0,
                ..solid(self.memory, 0.60)
            },
            SeriesId::CpuIowait => dashed(self.io, (5, 3)),
            SeriesId::CpuUser => layer(self.running),
            SeriesId::CpuNice => layer(self.nice),
            SeriesId::CpuSystem => layer(self.system),
            SeriesId::CpuInterrupts => layer(self.interrupts),
            SeriesId::CpuSteal => layer(self.blocked),
            SeriesId::CpuBusy => Curve {
                thickness: 1.0,
                ..solid(self.text_strong, 0.0)
            },
            SeriesId::MemoryUsed => layer(self.memory),
            SeriesId::MemoryCache => Curve {
                fill: 0.45,
                fill_beyond: 0.45,
                ..layer(self.spare)
            },
            SeriesId::MemoryFree => Curve {
                fill: 0.14,
                fill_beyond: 0.14,
                ..layer(self.spare)
            },
            SeriesId::MemoryAvailable | SeriesId::MemoryTotal => solid(self.text_strong, 0.0),
            SeriesId::Dirty => dashed(self.io, (3, 3)),
            SeriesId::SwapUsed | SeriesId::SwapOut => dashed(self.blocked, (5, 3)),
            SeriesId::SwapIn | SeriesId::MajorFaults => solid(self.memory, 0.3),
            SeriesId::DiskRead | SeriesId::DiskWritten => solid(self.io, 0.3),
            SeriesId::Received | SeriesId::Sent => solid(self.system, 0.3),
            SeriesId::ContextSwitches | SeriesId::Forks => solid(self.event, 0.3),
            SeriesId::Interrupts | SeriesId::Softirqs => solid(self.interrupts, 0.3),
            SeriesId::PageFaults => solid(self.memory, 0.3),
            SeriesId::TcpOpenedIn | SeriesId::TcpOpenedOut => solid(self.system, 0.3),
            SeriesId::TcpRetransmits => solid(self.io, 0.3),
            SeriesId::TcpResets => solid(self.blocked, 0.3),
            SeriesId::TcpResetsSent => dashed(self.blocked, (5, 3)),
            SeriesId::TcpFailed => dashed(self.memory, (3, 3)),
            SeriesId::ListenOverflows => solid(self.blocked, 0.3),
            SeriesId::ListenDrops => dashed(self.blocked, (5, 3)),
            SeriesId::UdpErrors => solid(self.io, 0.16),
            SeriesId::PacketsLost => dashed(self.io, (3, 3)),
            SeriesId::TcpEstablished => solid(self.running, 0.16),
            SeriesId::TcpListen => dashed(self.text_strong, (3, 3)),
            SeriesId::TcpTimeWait => dashed(self.event, (9, 4)),
            SeriesId::TcpCloseWait => solid(self.blocked, 0.3),
            SeriesId::TcpSynSent => solid(self.io, 0.16),
            SeriesId::TcpSynReceived => dashed(self.io, (5, 3)),
            SeriesId::TcpFinWait => dashed(self.mark, (9, 4)),
            SeriesId::TcpClosing => dashed(self.mark, (3, 3)),
            SeriesId::FullestSpace => solid(self.io, 0.3),
            SeriesId::FullestInodes => dashed(self.memory, (5, 3)),
            SeriesId::CpuMegahertz => solid(self.running, 0.16),
            SeriesId::CpuThrottles => solid(self.blocked, 0.3),
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
