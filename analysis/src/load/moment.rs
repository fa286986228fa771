//! The tasks that were part of the load at one instant, and what the kernel counted then.
//!
//! In: a sample with the states of its processes and the threads that were worth a look. Out: each
//! task in R or D once, however often it is in the sample. The two counts are not taken at the same
//! moment: the kernel's come first, then the recorder goes from process to process.

use super::By;
use afterimage_format::group::{Group, ProcessField};
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Extract, Process, Sample, State, Task};
use afterimage_format::tick::Shed;
use std::collections::HashSet;

/// Why a task is part of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// State R: it runs, or could run and waits for a CPU.
    Running,
    /// State D: it waits and is not to be woken by a signal.
    Uninterruptible,
}

impl Demand {
    fn of(state: Reading<State>) -> Option<Self> {
        match state.ok()? {
            State::RUNNABLE => Some(Self::Running),
            State::UNINTERRUPTIBLE => Some(Self::Uninterruptible),
            // I, a thread of the kernel without work, waits as D does and is not counted.
            _ => None,
        }
    }

    /// The letter of the state.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Running => "R",
            Self::Uninterruptible => "D",
        }
    }
}

/// One task of the load.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its process; without it the thread is all that is known.
    pub process: Option<&'a Process>,
    /// What was recorded of the thread itself.
    pub task: Option<&'a Task>,
    /// Why it counts.
    pub demand: Demand,
}

impl<'a> Part<'a> {
    /// The process it is of.
    pub fn pid(&self) -> Option<Pid> {
        let own = self.process.map(|process| process.key.pid);
        own.or_else(|| self.task?.process.ok())
    }

    /// The thread.
    pub fn tid(&self) -> Option<Pid> {
        let key = self.task.map(|task| task.key);
        Some(key.or(self.process.map(|process| process.key))?.pid)
    }

    /// The process, over its whole life.
    pub fn process_key(&self) -> Option<ProcessKey> {
        self.process.map(|process| process.key)
    }

    /// The name of the thread; of a process whose threads were not looked at, its own.
    pub fn comm(&self) -> Option<&'a [u8]> {
        let own = self.task.and_then(|task| task.comm.as_deref().ok());
        own.or_else(|| self.process_comm())
    }

    /// The name of its process.
    pub fn process_comm(&self) -> Option<&'a [u8]> {
        self.process?.comm.as_deref().ok()
    }

    /// Whose process it is.
    pub fn user(&self) -> Option<&'a [u8]> {
        self.process?.user.as_deref().ok()
    }

    /// The function of the kernel that it waits in.
    pub fn wchan(&self) -> Option<&'a [u8]> {
        if self.demand == Demand::Running {
            return None;
        }
        let own = self.task.and_then(|task| task.wchan.as_deref().ok());
        own.or_else(|| {
            self.process
                .filter(|_| self.is_leader())?
                .wchan
                .as_deref()
                .ok()
        })
    }

    /// The cgroup of its process.
    pub fn cgroup(&self) -> Option<&'a [u8]> {
        self.process?.cgroup.as_deref().ok()
    }

    fn is_leader(&self) -> bool {
        self.tid() == self.pid()
    }
}

/// What was counted at one instant, by the kernel and by looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Tasks seen in R.
    pub running: u64,
    /// Tasks seen in D.
    pub uninterruptible: u64,
    /// `procs_running` of `/proc/stat`, less one for the recorder.
    pub kernel_running: Reading<u64>,
    /// The same out of `/proc/loadavg`, read a moment later.
    pub kernel_runnable: Reading<u64>,
    /// `procs_blocked` of `/proc/stat`: those that wait for I/O, which not all in D do.
    pub kernel_blocked: Reading<u64>,
    /// `/proc/loadavg`, in hundredths.
    pub load_hundredths: [Reading<u64>; 3],
    /// Why the threads of the tick are not known, when they are not.
    pub threads: Reading<()>,
    /// Idle processes were left out of the tick, to stay within the budget: their states are older.
    pub idle_left_out: bool,
}

impl Counts {
    /// Tasks that were seen, and have names.
    pub fn seen(&self) -> u64 {
        self.running + self.uninterruptible
    }

