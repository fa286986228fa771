//! A file system that stops as in a power cut (`FS_IOC_SHUTDOWN` without its journal): after it
//! was mounted again, everything that was committed is there, and recording goes on in it.

use crate::support::capture::last_tick;
use crate::support::command::assert_sound;
use crate::support::disk::{Disk, MIB};
use crate::support::random::Random;
use crate::support::recorder::Recorder;
use rustix::process::Signal;
use std::thread;
use std::time::Duration;

/// How often each file system is stopped; in `long/stopped_file_system.rs` more.
const STOPS: u64 = 3;
pub(crate) const SIZE: u64 = 96 * MIB;
const INTERVAL: &str = "20ms";
/// The moment of the stop after the first tick: within a tail, and across chunks of 60 ticks.
const LATEST_MS: u64 = 3_000;

#[test]
#[ignore = "mounts file systems: ./check --root"]
fn an_ext4_that_stops_loses_nothing_that_was_committed() {
    if let Some(disk) = Disk::ext4(SIZE) {
        stop_often(&disk, STOPS);
    }
}

#[test]
#[ignore = "mounts file systems: ./check --root"]
fn an_xfs_that_stops_loses_nothing_that_was_committed() {
    if let Some(disk) = Disk::xfs(SIZE) {
        stop_often(&disk, STOPS);
    }
}

/// Stops it under one recorder after the other, which all record into the same capture.
pub(crate) fn stop_often(disk: &Disk, stops: u64) {
    let mut random = Random::from_clock();
    let file = disk.path().join("host.afterimage");
    let mut before = 0;
    for _ in 0..stops {
        let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
        recorder.wait_for_tick(before + 1);
        thread::sleep(Duration::from_millis(random.below(LATEST_MS)));
        // A reader beside the recorder sees a tick only when its commit is complete.
        let committed = last_tick(&file);
        if !disk.shut_down() {
            return;
        }
        recorder.signal(Signal::KILL);
        assert_eq!(recorder.wait().code, -1);
        disk.mount_again();
        assert_sound(&file);
        let left = last_tick(&file);
        assert!(left >= committed, "{left} of {committed} ticks are left");
        before = left;
    }
    Recorder::start_for(&file, "300ms", &["-i", INTERVAL]).wait();
    assert!(last_tick(&file) > before, "nothing was recorded after it");
    assert_sound(&file);
}
