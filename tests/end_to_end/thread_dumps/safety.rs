//! Nobody is harmed: what is no virtual machine, is not one yet, or may not be asked, lives on,
//! gets no dump into its log, and has a row that says why.

use super::hooks::{go_program, ready};
use super::{Dump, Recording};
use crate::support::clock::wait_for;
use crate::support::host::{folder, has, is_root, skip};
use crate::support::java::{Java, machines};
use crate::support::process::{Guarded, StandIn};
use afterimage_format::thread_dump::DumpStatus;
use rustix::process::Signal;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// The rows of one process.
fn of(dumps: &[Dump], pid: i64) -> Vec<&Dump> {
    let own = dumps.iter();
    own.filter(|dump| i64::from(dump.stored.facts.pid.0) == pid)
        .collect()
}

/// It was refused, for this reason, each time, without a signal, and the kernel was asked.
#[track_caller]
fn assert_refused(dumps: &[Dump], pid: i64, why: &str) {
    let own = of(dumps, pid);
    assert!(!own.is_empty());
    for dump in own {
        let facts = &dump.stored.facts;
        assert!(dump.is(DumpStatus::Refused, why), "{why}: {facts:?}");
        assert!(!facts.signalled && dump.text.is_none());
        assert!(dump.views.0.is_some(), "{facts:?}");
    }
}

#[test]
fn what_is_only_called_java_lives_on() {
    let folder = folder();
    let stand_in = StandIn::new("threads=9").named(folder.path(), OsStr::new("java"));
    let mut fake = stand_in.args(["-jar", "app.jar"]).start();
    let recording = Recording::start("");
    ask_when_old_enough(&recording, fake.pid());
    assert!(fake.is_running());
    assert_refused(&recording.dumps(), fake.pid(), "no Java virtual machine");
    // Others on this host are not this test's to signal.
    let recording = Recording::start("sigquit = \"never\"\n");
    let pid = fake.pid();
    assert_eq!(recording.dump(&pid.to_string()).code, 1);
    // Of all it is one, as it is called so.
    recording.dump("all");
    assert!(fake.is_running());
    let dumps = recording.dumps();
    assert_eq!(of(&dumps, pid).len(), 2);
    assert_refused(&dumps, pid, "no Java virtual machine");
    fake.end_input();
    assert_eq!(fake.wait(), 0);
}

#[test]
fn what_catches_sigquit_and_dies_of_it_is_not_signalled() {
    if !has("python3") {
        return skip("no python3");
    }
    let catch = "import os, signal, sys
signal.signal(signal.SIGQUIT, lambda *_: os._exit(7))
print('ready', flush=True)
sys.stdin.read()";
    let mut command = Command::new("python3");
    command
        .args(["-c", catch])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut catches = Guarded::spawn(&mut command);
    let mut line = String::new();
    BufReader::new(catches.stdout())
        .read_line(&mut line)
        .unwrap();
    let recording = Recording::start("");
    let pid = catches.pid();
    ask_when_old_enough(&recording, pid);
    assert!(catches.is_running());
    assert_refused(&recording.dumps(), pid, "no Java virtual machine");
    catches.end_input();
    assert_eq!(catches.wait(), 0);
}

/// A Go program catches SIGQUIT, and dies of it.
#[test]
fn a_go_program_without_a_hook_lives_on_whatever_it_is_called() {
    let folder = folder();
    let names = ["pprof-under-test", "java"];
    let programs = names.map(|name| folder.path().join(name));
    if go_program(&programs[0]).is_none() {
        return skip("no Go program can be built");
    }
    std::fs::copy(&programs[0], &programs[1]).unwrap();
    for (name, program) in names.into_iter().zip(&programs) {
        let mut go = ready(Command::new(program).stderr(Stdio::null()));
        let pid = go.pid();
        let recording = Recording::start("");
        ask_when_old_enough(&recording, pid);
        assert!(go.is_running());
        let dumps = recording.dumps();
        assert_refused(&dumps, pid, "no Java virtual machine");
        // The kernel says at least what its threads are called and wait in.
        let view = of(&dumps, pid)[0].views.0.as_ref().unwrap();
        let comm = view.threads[0].comm.as_deref().unwrap();
        assert_eq!(comm, &name.as_bytes()[..name.len().min(15)]);
        assert!(view.threads.iter().all(|thread| thread.state.is_some()));
        // Had it been sent the signal:
        go.signal(Signal::QUIT);
        assert_eq!(go.wait(), 2);
    }
}

/// One of each version, with these options.
fn javas(options: &[&str]) -> Vec<Java> {
    let machines = machines().into_iter();
    let javas = machines.map_while(|machine| Java::start(&machine, options, &[]));
    let javas: Vec<Java> = javas.collect();
    if javas.is_empty() {
        skip("no java and javac");
    }
    javas
}

