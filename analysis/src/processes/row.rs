//! One process at one moment, with every value that can be shown of it.

mod make;

use crate::processes::column::Column;
use crate::processes::value::Value;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::time::WallTime;
use afterimage_format::units::Bytes;
pub use make::{rows, tty_name};
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
    pub tpgid: Reading<i64>,
    pub user: Reading<String>,
    pub uid: Reading<u64>,
    pub effective_uid: Reading<u64>,
    pub group: Reading<String>,
    pub gid: Reading<u64>,
    pub effective_gid: Reading<u64>,
    pub state: Reading<char>,
    pub ps_state: Reading<String>,
    /// 100 is one core.
    pub cpu_percent: Reading<f64>,
    /// 100 is one task that always waits.
    pub wait_percent: Reading<f64>,
    pub cpu_time: Reading<Duration>,
    /// CPU time by age; 100 is one core.
    pub life_cpu_percent: Reading<f64>,
    pub child_time: Reading<Duration>,
    pub threads: Reading<u32>,
    pub switches_per_second: Reading<f64>,
    pub preempted_per_second: Reading<f64>,
    pub processor: Reading<i64>,
    pub nice: Reading<i32>,
    pub priority: Reading<i64>,
    pub rt_priority: Reading<i64>,
    pub policy: Reading<i64>,
    pub rss: Reading<Bytes>,
    /// RSS by all memory.
    pub memory_percent: Reading<f64>,
    pub rss_anon: Reading<Bytes>,
    pub rss_file: Reading<Bytes>,
    pub rss_shmem: Reading<Bytes>,
    pub peak_rss: Reading<Bytes>,
    pub swap: Reading<Bytes>,
    pub vsize: Reading<Bytes>,
    pub faults_per_second: Reading<f64>,
    pub faults: Reading<u64>,
    pub major_faults_per_second: Reading<f64>,
    pub major_faults: Reading<u64>,
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
            tpgid: none(),
            user: none(),
            uid: none(),
            effective_uid: none(),
            group: none(),
            gid: none(),
            effective_gid: none(),
            state: none(),
            ps_state: none(),
            cpu_percent: none(),
            wait_percent: none(),
            cpu_time: none(),
            life_cpu_percent: none(),
            child_time: none(),
            threads: none(),
            switches_per_second: none(),
            preempted_per_second: none(),
            processor: none(),
            nice: none(),
            priority: none(),
            rt_priority: none(),
            policy: none(),
            rss: none(),
            memory_percent: none(),
            rss_anon: none(),
            rss_file: none(),
            rss_shmem: none(),
            peak_rss: none(),
            swap: none(),
            vsize: none(),
            faults_per_second: none(),
            faults: none(),
            major_faults_per_second: none(),
            major_faults: none(),
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

    /// What to call it: its command line, else the kernel's name for it in brackets, as ps does.
    pub fn title(&self) -> Cow<'_, str> {
        match &self.command {
            Ok(command) if !command.is_empty() => Cow::Borrowed(command),
            _ => Cow::Owned(format!("[{}]", self.comm)),
        }
    }

    /// What stands in a column. Differences need a [`crate::processes::Seen`].
    pub fn value(&self, column: Column) -> Reading<Value<'_>> {
        use Column as C;
        let number = |value: Reading<f64>| value.map(Value::Number);
        let bytes = |value: Reading<Bytes>| value.map(|bytes| Value::Number(bytes.0 as f64));
        let signed = |value: Reading<i64>| value.map(|value| Value::Number(value as f64));
        let count = |value: Reading<u64>| value.map(|value| Value::Number(value as f64));
        let pid = |value: Reading<Pid>| value.map(|pid| Value::Number(pid.0.into()));
        let long = |value: Reading<Duration>| value.map(|time| Value::Number(time.as_secs_f64()));
        match column {
            C::Pid => pid(Ok(self.key.pid)),
            C::Ppid => pid(self.ppid),
            C::Pgrp => pid(self.pgrp),
            C::Session => pid(self.session),
            C::Tty => word(&self.tty),
            C::Tpgid => signed(self.tpgid),
            C::User => word(&self.user),
            C::Uid => count(self.uid),
            C::EffectiveUid => count(self.effective_uid),
            C::Group => word(&self.group),
            C::Gid => count(self.gid),
            C::EffectiveGid => count(self.effective_gid),
            C::State => self
                .state
                .map(|letter| Value::Text(letter.to_string().into())),
            C::Cpu => number(self.cpu_percent),
            C::PsState => word(&self.ps_state),
            C::Wait => number(self.wait_percent),
            C::CpuTime => long(self.cpu_time),
            C::LifeCpu => number(self.life_cpu_percent),
            C::ChildTime => long(self.child_time),
            C::Threads => number(self.threads.map(f64::from)),
            C::Switches => number(self.switches_per_second),
            C::Preempted => number(self.preempted_per_second),
            C::Processor => signed(self.processor),
            C::Nice => number(self.nice.map(f64::from)),
            C::Priority => signed(self.priority),
            C::RtPriority => signed(self.rt_priority),
            C::Policy => self.policy.map(|policy| Value::Text(policy_name(policy))),
            C::Rss => bytes(self.rss),
            C::Pmem => number(self.memory_percent),
            C::RssAnon => bytes(self.rss_anon),
            C::RssFile => bytes(self.rss_file),
            C::RssShmem => bytes(self.rss_shmem),
            C::PeakRss => bytes(self.peak_rss),
            C::Swap => bytes(self.swap),
            C::Vsz => bytes(self.vsize),
            C::Faults => number(self.faults_per_second),
            C::FaultCount => count(self.faults),
            C::MajorFaults => number(self.major_faults_per_second),
            C::MajorFaultCount => count(self.major_faults),
            C::OomScoreAdj => signed(self.oom_score_adj),
            C::Read => bytes(self.read_per_second),
            C::Write => bytes(self.write_per_second),
            C::Descriptors => count(self.descriptors),
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

fn word(text: &Reading<String>) -> Reading<Value<'_>> {
    match text {
        Ok(text) => Ok(Value::Text(Cow::Borrowed(text))),
        Err(missing) => Err(*missing),
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
