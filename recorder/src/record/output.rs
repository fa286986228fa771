//! Which file is recorded into: the one that was named, or, when that cannot be gone on with and
//! nobody is there to choose another, one beside it.

use super::Settings;
use crate::status::Shared;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::lock::{LockError, OwnerLock};
use afterimage_format::capture::writer::{Options, RunFacts, Start, Writer};
use afterimage_format::tick::Instants;
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files beside the one that was named, before it is given up.
const MOST_BESIDE: u32 = 99;

/// Which file is recorded into, and what a run in it begins with.
#[derive(Debug)]
pub(crate) struct Output {
    named: PathBuf,
    path: PathBuf,
    /// What this run was recorded into, and is not any more: it is damaged.
    abandoned: Vec<PathBuf>,
    options: Options,
    is_service: bool,
    facts: RunFacts,
    shared: Arc<Shared>,
}

impl Output {
    pub(super) fn new(settings: &Settings, facts: RunFacts, shared: &Arc<Shared>) -> Self {
        Self {
            named: settings.output.clone(),
            path: settings.output.clone(),
            abandoned: Vec::new(),
            options: settings.tunable.options,
            is_service: settings.is_service,
            facts,
            shared: Arc::clone(shared),
        }
    }

    /// The file that is recorded into.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn facts(&self) -> &RunFacts {
        &self.facts
    }

    /// The file that is recorded into is damaged, also if it looks whole to who opens it: it is not
    /// written to again.
    pub(crate) fn abandon(&mut self) {
        self.abandoned.push(self.path.clone());
    }

    pub(crate) fn set_options(&mut self, options: Options) {
        self.options = options;
    }

    /// Opens it when the recorder starts. `None` if the disk cannot be written, and a service goes
    /// on without a file until it can.
    pub(crate) fn open(&mut self) -> anyhow::Result<Option<(Writer, Start)>> {
        match self.open_one() {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if self.is_service && is_storage_trouble(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn open_one(&mut self) -> anyhow::Result<(Writer, Start)> {
        for path in places(&self.named, &self.abandoned) {
            let lock = OwnerLock::take(&path)
                .with_context(|| format!("cannot record into {}", path.display()))?;
            match self.start(&path, lock) {
                Ok(opened) => return Ok(opened),
                Err(error) if goes_beside(&error, self.is_service) => self.say_beside(error),
                Err(error) => return Err(error.into()),
            }
        }
        bail!(
            "{} and {MOST_BESIDE} files beside it cannot be gone on with: name another one with -o",
            self.named.display()
        )
    }

    /// Opens one while it is recorded, because the one before is gone: by now nobody is asked.
    pub(crate) fn begin(&mut self, first: Option<Instants>) -> Result<Writer, CaptureError> {
        self.facts.now = first.unwrap_or_else(crate::clock::now);
        let mut last = None;
        for path in places(&self.named, &self.abandoned) {
            let lock = match OwnerLock::take(&path) {
                Ok(lock) => lock,
                Err(LockError::Held { .. }) => continue,
                Err(LockError::Io { path, source }) => {
                    return Err(CaptureError::Open { path, source });
                }
            };
            match self.start(&path, lock) {
                Ok((writer, _)) => return Ok(writer),
                Err(error) if goes_beside(&error, true) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| CaptureError::Open {
            path: self.named.clone(),
            source: std::io::ErrorKind::ResourceBusy.into(),
        }))
    }

    fn start(&mut self, path: &Path, lock: OwnerLock) -> Result<(Writer, Start), CaptureError> {
        let opened = Writer::start(path, lock, self.options, &self.facts)?;
        path.clone_into(&mut self.path);
        Ok(opened)
    }

    fn say_beside(&self, error: CaptureError) {
        self.shared.say(format!(
            "{:#}; recording into a file beside it instead",
            anyhow::Error::from(error)
        ));
    }
}

/// Of a host that comes up with a dead or a full disk a service records in memory; whoever is at
/// the keyboard is told instead.
fn is_storage_trouble(error: &anyhow::Error) -> bool {
    let of_the_lock = error.downcast_ref::<LockError>();
    let of_the_file = error.downcast_ref::<CaptureError>();
    of_the_lock.is_some_and(LockError::is_storage_trouble)
        || of_the_file.is_some_and(CaptureError::is_storage_trouble)
}

/// A damaged or newer capture must not keep a host from being recorded. Anything else is a
/// mistake that whoever is at the keyboard should know of; a service has nobody there.
fn goes_beside(error: &CaptureError, is_service: bool) -> bool {
    match error {
        CaptureError::OtherFormat { found, ours, .. } => is_service || found > ours,
        CaptureError::NotACapture { .. }
        | CaptureError::Altered { .. }
        | CaptureError::OtherHost { .. } => is_service,
        CaptureError::Damaged { .. }
        | CaptureError::Unsound { .. }
        | CaptureError::Header { .. }
        | CaptureError::Sqlite { .. } => error.is_damage(),
        CaptureError::Open { .. }
        | CaptureError::Unfinished { .. }
        | CaptureError::NoSample { .. }
        | CaptureError::Cancelled { .. } => false,
    }
}

/// The one that was named, and those beside it, but for those that were abandoned.
fn places(named: &Path, abandoned: &[PathBuf]) -> Vec<PathBuf> {
    let beside = (2..=MOST_BESIDE).map(|number| beside(named, number));
    let all = std::iter::once(named.to_owned()).chain(beside);
    all.filter(|path| !abandoned.contains(path)).collect()
}

/// `web-1.afterimage` with a number: `web-1.2.afterimage`.
fn beside(named: &Path, number: u32) -> PathBuf {
    // Byte for byte: a name need not be UTF-8.
    let mut name = named.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    if let Some(extension) = named.extension() {
        name.push(".");
        name.push(extension);
    }
    named.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    #[test]
    fn files_beside_keep_their_extension() {
        assert_eq!(
            beside(Path::new("/a/web-1.afterimage"), 2),
            Path::new("/a/web-1.2.afterimage")
        );
        assert_eq!(beside(Path::new("plain"), 3), Path::new("plain.3"));
        let no_utf8 = |name| Path::new(OsStr::from_bytes(name));
        assert_eq!(beside(no_utf8(b"a\xff.b"), 2), no_utf8(b"a\xff.2.b"));
    }

    #[test]
    fn what_was_abandoned_is_not_begun_again() {
        let [named, second, third] =
            ["a.afterimage", "a.2.afterimage", "a.3.afterimage"].map(PathBuf::from);
        let first_two = |abandoned: &[PathBuf]| places(&named, abandoned)[..2].to_vec();
        assert_eq!(first_two(&[]), [named.clone(), second.clone()]);
        assert_eq!(
            first_two(std::slice::from_ref(&named)),
            [second.clone(), third.clone()]
        );
        assert_eq!(first_two(&[second]), [named.clone(), third]);
    }

    #[test]
    fn only_damaged_and_newer_captures_are_passed_by_by_hand() {
        let other = |found| CaptureError::OtherFormat {
            path: "a".into(),
            found,
            ours: 1,
            advice: "",
        };
        let foreign = CaptureError::NotACapture {
            path: "a".into(),
            why: String::new(),
        };
        assert!(goes_beside(&other(2), false) && !goes_beside(&other(0), false));
        assert!(!goes_beside(&foreign, false) && goes_beside(&foreign, true));
    }
}
