//! `load`: what the load was made of, at one moment or over a step, as rows.
//!
//! In: one sample after the other. Out: for each step means of what was seen at its samples, the
//! groups among them, and what the kernel's averages say to it.

mod gather;

pub use gather::Gather;

use crate::load::{Compared, Counts, Group, Moment, Name, Over};
use crate::load::{count_words, name_words, wait_words};
use crate::table::{Cell, Column};
use crate::zone::Zone;
use afterimage_format::time::WallTime;
use gather::Sums;
use std::time::Duration;

/// The columns of a row for each step.
pub const COLUMNS: [Column; 22] = [
    Column::text("at", "TIME"),
    Column::number("load1", "LOAD1"),
    Column::number("load5", "LOAD5"),
    Column::number("load15", "LOAD15"),
    Column::number("computed_load1", "OURS1"),
    Column::number("computed_load5", "OURS5"),
    Column::number("computed_load15", "OURS15"),
    Column::number("running", "R"),
    Column::number("uninterruptible", "D"),
    Column::number("seen", "SEEN"),
    Column::number("kernel_running", "KERNEL R"),
    Column::number("kernel_runnable", "LOADAVG R"),
    Column::number("kernel_blocked", "BLOCKED"),
    Column::number("running_not_seen", "R NOT SEEN"),
    Column::number("implied", "IMPLIED"),
    Column::number("implied_resolution", "+-"),
    Column::number("not_seen", "NOT SEEN"),
    Column::number("not_seen_percent", "%NOT SEEN"),
    Column::number("stretch_implied", "ALL IMPLIED"),
    Column::number("stretch_seen", "ALL SEEN"),
    Column::number("stretch_not_seen_percent", "ALL %NOT SEEN"),
    Column::text("top", "MADE UP OF"),
];

/// What is shown to people unless they choose.
pub const DEFAULT: [&str; 11] = [
    "at",
    "load1",
    "load5",
    "load15",
    "computed_load1",
    "running",
    "uninterruptible",
    "running_not_seen",
    "implied",
    "not_seen_percent",
    "top",
];

/// The columns of a row for each group.
pub const GROUPS: [Column; 9] = [
    Column::number("tasks", "TASKS"),
    Column::number("share_percent", "SHARE"),
    Column::number("running", "R"),
    Column::number("uninterruptible", "D"),
    Column::text("name", "NAME"),
    Column::number("pid", "PID"),
    Column::text("pids", "PIDS"),
    Column::text("wchan", "WCHAN"),
    Column::text("waits_for", "WAITS FOR"),
];

/// The columns of a row for each task.
pub const PARTS: [Column; 9] = [
    Column::number("pid", "PID"),
    Column::number("tid", "TID"),
    Column::text("comm", "COMM"),
    Column::text("process_comm", "PROCESS"),
    Column::text("user", "USER"),
    Column::text("state", "S"),
    Column::text("wchan", "WCHAN"),
    Column::text("waits_for", "WAITS FOR"),
    Column::text("cgroup", "CGROUP"),
];

/// So many groups are named in a row.
const NAMED: usize = 4;

/// What was gathered over one step. Counts are means over its samples.
#[derive(Debug, Clone)]
pub struct Taken {
    /// When its last sample was taken.
    pub at: WallTime,
    /// How long it was; nothing for the first behind a gap, which is one sample.
    pub over: Option<Duration>,
    /// The last sample's counts.
    pub counts: Counts,
    /// The groups of all its samples, added up, the largest first.
    pub groups: Vec<Group>,
    /// How many samples that were.
    pub moments: u64,
    /// What the load averages say.
    pub compared: Compared,
    sums: Sums,
}

impl Taken {
    /// Tasks seen in R, and in D.
    pub fn seen(&self) -> [f64; 2] {
        [self.sums.running, self.sums.uninterruptible].map(|mean| mean.value().unwrap_or(0.0))
    }

