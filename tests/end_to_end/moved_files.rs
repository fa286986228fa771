//! The capture is deleted, renamed or replaced while it is recorded: recording goes on
//! in another file, and loses no tick.

use crate::support::capture::{account, last_tick};
use crate::support::clock::wait_for;
use crate::support::command::{assert_sound, info, rows};
use crate::support::host::{folder, names};
use crate::support::recorder::Recorder;
use serde_json::Value;
use std::fs;
use std::path::Path;

const INTERVAL: &str = "20ms";

/// What a file that was begun in the middle of a recording must have.
#[track_caller]
fn assert_goes_on(file: &Path) -> Value {
    assert_sound(file);
    let info = info(file);
    assert_eq!(info["state"], "clean", "{info:#}");
    let [account] = account(file)[..] else {
        panic!("there is one run: {info:#}");
    };
    assert_eq!(account.ticks + account.missed, account.due);
    assert!(!info["sources"].as_array().unwrap().is_empty(), "{info:#}");
    // The first tick knows every process, and by the second so do the rates.
    let first = rows("ps", file, &["--at", "start"]);
    let own = first
        .iter()
        .find(|row| row["pid"] == u64::from(std::process::id()));
    assert!(own.is_some_and(|row| row["cmdline"].is_string()), "{own:?}");
    info
}

#[test]
fn a_renamed_file_is_left_whole_and_the_next_one_goes_on() {
    let folder = folder();
    let (file, moved) = (folder.path().join("a"), folder.path().join("b"));
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(80);
    fs::rename(&file, &moved).unwrap();
    recorder.wait_for_tick(30);
    wait_for("word of it", || {
        recorder.said().contains("moved").then_some(())
    });
    recorder.stop();
    assert_eq!(names(folder.path()), ["a", "b"].map(Path::new));
    let before = info(&moved);
    assert_eq!(
        (&before["state"], &before["runs"][0]["end"]),
        (&"clean".into(), &"moved".into())
    );
    assert_sound(&moved);
    let after = assert_goes_on(&file);
    // The next tick after the last one, or a few later on a busy machine, which says so.
    let ends: Vec<i64> = [&before["to"], &after["from"]]
        .map(|at| at.as_str().unwrap().parse::<jiff::Timestamp>().unwrap())
        .map(jiff::Timestamp::as_millisecond)
        .to_vec();
    let missed = after["gaps"].as_array().unwrap().len();
    assert!(ends[1] - ends[0] < 40 || missed > 0, "{ends:?}: {after:#}");
}

#[test]
fn a_deleted_file_is_begun_anew() {
    let folder = folder();
    let file = folder.path().join("a");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(30);
    fs::remove_file(&file).unwrap();
    recorder.wait_for_tick(30);
    recorder.stop();
    assert_eq!(names(folder.path()), [Path::new("a")]);
    assert_goes_on(&file);
}

#[test]
fn what_took_the_place_of_the_capture_is_not_touched() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(30);
    let other = folder.path().join("other");
    fs::write(&other, "my notes\n".repeat(40)).unwrap();
    fs::rename(&other, &file).unwrap();
    let beside = folder.path().join("host.2.afterimage");
    wait_for("the file beside it", || {
        (last_tick(&beside) > 30).then_some(())
    });
    let status = recorder.ask(&["status"]).json();
    assert!(
        status["file"]
            .as_str()
            .unwrap()
            .ends_with("host.2.afterimage"),
        "{status:#}"
    );
    recorder.stop();
    assert!(fs::read_to_string(&file).unwrap().starts_with("my notes"));
    assert_goes_on(&beside);
}

#[test]
fn a_folder_that_went_is_waited_for() {
    let folder = folder();
    let inner = folder.path().join("disk");
    fs::create_dir(&inner).unwrap();
    let file = inner.join("a");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(30);
    fs::rename(&inner, folder.path().join("gone")).unwrap();
    wait_for("trouble", || {
        let status = recorder.ask(&["status"]).json();
        (status["not_on_disk_ticks"].as_u64().unwrap() > 20).then_some(())
    });
    fs::create_dir(&inner).unwrap();
    recorder.wait_for_tick(40);
    recorder.stop();
    let info = assert_goes_on(&file);
    let outages = info["gaps"].as_array().unwrap().iter();
    assert_eq!(
        outages
            .filter(|gap| gap["kind"] == "storage-outage")
            .count(),
        0,
        "{info:#}"
    );
    assert_sound(&folder.path().join("gone/a"));
}
