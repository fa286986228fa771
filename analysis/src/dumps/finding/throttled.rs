//! A finding about the quota of a cgroup.

use super::{Evidence, Finding, Looked, Severity};
use crate::escape::Escaped;

/// From this share of the time on it counts.
const THROTTLED: f64 = 0.1;
/// From this share on it is a warning.
const MUCH: f64 = 0.25;

/// A quota that kept the threads from running.
pub(super) fn throttled(seen: &Looked<'_>) -> Option<Finding> {
    let kernel = &seen.report.kernel;
    let (throttled, over) = (kernel.throttled.as_ref()?, kernel.over?);
    let (kept, over_ms) = (throttled.kept.as_secs_f64() * 1e3, over.as_secs_f64() * 1e3);
    if over.is_zero() || kept < THROTTLED * over_ms {
        return None;
    }
    let each = if kept > over_ms {
        " (each CPU counted)"
    } else {
        ""
    };
    let path = Escaped(&throttled.path);
    let (cpus, periods, of) = (throttled.cpus, throttled.used_up, throttled.periods);
    Some(Finding {
        kind: "cpu-throttled",
        dimension: "saturation",
        resource: "CPU".to_owned(),
        severity: if kept >= MUCH * over_ms {
            Severity::Warning
        } else {
            Severity::Note
        },
        summary: format!(
            "Starved: its cgroup {path} was throttled {kept:.0} ms{each} of {over_ms:.0} ms by its quota of {} CPUs, in {periods} of {of} periods. Its threads could run and were kept from it.",
            shown(cpus)
        ),
        victims: Vec::new(),
        suspects: Vec::new(),
        evidence: vec![
            Evidence::number("throttled", kept, "ms", Some(THROTTLED * over_ms)),
            Evidence::number("of", over_ms, "ms", None),
            Evidence::number("quota", cpus, "CPUs", None),
            Evidence::number("throttled periods", periods as f64, "periods", None),
            Evidence::number("of", of as f64, "periods", None),
        ],
        next: "Compare the quota (cpu.max of the cgroup) with what its threads used; more threads that can run than it has CPUs use it up early in each period.".to_owned(),
    })
}

/// `2`, `0.5`, `0.25`.
fn shown(cpus: f64) -> String {
    let text = format!("{cpus:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "0" {
        return format!("{cpus:.4}");
    }
    text.to_owned()
}
