//! Mounted file systems at one instant: what is left of each.

use super::Cells;
use crate::group::FileSystemField;
use crate::reading::Reading;
use crate::time::Seq;
use crate::units::Bytes;
use std::sync::Arc;

/// What is mounted at one place, and `statvfs(3)` of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// What is mounted there.
    pub device: Reading<Arc<[u8]>>,
    /// Its type.
    pub kind: Reading<Arc<[u8]>>,
    /// Its size.
    pub total: Reading<Bytes>,
    /// What is free.
    pub free: Reading<Bytes>,
    /// What is free for everybody.
    pub available: Reading<Bytes>,
    /// How many inodes it has.
    pub inodes: Reading<u64>,
    /// How many inodes are free.
    pub inodes_free: Reading<u64>,
    /// `f_flag`.
    pub flags: Reading<u64>,
    /// The tick at which the kernel was last asked for it.
    pub read_at: Reading<Seq>,
}

impl FileSystem {
    pub(super) fn from_cells(cells: &Cells<'_>) -> Self {
        use FileSystemField as F;
        let count = |field: F| cells.count(field.column());
        Self {
            device: cells.text(F::Device.column()),
            kind: cells.text(F::Type.column()),
            total: count(F::Total).map(Bytes),
            free: count(F::Free).map(Bytes),
            available: count(F::Available).map(Bytes),
            inodes: count(F::Inodes),
            inodes_free: count(F::InodesFree),
            flags: count(F::Flags),
            read_at: count(F::ReadAt).map(Seq),
        }
    }
}
