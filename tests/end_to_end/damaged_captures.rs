//! Captures that were cut short or changed: what is damaged is found and named, the rest is
//! shown, and nothing wrong is shown as if it were right.

use crate::support::command::{rows, run};
use crate::support::files::{DAMAGED, DONE, FAILED, READERS, captured, edited, written};
use crate::support::host::folder;
use crate::support::recorder::Recorder;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Bits to flip, one file each: a prime number, so that the places drift through the pages.
const FLIPS: usize = 61;
/// Ticks in a chunk.
const CHUNK: u64 = 60;

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

/// What a capture shows, in the formats that leave nothing out.
fn shown(file: &Path) -> [Vec<u8>; 3] {
    let show = |verb: &str| {
        let words = [
            OsStr::new(verb),
            file.as_os_str(),
            OsStr::new("--format"),
            OsStr::new("json"),
        ];
        run(&words).stdout
    };
    ["ps", "vmstat", "dmesg"].map(show)
}

#[test]
fn a_flipped_bit_is_found_wherever_it_changes_what_is_shown() {
    let (folder, good) = captured();
    let (bytes, original) = (fs::read(&good).unwrap(), shown(&good));
    let step = bytes.len() / FLIPS;
    let mut found = 0;
    for place in (step / 2..bytes.len()).step_by(step) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0x10;
        let file = written(folder.path(), "flipped", &flipped);
        for command in ["check", "info", "ps"] {
            let ran = run(&[OsStr::new(command), file.as_os_str()]);
            let allowed = [DONE, FAILED, DAMAGED].contains(&ran.code);
            assert!(
                allowed,
                "{command}, bit at {place}: {} {}",
                ran.code, ran.stderr
            );
            if command == "check" && ran.code == DONE {
                assert!(
                    shown(&file) == original,
                    "bit at {place}: wrong and said to be sound"
                );
            }
            found += usize::from(command == "check" && ran.code != DONE);
        }
    }
    // Free space within pages may hold any bit: that is most of what is left.
    assert!(
        found * 2 >= FLIPS,
        "only {found} of {FLIPS} flips were found"
    );
}

/// A capture of at least two chunks, and the moments of all its ticks.
fn chunks() -> (TempDir, PathBuf, Vec<String>) {
    let folder = folder();
    let file = folder.path().join("good");
    let mut recorder = Recorder::start(&file, &["-i", "20ms"]);
    recorder.wait_for_tick(2 * CHUNK + 5);
    recorder.stop();
    let at = |row: &Value| row["at"].as_str().unwrap().to_owned();
    let moments = rows("uptime", &file, &[]).iter().map(at).collect();
    (folder, file, moments)
}

/// The capture with a damaged chunk, by the number of its first tick.
fn with_damaged_chunk(folder: &Path, good: &Path, first: u64) -> PathBuf {
    let sql = format!(
        "UPDATE chunk_body SET frames =
         CAST(substr(frames, 1, 600) || x'00ff' || substr(frames, 603) AS BLOB) WHERE id = {first}"
    );
    edited(folder, "damaged", good, &sql)
}

#[test]
fn a_damaged_frame_is_named_and_everything_around_it_is_shown() {
    let (folder, good, moments) = chunks();
    let file = with_damaged_chunk(folder.path(), &good, CHUNK + 1);
    let checked = run(&[OsStr::new("check"), file.as_os_str()]);
    assert_eq!(checked.code, DAMAGED, "{}", checked.stderr);
    let place = format!("chunk_body {}", CHUNK + 1);
    assert!(checked.text().contains(&place), "{}", checked.text());
    let vmstat = [
        OsStr::new("vmstat"),
        file.as_os_str(),
        OsStr::new("--format"),
        OsStr::new("json"),
    ];
    let vmstat = run(&vmstat);
    assert_eq!(vmstat.code, DAMAGED, "{}", vmstat.stderr);
    let sound = moments.len() - usize::try_from(CHUNK).unwrap();
    assert_eq!(vmstat.json().as_array().unwrap().len(), sound);
    assert_eq!(run(&[OsStr::new("info"), file.as_os_str()]).code, DONE);
    for end in ["start", "end"] {
        let words = [
            OsStr::new("ps"),
            file.as_os_str(),
            OsStr::new("--at"),
            OsStr::new(end),
        ];
        assert_eq!(run(&words).code, DONE, "{end}");
    }
}

#[test]
fn a_moment_in_a_damaged_frame_is_exit_3_and_not_another_moment() {
    let (folder, good, moments) = chunks();
    let in_chunk = |number: u64| &moments[usize::try_from(number * CHUNK + CHUNK / 2).unwrap()];
    for (first, at) in [(1, in_chunk(0)), (CHUNK + 1, in_chunk(1))] {
        let file = with_damaged_chunk(folder.path(), &good, first);
        for verb in ["ps", "vmstat", "free", "uptime"] {
            let words = [
                OsStr::new(verb),
                file.as_os_str(),
                OsStr::new("--at"),
                OsStr::new(at),
            ];
            let ran = run(&words);
            assert_eq!(ran.code, DAMAGED, "{verb} in chunk {first}: {}", ran.stderr);
        }
    }
}

#[test]
fn an_end_that_is_damaged_is_exit_3() {
    let (folder, good) = captured();
    let file = with_damaged_chunk(folder.path(), &good, 1);
    let ran = run(&[OsStr::new("ps"), file.as_os_str()]);
    assert_eq!(ran.code, DAMAGED, "{}", ran.stderr);
}

#[test]
fn no_single_damaged_row_closes_the_capture() {
    let (folder, good) = captured();
    let tables = [
        "host", "run", "capture", "chunk", "clock", "source", "process", "command",
    ];
    let mut closed = Vec::new();
    for table in tables {
        let sql = format!("UPDATE {table} SET row_check = row_check + 1 WHERE id = 1");
        let file = edited(folder.path(), "damaged", &good, &sql);
        let checked = run(&[OsStr::new("check"), file.as_os_str()]);
        if checked.code != DAMAGED {
            closed.push((table, "check", checked.code, checked.stderr));
        }
        for verb in ["info", "vmstat", "ps"] {
            let ran = run(&[OsStr::new(verb), file.as_os_str()]);
            if ran.code == FAILED {
                closed.push((table, verb, ran.code, ran.stderr));
            }
        }
    }
    assert!(closed.is_empty(), "{closed:#?}");
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
