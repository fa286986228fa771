//! The files of a thread that cannot block, and which threads a process has.

use crate::source::passing::Passing;
use crate::source::process::{schedstat, status};
use crate::source::{ProcRoot, missing_from_errno, numbers, read_record};
use crate::sweep::Glance;
use afterimage_format::process::Pid;
use afterimage_format::reading::{Missing, Reading};
use rustix::fs::RawDir;
use rustix::io::Errno;
use std::io::Write as _;
use std::mem::MaybeUninit;

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
    entries: Vec<MaybeUninit<u8>>,
}

impl ThreadFiles {
    /// To be called before a tick with so many processes.
    pub(super) fn expect(&mut self, processes: usize, root: &ProcRoot) {
        self.buffer.resize(8192, 0);
        self.entries.resize(8192, MaybeUninit::uninit());
        self.passing.expect(processes, root);
    }

    /// The threads of a process, in ascending order; of one that is gone none.
    pub(super) fn list(
        &mut self,
        root: &ProcRoot,
        glance: &Glance,
        tids: &mut Vec<i32>,
    ) -> Reading<()> {
        let pid = glance.key.pid.0;
        tids.clear();
        if glance.threads <= 1 {
            tids.push(pid);
            return Ok(());
        }
        let mut path = [0; 64];
        let path = path_of(&mut path, format_args!("{pid}/task"));
        let missing = |errno| match errno {
            // It has just ended.
            Errno::NOENT => Missing::Gone,
            errno => missing_from_errno(errno),
        };
        let directory = self.passing.open(path, root).map_err(missing)?;
        let mut entries = RawDir::new(directory, &mut self.entries);
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(missing)?;
            let tid = numbers::count(entry.file_name().to_bytes()).ok();
            tids.extend(tid.and_then(|tid| i32::try_from(tid).ok()));
        }
        if !tids.is_sorted() {
            tids.sort_unstable();
        }
        Ok(())
    }

    /// The text of a file.
    pub(super) fn read(&mut self, root: &ProcRoot, of: Of) -> Reading<&[u8]> {
        let Of { process, tid, name } = of;
        let mut path = [0; 64];
        let path = path_of(&mut path, format_args!("{}/task/{tid}/{name}", process.0));
        let file = self.passing.open(path, root).map_err(missing_from_errno)?;
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

/// A path, without allocating.
fn path_of<'a>(buffer: &'a mut [u8; 64], path: std::fmt::Arguments<'_>) -> &'a str {
    let mut rest = &mut buffer[..];
    rest.write_fmt(path)
        .expect("a pid, a tid and the names in this file fit 64 bytes");
    let length = 64 - rest.len();
    str::from_utf8(&buffer[..length]).expect("numbers, slashes and names are ASCII")
}
