//! Everything that a capture says, to be compared with what a damaged copy of it says.
//!
//! In: a file. Out: each tick, row and bucket as a number or a text that is the same only if they
//! are, and whether anything was said to be damaged. A question that fails counts as damage told.

use afterimage_format::capture::chunk::Chunk;
use afterimage_format::capture::{Capture, Curves};
use afterimage_format::facts::ProcessLife;
use afterimage_format::group::{Group, Kind};
use afterimage_format::time::{Seq, WallTime};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

const ALWAYS: (WallTime, WallTime) = (WallTime(i64::MIN), WallTime(i64::MAX));
/// Buckets asked for: of minutes, and single ticks.
const RESOLUTIONS: [usize; 2] = [2, 1_000_000];

/// Threads, sockets, file systems and locks: they have a frame of their own, and are shown or not.
const REST: [Group; 4] = [
    Group::Task,
    Group::Socket,
    Group::FileSystem,
    Group::FileLock,
];

/// The cells of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cells {
    most: u64,
    /// Those of the rest, where its frame could be read.
    rest: Option<u64>,
}

impl Cells {
    pub(crate) fn are_all(self) -> bool {
        self.rest.is_some()
    }

    /// Whether all that is said is also said by `truth`.
    fn are_within(self, truth: Self) -> bool {
        self.most == truth.most && (self.rest.is_none() || self.rest == truth.rest)
    }
}

/// What a capture says.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Every cell of every tick.
    pub(crate) ticks: BTreeMap<u64, Cells>,
    /// Processes as lists show them, at some ticks; the tick before is part of it.
    pub(crate) lists: BTreeMap<u64, String>,
    /// Rows of the plain tables, and buckets.
    pub(crate) rows: BTreeMap<&'static str, BTreeSet<String>>,
    /// What is damaged, in words.
    pub(crate) damage: Vec<String>,
    /// It says that the newest commit was not written to its end.
    pub(crate) ends_in_pieces: bool,
}

impl Said {
    /// What the capture says; nothing when it cannot be opened.
    pub(crate) fn of(file: &Path) -> Option<Self> {
        let mut capture = Capture::open(file).ok()?;
        let mut said = Self::default();
        said.ask_ticks(&mut capture);
        said.ask_rows(&mut capture);
        let checked = capture.check();
        said.take("check", checked.map(|_| ()));
        let damage = capture.damage().iter().map(|found| format!("{found:?}"));
        said.damage.extend(damage);
        said.ends_in_pieces = capture.ends_in_pieces();
        Some(said)
    }

    /// The answer to a question.
    fn take<T, E: Debug>(&mut self, question: &str, answer: Result<T, E>) -> Option<T> {
        let told = answer.map_err(|error| self.damage.push(format!("{question}: {error:?}")));
        told.ok()
    }

    fn ask_ticks(&mut self, capture: &mut Capture) {
        let ends = capture.ends();
        let Some((first, last)) = self.take("ends", ends).flatten() else {
            return;
        };
        // A damaged table may claim any number.
        for seq in first.0..=last.0.min(first.0.saturating_add(2_000)) {
            let sample = capture.sample(Seq(seq));
            let Some(sample) = self.take("sample", sample).flatten() else {
                continue;
            };
            let chunk = capture.chunk_with(Seq(seq));
            let Some(chunk) = self.take("chunk", chunk).flatten() else {
                continue;
            };
            let at = chunk.ticks().iter().position(|at| at.seq.0 == seq);
            let at = at.expect("a sample is of a tick");
            assert_eq!(sample.times, chunk.ticks()[at]);
            let rest = sample.tasks.is_ok().then(|| cells(&chunk, at, &REST));
            let others = Group::ALL.into_iter().filter(|group| !REST.contains(group));
            let most = cells(&chunk, at, &others.collect::<Vec<_>>());
            self.ticks.insert(seq, Cells { most, rest });
            // The first of a chunk, with the last of the one before it, and some others.
            if at == 0 || seq % 20 == 0 {
                let shown = capture.listing(Seq(seq));
                if let Some(shown) = self.take("listing", shown).flatten() {
                    let rows: Vec<_> = shown.processes().collect();
                    self.lists.insert(seq, format!("{rows:?}"));
                }
            }
        }
    }

