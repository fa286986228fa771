//! The files of one process, kept open where that pays.
//!
//! An open `/proc` file costs the kernel some 4 KB and saves two thirds of each read. Over the
//! limit files are opened for each read; `schedstat`, read at each tick, goes before the rest,
//! and once not even those fit, processes that do something go before those that do not.

use crate::source::passing::Passing;
use crate::source::{ProcRoot, read_record};
use rustix::fd::OwnedFd;
use rustix::fs::RawDir;
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
struct KeptLimit {
    most: usize,
    /// Kept, of `schedstat` and of the others.
    gates: usize,
    others: usize,
    /// How many processes there are: each wants its `schedstat` kept.
    processes: usize,
}

impl KeptLimit {
    fn has_room(&self, file: File, is_busy: bool) -> bool {
        let kept = self.gates + self.others;
        if self.is_crowded() {
            return is_busy && kept < self.most;
        }
        match file {
            File::Schedstat => kept < self.most,
            _ => self.processes.max(self.gates) + self.others < self.most,
        }
    }

    fn is_crowded(&self) -> bool {
        self.processes > self.most
    }

    fn count(&mut self, file: usize) -> &mut usize {
        if file == File::Schedstat as usize {
            &mut self.gates
        } else {
            &mut self.others
        }
    }
}

/// The files of one process.
#[derive(Debug)]
pub(super) struct Files {
    pid: i32,
    /// The process did something when it was last looked at.
    pub(super) is_busy: bool,
    open: [Option<OwnedFd>; 4],
}

impl Files {
    pub(super) fn new(pid: i32) -> Self {
        Self {
            pid,
            is_busy: false,
            open: [const { None }; 4],
        }
    }
}

/// Reads the files of processes, into a buffer that all of them share.
#[derive(Debug)]
pub(super) struct Reader {
    limit: KeptLimit,
    passing: Passing,
    buffer: Vec<u8>,
}

impl Reader {
    /// Keeps at most so many files open.
    pub(super) fn new(most: usize) -> Self {
        let limit = KeptLimit {
            most,
            gates: 0,
            others: 0,
            processes: 0,
        };
        Self {
            limit,
            passing: Passing::default(),
            buffer: vec![0; 8192],
        }
    }

    /// To be called before a sweep over so many processes.
    pub(super) fn expect(&mut self, processes: usize, root: &ProcRoot) {
        self.limit.processes = processes;
        self.passing.expect(processes, root);
    }

    /// Reads a whole file from its start. A kept descriptor belongs to one process for ever:
    /// when that is gone it says so, whoever has the pid by then.
    pub(super) fn read(
        &mut self,
        files: &mut Files,
        file: File,
        root: &ProcRoot,
    ) -> Result<&[u8], Errno> {
        let place = file as usize;
        let name = File::NAMES[place];
        let length = if let Some(open) = &files.open[place] {
            read_record(open, &mut self.buffer)?
        } else if root.is_live() && self.limit.has_room(file, files.is_busy) {
            let mut path = [0; 64];
            let opened = root.open_file(path_of(&mut path, files.pid, name))?;
            let length = read_record(&opened, &mut self.buffer)?;
            *self.limit.count(place) += 1;
            files.open[place] = Some(opened);
            length
        } else {
            return self.read_once(files, name, root);
        };
        Ok(&self.buffer[..length])
    }

    /// Reads a file that is not worth keeping open.
    pub(super) fn read_once(
        &mut self,
        files: &Files,
        name: &str,
        root: &ProcRoot,
    ) -> Result<&[u8], Errno> {
        let mut path = [0; 64];
        let opened = self
            .passing
            .open(path_of(&mut path, files.pid, name), root)?;
        let length = read_record(&opened, &mut self.buffer)?;
        Ok(&self.buffer[..length])
    }

    /// Open descriptors: since Linux 6.2 the size of the directory, else counted.
    pub(super) fn count_descriptors(
        &mut self,
        files: &Files,
        root: &ProcRoot,
    ) -> Result<u64, Errno> {
        let mut path = [0; 64];
        let path = path_of(&mut path, files.pid, "fd");
        let data = self.passing.stat(path, root)?;
        match u64::try_from(data.st_size) {
            Ok(count) if count > 0 && root.is_live() => Ok(count),
            _ => count_entries(&self.passing.open(path, root)?),
        }
    }

    /// Closes the files of an idle process if busy ones could use their places.
    pub(super) fn make_way(&mut self, files: &mut Files) {
        if self.limit.is_crowded() && !files.is_busy {
            self.close(files);
        }
    }

    pub(super) fn close(&mut self, files: &mut Files) {
        for (file, open) in files.open.iter_mut().enumerate() {
            *self.limit.count(file) -= usize::from(open.take().is_some());
        }
    }

    /// Every process was forgotten, and its files were closed with it.
    pub(super) fn forget(&mut self) {
        (self.limit.gates, self.limit.others) = (0, 0);
    }
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
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        count += u64::from(name != b"." && name != b"..");
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn own_files(is_busy: bool) -> Files {
        let pid = i32::try_from(std::process::id()).unwrap();
        Files {
            is_busy,
            ..Files::new(pid)
        }
    }

    fn kept(files: &Files) -> usize {
        files.open.iter().flatten().count()
    }

    #[test]
    fn where_not_all_fit_busy_processes_take_the_places_of_idle_ones() {
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        let mut reader = Reader::new(1);
        let (mut first, mut second) = (own_files(true), own_files(false));
        reader.expect(2, &root);
        assert!(reader.read(&mut first, File::Schedstat, &root).is_ok());
        assert!(reader.read(&mut second, File::Schedstat, &root).is_ok());
        assert_eq!((kept(&first), kept(&second)), (1, 0));
        (first.is_busy, second.is_busy) = (false, true);
        reader.make_way(&mut first);
        assert!(reader.read(&mut second, File::Stat, &root).is_ok());
        assert_eq!((kept(&first), kept(&second)), (0, 1));
        reader.close(&mut second);
        assert_eq!((reader.limit.gates, reader.limit.others), (0, 0));
    }

    #[test]
    fn where_all_of_one_kind_fit_that_kind_goes_first() {
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        let mut reader = Reader::new(2);
        let (mut first, mut second) = (own_files(true), own_files(false));
        reader.expect(2, &root);
        for files in [&mut first, &mut second] {
            assert!(reader.read(files, File::Stat, &root).is_ok());
            assert!(reader.read(files, File::Schedstat, &root).is_ok());
        }
        assert_eq!((reader.limit.gates, reader.limit.others), (2, 0));
    }
}
