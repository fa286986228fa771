//! Minima, maxima and means of every [`Series`] over a minute, 15 minutes and 2 hours.
//!
//! So that seven days can be drawn without unpacking seven days. A cache: whatever is in it
//! can be made again from the chunks, and nothing else is concluded from it.

mod lives;

pub use lives::{LifeSums, SHORT_LIVES, SumAndMost};

use super::bytes::Input;
use super::chunk::Chunk;
use super::error::FrameFault;
use super::frame::{FrameKey, FrameKind, Packer, open, seal};
use super::tables::{self, integer, maybe};
use crate::process::ProcessKey;
use crate::series::{Series, SeriesReader, SeriesValues};
use crate::tick::TickTimes;
use crate::time::{MonotonicTime, Seq, WallTime};
pub(crate) use lives::{Follower, Lives};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::ops::Range;
use std::time::Duration;

/// zstd level of the lives: written once a minute.
const LIVES_LEVEL: i32 = 9;

/// The steps of the pyramid, in seconds.
pub const LEVELS: [u32; 3] = [60, 900, 7200];

/// What a series did over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// The mean over the ticks.
    pub mean: f64,
}

/// All series over a stretch of time.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// The first tick in it.
    pub first: Seq,
    /// How many ticks are in it.
    pub ticks: u64,
    /// When the first of them was taken.
    pub from: WallTime,
    /// When the last of them was taken.
    pub to: WallTime,
    /// What each series did; `None` where it had no value.
    pub series: [Option<Spread>; Series::COUNT],
}

/// Adds up ticks into one bucket.
#[derive(Debug, Clone)]
struct Sum {
    bucket: Bucket,
    /// Which bucket of its level it is, by time since boot.
    number: i64,
    totals: [(f64, u64); Series::COUNT],
    lives: Lives,
}

/// Turns ticks into the rows of every level.
#[derive(Debug, Clone)]
pub(crate) struct PyramidWriter {
    capture: u64,
    tick_rate: u64,
    open: [Option<Sum>; LEVELS.len()],
    series: SeriesReader,
    follower: Follower,
    /// When the tick before was due.
    before: Option<MonotonicTime>,
}

impl PyramidWriter {
    /// A pyramid without open buckets.
    pub(crate) fn new(capture: u64, tick_rate: u64) -> Self {
        Self {
            capture,
            tick_rate,
            open: [const { None }; LEVELS.len()],
            series: SeriesReader::default(),
            follower: Follower::default(),
            before: None,
        }
    }

    /// Adds the ticks of a chunk, and writes the buckets that they end.
    pub(crate) fn add(
        &mut self,
        db: &Connection,
        (run, interval): (i64, Duration),
        chunk: &Chunk,
    ) -> rusqlite::Result<()> {
        let segments = segments(&chunk.ticks);
        if self.is_gap(chunk.ticks[0].planned, interval) {
            self.follower.forget();
        }
        let lives = self.follower.follow(chunk, &segments, self.tick_rate);
        for (segment, lives) in segments.into_iter().zip(lives) {
            for tick in segment {
                let times = &chunk.ticks[tick];
                if self.is_gap(times.planned, interval) {
                    self.series.restart();
                }
                self.before = Some(times.planned);
                let values = self.series.read(chunk, tick);
                self.roll(db, run, times)?;
                for sum in self.open.iter_mut().flatten() {
                    sum.add(times, &values);
                }
            }
            if let Some(minute) = &mut self.open[0] {
                let is_first = minute.lives.is_empty();
                lives::merge(&mut minute.lives, &lives, is_first);
            }
        }
        Ok(())
    }

    fn is_gap(&self, planned: MonotonicTime, interval: Duration) -> bool {
        let step = self.before.and_then(|before| planned.since(before));
        step.is_some_and(|step| step > interval * 3 / 2)
    }

    /// Ends the buckets that this tick is not in, and begins those that it is in.
    fn roll(&mut self, db: &Connection, run: i64, times: &TickTimes) -> rusqlite::Result<()> {
        for (level, seconds) in LEVELS.into_iter().enumerate() {
            let number = bucket_number(times, seconds);
            if self.open[level]
                .as_ref()
                .is_some_and(|sum| sum.number != number)
            {
                self.end(db, run, level)?;
            }
            self.open[level].get_or_insert_with(|| Sum::new(number, times));
        }
        Ok(())
    }

    /// Writes an open bucket; what lives did in it becomes part of the next level's.
    fn end(&mut self, db: &Connection, run: i64, level: usize) -> rusqlite::Result<()> {
        let Some(mut done) = self.open[level].take() else {
            return Ok(());
        };
        lives::fold_short(&mut done.lives);
        if let Some(Some(longer)) = self.open.get_mut(level + 1) {
            let is_first = longer.lives.is_empty();
            lives::merge(&mut longer.lives, &done.lives, is_first);
        }
        write(db, (self.capture, run), LEVELS[level], done)
    }

