//! `afterimage dump`, and the process that asks a virtual machine for its threads.

use super::SocketArgs;
use clap::{Args, Parser};
use std::ffi::OsString;

/// Have the running recorder take a thread dump of a process, or of every Java virtual machine
///
/// A dump goes into the capture, with what the kernel says of each thread before and after it;
/// how it went is printed. A process that cannot be asked safely is not, and it is said why: then
/// the kernel's word is all there is. The exit code is 1 unless every process that was meant has
/// given a dump.
#[derive(Debug, Args)]
pub(crate) struct DumpArgs {
    /// A pid, or `all`
    #[arg(value_name = "PID|all", value_parser = whom)]
    pub(crate) whom: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) socket: SocketArgs,
}

fn whom(text: &str) -> Result<String, String> {
    let is_pid = text.parse::<i32>().is_ok_and(|pid| pid > 0);
    if text == "all" || is_pid {
        Ok(text.to_owned())
    } else {
        Err("it is neither a pid nor `all`".to_owned())
    }
}

/// The helper's command line by itself. It is started for each thread dump, and to build those of
/// all other commands is a good part of what its start costs.
#[derive(Debug, Parser)]
struct HelperCli {
    #[command(flatten)]
    args: HelperArgs,
}

/// What the helper was asked, if it is the one that was started.
pub(super) fn helper(args: &[OsString]) -> Option<Result<HelperArgs, clap::Error>> {
    let (name, _) = args.get(1..)?.split_first()?;
    let parsed = || Ok(HelperCli::try_parse_from(&args[1..])?.args);
    (name == "thread-dump-helper").then(parsed)
}

/// Ask a virtual machine, and say on standard output what it answers: for the recorder alone
#[derive(Debug, Args)]
pub(crate) struct HelperArgs {
    /// The process
    pub(crate) pid: i32,
    /// When it started, in clock ticks since boot
    pub(crate) started: u64,
    /// Its version, or nothing
    pub(crate) feature: Option<String>,
}
