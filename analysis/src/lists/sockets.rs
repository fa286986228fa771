//! Sockets as `ss` lists them, and what goes wrong with them: queues that are full, connections
//! that nobody closes, ports that run out.

use super::{Column, Field, Line, List, ListId, Mood, command, fullness, share};
use crate::machine::{Absent, Measure};
use crate::replay::ss::{self, Name};
use crate::table::Cell;
use afterimage_format::process::Pid;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Sample, Socket};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

/// The columns of [`sockets`].
pub(super) const SOCKETS: [Column; 11] = [
    Column::text("state", "State"),
    Column::text("protocol", "Protocol"),
    Column::figure("recv_q", "Recv-Q", Measure::Count),
    Column::figure("send_q", "Send-Q", Measure::Count),
    Column::text("local", "Local address:port"),
    Column::text("peer", "Peer address:port"),
    Column::figure("pid", "PID", Measure::Count),
    Column::text("comm", "Command"),
    Column::figure("age_seconds", "Age", Measure::Seconds),
    Column::figure("retransmits", "Sent again", Measure::Count),
    Column::figure("count", "Sockets", Measure::Count),
];

/// The columns of [`socket_states`].
pub(super) const COUNTS: [Column; 2] = [
    Column::text("state", "State"),
    Column::figure("count", "Sockets", Measure::Count),
];

/// The columns of [`listeners`].
pub(super) const LISTENERS: [Column; 5] = [
    Column::text("local", "Listens at"),
    Column::share("used_percent", "Used %"),
    Column::figure("waiting", "Waiting", Measure::Count),
    Column::figure("limit", "Limit", Measure::Count),
    Column::text("comm", "Command"),
];

/// The columns of [`close_waits`].
pub(super) const CLOSE_WAITS: [Column; 4] = [
    Column::text("comm", "Command"),
    Column::figure("pid", "PID", Measure::Count),
    Column::figure("count", "Sockets", Measure::Count),
    Column::figure("age_seconds", "Oldest", Measure::Seconds),
];

/// The columns of [`local_ports`].
pub(super) const PORTS: [Column; 4] = [
    Column::text("peer", "Destination"),
    Column::share("used_percent", "Used %"),
    Column::figure("ports", "Ports", Measure::Count),
    Column::figure("time_wait", "TIME-WAIT", Measure::Count),
];

/// The states of TCP, and what else is counted, with the name each is explained under.
pub(super) const STATES: [(&str, &str); 14] = [
    ("ESTAB", "socket-state.ESTAB"),
    ("LISTEN", "socket-state.LISTEN"),
    ("CLOSE-WAIT", "socket-state.CLOSE-WAIT"),
    ("SYN-SENT", "socket-state.SYN-SENT"),
    ("SYN-RECV", "socket-state.SYN-RECV"),
    ("TIME-WAIT", "socket-state.TIME-WAIT"),
    ("FIN-WAIT-1", "socket-state.FIN-WAIT-1"),
    ("FIN-WAIT-2", "socket-state.FIN-WAIT-2"),
    ("LAST-ACK", "socket-state.LAST-ACK"),
    ("CLOSING", "socket-state.CLOSING"),
    ("UNCONN", "socket-state.UNCONN"),
    ("UDP", "socket-state.UDP"),
    ("UNIX", "socket-state.UNIX"),
    ("orphaned", "socket-state.orphaned"),
];

/// What else is explained of sockets.
pub(super) const MEANINGS: [&str; 1] = ["listener.full"];

fn meaning(state: &str) -> Option<&'static str> {
    let known = STATES.iter().find(|(known, _)| *known == state);
    known.map(|(_, meaning)| *meaning)
}

/// Why there are none.
fn unknown(missing: Missing) -> String {
    match missing {
        Missing::NotRead => "The sockets of this moment are not in the capture: it was recorded \
                             without them, or this part of it is damaged."
            .to_owned(),
        missing => format!("Sockets are not known of this moment: {missing}."),
    }
}

