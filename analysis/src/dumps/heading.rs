//! What stands before a dump of HotSpot: `12345:` of jcmd, and when it was.

use super::lines::Line;
use super::model::When;
use super::prefix::Prefix;
use jiff::civil::DateTime;
use std::collections::VecDeque;

/// So many lines before a dump are looked at, whoever's they are.
const MOST_LINES: usize = 16;
/// So many lines of the same source may come between the time and the dump.
const MOST_BETWEEN: usize = 3;

/// The last lines.
#[derive(Debug, Default)]
pub(super) struct Heading<'a> {
    last: VecDeque<Line<'a>>,
}

/// What they say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said {
    pub(super) pid: Option<i64>,
    pub(super) at: Option<When>,
    /// Where the first of them begins.
    pub(super) start: Option<usize>,
    /// How many of them say something.
    pub(super) lines: usize,
}

impl<'a> Heading<'a> {
    /// The next line.
    pub(super) fn push(&mut self, line: Line<'a>) {
        if self.last.len() >= MOST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// Nothing stands before the next dump yet.
    pub(super) fn clear(&mut self) {
        self.last.clear();
    }

    /// What is said behind a prefix.
    pub(super) fn said(&self, prefix: &Prefix) -> Said {
        let mut said = Said::default();
        let mut between = 0;
        for line in self.last.iter().rev() {
            let Some(text) = prefix.strip(line.text).map(str::trim) else {
                continue;
            };
            let at = time(text).filter(|_| said.lines == 0);
            let pid = pid(text).filter(|_| said.pid.is_none() && between == 0);
            if at.is_none() && pid.is_none() {
                between += 1;
                if said.lines > 0 || between > MOST_BETWEEN {
                    break;
                }
                continue;
            }
            // The number of the process stands right before the time.
            between = 0;
            said.at = said.at.or(at);
            said.pid = pid;
            said.start = Some(line.start);
            said.lines += 1;
            if said.pid.is_some() {
                break;
            }
        }
        said
    }
}

/// `2026-11-22 08:12:17`.
pub(super) fn time(text: &str) -> Option<When> {
    let is_plain = text.len() == 19 && text.is_ascii();
    let time: DateTime = is_plain.then(|| text.parse().ok())??;
    Some(When::Local(time))
}

/// `12345:`.
pub(super) fn pid(text: &str) -> Option<i64> {
    let digits = text.strip_suffix(':')?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok())?
}
