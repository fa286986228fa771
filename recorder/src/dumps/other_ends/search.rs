//! Looks for who has the other ends, through the links of `/proc/PID/fd`, at some 4 µs each.
//!
//! Going through all of them would cost a busy host more than a dump may. So those come first that are
//! likely to have them: of what has no name the family of the process, as such ends are inherited; then
//! who runs as the user that made the other end; then who began at about the same time. It ends when
//! somebody was found for each, or the CPU time is over.
//!
//! Whoever shares an end with the one that was found has inherited it as well: so the family of the
//! holder is asked for the same descriptor, and for the three that programs put such ends on. (One that
//! was handed over a socket to a stranger is not looked for.) Where that cannot be asked, for want of
//! permission or time, nothing is said.

use super::super::descriptors::Access;
use super::super::family;
use crate::clock;
use afterimage_format::kernel_view::OtherEnd;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, openat, readlinkat_raw, statat};
use rustix::io::Errno;
use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::time::Duration;

/// So many links are read.
const MOST_LINKS: usize = 4096;
/// The last part of the time is for the families of those that were found.
const FOR_FAMILIES: u32 = 4;
/// Descriptors on which programs put what they were given.
const STANDARD: [&CStr; 3] = [c"0", c"1", c"2"];
/// A longer link is no pipe and no socket.
const LONGEST: usize = 64;
/// After so many links it is looked at the clock.
const EACH: usize = 64;

/// An end that is looked for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// What a descriptor of it links to.
    link: Vec<u8>,
    /// Of a pipe, what the waiting end was opened for: the other was for the opposite.
    waiting: Option<Access>,
    names: Option<[String; 2]>,
    uid: Option<u32>,
    /// Who has it, and on which descriptor.
    holders: Vec<(i32, CString)>,
}

impl Wanted {
    pub(super) fn pipe(link: &str, waiting: Access) -> Self {
        Self {
            link: link.as_bytes().to_vec(),
            waiting: Some(waiting),
            names: None,
            uid: None,
            holders: Vec::new(),
        }
    }

    pub(super) fn socket(inode: u32, names: [String; 2], uid: Option<u32>) -> Self {
        Self {
            link: format!("socket:[{inode}]").into_bytes(),
            waiting: None,
            names: Some(names),
            uid,
            holders: Vec::new(),
        }
    }

    /// Whether one end was made to a path: strangers meet there.
    fn has_name(&self) -> bool {
        let mut names = self.names.iter().flatten();
        names.any(|name| !name.is_empty())
    }

    /// Whether a descriptor with this link is the other end.
    fn is_other(&self, link: &[u8], directory: &OwnedFd, name: &CStr) -> bool {
        if link != self.link {
            return false;
        }
        let Some(waiting) = self.waiting else {
            return true;
        };
        let found = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW);
        found.is_ok_and(|found| {
            let access = Access::of_link(found.st_mode);
            (waiting.reads && access.writes) || (waiting.writes && access.reads)
        })
    }

    /// The same of a descriptor that may not be there.
    fn is_behind(&self, directory: &OwnedFd, name: &CStr) -> bool {
        let mut link = [0; LONGEST];
        let length = readlinkat_raw(directory, name, &mut link);
        length.is_ok_and(|length| self.is_other(&link[..length], directory, name))
    }

    fn add(&mut self, pid: i32, name: &CStr) {
        if self.holders.iter().all(|(holder, _)| *holder != pid) {
            self.holders.push((pid, name.to_owned()));
        }
    }

    /// What was found.
    fn found(self) -> OtherEnd {
        let mut holders: Vec<i32> = self.holders.iter().map(|(pid, _)| *pid).collect();
        holders.sort_unstable();
        OtherEnd {
            holders,
            names: self.names,
        }
    }
}

/// One search for all that a view needs; `K` is what the finds are known by.
#[derive(Debug)]
pub(super) struct Search<K> {
    own: i32,
    budget: Duration,
    began: Duration,
    wanted: Vec<(K, Wanted)>,
    looked_at: HashSet<i32>,
    links: usize,
}

impl<K> Search<K> {
    pub(super) fn within(own: i32, budget: Duration) -> Self {
        Self {
            own,
            budget,
            began: clock::own_thread_cpu(),
            wanted: Vec::new(),
            looked_at: HashSet::new(),
            links: 0,
        }
    }

