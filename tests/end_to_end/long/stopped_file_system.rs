//! File systems that stop under the recorder, each often: see `root/stopped_file_system.rs`.

use crate::root::stopped_file_system::{SIZE, stop_often};
use crate::support::disk::Disk;

const STOPS: u64 = 20;

#[test]
#[ignore = "long, and mounts file systems: ./check --long"]
fn twenty_stops_of_an_ext4_lose_nothing_that_was_committed() {
    if let Some(disk) = Disk::ext4(SIZE) {
        stop_often(&disk, STOPS);
    }
}

#[test]
#[ignore = "long, and mounts file systems: ./check --long"]
fn twenty_stops_of_an_xfs_lose_nothing_that_was_committed() {
    if let Some(disk) = Disk::xfs(SIZE) {
        stop_often(&disk, STOPS);
    }
}
