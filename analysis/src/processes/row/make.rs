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
    let host = Around::of(now, view);
    let row = |process: &Process| {
        let Some(step) = step else {
            return Row::new(process, Rates::default(), &host);
        };
        let Some(was) = step.before.process(process.key) else {
            return Row {
                born: true,
                ..Row::new(process, Rates::since_birth(step, process, view), &host)
            };
        };
        let before = || {
            let host = Around::of(step.before, view);
            Box::new(Row::new(was, Rates::default(), &host))
        };
        Row {
            was: differs(was, process).then(before),
            ..Row::new(process, Rates::between(step, was, process, view), &host)
        }
    };
    let rows = now.processes.iter().map(row).collect();
    let gone = step.map_or(vec![], |step| {
        let host = Around::of(step.before, view);
        let all = step.before.processes.iter();
        let gone = all.filter(|process| now.process(process.key).is_none());
        gone.map(|process| Row::gone(process, &host)).collect()
    });
    (rows, gone)
}

/// What the processes of one sample have in common.
#[derive(Debug, Clone, Copy)]
struct Around<'a> {
    view: &'a View<'a>,
    /// All memory there is.
    memory: Reading<Bytes>,
}

impl<'a> Around<'a> {
    fn of(sample: &Sample, view: &'a View<'a>) -> Self {
        let memory = sample.machine.memory.bytes("MemTotal");
        Self { view, memory }
    }
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
    fn new(process: &Process, rates: Rates, around: &Around<'_>) -> Self {
        let (view, usual, events) = (around.view, rates.usual, rates.events);
        let host = view.host;
        let since_boot = process.key.started.to_duration(host.tick_rate);
        let started = view.booted.plus(since_boot);
        let number = |id: Reading<u64>| move |_unnamed| id.map(|id| id.to_string());
        let time = |one: Reading<Ticks>, other: Reading<Ticks>| {
            let both = one?.0.saturating_add(other?.0);
            Ok(Ticks(both).to_duration(host.tick_rate))
        };
        let cpu_time = time(process.utime, process.stime);
        let age = view.now.since(started).unwrap_or(Duration::ZERO);
        let rss = process
            .rss_pages
            .map(|pages| Bytes::from_pages(pages, host.page_size));
        Self {
            ppid: process.ppid,
            pgrp: process.pgrp,
            session: process.session,
            tty: process.tty_nr.map(tty_name),
            tpgid: process.tpgid,
            user: text(&process.user).or_else(number(process.uids[0])),
            group: text(&process.group).or_else(number(process.gids[0])),
            uid: process.uids[0],
            effective_uid: process.uids[1],
            gid: process.gids[0],
            effective_gid: process.gids[1],
            state: process.state.map(State::letter),
            ps_state: ps_state(process),
            cpu_percent: rate(usual.cpu_percent, process.utime),
            wait_percent: rate(usual.wait_percent, process.wait),
            cpu_time,
            life_cpu_percent: life_cpu(cpu_time, age),
            child_time: time(process.cutime, process.cstime),
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
            rt_priority: process.rt_priority,
            policy: process.policy,
            rss,
            memory_percent: share(rss, around.memory),
            rss_anon: process.rss_anon,
            rss_file: process.rss_file,
            rss_shmem: process.rss_shmem,
            peak_rss: process.peak_rss,
            swap: process.swap,
            vsize: process.vsize,
            faults: process.minflt[0],
            faults_per_second: rate(events.minor_faults, process.minflt[0]),
            major_faults: process.majflt[0],
            major_faults_per_second: rate(events.major_faults, process.majflt[0]),
            oom_score_adj: process.oom_score_adj,
            read_per_second: rate(usual.read_per_second.map(whole), process.read),
            write_per_second: rate(usual.write_per_second.map(whole), process.written),
            descriptors: process.descriptors,
            wchan: text(&process.wchan),
            cgroup: text(&process.cgroup),
            started: Ok(started),
            age: Ok(age),
            kernel_thread: process.kernel_thread,
            comm: text(&process.comm).unwrap_or_else(|_absent| "?".to_owned()),
            command: text(&process.command_line),
            ..Self::unknown(process.key)
        }
    }

    /// A process that was there in the sample before and is no more: as it was last seen.
    fn gone(process: &Process, around: &Around<'_>) -> Self {
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
            ..Self::new(process, Rates::default(), around)
        }
    }
}

/// A rate, or why there is none: what it is counted from is absent, or there is only one of it.
fn rate<T, V>(rate: Option<T>, counted_from: Reading<V>) -> Reading<T> {
    rate.ok_or(counted_from.err().unwrap_or(Missing::NotRead))
}

/// What share one amount is of all there is, in percent.
fn share(part: Reading<Bytes>, all: Reading<Bytes>) -> Reading<f64> {
    match (part?, all?) {
        (_, Bytes(0)) => Err(Missing::Malformed),
        (part, all) => Ok(part.0 as f64 / all.0 as f64 * 100.0),
    }
}

/// How much of a core it used since it started. The kernel counts both in steps of its clock, so
/// of less than a second that says nothing.
fn life_cpu(used: Reading<Duration>, age: Duration) -> Reading<f64> {
    let used = used?;
    if age < Duration::from_secs(1) {
        return Err(Missing::NotRead);
    }
    Ok(used.as_secs_f64() / age.as_secs_f64() * 100.0)
}

/// The state with the signs that `ps` adds in its column `STAT`; `L` (locked pages) is not
/// recorded.
fn ps_state(process: &Process) -> Reading<String> {
    let nice = process.nice?;
    let signs = [
        (nice < 0, '<'),
        (nice > 0, 'N'),
        (process.session? == process.key.pid, 's'),
        (process.threads? > 1, 'l'),
        (process.tpgid? == i64::from(process.pgrp?.0), '+'),
    ];
    let signs = signs.into_iter().filter(|(is, _)| *is);
    let letter = process.state?.letter();
    Ok([letter]
        .into_iter()
        .chain(signs.map(|(_, sign)| sign))
        .collect())
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
pub fn tty_name(number: i64) -> String {
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

    #[test]
    fn memory_in_percent_is_rss_by_all_memory_and_absent_when_either_is() {
        let kib = |number| Ok(Bytes::from_kib(number));
        let quarter = share(kib(2_048), kib(8_192)).unwrap();
        assert!((quarter - 25.0).abs() < 1e-9, "{quarter}");
        let denied = Err(Missing::PermissionDenied);
        assert_eq!(share(denied, kib(8_192)), Err(Missing::PermissionDenied));
        let without = Err(Missing::NotSupported);
        assert_eq!(share(kib(2_048), without), Err(Missing::NotSupported));
        assert_eq!(share(kib(2_048), kib(0)), Err(Missing::Malformed));
    }

    #[test]
    fn cpu_of_a_life_is_told_of_a_second_and_more() {
        let used = Ok(Duration::from_secs(3));
        let share = life_cpu(used, Duration::from_secs(12)).unwrap();
        assert!((share - 25.0).abs() < 1e-9, "{share}");
        let young = life_cpu(used, Duration::from_millis(990));
        assert_eq!(young, Err(Missing::NotRead));
    }
}
