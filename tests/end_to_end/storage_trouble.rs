//! A disk that fails or hangs: the sampler goes on, and what it took is written afterwards. The
//! disk is made bad by a library under the recorder (`bad_disk.c`); real ones are in `root`.

use crate::support::capture::{account, last_tick, samples};
use crate::support::clock::{monotonic, wait_for};
use crate::support::command::{assert_sound, finish, info};
use crate::support::files::FAILED;
use crate::support::host::{folder, has, quick_folder, skip};
use crate::support::recorder::Recorder;
use rustix::process::Signal;
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const SOURCE: &str = include_str!("storage_trouble/bad_disk.c");
const INTERVAL: &str = "20ms";

/// A disk that can be made bad, and a place in memory for the fallback.
struct BadDisk {
    captures: TempDir,
    own: TempDir,
    fallback: TempDir,
}

impl BadDisk {
    /// `None` where there is no C compiler.
    fn new() -> Option<Self> {
        if !has("cc") {
            skip("there is no C compiler");
            return None;
        }
        let own = folder();
        let source = own.path().join("bad_disk.c");
        fs::write(&source, SOURCE).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]);
        let built = finish(compiler.arg(own.path().join("bad_disk.so")).arg(source));
        assert_eq!(built.code, 0, "{}", built.stderr);
        let captures = folder();
        Some(Self {
            captures,
            own,
            fallback: quick_folder(),
        })
    }

    fn file(&self) -> PathBuf {
        self.captures.path().join("host.afterimage")
    }

    fn fallback(&self) -> PathBuf {
        self.fallback.path().join("host.afterimage")
    }

    fn start(&self, memory: &str) -> Recorder {
        let variables: [(&str, OsString); 3] = [
            ("LD_PRELOAD", self.own.path().join("bad_disk.so").into()),
            ("BAD_DISK", self.own.path().join("trouble").into()),
            ("BAD_DISK_FOLDER", self.captures.path().into()),
        ];
        let fallback = self.fallback.path().to_str().unwrap();
        let args = ["-i", INTERVAL, "--memory", memory, "--fallback", fallback];
        Recorder::start_with(&variables, &self.file(), &args)
    }

    fn turns_bad(&self, how: &str) {
        fs::write(self.own.path().join("trouble"), how).unwrap();
    }

    fn is_well_again(&self) {
        fs::remove_file(self.own.path().join("trouble")).unwrap();
    }
}

/// Waits until the recorder says that so many ticks wait.
#[track_caller]
fn wait_for_waiting(recorder: &mut Recorder, least: u64) -> Value {
    wait_for("ticks that wait", || {
        assert!(recorder.is_running(), "it has ended: {}", recorder.said());
        let status = recorder.ask(&["status"]).json();
        let waiting = status["not_on_disk_ticks"].as_u64().unwrap();
        (waiting >= least).then_some(status)
    })
}

fn outages(info: &Value) -> u64 {
    let gaps = info["gaps"].as_array().unwrap().iter();
    let outages = gaps.filter(|gap| gap["kind"] == "storage-outage");
    outages.map(|gap| gap["missed"].as_u64().unwrap()).sum()
}

fn said_times(recorder: &Recorder, words: &str) -> usize {
    recorder.said().matches(words).count()
}

/// Every tick is there, but for those that a busy machine made the sampler miss.
#[track_caller]
fn assert_nothing_lost(file: &Path) {
    assert_sound(file);
    assert_eq!(outages(&info(file)), 0);
    let [account] = account(file)[..] else {
        panic!("it is one run: {:#}", info(file));
    };
    assert_eq!(account.ticks + account.missed, account.due);
}

#[test]
fn what_a_failing_disk_does_not_take_is_written_once_it_does() {
    let Some(disk) = BadDisk::new() else { return };
    let mut recorder = disk.start("16MiB");
    recorder.wait_for_tick(70);
    disk.turns_bad("EIO");
    let status = wait_for_waiting(&mut recorder, 150);
    let trouble = status["trouble"].as_str().unwrap();
    assert!(trouble.contains("I/O error"), "{trouble}");
    disk.is_well_again();
    wait_for("the backlog to be written", || {
        let status = recorder.ask(&["status"]).json();
        let is_over = status["trouble"].is_null() && status["not_on_disk_ticks"] == 0;
        is_over.then_some(())
    });
    recorder.wait_for_more(5);
    assert_eq!(said_times(&recorder, "keeping ticks in memory"), 1);
    assert_eq!(said_times(&recorder, "writing again"), 1);
    assert_eq!(said_times(&recorder, "nothing in memory was lost"), 1);
    recorder.stop();
    assert_nothing_lost(&disk.file());
    let shed = samples(&disk.file())
        .iter()
        .filter(|sample| {
            sample
                .times
                .shed
                .names()
                .any(|name| name == "all-processes")
        })
        .count();
    assert_eq!(shed, 0, "there was memory for all of it");
}

