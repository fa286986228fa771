//! Whose a socket is: the process that holds a descriptor of its inode.
//!
//! `sock_diag` does not say, so the links in `/proc/PID/fd` are read, at some 5 µs each. That is
//! done for inodes that are new, in the order in which it is likely to be found (processes that
//! have sockets already, processes that are new, all others), and no longer than there is time
//! for: what is not found goes on at the next listing.

use crate::source::ProcRoot;
use crate::source::numbers::count;
use crate::source::passing::Passing;
use crate::sweep::Listing;
use crate::{clock, source};
use afterimage_format::reading::Missing;
use rustix::fs::{RawDir, readlinkat_raw};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::mem::MaybeUninit;
use std::time::Duration;

/// CPU time for looking that comes with each tick, and how much of it may be saved up: at the start
/// everything is new.
const EACH_TICK: Duration = Duration::from_millis(2);
const MOST_SAVED: Duration = Duration::from_millis(100);
/// No listing takes longer for it.
const AT_ONCE: Duration = Duration::from_millis(50);
/// Whoever was not found is looked for again after so many ticks.
const AGAIN: u64 = 60;
/// How often it is looked whether owners are still there, in ticks.
const ROUND: u64 = 10;

/// The process that has a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Owner {
    /// One that has it; of several the one that was met first.
    Process(i32),
    /// No process: the kernel alone goes on with it.
    Nobody,
    /// None of those that could be looked at has it, or they have not all been looked at yet.
    NotFound,
    /// The same, and there are processes that the recorder may not look at.
    Denied,
}

/// What is known of inodes, and where it goes on to look.
#[derive(Debug)]
pub(super) struct Owners {
    found: HashMap<u32, i32>,
    /// Not found: when that was, and whether that may be for want of permission.
    failed: HashMap<u32, (u64, bool)>,
    wanted: HashSet<u32>,
    /// Processes to look at, the next one last, and what was wanted when that was begun.
    queue: Vec<i32>,
    queue_for: HashSet<u32>,
    denied: u64,
    looked_at: u64,
    /// How many refused and how many were looked at, when all were looked at last.
    refused: Option<(u64, u64)>,
    pids: Listing,
    pids_before: Vec<i32>,
    saved: Duration,
    debt: Duration,
    last: Option<u64>,
    checked: u64,
    passing: Passing,
}

impl Owners {
    pub(super) fn new() -> Self {
        Self {
            found: HashMap::new(),
            failed: HashMap::new(),
            wanted: HashSet::new(),
            queue: Vec::new(),
            queue_for: HashSet::new(),
            denied: 0,
            looked_at: 0,
            refused: None,
            pids: Listing::default(),
            pids_before: Vec::new(),
            saved: MOST_SAVED,
            debt: Duration::ZERO,
            last: None,
            checked: 0,
            passing: Passing::default(),
        }
    }

    /// Looks for the owners of these inodes, as far as there is time; all others are forgotten.
    /// `may_look` is false when there is no time at all.
    pub(super) fn look(
        &mut self,
        inodes: impl Iterator<Item = u32>,
        (root, tick, may_look): (&ProcRoot, u64, bool),
    ) {
        let there: HashSet<u32> = inodes.filter(|inode| *inode != 0).collect();
        self.found.retain(|inode, _| there.contains(inode));
        self.failed
            .retain(|inode, (at, _)| there.contains(inode) && tick.saturating_sub(*at) < AGAIN);
        self.save_up(tick);
        if tick.saturating_sub(self.checked) >= ROUND && may_look {
            self.checked = tick;
            self.forget_the_dead(root);
        }
        let is_known =
            |inode: &u32| self.found.contains_key(inode) || self.failed.contains_key(inode);
        self.wanted = there.into_iter().filter(|inode| !is_known(inode)).collect();
        if may_look && self.debt.is_zero() && !self.wanted.is_empty() {
            self.look_around(root, tick);
        }
    }

    /// Whose it is, as far as is known.
    pub(super) fn of(&self, inode: u32) -> Owner {
        if inode == 0 {
            return Owner::Nobody;
        }
        match (self.found.get(&inode), self.failed.get(&inode)) {
            (Some(pid), _) => Owner::Process(*pid),
            (None, Some((_, true))) => Owner::Denied,
            (None, _) => Owner::NotFound,
        }
    }

    /// How many processes may not be looked at, of how many, once all were tried.
    pub(super) fn refused(&self) -> Option<(u64, u64)> {
        self.refused
    }

