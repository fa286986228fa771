//! What this machine can do. A test that cannot run here says why and passes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Whether root runs the tests.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Says why a test is skipped, or a part of one: also where the words of tests that pass are not
/// shown.
pub(crate) fn skip(why: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    let said = writeln!(std::io::stderr(), "skipped: {test}: {why}");
    said.expect("there is a standard error");
}

/// Above this share of the last 10 s in which some task waited for a CPU, in percent, how late a
/// tick is says more about the machine than about the recorder.
const CALM_PERCENT: f64 = 40.0;

/// Why nothing can be said about punctuality here and now, if so.
pub(crate) fn busy() -> Option<String> {
    let text = std::fs::read_to_string("/proc/pressure/cpu").ok()?;
    let words = text.lines().next()?.split(' ');
    let mut averages = words.filter_map(|word| word.strip_prefix("avg10="));
    let percent: f64 = averages.next()?.parse().ok()?;
    (percent > CALM_PERCENT).then(|| format!("tasks wait for a CPU {percent} % of the time"))
}

/// Whether a program can be started.
pub(crate) fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

/// A folder in memory where there is one: what a busy disk makes of fsync is another question.
pub(crate) fn quick_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).unwrap_or_else(|_none| folder())
}

/// A folder for a capture.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("there is room for temporary files")
}

/// The names in a folder.
pub(crate) fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be listed").file_name().into())
        .collect();
    names.sort();
    names
}
