//! Which destinations take how many local ports: who runs out of them cannot connect any more.
//!
//! In: one sample. Out: a row for each local address and destination. Each connection from there to
//! one address and port takes a port of its own out of `net.ipv4.ip_local_port_range`, and keeps it
//! for a minute after its end (TIME-WAIT).

use super::{Name, inet, port_of};
use crate::table::{Cell, Column};
use afterimage_format::reading::Reading;
use afterimage_format::sample::{Sample, Socket};
use std::collections::{BTreeMap, HashSet};

/// The columns.
pub const COLUMNS: [Column; 10] = [
    Column::text("at", "TIME"),
    Column::text("protocol", "Netid"),
    Column::text("local", "Local Address"),
    Column::text("peer", "Peer Address:Port"),
    Column::number("ports_used", "Used"),
    Column::number("time_wait", "TIME-WAIT"),
    Column::number("established", "ESTAB"),
    Column::number("ports_low", "From"),
    Column::number("ports_high", "To"),
    Column::number("used_percent", "%Used"),
];

/// What goes to one destination.
#[derive(Debug, Clone, Copy, Default)]
struct Used {
    ports: u64,
    time_wait: u64,
    established: u64,
}

/// A row for each destination, the fullest first, in the order of [`COLUMNS`] but for the first;
/// or why sockets were not listed.
pub fn rows(now: &Sample) -> Reading<Vec<Vec<Cell>>> {
    let all = inet(now)?;
    let limit = |end: &str| {
        now.limits
            .number(&format!("net.ipv4.ip_local_port_range.{end}"))
    };
    let (low, high) = (limit("low"), limit("high"));
    let served = served(&all);
    let mut used: BTreeMap<(&str, &str, &str), Used> = BTreeMap::new();
    for (name, socket) in &all {
        let Ok(count) = socket.count else { continue };
        if !takes_a_port(name, &served, (low, high)) {
            continue;
        }
        let local = name
            .local
            .rsplit_once(':')
            .map_or(name.local, |(address, _)| address);
        let sum = used.entry((name.protocol, local, name.peer)).or_default();
        sum.ports = sum.ports.saturating_add(count);
        match name.state {
            "TIME-WAIT" => sum.time_wait = sum.time_wait.saturating_add(count),
            "ESTAB" => sum.established = sum.established.saturating_add(count),
            _ => {}
        }
    }
    let mut used: Vec<_> = used.into_iter().collect();
    used.sort_by_key(|(_, used)| std::cmp::Reverse(used.ports));
    let ports = low
        .ok()
        .zip(high.ok())
        .and_then(|(low, high)| high.checked_add(1)?.checked_sub(low));
    let row = |((protocol, local, peer), used): ((&str, &str, &str), Used)| {
        let text = |text: &str| Cell::Text(text.as_bytes().into());
        let share = ports.filter(|ports| *ports > 0);
        let share = share.map(|ports| used.ports as f64 * 100.0 / ports as f64);
        vec![
            text(protocol),
            text(local),
            text(peer),
            Cell::integer(Some(used.ports)),
            Cell::integer(Some(used.time_wait)),
            Cell::integer(Some(used.established)),
            Cell::integer(low.ok()),
            Cell::integer(high.ok()),
            Cell::real(share, 1),
        ]
    };
    Ok(used.into_iter().map(row).collect())
}

/// The ports at which somebody waits to be connected to.
fn served<'a>(all: &[(Name<'a>, &Socket)]) -> HashSet<(&'a str, u16)> {
    let served = all
        .iter()
        .filter(|(name, _)| matches!(name.state, "LISTEN" | "UNCONN"));
    served
        .filter_map(|(name, _)| Some((name.protocol, port_of(name.local)?)))
        .collect()
}

/// Whether the sockets of a row are at the side that connected, and so had a port chosen for them.
fn takes_a_port(
    name: &Name<'_>,
    served: &HashSet<(&str, u16)>,
    (low, high): (Reading<u64>, Reading<u64>),
) -> bool {
    if matches!(name.state, "LISTEN" | "UNCONN" | "SYN-RECV") {
        return false;
    }
    match port_of(name.local) {
        Some(port) => {
            let is_below = low.is_ok_and(|low| u64::from(port) < low);
            let is_above = high.is_ok_and(|high| u64::from(port) > high);
            !is_below && !is_above && !served.contains(&(name.protocol, port))
        }
        // Of several ports: those who serve have one.
        None => true,
    }
}
