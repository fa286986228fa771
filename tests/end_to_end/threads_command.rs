//! `afterimage threads`: dumps of files and logs, and dumps that are put into a capture.

use crate::support::command::AFTERIMAGE;
use crate::support::command::{Ran, assert_sound, finish, info, ok, run};
use crate::support::host::{folder, names};
use crate::support::recorder::Recorder;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A dump that the analysis has as a fixture.
fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../analysis/fixtures/dumps");
    let packed = fs::read(folder.join(format!("{name}.zst"))).unwrap();
    zstd::decode_all(packed.as_slice()).unwrap()
}

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[track_caller]
fn json(files: &[&Path], more: &[&str]) -> Value {
    let mut args = vec!["threads".as_ref()];
    args.extend(files.iter().map(|file| file.as_os_str()));
    args.extend(["--format", "json"].map(std::ffi::OsStr::new));
    args.extend(more.iter().map(std::ffi::OsStr::new));
    ok(&args).json()
}

#[track_caller]
fn table(files: &[&Path], more: &[&str]) -> String {
    let mut args = vec!["threads".as_ref()];
    args.extend(files.iter().map(|file| file.as_os_str()));
    args.extend(more.iter().map(std::ffi::OsStr::new));
    ok(&args).text()
}

/// From standard input.
fn piped(bytes: &Path, more: &[&str]) -> Ran {
    let script = format!("\"$0\" threads - {} < \"$1\"", more.join(" "));
    let mut command = Command::new("sh");
    finish(
        command
            .arg("-c")
            .arg(script)
            .arg(AFTERIMAGE)
            .arg(bytes)
            .stdin(Stdio::null()),
    )
}

#[test]
fn a_dump_that_somebody_took_is_told_with_its_worst_first() {
    let folder = folder();
    let file = written(folder.path(), "dump.txt", &fixture("hotspot17-4.txt"));
    let said = json(&[&file], &[]);
    let dump = &said["dumps"][0];
    assert_eq!(said["dumps"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&dump["total"], &dump["unknown_lines"]),
        (&159.into(), &0.into())
    );
    let states = serde_json::json!({"BLOCKED": 40, "RUNNABLE": 13, "TIMED_WAITING": 37, "WAITING": 61, "VM": 8});
    assert_eq!(dump["states"], states);
    let worst = &dump["blockers"][0];
    assert!(worst["thread"].as_str().unwrap().ends_with("exec-100"));
    assert_eq!(
        (&worst["direct"], &worst["total"]),
        (&40.into(), &40.into())
    );
    assert_eq!(dump["findings"][0]["kind"], "lock-contention");
    assert_eq!(dump["deadlocks"], serde_json::json!([]));
    for absent in ["trigger", "pause_ms", "comm", "kind"] {
        assert!(dump[absent].is_null(), "{absent}");
    }
    let text = table(&[&file], &[]);
    let found = text.find("FINDINGS").unwrap();
    assert!(found < text.find("LOCKS").unwrap(), "{text}");
    assert!(text.contains("keeps 40 threads waiting"), "{text}");
    let same = piped(&file, &["--format", "json"]);
    assert_eq!(same.json(), said, "standard input is a file as well");
}

#[test]
fn several_files_are_one_story_in_the_order_of_time() {
    let folder = folder();
    let names = ["hotspot17-4.txt", "hotspot17-2.txt", "hotspot17-3.txt"];
    let files: Vec<PathBuf> = names
        .iter()
        .map(|name| written(folder.path(), name, &fixture(name)))
        .collect();
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let said = json(&files, &[]);
    let dumps = said["dumps"].as_array().unwrap();
    let blocked: Vec<&Value> = dumps
        .iter()
        .map(|dump| &dump["states"]["BLOCKED"])
        .collect();
    assert_eq!(blocked, [12, 40, 40], "by their own times");
    let stuck = dumps[2]["stuck"].as_array().unwrap();
    assert!(
        stuck.len() >= 70,
        "40 on a lock, 25 on the pool, 5 with its connections"
    );
    assert_eq!(dumps[2]["cpu"][0]["by"], "dumps");
    assert_eq!(dumps[2]["cpu"][0]["thread"], "pricing-recompute");
    assert!(table(&files, &[]).contains("DID NOT MOVE"));
}

