//! In which processes the running tasks may be that were not seen: those of which not every thread
//! was looked at, and that used a CPU.

use crate::rate::{Step, rise};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::Reading;
use afterimage_format::sample::{Process, Sample};
use afterimage_format::units::{TickRate, Ticks};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Of less than one percent nothing is said.
const LEAST_PERCENT: f64 = 1.0;

/// A process with threads that were not looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Hidden {
    /// Which.
    pub process: ProcessKey,
    /// Its name.
    pub comm: Option<Box<[u8]>>,
    /// How many threads it has.
    pub threads: u64,
    /// How many of them were looked at.
    pub looked_at: u64,
    /// CPU time of all its threads since the tick before, 100 is one core.
    pub cpu_percent: f64,
}

/// Those that used a CPU since the sample before, the busiest first.
pub fn hidden(now: &Sample, step: Option<&Step<'_>>, ticks: TickRate) -> Vec<Hidden> {
    let Some(step) = step else {
        return vec![];
    };
    let mut looked_at: HashMap<Pid, u64> = HashMap::new();
    for task in now.tasks.iter().flatten() {
        if let Ok(process) = task.process
            && process != task.key.pid
        {
            *looked_at.entry(process).or_default() += 1;
        }
    }
    let of = |process: &Process| {
        let threads = process.threads.ok()?;
        // The first thread is seen with the process itself.
        let looked_at = 1 + looked_at.get(&process.key.pid).copied().unwrap_or(0);
        let before = step.before.process(process.key)?;
        let count = |ticks: Reading<Ticks>| ticks.map(|ticks| ticks.0);
        let used = rise(count(before.utime), count(process.utime))?
            + rise(count(before.stime), count(process.stime))?;
        let seconds = used as f64 / ticks.0.get() as f64;
        let cpu_percent = seconds * 100.0 / step.elapsed.seconds;
        (looked_at < threads && cpu_percent >= LEAST_PERCENT).then(|| Hidden {
            process: process.key,
            comm: process.comm.as_deref().ok().map(Into::into),
            threads,
            looked_at,
            cpu_percent,
        })
    };
    let mut all: Vec<Hidden> = now.processes.iter().filter_map(of).collect();
    all.sort_by_key(|hidden| Reverse(hidden.cpu_percent.to_bits()));
    all
}

#[cfg(test)]
mod tests {
    use super::super::moment::tests::{process, sample};
    use super::*;
    use crate::machine::made::TWO_SECONDS;
    use crate::waits::tests::task;
    use std::num::NonZeroU64;

    #[test]
    fn a_busy_process_with_more_threads_than_were_looked_at_is_named() {
        let moment = |used: u64| {
            let with = |pid, threads, used| {
                let mut process = process(pid, b'S', "java");
                process.threads = Ok(threads);
                process.utime = Ok(Ticks(used));
                process.stime = Ok(Ticks(used / 2));
                process
            };
            // 5 has one thread, 7 two of which both were seen, 8 is idle.
            let processes = vec![
                with(5, 1, used),
                with(6, 300, used),
                with(7, 2, used),
                with(8, 300, 0),
            ];
            sample(processes, vec![task(70, b'R')], 1)
        };
        let (before, now) = (moment(100), moment(300));
        let step = Step {
            before: &before,
            now: &now,
            elapsed: TWO_SECONDS,
        };
        let rate = TickRate(NonZeroU64::new(100).unwrap());
        let hidden = hidden(&now, Some(&step), rate);
        assert_eq!(hidden.len(), 1, "{hidden:?}");
        assert_eq!((hidden[0].process.pid, hidden[0].looked_at), (Pid(6), 1));
        // 200 and 100 hundredths of a second in two.
        assert!((hidden[0].cpu_percent - 150.0).abs() < 1e-9, "{hidden:?}");
    }
}
