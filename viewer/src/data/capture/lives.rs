//! Births and ends of processes for the lanes: what samples saw of a life, and what the kernel
//! told of its end. There may be millions, so they are read a few at a time, ends first.

use super::whole::Whole;
use crate::data::ReplayError;
use crate::data::events::{EndEvent, EventRow, How, Lane, LifeEvent, Name};
use afterimage_analysis::ending::Ending;
use afterimage_analysis::escape::Escaped;
use afterimage_format::capture::Capture;
use afterimage_format::capture::reader::{LifeEnds, StoredEnd};
use afterimage_format::facts::is_same_start;
use afterimage_format::time::WallTime;
use afterimage_format::units::Ticks;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How many are read at once: then somebody else may want something.
const AT_ONCE: u32 = 4_000;

/// Of a process without a name.
const NAMELESS: &str = "?";

/// Lives that are being read.
#[derive(Debug, Default)]
pub(super) struct Lives {
    /// The last end that was read; `None` once all were.
    ends_after: Option<i64>,
    /// The last life that was read.
    after: i64,
    births: Vec<LifeEvent>,
    /// Those of which nobody told.
    deaths: Vec<LifeEvent>,
    names: Vec<Name>,
    known: HashMap<Box<str>, u32>,
    told: Vec<Told>,
    /// The ends of each pid, by their place.
    of_pid: HashMap<i32, Vec<usize>>,
    /// From when on which name belonged to a pid that is somebody's parent.
    parents: HashMap<i32, Vec<(WallTime, u32)>>,
}

/// An end that the kernel told of.
#[derive(Debug)]
struct Told {
    boot: i64,
    started: Option<Ticks>,
    end: LifeEvent,
    has_name: bool,
    how: How,
    /// Whether a sample saw it alive.
    is_seen: bool,
}

impl Told {
    /// When it was born, if no sample saw it.
    fn born(&self) -> Option<WallTime> {
        let lifetime = self.how.lifetime_seconds.filter(|_| !self.is_seen)?;
        let lifetime = Duration::try_from_secs_f32(lifetime).ok()?;
        Some(self.end.at.minus(lifetime))
    }
}

impl Lives {
    pub(super) fn begin() -> Self {
        Self {
            ends_after: Some(i64::MIN),
            after: i64::MIN,
            ..Self::default()
        }
    }

    /// Reads some; whether there are more. Costs about 3 µs each.
    pub(super) fn go_on(
        &mut self,
        capture: &mut Capture,
        whole: &Whole,
    ) -> Result<bool, ReplayError> {
        if let Some(after) = self.ends_after {
            self.ends_after = capture.next_exited(after, AT_ONCE, |end| self.tell(&end))?;
            return Ok(true);
        }
        let after = self.after;
        let last = capture.life_ends(after, AT_ONCE, |life| self.add(&life, whole))?;
        self.after = last.unwrap_or(after);
        Ok(last.is_some())
    }

    fn name(&mut self, comm: &[u8]) -> u32 {
        let name = Escaped(comm).to_string().into_boxed_str();
        *self.known.entry(name).or_insert_with_key(|name| {
            self.names.push(Name::One(name.clone()));
            number(self.names.len() - 1)
        })
    }

    fn tell(&mut self, StoredEnd { boot, exited, .. }: &StoredEnd) {
        let name = self.name(exited.comm.as_deref().unwrap_or(NAMELESS.as_bytes()));
        let pid = exited.pid.0;
        let how = How {
            ending: exited.wait_status.map(Ending::from_wait_status),
            lifetime_seconds: exited.lifetime.map(|lifetime| lifetime.as_secs_f32()),
            cpu_seconds: exited.cpu().map(|cpu| cpu.as_secs_f32()),
            parent: exited.ppid.map(|parent| parent.0),
            parent_name: None,
        };
        if let Some(parent) = how.parent {
            self.parents.entry(parent).or_default();
        }
        self.of_pid.entry(pid).or_default().push(self.told.len());
        self.told.push(Told {
            boot: *boot,
            started: exited.started,
            end: LifeEvent {
                at: exited.wall,
                pid,
                name,
            },
            has_name: exited.comm.is_some(),
            how,
            is_seen: false,
        });
    }

