//! The files of a thread that cannot block, and which threads a process has.
//!
//! `schedstat` is read of every thread that is recorded, at each tick, so it stays open; to open
//! it anew costs three times the read.

use crate::source::passing::Passing;
use crate::source::process::{schedstat, status};
use crate::source::{ProcRoot, missing_from_errno, numbers, read_record};
use crate::sweep::Glance;
use afterimage_format::process::Pid;
use afterimage_format::reading::{Missing, Reading};
use rustix::fd::OwnedFd;
use rustix::fs::RawDir;
use rustix::io::Errno;
use std::collections::HashMap;
use std::io::Write as _;
use std::mem::MaybeUninit;

/// Open files of threads: as many as are recorded of those that are not in D.
const MOST_KEPT: usize = super::MOST_THREADS;

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
    /// `schedstat`, by tid.
    gates: HashMap<i32, Gate>,
}

/// A file that stays open. It belongs to one thread for ever: when that is gone it says so,
/// whoever has the tid by then.
#[derive(Debug)]
struct Gate {
    file: OwnedFd,
    /// It was read since the last tick ended.
    is_used: bool,
}

impl ThreadFiles {
    /// To be called before a tick with so many processes.
    pub(super) fn expect(&mut self, processes: usize, root: &ProcRoot) {
        self.buffer.resize(8192, 0);
        self.entries.resize(8192, MaybeUninit::uninit());
        self.passing.expect(processes, root);
        self.gates
            .reserve(MOST_KEPT.saturating_sub(self.gates.len()));
    }

    /// Closes what this tick had no use for.
    pub(super) fn end_tick(&mut self) {
        self.gates
            .retain(|_, gate| std::mem::take(&mut gate.is_used));
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

    /// What its `schedstat` counts.
    pub(super) fn schedstat(
        &mut self,
        root: &ProcRoot,
        (process, tid): (Pid, i32),
    ) -> Reading<[u64; 3]> {
        if let Some(gate) = self.gates.get_mut(&tid) {
            if let Ok(length) = read_record(&gate.file, &mut self.buffer) {
                gate.is_used = true;
                return schedstat::parse(&self.buffer[..length]);
            }
            self.gates.remove(&tid);
        }
        let mut path = [0; 64];
        let path = path_of(
            &mut path,
            format_args!("{}/task/{tid}/schedstat", process.0),
        );
        let is_kept = root.is_live() && self.gates.len() < MOST_KEPT;
        let opened = if is_kept {
            root.open_file(path)
        } else {
            self.passing.open(path, root)
        };
        let file = opened.map_err(missing_from_errno)?;
        let length = read_record(&file, &mut self.buffer).map_err(missing_from_errno)?;
        if is_kept {
            let is_used = true;
            self.gates.insert(tid, Gate { file, is_used });
        }
        schedstat::parse(&self.buffer[..length])
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::mpsc::channel;

    fn own_pid() -> Pid {
        Pid(i32::try_from(std::process::id()).unwrap())
    }

    #[test]
    fn a_thread_that_is_read_at_each_tick_stays_open_and_one_that_is_not_is_closed() {
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        let mut files = ThreadFiles::default();
        files.expect(1, &root);
        let leader = (own_pid(), own_pid().0);
        let first = files.schedstat(&root, leader).unwrap();
        files.end_tick();
        assert_eq!(files.gates.len(), 1);
        let second = files.schedstat(&root, leader).unwrap();
        assert!(second[0] >= first[0], "it counts on: {first:?} {second:?}");
        files.end_tick();
        files.end_tick();
        assert_eq!(files.gates.len(), 0);
    }

    #[test]
    fn of_a_thread_that_has_ended_nothing_is_read_and_nothing_stays_open() {
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        let mut files = ThreadFiles::default();
        files.expect(1, &root);
        let (ends, goes_on) = channel::<()>();
        let (tells, told) = channel();
        let thread = std::thread::Builder::new().spawn(move || {
            let tid = rustix::thread::gettid().as_raw_nonzero().get();
            tells.send(tid).unwrap();
            assert!(goes_on.recv().is_err(), "nobody is there any more");
        });
        let tid = told.recv().unwrap();
        assert!(files.schedstat(&root, (own_pid(), tid)).is_ok());
        drop(ends);
        thread.unwrap().join().unwrap();
        let task = format!("/proc/self/task/{tid}");
        while Path::new(&task).exists() {
            std::thread::yield_now();
        }
        let read = files.schedstat(&root, (own_pid(), tid));
        assert!(read.is_err(), "{read:?}");
        assert_eq!(files.gates.len(), 0);
    }
}
