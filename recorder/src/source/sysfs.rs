//! `/sys`, read on a thread of its own: some of its files ask hardware, or other CPUs.
//!
//! Sources ask, go on with their tick, and take the answer at a later one. In: an [`Ask`] on a
//! bounded queue. Out: the answer, by the [`Errand`] that asked. Where a directory stands in for
//! `/proc`, `/sys` is the directory `sys` beside it, or nothing.

pub(crate) mod cpus;
pub(crate) mod devices;
pub(crate) mod nodes;

use super::{ProcRoot, missing_from_errno};
use crate::standing::Niceness;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::time::MonotonicTime;
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

/// How many sources may ask at a time.
const QUEUE: usize = 8;
/// An answer that has not come for so long: reading does not come back.
const LATE: Duration = Duration::from_secs(3);
/// No file that is read here is longer.
const LONGEST: usize = 8192;

/// What is wanted, and who wants it.
#[derive(Debug)]
pub(crate) enum Ask {
    /// What these block devices call themselves, and what they stand on.
    Devices(Vec<Box<[u8]>>, Sender<Vec<devices::Device>>),
    /// How fast the CPUs run.
    Cpus(Sender<Vec<cpus::Speed>>),
    /// The memory of each NUMA node.
    Nodes(Sender<nodes::Nodes>),
}

/// The way to the thread that reads.
#[derive(Debug, Clone)]
pub(crate) struct Sysfs(Option<SyncSender<Ask>>);

impl Sysfs {
    /// Starts the thread, if there is a `/sys` for it. It ends with the last who may ask.
    pub(crate) fn start(root: &ProcRoot) -> Self {
        let Some(sys) = root.sys().map(Path::to_owned) else {
            return Self(None);
        };
        let (asks, incoming) = sync_channel(QUEUE);
        let niceness = Niceness::own();
        let thread = std::thread::Builder::new().name("sysfs".to_owned());
        let started = thread.spawn(move || {
            niceness.apply();
            for ask in incoming {
                answer(&sys, ask);
            }
        });
        Self(started.is_ok().then_some(asks))
    }
}

/// Whoever asked may be gone: then nobody is told.
fn answer(sys: &Path, ask: Ask) {
    match ask {
        Ask::Devices(names, asker) => {
            let devices = names.into_iter().map(|name| devices::read(sys, name));
            drop(asker.send(devices.collect()));
        }
        Ask::Cpus(asker) => drop(asker.send(cpus::read(sys))),
        Ask::Nodes(asker) => drop(asker.send(nodes::read(sys))),
    }
}

/// One source's question, and the answer when it comes.
#[derive(Debug)]
pub(crate) struct Errand<T> {
    sysfs: Sysfs,
    asker: Sender<T>,
    answers: Receiver<T>,
    asked: Option<MonotonicTime>,
}

impl<T> Errand<T> {
    pub(crate) fn new(sysfs: &Sysfs) -> Self {
        let (asker, answers) = channel();
        Self {
            sysfs: sysfs.clone(),
            asker,
            answers,
            asked: None,
        }
    }

    /// Whether nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.asked.is_none()
    }

    /// Asks. Without a `/sys` there is no answer, and with a reader that is stuck none yet.
    pub(crate) fn ask(
        &mut self,
        now: MonotonicTime,
        ask: impl FnOnce(Sender<T>) -> Ask,
    ) -> Reading<()> {
        let asks = self.sysfs.0.as_ref().ok_or(Missing::NotRead)?;
        let sent = asks.try_send(ask(self.asker.clone()));
        let sent = sent.map_err(|_full| Missing::Blocked);
        self.asked = sent.is_ok().then_some(now);
        sent
    }

    /// The answer, if it has come.
    pub(crate) fn answer(&mut self) -> Option<T> {
        let answer = self.answers.try_recv().ok()?;
        self.asked = None;
        Some(answer)
    }

    /// Whether the answer keeps us waiting.
    pub(crate) fn is_late(&self, now: MonotonicTime) -> bool {
        let waited = self.asked.and_then(|asked| now.since(asked));
        waited.is_some_and(|waited| waited >= LATE)
    }
}

/// A small file, without the end of its last line.
fn text(path: &Path) -> Reading<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = openat(CWD, path, flags, Mode::empty()).map_err(missing_from_errno)?;
    let mut text = vec![0; LONGEST];
    let mut length = 0;
    while length < text.len() {
        match rustix::io::pread(&file, &mut text[length..], length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(errno) => return Err(missing_from_errno(errno)),
        }
    }
    text.truncate(length);
    text.truncate(text.trim_ascii_end().len());
    Ok(text)
}

/// A file that is one number.
fn number(path: &Path) -> Reading<u64> {
    super::numbers::count(text(path)?.trim_ascii())
}

/// The names in a directory that begin so, followed by a number, in the order of that.
fn numbered(directory: &Path, prefix: &str) -> Reading<Vec<Box<str>>> {
    let entries = std::fs::read_dir(directory).map_err(|error| {
        let errno = rustix::io::Errno::from_io_error(&error);
        errno.map_or(Missing::Unreadable, missing_from_errno)
    })?;
    let names = entries.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let number: u32 = name.strip_prefix(prefix)?.parse().ok()?;
        Some((number, name.into()))
    });
    let mut names: Vec<(u32, Box<str>)> = names.collect();
    names.sort_unstable();
    Ok(names.into_iter().map(|(_, name)| name).collect())
}

/// How a kind of file fares that some of a kind of thing have: well if any has it.
pub(crate) fn any<T>(readings: impl Iterator<Item = Reading<T>>) -> Reading<()> {
    let mut all = Err(Missing::NotSupported);
    for reading in readings {
        match reading {
            Ok(_) => return Ok(()),
            Err(Missing::NotSupported) => {}
            Err(missing) => all = Err(missing),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_come_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cpu10", "cpu2", "cpufreq", "cpu0", "possible"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let names = numbered(folder.path(), "cpu").unwrap();
        assert_eq!(names, ["cpu0", "cpu2", "cpu10"].map(Box::from));
        let none = numbered(&folder.path().join("none"), "cpu");
        assert_eq!(none, Err(Missing::NotSupported));
    }

    #[test]
    fn of_files_that_few_have_one_is_enough_and_a_refusal_is_worth_more_than_an_absence() {
        let absent = || Err(Missing::NotSupported);
        assert_eq!(any([absent(), Ok(1)].into_iter()), Ok(()));
        let refused = [absent(), Err(Missing::PermissionDenied), absent()];
        let refused: [Reading<u64>; 3] = refused;
        assert_eq!(any(refused.into_iter()), Err(Missing::PermissionDenied));
        let none: [Reading<u64>; 0] = [];
        assert_eq!(any(none.into_iter()), Err(Missing::NotSupported));
    }
}
