//! The truth about processes: what `afterimage ps` shows beside what `ps` shows, at one moment.

use crate::support::command::rows;
use crate::support::host::{folder, has, skip};
use crate::support::process::{Guarded, StandIn};
use crate::support::recorder::Recorder;
use rustix::process::Signal;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const RSS_BYTES: usize = 64 << 20;
/// `ps` reads `VmRSS`, which is exact; field 24 of `stat` sums counters that each CPU brings up
/// to date only every 32 pages or more, for each of three kinds of memory.
const RSS_TOLERANCE_KIB: u64 = 2048;
/// Budget enough to read everything: this is about truth, not about cost.
const ARGS: [&str; 4] = ["-i", "200ms", "--budget-cpu", "100"];

/// One line of `ps -eo pid,ppid,state,rss,nlwp,nice,user,args`.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    ppid: i64,
    state: String,
    rss_kib: u64,
    threads: u64,
    nice: i64,
    user: String,
    args: String,
}

/// What `ps` says of one process now.
fn ps_line(pid: i64) -> Line {
    let columns = "pid=,ppid=,state=,rss=,nlwp=,nice=,user:32=,args=";
    let ran = crate::support::command::finish(Command::new("ps").args(["-ww", "-eo", columns]));
    let text = ran.text();
    let mut lines = text.lines();
    let line = lines.find(|line| line.split_whitespace().next() == Some(&pid.to_string()));
    let line = line.unwrap_or_else(|| panic!("ps does not show {pid}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    Line {
        ppid: words[1].parse().unwrap(),
        state: words[2].to_owned(),
        rss_kib: words[3].parse().unwrap(),
        threads: words[4].parse().unwrap(),
        nice: words[5].parse().unwrap(),
        user: words[6].to_owned(),
        args: words[7..].join(" "),
    }
}

/// What the capture says of it at its end.
fn recorded(file: &Path, pid: i64) -> Value {
    let mut rows = rows("ps", file, &[]).into_iter();
    let row = rows.find(|row| row["pid"] == pid);
    row.unwrap_or_else(|| panic!("{pid} was not recorded"))
}

fn line_of(row: &Value) -> Line {
    let text = |key: &str| {
        row[key]
            .as_str()
            .unwrap_or_else(|| panic!("{key} of {row}"))
            .to_owned()
    };
    let number = |key: &str| {
        row[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} of {row}"))
    };
    Line {
        ppid: row["ppid"].as_i64().unwrap(),
        state: text("state"),
        rss_kib: number("rss_bytes") / 1024,
        threads: number("threads"),
        nice: row["nice"].as_i64().unwrap(),
        user: text("user"),
        args: text("cmdline"),
    }
}

#[track_caller]
fn assert_alike(file: &Path, process: &Guarded, live: &Line) {
    let mut ours = line_of(&recorded(file, process.pid()));
    let apart = ours.rss_kib.abs_diff(live.rss_kib);
    assert!(apart <= RSS_TOLERANCE_KIB, "{ours:?} and {live:?}");
    ours.rss_kib = live.rss_kib;
    assert_eq!(ours, *live);
}

#[test]
fn quiet_processes_are_as_ps_shows_them() {
    if !has("ps") {
        return skip("there is no ps here");
    }
    let rss = format!("rss={RSS_BYTES}");
    let processes = [
        StandIn::new("")
            .args(["--plain", "argument with spaces"])
            .start(),
        StandIn::new("").args(["nicer"]).nice().start(),
        StandIn::new("threads=3").args(["three"]).start(),
        StandIn::new(&rss).args(["large"]).start(),
    ];
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &ARGS);
    recorder.wait_until_seen(&processes);
    let live: Vec<Line> = processes
        .iter()
        .map(|process| ps_line(process.pid()))
        .collect();
    recorder.wait_for_more(2);
    recorder.stop();

    let own = i64::from(std::process::id());
    assert!(
        live.iter()
            .all(|line| line.ppid == own && line.state == "S"),
        "{live:?}"
    );
    assert_eq!((live[1].nice, live[2].threads), (5, 3), "{live:?}");
    assert!(live[3].rss_kib * 1024 >= RSS_BYTES as u64, "{live:?}");
    for (process, live) in processes.iter().zip(&live) {
        assert_alike(&file, process, live);
    }
}

#[test]
fn states_are_those_that_ps_shows() {
    if !has("ps") {
        return skip("there is no ps here");
    }
    let asleep = StandIn::new("").start();
    let spinning = StandIn::new("spin").start();
    let stopped = StandIn::new("").start();
    let parent = StandIn::new("zombie").start();
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &ARGS);
    recorder.wait_for_tick(3);
    // It sleeps at first: that it was stopped must be seen though it used no CPU.
    stopped.signal(Signal::STOP);
    recorder.wait_for_more(2);
    let live = [&asleep, &spinning, &stopped].map(|process| ps_line(process.pid()).state);
    recorder.stop();

    assert_eq!(live, ["S", "R", "T"]);
    let ours = [&asleep, &spinning, &stopped].map(|process| recorded(&file, process.pid()));
    assert_eq!(
        ours.map(|row| row["state"].as_str().unwrap().to_owned()),
        live
    );
    let rows = rows("ps", &file, &[]);
    let zombie = rows.iter().find(|row| row["ppid"] == parent.pid()).unwrap();
    let live = ps_line(zombie["pid"].as_i64().unwrap());
    assert_eq!(
        (zombie["state"].as_str(), live.state.as_str()),
        (Some("Z"), "Z")
    );
    assert_eq!(
        (&zombie["comm"], zombie["rss_bytes"].as_u64()),
        (&"true".into(), Some(0))
    );
}

#[test]
fn what_a_process_becomes_after_exec_is_shown_at_once() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &ARGS);
    let mut process = StandIn::new("exec=sleep").args(["117.5"]).start();
    recorder.wait_until_seen(std::slice::from_ref(&process));
    let before = recorded(&file, process.pid());
    assert!(
        before["cmdline"].as_str().unwrap().contains("stand-in"),
        "{before}"
    );
    process.end_input();
    crate::support::clock::wait_for("the exec", || {
        let comm = std::fs::read_to_string(format!("/proc/{}/comm", process.pid())).unwrap();
        (comm == "sleep\n").then_some(())
    });
    recorder.wait_for_more(3);
    let after = recorded(&file, process.pid());
    recorder.stop();
    assert_eq!(
        (&after["comm"], &after["cmdline"]),
        (&"sleep".into(), &"sleep 117.5".into())
    );
}
