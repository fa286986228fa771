//! A lock whose holder waits for another process: the dump names that process.

use super::Recording;
use crate::support::capture::last_tick;
use crate::support::clock::wait_for;
use crate::support::command::ok;
use crate::support::host::{folder, has, skip};
use crate::support::java::Java;
use serde_json::Value;
use std::os::unix::net::UnixListener;
use std::path::Path;

fn threads(file: &Path, pid: i64, more: &[&str]) -> Value {
    let pid = pid.to_string();
    let mut args: Vec<&std::ffi::OsStr> = vec!["threads".as_ref(), file.as_os_str()];
    args.extend(["--pid", &pid, "--format", "json"].map(std::ffi::OsStr::new));
    args.extend(more.iter().map(std::ffi::OsStr::new));
    ok(&args).json()
}

fn named<'v>(all: &'v Value, thread: &str) -> Option<&'v Value> {
    let mut all = all.as_array()?.iter();
    all.find(|one| one["thread"] == thread)
}

#[test]
fn who_keeps_a_lock_while_it_waits_for_another_process_is_followed_to_it() {
    let server = has("java")
        .then(|| Java::start_server(Path::new("java")))
        .flatten();
    let Some(server) = server.map(Java::ready) else {
        return skip("no java and javac");
    };
    let log = server.log();
    let port = log.lines().find_map(|line| line.strip_prefix("port "));
    if std::fs::read("/proc/self/syscall").is_err() {
        return skip("this kernel does not say which system call a thread is in");
    }
    let Some(asker) = Java::start_asker(port.unwrap()) else {
        return skip("no java and javac");
    };
    let mut asker = asker.ready();
    let (pid, other) = (asker.process.pid(), server.process.pid());
    let mut recording = Recording::start("");
    let ask = |recording: &Recording| recording.dump(&pid.to_string()).code == 0;
    wait_for("a dump of it", || ask(&recording).then_some(()));
    let file = recording.file.clone();
    // The other end is known once the sockets were listed with their owners: on a busy host the
    // recorder takes its time for that.
    let mut is_known = false;
    for _ in 0..40 {
        assert!(ask(&recording));
        let all = threads(&file, pid, &["--at", "end"]);
        let followed = &all["dumps"][0]["followed"];
        let is_followed = |thread: &&str| named(followed, thread).is_some();
        is_known = ["asks", "asks-with-limit"].iter().all(is_followed);
        if is_known {
            break;
        }
        let tick = last_tick(&file);
        recording.recorder.wait_for_tick(tick + 1);
    }
    assert!(is_known, "nobody was followed");
    asker.assert_unharmed();
    let (_folder, _dumps) = recording.ended();
    let all = threads(&file, pid, &[]);
    let entries = all["dumps"].as_array().unwrap();
    let entry = entries.last().unwrap();
    for thread in ["asks", "asks-with-limit"] {
        let found = named(&entry["followed"], thread);
        let found = found.unwrap_or_else(|| panic!("{thread}: {:#}", entry["followed"]));
        assert_eq!(
            (&found["over"], &found["pid"]),
            (&"reply".into(), &other.into())
        );
        assert_eq!(found["comm"], "java");
        let remote = found["remote"].as_str().unwrap();
        assert_eq!(remote, format!("127.0.0.1:{}", port.unwrap()));
        let told = format!("It waits for a reply from java (pid {other}) on {remote}");
        let summary = finding_of(entry, thread);
        assert!(summary.contains(&told), "{summary}");
    }
    assert!(named(&entry["followed"], "asks-waiter-0").is_none());
    let first = entries
        .iter()
        .find(|entry| entry["status"] == "ok")
        .unwrap();
    assert_nothing_moved(&file, pid, [first, entry]);
}

/// What is said of the lock that this thread has.
fn finding_of<'v>(entry: &'v Value, thread: &str) -> &'v str {
    let said = format!("\"{thread}\" has");
    let findings = entry["findings"].as_array().unwrap().iter();
    let mut summaries = findings.filter_map(|finding| finding["summary"].as_str());
    let found = summaries.find(|summary| summary.starts_with(&said));
    found.unwrap_or_else(|| panic!("{thread}: {:#}", entry["findings"]))
}

