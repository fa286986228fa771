//! What a disk holds: what was synced, and of what was not, any part in any order.
//!
//! Sectors of 512 bytes reach it whole. A file's size, its bytes and its name are three things:
//! each is safe after a sync, of the file for the first two, of the folder for the names. Names
//! change in order, as in the journal of a file system.

use super::write_log::Operation;
use crate::support::random::Random;
use std::collections::BTreeMap;

const SECTOR: usize = 512;
/// How much of what was not synced reaches the disk, in percent: one of these for each cut.
const REACHES: [u64; 6] = [0, 5, 30, 70, 95, 100];

/// File names and contents.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A disk with one folder.
#[derive(Debug, Default, Clone)]
pub(crate) struct DiskImage {
    files: Vec<File>,
    /// The file that an inode number means now: numbers are used again.
    inodes: BTreeMap<u64, usize>,
    folder: Option<u64>,
    names: BTreeMap<String, usize>,
    unsynced_names: Vec<Naming>,
}

#[derive(Debug, Clone)]
enum Naming {
    Add(String, usize),
    Remove(String),
    Move(String, String),
}

#[derive(Debug, Default, Clone)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

impl DiskImage {
    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Open { inode, name } => self.open(*inode, name),
            Operation::Write { inode, at, bytes } => {
                let change = Change::Write(*at, bytes.clone());
                self.file(*inode).unsynced.push(change);
            }
            Operation::Resize { inode, size } => {
                self.file(*inode).unsynced.push(Change::Resize(*size));
            }
            Operation::Sync { inode } if self.folder == Some(*inode) => {
                let changes = std::mem::take(&mut self.unsynced_names);
                changes
                    .iter()
                    .for_each(|change| change.apply(&mut self.names));
            }
            Operation::Sync { inode } => self.file(*inode).sync(),
            Operation::Unlink { name } => {
                self.unsynced_names.push(Naming::Remove(name.clone()));
            }
            Operation::Rename { from, to } => {
                let change = Naming::Move(from.clone(), to.clone());
                self.unsynced_names.push(change);
            }
        }
    }

    fn open(&mut self, inode: u64, name: &str) {
        if name.is_empty() {
            self.folder = Some(inode);
        } else if !self.current_names().contains_key(name) {
            self.inodes.insert(inode, self.files.len());
            let added = Naming::Add(name.to_owned(), self.files.len());
            self.unsynced_names.push(added);
            self.files.push(File::default());
        }
    }

    fn file(&mut self, inode: u64) -> &mut File {
        &mut self.files[self.inodes[&inode]]
    }

    fn current_names(&self) -> BTreeMap<String, usize> {
        self.names_after(self.unsynced_names.len())
    }

    fn names_after(&self, changes: usize) -> BTreeMap<String, usize> {
        let mut names = self.names.clone();
        let changes = &self.unsynced_names[..changes];
        changes.iter().for_each(|change| change.apply(&mut names));
        names
    }

    /// What programs see while the power is on.
    pub(crate) fn complete(&self) -> Files {
        let names = self.current_names().into_iter();
        let content = |number: usize| {
            let mut file = self.files[number].clone();
            file.sync();
            file.synced
        };
        names
            .map(|(name, number)| (name, content(number)))
            .collect()
    }

    /// What there may be after a power cut now.
    pub(crate) fn after_a_cut(&self, random: &mut Random) -> Files {
        let reaches = random.one_of(&REACHES);
        let named = random.below(self.unsynced_names.len() as u64 + 1);
        let names = self.names_after(usize::try_from(named).expect("a length"));
        let mut content = |number: usize| self.files[number].after_a_cut(reaches, random);
        let names = names.into_iter();
        names
            .map(|(name, number)| (name, content(number)))
            .collect()
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Add(name, file) => {
                names.insert(name.clone(), *file);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
            Self::Move(from, to) => {
                let file = names.remove(from).expect("what is renamed is there");
                names.insert(to.clone(), file);
            }
        }
    }
}

impl File {
    fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            match change {
                Change::Write(at, bytes) => put(&mut self.synced, at, &bytes),
                Change::Resize(size) => self.synced.resize(size, 0),
            }
        }
    }

    fn after_a_cut(&self, reaches: u64, random: &mut Random) -> Vec<u8> {
        let mut size = self.synced.len();
        let (mut sizes, mut pieces) = (vec![size], Vec::new());
        for change in &self.unsynced {
            match change {
                Change::Write(at, bytes) => {
                    size = size.max(at + bytes.len());
                    pieces.extend(sectors(*at, bytes).filter(|_| random.below(100) < reaches));
                }
                Change::Resize(new) => size = *new,
            }
            sizes.push(size);
        }
        random.shuffle(&mut pieces);
        let mut left = self.synced.clone();
        pieces
            .into_iter()
            .for_each(|(at, bytes)| put(&mut left, at, bytes));
        left.resize(random.one_of(&sizes), 0);
        left
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

/// What was written, sector by sector.
fn sectors(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let first = (SECTOR - at % SECTOR).min(bytes.len());
    let (head, rest) = bytes.split_at(first);
    let rest = rest.chunks(SECTOR).enumerate();
    let rest = rest.map(move |(number, bytes)| (at + first + number * SECTOR, bytes));
    std::iter::once((at, head)).chain(rest)
}
