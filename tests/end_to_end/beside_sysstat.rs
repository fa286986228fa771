//! The truth of the tools that are replayed: what `afterimage` shows of a stretch beside what the
//! tools themselves, running at the same time, have printed of it.
//!
//! Both count what the kernel counts, only at other moments. So what a tool counted from its first
//! to its last look lies between what we counted over the ticks that surely lie within, and over
//! those that may, give or take what is rounded and how late a tool may be woken. Amounts lie
//! between the least and the most that we saw.

mod columns;
mod live;

use crate::support::command::{rows, ticks};
use crate::support::host::{folder, has, skip};
use crate::support::process::StandIn;
use crate::support::recorder::Recorder;
use live::{Line, Tool};
use serde_json::Value;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Of memory, between two looks, mostly by other tests that start and end.
const MEMORY_KIB: f64 = 262_144.0;
/// The tools print whole seconds, and look somewhere within them.
const CLOCK_SECONDS: f64 = 1.0;
/// Longer than any interval of theirs, on a machine that is busy.
const SLACK_SECONDS: f64 = 1.5;

/// What they print is a second's, but they do not say how long theirs was: woken late, it was
/// longer by up to this share.
const LATE: f64 = 0.2;

/// A window of the long test: no tool may run as long as any of them is waited for.
const LONG_SECONDS: u64 = 40;

/// How a column is compared.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// So much a second, printed in steps of this.
    Rate(f64),
    /// An amount, which may be off by this.
    Amount(f64),
}

/// A column of a tool, and ours.
struct Pair {
    theirs: &'static str,
    ours: &'static str,
    kind: Kind,
}

const fn rate(theirs: &'static str, ours: &'static str, step: f64) -> Pair {
    let kind = Kind::Rate(step);
    Pair { theirs, ours, kind }
}

const fn amount(theirs: &'static str, ours: &'static str, off: f64) -> Pair {
    let kind = Kind::Amount(off);
    Pair { theirs, ours, kind }
}

/// What is compared: a tool's lines, the words of our command, and the columns.
struct Comparison {
    name: &'static str,
    verb: &'static str,
    words: Vec<String>,
    /// Which row of ours, and which line of theirs, where there are several at a moment.
    row: Option<(&'static str, Value)>,
    lines: Vec<Line>,
    pairs: Vec<Pair>,
}

/// One row of ours.
#[derive(Debug, Clone, Copy)]
struct Ours {
    end: f64,
    seconds: f64,
    value: f64,
}

/// What a column came to.
struct Seen {
    name: String,
    theirs: f64,
    ours: f64,
}

/// A load of everything: two processes that spin, one that writes and syncs, packets on `lo`.
struct Load {
    end: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Load {
    fn start(folder: &Path) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let path = folder.join("written");
        let (ended, also) = (Arc::clone(&end), Arc::clone(&end));
        let writes = move || {
            let mut file = File::create(&path).unwrap();
            while !ended.load(Ordering::Relaxed) {
                file.write_all(&vec![7; 128 << 10]).unwrap();
                file.sync_data().unwrap();
                thread::sleep(Duration::from_millis(25));
            }
        };
        let sends = move || {
            let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let to = socket.local_addr().unwrap();
            while !also.load(Ordering::Relaxed) {
                socket.send_to(&[0; 1000], to).unwrap();
                socket.recv(&mut [0; 1000]).unwrap();
                thread::sleep(Duration::from_millis(2));
            }
        };
        let start = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let thread = thread::Builder::new().name(name.to_owned());
            thread.spawn(work).unwrap()
        };
        let threads = vec![
            start("writes", Box::new(writes)),
            start("sends", Box::new(sends)),
        ];
        Self { end, threads }
    }

