//! What the JVM says of deadlocks behind the threads. Stacks of their threads are there once more,
//! and are not counted again.

use super::super::intern::Interner;
use super::super::lines::Lines;
use super::super::model::{Dump, Lock, Reported};

/// After so many unknown lines one after the other it is over.
const MOST_UNKNOWN: usize = 8;
/// A name may go over so many lines.
const MOST_LINES_OF_A_NAME: usize = 16;

/// Reads it, where it is there.
pub(super) fn parse(lines: &mut Lines<'_>, dump: &mut Dump, names: &mut Interner) {
    let mut reader = Reader {
        cycle: Vec::new(),
        is_in_stacks: false,
        names,
    };
    let mut ahead = *lines;
    let mut unknown = 0;
    let mut sound = dump.unknown.mark();
    let mut has_begun = false;
    while let Some(line) = ahead.take() {
        let text = line.text.trim_end();
        if text.is_empty() {
            continue;
        }
        if is_begin(text) {
            has_begun = true;
            reader.end(dump);
        } else if !has_begun {
            return;
        } else if is_end(text) {
            *lines = ahead;
            break;
        } else if !reader.line(text, &mut ahead) {
            if unknown == 0 {
                sound = dump.unknown.mark();
            }
            unknown += 1;
            dump.unknown.add(line.number, line.text);
            if unknown >= MOST_UNKNOWN {
                dump.unknown.go_back(sound);
                dump.is_truncated = true;
                break;
            }
            continue;
        }
        unknown = 0;
        *lines = ahead;
    }
    reader.end(dump);
}

/// `Found one Java-level deadlock:`.
fn is_begin(text: &str) -> bool {
    text.starts_with("Found ") && text.contains("Java-level deadlock")
}

/// `Found 2 deadlocks.`.
fn is_end(text: &str) -> bool {
    text.starts_with("Found ") && text.contains("deadlock")
}

struct Reader<'n> {
    cycle: Vec<Reported>,
    is_in_stacks: bool,
    names: &'n mut Interner,
}

impl Reader<'_> {
    /// The deadlock is complete.
    fn end(&mut self, dump: &mut Dump) {
        self.is_in_stacks = false;
        if !self.cycle.is_empty() {
            dump.reported.push(std::mem::take(&mut self.cycle));
        }
    }

    /// Whether the line is known.
    fn line(&mut self, text: &str, ahead: &mut Lines<'_>) -> bool {
        let bare = text.trim_start();
        if text.starts_with("====") {
            return true;
        }
        if text.starts_with("Java stack information") {
            self.is_in_stacks = true;
            return true;
        }
        if let Some(name) = text.strip_prefix('"') {
            let Some(name) = quoted(name, "\":", ahead) else {
                return false;
            };
            if !self.is_in_stacks {
                self.cycle.push(Reported {
                    thread: name,
                    lock: None,
                    holder: None,
                });
            }
            return true;
        }
        if self.is_in_stacks {
            return bare.starts_with("at ") || bare.starts_with("- ") || bare.starts_with("...");
        }
        let Some(last) = self.cycle.last_mut() else {
            return false;
        };
        if let Some(held) = bare.strip_prefix("which is held by ") {
            let name = held.strip_prefix('"');
            last.holder = name.and_then(|name| quoted(name, "\"", ahead));
            return true;
        }
        if bare.starts_with("waiting ") {
            last.lock = lock(bare, self.names);
            return true;
        }
        bare.starts_with("in JNI, which is held by")
    }
}

/// A name that ends with this, perhaps on another line.
fn quoted(first: &str, end: &str, ahead: &mut Lines<'_>) -> Option<Box<str>> {
    let mut name = first.to_owned();
    let mut next = *ahead;
    for _ in 0..MOST_LINES_OF_A_NAME {
        let trimmed = name.trim_end_matches(',');
        if let Some(name) = trimmed.strip_suffix(end) {
            let name = name.into();
            *ahead = next;
            return Some(name);
        }
        name.push('\n');
        name.push_str(next.take()?.text.trim_end());
    }
    None
}

/// `waiting to lock monitor 0x1 (object 0x2, a C),` or `waiting for ownable synchronizer 0x2, (a C),`.
fn lock(text: &str, names: &mut Interner) -> Option<Lock> {
    let (id, class) = if let Some((_, object)) = text.split_once("(object ") {
        object.split_once(", a ")?
    } else {
        let (_, synchronizer) = text.split_once("synchronizer ")?;
        synchronizer.split_once(", (a ")?
    };
    let class = class.rfind(')').map_or(class, |end| &class[..end]);
    Some(Lock {
        id: names.text(id),
        class: names.text(class),
    })
}
