//! Curves over a stretch of time, at the resolution that is wanted.

use super::{Capture, Part};
use crate::capture::error::CaptureError;
use crate::capture::pyramid::{self, Bucket, Follower, LEVELS, LifeSums, Spread};
use crate::facts::GapKind;
use crate::process::ProcessKey;
use crate::series::{Series, SeriesReader};
use crate::time::{Seq, WallTime};
use std::time::Duration;

/// Curves: buckets in order of time. Where ticks are missing there is no bucket.
#[derive(Debug, Clone, Default)]
pub struct Curves {
    /// The length of a bucket in seconds; 0 when each is a single tick.
    pub step_seconds: u32,
    /// What every series did in each.
    pub buckets: Vec<Bucket>,
}

/// Up to so many ticks are read for each bucket that was asked for: the next step of the pyramid
/// is a minute, which would be seen as blocks.
const TICKS_FOR_A_BUCKET: u64 = 6;

impl Capture {
    /// Every series from `from` to `to` in about `most` buckets or fewer: the finest level of the
    /// pyramid that fits; single ticks, even some times as many, where that level would be coarse. Costs 1 ms a recorded minute
    /// for ticks, else about 10 µs a bucket; the newest hours of a level that is not complete
    /// come from the finer ones.
    ///
    /// At single ticks [series of the rest](Series::is_of_the_rest) are absent: see
    /// [`Capture::curves_of`].
    pub fn curves(
        &mut self,
        from: WallTime,
        to: WallTime,
        most: usize,
    ) -> Result<Curves, CaptureError> {
        self.curves_of(&[], from, to, most)
    }

    /// The same, and these series in any case: some cost 1 to 2 ms more for each recorded minute.
    pub fn curves_of(
        &mut self,
        wanted: &[Series],
        from: WallTime,
        to: WallTime,
        most: usize,
    ) -> Result<Curves, CaptureError> {
        let part = if wanted.iter().any(|series| series.is_of_the_rest()) {
            Part::Rest
        } else {
            Part::Machine
        };
        let (Some(first), Some(last)) = (self.at_or_after(from)?, self.at_or_before(to)?) else {
            return Ok(Curves::default());
        };
        if first > last {
            return Ok(Curves::default());
        }
        if (last.0 - first.0) / TICKS_FOR_A_BUCKET < most as u64 {
            return self.curves_of_ticks(part, first, last);
        }
        let level = level_for(self.recorded_between(from, to)?, most);
        self.curves_of_level((level, part), first, last)
    }

    /// The time between two moments less the gaps in it: days in which nothing was recorded
    /// must not make the rest of them coarse.
    fn recorded_between(&mut self, from: WallTime, to: WallTime) -> Result<Duration, CaptureError> {
        let whole = to.since(from).unwrap_or_default();
        let gaps = self.gaps()?.into_iter();
        let gaps = gaps.filter(|gap| gap.kind != GapKind::ClockStepped);
        let missing = gaps.filter_map(|gap| gap.to.min(to).since(gap.from.max(from)));
        Ok(missing.fold(whole, Duration::saturating_sub))
    }

    /// One bucket a tick.
    fn curves_of_ticks(
        &mut self,
        part: Part,
        first: Seq,
        last: Seq,
    ) -> Result<Curves, CaptureError> {
        let mut buckets = Vec::new();
        let (mut reader, mut seq) = (SeriesReader::default(), Seq(first.0.saturating_sub(1)));
        let breaks = self.breaks()?;
        while seq <= last {
            let Some(chunk) = self.chunk_of(seq, part)? else {
                reader.restart();
                let Some(next) = self.next_start(seq)? else {
                    break;
                };
                seq = next;
                continue;
            };
            for (tick, times) in chunk
                .ticks()
                .iter()
                .enumerate()
                .filter(|(_, times)| times.seq >= seq && times.seq <= last)
            {
                if breaks.contains(&Seq(times.seq.0.saturating_sub(1))) {
                    reader.restart();
                }
                let values = reader.read(&chunk, tick);
                if times.seq < first {
                    continue;
                }
                let spread = |value: Option<f64>| {
                    value.map(|value| Spread {
                        min: value,
                        max: value,
                        mean: value,
                    })
                };
                let at = times.began.wall;
                buckets.push(Bucket {
                    first: times.seq,
                    ticks: 1,
                    from: at,
                    to: at,
                    series: values.map(spread),
                });
            }
            let end = chunk.ticks().last().map_or(seq, |times| times.seq);
            seq = Seq(end.0.max(seq.0) + 1);
        }
        Ok(Curves {
            step_seconds: 0,
            buckets,
        })
    }

