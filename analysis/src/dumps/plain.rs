//! The text of dumps out of the bytes that somebody has, and the bytes of a dump again.
//!
//! In: bytes, not all of them UTF-8. Out: text, in which places of dumps are; and for these places what
//! stood there before, to the byte, for what is kept or given back.

use super::model::Dump;
use std::borrow::Cow;

/// What some editors put before a text.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text in these bytes. What is not UTF-8 becomes U+FFFD.
pub fn plain(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_prefix(MARK).unwrap_or(bytes))
}

/// The bytes of each dump, given the text that was made of all of them. Takes one walk, however many
/// there are.
pub fn originals<'b>(bytes: &'b [u8], text: &str, dumps: &[Dump]) -> Vec<Cow<'b, [u8]>> {
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let ends = dumps.iter().flat_map(|dump| [dump.place.start, dump.place.end]);
    let mut wanted: Vec<usize> = ends.collect();
    wanted.sort_unstable();
    wanted.dedup();
    let places = places(bytes, text, &wanted);
    let at = |wanted_place: usize| {
        let found = wanted.binary_search(&wanted_place);
        found.map_or(bytes.len(), |found| places[found])
    };
    let part = |dump: &Dump| {
        let part = bytes.get(at(dump.place.start)..at(dump.place.end));
        Cow::Borrowed(part.unwrap_or_default())
    };
    dumps.iter().map(part).collect()
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
