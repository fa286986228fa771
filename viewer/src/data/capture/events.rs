//! The events of a capture, read once: the log, marks, kills, lives, runs and gaps.

use super::whole::Whole;
use crate::data::events::{Events, Lane, LaneEvent};
use crate::data::{Facts, LogEntry, ReplayError};
use crate::display;
use afterimage_analysis::escape::Escaped;
use afterimage_analysis::oom::oom_kill;
use afterimage_format::capture::Capture;
use afterimage_format::time::WallTime;
use std::collections::BTreeMap;

/// How much of a message is kept: a lane shows a line of it.
const LONGEST: usize = 200;

/// Reads them. Costs a scan of the tables of the log, of events and of lives: about 5 µs a row.
pub(super) fn read(
    capture: &mut Capture,
    whole: &Whole,
    facts: &Facts,
) -> Result<Events, ReplayError> {
    let (first, last) = (WallTime(i64::MIN), WallTime(i64::MAX));
    let (mut rows, log) = kernel_log(capture, first, last)?;
    let events = capture.events(first, last)?.into_iter();
    let marks = events.filter(|event| event.kind == "mark");
    let marks = marks.map(|mark| event(mark.wall, &mark.text));
    rows.push((Lane::Marks, 0, marks.collect()));
    rows.extend(lives(capture, whole)?);
    let runs = whole.runs(facts.last);
    let begins = runs.iter().enumerate();
    let begins = begins.map(|(number, run)| event(run.from, &format!("run {} begins", number + 1)));
    rows.push((Lane::Recorder, 0, begins.collect()));
    let gaps = facts.gaps.iter();
    let gaps = gaps.map(|gap| event(gap.from, display::gap_cause(&gap.kind)));
    rows.push((Lane::Recorder, 1, gaps.collect()));
    Ok(Events::new(rows, runs).with_log(log))
}

fn event(at: WallTime, text: &str) -> LaneEvent {
    LaneEvent {
        at,
        count: 1,
        text: text.into(),
    }
}

type Rows = Vec<(Lane, usize, Vec<LaneEvent>)>;

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
    let mut rows = vec![(Lane::OomKills, 0, kills)];
    let classes = by_severity.into_iter().enumerate();
    rows.extend(classes.map(|(class, events)| (Lane::KernelLog, class, events)));
    Ok((rows, log))
}

/// Births and deaths. What was there when a run began was not born then, and what was there
/// when it ended did not die.
fn lives(capture: &mut Capture, whole: &Whole) -> Result<Rows, ReplayError> {
    let (mut births, mut deaths) = (Vec::new(), Vec::new());
    for life in capture.life_ends()? {
        let name = Escaped(&life.comm);
        if !whole.is_first_of_run(life.first) {
            let at = end_of_second(life.first_seen);
            births.push(event(at, &format!("{} ({name}) began", life.pid)));
        }
        if let Some((last, seen)) = life.last
            && !whole.is_last_of_run(last)
        {
            let at = end_of_second(seen);
            deaths.push(event(at, &format!("{} ({name}) ended", life.pid)));
        }
    }
    let mut many: BTreeMap<(WallTime, String), u64> = BTreeMap::new();
    for short in capture.short_lives()? {
        let name = Escaped(&short.comm).to_string();
        *many.entry((end_of_second(short.from), name)).or_default() += short.lives;
    }
    for ((at, name), count) in many {
        let text = format!("{count} of {name} that lived shortly").into();
        let event = LaneEvent { at, count, text };
        births.push(event.clone());
        deaths.push(event);
    }
    Ok(vec![
        (Lane::Processes, 0, births),
        (Lane::Processes, 1, deaths),
    ])
}

/// Lives are stored to the second; the last instant of it is the one that saw them.
fn end_of_second(at: WallTime) -> WallTime {
    WallTime(at.0.saturating_add(999_999))
}
