//! The files of a thread that cannot block, and which threads a process has.

use crate::source::passing::Passing;
use crate::source::process::{schedstat, status};
use crate::source::{ProcRoot, missing_from_errno, numbers, read_record};
use crate::sweep::Glance;
use afterimage_format::process::Pid;
use afterimage_format::reading::Reading;
use rustix::fs::Dir;

/// A file of a thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of {
    pub(super) process: Pid,
    pub(super) tid: i32,
    pub(super) name: &'static str,
}

/// Reads them into one buffer.
#[derive(Debug, Default)]
pub(super) struct ThreadFiles {
    passing: Passing,
    buffer: Vec<u8>,
}

impl ThreadFiles {
    /// To be called before a tick with so many processes.
    pub(super) fn expect(&mut self, processes: usize, root: &ProcRoot) {
        self.buffer.resize(8192, 0);
        self.passing.expect(processes, root);
    }

    /// The threads of a process, in ascending order; of one that is gone none.
    pub(super) fn list(&mut self, root: &ProcRoot, glance: &Glance) -> Vec<i32> {
        let pid = glance.key.pid.0;
        if glance.threads <= 1 {
            return vec![pid];
        }
        let opened = self.passing.open(&format!("{pid}/task"), root);
        let entries = opened.and_then(Dir::new).into_iter().flatten().flatten();
        let tid = |name: &[u8]| i32::try_from(numbers::count(name).ok()?).ok();
        let tids = entries.filter_map(|entry| tid(entry.file_name().to_bytes()));
        let mut tids: Vec<i32> = tids.collect();
        tids.sort_unstable();
        tids
    }

    /// The text of a file.
    pub(super) fn read(&mut self, root: &ProcRoot, of: Of) -> Reading<&[u8]> {
        let path = format!("{}/task/{}/{}", of.process.0, of.tid, of.name);
        let file = self.passing.open(&path, root).map_err(missing_from_errno)?;
        let length = read_record(&file, &mut self.buffer).map_err(missing_from_errno)?;
        Ok(&self.buffer[..length])
    }

    pub(super) fn schedstat(&mut self, root: &ProcRoot, of: Of) -> Reading<[u64; 3]> {
        self.read(root, of).and_then(schedstat::parse)
    }

    pub(super) fn switches(&mut self, root: &ProcRoot, of: Of) -> [Reading<u64>; 2] {
        match self.read(root, of) {
            Ok(text) => status::switches(text),
            Err(missing) => [Err(missing); 2],
        }
    }
}
