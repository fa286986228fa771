//! One dump in full: its sections, each of them only where there is something to say.

use super::super::json::status;
use super::super::{Worked, safe, short_time};
use afterimage_analysis::dumps::State;
use afterimage_analysis::dumps::finding::Finding;
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::locks::Holder;
use afterimage_analysis::dumps::report::By;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// So many names stand in one line.
const MOST_NAMES: usize = 6;
/// So many lines has a section.
const MOST_LINES: usize = 25;

/// Writes a line; writing to a text does not fail.
macro_rules! line {
    ($to:expr, $($what:tt)*) => {{
        let _infallible = writeln!($to, $($what)*);
    }};
}

mod over_time;
mod tree;

/// The text of one dump.
pub(super) fn text(worked: &Worked<'_>) -> String {
    let mut text = heading(worked);
    findings(worked, &mut text);
    tree::locks(worked, &mut text);
    groups(worked, &mut text);
    cpu(worked, &mut text);
    over_time::stuck(worked, &mut text);
    over_time::grid(worked, &mut text);
    unknown(worked, &mut text);
    text
}

fn heading(worked: &Worked<'_>) -> String {
    let (taken, dump, report) = (worked.taken, worked.dump, &worked.report);
    let mut words = Vec::new();
    words.extend(taken.at.as_deref().map(short_time));
    words.extend(taken.pid().map(|pid| format!("pid {pid}")));
    let facts = taken.stored.as_ref().map(|stored| &stored.facts);
    let comm = facts.map(|facts| String::from_utf8_lossy(&facts.comm));
    words.extend(comm.filter(|comm| !comm.is_empty()).map(|comm| safe(&comm)));
    words.push(dump.source.name().to_owned());
    words.extend(dump.vm.as_deref().map(safe));
    if let Some(facts) = facts {
        words.push(format!(
            "{}: {}",
            safe(&facts.trigger),
            safe(&facts.trigger_detail)
        ));
        words.extend(facts.pause.map(|pause| {
            format!(
                "the process stood still for {:.1} ms",
                pause.as_secs_f64() * 1e3
            )
        }));
    }
    let became = status(taken);
    words.extend((became != "ok").then(|| format!("status {became}")));
    let mut text = words.join("  ");
    text.push('\n');
    let states: Vec<String> = report
        .states
        .iter()
        .map(|(state, count)| format!("{count} {}", state.name()))
        .collect();
    let carried = match report.virtual_threads {
        0 => String::new(),
        1 => "; 1 virtual thread among or on them".to_owned(),
        count => format!("; {count} virtual threads among or on them"),
    };
    line!(
        text,
        "{} threads: {}{carried}",
        report.total,
        states.join(", ")
    );
    let detail = facts.map(|facts| facts.detail.as_str());
    if let Some(detail) = detail.filter(|detail| !detail.is_empty()) {
        line!(text, "{}", safe(detail));
    }
    if dump.is_truncated {
        line!(text, "The end of this dump is missing.");
    }
    if let Some(missing) = dump.missing().filter(|missing| *missing != 0) {
        line!(
            text,
            "The JVM counted {missing} Java threads more than are here."
        );
    }
    let holders = report
        .locks
        .wanted
        .iter()
        .any(|wanted| wanted.holder == Holder::Unknown || wanted.holder.is_guess());
    if holders && dump.source.is_java() && !dump.lists_synchronizers {
        line!(
            text,
            "It was taken without -l: holders of java.util.concurrent locks are not in it."
        );
    }
    text
}

fn findings(worked: &Worked<'_>, text: &mut String) {
    let findings = &worked.report.findings;
    if findings.is_empty() {
        line!(text, "\nNothing is found to be wrong.");
        return;
    }
    line!(text, "\nFINDINGS");
    for finding in findings.iter().take(MOST_LINES) {
        of_finding(finding, text);
    }
    if findings.len() > MOST_LINES {
        line!(
            text,
            "... and {} more (--format json)",
            findings.len() - MOST_LINES
        );
    }
}

fn of_finding(finding: &Finding, text: &mut String) {
    line!(
        text,
        "{:<8}  {}: {}",
        finding.severity.name(),
        finding.kind,
        safe(&finding.summary)
    );
    for suspect in finding.suspects.iter().take(3) {
        if !suspect.reasons.is_empty() {
            line!(
                text,
                "          \"{}\": {}",
                safe(&suspect.name),
                safe(&suspect.reasons.join("; "))
            );
        }
    }
    for evidence in finding
        .evidence
        .iter()
        .filter(|evidence| evidence.value.is_none())
        .take(6)
    {
        line!(text, "          {}", safe(&evidence.what));
    }
    line!(text, "          {}", safe(&finding.next));
}

