//! One process over a stretch of time: its curves, the machine's beside them, and what the
//! kernel log says of it.

use crate::data::Bucket;
use afterimage_analysis::ending::Ending;
use afterimage_format::process::ProcessKey;
use afterimage_format::time::WallTime;
use std::collections::BTreeMap;

/// Which process is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whom {
    /// Which one.
    pub key: ProcessKey,
    /// The kernel's name for it, which kernel log lines use.
    pub comm: String,
    /// When it started: lines of the log before then are of another process with its number.
    pub started: Option<WallTime>,
}

/// One curve of a process's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trace {
    /// CPU use, percent of one core.
    Cpu,
    /// Time runnable without a CPU, percent.
    Wait,
    /// Resident memory, bytes.
    Rss,
    /// Bytes a second fetched from storage.
    Read,
    /// Bytes a second sent to storage.
    Write,
    /// CPU use of the whole machine, percent of one core.
    MachineCpu,
    /// Share of the time in which something waited for a CPU, percent.
    MachineWait,
    /// Memory in use, bytes.
    MachineMemory,
    /// Bytes a second read from all block devices.
    MachineRead,
    /// Bytes a second written to all block devices.
    MachineWrite,
}

/// A line of the kernel log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: WallTime,
    /// 0 is an emergency, 7 for debugging.
    pub severity: u8,
    /// What it says.
    pub text: String,
    /// Whether it names the pid, and not only the name, which others may have too.
    pub names_pid: bool,
}

/// One process over a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// Which one.
    pub key: ProcessKey,
    /// When it was first and last seen in the whole capture, as far as that is known.
    pub seen: Option<(WallTime, Option<WallTime>)>,
    /// Its curves and the machine's; a hole means that nothing is known of that time.
    pub traces: BTreeMap<Trace, Vec<Bucket>>,
    /// The most that each of the machine's curves can reach.
    pub limits: BTreeMap<Trace, f64>,
    /// How it ended, if the kernel told.
    pub ending: Option<(WallTime, Ending)>,
    /// The lines of the kernel log that name it, in order.
    pub log: Vec<LogLine>,
    /// How many lines were left out because there are too many.
    pub log_left_out: usize,
}
