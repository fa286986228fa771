//! The tools, running, and what they print.

use super::{Comparison, amount, rate};
use crate::support::process::Guarded;
use serde_json::{Map, Value};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian has the collector of sar.
const SADC: &str = "/usr/lib/sysstat/sadc";

/// What a tool said of one interval.
#[derive(Debug)]
pub(super) struct Line {
    /// Its time, in seconds since 1970, cut to whole ones.
    pub(super) at: f64,
    /// How long the interval was.
    pub(super) seconds: f64,
    values: Map<String, Value>,
}

impl Line {
    #[track_caller]
    pub(super) fn number(&self, what: &str, key: &str) -> f64 {
        let number = self.values.get(key).and_then(Value::as_f64);
        number.unwrap_or_else(|| panic!("{what}: no {key} in {:?}", self.values))
    }
}

/// A tool that prints each second.
pub(super) struct Tool {
    name: &'static str,
    process: Guarded,
    out: PathBuf,
}

impl Tool {
    /// Starts all of them, to print so many lines each.
    pub(super) fn start_all(folder: &Path, lines: u64, pid: i64) -> Vec<Self> {
        let (count, pid) = (lines.to_string(), pid.to_string());
        let start = |name, program: &str, args: &[&str]| {
            let out = folder.join(name);
            let mut command = Command::new(program);
            command.args(args).env("TZ", "UTC").env("LC_ALL", "C");
            command.env("S_TIME_FORMAT", "ISO");
            command.stdin(Stdio::null()).stderr(Stdio::null());
            command.stdout(File::create(&out).expect("the folder is ours"));
            let process = Guarded::spawn(&mut command);
            Self { name, process, out }
        };
        let records = folder.join("sadc.records");
        let records = records.to_str().expect("a temporary folder");
        let mut tools = vec![
            start("vmstat", "vmstat", &["-t", "-y", "1", &count]),
            start(
                "iostat",
                "iostat",
                &["-x", "-y", "-t", "-o", "JSON", "1", &count],
            ),
            start(
                "pidstat",
                "pidstat",
                &["-H", "-h", "-u", "-r", "-d", "-w", "-p", &pid, "1", &count],
            ),
        ];
        if Path::new(SADC).exists() {
            tools.push(start("sar", SADC, &["-S", "DISK", "1", &count, records]));
        }
        tools
    }

    /// Waits for its end, and reads what it said.
    #[track_caller]
    pub(super) fn lines(mut self) -> (Self, Vec<Line>) {
        assert_eq!(self.process.wait(), 0, "{} failed", self.name);
        let text = std::fs::read_to_string(&self.out).expect("it has written");
        let lines = match self.name {
            "vmstat" => table(&text, "r"),
            "pidstat" => table(&text, "Time"),
            "iostat" => statistics(&serde_json::from_str(&text).expect("JSON was asked for")),
            _ => self.records(),
        };
        (self, lines)
    }

    /// What `sadc` has collected.
    fn records(&self) -> Vec<Line> {
        let mut command = Command::new("sadf");
        command
            .arg("-j")
            .arg(self.out.with_file_name("sadc.records"));
        command.args([
            "--", "-u", "-q", "-r", "-S", "-B", "-b", "-d", "-n", "DEV", "-W",
        ]);
        statistics(&crate::support::command::finish(&mut command).json())
    }

    /// What of it is compared with what.
    pub(super) fn comparisons(&self, lines: &[Line], pid: i64) -> Vec<Comparison> {
        match self.name {
            "vmstat" => vec![vmstat(lines)],
            "iostat" => of_names(lines, "disk", "disk_device").map(iostat).collect(),
            "pidstat" => pidstat(lines, pid),
            _ => sar(lines),
        }
    }
}

/// Lines of words below a line of headings, which begins with this word.
fn table(text: &str, first: &str) -> Vec<Line> {
    let mut headings: Vec<&str> = vec![];
    let mut lines = vec![];
    for line in text.lines() {
        let words: Vec<&str> = line
            .split_whitespace()
            .filter(|word| *word != "#")
            .collect();
        match words.first() {
            Some(word) if *word == first => headings = words,
            Some(word) if word.parse::<f64>().is_ok() && !headings.is_empty() => {
                let pairs = headings.iter().zip(&words);
                let number = |(key, word): (&&str, &&str)| {
                    Some(((*key).to_owned(), Value::from(word.parse::<f64>().ok()?)))
                };
                let values: Map<String, Value> = pairs.filter_map(number).collect();
                let at = match values.get("Time").and_then(Value::as_f64) {
                    Some(at) => at,
                    None => seconds_of(&format!(
                        "{}T{}Z",
                        words[words.len() - 2],
                        words[words.len() - 1]
                    )),
                };
                lines.push(Line {
                    at,
                    seconds: 1.0,
                    values,
                });
            }
            _ => {}
        }
    }
    lines
}

/// The `statistics` of the JSON of `iostat` and `sadf`.
fn statistics(json: &Value) -> Vec<Line> {
    let all = json["sysstat"]["hosts"][0]["statistics"].as_array();
    let line = |entry: &Value| {
        let said = &entry["timestamp"];
        let (at, seconds) = match said.as_str() {
            Some(text) => (seconds_of(text), 1.0),
            None => {
                let (date, time) = (
                    said["date"].as_str().unwrap(),
                    said["time"].as_str().unwrap(),
                );
                (
                    seconds_of(&format!("{date}T{time}Z")),
                    said["interval"].as_f64().unwrap(),
                )
            }
        };
        let mut values = Map::new();
        flatten(&mut values, entry);
        Line {
            at,
            seconds,
            values,
        }
    };
    all.expect("statistics").iter().map(line).collect()
}

/// Objects within objects as one.
fn flatten(values: &mut Map<String, Value>, of: &Value) {
    for (key, value) in of.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => flatten(values, value),
            _ => drop(values.insert(key.clone(), value.clone())),
        }
    }
}

/// The lines of each device in a list within each of them.
fn of_names<'a>(
    lines: &'a [Line],
    list: &'a str,
    key: &'a str,
) -> impl Iterator<Item = (String, Vec<Line>)> + 'a {
    let entries = |line: &'a Line| line.values[list].as_array().into_iter().flatten();
    let names = lines.first().into_iter().flat_map(entries);
    names.map(move |named| {
        let of = |line: &'a Line| {
            let found = entries(line).find(|entry| entry[key] == named[key])?;
            Some(Line {
                at: line.at,
                seconds: line.seconds,
                values: found.as_object()?.clone(),
            })
        };
        let name = named[key].as_str().expect("a name").to_owned();
        (name, lines.iter().filter_map(of).collect())
    })
}

/// Seconds since 1970.
pub(super) fn seconds_of(text: &str) -> f64 {
    let at: jiff::Timestamp = text.parse().unwrap_or_else(|_| panic!("no time: {text}"));
    at.as_microsecond() as f64 / 1e6
}

fn copies(lines: &[Line]) -> Vec<Line> {
    let copy = |line: &Line| Line {
        at: line.at,
        seconds: line.seconds,
        values: line.values.clone(),
    };
    lines.iter().map(copy).collect()
}

fn vmstat(lines: &[Line]) -> Comparison {
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

fn iostat((name, lines): (String, Vec<Line>)) -> Comparison {
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

fn pidstat(lines: &[Line], pid: i64) -> Vec<Comparison> {
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

fn sar(lines: &[Line]) -> Vec<Comparison> {
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