    /// How many more the kernel counted as running than were seen; fewer when negative, as tasks
    /// begin and cease to run between the two looks.
    pub fn running_not_seen(&self) -> Option<i64> {
        let kernel = i64::try_from(self.kernel_running.ok()?).ok()?;
        kernel.checked_sub(i64::try_from(self.running).ok()?)
    }

    /// What the kernel would take as the load: its own count of the running ones, where it is known,
    /// and those seen in D, of which it publishes no count.
    pub fn counted(&self) -> f64 {
        let running = self.kernel_running.unwrap_or(self.running);
        running as f64 + self.uninterruptible as f64
    }
}

/// The load at one instant.
#[derive(Debug, Clone)]
pub struct Moment<'a> {
    /// Each task that was seen as part of it, by process and thread.
    pub parts: Vec<Part<'a>>,
    /// How many that are, beside the kernel's own counts.
    pub counts: Counts,
}

/// What is needed of each sample, for the counts alone.
const STATES: &[ProcessField] = &[ProcessField::State];
/// The same with what the groups are called.
const COMMANDS: &[ProcessField] = &[ProcessField::State, ProcessField::Comm];
const USERS: &[ProcessField] = &[ProcessField::State, ProcessField::User];
const WAITS: &[ProcessField] = &[ProcessField::State, ProcessField::Wchan];
/// For everything that is shown of one moment.
const ALL: &[ProcessField] = &[
    ProcessField::State,
    ProcessField::Comm,
    ProcessField::User,
    ProcessField::Wchan,
    ProcessField::Cgroup,
    ProcessField::Threads,
    ProcessField::Utime,
    ProcessField::Stime,
];

impl Moment<'_> {
    /// What is wanted of a sample to count its tasks.
    pub const COUNTS: Extract = Extract {
        machine: true,
        processes: STATES,
        things: &[Group::Task],
    };
    /// What is wanted to group them.
    pub const fn grouped(by: By) -> Extract {
        let processes = match by {
            By::Process | By::Command => COMMANDS,
            By::User => USERS,
            By::Wchan => WAITS,
        };
        Extract {
            processes,
            ..Self::COUNTS
        }
    }

    /// What is wanted to show them, and in which processes the others may be.
    pub const PARTS: Extract = Extract {
        processes: ALL,
        ..Self::COUNTS
    };
}

impl<'a> Moment<'a> {
    /// The load at the instant of a sample, without the recorder, which has this pid.
    pub fn of(sample: &'a Sample, recorder: Option<Pid>) -> Self {
        let mut parts = Vec::new();
        let tasks: &[Task] = sample.tasks.as_deref().unwrap_or_default();
        for process in &sample.processes {
            let Some(demand) = Demand::of(process.state) else {
                continue;
            };
            if Some(process.key.pid) == recorder && demand == Demand::Running {
                continue;
            }
            let found = tasks.binary_search_by_key(&process.key, |task| task.key);
            let task = found.ok().map(|place| &tasks[place]);
            let process = Some(process);
            // Of the two looks at a first thread, the one at its process counts: the kernel's
            // count is nearer to it.
            let task = task.filter(|task| Demand::of(task.state) == Some(demand));
            parts.push(Part {
                process,
                task,
                demand,
            });
        }
        let leaders: HashSet<ProcessKey> = sample.processes.iter().map(|of| of.key).collect();
        for task in tasks.iter().filter(|task| !leaders.contains(&task.key)) {
            let Some(demand) = Demand::of(task.state) else {
                continue;
            };
            let process = task.process.ok().and_then(|pid| process_of(sample, pid));
            let task = Some(task);
            parts.push(Part {
                process,
                task,
                demand,
            });
        }
        parts.sort_by_key(|part| (part.pid(), part.tid()));
        let counts = counts(sample, &parts);
        Self { parts, counts }
    }
}

/// The process that had a pid: of two, which cannot be, the later.
fn process_of(sample: &Sample, pid: Pid) -> Option<&Process> {
    let end = (sample.processes).partition_point(|process| process.key.pid <= pid);
    let last = sample.processes.get(end.checked_sub(1)?)?;
    (last.key.pid == pid).then_some(last)
}

