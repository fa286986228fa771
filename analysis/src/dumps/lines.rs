//! A text line by line, with what a log puts before each line taken off. Lines of others in between
//! are left out, as long as they are not too many: so dumps that were written at the same time come
//! apart, and reading takes no longer than in proportion to what is read.

use super::prefix::{NONE, Prefix};

/// So many lines of others may follow the first line.
const ROOM: usize = 64;
/// So many more for each line after it.
const ROOM_OF_A_LINE: usize = 16;

/// One line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Without what ends it, and without the prefix.
    pub(super) text: &'a str,
    /// Where it begins in the whole text, prefix and all.
    pub(super) start: usize,
    /// Where its text begins.
    pub(super) begin: usize,
    /// Where the next one begins.
    pub(super) end: usize,
    /// Its number, from 1.
    pub(super) number: usize,
}

/// Where reading has come to. A copy looks ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
    /// What stands before each line.
    prefix: &'a Prefix,
    /// So much of the next line is before what it says, whatever the prefix is.
    before: usize,
    /// So many lines of others may come yet.
    room: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            number: 0,
            prefix: &NONE,
            before: 0,
            room: ROOM,
        }
    }

    /// The same with this prefix, and with so much before what the next line says.
    pub(super) fn behind<'b>(self, prefix: &'b Prefix, before: usize) -> Lines<'b>
    where
        'a: 'b,
    {
        Lines {
            prefix,
            before,
            room: ROOM,
            ..self
        }
    }

    /// The same without a prefix, where another has come to.
    pub(super) fn moved_to(self, other: &Lines<'_>) -> Self {
        Self {
            at: other.at,
            number: other.number,
            ..self
        }
    }

    /// The same from a place on, whatever the number of the line there is.
    pub(super) fn at(self, place: usize) -> Self {
        Self { at: place, ..self }
    }

    /// Where the next line begins.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Goes back to within the line that was taken last: what is left of it is a line as well.
    pub(super) fn back_to(&mut self, place: usize) {
        if self
            .text
            .get(place..self.at)
            .is_some_and(|rest| !rest.is_empty())
        {
            self.at = place;
            self.number -= 1;
        }
    }

    /// The next line of whoever it is.
    fn next_of_any(&mut self) -> Option<Line<'a>> {
        let rest = self.text.get(self.at..)?;
        if rest.is_empty() {
            return None;
        }
        let start = self.at;
        let (line, end) = match rest.find('\n') {
            Some(length) => (&rest[..length], start + length + 1),
            None => (rest, self.text.len()),
        };
        self.at = end;
        self.number += 1;
        Some(Line {
            text: line.strip_suffix('\r').unwrap_or(line),
            start,
            begin: start,
            end,
            number: self.number,
        })
    }

    /// The next line. After the last one it stays where it is, whoever's lines follow.
    pub(super) fn take(&mut self) -> Option<Line<'a>> {
        let mut ahead = *self;
        loop {
            let mut line = ahead.next_of_any()?;
            let before = std::mem::take(&mut ahead.before);
            let bare = if before > 0 {
                line.text.get(before..)
            } else {
                ahead.prefix.strip(line.text)
            };
            if let Some(bare) = bare {
                line.begin += line.text.len() - bare.len();
                line.text = bare;
                ahead.room = ahead.room.saturating_add(ROOM_OF_A_LINE);
                *self = ahead;
                return Some(line);
            }
            ahead.room = ahead.room.checked_sub(1)?;
        }
    }

    /// A copy that looks ahead.
    pub(super) fn ahead(&self) -> Self {
        *self
    }

    /// The next line, without going on.
    pub(super) fn peek(&self) -> Option<Line<'a>> {
        self.ahead().take()
    }
}

#[cfg(test)]
mod tests {
    use super::super::prefix::Numbers;
    use super::*;

    fn all(text: &str, prefix: &Prefix) -> Vec<String> {
        let mut lines = Lines::new(text).behind(prefix, 0);
        let next = || lines.take();
        std::iter::from_fn(next)
            .map(|line| line.text.to_owned())
            .collect()
    }

    #[test]
    fn lines_end_with_or_without_a_carriage_return_or_not_at_all() {
        assert_eq!(all("a\r\n\nb", &NONE), ["a", "", "b"]);
    }

    #[test]
    fn lines_of_others_are_left_out_until_they_are_too_many() {
        let prefix = Prefix::of("web_1 | ", Numbers::OfTimes);
        let others = |count: usize| "app_1 | x\n".repeat(count);
        let text = format!("web_1 | one\n{}web_1 |  two\n{}", others(70), others(9));
        assert_eq!(all(&text, &prefix), ["one", " two"]);
        let text = format!("web_1 | one\n{}web_1 | two\n", others(90));
        let mut lines = Lines::new(&text).behind(&prefix, 0);
        assert_eq!(lines.take().map(|line| line.text), Some("one"));
        assert!(lines.take().is_none());
        assert_eq!(lines.place(), "web_1 | one\n".len());
    }
}
