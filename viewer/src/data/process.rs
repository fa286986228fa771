//! The process table at one instant, as a capture hands it over.

use crate::data::SeriesId;
use afterimage_format::process::ProcessKey;
use afterimage_format::reading::Reading;
use afterimage_format::time::{Seq, WallTime};
use afterimage_format::units::Bytes;
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
    /// The value of each curve at this very instant.
    pub values: BTreeMap<SeriesId, Reading<f64>>,
    /// One row a process that was alive.
    pub rows: Vec<ProcessRow>,
}

/// One process at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessRow {
    /// Which process.
    pub key: ProcessKey,
    /// The owner's name, or the number when no name is known.
    pub user: Reading<String>,
    /// Field 3 (`state`) of `proc_pid_stat(5)`: `R`, `S`, `D`, `Z`, …
    pub state: Reading<char>,
    /// CPU use since the previous tick; 100 is one core.
    pub cpu_percent: Reading<f64>,
    /// Time spent runnable without a CPU since the previous tick; 100 is one task always waiting.
    pub wait_percent: Reading<f64>,
    /// Resident memory.
    pub rss: Reading<Bytes>,
    /// Bytes read from storage each second since the previous tick.
    pub read_per_second: Reading<Bytes>,
    /// Bytes written to storage each second since the previous tick.
    pub write_per_second: Reading<Bytes>,
    /// How many threads it has.
    pub threads: Reading<u32>,
    /// Its nice value, -20 to 19.
    pub nice: Reading<i32>,
    /// When it started.
    pub started: Reading<WallTime>,
    /// The name the kernel knows it by (`comm`).
    pub comm: String,
    /// Its command line; kernel threads have none.
    pub command: Reading<String>,
}

impl ProcessRow {
    /// What to call it: its command line, else the kernel's name for it in brackets, as ps does.
    pub fn title(&self) -> String {
        match &self.command {
            Ok(command) if !command.is_empty() => command.clone(),
            _ => format!("[{}]", self.comm),
        }
    }
}
