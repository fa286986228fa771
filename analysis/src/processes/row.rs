//! One process at one moment, with every value that can be shown of it.
//!
//! Made of a [`Process`] of a sample and its rates over the step before. Text comes out of a
//! capture, so it is escaped here, once.

use crate::escape::Escaped;
use crate::processes::column::Column;
use crate::processes::value::Value;
use crate::rate::{ProcessRates, Step, reads_between, rise};
use crate::replay::ps::View;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::{Process, Sample, State};
use afterimage_format::time::WallTime;
use afterimage_format::units::{Bytes, TickRate};
use std::borrow::Cow;
use std::time::Duration;

/// One process at one moment. What each value means is in `viewer/data/explain.toml`.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the fields are the columns, which are described there"
)]
pub struct Row {
    pub key: ProcessKey,
    pub ppid: Reading<Pid>,
    pub pgrp: Reading<Pid>,
    pub session: Reading<Pid>,
    pub tty: Reading<String>,
    pub user: Reading<String>,
    pub group: Reading<String>,
    pub state: Reading<char>,
    /// 100 is one core.
    pub cpu_percent: Reading<f64>,
    /// 100 is one task that always waits.
    pub wait_percent: Reading<f64>,
    pub cpu_time: Reading<Duration>,
    pub threads: Reading<u32>,
    pub switches_per_second: Reading<f64>,
    pub preempted_per_second: Reading<f64>,
    pub processor: Reading<i64>,
    pub nice: Reading<i32>,
    pub priority: Reading<i64>,
    pub policy: Reading<i64>,
    pub rss: Reading<Bytes>,
    pub rss_anon: Reading<Bytes>,
    pub rss_file: Reading<Bytes>,
    pub rss_shmem: Reading<Bytes>,
    pub peak_rss: Reading<Bytes>,
    pub swap: Reading<Bytes>,
    pub vsize: Reading<Bytes>,
    pub faults_per_second: Reading<f64>,
    pub major_faults_per_second: Reading<f64>,
    pub oom_score_adj: Reading<i64>,
    pub read_per_second: Reading<Bytes>,
    pub write_per_second: Reading<Bytes>,
    pub descriptors: Reading<u64>,
    pub wchan: Reading<String>,
    pub cgroup: Reading<String>,
    pub started: Reading<WallTime>,
    pub age: Reading<Duration>,
    pub kernel_thread: Reading<bool>,
    /// The name the kernel knows it by.
    pub comm: String,
    /// Its command line; kernel threads have none.
    pub command: Reading<String>,
    /// Whether it began since the snapshot before.
    pub born: bool,
    /// What it was in the snapshot before, when anything but its counters is different now.
    pub was: Option<Box<Row>>,
}

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

/// What one process did between two samples, with what only a table of every column shows.
#[derive(Debug, Clone, Copy, Default)]
struct Rates {
    usual: ProcessRates,
    faults: Option<f64>,
    major_faults: Option<f64>,
    switches: Option<f64>,
    preempted: Option<f64>,
}

impl Rates {
    fn between(step: &Step<'_>, before: &Process, now: &Process, view: &View<'_>) -> Self {
        let (elapsed, rate) = (step.elapsed, view.host.tick_rate);
        let counted = |seconds: f64, before, now| Some(rise(before, now)? as f64 / seconds);
        let stat = elapsed.seconds * reads_between(before.stat_read_at, now.stat_read_at);
        let status = elapsed.seconds * reads_between(before.status_read_at, now.status_read_at);
        Self {
            usual: ProcessRates::between(elapsed, &before.counters(), &now.counters(), rate),
            faults: counted(stat, before.minflt[0], now.minflt[0]),
            major_faults: counted(stat, before.majflt[0], now.majflt[0]),
            switches: counted(status, before.switches[0], now.switches[0]),
            preempted: counted(status, before.switches[1], now.switches[1]),
        }
    }

