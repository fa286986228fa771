//! One listing of all sockets, made into rows.
//!
//! In: which tick asks. Out: a [`Table`] with a row for each group of sockets and one for all of
//! each protocol, or the reason why there is none. It runs on a thread of its own: with many
//! sockets it takes tens of milliseconds.

use super::group::{Grouping, Known, Protocol, RowKey};
use super::name::{self, Address, End};
use super::owner::{Owner, Owners};
use super::table::Table;
use crate::source::ProcRoot;
use crate::source::sock_diag::ask::{SockDiag, Wanted};
use crate::source::sock_diag::{InetSocket, Message};
use afterimage_format::group::SocketField as F;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::time::BootTime;
use rustix::fd::OwnedFd;
use rustix::net::netdevice::index_to_name;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::net::IpAddr;
use std::time::Duration;

/// Sockets that are there when nobody has looked for this long may be older than that.
const LONG: Duration = Duration::from_secs(35);
/// UNIX sockets are only counted, and that each so many ticks.
const UNIX_ROUND: u64 = 10;
/// States of `net/tcp_states.h`.
const ESTABLISHED: u8 = 1;
const SYN_SENT: u8 = 2;
const SYN_RECEIVED: u8 = 3;
const TIME_WAIT: u8 = 6;
const CLOSE: u8 = 7;
const CLOSE_WAIT: u8 = 8;
const LISTEN: u8 = 10;
/// `net.ipv4.ip_local_port_range` where it cannot be read.
const USUAL_LOCAL_PORTS: [u64; 2] = [32_768, 60_999];

/// What a tick asks for, and where the answer goes.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) tick: u64,
    pub(super) at: BootTime,
    /// Whether there is time to look for owners.
    pub(super) with_owners: bool,
    /// An old one to fill anew.
    pub(super) table: Table,
}

/// A socket that was there at the last listing, by its cookie.
#[derive(Debug, Clone, Copy)]
struct Seen {
    state: u8,
    /// As in [`Known`].
    since: i64,
    /// Something was in one of its queues.
    had_queue: bool,
    listing: u64,
}

/// Lists sockets, and remembers those it has seen.
#[derive(Debug)]
pub(super) struct Lister {
    root: ProcRoot,
    kernel: SockDiag,
    owners: Owners,
    grouping: Grouping,
    listed: Vec<(Protocol, InetSocket)>,
    known: Vec<Known>,
    seen: HashMap<u64, Seen>,
    listings: u64,
    last: Option<BootTime>,
    unix: Vec<(String, usize)>,
    unix_at: Option<u64>,
    interfaces: Interfaces,
}

impl Lister {
    pub(super) fn new(root: ProcRoot) -> Self {
        Self {
            root,
            kernel: SockDiag::default(),
            owners: Owners::new(),
            grouping: Grouping::new(),
            listed: Vec::new(),
            known: Vec::new(),
            seen: HashMap::new(),
            listings: 0,
            last: None,
            unix: Vec::new(),
            unix_at: None,
            interfaces: Interfaces::default(),
        }
    }

    /// Lists what there is now.
    pub(super) fn list(&mut self, ask: Ask) -> Table {
        let mut table = ask.table;
        table.clear(ask.tick);
        match self.list_inet() {
            Ok(udp) => self.fill(&mut table, (ask.tick, ask.at, ask.with_owners), udp),
            Err(missing) => table.fail(ask.tick, missing),
        }
        table
    }

    /// TCP and UDP; gives whether UDP could be listed, which not every kernel can.
    fn list_inet(&mut self) -> Reading<Reading<()>> {
        self.listed.clear();
        if self.listed.capacity() > 4 * self.known.len() + 1000 {
            self.listed.shrink_to(self.known.len());
        }
        self.add(Wanted::Tcp, Protocol::Tcp)?;
        let v4 = self.add(Wanted::Udp4, Protocol::Udp);
        // A host without IPv6 has no such sockets.
        let v6 = match self.add(Wanted::Udp6, Protocol::Udp) {
            Err(Missing::NotSupported) => Ok(()),
            v6 => v6,
        };
        Ok(v4.and(v6))
    }

