//! `pidstat`: what each process did in each step, as sysstat 12 computes it.
//!
//! In: samples of which [`Section::fields`] were read, and the steps between them. Out: a row for
//! each process that did something, and the averages of all of them at the end.

mod columns;
mod work;

use crate::rate::Step;
use crate::table::{Cell, Column};
use afterimage_format::group::ProcessField;
use afterimage_format::process::ProcessKey;
use afterimage_format::reading::Reading;
use afterimage_format::sample::{Process, Sample};
use afterimage_format::units::{Bytes, TickRate};
use std::collections::BTreeMap;
use std::sync::Arc;
use work::Work;

/// A report of pidstat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `-u`: CPU.
    Cpu,
    /// `-r`: faults and memory.
    Memory,
    /// `-d`: I/O.
    Io,
    /// `-w`: context switches.
    Switches,
}

impl Section {
    /// Its columns: the moment, the process, numbers, and its name.
    pub fn columns(self) -> Vec<Column> {
        let own = [
            Column::text("at", "TIME"),
            Column::number("uid", "UID"),
            Column::number("pid", "PID"),
        ];
        let command = Column::text("command", "Command");
        let numbers = columns::of(self).iter().copied();
        own.into_iter().chain(numbers).chain([command]).collect()
    }

    /// The fields that it is made of.
    pub const fn fields(self) -> &'static [ProcessField] {
        columns::fields(self)
    }
}

/// What the host says that numbers depend on.
#[derive(Debug, Clone, Copy)]
pub struct Units {
    /// Of CPU times.
    pub tick_rate: TickRate,
    /// Of resident memory.
    pub page_size: Bytes,
    /// All memory there is, of which it is a share.
    pub memory: Reading<Bytes>,
}

/// Goes over a stretch, step after step.
#[derive(Debug)]
pub struct Pidstat {
    section: Section,
    units: Units,
    /// Over how many seconds there were rates.
    seconds: f64,
    totals: BTreeMap<ProcessKey, Total>,
}

/// What one process did in all steps.
#[derive(Debug)]
struct Total {
    uid: Reading<u64>,
    comm: Reading<Arc<[u8]>>,
    work: Work,
}

impl Pidstat {
    /// At the beginning of a stretch.
    pub fn new(section: Section, units: Units) -> Self {
        Self {
            section,
            units,
            seconds: 0.0,
            totals: BTreeMap::new(),
        }
    }

