//! The events of a capture: the log, marks, kills, lives, runs and gaps. Of lives there may be
//! millions, so they are read a few at a time.

use super::lives::Lives;
use super::whole::Whole;
use crate::data::dumps::{mark_words, outcome};
use crate::data::events::{EventRow, Events, Lane, LaneEvent};
use crate::data::{Facts, LogEntry, ReplayError};
use crate::display;
use afterimage_analysis::escape::Escaped;
use afterimage_analysis::oom::oom_kill;
use afterimage_format::capture::Capture;
use afterimage_format::time::WallTime;

/// How much of a message is kept: a lane shows a line of it.
const LONGEST: usize = 200;

/// Events that are being read.
#[derive(Debug)]
pub(super) struct Reading {
    lives: Lives,
}

impl Reading {
    pub(super) fn begin() -> Self {
        Self {
            lives: Lives::begin(),
        }
    }

    /// Reads some lives; whether there are more.
    pub(super) fn go_on(
        &mut self,
        capture: &mut Capture,
        whole: &Whole,
    ) -> Result<bool, ReplayError> {
        self.lives.go_on(capture, whole)
    }

    /// Everything, once there are no more lives to read. Costs a scan of the tables of the log and
    /// of events: about 5 µs a row.
    pub(super) fn finish(
        self,
        capture: &mut Capture,
        whole: &Whole,
        facts: &Facts,
    ) -> Result<Events, ReplayError> {
        let (first, last) = (WallTime(i64::MIN), WallTime(i64::MAX));
        let (mut rows, log) = kernel_log(capture, first, last)?;
        let events = capture.events(first, last)?.into_iter();
        let marks = events.filter(|event| event.kind == "mark");
        let marks: Vec<LaneEvent> = marks.map(|mark| event(mark.wall, &mark.text)).collect();
        rows.push((Lane::Marks, 0, marks.into()));
        rows.extend(self.lives.rows(capture, facts.first)?);
        rows.extend(thread_dumps(capture)?);
        let runs = whole.runs(facts.last);
        let begins = runs.iter().enumerate();
        let begins =
            begins.map(|(number, run)| event(run.from, &format!("run {} begins", number + 1)));
        rows.push((Lane::Recorder, 0, begins.collect::<Vec<_>>().into()));
        let gaps = facts.gaps.iter();
        let gaps = gaps.map(|gap| event(gap.from, display::gap_cause(&gap.kind)));
        rows.push((Lane::Recorder, 1, gaps.collect::<Vec<_>>().into()));
        Ok(Events::new(rows, runs).with_log(log))
    }
}

fn event(at: WallTime, text: &str) -> LaneEvent {
    LaneEvent {
        at,
        count: 1,
        text: text.into(),
    }
}

type Rows = Vec<(Lane, usize, EventRow)>;

/// The lines of the kernel log, as events and whole.
fn kernel_log(
    capture: &mut Capture,
    first: WallTime,
    last: WallTime,
) -> Result<(Rows, Vec<LogEntry>), ReplayError> {
    let mut log = Vec::new();
    let (mut kills, mut by_severity) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    for line in capture.kernel_log(first, last)? {
        let text = Escaped(&line.text).to_string();
        if let Some(kill) = oom_kill(&text) {
            let whose = if kill.is_in_cgroup {
                "a cgroup was out of memory"
            } else {
                "the machine was out of memory"
            };
            let text = format!("killed {} ({}): {whose}", kill.pid, kill.comm);
            kills.push(event(line.wall, &text));
        }
        let class = match line.severity {
            0..=3 => 0,
            4 => 1,
            _ => 2,
        };
        let short: String = text.chars().take(LONGEST).collect();
        by_severity[class].push(event(line.wall, &short));
        log.push(LogEntry::new(line.wall, line.severity, text));
    }
    let mut rows = vec![(Lane::OomKills, 0, EventRow::from(kills))];
    let classes = by_severity.into_iter().enumerate();
    rows.extend(classes.map(|(class, events)| (Lane::KernelLog, class, events.into())));
    Ok((rows, log))
}

/// A mark for each dump, by what became of it.
fn thread_dumps(capture: &mut Capture) -> Result<Rows, ReplayError> {
    let mut by_outcome = [Vec::new(), Vec::new(), Vec::new()];
    for dump in capture.thread_dumps(WallTime(i64::MIN), WallTime(i64::MAX))? {
        let class = outcome(dump.facts.status).class();
        by_outcome[class].push(event(dump.facts.wall, &mark_words(&dump.facts)));
    }
    let rows = by_outcome.into_iter().enumerate();
    let rows = rows.map(|(class, events)| (Lane::ThreadDumps, class, events.into()));
    Ok(rows.collect())
}
