//! Go: `goroutine?debug=2` of pprof, and what a Go program writes when it dies.
//!
//! `goroutine 5 [semacquire, 3 minutes]:`, then two lines for each frame: the function with its
//! arguments, and behind a tab its place. Arguments are left out of the frames, so that goroutines
//! in the same place have the same stack; the first one of a lock's methods says which lock it is.

use super::intern::Interner;
use super::lines::Lines;
use super::model::{Dump, How, Lock, LockUse, Source, State, Thread};
use std::collections::HashSet;
use std::time::Duration;

/// What stands between the threads of a program that dies.
const BETWEEN: &str = "-----";
/// After so many unknown lines one after the other the dump is over.
const MOST_UNKNOWN: usize = 8;

/// Where in a line a dump begins.
pub(super) fn begins(line: &str) -> Option<usize> {
    if !line.trim_end().ends_with(':') {
        return None;
    }
    let at = line.find("goroutine ")?;
    header(&line[at..]).map(|_| at)
}

/// Whether a line is one that follows soon.
pub(super) fn follows(line: &str) -> bool {
    let line = line.trim_end();
    header(line).is_some()
        || line.starts_with("created by ")
        || arguments(line).is_some_and(|at| !line[..at].contains(' '))
}

/// `goroutine 5 gp=0xc000 m=nil [semacquire, 3 minutes, locked to thread]:`.
fn header(line: &str) -> Option<(u64, &str)> {
    let rest = line
        .trim_end()
        .strip_prefix("goroutine ")?
        .strip_suffix(':')?;
    let (number, rest) = rest.split_once(' ')?;
    let number = number.parse().ok()?;
    let (before, status) = rest.split_once('[')?;
    let is_plain = before.split_whitespace().all(|word| word.contains('='));
    // Labels may stand behind it.
    let end = status.rfind(']')?;
    is_plain.then(|| (number, &status[..end]))
}

struct Reader<'n> {
    dump: Dump,
    names: &'n mut Interner,
    frames: Vec<String>,
    locks: Vec<LockUse>,
    /// A function whose place has not come yet.
    function: Option<String>,
    created_by: Option<String>,
    is_created: bool,
}

/// The goroutines from the next line on.
pub(super) fn parse(lines: &mut Lines<'_>, names: &mut Interner) -> Dump {
    let mut reader = Reader {
        dump: Dump::new(Source::Go),
        names,
        frames: Vec::new(),
        locks: Vec::new(),
        function: None,
        created_by: None,
        is_created: false,
    };
    let (mut unknown, mut was_blank) = (0, false);
    let (mut numbers, mut is_by_thread) = (HashSet::new(), false);
    let mut sound = (*lines, reader.dump.unknown.mark());
    // Where the dump ends when what follows is no dump: before the blank line, too.
    let mut end = *lines;
    while let Some(line) = lines.peek() {
        let before = *lines;
        lines.take();
        let text = line.text.trim_end();
        if text.is_empty() {
            was_blank = true;
            continue;
        }
        is_by_thread |= text == BETWEEN;
        if let Some((number, status)) = header(text) {
            // One that is there already is of the next dump, unless each thread tells its own anew.
            if !numbers.insert(number) && !is_by_thread {
                *lines = before;
                break;
            }
            reader.close();
            let mut thread = goroutine(number, status);
            thread.place = line.start..line.end;
            reader.dump.threads.push(thread);
        } else if was_blank && !is_end(text) {
            *lines = before;
            break;
        } else if !(reader.line(text) || is_end(text)) {
            if unknown == 0 {
                sound = (before, reader.dump.unknown.mark());
            }
            unknown += 1;
            reader.dump.unknown.add(line.number, line.text);
            if unknown >= MOST_UNKNOWN {
                break;
            }
            continue;
        } else if let Some(thread) = reader.dump.threads.last_mut().filter(|_| !was_blank) {
            thread.place.end = line.end;
        }
        (unknown, end) = (0, *lines);
        was_blank = false;
    }
    *lines = end;
    if unknown > 0 {
        *lines = sound.0;
        reader.dump.unknown.go_back(sound.1);
    }
    reader.dump.is_truncated = reader.function.is_some();
    reader.close();
    reader.dump
}

/// What a dying program writes behind its goroutines: registers, and between its threads.
fn is_end(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let is_register = words.next().is_some_and(|name| name.len() <= 8)
        && words.next().is_some_and(|value| value.starts_with("0x"))
        && words.next().is_none();
    is_register || text == BETWEEN || text.starts_with("exit status ")
}

