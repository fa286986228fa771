//! The `process` table: one row for each life, brought up to date with each chunk.

mod sums;
mod told;

use super::chunk::{ALIVE, Chunk};
use super::tables::{self, integer, maybe, text};
use super::writer::Record;
use crate::group::{Group, ProcessField};
use crate::process::{Pid, ProcessKey};
use crate::tick::Key;
use crate::units::Ticks;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::HashMap;
use told::ToldEnds;

/// Above this many lives a second that begin and end within a chunk, they are added up.
const MOST_SHORT_LIVES_A_SECOND: u64 = 50;

/// How many command lines are remembered as already stored.
const MOST_COMMANDS: i64 = 4096;

/// Keeps the `process` table.
#[derive(Debug)]
pub(crate) struct Lives {
    capture: u64,
    boot: i64,
    tick_rate: u64,
    /// The lives that have a row and no end yet.
    open: HashMap<ProcessKey, OpenLife>,
    /// Command lines that have a row.
    commands: HashMap<Box<[u8]>, i64>,
    told: ToldEnds,
    /// Rows that got their end with the last chunk, of whose end nothing was told by then.
    untold: Vec<(ProcessKey, i64)>,
}

#[derive(Debug, Clone, Copy)]
struct OpenLife {
    row: i64,
    first_seq: u64,
    first_seen_s: i64,
    /// What the last chunk saw of it; unknown after a restart of the recorder.
    last_seen: Option<LastSeen>,
}

/// A process at the last tick of a chunk: all that is known should it be gone at the next.
#[derive(Debug, Clone, Copy)]
struct LastSeen {
    seq: u64,
    unix_s: i64,
    cpu_us: Option<u64>,
    peak_rss_kib: Option<i64>,
}

/// One process over the ticks of one chunk.
struct Seen<'a> {
    chunk: &'a Chunk,
    row: usize,
    key: ProcessKey,
    born: usize,
    /// The last tick that saw it, if it ended within the chunk.
    ended: Option<usize>,
}

impl Lives {
    /// Goes on with the lives of this boot that had no end when recording stopped; those of
    /// other boots end where it stopped.
    pub(crate) fn resume(
        db: &Connection,
        capture: u64,
        boot: i64,
        tick_rate: u64,
    ) -> rusqlite::Result<Self> {
        let open = "WHERE boot = ? AND last_seq IS NULL";
        let lives = tables::named("process").sound_rows(db, capture, (open, &[boot]), |row| {
            let pid = Pid(row
                .integer(1)
                .and_then(|pid| i32::try_from(pid).ok())
                .unwrap_or(-1));
            let key = ProcessKey {
                pid,
                started: Ticks(row.unsigned(2).unwrap_or(0)),
            };
            let first_seq = row.unsigned(7).unwrap_or(0);
            let first_seen_s = row.integer(9).unwrap_or(0);
            (
                key,
                OpenLife {
                    row: row.id,
                    first_seq,
                    first_seen_s,
                    last_seen: None,
                },
            )
        })?;
        let newest = ("ORDER BY id DESC LIMIT ?", &[MOST_COMMANDS][..]);
        let commands = tables::named("command").sound_rows(db, capture, newest, |row| {
            (row.bytes(0).unwrap_or_default().into(), row.id)
        })?;
        Ok(Self {
            capture,
            boot,
            tick_rate,
            open: lives.into_iter().collect(),
            commands: commands.into_iter().collect(),
            told: ToldEnds::default(),
            untold: Vec::new(),
        })
    }

    /// Remembers what the kernel told of an end, and says by which key its samples go.
    pub(crate) fn heard(&mut self, mut record: Record) -> Record {
        match &mut record {
            Record::Exited(exited) => {
                let known = |key: &ProcessKey| self.open.contains_key(key);
                if told::may_have_samples(exited)
                    && let Some(key) = told::likely_keys(exited).find(known)
                {
                    exited.started = Some(key.started);
                }
                self.told.add(exited);
            }
            Record::EndsSum(_) => self.told.are_told(),
            _ => {}
        }
        record
    }

