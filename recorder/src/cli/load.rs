//! The command line of `load`.

use super::RangeArgs;
use afterimage_analysis::load::By;
use clap::Args;

/// What the load is made of: tasks that run, could run, or are in state D
///
/// Without --at, --from and --to: the end. One moment is taken apart: a row for each group of tasks,
/// then what the kernel counted, what of that was not seen, and what the load averages say of the
/// minute before. With --from or --to there is a row for each tick, or --step.
///
/// LOAD1, LOAD5, LOAD15: as /proc/loadavg had them; OURS1: what the kernel's formula gives with our
/// counts, begun with the first row; R: tasks running or runnable, D: in uninterruptible sleep, each
/// thread counts, the recorder does not; R NOT SEEN: how many more the kernel counted as running at
/// the same moment, negative where it counted fewer; IMPLIED: how many tasks the kernel must have
/// counted for LOAD1 to change as it did; %NOT SEEN: the share of those that was not seen. Counts of
/// a step are means over samples at most four seconds apart.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// What tasks are grouped by: process, command, user, or wchan: what they wait in
    #[arg(long, value_name = "WHAT", default_value = "process")]
    pub(crate) by: By,
}
