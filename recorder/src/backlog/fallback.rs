//! A second capture, in memory: what waits while the first one cannot be written can be read
//! there, and is there still when the recorder is killed.

use crate::patience::answer_in_time;
use crate::status::Shared;
use afterimage_format::capture::error::CaptureError;
use afterimage_format::capture::lock::OwnerLock;
use afterimage_format::capture::writer::{Options, Record, RunFacts, Start, Sync, Writer};
use afterimage_format::facts::{STORAGE_BACK, Source};
use afterimage_format::tick::Tick;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// It is in memory, which may be short.
const MOST_BYTES: u64 = 32 << 20;

/// The file, once it is needed.
#[derive(Debug)]
pub(crate) struct Fallback {
    /// Where it would be; `None` if there is no place for it.
    path: Option<PathBuf>,
    facts: RunFacts,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    writer: Writer,
    is_new: bool,
}

impl Fallback {
    /// For a capture; in `folder`, or where root or this user has files in memory.
    pub(crate) fn new(capture: &Path, folder: Option<&Path>, facts: &RunFacts) -> Self {
        let usual = || {
            if rustix::process::geteuid().is_root() {
                return Some(PathBuf::from("/run/afterimage"));
            }
            let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
            folder.map(|folder| Path::new(&folder).join("afterimage"))
        };
        let folder = folder.map(Path::to_owned).or_else(usual);
        let path = folder.zip(capture.file_name());
        let path = path.map(|(folder, name)| folder.join(name));
        Self {
            path: path.filter(|path| may_outlive(path, capture)),
            facts: facts.clone(),
            open: None,
        }
    }

    /// Begins it with what waits; nothing happens if it is open already, or there is no place.
    pub(super) fn open(
        &mut self,
        shared: &Shared,
        sources: &[Source],
        since_reset: impl FnOnce(&mut dyn FnMut(&Tick, &[Record])) -> bool,
    ) {
        let Some(path) = self.path.clone().filter(|_| self.open.is_none()) else {
            return;
        };
        let begun = self.begin(&path);
        let (mut writer, start) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                self.path = None;
                return shared.say(format!("no fallback either: {error:#}"));
            }
        };
        let sources = sources.iter().cloned().map(Record::Source).collect();
        let mut failed = writer.commit(None, sources).err();
        let any = since_reset(&mut |tick, records| {
            if failed.is_none() {
                failed = write(&mut writer, tick, records).err();
            }
        });
        let is_new = start == Start::New;
        if let Some(error) = failed {
            self.path = None;
            shared.say(format!("no fallback: {error}"));
        } else if any {
            shared.say(format!("what waits is in {} too", path.display()));
            self.open = Some(Open {
                path,
                writer,
                is_new,
            });
            return;
        }
        drop(writer);
        if is_new {
            remove(&path);
        }
    }

    fn begin(&mut self, path: &Path) -> anyhow::Result<(Writer, Start)> {
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            std::fs::DirBuilder::new().mode(0o700).create(folder)?;
        }
        let options = Options {
            // Memory has nothing to sync.
            sync: Sync::Off,
            max_bytes: MOST_BYTES,
            retain: Duration::from_hours(24),
        };
        self.facts.now = crate::clock::now();
        let lock = OwnerLock::take(path)?;
        Ok(Writer::start(path, lock, options, &self.facts)?)
    }

    /// Writes a tick there too, if it is open.
    pub(super) fn follow(&mut self, tick: &Tick, records: &[Record], shared: &Shared) {
        let Some(open) = &mut self.open else { return };
        if let Err(error) = write(&mut open.writer, tick, records) {
            shared.say(format!("the fallback is given up: {error}"));
            self.open = None;
            self.path = None;
        }
    }

    /// Ends it. Taken away again if it is not needed any more; else its path.
    pub(super) fn close(&mut self, is_needless: bool) -> Option<PathBuf> {
        let Open {
            path,
            writer,
            is_new,
        } = self.open.take()?;
        if is_needless && is_new {
            drop(writer);
            remove(&path);
            return None;
        }
        // Every tick is in it; if it cannot be ended it looks like after a crash.
        drop(writer.finish(STORAGE_BACK));
        Some(path)
    }
}

fn write(writer: &mut Writer, tick: &Tick, records: &[Record]) -> Result<(), CaptureError> {
    writer.commit(Some(tick), records.to_vec())?;
    writer.maintain(|| false)
}

/// Whether it would be on a file system that answers, and on another one than the capture: else
/// one is as dead as the other.
fn may_outlive(path: &Path, capture: &Path) -> bool {
    let device = |path: &Path| {
        let path = path.to_owned();
        answer_in_time(move || device(&path))
    };
    device(path).is_some_and(|of_path| device(capture) != Some(of_path))
}

/// The device of the folder that a file is in, or of the nearest one above it that is there.
fn device(path: &Path) -> Option<u64> {
    let mut folders = path.ancestors().skip(1);
    folders.find_map(|folder| {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        std::fs::metadata(folder).ok().map(|data| data.dev())
    })
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        drop(std::fs::remove_file(name));
    }
}