    /// Writes what is open: the run ends, or its ticks are interrupted for good.
    pub(crate) fn finish(&mut self, db: &Connection, run: i64) -> rusqlite::Result<()> {
        self.series.restart();
        self.follower.forget();
        self.before = None;
        (0..LEVELS.len()).try_for_each(|level| self.end(db, run, level))
    }
}

fn bucket_number(times: &TickTimes, level: u32) -> i64 {
    times.planned.0.div_euclid(i64::from(level) * 1_000_000)
}

/// The runs of ticks that are in one minute.
fn segments(ticks: &[TickTimes]) -> Vec<Range<usize>> {
    let minutes = ticks.chunk_by(|a, b| bucket_number(a, LEVELS[0]) == bucket_number(b, LEVELS[0]));
    let mut start = 0;
    let ranges = minutes.map(|minute| {
        start += minute.len();
        start - minute.len()..start
    });
    ranges.collect()
}

impl Sum {
    fn new(number: i64, times: &TickTimes) -> Self {
        let bucket = Bucket {
            first: times.seq,
            ticks: 0,
            from: times.began.wall,
            to: times.began.wall,
            series: [None; Series::COUNT],
        };
        Self {
            bucket,
            number,
            totals: [(0.0, 0); Series::COUNT],
            lives: Lives::new(),
        }
    }

    fn add(&mut self, times: &TickTimes, values: &SeriesValues) {
        self.bucket.ticks += 1;
        self.bucket.to = times.began.wall;
        let series = self.bucket.series.iter_mut().zip(&mut self.totals);
        for ((spread, total), value) in series.zip(values) {
            let Some(value) = *value else { continue };
            *total = (total.0 + value, total.1 + 1);
            let spread = spread.get_or_insert(Spread {
                min: value,
                max: value,
                mean: value,
            });
            spread.min = spread.min.min(value);
            spread.max = spread.max.max(value);
        }
    }

    fn finish(mut self) -> (Bucket, Lives) {
        for (spread, (total, count)) in self.bucket.series.iter_mut().zip(self.totals) {
            if let Some(spread) = spread {
                spread.mean = total / count as f64;
            }
        }
        (self.bucket, self.lives)
    }
}

/// Writes a bucket to `pyramid`, and one of a minute to `minute` as well.
fn write(
    db: &Connection,
    (capture, run): (u64, i64),
    level: u32,
    sum: Sum,
) -> rusqlite::Result<()> {
    let (bucket, lives) = sum.finish();
    let (mut machine, mut raw) = (Vec::new(), Vec::new());
    encode(&mut machine, &bucket.series);
    lives::encode(&mut raw, &lives);
    let values = vec![
        integer(level),
        integer(run),
        integer(bucket.first.0),
        integer(bucket.ticks),
        integer(bucket.from.0),
        integer(bucket.to.0),
        Value::Blob(machine),
        maybe(sealed(capture, bucket.first, &raw).map(Value::Blob)),
    ];
    tables::named("pyramid").insert(db, capture, None, values)?;
    if level == LEVELS[0] {
        tables::named("minute").insert(db, capture, None, minute(&bucket))?;
    }
    Ok(())
}

/// The lives as a frame. What cannot be packed is left out: it can be made again.
fn sealed(capture: u64, first: Seq, raw: &[u8]) -> Option<Vec<u8>> {
    let mut frame = Vec::new();
    let key = FrameKey {
        capture,
        seq: first.0,
    };
    let mut packer = Packer::new(LIVES_LEVEL).ok()?;
    seal(&mut frame, FrameKind::Lives, key, raw, &mut packer).ok()?;
    Some(frame)
}

/// What each process did in a bucket.
pub(crate) fn decode_lives(
    frame: &[u8],
    capture: u64,
    first: Seq,
) -> Result<Vec<(ProcessKey, LifeSums)>, FrameFault> {
    let mut raw = Vec::new();
    let key = FrameKey {
        capture,
        seq: first.0,
    };
    open(&mut &frame[..], FrameKind::Lives, key, &mut raw)?;
    lives::decode(&raw)
}

fn minute(bucket: &Bucket) -> Vec<Value> {
    let of = |series: Series| bucket.series[series as usize];
    let real = |value: Option<f64>| maybe(value.map(Value::Real));
    let mean = |series| real(of(series).map(|spread| spread.mean));
    let max = |series| real(of(series).map(|spread| spread.max));
    let idle = |pick: fn(Spread) -> f64| {
        of(Series::CpuIdle)
            .zip(of(Series::CpuIowait))
            .map(|(idle, wait)| 100.0 - pick(idle) - pick(wait))
    };
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
        real(idle(|spread| spread.mean)),
        real(idle(|spread| spread.min)),
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
fn encode(out: &mut Vec<u8>, series: &[Option<Spread>; Series::COUNT]) {
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