    /// The first tick of the next chunk after `seq`.
    pub(super) fn next_start(&self, seq: Seq) -> Result<Option<Seq>, CaptureError> {
        let sql = "SELECT min(id) FROM chunk WHERE id > ?";
        let next = self
            .opened
            .db()
            .query_row(sql, [seq.0.cast_signed()], |row| {
                row.get::<_, Option<i64>>(0)
            });
        let next = next.map_err(self.sqlite("its chunks cannot be listed"))?;
        let tail = self.tail_ends().map(|(first, _)| first);
        Ok(next
            .map(|id| Seq(id.cast_unsigned()))
            .or(tail.filter(|first| *first > seq)))
    }

    /// The buckets of a level, and after the last of them those of the finer levels, down to
    /// the ticks of the chunks that are not in the pyramid yet.
    fn curves_of_level(
        &mut self,
        (level, part): (u32, Part),
        first: Seq,
        last: Seq,
    ) -> Result<Curves, CaptureError> {
        let mut buckets: Vec<Bucket> = Vec::new();
        for finer in LEVELS.into_iter().rev().filter(|&finer| finer <= level) {
            let from = buckets
                .last()
                .map_or(first.0, |bucket| bucket.first.0 + bucket.ticks);
            let rest = "WHERE level_seconds = ? AND first_seq + ticks > ? AND first_seq <= ? ORDER BY first_seq";
            let range = [i64::from(finer), from.cast_signed(), last.0.cast_signed()];
            let found = self.rows("pyramid", (rest, &range), pyramid::bucket_of_row)?;
            buckets.extend(found.into_iter().flatten());
        }
        let after = buckets
            .last()
            .map_or(first.0, |bucket| bucket.first.0 + bucket.ticks);
        if after <= last.0 {
            buckets.extend(self.curves_of_ticks(part, Seq(after), last)?.buckets);
        }
        Ok(Curves {
            step_seconds: level,
            buckets,
        })
    }
}

/// What one process did over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifeBucket {
    /// The first tick of the stretch.
    pub first: Seq,
    /// How many ticks the stretch has, at which the process was there or not.
    pub ticks: u64,
    /// When the first of them was taken.
    pub from: WallTime,
    /// When the last of them was taken.
    pub to: WallTime,
    /// What it did.
    pub sums: LifeSums,
}

impl Capture {
    /// What one process did from `from` to `to`, in about `most` buckets or fewer; with
    /// [`crate::capture::pyramid::SHORT_LIVES`] as its key, what those did that were too short
    /// to be kept apart (not for single ticks). Costs as [`Capture::curves`], and 0.1 ms a
    /// bucket of the pyramid.
    pub fn life_curve(
        &mut self,
        key: ProcessKey,
        (from, to): (WallTime, WallTime),
        most: usize,
    ) -> Result<Vec<LifeBucket>, CaptureError> {
        let (Some(first), Some(last)) = (self.at_or_after(from)?, self.at_or_before(to)?) else {
            return Ok(Vec::new());
        };
        if first > last {
            return Ok(Vec::new());
        }
        if (last.0 - first.0) / TICKS_FOR_A_BUCKET < most as u64 {
            return self.life_of_ticks(key, first, last);
        }
        let mut buckets: Vec<LifeBucket> = Vec::new();
        let mut after = first.0;
        let level = level_for(self.recorded_between(from, to)?, most);
        for finer in LEVELS.into_iter().rev().filter(|&finer| finer <= level) {
            for (bucket, sums) in self.life_of_level(key, finer, (Seq(after), last))? {
                after = bucket.first.0 + bucket.ticks;
                buckets.extend(sums.map(|sums| LifeBucket { sums, ..bucket }));
            }
        }
        if after <= last.0 {
            buckets.extend(self.life_of_ticks(key, Seq(after), last)?);
        }
        Ok(buckets)
    }