    /// Over how many seconds the averages are.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Gives the row at the end of one step for each process that is wanted: of all, or of those
    /// that did something. One that began within the step has counted from zero. Without a step
    /// nothing is known of what they did.
    pub fn step<E>(
        &mut self,
        (now, step): (&Sample, Option<&Step<'_>>),
        (is_wanted, also_idle): (impl Fn(&Process) -> bool, bool),
        mut give: impl FnMut(Vec<Cell>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.seconds += step.map_or(0.0, |step| step.elapsed.seconds);
        for (before, now) in pairs(step.map(|step| step.before), now) {
            let work = match step {
                Some(step) => Work::between(self.section, before, now, step.elapsed),
                None => Work::not_known(self.section, now),
            };
            if (also_idle || work.is_any()) && is_wanted(now) {
                let total = self.totals.entry(now.key).or_insert_with(|| Total {
                    uid: now.uids[0],
                    comm: now.comm.clone(),
                    work: Work::default(),
                });
                total.work.add(&work);
                if total.comm != now.comm {
                    total.comm.clone_from(&now.comm);
                }
                give(self.cells(now.key, now.uids[0], (&work, work.seconds), &now.comm))?;
            }
        }
        Ok(())
    }

    /// The averages over all steps, by pid: a process that did not live all the time did nothing
    /// in the rest of it.
    pub fn averages(&self) -> Vec<Vec<Cell>> {
        let totals = self.totals.iter().map(|(key, total)| {
            let work = (&total.work, self.seconds);
            self.cells(*key, total.uid, work, &total.comm)
        });
        totals.collect()
    }

    /// A row without the moment.
    fn cells(
        &self,
        key: ProcessKey,
        uid: Reading<u64>,
        (work, seconds): (&Work, f64),
        comm: &Reading<Arc<[u8]>>,
    ) -> Vec<Cell> {
        let mut cells = Vec::with_capacity(12);
        cells.extend([Cell::integer(uid.ok()), Cell::Integer(key.pid.0.into())]);
        cells.extend(work.cells(self.section, seconds, self.units));
        cells.push(Cell::text(comm.as_deref().ok()));
        cells
    }
}

/// The processes of a sample, each as it was at an earlier one, if it was there.
fn pairs<'a>(
    before: Option<&'a Sample>,
    now: &'a Sample,
) -> impl Iterator<Item = (Option<&'a Process>, &'a Process)> {
    // Both are in order of their keys.
    let mut earlier = before
        .map_or(&[][..], |before| &before.processes)
        .iter()
        .peekable();
    now.processes.iter().map(move |now| {
        while earlier.next_if(|earlier| earlier.key < now.key).is_some() {}
        (earlier.next_if(|earlier| earlier.key == now.key), now)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::made::{TWO_SECONDS, at, nothing};
    use afterimage_format::process::Pid;
    use afterimage_format::reading::Missing;
    use afterimage_format::units::Ticks;
    use std::num::NonZeroU64;

    fn process(pid: i32, started: u64, user_ticks: u64) -> Process {
        let key = ProcessKey {
            pid: Pid(pid),
            started: Ticks(started),
        };
        Process {
            utime: Ok(Ticks(user_ticks)),
            stime: Ok(Ticks(0)),
            guest_time: [Ok(Ticks(0)); 2],
            uids: [Ok(33); 2],
            ..Process::not_read(key)
        }
    }

    fn pidstat() -> Pidstat {
        let units = Units {
            tick_rate: TickRate(NonZeroU64::new(100).unwrap()),
            page_size: Bytes(4096),
            memory: Err(Missing::NotRead),
        };
        Pidstat::new(Section::Cpu, units)
    }

    /// The pid and `%CPU` of each row of a step between two lists of processes.
    fn rows(pidstat: &mut Pidstat, lists: [Vec<Process>; 2], also_idle: bool) -> Vec<(i64, f64)> {
        let (mut before, mut now) = at(nothing(), nothing());
        [before.processes, now.processes] = lists;
        let step = Step {
            before: &before,
            now: &now,
            elapsed: TWO_SECONDS,
        };
        let mut rows = vec![];
        let give = |row: Vec<Cell>| {
            rows.push(pid_and_cpu(&row));
            Ok::<(), ()>(())
        };
        pidstat
            .step((&now, Some(&step)), (|_: &Process| true, also_idle), give)
            .unwrap();
        rows
    }

    fn pid_and_cpu(row: &[Cell]) -> (i64, f64) {
        let columns = Section::Cpu.columns();
        let place = columns
            .iter()
            .position(|column| column.key == "cpu_percent");
        // The moment is not in the row yet.
        match (&row[1], &row[place.unwrap() - 1]) {
            (Cell::Integer(pid), Cell::Real(cpu, _)) => (*pid, *cpu),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_those_that_did_something_are_shown_unless_all_are_asked_for() {
        let lists = || {
            [
                vec![process(5, 1, 100), process(7, 1, 50)],
                vec![process(5, 1, 100), process(7, 1, 150)],
            ]
        };
        // 100 ticks of a hundredth of a second in 2 s.
        assert_eq!(rows(&mut pidstat(), lists(), false), [(7, 50.0)]);
        assert_eq!(rows(&mut pidstat(), lists(), true), [(5, 0.0), (7, 50.0)]);
    }

    #[test]
    fn a_process_with_the_pid_of_a_dead_one_has_counted_from_zero() {
        let lists = [vec![process(7, 1, 5000)], vec![process(7, 900, 20)]];
        assert_eq!(rows(&mut pidstat(), lists, false), [(7, 10.0)]);
    }

    #[test]
    fn averages_are_over_all_steps_also_those_in_which_it_did_nothing() {
        let mut pidstat = pidstat();
        let at = |ticks| vec![process(7, 1, ticks)];
        rows(&mut pidstat, [at(0), at(200)], false);
        rows(&mut pidstat, [at(200), at(200)], false);
        let averages = pidstat.averages();
        let averages: Vec<_> = averages.iter().map(|row| pid_and_cpu(row)).collect();
        assert_eq!(averages, [(7, 50.0)]);
    }
}
