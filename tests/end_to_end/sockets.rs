//! Sockets in trouble, in a network namespace of their own, beside `ss`: what nobody closes, local
//! ports that run out, a backlog that is full; and what a recorder says that may not list them.

use crate::fake_proc::fake;
use crate::support::command::{AFTERIMAGE, finish, info, rows};
use crate::support::host::{folder, has, is_root, skip};
use crate::support::recorder::Recorder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const SCENE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/end_to_end/sockets/scene.py");
/// What the scene makes.
const LEAKED: i64 = 400;
const BURNT: i64 = 5000;
/// Enough to look for owners on a busy host: this is about truth, not about cost.
const ARGS: [&str; 6] = ["record", "-i", "200ms", "--budget-cpu", "100", "--socket"];

/// What was recorded, and what `ss` said meanwhile; none where that cannot be made.
fn recorded(folder: &Path) -> Option<Value> {
    if !is_root() || !["ss", "unshare", "ip", "python3"].into_iter().all(has) {
        skip("only root with ss, ip, unshare and python3 makes a network namespace");
        return None;
    }
    let mut command = Command::new("unshare");
    let script = "ip link set lo up || exit 99; exec python3 \"$@\"";
    command.args(["-n", "sh", "-c", script, "sh", SCENE, AFTERIMAGE]);
    command.args(ARGS).arg(folder.join("s"));
    let ran = finish(command.arg("-o").arg(folder.join("a")));
    if ran.code != 0 {
        skip(&format!("no network namespace here: {}", ran.stderr));
        return None;
    }
    let said = ran.json();
    assert_eq!(said["code"], 0, "{}", ran.stderr);
    Some(said)
}

/// How many sockets there are of each state.
fn states<'a>(all: impl Iterator<Item = (&'a str, i64)>) -> BTreeMap<&'a str, i64> {
    let mut states = BTreeMap::new();
    for (state, count) in all {
        *states.entry(state).or_default() += count;
    }
    states
}

fn sum(rows: &[Value], key: &str) -> i64 {
    rows.iter().filter_map(|row| row[key].as_i64()).sum()
}

#[test]
fn sockets_in_trouble_are_as_ss_shows_them() {
    let folder = folder();
    let Some(said) = recorded(folder.path()) else {
        return;
    };
    let file = folder.path().join("a");
    let all = rows("ss", &file, &["--tcp"]);
    let live = said["all"].as_str().unwrap();
    let lines: Vec<Vec<&str>> = live
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let ours = states(all.iter().map(|row| {
        (
            row["state"].as_str().unwrap(),
            row["count"].as_i64().unwrap(),
        )
    }));
    assert_eq!(ours, states(lines.iter().map(|words| (words[0], 1))));

    // Every socket that has a row of its own is one that ss shows, word for word.
    let alone = all.iter().filter(|row| row["count"] == 1);
    for row in alone.clone() {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let own = [
            text("state"),
            row["recv_q"].to_string(),
            row["send_q"].to_string(),
            text("local"),
            text("peer"),
        ];
        assert!(lines.iter().any(|words| words[..5] == own), "{row}\n{live}");
    }
    assert!(alone.count() >= usize::try_from(LEAKED).unwrap());

    never_closed(&file, &said);
    local_ports(&file);
    let deaf = rows("ss", &file, &["--listening", "--port", "8003"]);
    assert_eq!(
        (deaf.len(), &deaf[0]["recv_q"], &deaf[0]["send_q"]),
        (1, &6.into(), &5.into())
    );
    let waiting = rows("ss", &file, &["--state", "syn-sent"]);
    assert_eq!(waiting.len(), 2, "8 of which 6 are in the backlog");
    assert!(
        waiting
            .iter()
            .all(|row| row["retransmits"].as_i64() >= Some(1)),
        "{waiting:?}"
    );

    summed_up(&file, &said);
}

