//! A minute of each trouble that a host can have: see `host_trouble.rs`.

use crate::host_trouble::{INTERVAL, among, assert_accounted, beside_a_fifo};
use crate::root::host_trouble::{among_ten_thousand, beside_a_hung_mount, on_a_hung_file};
use crate::support::command::info;
use crate::support::host::folder;
use crate::support::recorder::Recorder;
use rustix::process::Signal;
use serde_json::Value;
use std::thread;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
const STOPPED: Duration = Duration::from_secs(5);
const STOPS: usize = 6;

#[test]
#[ignore = "long: ./check --long"]
fn a_minute_of_stops_is_told_stop_by_stop() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(3);
    for _ in 0..STOPS {
        recorder.signal(Signal::STOP);
        thread::sleep(STOPPED);
        recorder.signal(Signal::CONT);
        thread::sleep(STOPPED);
        recorder.wait_for_more(3);
    }
    recorder.stop();
    assert_accounted(&file, &["stopped", "stalled"]);
    let info = info(&file);
    let gaps = info["gaps"].as_array().unwrap();
    let stops = gaps.iter().filter(|gap| gap["kind"] == "stopped");
    let by_signal = |gap: &&Value| {
        gap["detail"]
            .as_str()
            .unwrap()
            .contains("by a signal (SIGSTOP)")
    };
    assert_eq!(stops.filter(by_signal).count(), STOPS, "{gaps:#?}");
}

#[test]
#[ignore = "long: ./check --long"]
fn a_minute_beside_a_fifo_costs_no_tick_without_a_cause() {
    beside_a_fifo(MINUTE);
}

#[test]
#[ignore = "long, and mounts: ./check --long"]
fn a_minute_beside_a_hung_mount_costs_no_tick_without_a_cause() {
    on_a_hung_file(MINUTE);
    beside_a_hung_mount(MINUTE);
}

#[test]
#[ignore = "long: ./check --long"]
fn a_minute_of_a_thousand_forks_a_second_costs_no_tick_without_a_cause() {
    among("forks", 1000, MINUTE);
}

#[test]
#[ignore = "long: ./check --long"]
fn a_minute_beside_five_hundred_tasks_in_d_costs_no_tick_without_a_cause() {
    among("vfork", 500, MINUTE);
}

#[test]
#[ignore = "long, and starts 10,000 processes: ./check --long"]
fn a_minute_among_ten_thousand_processes_costs_no_tick_without_a_cause() {
    among_ten_thousand("60s");
}
