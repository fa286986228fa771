//! Who is at the other end, on a small host whose answers are worked out by hand.

use crate::dumps::followed::{Followed, Host, Over, Way, all, is_of_interest};
use crate::dumps::kernel::{Kernel, Views};
use crate::dumps::model::{Dump, Source, State, Thread};
use crate::machine::made::sample_of_tasks;
use afterimage_format::kernel_view::{KernelView, OtherEnd, ThreadView};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::Missing;
use afterimage_format::sample::{Process, Socket};
use afterimage_format::time::{BootTime, WallTime};
use afterimage_format::units::Ticks;
use std::time::Duration;

const READ: &str = "0 0x5 0x7f00 0x10 0x0 0x0 0x0";
const WRITE: &str = "1 0x5 0x7f00 0x10 0x0 0x0 0x0";
const SLEEP: &str = "230 0x1 0x0 0x7f 0x0 0x0 0x0";
const FSYNC: &str = "74 0x9 0x0 0x7f 0x0 0x0 0x0";

fn process(pid: i32, comm: &str, parent: i32) -> Process {
    let key = ProcessKey {
        pid: Pid(pid),
        started: Ticks(1),
    };
    Process {
        comm: Ok(comm.as_bytes().into()),
        ppid: Ok(Pid(parent)),
        threads: Ok(1),
        state: Ok(afterimage_format::sample::State(b'S')),
        ..Process::not_read(key)
    }
}

fn socket(name: &str, inode: u64, count: u64) -> (Box<str>, Socket) {
    let missing = Err(Missing::NotRead);
    let socket = Socket {
        count: Ok(count),
        receive_queue: missing,
        send_queue: missing,
        retransmits: missing,
        oldest_since: Err(Missing::NotRead),
        is_older: false,
        uid: missing,
        inode: Ok(inode),
        read_at: Err(Missing::NotRead),
    };
    (name.into(), socket)
}

fn host() -> Host {
    let processes = vec![
        process(700, "java", 1),
        process(812, "postgres", 1),
        process(900, "sh", 700),
    ];
    let mut sample = sample_of_tasks(vec![], 5);
    sample.processes = processes;
    sample.sockets = Ok(vec![
        socket("tcp LISTEN 127.0.0.1:5432 0.0.0.0:* 812", 1, 1),
        socket("tcp LISTEN *:8080 *:* 700", 2, 1),
        socket(
            "tcp ESTAB [::ffff:127.0.0.1]:40000 [::ffff:127.0.0.1]:5432 700",
            71,
            1,
        ),
        socket("tcp ESTAB 127.0.0.1:5432 127.0.0.1:40000 812", 72, 1),
        socket(
            "tcp ESTAB [::ffff:127.0.0.1]:8080 [::ffff:127.0.0.1]:41000 700",
            73,
            1,
        ),
        socket("tcp ESTAB 127.0.0.1:41000 127.0.0.1:8080 900", 74, 1),
        socket("tcp ESTAB 10.0.0.1:42000 10.0.0.9:443 700", 75, 1),
        socket("tcp ESTAB 10.0.0.1:* 10.0.0.9:5432 700", 76, 3),
    ]);
    Host::of(&sample, "x86_64")
}

fn view(threads: Vec<ThreadView>) -> KernelView {
    KernelView {
        at: WallTime(5_000_000),
        at_boot: BootTime(5_000_000),
        took: Duration::ZERO,
        unread: 0,
        cgroup: None,
        threads,
    }
}

fn thread(tid: i32, syscall: &str, file: Option<&str>) -> ThreadView {
    ThreadView {
        tid,
        nstid: Some(tid),
        state: Some('S'),
        syscall: Some(syscall.to_owned()),
        file: file.map(str::to_owned),
        ..ThreadView::default()
    }
}

/// A thread that waits for what these processes have.
fn waits_for(call: &str, file: &str, holders: &[i32], names: Option<[&str; 2]>) -> ThreadView {
    ThreadView {
        other_end: Some(OtherEnd {
            holders: holders.to_vec(),
            names: names.map(|names| names.map(str::to_owned)),
        }),
        ..thread(701, call, Some(file))
    }
}

/// What the second thread of the process 700 waits for.
fn followed(syscall: &str, file: Option<&str>, host: &Host) -> Option<Followed> {
    followed_of(thread(701, syscall, file), host)
}

fn followed_of(second: ThreadView, host: &Host) -> Option<Followed> {
    let view = view(vec![thread(700, SLEEP, None), second]);
    let mut dump = Dump::new(Source::HotSpot);
    dump.threads.push(Thread {
        os_id: Some(701),
        ..Thread::new("exec-1", State::Runnable)
    });
    let views = Views {
        after: Some(&view),
        architecture: "x86_64",
        ..Views::default()
    };
    let mut found = all(&Kernel::of(&dump, &views), host);
    found.pop().map(|(_, followed)| followed)
}

#[test]
fn the_other_end_of_a_socket_is_named_with_what_it_does() {
    let mut host = host();
    let found = followed(READ, Some("socket:[71]"), &host).unwrap();
    assert_eq!(
        found.words(),
        "waits for a reply from postgres (pid 812) on 127.0.0.1:5432, which sleeps"
    );
    let mut stuck = thread(812, FSYNC, None);
    stuck.state = Some('D');
    host.add_view(812, view(vec![stuck]));
    let found = followed(READ, Some("socket:[71]"), &host).unwrap();
    assert_eq!(
        (found.over, found.state, found.call),
        (Over::Reply, Some('D'), Some("fsync"))
    );
    assert!(
        found
            .words()
            .ends_with("5432, which is in state D in fsync")
    );
}

