//! `afterimage salvage` takes what is sound out of a file that was cut, overwritten or altered.

use crate::support::command::{assert_sound, info, run};
use crate::support::files::{DAMAGED, DONE, FAILED, READERS, edited, written};
use crate::support::host::folder;
use crate::support::recorder::Recorder;
use rusqlite::Connection;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PAGE: usize = 4096;

fn recorded() -> (TempDir, PathBuf) {
    let folder = folder();
    let file = folder.path().join("good");
    let mut recorder = Recorder::start(&file, &["-i", "10ms"]);
    recorder.wait_for_tick(400);
    recorder.stop();
    (folder, file)
}

/// Salvages, and gives the exit code and what was said of it.
fn salvage(from: &Path, to: &Path) -> (i32, String) {
    let before = fs::read(from).unwrap();
    let ran = run(&[OsStr::new("salvage"), from.as_os_str(), to.as_os_str()]);
    assert!(
        before == fs::read(from).unwrap(),
        "the original was changed"
    );
    assert!(ran.stdout.is_empty());
    (ran.code, ran.stderr)
}

fn ticks(file: &Path) -> (u64, u64) {
    assert_sound(file);
    let said = info(file);
    (
        said["ticks"].as_u64().unwrap(),
        said["missed"].as_u64().unwrap(),
    )
}

/// Where the pages begin that hold what is in chunks. Not the one that leads to them: a capture of
/// seconds has a single one, and with it goes all.
fn content_of_chunks(file: &Path) -> Vec<usize> {
    let db = Connection::open(file).unwrap();
    let mut pages = db
        .prepare(
            "SELECT pageno FROM dbstat WHERE name = 'chunk_body' AND pagetype <> 'internal' ORDER BY 1",
        )
        .unwrap();
    let numbers = pages.query_map([], |row| row.get::<_, i64>(0)).unwrap();
    numbers
        .map(|page| (usize::try_from(page.unwrap()).unwrap() - 1) * PAGE)
        .collect()
}

#[test]
fn a_sound_capture_is_saved_whole_and_nothing_is_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, good) = recorded();
    let to = folder.path().join("saved");
    assert_eq!(salvage(&good, &to), (DONE, String::new()));
    assert_eq!(ticks(&to), ticks(&good));
    let mode = fs::metadata(&to).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    let before = fs::read(&to).unwrap();
    let (code, said) = salvage(&good, &to);
    assert_eq!(code, FAILED);
    assert!(said.contains("there already"), "{said}");
    assert!(before == fs::read(&to).unwrap());
}

#[test]
fn what_no_reader_opens_is_saved() {
    let (folder, good) = recorded();
    // On a busy machine it has gaps of its own.
    let (all, stalled) = ticks(&good);
    let bytes = fs::read(&good).unwrap();
    let mut headless = bytes.clone();
    headless[..PAGE].fill(0);
    let mut holed = bytes.clone();
    holed[..100].fill(0);
    let of_chunks = content_of_chunks(&good);
    assert!(of_chunks.len() > 3, "{of_chunks:?}");
    for at in of_chunks.iter().rev().take(3) {
        holed[*at..*at + PAGE].fill(0);
    }
    let last = *of_chunks.last().expect("it has chunks");
    let cut = &bytes[..last];
    let schema = "CREATE TRIGGER t AFTER INSERT ON note BEGIN SELECT 1; END; \
                  ALTER TABLE note ADD COLUMN more TEXT";
    let files = [
        (written(folder.path(), "headless", &headless), DONE),
        (edited(folder.path(), "altered", &good, schema), DONE),
        (written(folder.path(), "holed", &holed), DAMAGED),
        (written(folder.path(), "cut", cut), DAMAGED),
    ];
    for (file, expected) in files {
        let to = file.with_extension("saved");
        let (code, said) = salvage(&file, &to);
        assert_eq!(code, expected, "{}: {said}", file.display());
        let (saved, missed) = ticks(&to);
        // What was lost may be rows of the kernel log alone.
        assert!(
            saved == all || code == DAMAGED,
            "{}: {said}",
            file.display()
        );
        assert!(
            saved > 0 && saved + missed <= all + stalled,
            "{saved} and {missed} of {all} and {stalled}"
        );
        assert_eq!(code == DAMAGED, said.contains("lost: "), "{said}");
        for reader in READERS {
            let ran = run(&[OsStr::new(reader), to.as_os_str()]);
            assert_eq!((ran.code, ran.stderr.as_str()), (DONE, ""), "{reader}");
        }
    }
}

