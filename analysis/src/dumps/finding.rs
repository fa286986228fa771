//! What is wrong, in plain words, each with what it rests on.
//!
//! The form is that of the findings of a whole capture: a kind, how bad it is, who suffers, who is to
//! blame, the evidence, and what to look at next.

mod lock_words;
mod throttled;
mod work;

use super::followed::Followed;
use super::model::Dump;
use super::report::{Around, Report};
use lock_words::{contention, deadlocks, pools};
use throttled::throttled;
use work::{blocked, growth, hogs, starved};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It does not work.
    Critical,
    /// It will not for long, or not well.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A thread that suffers or is to blame.
#[derive(Debug, Clone, PartialEq)]
pub struct Party {
    /// What it is called.
    pub name: String,
    /// Its number, as [`super::report::CpuUse::tid`].
    pub tid: Option<u64>,
    /// How sure it is, 1 is certain.
    pub score: f64,
    /// Why.
    pub reasons: Vec<String>,
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// What, in words.
    pub what: String,
    /// How much, where it is a number.
    pub value: Option<f64>,
    /// In what.
    pub unit: &'static str,
    /// From when on it counts.
    pub threshold: Option<f64>,
}

impl Evidence {
    fn words(what: String) -> Self {
        Self {
            what,
            value: None,
            unit: "",
            threshold: None,
        }
    }

    fn number(what: &str, value: f64, unit: &'static str, threshold: Option<f64>) -> Self {
        Self {
            what: what.to_owned(),
            value: Some(value),
            unit,
            threshold,
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What kind of thing: `deadlock`, `lock-contention`, `pool-starvation`, `thread-hogs-core`,
    /// `thread-growth`, `cpu-saturated`, `cpu-throttled`, `tasks-blocked`.
    pub kind: &'static str,
    /// `error`, `utilization` or `saturation`.
    pub dimension: &'static str,
    /// Of what.
    pub resource: String,
    /// How bad it is.
    pub severity: Severity,
    /// In a sentence or two.
    pub summary: String,
    /// Who suffers.
    pub victims: Vec<Party>,
    /// Who is to blame, the best guess first.
    pub suspects: Vec<Party>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What to look at next.
    pub next: String,
}

/// Everything that is wrong in a dump, the worst first.
pub fn of(dump: &Dump, report: &Report, around: &Around<'_>) -> Vec<Finding> {
    let seen = Looked {
        dump,
        report,
        around,
    };
    let mut findings = deadlocks(&seen);
    findings.extend(contention(&seen));
    findings.extend(pools(&seen));
    findings.extend(hogs(&seen));
    findings.extend(blocked(&seen));
    findings.extend(throttled(&seen));
    findings.extend(starved(&seen));
    findings.extend(growth(&seen));
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// What a finding is made from.
#[derive(Debug, Clone, Copy)]
struct Looked<'a> {
    dump: &'a Dump,
    report: &'a Report,
    around: &'a Around<'a>,
}

/// So many names are written into a sentence.
const MOST_NAMED: usize = 4;

impl Looked<'_> {
    fn name(&self, thread: usize) -> String {
        self.dump.threads[thread].called()
    }

    /// Whether virtual threads are carried whose stacks are not there.
    fn hides_virtual_threads(&self) -> bool {
        let shown = self.dump.threads.iter().filter(|thread| thread.is_virtual);
        self.report.virtual_threads > shown.count()
    }

    fn party(&self, thread: usize, score: f64, reasons: Vec<String>) -> Party {
        let seen = self.report.kernel.thread(thread);
        let on_host = seen.and_then(|seen| u64::try_from(seen.tid).ok());
        Party {
            name: self.name(thread),
            tid: on_host.or(self.dump.threads[thread].os_id),
            score,
            reasons,
        }
    }

    fn victims(&self, threads: &[usize]) -> Vec<Party> {
        let parties = threads
            .iter()
            .map(|thread| self.party(*thread, 1.0, Vec::new()));
        parties.collect()
    }

    /// `a, b and 38 others`.
    fn names(&self, threads: &[usize]) -> String {
        let names: Vec<String> = threads
            .iter()
            .take(MOST_NAMED)
            .map(|thread| format!("\"{}\"", self.name(*thread)))
            .collect();
        match (threads.len().saturating_sub(MOST_NAMED), names.split_last()) {
            (_, None) => String::new(),
            (0, Some((last, []))) => last.clone(),
            (0, Some((last, first))) => format!("{} and {last}", first.join(", ")),
            (more, _) => format!("{} and {more} more", names.join(", ")),
        }
    }

    /// What a thread was doing, by its stack, the kernel and the dumps before.
    fn doing(&self, thread: usize) -> Vec<String> {
        use super::frame;
        let of_dump = &self.dump.threads[thread];
        let mut said = Vec::new();
        let state = of_dump.state.name();
        let at = frame::telling(of_dump).map(frame::short);
        let top = of_dump.top().map(frame::short);
        match (at, top) {
            (Some(at), Some(top)) if at == top => said.push(format!("{state} in {at}")),
            (Some(at), Some(top)) => said.push(format!("{state} in {top}, called from {at}")),
            _ => said.push(state.to_owned()),
        }
        if let Some(socket) = frame::socket_wait(of_dump) {
            said.push(format!(
                "waits for the other side in {}",
                frame::short(socket)
            ));
        }
        let kernel = &self.report.kernel;
        if let Some(seen) = kernel.thread(thread) {
            if let (Some(cpu), Some(over)) = (seen.cpu, kernel.over) {
                let (cpu, over) = (cpu.as_secs_f64() * 1e3, over.as_secs_f64());
                said.push(format!("used {cpu:.0} ms of CPU in {over:.1} s"));
            }
            said.extend(
                seen.words
                    .clone()
                    .map(|words| format!("in the kernel: {words}")),
            );
        }
        said.extend(self.report.followed(thread).map(Followed::words));
        said.extend(self.unmoved(thread));
        said.extend(self.since(thread));
        said
    }

    /// `at full CPU since 12:04:10, 14 s before the first dump`.
    fn since(&self, thread: usize) -> Option<String> {
        let seen = self.report.kernel.thread(thread)?;
        self.around.before?.words(seen)
    }

    /// `unchanged in 3 dumps over 15.0 s`.
    fn unmoved(&self, thread: usize) -> Option<String> {
        let (series, _) = self.around.series?;
        let stuck = series.stuck_thread(thread)?;
        let over = stuck
            .over
            .map(|over| format!(" over {:.1} s", over.as_secs_f64()));
        let cpu = stuck
            .cpu
            .map(|cpu| format!(", {:.0} ms of CPU", cpu.as_secs_f64() * 1e3));
        let dumps = stuck.dumps;
        Some(format!(
            "unchanged in {dumps} dumps{}{}",
            over.unwrap_or_default(),
            cpu.unwrap_or_default()
        ))
    }
}
