//! A disk that another program fills: recording goes on, in the room that was reserved.

use crate::support::capture::account;
use crate::support::clock::wait_for;
use crate::support::command::{assert_sound, info, run};
use crate::support::disk::{Disk, MIB};
use crate::support::files::FAILED;
use crate::support::host::{names, quick_folder};
use crate::support::recorder::Recorder;
use std::ffi::OsString;
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

/// Nobody is at the keyboard of a service: of a host that comes up with a full disk it records what
/// it can, and the capture has all of it once there is room.
#[test]
fn a_service_that_starts_on_a_full_disk_begins_in_memory() {
    let Some(disk) = Disk::tmpfs(24 * MIB) else {
        return;
    };
    let filler = disk.fill();
    let (file, fallback) = (disk.path().join("a"), quick_folder());
    let is_service: [(&str, OsString); 1] = [("STATE_DIRECTORY", disk.path().into())];
    let fallback = fallback.path().to_str().unwrap();
    let args = ["-i", "50ms", "--max-size", "4MiB", "--fallback", fallback];
    let mut recorder = Recorder::start_with(&is_service, &file, &args);
    let status = |recorder: &mut Recorder| {
        assert!(recorder.is_running(), "it has ended: {}", recorder.said());
        recorder.ask(&["status"])
    };
    wait_for("ticks that wait", || {
        let ran = status(&mut recorder);
        let waiting = || ran.json()["not_on_disk_ticks"].as_u64().unwrap();
        (ran.code == 0 && waiting() >= 40).then_some(())
    });
    let trouble = status(&mut recorder).json()["trouble"].to_string();
    assert!(trouble.contains("full"), "{trouble}");
    assert!(!recorder.said().contains("panicked"), "{}", recorder.said());
    fs::remove_file(filler).unwrap();
    wait_for("the backlog to be written", || {
        let status = status(&mut recorder).json();
        let is_over = status["trouble"].is_null() && status["not_on_disk_ticks"] == 0;
        is_over.then_some(())
    });
    recorder.wait_for_more(5);
    let said = recorder.said();
    assert_eq!(said.matches("keeping ticks in memory").count(), 1, "{said}");
    assert_eq!(
        said.matches("nothing in memory was lost").count(),
        1,
        "{said}"
    );
    recorder.stop();
    assert_sound(&file);
    let [ref run] = account(&file)[..] else {
        panic!("one run: {:?}", info(&file));
    };
    assert_eq!(run.ticks + run.missed, run.due);
    assert!(run.ticks > 40, "what waited is there: {run:?}");
}

/// It goes on in the capture that is there: nothing twice, and the ticks follow those before.
#[test]
fn a_service_that_starts_on_a_full_disk_goes_on_in_its_capture() {
    let Some(disk) = Disk::tmpfs(24 * MIB) else {
        return;
    };
    let (file, fallback) = (disk.path().join("a"), quick_folder());
    let is_service: [(&str, OsString); 1] = [("STATE_DIRECTORY", disk.path().into())];
    let fallback = fallback.path().to_str().unwrap();
    let args = ["-i", "50ms", "--fallback", fallback];
    let first = Recorder::start_for(&file, "500ms", &args).wait();
    assert_eq!(first.code, 0, "{}", first.stderr);
    let lines = || {
        run(&["dmesg", file.to_str().unwrap()])
            .text()
            .lines()
            .count()
    };
    let (ticks, lines_before) = (info(&file)["ticks"].as_u64().unwrap(), lines());
    let filler = disk.fill();
    let mut recorder = Recorder::start_with(&is_service, &file, &args);
    wait_for("some time without room", || {
        assert!(recorder.is_running(), "it has ended: {}", recorder.said());
        let ran = recorder.ask(&["status"]);
        (ran.code == 0 && ran.json()["ticks"].as_u64().unwrap() >= 40).then_some(())
    });
    fs::remove_file(filler).unwrap();
    recorder.wait_for_tick(ticks + 60);
    recorder.stop();
    assert_sound(&file);
    let runs = account(&file);
    assert_eq!(runs.len(), 2, "{:#}", info(&file));
    assert!(runs.iter().all(|run| run.ticks + run.missed == run.due));
    // The kernel may have said something meanwhile, but not all of it again.
    assert!(
        lines() < 2 * lines_before.max(1),
        "{} lines, {lines_before} before",
        lines()
    );
}
