//! Captures that were cut short or changed: what is damaged is found and named, the rest is
//! shown, and nothing wrong is shown as if it were right.

use crate::support::command::{AFTERIMAGE, run, ticks};
use crate::support::files::{DAMAGED, DONE, FAILED, READERS, captured, edited, written};
use crate::support::host::folder;
use crate::support::recorder::Recorder;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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
            let is_refused = ran.code == FAILED;
            assert!(
                !ran.stderr.is_empty() || !is_refused,
                "{command} of {end} bytes"
            );
            // What says which capture it is is among the first pages.
            assert!(
                !is_refused || end < 50 * 4096,
                "{command} of {end} bytes: {}",
                ran.stderr
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
fn of_a_file_that_was_altered_every_reader_shows_all_and_says_what_was_done() {
    let (folder, good) = captured();
    let view = "DROP TABLE note; CREATE VIEW note AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL
                SELECT id + 1 FROM n) SELECT id, 1 AS unix_us, 'x' AS text, 3 AS row_check FROM n";
    let file = edited(folder.path(), "altered", &good, view);
    let bytes = fs::read(&file).unwrap();
    for command in ["ps", "vmstat", "free", "uptime", "dmesg"] {
        let [ours, theirs] =
            [&good, &file].map(|file| run(&[OsStr::new(command), file.as_os_str()]));
        assert_eq!(theirs.code, DONE, "{command}: {}", theirs.stderr);
        assert!(ours.stdout == theirs.stdout, "{command}");
        assert_eq!(theirs.stderr.lines().count(), 2, "{}", theirs.stderr);
        for words in [
            "its table note is not as",
            "the file itself is unchanged; nothing is lost",
        ] {
            assert!(theirs.stderr.contains(words), "{}", theirs.stderr);
        }
    }
    let checked = run(&[OsStr::new("check"), file.as_os_str(), OsStr::new("--json")]);
    assert_eq!(checked.code, DAMAGED);
    assert!(
        checked.json()["refused"].is_string() && checked.json()["lost"] == Value::Array(vec![])
    );
    assert!(fs::read(&file).unwrap() == bytes);
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2, "something was left beside it");
}

#[test]
fn what_was_lost_is_told_with_its_time_and_only_who_asks_for_it_gets_exit_3() {
    let (folder, good, moments) = chunks();
    // The second chunk is gone, and SQLite refuses the file.
    let file = edited(
        folder.path(),
        "altered",
        &good,
        "DELETE FROM chunk_body WHERE id = 61; ALTER TABLE gap ADD COLUMN more TEXT",
    );
    let at = |verb: &str, moment: &str| {
        let words = ["--at", moment].map(OsStr::new);
        run(&[OsStr::new(verb), file.as_os_str(), words[0], words[1]])
    };
    for verb in ["ps", "vmstat"] {
        assert_eq!(at(verb, &moments[30]).code, DONE);
        assert_eq!(at(verb, &moments[90]).code, DAMAGED);
        assert_eq!(at(verb, &moments[122]).code, DONE);
    }
    let checked = run(&[OsStr::new("check"), file.as_os_str(), OsStr::new("--json")]);
    assert_eq!(checked.code, DAMAGED);
    let lost = &checked.json()["lost"][0];
    assert_eq!(lost["what"], "60 ticks from tick 61 on");
    assert!(
        lost["from"] == moments[59].as_str() && lost["to"] == moments[120].as_str(),
        "{lost}"
    );
    let vmstat = run(&[OsStr::new("vmstat"), file.as_os_str()]);
    assert_eq!(vmstat.code, DAMAGED);
    assert!(
        vmstat.stderr.contains("lost: 60 ticks from tick 61 on"),
        "{}",
        vmstat.stderr
    );
}

#[test]
fn a_reader_that_is_ended_by_a_signal_leaves_no_folder() {
    let (folder, good) = captured();
    let add = "ALTER TABLE gap ADD COLUMN more TEXT";
    let file = edited(folder.path(), "altered", &good, add);
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let mut command = Command::new(AFTERIMAGE);
    let command = command.arg("ps").arg(&file).args(["--format", "json"]);
    // Nobody reads what it prints: it waits in the middle, with its folder.
    let (reader, writer) = std::io::pipe().unwrap();
    (&writer).write_all(&vec![b'\n'; 65_536]).unwrap();
    let mut running = command
        .env("TMPDIR", &temporary)
        .env_remove("XDG_RUNTIME_DIR")
        .stdout(writer)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let count = || fs::read_dir(&temporary).unwrap().count();
    while count() == 0 {
        assert!(running.try_wait().unwrap().is_none(), "it has printed all");
        std::thread::yield_now();
    }
    let pid = i32::try_from(running.id()).unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    let ended = running.wait().unwrap();
    assert_eq!(ended.signal(), Some(15));
    assert_eq!(count(), 0, "its folder is there still");
    drop(reader);
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
    let moments = ticks("uptime", &file, &[]).iter().map(at).collect();
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
    let rows = vmstat.json();
    let (gaps, ticks): (Vec<&Value>, Vec<&Value>) =
        (rows.as_array().unwrap().iter()).partition(|row| !row["gap"].is_null());
    assert_eq!(ticks.len(), sound);
    let lost = gaps.iter().filter(|row| row["gap"] == "damaged");
    assert_eq!(lost.count(), 1, "{gaps:?}");
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
