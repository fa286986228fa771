//! Who waits for what, in words, and the same by the function of the kernel they wait in.
//!
//! In: the threads of a sample that the recorder thought worth a look. Those in state D come
//! first, then those that want a CPU and get none, then those that only sleep.

use super::{Column, Field, Line, List, ListId, Mood, command};
use crate::machine::Measure;
use crate::rate::Step;
use crate::replay::ps::threads::call;
use crate::table::Cell;
use crate::waits::{Kind, Seen, Words, wait_percent, words};
use afterimage_format::process::ProcessKey;
use afterimage_format::reading::Missing;
use afterimage_format::sample::{Sample, Task};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

/// The columns of [`waits`].
pub(super) const WAITS: [Column; 10] = [
    Column::text("state", "How"),
    Column::figure("seconds", "For", Measure::Seconds),
    Column::figure("pid", "PID", Measure::Count),
    Column::figure("tid", "Thread", Measure::Count),
    Column::text("comm", "Command"),
    Column::words("sentence", "Waits for"),
    Column::text("on", "On"),
    Column::text("wchan", "Kernel function"),
    Column::text("syscall", "System call"),
    Column::figure("wait_percent", "CPU wait %", Measure::Percent),
];

/// The columns of [`channels`].
pub(super) const CHANNELS: [Column; 5] = [
    Column::text("wchan", "Kernel function"),
    Column::figure("threads", "Threads", Measure::Count),
    Column::figure("seconds", "Longest", Measure::Seconds),
    Column::text("on", "On"),
    Column::words("commands", "Commands"),
];

/// What is explained of lines.
pub(super) const MEANINGS: [&str; 4] = [
    "wait.uninterruptible",
    "wait.starved",
    "wait.stopped",
    "wait.sleeping",
];

const STARVED: &str = "(wants a CPU)";
const UNKNOWN: &str = "(not known)";
/// So many commands are named of those that wait in one place.
const MOST_NAMED: usize = 6;

/// A thread that waits.
struct Waiting<'a> {
    task: &'a Task,
    kind: Kind,
    lasted: Duration,
    /// Nobody saw it begin.
    is_older: bool,
    on: Option<&'static str>,
    line: Line,
}

/// Every thread that waits, as far as it was looked at.
fn all<'a>(
    (now, step): (&'a Sample, Option<&Step<'_>>),
    seen: &Seen,
    architecture: &str,
) -> Vec<Waiting<'a>> {
    let earlier = step
        .iter()
        .flat_map(|step| step.before.tasks.iter().flatten());
    let earlier: HashMap<ProcessKey, &Task> = earlier.map(|task| (task.key, task)).collect();
    let mut all: Vec<Waiting<'a>> = Vec::new();
    for task in now.tasks.iter().flatten() {
        let before = earlier.get(&task.key).copied();
        let before = before.zip(step.map(|step| step.elapsed.seconds));
        let kind = Kind::of(task, before).filter(|kind| *kind != Kind::Idle);
        let Some(kind) = kind else { continue };
        let began = seen.began(task.key);
        let lasted = began.and_then(|began| began.ago(now)).unwrap_or_default();
        let is_older = began.is_none_or(|began| !began.is_seen);
        let words = words(task, kind, before, architecture);
        let percent = wait_percent(task, before);
        let on = words.on;
        let how = (kind, since(lasted, is_older));
        let fields = fields((now, architecture), task, how, (words, percent));
        let line = Line {
            fields,
            ..about(task, kind)
        };
        all.push(Waiting {
            task,
            kind,
            lasted,
            is_older,
            on,
            line,
        });
    }
    all.sort_by_key(|waiting| (waiting.kind, Reverse(waiting.lasted), waiting.task.key));
    all
}

/// What a line is about, still without its fields.
fn about(task: &Task, kind: Kind) -> Line {
    let stack = task.stack.as_deref().ok();
    let stack = stack.map(|stack| String::from_utf8_lossy(stack).trim().into());
    Line {
        process: task.process.ok(),
        mood: match kind {
            Kind::Uninterruptible => Mood::Problem,
            Kind::Starved | Kind::Stopped => Mood::Warning,
            Kind::Sleeping | Kind::Idle => Mood::Usual,
        },
        more: stack,
        meaning: Some(match kind {
            Kind::Uninterruptible => MEANINGS[0],
            Kind::Starved => MEANINGS[1],
            Kind::Stopped => MEANINGS[2],
            Kind::Sleeping | Kind::Idle => MEANINGS[3],
        }),
        ..Line::default()
    }
}

/// For how long, as far as the record goes back.
fn since(lasted: Duration, is_older: bool) -> Field {
    let seconds = lasted.as_secs_f64();
    if is_older {
        Field::AtLeast(seconds)
    } else {
        Field::Number(seconds)
    }
}

