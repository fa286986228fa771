//! Rows out of samples, with the rates of the step between two of them.
//!
//! Text comes out of a capture, so it is escaped here, once.

use super::Row;
use crate::escape::Escaped;
use crate::rate::{EventRates, ProcessRates, Step};
use crate::replay::ps::View;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Process, Sample, State};
use afterimage_format::units::{Bytes, Ticks};
use std::sync::Arc;
use std::time::Duration;

/// The processes of a sample, and those of the sample before that are there no more.
pub fn rows(now: &Sample, step: Option<&Step<'_>>, view: &View<'_>) -> (Vec<Row>, Vec<Row>) {
    let row = |process: &Process| {
        let Some(step) = step else {
            return Row::new(process, Rates::default(), view);
        };
        let Some(was) = step.before.process(process.key) else {
            return Row {
                born: true,
                ..Row::new(process, Rates::since_birth(step, process, view), view)
            };
        };
        let before = || Box::new(Row::new(was, Rates::default(), view));
        Row {
            was: differs(was, process).then(before),
            ..Row::new(process, Rates::between(step, was, process, view), view)
        }
    };
    let before = step.map_or(&[][..], |step| &step.before.processes);
    let gone = before
        .iter()
        .filter(|process| now.process(process.key).is_none());
    let rows = now.processes.iter().map(row).collect();
    (rows, gone.map(|process| Row::gone(process, view)).collect())
}

/// What one process did between two samples.
#[derive(Debug, Clone, Copy, Default)]
struct Rates {
    usual: ProcessRates,
    events: EventRates,
}

impl Rates {
    fn between(step: &Step<'_>, before: &Process, now: &Process, view: &View<'_>) -> Self {
        let (elapsed, rate) = (step.elapsed, view.host.tick_rate);
        Self {
            usual: ProcessRates::between(elapsed, &before.counters(), &now.counters(), rate),
            events: EventRates::between(elapsed, before, now),
        }
    }

    /// Of a process that began since the first sample: it counted from zero.
    fn since_birth(step: &Step<'_>, now: &Process, view: &View<'_>) -> Self {
        let elapsed = step.elapsed;
        Self {
            usual: ProcessRates::since_birth(elapsed, &now.counters(), view.host.tick_rate),
            events: EventRates::since_birth(elapsed, now),
        }
    }
}

/// Whether anything that is shown as it stands is different.
fn differs(before: &Process, now: &Process) -> bool {
    let numbers = |of: &Process| {
        let places = (
            of.ppid,
            of.pgrp,
            of.session,
            of.tty_nr,
            of.state,
            of.processor,
        );
        let ranks = (
            of.nice,
            of.priority,
            of.policy,
            of.oom_score_adj,
            of.threads,
        );
        let memory = (
            of.rss_pages,
            of.rss_anon,
            of.rss_file,
            of.rss_shmem,
            of.swap,
            of.vsize,
        );
        (
            places,
            ranks,
            memory,
            (of.uids, of.gids, of.descriptors, of.peak_rss),
        )
    };
    let same_text = before.comm == now.comm
        && before.command_line == now.command_line
        && before.cgroup == now.cgroup
        && before.wchan == now.wchan;
    !same_text || numbers(before) != numbers(now)
}

