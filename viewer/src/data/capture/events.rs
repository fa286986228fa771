//! The events of a capture: the log, marks, kills, lives, runs and gaps. Of lives there may be
//! millions, so they are read a few at a time.

use super::whole::Whole;
use crate::data::dumps::{mark_words, outcome};
use crate::data::events::{EventRow, Events, Lane, LaneEvent, LifeEvent, Name};
use crate::data::{Facts, LogEntry, ReplayError};
use crate::display;
use afterimage_analysis::escape::Escaped;
use afterimage_analysis::oom::oom_kill;
use afterimage_format::capture::Capture;
use afterimage_format::capture::reader::LifeEnds;
use afterimage_format::time::WallTime;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How much of a message is kept: a lane shows a line of it.
const LONGEST: usize = 200;

/// How many lives are read at once: then somebody else may want something.
const AT_ONCE: u32 = 4_000;

/// Events that are being read.
#[derive(Debug)]
pub(super) struct Reading {
    /// The last life that was read.
    after: i64,
    births: Vec<LifeEvent>,
    deaths: Vec<LifeEvent>,
    names: Vec<Name>,
    known: HashMap<Box<str>, u32>,
}

impl Reading {
    pub(super) fn begin() -> Self {
        Self {
            after: i64::MIN,
            births: vec![],
            deaths: vec![],
            names: vec![],
            known: HashMap::new(),
        }
    }

    /// Reads some lives; whether there are more. Costs about 3 µs a life.
    pub(super) fn go_on(
        &mut self,
        capture: &mut Capture,
        whole: &Whole,
    ) -> Result<bool, ReplayError> {
        let after = self.after;
        let last = capture.life_ends(after, AT_ONCE, |life| self.add(&life, whole))?;
        self.after = last.unwrap_or(after);
        Ok(last.is_some())
    }

    /// What was there when a run began was not born then, and what was there when it ended did
    /// not die.
    fn add(&mut self, life: &LifeEnds, whole: &Whole) {
        let name = Escaped(&life.comm).to_string().into_boxed_str();
        let pid = life.pid;
        let name = *self.known.entry(name).or_insert_with_key(|name| {
            self.names.push(Name::One(name.clone()));
            number(self.names.len() - 1)
        });
        if !whole.is_first_of_run(life.first) {
            let at = end_of_second(life.first_seen);
            self.births.push(LifeEvent { at, pid, name });
        }
        if let Some((last, seen)) = life.last
            && !whole.is_last_of_run(last)
        {
            let at = end_of_second(seen);
            self.deaths.push(LifeEvent { at, pid, name });
        }
    }

    /// Everything, once there are no more lives to read. Costs a scan of the tables of the log and
    /// of events: about 5 µs a row.
    pub(super) fn finish(
        mut self,
        capture: &mut Capture,
        whole: &Whole,
        facts: &Facts,
    ) -> Result<Events, ReplayError> {
        self.add_short_lives(capture)?;
        let (first, last) = (WallTime(i64::MIN), WallTime(i64::MAX));
        let (mut rows, log) = kernel_log(capture, first, last)?;
        let events = capture.events(first, last)?.into_iter();
        let marks = events.filter(|event| event.kind == "mark");
        let marks: Vec<LaneEvent> = marks.map(|mark| event(mark.wall, &mark.text)).collect();
        rows.push((Lane::Marks, 0, marks.into()));
        rows.extend(thread_dumps(capture)?);
        let names: Arc<[Name]> = self.names.into();
        let births = EventRow::of_lives(self.births, Arc::clone(&names), "began");
        let deaths = EventRow::of_lives(self.deaths, names, "ended");
        rows.extend([(Lane::Processes, 0, births), (Lane::Processes, 1, deaths)]);
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

    /// Lives that were added up, each sum an event.
    fn add_short_lives(&mut self, capture: &mut Capture) -> Result<(), ReplayError> {
        let mut many: BTreeMap<(WallTime, String), u64> = BTreeMap::new();
        for short in capture.short_lives()? {
            let name = Escaped(&short.comm).to_string();
            let sum = many.entry((end_of_second(short.from), name)).or_default();
            *sum = sum.saturating_add(short.lives);
        }
        for ((at, name), count) in many {
            let text = format!("{count} of {name} that lived shortly").into();
            let name = number(self.names.len());
            self.names.push(Name::Many(count, text));
            let life = LifeEvent { at, pid: 0, name };
            self.births.push(life);
            self.deaths.push(life);
        }
        Ok(())
    }
}

/// A place in the list of names, of which there are not 2^32.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
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

/// Lives are stored to the second; the last instant of it is the one that saw them.
fn end_of_second(at: WallTime) -> WallTime {
    WallTime(at.0.saturating_add(999_999))
}
