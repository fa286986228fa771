//! Findings about CPU, and about threads as such.

use super::{Evidence, Finding, Looked, Party, Severity};
use crate::dumps::frame;
use crate::dumps::groups::pool_name;
use crate::dumps::model::{Source, State};
use crate::dumps::report::{By, CpuUse};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

/// From this share of a core on a thread hogs it.
const HOG: f64 = 0.5;
/// One that gets less, and wanted more nearly all the time, does so on a busy host.
const WANTS: f64 = 0.8;
/// At least so much it must get then.
const GETS: f64 = 0.2;
/// So much more than those that got less it must have had, where nobody knows how much it wanted.
const MORE: f64 = 4.0;
/// In less time nothing can be said of it.
const SHORTEST: Duration = Duration::from_millis(200);
/// Who waited for a CPU for this share of the time starves.
const STARVES: f64 = 0.3;
/// Threads that came between two dumps.
const GREW_BY: usize = 20;
/// How many times as many there are then.
const GREW_TIMES: f64 = 1.5;

/// Threads that keep a core.
pub(super) fn hogs(seen: &Looked<'_>) -> Vec<Finding> {
    let all = &seen.report.cpu;
    let known = all.iter().take(32).filter_map(|used| {
        let kept = (used.share()?, used.over?);
        Some((used, kept))
    });
    let found = known.filter(|(used, kept)| is_hog(seen, (used, *kept), all));
    found.map(|(used, kept)| of_hog(seen, used, kept)).collect()
}

/// Whether this is much: a share of a core, over a time.
fn is_hog(
    seen: &Looked<'_>,
    (used, (share, over)): (&CpuUse, (f64, Duration)),
    all: &[CpuUse],
) -> bool {
    if over < SHORTEST {
        return false;
    }
    let wanted = used
        .wait
        .map(|wait| wait.as_secs_f64() / over.as_secs_f64());
    if share >= HOG && used.by != By::SinceStart {
        return true;
    }
    if let Some(wanted) = wanted {
        return share >= GETS && share + wanted >= WANTS;
    }
    // What the VM did says little: it compiles when a program starts.
    let is_at_work = |used: &CpuUse| {
        let thread = used.thread.map(|place| &seen.dump.threads[place]);
        thread.is_some_and(|thread| {
            let is_own = thread.state == State::Runnable && !thread.stack.0.is_empty();
            (is_own || thread.carries.is_some()) && frame::socket_wait(thread).is_none()
        })
    };
    if !is_at_work(used) || over < Duration::from_secs(1) || used.cpu < Duration::from_millis(500) {
        return false;
    }
    let others = all.iter().filter(|other| is_at_work(other));
    let shares = others.filter_map(CpuUse::share);
    let most = shares.filter(|share| *share < GETS).fold(0.0, f64::max);
    share >= HOG || (share >= GETS && share >= MORE * most)
}

