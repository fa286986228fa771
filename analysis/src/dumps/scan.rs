//! Finds the dumps in a text.
//!
//! In: a dump, several, or a log with dumps among other lines, also with a prefix before each. Out:
//! each of them, and how many lines belong to none. Dumps of several sources whose lines are mixed come
//! apart: lines between those of one dump are looked through for the begin of another.

use super::heading::{Heading, Said};
use super::intern::Interner;
use super::lines::{Line, Lines};
use super::model::Dump;
use super::plain::plain;
use super::prefix::{Numbers, Prefix};
use super::{eu_stack, go, hotspot, hotspot_json, hotspot_plain, json_text, py_spy};
use std::borrow::Cow;
use std::ops::Range;

/// So many lines of its own tell whether a dump goes on behind a prefix.
const LINES_THAT_TELL: usize = 4;

/// What a text holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The dumps, in the order of the text.
    pub dumps: Vec<Dump>,
    /// Lines that are not of a dump, blank ones left out.
    pub other_lines: usize,
    /// What it looks like, where it is known and cannot be read.
    pub refused: Option<&'static str>,
}

/// Every dump in these bytes. What is not UTF-8 becomes U+FFFD; the text that places in the dumps
/// are of comes with them.
pub fn read_bytes(bytes: &[u8]) -> (Cow<'_, str>, Found) {
    let text = plain(bytes);
    let found = read(&text);
    (text, found)
}

/// Every dump in a text.
pub fn read(text: &str) -> Found {
    if let Some(found) = json(text) {
        return found;
    }
    let mut reader = Reader {
        found: Found::default(),
        heading: Heading::default(),
        names: Interner::default(),
        mixed: Vec::new(),
    };
    let mut lines = Lines::new(text);
    while let Some(line) = lines.peek() {
        lines = reader.line(line, lines);
    }
    reader.found.dumps.sort_by_key(|dump| dump.place.start);
    reader.found
}

/// A text that is JSON as a whole.
fn json(text: &str) -> Option<Found> {
    let dumps = match text.trim_start().as_bytes().first()? {
        b'{' => vec![hotspot_json::parse(text)?],
        b'[' => py_spy::parse_json(text)?,
        _ => return None,
    };
    Some(Found {
        dumps,
        ..Found::default()
    })
}

/// Which form a dump has.
#[derive(Debug, Clone, Copy)]
enum Form {
    HotSpot,
    Plain,
    Go,
    PySpy,
    EuStack,
    Json,
}

impl Form {
    /// What may begin in a line, and where.
    fn begins(line: &str) -> impl Iterator<Item = (Self, usize)> {
        let trimmed = line.trim_end();
        let digits = trimmed.bytes().rev().take_while(u8::is_ascii_digit).count();
        let number = (1..=10).contains(&digits).then(|| trimmed.len() - digits);
        let places = [
            (Self::HotSpot, hotspot::begins(line)),
            (Self::Plain, number),
            (Self::Go, go::begins(line)),
            (Self::PySpy, py_spy::process_in(line)),
            (Self::EuStack, eu_stack::process_in(line)),
            (Self::Json, json_begins(trimmed)),
        ];
        let places = places.into_iter();
        places.filter_map(|(form, at)| Some((form, at?)))
    }

    /// Whether the next lines are as they should be.
    fn fits(self, lines: &Lines<'_>) -> bool {
        let soon = |is: fn(&str) -> bool| {
            let mut ahead = lines.ahead();
            ahead.take();
            let next = std::iter::from_fn(|| ahead.take());
            let mut next = next.filter(|line| !line.text.trim().is_empty());
            next.by_ref()
                .take(LINES_THAT_TELL)
                .any(|line| is(line.text))
        };
        match self {
            Self::HotSpot => soon(hotspot::follows),
            Self::Go => soon(go::follows),
            Self::Plain => hotspot_plain::begins(lines),
            Self::PySpy => py_spy::begins(lines),
            Self::EuStack => eu_stack::begins(lines),
            Self::Json => is_json_dump(lines),
        }
    }

    /// What stands before each line of the dump that begins there in the next line.
    fn prefix(self, (line, at): (&str, usize), lines: Lines<'_>) -> Option<Prefix> {
        // Many lines end with a number.
        if matches!(self, Self::Plain) && !is_time_soon(lines) {
            return None;
        }
        let example = &line[..at];
        if at > 0 && !example.ends_with(|last: char| last.is_ascii_digit()) {
            for numbers in [Numbers::OfTimes, Numbers::All] {
                let prefix = Prefix::of(example, numbers);
                if self.fits(&lines.behind(&prefix, at)) {
                    return Some(prefix);
                }
            }
        }
        let none = Prefix::of("", Numbers::All);
        // These say by one line what they are.
        let is_sure = matches!((self, at), (Self::HotSpot, _) | (Self::Go, 0));
        (is_sure || self.fits(&lines.behind(&none, at))).then_some(none)
    }

