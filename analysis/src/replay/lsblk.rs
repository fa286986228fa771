//! `lsblk`: which block devices there are, what they call themselves, and what stands on what.

use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::sample::{Disk, Sample};

/// The columns.
pub const COLUMNS: [Column; 6] = [
    Column::text("at", "TIME"),
    Column::text("name", "NAME"),
    Column::text("maj_min", "MAJ:MIN"),
    Column::text("model", "MODEL"),
    Column::text("parents", "PARENTS"),
    Column::text("mountpoint", "MOUNTPOINT"),
];

/// A row for each device that ever did anything.
pub fn rows(now: &Sample, zone: &Zone) -> Vec<Vec<Cell>> {
    let at = zone.rfc3339(now.times.began.wall);
    let rows = now.machine.disks.iter().map(|(name, disk)| {
        let number = match disk.number {
            [Ok(major), Ok(minor)] => Cell::Word(format!("{major}:{minor}")),
            _ => Cell::Absent,
        };
        let point = mount_point(now, name, disk);
        vec![
            Cell::Word(at.clone()),
            Cell::text(Some(name.as_bytes())),
            number,
            Cell::text(disk.model.as_deref().ok()),
            Cell::text(disk.parents.as_deref().ok()),
            Cell::text(point.map(str::as_bytes)),
        ]
    });
    rows.collect()
}

/// What a device is called where people name it: a dm device by its name.
pub(super) fn shown_name<'a>(name: &'a str, disk: &'a Disk) -> std::borrow::Cow<'a, str> {
    match &disk.model {
        Ok(model) if name.starts_with("dm-") => String::from_utf8_lossy(model),
        _ => name.into(),
    }
}

/// Where the file system on a device is mounted.
pub(super) fn mount_point<'a>(now: &'a Sample, name: &str, disk: &Disk) -> Option<&'a str> {
    let mapped = shown_name(name, disk);
    let all = now.file_systems.as_ref().ok()?;
    let found = all.iter().find(|(_, mounted)| {
        let source = mounted.device.as_deref().unwrap_or_default();
        let source = String::from_utf8_lossy(source);
        let device = source.strip_prefix("/dev/");
        device.is_some_and(|device| {
            device == name || device.strip_prefix("mapper/") == Some(&*mapped)
        })
    });
    found.map(|(point, _)| &**point)
}