/// A list of what is made of all TCP and UDP sockets.
fn list_of(
    now: &Sample,
    id: ListId,
    otherwise: &str,
    make: impl FnOnce(&[(Name<'_>, &Socket)]) -> Vec<Line>,
) -> List {
    match ss::inet(now) {
        Ok(all) => id.list(make(&all), otherwise),
        Err(missing) => id.list(vec![], unknown(missing)),
    }
}

/// A line for each socket, or for several that share one: who listens first.
pub fn sockets(now: &Sample) -> List {
    let mut list = list_of(now, ListId::Sockets, "There was no socket.", |all| {
        let mut all: Vec<_> = all.iter().collect();
        all.sort_by_key(|(name, _)| name.rank());
        all.into_iter()
            .map(|(name, socket)| line(now, name, socket))
            .collect()
    });
    let ago = ss::listed_ticks_ago(now).filter(|ago| *ago > 0);
    if let (Some(ago), false) = (ago, list.lines.is_empty()) {
        let ticks = if ago == 1 { "tick" } else { "ticks" };
        list.note = Some(format!(
            "as they were {ago} {ticks} before: so many are not listed at every tick"
        ));
    }
    list
}

fn line(now: &Sample, name: &Name<'_>, socket: &Socket) -> Line {
    let (owner, pid) = owner(now, name);
    Line {
        fields: vec![
            Field::word(name.state),
            Field::word(name.protocol),
            Field::count(socket.receive_queue),
            Field::count(socket.send_queue),
            Field::word(name.local),
            Field::word(name.peer),
            pid.map_or(Field::Empty, |pid| Field::Number(f64::from(pid.0))),
            owner,
            age(now, socket),
            retransmits(name, socket),
            Field::count(socket.count),
        ],
        process: pid,
        mood: mood(now, name, socket),
        more: None,
        meaning: meaning(name.state),
    }
}

/// Who is not connected sends nothing again.
fn retransmits(name: &Name<'_>, socket: &Socket) -> Field {
    let is_connected = name.protocol == "tcp" && name.state != "LISTEN";
    if is_connected || socket.retransmits.is_ok() {
        Field::count(socket.retransmits)
    } else {
        Field::Empty
    }
}

/// The command that has it, or why nobody is known to.
fn owner(now: &Sample, name: &Name<'_>) -> (Field, Option<Pid>) {
    match name.owner() {
        Ok(pid) => (command(now, pid), Some(pid)),
        Err("none") => (Field::word("(the kernel)"), None),
        Err("denied") => (Field::Absent(Missing::PermissionDenied.into()), None),
        Err(_) => (Field::Absent(Absent::Reading(Missing::NotRead)), None),
    }
}

fn since(now: &Sample, socket: &Socket) -> Option<Duration> {
    now.times.began.boot.since(socket.oldest_since.ok()?)
}

fn age(now: &Sample, socket: &Socket) -> Field {
    match (since(now, socket), socket.oldest_since) {
        (Some(age), _) if socket.is_older => Field::AtLeast(age.as_secs_f64()),
        (Some(age), _) => Field::Number(age.as_secs_f64()),
        (None, Err(missing)) => Field::Absent(missing.into()),
        (None, Ok(_)) => Field::Empty,
    }
}

/// How long somebody may take to answer, or a program to close, before it is worth a look.
const PATIENCE: Duration = Duration::from_secs(3);

fn mood(now: &Sample, name: &Name<'_>, socket: &Socket) -> Mood {
    let is_late = since(now, socket).is_some_and(|age| age > PATIENCE);
    match name.state {
        "LISTEN" if name.protocol == "tcp" => queue(socket).0,
        "CLOSE-WAIT" | "SYN-SENT" | "SYN-RECV" if is_late => Mood::Warning,
        _ => Mood::Usual,
    }
}

/// How bad it is about a listener, and how full its queue is. The kernel takes one more than the
/// limit, and drops what comes then.
fn queue(socket: &Socket) -> (Mood, Result<f64, Absent>) {
    let percent = share(socket.receive_queue, socket.send_queue);
    let is_full = matches!((socket.receive_queue, socket.send_queue),
        (Ok(used), Ok(limit)) if used > limit);
    let mood = if is_full {
        Mood::Problem
    } else {
        fullness(percent.ok()).min(Mood::Warning)
    };
    (mood, percent)
}

/// How many TCP sockets are in each state, and how many others there are.
pub fn socket_states(now: &Sample) -> List {
    let other = |protocol: &str| ss::total(now, protocol).map(|total| total.count);
    list_of(now, ListId::SocketStates, "There was no socket.", |all| {
        let counted = |state: &str| -> u64 {
            let of_state = all
                .iter()
                .filter(|(name, _)| name.protocol == "tcp" && name.state == state);
            let counts = of_state.filter_map(|(_, socket)| socket.count.ok());
            counts.fold(0, u64::saturating_add)
        };
        let orphaned = now.protocols.number("sockstat.TCP.orphan");
        let lines = STATES.iter().filter_map(|(state, meaning)| {
            let count: Reading<u64> = match *state {
                "UDP" => other("udp")?,
                "UNIX" => other("unix")?,
                "orphaned" => orphaned,
                state => Ok(counted(state)),
            };
            // Of most states there is nothing at most moments.
            let is_always = matches!(*state, "ESTAB" | "LISTEN" | "UDP" | "UNIX");
            if !is_always && matches!(count, Ok(0) | Err(Missing::NotSupported)) {
                return None;
            }
            Some(Line {
                fields: vec![Field::word(*state), Field::count(count)],
                meaning: Some(meaning),
                ..Line::default()
            })
        });
        lines.collect()
    })
}

/// The queue of each TCP socket that listens, the fullest first.
pub fn listeners(now: &Sample) -> List {
    list_of(now, ListId::Listeners, "Nobody listened.", |all| {
        let is_listener = |name: &Name<'_>| name.protocol == "tcp" && name.state == "LISTEN";
        let listeners = all.iter().filter(|(name, _)| is_listener(name));
        let mut lines: Vec<Line> = listeners
            .map(|(name, socket)| {
                let (mood, percent) = queue(socket);
                let (owner, pid) = owner(now, name);
                Line {
                    fields: vec![
                        Field::word(name.local),
                        Field::value(percent),
                        Field::count(socket.receive_queue),
                        Field::count(socket.send_queue),
                        owner,
                    ],
                    process: pid,
                    mood,
                    more: None,
                    meaning: match mood {
                        Mood::Problem => MEANINGS.first().copied(),
                        _ => None,
                    },
                }
            })
            .collect();
        let used = |line: &Line| line.fields[1].number().unwrap_or(-1.0);
        lines.sort_by(|a, b| b.mood.cmp(&a.mood).then(used(b).total_cmp(&used(a))));
        lines
    })
}

/// Who has connections that the other end closed and it did not, by process: most first.
pub fn close_waits(now: &Sample) -> List {
    let otherwise = "Nobody: each connection that the other end closed was closed here too.";
    list_of(now, ListId::CloseWaits, otherwise, |all| {
        let mut owners: BTreeMap<&str, Vec<&(Name<'_>, &Socket)>> = BTreeMap::new();
        for row in all.iter().filter(|(name, _)| name.state == "CLOSE-WAIT") {
            owners.entry(row.0.owner).or_default().push(row);
        }
        let mut owners: Vec<_> = owners.into_values().collect();
        let count = |rows: &[&(Name<'_>, &Socket)]| -> u64 {
            let counts = rows.iter().filter_map(|(_, socket)| socket.count.ok());
            counts.fold(0, u64::saturating_add)
        };
        owners.sort_by_key(|rows| Reverse(count(rows)));
        let lines = owners.into_iter().filter_map(|rows| {
            let (first, _) = rows.first()?;
            let (owner, pid) = owner(now, first);
            let oldest = rows.iter().max_by_key(|(_, socket)| since(now, socket));
            let is_old = oldest
                .and_then(|(_, socket)| since(now, socket))
                .is_some_and(|age| age > PATIENCE);
            Some(Line {
                fields: vec![
                    owner,
                    pid.map_or(Field::Empty, |pid| Field::Number(f64::from(pid.0))),
                    Field::Number(count(&rows) as f64),
                    oldest.map_or(Field::Empty, |(_, socket)| age(now, socket)),
                ],
                process: pid,
                mood: if is_old { Mood::Warning } else { Mood::Usual },
                more: None,
                meaning: Some("socket-state.CLOSE-WAIT"),
            })
        });
        lines.collect()
    })
}

/// How many local ports each destination takes of those there are to choose from.
pub fn local_ports(now: &Sample) -> List {
    let rows = match ss::ports::rows(now) {
        Ok(rows) => rows,
        Err(missing) => return ListId::LocalPorts.list(vec![], unknown(missing)),
    };
    // The columns but for the first are those of the rows.
    let place = |key: &str| {
        let place = ss::ports::COLUMNS
            .iter()
            .position(|column| column.key == key);
        place.and_then(|place| place.checked_sub(1))
    };
    let lines = rows.iter().map(|row| {
        let cell = |key: &str| place(key).and_then(|place| row.get(place));
        let field = |key: &str| match cell(key) {
            Some(Cell::Integer(number)) => Field::Number(*number as f64),
            Some(Cell::Real(number, _)) => Field::Number(*number),
            Some(Cell::Text(text)) => Field::bytes(text),
            Some(Cell::Word(word)) => Field::word(word.clone()),
            _ => Field::Absent(Missing::NotRead.into()),
        };
        let percent = field("used_percent");
        Line {
            mood: fullness(percent.number()),
            fields: vec![
                field("peer"),
                percent,
                field("ports_used"),
                field("time_wait"),
            ],
            ..Line::default()
        }
    });
    let lines: Vec<Line> = lines.collect();
    ListId::LocalPorts.list(lines, "Nothing on this host is connected to anything.")
}
