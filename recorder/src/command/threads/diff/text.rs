//! What is different between two dumps, for people: what is wrong now and was not, who has which lock,
//! which threads began, ended, moved and did not.

use super::super::shared::Shared;
use super::super::{put, safe, short_time};
use super::json::{holder, wants, word};
use super::{Compared, Kept};
use afterimage_analysis::dumps::State;
use afterimage_analysis::dumps::compare::{Identity, LockChange, Pair};
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::model::Thread;
use afterimage_analysis::dumps::report::By;
use std::fmt::Write as _;
use std::time::Duration;

/// So many lines has a section.
const MOST_LINES: usize = 25;

/// Writes a line; writing to a text does not fail.
macro_rules! line {
    ($to:expr, $($what:tt)*) => {{
        let _infallible = writeln!($to, $($what)*);
    }};
}

pub(super) fn print(all: &[Compared]) -> anyhow::Result<()> {
    for (number, compared) in all.iter().enumerate() {
        if number > 0 {
            put("\n")?;
        }
        put(&one(compared))?;
    }
    Ok(())
}

fn one(compared: &Compared) -> String {
    let mut text = heading(compared);
    findings(compared, &mut text);
    locks(compared, &mut text);
    alone(compared, &mut text);
    changed(compared, &mut text);
    same(compared, &mut text);
    groups(compared, &mut text);
    text
}

fn heading(compared: &Compared) -> String {
    let (before, now) = (&compared.before, &compared.now);
    let at = |kept: &Kept| kept.taken.at.as_deref().map_or("?".to_owned(), short_time);
    let mut words = vec![format!("{} -> {}", at(before), at(now))];
    let comparison = &compared.comparison;
    words.extend(
        comparison
            .over
            .map(|over| format!("{:.1} s apart", over.as_secs_f64())),
    );
    words.extend(now.taken.pid().map(|pid| format!("pid {pid}")));
    let facts = now.taken.stored.as_ref().map(|stored| &stored.facts);
    words.extend(facts.map(|facts| safe(&String::from_utf8_lossy(&facts.comm))));
    let mut text = words.join("  ");
    text.push('\n');
    let states = [
        State::Blocked,
        State::Runnable,
        State::TimedWaiting,
        State::Waiting,
        State::Vm,
        State::New,
        State::Terminated,
        State::Unknown,
    ];
    let counts = states.into_iter().filter_map(|state| {
        let [then, now] = [before, now].map(|kept| kept.report.count(state));
        (then + now > 0).then(|| format!("{} {}", state.name(), turned(then, now)))
    });
    let counts: Vec<String> = counts.collect();
    let total = turned(before.report.total, now.report.total);
    line!(text, "Threads {total}: {}", counts.join(", "));
    match comparison.identity {
        Identity::Life => {}
        Identity::Name => line!(
            text,
            "These are two lives of the program: threads are held beside each other by name alone."
        ),
        Identity::Kernel => line!(
            text,
            "One of the two is the kernel's view alone: threads are held beside each other by the kernel's numbers."
        ),
    }
    text
}

/// `3 -> 5`, or the number alone.
fn turned(then: usize, now: usize) -> String {
    if then == now {
        now.to_string()
    } else {
        format!("{then} -> {now}")
    }
}

fn findings(compared: &Compared, text: &mut String) {
    let findings = &compared.comparison.findings;
    if findings.is_empty() {
        line!(text, "\nNothing is found to be wrong in either.");
        return;
    }
    line!(text, "\nFINDINGS");
    for change in findings.iter().take(MOST_LINES) {
        let of = |kept: &Kept, place: Option<usize>| {
            let finding = &kept.report.findings[place?];
            Some((
                finding.severity.name(),
                finding.kind,
                safe(&finding.summary),
            ))
        };
        let then = of(&compared.before, change.before);
        let now = of(&compared.now, change.now);
        let was = then.as_ref().map(|(severity, ..)| *severity);
        let Some((severity, kind, summary)) = now.or(then) else {
            continue;
        };
        let worse = was
            .filter(|was| change.now.is_some() && *was != severity)
            .map_or(String::new(), |was| format!(" (was: {was})"));
        let word = word(change);
        line!(text, "{word:<6}  {severity:<8}  {kind}: {summary}{worse}");
    }
}

