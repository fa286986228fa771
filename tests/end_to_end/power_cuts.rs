//! Power cuts, simulated at each write of the real recorder: what it did to its files is written
//! down (`write_log.c`), and done again up to a random moment, as a disk would have it then
//! (`disk_image.rs`). Our own reader must find every committed tick in it.
//!
//! Which ticks were committed is not asked of the recorder, and does not lean on its syncs: the
//! last frame of a transaction is told by its header in the write-ahead log, and as the recorder
//! has one writer, anything that it does to its files after that is proof that the commit
//! returned. So with syncs left out ticks count as committed that are lost, and the same test
//! fails: that is the negative control.
//!
//! Not simulated: a disk that acknowledges a sync and forgets it.

mod cut;
mod disk_image;
mod write_log;

use crate::support::command::{info, ok};
use crate::support::host::{quick_folder, skip};
use crate::support::process::{Guarded, StandIn};
use crate::support::random::Random;
use crate::support::recorder::Recorder;
use afterimage_format::capture::Capture;
pub(crate) use cut::{Cuts, Lost};
use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use write_log::Logged;

const INTERVAL: &str = "20ms";
const INTERVAL_MS: u64 = 20;
/// How often each recording is cut; in `long/power_cuts.rs` more.
const CUTS: usize = 20;
/// Checkpoints are 10 s apart.
const PAST_A_CHECKPOINT: u64 = 11_000 / INTERVAL_MS;
/// Two chunks of 60 ticks.
const TWO_CHUNKS: u64 = 130;

#[test]
fn a_cut_in_the_first_minute_loses_no_committed_tick() {
    cut_the_first_minute(CUTS, &mut Random::from_clock());
}

#[test]
fn a_cut_while_a_capture_is_begun_leaves_one_or_none() {
    // Of so few ticks, most of what is written is the beginning.
    if let Some(logged) = recorded(&[], 1, |_| ()) {
        Cuts::of(&logged).assert_nothing_lost(2 * CUTS, &mut Random::from_clock());
    }
}

#[test]
fn a_cut_while_the_oldest_makes_room_loses_no_committed_tick() {
    cut_the_ring(CUTS, &mut Random::from_clock());
}

#[test]
fn a_cut_while_a_killed_run_is_taken_over_loses_no_committed_tick() {
    cut_the_take_over(CUTS, &mut Random::from_clock());
}

#[test]
fn without_syncs_a_cut_does_lose_committed_ticks_or_the_file() {
    let mut random = Random::from_clock();
    let Some(logged) = recorded(&["--sync", "off"], TWO_CHUNKS, |_| ()) else {
        return;
    };
    let cuts = Cuts::of(&logged).lost(CUTS, &mut random);
    let lost = cuts.iter().filter(|lost| **lost != Lost::Ticks(0)).count();
    assert!(lost * 2 > cuts.len(), "the cuts prove nothing: {cuts:?}");
}

#[test]
fn with_a_sync_in_ten_seconds_a_cut_loses_ten_seconds_at_most() {
    let mut random = Random::from_clock();
    // While somebody reads the file nothing goes from the log into it, which would sync both.
    let read = |file: &Path| {
        let mut reader = Command::new("sleep");
        Guarded::spawn(reader.arg("1000").stdin(File::open(file).unwrap()))
    };
    let Some(logged) = recorded(&["--sync", "10s"], 2 * PAST_A_CHECKPOINT, read) else {
        return;
    };
    // And the tick in flight.
    let most = 10_000 / INTERVAL_MS + 1;
    for lost in Cuts::of(&logged).lost(CUTS, &mut random) {
        assert!(
            matches!(lost, Lost::Ticks(ticks) if ticks <= most),
            "{lost:?}"
        );
    }
}

