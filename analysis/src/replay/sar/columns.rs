//! The columns of sar's reports, behind the moment.

use super::Section;
use crate::table::Column;

pub(super) fn of(section: Section) -> &'static [Column] {
    match section {
        Section::Cpu => &CPU,
        Section::Queue => &QUEUE,
        Section::Memory => &MEMORY,
        Section::Swap => &SWAP,
        Section::Paging => &PAGING,
        Section::Io => &IO,
        Section::Disks => &DISKS,
        Section::Network => &NETWORK,
        Section::Swapping => &SWAPPING,
        Section::MoreMemory => &MORE_MEMORY,
        Section::HugePages => &HUGE_PAGES,
        Section::FileSystems => &FILE_SYSTEMS,
        Section::Interrupts => &INTERRUPTS,
        Section::Frequency => &FREQUENCY,
    }
}

const CPU: [Column; 7] = [
    Column::text("cpu", "CPU"),
    Column::number("user_percent", "%user"),
    Column::number("nice_percent", "%nice"),
    Column::number("system_percent", "%system"),
    Column::number("iowait_percent", "%iowait"),
    Column::number("steal_percent", "%steal"),
    Column::number("idle_percent", "%idle"),
];

const QUEUE: [Column; 6] = [
    Column::number("runq_sz", "runq-sz"),
    Column::number("plist_sz", "plist-sz"),
    Column::number("ldavg_1", "ldavg-1"),
    Column::number("ldavg_5", "ldavg-5"),
    Column::number("ldavg_15", "ldavg-15"),
    Column::number("blocked", "blocked"),
];

const MEMORY: [Column; 11] = [
    Column::number("memfree_kib", "kbmemfree"),
    Column::number("avail_kib", "kbavail"),
    Column::number("memused_kib", "kbmemused"),
    Column::number("memused_percent", "%memused"),
    Column::number("buffers_kib", "kbbuffers"),
    Column::number("cached_kib", "kbcached"),
    Column::number("commit_kib", "kbcommit"),
    Column::number("commit_percent", "%commit"),
    Column::number("active_kib", "kbactive"),
    Column::number("inact_kib", "kbinact"),
    Column::number("dirty_kib", "kbdirty"),
];

const SWAP: [Column; 5] = [
    Column::number("swpfree_kib", "kbswpfree"),
    Column::number("swpused_kib", "kbswpused"),
    Column::number("swpused_percent", "%swpused"),
    Column::number("swpcad_kib", "kbswpcad"),
    Column::number("swpcad_percent", "%swpcad"),
];

const PAGING: [Column; 9] = [
    Column::number("pgpgin_kib_per_second", "pgpgin/s"),
    Column::number("pgpgout_kib_per_second", "pgpgout/s"),
    Column::number("fault_per_second", "fault/s"),
    Column::number("majflt_per_second", "majflt/s"),
    Column::number("pgfree_per_second", "pgfree/s"),
    Column::number("pgscank_per_second", "pgscank/s"),
    Column::number("pgscand_per_second", "pgscand/s"),
    Column::number("pgsteal_per_second", "pgsteal/s"),
    Column::number("vmeff_percent", "%vmeff"),
];

const IO: [Column; 7] = [
    Column::number("tps", "tps"),
    Column::number("rtps", "rtps"),
    Column::number("wtps", "wtps"),
    Column::number("dtps", "dtps"),
    Column::number("bread_per_second", "bread/s"),
    Column::number("bwrtn_per_second", "bwrtn/s"),
    Column::number("bdscd_per_second", "bdscd/s"),
];

const DISKS: [Column; 9] = [
    Column::text("dev", "DEV"),
    Column::number("tps", "tps"),
    Column::number("rkib_per_second", "rkB/s"),
    Column::number("wkib_per_second", "wkB/s"),
    Column::number("dkib_per_second", "dkB/s"),
    Column::number("areq_sz_kib", "areq-sz"),
    Column::number("aqu_sz", "aqu-sz"),
    Column::number("await_ms", "await"),
    Column::number("util_percent", "%util"),
];

const NETWORK: [Column; 8] = [
    Column::text("iface", "IFACE"),
    Column::number("rxpck_per_second", "rxpck/s"),
    Column::number("txpck_per_second", "txpck/s"),
    Column::number("rxkib_per_second", "rxkB/s"),
    Column::number("txkib_per_second", "txkB/s"),
    Column::number("rxcmp_per_second", "rxcmp/s"),
    Column::number("txcmp_per_second", "txcmp/s"),
    Column::number("rxmcst_per_second", "rxmcst/s"),
];

const SWAPPING: [Column; 2] = [
    Column::number("pswpin_per_second", "pswpin/s"),
    Column::number("pswpout_per_second", "pswpout/s"),
];

const MORE_MEMORY: [Column; 5] = [
    Column::number("anonpg_kib", "kbanonpg"),
    Column::number("slab_kib", "kbslab"),
    Column::number("kstack_kib", "kbkstack"),
    Column::number("pgtbl_kib", "kbpgtbl"),
    Column::number("vmused_kib", "kbvmused"),
];

const HUGE_PAGES: [Column; 5] = [
    Column::number("hugfree_kib", "kbhugfree"),
    Column::number("hugused_kib", "kbhugused"),
    Column::number("hugused_percent", "%hugused"),
    Column::number("hugrsvd_kib", "kbhugrsvd"),
    Column::number("hugsurp_kib", "kbhugsurp"),
];

const FILE_SYSTEMS: [Column; 9] = [
    Column::text("filesystem", "FILESYSTEM"),
    Column::text("mount", "MOUNT"),
    Column::number("fsfree_mib", "MBfsfree"),
    Column::number("fsused_mib", "MBfsused"),
    Column::number("fsused_percent", "%fsused"),
    Column::number("ufsused_percent", "%ufsused"),
    Column::number("ifree", "Ifree"),
    Column::number("iused", "Iused"),
    Column::number("iused_percent", "%Iused"),
];

const INTERRUPTS: [Column; 3] = [
    Column::text("intr", "INTR"),
    Column::number("intr_per_second", "intr/s"),
    Column::text("description", "DESCRIPTION"),
];

const FREQUENCY: [Column; 4] = [
    Column::text("cpu", "CPU"),
    Column::number("mhz", "MHz"),
    Column::number("throttled", "throttled"),
    Column::number("throttled_per_second", "throttled/s"),
];
