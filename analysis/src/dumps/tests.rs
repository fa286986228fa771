//! Real dumps, and what is true of them; dumps that are cut and mangled.

mod compare;
mod followed;
mod hostile;
mod logs;
mod mixed;
mod others;
mod own;
mod real;
mod series;

use super::model::{Dump, State, Thread};
use super::read_bytes;
use std::fs;
use std::path::Path;

/// A file of `fixtures/dumps`.
fn bytes(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dumps");
    let packed = fs::read(folder.join(format!("{name}.zst"))).unwrap();
    zstd::decode_all(packed.as_slice()).unwrap()
}

/// The one dump in it.
fn dump(name: &str) -> Dump {
    let bytes = bytes(name);
    let (_, mut found) = read_bytes(&bytes);
    assert_eq!(found.dumps.len(), 1, "{name}");
    assert_eq!(found.other_lines, 0, "{name}");
    found.dumps.remove(0)
}

fn named<'d>(dump: &'d Dump, name: &str) -> &'d Thread {
    let mut threads = dump.threads.iter();
    let found = threads.find(|thread| &*thread.name == name);
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

fn names(dump: &Dump, threads: &[usize]) -> Vec<String> {
    let mut names: Vec<String> = threads
        .iter()
        .map(|thread| dump.threads[*thread].called())
        .collect();
    names.sort();
    names
}

/// BLOCKED, RUNNABLE, `TIMED_WAITING`, WAITING, VM.
fn states(dump: &Dump) -> [usize; 5] {
    let wanted = [
        State::Blocked,
        State::Runnable,
        State::TimedWaiting,
        State::Waiting,
        State::Vm,
    ];
    wanted.map(|state| dump.listed().filter(|thread| thread.state == state).count())
}
