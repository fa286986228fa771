//! Runs the built command with a deadline, and keeps what it said.

use super::clock::DEADLINE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;

/// The command under test.
pub(crate) const AFTERIMAGE: &str = env!("CARGO_BIN_EXE_afterimage-under-test");

/// A command line that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code; -1 when a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("what we print is UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).expect("it was asked for JSON")
    }
}

/// Runs it with these arguments, whatever comes of it; only a panic is never right.
#[track_caller]
pub(crate) fn run<S: AsRef<OsStr>>(args: &[S]) -> Ran {
    let mut command = Command::new(AFTERIMAGE);
    finish(command.args(args))
}

/// Runs it, and it must succeed without a word on standard error.
#[track_caller]
pub(crate) fn ok<S: AsRef<OsStr>>(args: &[S]) -> Ran {
    let ran = run(args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    ran
}

/// `afterimage VERB FILE MORE... --format json`, as rows.
#[track_caller]
pub(crate) fn rows(verb: &str, file: &Path, more: &[&str]) -> Vec<Value> {
    let mut args = vec![OsStr::new(verb), file.as_os_str()];
    args.extend(more.iter().map(OsStr::new));
    args.extend(["--format", "json"].map(OsStr::new));
    match ok(&args).json() {
        Value::Array(rows) => rows,
        other => panic!("{verb} gave no array but {other}"),
    }
}

/// The same without the rows of gaps: one for each tick, of commands that print one each.
#[track_caller]
pub(crate) fn ticks(verb: &str, file: &Path, more: &[&str]) -> Vec<Value> {
    let mut rows = rows(verb, file, more);
    rows.retain(|row| row["gap"].is_null());
    rows
}

/// `afterimage info --json`.
#[track_caller]
pub(crate) fn info(file: &Path) -> Value {
    ok(&[OsStr::new("info"), file.as_os_str(), OsStr::new("--json")]).json()
}

/// `afterimage check` finds nothing wrong.
#[track_caller]
pub(crate) fn assert_sound(file: &Path) {
    let text = ok(&[OsStr::new("check"), file.as_os_str()]).text();
    assert!(text.contains(" 0 damaged"), "{text}");
}

/// Waits for a command to end, and ends it by its pid when it takes too long.
#[track_caller]
pub(crate) fn finish(command: &mut Command) -> Ran {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program is there");
    let output = output_in_time(child).unwrap_or_else(|| panic!("{command:?} did not end"));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!stderr.contains("panicked"), "{command:?}: {stderr}");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr,
    }
}

fn output_in_time(child: Child) -> Option<Output> {
    let pid = Pid::from_child(&child);
    let (done, ended) = channel();
    let thread = thread::Builder::new().name("waits".to_owned());
    thread
        .spawn(move || drop(done.send(child.wait_with_output())))
        .expect("a thread can be started");
    let Ok(output) = ended.recv_timeout(DEADLINE) else {
        // Not reaped yet, as the thread still waits for it: the pid is its own.
        let killed = kill_process(pid, Signal::KILL);
        killed.expect("our own child");
        return None;
    };
    Some(output.expect("a child can be waited for"))
}
