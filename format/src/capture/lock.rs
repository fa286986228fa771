//! One owner: the lock file beside a capture, held by whoever records into it.
//!
//! A file of its own, because opening and closing the capture itself a second time would drop
//! SQLite's locks on it (POSIX locks belong to the process).

use super::error::is_of_the_disk;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Holds the lock until it is dropped, and takes its file away then.
#[derive(Debug)]
pub struct OwnerLock {
    path: PathBuf,
    _file: File,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else holds it.
    #[error("another recorder (pid {pid}) is recording into it")]
    Held {
        /// The pid that it wrote there.
        pid: String,
    },
    /// The lock file could not be made or locked.
    #[error(
        "cannot make {path}, which says that the capture is being recorded into: is the directory there, and may you write to it?"
    )]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl LockError {
    /// Whether it is the disk that cannot be written.
    pub fn is_storage_trouble(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_of_the_disk(source))
    }
}

/// Where the lock of a capture lies.
pub fn lock_path(capture: &Path) -> PathBuf {
    with_suffix(capture, "-lock")
}

/// `NAME.afterimage` with something after it, as SQLite names its own side files.
pub(crate) fn with_suffix(capture: &Path, suffix: &str) -> PathBuf {
    let mut name = capture.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl OwnerLock {
    /// Takes the lock of `capture`, or says who has it.
    pub fn take(capture: &Path) -> Result<Self, LockError> {
        let path = lock_path(capture);
        let io = |source| LockError::Io {
            path: path.clone(),
            source,
        };
        // Whoever held it may take the file away between our open and our lock: then the lock
        // is on a file that nobody else will find, so look again.
        loop {
            let mut file = open(&path).map_err(io)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut pid = String::new();
                    file.read_to_string(&mut pid).map_err(io)?;
                    let pid = match pid.trim() {
                        "" => "unknown",
                        pid => pid,
                    };
                    return Err(LockError::Held {
                        pid: pid.to_owned(),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
            if is_same(&file, &path) {
                // Who holds it is good to know; on a full disk it holds without.
                drop(file.set_len(0));
                drop(writeln!(file, "{}", std::process::id()));
                return Ok(Self { path, _file: file });
            }
        }
    }

    /// Whether somebody records into `capture` right now, on this host.
    pub fn is_held(capture: &Path) -> bool {
        let Ok(file) = File::open(lock_path(capture)) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

impl Drop for OwnerLock {
    fn drop(&mut self) {
        // Under the lock, so that nobody else's file is taken. If it cannot be removed it
        // stays, unlocked, which hinders nobody.
        drop(std::fs::remove_file(&self.path));
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |data: std::fs::Metadata| (data.dev(), data.ino());
    let found = std::fs::metadata(path).map(identity).ok();
    found.is_some() && found == file.metadata().map(identity).ok()
}

#[cfg(not(unix))]
fn is_same(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_owner_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let capture = folder.path().join("a.afterimage");
        let first = OwnerLock::take(&capture).unwrap();
        let refused = OwnerLock::take(&capture).unwrap_err().to_string();
        assert!(
            refused.contains(&format!("pid {}", std::process::id())),
            "{refused}"
        );
        assert!(OwnerLock::is_held(&capture));
        drop(first);
        assert!(!OwnerLock::is_held(&capture));
        assert!(!lock_path(&capture).exists());
        assert!(OwnerLock::take(&capture).is_ok());
    }
}
