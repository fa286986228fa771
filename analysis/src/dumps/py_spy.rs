//! `py-spy dump`, as text and with `--json`.
//!
//! `Thread 28211 (idle): "holder"`, then a line for each frame: `    hold (p.py:4)`. What it says of
//! arguments and variables (`--locals`) belongs to the text alone.

use super::intern::Interner;
use super::json_text;
use super::lines::Lines;
use super::model::{Dump, Source, State, Thread};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Where in a line the process is named.
pub(super) fn process_in(line: &str) -> Option<usize> {
    let at = line.find("Process ")?;
    process(&line[at..]).map(|_pid| at)
}

/// Whether a dump begins with the next line.
pub(super) fn begins(lines: &Lines<'_>) -> bool {
    let mut ahead = lines.ahead();
    let first = ahead.take().and_then(|line| process(line.text));
    // Many lines have such words: only behind this one it is worth while to look further.
    first
        .and_then(|_pid| ahead.take())
        .is_some_and(|line| line.text.starts_with("Python v"))
}

/// `Process 28209: python p.py`.
fn process(line: &str) -> Option<i64> {
    let (pid, _) = line.strip_prefix("Process ")?.split_once(':')?;
    pid.parse().ok()
}

/// The dump that begins with the next line.
pub(super) fn parse(lines: &mut Lines<'_>, names: &mut Interner) -> Dump {
    let mut dump = Dump::new(Source::PySpy);
    dump.pid = lines.take().and_then(|line| process(line.text));
    dump.vm = lines.take().map(|line| line.text.trim_end().into());
    let mut frames: Vec<&str> = Vec::new();
    let mut end = *lines;
    while let Some(line) = lines.peek() {
        let text = line.text.trim_end();
        lines.take();
        if text.is_empty() {
            continue;
        }
        if let Some(thread) = header(text) {
            names.close(&mut dump, &mut frames);
            let place = line.start..line.end;
            dump.threads.push(Thread { place, ..thread });
        } else if let Some(thread) = dump.threads.last_mut().filter(|_| text.starts_with("    ")) {
            thread.place.end = line.end;
            let inner = &text[4..];
            if inner.starts_with(' ') {
                // What it is called and holds.
            } else if inner.ends_with(')') && inner.contains(" (") {
                frames.push(inner);
            } else {
                dump.unknown.add(line.number, line.text);
            }
        } else {
            break;
        }
        end = *lines;
    }
    *lines = end;
    names.close(&mut dump, &mut frames);
    dump
}

/// `Thread 28216 (active+gil): "spin"`; without a name nothing follows the bracket.
fn header(line: &str) -> Option<Thread> {
    let (id, rest) = line.strip_prefix("Thread ")?.split_once(" (")?;
    let (status, name) = rest.split_once(')')?;
    let id = match id.strip_prefix("0x").or_else(|| id.strip_prefix("0X")) {
        // The number that Python gives it, where the kernel's is not known.
        Some(hex) => (u64::from_str_radix(hex, 16).ok(), None),
        None => (None, Some(id.parse().ok()?)),
    };
    let name = match name.strip_prefix(": \"") {
        Some(name) => name.strip_suffix('"')?,
        None => "",
    };
    let is_active = match status.split('+').next()? {
        "active" => true,
        "idle" => false,
        _ => return None,
    };
    Some(thread((name, status), id, is_active))
}

fn thread(
    (name, status): (&str, &str),
    (number, os_id): (Option<u64>, Option<u64>),
    is_active: bool,
) -> Thread {
    let state = if is_active {
        State::Runnable
    } else {
        State::Waiting
    };
    Thread {
        number,
        os_id,
        status: status.into(),
        ..Thread::new(name, state)
    }
}

#[derive(Debug, Deserialize)]
struct Entry<'a> {
    pid: i64,
    #[serde(default)]
    thread_id: Option<u64>,
    #[serde(borrow, default)]
    thread_name: Option<Cow<'a, str>>,
    #[serde(default)]
    os_thread_id: Option<u64>,
    active: bool,
    #[serde(default)]
    owns_gil: bool,
    #[serde(borrow)]
    frames: Vec<Frame<'a>>,
}

#[derive(Debug, Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    filename: Cow<'a, str>,
    #[serde(borrow, default)]
    short_filename: Option<Cow<'a, str>>,
    #[serde(default)]
    line: i64,
}

/// The dumps of `--json`, one for each process; nothing if the text is none. Of a text that is cut
/// short the last one is.
pub(super) fn parse_json(text: &str) -> Option<Vec<Dump>> {
    let mended;
    let (entries, is_truncated): (Vec<Entry<'_>>, bool) = match serde_json::from_str(text) {
        Ok(entries) => (entries, false),
        Err(error) if error.is_eof() => {
            mended = json_text::mended(text)?;
            (serde_json::from_str(&mended).ok()?, true)
        }
        Err(_) => return None,
    };
    let mut names = Interner::default();
    let mut dumps: BTreeMap<i64, Dump> = BTreeMap::new();
    for entry in &entries {
        let dump = dumps.entry(entry.pid).or_insert_with(|| Dump {
            pid: Some(entry.pid),
            place: 0..text.len(),
            ..Dump::new(Source::PySpy)
        });
        let frames = entry.frames.iter().map(|frame| {
            let file = frame.short_filename.as_ref().unwrap_or(&frame.filename);
            match frame.line {
                0 => format!("{} ({file})", frame.name),
                line => format!("{} ({file}:{line})", frame.name),
            }
        });
        let frames: Vec<String> = frames.collect();
        let status = match (entry.active, entry.owns_gil) {
            (true, true) => "active+gil",
            (true, false) => "active",
            (false, true) => "idle+gil",
            (false, false) => "idle",
        };
        let name = entry.thread_name.as_deref().unwrap_or_default();
        let ids = (entry.thread_id, entry.os_thread_id);
        dump.threads.push(Thread {
            stack: names.stack(frames.iter().map(String::as_str)),
            ..thread((name, status), ids, entry.active)
        });
    }
    let last = entries.last().and_then(|entry| dumps.get_mut(&entry.pid))?;
    last.is_truncated = is_truncated;
    Some(dumps.into_values().collect())
}
