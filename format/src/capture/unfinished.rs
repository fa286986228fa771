//! Files and folders that must not outlive the process, whatever ends it.
//!
//! Each is removed when its owner is dropped. A signal drops nothing: whoever handles one calls
//! [`remove_all`] before the process ends by it.

use super::lock::with_suffix;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static PATHS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every file that is not finished and every private folder. Nothing may be read or
/// written any more after it.
pub fn remove_all() {
    for path in paths().iter() {
        remove(path);
    }
}

/// A file or folder that is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    pub(super) fn new(path: &Path) -> Self {
        paths().push(path.to_owned());
        Self {
            path: path.to_owned(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// It is finished, and stays.
    pub(super) fn keep(self) {
        self.forget();
        std::mem::forget(self);
    }

    fn forget(&self) {
        let mut paths = paths();
        if let Some(place) = paths.iter().position(|path| *path == self.path) {
            paths.swap_remove(place);
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        remove(&self.path);
        self.forget();
    }
}

fn paths() -> MutexGuard<'static, Vec<PathBuf>> {
    PATHS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nothing can be done about what will not go, and nothing depends on it.
fn remove(path: &Path) {
    if path.is_dir() {
        drop(fs::remove_dir_all(path));
        return;
    }
    drop(fs::remove_file(path));
    for suffix in ["-journal", "-wal", "-shm"] {
        drop(fs::remove_file(with_suffix(path, suffix)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finished_goes_with_what_lies_beside_it_and_what_is_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["a", "a-journal", "b"] {
            fs::write(at(name), "x").unwrap();
        }
        fs::create_dir(at("c")).unwrap();
        fs::write(at("c").join("d"), "x").unwrap();
        drop(Unfinished::new(&at("a")));
        Unfinished::new(&at("b")).keep();
        drop(Unfinished::new(&at("c")));
        let left = fs::read_dir(folder.path()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["b"]);
    }
}
