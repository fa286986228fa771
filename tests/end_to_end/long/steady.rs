//! A recorder that runs for a long time stays as it was: memory, descriptors, the size of the
//! file and what a tick costs neither grow nor creep, while the oldest makes room many times.
//!
//! `AFTERIMAGE_STEADY_TICKS` sets how many ticks; 43,200 are half a day at one a second.

use crate::support::capture::{account, last_tick};
use crate::support::clock::wait_for;
use crate::support::command::{AFTERIMAGE, assert_sound};
use crate::support::host::{is_root, quick_folder, skip};
use crate::support::process::Guarded;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const TICKS: u64 = 43_200;
const INTERVAL_MS: u64 = 50;
/// It wraps many times: an ordinary host fills it in some thousand ticks.
const MAX_SIZE: &str = "2MiB";
const MAX_BYTES: f64 = (2 << 20) as f64;
/// Looks in all; at the full length one a minute.
const LOOKS: u64 = 36;
/// The first of them do not count: the recorder and the file are still growing.
const WARM: usize = 9;

/// A host of its own: what else runs on the machine comes and goes, and what the recorder holds
/// with it. A hundred processes that sleep, some that are born and die.
const HOST: &str = r#"
for number in $(seq 100); do sleep 1000000 & done
while true; do true | true; sleep 0.2; done &
"$@" & wait $!
"#;

/// The drift that is let pass, from the first look that counts to the last: a share of the mean,
/// and at least so much. The host's processes come and go, and the recorder's memory with them.
const RSS: (f64, f64) = (0.05, 512.0 * 1024.0);
const DESCRIPTORS: (f64, f64) = (0.0, 0.9);
const FILE: (f64, f64) = (0.05, 256.0 * 1024.0);
/// What else runs on the machine makes each tick dearer or cheaper.
const COST: (f64, f64) = (0.5, 200.0);

/// What is looked at.
#[derive(Debug, Clone, Copy)]
struct Look {
    rss: f64,
    descriptors: f64,
    file: f64,
    /// CPU time so far, in `USER_HZ`.
    cpu: f64,
    ticks: u64,
}

#[test]
#[ignore = "long: ./check --long"]
fn half_a_day_of_ticks_leaves_the_recorder_as_it_was() {
    let ticks = std::env::var("AFTERIMAGE_STEADY_TICKS");
    let ticks = ticks.map_or(TICKS, |ticks| ticks.parse().expect("a number of ticks"));
    if !is_root() {
        return skip("only root makes a host of its own");
    }
    let folder = quick_folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Isolated::start(&file, ticks);
    let mut looks = Vec::new();
    while looks.last().is_none_or(|look: &Look| look.ticks < ticks) {
        thread::sleep(Duration::from_millis(INTERVAL_MS * ticks / LOOKS));
        let look = Look::at(&recorder, &file);
        eprintln!("{}", look.words(looks.last()));
        looks.push(look);
    }
    kill_process(recorder.pid, Signal::TERM).expect("it runs");
    assert_eq!(recorder.host.wait(), 0);
    assert_sound(&file);
    for run in account(&file) {
        assert_eq!(run.ticks + run.missed, run.due, "{run:?}");
    }
    let looks = &looks[WARM.min(looks.len() / 2)..];
    let hertz = rustix::param::clock_ticks_per_second() as f64;
    let costs = looks.windows(2).map(|pair| {
        let ticks = (pair[1].ticks - pair[0].ticks).max(1) as f64;
        (pair[1].cpu - pair[0].cpu) / hertz * 1e6 / ticks
    });
    let column = |value: fn(&Look) -> f64| looks.iter().map(value).collect::<Vec<_>>();
    assert_steady("resident bytes", &column(|look| look.rss), RSS);
    assert_steady("descriptors", &column(|look| look.descriptors), DESCRIPTORS);
    assert_steady("bytes of the file", &column(|look| look.file), FILE);
    assert_steady("CPU microseconds a tick", &costs.collect::<Vec<_>>(), COST);
    let largest = column(|look| look.file).into_iter().fold(0.0, f64::max);
    assert!(largest <= MAX_BYTES, "the file grew to {largest} bytes");
}

