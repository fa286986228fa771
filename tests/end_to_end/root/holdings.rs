//! File systems that are mounted, filled, stopped and unmounted while a recorder looks at them,
//! and a device with a name.

use crate::host_trouble::assert_accounted;
use crate::support::clock::wait_for;
use crate::support::command::{finish, rows, run};
use crate::support::disk::{Disk, MIB};
use crate::support::fuse_mount::FuseMount;
use crate::support::host::{folder, has, skip};
use crate::support::recorder::Recorder;
use afterimage_format::capture::Capture;
use afterimage_format::time::WallTime;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

const INTERVAL: &str = "200ms";

/// The row of a mount point, at the end of what is recorded so far.
fn df(file: &Path, point: &Path) -> Option<Value> {
    let ran = run(&[
        OsStr::new("df"),
        file.as_os_str(),
        OsStr::new("--format"),
        OsStr::new("json"),
    ]);
    let rows: Vec<Value> = serde_json::from_slice(&ran.stdout).ok()?;
    rows.into_iter()
        .find(|row| row["mounted_on"].as_str().map(Path::new) == Some(point))
}

/// What was said of a mount point, in order.
fn events(file: &Path, point: &Path) -> Vec<String> {
    let mut capture = Capture::open(file).expect("the capture opens");
    let all = capture
        .events(WallTime(i64::MIN), WallTime(i64::MAX))
        .unwrap();
    let point = format!("{} ", point.display());
    let of = all
        .into_iter()
        .filter(|event| event.text.starts_with(&point));
    of.map(|event| event.kind).collect()
}

