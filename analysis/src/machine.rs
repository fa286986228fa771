//! The machine as a whole at one instant, as the tools people know tell of it.
//!
//! In: a sample, and the [`Step`] that led to it when there is one. Out: [`Sheet`]s of numbers,
//! each number a [`Value`] that says why it is absent when it is. Nothing is computed across a
//! gap, and how a number is written is left to whoever shows it.
//!
//! - [`cpu`]: what each CPU did, as `mpstat` has it; load, tasks and what the kernel counts.
//! - [`memory`]: as `free` has it, what memory is used for, and paging as `sar -B` has it.
//! - [`disks`]: as `iostat -x` has it.
//! - [`network`]: as `sar -n DEV` and `sar -n EDEV` have it.
//! - [`pressure`]: the shares of time that tasks were stalled.

pub mod cpu;
mod difference;
pub mod disks;
pub mod memory;
pub mod network;
pub mod pressure;

use crate::rate::Step;
use afterimage_format::counter::change;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Machine, Sample};
use afterimage_format::units::Bytes;
use std::time::Duration;

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// What it is made of was not read.
    #[error(transparent)]
    Reading(#[from] Missing),
    /// There is no sample right before this one.
    #[error("there is no snapshot right before this one that it could be counted from")]
    NoStep,
    /// It was not there at the sample before.
    #[error("it was not there yet at the snapshot before")]
    New,
    /// Its counter fell.
    #[error("its counter began anew since the snapshot before")]
    Restarted,
    /// No clock tick was counted, so there are no shares of any.
    #[error("no CPU time was counted for it since the snapshot before")]
    NoTime,
    /// It was not there at the moment that is compared with.
    #[error("it was not there at the moment that this one is compared with")]
    NotThen,
    /// This row has no such number.
    #[error("there is no such number here")]
    NotHere,
}

/// A number, or why there is none.
pub type Value = Result<f64, Absent>;

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// A share, 100 is all.
    Percent,
    /// So many a second.
    PerSecond,
    /// Kibibytes a second, which the tools write `kB/s`.
    KibPerSecond,
    /// An amount of memory or data.
    Bytes,
    /// Kibibytes, which the tools write `kB`.
    Kib,
    /// Thousandths of a second.
    Millis,
    /// A length of time.
    Seconds,
    /// A number of things.
    Count,
    /// A mean number of things.
    Mean,
}

/// One column of a [`Sheet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in CSV: lower case, with its unit.
    pub key: &'static str,
    /// Its name for people: as the tool they know has it.
    pub heading: &'static str,
    /// What its numbers are.
    pub measure: Measure,
}

impl Column {
    const fn new(key: &'static str, heading: &'static str, measure: Measure) -> Self {
        Self {
            key,
            heading,
            measure,
        }
    }
}

/// One row of a [`Sheet`].
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// A CPU, a device, an interface: out of a capture, so not safe to print as it is.
    pub name: Box<str>,
    /// A number for every column.
    pub values: Vec<Value>,
}

/// Columns and rows of numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// The columns.
    pub columns: &'static [Column],
    /// The rows.
    pub rows: Vec<Row>,
}

impl Sheet {
    /// A sheet with one row, for numbers of the machine as a whole.
    fn single(columns: &'static [Column], values: Vec<Value>) -> Self {
        let name = "".into();
        Self {
            columns,
            rows: vec![Row { name, values }],
        }
    }

    /// The columns and values of the first row.
    pub fn figures(&self) -> impl Iterator<Item = (&'static Column, Value)> {
        let values = self.rows.first().map_or(&[][..], |row| &row.values);
        self.columns.iter().zip(values.iter().copied())
    }

    /// One number; `None` when there is no such row or column.
    pub fn value(&self, row: &str, key: &str) -> Option<Value> {
        let column = self.columns.iter().position(|column| column.key == key)?;
        let row = self.rows.iter().find(|known| *known.name == *row)?;
        row.values.get(column).copied()
    }
}

/// Everything about the machine at one instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pages {
    /// All CPUs together and each one.
    pub cpus: Sheet,
    /// Load averages, tasks, and what the kernel counts.
    pub tasks: Sheet,
    /// `Mem` and `Swap`, as `free` has them.
    pub memory: Sheet,
    /// What memory is used for: parts of all of it that do not overlap.
    pub parts: Sheet,
    /// Lines of `/proc/meminfo` that matter.
    pub lines: Sheet,
    /// What `/proc/vmstat` says of paging.
    pub paging: Sheet,
    /// Every block device.
    pub disks: Sheet,
    /// Every network interface.
    pub networks: Sheet,
    /// Every line of `/proc/pressure`.
    pub pressure: Sheet,
}

impl Pages {
    /// Everything about the machine at `now`; rates over the step that led to it.
    pub fn new(now: &Sample, step: Option<&Step<'_>>, page_size: Bytes) -> Self {
        let before = Before(step);
        let machine = &now.machine;
        Self {
            cpus: cpu::cpus(machine, before),
            tasks: cpu::tasks(machine, before),
            memory: memory::free(machine),
            parts: memory::parts(machine),
            lines: memory::lines(machine),
            paging: memory::paging(machine, before, page_size),
            disks: disks::drives_first(disks::sheet(machine, before)),
            networks: network::sheet(machine, before),
            pressure: pressure::sheet(machine, before),
        }
    }
}

/// What counters are compared with: the sample before, if there is one right before.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a>(pub Option<&'a Step<'a>>);

impl<'a> Before<'a> {
    /// The machine at the sample before.
    pub(crate) fn machine(self) -> Result<&'a Machine, Absent> {
        let step = self.0.ok_or(Absent::NoStep)?;
        Ok(&step.before.machine)
    }

    /// A row of the sample before, by its name. Rows mostly keep their place.
    pub(crate) fn row<T: Clone + 'a>(
        self,
        rows: impl Fn(&'a Machine) -> &'a [(Box<str>, T)],
        name: &str,
        place: usize,
    ) -> Result<T, Absent> {
        let rows = rows(self.machine()?);
        let same = rows.get(place).filter(|(known, _)| **known == *name);
        let found = same.or_else(|| rows.iter().find(|(known, _)| **known == *name));
        found.map(|(_, row)| row.clone()).ok_or(Absent::New)
    }

    /// Something counted, a second.
    pub(crate) fn per_second(self, rise: Result<u64, Absent>) -> Value {
        let seconds = self.0.ok_or(Absent::NoStep)?.elapsed.seconds;
        Ok(rise? as f64 / seconds)
    }
}

/// By how much a counter rose.
pub(crate) fn rise(before: Result<Reading<u64>, Absent>, now: Reading<u64>) -> Result<u64, Absent> {
    let now = now?;
    let before = before??;
    change(before, now).rise().ok_or(Absent::Restarted)
}

/// So many of a number that is counted.
fn count(reading: Reading<u64>) -> Value {
    Ok(reading? as f64)
}

pub(crate) fn micros(reading: Reading<Duration>) -> Reading<u64> {
    reading.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// Something for each of something else, and 0 when there was none of that, as sysstat has it.
pub(crate) fn for_each(sum: u64, of: u64) -> f64 {
    if of == 0 {
        return 0.0;
    }
    sum as f64 / of as f64
}

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;