    /// Of a process that began since the first sample: it counted from zero.
    fn since_birth(step: &Step<'_>, now: &Process, view: &View<'_>) -> Self {
        let elapsed = step.elapsed;
        let counted = |count: Reading<u64>| Some(count.ok()? as f64 / elapsed.seconds);
        Self {
            usual: ProcessRates::since_birth(elapsed, &now.counters(), view.host.tick_rate),
            faults: counted(now.minflt[0]),
            major_faults: counted(now.majflt[0]),
            switches: counted(now.switches[0]),
            preempted: counted(now.switches[1]),
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
    /// A process of which nothing is known but that it is there.
    pub fn unknown(key: ProcessKey) -> Self {
        const fn none<T>() -> Reading<T> {
            Err(Missing::NotRead)
        }
        Self {
            key,
            ppid: none(),
            pgrp: none(),
            session: none(),
            tty: none(),
            user: none(),
            group: none(),
            state: none(),
            cpu_percent: none(),
            wait_percent: none(),
            cpu_time: none(),
            threads: none(),
            switches_per_second: none(),
            preempted_per_second: none(),
            processor: none(),
            nice: none(),
            priority: none(),
            policy: none(),
            rss: none(),
            rss_anon: none(),
            rss_file: none(),
            rss_shmem: none(),
            peak_rss: none(),
            swap: none(),
            vsize: none(),
            faults_per_second: none(),
            major_faults_per_second: none(),
            oom_score_adj: none(),
            read_per_second: none(),
            write_per_second: none(),
            descriptors: none(),
            wchan: none(),
            cgroup: none(),
            started: none(),
            age: none(),
            kernel_thread: none(),
            comm: "?".to_owned(),
            command: none(),
            born: false,
            was: None,
        }
    }

    fn new(process: &Process, rates: Rates, view: &View<'_>) -> Self {
        let (host, usual) = (view.host, rates.usual);
        let since_boot = process.key.started.to_duration(host.tick_rate);
        let started = view.booted.plus(since_boot);
        let uid = process.uids[0].map(|uid| uid.to_string());
        let gid = process.gids[0].map(|gid| gid.to_string());
        let cpu = process.utime.and_then(|user| Ok((user, process.stime?)));
        Self {
            ppid: process.ppid,
            pgrp: process.pgrp,
            session: process.session,
            tty: process.tty_nr.map(tty_name),
            user: text(&process.user).or(uid),
            group: text(&process.group).or(gid),
            state: process.state.map(State::letter),
            cpu_percent: rate(usual.cpu_percent, process.utime),
            wait_percent: rate(usual.wait_percent, process.wait),
            cpu_time: cpu
                .map(|(user, system)| seconds(user.0.saturating_add(system.0), host.tick_rate)),
            threads: process
                .threads
                .map(|threads| u32::try_from(threads).unwrap_or(u32::MAX)),
            switches_per_second: rate(rates.switches, process.switches[0]),
            preempted_per_second: rate(rates.preempted, process.switches[1]),
            processor: process.processor,
            nice: process.nice.map(|nice| i32::try_from(nice).unwrap_or(0)),
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
            faults_per_second: rate(rates.faults, process.minflt[0]),
            major_faults_per_second: rate(rates.major_faults, process.majflt[0]),
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

    /// What to call it: its command line, else the kernel's name for it in brackets, as ps does.
    pub fn title(&self) -> Cow<'_, str> {
        match &self.command {
            Ok(command) if !command.is_empty() => Cow::Borrowed(command),
            _ => Cow::Owned(format!("[{}]", self.comm)),
        }
    }

    /// What stands in a column. Differences need a [`Seen`].
    pub fn value(&self, column: Column) -> Reading<Value<'_>> {
        use Column as C;
        let number = |value: Reading<f64>| value.map(Value::Number);
        let bytes = |value: Reading<Bytes>| value.map(|bytes| Value::Number(bytes.0 as f64));
        let signed = |value: Reading<i64>| value.map(|value| Value::Number(value as f64));
        let pid = |value: Reading<Pid>| value.map(|pid| Value::Number(pid.0.into()));
        let long = |value: Reading<Duration>| value.map(|time| Value::Number(time.as_secs_f64()));
        match column {
            C::Pid => pid(Ok(self.key.pid)),
            C::Ppid => pid(self.ppid),
            C::Pgrp => pid(self.pgrp),
            C::Session => pid(self.session),
            C::Tty => word(&self.tty),
            C::User => word(&self.user),
            C::Group => word(&self.group),
            C::State => self
                .state
                .map(|letter| Value::Text(letter.to_string().into())),
            C::Cpu => number(self.cpu_percent),
            C::Wait => number(self.wait_percent),
            C::CpuTime => long(self.cpu_time),
            C::Threads => number(self.threads.map(f64::from)),
            C::Switches => number(self.switches_per_second),
            C::Preempted => number(self.preempted_per_second),
            C::Processor => signed(self.processor),
            C::Nice => number(self.nice.map(f64::from)),
            C::Priority => signed(self.priority),
            C::Policy => self.policy.map(|policy| Value::Text(policy_name(policy))),
            C::Rss => bytes(self.rss),
            C::RssAnon => bytes(self.rss_anon),
            C::RssFile => bytes(self.rss_file),
            C::RssShmem => bytes(self.rss_shmem),
            C::PeakRss => bytes(self.peak_rss),
            C::Swap => bytes(self.swap),
            C::Vsz => bytes(self.vsize),
            C::Faults => number(self.faults_per_second),
            C::MajorFaults => number(self.major_faults_per_second),
            C::OomScoreAdj => signed(self.oom_score_adj),
            C::Read => bytes(self.read_per_second),
            C::Write => bytes(self.write_per_second),
            C::Descriptors => number(self.descriptors.map(|count| count as f64)),
            C::Wchan => word(&self.wchan),
            C::Cgroup => word(&self.cgroup),
            C::Started => self.started.map(|at| Value::Number(at.0 as f64)),
            C::Age => long(self.age),
            C::Comm => Ok(Value::Text(Cow::Borrowed(&self.comm))),
            C::Command => Ok(Value::Text(self.title())),
            C::CpuChange | C::ThreadsChange | C::RssChange | C::ReadChange | C::WriteChange => {
                Err(Missing::NotRead)
            }
        }
    }
}

/// What became of a process between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// It was there at both.
    #[default]
    Stayed,
    /// It began since.
    Born,
    /// It is there no more.
    Gone,
}

/// A process next to what it was at an earlier moment: a row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The process; of one that is gone, as it was last seen.
    pub row: &'a Row,
    /// What it was then, if it differs or if a moment was pinned.
    pub was: Option<&'a Row>,
    /// What became of it.
    pub mark: Mark,
    /// Whether differences can be told: there is an earlier moment to compare with.
    pub is_compared: bool,
}

