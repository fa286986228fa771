//! What `record -o` does with a file that is there already: a capture of this host is gone on
//! with (see `clean_recording` and `killed`), and nothing else is touched.

use crate::support::command::{AFTERIMAGE, assert_sound, finish};
use crate::support::files::{DONE, FAILED, NEWER, captured, edited, written};
use crate::support::host::{is_root, names, skip};
use crate::support::recorder::Recorder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn recording_onto_something_else_touches_nothing() {
    let (folder, good) = captured();
    let here = folder.path();
    let foreign = here.join("foreign");
    drop(edited(here, "foreign", &good, "PRAGMA application_id = 7"));
    let text = written(here, "text", "my notes\n".repeat(40).as_bytes());
    let before = names(here);
    for file in [&text, &foreign] {
        let bytes = fs::read(file).unwrap();
        let ended = Recorder::start_for(file, "300ms", &["-i", "100ms"]).wait();
        assert_eq!(ended.code, FAILED, "{}", ended.stderr);
        let word = "not an afterimage capture";
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
        assert!(
            bytes == fs::read(file).unwrap(),
            "{} was changed",
            file.display()
        );
    }
    let nowhere = [
        here.join("no/such/folder/x"),
        PathBuf::from("/proc/x"),
        here.to_owned(),
    ];
    for nowhere in nowhere {
        let ended = Recorder::start_for(&nowhere, "300ms", &["-i", "100ms"]).wait();
        assert_eq!(ended.code, FAILED, "{}", ended.stderr);
        let name = nowhere.to_str().unwrap();
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
    }
    assert_eq!(names(here), before, "something was left behind");
}

#[test]
fn a_capture_of_another_host_is_not_recorded_onto() {
    if !is_root() {
        return skip("only root gives a process another host name");
    }
    let (folder, good) = captured();
    let (bytes, before) = (fs::read(&good).unwrap(), names(folder.path()));
    let renamed = "echo elsewhere > /proc/sys/kernel/hostname || exit 99; exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-u", "sh", "-c", renamed, "sh", AFTERIMAGE, "record"]);
    command
        .args(["--duration", "300ms", "--socket"])
        .arg(folder.path().join("socket"));
    let ran = finish(command.arg("-o").arg(&good));
    if ran.code == 99 || ran.stderr.contains("unshare failed") {
        return skip("no host name can be set here");
    }
    assert_eq!(ran.code, FAILED, "{}", ran.stderr);
    assert!(ran.stderr.contains("elsewhere"), "{}", ran.stderr);
    assert!(bytes == fs::read(&good).unwrap(), "it was changed");
    assert_eq!(names(folder.path()), before, "something was left behind");
}

#[test]
fn onto_a_newer_capture_a_new_file_is_begun_beside_it() {
    let (folder, good) = captured();
    let newer = edited(folder.path(), "newer", &good, NEWER);
    begins_a_new_file_beside(folder.path(), &newer);
}

#[test]
fn onto_a_damaged_capture_a_new_file_is_begun_beside_it() {
    let (folder, good) = captured();
    let changes = [
        ("damaged", "UPDATE host SET hostname = 'changed'"),
        ("header", "PRAGMA user_version = 259"),
    ];
    for (name, change) in changes {
        let damaged = edited(folder.path(), name, &good, change);
        begins_a_new_file_beside(folder.path(), &damaged);
    }
}

#[track_caller]
fn begins_a_new_file_beside(folder: &Path, file: &Path) {
    let (bytes, before) = (fs::read(file).unwrap(), names(folder));
    let ended = Recorder::start_for(file, "300ms", &["-i", "100ms"]).wait();
    assert_eq!(ended.code, DONE, "{}", ended.stderr);
    assert!(
        bytes == fs::read(file).unwrap(),
        "it was changed: {}",
        ended.stderr
    );
    let new = names(folder).into_iter();
    let new: Vec<PathBuf> = new.filter(|name| !before.contains(name)).collect();
    let [new] = &new[..] else {
        panic!("one new file: {new:?}");
    };
    assert!(
        ended.stderr.contains(new.to_str().unwrap()),
        "{}",
        ended.stderr
    );
    assert_sound(&folder.join(new));
}
