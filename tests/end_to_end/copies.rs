//! `afterimage copy` makes a whole copy while the capture is recorded, and overwrites nothing.

use crate::support::capture::{account, last_tick};
use crate::support::clock::wait_for;
use crate::support::command::{AFTERIMAGE, Ran, assert_sound, info, run};
use crate::support::files::captured;
use crate::support::host::{folder, names};
use crate::support::process::with_closed_output;
use crate::support::recorder::Recorder;
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Of a slow copy, one a second: a checkpoint is due every ten.
const PIECES: u64 = 15;

fn copy(from: &Path, to: &OsStr) -> Ran {
    run(&[OsStr::new("copy"), from.as_os_str(), to])
}

#[track_caller]
fn has_at_least(copy: &Path, ticks: u64) {
    assert_sound(copy);
    assert!(last_tick(copy) >= ticks, "{} of {ticks}", last_tick(copy));
    let account = account(copy);
    assert_eq!(account[0].ticks + account[0].missed, account[0].due);
}

#[test]
fn a_copy_of_a_running_capture_has_everything_up_to_now() {
    let (folder, to) = (folder(), folder());
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "50ms"]);
    // Past the first chunk, so that both it and the tail are in the copy. Not all of that is in
    // the file itself by then.
    wait_for("70 ticks", || (recorder.committed() >= 70).then_some(()));
    let ticks = recorder.committed();
    let into_folder = copy(&file, to.path().as_os_str());
    assert_eq!((into_folder.code, into_folder.stderr.as_str()), (0, ""));
    has_at_least(&to.path().join("host.afterimage"), ticks);

    let ticks = recorder.committed();
    let piped = copy(&file, OsStr::new("-"));
    assert_eq!((piped.code, piped.stderr.as_str()), (0, ""));
    let received = to.path().join("received.afterimage");
    fs::write(&received, &piped.stdout).unwrap();
    has_at_least(&received, ticks);
    assert_eq!(info(&received)["damaged_frames"], 0);
    assert_eq!(names(to.path()).len(), 2, "{:?}", names(to.path()));

    let before = last_tick(&file);
    recorder.wait_for_more(2);
    assert!(last_tick(&file) > before, "copying stopped the recorder");
    recorder.stop();
    assert_sound(&file);
}

#[test]
fn a_copy_never_overwrites() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    assert_eq!(
        Recorder::start_for(&file, "200ms", &["-i", "100ms"])
            .wait()
            .code,
        0
    );
    let there = folder.path().join("notes.txt");
    fs::write(&there, "mine").unwrap();
    for destination in [&there, &file] {
        let before = fs::read(destination).unwrap();
        let ran = copy(&file, destination.as_os_str());
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains("there already"), "{}", ran.stderr);
        assert!(before == fs::read(destination).unwrap());
    }
}

#[test]
fn a_copy_is_as_private_as_the_capture() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let (file, to) = (folder.path().join("a.afterimage"), folder.path().join("b"));
    assert_eq!(
        Recorder::start_for(&file, "200ms", &["-i", "100ms"])
            .wait()
            .code,
        0
    );
    assert_eq!(copy(&file, to.as_os_str()).code, 0);
    let mode = fs::metadata(&to).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
}

#[test]
fn a_copy_into_a_closed_pipe_ends_quietly() {
    let (_folder, good) = captured();
    let mut command = Command::new(AFTERIMAGE);
    let (code, said) = with_closed_output(command.arg("copy").arg(&good).arg("-"));
    assert_eq!((code, said.as_str()), (0, ""));
}

/// `scp` of the one file while it is recorded.
#[test]
fn a_plain_copy_of_the_one_file_opens_and_says_that_it_is_behind() {
    let (folder, to) = (folder(), folder());
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "100ms"]);
    recorder.wait_for_tick(5);
    let copied = to.path().join("host.afterimage");
    fs::copy(&file, &copied).unwrap();
    let opened = run(&[OsStr::new("info"), copied.as_os_str(), OsStr::new("--json")]);
    assert_eq!(opened.code, 0, "{}", opened.stderr);
    assert_eq!(opened.json()["state"], "copied-live");
    assert_eq!(opened.json()["runs"].as_array().unwrap().len(), 1);
    recorder.stop();
}

/// As over a slow line: a piece each second, while ticks are written, for longer than the time
/// between two checkpoints.
#[test]
fn a_slow_plain_copy_is_whole() {
    let (folder, to) = (folder(), folder());
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "50ms"]);
    recorder.wait_for_tick(70);
    let mut from = fs::File::open(&file).unwrap();
    let mut bytes = vec![0; 4096];
    from.read_exact(&mut bytes).unwrap();
    // What is behind its pages is a reserve, and empty.
    let pages = u32::from_be_bytes(bytes[28..32].try_into().unwrap());
    let piece = (u64::from(pages) * 4096).div_ceil(PIECES);
    for _ in 0..PIECES {
        (&mut from).take(piece).read_to_end(&mut bytes).unwrap();
        thread::sleep(Duration::from_secs(1));
    }
    from.read_to_end(&mut bytes).unwrap();
    drop(from);
    let copied = to.path().join("copied.afterimage");
    fs::write(&copied, bytes).unwrap();
    assert_sound(&copied);
    assert!(info(&copied)["behind_seconds"].as_u64().is_some());
    recorder.stop();
}
