//! Records as rows of the plain tables.

use super::{Record, Writer, start};
use crate::capture::tables::{self, integer, text};
use crate::facts::Gap;
use rusqlite::Connection;
use rusqlite::types::Value;

impl Writer {
    pub(super) fn write_records(&self, db: &Connection) -> rusqlite::Result<()> {
        let seq = self.last.map_or(0, |(seq, ..)| seq.0);
        self.unsaved_records.iter().try_for_each(|record| {
            if let Record::Settings { sync, args } = record {
                return start::change_run(db, self.capture, self.run, (*sync, args));
            }
            let (table, values) = self.row(record, seq);
            tables::named(table)
                .insert(db, self.capture, None, values)
                .map(drop)
        })
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
            Record::Gap(gap) => ("gap", gap_row(gap)),
            Record::Source(source) => {
                let texts =
                    [&source.name, &source.state, &source.detail].map(|part| text(part.as_bytes()));
                let values = [integer(self.run), integer(seq)].into_iter().chain(texts);
                ("source", values.collect())
            }
            // A change of a row that is there, and no row.
            Record::Settings { .. } => ("run", Vec::new()),
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