#[test]
fn two_files_are_compared_in_the_order_of_time_and_what_moved_is_told() {
    let folder = folder();
    let [first, third] = ["hotspot17-1.txt", "hotspot17-3.txt"]
        .map(|name| written(folder.path(), name, &fixture(name)));
    let said = json(&[&first], &["--diff", third.to_str().unwrap()]);
    let turned = json(&[&third], &["--diff", first.to_str().unwrap()]);
    assert_eq!(said, turned, "whichever is named first");
    let diff = &said["diffs"][0];
    let count = |key: &str| diff[key].as_array().unwrap().len();
    let both = count("changed") + count("same") + count("idle");
    let total = |side: &str| diff[side]["total"].as_u64().unwrap();
    assert_eq!(count("new") + both, usize::try_from(total("now")).unwrap());
    assert_eq!(
        count("gone") + both,
        usize::try_from(total("before")).unwrap()
    );
    let new: Vec<&Value> = diff["new"]
        .as_array()
        .unwrap()
        .iter()
        .map(|new| &new["thread"])
        .collect();
    assert_eq!(new, ["pricing-recompute"]);
    let blocked = diff["changed"].as_array().unwrap().iter().filter(|pair| {
        let holder = pair["now"]["held_by"].as_str();
        pair["now"]["state"] == "BLOCKED" && holder.is_some_and(|name| name.ends_with("exec-100"))
    });
    assert_eq!(blocked.count(), 40);
    let findings = diff["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["change"] == "new"));
    assert_eq!(diff["cpu_by"], "dumps");
    let text = table(&[&first], &["--diff", third.to_str().unwrap()]);
    for words in [
        "BLOCKED 0 -> 40",
        "BEGAN: 1 thread",
        "MOVED: ",
        "DID NOT MOVE: ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let csv = table(
        &[&first],
        &["--diff", third.to_str().unwrap(), "--format", "csv"],
    );
    let lines = count("new") + count("gone") + both + 1;
    assert_eq!(
        csv.lines().count(),
        lines,
        "a line for each thread, and the head"
    );
    let same = run(&[
        "threads".as_ref(),
        first.as_os_str(),
        "--diff".as_ref(),
        "nowhere".as_ref(),
    ]);
    assert_eq!(same.code, 1);
}

#[test]
fn a_log_gives_the_dumps_in_it_and_raw_gives_them_back() {
    let folder = folder();
    let dump = fixture("lab25.txt");
    let log = [b"INFO \xff start\n", dump.as_slice(), b"\nINFO end\n"].concat();
    let file = written(folder.path(), "app.log", &log);
    let said = json(&[&file], &[]);
    assert_eq!(
        (
            said["dumps"].as_array().unwrap().len(),
            &said["other_lines"]
        ),
        (1, &2.into())
    );
    let raw = ok(&["threads".as_ref(), file.as_os_str(), "--raw".as_ref()]);
    let text = String::from_utf8(raw.stdout).unwrap();
    assert_eq!(text.trim_end(), String::from_utf8(dump).unwrap().trim_end());
    let csv = table(&[&file], &["--format", "csv"]);
    let threads = csv.lines().filter(|line| line.contains(",convoy-")).count();
    assert_eq!(threads, 40, "{csv}");
}

#[test]
fn what_is_no_dump_is_an_error_that_says_so() {
    let folder = folder();
    let file = written(folder.path(), "x.txt", b"hello\n");
    let ran = run(&["threads".as_ref(), file.as_os_str()]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("no thread dump of a known form"),
        "{}",
        ran.stderr
    );
    let ran = run(&["threads".as_ref(), folder.path().join("none").as_os_str()]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("cannot open"), "{}", ran.stderr);
    let dump = written(folder.path(), "dump.txt", &fixture("lab25.txt"));
    let ran = run(&[
        "threads".as_ref(),
        dump.as_os_str(),
        "--at".as_ref(),
        "end".as_ref(),
    ]);
    assert_eq!(ran.code, 1);
    let ran = run(&["threads"]);
    assert_eq!(ran.code, 2);
}

#[test]
fn a_terminal_gets_no_escapes_out_of_a_dump() {
    let folder = folder();
    let text = String::from_utf8(fixture("lab25.txt")).unwrap();
    let evil = text.replace("\"holder\"", "\"hol\x1b[2Jder\u{202e}\"");
    let file = written(folder.path(), "dump.txt", evil.as_bytes());
    for more in [&[][..], &["--format", "csv"], &["--format", "json"]] {
        let text = table(&[&file], more);
        assert!(!text.contains(['\x1b', '\u{202e}']), "{more:?}");
        assert!(text.contains("hol"), "{more:?}");
    }
    let said = json(&[&file], &[]);
    assert_eq!(
        said["dumps"][0]["blockers"][0]["thread"],
        "hol\u{1b}[2Jder\u{202e}"
    );
}

#[test]
fn a_dump_is_put_into_a_capture_and_read_from_it() {
    let folder = folder();
    let capture = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&capture, &["-i", "50ms"]);
    recorder.wait_for_tick(5);
    let dump = written(
        folder.path(),
        "by-hand.txt",
        &fixture("hotspot25-virtual.txt"),
    );
    let import = [
        "threads".as_ref(),
        capture.as_os_str(),
        "--import".as_ref(),
        dump.as_os_str(),
        "--pid".as_ref(),
        "4711".as_ref(),
    ];
    let ran = run(&import);
    assert_eq!(ran.code, 75, "it is being recorded: {}", ran.stderr);
    recorder.stop();
    let before = names(folder.path());
    assert!(ok(&import).text().contains("1 thread dump added"));
    assert_eq!(names(folder.path()), before, "no file is left beside it");
    assert_sound(&capture);
    let said = json(&[&capture], &[]);
    let of_file = json(&[&dump], &[]);
    let (stored, direct) = (&said["dumps"][0], &of_file["dumps"][0]);
    assert_eq!(said["dumps"].as_array().unwrap().len(), 1);
    for same in [
        "total",
        "states",
        "blockers",
        "deadlocks",
        "groups",
        "pools",
        "cpu",
        "vm",
    ] {
        assert_eq!(stored[same], direct[same], "{same}");
    }
    assert_eq!(
        (&stored["pid"], &stored["kind"], &stored["status"]),
        (&4711.into(), &"imported".into(), &"ok".into())
    );
    // On the clock of the recorded host.
    assert!(
        stored["at"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-22T08:18:48.000")
    );
    let raw = ok(&["threads".as_ref(), capture.as_os_str(), "--raw".as_ref()]);
    assert_eq!(raw.stdout, fixture("hotspot25-virtual.txt"));
    let none = table(&[&capture], &["--pid", "1"]);
    assert!(none.contains("There is no thread dump."), "{none}");
    // Recording goes on in it, and the dump stays.
    let before_ticks = info(&capture)["ticks"].as_u64().unwrap();
    let mut recorder = Recorder::start(&capture, &["-i", "50ms"]);
    recorder.wait_for_tick(before_ticks + 5);
    recorder.stop();
    assert_eq!(json(&[&capture], &[])["dumps"][0]["total"], 174);
}