impl Row {
    fn new(process: &Process, rates: Rates, view: &View<'_>) -> Self {
        let (host, usual, events) = (view.host, rates.usual, rates.events);
        let since_boot = process.key.started.to_duration(host.tick_rate);
        let started = view.booted.plus(since_boot);
        let number = |id: Reading<u64>| move |_unnamed| id.map(|id| id.to_string());
        let cpu = process.utime.and_then(|user| Ok((user, process.stime?)));
        Self {
            ppid: process.ppid,
            pgrp: process.pgrp,
            session: process.session,
            tty: process.tty_nr.map(tty_name),
            user: text(&process.user).or_else(number(process.uids[0])),
            group: text(&process.group).or_else(number(process.gids[0])),
            state: process.state.map(State::letter),
            cpu_percent: rate(usual.cpu_percent, process.utime),
            wait_percent: rate(usual.wait_percent, process.wait),
            cpu_time: cpu.map(|(user, system)| {
                Ticks(user.0.saturating_add(system.0)).to_duration(host.tick_rate)
            }),
            threads: process.threads.and_then(|threads| {
                u32::try_from(threads).map_err(|_too_large| Missing::Malformed)
            }),
            switches_per_second: rate(events.switches, process.switches[0]),
            preempted_per_second: rate(events.preempted, process.switches[1]),
            processor: process.processor,
            nice: process
                .nice
                .and_then(|nice| i32::try_from(nice).map_err(|_too_large| Missing::Malformed)),
            priority: process.priority,
            policy: process.policy,
            rss: process
                .rss_pages
                .map(|pages| Bytes::from_pages(pages, host.page_size)),
            rss_anon: process.rss_anon,
            rss_file: process.rss_file,
            rss_shmem: process.rss_shmem,
            peak_rss: process.peak_rss,
            swap: process.swap,
            vsize: process.vsize,
            faults_per_second: rate(events.minor_faults, process.minflt[0]),
            major_faults_per_second: rate(events.major_faults, process.majflt[0]),
            oom_score_adj: process.oom_score_adj,
            read_per_second: rate(usual.read_per_second.map(whole), process.read),
            write_per_second: rate(usual.write_per_second.map(whole), process.written),
            descriptors: process.descriptors,
            wchan: text(&process.wchan),
            cgroup: text(&process.cgroup),
            started: Ok(started),
            age: Ok(view.now.since(started).unwrap_or(Duration::ZERO)),
            kernel_thread: process.kernel_thread,
            comm: text(&process.comm).unwrap_or_else(|_absent| "?".to_owned()),
            command: text(&process.command_line),
            ..Self::unknown(process.key)
        }
    }

    /// A process that was there in the sample before and is no more: as it was last seen.
    fn gone(process: &Process, view: &View<'_>) -> Self {
        let gone = Err(Missing::Gone);
        Self {
            cpu_percent: gone,
            wait_percent: gone,
            switches_per_second: gone,
            preempted_per_second: gone,
            faults_per_second: gone,
            major_faults_per_second: gone,
            read_per_second: Err(Missing::Gone),
            write_per_second: Err(Missing::Gone),
            ..Self::new(process, Rates::default(), view)
        }
    }
}

/// A rate, or why there is none: what it is counted from is absent, or there is only one of it.
fn rate<T, V>(rate: Option<T>, counted_from: Reading<V>) -> Reading<T> {
    rate.ok_or(counted_from.err().unwrap_or(Missing::NotRead))
}

/// Bytes as text; those that are no text are shown as their code.
fn text(bytes: &Reading<Arc<[u8]>>) -> Reading<String> {
    match bytes {
        Ok(bytes) if bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) => {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
        Ok(bytes) => Ok(Escaped(bytes).to_string()),
        Err(missing) => Err(*missing),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is never negative, and one that is too large saturates"
)]
fn whole(bytes_per_second: f64) -> Bytes {
    Bytes(bytes_per_second.round() as u64)
}

/// The name behind `tty_nr`, for the drivers that `ps` names most.
fn tty_name(number: i64) -> String {
    let (major, minor) = (
        (number >> 8) & 0xfff,
        (number & 0xff) | ((number >> 12) & 0xfff00),
    );
    match (number, major) {
        (0, _) => "none".to_owned(),
        (_, 136..=143) => format!("pts/{}", (major - 136) * 256 + minor),
        (_, 4) if minor < 64 => format!("tty{minor}"),
        (_, 4) => format!("ttyS{}", minor - 64),
        _ => format!("{major}:{minor}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_named_as_ps_names_them() {
        assert_eq!(tty_name(0), "none");
        assert_eq!(tty_name(34_816 + 3), "pts/3");
        assert_eq!(tty_name(1_025), "tty1");
        assert_eq!(tty_name(1_088), "ttyS0");
        assert_eq!(tty_name(-1), "4095:1048575");
    }
}
