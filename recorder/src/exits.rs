//! How processes end: the thread that hears of every fork and every exit, however short the life.
//!
//! In: the process connector and `taskstats`, drained a few times a second (being woken by each
//! event would cost ten times as much), and command lines read at `exec` by a thread of their
//! own. Out: a row for each process that ended, with how it ended and what it had used; they go
//! into the capture with the next tick. Where one of the two interfaces is not to be had, the
//! other does alone; without both, births and deaths are those between ticks. The capture says
//! so either way. What the kernel could not hand over is counted.

mod commands;
mod gate;
mod ledger;
mod obituary;
mod reach;

use crate::clock;
use crate::source::ProcRoot;
use crate::source::connector::Connector;
use crate::source::process::stat;
use crate::source::taskstats::Taskstats;
use crate::status::Shared;
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::{Event, Exited, KnownBy};
use afterimage_format::process::Pid;
use afterimage_format::tick::Instants;
use afterimage_format::units::{Bytes, Ticks};
use commands::Commands;
use gate::Gate;
use ledger::{Alive, End, Ledger};
pub(crate) use reach::{NO_NETLINK, Reach, reach};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often what was told is looked at.
const PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 250_000_000,
};
/// Events taken in one round: beyond that the round would have no end.
const MOST_EVENTS: usize = 100_000;
/// The time between `copy_process` taking the time and the connector telling of it.
const FORK_TAKES: Duration = Duration::from_micros(50);

/// Listens until `stop` is closed.
pub(crate) fn run(root: &Path, shared: &Arc<Shared>, stop: OwnedFd) {
    let Reach {
        connector,
        taskstats,
        sources,
    } = reach();
    let missing = sources.iter().filter(|(_, source)| source.state != "ok");
    let missing = missing.map(|(name, source)| (*name, source.detail.clone()));
    let missing: Vec<_> = missing.collect();
    shared.update(|status| status.no_ends = missing);
    shared.leave(
        sources
            .into_iter()
            .map(|(_, source)| Record::Source(source)),
    );
    let (connector, taskstats) = (connector.ok(), taskstats.ok());
    if connector.is_none() && taskstats.is_none() {
        return;
    }
    let stop = Arc::new(stop);
    let commands = connector
        .is_some()
        .then(|| Commands::new(root, Arc::clone(shared), Arc::clone(&stop)));
    let mut listener = Listener {
        root: root.to_owned(),
        connector,
        taskstats,
        commands,
        ledger: Ledger::default(),
        gate: Gate::default(),
        level: shared.args(),
        tick_rate: rustix::param::clock_ticks_per_second(),
    };
    loop {
        let mut fds = [PollFd::new(&*stop, PollFlags::IN)];
        let is_over = poll(&mut fds, Some(&PAUSE)).is_ok_and(|ready| ready > 0);
        let mut records = Vec::new();
        let goes_on = listener.round(shared, is_over, &mut records);
        shared.leave(records);
        if is_over || !goes_on {
            return;
        }
    }
}

/// What is listened to, and what is known.
#[derive(Debug)]
struct Listener {
    root: PathBuf,
    connector: Option<Connector>,
    taskstats: Option<Taskstats>,
    commands: Option<Commands>,
    ledger: Ledger,
    gate: Gate,
    level: crate::redact::ArgsLevel,
    /// Clock ticks a second.
    tick_rate: u64,
}

impl Listener {
    /// Everything that was told since the last; whether anybody still tells.
    fn round(&mut self, shared: &Shared, is_over: bool, records: &mut Vec<Record>) -> bool {
        let commands = self.taken_commands();
        if shared.args() == self.level {
            self.ledger.add_commands(commands);
        } else {
            // What was read at another level is not kept, and what waited to be taken neither.
            self.level = shared.args();
            self.ledger.forget_lines();
        }
        self.drain(records);
        let now = clock::now();
        self.gate.refill(now.monotonic);
        let mut ends: Vec<End> = Vec::new();
        let told_by = (self.connector.is_some(), self.taskstats.is_some());
        let mut root = None;
        let path = &self.root;
        self.ledger.settle(
            told_by,
            is_over,
            &mut |tgid| {
                let root = root.get_or_insert_with(|| ProcRoot::open(path).ok());
                root.as_ref().map_or(Alive::No, |root| alive(root, tgid))
            },
            &mut |end| ends.push(end),
        );
        for end in ends {
            let exited = exited(end, now, self.tick_rate);
            records.extend(self.gate.pass(exited).map(Record::Exited));
        }
        let sums = self.gate.sums(now.monotonic, is_over);
        records.extend(sums.into_iter().map(Record::EndsSum));
        let threads = self.ledger.threads();
        shared.update(|status| status.threads_ended += threads);
        self.connector.is_some() || self.taskstats.is_some()
    }

    fn taken_commands(&mut self) -> Vec<ledger::Command> {
        let now = clock::now().monotonic;
        let commands = self.commands.as_mut();
        commands.map_or_else(Vec::new, |commands| commands.taken(now))
    }

