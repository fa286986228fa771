//! Mounted file systems with what is left of them, and those that do not answer.

use super::{Column, Field, Line, List, ListId, Mood, fullness};
use crate::machine::Measure;
use crate::zone::Zone;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Disk, FileSystem, Sample};
use afterimage_format::time::{Seq, WallTime};
use afterimage_format::units::Bytes;

/// The columns.
pub(super) const COLUMNS: [Column; 11] = [
    Column::text("mounted_on", "Mounted on"),
    Column::share("use_percent", "Used %"),
    Column::figure("used_bytes", "Used", Measure::Bytes),
    Column::figure("available_bytes", "Available", Measure::Bytes),
    Column::figure("total_bytes", "Size", Measure::Bytes),
    Column::share("inodes_percent", "Inodes %"),
    Column::figure("inodes_free", "Inodes free", Measure::Count),
    Column::text("type", "Type"),
    Column::text("device", "Device"),
    Column::text("model", "Model"),
    Column::words("condition", "Condition"),
];

/// `f_flag`, `ST_RDONLY`.
const READ_ONLY: u64 = 1;

/// A line for each file system that has a size, or does not answer. `when` gives the moment of a
/// tick.
pub fn file_systems(
    now: &Sample,
    zone: &Zone,
    when: &mut dyn FnMut(Seq) -> Option<WallTime>,
) -> List {
    let all = match &now.file_systems {
        Ok(all) => all,
        Err(missing) => {
            let why = format!("File systems are not known of this moment: {missing}.");
            return ListId::FileSystems.list(vec![], why);
        }
    };
    let mut shown: Vec<&(Box<str>, FileSystem)> = all.iter().collect();
    shown.retain(|(_, row)| row.total != Ok(Bytes(0)));
    let mut lines: Vec<Line> = shown
        .into_iter()
        .map(|(point, row)| line(now, (point, row), zone, when))
        .collect();
    lines.sort_by(|a, b| {
        let name = |line: &Line| match line.fields.first() {
            Some(Field::Text(name)) => name.clone(),
            _ => Box::default(),
        };
        b.mood.cmp(&a.mood).then_with(|| name(a).cmp(&name(b)))
    });
    ListId::FileSystems.list(
        lines,
        "No file system with a size was mounted, or none was recorded.",
    )
}

fn line(
    now: &Sample,
    (point, row): (&str, &FileSystem),
    zone: &Zone,
    when: &mut dyn FnMut(Seq) -> Option<WallTime>,
) -> Line {
    let bytes = |reading: Reading<Bytes>| reading.map(|bytes| bytes.0);
    let (total, available) = (bytes(row.total), bytes(row.available));
    let used = less(total, bytes(row.free));
    let inodes_used = less(row.inodes, row.inodes_free);
    let percent = of_both(used, available);
    let inodes = match row.inodes {
        // Some file systems make inodes as they are wanted, and have no number of them.
        Ok(0) => None,
        _ => Some(of_both(inodes_used, row.inodes_free)),
    };
    let is_silent = row.total == Err(Missing::Blocked);
    let is_read_only = row.flags.is_ok_and(|flags| flags & READ_ONLY != 0);
    let number = |reading: Reading<f64>| match reading {
        Ok(number) => Field::Number(number),
        Err(missing) => Field::Absent(missing.into()),
    };
    let fullest = [percent.ok(), inodes.and_then(Result::ok)];
    let fullest = fullest.into_iter().flatten().fold(None, |most, percent| {
        Some(most.map_or(percent, |most: f64| most.max(percent)))
    });
    // What cannot be written to is not full, it is whole.
    let mood = match (is_silent, is_read_only) {
        (true, _) => Mood::Problem,
        (_, true) => Mood::Usual,
        _ => fullness(fullest),
    };
    let condition = if is_silent {
        let since = row.read_at.ok().and_then(&mut *when);
        Some(silent(since.map(|since| zone.time_of_day(since))))
    } else {
        condition(is_read_only, percent.ok(), inodes.and_then(Result::ok))
    };
    let count = |reading: Reading<u64>| Field::count(reading);
    let no_inodes = inodes.is_none();
    let device = row.device.as_deref().map_err(|missing| *missing);
    Line {
        fields: vec![
            Field::word(point),
            number(percent),
            count(used),
            count(available),
            count(total),
            inodes.map_or(Field::Empty, number),
            if no_inodes {
                Field::Empty
            } else {
                count(row.inodes_free)
            },
            Field::text(row.kind.as_deref().map_err(|missing| *missing)),
            Field::text(device),
            device.map_or_else(
                |missing| Field::Absent(missing.into()),
                |device| model(now, device),
            ),
            condition.map_or(Field::Empty, Field::word),
        ],
        mood,
        ..Line::default()
    }
}

fn silent(since: Option<String>) -> String {
    match since {
        Some(since) => format!("does not answer; it did last at {since}"),
        None => "does not answer".to_owned(),
    }
}

/// What is to be said of one that answers.
fn condition(is_read_only: bool, space: Option<f64>, inodes: Option<f64>) -> Option<String> {
    let is_full = |percent: Option<f64>| percent.is_some_and(|percent| percent >= 99.5);
    let nearly = |percent: Option<f64>| fullness(percent) > Mood::Usual;
    let words = match (is_read_only, space, inodes) {
        (true, ..) => "read-only",
        (_, space, _) if is_full(space) => "full: nothing more can be written",
        (.., inodes) if is_full(inodes) => {
            "out of inodes: no file can be made, whatever space is left"
        }
        (_, space, _) if nearly(space) => "nearly full",
        (.., inodes) if nearly(inodes) => "few inodes are left",
        _ => return None,
    };
    Some(words.to_owned())
}

fn less(all: Reading<u64>, part: Reading<u64>) -> Reading<u64> {
    Ok(all?.saturating_sub(part?))
}

/// Used, of what is used and what is left for everybody, in percent.
fn of_both(used: Reading<u64>, left: Reading<u64>) -> Reading<f64> {
    let (used, left) = (used? as f64, left? as f64);
    let all = used + left;
    Ok(if all > 0.0 { used * 100.0 / all } else { 0.0 })
}

/// What the disk that a device is on calls itself.
fn model(now: &Sample, device: &[u8]) -> Field {
    let device = String::from_utf8_lossy(device);
    let Some(name) = device.strip_prefix("/dev/") else {
        return Field::Empty;
    };
    let mut name = name.strip_prefix("mapper/").unwrap_or(name).to_owned();
    // Parts stand on disks, and what is mapped on parts; more than a few is a circle.
    for _ in 0..6 {
        let known = |disk: &Disk| {
            disk.model.as_deref().map(String::from_utf8_lossy).ok() == Some(name.as_str().into())
        };
        let mut disks = now.machine.disks.iter();
        let Some((own, disk)) =
            disks.find(|(own, disk)| **own == *name || (own.starts_with("dm-") && known(disk)))
        else {
            return Field::Empty;
        };
        match (&disk.model, &disk.parents) {
            (Ok(model), _) if !own.starts_with("dm-") => return Field::bytes(model),
            (_, Ok(parents)) => {
                let parents = String::from_utf8_lossy(parents).into_owned();
                parents
                    .split(',')
                    .next()
                    .unwrap_or_default()
                    .clone_into(&mut name);
            }
            _ => return Field::Empty,
        }
    }
    Field::Empty
}