fn of_hog(seen: &Looked<'_>, used: &CpuUse, (share, over): (f64, Duration)) -> Finding {
    let (percent, over) = (share * 100.0, over.as_secs_f64());
    let thread = used.thread.map(|place| &seen.dump.threads[place]);
    let carried = thread.and_then(|thread| {
        let number = thread.carries?;
        let mut virtuals = seen.dump.threads.iter().filter(|other| other.is_virtual);
        virtuals.find(|other| other.number == Some(number))
    });
    let at = carried
        .or(thread)
        .and_then(frame::telling)
        .map(frame::short);
    let number = thread.and_then(|thread| thread.carries);
    let doing = match (of_runtime(&used.name), number, at) {
        (Some(what), ..) => format!(" It {what}."),
        (None, Some(number), Some(at)) if carried.is_some() => {
            format!(" It carries virtual thread #{number}, which is in {at}.")
        }
        (None, Some(number), _) => format!(" It carries virtual thread #{number}."),
        (None, None, Some(at)) => format!(" It is in {at}."),
        (None, None, None) => String::new(),
    };
    let since = match used.by {
        By::Kernel => format!("in {over:.1} s around the dump"),
        By::Dumps => format!("in the {over:.1} s since the dump before"),
        By::SinceStart => format!("since it began {over:.1} s ago"),
    };
    let cpu = used.cpu.as_secs_f64() * 1e3;
    let wait = used
        .wait
        .map(|wait| wait.as_secs_f64() / over * 100.0)
        .filter(|wait| *wait >= 10.0);
    let wanted = wait.map_or(String::new(), |wait| {
        format!(" It wanted more: for another {wait:.0} % of the time it waited for a CPU.")
    });
    let past = used.thread.and_then(|thread| seen.since(thread));
    let past = past.map_or(String::new(), |past| format!(" {}.", capitalized(&past)));
    let mut evidence = vec![
        Evidence::number("CPU of the thread", cpu, "ms", None),
        Evidence::number("of a core", percent, "percent", Some(HOG * 100.0)),
    ];
    evidence.extend(wait.map(|wait| Evidence::number("waited for a CPU", wait, "percent", None)));
    Finding {
        kind: "thread-hogs-core",
        dimension: "utilization",
        resource: "CPU".to_owned(),
        severity: Severity::Warning,
        summary: format!(
            "\"{}\" used {percent:.0} % of a core {since} ({cpu:.0} ms).{doing}{past}{wanted}",
            used.name
        ),
        victims: Vec::new(),
        suspects: vec![match used.thread {
            Some(thread) => seen.party(thread, 1.0, seen.doing(thread)),
            None => Party {
                name: used.name.clone(),
                tid: used.tid,
                score: 1.0,
                reasons: vec!["the runtime does not know this thread".to_owned()],
            },
        }],
        evidence,
        next: "Compare its stack in the next dumps: what stays is where the time goes.".to_owned(),
    }
}

/// As a sentence begins.
fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// What threads of the JVM do for it.
fn of_runtime(name: &str) -> Option<&'static str> {
    let known = [
        ("C1 CompilerThread", "compiles"),
        ("C2 CompilerThread", "compiles"),
        ("GC ", "collects garbage"),
        ("G1 ", "collects garbage"),
        ("ZWorker", "collects garbage"),
        ("ZDriver", "collects garbage"),
        ("ZDirector", "collects garbage"),
        ("Shenandoah", "collects garbage"),
        ("ParGC", "collects garbage"),
        (
            "VM Thread",
            "does work of the JVM for which all threads stop",
        ),
    ];
    let found = known.iter().find(|(start, _)| name.starts_with(start));
    found.map(|(_, what)| *what)
}

/// Threads that could run and got no CPU.
pub(super) fn starved(seen: &Looked<'_>) -> Option<Finding> {
    let kernel = &seen.report.kernel;
    let over = kernel.over.filter(|over| *over >= SHORTEST)?;
    let starved = (0..seen.dump.threads.len()).filter(|place| {
        let share = kernel
            .thread(*place)
            .and_then(|seen| kernel.wait_share(seen));
        seen.dump.threads[*place].is_listed && share.is_some_and(|share| share >= STARVES)
    });
    let mut starved: Vec<usize> = starved.collect();
    starved.sort_by_key(|place| Reverse(kernel.thread(*place).and_then(|seen| seen.wait)));
    let worst = kernel.thread(*starved.first()?)?;
    let percent = kernel.wait_share(worst)? * 100.0;
    let many = starved.len();
    Some(Finding {
        kind: "cpu-saturated",
        dimension: "saturation",
        resource: "CPU".to_owned(),
        severity: if many >= 3 {
            Severity::Warning
        } else {
            Severity::Note
        },
        summary: format!(
            "{} could run and did not get a CPU for {:.0} % of the time and more; {} for {percent:.0} %. The host or its cgroup is slow, not their code.",
            if many == 1 {
                "1 thread".to_owned()
            } else {
                format!("{many} threads")
            },
            STARVES * 100.0,
            seen.names(&starved[..1])
        ),
        victims: seen.victims(&starved),
        suspects: Vec::new(),
        evidence: vec![
            Evidence::number("threads that starve", many as f64, "threads", None),
            Evidence::number(
                "the worst waited for a CPU",
                percent,
                "percent",
                Some(STARVES * 100.0),
            ),
            Evidence::number("of", over.as_secs_f64(), "seconds", None),
        ],
        next: "See who has the CPUs at this moment, steal, and whether the cgroup is throttled."
            .to_owned(),
    })
}

