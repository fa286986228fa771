//! A second instance of procfs, for files that are opened, read and closed.
//!
//! The kernel keeps an inode and a directory entry, together 0.9 KB, for each file of `/proc`
//! that was ever looked up, until its process ends: with 10,000 processes and eight files of
//! each that is 80 MB of the host's memory. An instance of our own (`fsopen`, Linux 5.8) is
//! thrown away with all of it. It takes `CAP_SYS_ADMIN`; without, the files are those of `/proc`.

use super::ProcRoot;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, Stat, openat, readlinkat, statat};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

/// With fewer processes what the kernel keeps is small, and saves a look-up.
const MANY_PROCESSES: usize = 2048;
/// So many files at most are looked up in one instance, each perhaps with its directory: 7 MB.
const MOST_LOOKED_UP: usize = 4 << 10;

/// The instance of the moment.
#[derive(Debug)]
pub(crate) struct Passing {
    /// Where instances come from.
    make: fn(&ProcRoot) -> Option<OwnedFd>,
    instance: Option<OwnedFd>,
    looked_up: usize,
    is_wanted: bool,
    /// The kernel gave none: it will not give one later.
    is_refused: bool,
}

impl Default for Passing {
    fn default() -> Self {
        Self {
            make: own_instance,
            instance: None,
            looked_up: 0,
            is_wanted: false,
            is_refused: false,
        }
    }
}

impl Passing {
    /// How many processes the host has decides whether it is worth the while.
    pub(crate) fn expect(&mut self, processes: usize, root: &ProcRoot) {
        self.is_wanted = processes >= MANY_PROCESSES && root.is_live() && !self.is_refused;
        if !self.is_wanted {
            self.instance = None;
        }
    }

    /// Gives back what the kernel has kept, when no more is looked up for some time.
    pub(crate) fn rest(&mut self) {
        self.instance = None;
    }

    /// So many more were looked up in a directory that was opened here.
    pub(crate) fn count(&mut self, looked_up: usize) {
        self.looked_up += looked_up;
    }

    /// Opens a file that will be closed again soon.
    pub(crate) fn open(&mut self, file: &str, root: &ProcRoot) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        openat(self.directory(root), file, flags, Mode::empty())
    }

    /// What is known of a file without opening it.
    pub(crate) fn stat(&mut self, file: &str, root: &ProcRoot) -> rustix::io::Result<Stat> {
        statat(self.directory(root), file, AtFlags::empty())
    }

    /// Where to look a file up. Gives back what the kernel has kept so far, once that is much.
    fn directory<'a>(&'a mut self, root: &'a ProcRoot) -> &'a OwnedFd {
        self.looked_up += 1;
        if self.is_wanted && (self.instance.is_none() || self.looked_up > MOST_LOOKED_UP) {
            self.instance = (self.make)(root);
            self.is_refused = self.instance.is_none();
            self.is_wanted = !self.is_refused;
            self.looked_up = 0;
        }
        self.instance.as_ref().unwrap_or_else(|| root.directory())
    }
}

/// An instance that is mounted nowhere. It shows the processes that this process can see; where
/// `/proc` shows others (it may be that of a host, seen from a container), it is of no use.
fn own_instance(root: &ProcRoot) -> Option<OwnedFd> {
    let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC).ok()?;
    fsconfig_create(&context).ok()?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let instance = fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes).ok()?;
    let itself = |directory: &OwnedFd| readlinkat(directory, "self", Vec::new()).ok();
    let is_same = itself(&instance).is_some() && itself(&instance) == itself(root.directory());
    is_same.then_some(instance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn text(file: &OwnedFd) -> Vec<u8> {
        let mut buffer = vec![0; 4096];
        let length = crate::source::read_from_start(file, &mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    #[test]
    fn it_shows_the_same_processes_or_is_not_used() {
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        let mut passing = Passing::default();
        passing.expect(MANY_PROCESSES, &root);
        let seen = passing.open("self/comm", &root).unwrap();
        assert_eq!(text(&seen), text(&root.open_file("self/comm").unwrap()));
        assert_eq!(passing.instance.is_none(), passing.is_refused);
    }

    #[test]
    fn a_directory_of_fixtures_and_a_small_host_have_no_second_instance() {
        let folder = tempfile::tempdir().unwrap();
        let root = ProcRoot::open(folder.path()).unwrap();
        let mut passing = Passing::default();
        passing.expect(MANY_PROCESSES, &root);
        assert!(passing.open(".", &root).is_ok());
        assert!(passing.instance.is_none() && !passing.is_refused);
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        passing.expect(MANY_PROCESSES - 1, &root);
        assert!(passing.open(".", &root).is_ok());
        assert!(passing.instance.is_none() && !passing.is_refused);
    }

    /// Stands in for an instance where the kernel gives none to this user.
    fn same_directory(root: &ProcRoot) -> Option<OwnedFd> {
        root.open_file(".").ok()
    }

    #[test]
    fn an_instance_is_thrown_away_once_much_was_looked_up_in_it() {
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        let mut passing = Passing {
            make: same_directory,
            ..Passing::default()
        };
        passing.expect(MANY_PROCESSES, &root);
        passing.open("uptime", &root).unwrap();
        passing.count(MOST_LOOKED_UP - 1);
        passing.open("uptime", &root).unwrap();
        assert_eq!(passing.looked_up, MOST_LOOKED_UP);
        passing.open("uptime", &root).unwrap();
        assert_eq!(passing.looked_up, 0, "a new one");
        passing.rest();
        assert!(passing.instance.is_none());
        passing.open("uptime", &root).unwrap();
        assert!(passing.instance.is_some());
    }

    #[test]
    fn a_kernel_that_gives_none_is_not_asked_again() {
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        let mut passing = Passing {
            make: |_| None,
            ..Passing::default()
        };
        passing.expect(MANY_PROCESSES, &root);
        assert!(passing.open("uptime", &root).is_ok());
        passing.expect(MANY_PROCESSES, &root);
        assert!(passing.is_refused && !passing.is_wanted);
    }
}