    /// How many more tasks the kernel counted as running than were seen.
    pub fn running_not_seen(&self) -> Option<f64> {
        self.sums.running_not_seen.value()
    }

    /// Its row.
    pub fn row(&self, zone: &Zone) -> Vec<Cell> {
        let [running, uninterruptible] = self.seen();
        let real = |value: Option<f64>| Cell::real(value, 2);
        let load = |place: usize| {
            let load = self.counts.load_hundredths[place].ok();
            real(load.map(|load| load as f64 / 100.0))
        };
        let ours = |place: usize| real(self.compared.computed.map(|computed| computed[place]));
        let part = |of: fn(&Over) -> f64| real(self.compared.part.as_ref().map(of));
        let all = |of: fn(&Over) -> f64| real(self.compared.stretch.as_ref().map(of));
        let percent =
            |over: Option<Over>| Cell::real(over.and_then(|over| over.not_seen_percent()), 1);
        vec![
            Cell::Word(zone.rfc3339(self.at)),
            load(0),
            load(1),
            load(2),
            ours(0),
            ours(1),
            ours(2),
            Cell::real(Some(running), 1),
            Cell::real(Some(uninterruptible), 1),
            Cell::real(Some(running + uninterruptible), 1),
            Cell::real(self.sums.kernel_running.value(), 1),
            Cell::real(self.sums.kernel_runnable.value(), 1),
            Cell::real(self.sums.kernel_blocked.value(), 1),
            Cell::real(self.running_not_seen(), 1),
            part(|over| over.implied.tasks),
            part(|over| over.implied.resolution),
            part(Over::not_seen),
            percent(self.compared.part),
            all(|over| over.implied.tasks),
            all(|over| over.seen),
            percent(self.compared.stretch),
            Cell::Word(self.top()),
        ]
    }

    /// `java 12, gzip 8, dd 3`
    fn top(&self) -> String {
        let share = |tasks: u64| count_words(tasks as f64 / self.moments.max(1) as f64);
        let named = self.groups.iter().take(NAMED);
        let mut words: Vec<String> = named
            .map(|group| format!("{} {}", name_words(&group.name), share(group.tasks())))
            .collect();
        let rest: u64 = self.groups.iter().skip(NAMED).map(Group::tasks).sum();
        if rest > 0 {
            words.push(format!("others {}", share(rest)));
        }
        words.join(", ")
    }

    /// A row for each group.
    pub fn group_rows(&self) -> Vec<Vec<Cell>> {
        let all: u64 = self.groups.iter().map(Group::tasks).sum();
        let moments = self.moments.max(1) as f64;
        let rows = self.groups.iter().map(|group| {
            let mean = |tasks: u64| {
                if self.moments == 1 {
                    Cell::integer(Some(tasks))
                } else {
                    Cell::real(Some(tasks as f64 / moments), 2)
                }
            };
            let pids: Vec<String> = group.pids.iter().map(|pid| pid.0.to_string()).collect();
            let waiting = group.waiting.first();
            let name = match &group.name {
                Name::Text(text) => Cell::Text(text.clone()),
                Name::Runnable => Cell::Word(name_words(&group.name)),
                Name::Unknown => Cell::Absent,
            };
            vec![
                mean(group.tasks()),
                Cell::real(Some(group.tasks() as f64 * 100.0 / all as f64), 1),
                mean(group.running),
                mean(group.uninterruptible),
                name,
                Cell::integer(group.process.map(|key| key.pid.0)),
                Cell::Word(pids.join(" ")),
                Cell::text(waiting.and_then(|waiting| waiting.wchan.as_deref())),
                waiting.map_or(Cell::Absent, |waiting| Cell::Word(wait_words(waiting))),
            ]
        });
        rows.collect()
    }
}

