//! Real disks in trouble: frozen, turned read-only by an error, failing, or full for long. The
//! sampler goes on in time, and what it took is written once the disk takes it.

use crate::support::capture::{account, last_tick, samples};
use crate::support::clock::{monotonic, wait_for};
use crate::support::command::{assert_sound, finish, info};
use crate::support::disk::{Disk, MIB};
use crate::support::failing_disk::FailingDisk;
use crate::support::host::{busy, folder, quick_folder, skip};
use crate::support::hung_mount::HungMount;
use crate::support::recorder::Recorder;
use rustix::process::Signal;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const INTERVAL: &str = "50ms";
/// A capture can be begun in it, and no reserve be made.
const LITTLE_ROOM: u64 = 2 * MIB;
/// A service waits so long for its file.
const PATIENCE_TO_OPEN: Duration = Duration::from_secs(5);
/// And so long for what else it asks of a file system that does not answer.
const ASKED: Duration = Duration::from_secs(2);
const OUT_OF_ROOM: Duration = Duration::from_secs(3);
pub(crate) const SIZE: u64 = 96 * MIB;
/// How long a disk is away; in `long/storage.rs` a minute.
const AWAY: Duration = Duration::from_secs(18);
/// Half of all ticks come less late than this where a CPU is free.
const MOST_LATE_US: i64 = 10_000;
/// So many ticks come within the time that a test waits for anything.
const STEP: u64 = 400;
/// A checkpoint is due every ten seconds: after so many ticks there were three.
pub(crate) const AFTER_THREE_CHECKPOINTS: u64 = 640;

#[test]
#[ignore = "mounts file systems: ./check --root"]
fn a_frozen_file_system_delays_no_tick_and_loses_none() {
    if let Some(disk) = Disk::ext4(SIZE) {
        freeze(&disk, AWAY);
    }
}

#[test]
#[ignore = "mounts file systems: ./check --root"]
fn a_service_that_starts_on_a_frozen_file_system_begins_in_memory() {
    if let Some(disk) = Disk::ext4(SIZE) {
        start_frozen(&disk);
    }
}

#[test]
#[ignore = "mounts a file system: ./check --root"]
fn a_service_whose_file_system_never_answers_records_in_memory() {
    let (folder, fallback) = (folder(), quick_folder());
    let share = folder.path().join("share");
    fs::create_dir(&share).unwrap();
    if let Some(_never) = HungMount::over(&share) {
        start_where_nothing_answers(&share, fallback.path());
    }
}

#[test]
#[ignore = "mounts file systems: ./check --root"]
fn a_disk_whose_writes_fail_delays_no_tick_and_loses_none() {
    if let Some(disk) = FailingDisk::ext4(SIZE) {
        fail(&disk, AWAY);
    }
}

#[test]
#[ignore = "mounts file systems: ./check --root"]
fn what_a_read_only_file_system_cannot_take_is_in_the_fallback() {
    if let Some(disk) = Disk::ext4(SIZE) {
        turn_read_only(&disk, AWAY);
    }
}

#[test]
#[ignore = "mounts file systems: ./check --root"]
fn on_a_full_ext4_that_somebody_else_fights_for_no_tick_is_lost() {
    if let Some(disk) = Disk::ext4(SIZE) {
        fill_for(&disk, (AFTER_THREE_CHECKPOINTS, 900));
    }
}

#[test]
#[ignore = "mounts file systems: ./check --root"]
fn where_nothing_can_be_reserved_ticks_wait_in_memory() {
    if let Some(disk) = Disk::tmpfs(24 * MIB) {
        fill_before_there_is_a_reserve(&disk);
    }
}

/// Freezes it for a while under a recorder.
pub(crate) fn freeze(disk: &Disk, away: Duration) {
    let (file, fallback) = (disk.path().join("a"), quick_folder());
    let place = fallback.path().to_str().unwrap();
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL, "--fallback", place]);
    recorder.wait_for_tick(40);
    if !fsfreeze("-f", disk) {
        return skip("this file system cannot be frozen");
    }
    thread::sleep(away);
    let status = recorder.ask(&["status"]).json();
    let thawed = fsfreeze("-u", disk);
    assert!(thawed, "it would stay frozen");
    assert!(status["trouble"].is_string(), "{status:#}");
    wait_until_written(&recorder);
    assert!(recorder.said().contains("nothing in memory was lost"));
    recorder.stop();
    assert_all_there(&file);
    // What was in memory is in the capture, so the fallback is not needed any more.
    assert_eq!(fs::read_dir(fallback.path()).unwrap().count(), 0);
    print_lateness("frozen", &file);
}

