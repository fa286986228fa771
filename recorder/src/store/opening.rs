//! The first file of a run is opened by who writes it: a disk may take its time, or take for ever.

use super::Store;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::writer::{Start, Writer};
use afterimage_format::time::Seq;
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;

/// The file of a run, as it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) start: Start,
    /// The number that the first tick gets.
    pub(crate) next: Seq,
    /// The kernel's number of the newest line of its log that the file has.
    pub(crate) newest_line: Option<u64>,
}

impl Store {
    /// Opens the file, and says whether it was too late: who waited for it has begun without, and
    /// the file goes on with what came until now.
    pub(super) fn open(&mut self, opened: &SyncSender<anyhow::Result<Option<Opened>>>) -> bool {
        let begun = self.output.open().and_then(|begun| {
            let begun = begun.map(|(writer, start)| self.told(writer, start));
            Ok(begun.transpose()?)
        });
        let (writer, told) = match begun {
            Ok(None) => (None, Ok(None)),
            Ok(Some((writer, told))) => (Some(writer), Ok(Some(told))),
            Err(error) => (None, Err(error)),
        };
        // An error is met again with the first job, but for a lock: what another recorder holds is
        // passed by then.
        let is_late = opened.send(told).is_err();
        match writer {
            Some(writer) if is_late => self.begin_late(writer),
            Some(writer) => self.write_to(writer),
            None => {}
        }
        is_late
    }

    fn told(&self, writer: Writer, start: Start) -> Result<(Writer, Opened), CaptureError> {
        let opened = Opened {
            path: self.output.path().to_owned(),
            start,
            next: writer.next_seq(),
            newest_line: writer.last_kernel_sequence()?,
        };
        Ok((writer, opened))
    }
}
