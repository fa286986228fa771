//! When a dump of a Java virtual machine is worth its pause: a state machine for each of them.
//!
//! In: what each tick says of the process anyway, and its own counters. Out: now, and why. It has
//! no clock and reads nothing. A condition must hold for two ticks; then three dumps follow at 0, 5
//! and 15 seconds, which tell what stands still from what moves, and fewer while it lasts. How long
//! the process stood still for a dump decides how soon the next one may come.

mod order;

use super::history::History;
use super::job::Reason;
use super::vitals::{Host, Vitals};
use order::{PRESSURE, tells_more};
use std::collections::VecDeque;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// A condition is one from so many ticks in a row on.
const TICKS: u32 = 2;
/// One thread, or the whole process, keeps the CPU for so long.
const HOT_FOR: Duration = Duration::from_secs(10);
/// From this share of it on.
const HOT: f64 = 0.9;
/// What is this many times as much as usual is not usual.
const UNUSUAL: f64 = 2.0;
const UNUSUAL_CONTENTION: f64 = 5.0;
/// And at least so much more: connections, bytes, a second.
const MORE_CONNECTIONS: f64 = 8.0;
const MORE_UNREAD: f64 = 1000.0;
const MORE_CONTENTION: f64 = 50.0;
/// So many more threads, or half as many again, within a minute.
const MORE_THREADS: u64 = 20;
/// Share of the time that it stands still.
const STANDS_STILL: f64 = 0.2;
/// Pressure in percent: of CPU and I/O some, of memory full.
const PRESSED: [f64; 3] = [40.0, 40.0, 10.0];
/// Only of so many, by CPU, when the whole host is under pressure.
const FIRST_OF_ALL: usize = 3;
/// The dumps of a burst, counted from the first.
const BURST: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(15),
];
/// While it lasts, one follows each minute up to this many, then one each ten minutes.
const MOST_OF_BURST: usize = 8;
const LATER: Duration = Duration::from_mins(10);
/// When nothing is wrong: so long after it was first seen, and then so often.
const BASELINE: [Duration; 2] = [Duration::from_mins(10), Duration::from_hours(6)];
const MOST_AN_HOUR: usize = 20;
const MOST_A_DAY: usize = 100;
/// After a pause of this length everything takes four times as long,
const LONG_PAUSE: Duration = Duration::from_millis(250);
const STRETCH: u32 = 4;
/// after one of this length nothing is done any more.
const TOO_LONG: Duration = Duration::from_secs(1);
/// All pauses of an hour together: a thousandth of it.
const MOST_PAUSE_AN_HOUR: Duration = Duration::from_millis(3600);

/// A dump is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) reason: Reason,
    /// It begins a burst, or stands alone.
    pub(super) is_first: bool,
}

