//! Text out of a capture made safe for a terminal, a label or a spreadsheet.
//!
//! A process chooses its own name and command line, and a terminal, a label or a spreadsheet
//! obeys what it is shown: colours, clipboard writes, text that runs right to left over its
//! neighbour, formulas. [`Escaped`] shows such bytes for what they are; [`csv_field`] makes one
//! field of a CSV row. Nothing is cut or padded here: that is the table's business.

use std::fmt::{self, Display, Formatter, Write};

/// Bytes of a capture as text on one line that nothing obeys.
///
/// A byte that is not UTF-8 becomes `\xff`, a control character `\n`, `\t`, `\r` or `\x1b`, and
/// any other character that moves, hides or reorders text `\u{202e}`.
///
/// A backslash of the text itself is not doubled. `dev-disk-by\x2duuid.device` stays what
/// `systemctl` takes, at the price that the output cannot be decoded: whoever needs the exact
/// bytes reads JSON.
///
/// Width and alignment of the formatter are not applied: pad the finished `String`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Escaped<'a>(pub &'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            write_text(chunk.valid(), f)?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Writes the harmless stretches whole: nearly every text is a single one.
fn write_text(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let mut written = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| is_unsafe(*c)) {
        f.write_str(&text[written..at])?;
        write_escape(c, f)?;
        written = at + c.len_utf8();
    }
    f.write_str(&text[written..])
}

fn write_escape(c: char, f: &mut Formatter<'_>) -> fmt::Result {
    match c {
        '\n' => f.write_str("\\n"),
        '\t' => f.write_str("\\t"),
        '\r' => f.write_str("\\r"),
        c if c.is_ascii() => write!(f, "\\x{:02x}", u32::from(c)),
        c => write!(f, "\\u{{{:x}}}", u32::from(c)),
    }
}

/// Whether a terminal or a text widget would do something else with this character than draw
/// it in its place.
fn is_unsafe(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(c,
        '\u{80}'..='\u{9f}'                                     // C1: U+009B starts a sequence as ESC [ does
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}'         // soft hyphen, joiners, Arabic and Mongolian marks
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'     // Hangul fillers: letters without a shape
        | '\u{200b}'..='\u{200f}'                               // zero width, left-to-right and right-to-left marks
        | '\u{2028}'..='\u{202e}'                               // line and paragraph separator, bidi embeddings
        | '\u{2060}'..='\u{206f}'                               // word joiner, bidi isolates, deprecated formats
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}'                  // byte order mark, interlinear annotation
        | '\u{e0000}'..='\u{e0fff}' // tags and variation selectors that can carry hidden text
    )
}

/// One field of a CSV row: escaped, guarded against spreadsheets, and quoted where needed.
///
/// The text is first escaped as by [`Escaped`], so a row is always one line and safe on a
/// terminal. A text that a spreadsheet would take for a formula (it starts with `=`, `+`, `-` or
/// `@`, behind blanks or full-width too, or with a tab or carriage return) gets a leading `'`;
/// a plain number such as `-1.5e3` does not.
pub fn csv_field(text: &[u8]) -> String {
    let mut field = String::with_capacity(text.len());
    if starts_a_formula(text) && !is_number(text) {
        field.push('\'');
    }
    // Writing to a `String` cannot fail.
    let _infallible = write!(field, "{}", Escaped(text));
    let blank = |c: Option<char>| c == Some(' ');
    let quoted = field.contains([',', ';', '"'])
        || blank(field.chars().next())
        || blank(field.chars().next_back());
    if quoted {
        field = format!("\"{}\"", field.replace('"', "\"\""));
    }
    field
}

/// The same signs as wide as an ideograph, which spreadsheets take for them.
const FULL_WIDTH_SIGNS: [&str; 4] = ["＝", "＋", "－", "＠"];

fn starts_a_formula(text: &[u8]) -> bool {
    let blanks = text.iter().take_while(|byte| **byte == b' ').count();
    let text = &text[blanks..];
    matches!(
        text.first(),
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')
    ) || FULL_WIDTH_SIGNS
        .iter()
        .any(|sign| text.starts_with(sign.as_bytes()))
}

