//! What the plain tables say. Rows whose check fails are left out and listed as damage.

use super::Capture;
use crate::capture::error::{CaptureError, FrameFault};
use crate::capture::names;
use crate::capture::tables::{self, CheckedRow};
use crate::capture::unfinished::Unfinished;
use crate::capture::writer::create_private;
use crate::facts::{Anchor, Event, Gap, GapKind, Host, KernelLogLine, ProcessLife, Run, Source};
use crate::process::{Pid, ProcessKey};
use crate::tick::Shed;
use crate::time::{BootTime, MonotonicTime, Seq, WallTime};
use crate::units::{Bytes, TickRate, Ticks};
use rusqlite::limits::Limit;
use std::cell::Cell as Flag;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

impl Capture {
    /// The host, once for each boot in the capture, by the boot's number.
    pub fn hosts(&mut self) -> Result<Vec<(i64, Host)>, CaptureError> {
        self.rows("host", ("ORDER BY id", &[]), |row| {
            let text = |column| row.text(column).unwrap_or_default();
            let number = |column| row.unsigned(column).unwrap_or(0);
            let host = Host {
                boot_id: text(0),
                hostname: text(1),
                kernel: text(2),
                architecture: text(3),
                timezone: row.text(4),
                utc_offset_seconds: row
                    .integer(5)
                    .and_then(|seconds| i32::try_from(seconds).ok())
                    .unwrap_or(0),
                cpus: u32::try_from(number(6)).unwrap_or(0),
                tick_rate: TickRate(NonZeroU64::new(number(7)).unwrap_or(NonZeroU64::MIN)),
                page_size: Bytes(number(8)),
            };
            (row.id, host)
        })
    }

    /// The host as it was last, with the boot's number; [`Host::unknown`] when its row is
    /// damaged, which [`Capture::damage`] then says.
    pub fn host(&mut self) -> Result<(i64, Host), CaptureError> {
        let last = self.hosts()?.pop();
        Ok(last.unwrap_or_else(|| (0, Host::unknown())))
    }

    /// Every run, in order.
    pub fn runs(&mut self) -> Result<Vec<Run>, CaptureError> {
        self.rows("run", ("ORDER BY id", &[]), |row| {
            let text = |column| row.text(column).unwrap_or_default();
            Run {
                id: row.id,
                boot: row.integer(0).unwrap_or(0),
                pid: row
                    .integer(1)
                    .and_then(|pid| i32::try_from(pid).ok())
                    .unwrap_or(0),
                version: text(2),
                interval: Duration::from_micros(row.unsigned(3).unwrap_or(0)),
                sync: text(4),
                args: text(5),
                first: Seq(row.unsigned(6).unwrap_or(0)),
                from: WallTime::from_file(row.integer(7).unwrap_or(0)),
                last: row.unsigned(9).map(Seq),
                to: row.integer(10).map(WallTime),
                end: row.text(11),
            }
        })
    }

    /// Every gap, in order.
    pub fn gaps(&mut self) -> Result<Vec<Gap>, CaptureError> {
        self.rows("gap", ("ORDER BY id", &[]), |row| Gap {
            kind: GapKind::from_name(&row.text(0).unwrap_or_default()),
            after: Seq(row.unsigned(1).unwrap_or(0)),
            from: WallTime::from_file(row.integer(2).unwrap_or(0)),
            to: WallTime::from_file(row.integer(3).unwrap_or(0)),
            missed: row.unsigned(4).unwrap_or(0),
            detail: row.text(5).unwrap_or_default(),
        })
    }

    /// How each source fares, by the newest word on it.
    pub fn sources(&mut self) -> Result<Vec<Source>, CaptureError> {
        let mut newest: Vec<Source> = Vec::new();
        let rows = self.rows("source", ("ORDER BY id", &[]), |row| {
            let text = |column| row.text(column).unwrap_or_default();
            Source {
                name: text(2),
                state: text(3),
                detail: text(4),
            }
        })?;
        for source in rows {
            match newest.iter_mut().find(|known| known.name == source.name) {
                Some(known) => *known = source,
                None => newest.push(source),
            }
        }
        Ok(newest)
    }

