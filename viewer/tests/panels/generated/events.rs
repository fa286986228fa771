//! The events of the made-up capture, and what its CPUs and disks did.

use crate::generated::machine;
use crate::generated::{GAP, Moment, SECONDS, noise, wall};
use afterimage_format::time::WallTime;
use afterimage_viewer::data::events::{Events, Lane, LaneEvent, RunBand};
use afterimage_viewer::data::rows::{RowCell, RowGroup, RowsData};
use std::time::Duration;

fn event(second: i64, text: &str) -> LaneEvent {
    LaneEvent {
        at: wall(second),
        count: 1,
        text: text.into(),
    }
}

/// Everything that happened, with so many lines in the kernel log.
pub(crate) fn all(many: i64) -> Events {
    let marks = [
        (1_790, "import begins"),
        (3_100, "backup begins"),
        (4_000, "backup over"),
    ];
    let kills = [(
        3_702,
        "killed 2013 (php-fpm8.2): the machine was out of memory",
    )];
    let row = |all: &[(i64, &str)]| all.iter().map(|(at, text)| event(*at, text)).collect();
    let line = |number: i64, text: &str| event(number * SECONDS / many.max(1), text);
    let log = |keep: fn(i64) -> bool, text: &str| -> Vec<LaneEvent> {
        (0..many)
            .filter(|number| keep(*number))
            .map(|number| line(number, text))
            .collect()
    };
    let births =
        (0..900).map(|number| event(whole(noise(number, 31) * 7_199.0), "8123 (sh) began"));
    let deaths =
        (0..900).map(|number| event(whole(noise(number, 32) * 7_199.0), "8123 (sh) ended"));
    let killed = [
        (1_860, "8123 (job) was killed by SIGSEGV (core) after 0.2 s"),
        (
            3_702,
            "2013 (php-fpm8.2) was killed by SIGKILL after 41 m 3 s",
        ),
    ];
    let errors = (0..60).map(|number| event(3_120 + number * 14, "8123 (sh) exited with status 1"));
    let rows = [
        (Lane::Marks, 0, row(&marks)),
        (Lane::OomKills, 0, row(&kills)),
        (
            Lane::KernelLog,
            0,
            log(
                |number| number % 20 == 3,
                "blk_update_request: I/O error, dev vda",
            ),
        ),
        (
            Lane::KernelLog,
            1,
            log(|number| number % 7 == 1, "TCP: out of memory"),
        ),
        (
            Lane::KernelLog,
            2,
            log(|number| number % 7 > 1, "eth0: link is up"),
        ),
        (Lane::Processes, 0, births.collect()),
        (Lane::Processes, 1, deaths.collect()),
        (Lane::Failures, 0, row(&killed)),
        (Lane::Failures, 1, errors.collect()),
        (Lane::Recorder, 0, vec![event(0, "run 1 begins")]),
        (
            Lane::Recorder,
            1,
            vec![event(GAP.start, "The recorder did not get to run.")],
        ),
    ];
    let run = RunBand {
        from: wall(0),
        to: wall(SECONDS - 1),
        interval: Duration::from_secs(1),
        end: Some("signal".to_owned()),
    };
    Events::new(rows, vec![run]).with_log(machine::log(many))
}

#[expect(clippy::cast_possible_truncation, reason = "small made-up numbers")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// What each CPU and disk did.
#[expect(clippy::cast_possible_truncation, reason = "percentages")]
pub(crate) fn rows(
    moments: &[Moment],
    group: RowGroup,
    (from, to): (WallTime, WallTime),
    most: usize,
) -> RowsData {
    let names: &[&str] = match group {
        RowGroup::Cpus => &["cpu0", "cpu1", "cpu2", "cpu3"],
        RowGroup::Disks => &["vda", "vdb"],
        RowGroup::FileSystems => &["/var/lib/postgresql", "/", "/boot"],
    };
    let most = i64::try_from(most.max(1)).expect("a screen is not that wide");
    let step = ((to.0 - from.0) / 1_000_000 / most).max(1);
    let seen = moments.iter().filter(|moment| {
        moment.second % step == 0 && from <= wall(moment.second) && wall(moment.second) <= to
    });
    let cell = |moment: &Moment| {
        let value = |row: usize| {
            let row = i64::try_from(row).expect("a few rows");
            let chance = noise(moment.second / 5, 40 + row);
            let busy = moment.runnable.min(4) as f64 * 18.0 + chance * 40.0;
            Some((busy / (1.0 + row as f64 * 0.4)).min(100.0) as f32)
        };
        RowCell {
            from: wall(moment.second),
            to: wall(moment.second + step),
            values: (0..names.len()).map(value).collect(),
        }
    };
    RowsData {
        group,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        cells: seen.map(cell).collect(),
    }
}