fn counts(sample: &Sample, parts: &[Part<'_>]) -> Counts {
    let machine = &sample.machine;
    let of = |demand| parts.iter().filter(|part| part.demand == demand).count() as u64;
    let without_recorder = |count: Reading<u64>| count.map(|count| count.saturating_sub(1));
    Counts {
        running: of(Demand::Running),
        uninterruptible: of(Demand::Uninterruptible),
        kernel_running: without_recorder(machine.running),
        kernel_runnable: without_recorder(machine.tasks_runnable),
        kernel_blocked: machine.blocked,
        load_hundredths: machine.load_hundredths,
        threads: sample
            .tasks
            .as_ref()
            .map(|_| ())
            .map_err(|missing: &Missing| *missing),
        idle_left_out: sample.times.shed.contains(Shed::IDLE_PROCESSES),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::machine::made::{nothing, sample_of_tasks};
    use crate::waits::tests::task;
    use afterimage_format::units::Ticks;

    /// A process of one thread, which has this name.
    pub(crate) fn process(pid: i32, state: u8, comm: &str) -> Process {
        let started = Ticks(5);
        let pid = Pid(pid);
        Process {
            state: Ok(State(state)),
            comm: Ok(comm.as_bytes().into()),
            ..Process::not_read(ProcessKey { pid, started })
        }
    }

    /// A moment at which the kernel counts so many running tasks, the recorder among them.
    pub(crate) fn sample(processes: Vec<Process>, tasks: Vec<Task>, running: u64) -> Sample {
        let mut machine = nothing();
        machine.running = Ok(running);
        machine.load_hundredths = [Ok(250), Ok(200), Ok(100)];
        Sample {
            machine,
            processes,
            ..sample_of_tasks(tasks, 100)
        }
    }

    #[test]
    fn each_task_counts_once_and_idle_threads_of_the_kernel_do_not() {
        let processes = vec![
            process(1, b'S', "systemd"),
            process(7, b'R', "java"),
            process(8, b'I', "kworker"),
            process(9, b'D', "dd"),
            process(11, b'R', "afterimage"),
        ];
        // The first thread of 7 is in the list of threads too; 70 and 71 are others of it.
        let mut first = task(7, b'R');
        first.comm = Ok(b"main"[..].into());
        let tasks = vec![first, task(70, b'R'), task(71, b'D'), task(72, b'S')];
        let sample = sample(processes, tasks, 5);
        let moment = Moment::of(&sample, Some(Pid(11)));
        let tids: Vec<i32> = moment
            .parts
            .iter()
            .map(|part| part.tid().unwrap().0)
            .collect();
        assert_eq!(tids, [7, 70, 71, 9]);
        assert_eq!(
            (moment.counts.running, moment.counts.uninterruptible),
            (2, 2)
        );
        assert_eq!(moment.parts[0].comm(), Some(&b"main"[..]));
        assert_eq!(moment.parts[1].process_comm(), Some(&b"java"[..]));
        // Five, of which one is the recorder: two were not seen.
        assert_eq!(moment.counts.running_not_seen(), Some(2));
        assert!((moment.counts.counted() - 6.0).abs() < 1e-9);
    }

    #[test]
    fn fewer_than_were_seen_is_a_negative_rest_and_an_absent_count_is_none() {
        let processes = vec![process(7, b'R', "a"), process(8, b'R', "b")];
        let mut sample = sample(processes, vec![], 2);
        assert_eq!(
            Moment::of(&sample, None).counts.running_not_seen(),
            Some(-1)
        );
        sample.machine.running = Err(Missing::PermissionDenied);
        let counts = Moment::of(&sample, None).counts;
        assert_eq!(counts.running_not_seen(), None);
        assert!((counts.counted() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn where_a_thread_waits_is_asked_of_the_thread_and_not_of_its_process() {
        let mut stuck = process(7, b'D', "java");
        stuck.wchan = Ok(b"io_schedule"[..].into());
        let other = task(70, b'D');
        let sample = sample(vec![stuck], vec![other], 1);
        let moment = Moment::of(&sample, None);
        assert_eq!(moment.parts[0].wchan(), Some(&b"io_schedule"[..]));
        assert_eq!(moment.parts[1].wchan(), None);
    }
}
