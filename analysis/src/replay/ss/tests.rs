//! Rows, summary and ports of sockets made by hand.

use super::*;
use crate::machine::made::{at, lines, nothing};
use afterimage_format::time::{BootTime, Seq};

/// A row of that many sockets, first seen at 1 s; the sample is of 3 s.
fn sockets(count: u64) -> Socket {
    Socket {
        count: Ok(count),
        receive_queue: Ok(0),
        send_queue: Ok(0),
        retransmits: Ok(0),
        oldest_since: Ok(BootTime(1_000_000)),
        is_older: false,
        uid: Ok(33),
        inode: Ok(9),
        read_at: Err(Missing::NotRead),
    }
}

fn total_of(count: Reading<u64>) -> Socket {
    Socket {
        count,
        read_at: Ok(Seq(2)),
        ..sockets(0)
    }
}

fn sample(rows: &[(&str, u64)]) -> Sample {
    let (_, mut now) = at(nothing(), nothing());
    let mut all: Vec<(Box<str>, Socket)> = vec![
        ("tcp * *:* *:* -".into(), total_of(Ok(7))),
        ("udp * *:* *:* -".into(), total_of(Ok(1))),
        ("unix * * * -".into(), total_of(Ok(5))),
    ];
    all.extend(
        rows.iter()
            .map(|(name, count)| ((*name).into(), sockets(*count))),
    );
    now.sockets = Ok(all);
    now.limits = lines(&[
        ("net.ipv4.ip_local_port_range.low", 32_768),
        ("net.ipv4.ip_local_port_range.high", 60_999),
    ]);
    now
}

fn cell<'a>(columns: &[Column], row: &'a [Cell], key: &str) -> &'a Cell {
    let place = columns.iter().position(|column| column.key == key).unwrap();
    &row[place - 1]
}

const SERVER: [(&str, u64); 5] = [
    ("tcp ESTAB 10.0.0.1:80 10.0.0.2:40000 7", 1),
    ("tcp CLOSE-WAIT 10.0.0.1:80 10.0.0.3:* 7", 400),
    ("tcp LISTEN 0.0.0.0:80 0.0.0.0:* 7", 1),
    ("udp UNCONN *:53 *:* denied", 1),
    ("u_str LISTEN * * -", 4),
];

#[test]
fn who_listens_comes_first_and_owner_and_age_are_known() {
    let rows = rows(&sample(&SERVER), &Filter::default()).unwrap();
    let text = |row: &Row, key| cell(&COLUMNS, &row.cells, key).clone();
    let states: Vec<Cell> = rows.iter().map(|row| text(row, "state")).collect();
    let expected = ["LISTEN", "ESTAB", "CLOSE-WAIT", "UNCONN"];
    assert_eq!(
        states,
        expected.map(|state| Cell::Text(state.as_bytes().into()))
    );
    let never_closed = &rows[2];
    assert_eq!(text(never_closed, "pid"), Cell::Integer(7));
    assert_eq!(text(never_closed, "count"), Cell::Integer(400));
    assert_eq!(text(never_closed, "age_seconds"), Cell::Real(2.0, 3));
    assert_eq!(text(never_closed, "age_is_at_least"), Cell::Flag(false));
    assert_eq!(text(never_closed, "listed_ticks_ago"), Cell::Integer(1));
    assert_eq!(text(&rows[3], "pid"), Cell::Absent);
    assert_eq!(text(&rows[3], "owner"), Cell::Word("denied".to_owned()));
}

#[test]
fn only_what_is_asked_for_is_shown() {
    let now = sample(&SERVER);
    let count = |filter: &Filter| rows(&now, filter).unwrap().len();
    let state = state_named("close-wait").unwrap();
    let states = vec![state];
    assert_eq!(
        count(&Filter {
            states,
            ..Filter::default()
        }),
        1
    );
    assert_eq!(
        count(&Filter {
            ports: vec![40_000],
            ..Filter::default()
        }),
        1
    );
    assert_eq!(
        count(&Filter {
            ports: vec![80],
            ..Filter::default()
        }),
        3
    );
    assert_eq!(
        count(&Filter {
            protocols: vec!["udp"],
            ..Filter::default()
        }),
        1
    );
    assert_eq!(
        count(&Filter {
            pids: vec![8],
            ..Filter::default()
        }),
        0
    );
    assert_eq!(state_named("established"), Some("ESTAB"));
    assert_eq!(state_named("nonsense"), None);
}