    fn add(&mut self, wanted: Wanted, protocol: Protocol) -> Reading<()> {
        let listed = &mut self.listed;
        self.kernel.list(wanted, |message| {
            if let Message::Inet(socket) = message {
                listed.push((protocol, socket));
            }
        })
    }

    fn fill(
        &mut self,
        table: &mut Table,
        (tick, at, with_owners): (u64, BootTime, bool),
        udp: Reading<()>,
    ) {
        let count = |wanted| {
            self.listed
                .iter()
                .filter(|(protocol, _)| *protocol == wanted)
                .count()
        };
        table.total("tcp", Ok(count(Protocol::Tcp)));
        table.total("udp", udp.map(|()| count(Protocol::Udp)));
        self.count_unix(tick);
        let unix = self.unix_at.ok_or(Missing::NotSupported);
        table.total(
            "unix",
            unix.map(|_| self.unix.iter().map(|(_, count)| count).sum()),
        );
        for (name, count) in &self.unix {
            let mut values = [Err(Missing::NotRead); F::ReadAt as usize];
            values[F::Count.column()] = Ok(i64::try_from(*count).unwrap_or(i64::MAX));
            table.row(values, |to| to.extend_from_slice(name.as_bytes()));
        }
        table.sockets = self.listed.len();
        let inodes = self.listed.iter().map(|(_, socket)| socket.inode);
        self.owners.look(inodes, (&self.root, tick, with_owners));
        table.refused = self.owners.refused();
        let new = self.recognise(at);
        for (key, sums) in self.grouping.rows(&self.known, new) {
            let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            let absent = Missing::NotSupported;
            let mut values = [Err(absent); F::ReadAt as usize];
            values[F::Count.column()] = Ok(number(sums.count));
            values[F::ReceiveQueue.column()] = Ok(number(sums.queues[0]));
            values[F::SendQueue.column()] = Ok(number(sums.queues[1]));
            values[F::Retransmits.column()] = sums.retransmits.map(number).ok_or(absent);
            values[F::OldestSince.column()] = Ok(sums.since);
            values[F::Uid.column()] = sums.uid.map(i64::from).ok_or(absent);
            let inode = (sums.inode != 0).then_some(i64::from(sums.inode));
            values[F::Inode.column()] = inode.ok_or(absent);
            let interfaces = &mut self.interfaces;
            table.row(values, |to| {
                name::write(to, key, &mut |index, to| interfaces.write(index, to));
            });
        }
    }

    /// Counts UNIX sockets now and then; none where that cannot be done.
    fn count_unix(&mut self, tick: u64) {
        if self.unix_at.is_some_and(|at| tick < at + UNIX_ROUND) {
            return;
        }
        let mut counts: HashMap<(u8, u8), usize> = HashMap::new();
        let listed = self.kernel.list(Wanted::Unix, |message| {
            if let Message::Unix(socket) = message {
                *counts.entry((socket.kind, socket.state)).or_default() += 1;
            }
        });
        self.unix_at = listed.ok().map(|()| tick);
        let mut counts: Vec<((u8, u8), usize)> = counts.into_iter().collect();
        counts.sort_unstable();
        if listed.is_err() {
            counts.clear();
        }
        let named = counts.into_iter().map(|((kind, state), count)| {
            let kind = match kind {
                1 => "u_str",
                2 => "u_dgr",
                5 => "u_seq",
                _ => "u_???",
            };
            (format!("{kind} {} * * -", name::state(state)), count)
        });
        self.unix = named.collect();
    }

