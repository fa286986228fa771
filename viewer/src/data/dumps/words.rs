//! What became of a dump, in words.

use crate::display;
use crate::display::escape::escaped;
use afterimage_analysis::escape::Escaped;
use afterimage_format::process::Pid;
use afterimage_format::thread_dump::{DumpFacts, DumpStatus, HOOK, KERNEL};
use std::time::Duration;

/// What became of a dump, as far as marks tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is something to look at.
    Taken,
    /// It was not asked for.
    Refused,
    /// It was asked for, and did not work.
    Failed,
}

impl Outcome {
    /// Its class in the lane of dumps.
    pub const fn class(self) -> usize {
        match self {
            Self::Taken => 0,
            Self::Refused => 1,
            Self::Failed => 2,
        }
    }
}

/// Which of them it is.
pub fn outcome(status: DumpStatus) -> Outcome {
    match status {
        DumpStatus::Ok | DumpStatus::Late | DumpStatus::Truncated | DumpStatus::Unknown => {
            Outcome::Taken
        }
        DumpStatus::Refused => Outcome::Refused,
        DumpStatus::Failed | DumpStatus::Timeout => Outcome::Failed,
    }
}

/// Whose dump it is, where that is known: of one that was brought in from a file it may not be.
pub fn known_pid(facts: &DumpFacts) -> Option<Pid> {
    Some(facts.pid).filter(|pid| pid.0 >= 0)
}

/// `java 4711`.
pub fn process_words(facts: &DumpFacts) -> String {
    let comm = Escaped(&facts.comm).to_string();
    match (known_pid(facts), comm.is_empty()) {
        (Some(Pid(pid)), true) => pid.to_string(),
        (Some(Pid(pid)), false) => format!("{comm} {pid}"),
        (None, true) => "pid —".to_owned(),
        (None, false) => format!("{comm}, pid —"),
    }
}

/// What became of it in a word or a few.
pub fn status_words(facts: &DumpFacts) -> String {
    let status = facts.status.name();
    if facts.kind == KERNEL {
        format!("{status}, the kernel's view alone")
    } else if let Some(hook) = facts.kind.strip_prefix(HOOK) {
        format!("{status}, by {}", escaped(hook))
    } else {
        status.to_owned()
    }
}

/// `159 threads, 40 BLOCKED, 1 deadlock, exec-100 blocks 40`; empty when nobody counted.
pub fn summary_words(facts: &DumpFacts) -> String {
    let Some(summary) = &facts.summary else {
        return String::new();
    };
    let mut parts = Vec::new();
    let mut part = |count: Option<u64>, words: &dyn Fn(u64) -> String| {
        parts.extend(count.filter(|count| *count > 0).map(words));
    };
    let of_program = summary.threads;
    let all = of_program.map(|threads| threads.saturating_add(summary.vm_threads.unwrap_or(0)));
    part(all, &|count| display::counted(count, "thread"));
    part(summary.blocked, &|count| format!("{count} BLOCKED"));
    part(summary.deadlocks, &|count| {
        display::counted(count, "deadlock")
    });
    if let Some(blocker) = &summary.top_blocker {
        part(summary.top_blocked, &|count| {
            format!("{} blocks {count}", escaped(blocker))
        });
    }
    parts.join(", ")
}

/// Everything a mark on the time line says.
pub fn mark_words(facts: &DumpFacts) -> String {
    let mut text = format!("{}: {}", process_words(facts), status_words(facts));
    let summary = summary_words(facts);
    let pause = facts
        .pause
        .map(|pause| format!("stood still for {}", time_words(pause)));
    let trigger = match escaped(&facts.trigger) {
        trigger if trigger.is_empty() => None,
        trigger => Some(format!("trigger {trigger}")),
    };
    let detail = (!facts.detail.is_empty()).then(|| escaped(&facts.detail));
    let more = [
        Some(summary).filter(|words| !words.is_empty()),
        pause,
        trigger,
        detail,
    ];
    for words in more.into_iter().flatten() {
        text.push_str("; ");
        text.push_str(&words);
    }
    text
}

/// A short time: `0.4 ms`, `11 ms`, `2.3 s`.
pub fn time_words(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    match millis {
        ..9.95 => format!("{millis:.1} ms"),
        ..999.5 => format!("{millis:.0} ms"),
        _ => display::duration(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_have_the_unit_that_fits() {
        let words = [0, 400, 9_960, 999_400, 2_300_000]
            .map(Duration::from_micros)
            .map(time_words);
        assert_eq!(words, ["0.0 ms", "0.4 ms", "10 ms", "999 ms", "2.3 s"]);
    }
}
