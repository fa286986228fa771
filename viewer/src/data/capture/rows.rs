//! What each CPU, disk and file system did, from the ticks at the edges of each piece of time.
//!
//! The pyramid holds the machine as a whole, so this is read from single ticks: a mean over a
//! piece is exact with the counters at its two edges, however long it is. A spike within a
//! longer piece shows in its mean only. How full a file system is, is what it was at the end of
//! the piece.

use super::CaptureReplay;
use super::whole::Whole;
use crate::data::ReplayError;
use crate::data::rows::{RowCell, RowGroup, RowsData};
use afterimage_analysis::rate::rise;
use afterimage_format::counter::total;
use afterimage_format::group::Group;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{CpuTimes, Extract, FileSystem, Machine, Sample};
use afterimage_format::time::{MonotonicTime, Seq, WallTime};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many ticks' counters are kept.
const KEPT: usize = 2_000;
/// More values than a picture needs: hosts of many CPUs get longer pieces.
const MOST_VALUES: usize = 24_000;

/// So many file systems have a row: the fullest.
const MOST_FILE_SYSTEMS: usize = 8;
/// Those of which less is used, in percent, only stand in the way: `/dev`, `/run`.
const LEAST_USED: f32 = 1.0;
/// `f_flag`, `ST_RDONLY`: what nobody can write to is not full.
const READ_ONLY: u64 = 1;

/// What is read of a tick for the rows of CPUs and disks.
const MACHINE: Extract = Extract::MACHINE;
/// The same for those of file systems.
const FILE_SYSTEMS: Extract = Extract {
    machine: false,
    processes: &[],
    things: &[Group::FileSystem],
};

/// What is known of one tick.
#[derive(Debug)]
pub(super) struct Counters {
    wall: WallTime,
    monotonic: MonotonicTime,
    /// For each CPU: busy, and all, in clock ticks.
    cpus: Vec<(Box<str>, [Reading<u64>; 2])>,
    /// For each disk: busy, in microseconds.
    disks: Vec<(Box<str>, Reading<u64>)>,
    /// For each file system that can be written to: the share that is used.
    file_systems: Vec<(Box<str>, Option<f32>)>,
}

/// The ticks that were read lately, and whether of them the file systems were read, or the
/// machine.
pub(super) type Known = BTreeMap<(Seq, bool), Rc<Counters>>;

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
            .counters(last, group)?
            .map_or(1, |counters| counters.width(group));
        let most = most.min(MOST_VALUES / width.max(1)).max(50);
        for pair in edges(&self.whole, (first, last), most).windows(2) {
            let before = self.counters(pair[0], group)?;
            let (Some(before), Some(now)) = (before, self.counters(pair[1], group)?) else {
                continue;
            };
            if !self.whole.is_after_gap(pair[1]) {
                let to = now.wall.plus(self.whole.interval_at(pair[1]));
                add(&mut data, &before, &now, to);
            }
        }
        self.notice_damage()?;
        if group == RowGroup::FileSystems {
            keep_fullest(&mut data, MOST_FILE_SYSTEMS);
        }
        Ok(data)
    }

    fn counters(&mut self, seq: Seq, group: RowGroup) -> Result<Option<Rc<Counters>>, ReplayError> {
        let is_of_files = group == RowGroup::FileSystems;
        let extract = if is_of_files { FILE_SYSTEMS } else { MACHINE };
        if let Some(known) = self.counters.get(&(seq, is_of_files)) {
            return Ok(Some(Rc::clone(known)));
        }
        if self.damage.stretch_of(seq).is_some() {
            return Ok(None);
        }
        let Some(sample) = self.reader()?.extract(seq, &extract)? else {
            return Ok(None);
        };
        let counters = Rc::new(Counters::of(&sample));
        if self.counters.len() >= KEPT {
            self.counters.clear();
        }
        let known = (seq, is_of_files);
        self.counters.insert(known, Rc::clone(&counters));
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
    fn of(sample: &Sample) -> Self {
        let machine: &Machine = &sample.machine;
        let cpus = machine.cpus.iter();
        let cpus = cpus.map(|(name, times)| (name.clone(), busy_and_all(times)));
        let disks = machine.disks.iter().filter(|(name, _)| is_whole(name));
        let busy = disks.map(|(name, disk)| {
            let busy = disk.busy_time;
            (name.clone(), busy.map(|time| saturated(time.as_micros())))
        });
        let file_systems = sample.file_systems.iter().flatten();
        let can_fill = |row: &FileSystem| {
            let has_size = row.total.is_ok_and(|total| total.0 > 0);
            has_size && row.flags.is_ok_and(|flags| flags & READ_ONLY == 0)
        };
        let file_systems = file_systems.filter(|(_, row)| can_fill(row));
        let file_systems = file_systems.map(|(point, row)| (point.clone(), used(row)));
        Self {
            wall: sample.times.began.wall,
            monotonic: sample.times.began.monotonic,
            cpus: cpus.collect(),
            disks: busy.collect(),
            file_systems: file_systems.collect(),
        }
    }

    fn width(&self, group: RowGroup) -> usize {
        match group {
            RowGroup::Cpus => self.cpus.len(),
            RowGroup::Disks => self.disks.len(),
            RowGroup::FileSystems => self.file_systems.len(),
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
            RowGroup::FileSystems => {
                let rows = self.file_systems.iter();
                rows.map(|(name, used)| (&**name, *used)).collect()
            }
        }
    }
}

