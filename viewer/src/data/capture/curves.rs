//! The reader's buckets as pieces of curves: each stands until the next one begins.

use crate::data::{Bucket, SeriesData, SeriesId};
use afterimage_format::capture::pyramid::{self, Spread};
use afterimage_format::series::Series;
use afterimage_format::time::{Seq, WallTime};
use std::time::Duration;

/// A bucket of the reader, and how long it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    bucket: &'a pyramid::Bucket,
    to: WallTime,
}

/// Buckets with the time they stand for, in order and without overlap.
///
/// A tick stands until the next one, and before missing ticks for one interval. Where the clock
/// was set back, the later ticks are kept, as they are by the cursor.
pub(super) fn pieces(
    buckets: &[pyramid::Bucket],
    interval_at: impl Fn(Seq) -> Duration,
    after_gap: impl Fn(Seq) -> bool,
) -> Vec<Piece<'_>> {
    let mut pieces = Vec::with_capacity(buckets.len());
    let mut next: Option<&pyramid::Bucket> = None;
    for bucket in buckets.iter().rev() {
        let interval = interval_at(bucket.first);
        let own = bucket.to.plus(interval);
        let to = match next {
            None => own,
            Some(next) if next.from <= bucket.from => continue,
            Some(next) if follows(bucket, next, interval) && !after_gap(next.first) => next.from,
            Some(next) => own.min(next.from),
        };
        pieces.push(Piece { bucket, to });
        next = Some(bucket);
    }
    pieces.reverse();
    pieces
}

/// Whether no tick is missing between two buckets. A tick may come late, up to the next one's
/// time, and is not missing then.
fn follows(bucket: &pyramid::Bucket, next: &pyramid::Bucket, interval: Duration) -> bool {
    let in_time = next.from <= bucket.to.plus(interval * 5 / 2);
    next.first.0 == bucket.first.0 + bucket.ticks && in_time
}

/// One curve. The first tick after a gap has no rate: it would be one over the gap.
pub(super) fn of(
    id: SeriesId,
    pieces: &[Piece<'_>],
    page_bytes: f64,
    after_gap: impl Fn(Seq) -> bool,
) -> SeriesData {
    let is_rate = stored(id).is_rate;
    let buckets = pieces.iter().filter_map(|piece| {
        let bucket = piece.bucket;
        if is_rate && bucket.ticks == 1 && after_gap(bucket.first) {
            return None;
        }
        let spread = spread(id, bucket, page_bytes)?;
        Some(Bucket {
            from: bucket.from,
            to: piece.to,
            min: spread.min,
            max: spread.max,
            mean: spread.mean,
        })
    });
    SeriesData {
        id,
        buckets: buckets.collect(),
    }
}

/// What a curve did in a bucket of the reader, in the curve's own unit.
pub(super) fn spread(id: SeriesId, bucket: &pyramid::Bucket, page_bytes: f64) -> Option<Spread> {
    let stored = stored(id);
    let factor = match stored.scale {
        Scale::One => 1.0,
        Scale::Kib => 1024.0,
        Scale::Pages => page_bytes,
    };
    let mut sum: Option<Spread> = None;
    for (sign, series) in stored.parts {
        let part = bucket.of(*series)?;
        let before = sum.unwrap_or(Spread {
            min: 0.0,
            max: 0.0,
            mean: 0.0,
        });
        // Over several ticks the extremes of a sum are not those of its parts; its mean is.
        sum = Some(Spread {
            min: before.min + sign * part.mean,
            max: before.max + sign * part.mean,
            mean: before.mean + sign * part.mean,
        });
        if stored.parts.len() == 1 {
            sum = Some(part);
        }
    }
    sum.map(|sum| Spread {
        min: sum.min * factor,
        max: sum.max * factor,
        mean: sum.mean * factor,
    })
}

/// What the numbers of a capture are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    One,
    Kib,
    Pages,
}

/// How a curve comes from what a capture stores.
#[derive(Debug, Clone, Copy)]
struct Stored {
    /// What is added, and what is taken away.
    parts: &'static [(f64, Series)],
    scale: Scale,
    /// Whether it comes from the difference of two ticks.
    is_rate: bool,
}

const USED: [(f64, Series); 4] = [
    (1.0, Series::MemoryTotal),
    (-1.0, Series::MemoryFree),
    (-1.0, Series::Buffers),
    (-1.0, Series::Cached),
];

/// What of a capture some curves are made of.
pub(super) fn sources(wanted: &[SeriesId]) -> Vec<Series> {
    let parts = wanted.iter().flat_map(|id| stored(*id).parts);
    parts.map(|(_, series)| *series).collect()
}

