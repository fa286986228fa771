//! Trouble of a host that only root can make: mounts that never answer, frozen groups, memory
//! that runs out, ten thousand processes. See `host_trouble.rs`.

use crate::fake_proc::fake;
use crate::host_trouble::{Crowd, INTERVAL, assert_accounted, record};
use crate::support::cgroup::Cgroup;
use crate::support::clock::wait_for;
use crate::support::command::{info, rows};
use crate::support::host::{folder, skip};
use crate::support::hung_mount::HungMount;
use crate::support::process::StandIn;
use crate::support::recorder::Recorder;
use std::fs;
use std::thread;
use std::time::Duration;

const SHORT: Duration = Duration::from_secs(5);
const FROZEN: Duration = Duration::from_secs(3);
const MANY: u32 = 10_000;
/// The group may use so much, and the process in it wants twice that.
const LIMIT: u64 = 64 << 20;

#[test]
#[ignore = "mounts a file system: ./check --root"]
fn a_file_of_a_process_that_never_answers_costs_no_tick_without_a_cause() {
    on_a_hung_file(SHORT);
}

#[test]
#[ignore = "mounts a file system: ./check --root"]
fn a_mount_that_never_answers_costs_no_tick_without_a_cause() {
    beside_a_hung_mount(SHORT);
}

/// Records that long where reading one command line does not come back.
pub(crate) fn on_a_hung_file(duration: Duration) {
    let (root, folder) = (fake(), folder());
    let file = folder.path().join("host.afterimage");
    let line = root.path().join("9/cmdline");
    fs::remove_file(&line).unwrap();
    fs::write(&line, "").unwrap();
    let Some(hung) = HungMount::over(&line) else {
        return;
    };
    record(
        &file,
        duration,
        &["--proc-root", root.path().to_str().unwrap()],
    );
    drop(hung);
    assert_accounted(&file, &["stalled"]);
    let info = info(&file);
    let sources = info["sources"].as_array().unwrap();
    let lines = sources
        .iter()
        .find(|source| source["name"] == "PID/cmdline");
    assert_eq!(lines.unwrap()["state"], "blocked", "{info:#}");
    let processes = rows("ps", &file, &["--at", "end"]);
    assert_eq!(processes.len(), 3, "{processes:#?}");
}

/// Records that long on this host while one of its file systems does not answer.
pub(crate) fn beside_a_hung_mount(duration: Duration) {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let point = folder.path().join("mount");
    fs::create_dir(&point).unwrap();
    let Some(hung) = HungMount::over(&point) else {
        return;
    };
    record(&file, duration, &[]);
    drop(hung);
    assert_accounted(&file, &["stalled"]);
}

#[test]
#[ignore = "freezes a control group: ./check --root"]
fn a_frozen_recorder_records_that_it_did_not_ask_to_run() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let Some(group) = Cgroup::make("freezer") else {
        return;
    };
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(3);
    group.enter(recorder.pid());
    group.set("freezer.state", "FROZEN");
    thread::sleep(FROZEN);
    group.set("freezer.state", "THAWED");
    recorder.wait_for_more(3);
    recorder.stop();
    assert_accounted(&file, &["stopped", "stalled"]);
    let info = info(&file);
    let gaps = info["gaps"].as_array().unwrap();
    let frozen = gaps.iter().filter(|gap| {
        let detail = gap["detail"].as_str().unwrap();
        gap["kind"] == "stopped" && detail.contains("frozen cgroup")
    });
    assert_eq!(frozen.count(), 1, "{gaps:#?}");
}

#[test]
#[ignore = "runs a control group out of memory: ./check --root"]
fn a_process_that_is_killed_for_its_memory_is_in_the_kernel_log_of_a_recording_that_goes_on() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let (Some(own), Some(small)) = (Cgroup::make("memory"), Cgroup::make("memory")) else {
        return;
    };
    small.set("memory.limit_in_bytes", &LIMIT.to_string());
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    own.enter(recorder.pid());
    recorder.wait_for_tick(3);
    let sources = info(&file);
    let log = sources["sources"].as_array().unwrap().iter();
    if !log
        .clone()
        .any(|source| source["name"] == "kmsg" && source["state"] == "ok")
    {
        return skip("the kernel log is not readable");
    }
    let mut hog = StandIn::new(&format!("then-rss={}", LIMIT * 2)).start();
    small.enter(hog.pid());
    hog.end_input();
    assert_eq!(hog.wait(), -1, "it was killed");
    let killed = format!("Killed process {}", hog.pid());
    wait_for("the kernel's word", || {
        let lines = rows("dmesg", &file, &[]);
        let mut lines = lines.iter().map(ToString::to_string);
        lines.find(|line| line.contains(&killed))
    });
    recorder.wait_for_more(10);
    recorder.stop();
    assert_accounted(&file, &["stalled"]);
}

#[test]
#[ignore = "starts 10,000 processes: ./check --root"]
fn among_ten_thousand_processes_it_sheds_and_every_tick_has_its_account() {
    among_ten_thousand("30s");
}

/// Records that long on a host with so many processes.
pub(crate) fn among_ten_thousand(duration: &str) {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let Some(crowd) = Crowd::start("idle", MANY) else {
        return;
    };
    let mut recorder = Recorder::start_for(&file, duration, &["-i", "1s"]);
    // No test waits longer than a minute for anything.
    thread::sleep(Duration::from_secs(30));
    let ended = recorder.wait();
    drop(crowd);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("to stay within the budget"),
        "{}",
        ended.stderr
    );
    let account = assert_accounted(&file, &["stalled"]);
    assert!(account.ticks > 0);
    let processes = rows("ps", &file, &["--at", "end"]);
    assert!(processes.len() >= MANY as usize, "{}", processes.len());
}