/// A row for each task of a moment.
pub fn part_rows(moment: &Moment<'_>) -> Vec<Vec<Cell>> {
    let rows = moment.parts.iter().map(|part| {
        let what = part.wchan().and_then(crate::waits::dictionary::wait);
        vec![
            Cell::integer(part.pid().map(|pid| pid.0)),
            Cell::integer(part.tid().map(|tid| tid.0)),
            Cell::text(part.comm()),
            Cell::text(part.process_comm()),
            Cell::text(part.user()),
            Cell::Word(part.demand.letter().to_owned()),
            Cell::text(part.wchan()),
            what.map_or(Cell::Absent, |wait| Cell::Word(wait.what.clone())),
            Cell::text(part.cgroup()),
        ]
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::By;
    use crate::load::made::{process, sample};
    use afterimage_format::process::Pid;
    use afterimage_format::sample::Sample;
    use afterimage_format::time::MonotonicTime;

    fn cell<'a>(row: &'a [Cell], columns: &[Column], key: &str) -> &'a Cell {
        &row[columns.iter().position(|column| column.key == key).unwrap()]
    }

    fn at(seconds: i64, java: u8) -> Sample {
        let processes = vec![
            process(7, java, "java"),
            process(8, b'D', "dd"),
            process(9, b'R', "afterimage"),
        ];
        let mut sample = sample(processes, vec![], 4);
        let micros = seconds * 1_000_000;
        (sample.times.began.monotonic, sample.times.began.wall) =
            (MonotonicTime(micros), WallTime(micros));
        sample
    }

    #[test]
    fn a_row_has_means_over_its_samples_and_what_the_kernel_counted() {
        let mut gather = Gather::by(By::Command);
        gather.add(&at(0, b'R'), Some(Pid(9)));
        assert!(gather.take().is_some());
        for (second, java) in [(5, b'R'), (10, b'S')] {
            gather.add(&at(second, java), Some(Pid(9)));
            assert_eq!(gather.is_due(Some(Duration::from_secs(10))), second == 10);
        }
        let taken = gather.take().unwrap();
        assert!(gather.take().is_none(), "nothing more has come");
        let row = taken.row(&Zone::utc());
        let value = |key| cell(&row, &COLUMNS, key).clone();
        assert_eq!(taken.over, Some(Duration::from_secs(10)));
        assert_eq!(value("running"), Cell::Real(0.5, 1));
        assert_eq!(value("uninterruptible"), Cell::Real(1.0, 1));
        assert_eq!(value("kernel_running"), Cell::Real(3.0, 1));
        assert_eq!(value("running_not_seen"), Cell::Real(2.5, 1));
        assert_eq!(value("load1"), Cell::Real(2.5, 2));
        assert_eq!(value("top"), Cell::Word("dd 1, java 0.5".to_owned()));
        let groups = taken.group_rows();
        assert_eq!(*cell(&groups[1], &GROUPS, "tasks"), Cell::Real(0.5, 2));
        assert_eq!(
            *cell(&groups[1], &GROUPS, "share_percent"),
            Cell::Real(100.0 / 3.0, 1)
        );
    }

    #[test]
    fn a_moment_has_a_row_for_each_task() {
        let sample = at(0, b'R');
        let rows = part_rows(&Moment::of(&sample, Some(Pid(9))));
        let value = |row: usize, key| cell(&rows[row], &PARTS, key).clone();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (value(0, "pid"), value(0, "state")),
            (Cell::Integer(7), Cell::Word("R".to_owned()))
        );
        assert_eq!(
            (value(1, "tid"), value(1, "state")),
            (Cell::Integer(8), Cell::Word("D".to_owned()))
        );
    }

    #[test]
    fn behind_a_gap_nothing_is_over_any_time() {
        let mut gather = Gather::by(By::Process);
        gather.add(&at(0, b'R'), None);
        assert!(gather.take().is_some());
        gather.restart();
        assert!(gather.take().is_none());
        gather.add(&at(500, b'R'), None);
        let taken = gather.take().unwrap();
        assert_eq!((taken.over, taken.compared.part), (None, None));
    }
}