    fn ask_rows(&mut self, capture: &mut Capture) {
        let hosts = capture.hosts();
        self.put("host", hosts);
        let (runs, gaps) = (capture.runs(), capture.gaps());
        self.put("run", runs);
        self.put("gap", gaps);
        let (sources, notes) = (capture.sources(), capture.notes());
        self.put("source", sources);
        self.put("note", notes);
        let log = capture.kernel_log(ALWAYS.0, ALWAYS.1);
        self.put("kernel log", log);
        let events = capture.events(ALWAYS.0, ALWAYS.1);
        self.put("event", events);
        let anchors = capture.anchors();
        self.put("clock", anchors);
        let lives = capture.lives(Seq(0), Seq(u64::MAX));
        let lives = self.take("lives", lives).unwrap_or_default();
        // A command line is a row of its own, which may be lost alone.
        let commands = lives.iter().filter_map(|life| {
            let line = life.command_line.as_ref();
            line.map(|line| (life.key, life.first, line))
        });
        self.put("command line", Ok::<_, ()>(commands.collect()));
        let alone = lives.iter().map(|life| ProcessLife {
            command_line: None,
            ..life.clone()
        });
        self.put("life", Ok::<_, ()>(alone.collect()));
        for most in RESOLUTIONS {
            let curves = capture.curves(ALWAYS.0, ALWAYS.1, most);
            let curves = self.take("bucket", curves).unwrap_or_default();
            self.put_values(&curves);
        }
    }

    /// Each value of each bucket for itself: without the tick before there are no rates.
    fn put_values(&mut self, curves: &Curves) {
        let rows = self.rows.entry("bucket").or_default();
        for bucket in &curves.buckets {
            let (first, ticks) = (bucket.first.0, bucket.ticks);
            rows.insert(format!("{first} {ticks} {:?} {:?}", bucket.from, bucket.to));
            let values = bucket.series.iter().enumerate();
            let values = values.filter_map(|(series, value)| Some((series, (*value)?)));
            rows.extend(
                values.map(|(series, value)| format!("{first} {ticks} {series} {value:?}")),
            );
        }
    }

    fn put<T: Debug, E: Debug>(&mut self, table: &'static str, rows: Result<Vec<T>, E>) {
        let rows = self.take(table, rows).unwrap_or_default();
        let rows = rows.iter().map(|row| format!("{row:?}"));
        self.rows.entry(table).or_default().extend(rows);
    }

    /// What it says that the truth does not.
    pub(crate) fn beyond(&self, truth: &Self, tables: &[&str]) -> Vec<String> {
        let ticks = self.ticks.iter();
        let ticks = ticks.filter(|(seq, cells)| {
            let theirs = truth.ticks.get(seq);
            theirs.is_none_or(|theirs| !cells.are_within(*theirs))
        });
        let mut beyond: Vec<_> = ticks.map(|(seq, _)| format!("tick {seq}")).collect();
        for (seq, list) in &self.lists {
            // Without the tick before there are no counters of it.
            let alone = *seq > 1 && !self.ticks.contains_key(&(seq - 1));
            if truth.lists.get(seq) != Some(list) && !alone {
                beyond.push(format!("list of {seq}"));
            }
        }
        for table in tables {
            let (Some(mine), Some(theirs)) = (self.rows.get(table), truth.rows.get(table)) else {
                continue;
            };
            let more = mine.difference(theirs);
            beyond.extend(more.map(|row| format!("{table}: {row:.300}")));
        }
        beyond
    }

    /// How much of what the truth says is not here.
    pub(crate) fn lacks(&self, truth: &Self) -> Vec<String> {
        let ticks = truth
            .ticks
            .keys()
            .filter(|seq| !self.ticks.contains_key(seq));
        let mut lacks: Vec<_> = ticks.map(|seq| format!("tick {seq}")).collect();
        let without = self.ticks.iter().filter(|(_, cells)| cells.rest.is_none());
        lacks.extend(without.map(|(seq, _)| format!("tick {seq}: its threads and sockets")));
        // A minute that is lost is told tick by tick.
        for (table, theirs) in truth.rows.iter().filter(|(table, _)| **table != "bucket") {
            let mine = self.rows.get(table);
            let less = theirs
                .iter()
                .filter(|row| !mine.is_some_and(|mine| mine.contains(*row)));
            lacks.extend(less.map(|row| format!("{table}: {row:.100}")));
        }
        lacks
    }
}

fn cells(chunk: &Chunk, tick: usize, groups: &[Group]) -> u64 {
    let mut hash = DefaultHasher::new();
    format!("{:?}", chunk.ticks()[tick]).hash(&mut hash);
    for &group in groups {
        let mut rows: Vec<_> = chunk.rows_at(group, tick).collect();
        rows.sort_by_key(|(_, key)| *key);
        for (row, key) in rows {
            key.hash(&mut hash);
            for (field, column) in group.fields().iter().enumerate() {
                if column.kind == Kind::Text {
                    chunk.text(group, row, field, tick).hash(&mut hash);
                } else {
                    chunk.cell(group, row, field, tick).hash(&mut hash);
                }
            }
        }
    }
    hash.finish()
}
