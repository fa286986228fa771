//! `lslocks`: who holds locks on files, and who waits for whom, as util-linux shows it.

use super::lsblk::mount_point;
use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::group::{Group, ProcessField};
use afterimage_format::process::Pid;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{FileLock, Sample};

/// The columns. The size of a file is not recorded.
pub const COLUMNS: [Column; 12] = [
    Column::text("at", "TIME"),
    Column::text("command", "COMMAND"),
    Column::number("pid", "PID"),
    Column::text("type", "TYPE"),
    Column::text("mode", "MODE"),
    Column::number("m", "M"),
    Column::number("start", "START"),
    Column::number("end", "END"),
    Column::text("maj_min", "MAJ:MIN"),
    Column::number("inode", "INODE"),
    Column::text("path", "PATH"),
    Column::number("blocker", "BLOCKER"),
];

/// What is needed of processes.
pub const FIELDS: &[ProcessField] = &[ProcessField::Comm];
/// And what else.
pub const THINGS: &[Group] = &[Group::FileLock, Group::FileSystem];

/// A row for each line of `/proc/locks`, in its order.
pub fn rows(now: &Sample, zone: &Zone) -> Vec<Vec<Cell>> {
    let Ok(locks) = &now.file_locks else {
        return Vec::new();
    };
    let mut locks: Vec<&(Box<str>, FileLock)> = locks.iter().collect();
    locks.sort_by_key(|(name, _)| order(name));
    let at = zone.rfc3339(now.times.began.wall);
    let row = |(_, lock): &&(Box<str>, FileLock)| {
        let mut cells = vec![Cell::Word(at.clone())];
        cells.extend(row(now, lock));
        cells
    };
    locks.iter().map(row).collect()
}

/// `2` before `10`, and `2.1`, who waits, behind it.
pub(crate) fn order(name: &str) -> (u64, u64) {
    let (lock, waiter) = name.split_once('.').unwrap_or((name, "0"));
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    (number(lock), number(waiter))
}

fn row(now: &Sample, lock: &FileLock) -> [Cell; 11] {
    let waits = lock.waiter.is_ok();
    let pid = if waits { lock.waiter } else { lock.holder };
    let blocker = if waits { lock.holder.ok() } else { None };
    let number = |pid: Option<Pid>| Cell::integer(pid.map(|pid| pid.0));
    let command = pid.ok().and_then(|pid| command(now, pid));
    let words = words(lock).unwrap_or_default();
    let word = |place: usize| words.get(place).map(String::as_str);
    let text = |place: usize, mark: &str| match word(place) {
        Some(word) => Cell::text(Some([word.as_bytes(), mark.as_bytes()].concat().as_slice())),
        None => Cell::Absent,
    };
    // As in lslocks: 0 is the end of the file, whatever it is.
    let offset = |place: usize| match word(place) {
        Some("EOF") => Cell::Integer(0),
        word => Cell::integer(word.and_then(|word| word.parse::<u64>().ok())),
    };
    let device = lock.device.as_deref().ok().and_then(device_number);
    let shown = device.map(|(major, minor)| Cell::Word(format!("{major}:{minor}")));
    let path = device.and_then(|device| path(now, device));
    [
        Cell::text(command),
        number(pid.ok()),
        text(0, ""),
        text(2, if waits { "*" } else { "" }),
        Cell::integer(word(1).map(|word| i64::from(word == "MANDATORY"))),
        offset(3),
        offset(4),
        shown.unwrap_or(Cell::Absent),
        Cell::integer(lock.inode.ok()),
        path.map_or(Cell::Absent, |path| Cell::text(Some(path.as_bytes()))),
        number(blocker),
    ]
}

/// What `/proc/locks` says of it, in this order: how it was taken, whether it binds others, what
/// for, and the first and the last byte.
pub(crate) fn words(lock: &FileLock) -> Reading<Vec<String>> {
    let kind = lock.kind.as_deref().map_err(|missing| *missing)?;
    let kind = String::from_utf8_lossy(kind);
    Ok(kind.split_ascii_whitespace().map(str::to_owned).collect())
}

fn command(now: &Sample, pid: Pid) -> Option<&[u8]> {
    // Of two lives of one pid the later is the one that is there.
    let mut named = now.processes.iter().rev();
    let process = named.find(|process| process.key.pid == pid)?;
    process.comm.as_deref().ok()
}

/// `fe:00`, in hexadecimal digits.
pub(crate) fn device_number(text: &[u8]) -> Option<(u64, u64)> {
    let (major, minor) = str::from_utf8(text).ok()?.split_once(':')?;
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    Some((number(major)?, number(minor)?))
}

/// Where the file is, as far as is recorded: `/srv...`, as lslocks has it of files that it cannot
/// name.
pub(crate) fn path(now: &Sample, (major, minor): (u64, u64)) -> Option<String> {
    let number: [Reading<u64>; 2] = [Ok(major), Ok(minor)];
    let mut disks = now.machine.disks.iter();
    let (name, disk) = disks.find(|(_, disk)| disk.number == number)?;
    mount_point(now, name, disk).map(|point| format!("{point}..."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::made::{at, disk, nothing};
    use afterimage_format::process::ProcessKey;
    use afterimage_format::reading::Missing;
    use afterimage_format::sample::{Machine, Process};
    use afterimage_format::units::Ticks;
    use std::sync::Arc;

    #[test]
    fn who_waits_has_a_star_and_a_blocker_and_a_file_its_file_system() {
        let text = |text: &str| Ok(Arc::from(text.as_bytes()));
        let lock = |holder: i32, waiter: Reading<Pid>| FileLock {
            holder: Ok(Pid(holder)),
            waiter,
            kind: text("POSIX ADVISORY WRITE 100 EOF"),
            device: text("08:00"),
            inode: Ok(77),
        };
        let machine = Machine {
            disks: vec![("sda".into(), disk(1))],
            ..nothing()
        };
        let (_, mut now) = at(nothing(), machine);
        let key = ProcessKey {
            pid: Pid(12),
            started: Ticks(1),
        };
        let mut process = Process::not_read(key);
        process.comm = text("flock");
        now.processes = vec![process];
        now.file_locks = Ok(vec![
            ("10".into(), lock(5, Err(Missing::NotSupported))),
            ("2.1".into(), lock(5, Ok(Pid(12)))),
            ("2".into(), lock(5, Err(Missing::NotSupported))),
        ]);
        let rows = rows(&now, &Zone::utc());
        let of = |row: usize, key: &str| {
            let place = COLUMNS.iter().position(|column| column.key == key);
            rows[row][place.unwrap()].clone()
        };
        let word = |word: &str| Cell::text(Some(word.as_bytes()));
        assert_eq!(
            (of(0, "pid"), of(0, "blocker")),
            (Cell::Integer(5), Cell::Absent)
        );
        assert_eq!(
            (of(1, "pid"), of(1, "blocker")),
            (Cell::Integer(12), Cell::Integer(5))
        );
        assert_eq!(
            (of(1, "command"), of(1, "mode")),
            (word("flock"), word("WRITE*"))
        );
        assert_eq!(
            (of(1, "start"), of(1, "end")),
            (Cell::Integer(100), Cell::Integer(0))
        );
        assert_eq!(
            (of(2, "m"), of(2, "inode")),
            (Cell::Integer(0), Cell::Integer(77))
        );
        assert_eq!(
            (of(2, "maj_min"), of(2, "path")),
            (Cell::Word("8:0".into()), Cell::Absent)
        );
    }
}
