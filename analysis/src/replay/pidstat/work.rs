//! What one process did in a step: by how much its counters rose, and where it then stood.

use super::{Section, Units};
use crate::machine::micros;
use crate::rate::{Elapsed, rise};
use crate::table::Cell;
use afterimage_format::reading::Reading;
use afterimage_format::sample::Process;
use afterimage_format::units::{Bytes, Ticks};

/// The most counters that a section has.
const COUNTERS: usize = 4;

/// What a process did in one step, or in many.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Work {
    /// By how much the section's counters rose; none when one of the two was not read, or it fell.
    rises: [Option<u64>; COUNTERS],
    /// The section's amounts, summed over steps.
    amounts: [Option<u64>; 2],
    steps: u64,
    /// Over how many seconds its counters rose.
    pub(super) seconds: f64,
}

type Counters = [Reading<u64>; COUNTERS];

impl Work {
    /// What it did since it was last seen; without that, since it began.
    pub(super) fn between(
        section: Section,
        before: Option<&Process>,
        now: &Process,
        elapsed: Elapsed,
    ) -> Self {
        let (later, amounts) = (counters(section, now), amounts(section, now));
        let (rises, seconds) = match before {
            Some(before) => {
                let earlier = counters(section, before);
                let rises = std::array::from_fn(|at| rise(earlier[at], later[at]));
                let read_at = |process: &Process| match section {
                    Section::Cpu | Section::Memory => process.stat_read_at,
                    Section::Io => process.io_read_at,
                    Section::Switches => process.status_read_at,
                };
                (rises, elapsed.between_reads(read_at(before), read_at(now)))
            }
            None => (later.map(Result::ok), elapsed.seconds),
        };
        Self {
            rises,
            amounts: amounts.map(Result::ok),
            steps: 1,
            seconds,
        }
    }

    /// Where it stands, without knowing what it did.
    pub(super) fn not_known(section: Section, now: &Process) -> Self {
        Self {
            rises: [None; COUNTERS],
            amounts: amounts(section, now).map(Result::ok),
            steps: 1,
            seconds: 1.0,
        }
    }

    /// Whether it did anything: to wait, for a CPU or a disk, is not that.
    pub(super) fn is_any(&self) -> bool {
        let [done @ .., _waits] = &self.rises;
        done.iter().flatten().any(|rise| *rise > 0)
    }

    pub(super) fn add(&mut self, more: &Self) {
        if self.steps == 0 {
            *self = *more;
            return;
        }
        let sum = |all: &mut Option<u64>, more: &Option<u64>| {
            // A step in which a counter was not read leaves out what it did then, and no more.
            *all = match (*all, *more) {
                (Some(all), Some(more)) => Some(all.saturating_add(more)),
                (all, more) => all.or(more),
            };
        };
        let pairs = self.rises.iter_mut().zip(&more.rises);
        for (all, more) in pairs.chain(self.amounts.iter_mut().zip(&more.amounts)) {
            sum(all, more);
        }
        self.steps += more.steps;
        self.seconds += more.seconds;
    }

    /// The section's numbers over so many seconds.
    pub(super) fn cells(&self, section: Section, seconds: f64, units: Units) -> Vec<Cell> {
        let per_second =
            |at: usize, unit: f64| self.rises[at].map(|rise| rise as f64 / unit / seconds);
        let rate = |at: usize, unit: f64| Cell::real(per_second(at, unit), 2);
        let mean = |at: usize| self.amounts[at].map(|amount| amount as f64 / self.steps as f64);
        match section {
            Section::Cpu => {
                let ticks = units.tick_rate.0.get() as f64 / 100.0;
                let [user, system, guest] = [0, 1, 2].map(|at| per_second(at, ticks));
                let own = user
                    .zip(guest.or(Some(0.0)))
                    .map(|(user, guest)| (user - guest).max(0.0));
                // A process is read a little later in one tick than in another.
                let wait = per_second(3, 1e4).map(|wait| wait.min(100.0));
                let all = user.zip(system).map(|(user, system)| user + system);
                let processor = (self.steps == 1).then(|| self.amounts[0]).flatten();
                let mut cells: Vec<Cell> = [own, system, guest, wait, all]
                    .map(|share| Cell::real(share, 2))
                    .into();
                cells.push(Cell::integer(processor));
                cells
            }
            Section::Memory => {
                let resident = mean(1).map(|pages| pages * units.page_size.0 as f64);
                let share = resident.zip(units.memory.ok());
                let share = share.map(|(resident, all)| resident * 100.0 / all.0 as f64);
                vec![
                    rate(0, 1.0),
                    rate(1, 1.0),
                    Cell::real(mean(0).map(|bytes| bytes / 1024.0), 0),
                    Cell::real(resident.map(|bytes| bytes / 1024.0), 0),
                    Cell::real(share, 2),
                ]
            }
            Section::Io => vec![
                rate(0, 1024.0),
                rate(1, 1024.0),
                rate(2, 1024.0),
                Cell::integer(self.rises[3]),
            ],
            Section::Switches => vec![rate(0, 1.0), rate(1, 1.0)],
        }
    }
}

fn counters(section: Section, process: &Process) -> Counters {
    let ticks = |reading: Reading<Ticks>| reading.map(|ticks| ticks.0);
    let bytes = |reading: Reading<Bytes>| reading.map(|bytes| bytes.0);
    let none = NOT_IN_SECTION;
    match section {
        Section::Cpu => [
            ticks(process.utime),
            ticks(process.stime),
            ticks(process.guest_time[0]),
            micros(process.wait),
        ],
        Section::Memory => [process.minflt[0], process.majflt[0], none, none],
        Section::Io => [
            bytes(process.read),
            bytes(process.written),
            bytes(process.write_cancelled),
            ticks(process.blkio_delay),
        ],
        Section::Switches => [process.switches[0], process.switches[1], none, none],
    }
}

fn amounts(section: Section, process: &Process) -> [Reading<u64>; 2] {
    let none = NOT_IN_SECTION;
    match section {
        Section::Cpu => {
            let processor = process.processor.map(i64::unsigned_abs);
            [processor, none]
        }
        Section::Memory => [process.vsize.map(|bytes| bytes.0), process.rss_pages],
        Section::Io | Section::Switches => [none, none],
    }
}

const NOT_IN_SECTION: Reading<u64> = Err(afterimage_format::reading::Missing::NotRead);
