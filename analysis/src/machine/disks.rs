//! Block devices as `iostat -x` of sysstat 12 has them, out of `/proc/diskstats`.

use super::{Absent, Before, Column, Measure, Row, Sheet, Value, for_each, micros, rise};
use afterimage_format::reading::Reading;
use afterimage_format::sample::{Disk, Machine};
use afterimage_format::units::Bytes;
use std::time::Duration;

/// The columns, in the order of `iostat -x`.
pub const COLUMNS: [Column; 22] = [
    Column::new("r_per_second", "r/s", Measure::PerSecond),
    Column::new("rkib_per_second", "rkB/s", Measure::KibPerSecond),
    Column::new("rrqm_per_second", "rrqm/s", Measure::PerSecond),
    Column::new("rrqm_percent", "%rrqm", Measure::Percent),
    Column::new("r_await_ms", "r_await", Measure::Millis),
    Column::new("rareq_sz_kib", "rareq-sz", Measure::Kib),
    Column::new("w_per_second", "w/s", Measure::PerSecond),
    Column::new("wkib_per_second", "wkB/s", Measure::KibPerSecond),
    Column::new("wrqm_per_second", "wrqm/s", Measure::PerSecond),
    Column::new("wrqm_percent", "%wrqm", Measure::Percent),
    Column::new("w_await_ms", "w_await", Measure::Millis),
    Column::new("wareq_sz_kib", "wareq-sz", Measure::Kib),
    Column::new("d_per_second", "d/s", Measure::PerSecond),
    Column::new("dkib_per_second", "dkB/s", Measure::KibPerSecond),
    Column::new("drqm_per_second", "drqm/s", Measure::PerSecond),
    Column::new("drqm_percent", "%drqm", Measure::Percent),
    Column::new("d_await_ms", "d_await", Measure::Millis),
    Column::new("dareq_sz_kib", "dareq-sz", Measure::Kib),
    Column::new("f_per_second", "f/s", Measure::PerSecond),
    Column::new("f_await_ms", "f_await", Measure::Millis),
    Column::new("aqu_sz", "aqu-sz", Measure::Mean),
    Column::new("util_percent", "%util", Measure::Percent),
];

/// Every device that ever did anything, in the kernel's order.
pub fn sheet(now: &Machine, before: Before<'_>) -> Sheet {
    let rows = now.disks.iter().enumerate().map(|(place, (name, disk))| {
        let earlier = before.row(|machine| &machine.disks, name, place);
        Row {
            name: name.clone(),
            values: values(disk, earlier.as_ref(), before),
        }
    });
    Sheet {
        columns: &COLUMNS,
        rows: rows.collect(),
    }
}

/// The same with what is no drive at the end: files that are mounted as disks, and memory.
pub fn drives_first(mut sheet: Sheet) -> Sheet {
    let is_other = |name: &str| {
        ["loop", "ram", "zram"]
            .iter()
            .any(|kind| name.starts_with(kind))
    };
    sheet.rows.sort_by_key(|row| is_other(&row.name));
    sheet
}

fn values(now: &Disk, earlier: Result<&Disk, &Absent>, before: Before<'_>) -> Vec<Value> {
    let earlier = earlier.map_err(|absent| *absent);
    let kind = |pick: fn(&Disk) -> Requests| {
        let (now, earlier) = (pick(now), earlier.map(pick));
        requests(&now, earlier, before)
    };
    let mut all = Vec::with_capacity(COLUMNS.len());
    all.extend(kind(|disk| Requests {
        done: disk.reads[0],
        merged: disk.reads[1],
        bytes: disk.read,
        time: disk.read_time,
    }));
    all.extend(kind(|disk| Requests {
        done: disk.writes[0],
        merged: disk.writes[1],
        bytes: disk.written,
        time: disk.write_time,
    }));
    all.extend(kind(|disk| Requests {
        done: disk.discards[0],
        merged: disk.discards[1],
        bytes: disk.discarded,
        time: disk.discard_time,
    }));
    let time = |pick: fn(&Disk) -> Reading<Duration>| {
        rise(earlier.map(|disk| micros(pick(disk))), micros(pick(now)))
    };
    let flushes = rise(earlier.map(|disk| disk.flushes), now.flushes);
    all.push(before.per_second(flushes));
    all.push(await_millis(time(|disk| disk.flush_time), flushes));
    // Microseconds a second: a million of them is one request, or one busy device.
    let weighted = before.per_second(time(|disk| disk.weighted_time));
    all.push(weighted.map(|micros| micros / 1e6));
    let busy = before.per_second(time(|disk| disk.busy_time));
    all.push(busy.map(|micros| micros / 1e4));
    all
}

/// The counters of one kind of request.
#[derive(Debug, Clone, Copy)]
struct Requests {
    done: Reading<u64>,
    merged: Reading<u64>,
    bytes: Reading<Bytes>,
    time: Reading<Duration>,
}

/// The six numbers of one kind of request.
fn requests(now: &Requests, earlier: Result<Requests, Absent>, before: Before<'_>) -> [Value; 6] {
    let done = rise(earlier.map(|then| then.done), now.done);
    let merged = rise(earlier.map(|then| then.merged), now.merged);
    let count = |bytes: Reading<Bytes>| bytes.map(|bytes| bytes.0);
    let bytes = rise(earlier.map(|then| count(then.bytes)), count(now.bytes));
    let time = rise(earlier.map(|then| micros(then.time)), micros(now.time));
    let share = merged.and_then(|merged| {
        let asked = merged.saturating_add(done?);
        Ok(for_each(merged, asked) * 100.0)
    });
    let size = bytes.and_then(|bytes| Ok(for_each(bytes, done?) / 1024.0));
    [
        before.per_second(done),
        before.per_second(bytes).map(|bytes| bytes / 1024.0),
        before.per_second(merged),
        share,
        await_millis(time, done),
        size,
    ]
}

/// Milliseconds that a request took on average, with its time in the queue.
fn await_millis(micros: Result<u64, Absent>, done: Result<u64, Absent>) -> Value {
    Ok(for_each(micros?, done?) / 1e3)
}
