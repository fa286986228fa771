//! A host in trouble: the recorder goes on, each tick that was due is there or missing with a
//! cause, and the cause is the right one. Here for some seconds; `long/host_trouble.rs` takes a
//! minute of each, and `root/host_trouble.rs` what only root can make.

mod crowd;

use crate::fake_proc::fake;
use crate::support::capture::{Account, account, samples};
use crate::support::command::info;
use crate::support::host::{busy, folder, skip};
use crate::support::recorder::Recorder;
use afterimage_format::sample::State;
use serde_json::Value;
use std::path::Path;
use std::thread;
use std::time::Duration;

pub(crate) use crowd::Crowd;

pub(crate) const INTERVAL: &str = "100ms";
/// How late the median tick may begin where a core is free.
const PUNCTUAL: Duration = Duration::from_millis(10);
const SHORT: Duration = Duration::from_secs(5);

#[test]
fn a_thousand_forks_a_second_cost_no_tick_without_a_cause() {
    among("forks", 1000, SHORT);
}

#[test]
fn tasks_that_wait_for_ever_cost_no_tick_without_a_cause() {
    let file = folder();
    let file = file.path().join("host.afterimage");
    let Some(crowd) = Crowd::start("vfork", 100) else {
        return;
    };
    record(&file, SHORT, &[]);
    drop(crowd);
    assert_accounted(&file, &["stalled"]);
    let last = samples(&file).pop().expect("it has ticks");
    let waiting = last
        .processes
        .iter()
        .filter(|process| process.state == Ok(State(b'D')));
    assert!(waiting.count() >= 100, "those in D are recorded as such");
}

/// Records that long beside so many of these.
pub(crate) fn among(what: &str, number: u32, duration: Duration) {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let Some(crowd) = Crowd::start(what, number) else {
        return;
    };
    record(&file, duration, &[]);
    drop(crowd);
    assert_accounted(&file, &["stalled"]);
}

/// Records that long on a host with a command line that never answers.
pub(crate) fn beside_a_fifo(duration: Duration) {
    let (root, folder) = (fake(), folder());
    let file = folder.path().join("host.afterimage");
    let root = root.path().to_str().expect("it is made of ASCII");
    record(&file, duration, &["--proc-root", root]);
    assert_accounted(&file, &["stalled"]);
}

/// Records that long and ends in the ordinary way.
#[track_caller]
pub(crate) fn record(file: &Path, duration: Duration, args: &[&str]) {
    let args = [&["-i", INTERVAL], args].concat();
    let words = format!("{}s", duration.as_secs());
    let mut recorder = Recorder::start_for(file, &words, &args);
    thread::sleep(duration);
    let ended = recorder.wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

/// Ticks and missed ticks are those that were due; what is missing has one of these causes; and
/// the median tick was punctual, where that can be said.
#[track_caller]
pub(crate) fn assert_accounted(file: &Path, causes: &[&str]) -> Account {
    let [account] = account(file)[..] else {
        panic!("there is one run");
    };
    assert_eq!(account.ticks + account.missed, account.due, "{account:?}");
    let info = info(file);
    let gaps = info["gaps"].as_array().expect("an array");
    let is_known = |gap: &Value| causes.iter().any(|cause| gap["kind"] == *cause);
    assert!(gaps.iter().all(is_known), "{gaps:#?}");
    let late = samples(file).into_iter().map(|sample| {
        let began = sample.times.began.monotonic;
        began.since(sample.times.planned).expect("no tick is early")
    });
    let mut late: Vec<Duration> = late.collect();
    late.sort_unstable();
    let median = late[late.len() / 2];
    eprintln!("{account:?}, median lateness {median:?}");
    match busy() {
        None => assert!(median <= PUNCTUAL, "{late:?}"),
        Some(why) => skip(&format!("whether ticks were punctual ({median:?}): {why}")),
    }
    account
}
