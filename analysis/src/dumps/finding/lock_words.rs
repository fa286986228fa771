//! Findings about waiting for each other: deadlocks, locks, pools.

use super::{Evidence, Finding, Looked, Severity};
use crate::dumps::frame;
use crate::dumps::locks::{Holder, Kind, Wanted};
use crate::dumps::model::{How, LockUse, Source};
use crate::dumps::pools::{Of, Starved};
use std::collections::{BTreeMap, BTreeSet};

/// From so many waiting threads on it is critical.
const MANY: usize = 10;
/// From so many on it is a warning.
const SOME: usize = 3;

fn severity(waiting: usize) -> Severity {
    match waiting {
        MANY.. => Severity::Critical,
        SOME.. => Severity::Warning,
        _ => Severity::Note,
    }
}

/// Threads that wait for each other for ever.
pub(super) fn deadlocks(seen: &Looked<'_>) -> Vec<Finding> {
    let locks = &seen.report.locks;
    let found = seen.report.deadlocks.iter().map(|deadlock| {
        let members = &deadlock.members;
        let names = seen.names(members);
        let kinds: Vec<&str> = deadlock.kinds.iter().map(|kind| kind.name()).collect();
        let of = if kinds.is_empty() { "locks".to_owned() } else { kinds.join(" and ") };
        let mut evidence = Vec::new();
        let is_unnamed = deadlock.locks.iter().any(Option::is_none);
        for (place, member) in members.iter().enumerate() {
            let next = members[(place + 1) % members.len()];
            let lock = deadlock.locks.get(place).and_then(Option::as_ref);
            let lock = lock.map_or("a class that the dump does not name".to_owned(), |lock| {
                if deadlock.kinds.contains(&Kind::ClassInitialization) && lock.id == lock.class {
                    format!("the initialization of {}", lock.id)
                } else {
                    lock.words()
                }
            });
            let holder = if is_unnamed {
                String::new()
            } else {
                format!(", which \"{}\" has", seen.name(next))
            };
            evidence.push(Evidence::words(format!("\"{}\" waits for {lock}{holder}", seen.name(*member))));
        }
        evidence.push(Evidence::words(match (deadlock.is_reported, deadlock.kinds.contains(&Kind::ClassInitialization)) {
            (true, _) => "the JVM reports it, too".to_owned(),
            (false, true) => "the JVM never reports deadlocks of class initialization".to_owned(),
            (false, false) => "found here; the dump does not report it".to_owned(),
        }));
        let inside: BTreeSet<usize> = members.iter().copied().collect();
        let held = members.iter().flat_map(|member| locks.held_by(*member));
        let behind = held.flat_map(|wanted| wanted.waiters.iter().copied());
        let behind: Vec<usize> = behind.filter(|waiter| !inside.contains(waiter)).collect();
        let more = match behind.len() {
            0 => String::new(),
            count => format!(" {count} more wait for them."),
        };
        let surely = if deadlock.is_guess { "probably wait" } else { "wait" };
        Finding {
            kind: "deadlock",
            dimension: "error",
            resource: of.clone(),
            severity: Severity::Critical,
            summary: format!("{names} {surely} for each other and will for ever ({of}).{more}"),
            victims: seen.victims(if behind.is_empty() { members } else { &behind }),
            suspects: members
                .iter()
                .map(|member| seen.party(*member, if deadlock.is_guess { 0.6 } else { 1.0 }, seen.doing(*member)))
                .collect(),
            evidence,
            next: if deadlock.kinds.contains(&Kind::ClassInitialization) {
                "Only a restart ends it. What one static initializer needs of the other must not be there."
            } else {
                "Only a restart ends it. Take the locks in the same order everywhere; the stacks say where each was taken."
            }
            .to_owned(),
        }
    });
    found.collect()
}

