//! Records: the sampler's loop on the main thread, with the writer and the readers beside it.
//!
//! The sampler waits for the next tick on the monotonic clock, reads `/proc`, and hands the tick
//! over a bounded queue. It does no disk I/O. When the queue is full the tick is dropped, counted,
//! and the one after it says everything anew.

mod outcome;
mod output;
mod reload;
mod screen;
mod status_line;
mod threads;

pub(crate) use outcome::Outcome;
pub(crate) use output::Output;

use crate::backlog::Message;
use crate::budget::Budget;
use crate::clock;
use crate::collect::Collector;
use crate::schedule::{Between, Due, Schedule};
use crate::status::Shared;
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::{Anchor, Event, Gap, GapKind};
use afterimage_format::tick::{Instants, Tick, TickTimes};
use afterimage_format::time::{MonotonicTime, Seq, WallTime};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::time::Duration;

pub(crate) use threads::{Settings, record};

use reload::Change;

/// The sampler and what it remembers from tick to tick.
struct Sampler {
    collector: Collector,
    budget: Budget,
    schedule: Schedule,
    interval: Duration,
    queue: SyncSender<Message>,
    empty: Receiver<Box<Tick>>,
    shared: Arc<Shared>,
    continued: Arc<AtomicBool>,
    next_seq: Seq,
    before: Option<Before>,
    /// Ticks lost since the last one that got into the queue, and why.
    lost: Option<(GapKind, u64, String)>,
}

/// The tick before.
#[derive(Debug, Clone, Copy)]
struct Before {
    ended: Instants,
    took: Duration,
    /// The last tick that got into the queue.
    seq: Seq,
    wall: WallTime,
    cpu: Duration,
    starved: Option<Duration>,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    Tick,
    Signal,
}

