//! Whatever it is given: the right exit code, a message that says what is wrong, nothing
//! overwritten, and never a panic (which `support::command` looks for in every run).

use crate::support::command::{AFTERIMAGE, run};
use crate::support::host::{folder, names};
use crate::support::process::Guarded;
use crate::support::recorder::Recorder;
use rusqlite::Connection;
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Every command that reads a capture.
const READERS: [&str; 7] = ["info", "check", "ps", "vmstat", "free", "uptime", "dmesg"];
/// Exit codes, as `--help` lists them.
const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const DAMAGED: i32 = 3;

/// A short capture of this host, and a folder to put others beside it.
fn captured() -> (TempDir, PathBuf) {
    let folder = folder();
    let file = folder.path().join("good");
    let ended = Recorder::start_for(&file, "1s", &["-i", "100ms"]).wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    (folder, file)
}

fn edited(folder: &Path, name: &str, from: &Path, sql: &str) -> PathBuf {
    let file = folder.join(name);
    fs::copy(from, &file).unwrap();
    let db = Connection::open(&file).unwrap();
    db.execute_batch(sql).unwrap();
    file
}

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, bytes).unwrap();
    file
}

#[test]
fn what_is_no_capture_is_refused_by_every_command_with_its_reason() {
    let (folder, good) = captured();
    let here = folder.path();
    let foreign = here.join("foreign");
    let db = Connection::open(&foreign).unwrap();
    db.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
        .unwrap();
    drop(db);
    let png = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0; 200]].concat();
    let cases = [
        (here.join("nowhere"), "No such file"),
        (here.to_owned(), "directory"),
        (written(here, "empty", b""), "empty"),
        (written(here, "png", &png), "not an afterimage capture"),
        (
            written(here, "text", "a line\n".repeat(99).as_bytes()),
            "not an afterimage capture",
        ),
        (
            written(here, "header", &fs::read(&good).unwrap()[..60]),
            "too short",
        ),
        (foreign, "another program"),
        (
            edited(here, "newer", &good, "PRAGMA user_version = 9"),
            "newer afterimage wrote it",
        ),
        (
            edited(here, "older", &good, "PRAGMA user_version = 0"),
            "older afterimage wrote it",
        ),
        (PathBuf::from("/dev/null"), "not a regular file"),
    ];
    for (file, word) in &cases {
        for command in READERS {
            let ran = run(&[OsStr::new(command), file.as_os_str()]);
            let (said, name) = (&ran.stderr, file.display());
            assert_eq!(ran.code, FAILED, "{command} {name}: {said}");
            assert!(said.contains(word), "{command} {name}: {said}");
            assert!(ran.stdout.is_empty(), "{command} {name}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
        let copy = here.join("copy");
        let ran = run(&[OsStr::new("copy"), file.as_os_str(), copy.as_os_str()]);
        assert_eq!(
            (ran.code, copy.exists()),
            (FAILED, false),
            "{}",
            file.display()
        );
    }
}

#[test]
fn wrong_usage_is_told_from_a_moment_that_is_not_there() {
    let (_folder, good) = captured();
    let good = good.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 12] = [
        (
            &["ps", good, "--at", "2001-02-03T04:05:06Z"],
            FAILED,
            "outside the capture",
        ),
        (
            &["vmstat", good, "--from", "2001-02-03", "--to", "2001-02-04"],
            FAILED,
            "outside",
        ),
        (
            &["vmstat", good, "--from", "end", "--to", "start"],
            FAILED,
            "--from is after --to",
        ),
        (&["ps", good, "--at", "nonsense"], USAGE, "is not a time"),
        (&["ps", good, "--at", ""], USAGE, "--at"),
        (
            &["vmstat", good, "--at", "end", "--from", "start"],
            USAGE,
            "--from",
        ),
        (&["record", "--interval", "0"], USAGE, "--interval"),
        (&["record", "--interval", "1us"], USAGE, "--interval"),
        (&["record", "--budget-cpu", "0"], USAGE, "--budget-cpu"),
        (&["ps", good, "--such-an-option"], USAGE, "--such-an-option"),
        (&["psss", good], USAGE, "psss"),
        (&["ps"], USAGE, "FILE"),
    ];
    for (args, code, word) in cases {
        let ran = run(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(word), "{args:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn recording_onto_something_else_touches_nothing() {
    let (folder, good) = captured();
    let here = folder.path();
    let newer = edited(here, "newer", &good, "PRAGMA user_version = 9");
    let text = written(here, "text", "my notes\n".repeat(40).as_bytes());
    let before = names(here);
    for (file, word) in [
        (&text, "not an afterimage capture"),
        (&newer, "upgrade to open it"),
    ] {
        let bytes = fs::read(file).unwrap();
        let ended = Recorder::start_for(file, "300ms", &["-i", "100ms"]).wait();
        assert_eq!(ended.code, FAILED, "{}", ended.stderr);
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
        assert!(
            bytes == fs::read(file).unwrap(),
            "{} was changed",
            file.display()
        );
    }
    for nowhere in [
        here.join("no/such/folder/x"),
        PathBuf::from("/proc/x"),
        here.to_owned(),
    ] {
        let ended = Recorder::start_for(&nowhere, "300ms", &["-i", "100ms"]).wait();
        assert_eq!(ended.code, FAILED, "{}", ended.stderr);
        let name = nowhere.to_str().unwrap();
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
    }
    assert_eq!(names(here), before, "something was left behind");
}

#[test]
fn a_capture_of_another_host_is_not_recorded_onto() {
    let (folder, good) = captured();
    // The row's check is wrong then too: what cannot be trusted is not gone on with either.
    let other = edited(
        folder.path(),
        "other",
        &good,
        "UPDATE host SET hostname = 'elsewhere'",
    );
    let bytes = fs::read(&other).unwrap();
    let ended = Recorder::start_for(&other, "300ms", &["-i", "100ms"]).wait();
    assert_eq!(ended.code, FAILED, "{}", ended.stderr);
    assert!(bytes == fs::read(&other).unwrap(), "it was changed");
}

#[test]
fn a_capture_cut_short_anywhere_is_refused_or_shown_in_part() {
    let (folder, good) = captured();
    let bytes = fs::read(&good).unwrap();
    let ends = (1..16).map(|part| bytes.len() * part / 16);
    for end in ends.chain([99, 100, 512, 4095, 4096, 4097, bytes.len() - 1]) {
        let file = written(folder.path(), "cut", &bytes[..end]);
        for command in READERS {
            let ran = run(&[OsStr::new(command), file.as_os_str()]);
            let allowed = [DONE, FAILED, DAMAGED].contains(&ran.code);
            assert!(
                allowed,
                "{command} of {end} bytes: {} {}",
                ran.code, ran.stderr
            );
            assert_eq!(
                ran.code == FAILED,
                !ran.stderr.is_empty(),
                "{command} of {end} bytes"
            );
        }
        let checked = run(&[OsStr::new("check"), file.as_os_str()]);
        assert_ne!(
            checked.code,
            DONE,
            "{end} of {} bytes are said to be whole",
            bytes.len()
        );
    }
}

#[test]
fn flipped_bits_are_found_and_never_end_in_a_panic() {
    let (folder, good) = captured();
    let bytes = fs::read(&good).unwrap();
    // A prime number of places, so that they drift through the pages.
    let step = bytes.len() / 61;
    let mut found = 0;
    for place in (step / 2..bytes.len()).step_by(step) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0x10;
        let file = written(folder.path(), "flipped", &flipped);
        for command in ["check", "info", "ps", "vmstat"] {
            let ran = run(&[OsStr::new(command), file.as_os_str()]);
            let allowed = [DONE, FAILED, DAMAGED].contains(&ran.code);
            assert!(
                allowed,
                "{command}, bit at {place}: {} {}",
                ran.code, ran.stderr
            );
            found += usize::from(command == "check" && ran.code != DONE);
        }
    }
    // Free space within pages may hold any bit: that is most of what is left.
    assert!(found >= 30, "only {found} of 61 flips were found");
}

#[test]
fn a_flip_within_the_frames_is_exit_3_and_names_the_place() {
    let (folder, good) = captured();
    let flip = "UPDATE chunk_body SET frames =
        CAST(substr(frames, 1, 600) || x'00ff' || substr(frames, 603) AS BLOB)";
    let file = edited(folder.path(), "flipped", &good, flip);
    let checked = run(&[OsStr::new("check"), file.as_os_str()]);
    assert_eq!(checked.code, DAMAGED, "{}", checked.stderr);
    assert!(
        checked.text().contains("chunk_body 1"),
        "{}",
        checked.text()
    );
    assert_eq!(run(&[OsStr::new("ps"), file.as_os_str()]).code, DAMAGED);
    assert_eq!(run(&[OsStr::new("info"), file.as_os_str()]).code, DONE);
}

#[test]
fn a_changed_row_of_a_plain_table_is_found() {
    let (folder, good) = captured();
    let change = "UPDATE run SET interval_us = interval_us * 2";
    let file = edited(folder.path(), "changed", &good, change);
    let checked = run(&[OsStr::new("check"), file.as_os_str()]);
    assert_eq!(checked.code, DAMAGED, "{}", checked.stderr);
    assert!(checked.text().contains("run 1"), "{}", checked.text());
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let (_folder, good) = captured();
    for args in [
        &["ps", "--format", "json"][..],
        &["vmstat"],
        &["dmesg"],
        &["info"],
        &["copy"],
    ] {
        let mut command = Command::new(AFTERIMAGE);
        command.arg(args[0]).arg(&good).args(&args[1..]);
        if args[0] == "copy" {
            command.arg("-");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = Guarded::spawn(command.stderr(Stdio::piped()));
        drop(child.stdout());
        let mut said = String::new();
        child.stderr().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait(), said.as_str()), (DONE, ""), "{args:?}");
    }
}
