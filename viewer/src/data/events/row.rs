//! Events of one class in order of time, kept small: a week has millions of lives.
//!
//! Words are made when somebody looks: of a life only its pid and the number of its name are
//! kept. How many things a stretch of events tells of is known without going over them.

use super::end::{EndEvent, How};
use afterimage_format::time::WallTime;
use std::ops::Range;
use std::sync::Arc;

/// How many events there are for each step of the first search.
const STEP: usize = 256;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneEvent {
    /// When; the snapshot at or before this instant is the one to look at.
    pub at: WallTime,
    /// How many things are told of together, at least 1.
    pub count: u64,
    /// What it was.
    pub text: Box<str>,
}

/// The begin or the end of a life, or of many that were added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifeEvent {
    /// When.
    pub at: WallTime,
    /// Of which process; nothing when its name stands for many.
    pub pid: i32,
    /// Which of the names.
    pub name: u32,
}

/// Whose begin or end it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A process called so.
    One(Box<str>),
    /// So many of them, in words.
    Many(u64, Box<str>),
}

/// Events of one class, in order of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventRow {
    times: Vec<WallTime>,
    /// Every so manieth of them: a search begins in these, which are few enough to stay in the
    /// processor's cache while a lane is drawn.
    steps: Vec<WallTime>,
    /// Where more than one thing is told of together: its place, and by how much all the counts
    /// up to it exceed the number of events.
    many: Vec<(usize, u64)>,
    words: Words,
}

#[derive(Debug, Clone, PartialEq)]
enum Words {
    Texts(Vec<Box<str>>),
    Lives {
        who: Vec<(i32, u32)>,
        names: Arc<[Name]>,
        verb: &'static str,
        /// Of those that the kernel told of, what it told: which event, in order, and how.
        told: Vec<(u32, How)>,
    },
}

impl Default for Words {
    fn default() -> Self {
        Self::Texts(Vec::new())
    }
}

impl From<Vec<LaneEvent>> for EventRow {
    fn from(mut events: Vec<LaneEvent>) -> Self {
        events.sort_by_key(|event| event.at);
        let times: Vec<WallTime> = events.iter().map(|event| event.at).collect();
        let many = excess(events.iter().map(|event| event.count));
        let texts = events.into_iter().map(|event| event.text).collect();
        Self {
            steps: steps(&times),
            times,
            many,
            words: Words::Texts(texts),
        }
    }
}

impl EventRow {
    /// Begins or ends of lives, in any order; `verb` says which.
    pub fn of_lives(lives: Vec<LifeEvent>, names: Arc<[Name]>, verb: &'static str) -> Self {
        Self::of_ends(lives, vec![], names, verb)
    }

    /// Ends of lives, those of which nobody told apart from the others, in any order: there may be
    /// millions, so they are put together once.
    pub fn of_ends(
        mut lives: Vec<LifeEvent>,
        mut ends: Vec<EndEvent>,
        names: Arc<[Name]>,
        verb: &'static str,
    ) -> Self {
        lives.sort_by_key(|life| life.at);
        ends.sort_by_key(|end| end.life.at);
        let all = lives.len() + ends.len();
        let (mut times, mut who) = (Vec::with_capacity(all), Vec::with_capacity(all));
        let mut told = Vec::with_capacity(ends.len());
        let (mut lives, mut ends) = (lives.iter().peekable(), ends.iter().peekable());
        loop {
            let end = ends.peek().map(|end| end.life.at);
            let is_life = |life: &&LifeEvent| end.is_none_or(|end| life.at <= end);
            let life = if lives.peek().is_some_and(is_life) {
                lives.next().copied()
            } else {
                let end = ends.next();
                let place = u32::try_from(times.len()).unwrap_or(u32::MAX);
                told.extend(end.map(|end| (place, end.how)));
                end.map(|end| end.life)
            };
            let Some(life) = life else { break };
            times.push(life.at);
            who.push((life.pid, life.name));
        }
        let count = |(_, name): &(i32, u32)| match names.get(*name as usize) {
            Some(Name::Many(count, _)) => *count,
            _ => 1,
        };
        Self {
            steps: steps(&times),
            many: excess(who.iter().map(count)),
            times,
            words: Words::Lives {
                who,
                names,
                verb,
                told,
            },
        }
    }

    /// When each of them happened.
    pub fn times(&self) -> &[WallTime] {
        &self.times
    }

    /// How many events they are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// What one of them was; empty when there is none at that place.
    pub fn text(&self, place: usize) -> String {
        match &self.words {
            Words::Texts(texts) => texts.get(place).map(ToString::to_string),
            Words::Lives {
                who,
                names,
                verb,
                told,
            } => who.get(place).and_then(|(pid, name)| {
                let how = told.binary_search_by_key(&place, |(place, _)| *place as usize);
                let how = how.map(|found| told[found].1.words(names));
                let what = how.as_deref().unwrap_or(verb);
                Some(match names.get(*name as usize)? {
                    Name::One(name) => format!("{pid} ({name}) {what}"),
                    Name::Many(_, text) => text.to_string(),
                })
            }),
        }
        .unwrap_or_default()
    }

