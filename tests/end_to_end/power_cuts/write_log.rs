//! A recorder under `write_log.c`, and what it did to its files.

use super::disk_image::DiskImage;
use super::skip;
use crate::support::command::finish;
use crate::support::host::{folder, has, quick_folder};
use crate::support::recorder::Recorder;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const SOURCE: &str = include_str!("write_log.c");

/// One thing that was done to a file of the folder. Files are known by the number of their inode,
/// the folder itself by an empty name.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Open {
        inode: u64,
        name: String,
    },
    Write {
        inode: u64,
        at: usize,
        bytes: Vec<u8>,
    },
    Resize {
        inode: u64,
        size: usize,
    },
    Sync {
        inode: u64,
    },
    Unlink {
        name: String,
    },
    Rename {
        from: String,
        to: String,
    },
}

/// A folder with a capture, and the log of everything that recorders did there.
#[derive(Debug)]
pub(crate) struct Logged {
    captures: TempDir,
    own: TempDir,
    file: PathBuf,
}

impl Logged {
    /// `None` where there is no C compiler.
    pub(crate) fn new() -> Option<Self> {
        if !has("cc") {
            skip("there is no C compiler");
            return None;
        }
        let own = folder();
        let source = own.path().join("write_log.c");
        fs::write(&source, SOURCE).expect("the folder is ours");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]);
        let built = finish(compiler.arg(own.path().join("write_log.so")).arg(source));
        assert_eq!(built.code, 0, "{}", built.stderr);
        let captures = quick_folder();
        let file = captures.path().join("host.afterimage");
        Some(Self {
            captures,
            own,
            file,
        })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    fn log(&self) -> PathBuf {
        self.own.path().join("log")
    }

    /// A recorder whose writes are logged.
    pub(crate) fn start(&self, args: &[&str]) -> Recorder {
        let mut folder: OsString = self.captures.path().into();
        folder.push("/");
        let variables = [
            ("LD_PRELOAD", self.own.path().join("write_log.so").into()),
            ("WRITE_LOG", self.log().into()),
            ("WRITE_LOG_FOLDER", folder),
        ];
        Recorder::start_with(&variables, &self.file, args)
    }

    /// Everything that was done so far.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let log = fs::read(self.log()).expect("a recorder was started");
        let mut rest = &log[..];
        let mut operations = Vec::new();
        while let Some(operation) = next(&mut rest) {
            operations.push(operation);
        }
        operations
    }

    /// Whether the log holds everything: done again, it gives the files that are there. Of a
    /// recorder that was killed the last operation may be in the log and not in the files.
    #[track_caller]
    pub(crate) fn assert_complete(&self) {
        let operations = self.operations();
        let files = |end: usize| {
            let mut disk = DiskImage::default();
            operations[..end].iter().for_each(|each| disk.apply(each));
            disk.complete()
        };
        let mut real = super::cut::files_in(self.captures.path());
        real.retain(|name, _| !name.ends_with("-shm") && !name.ends_with("-lock"));
        let end = operations.len();
        if files(end) != real {
            assert!(files(end - 1) == real, "the log misses something");
            let log = fs::OpenOptions::new().write(true).open(self.log());
            let last = self.length_of(&operations[..end - 1]);
            log.and_then(|log| log.set_len(last)).expect("it is ours");
        }
    }

    /// Where in the log these end.
    fn length_of(&self, operations: &[Operation]) -> u64 {
        let log = fs::read(self.log()).expect("it was read before");
        let mut rest = &log[..];
        for _ in operations {
            next(&mut rest);
        }
        (log.len() - rest.len()) as u64
    }
}

/// The next record; one that was cut off by a kill is none.
fn next(log: &mut &[u8]) -> Option<Operation> {
    let word = |number: usize| {
        let bytes = log.get(number * 8..number * 8 + 8)?;
        bytes.try_into().ok().map(u64::from_ne_bytes)
    };
    let (kind, inode) = (u8::try_from(word(0)?).ok()?, word(1)?);
    let (at, size) = (
        usize::try_from(word(2)?).ok()?,
        usize::try_from(word(3)?).ok()?,
    );
    let bytes = log.get(32..32 + size)?;
    *log = &log[32 + size..];
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the test named it");
    Some(match kind {
        b'o' => Operation::Open {
            inode,
            name: text(bytes),
        },
        b'w' => Operation::Write {
            inode,
            at,
            bytes: bytes.to_vec(),
        },
        b't' => Operation::Resize { inode, size: at },
        b's' => Operation::Sync { inode },
        b'u' => Operation::Unlink { name: text(bytes) },
        b'r' => {
            let names = text(bytes);
            let (from, to) = names.split_once('\0').expect("both are given");
            Operation::Rename {
                from: from.to_owned(),
                to: to.to_owned(),
            }
        }
        other => panic!("the log has no {other}"),
    })
}
