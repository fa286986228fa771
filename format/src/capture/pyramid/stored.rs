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

pub(crate) fn decode(bytes: &[u8]) -> Result<[Option<Spread>; Series::COUNT], FrameFault> {
    let mut input = Input(bytes);
    let mut present = [false; Series::COUNT];
    for eight in present.chunks_mut(8) {
        let bits = input.byte()?;
        for (bit, present) in eight.iter_mut().enumerate() {
            *present = bits >> bit & 1 == 1;
        }
    }
    let mut series = [None; Series::COUNT];
    for (spread, _) in series
        .iter_mut()
        .zip(present)
        .filter(|(_, present)| *present)
    {
        let mut value = || -> Result<f64, FrameFault> {
            let bytes = [input.byte()?, input.byte()?, input.byte()?, input.byte()?];
            Ok(f64::from(f32::from_le_bytes(bytes)))
        };
        *spread = Some(Spread {
            min: value()?,
            max: value()?,
            mean: value()?,
        });
    }
    input.end()?;
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
}
