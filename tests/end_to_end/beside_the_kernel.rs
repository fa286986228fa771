//! The truth about the machine: what was recorded lies between what the kernel said to the
//! test itself just before and just after. No tolerance depends on how busy the machine is.

use crate::support::capture::samples;
use crate::support::clock::{DEADLINE, monotonic};
use crate::support::command::{finish, rows, ticks};
use crate::support::host::{folder, has, skip};
use crate::support::process::StandIn;
use crate::support::recorder::Recorder;
use afterimage_format::sample::Sample;
use serde_json::Value;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the test reads the kernel's files.
const LOOK: Duration = Duration::from_millis(20);
/// CPU time in `stat` comes in hundredths of a second: a difference of two is off by up to two.
const CPU_ROUNDING_SECONDS: f64 = 0.02;
/// Printed with one decimal of a percent and two of a rate, over about a second.
const PRINTED: f64 = 0.06;
/// A process is read some milliseconds after `began`, more in one tick than in another.
const WAIT_TOLERANCE_SECONDS: f64 = 0.2;
/// Memory moves between two looks of ours, mostly by other tests that start and end.
const MEMORY_TOLERANCE_KIB: u64 = 64 << 10;
const TICKS: u64 = 5;

/// What the kernel said at one moment.
#[derive(Debug, Clone, Copy)]
struct Look {
    began: Duration,
    ended: Duration,
    switches: u64,
    interrupts: u64,
    available_kib: u64,
    free_kib: u64,
    /// utime and stime of the spinner.
    cpu_ticks: u64,
}

fn look(pid: i64) -> Look {
    let began = monotonic();
    let read = |file: &str| fs::read_to_string(format!("/proc/{file}")).unwrap();
    let (stat, meminfo) = (read("stat"), read("meminfo"));
    let process = read(&format!("{pid}/stat"));
    let after_name: Vec<&str> = process
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    Look {
        began,
        switches: word_after(&stat, "ctxt"),
        interrupts: word_after(&stat, "intr"),
        available_kib: word_after(&meminfo, "MemAvailable:"),
        free_kib: word_after(&meminfo, "MemFree:"),
        cpu_ticks: after_name[11].parse::<u64>().unwrap() + after_name[12].parse::<u64>().unwrap(),
        ended: monotonic(),
    }
}

fn word_after(text: &str, name: &str) -> u64 {
    let mut lines = text.lines().map(str::split_whitespace);
    let mut line = lines
        .find(|line| line.clone().next() == Some(name))
        .unwrap();
    line.nth(1).unwrap().parse().unwrap()
}

/// Looks again and again, until it is told to end.
struct Watch {
    end: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Look>>,
}

