//! What each CPU, disk and file system did over time: rows of shares, for the tracks drawn as
//! heat.

use afterimage_format::time::WallTime;

/// What the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowGroup {
    /// One row a CPU: how much of its time it was busy.
    Cpus,
    /// One row a block device: how much of the time it had something to do.
    Disks,
    /// One row for each of the fullest file systems: how much of its space was in use.
    FileSystems,
}

/// The rows of a group over a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsData {
    /// What they are.
    pub group: RowGroup,
    /// What each is called, in the order of the values.
    pub names: Vec<String>,
    /// Pieces of time in order; a hole between two means nothing was recorded there.
    pub cells: Vec<RowCell>,
}

/// What every row did in one piece of time.
#[derive(Debug, Clone, PartialEq)]
pub struct RowCell {
    /// From this instant on.
    pub from: WallTime,
    /// Up to this one.
    pub to: WallTime,
    /// Percent of that time, or of the space at its end, row by row; `None` where it was not
    /// recorded.
    pub values: Vec<Option<f32>>,
}

impl RowsData {
    /// The piece that an instant lies in.
    pub fn cell_at(&self, at: WallTime) -> Option<&RowCell> {
        let after = self.cells.partition_point(|cell| cell.from <= at);
        let cell = self.cells.get(after.checked_sub(1)?)?;
        (at < cell.to).then_some(cell)
    }
}
