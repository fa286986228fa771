//! Memory: the numbers of `free`, what memory is used for, lines of `/proc/meminfo`, and paging
//! as `vmstat` and `sar -B` have it.

use super::{Absent, Before, Column, Measure, Row, Sheet, Value, count, rise};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Lines, Machine};
use afterimage_format::units::Bytes;

/// The numbers of `free`, as procps computes them since version 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// All that the kernel manages.
    pub total: Reading<Bytes>,
    /// What is not available.
    pub used: Reading<Bytes>,
    /// What nobody uses.
    pub unused: Reading<Bytes>,
    /// Shared memory and tmpfs.
    pub shared: Reading<Bytes>,
    /// Copies of files, and what the kernel keeps of its own and could give up.
    pub buff_cache: Reading<Bytes>,
    /// What programs could still get without swapping.
    pub available: Reading<Bytes>,
    /// All swap space.
    pub swap_total: Reading<Bytes>,
    /// Swap space in use.
    pub swap_used: Reading<Bytes>,
    /// Swap space left.
    pub swap_unused: Reading<Bytes>,
}

impl Amounts {
    /// The numbers at one instant.
    pub fn new(memory: &Lines) -> Self {
        let line = |name| memory.bytes(name);
        let less =
            |all: Reading<Bytes>, part: Reading<Bytes>| Ok(Bytes(all?.0.saturating_sub(part?.0)));
        let (total, free) = (line("MemTotal"), line("MemFree"));
        let available = line("MemAvailable");
        let (swap_total, swap_free) = (line("SwapTotal"), line("SwapFree"));
        Self {
            total,
            used: less(total, available.or(free)),
            unused: free,
            shared: line("Shmem"),
            buff_cache: sum(memory, &["Buffers", "Cached", "SReclaimable"]),
            available,
            swap_total,
            swap_used: less(swap_total, swap_free),
            swap_unused: swap_free,
        }
    }
}

/// The sum of several lines; absent when one is.
fn sum(memory: &Lines, names: &[&str]) -> Reading<Bytes> {
    let lines = names.iter().map(|name| Ok(memory.bytes(name)?.0));
    let add = |sum: u64, line: Reading<u64>| Ok::<_, Missing>(sum.saturating_add(line?));
    lines.into_iter().try_fold(0, add).map(Bytes)
}

fn amount(reading: Reading<Bytes>) -> Value {
    Ok(reading?.0 as f64)
}

/// The columns of [`free`], in the order of that command.
pub const FREE: [Column; 6] = [
    Column::new("total_bytes", "total", Measure::Bytes),
    Column::new("used_bytes", "used", Measure::Bytes),
    Column::new("free_bytes", "free", Measure::Bytes),
    Column::new("shared_bytes", "shared", Measure::Bytes),
    Column::new("buff_cache_bytes", "buff/cache", Measure::Bytes),
    Column::new("available_bytes", "available", Measure::Bytes),
];

/// The rows of `free`.
pub fn free(now: &Machine) -> Sheet {
    let amounts = Amounts::new(&now.memory);
    let memory = [
        amounts.total,
        amounts.used,
        amounts.unused,
        amounts.shared,
        amounts.buff_cache,
        amounts.available,
    ];
    let swap = [amounts.swap_total, amounts.swap_used, amounts.swap_unused];
    let not_here = [Err(Absent::NotHere); 3];
    let row = |name: &str, values: Vec<Value>| Row {
        name: name.into(),
        values,
    };
    let rows = vec![
        row("Mem", memory.into_iter().map(amount).collect()),
        row(
            "Swap",
            swap.into_iter().map(amount).chain(not_here).collect(),
        ),
    ];
    Sheet {
        columns: &FREE,
        rows,
    }
}

/// The columns of [`parts`].
pub const PARTS: [Column; 6] = [
    Column::new("programs_bytes", "programs", Measure::Bytes),
    Column::new("kernel_bytes", "kernel and other", Measure::Bytes),
    Column::new("shared_bytes", "shared", Measure::Bytes),
    Column::new("reclaimable_bytes", "reclaimable slab", Measure::Bytes),
    Column::new("files_bytes", "buffers and files", Measure::Bytes),
    Column::new("free_bytes", "free", Measure::Bytes),
];

/// What all memory is used for, in parts that do not overlap: what none of the other lines tells
/// of is the kernel's (or belongs to its drivers, or is set aside as huge pages).
pub fn parts(now: &Machine) -> Sheet {
    let memory = &now.memory;
    let line = |name| memory.bytes(name);
    let (programs, shared) = (line("AnonPages"), line("Shmem"));
    let (free, slab) = (line("MemFree"), line("SReclaimable"));
    // `Cached` counts shared memory, which no file stands behind.
    let files = sum(memory, &["Buffers", "Cached"])
        .and_then(|files| Ok(Bytes(files.0.saturating_sub(shared?.0))));
    let rest = line("MemTotal").and_then(|total| {
        let known = [programs, shared, slab, files, free];
        let mut rest = total.0;
        for part in known {
            rest = rest.saturating_sub(part?.0);
        }
        Ok(Bytes(rest))
    });
    let values = [programs, rest, shared, slab, files, free];
    Sheet::single(&PARTS, values.into_iter().map(amount).collect())
}

