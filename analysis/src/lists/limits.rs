//! Limits of the kernel that a host can run into, and how much of each is used.

use super::{Column, Field, Line, List, ListId, fullness, share};
use crate::machine::Measure;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::Sample;

/// The columns.
pub(super) const COLUMNS: [Column; 5] = [
    Column::text("what", "What"),
    Column::share("used_percent", "Used %"),
    Column::figure("used", "Used", Measure::Count),
    Column::figure("limit", "Limit", Measure::Count),
    Column::text("setting", "Setting"),
];

/// What each limit is explained under.
pub(super) const MEANINGS: [&str; 8] = [
    "limit.files",
    "limit.conntrack",
    "limit.pids",
    "limit.threads",
    "limit.time-wait",
    "limit.ports",
    "limit.somaxconn",
    "limit.syn-backlog",
];

/// What there is so much of, and at most so much.
type Limit = (
    &'static str,
    Option<Reading<u64>>,
    Reading<u64>,
    &'static str,
    &'static str,
);

/// A line for each limit that this kernel has.
pub fn limits(now: &Sample) -> List {
    let limit = |name: &str| now.limits.number(name);
    let counted = |name: &str| now.protocols.number(name);
    let tasks = now.machine.tasks_total;
    let all: [Limit; 8] = [
        (
            "Open files",
            Some(limit("fs.file-nr.used")),
            limit("fs.file-nr.max"),
            "fs.file-max",
            MEANINGS[0],
        ),
        (
            "Tracked connections",
            Some(counted("conntrack.count")),
            limit("net.netfilter.nf_conntrack_max"),
            "net.netfilter.nf_conntrack_max",
            MEANINGS[1],
        ),
        (
            "Process numbers",
            Some(tasks),
            limit("kernel.pid_max"),
            "kernel.pid_max",
            MEANINGS[2],
        ),
        (
            "Threads",
            Some(tasks),
            limit("kernel.threads-max"),
            "kernel.threads-max",
            MEANINGS[3],
        ),
        (
            "Connections in TIME-WAIT",
            Some(counted("sockstat.TCP.tw")),
            limit("net.ipv4.tcp_max_tw_buckets"),
            "net.ipv4.tcp_max_tw_buckets",
            MEANINGS[4],
        ),
        (
            "Local ports for one destination",
            None,
            ports(now),
            "net.ipv4.ip_local_port_range",
            MEANINGS[5],
        ),
        (
            "Longest listen queue",
            None,
            limit("net.core.somaxconn"),
            "net.core.somaxconn",
            MEANINGS[6],
        ),
        (
            "Half-open connections a listener",
            None,
            limit("net.ipv4.tcp_max_syn_backlog"),
            "net.ipv4.tcp_max_syn_backlog",
            MEANINGS[7],
        ),
    ];
    let known = all
        .into_iter()
        .filter(|(_, _, limit, ..)| *limit != Err(Missing::NotSupported));
    ListId::Limits.list(
        known.map(line).collect(),
        "The limits of the kernel were not recorded.",
    )
}

/// How many local ports there are to choose from.
pub(crate) fn ports(now: &Sample) -> Reading<u64> {
    let end = |end: &str| {
        now.limits
            .number(&format!("net.ipv4.ip_local_port_range.{end}"))
    };
    let (low, high) = (end("low")?, end("high")?);
    let count = high.checked_sub(low).and_then(|count| count.checked_add(1));
    count.ok_or(Missing::Malformed)
}

fn line((what, used, limit, setting, meaning): Limit) -> Line {
    let percent = used.map(|used| share(used, limit));
    Line {
        fields: vec![
            Field::word(what),
            percent.map_or(Field::Empty, Field::value),
            used.map_or(Field::Empty, Field::count),
            Field::count(limit),
            Field::word(setting),
        ],
        mood: fullness(percent.and_then(Result::ok)),
        meaning: Some(meaning),
        ..Line::default()
    }
}