/// Starts a service where each write hangs, in a capture that is there.
fn start_frozen(disk: &Disk) {
    let (file, fallback) = (disk.path().join("a"), quick_folder());
    let is_service: [(&str, OsString); 1] = [("STATE_DIRECTORY", disk.path().into())];
    let place = fallback.path().to_str().unwrap();
    let args = ["-i", INTERVAL, "--fallback", place];
    let before = Recorder::start_for(&file, "500ms", &args).wait();
    assert_eq!(before.code, 0, "{}", before.stderr);
    let begun = monotonic();
    if !fsfreeze("-f", disk) {
        return skip("this file system cannot be frozen");
    }
    let mut recorder = Recorder::start_with(&is_service, &file, &args);
    thread::sleep(PATIENCE_TO_OPEN + AWAY);
    let (status, said) = (recorder.ask(&["status"]), recorder.said());
    let kept = last_tick(&fallback.path().join("a"));
    assert!(fsfreeze("-u", disk), "it would stay frozen");
    assert!(recorder.is_running(), "it has ended: {said}");
    assert!(said.contains("keeping ticks in memory"), "{said}");
    assert!(status.json()["trouble"].is_string(), "{}", status.text());
    assert!(kept > 100, "{kept} ticks in the fallback");
    wait_until_written(&recorder);
    let said = recorder.said();
    assert!(said.contains("nothing in memory was lost"), "{said}");
    recorder.stop();
    assert_sound(&file);
    let runs = account(&file);
    assert_eq!(runs.len(), 2, "{:#}", info(&file));
    assert!(runs.iter().all(|run| run.ticks + run.missed == run.due));
    assert_begins_soon(&file, begun);
    assert_eq!(fs::read_dir(fallback.path()).unwrap().count(), 0);
}

/// Starts a service on a share whose server is gone: no file of it can even be looked for.
fn start_where_nothing_answers(share: &Path, fallback: &Path) {
    let kept = fallback.join("a");
    let is_service: [(&str, OsString); 1] = [("STATE_DIRECTORY", share.into())];
    let args = ["-i", INTERVAL, "--fallback", fallback.to_str().unwrap()];
    let begun = monotonic();
    let mut recorder = Recorder::start_with(&is_service, &share.join("a"), &args);
    wait_for("ticks in the fallback", || {
        assert!(recorder.is_running(), "it has ended: {}", recorder.said());
        (last_tick(&kept) > 100).then_some(())
    });
    let status = recorder.ask(&["status"]);
    assert!(status.json()["trouble"].is_string(), "{}", status.text());
    recorder.signal(Signal::TERM);
    let ended = recorder.wait();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let place = format!("what waited is in {}", kept.display());
    assert!(ended.stderr.contains(&place), "{}", ended.stderr);
    assert_all_there(&kept);
    assert_begins_soon(&kept, begun + ASKED);
}

/// The first tick after that moment did not wait for long.
fn assert_begins_soon(file: &Path, begun: Duration) {
    let ticks = samples(file);
    let mut ticks = ticks.iter().map(|sample| sample.times.began.monotonic);
    let first =
        ticks.find_map(|tick| Duration::from_micros(tick.0.unsigned_abs()).checked_sub(begun));
    let first = first.expect("it has ticks");
    let most = PATIENCE_TO_OPEN + OUT_OF_ROOM;
    assert!(first < most, "the first tick came after {first:?}");
}

/// Each write fails for a while; what the kernel had taken before is not on the disk either.
pub(crate) fn fail(disk: &FailingDisk, away: Duration) {
    let (file, fallback) = (disk.path().join("a"), quick_folder());
    let place = fallback.path().to_str().unwrap();
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL, "--fallback", place]);
    recorder.wait_for_tick(40);
    disk.fail();
    thread::sleep(away);
    let said = recorder.said();
    disk.recover();
    assert!(said.contains("disk I/O error"), "{said}");
    wait_until_written(&recorder);
    assert!(recorder.said().contains("nothing in memory was lost"));
    recorder.wait_for_more(40);
    recorder.stop();
    assert_all_there(&file);
    print_lateness("failing writes", &file);
}

fn fsfreeze(how: &str, disk: &Disk) -> bool {
    let mut command = Command::new("fsfreeze");
    finish(command.arg(how).arg(disk.path())).code == 0
}

/// An error of the file system turns it read-only, for good. The recorder does not end, and what
/// it took since is in the fallback.
pub(crate) fn turn_read_only(disk: &Disk, away: Duration) {
    let (file, fallback) = (disk.path().join("a"), quick_folder());
    let place = fallback.path().to_str().unwrap();
    let mut recorder = Recorder::start(&file, &["-i", INTERVAL, "--fallback", place]);
    recorder.wait_for_tick(40);
    if !disk.fail_for_good() {
        return skip("no error of this file system can be triggered");
    }
    thread::sleep(away);
    assert!(recorder.is_running());
    wait_for("the fallback", || {
        recorder.said().contains("what waits is in").then_some(())
    });
    recorder.signal(Signal::TERM);
    let ended = recorder.wait();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("what waited is in"),
        "{}",
        ended.stderr
    );
    let kept = fallback.path().join("a");
    assert_all_there(&kept);
    assert_sound(&file);
    print_lateness("read-only", &kept);
    let (before, after) = (samples(&file), samples(&kept));
    let (last, first) = (before.last().unwrap(), after.first().unwrap());
    // At the tick after the failed one everything was asked for, and came with the next.
    let apart = first.times.planned.since(last.times.planned).unwrap();
    assert!(apart < Duration::from_secs(2), "{apart:?} are in neither");
}

