//! The text of a dump, with the places of its lines.

use afterimage_analysis::dumps::plain::plain;
use std::sync::Arc;

/// The text of a dump, as it came.
#[derive(Debug, Clone)]
pub struct DumpText {
    text: Arc<str>,
    /// Where each line begins, in bytes.
    lines: Arc<[u32]>,
}

impl DumpText {
    /// The text in these bytes, in which the places of a dump are; what is not UTF-8 becomes U+FFFD.
    pub fn new(bytes: &[u8]) -> Self {
        let text: Arc<str> = plain(bytes).into();
        let begins = text.bytes().zip(1_u32..).filter(|(byte, _)| *byte == b'\n');
        let begins = begins.map(|(_, next)| next);
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let lines = std::iter::once(0).chain(begins);
        let lines = lines.filter(|begin| *begin < end).collect();
        Self { text, lines }
    }

    /// How many lines it has.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// A line without its end; empty beyond the last.
    pub fn line(&self, place: usize) -> &str {
        let Some(begin) = self.lines.get(place) else {
            return "";
        };
        let end = self.lines.get(place + 1);
        let end = end.map_or(self.text.len(), |end| *end as usize);
        self.text[*begin as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// The lines that have this in them, whatever the case of its letters.
    pub fn find(&self, wanted: &str) -> Vec<u32> {
        let wanted = wanted.to_lowercase();
        if wanted.is_empty() {
            return vec![];
        }
        let has_it = |line: &str| {
            if line.is_ascii() && wanted.is_ascii() {
                contains(line.as_bytes(), wanted.as_bytes())
            } else {
                line.to_lowercase().contains(&wanted)
            }
        };
        let places = (0..).take(self.len());
        places
            .filter(|place: &u32| has_it(self.line(*place as usize)))
            .collect()
    }

    /// The line that a place of the text is in, in bytes.
    pub fn line_of(&self, byte: usize) -> usize {
        let after = self.lines.partition_point(|begin| *begin as usize <= byte);
        after.saturating_sub(1)
    }
}

/// `wanted` is in small letters, and not empty.
fn contains(line: &[u8], wanted: &[u8]) -> bool {
    let first = wanted[0];
    let mut windows = line.windows(wanted.len());
    // Most places are not even its first letter.
    windows.any(|at| at[0].to_ascii_lowercase() == first && at.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_text_without_their_ends() {
        let text = DumpText::new(b"one\r\n\ntwo\xff\nThree");
        let lines: Vec<&str> = (0..5).map(|place| text.line(place)).collect();
        assert_eq!(lines, ["one", "", "two\u{fffd}", "Three", ""]);
        assert_eq!(text.len(), 4);
        assert_eq!(text.find("T"), [2, 3]);
        assert_eq!(text.find("THREE"), [3]);
        assert_eq!(text.find(""), [0_u32; 0]);
        assert_eq!(
            [0, 4, 5, 6, 99].map(|byte| text.line_of(byte)),
            [0, 0, 1, 2, 3]
        );
        assert!(DumpText::new(b"").is_empty());
    }
}
