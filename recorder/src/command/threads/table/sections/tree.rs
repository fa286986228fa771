//! Locks as trees: who has one, who waits for it, and who waits for those.

use super::super::super::{Worked, safe};
use super::{MOST_LINES, names};
use afterimage_analysis::dumps::locks::{Holder, Wanted};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// So deep it is drawn.
const DEEPEST: usize = 6;

/// All trees, the worst first.
pub(super) fn locks(worked: &Worked<'_>, text: &mut String) {
    let locks = &worked.report.locks;
    if locks.wanted.is_empty() {
        return;
    }
    line!(text, "\nLOCKS (who has it: who waits)");
    let in_circle: BTreeSet<usize> = worked
        .report
        .deadlocks
        .iter()
        .flat_map(|deadlock| deadlock.members.iter().copied())
        .collect();
    let mut drawn = BTreeSet::new();
    let is_start = |wanted: &&Wanted| {
        let holder = wanted.holder.thread();
        wanted.is_root || holder.is_some_and(|holder| in_circle.contains(&holder))
    };
    let starts: Vec<&Wanted> = locks.wanted.iter().filter(is_start).collect();
    for wanted in starts.iter().take(MOST_LINES) {
        tree(worked, wanted, (0, &mut drawn), text);
    }
    if starts.len() > MOST_LINES {
        line!(
            text,
            "... and {} more (--format json)",
            starts.len() - MOST_LINES
        );
    }
}

fn tree(
    worked: &Worked<'_>,
    wanted: &Wanted,
    (depth, drawn): (usize, &mut BTreeSet<usize>),
    text: &mut String,
) {
    let name = |thread: usize| format!("\"{}\"", safe(&worked.dump.threads[thread].called()));
    let holder = match wanted.holder {
        Holder::Known(holder) => name(holder),
        Holder::Guessed(holder) => format!("probably {} (a guess)", name(holder)),
        Holder::Unknown => "nobody that the dump knows of".to_owned(),
    };
    let direct = wanted.waiters.len();
    let total = if wanted.total == direct {
        String::new()
    } else {
        format!(", {} in the end", wanted.total)
    };
    let indent = "  ".repeat(depth);
    line!(
        text,
        "{indent}{holder} has {}: {direct} waiting{total}",
        safe(&wanted.lock.words())
    );
    let locks = &worked.report.locks;
    let (mut leaves, mut branches) = (Vec::new(), Vec::new());
    for waiter in &wanted.waiters {
        let is_new = drawn.insert(*waiter);
        let has_more = locks.held_by(*waiter).next().is_some();
        if has_more && is_new && depth < DEEPEST {
            branches.push(*waiter);
        } else {
            leaves.push(*waiter);
        }
    }
    if !leaves.is_empty() {
        line!(text, "{indent}  {}", names(worked, &leaves));
    }
    for branch in branches {
        line!(text, "{indent}  {}", name(branch));
        for held in locks.held_by(branch) {
            tree(worked, held, (depth + 2, drawn), text);
        }
    }
}
