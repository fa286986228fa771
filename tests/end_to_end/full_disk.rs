//! A disk that another program fills: recording goes on, in the room that was reserved.

use crate::support::command::{assert_sound, finish, info, run};
use crate::support::files::FAILED;
use crate::support::host::{folder, is_root, names, skip};
use crate::support::recorder::Recorder;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A small file system in memory, unmounted when this goes.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// `None` where none can be mounted.
    fn mount() -> Option<Self> {
        let folder = folder();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=24m,mode=700", "none"]);
        let mounted = is_root() && finish(command.arg(folder.path())).code == 0;
        mounted.then_some(Self { folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all that is left of it.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::create(&path).unwrap();
        for size in [1 << 20, 4096] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut command = Command::new("umount");
        drop(command.arg("-l").arg(self.path()).status());
    }
}

#[test]
fn on_a_full_disk_recording_goes_on_and_ends_cleanly() {
    let Some(disk) = Disk::mount() else {
        return skip("only root can mount a file system");
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
    let Some(disk) = Disk::mount() else {
        return skip("only root can mount a file system");
    };
    disk.fill();
    let file = disk.path().join("a");
    let ended = Recorder::start_for(&file, "1s", &[]).wait();
    assert_eq!(ended.code, FAILED, "{}", ended.stderr);
    assert!(ended.stderr.contains("full"), "{}", ended.stderr);
    assert_eq!(names(disk.path()), [Path::new("filler")]);
    assert_eq!(run(&["info", file.to_str().unwrap()]).code, FAILED);
}