#[test]
fn who_waits_over_a_unix_socket_or_a_pipe_is_followed_to_who_has_the_other_end() {
    if std::fs::read("/proc/self/syscall").is_err()
        || std::fs::read("/proc/thread-self/children").is_err()
    {
        return skip("this kernel does not say what a thread is in, or who is whose child");
    }
    let folder = folder();
    let path = folder.path().join("server");
    let listener = UnixListener::bind(&path).unwrap();
    let path = path.to_str().unwrap();
    let started = has("java").then(|| Java::start_asker(path)).flatten();
    let Some(asker) = started.map(Java::ready) else {
        return skip("no java and javac");
    };
    if asker.log().contains("ClassNotFound") {
        return skip("this java has no UNIX sockets");
    }
    // It is never answered.
    let _connection = listener.accept().unwrap();
    let log = asker.log();
    let child = log.lines().find_map(|line| line.strip_prefix("child "));
    let (child, server) = (
        child.unwrap().parse::<i64>().unwrap(),
        i64::from(std::process::id()),
    );
    let pid = asker.process.pid();
    let mut recording = Recording::start("");
    // Whoever starts a program has its descriptors twice for a moment, as this one does for other
    // tests; and who does not get the time for it does not look.
    let found = wait_for("both to be followed", || {
        assert_eq!(recording.dump(&pid.to_string()).code, 0);
        let all = threads(&recording.file, pid, &["--at", "end"]);
        let entry = all["dumps"][0].clone();
        let is_followed = |thread: &&str| named(&entry["followed"], thread).is_some();
        let is_known = ["asks-path", "asks-child"].iter().all(is_followed);
        if !is_known {
            let tick = last_tick(&recording.file);
            recording.recorder.wait_for_tick(tick + 1);
        }
        is_known.then_some(entry)
    });
    recording.end();
    let followed = &found["followed"];
    let asks = named(followed, "asks-path").unwrap();
    assert_eq!(
        (&asks["over"], &asks["way"]),
        (&"reply".into(), &"unix".into())
    );
    assert_eq!(
        (&asks["pid"], &asks["remote"]),
        (&server.into(), &path.into())
    );
    assert_eq!(asks["local"], Value::Null);
    let of_child = named(followed, "asks-child").unwrap();
    assert_eq!(
        (&of_child["over"], &of_child["way"]),
        (&"data".into(), &"pipe".into())
    );
    assert_eq!(
        (&of_child["pid"], &of_child["comm"]),
        (&child.into(), &"cat".into())
    );
    let told = format!("(pid {server}) on {path}");
    let said = finding_of(&found, "asks-path");
    assert!(said.contains("It waits for a reply from "), "{said}");
    assert!(said.contains(&told), "{said}");
    let told = format!("It waits for data from cat (pid {child}) over a pipe, which ");
    let said = finding_of(&found, "asks-child");
    assert!(said.contains(&told), "{said}");
}

/// Between the two nobody got on.
fn assert_nothing_moved(file: &Path, pid: i64, [first, last]: [&Value; 2]) {
    let [at, diff] = [first, last].map(|entry| entry["at"].as_str().unwrap());
    let said = threads(file, pid, &["--at", at, "--diff", diff]);
    let diff = &said["diffs"][0];
    assert_eq!(said["diffs"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&diff["before"]["at"], &diff["now"]["at"]),
        (&first["at"], &last["at"])
    );
    assert_eq!(
        (&diff["identity"], &diff["cpu_by"]),
        (&"same-life".into(), &"kernel".into())
    );
    for thread in ["asks", "asks-with-limit", "asks-waiter-1"] {
        let same = named(&diff["same"], thread);
        let same = same.unwrap_or_else(|| panic!("{thread}: {:#}", diff["changed"]));
        assert!(same["cpu_ms"].as_f64().is_some(), "{same}");
    }
    let locks = diff["locks"].as_array().unwrap();
    assert_eq!(locks.len(), 2);
    assert!(locks.iter().all(|lock| lock["has_other_owner"] == false));
    let stayed = diff["findings"].as_array().unwrap().iter();
    let stayed = stayed.filter(|finding| finding["change"] == "stayed");
    assert!(stayed.count() >= 2);
}
