//! A file that is damaged while it is recorded into stays as it is, and a file beside it has what
//! it could not be trusted with any more.

use crate::support::capture::{last_tick, samples};
use crate::support::clock::wait_for;
use crate::support::command::{assert_sound, info, run};
use crate::support::files::DAMAGED;
use crate::support::host::folder;
use crate::support::recorder::Recorder;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const PAGE: u64 = 4096;
/// What comes before the pages of a log, and before each of them.
const LOG_HEAD: u64 = 32;
const LOG_PAGE_HEAD: u64 = 24;
/// Ticks of a chunk.
const CHUNK: usize = 60;

/// A recorder, and where it goes on when its file is damaged.
struct Recording {
    recorder: Recorder,
    folder: TempDir,
}

impl Recording {
    fn start(args: &[&str]) -> Self {
        Self::start_in(folder(), args)
    }

    fn start_in(folder: TempDir, args: &[&str]) -> Self {
        let file = folder.path().join("host.afterimage");
        let args = [&["--budget-cpu", "100"], args].concat();
        let recorder = Recorder::start(&file, &args);
        Self { recorder, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("host.afterimage")
    }

    fn beside(&self) -> PathBuf {
        self.folder.path().join("host.2.afterimage")
    }

    /// The file with its log, as they are now.
    fn copy(&self) -> PathBuf {
        let copy = self.folder.path().join("copy.afterimage");
        fs::copy(self.file(), &copy).unwrap();
        fs::copy(self.log(), self.folder.path().join("copy.afterimage-wal")).unwrap();
        copy
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("host.afterimage-wal")
    }
}

fn overwrite(file: &Path, from: u64) {
    let length = fs::metadata(file).unwrap().len();
    let opened = fs::OpenOptions::new().write(true).open(file).unwrap();
    let ones = vec![0xff; usize::try_from(length - from).unwrap()];
    opened.write_all_at(&ones, from).unwrap();
}

/// The wall clock, in microseconds, of each tick of a sound capture.
fn ticks(file: &Path) -> Vec<i64> {
    assert_sound(file);
    let samples = samples(file);
    let ticks = samples.iter().map(|sample| sample.times.began.wall.0);
    ticks.collect()
}

/// Its run was ended, and it was told of every source what the file before was told.
#[track_caller]
fn assert_ended(file: &Path) {
    assert_sound(file);
    let info = info(file);
    assert_eq!(info["state"], "clean");
    assert!(!info["sources"].as_array().unwrap().is_empty(), "{info:#}");
}

/// Damages the file so that who writes meets it: they go by what they have in memory until somebody
/// else has written, too.
fn damage_below(file: &Path, damage: impl FnOnce(&Connection)) {
    let other = Connection::open(file).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    other
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .unwrap();
    let version = other.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    let change = format!(
        "BEGIN IMMEDIATE; PRAGMA user_version = {}",
        version.unwrap()
    );
    other.execute_batch(&change).unwrap();
    damage(&other);
    other.execute_batch("COMMIT").unwrap();
}

/// The first part of the oldest chunk says that it goes on in a page that is not there: in the file,
/// and in the log if it is there too. Only who deletes it reads that.
fn lead_astray(recording: &Recording, db: &Connection) {
    let oldest = "SELECT frames FROM chunk_body ORDER BY id LIMIT 1";
    let frames = db.query_row(oldest, [], |row| row.get::<_, Vec<u8>>(0));
    let frames = frames.unwrap();
    let is_first = |bytes: &[u8]| bytes == &frames[..64];
    let mut led = 0;
    for file in [recording.file(), recording.log()] {
        let bytes = fs::read(&file).unwrap();
        let opened = fs::OpenOptions::new().write(true).open(&file).unwrap();
        let places = bytes.windows(64).enumerate();
        for (begin, _) in places.filter(|(_, bytes)| is_first(bytes)) {
            let both = bytes[begin..].iter().zip(&frames);
            let end = begin + both.take_while(|(one, other)| one == other).count();
            opened.write_all_at(&[0xff; 4], end as u64).unwrap();
            led += 1;
        }
    }
    assert!(led > 0, "it is in none of them");
}

/// The first page of a table that is only written, in the file and in the log, is noise.
fn spoil_pyramid(recording: &Recording, db: &Connection) {
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'pyramid'";
    let root = db.query_row(root, [], |row| row.get::<_, u32>(0)).unwrap();
    let opened = |file: &Path| fs::OpenOptions::new().write(true).open(file).unwrap();
    let file = opened(&recording.file());
    let page = u64::from(root - 1) * PAGE;
    file.write_all_at(&[0xff; 4096], page).unwrap();
    let log = opened(&recording.log());
    let bytes = fs::read(recording.log()).unwrap();
    let mut at = LOG_HEAD;
    while let Some(number) = usize::try_from(at)
        .ok()
        .and_then(|at| bytes.get(at..at + 4))
    {
        at += LOG_PAGE_HEAD;
        if number == root.to_be_bytes() {
            log.write_all_at(&[0xff; 4096], at).unwrap();
        }
        at += PAGE;
    }
}

/// Damages a recording at its tick of that number, and waits until another file has what follows.
fn assert_goes_on(tick: u64, retain: &str, damage: impl FnOnce(&Recording, &Connection)) {
    let recording = Recording::start(&["-i", "20ms", "--retain", retain]);
    goes_on(recording, tick, damage);
}

fn goes_on(mut recording: Recording, tick: u64, damage: impl FnOnce(&Recording, &Connection)) {
    let (file, beside) = (recording.file(), recording.beside());
    // Whoever reads the file keeps the log from being moved into it.
    wait_for("ticks", || {
        (recording.recorder.committed() >= tick).then_some(())
    });
    damage_below(&file, |db| damage(&recording, db));
    wait_for("the file beside it", || {
        let recorder = &mut recording.recorder;
        assert!(recorder.is_running(), "it has ended: {}", recorder.said());
        (last_tick(&beside) > 130).then_some(())
    });
    let said = recording.recorder.said();
    assert!(said.contains("damaged"), "{said}");
    let damaged = fs::read(&file).unwrap();
    recording.recorder.stop();
    assert!(fs::read(&file).unwrap() == damaged, "it was written to");
    assert_ended(&beside);
}

#[test]
fn a_run_whose_file_was_overwritten_goes_on_beside_it() {
    // What is in the log goes into the file each ten seconds; until then nobody reads it there.
    assert_goes_on(550, "6s", |recording, _| overwrite(&recording.file(), PAGE));
}

#[test]
fn a_run_goes_on_beside_a_file_with_a_table_that_cannot_be_read() {
    assert_goes_on(130, "6s", spoil_pyramid);
}

#[test]
fn a_run_goes_on_beside_a_file_that_cannot_let_its_oldest_ticks_go() {
    assert_goes_on(550, "6s", lead_astray);
    // All of it is in the log still, which ends there for whoever opens the file anew.
    assert_goes_on(130, "1s", lead_astray);
}

/// Of a large file not every page is looked at when it is opened.
#[test]
fn a_run_goes_on_beside_a_large_file_that_seems_whole_when_it_is_opened_anew() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let ended = Recorder::start_for(&file, "300ms", &["-i", "20ms"]).wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let large = "CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(70000000))";
    Connection::open(&file)
        .unwrap()
        .execute_batch(large)
        .unwrap();
    let recording = Recording::start_in(folder, &["-i", "20ms", "--retain", "6s"]);
    // The log was moved into the file at tick 500, and has nothing of old chunks until one goes at
    // tick 540: what is damaged in it would be found there.
    goes_on(recording, 515, lead_astray);
}

