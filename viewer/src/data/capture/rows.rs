//! What each CPU and disk did, from the counters at the edges of each piece of time.
//!
//! The pyramid holds the machine as a whole, so this is read from single ticks: a mean over a
//! piece is exact with the counters at its two edges, however long it is. A spike within a
//! longer piece shows in its mean only.

use super::CaptureReplay;
use super::whole::Whole;
use crate::data::ReplayError;
use crate::data::rows::{RowCell, RowGroup, RowsData};
use afterimage_analysis::rate::rise;
use afterimage_format::counter::total;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{CpuTimes, Machine};
use afterimage_format::time::{MonotonicTime, Seq, WallTime};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many ticks' counters are kept.
const KEPT: usize = 2_000;
/// More values than a picture needs: hosts of many CPUs get longer pieces.
const MOST_VALUES: usize = 24_000;

/// The counters of one tick.
#[derive(Debug)]
pub(super) struct Counters {
    wall: WallTime,
    monotonic: MonotonicTime,
    /// For each CPU: busy, and all, in clock ticks.
    cpus: Vec<(Box<str>, [Reading<u64>; 2])>,
    /// For each disk: busy, in microseconds.
    disks: Vec<(Box<str>, Reading<u64>)>,
}

/// The counters that were read lately, by tick.
pub(super) type Known = BTreeMap<Seq, Rc<Counters>>;

impl CaptureReplay {
    /// The rows of a group in about `most` pieces or fewer. Costs 1 ms for each minute of the
    /// capture that has an edge of a piece in it and was not read lately: half a second for the
    /// most there can be.
    pub(super) fn rows_of(
        &mut self,
        group: RowGroup,
        (from, to): (WallTime, WallTime),
        most: usize,
    ) -> Result<RowsData, ReplayError> {
        let capture = self.reader()?;
        let ends = capture.at_or_after(from)?.zip(capture.at_or_before(to)?);
        let mut data = RowsData {
            group,
            names: Vec::new(),
            cells: Vec::new(),
        };
        let Some((first, last)) = ends.filter(|(first, last)| first < last) else {
            return Ok(data);
        };
        let width = self
            .counters(last)?
            .map_or(1, |counters| counters.width(group));
        let most = most.min(MOST_VALUES / width.max(1)).max(50);
        for pair in edges(&self.whole, (first, last), most).windows(2) {
            let (Some(before), Some(now)) = (self.counters(pair[0])?, self.counters(pair[1])?)
            else {
                continue;
            };
            if !self.whole.is_after_gap(pair[1]) {
                let to = now.wall.plus(self.whole.interval_at(pair[1]));
                add(&mut data, &before, &now, to);
            }
        }
        self.notice_damage()?;
        Ok(data)
    }

    fn counters(&mut self, seq: Seq) -> Result<Option<Rc<Counters>>, ReplayError> {
        if let Some(known) = self.counters.get(&seq) {
            return Ok(Some(Rc::clone(known)));
        }
        if self.damage.stretch_of(seq).is_some() {
            return Ok(None);
        }
        let Some((times, machine)) = self.reader()?.machine(seq)? else {
            return Ok(None);
        };
        let counters = Counters::of(&machine, times.began.wall, times.began.monotonic);
        let counters = Rc::new(counters);
        if self.counters.len() >= KEPT {
            self.counters.clear();
        }
        self.counters.insert(seq, Rc::clone(&counters));
        Ok(Some(counters))
    }
}

