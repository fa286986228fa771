//! What a log puts before each of its lines: `Nov 22 08:12:17 web-1 java[4711]: `, `web_1  | `.
//!
//! In: what stands before the first line of a dump. Out: what stands behind the same in other lines.
//! Times in it differ from line to line, also in their words and blanks (`Nov  9`, `Nov 10`); other
//! numbers are who wrote it, unless no line follows that has the same ones.

/// Names of months and days, of which any stands for any other.
const NAMES: [&[&str]; 3] = [
    &[
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
    &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    &["AM", "PM"],
];
/// A number of so many digits is a time: no process has such a number.
const DIGITS_OF_A_TIME: usize = 8;
/// `@4000000037c219bf2ef02e94`, as daemontools write a time.
const DIGITS_OF_TAI: usize = 24;

/// Which numbers may differ from line to line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Those of times.
    OfTimes,
    /// All.
    All,
}

/// What stands before each line of one source.
#[derive(Debug)]
pub(super) struct Prefix {
    parts: Vec<Part>,
}

#[derive(Debug, PartialEq)]
enum Part {
    Exactly(Box<str>),
    Number,
    /// So many at least.
    Blanks(usize),
    Name(&'static [&'static str]),
    Tai,
}

/// Nothing at all.
pub(super) static NONE: Prefix = Prefix { parts: Vec::new() };

impl Prefix {
    /// What this is an example of. It must not end with a digit.
    pub(super) fn of(example: &str, numbers: Numbers) -> Self {
        let mut parts = Vec::new();
        let mut exactly = String::new();
        let bytes = example.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let run = |is: fn(&u8) -> bool| bytes[at..].iter().take_while(|byte| is(byte)).count();
            let (digits, blanks) = (run(u8::is_ascii_digit), run(|byte| *byte == b' '));
            let letters = run(u8::is_ascii_alphabetic);
            let name = NAMES
                .into_iter()
                .find(|names| names.contains(&&example[at..at + letters]));
            let (part, length) = if is_tai(&bytes[at..]) {
                (Some(Part::Tai), 1 + DIGITS_OF_TAI)
            } else if digits > 0 {
                let varies = numbers == Numbers::All || is_of_time(bytes, at..at + digits);
                (varies.then_some(Part::Number), digits)
            } else if blanks > 0 && at + blanks < bytes.len() {
                let before_number = bytes[at + blanks].is_ascii_digit();
                let is_joined = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
                let least = usize::from(is_joined || !before_number);
                (Some(Part::Blanks(least)), blanks)
            } else if let Some(name) = name {
                (Some(Part::Name(name)), letters)
            } else {
                let other = example[at..].chars().next().map_or(1, char::len_utf8);
                (None, letters.max(blanks).max(other))
            };
            match part {
                Some(part) => {
                    if !exactly.is_empty() {
                        parts.push(Part::Exactly(std::mem::take(&mut exactly).into()));
                    }
                    parts.push(part);
                }
                None => exactly.push_str(&example[at..at + length]),
            }
            at += length;
        }
        if !exactly.is_empty() {
            parts.push(Part::Exactly(exactly.into()));
        }
        Self { parts }
    }

    /// Whether it is nothing.
    pub(super) fn is_none(&self) -> bool {
        self.parts.is_empty()
    }

    /// What is behind it. A line that is nothing but it without its last blanks is empty.
    pub(super) fn strip<'a>(&self, line: &'a str) -> Option<&'a str> {
        let bytes = line.as_bytes();
        let mut at = 0;
        for (place, part) in self.parts.iter().enumerate() {
            let rest = &bytes[at..];
            let run = |is: fn(&u8) -> bool| rest.iter().take_while(|byte| is(byte)).count();
            let length = match part {
                Part::Exactly(text) if rest.starts_with(text.as_bytes()) => Some(text.len()),
                Part::Exactly(text) => {
                    let is_last = place + 1 == self.parts.len();
                    let is_empty = is_last && rest == text.trim_end().as_bytes();
                    return is_empty.then_some("");
                }
                Part::Number => Some(run(u8::is_ascii_digit)).filter(|digits| *digits > 0),
                Part::Blanks(least) => Some(run(|byte| *byte == b' ')).filter(|run| run >= least),
                Part::Name(names) => names
                    .iter()
                    .find(|name| rest.starts_with(name.as_bytes()))
                    .map(|name| name.len()),
                Part::Tai => is_tai(rest).then_some(1 + DIGITS_OF_TAI),
            };
            at += length?;
        }
        line.get(at..)
    }
}

