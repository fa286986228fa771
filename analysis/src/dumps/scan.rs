//! Finds the dumps in a text.
//!
//! In: a dump, several, or a log with dumps among other lines. Out: each of them, and how many
//! lines belong to none.

use super::hotspot::{Heading, Said};
use super::intern::Interner;
use super::lines::Lines;
use super::model::Dump;
use super::plain::plain;
use super::{eu_stack, go, hotspot, hotspot_json, hotspot_plain, py_spy};
use std::borrow::Cow;

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
    let mut names = Interner::default();
    let mut found = Found::default();
    let mut lines = Lines::new(text);
    let mut heading = Heading::default();
    while let Some(line) = lines.peek() {
        let before = lines;
        let mut said = Said::default();
        let dump = if let Some(at) = hotspot::begins(line.text) {
            let prefix = hotspot::sound_prefix(&line.text[..at], before);
            said = heading.said(prefix);
            let mut inner = before.with_prefix(prefix);
            let dump = hotspot::parse(&mut inner, &said, &mut names);
            lines = inner.with_prefix("");
            dump
        } else if hotspot_plain::begins(&lines) {
            hotspot_plain::parse(&mut lines, &mut names)
        } else if go::begins(line.text) {
            Some(go::parse(&mut lines, &mut names))
        } else if py_spy::begins(&lines) {
            Some(py_spy::parse(&mut lines, &mut names))
        } else if eu_stack::begins(&lines) {
            Some(eu_stack::parse(&mut lines, &mut names))
        } else {
            None
        };
        if let Some(mut dump) = dump.filter(|_| lines.place() > before.place()) {
            found.other_lines -= said.lines.min(found.other_lines);
            dump.place = said.start.unwrap_or(before.place())..lines.place();
            found.dumps.push(dump);
            heading = Heading::default();
        } else {
            lines = before;
            lines.take();
            found.other_lines += usize::from(!line.text.trim().is_empty());
            if line.text.starts_with("1TISIGINFO") {
                found.refused = Some("a javacore of OpenJ9");
            }
            heading.push(line);
        }
    }
    found
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
