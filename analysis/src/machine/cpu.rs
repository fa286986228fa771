//! What the CPUs did: shares of their time as `mpstat` has them, load, tasks, and counts.

use super::{Absent, Before, Column, Measure, Row, Sheet, Value, count, micros, rise};
use afterimage_format::counter::change;
use afterimage_format::counter::total;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{CpuTimes, Machine};
use afterimage_format::units::Ticks;

/// The columns of [`cpus`], in the order of `mpstat`, and the wait for a CPU.
pub const CPUS: [Column; 11] = [
    Column::new("usr_percent", "%usr", Measure::Percent),
    Column::new("nice_percent", "%nice", Measure::Percent),
    Column::new("sys_percent", "%sys", Measure::Percent),
    Column::new("iowait_percent", "%iowait", Measure::Percent),
    Column::new("irq_percent", "%irq", Measure::Percent),
    Column::new("soft_percent", "%soft", Measure::Percent),
    Column::new("steal_percent", "%steal", Measure::Percent),
    Column::new("guest_percent", "%guest", Measure::Percent),
    Column::new("gnice_percent", "%gnice", Measure::Percent),
    Column::new("idle_percent", "%idle", Measure::Percent),
    Column::new("runqueue_wait_percent", "%waiting", Measure::Percent),
];

/// The columns of [`tasks`].
pub const TASKS: [Column; 10] = [
    Column::new("load1", "load, 1 min", Measure::Mean),
    Column::new("load5", "load, 5 min", Measure::Mean),
    Column::new("load15", "load, 15 min", Measure::Mean),
    Column::new("running", "running", Measure::Count),
    Column::new("blocked", "blocked", Measure::Count),
    Column::new("tasks", "tasks in all", Measure::Count),
    Column::new(
        "context_switches_per_second",
        "context switches",
        Measure::PerSecond,
    ),
    Column::new("interrupts_per_second", "interrupts", Measure::PerSecond),
    Column::new("forks_per_second", "forks", Measure::PerSecond),
    Column::new("up_seconds", "up for", Measure::Seconds),
];

/// The row of all CPUs together.
pub const ALL: &str = "all";

/// Clock ticks by mode between two readings. Guests are counted in `user` and `nice` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modes {
    /// User mode, guests included.
    pub user: u64,
    /// Niced user mode, niced guests included.
    pub nice: u64,
    /// Kernel mode.
    pub system: u64,
    /// Idle.
    pub idle: u64,
    /// Idle with I/O outstanding.
    pub iowait: u64,
    /// Interrupt handlers.
    pub irq: u64,
    /// Soft interrupts.
    pub softirq: u64,
    /// Taken by the hypervisor.
    pub steal: u64,
    /// Running a guest, and a niced one.
    pub guests: [Result<u64, Absent>; 2],
}

impl Modes {
    /// What was counted between two readings of a CPU.
    pub fn between(before: &CpuTimes, now: &CpuTimes) -> Result<Self, Absent> {
        let risen = |pick: fn(&CpuTimes) -> Reading<Ticks>| {
            let ticks = |times| pick(times).map(|ticks| ticks.0);
            rise(Ok(ticks(before)), ticks(now))
        };
        // The kernel lets these two fall back a little: then they have not moved.
        let risen_or_still = |before: Reading<Ticks>, now: Reading<Ticks>| {
            let (now, before) = (now?.0, before?.0);
            Ok::<_, Absent>(change(before, now).rise().unwrap_or(0))
        };
        Ok(Self {
            user: risen(|times| times.user)?,
            nice: risen(|times| times.nice)?,
            system: risen(|times| times.system)?,
            idle: risen_or_still(before.idle, now.idle)?,
            iowait: risen_or_still(before.iowait, now.iowait)?,
            irq: risen(|times| times.irq)?,
            softirq: risen(|times| times.softirq)?,
            steal: risen(|times| times.steal)?,
            guests: [risen(|times| times.guest), risen(|times| times.guest_nice)],
        })
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        total([
            self.user,
            self.nice,
            self.system,
            self.irq,
            self.softirq,
            self.steal,
            self.idle,
            self.iowait,
        ])
    }

