//! Prints tables: columns for people, JSON, or CSV.

use super::printer::Printer;
use crate::cli::Format;
use afterimage_analysis::escape::{Escaped, csv_field};
use afterimage_analysis::table::{Cell, Table};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Standard output could not be written to.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct OutputError(#[source] pub(super) io::Error);

impl OutputError {
    /// Whoever read it has had enough (`| head`): that is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Prints a table whose columns are as wide as the widest of their cells.
pub(crate) fn print(table: &Table, format: Format) -> Result<(), OutputError> {
    let mut printer = Printer::exact(format, table.columns.clone());
    table.rows.iter().try_for_each(|row| printer.row(row))?;
    printer.finish()
}

/// Prints a text of ours, in which everything out of a capture is escaped already.
pub(crate) fn print_text(text: &str) -> Result<(), OutputError> {
    print_bytes(text.as_bytes())
}

/// Prints bytes as they are.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(OutputError)
}

/// A cell in JSON.
pub(super) fn write_json(line: &mut Vec<u8>, cell: &Cell) {
    match cell {
        Cell::Absent => line.extend_from_slice(b"null"),
        Cell::Flag(true) => line.extend_from_slice(b"true"),
        Cell::Flag(false) => line.extend_from_slice(b"false"),
        Cell::Integer(value) => write_integer(line, *value),
        Cell::Real(value, decimals) => write_real(line, *value, (*decimals).max(2)),
        Cell::Scaled(value, _) if value.fract() == 0.0 => {
            write_integer(line, rounded_to_integer(*value));
        }
        Cell::Scaled(value, _) => write_real(line, *value, 2),
        Cell::Text(text) => line.extend_from_slice(escaped_json(&json!(exact(text))).as_bytes()),
        Cell::Word(word) if is_plain(word) => {
            line.push(b'"');
            line.extend_from_slice(word.as_bytes());
            line.push(b'"');
        }
        Cell::Word(word) => line.extend_from_slice(escaped_json(&json!(word)).as_bytes()),
    }
}

/// Whether it stands in JSON as it is.
fn is_plain(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes.all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
}

/// A cell in CSV.
pub(super) fn write_csv(line: &mut Vec<u8>, cell: &Cell) {
    match cell {
        Cell::Absent => {}
        Cell::Text(text) => line.extend_from_slice(csv_field(text).as_bytes()),
        Cell::Word(word) => line.extend_from_slice(csv_field(word.as_bytes()).as_bytes()),
        plain => write_json(line, plain),
    }
}

/// A cell for people.
pub(super) fn write_shown(line: &mut Vec<u8>, cell: &Cell) {
    let written = match cell {
        Cell::Absent => write!(line, "-"),
        Cell::Integer(value) => write!(line, "{value}"),
        Cell::Real(value, decimals) => write!(line, "{value:.decimals$}"),
        Cell::Scaled(value, unit) => write!(line, "{:.0}", value / unit),
        Cell::Text(text) => write!(line, "{}", Escaped(text)),
        Cell::Word(word) => write!(line, "{word}"),
        Cell::Flag(true) => write!(line, "yes"),
        Cell::Flag(false) => write!(line, "no"),
    };
    written.expect("there is memory for a line");
}

fn write_integer(line: &mut Vec<u8>, value: i64) {
    write!(line, "{value}").expect("there is memory for a line");
}

/// To so many decimals, as what is beyond them was never measured, and at least one.
fn write_real(line: &mut Vec<u8>, value: f64, decimals: usize) {
    let rounded = rounded(value, decimals);
    write!(line, "{rounded:?}").expect("there is memory for a line");
}

/// Text as it is; bytes that are not UTF-8, which JSON cannot hold, as `\xff`.
pub(crate) fn exact(text: &[u8]) -> String {
    let mut exact = String::new();
    for chunk in text.utf8_chunks() {
        exact.push_str(chunk.valid());
        exact.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    exact
}

/// JSON that says the same and is safe for a terminal: what could turn the text around or move
/// the cursor is written as `\u202e`. (`serde_json` has done so for the lower control characters.)
pub(crate) fn escaped_json(value: &Value) -> String {
    let mut safe = String::new();
    for character in value.to_string().chars() {
        let is_unsafe = matches!(u32::from(character), 0x7f..=0x9f | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x2069 | 0xfeff);
        if is_unsafe {
            safe.extend(["\\u".to_owned(), format!("{:04x}", u32::from(character))]);
        } else {
            safe.push(character);
        }
    }
    safe
}

/// To so many decimals: what is beyond them was never measured.
fn rounded(value: f64, decimals: usize) -> f64 {
    let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or(2));
    (value * scale).round() / scale
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "amounts of bytes, far below 2^63, and whole already"
)]
fn rounded_to_integer(value: f64) -> i64 {
    value as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_json(cell: &Cell) -> String {
        let mut line = Vec::new();
        write_json(&mut line, cell);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn json_says_exactly_what_was_recorded_and_is_safe_all_the_same() {
        let name = "a\n\x1b[2J\u{202e}b".as_bytes();
        let text = in_json(&Cell::text(Some(name)));
        assert_eq!(text, r#""a\n\u001b[2J\u202eb""#);
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed.as_str().unwrap().as_bytes(), name);
        assert_eq!(in_json(&Cell::text(Some(b"\xffz"))), r#""\\xffz""#);
    }

    #[test]
    fn numbers_have_the_decimals_that_were_measured_and_at_least_one() {
        assert_eq!(in_json(&Cell::Real(0.0, 0)), "0.0");
        assert_eq!(in_json(&Cell::Real(3244.026, 1)), "3244.03");
        assert_eq!(in_json(&Cell::Real(0.296_174, 6)), "0.296174");
        assert_eq!(in_json(&Cell::Scaled(4096.0, 1024.0)), "4096");
        assert_eq!(in_json(&Cell::Scaled(40.125, 1024.0)), "40.13");
    }
}
