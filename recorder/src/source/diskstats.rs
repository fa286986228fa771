//! `/proc/diskstats`: what each block device did.

use super::numbers::{Words, lines};
use crate::rows::NamedRows;
use afterimage_format::group::DiskField;
use afterimage_format::tick::Tick;

/// Reads `259 0 nvme0n1 1 2 3 ...`: numbers that an older kernel lacks are not supported.
/// Devices that never did anything (unused loop devices and RAM disks) are left out.
pub(crate) fn parse(text: &[u8], rows: &mut NamedRows, tick: &mut Tick) {
    for line in lines(text) {
        let mut words = Words(line);
        let (major, minor) = (words.count(), words.count());
        let Some(name) = words.word() else { continue };
        let mut used = words;
        if (0..11).all(|_| used.count() == Ok(0)) {
            continue;
        }
        let row = rows.row(tick, name);
        row.count(tick, DiskField::Major.column(), major);
        row.count(tick, DiskField::Minor.column(), minor);
        for field in DiskField::Reads.column()..=DiskField::FlushTime.column() {
            row.count(tick, field, words.count());
        }
    }
    rows.end_unseen(tick);
}
