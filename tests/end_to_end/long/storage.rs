//! Disks that are away for a minute, and that are full for three.

use crate::root::storage::{AFTER_THREE_CHECKPOINTS, SIZE, fail, fill_for, freeze, turn_read_only};
use crate::support::disk::Disk;
use crate::support::failing_disk::FailingDisk;
use crate::support::random::Random;
use std::time::Duration;

const AWAY: Duration = Duration::from_mins(1);
/// Three minutes at 50 ms.
const TICKS: u64 = 3_600;

#[test]
#[ignore = "takes minutes: ./check --long"]
fn a_file_system_that_is_frozen_for_a_minute_loses_no_tick() {
    for disk in [Disk::ext4(SIZE), Disk::xfs(SIZE)].into_iter().flatten() {
        freeze(&disk, AWAY);
    }
}

#[test]
#[ignore = "takes minutes: ./check --long"]
fn a_disk_whose_writes_fail_for_a_minute_loses_no_tick() {
    if let Some(disk) = FailingDisk::ext4(SIZE) {
        fail(&disk, AWAY);
    }
}

#[test]
#[ignore = "takes minutes: ./check --long"]
fn a_file_system_that_turns_read_only_for_a_minute_ends_no_recording() {
    if let Some(disk) = Disk::ext4(SIZE) {
        turn_read_only(&disk, AWAY);
    }
}

#[test]
#[ignore = "takes minutes: ./check --long"]
fn three_minutes_on_a_full_disk_lose_no_tick() {
    let mut random = Random::from_clock();
    for disk in [Disk::ext4(SIZE), Disk::xfs(SIZE)].into_iter().flatten() {
        let begin = AFTER_THREE_CHECKPOINTS + random.below(200);
        fill_for(&disk, (begin, TICKS));
    }
}
