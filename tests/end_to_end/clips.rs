//! `afterimage clip` takes a range out of a capture: one private file that gives the same answers.

use crate::support::clock::wait_for;
use crate::support::command::{AFTERIMAGE, assert_sound, finish, info, ok, rows, run, ticks};
use crate::support::files::{DAMAGED, DONE, FAILED, edited};
use crate::support::host::{folder, names};
use crate::support::recorder::Recorder;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A capture of at least two chunks, and the moments of all its ticks.
fn recorded() -> (TempDir, PathBuf, Vec<String>) {
    let folder = folder();
    let file = folder.path().join("whole");
    let mut recorder = Recorder::start(&file, &["-i", "20ms"]);
    recorder.wait_for_tick(150);
    recorder.stop();
    let moments = moments(&file);
    (folder, file, moments)
}

fn moments(file: &Path) -> Vec<String> {
    let at = |row: &Value| row["at"].as_str().unwrap().to_owned();
    ticks("uptime", file, &[]).iter().map(at).collect()
}

fn words<'a>(file: &'a Path, range: &[&'a str], to: &'a Path) -> Vec<&'a OsStr> {
    let mut words = vec![OsStr::new("clip"), file.as_os_str()];
    words.extend(range.iter().map(|word| OsStr::new(*word)));
    words.extend([OsStr::new("-o"), to.as_os_str()]);
    words
}

#[test]
fn a_clip_gives_the_same_answers_for_each_moment_of_its_range() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, file, moments) = recorded();
    let clip = folder.path().join("clip");
    let (from, to) = (&moments[40], &moments[130]);
    ok(&words(&file, &["--from", from, "--to", to], &clip));
    assert_sound(&clip);
    assert_eq!(names(folder.path()).len(), 2);
    let mode = fs::metadata(&clip).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    let said = info(&clip);
    assert_eq!(
        (&said["state"], &said["ticks"]),
        (&"clean".into(), &91.into())
    );
    let note = said["notes"][0].as_str().unwrap();
    assert!(
        note.contains("clipped from whole: ticks 41 to 131"),
        "{note}"
    );
    // The first tick of a capture has no rates; the last is that of a cut chunk.
    for at in [41, 59, 60, 61, 100, 130].map(|tick| moments[tick].as_str()) {
        for verb in ["ps", "free", "uptime", "vmstat"] {
            let [ours, theirs] = [&file, &clip].map(|file| rows(verb, file, &["--at", at]));
            assert_eq!(ours, theirs, "{verb} at {at}");
        }
    }
    let range = ["--from", from.as_str(), "--to", to.as_str()];
    assert_eq!(rows("dmesg", &file, &range), rows("dmesg", &clip, &range));
}

#[test]
fn what_is_being_recorded_can_be_clipped() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "20ms"]);
    wait_for("80 ticks", || (recorder.committed() >= 80).then_some(()));
    let clip = folder.path().join("clip");
    ok(&words(&file, &["--from", "start"], &clip));
    assert_sound(&clip);
    assert!(moments(&clip).len() >= 80);
    assert_eq!(info(&clip)["state"], "clean");
    recorder.wait_for_more(2);
    recorder.stop();
    assert_sound(&file);
}

#[test]
fn a_clip_never_overwrites() {
    let (folder, file, _) = recorded();
    let there = folder.path().join("notes.txt");
    fs::write(&there, "mine").unwrap();
    for to in [&there, &file] {
        let before = fs::read(to).unwrap();
        let ran = run(&words(&file, &[], to));
        assert_eq!(ran.code, FAILED);
        assert!(ran.stderr.contains("there already"), "{}", ran.stderr);
        assert!(before == fs::read(to).unwrap());
    }
}

#[test]
fn a_damaged_chunk_is_listed_and_is_a_gap_in_the_clip() {
    let (folder, file, moments) = recorded();
    let sql = "UPDATE chunk_body SET frames = zeroblob(500) WHERE id = 61";
    let damaged = edited(folder.path(), "damaged", &file, sql);
    let clip = folder.path().join("clip");
    let ran = run(&words(&damaged, &[], &clip));
    assert_eq!(ran.code, DAMAGED, "{}", ran.stderr);
    assert!(ran.stderr.contains("chunk_body 61"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("60 ticks from tick 61"),
        "{}",
        ran.stderr
    );
    assert_sound(&clip);
    let said = info(&clip);
    assert_eq!(said["ticks"], moments.len() - 60);
    // A busy machine may have missed ticks of its own.
    let gaps = said["gaps"].as_array().unwrap().iter();
    let lost: Vec<_> = gaps.filter(|gap| gap["kind"] == "unknown-end").collect();
    assert_eq!(lost.len(), 1, "{}", said["gaps"]);
    assert_eq!(lost[0]["missed"], 60);
}

#[test]
fn a_clip_goes_to_standard_output_as_a_copy_does() {
    let (folder, file, moments) = recorded();
    let range = ["--from", &moments[10], "--to", &moments[20]];
    let ran = finish(
        Command::new(AFTERIMAGE)
            .current_dir(folder.path())
            .args(words(&file, &range, Path::new("-"))),
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (DONE, ""));
    assert_eq!(names(folder.path()).len(), 1, "a file was made");
    let received = folder.path().join("received");
    fs::write(&received, &ran.stdout).unwrap();
    assert_sound(&received);
    assert_eq!(info(&received)["ticks"], 11);
}
