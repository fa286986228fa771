//! The kernel log's thread: from the beginning of the ring, then as lines come.

use crate::backlog::Message;
use crate::clock;
use crate::source::kernel_log::{KernelLog, KernelLogRecord};
use crate::status::Shared;
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::{Event, KernelLogLine, Source};
use afterimage_format::reading::{Missing, Reading};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// How often lines are collected: each batch costs a commit's share.
const PAUSE: Duration = Duration::from_millis(500);
/// A batch has at most so many lines; of a flood beyond that, only the number is kept.
const MOST_LINES: usize = 1000;

/// Reads the log until `stop` is closed. `after` is the last line that the capture has.
pub(crate) fn run(
    path: &Path,
    after: Option<u64>,
    (queue, shared): (&SyncSender<Message>, &Shared),
    stop: &OwnedFd,
) {
    let failed = |missing: Missing| {
        shared.update(|status| status.no_kernel_log = Some(missing.to_string()));
        report(queue, Err(missing));
    };
    let mut log = match KernelLog::open(path) {
        Ok(log) => log,
        Err(missing) => return failed(missing),
    };
    report(queue, Ok(()));
    let (mut after, mut last_round) = (after, false);
    loop {
        let mut batch = Batch::default();
        let drained = log.read_available(usize::MAX, |record| batch.add(record, &mut after));
        match drained {
            Ok(drained) => batch.lost += drained.lost,
            Err(missing) => return failed(missing),
        }
        let records = batch.into_records();
        let is_sent = records.is_empty() || queue.send(Message::Records(records)).is_ok();
        if last_round || !is_sent {
            return;
        }
        // What was logged until the end is read once more.
        last_round = is_over(stop);
    }
}

/// Waits a moment; whether the run is over.
fn is_over(stop: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(stop, PollFlags::IN)];
    let pause = Timespec {
        tv_sec: 0,
        tv_nsec: PAUSE.subsec_nanos().into(),
    };
    poll(&mut fds, Some(&pause)).is_ok_and(|ready| ready > 0)
}

fn report(queue: &SyncSender<Message>, state: Reading<()>) {
    let source = crate::collect::source_from_state("kmsg", state);
    let source = Source {
        detail: if state.is_err() {
            format!("{}; `afterimage doctor` says more", source.detail)
        } else {
            source.detail
        },
        ..source
    };
    // The run is about to end if nobody listens.
    drop(queue.send(Message::Records(vec![Record::Source(source)])));
}

/// The lines of one batch.
#[derive(Debug, Default)]
struct Batch {
    lines: Vec<KernelLogLine>,
    /// Overwritten before they were read.
    lost: u64,
    /// Read, but too many.
    flood: u64,
}

impl Batch {
    fn add(&mut self, record: KernelLogRecord, after: &mut Option<u64>) {
        if after.is_some_and(|after| record.sequence <= after) {
            return;
        }
        if let Some(known) = after.replace(record.sequence)
            && self.lines.is_empty()
        {
            // Between two batches only `read_available` knows; between two runs nobody else.
            self.lost = self.lost.max(record.sequence.saturating_sub(known + 1));
        }
        if self.lines.len() >= MOST_LINES {
            self.flood += 1;
            return;
        }
        let now = clock::now();
        let age = now.monotonic.since(record.at).unwrap_or_default();
        self.lines.push(KernelLogLine {
            sequence: record.sequence,
            at: record.at,
            wall: now.wall.minus(age),
            severity: record.severity as u8,
            facility: u16::try_from(record.facility).unwrap_or(u16::MAX),
            text: record.text,
        });
    }

    fn into_records(self) -> Vec<Record> {
        let event = |kind: &str, text: String| {
            Record::Event(Event {
                wall: clock::now().wall,
                kind: kind.to_owned(),
                text,
            })
        };
        let mut records: Vec<Record> = Vec::with_capacity(self.lines.len() + 2);
        if self.lost > 0 {
            records.push(event(
                "kernel-log-lost",
                format!("{} lines were overwritten before they were read", self.lost),
            ));
        }
        records.extend(self.lines.into_iter().map(Record::KernelLog));
        if self.flood > 0 {
            records.push(event(
                "kernel-log-flood",
                format!(
                    "{} more lines in half a second were counted and not kept",
                    self.flood
                ),
            ));
        }
        records
    }
}