impl Sampler {
    /// Takes ticks until a signal asks for the end, or the time is over. Gives the reason.
    /// `after` is called after each, and may give new settings.
    fn run(
        &mut self,
        signal: &OwnedFd,
        until: Option<MonotonicTime>,
        after: &mut dyn FnMut() -> Option<Change>,
    ) -> anyhow::Result<&'static str> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
        loop {
            let due = self.schedule.next_due();
            if until.is_some_and(|until| due > until) {
                return Ok("duration");
            }
            if wait(&timer, due, signal)? == Woken::Signal {
                return Ok("signal");
            }
            let due = self.schedule.take(clock::now().monotonic);
            self.tick(due);
            if let Some(change) = after() {
                self.tune(change);
            }
        }
    }

    /// New settings, from the next tick on.
    fn tune(&mut self, change: Change) {
        let tunable = &change.tunable;
        self.budget.set_percent(tunable.budget_percent);
        self.collector.set_args(tunable.args);
        let mut records = vec![Record::Settings {
            sync: tunable.options.sync,
            args: change.most_args.to_string(),
        }];
        if !change.words.is_empty() {
            records.push(Record::Event(Event {
                wall: clock::now().wall,
                kind: "settings".to_owned(),
                text: change.words,
            }));
        }
        let message = Message::Options(tunable.options, records);
        if self.queue.try_send(message).is_err() {
            self.shared
                .say("the writer is busy: send SIGHUP again to change its settings".to_owned());
        }
    }

    fn tick(&mut self, due: Due) {
        let began = clock::now();
        let mut records = self.account_for_time(due, began);
        let mut tick = self.empty_tick(due, began);
        if self.shared.wants_everything() {
            self.collector.forget();
            tick.reset = true;
        }
        self.collector
            .collect(&mut tick, self.interval, self.budget.round());
        let ended = clock::now();
        tick.times.ended = ended;
        records.extend(self.collector.news().into_iter().map(Record::Source));
        records.extend(self.account_for_cost(&tick, ended));
        self.send(tick, records);
    }

    fn empty_tick(&mut self, due: Due, began: Instants) -> Box<Tick> {
        let times = TickTimes {
            seq: self.next_seq,
            planned: due.planned,
            began,
            ended: began,
            recorder_cpu: clock::own_cpu(),
            shed: self.budget.shed(),
            full_sweep: false,
        };
        match self.empty.try_recv() {
            Ok(mut tick) => {
                tick.clear();
                tick.times = times;
                tick
            }
            Err(_none_back_yet) => Box::new(Tick::new(times)),
        }
    }

    /// What the time since the last tick says: ticks that were missed, a clock that was set.
    fn account_for_time(&mut self, due: Due, now: Instants) -> Vec<Record> {
        let mut records = Vec::new();
        let starved = starved();
        let continued = self.continued.swap(false, Ordering::Relaxed);
        let Some(before) = &mut self.before else {
            return records;
        };
        let waited = starved
            .zip(before.starved)
            .map(|(now, before)| now.saturating_sub(before));
        before.starved = starved;
        let between = Between {
            before: before.ended,
            now,
            took: before.took,
            starved: waited,
            continued,
        };
        if let Some(suspended) = between.suspend()
            && due.missed == 0
        {
            // The monotonic clock stood still, so no tick was due; the hole is there all the same.
            let detail = format!("for {:.1} s", suspended.as_secs_f64());
            records.push(Record::Gap(Gap {
                kind: GapKind::Suspended,
                after: before.seq,
                from: before.wall,
                to: now.wall,
                missed: 0,
                detail,
            }));
        }
        if due.missed > 0 {
            let (kind, detail) = between.cause(self.interval);
            self.shared.update(|status| status.missed += due.missed);
            match &mut self.lost {
                Some((_, count, _)) => *count += due.missed,
                None => self.lost = Some((kind, due.missed, detail)),
            }
        }
        if let Some(step) = between.clock_step() {
            let detail = format!(
                "the clock was set {} by {:.3} s",
                if step < 0 { "back" } else { "forward" },
                step.unsigned_abs() as f64 / 1e6
            );
            let (from, to) = (before.wall, now.wall);
            records.push(Record::Gap(Gap {
                kind: GapKind::ClockStepped,
                after: before.seq,
                from,
                to,
                missed: 0,
                detail,
            }));
            let anchor = Anchor {
                seq: self.next_seq,
                boot: now.boot,
                monotonic: now.monotonic,
                wall: now.wall,
            };
            records.push(Record::Clock(anchor));
        }
        records
    }

    /// What the tick cost, and what will be left out for that from the next one on.
    fn account_for_cost(&mut self, tick: &Tick, ended: Instants) -> Option<Record> {
        let mut left_out = None;
        let cpu = clock::own_cpu();
        let took = ended
            .monotonic
            .since(tick.times.began.monotonic)
            .unwrap_or_default();
        if let Some(before) = &self.before {
            let cost = cpu.saturating_sub(before.cpu);
            let passed = ended
                .monotonic
                .since(before.ended.monotonic)
                .unwrap_or(self.interval);
            if self.budget.spend(cost, passed) {
                let names: Vec<_> = self.budget.shed().names().collect();
                let shed = if names.is_empty() {
                    "nothing".to_owned()
                } else {
                    names.join(", ")
                };
                self.shared.say(format!(
                    "to stay within the budget, left out from now on: {shed}"
                ));
                left_out = Some(Record::Event(Event {
                    wall: ended.wall,
                    kind: "shed".to_owned(),
                    text: names.join(","),
                }));
            }
            self.shared.update(|status| status.cost = cost);
        }
        let (seq, wall) = self
            .before
            .map_or((tick.times.seq, tick.times.began.wall), |before| {
                (before.seq, before.wall)
            });
        let starved = self.before.map_or_else(starved, |before| before.starved);
        self.before = Some(Before {
            ended,
            took,
            seq,
            wall,
            cpu,
            starved,
        });
        let missing = self.collector.missing().collect();
        self.shared.update(|status| {
            status.shed = tick.times.shed;
            status.missing = missing;
        });
        self.shared.say_what_is_not_visible();
        left_out
    }

    fn send(&mut self, tick: Box<Tick>, mut records: Vec<Record>) {
        let (seq, wall) = (tick.times.seq, tick.times.began.wall);
        let before = self
            .before
            .map_or((seq, wall), |before| (before.seq, before.wall));
        if let Some((kind, missed, detail)) = self.lost.take() {
            records.insert(
                0,
                Record::Gap(Gap {
                    kind,
                    after: before.0,
                    from: before.1,
                    to: wall,
                    missed,
                    detail,
                }),
            );
        }
        match self.queue.try_send(Message::Tick(tick, records)) {
            Ok(()) => {
                self.next_seq = Seq(seq.0 + 1);
                if let Some(before) = &mut self.before {
                    (before.seq, before.wall) = (seq, wall);
                }
                self.shared.update(|status| status.ticks += 1);
            }
            Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) => {
                let missed = lost_with(&message) + 1;
                self.lost = Some((
                    GapKind::QueueFull,
                    missed,
                    "the writer was busy for longer than the queue is".to_owned(),
                ));
                self.shared.update(|status| status.missed += 1);
                self.shared.ask_for_everything();
            }
        }
    }
}

/// The ticks that a message which could not be sent had already accounted for as lost.
fn lost_with(message: &Message) -> u64 {
    let Message::Tick(_, records) = message else {
        return 0;
    };
    let missed = records.iter().map(|record| match record {
        Record::Gap(gap) => gap.missed,
        _ => 0,
    });
    missed.sum()
}

/// Waits until `due`, or until a signal comes.
fn wait(timer: &OwnedFd, due: MonotonicTime, signal: &OwnedFd) -> anyhow::Result<Woken> {
    // A time of 0 would switch the timer off.
    let micros = due.0.max(1);
    let at = Timespec {
        tv_sec: micros / 1_000_000,
        tv_nsec: micros % 1_000_000 * 1000,
    };
    let never = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    timerfd_settime(
        timer,
        TimerfdTimerFlags::ABSTIME,
        &Itimerspec {
            it_interval: never,
            it_value: at,
        },
    )?;
    loop {
        let mut fds = [
            PollFd::new(timer, PollFlags::IN),
            PollFd::new(signal, PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Ok(_) if !fds[1].revents().is_empty() => return Ok(Woken::Signal),
            Ok(_) => return Ok(Woken::Tick),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// How long this thread has waited for a CPU since it began.
fn starved() -> Option<Duration> {
    let text = std::fs::read("/proc/thread-self/schedstat").ok()?;
    let [_, waited, _] = crate::source::process::schedstat::parse(&text).ok()?;
    Some(Duration::from_nanos(waited))
}