/// Locks that many wait for.
pub(super) fn contention(seen: &Looked<'_>) -> Vec<Finding> {
    let dead: BTreeSet<usize> = seen
        .report
        .deadlocks
        .iter()
        .flat_map(|deadlock| deadlock.members.iter().copied())
        .collect();
    let is_told = |wanted: &&Wanted| {
        // What hangs on a deadlock is told of with it.
        let is_of_dead = wanted
            .holder
            .thread()
            .is_some_and(|holder| dead.contains(&holder));
        wanted.is_root && !is_of_dead
    };
    let mut findings: Vec<Finding> = Vec::new();
    let mut small: BTreeMap<Severity, usize> = BTreeMap::new();
    for wanted in seen.report.locks.wanted.iter().filter(is_told) {
        let severity = severity(wanted.total);
        let count = small.entry(severity).or_default();
        *count += 1;
        // The first ones of a kind say it all.
        if *count <= 20 {
            findings.push(of_lock(seen, wanted, severity));
        }
    }
    findings
}

/// What is waited for.
fn called(wanted: &Wanted) -> String {
    if wanted.kind == Kind::ClassInitialization {
        format!("the initialization of {}", wanted.lock.id)
    } else {
        wanted.lock.words()
    }
}

/// The sentence about a lock that is waited for.
fn contended(seen: &Looked<'_>, wanted: &Wanted, what: &str) -> String {
    let direct = wanted.waiters.len();
    let waiting = if direct == wanted.total {
        plural(wanted.total)
    } else {
        format!("{} ({direct} of them directly)", plural(wanted.total))
    };
    let verb = if wanted.total == 1 { "waits" } else { "wait" };
    match wanted.holder {
        Holder::Known(holder) => {
            format!(
                "\"{}\" has {what} and keeps {waiting} waiting.{}",
                seen.name(holder),
                far_side(seen, holder)
            )
        }
        Holder::Guessed(holder) => format!(
            "{waiting} {verb} for {what}. The dump does not say who has it{}; \"{}\" is the only other one in that code: a guess.",
            why_not_said(seen),
            seen.name(holder)
        ),
        Holder::Unknown => format!(
            "{waiting} {verb} for {what}. The dump does not say who has it: {}",
            match wanted.kind {
                Kind::Synchronizer => match seen.dump.source {
                    Source::Go => "Go does not.",
                    _ => "dumps without -l do not list holders, and readers are never listed.",
                },
                Kind::Monitor =>
                    "it was being given up just then, or a virtual thread whose stack is not in it has it.",
                Kind::ClassInitialization if seen.hides_virtual_threads() =>
                    "no thread whose stack is in it runs it; of virtual threads it has only who carries them.",
                Kind::ClassInitialization => "no thread that the dump has runs it.",
            }
        ),
    }
}

/// That a holder itself waits for somebody far away, and where in the program, if so.
fn far_side(seen: &Looked<'_>, holder: usize) -> String {
    let thread = &seen.dump.threads[holder];
    let at = frame::socket_wait(thread).and_then(|_socket| frame::telling(thread));
    at.map_or_else(String::new, |at| {
        let at = frame::short(at);
        format!(" It waits meanwhile for the other side of a connection, in {at}.")
    })
}

fn of_lock(seen: &Looked<'_>, wanted: &Wanted, severity: Severity) -> Finding {
    let direct = wanted.waiters.len();
    let resource = called(wanted);
    let mut summary = contended(seen, wanted, &resource);
    // Why it is not given up is what one looks for.
    let holder = wanted.holder.thread();
    if let Some(followed) = holder.and_then(|holder| seen.report.followed(holder)) {
        let who = if wanted.holder.is_guess() {
            "That one"
        } else {
            "It"
        };
        summary = format!("{summary} {who} {}.", followed.words());
    }
    let mut evidence = vec![
        Evidence::number(
            "threads that wait",
            wanted.total as f64,
            "threads",
            Some(SOME as f64),
        ),
        Evidence::number("of them directly", direct as f64, "threads", None),
    ];
    evidence.extend(as_before(seen, &wanted.waiters));
    let first = wanted
        .waiters
        .first()
        .and_then(|waiter| frame::telling(&seen.dump.threads[*waiter]));
    evidence.extend(first.map(|at| Evidence::words(format!("they wait in {}", frame::short(at)))));
    let score = if wanted.holder.is_guess() { 0.5 } else { 1.0 };
    let suspects = wanted.holder.thread().into_iter();
    Finding {
        kind: "lock-contention",
        dimension: "saturation",
        resource,
        severity,
        summary,
        victims: seen.victims(&wanted.waiters),
        suspects: suspects
            .map(|holder| seen.party(holder, score, with_lock(seen, holder, wanted)))
            .collect(),
        evidence,
        next: match wanted.holder {
            Holder::Unknown => {
                "See which code takes this lock, and who else was in it in the dumps around."
                    .to_owned()
            }
            _ => "See what the holder was doing, and what that waited for.".to_owned(),
        },
    }
}