#[test]
fn what_was_not_listed_says_why_and_is_not_an_empty_list() {
    let mut now = sample(&SERVER);
    let denied = Err(Missing::PermissionDenied);
    now.sockets = Ok(vec![("tcp * *:* *:* -".into(), total_of(denied))]);
    assert_eq!(
        rows(&now, &Filter::default()).err(),
        Some(Missing::PermissionDenied)
    );
    assert_eq!(ports::rows(&now).err(), Some(Missing::PermissionDenied));
    now.sockets = Ok(vec![]);
    assert_eq!(rows(&now, &Filter::default()).err(), Some(Missing::NotRead));
}

#[test]
fn the_states_of_a_summary_are_those_of_tcp() {
    let row = summary::row(&sample(&SERVER));
    assert_eq!(row.len() + 1, summary::COLUMNS.len());
    let count = |key| cell(&summary::COLUMNS, &row, key).clone();
    assert_eq!(count("close_wait"), Cell::Integer(400));
    assert_eq!(count("listen"), Cell::Integer(1));
    assert_eq!(
        count("unconn"),
        Cell::Integer(0),
        "one of UDP is not of TCP"
    );
    assert_eq!(count("unix_listen"), Cell::Integer(4));
    assert_eq!(count("listed_unix"), Cell::Integer(5));
    assert_eq!(count("total"), Cell::Absent, "sockstat was not read");
}

#[test]
fn sockstat_is_added_up_as_ss_does_it() {
    let mut now = sample(&[]);
    now.protocols = lines(&[
        ("sockstat.sockets.used", 20),
        ("sockstat.TCP.inuse", 9),
        ("sockstat.TCP6.inuse", 3),
        ("sockstat.TCP.orphan", 1),
        ("sockstat.TCP.tw", 4),
        ("sockstat.TCP.alloc", 10),
        ("Tcp.CurrEstab", 2),
    ]);
    let row = summary::row(&now);
    let count = |key| cell(&summary::COLUMNS, &row, key).clone();
    assert_eq!(count("tcp"), Cell::Integer(14));
    // Of 10 that exist and 4 in TIME-WAIT 9 + 3 are neither closed nor waiting.
    assert_eq!(count("tcp_closed"), Cell::Integer(2));
    let words = summary::words(&row);
    assert!(
        words.starts_with("Total: 20\nTCP:   14 (estab 2, closed 2, orphaned 1, timewait 4)\n")
    );
    assert!(
        words.contains("TCP       12        9         3\n"),
        "{words}"
    );
    assert!(
        words.contains("UDP       -         -         -\n"),
        "{words}"
    );
}

#[test]
fn ports_are_counted_for_those_who_connect_and_not_for_those_who_serve() {
    let now = sample(&[
        ("tcp TIME-WAIT 10.0.0.1:* 10.0.0.9:5432 -", 5000),
        ("tcp ESTAB 10.0.0.1:40000 10.0.0.9:5432 7", 1),
        ("tcp ESTAB 10.0.0.1:41000 10.0.0.8:443 7", 1),
        ("tcp LISTEN 10.0.0.1:50000 0.0.0.0:* 7", 1),
        ("tcp ESTAB 10.0.0.1:50000 10.0.0.7:40000 7", 1),
        ("tcp ESTAB 10.0.0.1:22 10.0.0.7:40001 7", 1),
    ]);
    let rows = ports::rows(&now).unwrap();
    assert_eq!(
        rows.len(),
        2,
        "who listens, and a port that is not of the range, take none"
    );
    let of = |row: usize, key| cell(&ports::COLUMNS, &rows[row], key).clone();
    assert_eq!(of(0, "peer"), Cell::Text(b"10.0.0.9:5432"[..].into()));
    assert_eq!(of(0, "ports_used"), Cell::Integer(5001));
    assert_eq!(
        (of(0, "time_wait"), of(0, "established")),
        (Cell::Integer(5000), Cell::Integer(1))
    );
    // 5001 of 28232.
    let Cell::Real(share, _) = of(0, "used_percent") else {
        panic!("there is a range");
    };
    assert!((share - 17.714).abs() < 0.001, "{share}");
    assert_eq!(of(1, "ports_used"), Cell::Integer(1));
}
