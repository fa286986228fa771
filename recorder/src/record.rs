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
mod time_account;

pub(crate) use outcome::Outcome;
pub(crate) use output::Output;

use crate::backlog::Message;
use crate::budget::Budget;
use crate::clock;
use crate::collect::Collector;
use crate::own_thread::OwnThread;
use crate::schedule::{Due, Schedule};
use crate::status::Shared;
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::Event;
use afterimage_format::tick::{Instants, Tick, TickTimes};
use afterimage_format::time::MonotonicTime;
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
use time_account::{Signs, TimeAccount};

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
    own_thread: OwnThread,
    account: TimeAccount,
    /// CPU time that the recorder had used, and when, after the tick before.
    spent: Option<(Duration, MonotonicTime)>,
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
            self.account.rests(clock::now().monotonic);
        }
    }

    /// New settings, from the next tick on.
    fn tune(&mut self, change: Change) {
        let tunable = &change.tunable;
        self.budget.set_percent(tunable.budget_percent);
        self.collector.set_args(tunable.args);
        self.shared.set_args(tunable.args);
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
        let signs = Signs {
            starved: self.own_thread.starved(),
            major_faults: self.own_thread.major_faults(),
            continued: self.continued.swap(false, Ordering::Relaxed),
        };
        self.account.begins(due, began, signs);
        if due.missed > 0 {
            self.shared.update(|status| status.missed += due.missed);
        }
        let mut tick = self.empty_tick(due, began);
        if self.shared.wants_everything() {
            self.collector.forget();
            tick.reset = true;
        }
        self.collector
            .collect(&mut tick, self.interval, self.budget.round());
        let ended = clock::now();
        tick.times.ended = ended;
        self.account.ended(ended.monotonic);
        let mut records = self.account.records(began.wall);
        records.extend(self.collector.news().into_iter().map(Record::Source));
        records.extend(self.collector.events().map(Record::Event));
        records.extend(self.account_for_cost(&tick, ended));
        self.send(tick, records);
    }

    fn empty_tick(&mut self, due: Due, began: Instants) -> Box<Tick> {
        let times = TickTimes {
            seq: self.account.next(),
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

    /// What the tick cost, and what will be left out for that from the next one on.
    fn account_for_cost(&mut self, tick: &Tick, ended: Instants) -> Option<Record> {
        let cpu = clock::own_cpu();
        let before = self.spent.replace((cpu, ended.monotonic));
        let left_out = before.and_then(|(spent, at)| {
            let cost = cpu.saturating_sub(spent);
            self.shared.update(|status| status.cost = cost);
            let passed = ended.monotonic.since(at).unwrap_or(self.interval);
            let is_news = self.budget.spend(cost, passed);
            is_news.then(|| self.say_what_is_shed(ended))
        });
        self.shared.update(|status| status.shed = tick.times.shed);
        if let Some(missing) = self.collector.missing_news() {
            self.shared.update(|status| status.missing = missing);
        }
        self.shared.say_what_is_not_visible();
        left_out
    }

    fn say_what_is_shed(&self, now: Instants) -> Record {
        let names: Vec<_> = self.budget.shed().names().collect();
        let shed = if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        };
        self.shared.say(format!(
            "to stay within the budget, left out from now on: {shed}"
        ));
        Record::Event(Event {
            wall: now.wall,
            kind: "shed".to_owned(),
            text: names.join(","),
        })
    }

    fn send(&mut self, tick: Box<Tick>, records: Vec<Record>) {
        let wall = tick.times.began.wall;
        match self.queue.try_send(Message::Tick(tick, records)) {
            Ok(()) => {
                self.account.is_sent(wall);
                self.shared.update(|status| status.ticks += 1);
            }
            Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) => {
                if let Message::Tick(_, records) = message {
                    self.account.is_refused(records);
                }
                self.shared.update(|status| status.missed += 1);
                self.shared.ask_for_everything();
            }
        }
    }
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

#[cfg(test)]
mod tests;