#[test]
fn a_write_that_hangs_delays_no_tick() {
    let Some(disk) = BadDisk::new() else { return };
    let mut recorder = disk.start("16MiB");
    recorder.wait_for_tick(30);
    disk.turns_bad("hang");
    let began = monotonic();
    let status = wait_for("word of it", || {
        let status = recorder.ask(&["status"]).json();
        status["trouble"].is_string().then_some(status)
    });
    let trouble = status["trouble"].as_str().unwrap();
    assert!(trouble.contains("writing has taken"), "{trouble}");
    let ended = monotonic();
    disk.is_well_again();
    recorder.wait_for_more(20);
    recorder.stop();
    assert_nothing_lost(&disk.file());
    let hung = |at: Duration| at > began && at < ended;
    let taken = samples(&disk.file()).into_iter().filter(|sample| {
        let at = u64::try_from(sample.times.began.monotonic.0).unwrap();
        hung(Duration::from_micros(at))
    });
    // Half of what was due is what a very busy machine leaves.
    let due = ended.saturating_sub(began).as_millis() / 20;
    assert!(taken.count() as u128 > due / 2, "of {due}");
}

#[test]
fn when_memory_is_short_details_go_and_the_fallback_has_them() {
    let Some(disk) = BadDisk::new() else { return };
    let mut recorder = disk.start("512KiB");
    recorder.wait_for_tick(30);
    disk.turns_bad("EIO");
    wait_for("the fallback", || {
        (said_times(&recorder, "what waits is in") == 1).then_some(())
    });
    let ticks = info(&disk.fallback())["ticks"].as_u64().unwrap();
    assert!(ticks > 100, "{ticks}");
    wait_for("memory to be short", || {
        let status = recorder.ask(&["status"]).json();
        let thinned = status["without_processes_ticks"].as_u64().unwrap();
        (thinned > 50).then_some(())
    });
    disk.is_well_again();
    wait_for("the backlog to be written", || {
        let status = recorder.ask(&["status"]).json();
        (status["trouble"].is_null() && status["not_on_disk_ticks"] == 0).then_some(())
    });
    let said = recorder.said();
    recorder.stop();
    assert!(said.contains("ticks without processes"), "{said}");
    assert!(said.contains("all of it is in"), "{said}");
    // Where hundreds of processes are busy ticks may be lost as well: that is said.
    assert_sound(&disk.file());
    for account in account(&disk.file()) {
        assert_eq!(account.ticks + account.missed, account.due);
    }
    let samples = samples(&disk.file());
    let thinned = samples.iter().filter(|sample| {
        let mut names = sample.times.shed.names();
        names.any(|name| name == "all-processes")
    });
    assert!(thinned.count() > 0);
    for sample in &samples {
        assert!(sample.machine.load_hundredths[0].is_ok() && !sample.processes.is_empty());
    }
    assert_sound(&disk.fallback());
    assert_eq!(info(&disk.fallback())["state"], "clean");
}

/// What SQLite has in memory hides damage from it; after an error the file is opened anew.
#[test]
fn a_file_that_a_disk_damaged_is_left_as_it_is_and_the_next_one_goes_on() {
    let Some(disk) = BadDisk::new() else { return };
    let mut recorder = disk.start("16MiB");
    recorder.wait_for_tick(130);
    disk.turns_bad("EIO");
    wait_for_waiting(&mut recorder, 10);
    let pages = fs::metadata(disk.file()).unwrap().len() / 4096;
    let damaged = fs::OpenOptions::new().write(true).open(disk.file());
    let damaged = damaged.unwrap();
    for page in 1..pages {
        damaged.write_all_at(&[0xff; 4096], page * 4096).unwrap();
    }
    let bytes = fs::read(disk.file()).unwrap();
    disk.is_well_again();
    let beside = disk.captures.path().join("host.2.afterimage");
    wait_for("the file beside it", || {
        assert!(recorder.is_running(), "it has ended: {}", recorder.said());
        (last_tick(&beside) > 70).then_some(())
    });
    recorder.stop();
    // The tick that had failed was given to the file that is damaged now.
    assert_sound(&beside);
    let info = info(&beside);
    assert!(outages(&info) <= 1, "{info:#}");
    assert_eq!(info["state"], "clean");
    let left = fs::read(disk.file()).unwrap();
    let own = |bytes: &[u8]| bytes[4096..bytes.len().min(1 << 20)].to_vec();
    assert!(own(&left) == own(&bytes), "it was written to");
}

#[test]
fn a_run_that_ends_while_the_disk_is_bad_says_where_its_ticks_are() {
    for how in ["EIO", "hang"] {
        let Some(disk) = BadDisk::new() else { return };
        let mut recorder = disk.start("16MiB");
        recorder.wait_for_tick(30);
        disk.turns_bad(how);
        // Once the trouble was noticed, everything is said anew.
        let waiting = wait_for("trouble", || {
            let status = recorder.ask(&["status"]).json();
            let waiting = status["not_on_disk_ticks"].as_u64();
            status["trouble"].is_string().then_some(waiting.unwrap())
        });
        wait_for_waiting(&mut recorder, waiting + 30);
        recorder.signal(Signal::TERM);
        let ended = recorder.wait();
        assert_eq!(ended.code, FAILED, "{}", ended.stderr);
        let place = format!("what waited is in {}", disk.fallback().display());
        assert!(ended.stderr.contains(&place), "{}", ended.stderr);
        assert_sound(&disk.fallback());
        assert!(info(&disk.fallback())["ticks"].as_u64().unwrap() > 10);
    }
}
