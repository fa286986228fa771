//! The reports of sar that are about devices: `-b`, `-d` and `-n DEV`.

use super::{named, number};
use crate::machine::{Absent, Before, Value, for_each, micros, rise};
use crate::table::Cell;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Disk, Network, Sample};
use std::time::Duration;

/// A sector of `/proc/diskstats`, which sar calls a block.
const SECTOR_BYTES: f64 = 512.0;

/// What a device did: requests, bytes, and times in microseconds.
#[derive(Debug, Clone, Copy)]
struct Done {
    /// Reads, writes, discards.
    requests: [Result<u64, Absent>; 3],
    bytes: [Result<u64, Absent>; 3],
    time: [Result<u64, Absent>; 3],
    weighted: Result<u64, Absent>,
    busy: Result<u64, Absent>,
}

impl Done {
    fn between(before: &Result<Disk, Absent>, now: &Disk) -> Self {
        let risen = |pick: &dyn Fn(&Disk) -> Reading<u64>| {
            rise(
                before.as_ref().map(pick).map_err(|absent| *absent),
                pick(now),
            )
        };
        let time = |pick: fn(&Disk) -> Reading<Duration>| risen(&|disk| micros(pick(disk)));
        Self {
            requests: [
                risen(&|disk| disk.reads[0]),
                risen(&|disk| disk.writes[0]),
                risen(&|disk| disk.discards[0]),
            ],
            bytes: [
                risen(&|disk| disk.read.map(|bytes| bytes.0)),
                risen(&|disk| disk.written.map(|bytes| bytes.0)),
                risen(&|disk| disk.discarded.map(|bytes| bytes.0)),
            ],
            time: [
                time(|disk| disk.read_time),
                time(|disk| disk.write_time),
                time(|disk| disk.discard_time),
            ],
            weighted: time(|disk| disk.weighted_time),
            busy: time(|disk| disk.busy_time),
        }
    }
}

/// The sum. Of discards, which kernels before 4.18 do not count, there were none then.
fn sum([reads, writes, discards]: [Result<u64, Absent>; 3]) -> Result<u64, Absent> {
    let discards = match discards {
        Err(Absent::Reading(Missing::NotSupported)) => 0,
        discards => discards?,
    };
    Ok(reads?.saturating_add(writes?).saturating_add(discards))
}

fn per_second(before: Before<'_>, bytes: Result<u64, Absent>, unit: f64) -> Value {
    before.per_second(bytes).map(|bytes| bytes / unit)
}

/// `-d`: every device that ever did anything.
pub(super) fn disks(
    now: &Sample,
    before: Before<'_>,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<Vec<Cell>> {
    let disks = now.machine.disks.iter().enumerate();
    let disks = disks.filter(|(_, (name, _))| is_wanted(name));
    let row = |(place, (name, disk)): (usize, &(Box<str>, Disk))| {
        let done = Done::between(&before.row(|machine| &machine.disks, name, place), disk);
        let requests = sum(done.requests);
        let each = |of: Result<u64, Absent>, unit: f64| Ok(for_each(of?, requests?) / unit);
        let [read, written, discarded] = done.bytes;
        let values = [
            before.per_second(requests),
            per_second(before, read, 1024.0),
            per_second(before, written, 1024.0),
            per_second(before, discarded, 1024.0),
            each(sum(done.bytes), 1024.0),
            // Microseconds a second: a million of them is one request, or one busy device.
            per_second(before, done.weighted, 1e6),
            each(sum(done.time), 1e3),
            per_second(before, done.busy, 1e4),
        ];
        named(name, values)
    };
    disks.map(row).collect()
}

/// `-b`: all devices that are neither parts of another nor made of others.
pub(super) fn all_disks(now: &Sample, before: Before<'_>) -> Vec<Cell> {
    let disks = &now.machine.disks;
    let is_counted = |name: &str| !is_virtual(name) && !is_partition(name, disks);
    let (mut requests, mut bytes) = ([Ok(0_u64); 3], [Ok(0_u64); 3]);
    let add = |total: &mut [Result<u64, Absent>; 3], more: [Result<u64, Absent>; 3]| {
        for (total, more) in total.iter_mut().zip(more) {
            *total = total.and_then(|total| Ok(total.saturating_add(more?)));
        }
    };
    let counted = disks.iter().enumerate();
    for (place, (name, disk)) in counted.filter(|(_, (name, _))| is_counted(name)) {
        let done = Done::between(&before.row(|machine| &machine.disks, name, place), disk);
        add(&mut requests, done.requests);
        add(&mut bytes, done.bytes);
    }
    let [reads, writes, discards] = requests.map(|requests| before.per_second(requests));
    let blocks = bytes.map(|bytes| number(per_second(before, bytes, SECTOR_BYTES)));
    let tps = number(before.per_second(sum(requests)));
    let mut cells = vec![tps, number(reads), number(writes), number(discards)];
    cells.extend(blocks);
    cells
}

/// Whether a device is made of others, or of memory: what it does is counted there, or nowhere.
fn is_virtual(name: &str) -> bool {
    let kinds = ["loop", "ram", "zram", "dm-", "md", "drbd", "nbd", "bcache"];
    kinds.iter().any(|kind| name.starts_with(kind))
}

/// Whether a device is a part of another: `sda1` of `sda`, `nvme0n1p2` of `nvme0n1`.
fn is_partition(name: &str, disks: &[(Box<str>, Disk)]) -> bool {
    let base = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let of = |base: &str| disks.iter().any(|(known, _)| **known == *base);
    if base.len() == name.len() {
        return false;
    }
    let whole = base.strip_suffix('p');
    let whole = whole.filter(|whole| whole.ends_with(|letter: char| letter.is_ascii_digit()));
    of(base) || whole.is_some_and(of)
}

/// `-n DEV`: every interface.
pub(super) fn networks(
    now: &Sample,
    before: Before<'_>,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<Vec<Cell>> {
    let networks = now.machine.networks.iter().enumerate();
    let networks = networks.filter(|(_, (name, _))| is_wanted(name));
    let row = |(place, (name, network)): (usize, &(Box<str>, Network))| {
        let then = before.row(|machine| &machine.networks, name, place);
        let counted = |pick: fn(&Network) -> Reading<u64>| {
            before.per_second(rise(then.map(|then| pick(&then)), pick(network)))
        };
        let kib = |pick| counted(pick).map(|bytes| bytes / 1024.0);
        let values = [
            counted(|network| network.received_packets),
            counted(|network| network.sent_packets),
            kib(|network| network.received.map(|bytes| bytes.0)),
            kib(|network| network.sent.map(|bytes| bytes.0)),
            counted(|network| network.compressed[0]),
            counted(|network| network.compressed[1]),
            counted(|network| network.received_multicast),
        ];
        named(name, values)
    };
    networks.map(row).collect()
}
