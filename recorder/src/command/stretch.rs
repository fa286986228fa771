//! A stretch of a capture in steps, for the commands that print rows over time.
//!
//! In: from and to when, and how long a step is. Out: the sample at the end of each step with what
//! led to it, and each gap between them. Only the samples at the edges of steps are read, as their
//! counters tell all that happened in between; no step reaches across a gap.

use super::{Opened, sound};
use crate::cli::RangeArgs;
use afterimage_analysis::amount::HumanDuration;
use afterimage_analysis::rate::{Elapsed, Step};
use afterimage_analysis::table::Cell;
use afterimage_analysis::when::When;
use afterimage_analysis::zone::Zone;
use afterimage_format::facts::{Gap, GapKind, Run};
use afterimage_format::sample::{Extract, Sample};
use afterimage_format::time::{Seq, WallTime};
use std::time::Duration;

/// What comes next in a stretch.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// The end of a step; the first after a gap, or at the beginning of the capture, has none.
    Row(&'a Sample, Option<&'a Step<'a>>),
    /// Nothing was recorded.
    Gap(&'a Pause),
}

/// A stretch without ticks.
#[derive(Debug, Clone)]
pub(super) struct Pause {
    /// Its cause, as `info` names it.
    pub(super) cause: &'static str,
    /// The last tick before it.
    pub(super) from: WallTime,
    /// How long it was; of a clock that was set, by how much, which may be back.
    pub(super) seconds: f64,
    /// How many ticks that were due are missing.
    pub(super) missed: u64,
    after: Seq,
}

impl Pause {
    fn of(gap: &Gap) -> Self {
        Self {
            cause: gap.kind.name(),
            from: gap.from,
            seconds: seconds(gap.from, gap.to),
            missed: gap.missed,
            after: gap.after,
        }
    }

    /// A line for people.
    pub(super) fn words(&self, zone: &Zone) -> String {
        let length = HumanDuration(Duration::from_secs_f64(self.seconds.abs()));
        let back = if self.seconds < 0.0 { "-" } else { "" };
        let missed = match self.missed {
            0 => String::new(),
            1 => ", 1 tick missing".to_owned(),
            missed => format!(", {missed} ticks missing"),
        };
        let (at, cause) = (zone.date_and_time(self.from), self.cause);
        format!("{at} -- {cause} for {back}{length}{missed} --")
    }

    /// When it began, its cause, and its seconds.
    pub(super) fn cells(&self, zone: &Zone) -> [Cell; 3] {
        [
            Cell::Word(zone.rfc3339(self.from)),
            Cell::Word(self.cause.to_owned()),
            Cell::real(Some(self.seconds), 3),
        ]
    }

    /// Whether counters may not be compared across it.
    fn is_break(&self) -> bool {
        self.cause != GapKind::ClockStepped.name() || self.missed > 0
    }
}

fn seconds(from: WallTime, to: WallTime) -> f64 {
    to.0.saturating_sub(from.0) as f64 / 1e6
}

/// From which tick to which, and in what steps.
#[derive(Debug)]
pub(super) struct Stretch {
    first: Seq,
    last: Seq,
    step: Option<Duration>,
    runs: Vec<Run>,
    /// In order of ticks: those within, and at an end that was asked for and lies in one.
    gaps: Vec<Pause>,
}

impl Stretch {
    /// What was asked for. Nothing of it has been read yet; what is damaged so that nothing behind
    /// it could be found is an error now, before anything is printed.
    pub(super) fn new(opened: &mut Opened, args: &RangeArgs) -> anyhow::Result<Self> {
        let (first, last) = match &args.at {
            Some(at) => {
                let seq = opened.tick_at(at)?;
                (seq, seq)
            }
            None => between(opened, args.from.as_ref(), args.to.as_ref())?,
        };
        let (runs, gaps) = (opened.capture.runs()?, opened.capture.gaps()?);
        let begin = args.from.as_ref().map(|from| opened.resolve(from));
        let end = args.to.as_ref().map(|to| opened.resolve_end(to));
        let (begin, end) = (begin.transpose()?, end.transpose()?);
        let is_within = |gap: &&Gap| {
            let interval = interval_of(&runs, gap.after);
            let begins_in = gap.after < first && begin.is_some_and(|begin| begin < gap.to);
            let ends_in = gap.after == last && end.is_some_and(|end| end > gap.from.plus(interval));
            (first..last).contains(&gap.after) || begins_in || ends_in
        };
        let mut gaps: Vec<Pause> = gaps.iter().filter(is_within).map(Pause::of).collect();
        gaps.sort_by_key(|gap| gap.after);
        opened.capture.look_over(first, last)?;
        sound::refuse_torn(&opened.capture)?;
        Ok(Self {
            first,
            last,
            step: args.step.as_ref().map(|step| step.0),
            runs,
            gaps,
        })
    }

    /// The first tick.
    pub(super) fn first(&self) -> Seq {
        self.first
    }

    /// The first and the last tick.
    pub(super) fn ends(&self) -> (Seq, Seq) {
        (self.first, self.last)
    }

    /// Gives each step and each gap. What is damaged is left out: the answer is how many samples.
    pub(super) fn walk(
        &self,
        opened: &mut Opened,
        extract: &Extract,
        mut give: impl FnMut(&mut Opened, Item<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<u64> {
        let mut gaps = self.gaps.iter().peekable();
        let mut before = self.before_first(opened, extract)?;
        while let Some(gap) = gaps.next_if(|gap| gap.after < self.first) {
            give(opened, Item::Gap(gap))?;
        }
        let (mut seq, mut damaged, mut said) = (self.first, 0, false);
        while seq <= self.last {
            let noted = opened.capture.damage().len();
            let Some(now) = opened.capture.extract(seq, extract)? else {
                let next = opened
                    .capture
                    .next_stored(seq)?
                    .map_or(u64::MAX, |next| next.0);
                let next = Seq(next.min(self.last.0.saturating_add(1)));
                // Numbers that no tick ever had, behind a gap that was told of, are no damage.
                let is_known = said
                    && opened.capture.damage().len() == noted
                    && opened.capture.rescue().is_none();
                if !is_known {
                    damaged += next.0 - seq.0;
                    let lost = Self::lost(opened, seq, next)?;
                    give(opened, Item::Gap(&lost))?;
                }
                while gaps
                    .next_if(|gap| gap.after < next && gap.after >= seq)
                    .is_some()
                {}
                (before, seq) = (None, next);
                continue;
            };
            said = false;
            damaged += u64::from(now.lacks(extract));
            let interval = interval_of(&self.runs, seq);
            let elapsed = before
                .as_ref()
                .and_then(|before: &Sample| Elapsed::over(&before.times, &now.times, interval));
            let step = before.as_ref().zip(elapsed).map(|(before, elapsed)| Step {
                before,
                now: &now,
                elapsed,
            });
            give(opened, Item::Row(&now, step.as_ref()))?;
            before = Some(now);
            let mut next = self.next_edge(seq);
            while let Some(gap) = gaps.next_if(|gap| gap.after == seq) {
                give(opened, Item::Gap(gap))?;
                (said, next) = (true, Seq(seq.0 + 1));
                if gap.is_break() {
                    before = None;
                }
            }
            if let Some(gap) = gaps.peek().filter(|gap| gap.after < next) {
                next = gap.after;
            }
            seq = next;
        }
        Ok(damaged)
    }

    /// What lies where ticks were recorded that cannot be read any more.
    fn lost(opened: &mut Opened, from: Seq, next: Seq) -> anyhow::Result<Pause> {
        let before = Seq(from.0.saturating_sub(1).max(opened.first.0));
        let start = opened.capture.wall_of(before)?;
        let end = opened.capture.wall_of(next.min(opened.last))?;
        let from_wall = start.or(end).unwrap_or(opened.span.start);
        Ok(Pause {
            cause: "damaged",
            from: from_wall,
            seconds: seconds(from_wall, end.unwrap_or(from_wall)),
            missed: next.0 - from.0,
            after: before,
        })
    }

    /// The sample that the first one is compared with: a step earlier, or as far back as there is
    /// no gap.
    fn before_first(
        &self,
        opened: &mut Opened,
        extract: &Extract,
    ) -> anyhow::Result<Option<Sample>> {
        let first = self.first;
        let gaps = opened.capture.gaps()?;
        let breaks = gaps.iter().filter(|gap| Pause::of(gap).is_break());
        let breaks = breaks
            .map(|gap| Seq(gap.after.0 + 1))
            .filter(|begin| *begin <= first);
        let oldest = breaks.max().unwrap_or(opened.first).max(opened.first);
        let back = Seq(first.0.saturating_sub(self.ticks(first))).max(oldest);
        if back >= first {
            return Ok(None);
        }
        Ok(opened.capture.extract(back, extract)?)
    }

    /// How many ticks a step has.
    fn ticks(&self, seq: Seq) -> u64 {
        let interval = interval_of(&self.runs, seq).as_micros().max(1);
        let ticks = self
            .step
            .map_or(1, |step| (step.as_micros() + interval / 2) / interval);
        u64::try_from(ticks).unwrap_or(u64::MAX).max(1)
    }

    /// The end of the next step: before the next run, and not behind the last tick.
    fn next_edge(&self, seq: Seq) -> Seq {
        if seq >= self.last {
            return Seq(self.last.0.saturating_add(1));
        }
        let edge = Seq(seq.0.saturating_add(self.ticks(seq))).min(self.last);
        let run = self
            .runs
            .iter()
            .map(|run| run.first)
            .find(|first| *first > seq);
        match run {
            Some(first) if first <= edge => Seq(first.0 - 1).max(Seq(seq.0 + 1)),
            _ => edge,
        }
    }
}

/// The time between ticks when `seq` was taken.
fn interval_of(runs: &[Run], seq: Seq) -> Duration {
    let run = runs.iter().rev().find(|run| run.first <= seq);
    run.map_or(Duration::from_secs(1), |run| run.interval)
}

/// The first and the last tick between two moments.
pub(super) fn between(
    opened: &mut Opened,
    from: Option<&When>,
    to: Option<&When>,
) -> anyhow::Result<(Seq, Seq)> {
    let begin = opened.resolve(from.unwrap_or(&When::Start))?;
    let first = match from {
        None => opened.first,
        // `resolve` is a millisecond generous: a tick at the very moment that was named counts.
        Some(_) => opened
            .capture
            .at_or_after(begin.minus(Duration::from_millis(2)))?
            .unwrap_or(opened.last),
    };
    let last = opened.tick_at(to.unwrap_or(&When::End))?;
    if first > last {
        anyhow::bail!("--from is after --to");
    }
    Ok((first, last))
}