    /// The buckets of a level, each with what the process did in it if it was there.
    fn life_of_level(
        &mut self,
        key: ProcessKey,
        level: u32,
        (from, last): (Seq, Seq),
    ) -> Result<Vec<(LifeBucket, Option<LifeSums>)>, CaptureError> {
        let rest = "WHERE level_seconds = ? AND first_seq + ticks > ? AND first_seq <= ? ORDER BY first_seq";
        let range = [i64::from(level), from.0.cast_signed(), last.0.cast_signed()];
        let capture = self.opened.capture;
        let rows = self.rows("pyramid", (rest, &range), |row| {
            let number = |column| row.integer(column).unwrap_or(0);
            let bucket = LifeBucket {
                first: Seq(number(2).cast_unsigned()),
                ticks: number(3).cast_unsigned(),
                from: WallTime::from_file(number(4)),
                to: WallTime::from_file(number(5)),
                sums: LifeSums::default(),
            };
            let lives =
                pyramid::decode_lives(row.bytes(7).unwrap_or_default(), capture, bucket.first);
            // Of all the others nothing is kept: there are many buckets.
            let of_key = |lives: Vec<(ProcessKey, LifeSums)>| {
                let found = lives.into_iter().find(|(of, _)| *of == key);
                found.map(|(_, sums)| sums)
            };
            (row.id, bucket, lives.map(of_key))
        })?;
        let mut sound = Vec::new();
        for (id, bucket, sums) in rows {
            match sums {
                Ok(sums) => sound.push((bucket, sums)),
                Err(fault) => self.note_damage("pyramid", id, fault),
            }
        }
        Ok(sound)
    }

    fn life_of_ticks(
        &mut self,
        key: ProcessKey,
        first: Seq,
        last: Seq,
    ) -> Result<Vec<LifeBucket>, CaptureError> {
        let (_, host) = self.host()?;
        let mut follower = Follower::of(key);
        let (mut buckets, mut seq) = (Vec::new(), Seq(first.0.saturating_sub(1).max(1)));
        let breaks = self.breaks()?;
        while seq <= last {
            let Some(chunk) = self.chunk_of(seq, Part::Processes)? else {
                follower.forget();
                let Some(next) = self.next_start(seq)? else {
                    break;
                };
                seq = next;
                continue;
            };
            let ticks = chunk.ticks();
            let after_break = |seq: Seq| breaks.contains(&Seq(seq.0.saturating_sub(1)));
            let breaks: Vec<bool> = ticks.iter().map(|times| after_break(times.seq)).collect();
            let segments: Vec<_> = (0..ticks.len()).map(|tick| tick..tick + 1).collect();
            let lives = follower.follow(&chunk, (&segments, &breaks), host.tick_rate.0.get());
            for (times, mut lives) in ticks.iter().zip(lives) {
                let wanted = (first..=last).contains(&times.seq);
                let bucket = |sums| LifeBucket {
                    first: times.seq,
                    ticks: 1,
                    from: times.began.wall,
                    to: times.began.wall,
                    sums,
                };
                buckets.extend(lives.remove(&key).filter(|_| wanted).map(bucket));
            }
            let end = ticks.last().map_or(seq, |times| times.seq);
            seq = Seq(end.0.max(seq.0) + 1);
        }
        Ok(buckets)
    }

    /// The ticks after which others are missing.
    fn breaks(&mut self) -> Result<Vec<Seq>, CaptureError> {
        let gaps = self.gaps()?.into_iter();
        let gaps = gaps.filter(|gap| gap.kind != GapKind::ClockStepped);
        Ok(gaps.map(|gap| gap.after).collect())
    }
}

/// The finest level of which about `most` buckets cover so much recorded time.
fn level_for(recorded: Duration, most: usize) -> u32 {
    let seconds = recorded.as_secs();
    let fits = |level: &&u32| seconds / u64::from(**level) <= most as u64;
    *LEVELS.iter().find(fits).unwrap_or(&LEVELS[2])
}

impl Bucket {
    /// What one series did in it.
    pub fn of(&self, series: Series) -> Option<Spread> {
        self.series[series as usize]
    }
}
