//! Runs a configured program, within its limits: so long, so much, and nothing of it left behind.

use super::{Output, Words};
use crate::clock;
use crate::dumps::life;
use crate::source::process::stat;
use afterimage_format::thread_dump::DumpStatus;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, setpriority_process, waitid,
};
use rustix::time::Timespec;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// So much less important than others is what it runs.
const NICE: i32 = 5;
/// What it says of itself is kept from the end.
const MOST_WORDS: usize = 1 << 10;
/// What it has started may hold its output open: for so long that is waited for once it ended.
const REST_WITHIN: Duration = Duration::from_millis(200);
/// How often it is looked whether it ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs it, and gives what it writes to standard output.
pub(super) fn run(
    command: &[String],
    words: &Words,
    timeout: Duration,
    max_bytes: usize,
) -> Output {
    let filled: Vec<String> = command.iter().map(|part| words.fill(part)).collect();
    let mut output = match start(&filled) {
        Ok(child) => Running::new(child, timeout, max_bytes).finish(),
        Err(error) => Output::of(
            Vec::new(),
            Err((
                DumpStatus::Failed,
                format!("{} cannot be started: {error}", filled[0]),
            )),
        ),
    };
    output.arguments = filled.join(" ");
    output
}

fn start(command: &[String]) -> io::Result<Child> {
    // It is the calling thread that is made less important, and what it starts is as important
    // as that. This is never denied.
    setpriority_process(None, NICE).unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from(USUAL_PATH));
    let home = std::env::var_os("HOME").unwrap_or_else(|| OsString::from("/"));
    Command::new(&command[0])
        .args(&command[1..])
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// A program that runs.
struct Running {
    child: Child,
    timeout: Duration,
    max_bytes: usize,
    text: Vec<u8>,
    /// The end of what it writes to standard error.
    words: Vec<u8>,
}

/// Why nothing more is read.
enum Stopped {
    /// It said all it had to say.
    Ended,
    TooLong,
    TooMuch,
    Broken(io::Error),
}

impl Running {
    fn new(child: Child, timeout: Duration, max_bytes: usize) -> Self {
        Self {
            child,
            timeout,
            max_bytes,
            text: Vec::new(),
            words: Vec::new(),
        }
    }

    fn finish(mut self) -> Output {
        let stopped = self.read().unwrap_or_else(Stopped::Broken);
        // Until it is waited for, nobody else has its number: this ends what it has started, and
        // itself if it goes on.
        if let Some(group) = self.pid() {
            kill_process_group(group, Signal::KILL).unwrap_or_default();
        }
        let cpu = self.cpu();
        let status = self.child.wait();
        let why = match stopped {
            Stopped::Ended => self.judge(status),
            Stopped::TooLong => Err((
                DumpStatus::Timeout,
                format!("it took longer than {:?} and was ended", self.timeout),
            )),
            Stopped::TooMuch => Err((
                DumpStatus::Truncated,
                format!("it wrote more than {} bytes and was ended", self.max_bytes),
            )),
            Stopped::Broken(error) => Err((DumpStatus::Failed, error.to_string())),
        };
        let mut output = Output::of(std::mem::take(&mut self.text), why);
        output.cpu = cpu;
        output
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    fn judge(&self, status: io::Result<ExitStatus>) -> Result<(), (DumpStatus, String)> {
        let ended = match status {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("it ended with code {code}"),
                (None, Some(signal)) => format!("signal {signal} ended it"),
                (None, None) => "it ended".to_owned(),
            },
            Err(error) => format!("its end is not known: {error}"),
        };
        let words = String::from_utf8_lossy(&self.words);
        let words = words.trim();
        let why = if words.is_empty() {
            ended
        } else {
            format!("{ended}: {words}")
        };
        Err((DumpStatus::Failed, why))
    }

    /// Reads both of its outputs until it ends, or may not go on.
    fn read(&mut self) -> io::Result<Stopped> {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        let mut stdout = self.child.stdout.take();
        let mut stderr = self.child.stderr.take();
        let began = clock::now().monotonic;
        let mut ended = None;
        let mut piece = vec![0; 64 << 10];
        while stdout.is_some() || stderr.is_some() {
            let now = clock::now().monotonic;
            let passed = now.since(began).unwrap_or_default();
            if passed >= self.timeout {
                return Ok(Stopped::TooLong);
            }
            if ended.is_none() && self.has_ended() {
                ended = Some(now);
            }
            if ended.is_some_and(|at| now.since(at).unwrap_or_default() > REST_WITHIN) {
                return Ok(Stopped::Ended);
            }
            let wait = LOOK_EVERY.min(self.timeout.saturating_sub(passed));
            let [out, err] = wait_for(
                [
                    stdout.as_ref().map(AsFd::as_fd),
                    stderr.as_ref().map(AsFd::as_fd),
                ],
                wait,
            )?;
            if out {
                let read = stdout.as_mut().ok_or_else(broken)?.read(&mut piece)?;
                let room = self.max_bytes - self.text.len();
                self.text.extend_from_slice(&piece[..read.min(room)]);
                if read > room {
                    return Ok(Stopped::TooMuch);
                }
                if read == 0 {
                    stdout = None;
                }
            }
            if err {
                let read = stderr.as_mut().ok_or_else(broken)?.read(&mut piece)?;
                self.words.extend_from_slice(&piece[..read]);
                let surplus = self.words.len().saturating_sub(MOST_WORDS);
                self.words.drain(..surplus);
                if read == 0 {
                    stderr = None;
                }
            }
        }
        // It may close both and go on.
        while !self.has_ended() {
            if clock::now().monotonic.since(began).unwrap_or_default() >= self.timeout {
                return Ok(Stopped::TooLong);
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(Stopped::Ended)
    }

    /// Whether it has ended; it is not waited for yet, so that its number stays its own.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let pid = self.pid().map(WaitId::Pid);
        pid.is_some_and(|pid| matches!(waitid(pid, options), Ok(Some(_))))
    }

    /// CPU time that it has used, of which the kernel tells until it is waited for.
    fn cpu(&self) -> Duration {
        let text = std::fs::read(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let times = stat::parse(&text).map(|stat| stat.cpu_times());
        let rate = life::tick_rate();
        times.map_or(Duration::ZERO, |times| {
            times
                .into_iter()
                .flatten()
                .map(|ticks| ticks.to_duration(rate))
                .sum()
        })
    }
}

/// Which of them has something to be read, or has been closed.
fn wait_for(
    files: [Option<std::os::fd::BorrowedFd<'_>>; 2],
    wait: Duration,
) -> io::Result<[bool; 2]> {
    let timeout = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(wait.subsec_nanos()),
    };
    let mut polled: Vec<PollFd<'_>> = files
        .iter()
        .flatten()
        .map(|file| PollFd::from_borrowed_fd(*file, PollFlags::IN))
        .collect();
    match poll(&mut polled, Some(&timeout)) {
        Ok(_) => {}
        Err(rustix::io::Errno::INTR) => return Ok([false; 2]),
        Err(errno) => return Err(errno.into()),
    }
    let mut ready = polled.iter().map(|file| !file.revents().is_empty());
    Ok(files.map(|file| file.is_some() && ready.next().unwrap_or(false)))
}
