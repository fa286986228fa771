//! A text line by line, with what a log puts before each line taken off.

/// One line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Without what ends it, and without the prefix.
    pub(super) text: &'a str,
    /// Where it begins in the whole text, prefix and all.
    pub(super) start: usize,
    /// Where the next one begins.
    pub(super) end: usize,
    /// Its number, from 1.
    pub(super) number: usize,
    /// Whether it lacks the prefix that the others have.
    pub(super) lacks_prefix: bool,
}

/// Where reading has come to. A copy looks ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
    /// What stands before each line; digits in it stand for any number.
    prefix: &'a str,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            number: 0,
            prefix: "",
        }
    }

    /// The same from here on with this prefix, which must end with something else than a digit.
    pub(super) fn with_prefix(self, prefix: &'a str) -> Self {
        Self { prefix, ..self }
    }

    /// Where the next line begins.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// The next line.
    pub(super) fn take(&mut self) -> Option<Line<'a>> {
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
        let line = line.strip_suffix('\r').unwrap_or(line);
        let bare = strip(line, self.prefix);
        Some(Line {
            text: bare.unwrap_or(line),
            start,
            end,
            number: self.number,
            lacks_prefix: bare.is_none(),
        })
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

/// What is behind the prefix, in which any number matches any other. A line that is nothing but the
/// prefix without its last blanks is empty.
pub(super) fn strip<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    let (line_bytes, prefix_bytes) = (line.as_bytes(), prefix.as_bytes());
    let (mut at, mut of) = (0, 0);
    while of < prefix_bytes.len() {
        if prefix_bytes[of].is_ascii_digit() {
            let digits = |bytes: &[u8]| {
                bytes
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count()
            };
            let (here, there) = (digits(&line_bytes[at..]), digits(&prefix_bytes[of..]));
            if here == 0 {
                return None;
            }
            at += here;
            of += there;
        } else if line_bytes.get(at) == Some(&prefix_bytes[of]) {
            at += 1;
            of += 1;
        } else if at == line_bytes.len() && prefix[of..].trim().is_empty() {
            return Some("");
        } else {
            return None;
        }
    }
    line.get(at..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, prefix: &'static str) -> Vec<(String, bool)> {
        let mut lines = Lines::new(text).with_prefix(prefix);
        let next = || lines.take();
        std::iter::from_fn(next)
            .map(|line| (line.text.to_owned(), line.lacks_prefix))
            .collect()
    }

    #[test]
    fn lines_end_with_or_without_a_carriage_return_or_not_at_all() {
        let texts: Vec<String> = all("a\r\n\nb", "").into_iter().map(|line| line.0).collect();
        assert_eq!(texts, ["a", "", "b"]);
    }

    #[test]
    fn a_prefix_is_taken_off_whatever_its_numbers_are() {
        let text = "Nov 22 08:59:59 web java[7]: one\nNov 22 09:00:00 web java[123]:  two\nNov 22 09:00:00 web java[7]:\nother\n";
        let expected = [
            ("one", false),
            (" two", false),
            ("", false),
            ("other", true),
        ];
        let expected = expected.map(|(text, lacks)| (text.to_owned(), lacks));
        assert_eq!(all(text, "Nov 22 08:12:17 web java[7]: "), expected);
    }
}
