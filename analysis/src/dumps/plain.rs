//! The text of dumps out of the bytes that somebody has, and the bytes of a dump again.
//!
//! In: bytes, not all of them UTF-8. Out: text, in which places of dumps are; and for these places what
//! stood there before, to the byte, for what is kept or given back.

use super::log_line;
use super::model::Dump;
use std::borrow::Cow;
use std::ops::Range;

/// What some editors put before a text.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text in these bytes, with each line as the program wrote it. What is not UTF-8, nor UTF-16 with
/// the mark that tells it, becomes U+FFFD.
pub fn plain(bytes: &[u8]) -> Cow<'_, str> {
    let text = match wide(bytes) {
        Some(text) => Cow::Owned(text),
        None => String::from_utf8_lossy(bytes.strip_prefix(MARK).unwrap_or(bytes)),
    };
    match log_line::unwrapped(&text) {
        Some(text) => Cow::Owned(text),
        None => text,
    }
}

/// A text of UTF-16.
fn wide(bytes: &[u8]) -> Option<String> {
    let (unit, rest): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        _ => return None,
    };
    let units = rest.chunks_exact(2).map(|two| unit([two[0], two[1]]));
    let chars = char::decode_utf16(units);
    Some(
        chars
            .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
    )
}

/// The bytes of each dump, given the text that was made of all of them: as they were, prefixes and all,
/// or of the text, where one line of the one is not one line of the other. Takes one walk, however many
/// dumps there are.
pub fn originals<'b>(bytes: &'b [u8], text: &'b str, dumps: &[Dump]) -> Vec<Cow<'b, [u8]>> {
    let bare = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count();
    let is_same =
        wide(bytes.get(..2).unwrap_or_default()).is_none() && lines(bare) == lines(text.as_bytes());
    let bytes = if is_same { bare } else { text.as_bytes() };
    let ends = dumps.iter().flat_map(Dump::parts);
    let mut wanted: Vec<usize> = ends.flat_map(|part| [part.start, part.end]).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let places = places(bytes, text, &wanted);
    let at = |place: usize| {
        let found = wanted.binary_search(&place);
        found.map_or(bytes.len(), |found| places[found])
    };
    let part = |part: Range<usize>| bytes.get(at(part.start)..at(part.end)).unwrap_or_default();
    let original = |dump: &Dump| {
        if dump.gaps.is_empty() {
            return Cow::Borrowed(part(dump.place.clone()));
        }
        let parts: Vec<&[u8]> = dump.parts().map(part).collect();
        Cow::Owned(parts.concat())
    };
    dumps.iter().map(original).collect()
}

/// Where these places of the text, each larger than the one before, are among the bytes. Lines are as
/// many in both.
fn places(bytes: &[u8], text: &str, wanted: &[usize]) -> Vec<usize> {
    let mut found = Vec::with_capacity(wanted.len());
    let mut wanted = wanted.iter().copied().peekable();
    let (mut in_text, mut in_bytes) = (0, 0);
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    for (line, shown) in lines.zip(text.split_inclusive('\n')) {
        let end = in_text + shown.len();
        while let Some(place) = wanted.next_if(|place| *place < end) {
            found.push(in_bytes + (place - in_text).min(line.len()));
        }
        (in_text, in_bytes) = (end, in_bytes + line.len());
    }
    found.extend(wanted.map(|_| in_bytes));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dumps::model::Source;

    #[test]
    fn bytes_that_are_no_text_are_found_again() {
        let bytes = b"\xef\xbb\xbfab\n\xff\xfecd\n\xe2\x82x";
        let text = plain(bytes);
        let places = [0, 3, text.find('x').unwrap() - 3, text.len()];
        let of = |from: usize, to: usize| Dump {
            place: places[from]..places[to],
            ..Dump::new(Source::Go)
        };
        // In any order, and one within the other.
        let dumps = [of(1, 2), of(0, 3), of(2, 3), of(0, 1)];
        let found = originals(bytes, &text, &dumps);
        let expected: [&[u8]; 4] = [b"\xff\xfecd\n", &bytes[3..], b"\xe2\x82x", b"ab\n"];
        assert_eq!(found, expected);
    }
}
