//! How many sockets there are of each kind: `ss -s`, and TCP by state.
//!
//! In: one sample. Out: numbers of `/proc/net/sockstat`, `sockstat6` and `snmp`, as `ss -s` adds
//! them up, and what was counted when the sockets were listed.

use super::{Name, inet, total};
use crate::table::{Cell, Column};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::Sample;
use std::fmt::Write as _;

/// The columns: of `/proc` up to `frag_ipv6`, then those that were listed.
pub const COLUMNS: [Column; 32] = [
    Column::text("at", "TIME"),
    Column::number("total", "Total"),
    Column::number("tcp", "TCP"),
    Column::number("tcp_estab", "estab"),
    Column::number("tcp_closed", "closed"),
    Column::number("tcp_orphaned", "orphaned"),
    Column::number("tcp_timewait", "timewait"),
    Column::number("raw_ip", "RAW IP"),
    Column::number("raw_ipv6", "RAW IPv6"),
    Column::number("udp_ip", "UDP IP"),
    Column::number("udp_ipv6", "UDP IPv6"),
    Column::number("tcp_ip", "TCP IP"),
    Column::number("tcp_ipv6", "TCP IPv6"),
    Column::number("frag_ip", "FRAG IP"),
    Column::number("frag_ipv6", "FRAG IPv6"),
    Column::number("listed_tcp", "tcp"),
    Column::number("listed_udp", "udp"),
    Column::number("listed_unix", "unix"),
    Column::number("listen", "LISTEN"),
    Column::number("syn_sent", "SYN-SENT"),
    Column::number("syn_recv", "SYN-RECV"),
    Column::number("estab", "ESTAB"),
    Column::number("close_wait", "CLOSE-WAIT"),
    Column::number("last_ack", "LAST-ACK"),
    Column::number("fin_wait_1", "FIN-WAIT-1"),
    Column::number("fin_wait_2", "FIN-WAIT-2"),
    Column::number("closing", "CLOSING"),
    Column::number("time_wait", "TIME-WAIT"),
    Column::number("unconn", "UNCONN"),
    Column::number("unix_listen", "u LISTEN"),
    Column::number("unix_estab", "u ESTAB"),
    Column::number("unix_unconn", "u UNCONN"),
];

/// Where the states of TCP begin in [`COLUMNS`], and those of UNIX sockets.
const STATES: usize = 18;
const UNIX_STATES: usize = 29;

/// The numbers, in the order of [`COLUMNS`] but for the first.
pub fn row(now: &Sample) -> Vec<Cell> {
    let mut row: Vec<Reading<u64>> = Vec::with_capacity(COLUMNS.len());
    let stat = |name: &str| now.protocols.number(&format!("sockstat.{name}"));
    let (alloc, waiting) = (stat("TCP.alloc"), stat("TCP.tw"));
    let hashed = both(
        stat("TCP.inuse"),
        absent_is_none(stat("TCP6.inuse")),
        u64::checked_add,
    );
    let all = both(alloc, waiting, u64::checked_add);
    row.extend([
        stat("sockets.used"),
        all,
        now.protocols.number("Tcp.CurrEstab"),
        // As ss has it: those in TIME-WAIT count as closed.
        both(all, hashed, |all, hashed| Some(all.saturating_sub(hashed))),
        stat("TCP.orphan"),
        waiting,
    ]);
    for protocol in ["RAW", "UDP", "TCP", "FRAG"] {
        row.push(stat(&format!("{protocol}.inuse")));
        row.push(stat(&format!("{protocol}6.inuse")));
    }
    for protocol in ["tcp", "udp", "unix"] {
        row.push(total(now, protocol).map_or(Err(Missing::NotRead), |total| total.count));
    }
    let listed = inet(now);
    for column in &COLUMNS[STATES..UNIX_STATES] {
        let count = listed.as_ref().map_err(|missing| *missing).map(|all| {
            let of_state = all
                .iter()
                .filter(|(name, _)| name.protocol == "tcp" && key_of(name.state) == column.key);
            of_state
                .filter_map(|(_, socket)| socket.count.ok())
                .fold(0, u64::saturating_add)
        });
        row.push(count);
    }
    for column in &COLUMNS[UNIX_STATES..] {
        row.push(unix(now, column.key.trim_start_matches("unix_")));
    }
    row.into_iter()
        .map(|count| Cell::integer(count.ok()))
        .collect()
}

