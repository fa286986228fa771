//! One process of the made-up capture over time.

use crate::generated::processes::rows;
use crate::generated::{Generated, wall};
use afterimage_format::time::WallTime;
use afterimage_viewer::data::life::{LogLine, Trace};
use afterimage_viewer::data::{Bucket, Life, Whom};
use std::collections::BTreeMap;

/// Its curves, every so many seconds, and a line of the kernel log.
pub(crate) fn of(
    capture: &Generated,
    whom: &Whom,
    (from, to): (WallTime, WallTime),
    buckets: usize,
) -> Life {
    let seconds = (to.0 - from.0) / 1_000_000;
    let each = usize::try_from(seconds).unwrap_or(0) / buckets.clamp(1, 400) + 1;
    let mut traces: BTreeMap<Trace, Vec<Bucket>> = BTreeMap::new();
    let inside = |second: i64| from <= wall(second) && wall(second) <= to;
    let moments = capture
        .moments
        .iter()
        .filter(|moment| inside(moment.second));
    for moment in moments.step_by(each) {
        let rows = rows(moment, true);
        let Some(row) = rows.iter().find(|row| row.key == whom.key) else {
            continue;
        };
        let (from, length) = (wall(moment.second), i64::try_from(each).expect("a few"));
        let to = wall(moment.second + length);
        let values = [
            (Trace::Cpu, row.cpu_percent.unwrap_or(0.0)),
            (Trace::Wait, row.wait_percent.unwrap_or(0.0)),
            (Trace::Rss, row.rss.map_or(0.0, |rss| rss.0 as f64)),
            (
                Trace::Read,
                row.read_per_second.map_or(0.0, |bytes| bytes.0 as f64),
            ),
            (
                Trace::Write,
                row.write_per_second.map_or(0.0, |bytes| bytes.0 as f64),
            ),
            (Trace::MachineCpu, (moment.runnable.min(4) * 100) as f64),
            (Trace::MachineWait, moment.pressure[0]),
        ];
        for (trace, value) in values {
            traces.entry(trace).or_default().push(Bucket {
                from,
                to,
                min: value,
                max: value,
                mean: value,
            });
        }
    }
    let (log, seen) = ending(whom);
    Life {
        key: whom.key,
        seen,
        traces,
        limits: BTreeMap::from([(Trace::MachineCpu, 400.0), (Trace::MachineWait, 100.0)]),
        log,
        log_left_out: 0,
        ending: None,
    }
}

/// When a process was seen, as far as it is known.
type Seen = Option<(WallTime, Option<WallTime>)>;

/// What the log says of it. One of the jobs of the burst was killed for want of memory.
fn ending(whom: &Whom) -> (Vec<LogLine>, Seen) {
    let pid = whom.key.pid.0;
    let line = |second, text| LogLine {
        at: wall(second),
        severity: 4,
        names_pid: true,
        text,
    };
    let segfault = line(3_600, format!("{}[{pid}]: segfault at 0", whom.comm));
    let burst = Some((wall(1_800), Some(wall(1_924))));
    match pid {
        8_003 => {
            let before = "Memory cgroup out of memory: Killed process";
            let text = format!("{before} {pid} ({}) total-vm:9kB, anon-rss:9kB", whom.comm);
            (vec![line(1_925, text)], burst)
        }
        8_000..=8_017 => (vec![], burst),
        _ => (vec![segfault], None),
    }
}
