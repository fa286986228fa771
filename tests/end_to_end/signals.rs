//! Signals: which end a recording, which must not, and what a stopped recorder writes down.

use crate::support::capture::{account, last_tick};
use crate::support::clock::wait_for;
use crate::support::command::{AFTERIMAGE, assert_sound, info};
use crate::support::host::{folder, names};
use crate::support::process::Guarded;
use crate::support::recorder::Recorder;
use rustix::process::Signal;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const INTERVAL: &str = "100ms";
/// How long the recorder is stopped, and how many ticks are due in that time.
const STOPPED: Duration = Duration::from_secs(2);
const DUE_WHILE_STOPPED: u64 = 20;
/// The first and the last of them may lie just outside.
const AT_THE_ENDS: u64 = 2;

#[test]
fn term_and_int_end_a_recording_cleanly() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = folder();
        let file = folder.path().join("host.afterimage");
        let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
        recorder.wait_for_tick(3);
        recorder.signal(signal);
        let ended = recorder.wait();
        assert_eq!(ended.code, 0, "{signal:?}: {}", ended.stderr);
        let info = info(&file);
        assert_eq!(info["clean_end"], true, "{signal:?}: {info:#}");
        assert_eq!(info["runs"][0]["end"], "signal");
        assert_eq!(names(folder.path()), [Path::new("host.afterimage")]);
        assert_sound(&file);
    }
}

#[test]
fn a_closed_terminal_does_not_end_a_recording() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(2);
    recorder.signal(Signal::HUP);
    recorder.signal(Signal::HUP);
    recorder.wait_for_more(5);
    recorder.stop();
    assert_eq!(account(&file).len(), 1);
    assert_eq!(info(&file)["runs"][0]["end"], "signal");
}

#[test]
fn a_reader_of_its_messages_that_goes_away_does_not_end_a_recording() {
    records_on_when_nobody_listens_from(2);
}

/// `afterimage record 2>&1 | true`, or a terminal that is gone already.
#[test]
fn a_recording_that_nobody_listens_to_begins_all_the_same() {
    records_on_when_nobody_listens_from(0);
}

/// Closes the pipe from the recorder's standard error at a tick; 0 is before it said anything.
#[track_caller]
fn records_on_when_nobody_listens_from(tick: u64) {
    let (folder, own) = (folder(), folder());
    let file = folder.path().join("host.afterimage");
    let mut command = Command::new(AFTERIMAGE);
    command.args(["record", "-i", INTERVAL, "--duration", "120s", "--socket"]);
    command.arg(own.path().join("socket")).arg("-o").arg(&file);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut recorder = Guarded::spawn(command.stderr(Stdio::piped()));
    let stderr = recorder.stderr();
    let mut stderr = Some(stderr).filter(|_| tick > 0);
    for until in [tick, tick + 5] {
        wait_for("ticks", || {
            assert!(recorder.is_running(), "it has ended");
            (last_tick(&file) >= until).then_some(())
        });
        stderr = None;
    }
    drop(stderr);
    // It has something to say now, and nobody to say it to.
    recorder.signal(Signal::TERM);
    assert_eq!(recorder.wait(), 0);
    assert_eq!(info(&file)["clean_end"], true);
}

#[test]
fn a_stopped_recorder_records_that_it_was_stopped() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(3);
    recorder.signal(Signal::STOP);
    std::thread::sleep(STOPPED);
    recorder.signal(Signal::CONT);
    recorder.wait_for_more(3);
    recorder.stop();

    let info = info(&file);
    let gaps = info["gaps"].as_array().unwrap();
    let stopped = gaps.iter().filter(|gap| gap["kind"] == "stopped");
    let missed: Vec<_> = stopped.map(|gap| gap["missed"].as_u64().unwrap()).collect();
    let [missed] = missed[..] else {
        panic!("one gap says stopped: {info:#}");
    };
    assert!(missed + AT_THE_ENDS >= DUE_WHILE_STOPPED, "{info:#}");
    assert!(
        info.to_string().contains("by a signal (SIGSTOP)"),
        "{info:#}"
    );
    let [account] = account(&file)[..] else {
        panic!("there is one run");
    };
    assert_eq!(account.ticks + account.missed, account.due);
    assert_eq!(info["missed"], account.missed);
}
