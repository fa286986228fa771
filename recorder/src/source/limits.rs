//! Limits of the kernel that can be hit, out of `/proc/sys`, and what is used of them.
//!
//! They hardly ever change: they are read at each tenth tick. How much is used of those that have
//! a counter of their own is in [`super::protocols`].

use super::numbers::Words;
use super::{KeptFile, ProcRoot, RowSource};
use crate::rows::NamedRows;
use afterimage_format::group::{Group, LineField};
use afterimage_format::reading::Reading;
use afterimage_format::tick::Tick;

/// The files, and the names of the numbers in each; a number without a name is left out.
const FILES: [(&str, &[&str]); 9] = [
    (
        "sys/net/ipv4/ip_local_port_range",
        &[
            "net.ipv4.ip_local_port_range.low",
            "net.ipv4.ip_local_port_range.high",
        ],
    ),
    ("sys/net/core/somaxconn", &["net.core.somaxconn"]),
    (
        "sys/net/ipv4/tcp_max_syn_backlog",
        &["net.ipv4.tcp_max_syn_backlog"],
    ),
    (
        "sys/net/ipv4/tcp_max_tw_buckets",
        &["net.ipv4.tcp_max_tw_buckets"],
    ),
    (
        "sys/net/netfilter/nf_conntrack_max",
        &["net.netfilter.nf_conntrack_max"],
    ),
    ("sys/fs/file-nr", &["fs.file-nr.used", "", "fs.file-nr.max"]),
    (
        "sys/fs/inode-nr",
        &["fs.inode-nr.inodes", "fs.inode-nr.free"],
    ),
    ("sys/kernel/pid_max", &["kernel.pid_max"]),
    ("sys/kernel/threads-max", &["kernel.threads-max"]),
];
/// Ticks from one reading to the next.
const ROUND: u8 = 10;

/// The files and their rows.
#[derive(Debug)]
pub(crate) struct Limits {
    files: [KeptFile; FILES.len()],
    rows: NamedRows,
    /// How many ticks to go without.
    wait: u8,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self {
            files: FILES.map(|(name, _)| KeptFile::new(name)),
            rows: NamedRows::new(Group::Limit),
            wait: 0,
        }
    }
}

impl RowSource for Limits {
    fn collect(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        if self.wait > 0 {
            self.wait -= 1;
            return;
        }
        self.wait = ROUND - 1;
        for (file, (path, names)) in self.files.iter_mut().zip(FILES) {
            let text = file.read(root);
            note(path, text.map(drop));
            let Ok(text) = text else { continue };
            let mut words = Words(text.trim_ascii());
            for name in names {
                let value = words.count();
                if !name.is_empty() {
                    let row = self.rows.row(tick, name.as_bytes());
                    row.count(tick, LineField::Value.column(), value);
                }
            }
        }
        self.rows.end_unseen(tick);
    }

    fn forget(&mut self) {
        self.rows.forget();
        self.wait = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tick;
    use afterimage_format::reading::Missing;
    use afterimage_format::tick::Key;
    use std::fs;

    /// The rows that begin at a tick, and what the sources say.
    fn collected(limits: &mut Limits, root: &ProcRoot) -> (Vec<Key>, Vec<(&'static str, bool)>) {
        let (mut tick, mut said) = (test_tick(), Vec::new());
        limits.collect(root, &mut tick, &mut |name, state: Reading<()>| {
            assert!(matches!(state, Ok(()) | Err(Missing::NotSupported)));
            said.push((name, state.is_ok()));
        });
        let births = tick.group(Group::Limit).births.iter();
        (births.map(|(_, key)| key.clone()).collect(), said)
    }

    #[test]
    fn what_is_not_there_has_no_row_and_a_source_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("sys/fs")).unwrap();
        fs::write(folder.path().join("sys/fs/file-nr"), "8160\t0\t9223372\n").unwrap();
        let root = ProcRoot::open(folder.path()).unwrap();
        let mut limits = Limits::new();
        let (rows, said) = collected(&mut limits, &root);
        assert_eq!(rows, ["fs.file-nr.used", "fs.file-nr.max"].map(Key::name));
        let there: Vec<_> = said.iter().filter(|(_, ok)| *ok).collect();
        assert_eq!((there, said.len()), (vec![&("sys/fs/file-nr", true)], 9));
    }

    #[test]
    fn they_are_read_at_each_tenth_tick_and_after_a_loss() {
        let folder = tempfile::tempdir().unwrap();
        let root = ProcRoot::open(folder.path()).unwrap();
        let mut limits = Limits::new();
        let read = |limits: &mut Limits| !collected(limits, &root).1.is_empty();
        let turns: Vec<bool> = (0..11).map(|_| read(&mut limits)).collect();
        assert_eq!(turns, [&[true][..], &[false; 9], &[true]].concat());
        limits.forget();
        assert!(read(&mut limits));
    }
}