    /// What was there when a run began was not born then, and what was there when it ended did
    /// not die.
    fn add(&mut self, life: &LifeEnds, whole: &Whole) {
        let (name, pid) = (self.name(&life.comm), life.key.pid.0);
        if let Some(names) = self.parents.get_mut(&pid) {
            names.push((life.first_seen, name));
        }
        if !whole.is_first_of_run(life.first) {
            let at = end_of_second(life.first_seen);
            self.births.push(LifeEvent { at, pid, name });
        }
        if self.is_told(life, name) {
            return;
        }
        if let Some((last, seen)) = life.last
            && !whole.is_last_of_run(last)
        {
            let at = end_of_second(seen);
            self.deaths.push(LifeEvent { at, pid, name });
        }
    }

    /// Whether the kernel told of the end of a life; then that is no short one.
    fn is_told(&mut self, life: &LifeEnds, name: u32) -> bool {
        let Some(places) = self.of_pid.get(&life.key.pid.0) else {
            return false;
        };
        let told = places.iter().find(|place| {
            let told = &self.told[**place];
            let is_near = |at: Ticks| is_same_start(at, life.key.started);
            told.boot == life.boot && told.started.is_some_and(is_near)
        });
        let Some(told) = told.map(|place| &mut self.told[*place]) else {
            return false;
        };
        told.is_seen = true;
        if !told.has_name {
            (told.end.name, told.has_name) = (name, true);
        }
        true
    }

    /// The rows of the lanes. `first` is the beginning of the capture.
    pub(super) fn rows(
        mut self,
        capture: &mut Capture,
        first: WallTime,
    ) -> Result<Vec<(Lane, usize, EventRow)>, ReplayError> {
        self.add_sums(capture)?;
        let told = self.ends(first);
        let names: Arc<[Name]> = self.names.into();
        let failed = |is_so: fn(&How) -> bool| -> EventRow {
            let ends = told.iter().filter(|end| is_so(&end.how)).copied();
            EventRow::of_ends(vec![], ends.collect(), Arc::clone(&names), "ended")
        };
        let (killed, erred) = (failed(How::is_killed), failed(How::has_error));
        let births = EventRow::of_lives(self.births, Arc::clone(&names), "began");
        let deaths = EventRow::of_ends(self.deaths, told, names, "ended");
        Ok(vec![
            (Lane::Processes, 0, births),
            (Lane::Processes, 1, deaths),
            (Lane::Failures, 0, killed),
            (Lane::Failures, 1, erred),
        ])
    }

    /// The ends that the kernel told of, and the births of those that no sample saw.
    fn ends(&mut self, first: WallTime) -> Vec<EndEvent> {
        for told in &self.told {
            if let (Some(born), Some(names)) = (told.born(), self.parents.get_mut(&told.end.pid)) {
                names.push((born, told.end.name));
            }
        }
        self.parents
            .values_mut()
            .for_each(|names| names.sort_unstable());
        let mut ends = Vec::with_capacity(self.told.len());
        for mut told in std::mem::take(&mut self.told) {
            let names = told.how.parent.and_then(|parent| self.parents.get(&parent));
            told.how.parent_name = names.and_then(|names| {
                let after = names.partition_point(|(from, _)| *from <= told.end.at);
                names.get(after.checked_sub(1)?).map(|(_, name)| *name)
            });
            if let Some(at) = told.born().filter(|born| *born >= first) {
                self.births.push(LifeEvent { at, ..told.end });
            }
            ends.push(EndEvent {
                life: told.end,
                how: told.how,
            });
        }
        ends
    }

    /// Lives that were added up, each sum an event.
    fn add_sums(&mut self, capture: &mut Capture) -> Result<(), ReplayError> {
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

/// Lives are stored to the second; the last instant of it is the one that saw them.
fn end_of_second(at: WallTime) -> WallTime {
    at.plus(Duration::from_micros(999_999))
}
