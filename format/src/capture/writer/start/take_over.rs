//! Brings what the run before left into order.

use super::RunFacts;
use crate::capture::chunk::chain::Chain;
use crate::capture::chunk::decode::{Part, decode};
use crate::capture::error::CaptureError;
use crate::capture::frame::{self, FrameKey, FrameKind};
use crate::capture::lives;
use crate::capture::pyramid::PyramidWriter;
use crate::capture::tables::{self, CheckedRow, integer, text};
use crate::capture::writer::{Sync, Writer};
use crate::facts::{Gap, GapKind};
use crate::time::{MonotonicTime, Seq, WallTime};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::time::Duration;

/// The run that was the last one in the file.
pub(super) struct LastRun {
    pub(super) id: i64,
    boot_id: String,
    pub(super) interval: Duration,
    ended: Option<String>,
    to: Option<WallTime>,
    last_seq: Option<u64>,
}

impl Writer {
    /// Brings what the run before left into order: its tail becomes a chunk, and what is
    /// missing between it and now becomes a gap.
    pub(super) fn take_over(
        &mut self,
        run: &LastRun,
        facts: &RunFacts,
    ) -> Result<Gap, CaptureError> {
        let recovered = self.recover(run.ended.is_none())?;
        let known = recovered.or(last_of_chunks(&self.db)
            .map_err(CaptureError::sqlite(&self.path, "cannot read its chunks"))?);
        let (seq, to) = known.unwrap_or((
            run.last_seq.unwrap_or(0),
            run.to.unwrap_or(facts.now.wall).0,
        ));
        let to = WallTime(to);
        self.last = Some((Seq(seq), MonotonicTime(i64::MIN), to));
        let same_boot = run.boot_id == facts.host.boot_id;
        let (kind, why) = match (&run.ended, same_boot) {
            (Some(why), true) => (
                GapKind::Stopped,
                format!("recording ended ({why}) and began again"),
            ),
            (Some(why), false) => (
                GapKind::Rebooted,
                format!("recording ended ({why}), then the host was restarted"),
            ),
            (None, true) => (
                GapKind::Killed,
                "the recorder was killed, or crashed".to_owned(),
            ),
            (None, false) => (
                GapKind::PowerLost,
                "the host went down without the recorder being told".to_owned(),
            ),
        };
        let missed = match kind {
            GapKind::Stopped => 0,
            _ => facts
                .now
                .wall
                .since(to)
                .map_or(0, |gap| due(gap, run.interval)),
        };
        if run.ended.is_none() {
            let ended = end_run(&self.db, self.capture, run.id, (seq, to.0, kind.name()));
            ended.map_err(CaptureError::sqlite(
                &self.path,
                "cannot end the run before",
            ))?;
        }
        let others = lives::end_other_boots(&self.db, self.capture, self.boot, seq);
        others.map_err(CaptureError::sqlite(
            &self.path,
            "cannot end the lives of another boot",
        ))?;
        Ok(Gap {
            kind,
            after: Seq(seq),
            from: to,
            to: facts.now.wall,
            missed,
            detail: why,
        })
    }

    /// The tail of a run that was cut off becomes a chunk, and the pyramid is completed. Gives
    /// its last tick.
    pub(super) fn recover(&mut self, crashed: bool) -> Result<Option<(u64, i64)>, CaptureError> {
        let covered = PyramidWriter::covered(&self.db);
        let covered =
            covered.map_err(CaptureError::sqlite(&self.path, "cannot read its pyramid"))?;
        if crashed {
            self.add_uncovered(covered[0])?;
        }
        let last = self.recover_tail()?;
        if crashed {
            let (finished, run) = (self.pyramid.finish(&self.db, self.run), self.run);
            let completed = finished.and_then(|()| self.pyramid.complete(&self.db, run, covered));
            completed.map_err(CaptureError::sqlite(
                &self.path,
                "cannot complete its pyramid",
            ))?;
        }
        Ok(last)
    }