/// A recorder on its own host.
struct Isolated {
    host: Guarded,
    /// As this host has it.
    pid: Pid,
}

impl Isolated {
    #[track_caller]
    fn start(file: &Path, ticks: u64) -> Self {
        let socket = format!("{}-socket", file.display());
        let [interval, longest] =
            [INTERVAL_MS, INTERVAL_MS * ticks * 2].map(|ms| format!("{ms}ms"));
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
        command.args(["sh", "-c", HOST, "sh", AFTERIMAGE, "record"]);
        command.args(["-i", &interval, "--duration", &longest]);
        command.args(["--max-size", MAX_SIZE, "--budget-cpu", "100"]);
        command.args(["--socket", &socket]).arg("-o").arg(file);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut host = Guarded::spawn(&mut command);
        let pid = wait_for("the first tick", || {
            assert!(host.is_running(), "it has ended");
            (last_tick(file) > 0).then(|| recorder_with(&socket))?
        });
        Self { host, pid }
    }
}

/// The recorder with this socket, by the pid that it has here.
fn recorder_with(socket: &str) -> Option<Pid> {
    let begins = [AFTERIMAGE, "record"].join("\0");
    let processes = fs::read_dir("/proc").expect("it is mounted").flatten();
    let mut pids = processes.filter_map(|process| {
        let line = fs::read_to_string(process.path().join("cmdline")).ok()?;
        let is_it = line.starts_with(&begins) && line.contains(socket);
        is_it.then(|| process.file_name().to_str()?.parse().ok())?
    });
    Pid::from_raw(pids.next()?)
}

impl Look {
    #[track_caller]
    fn at(recorder: &Isolated, file: &Path) -> Self {
        let proc = format!("/proc/{}", recorder.pid.as_raw_nonzero());
        let stat = fs::read_to_string(format!("{proc}/stat")).expect("it runs");
        let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        // From the third field of `proc_pid_stat(5)` on.
        let field = |number: usize| fields[number - 3].parse::<f64>().expect("a number");
        let descriptors = fs::read_dir(format!("{proc}/fd")).expect("it runs");
        let own = descriptors.flatten().filter(|descriptor| {
            // Those of processes come and go with them, and so does that of who asks for the status.
            let target = fs::read_link(descriptor.path()).unwrap_or_default();
            !target.starts_with("/proc")
        });
        Self {
            rss: field(24) * rustix::param::page_size() as f64,
            descriptors: own.count() as f64,
            file: fs::metadata(file).expect("it is there").len() as f64,
            cpu: field(14) + field(15),
            ticks: last_tick(file),
        }
    }

    fn words(&self, before: Option<&Self>) -> String {
        let Self {
            rss,
            descriptors,
            file,
            cpu,
            ticks,
        } = *self;
        let spent = before.map_or(0.0, |before| cpu - before.cpu);
        format!("{ticks} ticks: rss {rss}, descriptors {descriptors}, file {file}, CPU {spent}")
    }
}

/// The line through all the values, by least squares, must be level.
#[track_caller]
fn assert_steady(what: &str, values: &[f64], (share, least): (f64, f64)) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let middle = (count - 1.0) / 2.0;
    let places = || {
        values
            .iter()
            .zip((0..).map(|place: u32| f64::from(place) - middle))
    };
    let slope = places()
        .map(|(value, place)| (value - mean) * place)
        .sum::<f64>()
        / places().map(|(_, place)| place * place).sum::<f64>();
    let drift = slope * (count - 1.0);
    let allowed = (mean * share).max(least);
    eprintln!("{what}: mean {mean:.0}, drift {drift:.1}, allowed {allowed:.0}");
    assert!(drift.abs() <= allowed, "{what} drift: {values:?}");
}
