//! Processes that wait for each other over pipes and sockets.

use super::super::{family, kernel, life};
use super::*;
use crate::clock;
use afterimage_format::reading::Missing;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};

fn own() -> i32 {
    i32::try_from(std::process::id()).unwrap()
}

/// Whether this kernel says what it takes.
fn is_told() -> bool {
    let is_told = fs::read("/proc/self/syscall").is_ok() && family::of(own()).is_some();
    if !is_told {
        println!(
            "skipped: this kernel does not say what a thread sleeps in, or who is whose child"
        );
    }
    is_told
}

/// A process that does nothing but wait, and ends with this.
struct Waits(Child);

impl Waits {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).unwrap()
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Looks at a process until its only thread waits for a pipe or socket whose other end these have.
/// (Between its fork and its exec a program that another test starts has all that this process has.)
#[track_caller]
fn assert_other_end(pid: i32, expected: &OtherEnd) {
    let began = clock::now().monotonic;
    loop {
        let looked = kernel::look(Pid(pid), life::tick_rate(), None);
        let mut view = looked.unwrap().view;
        OtherEnds::default().fill(Pid(pid), &mut view, Duration::ZERO);
        if view.threads[0].other_end.as_ref() == Some(expected) {
            return;
        }
        let passed = clock::now().monotonic.since(began);
        assert!(passed < Some(Duration::from_secs(30)), "{view:?}");
        std::thread::yield_now();
    }
}

fn only(holder: i32, names: Option<[&str; 2]>) -> OtherEnd {
    OtherEnd {
        holders: vec![holder],
        names: names.map(|names| names.map(str::to_owned)),
    }
}

#[test]
fn who_writes_to_the_pipe_that_a_process_reads_is_found_and_who_reads_what_it_writes() {
    if !is_told() {
        return;
    }
    let reads = Waits::start(Command::new("cat").stdin(Stdio::piped()));
    assert_other_end(reads.pid(), &only(own(), None));
    let mut yes = Command::new("yes");
    let writes = Waits::start(yes.stdout(Stdio::piped()));
    assert_other_end(writes.pid(), &only(own(), None));
}

#[test]
fn an_end_that_two_have_is_known_to_be_of_both() {
    if !is_told() {
        return;
    }
    // The shell keeps the end that the sleeper inherits.
    let script = "sleep 60 & echo $!; wait";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).stdout(Stdio::piped());
    let (ours, theirs) = UnixStream::pair().unwrap();
    shell.stderr(OwnedFd::from(theirs));
    let mut started = Waits::start(&mut shell);
    // It holds what it gives to who it starts.
    drop(shell);
    let mut line = String::new();
    let mut said = BufReader::new(started.0.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    let sleeper: i32 = line.trim().parse().unwrap();
    let mut cat = Command::new("cat");
    let reads = Waits::start(cat.stdin(OwnedFd::from(ours)));
    let mut holders = vec![started.pid(), sleeper];
    holders.sort_unstable();
    let expected = OtherEnd {
        holders,
        ..only(own(), Some(["", ""]))
    };
    assert_other_end(reads.pid(), &expected);
    let ends = rustix::process::Pid::from_raw(sleeper).unwrap();
    rustix::process::kill_process(ends, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn who_answers_on_a_path_is_found_from_both_sides_with_it() {
    if !is_told() || SockDiag::default().unix(u32::MAX) != Err(Missing::Gone) {
        return println!("skipped: no sock_diag here");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let name = path.to_str().unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    let client = UnixStream::connect(&path).unwrap();
    let (server, _) = listener.accept().unwrap();
    // Each end in a process that reads from it; this one gives its own away.
    let [client, server] =
        [client, server].map(|end| Waits::start(Command::new("cat").stdin(OwnedFd::from(end))));
    assert_other_end(client.pid(), &only(server.pid(), Some(["", name])));
    assert_other_end(server.pid(), &only(client.pid(), Some([name, ""])));
}

#[test]
fn without_time_nothing_is_said() {
    if !is_told() {
        return;
    }
    let reads = Waits::start(Command::new("cat").stdin(Stdio::piped()));
    let link = fs::read_link(format!("/proc/{}/fd/0", reads.pid())).unwrap();
    let found = |budget| {
        let access = Access {
            reads: true,
            writes: false,
        };
        let mut search = Search::within(reads.pid(), budget);
        search.add((), Wanted::pipe(link.to_str().unwrap(), access));
        search.run().len()
    };
    assert_eq!(found(Duration::ZERO), 0);
    let began = clock::now().monotonic;
    while found(Duration::from_secs(5)) == 0 {
        let passed = clock::now().monotonic.since(began);
        assert!(passed < Some(Duration::from_secs(30)));
    }
}