#[test]
fn a_run_that_ends_with_a_damaged_file_or_log_has_its_last_ticks_beside_it() {
    // What is in the log goes into the file each ten seconds.
    for (is_log, ticks_before) in [(true, 65), (false, 210)] {
        let mut recording = Recording::start(&["-i", "50ms"]);
        recording.recorder.wait_for_tick(ticks_before);
        recording.recorder.signal(Signal::STOP);
        let written = ticks(&recording.copy());
        if is_log {
            overwrite(&recording.log(), LOG_HEAD);
        } else {
            overwrite(&recording.file(), PAGE);
        }
        recording.recorder.signal(Signal::CONT);
        recording.recorder.signal(Signal::TERM);
        let ended = recording.recorder.wait();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let place = format!("recording into {}", recording.beside().display());
        assert!(ended.stderr.contains(&place), "{}", ended.stderr);
        let saved = ticks(&recording.beside());
        let open = &written[written.len() / CHUNK * CHUNK..];
        assert!(!open.is_empty(), "the recorder was not stopped in time");
        assert!(
            open.iter().all(|tick| saved.contains(tick)),
            "{open:?} {saved:?}"
        );
        assert_ended(&recording.beside());
        let checked = run(&["check", recording.file().to_str().unwrap()]);
        assert_eq!(checked.code, DAMAGED, "{}", checked.stderr);
    }
}