/// As `ss -s` adds them up, and the file says how often they were listed.
fn summed_up(file: &Path, said: &Value) {
    let summary = rows("ss", file, &["--summary"]);
    let words = said["summary"].as_str().unwrap();
    let of_tcp = words
        .lines()
        .find(|line| line.starts_with("TCP: "))
        .unwrap();
    let numbers: Vec<i64> = of_tcp
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect();
    let keys = [
        "tcp",
        "tcp_estab",
        "tcp_closed",
        "tcp_orphaned",
        "tcp_timewait",
    ];
    assert_eq!(
        keys.map(|key| summary[0][key].as_i64().unwrap()).to_vec(),
        numbers,
        "{words}"
    );
    assert!(summary[0]["listed_unix"].as_i64().is_some());
    let listed = |source: &&Value| source["name"] == "sock_diag";
    let info = info(file);
    let source = info["sources"]
        .as_array()
        .unwrap()
        .iter()
        .find(listed)
        .unwrap();
    assert_eq!(
        (&source["state"], &source["detail"]),
        (&"ok".into(), &"listed every 3 ticks".into())
    );
}

/// 400 whose peer has closed, each with its process and an age that grows.
fn never_closed(file: &Path, said: &Value) {
    let now = rows("ss", file, &["--state", "close-wait"]);
    assert_eq!((now.len(), sum(&now, "count")), (400, LEAKED));
    for row in &now {
        assert_eq!(
            (&row["pid"], &row["owner"]),
            (&said["pid"], &"process".into()),
            "{row}"
        );
        assert!(row["comm"].as_str().unwrap().starts_with("python"), "{row}");
        assert_eq!(
            row["age_is_at_least"], false,
            "they were made while it recorded"
        );
    }
    let steps = rows(
        "ss",
        file,
        &["--state", "close-wait", "--from", "-1s", "--to", "end"],
    );
    let one: Vec<f64> = steps
        .iter()
        .filter(|row| row["peer"] == now[0]["peer"])
        .map(|row| row["age_seconds"].as_f64().unwrap())
        .collect();
    assert!(
        one.len() > 1 && one.windows(2).all(|pair| pair[0] < pair[1]),
        "{one:?}"
    );
}

/// 5,000 ports that one destination keeps from being used again.
fn local_ports(file: &Path) {
    let ports = rows("ss", file, &["--ports"]);
    let first = &ports[0];
    assert_eq!(
        (&first["peer"], &first["ports_used"]),
        (&"127.0.0.1:8002".into(), &BURNT.into())
    );
    assert_eq!(first["time_wait"], BURNT);
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let usual: Vec<i64> = range
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    let (low, high) = (
        first["ports_low"].as_i64().unwrap(),
        first["ports_high"].as_i64().unwrap(),
    );
    // A new namespace begins with the kernel's own range.
    assert!(
        vec![low, high] == usual || (low, high) == (32_768, 60_999),
        "{first}"
    );
    let share = BURNT as f64 * 100.0 / (high - low + 1) as f64;
    assert!(
        (first["used_percent"].as_f64().unwrap() - share).abs() < 0.01,
        "{first}"
    );
}

#[test]
fn what_may_not_be_listed_says_why_and_is_not_an_empty_list() {
    let (root, folder) = (fake(), folder());
    let file = folder.path().join("a");
    let args = ["-i", "100ms", "--proc-root", root.path().to_str().unwrap()];
    let ended = Recorder::start_for(&file, "500ms", &args).wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let rows = rows("ss", &file, &[]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(
        rows[0]["missing"]
            .as_str()
            .is_some_and(|why| !why.is_empty()),
        "{rows:?}"
    );
    assert!(rows[0]["count"].is_null() && rows[0]["recv_q"].is_null());
    let info = info(&file);
    let listed = |source: &&Value| source["name"] == "sock_diag";
    let source = info["sources"]
        .as_array()
        .unwrap()
        .iter()
        .find(listed)
        .unwrap();
    assert_eq!(source["state"], "absent", "{source}");
}
