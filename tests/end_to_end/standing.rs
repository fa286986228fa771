//! What the recorder is granted so that it outlives the host's trouble: it takes it where it
//! may, for the sampler only, and says in the capture what it was denied.

use crate::support::command::{AFTERIMAGE, finish, info, run};
use crate::support::host::{folder, is_root, skip};
use crate::support::recorder::Recorder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// State of each grant in the capture.
fn grants(file: &Path) -> BTreeMap<String, (String, String)> {
    let info = info(file);
    let names = ["memory-lock", "priority", "oom-score"];
    let sources = info["sources"].as_array().unwrap().iter();
    let text = |source: &Value, key: &str| source[key].as_str().unwrap().to_owned();
    let grants = sources.filter(|source| names.iter().any(|name| source["name"] == *name));
    let grants = grants.map(|grant| {
        (
            text(grant, "name"),
            (text(grant, "state"), text(grant, "detail")),
        )
    });
    grants.collect()
}

/// Name and nice value of each thread.
fn niceness(pid: i64) -> Vec<(String, i64)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let threads = tasks.map(|task| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap();
        let (front, fields) = stat.rsplit_once(')').unwrap();
        let name = front.split_once('(').unwrap().1.to_owned();
        // Field 19 of `proc_pid_stat(5)`.
        let nice = fields.split_ascii_whitespace().nth(16).unwrap();
        (name, nice.parse().unwrap())
    });
    threads.collect()
}

#[test]
fn root_locks_its_memory_and_the_sampler_goes_first_with_whom_it_waits_for() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "50ms"]);
    recorder.wait_for_tick(5);
    let granted = grants(&file);
    let (is_locked, goes_first) = (
        granted["memory-lock"].0 == "ok",
        granted["priority"].0 == "ok",
    );
    let status = fs::read_to_string(format!("/proc/{}/status", recorder.pid())).unwrap();
    let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:"));
    assert_eq!(locked.unwrap().trim() != "0 kB", is_locked, "{status}");
    let threads = niceness(recorder.pid());
    // The sampler is called as the program is.
    let waited_for = ["kernel-side"];
    let others = [
        "details",
        "writer",
        "backlog",
        "statvfs",
        "sysfs",
        "kernel-log",
    ];
    for (name, nice) in &threads {
        if others.contains(&&name[..]) {
            assert!(*nice >= 0, "{threads:?}");
        } else if waited_for.contains(&&name[..]) {
            assert_eq!(*nice < 0, goes_first, "{threads:?}");
        }
    }
    let first = threads.iter().filter(|(_, nice)| *nice < 0);
    let first = first.filter(|(name, _)| !waited_for.contains(&&name[..]));
    assert_eq!(first.count(), usize::from(goes_first), "{threads:?}");
    assert!(
        threads.iter().any(|(name, _)| name == "details"),
        "{threads:?}"
    );
    recorder.stop();
    if !is_root() || !is_locked || !goes_first {
        skip(&format!("not all is granted here: {granted:?}"));
    }
}

/// A small limit must not become an allocation that fails later.
#[test]
fn what_is_denied_is_said_and_recording_goes_on() {
    if !is_root() {
        return skip("only root gives up what it may");
    }
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut command = Command::new("setpriv");
    command.args([
        "--bounding-set=-ipc_lock,-sys_nice",
        "prlimit",
        "--memlock=8388608",
    ]);
    command.args([AFTERIMAGE, "record", "-i", "50ms", "--duration", "2s"]);
    command.arg("--socket").arg(folder.path().join("socket"));
    let ran = finish(command.arg("-o").arg(&file));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let grants = grants(&file);
    for name in ["memory-lock", "priority"] {
        assert_eq!(grants[name].0, "denied", "{grants:?}");
    }
    assert!(
        grants["memory-lock"].1.contains("8388608 bytes"),
        "{grants:?}"
    );
    assert!(
        grants["oom-score"].1.contains("oom_score_adj"),
        "{grants:?}"
    );
}

#[test]
fn doctor_says_what_each_costs_and_how_it_is_granted() {
    let findings = run(&["doctor", "--json"]).json();
    for (name, grant) in [
        ("memory lock", "cap_ipc_lock"),
        ("priority", "cap_sys_nice"),
        ("OOM score", "OOMScoreAdjust"),
    ] {
        let list = findings.as_array().unwrap().iter();
        let found = list.clone().find(|finding| finding["name"] == name);
        let found = found.unwrap_or_else(|| panic!("{name}: {findings:#}"));
        assert!(found["grant"].as_str().unwrap().contains(grant), "{found}");
        assert_ne!(found["cost"], "", "{found}");
    }
}
