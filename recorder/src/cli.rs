//! The command line: what can be said, and who answers.

mod dump;
mod lastcomm;
mod load;
mod replay;
mod ss;
mod threads;

use crate::command;
use crate::command::output::OutputError;
use crate::config::Config;
use afterimage_analysis::amount::HumanDuration;
use afterimage_analysis::when::When;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) use dump::{DumpArgs, HelperArgs};
pub(crate) use lastcomm::LastcommArgs;
pub(crate) use load::LoadArgs;
pub(crate) use replay::{DfArgs, IostatArgs, PidstatArgs, SarArgs, TopArgs, WaitsArgs};
pub(crate) use ss::SsArgs;
pub(crate) use threads::ThreadsArgs;

const EXIT_CODES: &str = "\
Exit codes: 0 done, also for a capture that ended uncleanly; 1 failed; 2 wrong usage;
3 a part of the capture that was needed is damaged; 75 another recorder holds the file.
Of a damaged file every command shows what is sound, and says on standard error what is not.

TIME: RFC 3339 (2026-11-22T15:44:58+01:00), a date and time or HH:MM[:SS] in the recorded
host's zone (the latest such moment), -10m from the end, +5m from the start, start, end.";

/// A flight recorder for Linux hosts: record what goes on, and look at any moment of it later.
#[derive(Debug, Parser)]
#[command(name = "afterimage", version, about, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record this host until a signal or --duration ends it
    Record(Box<RecordArgs>),
    /// Ask the running recorder how it fares
    Status(SocketArgs),
    /// Leave a mark with a text at this moment of the recording
    Mark(MarkArgs),
    /// Have the running recorder take a thread dump of a process, or of every Java virtual machine
    Dump(DumpArgs),
    #[command(hide = true)]
    ThreadDumpHelper(HelperArgs),
    /// What a capture holds: host, span, gaps, sizes, sources
    Info(InfoArgs),
    /// Verify every frame and every row of a capture
    Check(InfoArgs),
    /// Every process at one moment
    Ps(PsArgs),
    /// Load averages and tasks
    Uptime(RangeArgs),
    /// Tasks, memory, swap, I/O and CPU, step by step
    Vmstat(RangeArgs),
    /// Memory and swap
    Free(RangeArgs),
    /// Block devices, as `iostat -x` has them: requests, waiting, use
    Iostat(IostatArgs),
    /// CPU, memory, paging, disks, network and more, a section at a time
    Sar(SarArgs),
    /// What is left of each file system, and which do not answer
    Df(DfArgs),
    /// Locks on files: who holds them, and who waits for whom
    Lslocks(RangeArgs),
    /// Block devices: models, names of dm devices, what stands on what
    Lsblk(RangeArgs),
    /// The memory of each NUMA node
    Numastat(RangeArgs),
    /// The machine and its processes, sorted by CPU, at one moment or step by step
    Top(TopArgs),
    /// What each process did, step by step, and on average
    Pidstat(PidstatArgs),
    /// Who waits for what, in words
    Waits(WaitsArgs),
    /// TCP and UDP sockets: queues, owners, ages
    Ss(SsArgs),
    /// What the load is made of: tasks that run, could run, or are in state D
    Load(LoadArgs),
    /// Thread dumps: findings, locks, groups, CPU; of a capture, or of a file that somebody made
    Threads(ThreadsArgs),
    /// The kernel log
    Dmesg(RangeArgs),
    /// The processes that ended, the last one first, with how they ended and what they had used
    Lastcomm(LastcommArgs),
    /// Copy a capture, also while it is recorded; `-` writes to standard output
    Copy(CopyArgs),
    /// A range of a capture as a capture of its own
    Clip(ClipArgs),
    /// Everything sound of a damaged capture, as a new one
    Salvage(SalvageArgs),
    /// What this host allows, what each missing privilege costs, and how to grant it
    Doctor(DoctorArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages into a directory
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The capture; an existing one of this host is continued
    /// [default: ./HOST.afterimage, as a service in its state directory]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The time between ticks [default: 1s]
    #[arg(short, long, value_name = "TIME", value_parser = interval)]
    pub(crate) interval: Option<String>,
    /// End after this time
    #[arg(short, long, value_name = "TIME")]
    pub(crate) duration: Option<HumanDuration>,
    /// The largest size of what is kept; the oldest goes first [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = max_size)]
    pub(crate) max_size: Option<String>,
    /// Keep at most this much time, counted from the newest data [default: 7d]
    #[arg(long, value_name = "TIME", value_parser = retain)]
    pub(crate) retain: Option<String>,
    /// CPU that the recorder may use, in percent of one core; over it, it leaves things out
    /// [default: 3]
    #[arg(long, value_name = "PERCENT", value_parser = budget_cpu)]
    pub(crate) budget_cpu: Option<String>,
    /// When what was written reaches the disk: with each tick (a power cut loses the one in
    /// flight), every ten seconds, or when the system likes (a power cut may damage the capture)
    /// [default: tick]
    #[arg(long, value_name = "WHEN", value_parser = ["tick", "10s", "off"])]
    pub(crate) sync: Option<String>,
    /// What is stored of command lines: all, all but secrets, or only the program
    /// [default: redact]
    #[arg(long, value_name = "HOW MUCH", value_parser = ["full", "redact", "none"])]
    pub(crate) args: Option<String>,
    /// Memory for ticks that cannot be written yet; when it is full, processes are left out of
    /// them before ticks are [default: 16MiB]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub(crate) memory: Option<String>,
    /// A directory in memory, for a second capture while the first cannot be written for longer
    /// [default: `/run/afterimage`, or `afterimage` in `$XDG_RUNTIME_DIR`]
    #[arg(long, value_name = "DIR")]
    pub(crate) fallback: Option<PathBuf>,
    /// Read these settings from a file in TOML; what is given here goes before it. SIGHUP reads
    /// it again
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Record every thread of the processes with this name or pid too, up to 256 threads in all;
    /// may be given more than once
    #[arg(long, value_name = "NAME|PID")]
    pub(crate) threads_of: Vec<String>,
    /// Take thread dumps of Java virtual machines when something is wrong with them; also without
    /// this, `afterimage dump` asks for one
    #[arg(long)]
    pub(crate) thread_dumps: bool,
    /// A directory that stands in for /proc. If it is called `proc`, `sys` beside it stands in for
    /// /sys; else there is none
    #[arg(long, value_name = "DIR")]
    pub(crate) proc_root: Option<PathBuf>,
    /// Where the control socket is
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SocketArgs {
    /// The recorder that records into this file, where several run
    #[arg(short, long, value_name = "FILE", conflicts_with = "socket")]
    pub(crate) output: Option<PathBuf>,
    /// Where the control socket is
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct MarkArgs {
    /// What to remember of this moment
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) socket: SocketArgs,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// The capture
    pub(crate) file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    /// Show times in UTC instead of the recorded host's zone
    #[arg(long)]
    pub(crate) utc: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// An array of objects
    Json,
    /// Comma-separated values with a heading
    Csv,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// How to print
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    /// Show times in UTC instead of the recorded host's zone
    #[arg(long)]
    pub(crate) utc: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PsArgs {
    /// The capture
    pub(crate) file: PathBuf,
    /// The moment: the last tick at or before it [default: end]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) at: Option<When>,
    /// Sort by a column: numbers with the largest first
    #[arg(long, value_name = "COLUMN")]
    pub(crate) sort: Option<String>,
    /// Show each process under its parent
    #[arg(long, conflicts_with = "sort")]
    pub(crate) tree: bool,
    /// Show the threads that were recorded, as `ps -L` does: those in state D, and those of processes
    /// that starved, were busiest, had most threads, or were chosen with `record --threads-of`. Every
    /// other process is one row. LWP is the thread, NLWP how many its process has, SEEN how many of
    /// them were recorded
    #[arg(long, short = 'L', conflicts_with = "tree")]
    pub(crate) threads: bool,
    /// Print at most so many rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// The columns to print, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RangeArgs {
    /// The capture
    pub(crate) file: PathBuf,
    /// One moment: the last tick at or before it
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with_all = ["from", "to"])]
    pub(crate) at: Option<When>,
    /// From this moment on [default: start]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<When>,
    /// Up to this moment [default: end]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<When>,
    /// One row for so much time [default: one for each tick]. Rates and shares are averages over
    /// it, amounts are of its end; a gap ends it early, and is a row of its own
    #[arg(long, value_name = "TIME")]
    pub(crate) step: Option<HumanDuration>,
    /// The columns to print, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// The capture
    pub(crate) file: PathBuf,
    /// Where to: a file that is not there yet, or `-`
    pub(crate) destination: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ClipArgs {
    /// The capture; it may be one that is being recorded, or a damaged one: then what is sound
    /// is taken, what is not is listed and becomes a gap, and the exit code is 3
    pub(crate) file: PathBuf,
    /// From this moment on [default: start]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<When>,
    /// Up to this moment [default: end]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<When>,
    /// The new capture: a file that is not there yet, or `-` for standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// Everything sound of a damaged capture, as a new one
///
/// Where the database cannot be read any more, its pages are: each row and each chunk is taken
/// by its own checksum. Lost ticks become gaps; what was lost is listed, and the exit code is 3.
/// Processes' lives and the curves of long stretches are made anew from the ticks that are left.
/// Nothing can be saved (exit code 1) where both copies are lost of the number that says which
/// capture it is.
#[derive(Debug, Args)]
pub(crate) struct SalvageArgs {
    /// The damaged capture, which stays as it is
    pub(crate) input: PathBuf,
    /// The new capture: a file that is not there yet, or `-` for standard output
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The directory
    #[arg(default_value = ".")]
    pub(crate) directory: PathBuf,
}

/// A setting that the configuration accepts; it is kept as it was given.
fn accepted(text: &str, set: impl FnOnce(&mut Config, String)) -> Result<String, String> {
    let mut config = Config::default();
    set(&mut config, text.to_owned());
    let accepted = config.interval().and_then(|_| config.tunable());
    let accepted = accepted.and_then(|_| config.memory());
    accepted
        .map(|_| text.to_owned())
        .map_err(|error| format!("{error:#}"))
}

fn max_size(text: &str) -> Result<String, String> {
    accepted(text, |config, text| config.max_size = Some(text))
}

fn retain(text: &str) -> Result<String, String> {
    accepted(text, |config, text| config.retain = Some(text))
}

fn budget_cpu(text: &str) -> Result<String, String> {
    accepted(text, |config, text| config.budget_cpu = Some(text))
}

fn memory(text: &str) -> Result<String, String> {
    accepted(text, |config, text| config.memory = Some(text))
}

fn interval(text: &str) -> Result<String, String> {
    accepted(text, |config, text| config.interval = Some(text))
}

/// Runs a command line and gives the exit code. Errors are printed here and nowhere else.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let command = match dump::helper(&args) {
        Some(args) => args.map(Command::ThreadDumpHelper),
        None => Cli::try_parse_from(args).map(|cli| cli.command),
    };
    let command = match command {
        Ok(command) => command,
        Err(error) => {
            // Help goes to standard output with code 0, a usage error to standard error with 2.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match command::dispatch(command) {
        Ok(code) => code,
        Err(error)
            if error.chain().any(|cause| {
                cause
                    .downcast_ref::<OutputError>()
                    .is_some_and(OutputError::is_closed_pipe)
            }) =>
        {
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Where standard error is closed as well there is nobody to tell.
            drop(writeln!(std::io::stderr(), "afterimage: {error:#}"));
            command::exit_code(&error)
        }
    }
}
