//! Buckets as the rows of `pyramid` and `minute`, and back.

use super::lives::{self, LifeSums};
use super::{Bucket, Spread};
use crate::capture::bytes::Input;
use crate::capture::error::FrameFault;
use crate::capture::frame::{FrameKey, FrameKind, Packer, open, seal};
use crate::capture::tables::{CheckedRow, integer, maybe};
use crate::process::ProcessKey;
use crate::series::Series;
use crate::time::{Seq, WallTime};
use rusqlite::types::Value;

/// zstd level of the lives: written once a minute.
const LIVES_LEVEL: i32 = 9;

/// The lives as a frame. What cannot be packed is left out: it can be made again.
pub(super) fn sealed(capture: u64, first: Seq, raw: &[u8]) -> Option<Vec<u8>> {
    let mut frame = Vec::new();
    let key = FrameKey::new(capture, first.0);
    let mut packer = Packer::new(LIVES_LEVEL).ok()?;
    seal(&mut frame, FrameKind::Lives, key, raw, &mut packer).ok()?;
    Some(frame)
}

/// A bucket from its row; none when the row cannot be understood.
pub(crate) fn bucket_of_row(row: &CheckedRow) -> Option<Bucket> {
    Some(Bucket {
        first: Seq(row.unsigned(2)?),
        ticks: row.unsigned(3)?,
        from: WallTime::from_file(row.integer(4)?),
        to: WallTime::from_file(row.integer(5)?),
        series: decode(row.bytes(6)?).ok()?,
    })
}

/// What each process did in a bucket.
pub(crate) fn decode_lives(
    frame: &[u8],
    capture: u64,
    first: Seq,
) -> Result<Vec<(ProcessKey, LifeSums)>, FrameFault> {
    let mut raw = Vec::new();
    let key = FrameKey::new(capture, first.0);
    open(&mut &frame[..], FrameKind::Lives, key, &mut raw)?;
    lives::decode(&raw)
}

pub(super) fn minute(bucket: &Bucket) -> Vec<Value> {
    let of = |series: Series| bucket.series[series as usize];
    let real = |value: Option<f64>| maybe(value.map(Value::Real));
    let mean = |series| real(of(series).map(|spread| spread.mean));
    let max = |series| real(of(series).map(|spread| spread.max));
    vec![
        integer(bucket.from.0),
        integer(bucket.to.0),
        integer(bucket.ticks),
        mean(Series::Load1),
        max(Series::Load1),
        mean(Series::Running),
        max(Series::Running),
        mean(Series::Blocked),
        max(Series::Blocked),
        mean(Series::CpuBusy),
        max(Series::CpuBusy),
        mean(Series::CpuIowait),
        mean(Series::CpuSteal),
        mean(Series::PressureCpuSome),
        mean(Series::PressureMemorySome),
        mean(Series::PressureIoSome),
        mean(Series::MemoryAvailable),
        mean(Series::SwapUsed),
        mean(Series::SwapIn),
        mean(Series::SwapOut),
    ]
}

/// What a series takes: min, max and mean, as 32-bit floats.
const SPREAD_BYTES: usize = 12;

/// The presence bits of a capture of the first recorders, which knew 38 series.
const FIRST_BITS: usize = 5;

/// So that the length of a row tells how many of its bytes are presence bits.
const _: () = assert!(Series::COUNT.div_ceil(8) < SPREAD_BYTES);

/// A presence bit for each series, then min, max and mean of those present, as 32-bit floats.
pub(super) fn encode(out: &mut Vec<u8>, series: &[Option<Spread>; Series::COUNT]) {
    for eight in series.chunks(8) {
        let bits = eight
            .iter()
            .zip(0..)
            .map(|(spread, bit)| u8::from(spread.is_some()) << bit);
        out.push(bits.sum());
    }
    for spread in series.iter().flatten() {
        for value in [spread.min, spread.max, spread.mean] {
            out.extend_from_slice(&single(value).to_le_bytes());
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "seven digits are enough to draw a curve"
)]
fn single(value: f64) -> f32 {
    value as f32
}

/// Spreads take 12 bytes each, so what is left over when the length is divided by that are the
/// presence bits. They are fewer in a capture of a program that knew fewer series, whose last are
/// absent then; those that a later one appended are passed over.
pub(crate) fn decode(bytes: &[u8]) -> Result<[Option<Spread>; Series::COUNT], FrameFault> {
    let (bits, spreads) = bytes.split_at(bytes.len() % SPREAD_BYTES);
    let present: u32 = bits.iter().map(|bits| bits.count_ones()).sum();
    let is_whole = bits.len() == FIRST_BITS || bits.len() >= Series::COUNT.div_ceil(8);
    if !is_whole || spreads.len() / SPREAD_BYTES != present as usize {
        return Err(FrameFault::Short);
    }
    let mut input = Input(spreads);
    let mut series = [None; Series::COUNT];
    let bits = bits
        .iter()
        .flat_map(|bits| (0..8).map(move |bit| bits >> bit & 1 == 1));
    for (place, is_present) in bits.enumerate() {
        if !is_present {
            continue;
        }
        let mut value = || -> Result<f64, FrameFault> {
            let bytes = [input.byte()?, input.byte()?, input.byte()?, input.byte()?];
            Ok(f64::from(f32::from_le_bytes(bytes)))
        };
        let spread = Spread {
            min: value()?,
            max: value()?,
            mean: value()?,
        };
        if let Some(known) = series.get_mut(place) {
            *known = Some(spread);
        }
    }
    Ok(series)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_bucket_is_refused() {
        let mut bytes = Vec::new();
        let mut series = [None; Series::COUNT];
        series[3] = Some(Spread {
            min: 1.0,
            max: 2.0,
            mean: 1.5,
        });
        encode(&mut bytes, &series);
        assert_eq!(decode(&bytes), Ok(series));
        assert_eq!(decode(&bytes[..bytes.len() - 1]), Err(FrameFault::Short));
    }

    #[test]
    fn a_bucket_of_fewer_or_more_series_gives_those_that_are_known() {
        let spread = Spread {
            min: 1.0,
            max: 2.0,
            mean: 1.5,
        };
        // 38 series take 5 bytes of bits.
        let mut fewer = vec![0b1000_u8, 0, 0, 0, 0b10_0000];
        let mut more = vec![0b1000_u8, 0, 0, 0, 0b10_0000, 0, 0, 0, 0b1];
        for bytes in [&mut fewer, &mut more] {
            let of = bytes.iter().map(|bits| bits.count_ones()).sum::<u32>();
            for _ in 0..of {
                for value in [1.0_f32, 2.0, 1.5] {
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
            }
        }
        let mut known = [None; Series::COUNT];
        (known[3], known[37]) = (Some(spread), Some(spread));
        assert_eq!(decode(&fewer), Ok(known));
        assert_eq!(decode(&more), Ok(known));
        assert_eq!(decode(&fewer[..5]), Err(FrameFault::Short));
    }
}
