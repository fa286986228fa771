//! `jcmd PID Thread.dump_to_file` of JDK 21 and later, without `-format=json`: pid, time, version,
//! then `#3 "main" WAITING 2026-11-23T08:40:11.599Z` and its frames. JDK 21 gives names and stacks.

use super::intern::Interner;
use super::lines::Lines;
use super::model::{Dump, How, Lock, LockUse, Source, State, Thread, When};

/// After so many unknown lines one after the other the dump is over.
const MOST_UNKNOWN: usize = 8;

/// A name may go over so many lines.
const MOST_LINES_OF_A_NAME: usize = 16;

/// Whether the next lines are pid, time and version.
pub(super) fn begins(lines: &Lines<'_>) -> bool {
    heading(&mut lines.ahead()).is_some()
}

fn heading<'a>(lines: &mut Lines<'a>) -> Option<(i64, When, &'a str)> {
    let pid = lines.take()?.text;
    if pid.is_empty() || pid.len() > 10 || !pid.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let pid = pid.parse().ok()?;
    let at = When::Exact(lines.take()?.text.parse().ok()?);
    let version = lines.take()?.text;
    let is_version = version.starts_with(|first: char| first.is_ascii_digit());
    (is_version && lines.take()?.text.is_empty()).then_some((pid, at, version))
}

/// The dump that begins with the next line.
pub(super) fn parse(lines: &mut Lines<'_>, names: &mut Interner) -> Option<Dump> {
    let (pid, at, version) = heading(lines)?;
    let mut dump = Dump::new(Source::HotSpotPlain);
    (dump.pid, dump.at, dump.vm) = (Some(pid), Some(at), Some(version.into()));
    let (mut frames, mut unknown) = (Vec::new(), 0);
    let mut sound = (*lines, dump.unknown.mark());
    while let Some(line) = lines.peek() {
        let before = *lines;
        if begins(&before) {
            break;
        }
        lines.take();
        if line.text.is_empty() {
            continue;
        }
        if let Some(thread) = header(line.text).or_else(|| long_header(line.text, lines)) {
            close(&mut dump, &mut frames, names);
            dump.threads.push(Thread {
                place: line.start..lines.place(),
                ..thread
            });
            unknown = 0;
            continue;
        }
        let text = line.text.trim_start();
        let is_inner = line.text.len() > text.len();
        let thread = dump.threads.last_mut().filter(|_| is_inner);
        let known = thread.is_some_and(|thread| {
            thread.place.end = line.end;
            inner(text, thread, &mut frames, names)
        });
        if known {
            unknown = 0;
            continue;
        }
        if unknown == 0 {
            sound = (before, dump.unknown.mark());
        }
        unknown += 1;
        dump.unknown.add(line.number, line.text);
        if unknown >= MOST_UNKNOWN {
            break;
        }
    }
    if unknown > 0 {
        *lines = sound.0;
        dump.unknown.go_back(sound.1);
    }
    close(&mut dump, &mut frames, names);
    Some(dump)
}

/// The frames read so far are those of the last thread.
fn close(dump: &mut Dump, frames: &mut Vec<&str>, names: &mut Interner) {
    let Some(thread) = dump.threads.last_mut() else {
        return;
    };
    let ends_in = |last: &&str| last.contains("java.lang.VirtualThread.run(");
    thread.is_virtual |= frames.last().is_some_and(ends_in);
    thread.stack = names.stack(frames.drain(..));
}

/// `#98 "virt-spin" virtual RUNNABLE 2026-11-23T08:40:11.633Z`.
fn header(line: &str) -> Option<Thread> {
    let (number, rest) = line.strip_prefix('#')?.split_once(" \"")?;
    let (name, rest) = rest.rsplit_once('"')?;
    let mut words = rest.split_whitespace().peekable();
    let is_virtual = words.next_if_eq(&"virtual").is_some();
    let state = match words.next() {
        Some(word) => Some(State::from_java(word)?),
        None => None,
    };
    Some(Thread {
        number: Some(number.parse().ok()?),
        is_virtual,
        ..Thread::new(name, state.unwrap_or(State::Unknown))
    })
}

/// The same with a name that goes over several lines.
fn long_header(first: &str, lines: &mut Lines<'_>) -> Option<Thread> {
    let is_number = |rest: &str| rest.starts_with(|first: char| first.is_ascii_digit());
    if !first.strip_prefix('#').is_some_and(is_number) || !first.contains(" \"") {
        return None;
    }
    let (mut ahead, mut whole) = (*lines, first.to_owned());
    for _ in 0..MOST_LINES_OF_A_NAME {
        whole.push('\n');
        whole.push_str(ahead.take()?.text);
        if let Some(thread) = header(&whole) {
            *lines = ahead;
            return Some(thread);
        }
    }
    None
}

/// A line within a thread.
fn inner<'a>(
    text: &'a str,
    thread: &mut Thread,
    frames: &mut Vec<&'a str>,
    names: &mut Interner,
) -> bool {
    if let Some(rest) = text.strip_prefix("- ") {
        let Some(used) = lock_use(rest, frames.len(), names) else {
            return false;
        };
        let mut locks = std::mem::take(&mut thread.locks).into_vec();
        locks.push(used);
        thread.locks = locks.into();
        return true;
    }
    let frame = text.strip_prefix("at ").unwrap_or(text);
    let is_frame = frame.ends_with(')') && frame.contains('(');
    if is_frame {
        frames.push(frame);
    }
    is_frame
}

/// `parking to wait for <a.B$Sync@29e7a327>`, perhaps with `, owner #9`.
fn lock_use(text: &str, depth: usize, names: &mut Interner) -> Option<LockUse> {
    let kinds = [
        ("locked <", How::Locked),
        ("waiting to lock <", How::WaitingToLock),
        ("waiting on <", How::WaitingOn),
        ("parking to wait for <", How::Parking),
    ];
    let (how, rest) = kinds
        .iter()
        .find_map(|(words, how)| Some((how, text.strip_prefix(words)?)))?;
    let (object, rest) = rest.split_once('>')?;
    let class = object.rsplit_once('@').map_or("", |(class, _)| class);
    let owner = rest
        .rsplit_once('#')
        .and_then(|(_, number)| number.trim().parse().ok());
    Some(LockUse {
        how: *how,
        lock: Some(Lock {
            id: names.text(object),
            class: names.text(class),
        }),
        depth,
        owner,
    })
}
