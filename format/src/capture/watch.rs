//! What takes long about opening and reading, told as it goes on, and given up when asked to.
//!
//! The reader tells a [`Watch`] what it is doing and how much of it is done, and asks it, in
//! every loop that may be long, whether anybody still waits for the answer. When nobody does it
//! ends with [`CaptureError::Cancelled`](super::error::CaptureError::Cancelled).

use std::fs::File;
use std::io::{self, Read, Write as _};

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Looking at the first bytes of the file: what it is, and how it was left.
    ReadingHeader,
    /// Copying the write-ahead log that a crash left beside it, so that nothing is changed.
    CopyingLog,
    /// Copying the file itself: no link to it can be made where it lies.
    CopyingCapture,
    /// `SQLite` opens it, and works in the log if there is one.
    OpeningDatabase,
    /// Reading what is true of all of it: the host, the runs, the gaps.
    ReadingWhole,
    /// It cannot be read as it is: each page is looked through for what is sound.
    FindingSound,
    /// What is sound is put into a new capture, from which it can be read.
    SavingSound,
}

/// How far that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// What is being done.
    pub work: Work,
    /// So many bytes of it are done,
    pub done: u64,
    /// of so many; 0 where that is not known.
    pub total: u64,
}

/// Who is told how far it has come, and knows whether it should go on.
pub trait Watch: std::fmt::Debug + Send + Sync {
    /// It has come so far. May be called thousands of times a second.
    fn reached(&self, stage: Stage);

    /// Whether nobody waits for it any more.
    fn is_over(&self) -> bool;
}

/// Nobody: everything is done to its end, without a word.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn reached(&self, _stage: Stage) {}

    fn is_over(&self) -> bool {
        false
    }
}

/// Something begins of which no length is known; fails when nobody waits for it.
pub(super) fn begin(watch: &dyn Watch, work: Work) -> io::Result<()> {
    let (done, total) = (0, 0);
    go_on(watch, Stage { work, done, total })
}

/// Copies `total` bytes, telling how far it has come. Fails with [`given_up`] when nobody waits.
pub(super) fn copy(
    from: &mut impl Read,
    to: &mut File,
    (work, total): (Work, u64),
    watch: &dyn Watch,
) -> io::Result<()> {
    let mut piece = vec![0; 1 << 20];
    let mut done = 0;
    loop {
        go_on(watch, Stage { work, done, total })?;
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => {
                to.write_all(&piece[..read])?;
                done += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Tells how far it has come, and fails when nobody waits for it.
pub(super) fn go_on(watch: &dyn Watch, stage: Stage) -> io::Result<()> {
    if watch.is_over() {
        return Err(given_up());
    }
    watch.reached(stage);
    Ok(())
}

/// An error that says that nobody waits any more.
fn given_up() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "it was cancelled")
}

/// A watch that writes down what it is told, and is over after so many words.
#[cfg(test)]
#[derive(Debug, Default)]
pub(super) struct Patience {
    pub(super) told: std::sync::Mutex<Vec<Stage>>,
    pub(super) longest: Option<usize>,
}

#[cfg(test)]
impl Watch for Patience {
    fn reached(&self, stage: Stage) {
        self.told.lock().unwrap().push(stage);
    }

    fn is_over(&self) -> bool {
        let told = self.told.lock().unwrap().len();
        self.longest.is_some_and(|longest| told >= longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Work = Work::CopyingCapture;

    #[test]
    fn a_copy_tells_how_far_it_is_and_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("to");
        let bytes: Vec<u8> = (0..2_500_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let watch = Patience::default();
        let mut to = File::create(&path).unwrap();
        copy(&mut &bytes[..], &mut to, (WORK, 2_500_000), &watch).unwrap();
        assert_eq!(std::fs::read(path).unwrap(), bytes);
        let told = watch.told.lock().unwrap();
        let done: Vec<u64> = told.iter().map(|stage| stage.done).collect();
        assert_eq!(done, [0, 1 << 20, 2 << 20, 2_500_000]);
    }

    #[test]
    fn a_copy_that_nobody_waits_for_ends_early() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("to");
        let watch = Patience {
            longest: Some(2),
            ..Patience::default()
        };
        let mut to = File::create(&path).unwrap();
        let endless = copy(&mut io::repeat(7), &mut to, (WORK, 0), &watch);
        assert!(endless.is_err());
        assert_eq!(std::fs::metadata(path).unwrap().len(), 2 << 20);
    }
}
