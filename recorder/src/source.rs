//! The kernel interfaces the recorder reads, one module for each.
//!
//! A source is a pure `parse` of the file's text, which puts what it finds into the rows of
//! its group. Text it does not know is [`Missing::Malformed`], never a guess. One that needs more
//! than a file and its rows is a [`RowSource`] of its own.

pub(crate) mod accounts;
#[cfg(test)]
mod beside_procfs;
pub(crate) mod connector;
pub(crate) mod disks;
pub(crate) mod diskstats;
pub(crate) mod file_locks;
pub(crate) mod file_rows;
pub(crate) mod file_systems;
pub(crate) mod interrupts;
pub(crate) mod kernel_log;
pub(crate) mod limits;
pub(crate) mod lines;
pub(crate) mod loadavg;
pub(crate) mod mountinfo;
pub(crate) mod net_dev;
pub(crate) mod netlink;
pub(crate) mod numbers;
pub(crate) mod passing;
pub(crate) mod pressure;
pub(crate) mod process;
pub(crate) mod protocols;
pub(crate) mod schedstat;
pub(crate) mod sock_diag;
pub(crate) mod stat;
pub(crate) mod sysfs;
pub(crate) mod taskstats;

use afterimage_format::facts::Event;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

/// What is read at each tick into rows that nobody else needs.
pub(crate) trait RowSource: Debug + Send {
    /// Reads what there is now, and says by name how each file or interface fared.
    fn collect(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    );

    /// Forgets every row: a tick was lost, so the next one says it all anew.
    fn forget(&mut self);

    /// What has happened since this was asked last.
    fn events(&mut self) -> Vec<Event> {
        Vec::new()
    }
}

/// Where `/proc` is: the real one, or a directory of fixtures.
#[derive(Debug)]
pub(crate) struct ProcRoot {
    path: PathBuf,
    directory: OwnedFd,
    /// Where `/sys` is; a stand-in has one only if it is called `proc` and `sys` lies beside it.
    sys: Option<PathBuf>,
    /// The real `/proc` gives news through a descriptor that stays open; a copy of it is read
    /// anew each time.
    live: bool,
}

impl ProcRoot {
    /// The kernel's own, or a stand-in for tests.
    pub(crate) fn open(path: &Path) -> rustix::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat(CWD, path, flags, Mode::empty())?;
        let live = path == Path::new("/proc");
        let beside = path.file_name().is_some_and(|name| name == "proc");
        let sys = path.with_file_name("sys");
        Ok(Self {
            path: path.to_owned(),
            directory,
            sys: Some(sys).filter(|sys| beside && sys.is_dir()),
            live,
        })
    }

    /// Where `/sys` is: nothing of the host's own is read beside a stand-in.
    pub(crate) fn sys(&self) -> Option<&Path> {
        self.sys.as_deref()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is the running kernel's.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    pub(crate) fn directory(&self) -> &OwnedFd {
        &self.directory
    }

    /// Opens a file in it. A FIFO among fixtures must not block, so nothing does.
    pub(crate) fn open_file(&self, file: &str) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        openat(&self.directory, file, flags, Mode::empty())
    }
}

/// Why the kernel did not give a file.
pub(crate) fn missing_from_errno(errno: Errno) -> Missing {
    match errno {
        Errno::NOENT | Errno::NOTDIR | Errno::OPNOTSUPP | Errno::NODEV | Errno::NXIO => {
            Missing::NotSupported
        }
        Errno::SRCH => Missing::Gone,
        Errno::ACCESS | Errno::PERM => Missing::PermissionDenied,
        Errno::AGAIN => Missing::Blocked,
        _ => Missing::Unreadable,
    }
}

/// A machine-wide file that is read at each tick.
#[derive(Debug)]
pub(crate) struct KeptFile {
    name: &'static str,
    open: Option<OwnedFd>,
    buffer: Vec<u8>,
}

impl KeptFile {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            open: None,
            buffer: vec![0; 4096],
        }
    }

    /// The whole text of the file as it is now.
    pub(crate) fn read(&mut self, root: &ProcRoot) -> Reading<&[u8]> {
        let length = self.read_whole(root).map_err(missing_from_errno)?;
        Ok(&self.buffer[..length])
    }

    fn read_whole(&mut self, root: &ProcRoot) -> rustix::io::Result<usize> {
        if !root.live {
            self.open = None;
        }
        let file = match &self.open {
            Some(file) => file,
            None => self.open.insert(root.open_file(self.name)?),
        };
        read_from_start(file, &mut self.buffer)
    }
}

/// Reads a file of which the kernel gives all at once (what `/proc/PID` has, one record each):
/// what fits with room to spare is all of it, and the read that would say so is not made.
pub(crate) fn read_record(file: &OwnedFd, buffer: &mut Vec<u8>) -> rustix::io::Result<usize> {
    let read = rustix::io::pread(file, &mut buffer[..], 0)?;
    if read < buffer.len() {
        Ok(read)
    } else {
        read_from_start(file, buffer)
    }
}

/// Reads a whole file into a buffer that grows to fit it, and gives the length.
pub(crate) fn read_from_start(file: &OwnedFd, buffer: &mut Vec<u8>) -> rustix::io::Result<usize> {
    let mut length = 0;
    loop {
        if length == buffer.len() {
            buffer.resize(length * 2, 0);
        }
        match rustix::io::pread(file, &mut buffer[length..], length as u64)? {
            0 => return Ok(length),
            read => length += read,
        }
    }
}