    /// Brings the table up to date with a closed chunk.
    pub(crate) fn update(&mut self, db: &Connection, chunk: &Chunk) -> rusqlite::Result<()> {
        let (mut short, mut lasting) = (Vec::new(), Vec::new());
        let last = chunk.ticks.len().saturating_sub(1);
        for (row, entry) in chunk.groups[Group::Process.index()].rows.iter().enumerate() {
            let Key::Process(key) = entry.key else {
                continue;
            };
            let born = usize::from(entry.born);
            let ended = (entry.died != ALIVE).then(|| usize::from(entry.died).saturating_sub(1));
            let seen = Seen {
                chunk,
                row,
                key,
                born,
                ended,
            };
            match ended {
                Some(_) if !self.open.contains_key(&key) => short.push(seen),
                _ => lasting.push(seen),
            }
        }
        let length = chunk.ticks[last].planned.since(chunk.ticks[0].planned);
        let seconds = length.map_or(1, |length| length.as_secs().max(1));
        if short.len() as u64 > MOST_SHORT_LIVES_A_SECOND * seconds {
            // Who tells of ends counts these too.
            if !self.told.is_told() {
                sums::add_up(db, (self.capture, self.tick_rate), &short)?;
            }
        } else {
            lasting.append(&mut short);
        }
        self.add_what_was_told_late(db)?;
        for seen in &lasting {
            self.store(db, seen)?;
        }
        self.close_absent(db, chunk)?;
        self.told.end_chunk();
        Ok(())
    }

    /// Ends that the chunk before saw and of which only this one was told.
    fn add_what_was_told_late(&mut self, db: &Connection) -> rusqlite::Result<()> {
        for (key, row) in std::mem::take(&mut self.untold) {
            if let Some(told) = self.told.of(key) {
                change(db, self.capture, row, |values| told.put_into(values))?;
            }
        }
        Ok(())
    }

    /// Clock ticks a second, as the host has them.
    pub(crate) fn tick_rate(&self) -> u64 {
        self.tick_rate
    }

    /// Command lines may have been evicted: what is remembered of them no longer holds.
    pub(crate) fn forget_commands(&mut self) {
        self.commands.clear();
    }

    fn store(&mut self, db: &Connection, seen: &Seen<'_>) -> rusqlite::Result<()> {
        if let Some(life) = self.open.get_mut(&seen.key)
            && seen.ended.is_none()
        {
            life.last_seen = Some(seen.last_seen(self.tick_rate));
            return Ok(());
        }
        let known = self.open.get(&seen.key).copied();
        let table = tables::named("process");
        let life = match known {
            Some(life) => life,
            None => OpenLife {
                row: table.next_id(db)?,
                first_seq: seen.seq(seen.born),
                first_seen_s: seen.unix_seconds(seen.born),
                last_seen: Some(seen.last_seen(self.tick_rate)),
            },
        };
        let mut values = self.values(db, seen, life)?;
        let told = seen.ended.map(|_| self.told.of(seen.key));
        match told {
            Some(Some(told)) => told.put_into(&mut values),
            Some(None) => self.untold.push((seen.key, life.row)),
            None => {}
        }
        table.replace(db, self.capture, life.row, values)?;
        match seen.ended {
            Some(_) => self.open.remove(&seen.key),
            None => self.open.insert(seen.key, life),
        };
        Ok(())
    }

    fn values(
        &mut self,
        db: &Connection,
        seen: &Seen<'_>,
        life: OpenLife,
    ) -> rusqlite::Result<Vec<Value>> {
        let command = self.command(db, seen)?;
        let ended = |value: &dyn Fn(usize) -> Value| maybe(seen.ended.map(value));
        Ok(vec![
            integer(self.boot),
            integer(seen.key.pid.0),
            integer(seen.key.started.0),
            maybe(seen.number(ProcessField::Ppid).map(Value::Integer)),
            maybe(seen.text(ProcessField::User).map(text)),
            maybe(seen.text(ProcessField::Comm).map(text)),
            maybe(command.map(Value::Integer)),
            integer(life.first_seq),
            ended(&|tick| integer(seen.seq(tick))),
            integer(life.first_seen_s),
            ended(&|tick| integer(seen.unix_seconds(tick))),
            ended(&|_| maybe(seen.cpu_us(self.tick_rate).map(integer))),
            ended(&|_| maybe(seen.number(ProcessField::PeakRss).map(Value::Integer))),
        ])
    }

    /// The row of a command line; stored when it is new.
    fn command(&mut self, db: &Connection, seen: &Seen<'_>) -> rusqlite::Result<Option<i64>> {
        let Some(line) = seen
            .text(ProcessField::CommandLine)
            .filter(|line| !line.is_empty())
        else {
            return Ok(None);
        };
        if let Some(&row) = self.commands.get(line) {
            return Ok(Some(row));
        }
        if self.commands.len() as u64 >= MOST_COMMANDS.cast_unsigned() {
            self.commands.clear();
        }
        let full = maybe(seen.number(ProcessField::CommandLength).map(Value::Integer));
        let row =
            tables::named("command").insert(db, self.capture, None, vec![text(line), full])?;
        self.commands.insert(line.into(), row);
        Ok(Some(row))
    }