#[test]
fn one_that_is_just_starting_comes_up() {
    let recording = Recording::with("sigquit-after = \"60s\"\n");
    let machines = machines();
    for machine in machines.iter().chain(&machines) {
        let Some(java) = Java::start(machine, &[], &[]) else {
            return skip("no javac");
        };
        let pid = java.process.pid();
        // At every stage of it.
        for _ in 0..10 {
            assert_eq!(recording.dump(&pid.to_string()).code, 1);
        }
        java.ready().assert_unharmed();
    }
    let dumps = recording.dumps();
    assert_eq!(dumps.len(), 20 * machines.len());
    for dump in &dumps {
        let facts = &dump.stored.facts;
        assert_eq!(facts.status, DumpStatus::Refused, "{facts:?}");
        assert!(!facts.signalled, "{facts:?}");
    }
}

/// When it has just begun, its library is not mapped yet, and it has no counters.
#[test]
fn one_that_was_asked_too_early_answers_later() {
    let recording = Recording::start("");
    for machine in machines() {
        let Some(java) = Java::start(&machine, &[], &[]) else {
            return skip("no javac");
        };
        let pid = java.process.pid();
        recording.dump(&pid.to_string());
        let mut java = java.ready();
        wait_for("it to answer", || {
            (recording.dump(&pid.to_string()).code == 0).then_some(())
        });
        java.assert_unharmed();
    }
    let dumps = recording.dumps();
    let whole = dumps.iter().filter(|dump| dump.is(DumpStatus::Ok, ""));
    for dump in whole {
        let facts = &dump.stored.facts;
        assert!(facts.vm.is_some() && facts.pause.is_some(), "{facts:?}");
        // Only JDK 8 does not understand it.
        let is_eight = dump.text().contains("\nJNI global references:");
        assert_eq!(facts.arguments.contains(" -e"), !is_eight, "{facts:?}");
    }
}

/// Asks until its age is no reason any more.
#[track_caller]
fn ask_when_old_enough(recording: &Recording, pid: i64) {
    wait_for("it to be old enough", || {
        let said = recording.dump(&pid.to_string()).text();
        (!said.contains("s old")).then_some(())
    });
}

#[test]
fn one_without_signals_is_asked_by_the_socket_it_has() {
    for java in javas(&["-Xrs"]) {
        let mut java = java.ready();
        let recording = Recording::start("");
        let pid = java.process.pid();
        assert_eq!(recording.dump(&pid.to_string()).code, 0);
        java.assert_unharmed();
        let dumps = recording.dumps();
        assert!(dumps[0].is(DumpStatus::Ok, ""));
        assert!(!dumps[0].stored.facts.signalled);
    }
}

#[test]
fn one_that_forbids_it_or_is_stopped_gets_no_dump_into_its_log() {
    for (option, why) in [
        ("-XX:+DisableAttachMechanism", "DisableAttachMechanism"),
        ("-Dstopped", "it is stopped"),
    ] {
        for java in javas(&[option]) {
            assert_clean(java.ready(), option == "-Dstopped", why);
        }
    }
}

fn assert_clean(mut java: Java, is_stopped: bool, why: &str) {
    let pid = java.process.pid();
    let recording = Recording::start("");
    if is_stopped {
        java.process.signal(Signal::STOP);
    }
    ask_when_old_enough(&recording, pid);
    if is_stopped {
        java.process.signal(Signal::CONT);
    }
    // Had it been signalled, it would answer the signal before it answers this.
    let ran = Command::new("jcmd")
        .arg(pid.to_string())
        .arg("VM.uptime")
        .output();
    drop(ran);
    java.assert_unharmed();
    let dumps = recording.dumps();
    let last = of(&dumps, pid).len() - 1;
    let last = of(&dumps, pid)[last];
    assert!(last.is(DumpStatus::Refused, why), "{:?}", last.stored.facts);
    assert!(dumps.iter().all(|dump| !dump.stored.facts.signalled));
}

#[test]
fn one_in_namespaces_of_its_own_and_of_another_user_is_asked_where_it_is() {
    if !is_root() {
        return skip("only root may make namespaces");
    }
    if !has("unshare") || !has("setpriv") {
        return skip("no unshare or setpriv");
    }
    for machine in machines() {
        let Some(java) = Java::start_inside(&machine) else {
            return skip("no javac");
        };
        assert_asked_inside(java.ready());
    }
}

fn assert_asked_inside(mut java: Java) {
    let recording = Recording::start("");
    let inner = wait_for("the virtual machine inside", || {
        inner_of(java.process.pid())
    });
    ask_when_old_enough(&recording, inner);
    assert_eq!(recording.dump(&inner.to_string()).code, 0);
    java.assert_unharmed();
    let dumps = recording.dumps();
    let last = dumps.last().unwrap();
    assert!(last.is(DumpStatus::Ok, ""), "{:?}", last.stored.facts);
    let view = last.views.1.as_ref().unwrap();
    let spinner = super::thread(last.text(), view, "spinner");
    // It is called by its number inside, which is a small one.
    assert!(spinner.nstid.unwrap() < spinner.tid);
    assert!(spinner.comm.as_deref().unwrap().starts_with(b"spinner"));
}

/// The child of `unshare`, by its number out here.
fn inner_of(outer: i64) -> Option<i64> {
    let path = format!("/proc/{outer}/task/{outer}/children");
    let children = std::fs::read_to_string(path).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
