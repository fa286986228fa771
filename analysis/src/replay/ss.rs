//! `ss`: sockets with their queues, owners and ages, as iproute2 shows them.
//!
//! In: one sample. Out: a row for each socket, or for those that share one in the capture; how
//! many there are of each kind ([`summary`]); and how many local ports each destination takes
//! ([`ports`]). What was not listed has a reason instead of rows.

pub mod ports;
pub mod summary;

use crate::table::{Cell, Column};
use afterimage_format::process::Pid;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Process, Sample, Socket};
use std::time::Duration;

/// The columns, in the order of the JSON contract; then what `ss` does not have.
pub const COLUMNS: [Column; 17] = [
    Column::text("at", "TIME"),
    Column::text("protocol", "Netid"),
    Column::text("state", "State"),
    Column::number("recv_q", "Recv-Q"),
    Column::number("send_q", "Send-Q"),
    Column::text("local", "Local Address:Port"),
    Column::text("peer", "Peer Address:Port"),
    Column::number("pid", "PID"),
    Column::text("comm", "Command"),
    Column::number("age_seconds", "Age s"),
    Column::text("age_is_at_least", "At least"),
    Column::number("count", "Sockets"),
    Column::number("retransmits", "Retrans"),
    Column::number("uid", "UID"),
    Column::number("inode", "Inode"),
    Column::text("owner", "Owner"),
    Column::number("listed_ticks_ago", "Ticks ago"),
];

/// States, in the order in which they are shown: who can be connected to, who is, who was.
const STATES: [&str; 11] = [
    "LISTEN",
    "UNCONN",
    "SYN-SENT",
    "SYN-RECV",
    "ESTAB",
    "CLOSE-WAIT",
    "LAST-ACK",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "CLOSING",
    "TIME-WAIT",
];

/// The words of a row's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a> {
    /// `tcp`, `udp`, `u_str`, `u_dgr`, `u_seq`; `unix` for all of these.
    pub protocol: &'a str,
    /// As `ss` spells it; `*` where the row is for all sockets of the protocol.
    pub state: &'a str,
    /// Address and port.
    pub local: &'a str,
    /// The same of the other end.
    pub peer: &'a str,
    /// A pid, or why there is none.
    pub owner: &'a str,
}

impl<'a> Name<'a> {
    pub(crate) fn of(name: &'a str) -> Option<Self> {
        let mut words = name.split(' ');
        let mut word = || words.next();
        Some(Self {
            protocol: word()?,
            state: word()?,
            local: word()?,
            peer: word()?,
            owner: word()?,
        })
    }

    /// Whether it is a TCP or UDP socket, or several.
    fn is_inet(&self) -> bool {
        matches!(self.protocol, "tcp" | "udp") && self.state != "*"
    }

    pub(crate) fn rank(&self) -> (&'a str, usize, &'a str, &'a str) {
        let state = STATES.iter().position(|state| *state == self.state);
        let state = state.unwrap_or(STATES.len());
        (self.protocol, state, self.local, self.peer)
    }

    /// The process, or `none` (it belongs to the kernel alone), `unknown`, `denied`.
    pub(crate) fn owner(&self) -> Result<Pid, &'static str> {
        match (self.owner, self.owner.parse()) {
            (_, Ok(pid)) => Ok(Pid(pid)),
            ("-", _) => Err("none"),
            ("denied", _) => Err("denied"),
            _ => Err("unknown"),
        }
    }
}

/// The port of an address; `None` where it stands for any.
pub fn port_of(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok()
}

/// What is shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these protocols, if any are named.
    pub protocols: Vec<&'static str>,
    /// Only these states, if any are named, as [`state_named`] gives them.
    pub states: Vec<&'static str>,
    /// Only sockets with one of these ports at one of their ends, if any are named.
    pub ports: Vec<u16>,
    /// Only those of these processes, if any are named.
    pub pids: Vec<i32>,
}

impl Filter {
    fn wants(&self, name: &Name<'_>) -> bool {
        fn among<T: PartialEq>(wanted: &[T], is: impl Fn(&T) -> bool) -> bool {
            wanted.is_empty() || wanted.iter().any(is)
        }
        let ends = [port_of(name.local), port_of(name.peer)];
        among(&self.protocols, |wanted| *wanted == name.protocol)
            && among(&self.states, |wanted| *wanted == name.state)
            && among(&self.ports, |wanted| ends.contains(&Some(*wanted)))
            && among(&self.pids, |wanted| name.owner() == Ok(Pid(*wanted)))
    }
}