/// The ticks at which pieces end: round numbers, so that panning moves none of them, and those
/// on either side of missing ones.
pub(super) fn edges(whole: &Whole, (first, last): (Seq, Seq), most: usize) -> Vec<Seq> {
    let step = (last.0 - first.0)
        .div_ceil(most as u64)
        .max(1)
        .next_power_of_two();
    let begin = first.0.saturating_sub(1).div_euclid(step) * step;
    let round = (begin..=last.0.saturating_add(step)).step_by(usize::try_from(step).unwrap_or(1));
    let mut edges: Vec<u64> = round
        .map(|seq| seq.clamp(whole.ends.0.0, whole.ends.1.0))
        .collect();
    for after in whole.before_gaps() {
        if first <= after && after < last {
            edges.extend([after.0, after.0 + 1]);
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges.into_iter().map(Seq).collect()
}

/// Adds the piece that ends with the tick `now`, which itself stands until `to`.
fn add(data: &mut RowsData, before: &Counters, now: &Counters, to: WallTime) {
    let seconds = now.monotonic.since(before.monotonic);
    let seconds = seconds.map_or(0.0, |length| length.as_secs_f64());
    if seconds <= 0.0 || now.wall <= before.wall {
        return;
    }
    let shares = now.shares(before, data.group, seconds);
    let mut values = vec![None; data.names.len()];
    for (name, share) in shares {
        let place = data.names.iter().position(|known| **known == *name);
        let place = place.unwrap_or_else(|| {
            data.names.push(name.to_string());
            values.push(None);
            data.names.len() - 1
        });
        values[place] = share;
    }
    // A tick's value stands from it to the next one, as in the curves.
    let interval = to.0 - now.wall.0;
    let from = WallTime((before.wall.0 + interval).min(now.wall.0));
    if let Some(last) = data.cells.last_mut()
        && last.to > from
    {
        last.to = from;
    }
    data.cells.push(RowCell { from, to, values });
}

impl Counters {
    fn of(machine: &Machine, wall: WallTime, monotonic: MonotonicTime) -> Self {
        let cpus = machine.cpus.iter();
        let cpus = cpus.map(|(name, times)| (name.clone(), busy_and_all(times)));
        let disks = machine.disks.iter().filter(|(name, _)| is_whole(name));
        let busy = disks.map(|(name, disk)| {
            let busy = disk.busy_time;
            (name.clone(), busy.map(|time| saturated(time.as_micros())))
        });
        Self {
            wall,
            monotonic,
            cpus: cpus.collect(),
            disks: busy.collect(),
        }
    }

    fn width(&self, group: RowGroup) -> usize {
        match group {
            RowGroup::Cpus => self.cpus.len(),
            RowGroup::Disks => self.disks.len(),
        }
    }

    /// Percent of the time between two ticks, row by row.
    fn shares(&self, before: &Self, group: RowGroup, seconds: f64) -> Vec<(&str, Option<f32>)> {
        match group {
            RowGroup::Cpus => {
                let share = |(name, now): &'_ (Box<str>, [Reading<u64>; 2])| {
                    let (_, then) = before.cpus.iter().find(|(known, _)| known == name)?;
                    let busy = rise(then[0], now[0])? as f64;
                    let all = rise(then[1], now[1])?;
                    (all > 0).then(|| percent(busy / all as f64))
                };
                let rows = self.cpus.iter();
                rows.map(|row| (&*row.0, share(row))).collect()
            }
            RowGroup::Disks => {
                let share = |(name, now): &'_ (Box<str>, Reading<u64>)| {
                    let (_, then) = before.disks.iter().find(|(known, _)| known == name)?;
                    Some(percent(rise(*then, *now)? as f64 / 1e6 / seconds))
                };
                let rows = self.disks.iter();
                rows.map(|row| (&*row.0, share(row))).collect()
            }
        }
    }
}

fn busy_and_all(times: &CpuTimes) -> [Reading<u64>; 2] {
    let sum = |parts: &[Reading<u64>]| -> Reading<u64> {
        let parts: Vec<u64> = parts.iter().copied().collect::<Reading<_>>()?;
        Ok(total(parts))
    };
    let ticks = |reading: Reading<afterimage_format::units::Ticks>| reading.map(|ticks| ticks.0);
    let busy = [
        times.user,
        times.nice,
        times.system,
        times.irq,
        times.softirq,
        times.steal,
    ];
    let busy = sum(&busy.map(ticks));
    let idle = sum(&[times.idle, times.iowait].map(ticks));
    let all = busy.and_then(|busy| Ok(total([busy, idle?])));
    [busy, all]
}

/// A part of a disk does what its whole does, and ram disks and loops of nothing do nothing.
fn is_whole(name: &str) -> bool {
    let is_part = |prefix: &str| {
        name.starts_with(prefix) && name.ends_with(|last: char| last.is_ascii_digit())
    };
    let numbered_parts = name.starts_with("nvme") || name.starts_with("mmcblk");
    let part_of_numbered = numbered_parts
        && name
            .rsplit_once('p')
            .is_some_and(|(_, part)| part.parse::<u32>().is_ok());
    let is_pseudo = name.starts_with("loop") || name.starts_with("ram");
    let part = ["sd", "vd", "xvd", "hd"].into_iter().any(is_part) || part_of_numbered;
    !part && !is_pseudo
}

#[expect(clippy::cast_possible_truncation, reason = "a percentage to be drawn")]
fn percent(share: f64) -> f32 {
    (share * 100.0).clamp(0.0, 100.0) as f32
}

fn saturated(micros: u128) -> u64 {
    u64::try_from(micros).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_disks_and_disks_of_memory_have_no_row() {
        for whole in ["vda", "sda", "nvme0n1", "md0", "dm-3", "mmcblk0"] {
            assert!(is_whole(whole), "{whole}");
        }
        for part in ["vda1", "sdb12", "nvme0n1p2", "mmcblk0p1", "loop3", "ram0"] {
            assert!(!is_whole(part), "{part}");
        }
    }
}
