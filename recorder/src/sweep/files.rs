//! The files of one process, kept open where that pays.
//!
//! An open `/proc` file costs the kernel some 4 KB and saves two thirds of each read. Over the
//! limit files are opened for each read; `schedstat`, read at each tick, goes before the rest.

use crate::source::{ProcRoot, read_from_start};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, RawDir, statat};
use rustix::io::Errno;
use std::io::Write as _;
use std::mem::MaybeUninit;

/// The files that are kept open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    Schedstat,
    Stat,
    Io,
    Status,
}

impl File {
    const NAMES: [&'static str; 4] = ["schedstat", "stat", "io", "status"];
}

/// How many files may be kept open, and how many are.
#[derive(Debug)]
pub(super) struct KeptLimit {
    most: usize,
    /// Kept, of `schedstat` and of the others.
    gates: usize,
    others: usize,
    /// How many processes there are: each wants its `schedstat` kept.
    processes: usize,
}

impl KeptLimit {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            gates: 0,
            others: 0,
            processes: 0,
        }
    }

    /// So many processes want their `schedstat` kept before anything else.
    pub(super) fn expect(&mut self, processes: usize) {
        self.processes = processes;
    }

    fn has_room(&self, file: File) -> bool {
        match file {
            File::Schedstat => self.gates + self.others < self.most,
            _ => self.processes.max(self.gates) + self.others < self.most,
        }
    }

    fn count(&mut self, file: usize) -> &mut usize {
        if file == File::Schedstat as usize {
            &mut self.gates
        } else {
            &mut self.others
        }
    }

    pub(super) fn release_all(&mut self) {
        (self.gates, self.others) = (0, 0);
    }
}

/// The files of one process.
#[derive(Debug)]
pub(super) struct Files {
    pid: i32,
    open: [Option<OwnedFd>; 4],
}

impl Files {
    pub(super) fn new(pid: i32) -> Self {
        Self {
            pid,
            open: [const { None }; 4],
        }
    }

    /// Reads a whole file from its start. A kept descriptor belongs to one process for ever:
    /// when that is gone it says so, whoever has the pid by then.
    pub(super) fn read(
        &mut self,
        file: File,
        root: &ProcRoot,
        limit: &mut KeptLimit,
        buffer: &mut Vec<u8>,
    ) -> Result<usize, Errno> {
        let place = file as usize;
        if let Some(open) = &self.open[place] {
            return read_from_start(open, buffer);
        }
        let opened = open(self.pid, File::NAMES[place], root)?;
        let length = read_from_start(&opened, buffer)?;
        if root.is_live() && limit.has_room(file) {
            *limit.count(place) += 1;
            self.open[place] = Some(opened);
        }
        Ok(length)
    }

    /// Reads a file that is not worth keeping open.
    pub(super) fn read_once(
        &self,
        name: &str,
        root: &ProcRoot,
        buffer: &mut Vec<u8>,
    ) -> Result<usize, Errno> {
        read_from_start(&open(self.pid, name, root)?, buffer)
    }

    /// Open descriptors: since Linux 6.2 the size of the directory, else counted.
    pub(super) fn count_descriptors(&self, root: &ProcRoot) -> Result<u64, Errno> {
        let mut path = [0; 64];
        let path = path_of(&mut path, self.pid, "fd");
        let data = statat(root.directory(), path, AtFlags::empty())?;
        match u64::try_from(data.st_size) {
            Ok(count) if count > 0 && root.is_live() => Ok(count),
            _ => count_entries(&open(self.pid, "fd", root)?),
        }
    }

    pub(super) fn close(&mut self, limit: &mut KeptLimit) {
        for (file, open) in self.open.iter_mut().enumerate() {
            *limit.count(file) -= usize::from(open.take().is_some());
        }
    }
}

fn open(pid: i32, name: &str, root: &ProcRoot) -> Result<OwnedFd, Errno> {
    let mut path = [0; 64];
    root.open_file(path_of(&mut path, pid, name))
}

/// `PID/name`, without allocating.
fn path_of<'a>(buffer: &'a mut [u8; 64], pid: i32, name: &str) -> &'a str {
    let mut rest = &mut buffer[..];
    write!(rest, "{pid}/{name}").expect("a pid and the names in this file fit 64 bytes");
    let length = 64 - rest.len();
    str::from_utf8(&buffer[..length]).expect("a number, a slash and a name are ASCII")
}

fn count_entries(directory: &OwnedFd) -> Result<u64, Errno> {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(directory, &mut buffer);
    let mut count = 0;
    while let Some(entry) = entries.next() {
        let name = entry?.file_name().to_bytes().to_owned();
        count += u64::from(name != b"." && name != b"..");
    }
    Ok(count)
}