    /// The pid that one of them is about, if it is about a process alone.
    pub fn pid(&self, place: usize) -> Option<i32> {
        match &self.words {
            Words::Texts(_) => None,
            Words::Lives { who, names, .. } => {
                let (pid, name) = who.get(place)?;
                let is_one = matches!(names.get(*name as usize), Some(Name::One(_)));
                is_one.then_some(*pid)
            }
        }
    }

    /// How many things a stretch of them tells of. Costs two searches.
    pub fn count(&self, events: &Range<usize>) -> u64 {
        let excess = |place: usize| {
            let before = self.many.partition_point(|(at, _)| *at < place);
            before.checked_sub(1).map_or(0, |last| self.many[last].1)
        };
        let more = excess(events.end).saturating_sub(excess(events.start));
        (events.len() as u64).saturating_add(more)
    }

    /// The events between two instants.
    pub fn between(&self, from: WallTime, to: WallTime) -> Range<usize> {
        let first = self.place(from);
        let end = self.place(WallTime(to.0.saturating_add(1)));
        first..end.max(first)
    }

    /// The place of the first event at or after an instant.
    pub fn place(&self, at: WallTime) -> usize {
        let step = self.steps.partition_point(|step| *step < at);
        let from = step.saturating_sub(1) * STEP;
        let to = (step * STEP).min(self.times.len());
        from + self.times[from..to].partition_point(|time| *time < at)
    }
}

fn steps(times: &[WallTime]) -> Vec<WallTime> {
    times.iter().copied().step_by(STEP).collect()
}

fn excess(counts: impl Iterator<Item = u64>) -> Vec<(usize, u64)> {
    let mut sum = 0_u64;
    let many = counts.enumerate().filter(|(_, count)| *count > 1);
    let sums = many.map(|(place, count)| {
        sum = sum.saturating_add(count - 1);
        (place, sum)
    });
    sums.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, count: u64) -> LaneEvent {
        LaneEvent {
            at: WallTime(at),
            count,
            text: format!("at {at}").into(),
        }
    }

    #[test]
    fn a_stretch_counts_what_is_told_of_together() {
        let row = EventRow::from(vec![event(30, 5), event(10, 1), event(20, 3), event(40, 1)]);
        assert_eq!(row.text(1), "at 20");
        assert_eq!(row.count(&(0..4)), 10);
        assert_eq!(row.count(&(0..1)), 1);
        assert_eq!(row.count(&(1..2)), 3);
        assert_eq!(row.count(&(2..4)), 6);
        assert_eq!(row.count(&(3..3)), 0);
        assert_eq!(row.between(WallTime(20), WallTime(30)), 1..3);
    }

    #[test]
    fn places_are_those_that_a_plain_search_finds() {
        let row = EventRow::from((0..1_000).map(|n| event(n / 3 * 10, 1)).collect::<Vec<_>>());
        for at in (-5..3_400).map(WallTime) {
            let plain = row.times().partition_point(|time| *time < at);
            assert_eq!(row.place(at), plain, "{at:?}");
        }
        assert_eq!(EventRow::default().place(WallTime(5)), 0);
    }

    #[test]
    fn a_life_is_told_by_its_pid_and_name_and_many_by_their_words() {
        let names = [Name::One("sh".into()), Name::Many(7, "7 of sh".into())];
        let life = |at, pid, name| LifeEvent {
            at: WallTime(at),
            pid,
            name,
        };
        let row = EventRow::of_lives(vec![life(9, 0, 1), life(5, 42, 0)], names.into(), "ended");
        assert_eq!([row.text(0), row.text(1)], ["42 (sh) ended", "7 of sh"]);
        assert_eq!(row.count(&(0..2)), 8);
        assert_eq!(row.text(2), "");
    }

    #[test]
    fn an_end_that_nobody_told_of_stands_among_those_that_are_told() {
        let names: Arc<[Name]> = [Name::One("sh".into())].into();
        let life = |at, pid| LifeEvent {
            at: WallTime(at),
            pid,
            name: 0,
        };
        let end = |at, pid, parent| EndEvent {
            life: life(at, pid),
            how: How {
                parent,
                ..How::default()
            },
        };
        let ends = vec![end(9, 43, Some(7)), end(4, 40, Some(8)), end(5, 44, None)];
        let lives = vec![life(5, 42), life(3, 41)];
        let row = EventRow::of_ends(lives, ends, names, "ended");
        let texts: Vec<String> = (0..6).map(|place| row.text(place)).collect();
        assert_eq!(
            texts,
            [
                "41 (sh) ended",
                "40 (sh) ended, child of 8",
                "42 (sh) ended",
                "44 (sh) ended",
                "43 (sh) ended, child of 7",
                ""
            ]
        );
        assert!(row.times().is_sorted());
    }
}
