//! What of each tool is compared with what of ours, and how near it must be.

use super::live::{Line, of_names};
use super::{Comparison, amount, rate};

fn copies(lines: &[Line]) -> Vec<Line> {
    let copy = |line: &Line| Line {
        at: line.at,
        seconds: line.seconds,
        values: line.values.clone(),
    };
    lines.iter().map(copy).collect()
}

pub(super) fn vmstat(lines: &[Line]) -> Comparison {
    let whole = 1.0;
    Comparison {
        name: "vmstat",
        verb: "vmstat",
        words: vec![],
        row: None,
        lines: copies(lines),
        pairs: vec![
            amount("free", "free_kib", super::MEMORY_KIB),
            amount("buff", "buff_kib", super::MEMORY_KIB),
            amount("cache", "cache_kib", super::MEMORY_KIB),
            amount("swpd", "swpd_kib", super::MEMORY_KIB),
            rate("si", "si_kib_per_second", whole),
            rate("so", "so_kib_per_second", whole),
            rate("bi", "bi_per_second", whole),
            rate("bo", "bo_per_second", whole),
            rate("in", "in_per_second", whole),
            rate("cs", "cs_per_second", whole),
            rate("us", "us_percent", whole),
            rate("sy", "sy_percent", whole),
            rate("id", "id_percent", whole),
            rate("wa", "wa_percent", whole),
            rate("st", "st_percent", whole),
        ],
    }
}

/// Hundredths, of which each line may be off by one.
const CENT: f64 = 0.02;

pub(super) fn iostat((name, lines): (String, Vec<Line>)) -> Comparison {
    Comparison {
        name: "iostat",
        verb: "iostat",
        words: vec!["--devices".to_owned(), name],
        row: None,
        lines,
        pairs: vec![
            rate("r/s", "r_per_second", CENT),
            rate("rkB/s", "rkib_per_second", CENT),
            rate("rrqm/s", "rrqm_per_second", CENT),
            rate("w/s", "w_per_second", CENT),
            rate("wkB/s", "wkib_per_second", CENT),
            rate("wrqm/s", "wrqm_per_second", CENT),
            rate("d/s", "d_per_second", CENT),
            rate("dkB/s", "dkib_per_second", CENT),
            rate("drqm/s", "drqm_per_second", CENT),
            rate("f/s", "f_per_second", CENT),
            rate("aqu-sz", "aqu_sz", CENT),
            rate("util", "util_percent", 1.0),
        ],
    }
}

/// CPU time comes in hundredths of a second, and a tool's second is never quite one.
const CPU_PERCENT: f64 = 2.0;