fn is_tai(bytes: &[u8]) -> bool {
    let digits = bytes
        .strip_prefix(b"@")
        .and_then(|rest| rest.get(..DIGITS_OF_TAI));
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Whether the number there is part of a time or of a date.
fn is_of_time(bytes: &[u8], run: std::ops::Range<usize>) -> bool {
    let length = run.len();
    let back = |by: usize| run.start.checked_sub(by).map(|at| bytes[at]);
    let (before, after) = (back(1), bytes.get(run.end).copied());
    let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    let (digit_before, digit_after) =
        (is_digit(back(2)), is_digit(bytes.get(run.end + 1).copied()));
    let is_clock = (before == Some(b':') && digit_before) || (after == Some(b':') && digit_after);
    if is_clock || length >= DIGITS_OF_A_TIME {
        return true;
    }
    // Of `08:12:17.123`, `12345.678901` and `2026.11.22` the whole tells what it is.
    let is_inner = |byte: &u8| byte.is_ascii_digit() || b".,:/-".contains(byte);
    let start = bytes[..run.start].iter().rposition(|byte| !is_inner(byte));
    let start = start.map_or(0, |at| at + 1);
    let end = bytes[run.end..].iter().position(|byte| !is_inner(byte));
    let end = end.map_or(bytes.len(), |at| run.end + at);
    let whole = &bytes[start..end];
    let groups: Vec<usize> = whole
        .split(|byte| !byte.is_ascii_digit())
        .map(<[u8]>::len)
        .filter(|length| *length > 0)
        .collect();
    let is_short = |length: usize| (1..=2).contains(&length);
    match *groups.as_slice() {
        // `2026-11-22`, `22/11/2026`.
        [year, month, day, ..] if year == 4 && is_short(month) && is_short(day) => return true,
        [day, month, year, ..] if is_short(day) && is_short(month) && year == 4 => return true,
        // `08:12:17.123` and `22-08:12:17`.
        _ if whole.contains(&b':') && before != Some(b'-') => return true,
        [_, fraction] if whole.contains(&b'.') && (3..=9).contains(&fraction) => return true,
        _ => {}
    }
    // `Nov  9`, `9 Nov`, `22/Nov/2026`.
    let is_month = |text: &[u8]| NAMES[0].iter().any(|name| name.as_bytes() == text);
    let kept = bytes[..run.start].trim_ascii_end();
    let kept = kept
        .strip_suffix(b"/")
        .or_else(|| kept.strip_suffix(b"-"))
        .unwrap_or(kept);
    let follows = kept.len() >= 3 && is_month(&kept[kept.len() - 3..]);
    let rest = &bytes[(run.end + 1).min(bytes.len())..];
    let precedes = rest.len() >= 3 && is_month(&rest[..3]);
    follows || precedes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_line_is_taken_off_whatever_the_time_is() {
        for (example, line, expected) in [
            (
                "Nov  9 23:59:59 web java[7]: ",
                "Nov 10 00:00:00 web java[7]:  x",
                Some(" x"),
            ),
            (
                "Nov 30 23:59:59 web java[7]: ",
                "Dec  1 00:00:00 web java[7]: x",
                Some("x"),
            ),
            (
                "Nov 30 23:59:59 web java[7]: ",
                "Dec  1 00:00:00 web java[8]: x",
                None,
            ),
            (
                "Nov 30 23:59:59 web-1 java[7]: ",
                "Dec  1 00:00:00 web-2 java[7]: x",
                None,
            ),
            (
                "Mon 2026-11-23 08:12:17 UTC web java[7]: ",
                "Tue 2026-12-01 09:00:00 UTC web java[7]:",
                Some(""),
            ),
            (
                "2026-11-22T08:12:17.123456789Z stdout F ",
                "2026-12-01T00:00:00.1Z stdout F \tat x",
                Some("\tat x"),
            ),
            ("web_1  | ", "web_1  |     at x", Some("    at x")),
            ("web_1  | ", "app_1  | x", None),
            (
                "[    9.123456] java[7]: ",
                "[12345.000001] java[7]: x",
                Some("x"),
            ),
            (
                "1700000000.123456 web java[7]: ",
                "1700000001.000000 web java[7]: x",
                Some("x"),
            ),
            (
                "22/Nov/2026:08:12:17 +0000 ",
                "01/Dec/2026:00:00:00 +0000 x",
                Some("x"),
            ),
            ("10.0.0.1 java: ", "10.0.0.2 java: x", None),
            (
                "@4000000037c219bf2ef02e94 ",
                "@4000000037c219c02ef02fff x",
                Some("x"),
            ),
            ("08:12:17,123 [ümlä] ", "08:12:18,007 [ümlä] x", Some("x")),
        ] {
            let prefix = Prefix::of(example, Numbers::OfTimes);
            assert_eq!(
                prefix.strip(line),
                expected,
                "{example}: {:?}",
                prefix.parts
            );
        }
    }

    #[test]
    fn numbers_may_stand_for_any_other() {
        let prefix = Prefix::of("app.log:123:", Numbers::All);
        assert_eq!(prefix.strip("app.log:1000:\tat x"), Some("\tat x"));
        assert_eq!(prefix.strip("app.log:\tat x"), None);
    }
}
