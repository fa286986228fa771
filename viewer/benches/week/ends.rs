//! Ends of short lives for the long capture, as the kernel would have told of them.

use afterimage_format::capture::writer::Record;
use afterimage_format::facts::{Exited, KnownBy};
use afterimage_format::process::Pid;
use afterimage_format::tick::TickTimes;
use afterimage_format::units::Ticks;
use std::time::Duration;

/// How the ends of the made-up jobs are told: three well, one with an error, one by a signal.
const STATUSES: [i32; 5] = [0, 0, 0, 1 << 8, 9];

/// The ends that are told with a tick: one each second, and for a minute of each day 500.
pub(crate) fn told(second: u64, times: &TickTimes) -> impl Iterator<Item = Record> {
    let is_storm = second % 86_400 / 60 == 720;
    let (wall, boot) = (times.began.wall, times.began.boot);
    (0..if is_storm { 500 } else { 1 }).map(move |number| {
        let pid = i32::try_from((second * 7 + number) % 4_000_000).expect("a pid");
        Record::Exited(Exited {
            wall,
            pid: Pid(10_000_000 + pid),
            ppid: Some(Pid(1)),
            started: Some(Ticks(boot.0.unsigned_abs() / 10_000)),
            comm: Some(b"job".to_vec()),
            command_line: None,
            uid: Some(0),
            wait_status: Some(STATUSES[usize::try_from(number % 5).expect("small")]),
            user: Some(Duration::from_millis(3)),
            system: Some(Duration::from_millis(2)),
            read: None,
            written: None,
            peak_rss: None,
            lifetime: Some(Duration::from_millis(20)),
            flags: None,
            tty_nr: None,
            known_by: KnownBy::Taskstats,
        })
    })
}
