//! Locks as trees: who has one, who waits for it, and who waits for those.

use super::super::super::{Worked, safe};
use super::{MOST_LINES, names};
use afterimage_analysis::dumps::locks::{Holder, Kind, Wanted};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// So deep it is drawn.
const DEEPEST: usize = 6;

/// What was drawn already: what a lock is, and its id.
type Drawn<'w> = BTreeSet<(Kind, &'w str)>;

/// All trees, the worst first. A circle has no root: it begins with its worst lock.
pub(super) fn locks(worked: &Worked<'_>, text: &mut String) {
    let locks = &worked.report.locks;
    if locks.wanted.is_empty() {
        return;
    }
    line!(text, "\nLOCKS (who has it: who waits)");
    let (roots, others): (Vec<&Wanted>, Vec<&Wanted>) =
        locks.wanted.iter().partition(|wanted| wanted.is_root);
    let in_circle: BTreeSet<usize> = worked
        .report
        .deadlocks
        .iter()
        .flat_map(|deadlock| deadlock.members.iter().copied())
        .collect();
    let of_circle = |wanted: &&Wanted| {
        let holder = wanted.holder.thread();
        holder.is_some_and(|holder| in_circle.contains(&holder))
    };
    let circles = others.into_iter().filter(of_circle);
    let mut drawn = Drawn::new();
    let mut left = MOST_LINES;
    for wanted in roots.into_iter().chain(circles) {
        if drawn.contains(&key(wanted)) {
            continue;
        }
        if left == 0 {
            line!(text, "... and more (--format json)");
            break;
        }
        left -= 1;
        tree(worked, wanted, (0, &mut drawn), text);
    }
}

fn key(wanted: &Wanted) -> (Kind, &str) {
    (wanted.kind, &wanted.lock.id)
}

fn tree<'w>(
    worked: &'w Worked<'_>,
    wanted: &'w Wanted,
    (depth, drawn): (usize, &mut Drawn<'w>),
    text: &mut String,
) {
    drawn.insert(key(wanted));
    let name = |thread: usize| format!("\"{}\"", safe(&worked.dump.threads[thread].called()));
    let holder = match wanted.holder {
        Holder::Known(holder) => name(holder),
        Holder::Guessed(holder) => format!("probably {} (a guess)", name(holder)),
        Holder::Unknown => "nobody that the dump knows of".to_owned(),
    };
    let what = match wanted.kind {
        Kind::ClassInitialization => format!("the initialization of {}", safe(&wanted.lock.id)),
        _ => safe(&wanted.lock.words()),
    };
    let direct = wanted.waiters.len();
    let total = if wanted.total == direct {
        String::new()
    } else {
        format!(", {} in the end", wanted.total)
    };
    let indent = "  ".repeat(depth);
    line!(text, "{indent}{holder} has {what}: {direct} waiting{total}");
    let locks = &worked.report.locks;
    let is_new = |held: &&Wanted, drawn: &Drawn<'w>| !drawn.contains(&key(held));
    let (branches, leaves): (Vec<usize>, Vec<usize>) = wanted.waiters.iter().partition(|waiter| {
        depth < DEEPEST && locks.held_by(**waiter).any(|held| is_new(&held, drawn))
    });
    if !leaves.is_empty() {
        line!(text, "{indent}  {}", names(worked, &leaves));
    }
    for branch in branches {
        line!(text, "{indent}  {}", name(branch));
        for held in locks.held_by(branch) {
            if is_new(&held, drawn) {
                tree(worked, held, (depth + 2, drawn), text);
            }
        }
    }
}
