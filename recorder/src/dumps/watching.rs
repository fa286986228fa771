//! Watches the virtual machines of the host, tick by tick, and says of which a dump is due.
//!
//! In: what the sampler leaves (`look.rs`), and the counters of each virtual machine. What a
//! process is, is found out once, when it is old enough to be asked. Processes with a thread that
//! is stuck in the kernel are watched, too: of those the kernel alone is asked, which does nothing
//! to them.

use super::hsperf::Counters;
use super::job::{Reason, Wanted};
use super::life;
use super::look::{Lookout, Seen};
use super::nature::{Hsperf, Nature};
use super::trigger::{Due, Watch};
use super::vitals::{Host, Vitals};
use crate::clock;
use crate::source::process::schedstat;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::time::MonotonicTime;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// A thread keeps a core for so long, from this share on.
const HOG_WINDOW: Duration = Duration::from_secs(10);
const HOG_SHARE: f64 = 0.9;
/// So long a process has a thread in state D at every tick before the kernel is asked what it does,
const STUCK_FOR: Duration = Duration::from_secs(5);
/// and then not again for so long.
const STUCK_AGAIN: Duration = Duration::from_mins(10);
/// In an hour, of the whole host.
const MOST_STUCK_AN_HOUR: usize = 20;

/// A dump that is due.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) key: ProcessKey,
    pub(super) due: Due,
    pub(super) wanted: Wanted,
}

/// What a tick has come to.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) wishes: Vec<Wish>,
    /// Processes of which nobody knows what they are.
    pub(super) unknown: Vec<ProcessKey>,
}

/// Everything that is watched.
#[derive(Debug)]
pub(super) struct Watching {
    lookout: Lookout,
    is_on: bool,
    least_age: Duration,
    cpus: f64,
    known: u64,
    machines: BTreeMap<ProcessKey, Machine>,
    stuck: BTreeMap<i32, MonotonicTime>,
    /// When the kernel was asked of which process.
    told: Vec<(i32, MonotonicTime)>,
}

/// A virtual machine.
#[derive(Debug)]
struct Machine {
    watch: Watch,
    hsperf: Option<Hsperf>,
    before: Option<(MonotonicTime, Numbers)>,
    hogs: Hogs,
}

/// The counters that tell something; of newer versions some are gone.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    live: Option<i64>,
    contended: Option<i64>,
    parks: Option<i64>,
    still: Option<Duration>,
}

