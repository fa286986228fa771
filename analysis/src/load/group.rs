//! The tasks of the load in groups: by process, command, user, or what they wait in.
//!
//! In: the parts of one moment, or of several. Out: groups, the largest first. Their sums are those
//! of the parts: nothing is left out, and what has no name is in a group that says so.

use super::{Demand, Part};
use crate::waits::dictionary;
use afterimage_format::process::{Pid, ProcessKey};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::str::FromStr;

/// So many pids of a group are kept as examples.
const EXAMPLES: usize = 5;

/// What tasks are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum By {
    /// One process, with all of its threads.
    Process,
    /// Processes of the same name.
    #[default]
    Command,
    /// Processes of the same user.
    User,
    /// The function of the kernel that they wait in.
    Wchan,
}

impl By {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Process, Self::Command, Self::User, Self::Wchan];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Command => "command",
            Self::User => "user",
            Self::Wchan => "wchan",
        }
    }
}

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|by| by.name() == text);
        found.ok_or_else(|| format!("`{text}` is none of process, command, user, wchan"))
    }
}

/// What a group is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// As the capture has it: not safe to show as it is.
    Text(Box<[u8]>),
    /// By what they wait in: they do not wait.
    Runnable,
    /// It was not recorded.
    Unknown,
}

impl Name {
    fn of(text: Option<&[u8]>) -> Self {
        text.map_or(Self::Unknown, |text| Self::Text(text.into()))
    }

    /// The bytes, when there are any.
    pub fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Where tasks of a group wait: a function of the kernel, and how many do in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The function; nothing where it was not recorded.
    pub wchan: Option<Box<[u8]>>,
    /// How many wait there.
    pub tasks: u64,
}

impl Waiting {
    /// What that is, in a sentence.
    pub fn what(&self) -> Option<&'static str> {
        Some(dictionary::wait(self.wchan.as_deref()?)?.what.as_str())
    }
}

/// Tasks that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they have in common.
    pub name: Name,
    /// By process: which one.
    pub process: Option<ProcessKey>,
    /// How many of them are in R.
    pub running: u64,
    /// How many of them are in D.
    pub uninterruptible: u64,
    /// Some of the processes that they are of, in order.
    pub pids: Vec<Pid>,
    /// What those in D wait in, the most frequent first.
    pub waiting: Vec<Waiting>,
}

impl Group {
    /// All of them.
    pub fn tasks(&self) -> u64 {
        self.running + self.uninterruptible
    }
}

type Key = (Name, Option<ProcessKey>);

fn key(part: &Part<'_>, by: By) -> Key {
    match by {
        By::Process => (Name::of(part.process_comm()), part.process_key()),
        By::Command => (Name::of(part.process_comm()), None),
        By::User => (Name::of(part.user()), None),
        By::Wchan if part.demand == Demand::Running => (Name::Runnable, None),
        By::Wchan => (Name::of(part.wchan()), None),
    }
}

#[derive(Default)]
struct Sums {
    group: Option<Group>,
    waiting: BTreeMap<Option<Box<[u8]>>, u64>,
}

/// The groups of one moment, the largest first.
pub fn groups(parts: &[Part<'_>], by: By) -> Vec<Group> {
    let mut all: BTreeMap<Key, Sums> = BTreeMap::new();
    for part in parts {
        let key = key(part, by);
        let sums = all.entry(key.clone()).or_default();
        let group = sums.group.get_or_insert_with(|| empty(key));
        match part.demand {
            Demand::Running => group.running += 1,
            Demand::Uninterruptible => {
                group.uninterruptible += 1;
                *sums
                    .waiting
                    .entry(part.wchan().map(Into::into))
                    .or_default() += 1;
            }
        }
        let pid = part.pid().filter(|pid| !group.pids.contains(pid));
        if group.pids.len() < EXAMPLES {
            group.pids.extend(pid);
        }
    }
    let groups = all.into_values().filter_map(|sums| {
        let mut group = sums.group?;
        let waiting = sums.waiting.into_iter();
        group.waiting = waiting
            .map(|(wchan, tasks)| Waiting { wchan, tasks })
            .collect();
        group
            .waiting
            .sort_by_key(|waiting| std::cmp::Reverse(waiting.tasks));
        Some(group)
    });
    let mut groups: Vec<Group> = groups.collect();
    // Those of the same size stay in order of their names.
    groups.sort_by_key(|group| std::cmp::Reverse(group.tasks()));
    groups
}

fn empty((name, process): Key) -> Group {
    Group {
        name,
        process,
        running: 0,
        uninterruptible: 0,
        pids: Vec::new(),
        waiting: Vec::new(),
    }
}

/// Groups of several moments, added up.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    groups: BTreeMap<Key, Group>,
    moments: u64,
}