fn name(now: &Sample, task: &Task) -> Field {
    match (&task.comm, task.process) {
        (Ok(comm), _) => Field::bytes(comm),
        (Err(_missing), Ok(pid)) => command(now, pid),
        (Err(missing), Err(_)) => Field::Absent((*missing).into()),
    }
}

fn fields(
    (now, architecture): (&Sample, &str),
    task: &Task,
    (kind, lasted): (Kind, Field),
    (words, percent): (Words, Option<f64>),
) -> Vec<Field> {
    let pid = match task.process {
        Ok(pid) => Field::Number(f64::from(pid.0)),
        Err(missing) => Field::Absent(missing.into()),
    };
    let how = match kind {
        Kind::Uninterruptible => "D, cannot be woken",
        Kind::Starved => "wants a CPU",
        Kind::Stopped => "stopped",
        Kind::Sleeping | Kind::Idle => "asleep",
    };
    let call = match call(task, architecture) {
        Cell::Text(name) => Field::bytes(&name),
        Cell::Word(name) => Field::word(name),
        _ => task
            .syscall
            .map_or_else(|missing| Field::Absent(missing.into()), |_| Field::Empty),
    };
    vec![
        Field::word(how),
        lasted,
        pid,
        Field::Number(f64::from(task.key.pid.0)),
        name(now, task),
        Field::word(words.sentence),
        words.on.map_or(Field::Empty, Field::word),
        Field::text(task.wchan.as_deref().map_err(|missing| *missing)),
        call,
        percent.map_or(Field::Empty, Field::Number),
    ]
}

/// Why there is nobody.
fn nobody(now: &Sample) -> String {
    match &now.tasks {
        Err(Missing::NotRead) => "The threads of this moment are not in the capture: it was \
                                  recorded without them, or this part of it is damaged."
            .to_owned(),
        Err(missing) => format!("Threads were not recorded: {missing}."),
        Ok(_) => "Nobody waits: no thread was in state D, starved of a CPU, or asked for.".into(),
    }
}

/// A line for each thread that waits.
pub fn waits((now, step): (&Sample, Option<&Step<'_>>), seen: &Seen, architecture: &str) -> List {
    let all = all((now, step), seen, architecture).into_iter();
    let lines = all.map(|waiting| waiting.line).collect();
    ListId::Waits.list(lines, nobody(now))
}

/// The same by the function of the kernel that they wait in, the worst first.
pub fn channels(
    (now, step): (&Sample, Option<&Step<'_>>),
    seen: &Seen,
    architecture: &str,
) -> List {
    let all = all((now, step), seen, architecture);
    let mut groups: Vec<(String, Vec<&Waiting<'_>>)> = Vec::new();
    for waiting in &all {
        let name = match (waiting.kind, waiting.task.wchan.as_deref()) {
            (Kind::Starved, _) => STARVED.to_owned(),
            (_, Ok(name)) => String::from_utf8_lossy(name).into_owned(),
            (_, Err(_missing)) => UNKNOWN.to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.push(waiting),
            None => groups.push((name, vec![waiting])),
        }
    }
    groups.sort_by_key(|(_, group)| (group[0].kind, Reverse(group.len())));
    let lines = groups
        .into_iter()
        .map(|(name, group)| channel(now, name, &group));
    ListId::WaitChannels.list(lines.collect(), nobody(now))
}

/// Those that wait in one place; the longest is the first.
fn channel(now: &Sample, place: String, group: &[&Waiting<'_>]) -> Line {
    let longest = group.iter().max_by_key(|waiting| waiting.lasted);
    let longest = longest.map(|longest| since(longest.lasted, longest.is_older));
    let mut names: Vec<(Box<str>, usize)> = Vec::new();
    for waiting in group {
        let Field::Text(comm) = name(now, waiting.task) else {
            continue;
        };
        match names.iter_mut().find(|(known, _)| *known == comm) {
            Some((_, count)) => *count += 1,
            None => names.push((comm, 1)),
        }
    }
    let others = names.len().saturating_sub(MOST_NAMED);
    let told = names
        .into_iter()
        .take(MOST_NAMED)
        .map(|(name, count)| match count {
            1 => name.into(),
            count => format!("{count} × {name}"),
        });
    let rest = (others > 0).then(|| format!("and {others} others"));
    let told: Vec<String> = told.chain(rest).collect();
    let first = group.first();
    let on = first.and_then(|first| first.on);
    Line {
        fields: vec![
            Field::word(place),
            Field::Number(group.len() as f64),
            longest.unwrap_or(Field::Empty),
            on.map_or(Field::Empty, Field::word),
            Field::word(told.join(", ")),
        ],
        process: match group {
            [one] => one.task.process.ok(),
            _ => None,
        },
        mood: first.map_or(Mood::Usual, |first| first.line.mood),
        more: first.and_then(|first| first.line.more.clone()),
        meaning: None,
    }
}