/// Threads in state D.
pub(super) fn blocked(seen: &Looked<'_>) -> Option<Finding> {
    let kernel = &seen.report.kernel;
    let is_blocked = |place: &usize| {
        kernel
            .thread(*place)
            .is_some_and(|seen| seen.state == Some('D'))
    };
    let listed = (0..seen.dump.threads.len()).filter(|place| seen.dump.threads[*place].is_listed);
    let blocked: Vec<usize> = listed.filter(is_blocked).collect();
    let first = kernel.thread(*blocked.first()?)?;
    let words = first.words.as_ref().map(|words| format!(" {words}"));
    let many = blocked.len();
    Some(Finding {
        kind: "tasks-blocked",
        dimension: "saturation",
        resource: first.on.unwrap_or("unknown").to_owned(),
        severity: if many >= 3 {
            Severity::Warning
        } else {
            Severity::Note
        },
        summary: format!(
            "{} in uninterruptible wait (state D): {}.{}",
            if many == 1 {
                "1 thread is".to_owned()
            } else {
                format!("{many} threads are")
            },
            seen.names(&blocked),
            words.unwrap_or_default()
        ),
        victims: seen.victims(&blocked),
        suspects: Vec::new(),
        evidence: vec![Evidence::number(
            "threads in state D",
            many as f64,
            "threads",
            Some(1.0),
        )],
        next: "See the disks and mounts at this moment, and the kernel log.".to_owned(),
    })
}

/// More threads than in the first dump of this life.
pub(super) fn growth(seen: &Looked<'_>) -> Option<Finding> {
    let (series, dumps) = seen.around.series?;
    let first = *dumps.get(*series.dumps.first()?)?;
    // Goroutines and virtual threads come and go by the thousand; forms that leave threads out cannot
    // be compared.
    if series.dumps.len() < 2 || first.source != seen.dump.source || seen.dump.source == Source::Go
    {
        return None;
    }
    let (then, now) = (first.listed().count(), seen.report.total);
    let grew = now.checked_sub(then)?;
    if grew < GREW_BY && (now as f64) < then as f64 * GREW_TIMES || grew < 5 {
        return None;
    }
    let mut pools: BTreeMap<String, usize> = BTreeMap::new();
    for thread in &series.rows {
        let is_new = thread.cells.first().is_some_and(Option::is_none);
        if is_new && thread.cells.last().is_some_and(Option::is_some) {
            *pools.entry(pool_name(&thread.name)).or_default() += 1;
        }
    }
    let (pool, of_pool) = pools.iter().max_by_key(|(_, count)| **count)?;
    let seconds: Option<Duration> = series.since_before.iter().skip(1).copied().sum();
    let within = seconds.map(|seconds| format!(" within {:.0} s", seconds.as_secs_f64()));
    let within = within.unwrap_or_default();
    Some(Finding {
        kind: "thread-growth",
        dimension: "utilization",
        resource: "threads".to_owned(),
        severity: Severity::Warning,
        summary: format!(
            "From {then} threads to {now}{within}; {of_pool} of the new ones are called \"{pool}\"."
        ),
        victims: Vec::new(),
        suspects: Vec::new(),
        evidence: vec![
            Evidence::number("threads more", grew as f64, "threads", Some(GREW_BY as f64)),
            Evidence::number("of the largest new group", *of_pool as f64, "threads", None),
        ],
        next: "See what the new ones wait for: threads are often made because others do not come back.".to_owned(),
    })
}