pub(super) fn pidstat(lines: &[Line], pid: i64) -> Vec<Comparison> {
    let section = |letter: &str, pairs| Comparison {
        name: "pidstat",
        verb: "pidstat",
        words: ["--pid", &pid.to_string(), "-s", letter]
            .map(str::to_owned)
            .to_vec(),
        row: Some(("pid", pid.into())),
        lines: copies(lines),
        pairs,
    };
    vec![
        section(
            "u",
            vec![
                rate("%usr", "usr_percent", CPU_PERCENT),
                rate("%system", "system_percent", CPU_PERCENT),
                rate("%guest", "guest_percent", CPU_PERCENT),
                rate("%wait", "wait_percent", CPU_PERCENT),
                rate("%CPU", "cpu_percent", CPU_PERCENT),
            ],
        ),
        section(
            "r",
            vec![
                rate("minflt/s", "minflt_per_second", CENT),
                rate("majflt/s", "majflt_per_second", CENT),
                amount("VSZ", "vsz_kib", 0.0),
                amount("RSS", "rss_kib", 2048.0),
            ],
        ),
        section(
            "d",
            vec![
                rate("kB_rd/s", "rd_kib_per_second", CENT),
                rate("kB_wr/s", "wr_kib_per_second", CENT),
                rate("kB_ccwr/s", "ccwr_kib_per_second", CENT),
            ],
        ),
        section(
            "w",
            vec![
                rate("cswch/s", "cswch_per_second", CENT),
                rate("nvcswch/s", "nvcswch_per_second", CENT),
            ],
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a list of columns")]
pub(super) fn sar(lines: &[Line]) -> Vec<Comparison> {
    let section = |name, letter: &str, row, lines, pairs| Comparison {
        name,
        verb: "sar",
        words: ["-s", letter, "--devices", "ALL"]
            .map(str::to_owned)
            .to_vec(),
        row,
        lines,
        pairs,
    };
    let whole = |name, letter, pairs| section(name, letter, None, copies(lines), pairs);
    let memory = super::MEMORY_KIB;
    let mut all = vec![
        whole(
            "sar -q",
            "q",
            vec![
                amount("plist-sz", "plist_sz", 100.0),
                amount("ldavg-1", "ldavg_1", 1.0),
                amount("ldavg-5", "ldavg_5", 0.5),
                amount("ldavg-15", "ldavg_15", 0.5),
            ],
        ),
        whole(
            "sar -r",
            "r",
            vec![
                amount("memfree", "memfree_kib", memory),
                amount("avail", "avail_kib", memory),
                amount("memused", "memused_kib", memory),
                amount("memused-percent", "memused_percent", 2.0),
                amount("buffers", "buffers_kib", memory),
                amount("cached", "cached_kib", memory),
                amount("commit", "commit_kib", memory),
                amount("commit-percent", "commit_percent", 2.0),
                amount("active", "active_kib", memory),
                amount("inactive", "inact_kib", memory),
                amount("dirty", "dirty_kib", memory),
            ],
        ),
        whole(
            "sar -S",
            "S",
            vec![
                amount("swpfree", "swpfree_kib", memory),
                amount("swpused", "swpused_kib", memory),
                amount("swpused-percent", "swpused_percent", 1.0),
            ],
        ),
        whole(
            "sar -B",
            "B",
            vec![
                rate("pgpgin", "pgpgin_kib_per_second", CENT),
                rate("pgpgout", "pgpgout_kib_per_second", CENT),
                rate("fault", "fault_per_second", CENT),
                rate("majflt", "majflt_per_second", CENT),
                rate("pgfree", "pgfree_per_second", CENT),
                rate("pgscank", "pgscank_per_second", CENT),
                rate("pgscand", "pgscand_per_second", CENT),
            ],
        ),
        whole(
            "sar -b",
            "b",
            vec![
                rate("tps", "tps", CENT),
                rate("rtps", "rtps", CENT),
                rate("wtps", "wtps", CENT),
                rate("dtps", "dtps", CENT),
                rate("bread", "bread_per_second", CENT),
                rate("bwrtn", "bwrtn_per_second", CENT),
                rate("bdscd", "bdscd_per_second", CENT),
            ],
        ),
        whole(
            "sar -W",
            "W",
            vec![
                rate("pswpin", "pswpin_per_second", CENT),
                rate("pswpout", "pswpout_per_second", CENT),
            ],
        ),
    ];
    all.extend(of_names(lines, "cpu-load", "cpu").map(|(name, lines)| {
        let pairs = vec![
            rate("user", "user_percent", CPU_PERCENT),
            rate("nice", "nice_percent", CPU_PERCENT),
            rate("system", "system_percent", CPU_PERCENT),
            rate("iowait", "iowait_percent", CPU_PERCENT),
            rate("steal", "steal_percent", CPU_PERCENT),
            rate("idle", "idle_percent", CPU_PERCENT),
        ];
        section("sar -u", "u", Some(("cpu", name.into())), lines, pairs)
    }));
    all.extend(of_names(lines, "disk", "disk-device").map(|(name, lines)| {
        let pairs = vec![
            rate("tps", "tps", CENT),
            rate("rkB", "rkib_per_second", CENT),
            rate("wkB", "wkib_per_second", CENT),
            rate("dkB", "dkib_per_second", CENT),
            rate("aqu-sz", "aqu_sz", CENT),
            rate("util-percent", "util_percent", 1.0),
        ];
        section("sar -d", "d", Some(("dev", name.into())), lines, pairs)
    }));
    all.extend(of_names(lines, "net-dev", "iface").map(|(name, lines)| {
        let pairs = vec![
            rate("rxpck", "rxpck_per_second", CENT),
            rate("txpck", "txpck_per_second", CENT),
            rate("rxkB", "rxkib_per_second", CENT),
            rate("txkB", "txkib_per_second", CENT),
            rate("rxcmp", "rxcmp_per_second", CENT),
            rate("txcmp", "txcmp_per_second", CENT),
            rate("rxmcst", "rxmcst_per_second", CENT),
        ];
        section(
            "sar -n DEV",
            "n",
            Some(("iface", name.into())),
            lines,
            pairs,
        )
    }));
    all
}