impl Watching {
    pub(super) fn new(lookout: Lookout, is_on: bool, least_age: Duration) -> Self {
        Self {
            lookout,
            is_on,
            least_age,
            cpus: std::thread::available_parallelism().map_or(1.0, |cpus| cpus.get() as f64),
            known: 0,
            machines: BTreeMap::new(),
            stuck: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// How many virtual machines are watched.
    pub(super) fn machines(&self) -> usize {
        self.machines.len()
    }

    /// A virtual machine, or what a hook is meant for, is watched from now on.
    pub(super) fn add(&mut self, key: ProcessKey, hsperf: Option<Hsperf>) {
        self.machines.entry(key).or_insert_with(|| Machine {
            watch: Watch::new(since(clock::now().monotonic)),
            hsperf,
            before: None,
            hogs: Hogs::default(),
        });
    }

    /// A dump was taken, and the process stood still for so long. Whether that was too long, so
    /// that there will be no more of its own.
    pub(super) fn heard(&mut self, key: ProcessKey, pause: Duration) -> bool {
        let Some(machine) = self.machines.get_mut(&key) else {
            return false;
        };
        let was_over = machine.watch.is_over();
        machine.watch.heard(since(clock::now().monotonic), pause);
        machine.watch.is_over() && !was_over
    }

    /// The newest tick, if it was not looked at. Of those that are busy no dump is due.
    pub(super) fn look(
        &mut self,
        natures: &BTreeMap<ProcessKey, Nature>,
        busy: &dyn Fn(Pid) -> bool,
    ) -> Round {
        let wanted: Vec<Pid> = self.machines.keys().map(|key| key.pid).collect();
        let taken = self.lookout.newest(self.known, |look| {
            look.wanted = wanted;
            let sockets = look.served.clone();
            let processes = look.processes.clone();
            (
                look.number,
                look.at,
                look.interval,
                processes,
                look.stuck.clone(),
                look.pressure,
                sockets,
            )
        });
        let mut round = Round::default();
        let Some((number, Some(at), interval, mut seen, stuck, pressure, served)) = taken else {
            return round;
        };
        self.known = number;
        self.look_at_stuck(at, &stuck, &mut round);
        if !self.is_on {
            return round;
        }
        self.machines
            .retain(|key, _| seen.iter().any(|seen| seen.key == *key));
        seen.sort_by_key(|seen| std::cmp::Reverse(seen.cpu_ticks));
        round.unknown = self.unknown(&seen, natures);
        seen.retain(|seen| self.machines.contains_key(&seen.key));
        let host = Host {
            cpus: self.cpus,
            pressure,
        };
        for (rank, seen) in seen
            .iter()
            .enumerate()
            .filter(|(_, seen)| !busy(seen.key.pid))
        {
            let served = served.iter().find(|(pid, _)| *pid == seen.key.pid);
            let served = served.map(|(_, served)| *served);
            let Some(machine) = self.machines.get_mut(&seen.key) else {
                continue;
            };
            let vitals = machine.vitals(at, interval, (seen, rank, served));
            if let Some(due) = machine.watch.step(since(at), &vitals, &host) {
                let (key, wanted) = (seen.key, Wanted::Dump);
                round.wishes.push(Wish { key, due, wanted });
            }
        }
        round
    }

    /// Those that may be virtual machines, or meant by a hook, and are old enough to be asked; the
    /// busiest first.
    fn unknown(&self, seen: &[Seen], natures: &BTreeMap<ProcessKey, Nature>) -> Vec<ProcessKey> {
        let keys = seen.iter().map(|seen| seen.key);
        keys.filter(|key| self.is_old(key) && !natures.contains_key(key))
            .collect()
    }

    /// Whether a process has become what it will be: at its start no library is mapped yet.
    fn is_old(&self, key: &ProcessKey) -> bool {
        let boot = Duration::from_micros(clock::now().boot.0.max(0).cast_unsigned());
        boot.saturating_sub(key.started.to_duration(life::tick_rate())) >= self.least_age
    }

    /// Whether what others found a process to be is kept: not where it is found out here, which
    /// is how one comes to be watched, and not of one that is young.
    pub(super) fn leaves(&self, key: &ProcessKey) -> bool {
        !self.is_on && self.is_old(key)
    }

    fn look_at_stuck(&mut self, at: MonotonicTime, stuck: &[i32], round: &mut Round) {
        self.stuck.retain(|pid, _| stuck.contains(pid));
        let passed = |then: MonotonicTime| at.since(then).unwrap_or_default();
        self.told
            .retain(|(_, then)| passed(*then) < Duration::from_hours(1));
        for pid in stuck {
            let first = *self.stuck.entry(*pid).or_insert(at);
            let again = self.told.iter().rev().find(|(told, _)| told == pid);
            let is_told = again.is_some_and(|(_, then)| passed(*then) < STUCK_AGAIN);
            if passed(first) < STUCK_FOR || is_told || self.told.len() >= MOST_STUCK_AN_HOUR {
                continue;
            }
            self.told.push((*pid, at));
            let Some(life) = life::look(Pid(*pid)).filter(|life| !life.is_kernel_thread) else {
                continue;
            };
            let detail = "a thread of it has been in state D for 5 s".to_owned();
            let reason = Reason {
                trigger: "tasks-blocked",
                detail,
            };
            round.wishes.push(Wish {
                key: life.key,
                due: Due {
                    reason,
                    is_first: true,
                },
                wanted: Wanted::KernelView,
            });
        }
    }
}

/// The clock of the triggers.
fn since(at: MonotonicTime) -> Duration {
    Duration::from_micros(at.0.max(0).cast_unsigned())
}

impl Machine {
    fn vitals(
        &mut self,
        at: MonotonicTime,
        interval: Duration,
        (seen, rank, served): (&Seen, usize, Option<[u64; 3]>),
    ) -> Vitals {
        let hz = life::tick_rate().0.get() as f64;
        let cpu = seen.cpu_ticks.max(0) as f64 / hz;
        let cores = cpu / interval.as_secs_f64().max(0.001);
        let numbers = self.hsperf.as_ref().and_then(Numbers::read);
        let before = self.before;
        self.before = numbers.map(|numbers| (at, numbers));
        let rise = numbers.zip(before).and_then(|(now, (then, before))| {
            let seconds = at.since(then)?.as_secs_f64();
            (seconds > 0.0).then_some((now, before, seconds))
        });
        let contention = rise.map(|(now, before, seconds)| {
            let rate = |now: Option<i64>, before: Option<i64>| {
                Some(now?.saturating_sub(before?) as f64 / seconds)
            };
            [
                rate(now.contended, before.contended),
                rate(now.parks, before.parks),
            ]
        });
        let still = rise.and_then(|(now, before, seconds)| {
            Some(now.still?.saturating_sub(before.still?).as_secs_f64() / seconds)
        });
        let live = numbers.and_then(|numbers| u64::try_from(numbers.live?).ok());
        Vitals {
            cores,
            hog: self.hogs.look(seen.key.pid, at, cores),
            threads: live.or(Some(seen.threads)),
            served,
            contention: contention.unwrap_or([None; 2]),
            still,
            rank,
        }
    }
}

impl Numbers {
    fn read(hsperf: &Hsperf) -> Option<Self> {
        let bytes = hsperf.read()?;
        let counters = Counters::parse(&bytes)?;
        let ticks = counters.number("sun.rt.safepointTime");
        let rate = counters
            .number("sun.os.hrt.frequency")
            .filter(|rate| *rate > 0);
        let still = ticks.zip(rate).map(|(ticks, rate)| {
            Duration::from_secs_f64((ticks.max(0) as f64 / rate as f64).min(1e9))
        });
        Some(Self {
            live: counters.number("java.threads.live"),
            contended: counters.number("sun.rt._sync_ContendedLockAttempts"),
            parks: counters.number("sun.rt._sync_Parks"),
            still,
        })
    }
}

/// Which thread keeps a core: looked at only while the process keeps one.
#[derive(Debug, Default)]
struct Hogs {
    window: Option<(MonotonicTime, Vec<(i32, Duration)>)>,
    found: Option<(String, f64)>,
}

impl Hogs {
    fn look(&mut self, pid: Pid, at: MonotonicTime, cores: f64) -> Option<(String, f64)> {
        if cores < HOG_SHARE {
            *self = Self::default();
            return None;
        }
        let passed = self.window.as_ref().and_then(|(then, _)| at.since(*then));
        if passed.is_some_and(|passed| passed < HOG_WINDOW) {
            return self.found.clone();
        }
        let now = runs(pid);
        let before = self.window.replace((at, now.clone()));
        self.found = before.zip(passed).and_then(|((_, before), passed)| {
            let rise = |(tid, run): &(i32, Duration)| {
                let (_, then) = before.iter().find(|(known, _)| known == tid)?;
                Some((*tid, run.saturating_sub(*then)))
            };
            let (tid, used) = now.iter().filter_map(rise).max_by_key(|(_, used)| *used)?;
            let share = used.as_secs_f64() / passed.as_secs_f64();
            (share >= HOG_SHARE).then(|| (name(pid, tid), share * 100.0))
        });
        self.found.clone()
    }
}

/// CPU time of each thread.
fn runs(pid: Pid) -> Vec<(i32, Duration)> {
    let entries = fs::read_dir(format!("/proc/{}/task", pid.0))
        .into_iter()
        .flatten();
    let run = |entry: fs::DirEntry| {
        let tid = entry.file_name().to_str()?.parse().ok()?;
        let text = fs::read(entry.path().join("schedstat")).ok()?;
        let [run, ..] = schedstat::parse(&text).ok()?;
        Some((tid, Duration::from_nanos(run)))
    };
    entries.flatten().filter_map(run).collect()
}

fn name(pid: Pid, tid: i32) -> String {
    let name = fs::read(format!("/proc/{}/task/{tid}/comm", pid.0)).unwrap_or_default();
    format!("{} ({tid})", String::from_utf8_lossy(name.trim_ascii()))
}