    /// The chunks of the minute that was open when the recorder crashed.
    pub(super) fn add_uncovered(&mut self, covered: u64) -> Result<(), CaptureError> {
        let sql = "SELECT b.id, b.frames FROM chunk c JOIN chunk_body b ON b.id = c.id WHERE c.id + c.ticks - 1 > ? ORDER BY b.id";
        self.pyramid.skip_to(covered);
        let read = || -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
            let mut rows = self.db.prepare(sql)?;
            let rows = rows.query_map([covered.cast_signed()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            rows.collect()
        };
        for (id, frames) in
            read().map_err(CaptureError::sqlite(&self.path, "cannot read its chunks"))?
        {
            let key = FrameKey::new(self.capture, id.cast_unsigned());
            let chunk = decode(&frames, key, Part::All);
            // What is damaged has no curves either.
            let Ok(chunk) = chunk.or_else(|_fault| decode(&frames, key, Part::Processes)) else {
                continue;
            };
            let added = self
                .pyramid
                .add(&self.db, (self.run, self.interval), &chunk);
            added.map_err(CaptureError::sqlite(
                &self.path,
                "cannot complete its pyramid",
            ))?;
        }
        Ok(())
    }

    /// The tail as the last chunk of its run.
    pub(super) fn recover_tail(&mut self) -> Result<Option<(u64, i64)>, CaptureError> {
        let rows = tail_rows(&self.db)
            .map_err(CaptureError::sqlite(&self.path, "cannot read its tail"))?;
        let (mut chain, mut raw) = (Chain::default(), Vec::new());
        for (seq, row) in &rows {
            let key = FrameKey::new(self.capture, seq.cast_unsigned());
            let opened = frame::open(&mut &row[..], FrameKind::Tick, key, &mut raw);
            let follows = opened.and_then(|()| chain.follow(key.seq, row, &raw));
            // What comes after a damaged row builds on it, so the tail ends there.
            if let Err(fault) = follows.and_then(|()| self.builder.push_tail(&raw)) {
                if chain.is_in_doubt(&fault) {
                    self.builder.clear();
                }
                let detail = format!(
                    "the tail is damaged from tick {seq} on; {} ticks of it are lost",
                    rows.len() - self.builder.len()
                );
                let note = vec![Value::Null, text(detail.as_bytes())];
                let noted = tables::named("note").insert(&self.db, self.capture, None, note);
                noted.map_err(CaptureError::sqlite(
                    &self.path,
                    "cannot note a damaged tail",
                ))?;
                break;
            }
        }
        if self.builder.is_empty() {
            let emptied = self.db.execute("DELETE FROM tail", []);
            emptied.map_err(CaptureError::sqlite(&self.path, "cannot empty its tail"))?;
            return Ok(None);
        }
        let last = self.builder.chunk().ticks.last().copied();
        self.last = last.map(|times| (times.seq, times.planned, times.began.wall));
        self.close_chunk()?;
        self.builder.clear();
        Ok(last.map(|times| (times.seq.0, times.began.wall.0)))
    }
}

/// How many ticks were due within `gap`: one at each interval, but for the one that ends it.
pub(in crate::capture::writer) fn due(gap: Duration, interval: Duration) -> u64 {
    let ticks = gap.as_micros() / interval.as_micros().max(1);
    u64::try_from(ticks).unwrap_or(u64::MAX).saturating_sub(1)
}

/// Writes how a run ended.
pub(in crate::capture::writer) fn end_run(
    db: &Connection,
    capture: u64,
    run: i64,
    (last, to, why): (u64, i64, &str),
) -> rusqlite::Result<()> {
    edit_run(db, capture, run, |values| {
        values[9] = integer(last);
        values[10] = integer(to);
        values[11] = text(why.as_bytes());
    })
}

/// Writes when what is written reaches the disk from now on, and what is stored of command lines.
pub(in crate::capture::writer) fn change_run(
    db: &Connection,
    capture: u64,
    run: i64,
    (sync, args): (Sync, &str),
) -> rusqlite::Result<()> {
    edit_run(db, capture, run, |values| {
        values[4] = text(sync.name().as_bytes());
        values[5] = text(args.as_bytes());
    })
}

fn edit_run(
    db: &Connection,
    capture: u64,
    run: i64,
    edit: impl Fn(&mut [Value]),
) -> rusqlite::Result<()> {
    let table = tables::named("run");
    let rows = table.sound_rows(db, capture, ("WHERE id = ?", &[run]), |row| {
        row.values().to_vec()
    })?;
    for mut values in rows {
        edit(&mut values);
        table.replace(db, capture, run, values)?;
    }
    Ok(())
}

pub(super) fn last_run(db: &Connection, capture: u64) -> rusqlite::Result<Option<LastRun>> {
    let boots =
        tables::named("host").sound_rows(db, capture, ("", &[]), |row| (row.id, row.text(0)))?;
    let boot_id = |boot: Option<i64>| {
        let found = boots.iter().find(|(id, _)| Some(*id) == boot);
        found
            .and_then(|(_, boot_id)| boot_id.clone())
            .unwrap_or_default()
    };
    let make = |row: &CheckedRow| LastRun {
        id: row.id,
        boot_id: boot_id(row.integer(0)),
        interval: Duration::from_micros(row.unsigned(3).unwrap_or(1_000_000)),
        ended: row.text(11),
        to: row.integer(10).map(WallTime),
        last_seq: row.unsigned(9),
    };
    let newest = ("ORDER BY id DESC LIMIT 1", &[][..]);
    let mut runs = tables::named("run").sound_rows(db, capture, newest, make)?;
    Ok(runs.pop())
}

/// The rows of the tail, in order.
pub(super) fn tail_rows(db: &Connection) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
    let mut rows = db.prepare_cached("SELECT id, frame FROM tail ORDER BY id")?;
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// The last tick that the chunks hold: its number, and when it was.
pub(super) fn last_of_chunks(db: &Connection) -> rusqlite::Result<Option<(u64, i64)>> {
    let mut newest =
        db.prepare_cached("SELECT id + ticks - 1, to_unix_us FROM chunk ORDER BY id DESC LIMIT 1")?;
    let mut rows = newest.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
    })?;
    rows.next().transpose()
}