impl<'a> Seen<'a> {
    /// What stands in a column, the differences too.
    pub fn value(&self, column: Column) -> Reading<Value<'a>> {
        let Some(base) = column.changes_of() else {
            return self.row.value(column);
        };
        if !self.is_compared {
            return Err(Missing::NotRead);
        }
        let number = |row: &Row| {
            row.value(base)
                .map(|value| value.number().unwrap_or(f64::NAN))
        };
        // A process that was not there had no memory and used no CPU: that is known.
        let (now, then) = match self.mark {
            Mark::Born => (number(self.row)?, 0.0),
            Mark::Gone => (0.0, number(self.row)?),
            Mark::Stayed => (
                number(self.row)?,
                number(self.was.ok_or(Missing::NotRead)?)?,
            ),
        };
        Ok(Value::Number(now - then))
    }

    /// What stood in a column, when it was known and is different now.
    pub fn before(&self, column: Column) -> Option<Value<'a>> {
        let was = self.was?.value(column).ok()?;
        let now = self.row.value(column).ok()?;
        (is_level(column) && was != now).then_some(was)
    }
}

/// Whether a column shows how things stand; the others are counted anew at each snapshot.
const fn is_level(column: Column) -> bool {
    use crate::processes::column::Kind;
    use Column as C;
    let counted = matches!(column.kind(), Kind::Percent | Kind::Rate | Kind::ByteRate);
    !counted && !matches!(column, C::Age | C::CpuTime | C::Started | C::Processor)
}