    /// The kernel log between two moments, both included. Costs a scan of the table: it is at
    /// most 15 % of the size limit.
    pub fn kernel_log(
        &mut self,
        from: WallTime,
        to: WallTime,
    ) -> Result<Vec<KernelLogLine>, CaptureError> {
        let mut lines = Vec::new();
        self.each_kernel_line(from, to, |line| {
            lines.push(line);
            true
        })?;
        Ok(lines)
    }

    /// The same one line after the other, for as long as the answer is `true`: the whole log may
    /// be large.
    pub fn each_kernel_line(
        &mut self,
        from: WallTime,
        to: WallTime,
        mut give: impl FnMut(KernelLogLine) -> bool,
    ) -> Result<(), CaptureError> {
        let between = (
            "WHERE unix_us BETWEEN ? AND ? ORDER BY id",
            &[from.0, to.0][..],
        );
        let wanted = Flag::new(true);
        let line = |row: &CheckedRow| KernelLogLine {
            sequence: row.unsigned(1).unwrap_or(0),
            at: MonotonicTime(row.integer(2).unwrap_or(0)),
            wall: WallTime::from_file(row.integer(3).unwrap_or(0)),
            severity: row
                .unsigned(4)
                .and_then(|severity| u8::try_from(severity).ok())
                .unwrap_or(7),
            facility: row
                .unsigned(5)
                .and_then(|facility| u16::try_from(facility).ok())
                .unwrap_or(0),
            text: row.bytes(6).unwrap_or_default().to_owned(),
        };
        let give = |row: &CheckedRow| wanted.set(wanted.get() && give(line(row)));
        // Nothing is kept of a row.
        let _: Vec<()> = self.rows_while("kernel_log", between, (give, || wanted.get()))?;
        Ok(())
    }

    /// Marks and other events between two moments, both included.
    pub fn events(&mut self, from: WallTime, to: WallTime) -> Result<Vec<Event>, CaptureError> {
        let between = (
            "WHERE unix_us BETWEEN ? AND ? ORDER BY id",
            &[from.0, to.0][..],
        );
        self.rows("event", between, |row| Event {
            wall: WallTime::from_file(row.integer(1).unwrap_or(0)),
            kind: row.text(2).unwrap_or_default(),
            text: row.text(3).unwrap_or_default(),
        })
    }

    /// The lives that were there at some tick of `from..=to`, oldest first. What lives still is
    /// here once its first chunk is closed, a minute after its birth. Costs a scan of the table.
    pub fn lives(&mut self, from: Seq, to: Seq) -> Result<Vec<ProcessLife>, CaptureError> {
        let commands = self.rows("command", ("", &[]), |row| {
            (row.id, row.bytes(0).unwrap_or_default().to_owned())
        })?;
        let commands: std::collections::HashMap<i64, Vec<u8>> = commands.into_iter().collect();
        let there = "WHERE first_seq <= ?2 AND (last_seq IS NULL OR last_seq >= ?1) ORDER BY id";
        let range = [from.0.cast_signed(), to.0.cast_signed()];
        self.rows("process", (there, &range), |row| {
            let small = |column| {
                row.integer(column)
                    .and_then(|number| i32::try_from(number).ok())
            };
            ProcessLife {
                key: ProcessKey {
                    pid: Pid(small(1).unwrap_or(-1)),
                    started: Ticks(row.unsigned(2).unwrap_or(0)),
                },
                boot: row.integer(0).unwrap_or(0),
                ppid: small(3),
                user: row.text(4),
                comm: row.bytes(5).unwrap_or_default().to_owned(),
                command_line: row.integer(6).and_then(|id| commands.get(&id).cloned()),
                first: Seq(row.unsigned(7).unwrap_or(0)),
                last: row.unsigned(8).map(Seq),
                cpu: row.unsigned(11).map(Duration::from_micros),
                peak_rss: row.unsigned(12).map(Bytes::from_kib),
            }
        })
    }

