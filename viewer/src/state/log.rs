//! The page of the kernel log: which lines are shown, which match, and which are at the cursor.
//!
//! Pure: it holds numbers of lines, and whoever changes something hands the lines in.

use crate::data::LogEntry;
use afterimage_format::time::WallTime;
use std::ops::Range;

/// How severe a line must be to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtLeast {
    /// Every line.
    #[default]
    Debug,
    /// All but those for debugging and for information.
    Notice,
    /// Warnings and worse.
    Warning,
    /// Errors and worse.
    Error,
}

impl AtLeast {
    /// Every choice, the widest first.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Notice, Self::Warning, Self::Error];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Debug => "All lines",
            Self::Notice => "Notices and worse",
            Self::Warning => "Warnings and worse",
            Self::Error => "Errors and worse",
        }
    }

    /// The number of the mildest severity that is shown.
    const fn severity(self) -> u8 {
        match self {
            Self::Debug => u8::MAX,
            Self::Notice => 5,
            Self::Warning => 4,
            Self::Error => 3,
        }
    }
}

/// How the kernel log is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogView {
    /// The text that is looked for; none when empty.
    pub search: String,
    /// Whether only lines that match are shown.
    pub only_matches: bool,
    /// How severe a line must be.
    pub at_least: AtLeast,
    /// Whether the lines at the cursor are kept in sight.
    pub follows: bool,
    /// The lines that are shown, by their number in the whole log.
    pub lines: Vec<u32>,
    /// The places in `lines` that match.
    pub matches: Vec<usize>,
    /// The match that one is at, by its place in `matches`.
    pub current: Option<usize>,
    /// The places in `lines` that were logged since the snapshot before the one at the cursor;
    /// all before them are older, and all behind them are still to come.
    pub at_cursor: Range<usize>,
    /// The line that one went to last, a match or one that was clicked, by its number.
    pub at_line: Option<u32>,
    /// The places in `lines` that are in sight, as far as that is known.
    pub in_sight: Range<usize>,
    /// The place in `lines` that should come into sight.
    pub wanted_line: Option<usize>,
    seen: Option<WallTime>,
}

impl Default for LogView {
    fn default() -> Self {
        Self {
            search: String::new(),
            only_matches: false,
            at_least: AtLeast::default(),
            follows: true,
            lines: Vec::new(),
            matches: Vec::new(),
            current: None,
            at_cursor: 0..0,
            at_line: None,
            in_sight: 0..0,
            wanted_line: None,
            seen: None,
        }
    }
}

impl LogView {
    /// Works out anew which lines are shown and which match.
    pub(crate) fn arrange(&mut self, log: &[LogEntry]) {
        let needle = Needle::new(&self.search);
        self.lines.clear();
        self.matches.clear();
        for (number, entry) in (0..).zip(log) {
            if entry.severity > self.at_least.severity() {
                continue;
            }
            let is_match = needle.is_in(&entry.text);
            if is_match {
                self.matches.push(self.lines.len());
            } else if self.only_matches && !self.search.is_empty() {
                continue;
            }
            self.lines.push(number);
        }
        let here = |place: &usize| self.lines.get(*place).copied() == self.at_line;
        self.current = self
            .at_line
            .and_then(|_| self.matches.iter().position(here));
        self.in_sight = 0..0;
        self.seen = None;
    }

    /// The cursor is at an instant, and the snapshot before it was at another.
    pub(crate) fn look_at(&mut self, log: &[LogEntry], at: WallTime, since: Option<WallTime>) {
        let older = |instant: WallTime| {
            let at = |line: &u32| log.get(*line as usize).map(|entry| entry.at);
            self.lines.partition_point(|line| at(line) <= Some(instant))
        };
        let end = older(at);
        let begin = since.map_or(end, |since| older(since.min(at)));
        self.at_cursor = begin..end;
        if self.seen.replace(at) != Some(at) && self.follows {
            self.wanted_line = self.last_at_cursor();
        }
    }

    /// The place of the last line before the cursor, or of the first one.
    fn last_at_cursor(&self) -> Option<usize> {
        let last = self.at_cursor.end.saturating_sub(1);
        (last < self.lines.len()).then_some(last)
    }

    /// Keeps the lines at the cursor in sight, or no longer.
    pub(crate) fn follow(&mut self, follows: bool) {
        self.follows = follows;
        if follows {
            self.wanted_line = self.last_at_cursor();
        }
    }

    /// Goes so many matches on from where one is, and round.
    pub(crate) fn next_match(&mut self, by: i64) {
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let many = whole(self.matches.len());
        if many == 0 {
            return;
        }
        let here = self.here();
        let before = whole(self.matches.partition_point(|at| *at < here.start));
        let behind = whole(self.matches.partition_point(|at| *at < here.end));
        let next = if by > 0 { behind + by - 1 } else { before + by };
        let next = usize::try_from(next.rem_euclid(many)).unwrap_or(0);
        self.current = Some(next);
        self.follows = false;
        self.wanted_line = self.matches.get(next).copied();
        self.at_line = self
            .wanted_line
            .and_then(|place| self.lines.get(place))
            .copied();
    }

    /// Where one is: at the line that one went to, as long as it is in sight; else at the top of
    /// what is, once somebody has scrolled; else behind the lines at the cursor.
    fn here(&self) -> Range<usize> {
        let is_known = !self.in_sight.is_empty();
        if let Some(line) = self.at_line {
            let place = self.lines.partition_point(|known| *known < line);
            if !is_known || self.in_sight.contains(&place) {
                let is_shown = self.lines.get(place) == Some(&line);
                return place..place + usize::from(is_shown);
            }
        }
        let at = if is_known && !self.follows {
            self.in_sight.start
        } else {
            self.at_cursor.end
        };
        at..at
    }

    /// One went to a line by hand.
    pub(crate) fn stand(&mut self, place: usize) {
        self.at_line = self.lines.get(place).copied();
        self.current = self.matches.iter().position(|at| *at == place);
    }

    /// When the next line that is shown was logged, or with -1 the one before, seen from `at`.
    pub(crate) fn neighbour(&self, log: &[LogEntry], at: WallTime, by: i64) -> Option<WallTime> {
        let of = |line: &u32| log.get(*line as usize).map(|entry| entry.at);
        let place = if by > 0 {
            self.lines.partition_point(|line| of(line) <= Some(at))
        } else {
            let earlier = self.lines.partition_point(|line| of(line) < Some(at));
            earlier.checked_sub(1)?
        };
        of(self.lines.get(place)?)
    }
}

/// A text to look for, whatever its letters' case is.
struct Needle {
    lower: String,
    is_ascii: bool,
}

impl Needle {
    fn new(text: &str) -> Self {
        Self {
            lower: text.to_lowercase(),
            is_ascii: text.is_ascii(),
        }
    }

    /// Whether it is there; nothing is nowhere.
    fn is_in(&self, text: &str) -> bool {
        let needle = self.lower.as_bytes();
        let Some((first, rest)) = needle.split_first() else {
            return false;
        };
        if !self.is_ascii {
            return text.to_lowercase().contains(&self.lower);
        }
        // Nothing is allocated: there may be a hundred thousand lines, and a letter typed.
        let text = text.as_bytes();
        let ends = text.len().saturating_sub(rest.len());
        (0..ends).any(|at| {
            text[at].eq_ignore_ascii_case(first)
                && text[at + 1..at + 1 + rest.len()].eq_ignore_ascii_case(rest)
        })
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
