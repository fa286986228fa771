//! The command lines of `iostat`, `sar`, `df`, `top` and `pidstat`.

use super::RangeArgs;
use afterimage_analysis::replay::{pidstat, sar};
use clap::{Args, ValueEnum};

/// Block devices, as `iostat -x` has them
///
/// r/s, w/s, d/s, f/s: reads, writes, discards and flushes completed a second.
/// rkB/s, wkB/s, dkB/s: KiB read, written, discarded a second.
/// rrqm/s, wrqm/s, drqm/s: requests a second that were merged with others in the queue;
/// %rrqm, %wrqm, %drqm: how many of all that is.
/// `r_await`, `w_await`, `d_await`, `f_await`: milliseconds that one took on average, with its time
/// in the queue.
/// rareq-sz, wareq-sz, dareq-sz: the average size of one, in KiB.
/// aqu-sz: how many were under way or in the queue on average.
/// %util: the share of time in which any were. A device that serves many at a time may have room
/// left at 100 %.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct IostatArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// Only these devices, separated by commas [default: every device that ever did anything,
    /// partitions among them]
    #[arg(long, value_name = "DEVICES", value_delimiter = ',')]
    pub(crate) devices: Option<Vec<String>>,
    /// Show dm devices by their names (`vg-root` instead of `dm-0`), also for --devices
    #[arg(short = 'N', long)]
    pub(crate) dm_names: bool,
}

/// What is left of each file system, as `df -k -T` has it, and which do not answer
///
/// Without --at, --from and --to: the end. Size, used and available in KiB; Use%: of what is used
/// and what everybody may still use. One line for each file system, however often it is mounted.
/// Not answering since: the tick at which it was asked; the recorder waits two seconds. Missing:
/// why there are no numbers. File systems of other hosts and of programs (FUSE) are asked at each
/// third tick, others at each.
#[derive(Debug, Args)]
pub(crate) struct DfArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// Inodes instead of blocks
    #[arg(short, long)]
    pub(crate) inodes: bool,
    /// Those without a size, too
    #[arg(short, long)]
    pub(crate) all: bool,
}

/// CPU, memory, paging, disks, network and more, a section at a time
///
/// u  %user and %nice (guests included), %system (interrupts included), %iowait: idle while I/O
///    was outstanding, %steal: taken by the hypervisor, %idle.
/// q  runq-sz: tasks running or runnable, plist-sz: tasks that exist, load averages, blocked:
///    tasks that wait for I/O.
/// r  kbmemfree, kbavail: what programs could still get without swapping, kbmemused: neither free
///    nor cache nor slab, kbbuffers, kbcached, kbcommit: what was promised to programs, and its
///    share of memory and swap space, kbactive, kbinact, kbdirty: to be written to disk.
/// S  kbswpfree, kbswpused, kbswpcad: in swap space and in memory too, and its share of what is
///    used.
/// B  pgpgin/s, pgpgout/s: KiB from and to disks; fault/s, majflt/s: page faults, those that had to
///    read; pgfree/s; pgscank/s, pgscand/s: pages looked at by kswapd and directly; pgsteal/s: pages
///    reclaimed; %vmeff: how many of those looked at.
/// b  tps: requests to all real devices, rtps, wtps, dtps: reads, writes, discards; bread/s,
///    bwrtn/s, bdscd/s: blocks of 512 bytes.
/// d  each device: tps, rkB/s, wkB/s, dkB/s, areq-sz (KiB), aqu-sz, await (ms), %util.
/// n  (or DEV) each interface: rxpck/s, txpck/s, rxkB/s, txkB/s, rxcmp/s, txcmp/s: compressed
///    packets, rxmcst/s: multicast. (%ifutil is not there: the speed of a link is not recorded.)
/// W  pswpin/s, pswpout/s: pages swapped in and out.
/// rALL  what sar -r ALL has beyond r: kbanonpg, kbslab, kbkstack, kbpgtbl, kbvmused.
/// H  huge pages of the default size: kbhugfree, kbhugused, %hugused, kbhugrsvd, kbhugsurp.
/// F  each file system: `MBfsfree`, `MBfsused`, %fsused, %ufsused: used or not for everybody, Ifree,
///    Iused, %Iused.
/// I  interrupts: sum, each by its number or name, and soft ones (softirq:TIMER, ...): intr/s.
/// m  CPUs: `MHz` (of all: the mean), throttled: how often they were slowed down for their heat, and
///    so many times a second. Read at each tenth tick.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct SarArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// The section, by the letter of sar's option
    #[arg(
        short = 's',
        long,
        value_enum,
        value_name = "LETTER",
        default_value = "u"
    )]
    pub(crate) section: SarSection,
    /// Only these CPUs (all, 0, 1, ...), devices, interfaces, file systems (by device or mount
    /// point) or interrupts (sum, 24, LOC, softirq:TIMER), separated by commas; ALL is each
    /// [default: of CPUs all together, else each]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) devices: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SarSection {
    /// CPU
    #[value(name = "u", alias = "cpu")]
    Cpu,
    /// Run queue and load averages
    #[value(name = "q", alias = "queue")]
    Queue,
    /// Memory
    #[value(name = "r", alias = "memory")]
    Memory,
    /// Swap space
    #[value(name = "S", alias = "swap")]
    Swap,
    /// Paging
    #[value(name = "B", alias = "paging")]
    Paging,
    /// Transfers of all devices together
    #[value(name = "b", alias = "io")]
    Io,
    /// Each block device
    #[value(name = "d", alias = "disks")]
    Disks,
    /// Each network interface
    #[value(name = "n", aliases = ["DEV", "network"])]
    Network,
    /// Swapping
    #[value(name = "W", alias = "swapping")]
    Swapping,
    /// More about memory
    #[value(name = "rALL")]
    MoreMemory,
    /// Huge pages
    #[value(name = "H", alias = "hugepages")]
    HugePages,
    /// File systems
    #[value(name = "F", alias = "filesystems")]
    FileSystems,
    /// Interrupts
    #[value(name = "I", alias = "interrupts")]
    Interrupts,
    /// Frequencies of CPUs
    #[value(name = "m", alias = "frequency")]
    Frequency,
}

