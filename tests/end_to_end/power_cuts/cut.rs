//! Cuts the power at random moments of a recording, and says what each has cost.

use super::disk_image::{DiskImage, Files};
use super::write_log::{Logged, Operation};
use crate::support::capture::last_tick;
use crate::support::command::run;
use crate::support::files::{DAMAGED, DONE, FAILED};
use crate::support::host::quick_folder;
use crate::support::random::Random;
use crate::support::recorder::Recorder;
use std::ffi::OsStr;
use std::fs;
use std::ops::Range;
use std::path::Path;
use tempfile::TempDir;

const NAME: &str = "host.afterimage";
/// Of so many captures that a cut has left one is recorded into again.
const GONE_ON_WITH: usize = 8;
/// A frame of a write-ahead log is a header and a page, which are written one after the other.
const FRAME_HEADER: usize = 24;

/// What a cut has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// So many of the ticks that were committed.
    Ticks(u64),
    /// It opens, but something in it is damaged.
    Sound,
    /// It does not open.
    File,
}

/// The moments of a recording at which it can be cut.
#[derive(Debug)]
pub(crate) struct Cuts {
    operations: Vec<Operation>,
    /// From one sync to the next.
    stretches: Vec<Range<usize>>,
    /// Behind the last frame of each transaction.
    commits: Vec<usize>,
}

impl Cuts {
    pub(crate) fn of(logged: &Logged) -> Self {
        Self::from(logged, 0)
    }

    /// Cuts from this operation on.
    pub(crate) fn from(logged: &Logged, first: usize) -> Self {
        let operations = logged.operations();
        let is_sync = |number: &usize| matches!(operations[*number], Operation::Sync { .. });
        let mut ends: Vec<usize> = (first..operations.len()).filter(is_sync).collect();
        ends.push(operations.len());
        let begins = std::iter::once(first).chain(ends.iter().copied());
        let stretches = begins.zip(&ends).map(|(begin, end)| begin..end + 1);
        Self {
            stretches: stretches.collect(),
            commits: commits(&operations),
            operations,
        }
    }

    /// Every cut leaves a sound capture with everything that was committed.
    #[track_caller]
    pub(crate) fn assert_nothing_lost(&self, cuts: usize, random: &mut Random) {
        for lost in self.lost(cuts, random) {
            assert_eq!(lost, Lost::Ticks(0));
        }
    }

    /// What so many cuts cost, each in a stretch between two syncs: most writes are made in few of
    /// them. Before the first tick is committed nothing is promised of the file, but that a
    /// recording can be begun there again.
    #[track_caller]
    pub(crate) fn lost(&self, cuts: usize, random: &mut Random) -> Vec<Lost> {
        let mut moment = || {
            let stretch = random.one_of(&self.stretches);
            stretch.start + usize::try_from(random.below(stretch.len() as u64)).unwrap()
        };
        let mut moments: Vec<usize> = (0..cuts).map(|_| moment()).collect();
        moments.sort_unstable();
        // One disk is at the last commit before the other.
        let (mut safe, mut disk) = (Walk::default(), Walk::default());
        let mut lost = Vec::new();
        for (number, &moment) in moments.iter().enumerate() {
            let moment = moment.min(self.operations.len());
            safe.to(&self.operations[..self.committed(moment)]);
            let committed = last_tick(&placed(&safe.disk.complete()).path().join(NAME));
            disk.to(&self.operations[..moment]);
            let left = placed(&disk.disk.after_a_cut(random));
            let cost = cost(left.path(), committed);
            eprintln!("cut {number} after operation {moment}, {committed} committed: {cost:?}");
            if committed == 0 || cost == Lost::Ticks(0) && number % GONE_ON_WITH == 0 {
                assert_can_record(left.path());
            }
            lost.push(cost);
        }
        lost
    }

    /// How many operations were done when the last commit before this moment was complete:
    /// something was done after it.
    fn committed(&self, moment: usize) -> usize {
        let known = self.commits.partition_point(|commit| *commit < moment);
        known.checked_sub(1).map_or(0, |last| self.commits[last])
    }
}

/// A disk on its way through the operations.
#[derive(Debug, Default)]
struct Walk {
    disk: DiskImage,
    done: usize,
}

impl Walk {
    fn to(&mut self, operations: &[Operation]) {
        let new = &operations[self.done..];
        new.iter().for_each(|operation| self.disk.apply(operation));
        self.done = operations.len();
    }
}

/// A frame whose header says how large the database is now is the last of a transaction.
fn commits(operations: &[Operation]) -> Vec<usize> {
    let mut logs = Vec::new();
    let mut ended = false;
    let mut commits = Vec::new();
    for (number, operation) in operations.iter().enumerate() {
        match operation {
            Operation::Open { inode, name } if name.ends_with("-wal") => logs.push(*inode),
            Operation::Write { inode, at, bytes } if logs.contains(inode) => {
                if ended {
                    commits.push(number + 1);
                }
                let is_header = *at > 0 && bytes.len() == FRAME_HEADER;
                ended = is_header && bytes[4..8] != [0; 4];
            }
            _ => {}
        }
    }
    commits
}

fn cost(folder: &Path, committed: u64) -> Lost {
    let file = folder.join(NAME);
    if committed == 0 {
        return Lost::Ticks(0);
    }
    let info = run(&[OsStr::new("info"), file.as_os_str(), OsStr::new("--json")]);
    if info.code == FAILED {
        eprintln!("{}", info.stderr);
        return Lost::File;
    }
    let checked = run(&[OsStr::new("check"), file.as_os_str()]);
    if info.code == DAMAGED || checked.code != DONE {
        eprintln!("{}", checked.text());
        return Lost::Sound;
    }
    let info = info.json();
    let number = |key: &str| info[key].as_u64().unwrap();
    let last = number("evicted") + number("ticks");
    Lost::Ticks(committed.saturating_sub(last))
}

/// Recording begins, or goes on, where a cut has left what it left.
#[track_caller]
fn assert_can_record(folder: &Path) {
    let file = folder.join(NAME);
    let before = last_tick(&file);
    let ended = Recorder::start_for(&file, "200ms", &["-i", "20ms"]).wait();
    assert_eq!(ended.code, DONE, "{}", ended.stderr);
    let after = last_tick(&file);
    assert!(after > before, "{}", ended.stderr);
    assert_eq!(run(&[OsStr::new("check"), file.as_os_str()]).code, DONE);
}

/// A folder with these files.
fn placed(files: &Files) -> TempDir {
    let folder = quick_folder();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("there is room");
    }
    folder
}

/// The files of a folder.
pub(super) fn files_in(folder: &Path) -> Files {
    let read = |name: std::path::PathBuf| {
        let bytes = fs::read(folder.join(&name)).expect("it was listed");
        (name.into_os_string().into_string().expect("ours"), bytes)
    };
    let names = crate::support::host::names(folder);
    names.into_iter().map(read).collect()
}