    /// Lives that ended while nothing was recorded: not a row of this chunk, though open.
    fn close_absent(&mut self, db: &Connection, chunk: &Chunk) -> rusqlite::Result<()> {
        let rows = &chunk.groups[Group::Process.index()].rows;
        if self.open.len() <= rows.len() && rows.iter().all(|row| row.died == ALIVE) {
            return Ok(());
        }
        let here: std::collections::HashSet<&Key> = rows.iter().map(|row| &row.key).collect();
        let gone = self
            .open
            .iter()
            .filter(|(key, _)| !here.contains(&Key::Process(**key)));
        let mut gone: Vec<(ProcessKey, OpenLife)> = gone.map(|(key, life)| (*key, *life)).collect();
        gone.sort_unstable_by_key(|(key, _)| *key);
        let before = chunk.ticks[0].seq.0.saturating_sub(1);
        for (key, life) in gone {
            self.open.remove(&key);
            end_at(
                db,
                self.capture,
                life.row,
                &Ending {
                    seq: before,
                    seen: life.last_seen,
                },
            )?;
            match self.told.of(key) {
                Some(told) => change(db, self.capture, life.row, |values| told.put_into(values))?,
                None => self.untold.push((key, life.row)),
            }
        }
        Ok(())
    }
}

/// How a life ended that was not seen to end.
struct Ending {
    /// The last tick at which it can have been there.
    seq: u64,
    seen: Option<LastSeen>,
}

/// Gives every open life of another boot its end: where recording of that boot stopped.
pub(crate) fn end_other_boots(
    db: &Connection,
    capture: u64,
    boot: i64,
    last_seq: u64,
) -> rusqlite::Result<()> {
    let open = "WHERE boot != ? AND last_seq IS NULL";
    let rows = tables::named("process").sound_rows(db, capture, (open, &[boot]), |row| row.id)?;
    let ending = Ending {
        seq: last_seq,
        seen: None,
    };
    rows.into_iter()
        .try_for_each(|row| end_at(db, capture, row, &ending))
}

/// Ends a life whose last moments were not seen.
fn end_at(db: &Connection, capture: u64, row: i64, ending: &Ending) -> rusqlite::Result<()> {
    change(db, capture, row, |values| {
        values[8] = integer(ending.seen.map_or(ending.seq, |seen| seen.seq));
        if let Some(seen) = ending.seen {
            values[10] = integer(seen.unix_s);
            values[11] = maybe(seen.cpu_us.map(integer));
            values[12] = maybe(seen.peak_rss_kib.map(Value::Integer));
        }
    })
}

/// Changes the row of a life, if it is sound.
fn change(
    db: &Connection,
    capture: u64,
    row: i64,
    mut with: impl FnMut(&mut Vec<Value>),
) -> rusqlite::Result<()> {
    let table = tables::named("process");
    let values = table.sound_rows(db, capture, ("WHERE id = ?", &[row]), |row| {
        row.values().to_vec()
    })?;
    for mut values in values {
        with(&mut values);
        table.replace(db, capture, row, values)?;
    }
    Ok(())
}

impl Seen<'_> {
    fn last_seen(&self, tick_rate: u64) -> LastSeen {
        LastSeen {
            seq: self.seq(self.last()),
            unix_s: self.unix_seconds(self.last()),
            cpu_us: self.cpu_us(tick_rate),
            peak_rss_kib: self.number(ProcessField::PeakRss),
        }
    }

    /// The last tick that saw it.
    fn last(&self) -> usize {
        self.ended.unwrap_or(self.chunk.ticks.len() - 1)
    }

    fn number(&self, field: ProcessField) -> Option<i64> {
        self.chunk
            .cell(Group::Process, self.row, field.column(), self.last())
            .ok()
    }

    fn text(&self, field: ProcessField) -> Option<&[u8]> {
        self.chunk
            .text(Group::Process, self.row, field.column(), self.last())
            .ok()
    }

    fn cpu_us(&self, tick_rate: u64) -> Option<u64> {
        let ticks = self.number(ProcessField::Utime)? + self.number(ProcessField::Stime)?;
        Some(u64::try_from(ticks).ok()?.saturating_mul(1_000_000) / tick_rate.max(1))
    }

    fn seq(&self, tick: usize) -> u64 {
        self.chunk.ticks[tick].seq.0
    }

    fn unix_seconds(&self, tick: usize) -> i64 {
        self.chunk.ticks[tick].began.wall.0.div_euclid(1_000_000)
    }
}
