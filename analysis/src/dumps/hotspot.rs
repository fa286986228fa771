//! HotSpot's text, versions 8 to 25: `jstack`, `jcmd PID Thread.print`, `kill -3` in a log.
//!
//! In: lines from `Full thread dump` on. Out: a [`Dump`]; the lines are read up to its end. Lines that
//! no rule knows are counted; where many follow each other the dump is cut, and they are not its.

mod deadlocks;
mod header;
mod lock_line;
mod thread;

use super::heading::{Said, pid, time};
use super::intern::Interner;
use super::lines::{Line, Lines};
use super::model::{Dump, Source};
use thread::{Came, Open};

/// What every dump begins with.
const BEGIN: &str = "Full thread dump ";
/// After so many unknown lines one after the other the dump is over.
const MOST_UNKNOWN: usize = 64;
/// A name may go over so many lines.
const MOST_LINES_OF_A_NAME: usize = 16;

/// Where in a line a dump begins.
pub(super) fn begins(line: &str) -> Option<usize> {
    let at = line.find(BEGIN)?;
    let rest = line[at..].trim_end();
    (rest.ends_with(':') && rest.contains(" (")).then_some(at)
}

/// Whether a line is one that follows soon.
pub(super) fn follows(line: &str) -> bool {
    let begins = [
        "\"",
        "Threads class SMR",
        "_java_thread_list",
        "JNI global ref",
    ];
    begins.iter().any(|begin| line.starts_with(begin))
}

/// The dump that begins with the next line.
pub(super) fn parse(lines: &mut Lines<'_>, said: &Said, names: &mut Interner) -> Option<Dump> {
    let first = lines.take()?;
    let vm = first
        .text
        .get(begins(first.text)? + BEGIN.len()..)?
        .trim_end();
    let mut dump = Dump::new(Source::HotSpot);
    dump.vm = Some(vm.strip_suffix(':').unwrap_or(vm).into());
    (dump.at, dump.pid) = (said.at, said.pid);
    dump.is_truncated = true;
    let mut reader = Reader {
        dump,
        names,
        open: None,
        is_in_list: false,
    };
    reader.threads(lines);
    reader.close();
    if !reader.dump.is_truncated {
        deadlocks::parse(lines, &mut reader.dump, reader.names);
        heap(lines);
        // Behind a prefix they would not look empty.
        while lines.peek().is_some_and(|line| line.text.trim().is_empty()) {
            lines.take();
        }
    }
    Some(reader.dump)
}

/// What `kill -3` writes behind the dump.
fn heap(lines: &mut Lines<'_>) {
    let mut ahead = *lines;
    loop {
        match ahead.take() {
            Some(line) if line.text.trim().is_empty() => {}
            Some(line) if line.text.trim_end() == "Heap" => break,
            _ => return,
        }
    }
    while ahead.peek().is_some_and(|line| line.text.starts_with(' ')) {
        ahead.take();
    }
    *lines = ahead;
}

/// The dump so far.
struct Reader<'a, 'n> {
    dump: Dump,
    names: &'n mut Interner,
    open: Option<Open<'a>>,
    /// Within the list of threads before the first of them.
    is_in_list: bool,
}

impl<'a> Reader<'a, '_> {
    /// All threads, up to the line about JNI that ends them, or to where the dump is cut.
    fn threads(&mut self, lines: &mut Lines<'a>) {
        let mut unknown = 0;
        // Where it goes back to when what follows is no dump any more.
        let mut sound = (*lines, self.dump.unknown.mark());
        loop {
            let before = *lines;
            let Some(line) = lines.take() else {
                break;
            };
            if line.text.is_empty() {
                self.is_in_list = false;
                continue;
            }
            if begins_another(before) {
                *lines = before;
                return;
            }
            match self.line(line, lines) {
                Came::Known => {
                    unknown = 0;
                    continue;
                }
                Came::End => {
                    self.dump.is_truncated = false;
                    return;
                }
                Came::Unknown => {}
            }
            if unknown == 0 {
                sound = (before, self.dump.unknown.mark());
            }
            unknown += 1;
            self.dump.unknown.add(line.number, line.text);
            if unknown >= MOST_UNKNOWN {
                *lines = sound.0;
                self.dump.unknown.go_back(sound.1);
                return;
            }
        }
        // What stands behind the last line of a cut dump is another's.
        if unknown > 0 {
            *lines = sound.0;
            self.dump.unknown.go_back(sound.1);
        }
    }

    fn line(&mut self, line: Line<'a>, lines: &mut Lines<'a>) -> Came {
        let text = line.text.trim();
        if line.text.starts_with('"') {
            return self.header(line, lines);
        }
        if text.is_empty() {
            return Came::Known;
        }
        if text.starts_with("JNI global ref") {
            return Came::End;
        }
        if text.starts_with("Threads class SMR info:") {
            return Came::Known;
        }
        if let Some(list) = text.strip_prefix('_') {
            let length = list.strip_prefix("java_thread_list=").and_then(length);
            self.dump.expected = length.or(self.dump.expected);
            self.is_in_list = true;
            return Came::Known;
        }
        if self.is_in_list && (text.starts_with("0x") || text == "}") {
            return Came::Known;
        }
        let Some(open) = &mut self.open else {
            return Came::Unknown;
        };
        let came = open.line(text, self.names);
        if matches!(came, Came::Known) {
            open.end = line.end;
        }
        came
    }

    /// The first line of a thread; its name may go over several.
    fn header(&mut self, line: Line<'a>, lines: &mut Lines<'a>) -> Came {
        let (mut end, mut name) = (line.end, None);
        let mut header = header::parse(line.text);
        if header.is_none() {
            let mut ahead = *lines;
            let mut before = line.text.get(1..).unwrap_or_default().to_owned();
            for _ in 0..MOST_LINES_OF_A_NAME {
                let Some(next) = ahead.take() else { break };
                if next.text.starts_with('\t') || next.text.starts_with("   java.lang.") {
                    break;
                }
                if let Some(found) = header::parse_rest(next.text) {
                    before.push('\n');
                    before.push_str(found.name);
                    name = Some(before.into());
                    header = Some(found);
                    end = next.end;
                    *lines = ahead;
                    break;
                }
                before.push('\n');
                before.push_str(next.text);
            }
        }
        let Some(header) = header else {
            return Came::Unknown;
        };
        self.close();
        self.open = Some(Open {
            header,
            name,
            state: None,
            frames: Vec::new(),
            locks: Vec::new(),
            carries: None,
            mounted: None,
            lists_owned: false,
            start: line.start,
            end,
        });
        Came::Known
    }

    /// The thread is complete.
    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        self.dump.lists_synchronizers |= open.lists_owned;
        let threads = open.into_threads(self.names);
        self.dump.threads.extend(threads);
    }
}

/// Whether another dump begins here, with what stands before it.
fn begins_another(mut lines: Lines<'_>) -> bool {
    for _ in 0..3 {
        let Some(line) = lines.take() else {
            return false;
        };
        if begins(line.text).is_some() {
            return true;
        }
        let text = line.text.trim();
        if time(text).is_none() && pid(text).is_none() {
            return false;
        }
    }
    false
}

/// `0x0000562185a22530, length=151, elements={`.
fn length(list: &str) -> Option<usize> {
    let (_, length) = list.split_once("length=")?;
    length.split(',').next()?.trim().parse().ok()
}
