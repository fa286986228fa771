//! The process table's columns, order and filter.

use crate::data::{ProcessRow, Snapshot};
use afterimage_format::process::ProcessKey;
use afterimage_format::reading::Reading;
use std::cmp::Ordering;

/// A column of the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The process id.
    Pid,
    /// The owner.
    User,
    /// What it was doing.
    State,
    /// CPU use.
    Cpu,
    /// Waiting for a CPU.
    Wait,
    /// Resident memory.
    Rss,
    /// Reads from storage.
    Read,
    /// Writes to storage.
    Write,
    /// How many threads.
    Threads,
    /// The nice value.
    Nice,
    /// When it started.
    Started,
    /// Its command line.
    Command,
}

impl Column {
    /// Every column, from left to right.
    pub const ALL: [Self; 12] = [
        Self::Pid,
        Self::User,
        Self::State,
        Self::Cpu,
        Self::Wait,
        Self::Rss,
        Self::Read,
        Self::Write,
        Self::Threads,
        Self::Nice,
        Self::Started,
        Self::Command,
    ];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pid => "PID",
            Self::User => "User",
            Self::State => "State",
            Self::Cpu => "CPU %",
            Self::Wait => "Wait %",
            Self::Rss => "RSS",
            Self::Read => "Read/s",
            Self::Write => "Write/s",
            Self::Threads => "Threads",
            Self::Nice => "Nice",
            Self::Started => "Started",
            Self::Command => "Command",
        }
    }

    /// What it means.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Pid => "Process id. The kernel gives the number again after the process ends.",
            Self::User => "The owner.",
            Self::State => "What it was doing at that instant.",
            Self::Cpu => "CPU used since the previous snapshot. 100 is one core.",
            Self::Wait => {
                "Time spent ready to run without getting a CPU, since the previous snapshot. \
                 100 is one task that always waited."
            }
            Self::Rss => "Memory in RAM, shared pages included.",
            Self::Read => {
                "Read from storage each second since the previous snapshot. A parent is \
                 charged with what its children read when they end."
            }
            Self::Write => {
                "Written to storage each second since the previous snapshot. A parent is \
                 charged with what its children wrote when they end."
            }
            Self::Threads => "How many threads it has.",
            Self::Nice => "Scheduling priority: -20 goes first, 19 last.",
            Self::Started => "When it started.",
            Self::Command => "Command line; in brackets the kernel's name for it.",
        }
    }

    /// Whether it holds numbers, which stand to the right and are sorted largest first.
    pub const fn is_numeric(self) -> bool {
        !matches!(self, Self::User | Self::State | Self::Command)
    }
}

/// What of the table is shown, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableView {
    /// The column it is sorted by.
    pub sort: Column,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Words that must all occur.
    pub filter: String,
    /// The process that is followed.
    pub selected: Option<ProcessKey>,
    /// Which rows of the snapshot are shown, in order.
    pub order: Vec<usize>,
}

impl Default for TableView {
    fn default() -> Self {
        Self {
            sort: Column::Cpu,
            descending: true,
            filter: String::new(),
            selected: None,
            order: vec![],
        }
    }
}

impl TableView {
    /// Sorts by a column, or turns its order round if it is the one already.
    pub(crate) fn sort_by(&mut self, column: Column) {
        self.descending = if self.sort == column {
            !self.descending
        } else {
            column.is_numeric() && column != Column::Pid
        };
        self.sort = column;
    }

    /// Works out which rows are shown, in which order.
    pub(crate) fn arrange(&mut self, snapshot: &Snapshot) {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let rows = &snapshot.rows;
        self.order = (0..rows.len())
            .filter(|row| matches(&rows[*row], &words))
            .collect();
        let (sort, descending) = (self.sort, self.descending);
        self.order.sort_by(|left, right| {
            let (left, right) = (&rows[*left], &rows[*right]);
            compare(left, right, sort, descending).then_with(|| left.key.cmp(&right.key))
        });
    }
}

/// Whether every word occurs in what the row shows of names and numbers.
fn matches(row: &ProcessRow, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let user = row.user.as_deref().unwrap_or("");
    let text = format!("{} {user} {} {}", row.key.pid.0, row.comm, row.title()).to_lowercase();
    words.iter().all(|word| text.contains(word))
}

fn compare(left: &ProcessRow, right: &ProcessRow, sort: Column, descending: bool) -> Ordering {
    let way = |ordering: Ordering| {
        if descending {
            ordering.reverse()
        } else {
            ordering
        }
    };
    let percent = |left: &Reading<f64>, right: &Reading<f64>| {
        present_first(left.as_ref(), right.as_ref(), |a, b| way(a.total_cmp(b)))
    };
    match sort {
        Column::Pid => way(left.key.pid.cmp(&right.key.pid)),
        Column::User => readings(&left.user, &right.user, way),
        Column::State => readings(&left.state, &right.state, way),
        Column::Cpu => percent(&left.cpu_percent, &right.cpu_percent),
        Column::Wait => percent(&left.wait_percent, &right.wait_percent),
        Column::Rss => readings(&left.rss, &right.rss, way),
        Column::Read => readings(&left.read_per_second, &right.read_per_second, way),
        Column::Write => readings(&left.write_per_second, &right.write_per_second, way),
        Column::Threads => readings(&left.threads, &right.threads, way),
        Column::Nice => readings(&left.nice, &right.nice, way),
        Column::Started => readings(&left.started, &right.started, way),
        Column::Command => way(left
            .title()
            .to_lowercase()
            .cmp(&right.title().to_lowercase())),
    }
}

fn readings<T: Ord>(
    left: &Reading<T>,
    right: &Reading<T>,
    way: impl Fn(Ordering) -> Ordering,
) -> Ordering {
    present_first(left.as_ref(), right.as_ref(), |a, b| way(a.cmp(b)))
}

/// What is absent goes last whichever way the table is sorted: it is not the smallest value.
fn present_first<T, E>(
    left: Result<T, E>,
    right: Result<T, E>,
    compare: impl FnOnce(T, T) -> Ordering,
) -> Ordering {
    match (left, right) {
        (Ok(left), Ok(right)) => compare(left, right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => Ordering::Equal,
    }
}
