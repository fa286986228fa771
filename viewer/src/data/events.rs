//! What happened at one moment each, for the lanes under the curves.

mod end;
mod row;

use crate::data::LogEntry;
use afterimage_format::process::Pid;
use afterimage_format::time::WallTime;
pub use end::{EndEvent, How};
pub use row::{EventRow, LaneEvent, LifeEvent, Name};
use std::time::Duration;

/// A row of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// What somebody wrote into the recording with `afterimage mark`.
    Marks,
    /// Kills by the OOM killer, from the kernel log.
    OomKills,
    /// Dumps of the threads of a process, and what was refused or failed.
    ThreadDumps,
    /// The kernel log.
    KernelLog,
    /// Births and deaths of processes.
    Processes,
    /// Processes that ended by a signal, or told of an error.
    Failures,
    /// Runs of the recorder, and gaps.
    Recorder,
}

impl Lane {
    /// Every lane, from the top.
    pub const ALL: [Self; 7] = [
        Self::Marks,
        Self::OomKills,
        Self::ThreadDumps,
        Self::KernelLog,
        Self::Processes,
        Self::Failures,
        Self::Recorder,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Marks => "Marks",
            Self::OomKills => "OOM kills",
            Self::ThreadDumps => "Thread dumps",
            Self::KernelLog => "Kernel log",
            Self::Processes => "Processes",
            Self::Failures => "Failures",
            Self::Recorder => "Recorder",
        }
    }

    /// What it shows, for someone who has never seen it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Marks => "Notes that somebody put into the recording with `afterimage mark`.",
            Self::OomKills => {
                "Processes that the kernel killed because memory ran out, on the machine or in a \
                 cgroup."
            }
            Self::ThreadDumps => {
                "Dots: dumps of the threads of a process. Rings: it was not asked, and why. \
                 Crosses: it was asked, and nothing came. Page Threads (h) shows them."
            }
            Self::KernelLog => {
                "What the kernel logged: errors in the upper row, warnings in the middle, the rest \
                 below."
            }
            Self::Processes => {
                "How many processes began (upwards) and ended (downwards), also those that lived \
                 between two snapshots where the kernel told of their ends. Else known a minute \
                 after it happened."
            }
            Self::Failures => {
                "Processes that a signal ended (upper row), and those whose exit status was not 0 \
                 (lower row). Some programs answer a question that way: grep, test, systemctl."
            }
            Self::Recorder => "When the recorder ran, and when it did not, and why.",
        }
    }

    /// The tables of a capture that it is read from.
    pub const fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Marks => &["event"],
            Self::OomKills | Self::KernelLog => &["kernel_log"],
            Self::ThreadDumps => &["thread_dump"],
            Self::Processes => &["exited", "process", "process_sum"],
            Self::Failures => &["exited"],
            Self::Recorder => &["run", "gap"],
        }
    }

    /// What its rows of events are called, from the top.
    pub const fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Marks => &["mark"],
            Self::OomKills => &["kill"],
            Self::ThreadDumps => &["dump", "dump refused", "dump failed"],
            Self::KernelLog => &["error", "warning", "message"],
            Self::Processes => &["birth", "death"],
            Self::Failures => &["end by a signal", "end with an error"],
            Self::Recorder => &["begin of a run", "gap"],
        }
    }
}

/// One run of the recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunBand {
    /// When it began.
    pub from: WallTime,
    /// When it ended, or the end of the capture.
    pub to: WallTime,
    /// The time between two ticks.
    pub interval: Duration,
    /// How it ended, as the capture names it; `None` while it goes on, and after a crash.
    pub end: Option<String>,
}

/// Everything that happened in a capture, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Events {
    /// Each row of events in order of time, by lane and by class.
    rows: Vec<(Lane, Vec<EventRow>)>,
    /// The runs of the recorder.
    pub runs: Vec<RunBand>,
    /// All lines of the kernel log, in order of time.
    pub log: Vec<LogEntry>,
}

impl Events {
    /// Events from rows in any order, each for one class of a lane.
    pub fn new<R: Into<EventRow>>(
        rows: impl IntoIterator<Item = (Lane, usize, R)>,
        runs: Vec<RunBand>,
    ) -> Self {
        let empty = |lane: Lane| (lane, vec![EventRow::default(); lane.classes().len()]);
        let mut all: Vec<(Lane, Vec<EventRow>)> = Lane::ALL.map(empty).into();
        for (lane, class, events) in rows {
            let found = all.iter_mut().find(|(known, _)| *known == lane);
            if let Some(row) = found.and_then(|(_, classes)| classes.get_mut(class)) {
                *row = events.into();
            }
        }
        Self {
            rows: all,
            runs,
            log: Vec::new(),
        }
    }

    /// The same with the lines of the kernel log, in any order.
    #[must_use]
    pub fn with_log(mut self, mut log: Vec<LogEntry>) -> Self {
        log.sort_by_key(|entry| entry.at);
        self.log = log;
        self
    }

    /// Whom the OOM killer killed at an instant, as the kernel log tells.
    pub fn killed_at(&self, at: WallTime) -> Option<Pid> {
        let from = self.log.partition_point(|entry| entry.at < at);
        let same = self.log[from..].iter().take_while(|entry| entry.at == at);
        let mut kills = same.filter(|entry| entry.is_kill);
        kills.find_map(|entry| entry.pid)
    }

    /// Whose failure is the first at an instant.
    pub fn failed_at(&self, at: WallTime) -> Option<Pid> {
        let rows = self.of(Lane::Failures).iter();
        let mut pids = rows.filter_map(|row| {
            let place = row.place(at);
            (row.times().get(place) == Some(&at)).then(|| row.pid(place))?
        });
        pids.next().map(Pid)
    }

    /// The rows of a lane, one a class.
    pub fn of(&self, lane: Lane) -> &[EventRow] {
        let found = self.rows.iter().find(|(known, _)| *known == lane);
        found.map_or(&[], |(_, classes)| classes)
    }

    /// When the first event of a lane after an instant was.
    pub fn after(&self, lane: Lane, at: WallTime) -> Option<WallTime> {
        let next = |times: &[WallTime]| times.partition_point(|time| *time <= at);
        let rows = self.of(lane).iter().map(EventRow::times);
        rows.filter_map(|times| times.get(next(times)).copied())
            .min()
    }

    /// When the last event of a lane before an instant was.
    pub fn before(&self, lane: Lane, at: WallTime) -> Option<WallTime> {
        let last = |times: &[WallTime]| times.partition_point(|time| *time < at).checked_sub(1);
        let rows = self.of(lane).iter().map(EventRow::times);
        rows.filter_map(|times| Some(times[last(times)?])).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64) -> LaneEvent {
        LaneEvent {
            at: WallTime(at),
            count: 1,
            text: "".into(),
        }
    }

    #[test]
    fn the_neighbours_of_an_instant_are_found_in_all_classes() {
        let rows = [
            (Lane::KernelLog, 0, vec![event(50)]),
            (Lane::KernelLog, 2, vec![event(30), event(10)]),
        ];
        let events = Events::new(rows, vec![]);
        let at = |found: Option<WallTime>| found.map(|at| at.0);
        let log = Lane::KernelLog;
        assert_eq!(at(events.after(log, WallTime(10))), Some(30));
        assert_eq!(at(events.after(log, WallTime(30))), Some(50));
        assert_eq!(at(events.after(log, WallTime(50))), None);
        assert_eq!(at(events.before(log, WallTime(50))), Some(30));
        assert_eq!(at(events.before(log, WallTime(10))), None);
        assert_eq!(at(events.after(Lane::Marks, WallTime(0))), None);
    }
}
