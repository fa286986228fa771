//! A value of JSON among other lines, and one that is cut short.
//!
//! In: lines. Out: the text of the value that begins there, up to its end, or to where the text is no
//! JSON any more: that, with all brackets closed again, is what came of it.

use super::lines::{Line, Lines};

/// What nests deeper is no dump.
const DEEPEST: usize = 100;

/// Where one has come to in a value.
#[derive(Debug, Default)]
struct Reader {
    /// What closes each bracket that is open.
    open: Vec<u8>,
    is_in_string: bool,
    is_escaped: bool,
    /// Up to where it is whole, and what is open there.
    whole: Option<(usize, Vec<u8>)>,
}

impl Reader {
    /// Whether it goes on with this byte, which stands there.
    fn goes_on(&mut self, at: usize, byte: u8) -> bool {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.is_in_string => self.is_escaped = true,
            b'"' => self.is_in_string = !self.is_in_string,
            b'\n' if self.is_in_string => return false,
            _ if self.is_in_string => {}
            b'{' => self.open.push(b'}'),
            b'[' => self.open.push(b']'),
            b'}' | b']' => {
                if self.open.pop() != Some(byte) {
                    return false;
                }
                self.whole = Some((at + 1, self.open.clone()));
            }
            b',' | b':' | b'.' | b'+' | b'-' | b'0'..=b'9' | b' ' | b'\t' | b'\r' | b'\n' => {}
            // Of `true`, `false`, `null` and numbers.
            _ => return b"truefalsnE".contains(&byte),
        }
        self.open.len() <= DEEPEST
    }
}

/// The value that begins with the next line, with all that is open closed again, and whether it was
/// cut. The lines are read up to its end.
pub(super) fn value(lines: &mut Lines<'_>) -> Option<(String, bool)> {
    let mut reader = Reader::default();
    let mut text = String::new();
    let mut ahead = *lines;
    while let Some(line) = ahead.take() {
        let begin = text.len();
        text.push_str(line.text);
        text.push('\n');
        for at in begin..text.len() {
            if !reader.goes_on(at, text.as_bytes()[at]) {
                return closed(text, reader);
            }
            if reader.open.is_empty() && reader.whole.is_some() {
                *lines = ahead;
                lines.back_to(rest(&line, &text[at + 1..]));
                text.truncate(at + 1);
                return Some((text, false));
            }
        }
        if reader.whole.as_ref().is_some_and(|(end, _)| *end > begin) {
            *lines = ahead;
        }
    }
    closed(text, reader)
}

/// Where the rest of a line begins in the whole text; its end, where nothing is left.
fn rest(line: &Line<'_>, rest: &str) -> usize {
    let rest = rest.trim_end();
    let of_line = line.text.trim_end();
    if rest.is_empty() {
        line.end
    } else {
        line.begin + (of_line.len() - rest.len())
    }
}

/// What is whole of a text that is cut short, closed again.
fn closed(mut text: String, reader: Reader) -> Option<(String, bool)> {
    let (end, open) = reader.whole?;
    text.truncate(end);
    text.extend(open.iter().rev().map(|close| char::from(*close)));
    Some((text, true))
}

/// The same of a whole text.
pub(super) fn mended(text: &str) -> Option<String> {
    value(&mut Lines::new(text)).map(|(text, _)| text)
}