/// UNIX sockets in that state, of every type.
fn unix(now: &Sample, state: &str) -> Reading<u64> {
    total(now, "unix").map_or(Err(Missing::NotRead), |total| total.count)?;
    let all = now.sockets.as_ref().map_err(|missing| *missing)?;
    let named = all
        .iter()
        .filter_map(|(name, socket)| Some((Name::of(name)?, socket)));
    let of_state =
        named.filter(|(name, _)| name.protocol.starts_with("u_") && key_of(name.state) == state);
    Ok(of_state
        .filter_map(|(_, socket)| socket.count.ok())
        .fold(0, u64::saturating_add))
}

/// `CLOSE-WAIT` is `close_wait` in JSON.
fn key_of(state: &str) -> String {
    state.to_ascii_lowercase().replace('-', "_")
}

/// A host without IPv6 has none of those sockets.
fn absent_is_none(count: Reading<u64>) -> Reading<u64> {
    match count {
        Err(Missing::NotSupported) => Ok(0),
        count => count,
    }
}

fn both(a: Reading<u64>, b: Reading<u64>, of: impl Fn(u64, u64) -> Option<u64>) -> Reading<u64> {
    of(a?, b?).ok_or(Missing::Malformed)
}

/// The same for people: as `ss -s` prints it, and then by state.
pub fn words(row: &[Cell]) -> String {
    let place = |key: &str| COLUMNS.iter().position(|column| column.key == key);
    let cell = |key: &str| place(key).and_then(|place| row.get(place - 1));
    let number = |key: &str| match cell(key) {
        Some(Cell::Integer(count)) => Ok(*count),
        _ => Err(()),
    };
    let shown = |count: Result<i64, ()>| count.map_or("-".to_owned(), |count| count.to_string());
    let text = |key: &str| shown(number(key));
    let mut words = format!(
        "Total: {}\nTCP:   {} (estab {}, closed {}, orphaned {}, timewait {})\n\n",
        text("total"),
        text("tcp"),
        text("tcp_estab"),
        text("tcp_closed"),
        text("tcp_orphaned"),
        text("tcp_timewait"),
    );
    words += "Transport Total     IP        IPv6\n";
    let mut sums = [Ok(0), Ok(0)];
    let mut line = |name: &str, [v4, v6]: [Result<i64, ()>; 2]| {
        let all = v4.and_then(|v4| v6.map(|v6| v4 + v6));
        let [all, v4, v6] = [all, v4, v6].map(shown);
        writeln!(words, "{name:<9} {all:<9} {v4:<9} {v6}").expect("there is memory for a line");
    };
    for name in ["RAW", "UDP", "TCP"] {
        let lower = name.to_ascii_lowercase();
        let pair = ["ip", "ipv6"].map(|version| number(&format!("{lower}_{version}")));
        for (sum, count) in sums.iter_mut().zip(pair) {
            *sum = sum.and_then(|sum: i64| count.map(|count| sum + count));
        }
        line(name, pair);
    }
    line("INET", sums);
    line("FRAG", ["frag_ip", "frag_ipv6"].map(number));
    let states = |from: usize, to: usize| {
        let states = COLUMNS[from..to].iter().map(|column| {
            let name = column.heading.trim_start_matches("u ");
            format!("{name} {}", text(column.key))
        });
        states.collect::<Vec<_>>().join(", ")
    };
    words
        + &format!(
            "\nTCP listed: {} ({})\nUDP listed: {}\nUNIX listed: {} ({})\n",
            text("listed_tcp"),
            states(STATES, UNIX_STATES),
            text("listed_udp"),
            text("listed_unix"),
            states(UNIX_STATES, COLUMNS.len()),
        )
}