/// Fills it at a moment after `ticks.0`, lets another program fight for every byte that becomes
/// free, and records `ticks.1` more.
pub(crate) fn fill_for(disk: &Disk, ticks: (u64, u64)) {
    let file = disk.path().join("a");
    let mut recorder = Recorder::start_for(&file, "20m", &["-i", INTERVAL]);
    recorder.wait_for_tick(ticks.0);
    let fight = Fight::start(disk);
    let mut left = ticks.1;
    while left > 0 {
        let now = left.min(STEP);
        recorder.wait_for_more(now);
        left -= now;
    }
    let status = recorder.ask(&["status"]).json();
    fight.end();
    recorder.stop();
    assert_eq!(status["missed"], info(&file)["missed"], "{status:#}");
    assert_all_there(&file);
    print_lateness("full", &file);
}

/// A disk that is full before there is any reserve to speak of: nothing can be written, until
/// somebody makes room.
fn fill_before_there_is_a_reserve(disk: &Disk) {
    let (file, nowhere) = (disk.path().join("a"), folder());
    let place = nowhere.path().to_str().unwrap();
    let ballast = disk.path().join("ballast");
    fs::rename(disk.fill(), &ballast).unwrap();
    let taken = fs::File::options().write(true).open(&ballast).unwrap();
    let length = taken.metadata().unwrap().len();
    taken.set_len(length - LITTLE_ROOM).unwrap();
    // What is open keeps its room when it is removed.
    drop(taken);
    let args = ["-i", INTERVAL, "--max-size", "1GiB", "--fallback", place];
    let mut recorder = Recorder::start(&file, &args);
    recorder.wait_for_tick(40);
    let filler = disk.fill();
    wait_for("what little there was to be used up", || {
        let status = recorder.ask(&["status"]).json();
        status["trouble"].is_string().then_some(())
    });
    thread::sleep(OUT_OF_ROOM);
    fs::remove_file(filler).unwrap();
    fs::remove_file(ballast).unwrap();
    wait_until_written(&recorder);
    wait_for("its word that nothing was lost", || {
        let said = recorder.said();
        said.contains("nothing in memory was lost").then_some(())
    });
    recorder.wait_for_more(5);
    recorder.stop();
    assert_all_there(&file);
}

/// A program that takes each byte of a disk as it becomes free.
struct Fight {
    goes_on: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Fight {
    fn start(disk: &Disk) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let path = disk.path().join("greedy");
        let until = Arc::clone(&goes_on);
        let thread = thread::Builder::new().name("greedy".to_owned());
        let take = move || {
            let mut file = fs::File::create(path).expect("a name can always be added");
            while until.load(Ordering::Relaxed) {
                for size in [1 << 20, 4096, 512] {
                    while file.write_all(&vec![1; size]).is_ok() {}
                }
                thread::sleep(Duration::from_millis(5));
            }
        };
        let thread = thread.spawn(take).expect("a thread can be started");
        Self { goes_on, thread }
    }

    fn end(self) {
        self.goes_on.store(false, Ordering::Relaxed);
        self.thread.join().expect("it did not panic");
    }
}

fn wait_until_written(recorder: &Recorder) {
    wait_for("the backlog to be written", || {
        let status = recorder.ask(&["status"]).json();
        (status["trouble"].is_null() && status["not_on_disk_ticks"] == 0).then_some(())
    });
}

/// No tick is lost: what a busy machine did not let the sampler take is said to be.
#[track_caller]
fn assert_all_there(file: &Path) {
    assert_sound(file);
    let info = info(file);
    let [account] = account(file)[..] else {
        panic!("it is one run: {info:#}");
    };
    assert_eq!(account.ticks + account.missed, account.due);
    let gaps = info["gaps"].as_array().unwrap().iter();
    let lost: Vec<_> = gaps
        .filter(|gap| gap["kind"] == "storage-outage" || gap["kind"] == "queue-full")
        .collect();
    assert!(lost.is_empty(), "{lost:#?}");
}

/// Half of all ticks were less late than this.
fn print_lateness(what: &str, file: &Path) {
    let late = |sample: &afterimage_format::sample::Sample| {
        sample.times.began.monotonic.0 - sample.times.planned.0
    };
    let mut late: Vec<i64> = samples(file).iter().map(late).collect();
    late.sort_unstable();
    let median = late[late.len() / 2];
    println!("{what}: {} ticks, median lateness {median} µs", late.len());
    match busy() {
        None => assert!(median <= MOST_LATE_US, "{what}: {median} µs"),
        Some(why) => println!("{what}: nothing can be said of it: {why}"),
    }
}