    /// The dumps that begin with the next line.
    fn parse(self, lines: &mut Lines<'_>, said: &Said, names: &mut Interner) -> Vec<Dump> {
        let dump = match self {
            Self::HotSpot => hotspot::parse(lines, said, names),
            Self::Plain => hotspot_plain::parse(lines, names),
            Self::Go => Some(go::parse(lines, names)),
            Self::PySpy => Some(py_spy::parse(lines, names)),
            Self::EuStack => Some(eu_stack::parse(lines, names)),
            Self::Json => return parse_json(lines),
        };
        dump.into_iter().collect()
    }
}

/// Whether a line ends soon as exact times do.
fn is_time_soon(mut lines: Lines<'_>) -> bool {
    lines.take();
    let next = std::iter::from_fn(|| lines.take()).take(LINES_THAT_TELL);
    next.map(|line| line.text.trim_end())
        .any(|text| text.ends_with('Z'))
}

/// Where a dump of JSON may begin: a bracket at the end, or with what these dumps begin with behind it.
fn json_begins(line: &str) -> Option<usize> {
    if line.ends_with(['{', '[']) {
        return Some(line.len() - 1);
    }
    let opens = |key: &str, brackets: &[char]| {
        let before =
            line[..line.find(key)?].trim_end_matches(|c: char| c == ' ' || brackets.contains(&c));
        let begin = line[before.len()..].find(brackets[0])?;
        Some(before.len() + begin)
    };
    opens("\"threadDump\"", &['{']).or_else(|| opens("\"pid\"", &['[', '{']))
}

/// Whether the brackets and the first key are those of a dump.
fn is_json_dump(lines: &Lines<'_>) -> bool {
    let mut ahead = lines.ahead();
    let mut begin = String::new();
    for line in std::iter::from_fn(|| ahead.take()).take(LINES_THAT_TELL) {
        let end = line.text.floor_char_boundary(64);
        begin.extend(line.text[..end].split_whitespace());
    }
    begin.starts_with("{\"threadDump\":") || begin.starts_with("[{\"pid\":")
}

fn parse_json(lines: &mut Lines<'_>) -> Vec<Dump> {
    let Some((text, is_cut)) = json_text::value(lines) else {
        return Vec::new();
    };
    let mut dumps: Vec<Dump> = if text.starts_with('{') {
        hotspot_json::parse(&text).into_iter().collect()
    } else {
        py_spy::parse_json(&text).into_iter().flatten().collect()
    };
    if let Some(last) = dumps.last_mut() {
        last.is_truncated |= is_cut;
    }
    dumps
}

struct Reader<'a> {
    found: Found,
    heading: Heading<'a>,
    names: Interner,
    /// Dumps that end further down, with lines of others in between.
    mixed: Vec<(Prefix, usize)>,
}

impl<'a> Reader<'a> {
    /// Looks at the next line, and says where to go on.
    fn line(&mut self, line: Line<'a>, mut lines: Lines<'a>) -> Lines<'a> {
        let before = lines;
        lines.take();
        self.mixed.retain(|(_, end)| *end > line.start);
        if self
            .mixed
            .iter()
            .any(|(prefix, _)| prefix.strip(line.text).is_some())
        {
            return lines;
        }
        for (form, at) in Form::begins(line.text) {
            let Some(prefix) = form.prefix((line.text, at), before) else {
                continue;
            };
            let said = match form {
                Form::HotSpot => self.heading.said(&prefix),
                _ => Said::default(),
            };
            let mut inner = before.behind(&prefix, at);
            let dumps = form.parse(&mut inner, &said, &mut self.names);
            let end = before.moved_to(&inner);
            if end.place() <= before.place() || dumps.is_empty() {
                continue;
            }
            self.found.other_lines -= said.lines.min(self.found.other_lines);
            let place = said.start.unwrap_or(line.start)..end.place();
            let gaps = gaps(before.at(place.start), (&prefix, line.start), place.end);
            for mut dump in dumps {
                dump.place = place.clone();
                dump.gaps.clone_from(&gaps);
                self.found.dumps.push(dump);
            }
            if gaps.is_empty() {
                self.heading.clear();
                return end;
            }
            self.mixed.push((prefix, end.place()));
            return lines;
        }
        self.found.other_lines += usize::from(!line.text.trim().is_empty());
        if line.text.starts_with("1TISIGINFO") {
            self.found.refused = Some("a javacore of OpenJ9");
        }
        self.heading.push(line);
        lines
    }
}

/// Lines of others up to there, where the line that begins the dump is its own.
fn gaps(mut lines: Lines<'_>, (prefix, first): (&Prefix, usize), end: usize) -> Vec<Range<usize>> {
    let mut gaps: Vec<Range<usize>> = Vec::new();
    if prefix.is_none() {
        return gaps;
    }
    while let Some(line) = lines.take().filter(|line| line.start < end) {
        if line.start == first || prefix.strip(line.text).is_some() {
            continue;
        }
        match gaps.last_mut().filter(|gap| gap.end == line.start) {
            Some(gap) => gap.end = line.end,
            None => gaps.push(line.start..line.end),
        }
    }
    gaps
}
