//! Counters of the network protocols that tell of trouble: what was lost, refused or sent again.

use super::{Column, Field, Line, List, ListId, Mood};
use crate::machine::{Absent, Before, Measure, rise};
use crate::rate::Step;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::Sample;

/// The columns.
pub(super) const COLUMNS: [Column; 4] = [
    Column::text("what", "What"),
    Column::figure("per_second", "per second", Measure::PerSecond),
    Column::figure("total", "Since boot", Measure::Count),
    Column::text("counter", "Counter"),
];

/// A counter that is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter {
    /// Its name in a capture.
    name: &'static str,
    /// What it counts, in words.
    what: &'static str,
    /// The name it is explained under.
    pub(super) meaning: &'static str,
    /// Whether it is a sign of trouble that it rises at all.
    is_trouble: bool,
}

macro_rules! counters {
    ($($name:literal $what:literal $is_trouble:literal,)*) => {
        /// The counters that are shown, the most telling first.
        pub(super) const COUNTERS: &[Counter] = &[$(Counter {
            name: $name,
            what: $what,
            meaning: concat!("protocol.", $name),
            is_trouble: $is_trouble,
        },)*];
    };
}

counters! {
    "Tcp.RetransSegs" "TCP segments sent again" false,
    "TcpExt.TCPTimeouts" "TCP timeouts" false,
    "TcpExt.ListenOverflows" "Listen queue was full" true,
    "TcpExt.ListenDrops" "Connections dropped by listeners" true,
    "TcpExt.TCPReqQFullDrop" "SYNs dropped, queue full" true,
    "TcpExt.TCPReqQFullDoCookies" "SYN cookies, queue full" true,
    "TcpExt.TCPBacklogDrop" "Dropped, program too slow" true,
    "TcpExt.TCPAbortOnMemory" "Connections ended, no memory" true,
    "TcpExt.PruneCalled" "Receive buffers squeezed" true,
    "TcpExt.TCPAbortOnTimeout" "Connections given up" false,
    "Tcp.AttemptFails" "Connections that failed" false,
    "Tcp.EstabResets" "Connections reset" false,
    "Tcp.InErrs" "TCP segments damaged" true,
    "Udp.InErrors" "UDP not delivered" true,
    "Udp.RcvbufErrors" "UDP lost, receive buffer full" true,
    "Udp.SndbufErrors" "UDP lost, send buffer full" true,
    "Udp.NoPorts" "UDP to a port nobody has" false,
    "Udp6RcvbufErrors" "UDP over IPv6 lost, buffer full" true,
    "Ip.InDiscards" "IP packets thrown away" true,
    "Ip.OutNoRoutes" "No route to send by" false,
    "softnet.dropped" "Packets dropped before any protocol" true,
    "softnet.time_squeeze" "Network work cut short" false,
}

/// A line for each counter that this kernel has.
pub fn protocols(now: &Sample, step: Option<&Step<'_>>) -> List {
    let known = COUNTERS.iter().filter_map(|counter| {
        let number = now.protocols.number(counter.name);
        (number != Err(Missing::NotSupported)).then(|| line(number, counter, step))
    });
    ListId::Protocols.list(
        known.collect(),
        "The counters of the network protocols were not recorded at this moment.",
    )
}

fn line(number: Reading<u64>, counter: &Counter, step: Option<&Step<'_>>) -> Line {
    let then = step.ok_or(Absent::NoStep);
    let then = then.map(|step| step.before.protocols.number(counter.name));
    let rate = Before(step).per_second(rise(then, number));
    let rises = rate.is_ok_and(|rate| rate > 0.0);
    Line {
        fields: vec![
            Field::word(counter.what),
            Field::value(rate),
            Field::count(number),
            Field::word(counter.name),
        ],
        mood: match (rises, counter.is_trouble) {
            (true, true) => Mood::Problem,
            (true, false) => Mood::Warning,
            (false, _) => Mood::Usual,
        },
        meaning: Some(counter.meaning),
        ..Line::default()
    }
}
