//! A running recorder, ended with its guard. Its socket and what it says lie in a folder of its
//! own, so that the folder of the capture holds only what the recorder leaves there.

use super::capture;
use super::clock::wait_for;
use super::command::{AFTERIMAGE, Ran};
use super::process::Guarded;
use rustix::process::Signal;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A recorder that was forgotten ends by itself.
const LONGEST: &str = "180s";

/// A recorder and where it records to.
#[derive(Debug)]
pub(crate) struct Recorder {
    process: Guarded,
    own: TempDir,
    file: PathBuf,
}

/// `nohup`, if the tests run under it, must not reach what they start.
fn record() -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", AFTERIMAGE, "record"]);
    command
}

impl Recorder {
    /// Starts one with these arguments beside `--output`, `--socket` and `--duration`.
    pub(crate) fn start(file: &Path, args: &[&str]) -> Self {
        let own = super::host::folder();
        let mut command = record();
        command.args(["--duration", LONGEST]);
        Self::spawn(command, own, file, args)
    }

    /// Starts one that ends by itself.
    pub(crate) fn start_for(file: &Path, duration: &str, args: &[&str]) -> Self {
        let own = super::host::folder();
        let mut command = record();
        command.args(["--duration", duration]);
        Self::spawn(command, own, file, args)
    }

    /// Starts one with these variables in its environment.
    pub(crate) fn start_with(variables: &[(&str, OsString)], file: &Path, args: &[&str]) -> Self {
        let mut command = record();
        let set = variables.iter().map(|(name, value)| (name, value));
        command.envs(set);
        command.args(["--duration", LONGEST]);
        Self::spawn(command, super::host::folder(), file, args)
    }

    /// Starts one that is process 1 of a PID namespace; it goes with its guard. `None`, and said
    /// why, where no namespace can be made.
    pub(crate) fn start_in_pid_namespace(file: &Path, args: &[&str]) -> Option<Self> {
        let unshare = || {
            let mut command = Command::new("unshare");
            command.args(["--pid", "--fork", "--kill-child"]);
            command
        };
        if !unshare()
            .arg("true")
            .status()
            .is_ok_and(|ended| ended.success())
        {
            super::host::skip("no PID namespace can be made here");
            return None;
        }
        let mut command = unshare();
        command
            .arg(AFTERIMAGE)
            .args(["record", "--duration", LONGEST]);
        Some(Self::spawn(command, super::host::folder(), file, args))
    }

    fn spawn(mut command: Command, own: TempDir, file: &Path, args: &[&str]) -> Self {
        command.arg("--socket").arg(own.path().join("socket"));
        command.arg("-o").arg(file).args(args);
        let said = File::create(own.path().join("stderr")).expect("the folder is ours");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let process = Guarded::spawn(command.stderr(said));
        let file = file.to_owned();
        Self { process, own, file }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.own.path().join("socket")
    }

    pub(crate) fn pid(&self) -> i64 {
        self.process.pid()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.own.path().join("stderr")).unwrap_or_default()
    }

    /// Waits until tick number `seq` is in the file.
    #[track_caller]
    pub(crate) fn wait_for_tick(&mut self, seq: u64) {
        wait_for(&format!("tick {seq}"), || {
            assert!(self.is_running(), "it has ended: {}", self.said());
            (capture::last_tick(&self.file) >= seq).then_some(())
        });
    }

    /// Waits until so many ticks were recorded after this moment.
    #[track_caller]
    pub(crate) fn wait_for_more(&mut self, ticks: u64) {
        // One more: the tick that is just being taken may have begun before now.
        let seq = capture::last_tick(&self.file) + ticks + 1;
        self.wait_for_tick(seq);
    }

    /// How many ticks are in its file at least, by its own account: one may be on its way there,
    /// and one to who writes it.
    pub(crate) fn committed(&self) -> u64 {
        let ran = self.ask(&["status"]);
        if ran.code != 0 {
            return 0;
        }
        let status = ran.json();
        let count = |name: &str| status[name].as_u64().expect("a count");
        count("ticks").saturating_sub(count("not_on_disk_ticks") + 2)
    }

    /// Waits until the newest sample has these processes with their command lines: those are
    /// read on another thread, and may come some ticks later.
    #[track_caller]
    pub(crate) fn wait_until_seen(&mut self, processes: &[Guarded]) {
        wait_for("the command lines", || {
            assert!(self.is_running(), "it has ended: {}", self.said());
            let sample = capture::last_sample(&self.file)?;
            let seen = |process: &Guarded| {
                let mut found = sample.processes.iter();
                found.any(|found| {
                    i64::from(found.key.pid.0) == process.pid() && found.command_line.is_ok()
                })
            };
            processes.iter().all(seen).then_some(())
        });
    }

    /// Waits for its end; it must not have panicked.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> Ran {
        let code = self.process.wait();
        let stderr = self.said();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Ran {
            code,
            stdout: Vec::new(),
            stderr,
        }
    }

    /// Ends it in the ordinary way, which must work.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.signal(Signal::TERM);
        let Ran { code, stderr, .. } = self.wait();
        assert_eq!(code, 0, "{stderr}");
    }

    /// Talks to it as `afterimage status` and `mark` do.
    #[track_caller]
    pub(crate) fn ask(&self, verb: &[&str]) -> Ran {
        let socket = self.socket();
        let mut args: Vec<&OsStr> = verb.iter().map(OsStr::new).collect();
        args.extend([OsStr::new("--socket"), socket.as_os_str()]);
        super::command::run(&args)
    }
}