#[test]
fn info_says_what_a_cut_may_cost() {
    let folder = quick_folder();
    let promises = [
        ("tick", "at most the tick in flight"),
        ("10s", "at most the last 10 seconds"),
        (
            "off",
            "what the system had not written yet, and may damage it",
        ),
    ];
    for (sync, promise) in promises {
        let file = folder.path().join(sync);
        let ended = Recorder::start_for(&file, "100ms", &["-i", INTERVAL, "--sync", sync]).wait();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let run = &info(&file)["runs"][0];
        assert_eq!(run["sync"], sync);
        let bound = run["loss_bound"].as_str().unwrap();
        assert!(bound.ends_with(promise), "{bound}");
        let text = ok(&[OsStr::new("info"), file.as_os_str()]).text();
        assert!(text.contains(bound), "{text}");
    }
}

/// From the first write on, over a checkpoint, to a clean end.
pub(crate) fn cut_the_first_minute(cuts: usize, random: &mut Random) {
    if let Some(logged) = recorded(&[], PAST_A_CHECKPOINT, |_| ()) {
        Cuts::of(&logged).assert_nothing_lost(cuts, random);
    }
}

/// A small capture of a host with so much to tell that old chunks make room for new ones.
pub(crate) fn cut_the_ring(cuts: usize, random: &mut Random) {
    let Some(logged) = Logged::new() else {
        return;
    };
    let mut recorder = logged.start(&["-i", INTERVAL, "--max-size", "4MiB"]);
    let mut number = 0;
    while first_tick(logged.file()) <= TWO_CHUNKS {
        assert!(recorder.is_running(), "it has ended: {}", recorder.said());
        let shown: Vec<_> = (0..BUSY).map(|_| long_command_line(&mut number)).collect();
        recorder.wait_for_more(1);
        drop(shown);
    }
    let evicting = logged.operations().len();
    recorder.wait_for_more(TWO_CHUNKS);
    drop(recorder);
    logged.assert_complete();
    Cuts::from(&logged, evicting / 2).assert_nothing_lost(cuts, random);
}

/// A killed recording is gone on with, and ended.
pub(crate) fn cut_the_take_over(cuts: usize, random: &mut Random) {
    let Some(logged) = Logged::new() else {
        return;
    };
    let mut killed = logged.start(&["-i", INTERVAL]);
    killed.wait_for_tick(TWO_CHUNKS - 30);
    drop(killed);
    logged.assert_complete();
    let taken_over = logged.operations().len();
    let mut recorder = logged.start(&["-i", INTERVAL]);
    recorder.wait_for_more(TWO_CHUNKS);
    recorder.stop();
    logged.assert_complete();
    Cuts::from(&logged, taken_over).assert_nothing_lost(cuts, random);
}

/// A recording of so many ticks, with something beside it, cleanly ended; `None` where nothing can
/// be loaded into it.
fn recorded<T>(args: &[&str], ticks: u64, beside: impl FnOnce(&Path) -> T) -> Option<Logged> {
    let logged = Logged::new()?;
    let mut recorder = logged.start(&[&["-i", INTERVAL], args].concat());
    recorder.wait_for_tick(1);
    let beside = beside(logged.file());
    // In steps, as each wait has a deadline.
    for seq in (1..ticks).step_by(50).chain([ticks]) {
        recorder.wait_for_tick(seq);
    }
    drop(beside);
    recorder.stop();
    logged.assert_complete();
    Some(logged)
}

/// Processes at a time, and what each brings into the capture.
const BUSY: usize = 20;
const LONG: usize = 3_000;

/// A process with a command line that does not compress, as no two are alike.
fn long_command_line(number: &mut u64) -> Guarded {
    let mut random = Random::new(*number);
    *number += 1;
    let letters = (0..LONG).map(|_| char::from(b'a' + u8::try_from(random.below(26)).unwrap()));
    StandIn::new("").args([letters.collect::<String>()]).start()
}

/// The oldest tick that is kept; 0 while there is none.
fn first_tick(file: &Path) -> u64 {
    let ends = Capture::open(file).and_then(|capture| capture.ends());
    ends.ok().flatten().map_or(0, |(first, _)| first.0)
}