#[test]
fn where_nothing_can_be_saved_nothing_is_left() {
    let folder = folder();
    let file = written(folder.path(), "noise", &[7; 9000]);
    let to = folder.path().join("saved");
    let (code, said) = salvage(&file, &to);
    assert_eq!(code, FAILED);
    assert!(said.contains("not an afterimage capture"), "{said}");
    assert!(!to.exists());
}

#[test]
fn a_capture_of_which_nothing_is_sound_is_damaged_and_no_success() {
    let (folder, good) = recorded();
    let mut bytes = fs::read(&good).unwrap();
    bytes[4096..].fill(0xff);
    let file = written(folder.path(), "gone.afterimage", &bytes);
    let checked = run(&["check", file.to_str().unwrap()]);
    assert_eq!(checked.code, DAMAGED, "{}", checked.stderr);
    let said =
        "is damaged: database disk image is malformed, and nothing sound could be read from it\n";
    assert!(checked.stderr.ends_with(said), "{}", checked.stderr);
    for reader in READERS {
        let ran = run(&[reader, file.to_str().unwrap()]);
        let code = if reader == "check" { DAMAGED } else { FAILED };
        assert_eq!(ran.code, code, "{reader}: {}", ran.stderr);
    }
}

#[test]
fn a_pipe_that_nobody_writes_to_is_refused_and_one_in_the_place_of_a_log_is_passed_by() {
    let (folder, good) = recorded();
    let pipe = folder.path().join("pipe");
    make_pipe(&pipe);
    let to = folder.path().join("saved");
    let ran = run(&[OsStr::new("salvage"), pipe.as_os_str(), to.as_os_str()]);
    assert_eq!((ran.code, to.exists()), (FAILED, false), "{}", ran.stderr);
    assert!(ran.stderr.contains("not a regular file"), "{}", ran.stderr);

    let mut headless = fs::read(&good).unwrap();
    headless[..PAGE].fill(0);
    let headless = written(folder.path(), "headless", &headless);
    make_pipe(&folder.path().join("headless-wal"));
    let (code, said) = salvage(&headless, &to);
    assert_eq!(code, DONE, "{said}");
    assert_eq!(ticks(&to), ticks(&good));
}

fn make_pipe(at: &Path) {
    mknodat(CWD, at, FileType::Fifo, Mode::RWXU, 0).unwrap();
}

/// The number of the format is covered by no checksum: what the file holds tells.
#[test]
fn a_wrong_format_number_hides_nothing_and_is_named() {
    let (folder, good) = recorded();
    let all = ticks(&good);
    let (low, high) = ("PRAGMA user_version = 2", "PRAGMA user_version = 259");
    for (name, change) in [("low", low), ("high", high)] {
        let wrong = edited(folder.path(), name, &good, change);
        for reader in READERS {
            let [theirs, ours] = [&wrong, &good].map(|file| {
                let mut words = vec![OsStr::new(reader), file.as_os_str()];
                let is_read_whole = !["info", "check"].contains(&reader);
                words.extend(is_read_whole.then_some(OsStr::new("--format=json")));
                run(&words)
            });
            assert!(theirs.stderr.contains("its header says"), "{reader}");
            assert!(theirs.stderr.contains("nothing is lost"), "{reader}");
            let is_same = theirs.stdout == ours.stdout || ["info", "check"].contains(&reader);
            assert!(is_same, "{reader}: {}", theirs.text());
        }
        let to = wrong.with_extension("saved");
        let (code, said) = salvage(&wrong, &to);
        assert_eq!((code, ticks(&to)), (DONE, all));
        assert!(said.contains("its header says"), "{said}");
    }
}

#[test]
fn a_salvage_goes_to_standard_output_too() {
    let (folder, good) = recorded();
    let ran = run(&[OsStr::new("salvage"), good.as_os_str(), OsStr::new("-")]);
    assert_eq!((ran.code, ran.stderr.as_str()), (DONE, ""));
    let received = written(folder.path(), "received", &ran.stdout);
    assert_eq!(ticks(&received), ticks(&good));
}