    /// Percent of all time, in the order of [`CPUS`]. As in `mpstat` a guest is not user too.
    fn shares(&self) -> Result<[Value; 10], Absent> {
        let total = self.total();
        if total == 0 {
            return Err(Absent::NoTime);
        }
        let share = |ticks: u64| Ok(ticks as f64 * 100.0 / total as f64);
        let [guest, guest_nice] = self.guests;
        let without = |all: u64, guests: Result<u64, Absent>| {
            guests.and_then(|guests| share(all.saturating_sub(guests)))
        };
        Ok([
            without(self.user, guest),
            without(self.nice, guest_nice),
            share(self.system),
            share(self.iowait),
            share(self.irq),
            share(self.softirq),
            share(self.steal),
            guest.and_then(share),
            guest_nice.and_then(share),
            share(self.idle),
        ])
    }
}

/// All CPUs together, and each one.
pub fn cpus(now: &Machine, before: Before<'_>) -> Sheet {
    let waits = waits(now, before);
    let together = total_wait(&waits);
    let all = now.cpu.map_err(Absent::from).and_then(|now| {
        let before = before.machine()?.cpu?;
        Modes::between(&before, &now)
    });
    let mut rows = vec![row(ALL, all, together)];
    for (place, (name, times)) in now.cpus.iter().enumerate() {
        let modes = before
            .row(|machine| &machine.cpus, name, place)
            .and_then(|before| Modes::between(&before, times));
        let mut found = waits.iter().filter(|(known, _)| *known == &**name);
        let wait = found.next().map(|(_, wait)| *wait);
        rows.push(row(name, modes, wait.unwrap_or(Err(NOT_RECORDED))));
    }
    Sheet {
        columns: &CPUS,
        rows,
    }
}

const NOT_RECORDED: Absent = Absent::Reading(Missing::NotSupported);

fn row(name: &str, modes: Result<Modes, Absent>, wait: Value) -> Row {
    let shares = modes.and_then(|modes| modes.shares());
    let shares = shares.unwrap_or_else(|absent| [Err(absent); 10]);
    Row {
        name: name.into(),
        values: shares.into_iter().chain([wait]).collect(),
    }
}

/// How long tasks waited for each CPU: 100 is one task that waited all the time.
fn waits<'a>(now: &'a Machine, before: Before<'_>) -> Vec<(&'a str, Value)> {
    let rows = now.scheduler.iter().enumerate();
    let wait = rows.map(|(place, (name, times))| {
        let earlier = before.row(|machine| &machine.scheduler, name, place);
        let risen = rise(earlier.map(|times| micros(times.wait)), micros(times.wait));
        let share = before.per_second(risen).map(|micros| micros / 1e4);
        (&**name, share)
    });
    wait.collect()
}

/// The sum over all CPUs, absent when that of one is: a part of a sum would be a wrong one.
fn total_wait(waits: &[(&str, Value)]) -> Value {
    if waits.is_empty() {
        return Err(NOT_RECORDED);
    }
    waits.iter().map(|(_, wait)| *wait).sum()
}

/// Load averages, tasks, and what the kernel counts.
pub fn tasks(now: &Machine, before: Before<'_>) -> Sheet {
    let load = |place: usize| count(now.load_hundredths[place]).map(|load| load / 100.0);
    let counted = |pick: fn(&Machine) -> Reading<u64>| {
        before.per_second(rise(before.machine().map(pick), pick(now)))
    };
    let up = now.uptime.map_err(Absent::from);
    let values = vec![
        load(0),
        load(1),
        load(2),
        count(now.running),
        count(now.blocked),
        count(now.tasks_total),
        counted(|machine| machine.context_switches),
        counted(|machine| machine.interrupts),
        counted(|machine| machine.forks),
        up.map(|up| up.as_secs_f64()),
    ];
    Sheet::single(&TASKS, values)
}