impl Reader<'_> {
    /// Whether the line is known.
    fn line(&mut self, text: &str) -> bool {
        if let Some(place) = text.strip_prefix('\t') {
            return self.place(place);
        }
        if let Some(by) = text.strip_prefix("created by ") {
            let by = by.split(" in goroutine ").next().unwrap_or(by);
            (self.function, self.is_created) = (Some(by.to_owned()), true);
            return true;
        }
        let notes = [
            "...",
            "goroutine running on other thread",
            "[originating from goroutine",
            "[signal ",
        ];
        if notes.iter().any(|note| text.starts_with(note)) {
            return true;
        }
        let Some(at) = arguments(text) else {
            return false;
        };
        let (function, arguments) = (&text[..at], &text[at + 1..text.len() - 1]);
        self.lock(function, arguments);
        (self.function, self.is_created) = (Some(function.to_owned()), false);
        true
    }

    /// `/tmp/g.go:5 +0x45`, of the function before it.
    fn place(&mut self, place: &str) -> bool {
        let Some(function) = self.function.take() else {
            return false;
        };
        let end = place
            .find(" +0x")
            .or_else(|| place.find(" fp="))
            .unwrap_or(place.len());
        let frame = format!("{function}({})", place[..end].trim());
        if self.is_created {
            self.created_by = Some(frame);
        } else {
            self.frames.push(frame);
        }
        true
    }

    /// A lock that is waited for: the first argument of its method, where it is known for sure.
    fn lock(&mut self, function: &str, arguments: &str) {
        let Some((package, method)) = function.split_once("sync.(*") else {
            return;
        };
        let class = match method {
            "Mutex).lockSlow" | "Mutex).Lock" => "sync.Mutex",
            "RWMutex).RLock" | "RWMutex).Lock" | "RWMutex).rLockSlow" => "sync.RWMutex",
            _ => return,
        };
        let is_plain = package.is_empty() || package == "internal/";
        let id = arguments.split(',').next().unwrap_or_default().trim();
        let is_sure = id.starts_with("0x") && !id.ends_with('?');
        // What is within another lock's method is that lock's.
        if !is_plain || !is_sure {
            return;
        }
        let outer = LockUse {
            how: How::WaitingToLock,
            lock: Some(Lock {
                id: self.names.text(id),
                class: self.names.text(class),
            }),
            depth: self.frames.len(),
            owner: None,
        };
        self.locks.clear();
        self.locks.push(outer);
    }

    fn close(&mut self) {
        if let Some(function) = self.function.take() {
            self.frames.push(function);
        }
        let frames = std::mem::take(&mut self.frames);
        let locks = std::mem::take(&mut self.locks);
        let created_by = self.created_by.take();
        let Some(thread) = self.dump.threads.last_mut() else {
            return;
        };
        let waits = frames.iter().any(|frame| {
            frame.starts_with("sync.(*Mutex).") || frame.starts_with("sync.(*RWMutex).")
        });
        if waits && thread.status.starts_with("semacquire") {
            thread.state = State::Blocked;
        }
        thread.locks = if thread.state == State::Blocked {
            locks.into()
        } else {
            [].into()
        };
        thread.stack = self.names.stack(frames.iter().map(String::as_str));
        thread.created_by = created_by.map(|frame| self.names.text(&frame));
    }
}

/// Where the arguments of a function begin: the bracket that the last one closes.
fn arguments(text: &str) -> Option<usize> {
    if !text.ends_with(')') {
        return None;
    }
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (at > 0).then_some(at);
        }
    }
    None
}

fn goroutine(number: u64, status: &str) -> Thread {
    let mut parts = status.split(", ");
    let what = parts.next().unwrap_or_default();
    let minutes = parts.find_map(|part| part.strip_suffix(" minutes")?.parse::<u64>().ok());
    let state = if number == 0 { State::Vm } else { state(what) };
    Thread {
        number: Some(number),
        status: status.into(),
        is_daemon: true,
        waited: minutes.and_then(|minutes| Some(Duration::from_secs(minutes.checked_mul(60)?))),
        ..Thread::new(&format!("goroutine {number}"), state)
    }
}

fn state(what: &str) -> State {
    let what = what.strip_suffix(" (scan)").unwrap_or(what);
    match what {
        "running" | "runnable" | "syscall" | "preempted" | "copystack" => State::Runnable,
        "sync.Mutex.Lock" | "sync.RWMutex.RLock" | "sync.RWMutex.Lock" => State::Blocked,
        "sleep" => State::TimedWaiting,
        "dead" => State::Terminated,
        "idle" | "finalizer wait" | "cleanup wait" | "GOMAXPROCS updater (idle)" => State::Vm,
        what if what.starts_with("GC ") || what.starts_with("force gc") => State::Vm,
        _ => State::Waiting,
    }
}
