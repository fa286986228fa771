//! What is different between two dumps, as JSON.

use super::super::json::{finding, millis, states};
use super::{Compared, Kept};
use crate::command::output::{escaped_json, print_text};
use afterimage_analysis::dumps::compare::{FindingChange, GroupChange, LockChange, Pair};
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::locks::Wanted;
use serde_json::{Value, json};

pub(super) fn print(all: &[Compared], other_lines: usize) -> anyhow::Result<()> {
    let diffs: Vec<Value> = all.iter().map(one).collect();
    let all = json!({"diffs": diffs, "other_lines": other_lines});
    print_text(&format!("{}\n", escaped_json(&all)))?;
    Ok(())
}

fn one(compared: &Compared) -> Value {
    let comparison = &compared.comparison;
    let (before, now) = (&compared.before, &compared.now);
    let facts = now.taken.stored.as_ref().map(|stored| &stored.facts);
    let alone = |kept: &Kept, places: &[usize]| -> Vec<Value> {
        let threads = places.iter().map(|place| thread(kept, *place));
        threads.collect()
    };
    let pairs = |pairs: &[Pair]| -> Vec<Value> {
        pairs
            .iter()
            .map(|pair| self::pair(compared, pair))
            .collect()
    };
    let locks = comparison.locks.iter();
    let groups = comparison.groups.iter();
    let findings = comparison.findings.iter();
    json!({
        "pid": now.taken.pid().or_else(|| before.taken.pid()),
        "comm": facts.map(|facts| String::from_utf8_lossy(&facts.comm)),
        "before": side(before),
        "now": side(now),
        "identity": comparison.identity.name(),
        "over_ms": millis(comparison.over),
        "cpu_by": comparison.cpu.map(|(by, _)| by.name()),
        "cpu_over_ms": millis(comparison.cpu.and_then(|(_, over)| over)),
        "new": alone(now, &comparison.new),
        "gone": alone(before, &comparison.gone),
        "changed": pairs(&comparison.changed),
        "same": pairs(&comparison.same),
        "idle": pairs(&comparison.idle),
        "locks": locks.map(|change| lock(compared, change)).collect::<Vec<_>>(),
        "groups": groups.map(|change| group(compared, change)).collect::<Vec<_>>(),
        "findings": findings.map(|change| of_finding(compared, change)).collect::<Vec<_>>(),
    })
}

fn side(kept: &Kept) -> Value {
    json!({
        "at": kept.taken.at,
        "source": kept.dump.source.name(),
        "total": kept.report.total,
        "states": states(&kept.report),
    })
}

/// A thread that only one of them has.
fn thread(kept: &Kept, place: usize) -> Value {
    let thread = &kept.dump.threads[place];
    json!({
        "thread": thread.called(),
        "number": thread.number,
        "tid": thread.os_id,
        "state": thread.state.name(),
        "top": thread.top(),
        "telling": frame::telling(thread),
    })
}

/// A thread that both have: what it is in each.
fn pair(compared: &Compared, pair: &Pair) -> Value {
    let (before, now) = (&compared.before, &compared.now);
    let words = [
        (pair.state, "state"),
        (pair.top, "top"),
        (pair.lock, "lock"),
        (pair.stack, "stack"),
    ];
    let changed = words.into_iter().filter(|(is, _)| *is);
    let of = |kept: &Kept, place: usize| {
        let thread = &kept.dump.threads[place];
        let (lock, holder) = wants(kept, place).unzip();
        json!({
            "state": thread.state.name(),
            "top": thread.top(),
            "telling": frame::telling(thread),
            "waits_for": lock,
            "held_by": holder.flatten(),
        })
    };
    let thread = &now.dump.threads[pair.now];
    json!({
        "thread": thread.called(),
        "number": thread.number,
        "tid": thread.os_id,
        "changed": changed.map(|(_, word)| word).collect::<Vec<_>>(),
        "before": of(before, pair.before),
        "now": of(now, pair.now),
        "cpu_ms": millis(pair.cpu),
    })
}

/// The lock that a thread waits for, and who has it.
pub(super) fn wants(kept: &Kept, place: usize) -> Option<(String, Option<String>)> {
    let locks = &kept.report.locks;
    let wanted = &locks.wanted[(*locks.waits_for.get(place)?)?];
    Some((wanted.lock.words(), holder(kept, wanted)))
}

pub(super) fn holder(kept: &Kept, wanted: &Wanted) -> Option<String> {
    let thread = wanted.holder.thread()?;
    Some(kept.dump.threads[thread].called())
}

fn lock(compared: &Compared, change: &LockChange) -> Value {
    let of = |kept: &Kept, place: Option<usize>| {
        let wanted = &kept.report.locks.wanted[place?];
        Some(json!({
            "lock": wanted.lock.words(),
            "kind": wanted.kind.name(),
            "holder": holder(kept, wanted),
            "is_guess": wanted.holder.is_guess(),
            "direct": wanted.waiters.len(),
            "total": wanted.total,
        }))
    };
    json!({
        "before": of(&compared.before, change.before),
        "now": of(&compared.now, change.now),
        "has_other_owner": change.has_other_owner,
    })
}

fn group(compared: &Compared, change: &GroupChange) -> Value {
    let now = change.now.map(|place| &compared.now.report.groups[place]);
    let before = change.before;
    let before = before.map(|place| &compared.before.report.groups[place]);
    let group = now.or(before);
    json!({
        "before": change.counts.0,
        "now": change.counts.1,
        "name": group.map(|group| &group.name),
        "state": group.map(|group| group.state.name()),
        "top": group.and_then(|group| group.stack.frames().next()),
        "telling": group.and_then(|group| group.stack.frames().find(|frame| frame::is_application(frame))),
        "is_idle": group.map(|group| group.is_idle),
    })
}

fn of_finding(compared: &Compared, change: &FindingChange) -> Value {
    let of = |kept: &Kept, place: Option<usize>| {
        Some(finding(&kept.report.findings[place?], &kept.taken))
    };
    json!({
        "change": word(change),
        "before": of(&compared.before, change.before),
        "now": of(&compared.now, change.now),
    })
}

/// What became of a finding.
pub(super) const fn word(change: &FindingChange) -> &'static str {
    match (change.before, change.now) {
        (None, _) => "new",
        (Some(_), None) => "gone",
        (Some(_), Some(_)) => "stayed",
    }
}
