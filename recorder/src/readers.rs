//! Whether another process has the capture open: then a checkpoint would tear its copy.
//!
//! inotify says when somebody opens or closes the file, but merges equal events, so it only
//! says when to look. The truth is in `/proc/*/fd`, whose links are read; that takes 10-20 ms,
//! so it is only done after an event and while somebody has it open.

use crate::source::ProcRoot;
use crate::source::passing::Passing;
use rustix::fd::OwnedFd;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{Dir, readlinkat};
use rustix::io::Errno;
use std::ffi::CString;
use std::fs;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Watches for readers of one file.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    /// `None` where inotify is not to be had: then readers are looked for each time.
    watch: Option<OwnedFd>,
    are_there: bool,
}

impl Readers {
    pub(crate) fn new(capture: &Path) -> Self {
        let path = fs::canonicalize(capture).unwrap_or_else(|_| capture.to_owned());
        let watch = watch(&path).ok();
        // Whoever had it open before the watch began will only be seen closing it.
        let are_there = anyone_has(&path);
        Self {
            path,
            watch,
            are_there,
        }
    }

    /// Whether somebody has it open now.
    pub(crate) fn are_there(&mut self) -> bool {
        if self.had_events() || self.are_there {
            self.are_there = anyone_has(&self.path);
        }
        self.are_there
    }

    fn had_events(&mut self) -> bool {
        let Some(watch) = &self.watch else {
            return true;
        };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(watch, &mut buffer);
        let mut any = false;
        loop {
            match events.next() {
                Ok(_) => any = true,
                Err(Errno::AGAIN) => return any,
                Err(_) => return true,
            }
        }
    }
}

fn watch(path: &Path) -> rustix::io::Result<OwnedFd> {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let events = WatchFlags::OPEN | WatchFlags::CLOSE_WRITE | WatchFlags::CLOSE_NOWRITE;
    inotify::add_watch(&watch, path, events)?;
    Ok(watch)
}

/// Whether a process other than this one has a descriptor of the file.
fn anyone_has(path: &Path) -> bool {
    let Ok(root) = ProcRoot::open(Path::new("/proc")) else {
        return false;
    };
    let own = std::process::id();
    let mut pids: Vec<u32> = names(root.directory())
        .filter_map(|name| name.to_str().ok()?.parse().ok())
        .collect();
    pids.retain(|pid| *pid != own);
    let mut passing = Passing::default();
    passing.expect(pids.len(), &root);
    pids.into_iter().any(|pid| {
        let Ok(descriptors) = passing.open(&format!("{pid}/fd"), &root) else {
            return false;
        };
        let mut links = 0;
        let found = names(&descriptors).any(|name| {
            links += 1;
            let target = readlinkat(&descriptors, name, Vec::new());
            target.is_ok_and(|target| target.as_bytes() == path.as_os_str().as_bytes())
        });
        passing.count(links);
        found
    })
}

/// The names in a directory.
fn names(directory: &OwnedFd) -> impl Iterator<Item = CString> {
    let entries = Dir::read_from(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn another_process_is_seen_as_long_as_it_has_the_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.afterimage");
        fs::write(&file, "x").unwrap();
        let mut readers = Readers::new(&file);
        let own = fs::File::open(&file).unwrap();
        assert!(!readers.are_there(), "our own descriptor does not count");
        drop(own);
        let stdin = fs::File::open(&file).unwrap();
        let mut reader = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::from(stdin))
            .spawn()
            .unwrap();
        assert!(readers.are_there());
        reader.kill().unwrap();
        reader.wait().unwrap();
        assert!(!readers.are_there());
    }
}
