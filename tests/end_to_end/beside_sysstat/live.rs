//! The tools, running, and what they print.

use super::Comparison;
use super::columns::{iostat, pidstat, sar, vmstat};
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
    pub(super) values: Map<String, Value>,
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
        let (at, seconds) = if let Some(text) = said.as_str() {
            (seconds_of(text), 1.0)
        } else {
            let (date, time) = (
                said["date"].as_str().unwrap(),
                said["time"].as_str().unwrap(),
            );
            (
                seconds_of(&format!("{date}T{time}Z")),
                said["interval"].as_f64().unwrap(),
            )
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
pub(super) fn of_names<'a>(
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