/// `[+-]digits[.digits][e[+-]digits]`, and nothing else: `-1+cmd()` is no number.
fn is_number(text: &[u8]) -> bool {
    let mut halves = unsigned(text).splitn(2, |byte| matches!(byte, b'e' | b'E'));
    let mantissa = halves.next().unwrap_or_default();
    let exponent = halves.next();
    mantissa.splitn(2, |byte| *byte == b'.').all(all_digits)
        && exponent.is_none_or(|exponent| all_digits(unsigned(exponent)))
}

fn unsigned(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"+")
        .or(text.strip_prefix(b"-"))
        .unwrap_or(text)
}

fn all_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &[u8]) -> String {
        Escaped(text).to_string()
    }

    #[test]
    fn a_clipboard_write_is_shown_and_not_obeyed() {
        assert_eq!(escaped(b"a\x1b]52;c;aGk=\x07b"), "a\\x1b]52;c;aGk=\\x07b");
    }

    #[test]
    fn every_control_character_has_a_visible_form() {
        assert_eq!(escaped(b"a\n\t\r\0\x7f"), "a\\n\\t\\r\\x00\\x7f");
        assert_eq!(escaped("\u{9b}31m".as_bytes()), "\\u{9b}31m");
    }

    #[test]
    fn a_byte_that_is_not_utf8_is_shown_and_its_neighbours_stay() {
        assert_eq!(
            escaped(b"\xff\xfe\xc3(ok\xe2\x82"),
            "\\xff\\xfe\\xc3(ok\\xe2\\x82"
        );
    }

    #[test]
    fn text_that_reorders_or_hides_is_shown() {
        for c in "\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{2028}\u{2029}\u{200b}\u{200d}\u{feff}\u{e0041}".chars() {
            assert_eq!(escaped(c.to_string().as_bytes()), format!("\\u{{{:x}}}", u32::from(c)));
        }
    }

    #[test]
    fn ordinary_text_of_any_language_stays() {
        for text in ["", "nginx: worker", "größe", "プロセス", "🦀", "с"] {
            assert_eq!(escaped(text.as_bytes()), text);
        }
    }

    #[test]
    fn a_backslash_of_the_text_is_not_doubled() {
        assert_eq!(
            escaped(br"dev-disk-by\x2duuid.device"),
            r"dev-disk-by\x2duuid.device"
        );
    }

    #[test]
    fn a_comma_a_semicolon_or_a_quote_makes_a_quoted_field() {
        assert_eq!(csv_field(b"a,b"), "\"a,b\"");
        assert_eq!(csv_field(b"a;b"), "\"a;b\"");
        assert_eq!(csv_field(b"say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(csv_field(b" a"), "\" a\"");
        assert_eq!(csv_field(b"plain text"), "plain text");
    }

    #[test]
    fn a_row_stays_one_line() {
        assert_eq!(csv_field(b"a\nb,c"), "\"a\\nb,c\"");
    }

    #[test]
    fn a_formula_is_guarded() {
        assert_eq!(csv_field(b"=1+1"), "'=1+1");
        assert_eq!(csv_field(b"@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(csv_field(b"-x"), "'-x");
        assert_eq!(csv_field(b"+cmd|' /C calc'!A0"), "'+cmd|' /C calc'!A0");
        assert_eq!(csv_field(b"\t=1"), "'\\t=1");
        assert_eq!(csv_field(b"\r=1"), "'\\r=1");
        assert_eq!(csv_field(b" =1"), "' =1");
        assert_eq!(csv_field("＝1".as_bytes()), "'＝1");
        assert_eq!(csv_field(b"-1+cmd()"), "'-1+cmd()");
    }

    #[test]
    fn a_number_stays_a_number() {
        for number in ["-1", "+1", "-0.25", "-1.5e3", "+2E-7", "12", "0.5"] {
            assert_eq!(csv_field(number.as_bytes()), number);
        }
        for text in ["-", "+.", "-1.", "-e5", "-1e", "--1", "-1.2.3"] {
            assert_eq!(csv_field(text.as_bytes()), format!("'{text}"));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_leave_anything_unsafe(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = escaped(&bytes);
            prop_assert!(!text.chars().any(is_unsafe));
            prop_assert!(text.len() <= bytes.len() * 4);
            prop_assert!(!csv_field(&bytes).chars().any(is_unsafe));
        }

        #[test]
        fn no_text_leaves_anything_unsafe(text in any::<String>()) {
            prop_assert!(!escaped(text.as_bytes()).chars().any(is_unsafe));
        }
    }
}
