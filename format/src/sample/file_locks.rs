//! `/proc/locks` at one instant: who holds a lock, and who waits for it.

use super::Cells;
use super::process::pid_from_number;
use crate::group::FileLockField;
use crate::process::Pid;
use crate::reading::Reading;
use std::sync::Arc;

/// One line of `/proc/locks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLock {
    /// Who holds it.
    pub holder: Reading<Pid>,
    /// Who waits for it.
    pub waiter: Reading<Pid>,
    /// Its words and its range, such as `POSIX ADVISORY WRITE 0 EOF`.
    pub kind: Reading<Arc<[u8]>>,
    /// The device of the file, as `major:minor` in hexadecimal digits.
    pub device: Reading<Arc<[u8]>>,
    /// The inode of the file.
    pub inode: Reading<u64>,
}

impl FileLock {
    pub(super) fn from_cells(cells: &Cells<'_>) -> Self {
        use FileLockField as F;
        let pid = |field: F| cells.signed(field.column()).map(pid_from_number);
        Self {
            holder: pid(F::Holder),
            waiter: pid(F::Waiter),
            kind: cells.text(F::Kind.column()),
            device: cells.text(F::Device.column()),
            inode: cells.count(F::Inode.column()),
        }
    }
}