/// How many of them did the same in the dump before, if any.
fn as_before(seen: &Looked<'_>, waiters: &[usize]) -> Option<Evidence> {
    let unmoved = waiters
        .iter()
        .filter(|waiter| seen.unmoved(**waiter).is_some());
    let count = unmoved.count();
    let what = "of them as in the dump before";
    (count > 0).then(|| Evidence::number(what, count as f64, "threads", None))
}

/// Why a dump does not say who has a lock.
fn why_not_said(seen: &Looked<'_>) -> &'static str {
    if seen.dump.source == Source::HotSpot && !seen.dump.lists_synchronizers {
        " (it was taken without -l)"
    } else {
        ""
    }
}

/// What a holder was doing, and where it took the lock.
fn with_lock(seen: &Looked<'_>, holder: usize, wanted: &Wanted) -> Vec<String> {
    let mut doing = seen.doing(holder);
    let thread = &seen.dump.threads[holder];
    let is_it = |used: &&LockUse| {
        let id = used.lock.as_ref().map(|lock| &lock.id);
        used.how == How::Locked && id == Some(&wanted.lock.id)
    };
    // The outermost of several is where it was taken first.
    let taken = thread.locks.iter().rev().find(is_it);
    let frame = taken.and_then(|used| {
        // JSON counts frames from 0, text has the line behind its frame.
        let at = if seen.dump.source == Source::HotSpotJson {
            used.depth
        } else {
            used.depth.checked_sub(1)?
        };
        thread.stack.frames().nth(at)
    });
    let place = doing.len().min(1);
    doing.splice(
        place..place,
        frame.map(|frame| format!("took it in {}", frame::short(frame))),
    );
    doing
}

fn plural(threads: usize) -> String {
    match threads {
        1 => "1 thread".to_owned(),
        threads => format!("{threads} threads"),
    }
}

/// Pools that have nothing left.
pub(super) fn pools(seen: &Looked<'_>) -> Vec<Finding> {
    let starved = seen.report.starved.iter();
    starved.map(|starved| of_pool(seen, starved)).collect()
}

fn of_pool(seen: &Looked<'_>, starved: &Starved) -> Finding {
    let waiting = starved.waiters.len();
    let summary = match starved.of {
        Of::Workers => format!(
            "All {} of {} wait for results of other tasks, and none is left to work them out.",
            plural(waiting),
            starved.pool
        ),
        Of::Things if starved.suspects.is_empty() => {
            format!(
                "{} wait in {} until something is given back.",
                plural(waiting),
                starved.pool
            )
        }
        Of::Things => format!(
            "{} wait in {} until something is given back; {} are in the same code and probably have it: {}.",
            plural(waiting),
            starved.pool,
            plural(starved.suspects.len()),
            seen.names(&starved.suspects)
        ),
    };
    let mut evidence = vec![Evidence::number(
        "threads that wait",
        waiting as f64,
        "threads",
        Some(if starved.of == Of::Workers {
            2.0
        } else {
            SOME as f64
        }),
    )];
    evidence.extend(as_before(seen, &starved.waiters));
    let suspects = starved.suspects.iter();
    Finding {
        kind: "pool-starvation",
        dimension: "saturation",
        resource: starved.pool.clone(),
        severity: match starved.of {
            // It may wait for another pool, which will answer.
            Of::Workers => Severity::Warning,
            Of::Things => severity(waiting),
        },
        summary,
        victims: seen.victims(&starved.waiters),
        suspects: suspects
            .map(|thread| seen.party(*thread, 0.5, seen.doing(*thread)))
            .collect(),
        evidence,
        next: match starved.of {
            Of::Workers => "Tasks that wait for tasks need a pool of their own.".to_owned(),
            Of::Things => {
                "See what those who have them wait for; a larger pool only helps when that is fast."
                    .to_owned()
            }
        },
    }
}