/// The numbers of one line of `df`, and its last but for the mount point.
fn live(option: &str, point: &Path) -> Vec<String> {
    let text = finish(Command::new("df").args([option, "-T"]).arg(point)).text();
    let line = text.lines().nth(1).expect("it has a line for the mount");
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
#[ignore = "mounts a file system: ./check --root"]
fn a_file_system_that_fills_has_the_numbers_of_df_and_comes_and_goes_as_events() {
    let folder = folder();
    let file = folder.path().join("a");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(3);
    let Some(disk) = Disk::ext4(32 * MIB) else {
        return;
    };
    let point = disk.path().to_owned();
    wait_for("the mount", || {
        df(&file, &point).filter(|row| row["used_bytes"].is_u64())
    });
    let empty = df(&file, &point).unwrap();
    disk.fill();
    let synced = finish(Command::new("sync").arg("-f").arg(&point));
    assert_eq!(synced.code, 0, "{}", synced.stderr);
    recorder.wait_for_more(3);
    let (blocks, inodes) = (live("-k", &point), live("-i", &point));
    let full = df(&file, &point).unwrap();
    let kib = |key: &str| (full[key].as_u64().unwrap() / 1024).to_string();
    let ours = ["total_bytes", "used_bytes", "available_bytes"].map(kib);
    assert_eq!(ours, blocks[2..5], "{full}");
    assert_eq!(format!("{}%", full["use_percent"]), blocks[5]);
    let names = ["filesystem", "type"].map(|key| full[key].as_str().unwrap());
    assert_eq!(names, blocks[..2]);
    let count = |key: &str| full[key].to_string();
    assert_eq!(
        ["inodes", "inodes_used", "inodes_free"].map(count),
        inodes[2..5]
    );
    assert_eq!(format!("{}%", full["inodes_use_percent"]), inodes[5]);
    assert_ne!(full["used_bytes"], empty["used_bytes"]);
    drop(disk);
    wait_for("its end", || {
        events(&file, &point)
            .contains(&"unmount".to_owned())
            .then_some(())
    });
    recorder.stop();
    assert_eq!(events(&file, &point), ["mount", "unmount"]);
    assert_eq!(df(&file, &point), None);
}

#[test]
#[ignore = "mounts a file system: ./check --root"]
fn a_mount_whose_server_is_stopped_does_not_answer_and_the_others_do() {
    let folder = folder();
    let (file, point) = (folder.path().join("a"), folder.path().join("served"));
    fs::create_dir(&point).unwrap();
    let Some(mount) = FuseMount::over(&point) else {
        return;
    };
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    let row = wait_for("an answer", || {
        df(&file, &point).filter(|row| row["total_bytes"].is_u64())
    });
    let numbers = [
        "total_bytes",
        "used_bytes",
        "available_bytes",
        "use_percent",
        "inodes_used",
    ];
    let expected = [1000 * 4096, 600 * 4096, 300 * 4096, 67, 30].map(|number| json!(number));
    assert_eq!(numbers.map(|key| row[key].clone()), expected);
    assert_eq!(row["not_answering_since"], Value::Null);
    mount.stop();
    // It is asked at each third tick, and waited for.
    let row = wait_for("its silence", || {
        df(&file, &point).filter(|row| row["not_answering_since"].is_string())
    });
    assert_eq!(
        numbers.map(|key| row[key].clone()),
        [const { Value::Null }; 5]
    );
    let last = crate::support::capture::last_tick(&file);
    recorder.wait_for_more(10);
    let sample = crate::support::capture::last_sample(&file).unwrap();
    let others = sample.file_systems.unwrap();
    let others = others
        .iter()
        .filter(|(name, _)| Path::new(&**name) != point);
    let asked = others.filter_map(|(_, other)| other.read_at.ok());
    assert!(
        asked.map(|seq| seq.0).max() > Some(last),
        "nobody was asked after it"
    );
    mount.go_on();
    let row = wait_for("its answer", || {
        df(&file, &point).filter(|row| row["total_bytes"].is_u64())
    });
    assert_eq!(row["not_answering_since"], Value::Null);
    recorder.stop();
    assert_accounted(&file, &["stalled"]);
    assert_eq!(events(&file, &point), ["mount-blocked", "mount-answers"]);
}

#[test]
#[ignore = "makes a dm device: ./check --root"]
fn a_dm_device_goes_by_its_name_and_stands_on_its_disk() {
    let folder = folder();
    let (file, image) = (folder.path().join("a"), folder.path().join("image"));
    if !has("dmsetup") || finish(Command::new("dmsetup").arg("version")).code != 0 {
        return skip("there is no device mapper in this kernel");
    }
    fs::File::create(&image).unwrap().set_len(8 * MIB).unwrap();
    let attached = finish(Command::new("losetup").args(["-f", "--show"]).arg(&image));
    if attached.code != 0 {
        return skip("there is no loop device");
    }
    let device = attached.text().trim().to_owned();
    let name = format!("afterimage-test-{}", std::process::id());
    let table = format!("0 16384 linear {device} 0");
    let made = finish(Command::new("dmsetup").args(["create", &name, "--table", &table]));
    let shown = if made.code == 0 {
        let mapped = format!("/dev/mapper/{name}");
        let read =
            finish(Command::new("dd").args([&format!("if={mapped}"), "of=/dev/null", "bs=1M"]));
        let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
        recorder.wait_for_tick(5);
        recorder.stop();
        finish(Command::new("dmsetup").args(["remove", &name]));
        Some(read.code)
    } else {
        None
    };
    finish(Command::new("losetup").args(["-d", &device]));
    if shown != Some(0) {
        return skip(&format!("no dm device can be made: {}", made.stderr));
    }
    let disks = rows("lsblk", &file, &[]);
    let disk = disks.iter().find(|disk| disk["model"] == name.as_str());
    let disk = disk.unwrap_or_else(|| panic!("{name} in {disks:#?}"));
    assert_eq!(disk["parents"], device.trim_start_matches("/dev/"));
    assert_eq!(
        rows("iostat", &file, &["-N", "--devices", &name, "--at", "end"]).len(),
        1
    );
}
