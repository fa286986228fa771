//! `eu-stack -p PID` of elfutils: `TID 28211:`, then `#0  0x00007f1316eed545 clock_nanosleep`, with
//! `-m` the library behind it and with `-s` the place in the source on a line of its own.
//!
//! Says nothing of states and names: the kernel's view does.

use super::intern::Interner;
use super::lines::Lines;
use super::model::{Dump, Source, State, Thread};

/// Where in a line the process is named.
pub(super) fn process_in(line: &str) -> Option<usize> {
    let at = line.find("PID ")?;
    process(&line[at..]).map(|_pid| at)
}

/// Whether a dump begins with the next line.
pub(super) fn begins(lines: &Lines<'_>) -> bool {
    let mut ahead = lines.ahead();
    let first = ahead.take().and_then(|line| process(line.text));
    first.is_some()
        && ahead
            .take()
            .is_some_and(|line| tid(line.text).is_some() || is_note(line.text))
}

/// `PID 28209 - process`, or `- core`.
fn process(line: &str) -> Option<i64> {
    let (pid, kind) = line.trim_end().strip_prefix("PID ")?.split_once(" - ")?;
    matches!(kind, "process" | "core").then(|| pid.parse().ok())?
}

/// `TID 28211:`.
fn tid(line: &str) -> Option<u64> {
    line.trim_end()
        .strip_prefix("TID ")?
        .strip_suffix(':')?
        .parse()
        .ok()
}

/// What it says when it cannot go on: on standard error, which may be in the same file.
fn is_note(line: &str) -> bool {
    line.starts_with("eu-stack: ") || line.starts_with("stack: ")
}

/// The dump that begins with the next line.
pub(super) fn parse(lines: &mut Lines<'_>, names: &mut Interner) -> Dump {
    let mut dump = Dump::new(Source::EuStack);
    dump.pid = lines.take().and_then(|line| process(line.text));
    let mut frames: Vec<&str> = Vec::new();
    let mut end = *lines;
    while let Some(line) = lines.peek() {
        let text = line.text.trim_end();
        lines.take();
        if text.is_empty() || is_note(text) {
            continue;
        }
        if let Some(id) = tid(text) {
            names.close(&mut dump, &mut frames);
            dump.threads.push(thread(id, line.start..line.end));
        } else if let Some(thread) = dump.threads.last_mut() {
            let is_place = text.starts_with("    ");
            let frame = frame(text);
            if frame.is_none() && !is_place {
                if text.starts_with("PID ") || !text.starts_with(['#', ' ']) {
                    break;
                }
                dump.unknown.add(line.number, line.text);
            }
            frames.extend(frame);
            thread.place.end = line.end;
        } else {
            break;
        }
        end = *lines;
    }
    *lines = end;
    names.close(&mut dump, &mut frames);
    dump
}

/// The function of a frame, or its address where it has no name. `- 1` marks the address of a call.
fn frame(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('#')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest.get(digits..)?.trim_start();
    if digits == 0 || !rest.starts_with("0x") {
        return None;
    }
    let (address, name) = rest.split_once(' ').unwrap_or((rest, ""));
    let name = name.trim_start();
    let name = name.strip_prefix("- 1").map_or(name, str::trim_start);
    Some(if name.is_empty() { address } else { name })
}

fn thread(id: u64, place: std::ops::Range<usize>) -> Thread {
    Thread {
        os_id: Some(id),
        place,
        ..Thread::new("", State::Unknown)
    }
}
