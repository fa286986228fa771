//! `numastat`: the memory of each NUMA node, and where memory was taken from. Nothing where there
//! is one node.

use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::group::Group;
use afterimage_format::reading::Reading;
use afterimage_format::sample::Sample;

/// The columns: three of `meminfo`, then those of numastat, in pages since boot.
pub const COLUMNS: [Column; 11] = [
    Column::text("at", "TIME"),
    Column::text("node", "NODE"),
    Column::number("memtotal_bytes", "MemTotal"),
    Column::number("memfree_bytes", "MemFree"),
    Column::number("memused_bytes", "MemUsed"),
    Column::number("numa_hit", "numa_hit"),
    Column::number("numa_miss", "numa_miss"),
    Column::number("numa_foreign", "numa_foreign"),
    Column::number("interleave_hit", "interleave_hit"),
    Column::number("local_node", "local_node"),
    Column::number("other_node", "other_node"),
];

/// What it needs of a sample beside the machine.
pub const THINGS: &[Group] = &[Group::Node];

/// A row for each node.
pub fn rows(now: &Sample, zone: &Zone) -> Vec<Vec<Cell>> {
    let lines = now.nodes.0.iter();
    let names = lines.filter_map(|(name, _)| name.split_once('.'));
    let mut nodes: Vec<&str> = names.map(|(node, _)| node).collect();
    nodes.sort_unstable_by_key(|node| (node.len(), *node));
    nodes.dedup();
    let at = zone.rfc3339(now.times.began.wall);
    let row = |node: &str| {
        let line = |name: &str| now.nodes.number(&format!("{node}.{name}"));
        let bytes =
            |kib: Reading<u64>| Cell::scaled(kib.ok().map(|kib| kib as f64 * 1024.0), 1024.0);
        let mut cells = vec![Cell::Word(at.clone()), Cell::text(Some(node.as_bytes()))];
        cells.extend(["MemTotal", "MemFree", "MemUsed"].map(|name| bytes(line(name))));
        let counters = COLUMNS[5..].iter();
        cells.extend(counters.map(|column| Cell::integer(line(column.key).ok())));
        cells
    };
    nodes.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::made::{at, lines, nothing};

    #[test]
    fn nodes_come_in_the_order_of_their_numbers_with_what_they_have() {
        let (_, mut now) = at(nothing(), nothing());
        now.nodes = lines(&[
            ("node10.MemFree", 3),
            ("node2.numa_hit", 7),
            ("node2.MemFree", 5),
        ]);
        let rows = rows(&now, &Zone::utc());
        let names: Vec<_> = rows.iter().map(|row| row[1].clone()).collect();
        assert_eq!(
            names,
            ["node2", "node10"].map(|name| Cell::text(Some(name.as_bytes())))
        );
        assert_eq!(
            (&rows[0][3], &rows[0][5]),
            (&Cell::Scaled(5120.0, 1024.0), &Cell::Integer(7))
        );
        assert_eq!((&rows[1][2], &rows[1][5]), (&Cell::Absent, &Cell::Absent));
    }
}
