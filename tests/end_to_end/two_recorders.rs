//! One owner: a second recorder on the same file leaves at once, and says whose it is.

use crate::support::capture::account;
use crate::support::command::{assert_sound, info};
use crate::support::host::folder;
use crate::support::recorder::Recorder;

/// `EX_TEMPFAIL`.
const HELD: i32 = 75;

#[test]
fn the_second_recorder_exits_75_and_names_the_first() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut first = Recorder::start(&file, &["-i", "100ms"]);
    first.wait_for_tick(2);
    let second = Recorder::start_for(&file, "1s", &["-i", "100ms"]).wait();
    assert_eq!(second.code, HELD, "{}", second.stderr);
    let named = format!("pid {}", first.pid());
    assert!(second.stderr.contains(&named), "{}", second.stderr);

    first.wait_for_more(2);
    assert_eq!(info(&file)["state"], "recording");
    first.stop();
    let info = info(&file);
    assert_eq!(info["runs"].as_array().unwrap().len(), 1, "{info:#}");
    assert_eq!(account(&file).len(), 1);
    assert_sound(&file);
}

#[test]
fn a_lock_that_a_killed_recorder_left_hinders_nobody() {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let mut first = Recorder::start(&file, &["-i", "100ms"]);
    first.wait_for_tick(2);
    drop(first);
    let second = Recorder::start_for(&file, "300ms", &["-i", "100ms"]).wait();
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert_eq!(info(&file)["runs"].as_array().unwrap().len(), 2);
}