fn locks(compared: &Compared, text: &mut String) {
    let locks = &compared.comparison.locks;
    if locks.is_empty() {
        return;
    }
    line!(text, "\nLOCKS (who has it: who waits)");
    // Another owner first: that says that work goes on.
    let rank = |change: &&LockChange| match (change.before, change.now) {
        _ if change.has_other_owner => 0,
        (None, _) => 1,
        (_, Some(_)) => 2,
        (_, None) => 3,
    };
    let mut sorted: Vec<&LockChange> = locks.iter().collect();
    sorted.sort_by_key(rank);
    for change in sorted.into_iter().take(MOST_LINES) {
        let of = |kept: &Kept, place: Option<usize>| {
            let wanted = &kept.report.locks.wanted[place?];
            let guess = if wanted.holder.is_guess() {
                "probably "
            } else {
                ""
            };
            let name = holder(kept, wanted).map_or("nobody known".to_owned(), |name| {
                format!("{guess}\"{}\"", safe(&name))
            });
            Some((name, wanted.total, safe(&wanted.lock.words())))
        };
        let then = of(&compared.before, change.before);
        let now = of(&compared.now, change.now);
        match (then, now) {
            (Some((was, then, _)), Some((is, now, lock))) => {
                let count = turned(then, now);
                if change.has_other_owner {
                    line!(text, "other   {was} -> {is} has {lock}: {count} waiting");
                } else {
                    line!(text, "same    {is} has {lock}: {count} waiting");
                }
            }
            (None, Some((is, now, lock))) => line!(text, "new     {is} has {lock}: {now} waiting"),
            (Some((was, then, lock)), None) => {
                line!(text, "gone    {was} had {lock}: {then} waited");
            }
            (None, None) => {}
        }
    }
}

fn alone(compared: &Compared, text: &mut String) {
    let comparison = &compared.comparison;
    for (title, kept, places) in [
        ("BEGAN", &compared.now, &comparison.new),
        ("ENDED", &compared.before, &comparison.gone),
    ] {
        if places.is_empty() {
            continue;
        }
        line!(text, "\n{title}: {}", threads(places.len()));
        let mut shared = Shared::default();
        for place in places {
            let thread = &kept.dump.threads[*place];
            let said = format!("{:<13}  {}", thread.state.name(), safe(&place_of(thread)));
            shared.add(said, &thread.called());
        }
        shared.write(text);
    }
}

fn changed(compared: &Compared, text: &mut String) {
    let pairs = &compared.comparison.changed;
    if pairs.is_empty() {
        return;
    }
    let all = threads(pairs.len());
    line!(text, "\nMOVED: {all}{}", by(compared));
    line!(text, "    CPU MS  BEFORE -> NOW  THREAD");
    let mut shared = Shared::default();
    for pair in pairs {
        let (then, now) = threads_of(compared, pair);
        let states = if pair.state {
            format!("{} -> {}", then.state.name(), now.state.name())
        } else {
            now.state.name().to_owned()
        };
        let (was, is) = (place_of(then), place_of(now));
        let places = if was == is {
            is
        } else {
            format!("{was} -> {is}")
        };
        let lock = pair.lock.then(|| lock_words(compared, pair));
        let lock = lock.unwrap_or_default();
        let said = format!("{states}  {}{lock}", safe(&places));
        shared.add_with_cpu(said, &now.called(), pair.cpu);
    }
    shared.write_with_cpu(text);
}

