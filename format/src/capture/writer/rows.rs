//! Records as rows of the plain tables, and ticks as rows of the tail.

use super::{Record, Writer, start};
use crate::capture::chunk::Chunk;
use crate::capture::error::CaptureError;
use crate::capture::tables::{self, integer, maybe, text};
use crate::facts::{EndsSum, Exited, Gap};
use crate::time::WallTime;
use crate::units::Bytes;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::time::Duration;

/// The last row that a transaction added to plain tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewRow {
    table: &'static str,
    id: i64,
}

impl NewRow {
    /// Whether the transaction reached the file, which nobody else has written to since.
    pub(super) fn is_there(self, db: &Connection) -> rusqlite::Result<bool> {
        let sql = format!("SELECT max(id) FROM {}", self.table);
        let newest: Option<i64> = db.query_row(&sql, [], |row| row.get(0))?;
        Ok(newest.is_some_and(|newest| newest >= self.id))
    }
}

impl Writer {
    /// Adds the ticks that wait to the tail, and the records.
    pub(super) fn write_tail(&mut self) -> Result<(), CaptureError> {
        let wrote = (|| {
            let transaction = self.db.unchecked_transaction()?;
            let mut insert = transaction.prepare_cached("REPLACE INTO tail VALUES (?, ?)")?;
            for (seq, frame) in &self.unsaved {
                insert.execute((seq.cast_signed(), frame))?;
            }
            drop(insert);
            let new = self.write_records(&transaction)?;
            self.in_doubt = new.filter(|_| self.unsaved.is_empty());
            transaction.commit()
        })();
        wrote.map_err(CaptureError::sqlite(&self.path, "cannot save a tick"))
    }

    /// Adds the records that wait, and gives the last of the rows.
    pub(super) fn write_records(&self, db: &Connection) -> rusqlite::Result<Option<NewRow>> {
        let seq = self.last.map_or(0, |(seq, ..)| seq.0);
        let mut last = None;
        for record in &self.unsaved_records {
            if let Record::Settings { sync, args } = record {
                start::change_run(db, self.capture, self.run, (*sync, args))?;
                continue;
            }
            let (table, values) = match record {
                Record::ThreadDump(dump) => ("thread_dump", self.dump_row(db, dump, seq)?),
                record => self.row(record, seq),
            };
            let id = tables::named(table).insert(db, self.capture, None, values)?;
            last = Some(NewRow { table, id });
        }
        Ok(last)
    }

    pub(super) fn row(&self, record: &Record, seq: u64) -> (&'static str, Vec<Value>) {
        match record {
            Record::KernelLog(line) => {
                let values = vec![
                    integer(self.boot),
                    integer(line.sequence),
                    integer(line.at.0),
                    integer(line.wall.0),
                    integer(line.severity),
                    integer(line.facility),
                    text(&line.text),
                ];
                ("kernel_log", values)
            }
            Record::Event(event) => {
                let values = vec![
                    integer(seq),
                    integer(event.wall.0),
                    text(event.kind.as_bytes()),
                    text(event.text.as_bytes()),
                ];
                ("event", values)
            }
            Record::Exited(exited) => ("exited", self.exited_row(exited, seq)),
            Record::EndsSum(sum) => ("process_sum", ends_sum_row(sum)),
            Record::Gap(gap) => ("gap", gap_row(gap)),
            Record::Source(source) => {
                let texts =
                    [&source.name, &source.state, &source.detail].map(|part| text(part.as_bytes()));
                let values = [integer(self.run), integer(seq)].into_iter().chain(texts);
                ("source", values.collect())
            }
            // What is no row by itself: a change of one that is there, and what leans on another.
            Record::Settings { .. } => ("run", Vec::new()),
            Record::ThreadDump(_) => ("thread_dump", Vec::new()),
            Record::Clock(anchor) => {
                let values = vec![
                    integer(self.run),
                    integer(anchor.seq.0),
                    integer(anchor.boot.0),
                    integer(anchor.monotonic.0),
                    integer(anchor.wall.0),
                ];
                ("clock", values)
            }
        }
    }

    fn exited_row(&self, exited: &Exited, seq: u64) -> Vec<Value> {
        let micros = |time: Option<Duration>| maybe(time.map(|time| integer(time.as_micros())));
        let bytes = |bytes: Option<Bytes>| maybe(bytes.map(|bytes| integer(bytes.0)));
        vec![
            integer(self.boot),
            integer(seq),
            integer(exited.wall.0),
            integer(exited.pid.0),
            maybe(exited.ppid.map(|ppid| integer(ppid.0))),
            maybe(exited.started.map(|started| integer(started.0))),
            maybe(exited.comm.as_deref().map(text)),
            maybe(exited.command_line.as_deref().map(text)),
            maybe(exited.uid.map(integer)),
            maybe(exited.wait_status.map(integer)),
            micros(exited.user),
            micros(exited.system),
            bytes(exited.read),
            bytes(exited.written),
            maybe(exited.peak_rss.map(|peak| integer(peak.kib()))),
            micros(exited.lifetime),
            maybe(exited.flags.map(integer)),
            maybe(exited.tty_nr.map(integer)),
            text(exited.known_by.name().as_bytes()),
        ]
    }
}

/// Ends that were added up as a row of `process_sum`.
fn ends_sum_row(sum: &EndsSum) -> Vec<Value> {
    let seconds = |at: WallTime| integer(at.0.div_euclid(1_000_000));
    vec![
        seconds(sum.from),
        seconds(sum.to),
        maybe(sum.ppid.map(|ppid| integer(ppid.0))),
        maybe(sum.comm.as_deref().map(text)),
        integer(sum.lives),
        maybe(sum.cpu.map(|cpu| integer(cpu.as_micros()))),
    ]
}

/// The row of `chunk` for a chunk, and its id.
pub(in crate::capture) fn chunk_row(run: i64, chunk: &Chunk) -> (i64, Vec<Value>) {
    let (first, last) = (chunk.ticks[0], chunk.ticks[chunk.ticks.len() - 1]);
    let values = vec![
        integer(run),
        integer(chunk.ticks.len()),
        integer(first.began.wall.0),
        integer(last.began.wall.0),
        integer(first.began.boot.0),
        integer(last.began.boot.0),
    ];
    (first.seq.0.cast_signed(), values)
}

/// A gap as a row of its table.
pub(in crate::capture) fn gap_row(gap: &Gap) -> Vec<Value> {
    vec![
        text(gap.kind.name().as_bytes()),
        integer(gap.after.0),
        integer(gap.from.0),
        integer(gap.to.0),
        integer(gap.missed),
        text(gap.detail.as_bytes()),
    ]
}
