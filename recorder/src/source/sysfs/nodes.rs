//! The memory of each NUMA node: `/sys/devices/system/node/node*/{meminfo,numastat}`.
//!
//! Where there is one node, `/proc/meminfo` and `/proc/vmstat` say the same: then nothing is read.

use super::{Ask, Errand, Sysfs, numbered, text};
use crate::rows::NamedRows;
use crate::source::numbers::{Words, lines};
use crate::source::{ProcRoot, RowSource};
use afterimage_format::group::{Group, LineField};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;
use std::path::Path;

/// Ticks from one reading to the next.
const ROUND: u16 = 10;
/// The same where there is one node, or none.
const LONG_ROUND: u16 = 600;

/// The numbers of all nodes, by `node0.MemFree`; none where there is one node.
pub(crate) type Nodes = Reading<Vec<(Box<[u8]>, Reading<u64>)>>;

/// Reads every node.
pub(super) fn read(sys: &Path) -> Nodes {
    let folder = sys.join("devices/system/node");
    let names = numbered(&folder, "node")?;
    let mut all = Vec::new();
    if names.len() < 2 {
        return Ok(all);
    }
    for name in names {
        // `Node 0 MemTotal:  123 kB`
        for line in lines(&text(&folder.join(&*name).join("meminfo"))?) {
            let mut words = Words(line);
            let field = words.word().and(words.word()).and(words.word());
            if let Some(field) = field.and_then(|word| word.strip_suffix(b":")) {
                all.push((joined(&name, field), words.count()));
            }
        }
        // `numa_hit 123`; a kernel may be without.
        for line in lines(&text(&folder.join(&*name).join("numastat")).unwrap_or_default()) {
            let mut words = Words(line);
            if let Some(field) = words.word() {
                all.push((joined(&name, field), words.count()));
            }
        }
    }
    Ok(all)
}

fn joined(node: &str, field: &[u8]) -> Box<[u8]> {
    [node.as_bytes(), b".", field].concat().into()
}

/// The rows of the nodes.
#[derive(Debug)]
pub(crate) struct NodeRows {
    errand: Errand<Nodes>,
    rows: NamedRows,
    wait: u16,
}

impl NodeRows {
    pub(crate) fn new(sysfs: &Sysfs) -> Self {
        Self {
            errand: Errand::new(sysfs),
            rows: NamedRows::new(Group::Node),
            wait: 0,
        }
    }
}

impl RowSource for NodeRows {
    fn collect(
        &mut self,
        _root: &ProcRoot,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        let now = tick.times.began.monotonic;
        if let Some(nodes) = self.errand.answer() {
            note(
                "node",
                nodes.as_ref().map(|_| ()).map_err(|missing| *missing),
            );
            match nodes {
                Ok(numbers) => {
                    if numbers.is_empty() {
                        self.wait = LONG_ROUND;
                    }
                    for (name, value) in numbers {
                        let row = self.rows.row(tick, &*name);
                        row.count(tick, LineField::Value.column(), value);
                    }
                    self.rows.end_unseen(tick);
                }
                Err(missing) => {
                    self.wait = LONG_ROUND;
                    self.rows.all_missing(tick, missing);
                }
            }
        }
        if self.errand.is_late(now) {
            note("node", Err(Missing::Blocked));
            self.rows.all_missing(tick, Missing::Blocked);
        }
        self.wait = self.wait.saturating_sub(1);
        if self.wait == 0 && self.errand.is_idle() {
            self.wait = ROUND;
            if let Err(missing) = self.errand.ask(now, Ask::Nodes) {
                self.wait = LONG_ROUND;
                note("node", Err(missing));
            }
        }
    }

    fn forget(&mut self) {
        self.rows.forget();
        self.wait = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn nodes_are_read_where_there_are_several() {
        let sys = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = sys.path().join("devices/system/node").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(read(sys.path()), Err(Missing::NotSupported));
        write(
            "node0/meminfo",
            "\nNode 0 MemTotal:       100 kB\nNode 0 HugePages_Free:     3\n",
        );
        write("node0/numastat", "numa_hit 77\n");
        assert_eq!(read(sys.path()), Ok(vec![]));
        write("node1/meminfo", "Node 1 MemTotal:       x kB\n");
        let name = |name: &str| Box::from(name.as_bytes());
        let expected = vec![
            (name("node0.MemTotal"), Ok(100)),
            (name("node0.HugePages_Free"), Ok(3)),
            (name("node0.numa_hit"), Ok(77)),
            (name("node1.MemTotal"), Err(Missing::Malformed)),
        ];
        assert_eq!(read(sys.path()), Ok(expected));
    }
}
