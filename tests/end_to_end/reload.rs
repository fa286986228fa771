//! SIGHUP reads the configuration again and never ends a recording.

use crate::support::capture::samples;
use crate::support::clock::wait_for;
use crate::support::command::info;
use crate::support::host::folder;
use crate::support::recorder::Recorder;
use rusqlite::Connection;
use rustix::process::Signal;
use std::fs;
use std::path::Path;

#[test]
fn a_new_configuration_holds_from_the_next_tick_on_and_is_in_the_capture() {
    let folder = folder();
    let (file, config) = (folder.path().join("a"), folder.path().join("config"));
    fs::write(&config, "interval = \"100ms\"\nargs = \"redact\"\n").unwrap();
    let mut recorder = Recorder::start(&file, &["--config", path(&config)]);
    recorder.wait_for_tick(2);
    fs::write(
        &config,
        "interval = \"9s\"\nsync = \"off\"\nargs = \"none\"\n",
    )
    .unwrap();
    reload(&recorder, "sync is now off, args is now none");
    assert!(
        recorder.said().contains("stays as it is: interval"),
        "{}",
        recorder.said()
    );
    recorder.wait_for_more(3);

    // Power cuts cost more from now on: it must not say otherwise.
    assert_eq!(info(&file)["runs"][0]["sync"], "off");
    for (broken, word) in [
        ("args = 7", "not understood"),
        ("sync = \"never\"", "none of tick"),
    ] {
        fs::write(&config, broken).unwrap();
        reload(&recorder, word);
    }
    fs::remove_file(&config).unwrap();
    reload(&recorder, "cannot read the configuration");
    recorder.wait_for_more(3);
    let pid = recorder.pid();
    recorder.stop();

    // Its own command line: with its arguments, then, for every process, without.
    let lines: Vec<bool> = samples(&file)
        .iter()
        .map(|sample| {
            let lines = sample.processes.iter();
            let mut lines = lines.filter(|process| i64::from(process.key.pid.0) == pid);
            lines.any(|process| {
                let line = process.command_line.as_deref();
                line.is_ok_and(|line| line.windows(8).any(|word| word == b"--config"))
            })
        })
        .collect();
    // It is read on a thread of its own, which may be late for the first tick.
    let told = lines.iter().rposition(|told| *told);
    let told = told.unwrap_or_else(|| panic!("never told: {lines:?}"));
    let db = Connection::open(&file).unwrap();
    let changed = "SELECT seq FROM event WHERE kind = 'settings'";
    let changed: u32 = db.query_row(changed, [], |row| row.get(0)).unwrap();
    assert!(
        told <= changed as usize,
        "told up to {told}, changed at {changed}: {lines:?}"
    );
    let events = "SELECT group_concat(text, '|') FROM event WHERE kind = 'settings'";
    let events: String = db.query_row(events, [], |row| row.get(0)).unwrap();
    assert_eq!(events, "sync is now off, args is now none");
    // Secrets were taken out of what came before, and no more than that may be claimed.
    let args = db.query_row("SELECT args FROM run", [], |row| row.get::<_, String>(0));
    assert_eq!(args.unwrap(), "redact");
}

#[test]
fn without_a_configuration_there_is_nothing_to_read_and_it_says_so() {
    let folder = folder();
    let file = folder.path().join("a");
    let mut recorder = Recorder::start(&file, &["-i", "100ms"]);
    recorder.wait_for_tick(2);
    reload(&recorder, "there is no --config to read again");
    recorder.wait_for_more(2);
    recorder.stop();
}

#[track_caller]
fn reload(recorder: &Recorder, answer: &str) {
    recorder.signal(Signal::HUP);
    wait_for(answer, || recorder.said().contains(answer).then_some(()));
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}