fn names(worked: &Worked<'_>, threads: &[usize]) -> String {
    let names = threads.iter().take(MOST_NAMES);
    let names: Vec<String> = names
        .map(|thread| safe(&worked.dump.threads[*thread].called()))
        .collect();
    let more = threads.len().saturating_sub(MOST_NAMES);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", names.join(", "))
}

fn groups(worked: &Worked<'_>, text: &mut String) {
    let report = &worked.report;
    let only_wait: BTreeSet<usize> = report.only_wait.iter().copied().collect();
    let (idle, work): (Vec<_>, Vec<_>) = report.groups.iter().partition(|group| group.is_idle);
    if !work.is_empty() {
        line!(text, "\nTHREADS THAT DO THE SAME (idle ones left out)");
        line!(text, "COUNT  STATE          WHERE");
    }
    for group in work.iter().take(MOST_LINES) {
        let first = &worked.dump.threads[group.threads[0]];
        let top = first.top().map(frame::short).unwrap_or_default();
        let telling = frame::telling(first).map(frame::short).unwrap_or_default();
        let place = if top == telling {
            top
        } else {
            format!("{telling} -> {top}")
        };
        let waits = if group
            .threads
            .iter()
            .all(|thread| only_wait.contains(thread))
        {
            "  (only waits)"
        } else {
            ""
        };
        let who = if group.threads.len() > 1 && !group.name.is_empty() {
            safe(&group.name)
        } else {
            names(worked, &group.threads)
        };
        let (count, state) = (group.threads.len(), group.state.name());
        line!(
            text,
            "{count:>5}  {state:<13}  {}  [{who}]{waits}",
            safe(&place)
        );
    }
    if work.len() > MOST_LINES {
        line!(
            text,
            "... and {} more groups (--format json)",
            work.len() - MOST_LINES
        );
    }
    let of_vm = report.count(State::Vm);
    let idle: usize = idle
        .iter()
        .filter(|group| group.state != State::Vm)
        .map(|group| group.threads.len())
        .sum();
    line!(
        text,
        "{idle:>5}  idle: wait for work, or belong to the runtime; {of_vm} of the VM"
    );
}

fn cpu(worked: &Worked<'_>, text: &mut String) {
    let uses = &worked.report.cpu;
    let Some(first) = uses.first().filter(|used| !used.cpu.is_zero()) else {
        return;
    };
    let by = match (first.by, first.over) {
        (By::Kernel, Some(over)) => format!(
            "counted by the kernel over {:.1} s around the dump",
            over.as_secs_f64()
        ),
        (By::Kernel, None) => "counted by the kernel".to_owned(),
        (By::Dumps, Some(over)) => {
            format!("in the {:.1} s since the dump before", over.as_secs_f64())
        }
        (By::Dumps, None) => "since the dump before".to_owned(),
        (By::SinceStart, _) => "since each thread began".to_owned(),
    };
    line!(text, "\nCPU ({by})");
    line!(text, "    CPU MS  % CORE  % WAITED      TID  THREAD");
    for used in uses.iter().take(10).filter(|used| !used.cpu.is_zero()) {
        let percent = |share: Option<f64>| {
            share.map_or("-".to_owned(), |share| format!("{:.1}", share * 100.0))
        };
        let waited = used.wait.zip(used.over.filter(|over| !over.is_zero()));
        let waited = waited.map(|(wait, over)| wait.as_secs_f64() / over.as_secs_f64());
        let tid = used.tid.map_or("-".to_owned(), |tid| tid.to_string());
        let cpu = used.cpu.as_secs_f64() * 1e3;
        line!(
            text,
            "{cpu:>10.1}  {:>6}  {:>8}  {tid:>7}  {}",
            percent(used.share()),
            percent(waited),
            safe(&used.name)
        );
    }
}

fn unknown(worked: &Worked<'_>, text: &mut String) {
    let unknown = &worked.dump.unknown;
    if unknown.count == 0 {
        return;
    }
    line!(text, "\nUNKNOWN LINES: {}", unknown.count);
    for (number, line) in unknown.first.iter().take(MOST_LINES) {
        line!(text, "{number:>8}: {}", safe(line));
    }
}
