//! A folder that only we can read, for what is needed to read a capture without changing it.

use crate::capture::error::CaptureError;
use crate::capture::log;
use crate::capture::unfinished::Unfinished;
use crate::capture::watch::{self, Stage, Watch, Work};
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Up to this size a file goes where its folder may be kept in memory.
const SMALL: u64 = 64 << 20;

/// A folder that only we can read. Removed with everything in it when it is dropped.
#[derive(Debug)]
pub struct PrivateFolder {
    folder: Unfinished,
}

impl PrivateFolder {
    /// One with the capture as a link and its log as a copy. Beside the capture, so that a link
    /// costs nothing; else, with a copy, where temporary files go.
    pub(super) fn with(
        capture: &Path,
        wal: &Path,
        watch: &dyn Watch,
    ) -> Result<Self, CaptureError> {
        let fail = |source| {
            let path = capture.to_owned();
            if watch.is_over() {
                return CaptureError::Cancelled { path };
            }
            CaptureError::Open { path, source }
        };
        let beside = capture
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.unwrap_or_else(|| Path::new("."));
        let filled = Self::filled(beside, capture, wal, watch);
        // It may not be writable, or full.
        filled
            .or_else(|_no_room| Self::filled(&env::temp_dir(), capture, wal, watch))
            .map_err(fail)
    }

    /// An empty one, for files of about so many bytes.
    pub fn empty(bytes: u64) -> io::Result<Self> {
        let in_memory = env::var_os("XDG_RUNTIME_DIR").filter(|_| bytes <= SMALL);
        let made = in_memory.map(|parent| Self::make(Path::new(&parent)));
        match made {
            Some(Ok(folder)) => Ok(folder),
            _ => Self::make(&env::temp_dir()),
        }
    }

    /// Where something of this name lies in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn filled(parent: &Path, capture: &Path, wal: &Path, watch: &dyn Watch) -> io::Result<Self> {
        let folder = Self::make(parent)?;
        let inside = folder.join("capture");
        log::copy(wal, &folder.join("capture-wal"), watch)?;
        fs::hard_link(capture, &inside)
            .or_else(|_other_file_system| copy(capture, &inside, watch))?;
        Ok(folder)
    }

    fn make(parent: &Path) -> io::Result<Self> {
        let number = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
        let path = parent.join(format!(".afterimage-view-{number:016x}"));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        let folder = Unfinished::new(&path);
        Ok(Self { folder })
    }
}

/// Copies a capture to where no link to it can be.
fn copy(capture: &Path, to: &Path, watch: &dyn Watch) -> io::Result<()> {
    let mut from = fs::File::open(capture)?;
    let (work, done, total) = (Work::CopyingCapture, 0, from.metadata()?.len());
    watch::go_on(watch, Stage { work, done, total })?;
    let mut to = fs::File::create_new(to)?;
    watch::copy(&mut from, &mut to, (work, total), watch)
}