#[test]
fn a_server_waits_for_requests_and_a_writer_for_who_reads() {
    let host = host();
    let request = followed(READ, Some("socket:[73]"), &host).unwrap();
    assert_eq!(
        request.words(),
        "waits for a request from sh (pid 900) on 127.0.0.1:41000, which sleeps"
    );
    let write = followed(WRITE, Some("socket:[71]"), &host).unwrap();
    assert!(
        write
            .words()
            .starts_with("waits until postgres (pid 812) on 127.0.0.1:5432 reads")
    );
}

#[test]
fn a_child_is_followed_and_what_it_waits_for_as_well() {
    let mut host = host();
    // wait4(900, …), waitid(P_PID, 900, …), wait4(-1, …) with one child.
    for call in [
        "61 0x384 0x0 0x0 0x0 0x0 0x0",
        "247 0x1 0x384 0x0 0x0 0x0 0x0",
        "61 0xffffffffffffffff 0x0 0x0 0x0 0x0 0x0",
    ] {
        let found = followed(call, None, &host).unwrap();
        assert_eq!(
            found.words(),
            "waits for its child sh (pid 900) to end, which sleeps"
        );
    }
    host.add_view(900, view(vec![thread(900, READ, Some("socket:[74]"))]));
    let found = followed("61 0x384 0x0 0x0 0x0 0x0 0x0", None, &host).unwrap();
    assert!(
        found.words().ends_with(
            "which waits for a reply from java (pid 700) on 127.0.0.1:8080, which sleeps"
        ),
        "{}",
        found.words()
    );
}

#[test]
fn what_is_not_known_is_not_said() {
    let host = host();
    for (call, file) in [
        (READ, None),
        (READ, Some("socket:[75]")),
        (READ, Some("socket:[76]")),
        (READ, Some("socket:[4711]")),
        (READ, Some("pipe:[71]")),
        (SLEEP, None),
        ("61 0x385 0x0 0x0 0x0 0x0 0x0", None),
        ("running", None),
        ("", None),
    ] {
        assert_eq!(followed(call, file, &host), None, "{call} {file:?}");
    }
    let silent = view(vec![thread(700, SLEEP, None)]);
    assert!(!is_of_interest(&silent, "x86_64"));
    let reads = view(vec![thread(700, READ, Some("socket:[1]"))]);
    assert!(is_of_interest(&reads, "x86_64"));
}

#[test]
fn the_other_end_of_a_unix_socket_or_a_pipe_is_whoever_alone_has_it() {
    const PATH: &str = "/run/postgresql/.s.PGSQL.5432";
    let host = host();
    let words = |call, file, names| {
        let found = followed_of(waits_for(call, file, &[812], names), &host).unwrap();
        (found.over, found.words())
    };
    let (over, said) = words(READ, "socket:[9]", Some(["", PATH]));
    assert_eq!(
        (over, &*said),
        (
            Over::Reply,
            "waits for a reply from postgres (pid 812) on /run/postgresql/.s.PGSQL.5432, which sleeps"
        )
    );
    let (over, said) = words(READ, "socket:[9]", Some([PATH, ""]));
    assert_eq!(
        (over, &*said),
        (
            Over::Request,
            "waits for a request from postgres (pid 812) on /run/postgresql/.s.PGSQL.5432, which sleeps"
        )
    );
    let (over, said) = words(READ, "socket:[9]", Some(["", ""]));
    assert_eq!(
        (over, &*said),
        (
            Over::Data,
            "waits for data from postgres (pid 812) over a UNIX socket, which sleeps"
        )
    );
    let (over, said) = words(READ, "pipe:[9]", None);
    assert_eq!(
        (over, &*said),
        (
            Over::Data,
            "waits for data from postgres (pid 812) over a pipe, which sleeps"
        )
    );
    let (over, said) = words(WRITE, "pipe:[9]", None);
    assert_eq!(
        (over, &*said),
        (
            Over::Write,
            "waits until postgres (pid 812) over a pipe reads what it writes, which sleeps"
        )
    );
}

#[test]
fn an_end_that_several_have_or_the_process_itself_is_nobodys() {
    let mut host = host();
    let names = Some(["", "/run/a"]);
    for holders in [&[812, 900][..], &[700], &[], &[4711]] {
        let waits = waits_for(READ, "socket:[9]", holders, names);
        assert_eq!(followed_of(waits, &host), None, "{holders:?}");
    }
    let pipe = view(vec![waits_for(READ, "pipe:[1]", &[812], None)]);
    assert!(is_of_interest(&pipe, "x86_64"));
    // From the child on to whom that waits for.
    let waits = waits_for(READ, "pipe:[9]", &[812], None);
    host.add_view(900, view(vec![waits]));
    let found = followed("61 0x384 0x0 0x0 0x0 0x0 0x0", None, &host).unwrap();
    let next = found.next.unwrap();
    assert_eq!(
        (next.pid, next.over, next.way),
        (812, Over::Data, Some(Way::Pipe))
    );
}
