//! `record --thread-dumps`: a dump is there before anybody has asked for it.

use super::Recording;
use crate::support::clock::wait_for;
use crate::support::host::skip;
use crate::support::java::{Java, machines};
use afterimage_format::capture::{Capture, StoredDump};
use afterimage_format::thread_dump::DumpStatus;
use afterimage_format::time::WallTime;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

/// What the dumps are taken for.
const PILE_UP: &str = "requests-pile-up";

#[test]
fn requests_that_pile_up_behind_a_lock_give_a_burst_that_names_it() {
    let machines = machines();
    if machines.is_empty() {
        return skip("no java");
    }
    for machine in machines {
        assert_burst(&machine);
    }
}

fn assert_burst(machine: &Path) {
    let Some(java) = Java::start_server(machine) else {
        return skip("no javac");
    };
    let mut java = java.ready();
    let log = java.log();
    let port = log.lines().find_map(|line| line.strip_prefix("port "));
    let port: u16 = port.unwrap().parse().unwrap();
    let ask = |what: &[u8]| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(what).unwrap();
        stream
    };
    let recording = Recording::start("thread-dumps = true\nsigquit = \"never\"\n");
    let watched = || {
        let status = recording.recorder.ask(&["status"]).json();
        let dumps = &status["thread_dumps"];
        assert_eq!(dumps["on"], true);
        dumps["virtual_machines"].as_u64().unwrap()
    };
    let pid = java.process.pid();
    // That somebody asks for it by hand before it is watched is no reason not to watch it.
    assert_eq!(recording.dump(&pid.to_string()).code, 0);
    let is_of_it = |dump: &StoredDump| i64::from(dump.facts.pid.0) == pid;
    let taken = || {
        let mut capture = Capture::open(&recording.file).ok()?;
        let always = (WallTime(i64::MIN), WallTime(i64::MAX));
        let dumps = capture.thread_dumps(always.0, always.1).ok()?;
        let count = |trigger: &str| {
            let own = dumps.iter().filter(|dump| is_of_it(dump));
            own.filter(|dump| dump.facts.trigger == trigger).count()
        };
        let is_pressed = count("pressure") > 0;
        (is_pressed || count(PILE_UP) >= 2).then_some(is_pressed)
    };
    // Others on this host may be watched as well.
    wait_for("the server to be watched", || {
        (watched() >= 1).then_some(())
    });
    let answered = |what: &[u8]| {
        let mut stream = ask(what);
        stream.read_exact(&mut [0]).unwrap();
        stream
    };
    answered(b"a");
    // It has the lock once it answers: before that it might come after those that shall wait for it.
    let _stuck = answered(b"x");
    let _waiting: Vec<TcpStream> = (0..12).map(|_| ask(b"a")).collect();
    let is_pressed = wait_for("two dumps", taken);
    java.assert_unharmed();
    if is_pressed {
        return skip("tasks wait for CPUs, which is a reason of its own: no burst for requests");
    }
    let all = recording.dumps();
    let own = all.iter().filter(|dump| is_of_it(&dump.stored));
    let own: Vec<_> = own
        .filter(|dump| dump.stored.facts.trigger == PILE_UP)
        .collect();
    let burst = own[0].stored.facts.burst;
    assert!(burst.is_some() && own.len() >= 2);
    for dump in own {
        let facts = &dump.stored.facts;
        assert!(dump.is(DumpStatus::Ok, ""), "{facts:?}");
        assert!(
            facts.trigger_detail.contains("wait to be accepted"),
            "{facts:?}"
        );
        assert_eq!(facts.burst, burst);
        let text = dump.text();
        let blocked = text
            .lines()
            .filter(|line| line.contains("waiting for monitor entry"));
        assert_eq!(blocked.count(), 3, "{text}");
        assert!(text.contains("- locked <"), "{text}");
    }
}
