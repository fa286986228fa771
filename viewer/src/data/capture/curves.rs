//! The reader's buckets as pieces of curves: each stands until the next one begins.

use crate::data::{Bucket, SeriesData, SeriesId};
use afterimage_format::capture::pyramid;
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
    after_gap: impl Fn(Seq) -> bool,
) -> SeriesData {
    let (series, is_rate) = stored(id);
    let buckets = pieces.iter().filter_map(|piece| {
        let bucket = piece.bucket;
        if is_rate && bucket.ticks == 1 && after_gap(bucket.first) {
            return None;
        }
        let spread = bucket.of(series)?;
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

/// What a capture calls a curve, and whether it comes from the difference of two ticks.
fn stored(id: SeriesId) -> (Series, bool) {
    match id {
        SeriesId::LoadOne => (Series::Load1, false),
        SeriesId::LoadFive => (Series::Load5, false),
        SeriesId::LoadFifteen => (Series::Load15, false),
        SeriesId::Runnable => (Series::Running, false),
        SeriesId::Blocked => (Series::Blocked, false),
        SeriesId::PressureCpu => (Series::PressureCpuSome, true),
        SeriesId::PressureIo => (Series::PressureIoSome, true),
        SeriesId::PressureMemory => (Series::PressureMemorySome, true),
    }
}