/// A state by the name that people give it: `close-wait`, `CLOSE-WAIT`, `established`, ...
pub fn state_named(name: &str) -> Option<&'static str> {
    let known = match name.to_ascii_lowercase().as_str() {
        "established" => "ESTAB",
        "listening" => "LISTEN",
        "closed" => "UNCONN",
        _ => name,
    };
    let mut states = STATES.into_iter();
    states.find(|state| state.eq_ignore_ascii_case(known))
}

/// Every TCP and UDP row with its name, or why there is none.
pub(crate) fn inet(now: &Sample) -> Reading<Vec<(Name<'_>, &Socket)>> {
    let all = now.sockets.as_ref().map_err(|missing| *missing)?;
    total(now, "tcp").map_or(Err(Missing::NotRead), |total| total.count)?;
    let named = all
        .iter()
        .filter_map(|(name, socket)| Some((Name::of(name)?, socket)));
    Ok(named.filter(|(name, _)| name.is_inet()).collect())
}

/// The row for all sockets of a protocol.
pub(crate) fn total<'a>(now: &'a Sample, protocol: &str) -> Option<&'a Socket> {
    let all = now.sockets.as_ref().ok()?;
    let mut named = all
        .iter()
        .filter_map(|(name, socket)| Some((Name::of(name)?, socket)));
    let found = named.find(|(name, _)| name.protocol == protocol && name.state == "*");
    found.map(|(_, socket)| socket)
}

/// How many ticks ago the sockets of a sample were listed: 0 at the tick itself.
pub(crate) fn listed_ticks_ago(now: &Sample) -> Option<u64> {
    let read_at = total(now, "tcp")?.read_at.ok()?;
    now.times.seq.0.checked_sub(read_at.0)
}

/// A row of `ss`.
#[derive(Debug, Clone)]
pub struct Row {
    /// In the order of [`COLUMNS`], but for the first.
    pub cells: Vec<Cell>,
    /// As `ss -p` has it: `users:(("nginx",pid=7))`.
    pub process: Cell,
    /// For how long it has been in its state, and whether it may be longer.
    pub age: Option<(Duration, bool)>,
}

/// The rows that are wanted, who listens first; or why sockets were not listed.
pub fn rows(now: &Sample, filter: &Filter) -> Reading<Vec<Row>> {
    let mut all = inet(now)?;
    all.retain(|(name, _)| filter.wants(name));
    all.sort_by_key(|(name, _)| name.rank());
    let ago = listed_ticks_ago(now);
    Ok(all
        .into_iter()
        .map(|(name, socket)| row(now, (&name, socket), ago))
        .collect())
}

fn row(now: &Sample, (name, socket): (&Name<'_>, &Socket), ago: Option<u64>) -> Row {
    let number = |reading: Reading<u64>| Cell::integer(reading.ok());
    let word = |word: &str| Cell::Text(word.as_bytes().into());
    let owner = name.owner();
    let process = owner.ok().and_then(|pid| process(&now.processes, pid));
    let comm = process.and_then(|process| process.comm.as_deref().ok());
    let since = socket.oldest_since.ok();
    let age = since.and_then(|since| now.times.began.boot.since(since));
    let seconds = age.map(|age| age.as_secs_f64());
    let is_at_least = |_| Cell::Flag(socket.is_older);
    Row {
        cells: vec![
            word(name.protocol),
            word(name.state),
            number(socket.receive_queue),
            number(socket.send_queue),
            word(name.local),
            word(name.peer),
            Cell::integer(owner.ok().map(|pid| pid.0)),
            Cell::text(comm),
            Cell::real(seconds, 3),
            age.map_or(Cell::Absent, is_at_least),
            number(socket.count),
            number(socket.retransmits),
            number(socket.uid),
            number(socket.inode),
            Cell::Word(owner.map_or_else(|why| why, |_| "process").to_owned()),
            Cell::integer(ago),
        ],
        process: match owner {
            Ok(pid) => users(comm, pid),
            Err("none") => Cell::Word(String::new()),
            Err("denied") => Cell::Word("(not permitted to know)".to_owned()),
            Err(_) => Cell::Word("(not known)".to_owned()),
        },
        age: age.map(|age| (age, socket.is_older)),
    }
}

fn users(comm: Option<&[u8]>, pid: Pid) -> Cell {
    let pid = format!(",pid={}))", pid.0);
    let comm = comm.unwrap_or(b"?");
    let words = [b"users:((\"", comm, b"\"", pid.as_bytes()].concat();
    Cell::Text(words.into())
}

/// The process with that pid: of two the one that began last.
fn process(processes: &[Process], pid: Pid) -> Option<&Process> {
    let end = processes.partition_point(|process| process.key.pid <= pid);
    let last = processes[..end].last();
    last.filter(|process| process.key.pid == pid)
}

#[cfg(test)]
mod tests;
