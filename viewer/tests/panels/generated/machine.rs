//! The machine as a whole in the made-up capture, and its kernel log.

use crate::generated::{Moment, SECONDS, noise, wall};
use afterimage_analysis::machine::{Absent, Column, Pages, Row, Sheet, Value};
use afterimage_analysis::machine::{cpu, disks, memory, network, pressure};
use afterimage_format::reading::Missing;
use afterimage_viewer::data::LogEntry;

const GIB: f64 = 1_073_741_824.0;

/// Everything but the processes.
pub(crate) fn pages(moment: &Moment, has_previous: bool) -> Pages {
    let chance = |two: i64| noise(moment.second, two);
    let rate = |value: f64| -> Value {
        if has_previous {
            Ok(value)
        } else {
            Err(Absent::NoStep)
        }
    };
    let row = |name: &str, values: Vec<Value>| Row {
        name: name.into(),
        values,
    };
    let sheet = |columns: &'static [Column], rows: Vec<Row>| Sheet { columns, rows };
    let busy = (moment.runnable as f64 * 20.0).min(96.0);
    let shares = |name: &str| {
        let wait = (100.0 - busy) * moment.pressure[1] / 200.0;
        let parts = [0.66, 0.0, 0.25, 0.0, 0.0, 0.06, 0.03, 0.0, 0.0];
        let mut values: Vec<Value> = parts.iter().map(|part| rate(busy * part)).collect();
        values[3] = rate(wait);
        values.push(rate(100.0 - busy - wait));
        values.push(Err(Absent::Reading(Missing::NotSupported)));
        row(name, values)
    };
    let cpus = ["all", "cpu0", "cpu1", "cpu2", "cpu3"].map(shares);
    let up = moment.second as f64 + 90_000.0;
    let tasks = [
        Ok(2.5),
        Ok(1.25),
        Ok(0.5),
        Ok(moment.runnable as f64),
        Ok(moment.blocked as f64),
        Ok(412.0),
        rate(9_000.0),
        rate(4_000.0),
        rate(12.0),
        Ok(up),
    ];
    let gib = |amount: f64| -> Value { Ok(amount * GIB) };
    let not_here = Err(Absent::NotHere);
    let free = [8.0, 3.0, 1.0, 0.25, 3.5, 5.0].map(gib);
    let swap = [gib(2.0), gib(0.5), gib(1.5), not_here, not_here, not_here];
    let disk = |name: &str, busy: f64| {
        let values =
            (0..disks::COLUMNS.len()).map(|place| rate(busy * (place as f64 + 1.0) / 22.0));
        row(name, values.collect())
    };
    let interface = |name: &str, much: f64| {
        let values = (0..12).map(|place| if place < 8 { rate(much) } else { Ok(7.0) });
        row(name, values.collect())
    };
    let io = moment.pressure[1];
    let single =
        |columns: &'static [Column], values: Vec<Value>| sheet(columns, vec![row("", values)]);
    Pages {
        cpus: sheet(&cpu::CPUS, cpus.into()),
        tasks: single(&cpu::TASKS, tasks.into()),
        memory: sheet(
            &memory::FREE,
            vec![row("Mem", free.into()), row("Swap", swap.into())],
        ),
        parts: single(
            &memory::PARTS,
            [2.2, 0.8, 0.25, 0.25, 3.5, 1.0].map(gib).into(),
        ),
        lines: single(
            &memory::LINES,
            vec![Ok(chance(61) * 1e8); memory::LINES.len()],
        ),
        paging: single(&memory::PAGING, vec![rate(0.0); memory::PAGING.len()]),
        disks: sheet(&disks::COLUMNS, vec![disk("vda", io), disk("vdb", 0.0)]),
        networks: sheet(
            &network::COLUMNS,
            vec![interface("lo", 0.0), interface("eth0", 4_321.0)],
        ),
        pressure: stalls(moment, has_previous),
    }
}

/// How long tasks were stalled.
fn stalls(moment: &Moment, has_previous: bool) -> Sheet {
    let stalled = |name: &str, share: f64| {
        let now = if has_previous {
            Ok(share)
        } else {
            Err(Absent::NoStep)
        };
        let averages = [share * 0.9, share * 0.6, share * 0.3, 12_345.0].map(Ok);
        Row {
            name: name.into(),
            values: [now].into_iter().chain(averages).collect(),
        }
    };
    let [cpu, io, memory] = moment.pressure;
    let rows = vec![
        stalled("cpu some", cpu),
        stalled("io some", io),
        stalled("io full", io * 0.6),
        stalled("memory some", memory),
    ];
    Sheet {
        columns: &pressure::COLUMNS,
        rows,
    }
}

/// So many lines of the kernel log, and the kill at 14:01:42.
pub(crate) fn log(many: i64) -> Vec<LogEntry> {
    let line = |number: i64| {
        let (severity, text) = match number {
            number if number % 20 == 3 => (3, "blk_update_request: I/O error, dev vda"),
            number if number % 7 == 1 => (4, "TCP: out of memory"),
            _ => (6, "eth0: link is up"),
        };
        LogEntry::new(
            wall(number * SECONDS / many.max(1)),
            severity,
            text.to_owned(),
        )
    };
    let kill = "Out of memory: Killed process 2013 (php-fpm8.2) total-vm:9kB, anon-rss:9kB";
    let kill = LogEntry::new(wall(3_702), 3, kill.to_owned());
    (0..many).map(line).chain([kill]).collect()
}
