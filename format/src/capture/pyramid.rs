//! Minima, maxima and means of every [`Series`] over a minute, 15 minutes and 2 hours.
//!
//! So that seven days can be drawn without unpacking seven days. A cache: whatever is in it
//! can be made again from the chunks, and nothing else is concluded from it.

use super::bytes::Input;
use super::error::FrameFault;
use super::tables::{self, integer};
use crate::series::{Series, SeriesValues};
use crate::tick::TickTimes;
use crate::time::{Seq, WallTime};
use rusqlite::Connection;
use rusqlite::types::Value;

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
}

/// Turns ticks into the rows of every level.
#[derive(Debug, Clone, Default)]
pub(crate) struct PyramidWriter {
    open: [Option<Sum>; LEVELS.len()],
}

impl PyramidWriter {
    /// Adds a tick, and writes the buckets that it ends.
    pub(crate) fn add(
        &mut self,
        db: &Connection,
        at: (u64, i64),
        times: &TickTimes,
        values: &SeriesValues,
    ) -> rusqlite::Result<()> {
        for (level, open) in LEVELS.into_iter().zip(&mut self.open) {
            let number = times.planned.0.div_euclid(i64::from(level) * 1_000_000);
            if let Some(done) = open.take_if(|sum| sum.number != number) {
                write(db, at, level, &done.finish())?;
            }
            open.get_or_insert_with(|| Sum::new(number, times))
                .add(times, values);
        }
        Ok(())
    }

    /// Writes what is open: the run ends, or its ticks are interrupted for good.
    pub(crate) fn finish(&mut self, db: &Connection, at: (u64, i64)) -> rusqlite::Result<()> {
        for (level, open) in LEVELS.into_iter().zip(&mut self.open) {
            if let Some(done) = open.take() {
                write(db, at, level, &done.finish())?;
            }
        }
        Ok(())
    }
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

    fn finish(mut self) -> Bucket {
        for (spread, (total, count)) in self.bucket.series.iter_mut().zip(self.totals) {
            if let Some(spread) = spread {
                spread.mean = total / count as f64;
            }
        }
        self.bucket
    }
}

/// Writes a bucket to `pyramid`, and one of a minute to `minute` as well.
fn write(
    db: &Connection,
    (capture, run): (u64, i64),
    level: u32,
    bucket: &Bucket,
) -> rusqlite::Result<()> {
    let mut machine = Vec::new();
    encode(&mut machine, &bucket.series);
    let values = vec![
        integer(level),
        integer(run),
        integer(bucket.first.0),
        integer(bucket.ticks),
        integer(bucket.from.0),
        integer(bucket.to.0),
        Value::Blob(machine),
    ];
    tables::named("pyramid").insert(db, capture, None, values)?;
    if level == LEVELS[0] {
        tables::named("minute").insert(db, capture, None, minute(bucket))?;
    }
    Ok(())
}

fn minute(bucket: &Bucket) -> Vec<Value> {
    let of = |series: Series| bucket.series[series as usize];
    let real = |value: Option<f64>| tables::maybe(value.map(Value::Real));
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
    use crate::tick::{Instants, Shed};
    use crate::time::{BootTime, MonotonicTime};
    use std::time::Duration;

    fn times(second: u32) -> TickTimes {
        let micros = i64::from(second) * 1_000_000;
        let at = Instants {
            monotonic: MonotonicTime(micros),
            boot: BootTime(micros),
            wall: WallTime(micros),
        };
        TickTimes {
            seq: Seq(u64::from(second)),
            planned: MonotonicTime(micros),
            began: at,
            ended: at,
            recorder_cpu: Duration::ZERO,
            shed: Shed::NONE,
            full_sweep: false,
        }
    }

    #[test]
    fn one_second_of_load_shows_in_the_two_hours_around_it() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(tables::SCHEMA).unwrap();
        let mut pyramid = PyramidWriter::default();
        for second in 0..7300 {
            let mut values = [None; Series::COUNT];
            values[Series::Running as usize] = Some(if second == 3601 { 90.0 } else { 1.0 });
            pyramid.add(&db, (1, 1), &times(second), &values).unwrap();
        }
        let table = tables::named("pyramid");
        let rows = table.sound_rows(&db, 1, ("WHERE level_seconds = ?", &[7200]), |row| {
            (
                row.unsigned(2),
                row.unsigned(3),
                decode(row.bytes(6).unwrap()).unwrap(),
            )
        });
        let rows = rows.unwrap();
        assert_eq!(rows.len(), 1);
        let (first, ticks, series) = &rows[0];
        assert_eq!((*first, *ticks), (Some(0), Some(7200)));
        let running = series[Series::Running as usize].unwrap();
        assert_eq!((running.min, running.max), (1.0, 90.0));
        assert!((running.mean - (7199.0 + 90.0) / 7200.0).abs() < 1e-4);
        assert_eq!(series[Series::Load1 as usize], None);
    }

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
