//! `afterimage mark` and `status` reach the running recorder, and only its user's own.

use crate::support::clock::wait_for;
use crate::support::command::run;
use crate::support::host::{folder, is_root, skip};
use crate::support::recorder::Recorder;
use rusqlite::Connection;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

#[test]
fn a_mark_is_an_event_of_the_capture_and_status_counts_ticks() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "100ms"]);
    recorder.wait_for_tick(2);
    let text = "deployed 1.2.3 \u{1b}[31m";
    let marked = recorder.ask(&["mark", text]);
    assert_eq!((marked.code, marked.stderr.as_str()), (0, ""));

    let status = recorder.ask(&["status"]).json();
    assert!(status["ticks"].as_u64().unwrap() >= 2, "{status:#}");
    assert_eq!(status["pid"], recorder.pid());
    assert_eq!(status["interval_seconds"], 0.1);
    assert_eq!(status["file"], file.to_str().unwrap());
    assert_eq!(status["trouble"], serde_json::Value::Null);
    let ticks = || recorder.ask(&["status"]).json()["ticks"].as_u64().unwrap();
    let before = ticks();
    // The next one may have begun before the mark.
    wait_for("status to count on", || {
        (ticks() > before + 1).then_some(())
    });

    recorder.stop();
    let db = Connection::open(&file).unwrap();
    let read = "SELECT text, seq, unix_us FROM event WHERE kind = 'mark'";
    let (found, seq, at): (String, i64, i64) = db
        .query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    assert_eq!(found, text);
    // The last tick that was stored by then: the writer may be behind.
    assert!(seq >= 1, "{seq}");
    let run = "SELECT from_unix_us, to_unix_us FROM run";
    let (from, to): (i64, i64) = db
        .query_row(run, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert!((from..=to).contains(&at), "{at} is not in {from}..={to}");
}

#[test]
fn the_socket_is_private_and_goes_with_the_recorder() {
    let folder = folder();
    let mut recorder = Recorder::start(&folder.path().join("host.afterimage"), &["-i", "100ms"]);
    recorder.wait_for_tick(1);
    let socket = recorder.socket();
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    if is_root() {
        refuses_another_user(&recorder);
    } else {
        skip("only root can become another user: its refusal by the recorder");
    }
    recorder.signal(rustix::process::Signal::INT);
    assert_eq!(recorder.wait().code, 0);
    assert!(!socket.exists());
}

/// Though the folder lets it in: the kernel does not let it connect.
fn refuses_another_user(recorder: &Recorder) {
    let socket = recorder.socket();
    let parent = socket.parent().unwrap();
    fs::set_permissions(parent, Permissions::from_mode(0o755)).unwrap();
    let ask = "import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'status\\n')
sys.stdout.write('answer:' + s.recv(100).decode())";
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid",
        "65534",
        "--clear-groups",
        "/usr/bin/python3",
        "-c",
        ask,
    ]);
    let ran = crate::support::command::finish(command.arg(&socket));
    if ran.code != 0 && !ran.stderr.contains("Error") {
        return skip("setpriv or /usr/bin/python3 does not run here: the refusal of another user");
    }
    assert!(ran.stderr.contains("PermissionError"), "{}", ran.stderr);
    assert_eq!(ran.text(), "");
}

#[test]
fn one_in_another_pid_namespace_answers_all_the_same() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let Some(mut recorder) = Recorder::start_in_pid_namespace(&file, &["-i", "100ms"]) else {
        return;
    };
    recorder.wait_for_tick(1);
    let status = recorder.ask(&["status"]).json();
    assert_eq!(status["pid"], 1, "{status:#}");
    let marked = recorder.ask(&["mark", "seen from outside"]);
    assert_eq!((marked.code, marked.stderr.as_str()), (0, ""));
}

#[test]
fn without_a_recorder_the_answer_says_how_to_name_the_socket() {
    let folder = folder();
    let socket = folder.path().join("none");
    for verb in [&["status"][..], &["mark", "x"]] {
        let mut args: Vec<&str> = verb.to_vec();
        args.extend(["--socket", socket.to_str().unwrap()]);
        let ran = run(&args);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains("--socket"), "{}", ran.stderr);
    }
}