impl SarSection {
    pub(crate) fn section(self) -> sar::Section {
        match self {
            Self::Cpu => sar::Section::Cpu,
            Self::Queue => sar::Section::Queue,
            Self::Memory => sar::Section::Memory,
            Self::Swap => sar::Section::Swap,
            Self::Paging => sar::Section::Paging,
            Self::Io => sar::Section::Io,
            Self::Disks => sar::Section::Disks,
            Self::Network => sar::Section::Network,
            Self::Swapping => sar::Section::Swapping,
            Self::MoreMemory => sar::Section::MoreMemory,
            Self::HugePages => sar::Section::HugePages,
            Self::FileSystems => sar::Section::FileSystems,
            Self::Interrupts => sar::Section::Interrupts,
            Self::Frequency => sar::Section::Frequency,
        }
    }
}

/// The machine and its processes, sorted by CPU, at one moment or step by step
///
/// Without --at, --from and --to: the end. us, sy, ni, id, wa, hi, si, st: shares of all CPU time:
/// user, kernel, niced, idle, idle while I/O was outstanding, interrupts, soft interrupts, taken by
/// the hypervisor. PR, NI: priority and nice value; VIRT, RES, SHR: virtual, resident and shared
/// memory in KiB; S: state; %CPU: since the tick before, or over --step, 100 is one core; %MEM: RES
/// of all memory; TIME+: CPU time of its life.
#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// Sort by a column: numbers with the largest first
    #[arg(long, value_name = "COLUMN", default_value = "cpu_percent")]
    pub(crate) sort: String,
    /// Print at most so many processes of each moment
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// Who waits for what, in words
///
/// Without --at, --from and --to: the end. Threads in state D first, then those that want a CPU and
/// get none or wait for it for 30 % of the time, then those of processes chosen with
/// `record --threads-of` that sleep; those of other processes that sleep, with --all. SECONDS: for
/// how long it has been seen in that state, tick after tick, looking back at most 3600 ticks; WCHAN:
/// the function of the kernel that it waits in; STACK: the top of its kernel stack. What is not in
/// the dictionary is shown as it is.
#[derive(Debug, Args)]
pub(crate) struct WaitsArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// Also threads that only sleep, and whose process nobody asked for
    #[arg(long)]
    pub(crate) all: bool,
}

/// What each process did, step by step, and on average
///
/// Shown are processes that did something in a step; those that began within it have counted from
/// zero. The averages over everything that was asked for come last.
///
/// u  %usr (guests left out), %system, %guest, %wait: runnable without a CPU (of the first thread),
///    %CPU: all of its CPU time, 100 is one core; CPU: where it last ran.
/// r  minflt/s, majflt/s: page faults, those that had to read; VSZ, RSS: virtual and resident
///    memory in KiB; %MEM: RSS of all memory.
/// d  `kB_rd/s`, `kB_wr/s`: KiB from and to disks; `kB_ccwr/s`: that were not written after all;
///    iodelay: clock ticks that it waited for disks (where the kernel accounts delays).
/// w  cswch/s, nvcswch/s: times that it gave up the CPU, and that the CPU was taken from it (of
///    the first thread).
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct PidstatArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// The section, by the letter of pidstat's option
    #[arg(
        short = 's',
        long,
        value_enum,
        value_name = "LETTER",
        default_value = "u"
    )]
    pub(crate) section: PidstatSection,
    /// Only these processes, also when they are idle
    #[arg(long, value_name = "PIDS", value_delimiter = ',')]
    pub(crate) pid: Option<Vec<i32>>,
    /// Only processes with this in their name, also when they are idle
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) comm: Option<String>,
    /// Idle processes, too
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PidstatSection {
    /// CPU
    #[value(name = "u", alias = "cpu")]
    Cpu,
    /// Faults and memory
    #[value(name = "r", alias = "memory")]
    Memory,
    /// I/O
    #[value(name = "d", alias = "io")]
    Io,
    /// Context switches
    #[value(name = "w", alias = "switches")]
    Switches,
}

impl PidstatSection {
    pub(crate) fn section(self) -> pidstat::Section {
        match self {
            Self::Cpu => pidstat::Section::Cpu,
            Self::Memory => pidstat::Section::Memory,
            Self::Io => pidstat::Section::Io,
            Self::Switches => pidstat::Section::Switches,
        }
    }
}
