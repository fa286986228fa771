//! Whatever it is given: the right exit code, a message that says what is wrong, and never a
//! panic (which `support::command` looks for in every run).

use crate::support::command::{AFTERIMAGE, run};
use crate::support::files::{
    DONE, FAILED, NEWER, OLDER, READERS, USAGE, captured, edited, written,
};
use crate::support::process::with_closed_output;
use rusqlite::Connection;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

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
            edited(here, "newer", &good, NEWER),
            "newer afterimage wrote it",
        ),
        (
            edited(here, "older", &good, OLDER),
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
    let cases: [(&[&str], i32, &str); 11] = [
        (
            &["ps", good, "--at", "2001-02-03T04:05:06Z"],
            FAILED,
            "outside the capture",
        ),
        (
            &[
                "vmstat",
                good,
                "--from",
                "2001-02-03 00:00",
                "--to",
                "2001-02-04 00:00",
            ],
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
fn a_setting_out_of_its_range_is_wrong_usage() {
    for (option, value) in [
        ("--budget-cpu", "0"),
        ("--interval", "1us"),
        ("--max-size", "1"),
        ("--sync", "x"),
    ] {
        let ran = run(&["record", option, value]);
        assert_eq!(ran.code, USAGE, "{option}: {}", ran.stderr);
        assert!(
            ran.stderr.contains(option.trim_start_matches('-')),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let (_folder, good) = captured();
    for args in [
        &["ps", "--format", "json"][..],
        &["vmstat"],
        &["dmesg"],
        &["lastcomm"],
        &["info"],
    ] {
        let mut command = Command::new(AFTERIMAGE);
        command.arg(args[0]).arg(&good).args(&args[1..]);
        let (code, said) = with_closed_output(&mut command);
        assert_eq!((code, said.as_str()), (DONE, ""), "{args:?}");
    }
}