/// What is remembered of one virtual machine.
#[derive(Debug)]
pub(super) struct Watch {
    first_seen: Duration,
    cores: History,
    served: [History; 3],
    contention: [History; 2],
    threads: VecDeque<(Duration, u64)>,
    /// Since when it keeps all CPUs busy, and stands still.
    hot: Option<Duration>,
    still: Option<Duration>,
    /// What held at the last ticks, and at how many of them.
    held: Option<(&'static str, u32)>,
    burst: Option<Burst>,
    baseline: Duration,
    /// When dumps were taken, of the last day.
    taken: VecDeque<Duration>,
    /// How long it stood still for them, of the last hour.
    pauses: VecDeque<(Duration, Duration)>,
    stretch: u32,
    is_over: bool,
}

/// Dumps that belong together.
#[derive(Debug)]
struct Burst {
    reason: Reason,
    began: Duration,
    last: Duration,
    taken: usize,
    /// When the condition held last.
    held: Duration,
}

impl Watch {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            first_seen: now,
            cores: History::default(),
            served: <[History; 3]>::default(),
            contention: <[History; 2]>::default(),
            threads: VecDeque::new(),
            hot: None,
            still: None,
            held: None,
            burst: None,
            baseline: now + BASELINE[0],
            taken: VecDeque::new(),
            pauses: VecDeque::new(),
            stretch: 1,
            is_over: false,
        }
    }

    /// No more dumps of its own are taken.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// A tick: whether a dump is due now.
    pub(super) fn step(&mut self, now: Duration, vitals: &Vitals, host: &Host) -> Option<Due> {
        let found = self.condition(now, vitals, host);
        let name = found.as_ref().map(|reason| reason.trigger);
        let before = self.held.filter(|(held, _)| Some(*held) == name);
        let ticks = before.map_or(1, |(_, ticks)| ticks.saturating_add(1));
        self.held = name.map(|name| (name, ticks));
        let found = found.filter(|_| ticks >= TICKS);
        let burst = self.burst.as_ref().map(|burst| &burst.reason);
        let mut wrong = found.iter().chain(burst);
        let is_calm = wrong.all(|reason| reason.trigger == PRESSURE);
        self.remember(now, vitals, is_calm);
        let due = self.due(now, found)?;
        self.is_allowed(now).then(|| self.begin(now, due))
    }

    /// A dump was taken, also by hand, and it stood still for so long.
    pub(super) fn heard(&mut self, now: Duration, pause: Duration) {
        self.pauses.push_back((now, pause));
        self.stretch = if pause > LONG_PAUSE { STRETCH } else { 1 };
        self.is_over |= pause > TOO_LONG;
    }

    /// What is wrong, in the order of what it tells.
    fn condition(&mut self, now: Duration, vitals: &Vitals, host: &Host) -> Option<Reason> {
        let because = |trigger, detail| Some(Reason { trigger, detail });
        if let Some(detail) = self.piles_up(vitals) {
            return because("requests-pile-up", detail);
        }
        if let Some(detail) = self.contends(vitals) {
            return because("lock-contention", detail);
        }
        if let Some((name, percent)) = &vitals.hog {
            let detail = format!("thread {name} has used {percent:.0} % of a core for 10 s");
            return because("thread-hogs-core", detail);
        }
        let is_hot = vitals.cores >= HOT * host.cpus;
        if lasts(&mut self.hot, now, is_hot) >= HOT_FOR {
            let (cores, cpus) = (vitals.cores, host.cpus);
            let detail = format!("it has used {cores:.1} of {cpus:.0} CPUs for 10 s");
            return because("cpu-saturated", detail);
        }
        if let Some(detail) = self.grows(now, vitals) {
            return because("thread-growth", detail);
        }
        let share = vitals.still.filter(|share| *share > STANDS_STILL);
        let lasted = lasts(&mut self.still, now, share.is_some());
        if let Some(share) = share.filter(|_| lasted >= HOT_FOR) {
            let detail = format!("it has stood still {:.0} % of the last 10 s", share * 100.0);
            return because("safepoint-time", detail);
        }
        let names = ["cpu some", "io some", "memory full"];
        let mut pressures = names.into_iter().zip(host.pressure).zip(PRESSED);
        let pressed = pressures.find_map(|((name, percent), most)| {
            let percent = percent.filter(|percent| *percent > most)?;
            Some((name, percent))
        });
        if let Some((name, percent)) = pressed.filter(|_| vitals.rank < FIRST_OF_ALL) {
            return because(PRESSURE, format!("{name} is at {percent:.0} %"));
        }
        None
    }

    /// Requests wait and nobody works on them.
    fn piles_up(&self, vitals: &Vitals) -> Option<String> {
        let [queue, connections, unread] = vitals.served?;
        let usual = self.cores.median().unwrap_or(f64::MAX);
        if vitals.cores > 1.5 * usual + 0.1 {
            return None;
        }
        let unusual = |of: usize, value: u64, more: f64| {
            let usual = self.served[of].median()?;
            let value = value as f64;
            (value >= UNUSUAL * usual && value >= usual + more).then_some(usual)
        };
        if queue > 0 && self.served[0].median().is_none_or(|usual| usual < 1.0) {
            return Some(format!(
                "{queue} connections to its ports wait to be accepted"
            ));
        }
        if let Some(usual) = unusual(1, connections, MORE_CONNECTIONS) {
            return Some(format!(
                "{connections} connections to its ports, usually {usual:.0}, and its CPU time does not rise"
            ));
        }
        let usual = unusual(2, unread, MORE_UNREAD)?;
        Some(format!(
            "{unread} bytes of requests that it has not read, usually {usual:.0}, and its CPU time does not rise"
        ))
    }

    fn contends(&self, vitals: &Vitals) -> Option<String> {
        let names = ["contended locks", "threads parked"];
        names
            .into_iter()
            .zip(vitals.contention)
            .zip(&self.contention)
            .find_map(|((name, rate), history)| {
                let rate = rate?;
                let usual = history.median()?;
                let is_unusual =
                    rate >= UNUSUAL_CONTENTION * usual && rate >= usual + MORE_CONTENTION;
                is_unusual.then(|| format!("{rate:.0} {name} a second, usually {usual:.0}"))
            })
    }

    fn grows(&mut self, now: Duration, vitals: &Vitals) -> Option<String> {
        let threads = vitals.threads?;
        self.threads.push_back((now, threads));
        while self
            .threads
            .front()
            .is_some_and(|(then, _)| now.saturating_sub(*then) > MINUTE)
        {
            self.threads.pop_front();
        }
        // While it starts it is all growth.
        if now.saturating_sub(self.first_seen) < MINUTE {
            return None;
        }
        let before = self.threads.iter().map(|(_, threads)| *threads).min()?;
        let more = threads.saturating_sub(before);
        let is_much = more >= MORE_THREADS || (more * 2 >= before && more >= MORE_THREADS / 2);
        is_much.then(|| format!("{threads} threads, {before} within the last minute"))
    }

    /// What is usual is learnt from ticks at which nothing is wrong.
    fn remember(&mut self, now: Duration, vitals: &Vitals, is_calm: bool) {
        if !is_calm {
            return;
        }
        self.cores.add(now, vitals.cores);
        for (history, value) in self
            .served
            .iter_mut()
            .zip(vitals.served.into_iter().flatten())
        {
            history.add(now, value as f64);
        }
        for (history, rate) in self.contention.iter_mut().zip(vitals.contention) {
            if let Some(rate) = rate {
                history.add(now, rate);
            }
        }
    }

    fn due(&mut self, now: Duration, found: Option<Reason>) -> Option<Due> {
        let stretch = self.stretch;
        let passed = |then: Duration| now.saturating_sub(then);
        let burst = self.burst.as_ref().map(|burst| &burst.reason);
        let more = found.as_ref().zip(burst);
        if more.is_some_and(|(found, burst)| tells_more(found, burst)) {
            // It begins a burst of its own.
            self.burst = None;
        }
        if let Some(burst) = &mut self.burst {
            if found.is_some() {
                burst.held = now;
            }
            let (since_first, since_last) = (passed(burst.began), passed(burst.last));
            let is_over = passed(burst.held) > MINUTE;
            let is_due = match burst.taken {
                taken if taken < BURST.len() => since_first >= BURST[taken] * stretch,
                _ if found.is_none() => false,
                taken if taken < MOST_OF_BURST => since_last >= MINUTE * stretch,
                _ => since_last >= LATER * stretch,
            };
            if is_due && burst.taken >= MOST_OF_BURST {
                // The next chain of texts begins.
                self.burst = None;
                let reason = found?;
                return Some(Due {
                    reason,
                    is_first: true,
                });
            }
            if is_due {
                let reason = burst.reason.clone();
                return Some(Due {
                    reason,
                    is_first: false,
                });
            }
            if is_over && burst.taken >= BURST.len() {
                self.burst = None;
            }
            return None;
        }
        if let Some(reason) = found {
            return Some(Due {
                reason,
                is_first: true,
            });
        }
        (now >= self.baseline).then(|| Due {
            reason: Reason {
                trigger: "baseline",
                detail: "nothing is wrong: what is usual, to compare with".to_owned(),
            },
            is_first: true,
        })
    }

    /// Within every limit.
    fn is_allowed(&mut self, now: Duration) -> bool {
        let passed = |then: Duration| now.saturating_sub(then);
        while self
            .taken
            .front()
            .is_some_and(|then| passed(*then) > 24 * HOUR)
        {
            self.taken.pop_front();
        }
        while self
            .pauses
            .front()
            .is_some_and(|(then, _)| passed(*then) > HOUR)
        {
            self.pauses.pop_front();
        }
        let this_hour = self.taken.iter().filter(|then| passed(**then) <= HOUR);
        let stood_still: Duration = self.pauses.iter().map(|(_, pause)| *pause).sum();
        !self.is_over
            && self.taken.len() < MOST_A_DAY
            && this_hour.count() < MOST_AN_HOUR
            && self
                .taken
                .back()
                .is_none_or(|last| passed(*last) >= 5 * SECOND)
            && stood_still <= MOST_PAUSE_AN_HOUR
    }

    fn begin(&mut self, now: Duration, due: Due) -> Due {
        self.taken.push_back(now);
        if due.reason.trigger == "baseline" {
            self.baseline = now + BASELINE[1];
            return due;
        }
        match &mut self.burst {
            Some(burst) => {
                burst.taken += 1;
                burst.last = now;
            }
            None => {
                self.burst = Some(Burst {
                    reason: due.reason.clone(),
                    began: now,
                    last: now,
                    taken: 1,
                    held: now,
                });
            }
        }
        due
    }
}

/// For how long it has been so without a break.
fn lasts(since: &mut Option<Duration>, now: Duration, is_so: bool) -> Duration {
    if !is_so {
        *since = None;
        return Duration::ZERO;
    }
    now.saturating_sub(*since.get_or_insert(now))
}

#[cfg(test)]
mod tests;