impl Totals {
    /// Adds those of one moment.
    pub fn add(&mut self, groups: Vec<Group>) {
        self.moments += 1;
        for group in groups {
            match self.groups.entry((group.name.clone(), group.process)) {
                Entry::Vacant(place) => {
                    place.insert(group);
                }
                Entry::Occupied(mut known) => known.get_mut().merge(group),
            }
        }
    }

    /// How many moments were added.
    pub fn moments(&self) -> u64 {
        self.moments
    }

    /// Takes everything out, the largest first; to be divided by the moments.
    pub fn take(&mut self) -> (Vec<Group>, u64) {
        let groups = std::mem::take(&mut self.groups).into_values();
        let mut groups: Vec<Group> = groups.collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.tasks()));
        (groups, std::mem::take(&mut self.moments))
    }
}

impl Group {
    fn merge(&mut self, other: Self) {
        self.running += other.running;
        self.uninterruptible += other.uninterruptible;
        for pid in other.pids {
            if self.pids.len() < EXAMPLES && !self.pids.contains(&pid) {
                self.pids.push(pid);
            }
        }
        for waiting in other.waiting {
            match self
                .waiting
                .iter_mut()
                .find(|known| known.wchan == waiting.wchan)
            {
                Some(known) => known.tasks += waiting.tasks,
                None => self.waiting.push(waiting),
            }
        }
        self.waiting
            .sort_by_key(|waiting| std::cmp::Reverse(waiting.tasks));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Moment;
    use super::super::moment::tests::{process, sample};
    use super::*;
    use crate::waits::tests::task;
    use afterimage_format::sample::Sample;

    /// Two `java` of which one has a second thread in R, two `dd` in D, one of them somewhere.
    fn mix() -> Sample {
        let mut stuck = process(9, b'D', "dd");
        stuck.wchan = Ok(b"io_schedule"[..].into());
        stuck.user = Ok(b"www"[..].into());
        let processes = vec![
            process(7, b'R', "java"),
            process(8, b'R', "java"),
            stuck,
            process(10, b'D', "dd"),
        ];
        sample(processes, vec![task(70, b'R')], 4)
    }

    fn sums(by: By) -> Vec<(Name, u64, u64)> {
        let sample = mix();
        let groups = groups(&Moment::of(&sample, None).parts, by).into_iter();
        groups
            .map(|group| (group.name, group.running, group.uninterruptible))
            .collect()
    }

    fn text(text: &str) -> Name {
        Name::Text(text.as_bytes().into())
    }

    #[test]
    fn groups_add_up_whatever_they_are_made_by() {
        let by_process = [
            (text("java"), 2, 0),
            (text("dd"), 0, 1),
            (text("dd"), 0, 1),
            (text("java"), 1, 0),
        ];
        assert_eq!(sums(By::Process), by_process);
        assert_eq!(
            sums(By::Command),
            [(text("java"), 3, 0), (text("dd"), 0, 2)]
        );
        assert_eq!(sums(By::User), [(Name::Unknown, 3, 1), (text("www"), 0, 1)]);
        let by_wchan = [
            (Name::Runnable, 3, 0),
            (text("io_schedule"), 0, 1),
            (Name::Unknown, 0, 1),
        ];
        assert_eq!(sums(By::Wchan), by_wchan);
    }

    #[test]
    fn what_a_group_waits_in_is_told_in_words() {
        let sample = mix();
        let groups = groups(&Moment::of(&sample, None).parts, By::Command);
        let [unknown, known] = groups[1].waiting.as_slice() else {
            panic!("{groups:?}");
        };
        assert_eq!((unknown.tasks, unknown.what()), (1, None));
        assert!(known.what().unwrap().contains("disk"));
    }

    #[test]
    fn moments_are_added_group_by_group() {
        let sample = mix();
        let parts = Moment::of(&sample, None).parts;
        let mut totals = Totals::default();
        totals.add(groups(&parts, By::Command));
        totals.add(groups(&parts[..1], By::Command));
        let (groups, moments) = totals.take();
        let sums: Vec<(u64, u64)> = groups
            .iter()
            .map(|group| (group.running, group.uninterruptible))
            .collect();
        assert_eq!((sums, moments), (vec![(4, 0), (0, 2)], 2));
        assert_eq!(totals.moments(), 0);
    }
}
