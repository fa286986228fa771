//! What `afterimage lastcomm` takes.

use super::ShowArgs;
use afterimage_analysis::when::When;
use clap::Args;
use std::path::PathBuf;

const COLUMNS: &str = "\
The columns are those of lastcomm of the GNU accounting utilities, and more:
COMMAND  the name of the process
FLAGS    F forked and never called exec, S used privileges of the superuser,
         D left a core, X was killed by a signal
TTY      the terminal when it called exec; `-` is not known, `none` is none
SECS     CPU time. Of a process that lived for less than a tick of the kernel (1 to 10 ms)
         it may be 0, as the kernel counts it later
EXIT     the exit status, or the signal
PEAK RSS, READ and WRITE are in KiB.
With --format json or csv also its threads' reads and writes, how long it lived, and its command
line. Who told of an end: `taskstats` knows what was used, `connector` only how it ended.";

#[derive(Debug, Args)]
#[command(after_help = COLUMNS)]
pub(crate) struct LastcommArgs {
    /// The capture
    pub(crate) file: PathBuf,
    /// Only processes of these names, these users (`root`), or these pids
    pub(crate) whom: Vec<String>,
    /// What ended from this moment on [default: start]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<When>,
    /// What ended up to this moment [default: end]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<When>,
    /// The columns to print, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}
