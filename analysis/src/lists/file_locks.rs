//! Locks on files: who holds them, and who waits for whom.

use super::{Column, Field, Line, List, ListId, Mood, command};
use crate::machine::Measure;
use crate::replay::lslocks::{device_number, order, path, words};
use afterimage_format::process::Pid;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{FileLock, Sample};

/// The columns.
pub(super) const COLUMNS: [Column; 9] = [
    Column::text("does", "Does"),
    Column::figure("pid", "PID", Measure::Count),
    Column::text("comm", "Command"),
    Column::words("waits_for", "Waits for"),
    Column::text("type", "Type"),
    Column::text("mode", "Mode"),
    Column::text("range", "Range"),
    Column::text("path", "File system"),
    Column::figure("inode", "Inode", Measure::Count),
];

/// A line for each lock and for each that waits for one: what is waited for first.
pub fn file_locks(now: &Sample) -> List {
    let all = match &now.file_locks {
        Ok(all) => all,
        Err(missing) => {
            let why = format!("Locks on files are not known of this moment: {missing}.");
            return ListId::FileLocks.list(vec![], why);
        }
    };
    let mut locks: Vec<&(Box<str>, FileLock)> = all.iter().collect();
    let wanted: Vec<u64> = locks
        .iter()
        .filter(|(_, lock)| lock.waiter.is_ok())
        .map(|(name, _)| order(name).0)
        .collect();
    locks.sort_by_key(|(name, _)| {
        let (lock, waiter) = order(name);
        (!wanted.contains(&lock), lock, waiter)
    });
    let lines = locks.into_iter().map(|(name, lock)| {
        let is_wanted = wanted.contains(&order(name).0);
        line(now, lock, is_wanted)
    });
    ListId::FileLocks.list(lines.collect(), "No file was locked.")
}

fn line(now: &Sample, lock: &FileLock, is_wanted: bool) -> Line {
    let waits = lock.waiter.is_ok();
    let pid = if waits { lock.waiter } else { lock.holder };
    let number = |pid: Reading<Pid>| match pid {
        Ok(pid) => Field::Number(f64::from(pid.0)),
        Err(missing) => Field::Absent(missing.into()),
    };
    let holder = lock.holder.ok().filter(|_| waits);
    let waits_for = holder.map_or(Field::Empty, |holder| match command(now, holder) {
        Field::Text(name) => Field::word(format!("{name} ({}), which holds it", holder.0)),
        _ => Field::word(format!("process {}, which holds it", holder.0)),
    });
    let words = words(lock);
    let absent = |missing: &Missing| Field::Absent((*missing).into());
    let said = |place: usize| Ok(words.as_ref()?.get(place).map(String::as_str));
    let word = |place: usize| {
        said(place).map_or_else(absent, |word| word.map_or(Field::Empty, Field::word))
    };
    let range = match (said(3), said(4)) {
        (Err(missing), _) | (_, Err(missing)) => absent(missing),
        (Ok(Some("0")), Ok(Some("EOF"))) => Field::word("all"),
        (Ok(Some(from)), Ok(Some(to))) => Field::word(format!("{from} to {to}")),
        _ => Field::Empty,
    };
    let device = lock.device.as_deref().ok().and_then(device_number);
    let place = device.and_then(|device| path(now, device));
    Line {
        fields: vec![
            Field::word(if waits { "waits" } else { "holds" }),
            number(pid),
            pid.map_or(Field::Empty, |pid| command(now, pid)),
            waits_for,
            word(0),
            word(2),
            range,
            match (place, &lock.device) {
                (Some(place), _) => Field::word(place.trim_end_matches("...")),
                (None, Ok(device)) => Field::bytes(device),
                (None, Err(missing)) => Field::Absent((*missing).into()),
            },
            Field::count(lock.inode),
        ],
        process: pid.ok(),
        mood: if waits {
            Mood::Problem
        } else if is_wanted {
            Mood::Warning
        } else {
            Mood::Usual
        },
        ..Line::default()
    }
}
