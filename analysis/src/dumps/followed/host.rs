//! The host at the moment of a dump: who has which socket, and who is whose child.

use crate::replay::ss::Name;
use crate::waits::dictionary;
use afterimage_format::kernel_view::{KernelView, ThreadView};
use afterimage_format::sample::{Process, Sample, Task};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A TCP socket that one row stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Socket {
    pub(super) local: String,
    pub(super) peer: String,
}

/// Another process.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbour {
    pub(super) comm: String,
    parent: Option<i32>,
    state: Option<char>,
    threads: Option<u64>,
    /// Its threads in state D, by what the sampler saw: the system call of each.
    stuck: Vec<Option<u64>>,
    /// What the kernel said of its threads, if it was asked at about that time.
    view: Option<KernelView>,
}

impl Neighbour {
    /// Its only thread, as the kernel saw it.
    pub(super) fn thread(&self) -> Option<&ThreadView> {
        match self.view.as_ref()?.threads.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The state of its only thread, or D where any is in it; and the system call of that.
    pub(super) fn doing(&self, architecture: &str) -> (Option<char>, Option<&'static str>) {
        let name = |number: u64| dictionary::call(architecture, number).map(|call| call.name);
        let viewed = self.view.iter().flat_map(|view| &view.threads);
        let mut stuck = viewed.filter(|thread| thread.state == Some('D'));
        if let Some(thread) = stuck.next().or_else(|| self.thread()) {
            let number = thread.syscall.as_deref();
            let number = number.and_then(|call| call.split(' ').next()?.parse().ok());
            return (thread.state, number.and_then(name));
        }
        if let Some(number) = self.stuck.first() {
            return (Some('D'), number.and_then(name));
        }
        let is_alone = self.threads == Some(1);
        (self.state.filter(|_| is_alone), None)
    }
}

/// Everybody on a host at one moment.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// As `uname -m` has it: system calls have other numbers on each.
    pub(super) architecture: String,
    sockets: HashMap<u64, Socket>,
    /// Who has the socket with these ends; none where several do.
    owners: HashMap<(String, String), Option<i32>>,
    /// Addresses and ports that somebody listens on.
    listening: HashSet<String>,
    processes: BTreeMap<i32, Neighbour>,
}

impl Host {
    /// What a sample says.
    pub fn of(sample: &Sample, architecture: &str) -> Self {
        let mut host = Self {
            architecture: architecture.to_owned(),
            ..Self::default()
        };
        host.add_sockets(sample);
        let processes = sample.processes.iter();
        host.processes = processes
            .map(|process| (process.key.pid.0, neighbour(process)))
            .collect();
        for task in sample.tasks.iter().flatten() {
            host.add_task(task);
        }
        host
    }

    /// What the kernel said of the threads of a process at about that time.
    pub fn add_view(&mut self, pid: i32, view: KernelView) {
        if let Some(process) = self.processes.get_mut(&pid) {
            process.view = Some(view);
        }
    }

    fn add_sockets(&mut self, sample: &Sample) {
        for (name, socket) in sample.sockets.iter().flatten() {
            let Some(name) = Name::of(name).filter(|name| name.protocol == "tcp") else {
                continue;
            };
            let (local, peer) = (plain(name.local), plain(name.peer));
            if name.state == "LISTEN" {
                self.listening.insert(local);
                continue;
            }
            // Several in one row, or a whole protocol.
            if socket.count != Ok(1) || local.ends_with('*') || peer.ends_with('*') {
                continue;
            }
            let ends = (local.clone(), peer.clone());
            let owner = name.owner().ok().map(|pid| pid.0);
            // A number of a port may be used in several network namespaces.
            let known = self.owners.entry(ends).or_insert(owner);
            if *known != owner {
                *known = None;
            }
            if let Ok(inode) = socket.inode {
                self.sockets.insert(inode, Socket { local, peer });
            }
        }
    }

    fn add_task(&mut self, task: &Task) {
        let is_stuck = task.state.is_ok_and(|state| state.letter() == 'D');
        let process = task.process.ok();
        let process = process.and_then(|pid| self.processes.get_mut(&pid.0));
        if let Some(process) = process.filter(|_| is_stuck) {
            process.stuck.push(task.syscall.ok());
        }
    }

    pub(super) fn socket(&self, inode: u64) -> Option<&Socket> {
        self.sockets.get(&inode)
    }

    /// Who has the other end of a connection.
    pub(super) fn other_end(&self, socket: &Socket) -> Option<i32> {
        let ends = (socket.peer.clone(), socket.local.clone());
        *self.owners.get(&ends)?
    }

    /// Whether somebody listens where this end of a connection is: it was made to it.
    pub(super) fn is_served(&self, local: &str) -> bool {
        let Some((_, port)) = local.rsplit_once(':') else {
            return false;
        };
        let any = ["0.0.0.0", "*", "[::]"].map(|address| format!("{address}:{port}"));
        self.listening.contains(local) || any.iter().any(|any| self.listening.contains(any))
    }

    pub(super) fn neighbour(&self, pid: i32) -> Option<&Neighbour> {
        self.processes.get(&pid)
    }

    pub(super) fn children(&self, pid: i32) -> impl Iterator<Item = i32> {
        let all = self.processes.iter();
        all.filter(move |(_, process)| process.parent == Some(pid))
            .map(|(child, _)| *child)
    }
}

fn neighbour(process: &Process) -> Neighbour {
    let comm = process.comm.as_deref().ok();
    Neighbour {
        comm: comm.map_or_else(
            || "?".to_owned(),
            |comm| String::from_utf8_lossy(comm).into_owned(),
        ),
        parent: process.ppid.ok().map(|pid| pid.0),
        state: process
            .state
            .ok()
            .map(afterimage_format::sample::State::letter),
        threads: process.threads.ok(),
        stuck: Vec::new(),
        view: None,
    }
}

/// An address as one side and the other spell it alike: an IPv4 address in an IPv6 socket is one.
fn plain(address: &str) -> String {
    let mapped = address.strip_prefix("[::ffff:");
    let mapped = mapped.and_then(|rest| rest.split_once(']'));
    let address = mapped.map_or(address.to_owned(), |(host, port)| format!("{host}{port}"));
    // The interface that a socket is bound to says nothing of the address.
    match address.split_once('%') {
        Some((host, rest)) => match rest.find([':', ']']) {
            Some(end) => format!("{host}{}", &rest[end..]),
            None => address,
        },
        None => address,
    }
}
