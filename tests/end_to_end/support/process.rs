//! Processes for the recorder to look at. Each ends with its guard, also when a test fails.

use super::clock::{DEADLINE, monotonic};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

const STAND_IN: &str = env!("CARGO_BIN_EXE_stand-in");

/// A child process, killed and waited for when this goes.
#[derive(Debug)]
pub(crate) struct Guarded {
    child: Child,
    /// A stand-in ends when this is closed.
    stdin: Option<ChildStdin>,
}

impl Guarded {
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program is there");
        let stdin = child.stdin.take();
        Self { child, stdin }
    }

    pub(crate) fn pid(&self) -> i64 {
        self.child.id().into()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("our own child, not reaped yet");
    }

    pub(crate) fn is_running(&mut self) -> bool {
        let status = self.child.try_wait().expect("our own child");
        status.is_none()
    }

    /// Its standard output, which must have been asked for.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().expect("it was asked for")
    }

    /// Its standard error, which must have been asked for.
    pub(crate) fn stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().expect("it was asked for")
    }

    /// Closes its standard input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Waits for its end and gives its exit code; -1 when a signal ended it.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> i32 {
        let end = monotonic() + DEADLINE;
        while self.is_running() {
            assert!(monotonic() < end, "pid {} does not end", self.pid());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let status = self.child.wait().expect("our own child");
        status.code().unwrap_or(-1)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a command whose standard output nobody reads; gives its exit code and what it said.
pub(crate) fn with_closed_output(command: &mut Command) -> (i32, String) {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = Guarded::spawn(command.stderr(Stdio::piped()));
    drop(child.stdout());
    let mut said = String::new();
    let read = child.stderr().read_to_string(&mut said);
    read.expect("a pipe can be read");
    (child.wait(), said)
}

/// A stand-in before it is started: see `stand_in/main.rs` for what `what` may ask for.
#[derive(Debug, Clone)]
pub(crate) struct StandIn {
    program: OsString,
    arg0: Option<OsString>,
    args: Vec<OsString>,
    what: String,
    nice: bool,
}

impl StandIn {
    pub(crate) fn new(what: &str) -> Self {
        Self {
            program: STAND_IN.into(),
            arg0: None,
            args: Vec::new(),
            what: what.to_owned(),
            nice: false,
        }
    }

    /// Under another name: the kernel calls a process by the name of the file it was started by.
    pub(crate) fn named(mut self, folder: &Path, name: &OsStr) -> Self {
        let link = folder.join(name);
        if std::fs::symlink_metadata(&link).is_err() {
            std::os::unix::fs::symlink(STAND_IN, &link).expect("the folder is ours");
        }
        self.arg0 = Some(name.to_owned());
        self.program = link.into();
        self
    }

    pub(crate) fn arg0(mut self, arg0: impl Into<OsString>) -> Self {
        self.arg0 = Some(arg0.into());
        self
    }

    pub(crate) fn args<S: Into<OsString>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// With a nice value of 5.
    pub(crate) fn nice(mut self) -> Self {
        self.nice = true;
        self
    }

    /// Starts it and waits until it is as it was asked to be.
    #[track_caller]
    pub(crate) fn start(self) -> Guarded {
        let mut command = if self.nice {
            let mut command = Command::new("nice");
            command.args(["-n", "5"]).arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        if let Some(arg0) = self.arg0.filter(|_| !self.nice) {
            command.arg0(arg0);
        }
        command.args(self.args).env("STAND_IN", self.what);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guarded = Guarded::spawn(&mut command);
        let stdout = guarded.stdout();
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("a pipe can be read");
        assert_eq!(line, "ready\n", "pid {}", guarded.pid());
        guarded
    }
}
