//! `kill -9` at any moment: what was recorded is there, and the capture can be gone on with.

use crate::support::capture::{account, last_tick, samples};
use crate::support::command::{assert_sound, info, rows, ticks};
use crate::support::host::{busy, quick_folder, skip};
use crate::support::random::Random;
use crate::support::recorder::Recorder;
use afterimage_format::capture::Capture;
use afterimage_format::facts::GapKind;
use rustix::process::Signal;
use std::path::Path;
use std::time::Duration;

/// How often a recorder is killed; in `long/killed.rs` more.
const KILLS: u64 = 5;
const INTERVAL: &str = "50ms";
const INTERVAL_MS: u64 = 50;
/// The moment of the kill after the first tick: within a tail, and across a chunk of 60 ticks.
const LATEST_MS: u64 = 4_000;
/// A kill may cost the tick in flight.
const IN_FLIGHT: u64 = 1;
/// While the writer's thread waits for a CPU, or encodes a chunk in an unoptimised build, ticks
/// wait for it in memory: seconds of them are lost only where the recorder got no CPU at all.
const MOST_LOST: u64 = 100;
/// A gap begins and ends within the time of a tick.
const ROUNDING: u64 = 1;

#[test]
fn a_kill_at_any_moment_costs_at_most_the_tick_in_flight() {
    kill_often(KILLS, &mut Random::from_clock());
}

/// Kills so many recorders, each at a moment of its own.
pub(crate) fn kill_often(kills: u64, random: &mut Random) {
    let lost: Vec<u64> = (0..kills).map(|_| kill_one(random)).collect();
    eprintln!("ticks lost: {lost:?}");
    assert!(lost.iter().all(|lost| *lost <= MOST_LOST), "{lost:?}");
    if let Some(busy) = busy() {
        return skip(&format!("what a kill costs on a calm machine: {busy}"));
    }
    let as_promised = lost.iter().filter(|lost| **lost <= IN_FLIGHT).count();
    let enough = if cfg!(debug_assertions) {
        lost.len() / 2 + 1
    } else {
        lost.len()
    };
    assert!(as_promised >= enough, "{lost:?}");
}

/// Gives how many ticks that were taken are not in the file.
fn kill_one(random: &mut Random) -> u64 {
    let folder = quick_folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(1);
    std::thread::sleep(Duration::from_millis(random.below(LATEST_MS)));
    let stored = last_tick(&file);
    let taken = recorder.ask(&["status"]).json()["ticks"].as_u64().unwrap();
    recorder.signal(Signal::KILL);
    assert_eq!(recorder.wait().code, -1);

    assert_sound(&file);
    let info = info(&file);
    assert_eq!(
        (&info["state"], &info["clean_end"]),
        (&"unclean".into(), &false.into())
    );
    assert_eq!(info["runs"][0]["end"], serde_json::Value::Null);
    let samples = samples(&file);
    let last = &samples.last().unwrap().times;
    assert_eq!(last.seq.0, samples.len() as u64);
    assert!(
        last.seq.0 >= stored,
        "{} of {stored} ticks are left",
        last.seq.0
    );
    let alone = account(&file);
    assert_eq!(alone[0].ticks + alone[0].missed, alone[0].due);
    continue_it(&file, last.seq.0);
    taken.saturating_sub(last.seq.0)
}

fn continue_it(file: &Path, ticks_before: u64) {
    let ended = Recorder::start_for(file, "300ms", &["-i", INTERVAL]).wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("existing capture"),
        "{}",
        ended.stderr
    );
    assert_sound(file);
    let [first, second] = account(file)[..] else {
        panic!("there are two runs");
    };
    assert_eq!(
        first.ticks, ticks_before,
        "ticks of the killed run were lost"
    );
    let info = info(file);
    assert_eq!(info["ticks"], first.ticks + second.ticks);
    assert_eq!(
        (&info["state"], &info["clean_end"]),
        (&"clean".into(), &true.into())
    );
    assert_eq!(info["runs"][0]["end"], "killed");
    assert_eq!(
        ticks("uptime", file, &[]).len() as u64,
        first.ticks + second.ticks
    );

    let gaps = info["gaps"].as_array().unwrap();
    let killed = gaps.iter().find(|gap| gap["kind"] == "killed");
    let killed = killed.unwrap_or_else(|| panic!("no gap says killed: {info:#}"));
    let missed = killed["missed"].as_u64().unwrap();
    assert_eq!(info["missed"], first.missed + second.missed + missed);
    let time = |key: &str| -> jiff::Timestamp { killed[key].as_str().unwrap().parse().unwrap() };
    let length = time("to").duration_since(time("from")).as_millis();
    // The tick that ends it is there.
    let absent = (u64::try_from(length).unwrap() / INTERVAL_MS).saturating_sub(1);
    assert!(
        missed.abs_diff(absent) <= ROUNDING,
        "{missed} of {absent}: {killed:#}"
    );
}

#[test]
fn the_gap_of_a_kill_reaches_to_the_first_tick_after_it() {
    let folder = quick_folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(5);
    drop(recorder);
    let ended = Recorder::start_for(&file, "300ms", &["-i", INTERVAL]).wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let mut capture = Capture::open(&file).unwrap();
    let gaps = capture.gaps().unwrap();
    let killed = gaps.iter().find(|gap| gap.kind == GapKind::Killed).unwrap();
    let samples = samples(&file);
    let first_after = samples
        .iter()
        .find(|sample| sample.times.seq > killed.after)
        .unwrap();
    assert_eq!(killed.to, first_after.times.began.wall, "{killed:?}");
}

#[test]
fn a_capture_that_was_cut_off_is_looked_at_without_being_changed() {
    let folder = quick_folder();
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL]);
    recorder.wait_for_tick(65);
    drop(recorder);
    let bytes = || {
        let names = crate::support::host::names(folder.path());
        let read = |name: &std::path::PathBuf| std::fs::read(folder.path().join(name)).unwrap();
        names
            .iter()
            .map(|name| (name.clone(), read(name)))
            .collect::<Vec<_>>()
    };
    let before = bytes();
    assert!(last_tick(&file) >= 65);
    assert_sound(&file);
    rows("ps", &file, &[]);
    rows("vmstat", &file, &[]);
    assert!(before == bytes(), "looking at it changed it");
}
