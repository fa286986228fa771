//! A new capture comes into being at once, whatever lies around from one that did not, or is gone.

use super::{FakeHost, LARGE, folder};
use crate::capture::Capture;
use crate::capture::lock::with_suffix;
use crate::capture::writer::Start;
use std::path::{Path, PathBuf};

fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn a_draft_that_a_power_cut_left_is_made_anew_and_nothing_of_it_stays() {
    let (folder, path) = folder();
    let draft = with_suffix(&path, "-unfinished");
    std::fs::write(&draft, vec![0xff; 5000]).unwrap();
    let (mut host, start) = FakeHost::start(&path, "boot-1", 0, LARGE);
    assert_eq!(start, Start::New);
    host.record(3);
    host.writer.finish("signal").unwrap();
    assert_eq!(names(folder.path()), std::slice::from_ref(&path));
    assert_eq!(Capture::open(&path).unwrap().ticks().unwrap(), 3);
}

#[test]
fn a_log_whose_capture_is_gone_is_not_taken_for_that_of_a_new_one() {
    let (_folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(5);
    let log = std::fs::read(with_suffix(&path, "-wal")).unwrap();
    let new = path.with_file_name("new.afterimage");
    std::fs::write(with_suffix(&new, "-wal"), log).unwrap();
    let (mut host, start) = FakeHost::start(&new, "boot-1", 100, LARGE);
    assert_eq!(start, Start::New);
    host.record(3);
    drop(host);
    assert_eq!(Capture::open(&new).unwrap().ticks().unwrap(), 3);
}