    /// The connector first: whoever it says has ended has an obituary already.
    fn drain(&mut self, records: &mut Vec<Record>) {
        let ledger = &mut self.ledger;
        if let Some(connector) = &mut self.connector {
            let drained = connector.drain(MOST_EVENTS, &mut |event| ledger.event(event));
            let lost = connector.lost();
            if lost > 0 {
                ledger.forget();
                records.push(lost_event(format!(
                    "{lost} events of the process connector did not fit into its buffer"
                )));
            }
            if let Err(errno) = drained {
                records.push(reach::ended("connector", errno));
                self.connector = None;
            }
        }
        if let Some(taskstats) = &mut self.taskstats {
            let drained = taskstats.drain(MOST_EVENTS, &mut |told| ledger.obituary(told));
            let overruns = taskstats.overruns();
            if overruns > 0 {
                records.push(lost_event(format!(
                    "the buffer of taskstats was full {overruns} times: what some threads had used is lost"
                )));
            }
            if let Err(errno) = drained {
                records.push(reach::ended("taskstats", errno));
                self.taskstats = None;
            }
        }
    }
}

fn lost_event(text: String) -> Record {
    Record::Event(Event {
        wall: clock::now().wall,
        kind: "exits-lost".to_owned(),
        text,
    })
}

/// Whether a process goes on, its first thread having ended.
fn alive(root: &ProcRoot, tgid: i32) -> Alive {
    let mut text = [0; 1024];
    let length = root
        .open_file(&format!("{tgid}/stat"))
        .and_then(|file| rustix::io::pread(&file, &mut text, 0));
    let stat = length
        .ok()
        .and_then(|length| stat::parse(&text[..length]).ok());
    let threads = stat.and_then(|stat| stat.threads().ok());
    match threads.map(|threads| u32::try_from(threads).unwrap_or(u32::MAX)) {
        Some(threads) if threads > 1 => Alive::Threads(threads),
        _ => Alive::No,
    }
}

/// An end as the capture has it.
fn exited(end: End, now: Instants, tick_rate: u64) -> Exited {
    let now_nanos = now.monotonic.0.cast_unsigned().saturating_mul(1000);
    let at = end.at_nanos.unwrap_or(now_nanos);
    let birth = end.birth.unwrap_or_default();
    let told = end.deceased;
    let born = birth.at_nanos.map(|born| {
        let takes = u64::try_from(FORK_TAKES.as_nanos()).unwrap_or(0);
        born.saturating_sub(takes)
    });
    let lifetime = told.as_ref().map(|told| told.lifetime);
    let lifetime_nanos = lifetime.map(|lived| u64::try_from(lived.as_nanos()).unwrap_or(u64::MAX));
    let by_lifetime = lifetime_nanos.and_then(|lived| at.checked_sub(lived));
    // Neither is before the true start, so the earlier one is nearer.
    let began = born.into_iter().chain(by_lifetime).min();
    let asleep = now
        .boot
        .0
        .saturating_sub(now.monotonic.0)
        .max(0)
        .cast_unsigned();
    let started = began.map(|began| {
        let since_boot = u128::from(began) + u128::from(asleep) * 1000;
        let ticks = since_boot * u128::from(tick_rate) / 1_000_000_000;
        Ticks(u64::try_from(ticks).unwrap_or(u64::MAX))
    });
    let since = now_nanos.saturating_sub(at);
    let known_by = match &told {
        Some(_) => KnownBy::Taskstats,
        None => KnownBy::Connector,
    };
    let comm = told.as_ref().and_then(|told| told.comm.clone());
    let ppid = told.as_ref().map(|told| told.ppid).filter(|ppid| *ppid > 0);
    let lived = birth
        .at_nanos
        .map(|born| Duration::from_nanos(at.saturating_sub(born)));
    Exited {
        wall: now.wall.minus(Duration::from_nanos(since)),
        pid: Pid(end.tgid),
        ppid: ppid.or(end.parent).or(birth.parent).map(Pid),
        started: birth.started.or(started),
        comm: comm.or_else(|| birth.comm.map(|comm| comm.to_vec())),
        command_line: birth.line.map(|line| line.to_vec()),
        uid: told.as_ref().map(|told| told.uid),
        wait_status: Some(end.status),
        user: told.as_ref().map(|told| told.user),
        system: told.as_ref().map(|told| told.system),
        read: told.as_ref().and_then(|told| told.read).map(Bytes),
        written: told.as_ref().and_then(|told| told.written).map(Bytes),
        peak_rss: told
            .as_ref()
            .and_then(|told| told.peak_rss_kib)
            .map(Bytes::from_kib),
        lifetime: lifetime.or(lived),
        flags: told.as_ref().and_then(|told| told.flags),
        tty_nr: birth.tty_nr,
        known_by,
    }
}

#[cfg(test)]
mod tests;
