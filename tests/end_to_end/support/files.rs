//! Files that a test makes: a short capture, edited ones, and others that are none.

use super::host::folder;
use super::recorder::Recorder;
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Every command that reads a capture and prints.
pub(crate) const READERS: [&str; 15] = [
    "info", "check", "ps", "vmstat", "free", "uptime", "dmesg", "iostat", "sar", "top", "pidstat",
    "df", "lslocks", "lsblk", "numastat",
];

/// Exit codes, as `--help` lists them.
pub(crate) const DONE: i32 = 0;
pub(crate) const FAILED: i32 = 1;
pub(crate) const USAGE: i32 = 2;
pub(crate) const DAMAGED: i32 = 3;

/// Makes a capture look like one of a later format, in which a table has one column more.
pub(crate) const NEWER: &str = "ALTER TABLE note ADD COLUMN more TEXT; PRAGMA user_version = 9";
/// The same of an earlier format, which had no such table.
pub(crate) const OLDER: &str = "DROP TABLE mount; PRAGMA user_version = 0";

/// A short capture of this host, and a folder to put others beside it.
#[track_caller]
pub(crate) fn captured() -> (TempDir, PathBuf) {
    let folder = folder();
    let file = folder.path().join("good");
    let ended = Recorder::start_for(&file, "1s", &["-i", "100ms"]).wait();
    assert_eq!(ended.code, DONE, "{}", ended.stderr);
    (folder, file)
}

/// A copy of a capture in which some SQL changed something.
pub(crate) fn edited(folder: &Path, name: &str, from: &Path, sql: &str) -> PathBuf {
    let file = folder.join(name);
    fs::copy(from, &file).expect("there is room");
    let db = Connection::open(&file).expect("it is a database");
    db.execute_batch(sql).expect("the test's own SQL");
    file
}

/// A file with these bytes.
pub(crate) fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, bytes).expect("there is room");
    file
}
