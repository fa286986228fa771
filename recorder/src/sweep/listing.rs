//! Which pids there are: the numbers among the names in `/proc`.

use crate::source::ProcRoot;
use crate::source::numbers::count;
use rustix::fd::OwnedFd;
use rustix::fs::{RawDir, SeekFrom, seek};
use rustix::io::Errno;
use std::mem::MaybeUninit;

/// The pids, in ascending order.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    directory: Option<OwnedFd>,
    buffer: Vec<MaybeUninit<u8>>,
    pids: Vec<i32>,
}

impl Listing {
    /// Lists `/proc` anew.
    pub(crate) fn read(&mut self, root: &ProcRoot) -> Result<(), Errno> {
        self.buffer.resize(32 << 10, MaybeUninit::uninit());
        let directory = match &self.directory {
            Some(directory) => directory,
            None => self.directory.insert(root.open_file(".")?),
        };
        seek(directory, SeekFrom::Start(0))?;
        self.pids.clear();
        let mut entries = RawDir::new(directory, &mut self.buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let pid = count(entry.file_name().to_bytes()).ok();
            self.pids
                .extend(pid.and_then(|pid| i32::try_from(pid).ok()));
        }
        if !self.pids.is_sorted() {
            self.pids.sort_unstable();
        }
        Ok(())
    }

    pub(crate) fn pids(&self) -> &[i32] {
        &self.pids
    }
}