fn word(text: &Reading<String>) -> Reading<Value<'_>> {
    match text {
        Ok(text) => Ok(Value::Text(Cow::Borrowed(text))),
        Err(missing) => Err(*missing),
    }
}

/// A rate, or why there is none: what it is counted from is absent, or there is only one of it.
pub(crate) fn rate<T, V>(rate: Option<T>, counted_from: Reading<V>) -> Reading<T> {
    rate.ok_or(counted_from.err().unwrap_or(Missing::NotRead))
}

fn seconds(ticks: u64, rate: TickRate) -> Duration {
    Duration::from_secs_f64(ticks as f64 / rate.0.get() as f64)
}

/// Bytes as text; those that are no text are shown as their code.
fn text(bytes: &Reading<Box<[u8]>>) -> Reading<String> {
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

/// What `sched(7)` calls a policy.
pub fn policy_name(policy: i64) -> Cow<'static, str> {
    match policy {
        0 => "other".into(),
        1 => "fifo".into(),
        2 => "rr".into(),
        3 => "batch".into(),
        5 => "idle".into(),
        6 => "deadline".into(),
        7 => "ext".into(),
        unknown => unknown.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::units::Ticks;

    fn row(rss: u64) -> Row {
        let key = ProcessKey {
            pid: Pid(7),
            started: Ticks(1),
        };
        Row {
            rss: Ok(Bytes(rss)),
            state: Ok('S'),
            ..Row::unknown(key)
        }
    }

    fn seen<'a>(row: &'a Row, was: Option<&'a Row>, mark: Mark) -> Seen<'a> {
        Seen {
            row,
            was,
            mark,
            is_compared: true,
        }
    }

    #[test]
    fn what_was_not_there_is_compared_with_nothing() {
        let (now, then) = (row(300), row(100));
        let change = |seen: Seen<'_>| seen.value(Column::RssChange).unwrap().number();
        assert_eq!(change(seen(&now, Some(&then), Mark::Stayed)), Some(200.0));
        assert_eq!(change(seen(&now, None, Mark::Born)), Some(300.0));
        assert_eq!(change(seen(&now, None, Mark::Gone)), Some(-300.0));
    }

    #[test]
    fn a_difference_of_what_is_absent_is_absent() {
        let (now, then) = (row(300), row(100));
        let change = seen(&now, Some(&then), Mark::Stayed).value(Column::CpuChange);
        assert_eq!(change, Err(Missing::NotRead));
        let alone = Seen {
            is_compared: false,
            ..seen(&now, None, Mark::Stayed)
        };
        assert_eq!(alone.value(Column::RssChange), Err(Missing::NotRead));
    }

    #[test]
    fn only_what_stands_and_is_different_was_something_else() {
        let (now, then) = (row(300), row(100));
        let seen = seen(&now, Some(&then), Mark::Stayed);
        assert_eq!(seen.before(Column::Rss), Some(Value::Number(100.0)));
        assert_eq!(seen.before(Column::State), None);
        assert_eq!(seen.before(Column::Threads), None);
    }

    #[test]
    fn terminals_are_named_as_ps_names_them() {
        assert_eq!(tty_name(0), "none");
        assert_eq!(tty_name(34_816 + 3), "pts/3");
        assert_eq!(tty_name(1_025), "tty1");
        assert_eq!(tty_name(1_088), "ttyS0");
        assert_eq!(tty_name(-1), "4095:1048575");
    }
}
