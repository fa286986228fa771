//! `df`: what is left of each file system, as GNU df computes it, and which do not answer.

use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{FileSystem, Sample};
use afterimage_format::time::{Seq, WallTime};
use afterimage_format::units::Bytes;

/// Whether blocks or inodes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// `df -k -T`.
    Blocks,
    /// `df -i -T`.
    Inodes,
}

const NAMES: [Column; 3] = [
    Column::text("at", "TIME"),
    Column::text("filesystem", "Filesystem"),
    Column::text("type", "Type"),
];
const BLOCKS: [Column; 4] = [
    Column::number("total_bytes", "1K-blocks"),
    Column::number("used_bytes", "Used"),
    Column::number("available_bytes", "Available"),
    Column::number("use_percent", "Use%"),
];
const INODES: [Column; 4] = [
    Column::number("inodes", "Inodes"),
    Column::number("inodes_used", "IUsed"),
    Column::number("inodes_free", "IFree"),
    Column::number("inodes_use_percent", "IUse%"),
];
const REST: [Column; 3] = [
    Column::text("mounted_on", "Mounted on"),
    Column::text("not_answering_since", "Not answering since"),
    Column::text("missing", "Missing"),
];

/// The columns for people: blocks or inodes.
pub fn columns(of: Of) -> Vec<Column> {
    let middle = match of {
        Of::Blocks => BLOCKS,
        Of::Inodes => INODES,
    };
    NAMES.into_iter().chain(middle).chain(REST).collect()
}

/// Every column, for JSON and CSV.
pub fn all_columns() -> Vec<Column> {
    let middle = BLOCKS.into_iter().chain(INODES);
    NAMES.into_iter().chain(middle).chain(REST).collect()
}

/// The rows of one sample, by mount point, with a cell for each of [`all_columns`]. As in df those
/// without a size are left out, unless all are wanted. `when` gives the moment of a tick.
pub fn rows(
    now: &Sample,
    zone: &Zone,
    all: bool,
    when: &mut dyn FnMut(Seq) -> Option<WallTime>,
) -> Vec<Vec<Cell>> {
    let Ok(file_systems) = &now.file_systems else {
        return Vec::new();
    };
    let mut shown: Vec<&(Box<str>, FileSystem)> = file_systems.iter().collect();
    shown.retain(|(_, row)| all || row.total != Ok(Bytes(0)));
    shown.sort_by(|a, b| a.0.cmp(&b.0));
    let at = zone.rfc3339(now.times.began.wall);
    let mut rows = Vec::with_capacity(shown.len());
    for (point, row) in shown {
        let mut cells = vec![
            Cell::Word(at.clone()),
            Cell::text(row.device.as_deref().ok()),
            Cell::text(row.kind.as_deref().ok()),
        ];
        cells.extend(blocks(row));
        cells.extend(inodes(row));
        let since = row
            .read_at
            .ok()
            .filter(|_| row.total == Err(Missing::Blocked));
        let since = since.and_then(&mut *when).map(|since| zone.rfc3339(since));
        let missing = row.total.err().map(|missing| missing.to_string());
        let word = |word: Option<String>| word.map_or(Cell::Absent, Cell::Word);
        cells.extend([
            Cell::text(Some(point.as_bytes())),
            word(since),
            word(missing),
        ]);
        rows.push(cells);
    }
    rows
}

fn blocks(row: &FileSystem) -> [Cell; 4] {
    let bytes = |reading: Reading<Bytes>| reading.map(|bytes| bytes.0);
    let (total, available) = (bytes(row.total), bytes(row.available));
    let used = less(total, bytes(row.free));
    let shown = |bytes: Reading<u64>| Cell::scaled(bytes.ok().map(|bytes| bytes as f64), 1024.0);
    [
        shown(total),
        shown(used),
        shown(available),
        share(used, available),
    ]
}

fn inodes(row: &FileSystem) -> [Cell; 4] {
    let used = less(row.inodes, row.inodes_free);
    let count = |reading: Reading<u64>| Cell::integer(reading.ok());
    [
        count(row.inodes),
        count(used),
        count(row.inodes_free),
        share(used, row.inodes_free),
    ]
}

fn less(all: Reading<u64>, part: Reading<u64>) -> Reading<u64> {
    Ok(all?.saturating_sub(part?))
}

/// Used, of what is used and what is available to everybody: whole percents, rounded up.
fn share(used: Reading<u64>, left: Reading<u64>) -> Cell {
    let (Ok(used), Ok(left)) = (used, left) else {
        return Cell::Absent;
    };
    let (used, all) = (u128::from(used), u128::from(used) + u128::from(left));
    let percent = (used * 100).checked_add(all.saturating_sub(1));
    let percent = percent.and_then(|percent| percent.checked_div(all));
    Cell::integer(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_up_and_of_nothing_there_is_none() {
        assert_eq!(share(Ok(1), Ok(199)), Cell::Integer(1));
        assert_eq!(share(Ok(2), Ok(198)), Cell::Integer(1));
        assert_eq!(share(Ok(3), Ok(198)), Cell::Integer(2));
        assert_eq!(share(Ok(0), Ok(0)), Cell::Absent);
        assert_eq!(share(Ok(0), Err(Missing::Blocked)), Cell::Absent);
        let most = share(Ok(u64::MAX), Ok(u64::MAX));
        assert_eq!(most, Cell::Integer(50));
    }

    #[test]
    fn a_mount_that_did_not_answer_says_since_when_and_one_without_a_size_is_left_out() {
        let text = |text: &[u8]| Ok(std::sync::Arc::from(text));
        let of = |total: Reading<u64>| FileSystem {
            device: text(b"/dev/sda1"),
            kind: text(b"ext4"),
            total: total.map(Bytes),
            free: total.map(|total| Bytes(total / 2)),
            available: total.map(|total| Bytes(total / 4)),
            inodes: total,
            inodes_free: total,
            flags: total,
            read_at: Ok(Seq(7)),
        };
        let (_, mut now) = crate::machine::made::at(
            crate::machine::made::nothing(),
            crate::machine::made::nothing(),
        );
        now.file_systems = Ok(vec![
            ("/z".into(), of(Ok(4096))),
            ("/dead".into(), of(Err(Missing::Blocked))),
            ("/none".into(), of(Ok(0))),
        ]);
        let mut when = |seq: Seq| (seq == Seq(7)).then_some(WallTime(7_000_000));
        let made = rows(&now, &Zone::utc(), false, &mut when);
        let columns = all_columns();
        let of = |row: usize, key: &str| {
            let place = columns.iter().position(|column| column.key == key).unwrap();
            made[row][place].clone()
        };
        assert_eq!(made.len(), 2);
        assert_eq!(of(0, "total_bytes"), Cell::Absent);
        let since = Cell::Word("1970-01-01T00:00:07.000+00:00".to_owned());
        assert_eq!(of(0, "not_answering_since"), since);
        assert_eq!(of(1, "used_bytes"), Cell::Scaled(2048.0, 1024.0));
        // 2048 of 2048 and 1024.
        assert_eq!(of(1, "use_percent"), Cell::Integer(67));
        assert_eq!(of(1, "missing"), Cell::Absent);
        assert_eq!(rows(&now, &Zone::utc(), true, &mut |_| None).len(), 3);
    }
}
