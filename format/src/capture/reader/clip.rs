//! A range of a capture as a capture of its own.
//!
//! In: an open capture and the first and the last tick that are wanted. Out: a file with these
//! ticks and with what the plain tables say of that time. Chunks that lie in the range are taken
//! as they are, those at its edges are cut. All of it is read as of one moment, so that a
//! capture that is being recorded can be clipped.

use super::{Capture, Mode};
use crate::capture::chunk::Chunk;
use crate::capture::error::CaptureError;
use crate::capture::remake::{Made, Maker, PlainRows, Remake, column, lost};
use crate::capture::tables::{CheckedRow, integer, text};
use crate::facts::CLIPPED;
use crate::time::{Seq, WallTime};
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Columns of `run`: what is known of its end.
const LAST_SEQ: usize = 9;
const TO: usize = 10;
const ENDED: usize = 11;

/// What of a capture is wanted.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    first: u64,
    last: u64,
    /// It is wanted from its beginning, with what came before the first tick.
    from_start: bool,
    /// It is wanted to its end, with what came after the last tick.
    to_end: bool,
}

impl Capture {
    /// Writes all that is sound into a capture at `to`: see [`Capture::clip`].
    pub(in crate::capture) fn remake(
        &mut self,
        to: &Path,
        said: (&Maker, &str),
    ) -> Result<Made, CaptureError> {
        let (first, last) = self.ends()?.unwrap_or((Seq(1), Seq(1)));
        self.clip((first, last), to, said)
    }

    /// Writes the ticks `first..=last`, and what belongs to them, into a capture at `to`, where
    /// nothing may be yet. What of it is damaged is left out and is then in
    /// [`Capture::damage`]; lost ticks become gaps. Costs about 10 ms a recorded minute.
    pub fn clip(
        &mut self,
        (first, last): (Seq, Seq),
        to: &Path,
        (maker, note): (&Maker, &str),
    ) -> Result<Made, CaptureError> {
        self.as_of_now(|capture| {
            let ends = capture.ends()?;
            let wanted = Wanted {
                first: first.0,
                last: last.0,
                from_start: ends.is_none_or(|(begin, _)| first <= begin),
                to_end: ends.is_none_or(|(_, end)| last >= end),
            };
            capture.clip_wanted(wanted, to, (maker, note))
        })
    }

    fn clip_wanted(
        &mut self,
        wanted: Wanted,
        to: &Path,
        (maker, note): (&Maker, &str),
    ) -> Result<Made, CaptureError> {
        let mut known = PlainRows::default();
        for table in ["host", "run"] {
            self.take_rows(&mut known, table, ("", &[]))?;
        }
        let mut new = Remake::begin(to, maker, known.clone())?;
        let tail = self.tail_ends().map(|(_, last)| last);
        let chunks = self.add_chunks(&mut new, wanted)?;
        let Some((first, last)) = new.ends() else {
            return Err(CaptureError::NoSample {
                path: self.path().to_owned(),
                place: "in that range that is sound".to_owned(),
            });
        };
        add_lost_ends(&mut new, wanted, (&chunks, tail), (first, last));
        let mut rows = known;
        self.cut_runs(&mut rows, &new, wanted);
        self.take_range(&mut rows, &new, wanted)?;
        self.take_dumps(&mut new, wanted)?;
        new.finish(rows, (note, maker.now))
    }

    /// Adds every sound chunk of the range; what `chunk` says of all of them is the answer.
    fn add_chunks(
        &mut self,
        new: &mut Remake,
        wanted: Wanted,
    ) -> Result<BTreeMap<u64, Listed>, CaptureError> {
        let listed = self.listed_chunks(wanted)?;
        for id in self.chunk_ids(Seq(wanted.first), Seq(wanted.last))? {
            let Some(mut chunk) = self.own_chunk(id)? else {
                continue;
            };
            let run = listed.get(&id).map(|listed| listed.run);
            match part_of(&chunk, wanted) {
                Part::None => {}
                Part::Whole => {
                    let frames = self.frames_of(id)?;
                    let stored = frames.as_deref().map(|frames| (frames, self.number()));
                    new.add(&chunk, run, stored)?;
                }
                Part::Some(ticks) => {
                    chunk.keep(ticks);
                    new.add(&chunk, run, None)?;
                }
            }
        }
        if let Some(mut tail) = self.own_tail()? {
            match part_of(&tail, wanted) {
                Part::None => return Ok(listed),
                Part::Whole => {}
                Part::Some(ticks) => tail.keep(ticks),
            }
            new.add(&tail, None, None)?;
        }
        Ok(listed)
    }