    /// What was ever left out to stay within the budget.
    pub fn shed(&mut self) -> Result<Shed, CaptureError> {
        let events = self.rows("event", ("WHERE kind = 'shed'", &[]), |row| {
            row.text(3).unwrap_or_default()
        })?;
        Ok(events
            .iter()
            .fold(Shed::NONE, |all, names| all.with(Shed::from_names(names))))
    }

    /// Writes a whole copy to a file that is not there yet, also while the capture is recorded.
    /// Costs reading and writing everything that is in use.
    pub fn copy_to(&self, path: &Path) -> Result<(), CaptureError> {
        let open = |source| CaptureError::Open {
            path: path.to_owned(),
            source,
        };
        create_private(path).map_err(open)?;
        let new = Unfinished::new(path);
        let copied = self.opened.copy(|db| {
            // Only for as long as it takes: the copy is a second database.
            db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)?;
            db.pragma_update(None, "query_only", false)?;
            let copied = db.execute("VACUUM INTO ?", [names::uri(path, "mode=rw")]);
            db.pragma_update(None, "query_only", true)?;
            db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
            copied.map(drop)
        });
        copied.map_err(self.sqlite("it cannot be copied"))?;
        new.keep();
        Ok(())
    }

    /// Free text about the file.
    pub fn notes(&mut self) -> Result<Vec<String>, CaptureError> {
        self.rows("note", ("ORDER BY id", &[]), |row| {
            row.text(1).unwrap_or_default()
        })
    }

    /// The size of what is kept: pages in use. Costs nothing.
    pub fn data_bytes(&self) -> Result<u64, CaptureError> {
        let used = crate::capture::writer::used_bytes(self.opened.db());
        used.map_err(self.sqlite("its size cannot be told"))
    }

    pub(super) fn clock_rows(&mut self) -> Result<Vec<Anchor>, CaptureError> {
        self.rows("clock", ("", &[]), |row| {
            let number = |column| row.integer(column).unwrap_or(0);
            Anchor {
                seq: Seq(number(1).cast_unsigned()),
                boot: BootTime(number(2)),
                monotonic: MonotonicTime(number(3)),
                wall: WallTime::from_file(number(4)),
            }
        })
    }

    /// Checks every row of every plain table, and gives how many there are.
    pub(super) fn check_plain(&mut self) -> Result<usize, CaptureError> {
        let checked = tables::all().iter().filter(|table| table.checked);
        checked
            .map(|table| {
                self.rows(table.name, ("", &[]), |_| ())
                    .map(|rows| rows.len())
            })
            .sum()
    }

    pub(super) fn rows<T>(
        &mut self,
        table: &'static str,
        rest: (&str, &[i64]),
        make: impl FnMut(&CheckedRow) -> T,
    ) -> Result<Vec<T>, CaptureError> {
        self.rows_while(table, rest, (make, || true))
    }

    /// The same for as long as it is wanted.
    pub(super) fn rows_while<T>(
        &mut self,
        table: &'static str,
        rest: (&str, &[i64]),
        (make, is_wanted): (impl FnMut(&CheckedRow) -> T, impl Fn() -> bool),
    ) -> Result<Vec<T>, CaptureError> {
        let (db, capture, watch) = (self.opened.db(), self.opened.capture, &self.watch);
        let found = tables::named(table).select_while(
            db,
            capture,
            rest,
            (make, || is_wanted() && !watch.is_over()),
        );
        let found = found.map_err(self.sqlite("a plain table cannot be read"))?;
        self.go_on()?;
        if let Some((row, _)) = found.torn {
            self.note_damage(table, row, FrameFault::Torn);
        }
        for row in found.damaged {
            self.note_damage(table, row, FrameFault::Check);
        }
        Ok(found.rows)
    }
}
