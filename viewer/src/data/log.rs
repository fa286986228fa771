//! A line of the kernel log, as the page that shows all of them has it.

use afterimage_analysis::oom::oom_kill;
use afterimage_analysis::processes::kernel_log::first_pid;
use afterimage_format::process::Pid;
use afterimage_format::time::WallTime;

/// A line of the kernel log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When it was written.
    pub at: WallTime,
    /// 0 is an emergency, 7 for debugging.
    pub severity: u8,
    /// What it says, made safe to show.
    pub text: Box<str>,
    /// The first process that it names by its pid.
    pub pid: Option<Pid>,
    /// Whether the OOM killer killed that process.
    pub is_kill: bool,
}

impl LogEntry {
    /// A line with what can be read out of its text.
    pub fn new(at: WallTime, severity: u8, text: String) -> Self {
        let kill = oom_kill(&text);
        let is_kill = kill.is_some();
        let pid = kill.map(|kill| Pid(kill.pid));
        Self {
            at,
            severity,
            pid: pid.or_else(|| first_pid(&text)),
            is_kill,
            text: text.into(),
        }
    }
}