/// How a curve comes from what a capture stores.
fn stored(id: SeriesId) -> Stored {
    use SeriesId as Id;
    macro_rules! one {
        ($series:ident, $scale:ident, $is_rate:literal) => {
            Stored {
                parts: &[(1.0, Series::$series)],
                scale: Scale::$scale,
                is_rate: $is_rate,
            }
        };
    }
    match id {
        Id::LoadOne => one!(Load1, One, false),
        Id::LoadFive => one!(Load5, One, false),
        Id::LoadFifteen => one!(Load15, One, false),
        Id::Runnable => one!(Running, One, false),
        Id::Blocked => one!(Blocked, One, false),
        Id::Uninterruptible => one!(Uninterruptible, One, false),
        Id::PressureCpu => one!(PressureCpuSome, One, true),
        Id::PressureIo => one!(PressureIoSome, One, true),
        Id::PressureIoFull => one!(PressureIoFull, One, true),
        Id::PressureMemory => one!(PressureMemorySome, One, true),
        Id::PressureMemoryFull => one!(PressureMemoryFull, One, true),
        Id::CpuIowait => one!(CpuIowait, One, true),
        Id::CpuUser => one!(CpuUser, One, true),
        Id::CpuNice => one!(CpuNice, One, true),
        Id::CpuSystem => one!(CpuSystem, One, true),
        Id::CpuInterrupts => one!(CpuInterrupts, One, true),
        Id::CpuSteal => one!(CpuSteal, One, true),
        Id::CpuBusy => one!(CpuBusy, One, true),
        Id::MemoryUsed => Stored {
            parts: &USED,
            scale: Scale::Kib,
            is_rate: false,
        },
        Id::MemoryCache => Stored {
            parts: &[(1.0, Series::Buffers), (1.0, Series::Cached)],
            scale: Scale::Kib,
            is_rate: false,
        },
        Id::MemoryFree => one!(MemoryFree, Kib, false),
        Id::MemoryAvailable => one!(MemoryAvailable, Kib, false),
        Id::MemoryTotal => one!(MemoryTotal, Kib, false),
        Id::Dirty => one!(Dirty, Kib, false),
        Id::SwapUsed => one!(SwapUsed, Kib, false),
        Id::SwapIn => one!(SwapIn, Pages, true),
        Id::SwapOut => one!(SwapOut, Pages, true),
        Id::MajorFaults => one!(MajorFaults, One, true),
        Id::DiskRead => one!(PagedIn, Kib, true),
        Id::DiskWritten => one!(PagedOut, Kib, true),
        Id::Received => one!(Received, One, true),
        Id::Sent => one!(Sent, One, true),
        Id::ContextSwitches => one!(ContextSwitches, One, true),
        Id::Forks => one!(Forks, One, true),
        Id::Interrupts => one!(Interrupts, One, true),
        Id::Softirqs => one!(Softirqs, One, true),
        Id::PageFaults => one!(PageFaults, One, true),
        Id::TcpOpenedOut => one!(TcpOpenedOut, One, true),
        Id::TcpOpenedIn => one!(TcpOpenedIn, One, true),
        Id::TcpRetransmits => one!(TcpRetransmits, One, true),
        Id::TcpFailed => one!(TcpFailed, One, true),
        Id::TcpResets => one!(TcpResets, One, true),
        Id::TcpResetsSent => one!(TcpResetsSent, One, true),
        Id::ListenOverflows => one!(ListenOverflows, One, true),
        Id::ListenDrops => one!(ListenDrops, One, true),
        Id::UdpErrors => one!(UdpErrors, One, true),
        Id::PacketsLost => one!(PacketsLost, One, true),
        Id::TcpEstablished => one!(TcpEstablished, One, false),
        Id::TcpListen => one!(TcpListen, One, false),
        Id::TcpTimeWait => one!(TcpTimeWait, One, false),
        Id::TcpCloseWait => one!(TcpCloseWait, One, false),
        Id::TcpSynSent => one!(TcpSynSent, One, false),
        Id::TcpSynReceived => one!(TcpSynReceived, One, false),
        Id::TcpFinWait => one!(TcpFinWait, One, false),
        Id::TcpClosing => one!(TcpClosing, One, false),
        Id::FullestSpace => one!(FullestSpace, One, false),
        Id::FullestInodes => one!(FullestInodes, One, false),
        Id::CpuMegahertz => one!(CpuMegahertz, One, false),
        Id::CpuThrottles => one!(CpuThrottles, One, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curves_that_cost_more_are_those_whose_sources_do() {
        for id in SeriesId::ALL {
            let costs = sources(&[id]).iter().any(|series| series.is_of_the_rest());
            assert_eq!(costs, id.is_of_the_rest(), "{id:?}");
        }
    }
}
