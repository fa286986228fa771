//! The process table at one instant, as a capture hands it over.

use crate::data::SeriesId;
use afterimage_analysis::machine::Pages;
pub use afterimage_analysis::processes::Row as ProcessRow;
use afterimage_format::reading::Reading;
use afterimage_format::time::{Seq, WallTime};
use std::collections::BTreeMap;

/// Everything recorded at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Which tick.
    pub seq: Seq,
    /// When it was.
    pub at: WallTime,
    /// The tick before it, from which the rates are counted; `None` on the first.
    pub previous: Option<WallTime>,
    /// The value of each curve at this very instant, but for those [of the
    /// rest](SeriesId::is_of_the_rest) that were not asked for.
    pub values: BTreeMap<SeriesId, Reading<f64>>,
    /// The machine as a whole: CPUs, memory, disks, network and pressure.
    pub machine: Pages,
    /// One row a process that was alive.
    pub rows: Vec<ProcessRow>,
    /// Those that were there at the tick before and are no more, as they were then.
    pub gone: Vec<ProcessRow>,
}