    pub(super) fn add(&mut self, key: K, wanted: Wanted) {
        self.wanted.push((key, wanted));
    }

    /// Who has them, as far as that could be found out.
    pub(super) fn run(mut self) -> Vec<(K, OtherEnd)> {
        if self.wanted.is_empty() {
            return Vec::new();
        }
        let time = self.budget.saturating_sub(self.budget / FOR_FAMILIES);
        if self.wanted.iter().any(|(_, wanted)| !wanted.has_name()) {
            let family = family::of(self.own).unwrap_or_default();
            for pid in std::iter::once(self.own).chain(family) {
                self.look_at_within(pid, time);
            }
        }
        if self.is_missing() {
            for pid in self.others() {
                self.look_at_within(pid, time);
                if !self.is_missing() {
                    break;
                }
            }
        }
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.retain_mut(|(_, wanted)| self.has_whole_family(wanted));
        wanted
            .into_iter()
            .map(|(key, wanted)| (key, wanted.found()))
            .collect()
    }

    fn spent(&self) -> Duration {
        clock::own_thread_cpu().saturating_sub(self.began)
    }

    fn is_missing(&self) -> bool {
        self.wanted
            .iter()
            .any(|(_, wanted)| wanted.holders.is_empty())
    }

    /// Everybody, the likely ones first.
    fn others(&self) -> Vec<i32> {
        let uids: Vec<u32> = self
            .wanted
            .iter()
            .filter_map(|(_, wanted)| wanted.uid)
            .collect();
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let mut ranked: Vec<_> = pids
            .map(|pid| {
                let is_user = !uids.is_empty()
                    && statat(CWD, format!("/proc/{pid}"), AtFlags::empty())
                        .is_ok_and(|found| uids.contains(&found.st_uid));
                (pid == self.own, !is_user, pid.abs_diff(self.own), pid)
            })
            .collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(.., pid)| pid).collect()
    }

    /// Looks at all descriptors of a process, unless that was done or the time is over.
    fn look_at_within(&mut self, pid: i32, time: Duration) {
        if self.looked_at.contains(&pid) || self.is_over(time) {
            return;
        }
        if self.look_at(pid, time).is_ok() {
            self.looked_at.insert(pid);
        }
    }

    fn is_over(&self, time: Duration) -> bool {
        self.links > MOST_LINKS || self.spent() > time
    }

    fn look_at(&mut self, pid: i32, time: Duration) -> rustix::io::Result<()> {
        let directory = descriptors(pid)?;
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut entries = RawDir::new(&directory, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            self.links += 1;
            if self.links.is_multiple_of(EACH) && self.is_over(time) {
                return Err(Errno::TIME);
            }
            let name = entry.file_name();
            let mut link = [0; LONGEST];
            let Ok(length) = readlinkat_raw(&directory, name, &mut link) else {
                continue;
            };
            for (_, wanted) in &mut self.wanted {
                if wanted.is_other(&link[..length], &directory, name) {
                    wanted.add(pid, name);
                }
            }
        }
        Ok(())
    }

    /// Whether everybody is known who has an end with the one that was found, and may be asked.
    fn has_whole_family(&self, wanted: &mut Wanted) -> bool {
        let mut asked = self.looked_at.clone();
        let mut place = 0;
        while let Some((holder, name)) = wanted.holders.get(place).cloned() {
            place += 1;
            let Some(family) = family::of(holder) else {
                return false;
            };
            for member in family {
                if asked.insert(member) && !self.ask(member, &name, wanted) {
                    return false;
                }
            }
        }
        place > 0
    }

    /// Whether a process could be asked for a descriptor, and for the standard ones.
    fn ask(&self, pid: i32, name: &CStr, wanted: &mut Wanted) -> bool {
        if self.spent() > self.budget {
            return false;
        }
        let directory = match descriptors(pid) {
            Ok(directory) => directory,
            // It has ended.
            Err(Errno::NOENT | Errno::SRCH) => return true,
            Err(_) => return false,
        };
        let mut names = std::iter::once(name).chain(STANDARD);
        if let Some(name) = names.find(|name| wanted.is_behind(&directory, name)) {
            wanted.add(pid, name);
        }
        true
    }
}

/// The directory with the descriptors of a process.
fn descriptors(pid: i32) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, format!("/proc/{pid}/fd"), flags, Mode::empty())
}