/// The columns of [`lines`], by the names of `/proc/meminfo`.
pub const LINES: [Column; 22] = [
    Column::new("dirty_bytes", "Dirty", Measure::Bytes),
    Column::new("writeback_bytes", "Writeback", Measure::Bytes),
    Column::new("anon_pages_bytes", "AnonPages", Measure::Bytes),
    Column::new("mapped_bytes", "Mapped", Measure::Bytes),
    Column::new("shmem_bytes", "Shmem", Measure::Bytes),
    Column::new("buffers_bytes", "Buffers", Measure::Bytes),
    Column::new("cached_bytes", "Cached", Measure::Bytes),
    Column::new("swap_cached_bytes", "SwapCached", Measure::Bytes),
    Column::new("active_bytes", "Active", Measure::Bytes),
    Column::new("inactive_bytes", "Inactive", Measure::Bytes),
    Column::new("mlocked_bytes", "Mlocked", Measure::Bytes),
    Column::new("slab_bytes", "Slab", Measure::Bytes),
    Column::new("s_reclaimable_bytes", "SReclaimable", Measure::Bytes),
    Column::new("s_unreclaim_bytes", "SUnreclaim", Measure::Bytes),
    Column::new("kernel_stack_bytes", "KernelStack", Measure::Bytes),
    Column::new("page_tables_bytes", "PageTables", Measure::Bytes),
    Column::new("committed_bytes", "Committed_AS", Measure::Bytes),
    Column::new("commit_limit_bytes", "CommitLimit", Measure::Bytes),
    Column::new("anon_huge_pages_bytes", "AnonHugePages", Measure::Bytes),
    Column::new("huge_pages", "HugePages_Total", Measure::Count),
    Column::new("huge_pages_free", "HugePages_Free", Measure::Count),
    Column::new("huge_page_bytes", "Hugepagesize", Measure::Bytes),
];

/// Lines of `/proc/meminfo`.
pub fn lines(now: &Machine) -> Sheet {
    let value = |column: &Column| match column.measure {
        Measure::Count => count(now.memory.number(column.heading)),
        _ => amount(now.memory.bytes(column.heading)),
    };
    Sheet::single(&LINES, LINES.iter().map(value).collect())
}

/// The columns of [`paging`]: counted as in `vmstat` and in `sar -B`.
pub const PAGING: [Column; 12] = [
    Column::new("si_kib_per_second", "swap-in (si)", Measure::KibPerSecond),
    Column::new("so_kib_per_second", "swap-out (so)", Measure::KibPerSecond),
    Column::new(
        "pgpgin_kib_per_second",
        "read (pgpgin)",
        Measure::KibPerSecond,
    ),
    Column::new(
        "pgpgout_kib_per_second",
        "written (pgpgout)",
        Measure::KibPerSecond,
    ),
    Column::new("fault_per_second", "page faults", Measure::PerSecond),
    Column::new("majflt_per_second", "major faults", Measure::PerSecond),
    Column::new(
        "pgscank_per_second",
        "scanned by kswapd",
        Measure::PerSecond,
    ),
    Column::new("pgscand_per_second", "scanned directly", Measure::PerSecond),
    Column::new("pgsteal_per_second", "reclaimed", Measure::PerSecond),
    Column::new("refault_per_second", "refaults", Measure::PerSecond),
    Column::new(
        "allocstall_per_second",
        "allocation stalls",
        Measure::PerSecond,
    ),
    Column::new("oom_kills", "OOM kills", Measure::Count),
];

/// Paging since the sample before, out of `/proc/vmstat`.
pub fn paging(now: &Machine, before: Before<'_>, page_size: Bytes) -> Sheet {
    let rises = |names: &[&str]| -> Result<u64, Absent> {
        let now = total(&now.vmstat, names);
        rise(before.machine().map(|then| total(&then.vmstat, names)), now)
    };
    let counted = |names: &[&str]| before.per_second(rises(names));
    let values = vec![
        swapped(now, before, "pswpin", page_size),
        swapped(now, before, "pswpout", page_size),
        counted(&["pgpgin"]),
        counted(&["pgpgout"]),
        counted(&["pgfault"]),
        counted(&["pgmajfault"]),
        counted(&["pgscan_kswapd"]),
        counted(&["pgscan_direct"]),
        counted(&["pgsteal_kswapd", "pgsteal_direct"]),
        counted(&["workingset_refault"]),
        counted(&["allocstall"]),
        rises(&["oom_kill"]).map(|kills| kills as f64),
    ];
    Sheet::single(&PAGING, values)
}

/// KiB a second of a line that counts pages, as `si` and `so` of `vmstat`.
pub fn swapped(now: &Machine, before: Before<'_>, line: &str, page_size: Bytes) -> Value {
    let earlier = before.machine().map(|then| then.vmstat.number(line));
    let pages = before.per_second(rise(earlier, now.vmstat.number(line)))?;
    Ok(pages * page_size.kib() as f64)
}

/// The sum of lines that are named so, or so with a zone or a kind of memory behind, as
/// `pgscan_direct_normal` before Linux 4.8 and `workingset_refault_anon` since 5.9.
pub(crate) fn total(lines: &Lines, names: &[&str]) -> Reading<u64> {
    let mut total = Err(Missing::NotSupported);
    for (line, number) in &lines.0 {
        let is_named = |name: &&str| {
            let rest = line.strip_prefix(*name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        // How often direct reclaim was made to wait, and not how much it looked at.
        if !names.iter().any(is_named) || line.ends_with("_throttle") {
            continue;
        }
        total = Ok(total.unwrap_or(0_u64).saturating_add((*number)?));
    }
    total
}
