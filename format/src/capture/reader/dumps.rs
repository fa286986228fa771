//! The thread dumps of a capture: the list of them, and the text and kernel's view of one.

use super::Capture;
use crate::capture::dumps::{self, Broken, Texts, column};
use crate::capture::error::CaptureError;
use crate::capture::tables::CheckedRow;
use crate::kernel_view::KernelView;
use crate::process::Pid;
use crate::thread_dump::{DumpFacts, DumpStatus, DumpSummary};
use crate::time::{Seq, WallTime};
use crate::units::Ticks;
use std::time::Duration;

/// A dump as it stands in the capture, without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDump {
    /// Its number: what its texts are asked for by.
    pub id: i64,
    /// The run that it was taken in; `None` for one that was brought later.
    pub run: Option<i64>,
    /// The newest tick when it was written.
    pub seq: Option<Seq>,
    /// How long its text is; `None` when nothing came.
    pub raw_bytes: Option<u64>,
    /// How much room its texts take in the capture.
    pub stored_bytes: u64,
    /// Whether there is a view of the kernel from before it, and from after it.
    pub has_kernel: (bool, bool),
    /// Everything else.
    pub facts: DumpFacts,
}

/// The texts that were unpacked last: the next dump of a burst leans on them.
#[derive(Debug, Default)]
pub(super) struct LastDump(Option<(i64, Texts)>);

impl Capture {
    /// The dumps that were begun between two moments, both included, and what was refused or
    /// failed then, in the order they were written. Costs a scan of the table, some 8 KB a dump:
    /// it is at most 15 % of the size limit.
    pub fn thread_dumps(
        &mut self,
        from: WallTime,
        to: WallTime,
    ) -> Result<Vec<StoredDump>, CaptureError> {
        let between = (
            "WHERE unix_us BETWEEN ? AND ? ORDER BY id",
            &[from.0, to.0][..],
        );
        self.rows("thread_dump", between, stored)
    }

    /// What the process answered, to the byte. `None` when there is no such dump, when nothing
    /// came, or when it is damaged or leans on one that is (then [`Capture::damage`] has grown).
    /// Costs a millisecond for each dump of its burst before it; those of a burst one after the
    /// other cost one each.
    pub fn dump_text(&mut self, id: i64) -> Result<Option<Vec<u8>>, CaptureError> {
        Ok(self.texts_of(id)?.and_then(|texts| texts.body.clone()))
    }

    /// What the kernel said of the threads before it and after it. `None` as above.
    pub fn dump_kernel(
        &mut self,
        id: i64,
    ) -> Result<(Option<KernelView>, Option<KernelView>), CaptureError> {
        let Some(texts) = self.texts_of(id)? else {
            return Ok((None, None));
        };
        let view = |text: &Option<Vec<u8>>| text.as_deref().and_then(KernelView::from_text);
        Ok((view(&texts.before), view(&texts.after)))
    }

    fn texts_of(&mut self, id: i64) -> Result<Option<&Texts>, CaptureError> {
        let known = self.last_dump.0.as_ref().map(|(id, texts)| (*id, texts));
        let db = self.opened.db();
        let found = dumps::texts(db, self.opened.capture, id, known);
        let found = found.map_err(self.sqlite("a thread dump cannot be read"))?;
        self.go_on()?;
        match found {
            Ok((texts, _)) => {
                let (_, texts) = self.last_dump.0.insert((id, texts));
                Ok(Some(texts))
            }
            Err(Broken { row, fault }) => {
                self.note_damage("thread_dump", row, fault);
                Ok(None)
            }
        }
    }
}

fn stored(row: &CheckedRow) -> StoredDump {
    let text = |place| row.text(place).unwrap_or_default();
    let time = |place| WallTime::from_file(row.integer(place).unwrap_or(0));
    let micros = |place| row.unsigned(place).map(Duration::from_micros);
    let blobs = [column::BODY, column::BEFORE, column::AFTER];
    let lengths = blobs.map(|place| row.bytes(place).map(<[u8]>::len));
    let pid = row.integer(4).and_then(|pid| i32::try_from(pid).ok());
    StoredDump {
        id: row.id,
        run: row.integer(0),
        seq: row.unsigned(1).map(Seq),
        raw_bytes: row.unsigned(column::RAW_BYTES),
        stored_bytes: lengths.iter().flatten().sum::<usize>() as u64,
        has_kernel: (lengths[1].is_some(), lengths[2].is_some()),
        facts: DumpFacts {
            wall: time(2),
            end: time(3),
            pid: Pid(pid.unwrap_or(-1)),
            started: row.unsigned(column::STARTED).map(Ticks),
            comm: row.bytes(6).unwrap_or_default().to_owned(),
            kind: text(column::KIND),
            trigger: text(8),
            trigger_detail: text(9),
            burst: row.integer(10),
            status: DumpStatus::from_name(&text(11)),
            detail: text(12),
            arguments: text(13),
            signalled: row.integer(14) == Some(1),
            attach: micros(15),
            took: micros(16).unwrap_or_default(),
            pause: micros(17),
            vm: row.text(18),
            cpu: micros(19),
            summary: summary(row),
        },
    }
}

fn summary(row: &CheckedRow) -> Option<DumpSummary> {
    let summary = DumpSummary {
        threads: row.unsigned(25),
        runnable: row.unsigned(26),
        blocked: row.unsigned(27),
        waiting: row.unsigned(28),
        timed_waiting: row.unsigned(29),
        vm_threads: row.unsigned(30),
        virtual_threads: row.unsigned(31),
        deadlocks: row.unsigned(32),
        unknown_lines: row.unsigned(33),
        top_blocker: row.text(34),
        top_blocked: row.unsigned(35),
        parser_version: row.unsigned(36),
    };
    (summary != DumpSummary::default()).then_some(summary)
}