    fn save_up(&mut self, tick: u64) {
        let ticks = tick.saturating_sub(self.last.unwrap_or(tick));
        self.last = Some(tick);
        let more = EACH_TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX));
        let left = more.saturating_sub(self.debt);
        self.debt = self.debt.saturating_sub(more);
        self.saved = self.saved.saturating_add(left).min(MOST_SAVED);
    }

    fn spend(&mut self, spent: Duration) {
        self.debt += spent.saturating_sub(self.saved);
        self.saved = self.saved.saturating_sub(spent);
    }

    /// A pid that is gone owns nothing: another process may have its sockets.
    fn forget_the_dead(&mut self, root: &ProcRoot) {
        if self.found.is_empty() || self.pids.read(root).is_err() {
            return;
        }
        let pids = self.pids.pids();
        self.found.retain(|_, pid| pids.binary_search(pid).is_ok());
    }

    /// Looks at one process after the other.
    fn look_around(&mut self, root: &ProcRoot, tick: u64) {
        let began = clock::own_thread_cpu();
        let time = self.saved.min(AT_ONCE);
        if self.queue.is_empty() && !self.line_up(root) {
            return;
        }
        let mut spent = Duration::ZERO;
        while spent < time && !self.wanted.is_empty() {
            let Some(pid) = self.queue.pop() else {
                self.give_up(tick);
                break;
            };
            self.looked_at += 1;
            // Of one that is gone the descriptors are too.
            let denied = Err(Missing::PermissionDenied);
            self.denied += u64::from(self.look_at(pid, root) == denied);
            spent = clock::own_thread_cpu().saturating_sub(began);
        }
        if self.wanted.is_empty() {
            self.queue.clear();
        }
        self.spend(spent);
        self.passing.rest();
    }

    /// A new round over all processes; false when they cannot be listed.
    fn line_up(&mut self, root: &ProcRoot) -> bool {
        if self.pids.read(root).is_err() {
            return false;
        }
        let pids = self.pids.pids();
        self.passing.expect(pids.len(), root);
        let owners: BTreeSet<i32> = self.found.values().copied().collect();
        let is_new = |pid: &i32| self.pids_before.binary_search(pid).is_err();
        let rank = |pid: &i32| match (owners.contains(pid), is_new(pid)) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        self.queue = pids.to_vec();
        // The next one is the last; of equals the lowest pid goes first, mostly the parent.
        self.queue
            .sort_by_key(|pid| std::cmp::Reverse((rank(pid), *pid)));
        self.pids_before = pids.to_vec();
        self.queue_for.clone_from(&self.wanted);
        (self.denied, self.looked_at) = (0, 0);
        true
    }

    /// All were looked at.
    fn give_up(&mut self, tick: u64) {
        let may_be_denied = self.denied > 0;
        let for_whom = std::mem::take(&mut self.queue_for);
        let failed = self.wanted.iter().filter(|inode| for_whom.contains(inode));
        self.failed
            .extend(failed.map(|inode| (*inode, (tick, may_be_denied))));
        self.refused = Some((self.denied, self.looked_at));
    }

    fn look_at(&mut self, pid: i32, root: &ProcRoot) -> Result<(), Missing> {
        let path = format!("{pid}/fd");
        let opened = self.passing.open(&path, root);
        let directory = opened.map_err(source::missing_from_errno)?;
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut entries = RawDir::new(&directory, &mut buffer);
        let mut links = 0;
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(source::missing_from_errno)?;
            let mut link = [0; 64];
            let Ok(length) = readlinkat_raw(&directory, entry.file_name(), &mut link) else {
                continue;
            };
            links += 1;
            let Some(inode) = inode_of(&link[..length]) else {
                continue;
            };
            if self.wanted.remove(&inode) {
                self.found.insert(inode, pid);
                if self.wanted.is_empty() {
                    break;
                }
            }
        }
        self.passing.count(links);
        Ok(())
    }
}

/// `socket:[12345]`.
fn inode_of(link: &[u8]) -> Option<u32> {
    let number = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    u32::try_from(count(number).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::os::fd::AsRawFd as _;
    use std::path::Path;

    fn inode(listener: &TcpListener) -> u32 {
        let path = format!("/proc/self/fd/{}", listener.as_raw_fd());
        let link = std::fs::read_link(path).unwrap();
        inode_of(link.to_str().unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn a_socket_of_this_process_is_found_and_one_of_nobody_is_not() {
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = inode(&listener);
        let mut owners = Owners::new();
        // Many processes take more than one turn.
        let mut tick = 0;
        while owners.of(own) == Owner::NotFound && tick < 10_000 {
            tick += 1;
            owners.look([own, 0, u32::MAX].into_iter(), (&root, tick, true));
        }
        let pid = i32::try_from(std::process::id()).unwrap();
        assert_eq!(owners.of(own), Owner::Process(pid));
        assert_eq!(owners.of(0), Owner::Nobody);
        assert!(matches!(
            owners.of(u32::MAX),
            Owner::NotFound | Owner::Denied
        ));
    }

    #[test]
    fn what_is_not_listed_any_more_is_forgotten() {
        let root = ProcRoot::open(Path::new("/proc")).unwrap();
        let mut owners = Owners::new();
        owners.found.insert(5, 1);
        owners.failed.insert(6, (1, true));
        owners.look([7].into_iter(), (&root, 2, false));
        assert!(owners.found.is_empty() && owners.failed.is_empty());
        assert_eq!(owners.of(7), Owner::NotFound, "there was no time to look");
    }

    #[test]
    fn what_looking_took_beyond_what_was_saved_is_made_up_for() {
        let mut owners = Owners::new();
        owners.save_up(1);
        owners.spend(MOST_SAVED + EACH_TICK * 3);
        owners.save_up(3);
        assert_eq!((owners.saved, owners.debt), (Duration::ZERO, EACH_TICK));
        owners.save_up(5);
        assert_eq!((owners.saved, owners.debt), (EACH_TICK, Duration::ZERO));
    }

    #[test]
    fn links_to_anything_else_are_no_sockets() {
        assert_eq!(inode_of(b"socket:[4026531992]"), Some(4_026_531_992));
        for link in [
            &b"pipe:[12]"[..],
            b"socket:[]",
            b"socket:[99999999999]",
            b"/tmp/socket:[1]",
        ] {
            assert_eq!(inode_of(link), None);
        }
    }
}