    /// Makes what was listed into what the rows are made of; gives how many sockets are new.
    fn recognise(&mut self, at: BootTime) -> usize {
        self.listings += 1;
        let listing = self.listings;
        // Whoever is there now may have been there before anybody looked.
        let was_watched = self
            .last
            .is_some_and(|last| at.since(last).is_some_and(|time| time < LONG));
        self.last = Some(at);
        let first_seen = if was_watched { at.0 } else { -at.0 };
        let served = served_ports(&self.listed);
        let local_ports = local_ports(&self.root);
        self.known.clear();
        let mut new = 0;
        for (protocol, socket) in &self.listed {
            let listens = socket.state == LISTEN;
            let queued = !listens && socket.queues != [0, 0];
            let before = self.seen.get(&socket.cookie).copied();
            let same = before.filter(|before| before.state == socket.state);
            new += usize::from(before.is_none());
            let since = same.map_or(first_seen, |same| same.since);
            let seen = Seen {
                state: socket.state,
                since,
                had_queue: queued,
                listing,
            };
            self.seen.insert(socket.cookie, seen);
            let had_queue = before.is_some_and(|before| before.had_queue);
            let is_special = matches!(socket.state, LISTEN | CLOSE_WAIT | SYN_SENT)
                || queued && had_queue
                || *protocol == Protocol::Udp && socket.state == CLOSE;
            let ports = (socket.local.1, socket.peer.1);
            let is_local = |port: u16| (local_ports[0]..=local_ports[1]).contains(&port.into());
            let is_served = served.contains(&(*protocol, ports.0)) || !is_local(ports.0);
            let owner = match socket.state {
                // The kernel's own: nobody can have it yet, or any more.
                SYN_RECEIVED | TIME_WAIT => Owner::Nobody,
                _ => self.owners.of(socket.inode),
            };
            self.known.push(Known {
                key: key_of(*protocol, socket, owner),
                queues: socket.queues,
                retransmits: retransmits(*protocol, socket),
                since,
                uid: (socket.inode != 0).then_some(socket.uid),
                inode: socket.inode,
                is_served,
                is_special,
                listens,
            });
        }
        self.seen.retain(|_, seen| seen.listing == listing);
        // The first listing says nothing of how many come and go.
        if listing == 1 { 0 } else { new }
    }
}

fn key_of(protocol: Protocol, socket: &InetSocket, owner: Owner) -> RowKey {
    let is_any = |address: IpAddr| {
        address.is_ipv6() && address.is_unspecified() && socket.is_v6_only != Some(true)
    };
    let end = |(address, port), interface| End {
        address: if is_any(address) {
            Address::Any
        } else {
            Address::Ip(address)
        },
        interface,
        port: Some(port),
    };
    RowKey {
        protocol,
        state: socket.state,
        local: end(socket.local, socket.interface),
        peer: end(socket.peer, 0),
        owner,
    }
}

/// Segments that were sent again, of a socket of which the kernel counts them.
fn retransmits(protocol: Protocol, socket: &InetSocket) -> Option<u32> {
    match (protocol, socket.state) {
        (Protocol::Udp, _) | (_, TIME_WAIT | LISTEN | CLOSE) => None,
        (_, SYN_RECEIVED) => Some(socket.retransmits_now.into()),
        _ => socket.retransmits,
    }
}

/// The ports at which somebody can be reached.
fn served_ports(listed: &[(Protocol, InetSocket)]) -> HashSet<(Protocol, u16)> {
    let served = listed.iter().filter(|(protocol, socket)| match protocol {
        Protocol::Tcp => socket.state == LISTEN,
        Protocol::Udp => socket.state != ESTABLISHED,
    });
    served
        .map(|(protocol, socket)| (*protocol, socket.local.1))
        .collect()
}

/// `net.ipv4.ip_local_port_range`: from where the kernel takes the port of whoever connects.
fn local_ports(root: &ProcRoot) -> [u64; 2] {
    let path = root.path().join("sys/net/ipv4/ip_local_port_range");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut words = text.split_ascii_whitespace().map(str::parse);
    match (words.next(), words.next()) {
        (Some(Ok(low)), Some(Ok(high))) => [low, high],
        _ => USUAL_LOCAL_PORTS,
    }
}

/// The names of interfaces that sockets are bound to.
#[derive(Debug, Default)]
struct Interfaces {
    names: HashMap<u32, String>,
    socket: Option<OwnedFd>,
}

impl Interfaces {
    fn write(&mut self, index: u32, to: &mut Vec<u8>) {
        if !self.names.contains_key(&index) {
            let name = self.name(index).unwrap_or_else(|| format!("if{index}"));
            self.names.insert(index, name);
        }
        let name = self.names[&index].as_bytes();
        to.write_all(name).expect("there is memory for a name");
    }

    fn name(&mut self, index: u32) -> Option<String> {
        if self.socket.is_none() {
            let (kind, flags) = (SocketType::DGRAM, SocketFlags::CLOEXEC);
            self.socket = socket_with(AddressFamily::INET, kind, flags, None).ok();
        }
        index_to_name(self.socket.as_ref()?, index).ok()
    }
}
