//! The command line of `threads`.

use super::ShowArgs;
use afterimage_analysis::when::When;
use clap::Args;
use std::path::PathBuf;

/// Thread dumps: what is wrong in them, who holds which lock, who uses the CPU
///
/// FILE is a capture, or a thread dump that somebody took, or a log with dumps in it, or `-`; several
/// are taken for dumps of one story, in the order of time. Read are HotSpot 8 to 25 (jstack, jcmd
/// PID Thread.print, kill -3, `Thread.dump_to_file` as text and JSON), Go (goroutine?debug=2, and what a
/// dying program writes), py-spy dump (text and JSON) and eu-stack.
///
/// The table has the findings first, of the last dump of each process; then who holds which lock,
/// threads that do the same, CPU, and what did not move since the dumps before.
#[derive(Debug, Args)]
pub(crate) struct ThreadsArgs {
    /// A capture, thread dumps, logs with dumps in them, or `-`
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Of a capture: only the last dump of each process at or before this moment; whole seconds, as the
    /// list has them, mean to their end
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with_all = ["from", "to"])]
    pub(crate) at: Option<When>,
    /// Of a capture: from this moment on [default: start]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<When>,
    /// Of a capture: up to this moment [default: end]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<When>,
    /// Only dumps of these processes
    #[arg(long, value_name = "PIDS", value_delimiter = ',')]
    pub(crate) pid: Option<Vec<i64>>,
    /// What is different from the dump at --at, or in FILE, to another one: of a capture the last of
    /// the same process at or before this moment, else the last one in this file
    #[arg(long, value_name = "TIME or DUMP.txt", allow_hyphen_values = true, conflicts_with_all = ["from", "to", "raw", "import"])]
    pub(crate) diff: Option<String>,
    /// The dumps as they were taken: to the byte, but on a terminal escaped
    #[arg(long, conflicts_with = "import")]
    pub(crate) raw: bool,
    /// Put the dumps of this file into the capture FILE, which nobody may be recording into
    #[arg(long, value_name = "DUMP.txt")]
    pub(crate) import: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}
