//! From a moment to the sample of that moment.
//!
//! Ticks are numbered in the order they were taken; the wall clock may have been set in
//! between. So the clock's anchors cut the capture into stretches in which it only went
//! forward, and within the stretch that fits, chunks are found by bisection.

use super::Capture;
use crate::capture::error::CaptureError;
use crate::facts::Anchor;
use crate::time::{Seq, WallTime};
use rusqlite::OptionalExtension as _;

impl Capture {
    /// The last tick at or before `at`. When the clock was set back and `at` came twice, the
    /// later of the two. `None` before the first tick. Costs a bisection: about 0.2 ms, and the
    /// unpacking of the chunk's index, which a look at its samples then need not do again.
    pub fn at_or_before(&mut self, at: WallTime) -> Result<Option<Seq>, CaptureError> {
        let Some((first, last)) = self.ends()? else {
            return Ok(None);
        };
        let anchors = self.anchors()?;
        let mut end = last;
        for anchor in anchors.iter().rev().filter(|anchor| anchor.seq <= last) {
            let begin = anchor.seq.max(first);
            if anchor.wall <= at
                && begin <= end
                && let Some(found) = self.bisect(begin, end, at)?
            {
                return Ok(Some(found));
            }
            end = Seq(begin.0.saturating_sub(1));
        }
        self.bisect(first, end.max(first), at)
    }

    /// The first tick at or after `at`: the one after [`Capture::at_or_before`], unless that
    /// one is exactly at `at`.
    pub fn at_or_after(&mut self, at: WallTime) -> Result<Option<Seq>, CaptureError> {
        let Some((first, last)) = self.ends()? else {
            return Ok(None);
        };
        let Some(before) = self.at_or_before(at)? else {
            return Ok(Some(first));
        };
        if self.wall_of(before)?.is_some_and(|wall| wall >= at) {
            return Ok(Some(before));
        }
        Ok((before < last).then_some(Seq(before.0 + 1)))
    }

    /// When a tick was taken. Costs a look-up for the first and the last of a chunk, else the
    /// unpacking of the chunk's index.
    pub fn wall_of(&mut self, seq: Seq) -> Result<Option<WallTime>, CaptureError> {
        let ends = "WHERE id = ?1 OR id = (SELECT max(id) FROM chunk WHERE id <= ?1)";
        let chunk = self.rows("chunk", (ends, &[seq.0.cast_signed()]), |row| {
            let number = |column| row.integer(column).unwrap_or(0);
            let last = row.id.saturating_add(number(1)) - 1;
            [(row.id, number(2)), (last, number(3))]
        })?;
        let known = chunk
            .into_iter()
            .flatten()
            .find(|(tick, _)| *tick == seq.0.cast_signed());
        if let Some((_, wall)) = known {
            return Ok(Some(WallTime::from_file(wall)));
        }
        if self.tail_ends().is_some_and(|(first, _)| first <= seq) {
            return self.wall_in_tail(seq);
        }
        let Some(stored) = self.stored_of(seq)? else {
            return Ok(None);
        };
        let tick = stored.tick(seq);
        Ok(tick.map(|tick| stored.ticks()[tick].began.wall))
    }

    /// The clock's anchors, in order of ticks.
    pub fn anchors(&mut self) -> Result<Vec<Anchor>, CaptureError> {
        let mut anchors = self.clock_rows()?;
        anchors.sort_by_key(|anchor| anchor.seq);
        Ok(anchors)
    }

    /// The last tick of `begin..=end` at or before `at`, where the clock only went forward.
    fn bisect(&mut self, begin: Seq, end: Seq, at: WallTime) -> Result<Option<Seq>, CaptureError> {
        let (mut low, mut high) = (begin, end);
        if let Some((first, _)) = self.tail_ends().filter(|(first, _)| *first <= high)
            && let Some(wall) = self.wall_in_tail(first)?
        {
            if wall <= at {
                low = low.max(first);
            } else {
                high = Seq(first.0.saturating_sub(1));
            }
        }
        while low <= high {
            if !self.narrow(&mut low, &mut high, at)? {
                break;
            }
        }
        if low > high {
            return Ok(None);
        }
        let Some(stored) = self.stored_of(high)? else {
            return self.guess(high, at);
        };
        let ticks = stored.ticks().iter().rev();
        let mut ticks = ticks.skip_while(|times| times.seq > high);
        let found = ticks.find(|times| times.began.wall <= at);
        Ok(found.map(|times| times.seq).filter(|found| *found >= begin))
    }

    /// Where a moment lies in a damaged chunk, by what the table of chunks says of it: its
    /// sample is then missing, and not another one in its place.
    fn guess(&mut self, seq: Seq, at: WallTime) -> Result<Option<Seq>, CaptureError> {
        let Some((first, _)) = self.chunk_start(seq)? else {
            return Ok(None);
        };
        let rows = self.rows("chunk", ("WHERE id = ?", &[first.0.cast_signed()]), |row| {
            let number = |column| row.integer(column).unwrap_or(0);
            (number(1).max(1), number(2), number(3))
        })?;
        let Some((ticks, from, to)) = rows.first().copied() else {
            return Ok(Some(first));
        };
        let share = i128::from(at.0.clamp(from, to.max(from)) - from) * i128::from(ticks - 1);
        let tick = u64::try_from(share / i128::from((to - from).max(1))).unwrap_or(0);
        Ok(Some(Seq(first.0 + tick)))
    }

    /// Halves `low..=high` by the starts of chunks, which the small table `chunk` lists. `false`
    /// once the answer can only be in the chunk of `high`.
    fn narrow(&self, low: &mut Seq, high: &mut Seq, at: WallTime) -> Result<bool, CaptureError> {
        let middle = Seq(low.0.midpoint(high.0));
        // A chunk that began before `low` may have begun before the clock was set.
        if let Some((first, wall)) = self.chunk_start(middle)?
            && first > *low
            && wall > at
        {
            *high = Seq(first.0.saturating_sub(1));
            return Ok(true);
        }
        match self.next_chunk((middle, *high))? {
            Some((first, wall)) if wall <= at => *low = first,
            Some((first, _)) => *high = Seq(first.0 - 1),
            None => return Ok(false),
        }
        Ok(true)
    }

    /// The chunk that holds `seq`: its first tick and when that was.
    fn chunk_start(&self, seq: Seq) -> Result<Option<(Seq, WallTime)>, CaptureError> {
        let sql = "SELECT id, from_unix_us FROM chunk WHERE id BETWEEN ?2 AND ?1 ORDER BY id DESC LIMIT 1";
        self.chunk_row(sql, (seq, Seq(0)))
    }

    /// The first chunk that begins after the one and not after the other.
    fn next_chunk(
        &self,
        (after, most): (Seq, Seq),
    ) -> Result<Option<(Seq, WallTime)>, CaptureError> {
        let sql =
            "SELECT id, from_unix_us FROM chunk WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1";
        self.chunk_row(sql, (after, most))
    }

    fn chunk_row(
        &self,
        sql: &str,
        (a, b): (Seq, Seq),
    ) -> Result<Option<(Seq, WallTime)>, CaptureError> {
        let failed = "its chunks cannot be listed";
        let mut statement = self
            .opened
            .db()
            .prepare_cached(sql)
            .map_err(self.sqlite(failed))?;
        let numbers = (a.0.cast_signed(), b.0.cast_signed());
        let row = statement.query_row(numbers, |row| {
            Ok((
                Seq(row.get::<_, i64>(0)?.cast_unsigned()),
                WallTime::from_file(row.get(1)?),
            ))
        });
        row.optional().map_err(self.sqlite(failed))
    }
}