    fn listed_chunks(&mut self, wanted: Wanted) -> Result<BTreeMap<u64, Listed>, CaptureError> {
        let ends = [wanted.first, wanted.last].map(u64::cast_signed);
        let there = "WHERE id <= ?2 AND id + ticks > ?1 ORDER BY id";
        let rows = self.rows("chunk", (there, &ends), |row| {
            let number = |column| row.integer(column).unwrap_or(0);
            let listed = Listed {
                run: number(0),
                ticks: row.unsigned(1).unwrap_or(0),
                from: WallTime::from_file(number(2)),
                to: WallTime::from_file(number(3)),
            };
            (row.id.cast_unsigned(), listed)
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Only the runs that have ticks in the range; one that goes on after it ends with it.
    fn cut_runs(&self, rows: &mut PlainRows, new: &Remake, wanted: Wanted) {
        let ends = new.runs();
        rows.retain("run", |id, _| ends.contains_key(&id));
        for (run, end) in ends {
            let Some(values) = rows.row_mut("run", *run) else {
                continue;
            };
            let goes_on = match column(values, LAST_SEQ) {
                Some(last) => last.cast_unsigned() > wanted.last,
                // A run without a last tick was cut off, and stays so, or is going on.
                None => !wanted.to_end || self.mode() == Mode::Recording,
            };
            if goes_on && values.len() > ENDED {
                values[LAST_SEQ] = integer(end.last);
                values[TO] = integer(end.wall.0);
                values[ENDED] = text(CLIPPED.as_bytes());
            }
        }
        let boots: Vec<i64> = rows
            .table("run")
            .filter_map(|(_, values)| column(values, 0))
            .collect();
        rows.retain("host", |id, _| boots.is_empty() || boots.contains(&id));
    }

    /// What the other plain tables say of the range.
    fn take_range(
        &mut self,
        rows: &mut PlainRows,
        new: &Remake,
        wanted: Wanted,
    ) -> Result<(), CaptureError> {
        let (first, last) = (wanted.first.cast_signed(), wanted.last.cast_signed());
        // Between the ticks of the range; before the first and after the last lies another time.
        let begin = if wanted.from_start { i64::MIN } else { first };
        let end = if wanted.to_end { i64::MAX } else { last };
        let between = "WHERE after_seq >= ? AND after_seq < ?";
        self.take_rows(rows, "gap", (between, &[begin, end]))?;
        let (from, to) = new.walls();
        let from = if wanted.from_start { i64::MIN } else { from.0 };
        let to = if wanted.to_end { i64::MAX } else { to.0 };
        for table in ["event", "kernel_log", "exited"] {
            let then = ("WHERE unix_us BETWEEN ? AND ?", &[from, to][..]);
            self.take_rows(rows, table, then)?;
        }
        // What was so when the range began.
        let before = "WHERE id = (SELECT max(id) FROM event WHERE kind = 'shed' AND seq < ?)";
        self.take_rows(rows, "event", (before, &[first]))?;
        let clock =
            "WHERE seq <= ?2 AND seq >= (SELECT coalesce(max(seq), 0) FROM clock WHERE seq <= ?1)";
        self.take_rows(rows, "clock", (clock, &[first, last]))?;
        self.take_rows(rows, "source", ("WHERE since_seq <= ?", &[last]))?;
        drop_superseded(rows, first);
        self.take_rows(rows, "mount", ("", &[]))?;
        let runs = new.runs();
        rows.retain("mount", |_, values| {
            column(values, 0).is_some_and(|run| runs.contains_key(&run))
        });
        self.take_rows(rows, "note", ("", &[]))
    }

    /// Dumps are taken one by one, as they may be large, and with what they lean on.
    fn take_dumps(&mut self, new: &mut Remake, wanted: Wanted) -> Result<(), CaptureError> {
        let (from, to) = new.walls();
        let from = if wanted.from_start { i64::MIN } else { from.0 };
        let to = if wanted.to_end { i64::MAX } else { to.0 };
        let then = "unix_us BETWEEN ?1 AND ?2";
        let there = format!(
            "WHERE {then} OR (unix_us <= ?2 AND burst IN (SELECT burst FROM thread_dump WHERE {then})) \
             ORDER BY id"
        );
        for id in self.rows("thread_dump", (&there, &[from, to]), |row| row.id)? {
            let values = |row: &CheckedRow| row.values().to_vec();
            let found = self.rows("thread_dump", ("WHERE id = ?", &[id]), values)?;
            let rows = found
                .into_iter()
                .map(|values| Ok(("thread_dump", id, values)));
            let path = self.path().to_owned();
            new.add_rows(rows, |source| CaptureError::Open {
                path: path.clone(),
                source,
            })?;
        }
        Ok(())
    }

    fn take_rows(
        &mut self,
        rows: &mut PlainRows,
        table: &'static str,
        rest: (&str, &[i64]),
    ) -> Result<(), CaptureError> {
        let take = |row: &CheckedRow| rows.take(table, row);
        self.rows(table, rest, take).map(drop)
    }
}

/// What `chunk` says of a chunk.
#[derive(Debug, Clone, Copy)]
struct Listed {
    run: i64,
    ticks: u64,
    from: WallTime,
    to: WallTime,
}

/// How much of a chunk lies in the range.
enum Part {
    None,
    Some(std::ops::Range<usize>),
    Whole,
}

fn part_of(chunk: &Chunk, wanted: Wanted) -> Part {
    let begin = chunk
        .ticks
        .partition_point(|times| times.seq.0 < wanted.first);
    let end = chunk
        .ticks
        .partition_point(|times| times.seq.0 <= wanted.last);
    match (begin, end) {
        (begin, end) if begin >= end => Part::None,
        (0, end) if end == chunk.ticks.len() => Part::Whole,
        (begin, end) => Part::Some(begin..end),
    }
}

/// Of the rows of `source` up to the tick `first`, only the newest of each name still counts.
fn drop_superseded(rows: &mut PlainRows, first: i64) {
    let mut newest = BTreeMap::new();
    for (id, values) in rows.table("source") {
        if column(values, 1).is_some_and(|since| since <= first)
            && let Some(Value::Text(name)) = values.get(2)
        {
            newest.insert(name.clone(), id);
        }
    }
    rows.retain("source", |id, values| {
        let Some(Value::Text(name)) = values.get(2) else {
            return true;
        };
        newest.get(name).is_none_or(|&newest| id >= newest)
    });
}

/// Ticks before the first sound one, or after the last, are lost as well. When they were taken is
/// known only of the ends of a chunk.
fn add_lost_ends(
    new: &mut Remake,
    wanted: Wanted,
    (chunks, tail): (&BTreeMap<u64, Listed>, Option<Seq>),
    (first, last): (Seq, Seq),
) {
    let (from, to) = new.walls();
    if let Some((&id, listed)) = chunks.first_key_value() {
        let begin = id.max(wanted.first);
        if begin < first.0 {
            let after = Seq(begin.saturating_sub(1));
            new.add_lost(lost(after, (listed.from, from), first.0 - begin));
        }
    }
    let listed = chunks.last_key_value();
    let listed = listed.map(|(id, listed)| (id.saturating_add(listed.ticks) - 1, listed.to));
    let tail = tail.map(|last| (last.0, to));
    if let Some((end, wall)) = listed.max(tail) {
        let end = end.min(wanted.last);
        if end > last.0 {
            new.add_lost(lost(last, (to, wall.max(to)), end - last.0));
        }
    }
}