    fn stop(self) {
        self.end.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}

/// Records and lets the tools look for so long, and compares. Gives what each column came to, or
/// nothing where the recorder missed ticks: then nothing can be said.
#[track_caller]
fn compare(seconds: u64) -> Option<Vec<Seen>> {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let spinner = StandIn::new("spin").start();
    let load = Load::start(folder.path());
    let mut recorder = Recorder::start(&file, &["-i", "1s", "--budget-cpu", "100"]);
    recorder.wait_for_tick(4);
    let tools = Tool::start_all(folder.path(), seconds, spinner.pid());
    let ended: Vec<(Tool, Vec<Line>)> = tools.into_iter().map(Tool::lines).collect();
    recorder.wait_for_more(4);
    recorder.stop();
    load.stop();
    if rows("uptime", &file, &[]).len() != ticks("uptime", &file, &[]).len() {
        skip("the recorder missed ticks, so sums would be over less than the tools'");
        return None;
    }
    let mut seen = Vec::new();
    for (tool, lines) in ended {
        for comparison in tool.comparisons(&lines, spinner.pid()) {
            comparison.check(&file, &mut seen);
        }
    }
    Some(seen)
}

impl Comparison {
    #[track_caller]
    fn check(&self, file: &Path, seen: &mut Vec<Seen>) {
        assert!(
            self.lines.len() > 5,
            "{} said little: {:?}",
            self.name,
            self.lines
        );
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let mut rows = ticks(self.verb, file, &words);
        if let Some((key, value)) = &self.row {
            rows.retain(|row| row[key] == *value);
        }
        for pair in &self.pairs {
            let what = format!("{} {}", self.name, pair.theirs);
            let theirs: Vec<(f64, f64, f64)> = (self.lines.iter())
                .map(|line| (line.at, line.seconds, line.number(&what, pair.theirs)))
                .collect();
            let ours: Vec<Ours> = rows
                .iter()
                .filter_map(|row| Ours::of(row, pair.ours))
                .collect();
            let (theirs, ours) = match pair.kind {
                Kind::Rate(step) => within(&what, &theirs, &ours, step),
                Kind::Amount(off) => between(&what, &theirs, &ours, off),
            };
            seen.push(Seen {
                name: what,
                theirs,
                ours,
            });
        }
    }
}

impl Ours {
    fn of(row: &Value, key: &str) -> Option<Self> {
        assert!(row.get(key).is_some(), "there is no {key} in {row}");
        Some(Self {
            end: live::seconds_of(row["at"].as_str()?),
            seconds: row["over_seconds"].as_f64()?,
            value: row[key].as_f64()?,
        })
    }
}

/// Compares sums; gives both a second.
#[track_caller]
fn within(what: &str, theirs: &[(f64, f64, f64)], ours: &[Ours], step: f64) -> (f64, f64) {
    let (begins, ends) = (theirs[0], theirs[theirs.len() - 1]);
    // Their first interval began, and their last look was, within a second of what they say.
    let (begin, end) = (begins.0 - begins.1, ends.0);
    let sum = |is_in: &dyn Fn(&Ours) -> bool| -> f64 {
        let parts = ours.iter().filter(|row| is_in(row));
        parts.map(|row| row.value * row.seconds).sum()
    };
    let surely = |row: &Ours| {
        row.end - row.seconds >= begin + CLOCK_SECONDS + SLACK_SECONDS && row.end <= end
    };
    let maybe = |row: &Ours| {
        row.end > begin - SLACK_SECONDS
            && row.end - row.seconds < end + CLOCK_SECONDS + SLACK_SECONDS
    };
    let (least, most) = (sum(&surely), sum(&maybe));
    let total: f64 = theirs.iter().map(|line| line.1 * line.2).sum();
    let rounding = step * theirs.len() as f64 + LATE * most;
    assert!(
        total >= least - rounding && total <= most + rounding,
        "{what}: {total} is not in {least}..={most}, give or take {rounding}"
    );
    let middle = |row: &Ours| row.end > begin + 0.5 && row.end <= end + 0.5;
    let span: f64 = theirs.iter().map(|line| line.1).sum();
    let ours_span: f64 = ours
        .iter()
        .filter(|row| middle(row))
        .map(|row| row.seconds)
        .sum();
    (total / span, sum(&middle) / ours_span)
}

/// Compares amounts; gives both means.
#[track_caller]
fn between(what: &str, theirs: &[(f64, f64, f64)], ours: &[Ours], off: f64) -> (f64, f64) {
    let ends = [theirs[0].0 - 3.0, theirs[theirs.len() - 1].0 + 3.0];
    let near = ours
        .iter()
        .filter(|row| row.end >= ends[0] && row.end <= ends[1]);
    let near: Vec<f64> = near.map(|row| row.value).collect();
    let least = near.iter().copied().fold(f64::INFINITY, f64::min);
    let most = near.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for (at, _, value) in theirs {
        assert!(
            *value >= least - off && *value <= most + off,
            "{what} at {at}: {value} is not in {least}..={most}, give or take {off}"
        );
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let theirs: Vec<f64> = theirs.iter().map(|line| line.2).collect();
    (mean(&theirs), mean(&near))
}

#[test]
fn what_is_replayed_is_what_the_tools_printed() {
    for program in ["vmstat", "iostat", "pidstat", "sadf"] {
        if !has(program) {
            return skip(&format!("there is no {program} here"));
        }
    }
    compare(20);
}

/// The same for longer; prints the table of `docs/truth.md`.
pub(crate) fn for_long(windows: u64) {
    let mut largest: Vec<(Seen, f64)> = Vec::new();
    for _ in 0..windows {
        let Some(seen) = compare(LONG_SECONDS) else {
            continue;
        };
        for column in seen {
            let scale = column.theirs.abs().max(column.ours.abs());
            let apart = (column.theirs - column.ours).abs();
            let percent = if scale > 0.0 {
                apart * 100.0 / scale
            } else {
                0.0
            };
            match largest
                .iter_mut()
                .find(|(known, _)| known.name == column.name)
            {
                Some((_, known)) if *known >= percent => {}
                Some(entry) => *entry = (column, percent),
                None => largest.push((column, percent)),
            }
        }
    }
    assert!(!largest.is_empty(), "nothing was compared");
    let mut out = std::io::stderr().lock();
    for (Seen { name, theirs, ours }, percent) in largest {
        writeln!(out, "| {name} | {theirs:.2} | {ours:.2} | {percent:.1} % |").unwrap();
    }
}