/// Leaves the rows that were fullest at some time, the fullest first.
fn keep_fullest(data: &mut RowsData, most: usize) {
    let fullest = |row: usize| {
        let values = data.cells.iter();
        let values = values.filter_map(|cell| cell.values.get(row).copied().flatten());
        values.fold(0.0, f32::max)
    };
    let mut order: Vec<(usize, f32)> = (0..data.names.len())
        .map(|row| (row, fullest(row)))
        .collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order.truncate(most);
    let used = order.partition_point(|(_, fullest)| *fullest >= LEAST_USED);
    order.truncate(used.max(1));
    let rows: Vec<usize> = order.into_iter().map(|(row, _)| row).collect();
    data.names = rows.iter().map(|&row| data.names[row].clone()).collect();
    for cell in &mut data.cells {
        let value = |row: &usize| cell.values.get(*row).copied().flatten();
        cell.values = rows.iter().map(value).collect();
    }
}

/// The share that is used, as `df` counts it: what only the superuser may take is not counted.
fn used(row: &FileSystem) -> Option<f32> {
    let (total, free) = (row.total.ok()?.0, row.free.ok()?.0);
    let used = total.checked_sub(free)? as f64;
    let all = used + row.available.ok()?.0 as f64;
    (all > 0.0).then(|| percent(used / all))
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
    fn the_fullest_rows_are_kept_with_their_values() {
        let cell = |values: &[Option<f32>]| RowCell {
            from: WallTime(0),
            to: WallTime(1),
            values: values.to_vec(),
        };
        let mut data = RowsData {
            group: RowGroup::FileSystems,
            names: ["/", "/boot", "/var", "/dev"].map(str::to_owned).to_vec(),
            // `/var` was mounted later.
            cells: vec![
                cell(&[Some(20.0), Some(40.0)]),
                cell(&[Some(21.0), None, Some(90.0), Some(0.0)]),
            ],
        };
        keep_fullest(&mut data, 8);
        assert_eq!(data.names, ["/var", "/boot", "/"], "`/dev` is empty");
        keep_fullest(&mut data, 2);
        assert_eq!(data.names, ["/var", "/boot"]);
        let values = data.cells.iter().map(|cell| cell.values.clone());
        let values: Vec<_> = values.collect();
        assert_eq!(values, [[None, Some(40.0)], [Some(90.0), None]]);
    }

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
