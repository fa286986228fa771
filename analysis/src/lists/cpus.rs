//! How fast each CPU runs and whether heat slows it down, and the memory of NUMA nodes.

use super::{Column, Field, Line, List, ListId, Mood, share};
use crate::machine::{Absent, Before, Measure, rise};
use crate::rate::Step;
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::sample::Sample;
use std::collections::BTreeSet;

/// The columns of [`speeds`].
pub(super) const SPEEDS: [Column; 4] = [
    Column::text("cpu", "CPU"),
    Column::figure("megahertz", "MHz", Measure::Count),
    Column::figure("throttled_per_second", "Throttled /s", Measure::PerSecond),
    Column::figure("throttled", "Throttled since boot", Measure::Count),
];

/// The columns of [`nodes`].
pub(super) const NODES: [Column; 8] = [
    Column::text("node", "Node"),
    Column::share("used_percent", "Used %"),
    Column::figure("free_bytes", "Free", Measure::Bytes),
    Column::figure("total_bytes", "Size", Measure::Bytes),
    Column::figure("hit_per_second", "Hits /s", Measure::PerSecond),
    Column::figure("miss_per_second", "Misses /s", Measure::PerSecond),
    Column::figure("foreign_per_second", "Foreign /s", Measure::PerSecond),
    Column::figure("other_per_second", "From elsewhere /s", Measure::PerSecond),
];

/// A line for each CPU, where the host tells of any.
pub fn speeds(now: &Sample, step: Option<&Step<'_>>) -> List {
    let before = Before(step);
    let mut missing = None;
    let mut lines = Vec::new();
    for (place, (name, cpu)) in now.machine.cpus.iter().enumerate() {
        let speed = cpu.frequency.map(|frequency| frequency.0 / 1000);
        if let (Err(why), Err(_)) = (speed, cpu.throttle_count) {
            missing = Some(why);
            continue;
        }
        let then = before.row(|machine| &machine.cpus, name, place);
        let then = then.map(|then| then.throttle_count);
        let rate = before.per_second(rise(then, cpu.throttle_count));
        let is_slowed = rate.is_ok_and(|rate| rate > 0.0);
        lines.push(Line {
            fields: vec![
                Field::word(name.clone()),
                Field::count(speed),
                Field::value(rate),
                Field::count(cpu.throttle_count),
            ],
            mood: if is_slowed {
                Mood::Warning
            } else {
                Mood::Usual
            },
            ..Line::default()
        });
    }
    let why = match missing {
        Some(Missing::NotSupported) | None => {
            "This host does not tell how fast its CPUs run, as most virtual machines do not."
                .to_owned()
        }
        Some(missing) => format!("How fast the CPUs run is not known: {missing}."),
    };
    ListId::Speeds.list(lines, why)
}

/// A line for each node, where there is more than one.
pub fn nodes(now: &Sample, step: Option<&Step<'_>>) -> List {
    let mut names: BTreeSet<(usize, &str)> = BTreeSet::new();
    for (line, _) in &now.nodes.0 {
        if let Some((node, _)) = line.split_once('.') {
            names.insert((node.len(), node));
        }
    }
    if names.len() < 2 {
        let why = "All memory is equally near to every CPU: this host has no NUMA nodes, or one.";
        return ListId::Nodes.list(vec![], why);
    }
    let lines = names.into_iter().map(|(_, node)| line(now, step, node));
    ListId::Nodes.list(lines.collect(), "")
}

fn line(now: &Sample, step: Option<&Step<'_>>, node: &str) -> Line {
    let before = Before(step);
    let number = |sample: &Sample, name: &str| sample.nodes.number(&format!("{node}.{name}"));
    let bytes = |reading: Reading<u64>| reading.map(|kib| kib.saturating_mul(1024));
    let rate = |name: &str| {
        let then = step.ok_or(Absent::NoStep);
        let then = then.map(|step| number(step.before, name));
        Field::value(before.per_second(rise(then, number(now, name))))
    };
    let (total, unused) = (number(now, "MemTotal"), number(now, "MemFree"));
    let used = total.and_then(|total| Ok(total.saturating_sub(unused?)));
    Line {
        fields: vec![
            Field::word(node),
            Field::value(share(used, total)),
            Field::count(bytes(unused)),
            Field::count(bytes(total)),
            rate("numa_hit"),
            rate("numa_miss"),
            rate("numa_foreign"),
            rate("other_node"),
        ],
        ..Line::default()
    }
}
