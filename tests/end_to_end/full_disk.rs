//! A disk that another program fills: recording goes on, in the room that was reserved.

use crate::support::command::{assert_sound, info, run};
use crate::support::disk::{Disk, MIB};
use crate::support::files::FAILED;
use crate::support::host::names;
use crate::support::recorder::Recorder;
use std::fs;
use std::path::Path;

#[test]
fn on_a_full_disk_recording_goes_on_and_ends_cleanly() {
    let Some(disk) = Disk::tmpfs(24 * MIB) else {
        return;
    };
    let file = disk.path().join("a");
    // So small a limit has a log of 1 MiB, which is full before the next checkpoint is due.
    let mut recorder = Recorder::start(&file, &["-i", "20ms", "--max-size", "4MiB"]);
    recorder.wait_for_tick(20);
    let filler = disk.fill();
    recorder.wait_for_more(200);
    let status = recorder.ask(&["status"]).json();
    assert_eq!(status["trouble"], serde_json::Value::Null, "{status:#}");
    fs::remove_file(filler).unwrap();
    recorder.wait_for_more(20);
    disk.fill();
    recorder.stop();
    let info = info(&file);
    assert_eq!(info["clean_end"], true);
    let gaps = info["gaps"].as_array().unwrap();
    let outages = gaps.iter().filter(|gap| gap["kind"] == "storage-outage");
    assert_eq!(outages.count(), 0, "{info:#}");
    assert_sound(&file);
}

#[test]
fn what_cannot_be_begun_on_a_full_disk_leaves_nothing_behind() {
    let Some(disk) = Disk::tmpfs(24 * MIB) else {
        return;
    };
    disk.fill();
    let file = disk.path().join("a");
    let ended = Recorder::start_for(&file, "1s", &[]).wait();
    assert_eq!(ended.code, FAILED, "{}", ended.stderr);
    assert!(ended.stderr.contains("full"), "{}", ended.stderr);
    assert_eq!(names(disk.path()), [Path::new("filler")]);
    assert_eq!(run(&["info", file.to_str().unwrap()]).code, FAILED);
}