impl Watch {
    fn start(pid: i64) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&end);
        let (first, looked) = channel();
        let watch = move || {
            let mut looks = Vec::new();
            loop {
                // Once more after the end: the last tick needs a look after it.
                let last = ended.load(Ordering::Relaxed);
                looks.push(look(pid));
                if looks.len() == 1 {
                    first.send(()).expect("it is waited for");
                }
                if last {
                    break;
                }
                thread::sleep(LOOK);
            }
            looks
        };
        let thread = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(watch)
            .unwrap();
        looked.recv_timeout(DEADLINE).unwrap();
        Self { end, thread }
    }

    fn looks(self) -> Vec<Look> {
        self.end.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// The last look before a tick began and the first after it ended.
fn around(looks: &[Look], sample: &Sample) -> [Look; 2] {
    let time = |micros: i64| Duration::from_micros(u64::try_from(micros).unwrap());
    let (began, ended) = (
        time(sample.times.began.monotonic.0),
        time(sample.times.ended.monotonic.0),
    );
    let before = looks.iter().rev().find(|look| look.ended <= began);
    let after = looks.iter().find(|look| look.began >= ended);
    [
        *before.expect("we looked first"),
        *after.expect("we looked last"),
    ]
}

/// What a counter can have risen by between two ticks, given the looks around both.
fn rise([a, b]: [[Look; 2]; 2], counter: fn(&Look) -> u64) -> [f64; 2] {
    let least = counter(&b[0]).saturating_sub(counter(&a[1]));
    let most = counter(&b[1]) - counter(&a[0]);
    [least as f64, most as f64]
}

#[track_caller]
fn assert_within(what: &str, value: f64, [least, most]: [f64; 2], rounding: f64) {
    let fits = value >= least - rounding && value <= most + rounding;
    assert!(fits, "{what}: {value} is not in {least}..={most}");
}

fn number(row: &Value, key: &str) -> f64 {
    row[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} of {row}"))
}

#[test]
fn cpu_memory_and_rates_are_what_the_kernel_said() {
    let spinner = StandIn::new("spin").start();
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let watch = Watch::start(spinner.pid());
    let mut recorder = Recorder::start(&file, &["-i", "1s", "--budget-cpu", "100"]);
    recorder.wait_for_tick(TICKS);
    recorder.stop();
    let looks = watch.looks();

    let samples = samples(&file);
    let (vmstat, free) = (ticks("vmstat", &file, &[]), ticks("free", &file, &[]));
    assert_eq!((vmstat.len(), free.len()), (samples.len(), samples.len()));
    for (tick, pair) in samples.windows(2).enumerate() {
        let both = [around(&looks, &pair[0]), around(&looks, &pair[1])];
        let now = &vmstat[tick + 1];
        let apart = pair[1]
            .times
            .began
            .monotonic
            .since(pair[0].times.began.monotonic)
            .unwrap();
        let seconds = apart.as_secs_f64();
        for (key, counter) in [
            ("cs_per_second", (|look| look.switches) as fn(&Look) -> u64),
            ("in_per_second", |look| look.interrupts),
        ] {
            let rose = number(now, key) * seconds;
            assert_within(key, rose, rise(both, counter), 1.0);
        }
        let shares =
            ["us", "sy", "id", "wa", "st"].map(|name| number(now, &format!("{name}_percent")));
        assert_within("shares", shares.iter().sum(), [100.0, 100.0], 0.1);
        memory_fits(&free[tick + 1], both[1]);

        let at = now["at"].as_str().unwrap();
        let processes = rows("ps", &file, &["--at", at]);
        let row = processes
            .iter()
            .find(|row| row["pid"] == spinner.pid())
            .unwrap();
        let used = number(row, "cpu_percent") / 100.0 * seconds;
        let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
        let bounds = rise(both, |look| look.cpu_ticks).map(|ticks| ticks / ticks_per_second);
        assert_within(
            "CPU of the spinner",
            used,
            bounds,
            CPU_ROUNDING_SECONDS + PRINTED / 100.0,
        );
        // Not all of the rest is waiting: a virtual machine's host takes its share of the time.
        let waited = number(row, "wait_percent") / 100.0 * seconds;
        assert_within(
            "waiting",
            waited,
            [0.0, seconds - used],
            WAIT_TOLERANCE_SECONDS,
        );
        assert_eq!(row["state"], "R");
    }
    assert_eq!(
        vmstat[0]["cs_per_second"],
        Value::Null,
        "a rate before there were two ticks"
    );
}

fn memory_fits(free: &Value, [before, after]: [Look; 2]) {
    let kib = |key: &str| free[key].as_u64().unwrap() / 1024;
    for (key, [a, b]) in [
        (
            "available_bytes",
            [before.available_kib, after.available_kib],
        ),
        ("free_bytes", [before.free_kib, after.free_kib]),
    ] {
        let bounds = [a.min(b) as f64, a.max(b) as f64];
        assert_within(key, kib(key) as f64, bounds, MEMORY_TOLERANCE_KIB as f64);
    }
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
    assert_eq!(kib("total_bytes"), word_after(&meminfo, "MemTotal:"));
    assert_eq!(kib("swap_total_bytes"), word_after(&meminfo, "SwapTotal:"));
}

#[test]
fn totals_are_those_that_free_and_vmstat_print() {
    if !has("free") || !has("vmstat") {
        return skip("there is no free or vmstat here");
    }
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "200ms"]);
    recorder.wait_for_tick(2);
    let words = |text: &str, line: usize| -> Vec<f64> {
        let words = text.lines().nth(line).unwrap().split_whitespace();
        words.filter_map(|word| word.parse().ok()).collect()
    };
    let free = || {
        let free = finish(Command::new("free").args(["-b", "-w"])).text();
        [words(&free, 1), words(&free, 2)]
    };
    let [before, swap] = free();
    let vmstat = finish(Command::new("vmstat").args(["1", "2"])).text();
    recorder.wait_for_more(1);
    // Who else is at work on the machine may take or give back much meanwhile.
    let [after, swap_after] = free();
    recorder.stop();

    let ours = rows("free", &file, &["--at", "end"]).remove(0);
    assert_within("total", number(&ours, "total_bytes"), [before[0]; 2], 0.0);
    assert_within("swap", number(&ours, "swap_total_bytes"), [swap[0]; 2], 0.0);
    let tolerance = (MEMORY_TOLERANCE_KIB << 10) as f64 * 4.0;
    let between = |then: f64, now: f64| [then.min(now), then.max(now)];
    assert_within(
        "available",
        number(&ours, "available_bytes"),
        between(before[6], after[6]),
        tolerance,
    );
    assert_within(
        "buff/cache",
        number(&ours, "buff_cache_bytes"),
        between(before[4] + before[5], after[4] + after[5]),
        tolerance,
    );

    let ours = rows("vmstat", &file, &["--at", "end"]).remove(0);
    let theirs = words(&vmstat, 3);
    assert_eq!(theirs.len(), 17, "{vmstat}");
    let tolerance = tolerance / 1024.0;
    for (key, column, now) in [
        ("swpd_kib", 2, swap_after[1]),
        ("free_kib", 3, after[2]),
        ("buff_kib", 4, after[4]),
        ("cache_kib", 5, after[5]),
    ] {
        let theirs = between(theirs[column], now / 1024.0);
        assert_within(key, number(&ours, key), theirs, tolerance);
    }
}