/// For whom it waits, where that is another one.
fn lock_words(compared: &Compared, pair: &Pair) -> String {
    let of = |kept: &Kept, place: usize| {
        let (_, holder) = wants(kept, place)?;
        Some(holder.map_or("nobody known".to_owned(), |name| {
            format!("\"{}\"", safe(&name))
        }))
    };
    let then = of(&compared.before, pair.before);
    match (then, of(&compared.now, pair.now)) {
        (None, Some(now)) => format!(", waits for {now}"),
        (Some(then), None) => format!(", waited for {then}"),
        (Some(then), Some(now)) if then != now => format!(", waited for {then}, now for {now}"),
        _ => ", waits for another lock".to_owned(),
    }
}

fn same(compared: &Compared, text: &mut String) {
    let comparison = &compared.comparison;
    let idle = comparison.idle.len();
    if comparison.same.is_empty() {
        line!(text, "\nDid not move: {idle} idle threads alone.");
        return;
    }
    let all = threads(comparison.same.len());
    line!(
        text,
        "\nDID NOT MOVE: {all}, and {idle} that are idle{}",
        by(compared)
    );
    line!(text, "    CPU MS  STATE          WHERE  THREAD");
    let mut shared = Shared::default();
    for pair in &comparison.same {
        let (_, now) = threads_of(compared, pair);
        let (state, at) = (now.state.name(), safe(&place_of(now)));
        shared.add_with_cpu(format!("{state:<13}  {at}"), &now.called(), pair.cpu);
    }
    shared.write_with_cpu(text);
}

fn groups(compared: &Compared, text: &mut String) {
    let groups = &compared.comparison.groups;
    let of_work: Vec<_> = groups
        .iter()
        .filter_map(|change| {
            let now = change.now.map(|place| &compared.now.report.groups[place]);
            let before = change.before;
            let before = before.map(|place| &compared.before.report.groups[place]);
            Some((change.counts, now.or(before)?))
        })
        .filter(|(counts, group)| counts.0.max(counts.1) > 1 && group.state != State::Vm)
        .collect();
    if of_work.is_empty() {
        return;
    }
    line!(
        text,
        "\nGROUPS THAT GREW OR SHRANK (the same state and stack)"
    );
    line!(text, "  COUNT     STATE          WHERE");
    for ((then, now), group) in of_work.iter().take(MOST_LINES) {
        let telling = group
            .stack
            .frames()
            .find(|frame| frame::is_application(frame));
        let at = telling.or_else(|| group.stack.frames().next());
        let at = safe(&at.map(frame::short).unwrap_or_default());
        let idle = if group.is_idle { "  (idle)" } else { "" };
        let (state, name) = (group.state.name(), safe(&group.name));
        let count = format!("{then} -> {now}");
        line!(text, "{count:>10}  {state:<13}  {at}  [{name}]{idle}");
    }
    if of_work.len() > MOST_LINES {
        let more = of_work.len() - MOST_LINES;
        line!(text, "... and {more} more groups (--format json)");
    }
}

fn threads_of<'a>(compared: &'a Compared, pair: &Pair) -> (&'a Thread, &'a Thread) {
    (
        &compared.before.dump.threads[pair.before],
        &compared.now.dump.threads[pair.now],
    )
}

/// Where a thread is: the innermost frame of the application, else of all.
fn place_of(thread: &Thread) -> String {
    let at = frame::telling(thread).or_else(|| thread.top());
    at.map(frame::short).unwrap_or_default()
}

fn threads(count: usize) -> String {
    match count {
        1 => "1 thread".to_owned(),
        count => format!("{count} threads"),
    }
}

/// Who counted CPU.
fn by(compared: &Compared) -> String {
    let over = |over: Option<Duration>| {
        over.map_or(String::new(), |over| {
            format!(" in {:.1} s", over.as_secs_f64())
        })
    };
    match compared.comparison.cpu {
        Some((By::Kernel, time)) => format!(" (CPU counted by the kernel{})", over(time)),
        Some((_, time)) => format!(" (CPU counted by the program{})", over(time)),
        None => String::new(),
    }
}
