//! Minima, maxima and means of every [`Series`] over a minute, 15 minutes and 2 hours.
//!
//! So that seven days can be drawn without unpacking seven days. A cache: whatever is in it
//! can be made again from the chunks, and nothing else is concluded from it.

mod follower;
mod lives;
mod stored;

pub use lives::{LeastAndMost, LifeSums, SHORT_LIVES, SumAndMost};

use super::chunk::Chunk;
use super::tables::{self, integer, maybe};
use crate::series::{Series, SeriesReader, SeriesValues};
use crate::tick::TickTimes;
use crate::time::{MonotonicTime, Seq, WallTime};
pub(crate) use follower::Follower;
pub(crate) use lives::Lives;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::ops::Range;
use std::time::Duration;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use stored::decode;
pub(crate) use stored::{bucket_of_row, decode_lives};
use stored::{encode, minute, sealed};

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
    /// Ticks up to this one are in buckets that are written: they only lead to the next.
    covered: u64,
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
            covered: 0,
        }
    }

    /// From now on, ticks up to this one are taken to be in written buckets.
    pub(crate) fn skip_to(&mut self, covered: u64) {
        self.covered = covered;
    }

    /// Adds the ticks of a chunk, and writes the buckets that they end.
    pub(crate) fn add(
        &mut self,
        db: &Connection,
        (run, interval): (i64, Duration),
        chunk: &Chunk,
    ) -> rusqlite::Result<()> {
        let segments = segments(&chunk.ticks, self.covered);
        let breaks = self.breaks(&chunk.ticks, interval);
        let lives = self
            .follower
            .follow(chunk, (&segments, &breaks), self.tick_rate);
        for (segment, lives) in segments.into_iter().zip(lives) {
            for tick in segment {
                let times = &chunk.ticks[tick];
                if breaks[tick] {
                    self.series.restart();
                }
                let values = self.series.read(chunk, tick);
                if times.seq.0 <= self.covered {
                    continue;
                }
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

    /// Up to which tick each level goes.
    pub(crate) fn covered(db: &Connection) -> rusqlite::Result<[u64; LEVELS.len()]> {
        let sql =
            "SELECT coalesce(max(first_seq + ticks - 1), 0) FROM pyramid WHERE level_seconds = ?";
        let mut covered = [0; LEVELS.len()];
        for (level, last) in LEVELS.into_iter().zip(&mut covered) {
            let seq: i64 = db.query_row(sql, [level], |row| row.get(0))?;
            *last = u64::try_from(seq).unwrap_or(0);
        }
        Ok(covered)
    }

    /// After a crash: the longer stretches that were open get a bucket made of the minutes that
    /// they had. `covered` is what each level had at the crash.
    pub(crate) fn complete(
        &self,
        db: &Connection,
        run: i64,
        covered: [u64; LEVELS.len()],
    ) -> rusqlite::Result<()> {
        for level in 1..LEVELS.len() {
            let minutes =
                "WHERE level_seconds = ? AND first_seq > ? AND first_seq <= ? ORDER BY first_seq";
            let range = [
                i64::from(LEVELS[0]),
                covered[level].cast_signed(),
                covered[0].cast_signed(),
            ];
            let rows = tables::named("pyramid").sound_rows(
                db,
                self.capture,
                (minutes, &range),
                |row| {
                    let bucket = bucket_of_row(row)?;
                    let lives = decode_lives(row.bytes(7)?, self.capture, bucket.first).ok()?;
                    Some((bucket, lives.into_iter().collect::<Lives>()))
                },
            )?;
            let mut longer: Option<Sum> = None;
            for (bucket, mut lives) in rows.into_iter().flatten() {
                // Who was there at the ends of a minute is not stored: whoever was there at all.
                for sums in lives.values_mut() {
                    sums.at_ends = [true; 2];
                }
                longer = Some(match longer.take() {
                    Some(sum) => sum.joined(&bucket, &lives),
                    None => Sum::of_bucket(bucket, lives),
                });
            }
            if let Some(sum) = longer {
                write(db, (self.capture, run), LEVELS[level], sum)?;
            }
        }
        Ok(())
    }

    /// Before which ticks of a chunk others are missing.
    fn breaks(&mut self, ticks: &[TickTimes], interval: Duration) -> Vec<bool> {
        let breaks = ticks.iter().map(|times| {
            let before = self.before.replace(times.planned);
            let step = before.and_then(|before| times.planned.since(before));
            step.is_some_and(|step| step > interval * 3 / 2)
        });
        breaks.collect()
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

/// The runs of ticks that are in one minute, and covered or not.
fn segments(ticks: &[TickTimes], covered: u64) -> Vec<Range<usize>> {
    let key = |times: &TickTimes| (bucket_number(times, LEVELS[0]), times.seq.0 <= covered);
    let minutes = ticks.chunk_by(|a, b| key(a) == key(b));
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

    fn of_bucket(bucket: Bucket, lives: Lives) -> Self {
        let total = |spread: &Option<Spread>| {
            spread.map_or((0.0, 0), |spread| {
                (spread.mean * bucket.ticks as f64, bucket.ticks)
            })
        };
        let totals = std::array::from_fn(|series| total(&bucket.series[series]));
        Self {
            bucket,
            number: 0,
            totals,
            lives,
        }
    }

    /// This one and the bucket after it as one.
    fn joined(mut self, next: &Bucket, lives: &Lives) -> Self {
        self.bucket.ticks += next.ticks;
        self.bucket.to = next.to;
        for ((mine, total), theirs) in self
            .bucket
            .series
            .iter_mut()
            .zip(&mut self.totals)
            .zip(&next.series)
        {
            let Some(theirs) = theirs else { continue };
            *total = (
                total.0 + theirs.mean * next.ticks as f64,
                total.1 + next.ticks,
            );
            let mine = mine.get_or_insert(*theirs);
            mine.min = mine.min.min(theirs.min);
            mine.max = mine.max.max(theirs.max);
        }
        lives::merge(&mut self.lives, lives, false);
        self
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
