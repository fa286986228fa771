//! Prints tables: columns for people, JSON, or CSV.

use crate::cli::Format;
use afterimage_analysis::escape::{Escaped, csv_field};
use afterimage_analysis::table::{Cell, Table};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Standard output could not be written to.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct OutputError(#[source] io::Error);

impl OutputError {
    /// Whoever read it has had enough (`| head`): that is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Prints a table.
pub(crate) fn print(table: &Table, format: Format) -> Result<(), OutputError> {
    let text = match format {
        Format::Table => columns(table),
        Format::Json => format!("{}\n", escaped_json(&json(table))),
        Format::Csv => csv(table),
    };
    print_text(&text)
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

/// An array with an object for each row.
pub(crate) fn json(table: &Table) -> Value {
    let rows = table.rows.iter().map(|row| {
        let cells = table.columns.iter().zip(row);
        let cells = cells.map(|(column, cell)| (column.key.to_owned(), json_of(cell)));
        Value::Object(cells.collect::<Map<_, _>>())
    });
    rows.collect()
}

fn json_of(cell: &Cell) -> Value {
    match cell {
        Cell::Absent => Value::Null,
        Cell::Integer(value) => json!(value),
        Cell::Real(value, decimals) => json!(rounded(*value, (*decimals).max(2))),
        Cell::Scaled(value, _) if value.fract() == 0.0 => json!(rounded_to_integer(*value)),
        Cell::Scaled(value, _) => json!(rounded(*value, 2)),
        Cell::Text(text) => json!(exact(text)),
        Cell::Word(word) => json!(word),
    }
}

/// Text as it is; bytes that are not UTF-8, which JSON cannot hold, as `\xff`.
fn exact(text: &[u8]) -> String {
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

fn csv(table: &Table) -> String {
    let mut text = table
        .columns
        .iter()
        .map(|column| column.key)
        .collect::<Vec<_>>()
        .join(",");
    text.push('\n');
    for row in &table.rows {
        let fields = row.iter().map(|cell| match cell {
            Cell::Absent => String::new(),
            Cell::Text(text) => csv_field(text),
            Cell::Word(word) => csv_field(word.as_bytes()),
            number => json_of(number).to_string(),
        });
        text.push_str(&fields.collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text
}

/// Columns as wide as what is in them, but for the last, which is not filled up.
fn columns(table: &Table) -> String {
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.iter().map(shown).collect())
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .max()
            .unwrap_or(0)
            .max(table.columns[column].heading.chars().count())
    };
    let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
    let mut text = String::new();
    let headings: Vec<String> = table
        .columns
        .iter()
        .map(|column| column.heading.to_owned())
        .collect();
    for row in std::iter::once(&headings).chain(&rows) {
        let last = row.len().saturating_sub(1);
        for (place, cell) in row.iter().enumerate() {
            let fill = " ".repeat(widths[place] - cell.chars().count());
            match (table.columns[place].is_number, place == last) {
                (true, _) => text.extend([&fill, cell.as_str()]),
                (false, true) => text.push_str(cell),
                (false, false) => text.extend([cell.as_str(), &fill]),
            }
            text.push_str(if place == last { "\n" } else { " " });
        }
    }
    text
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Absent => "-".to_owned(),
        Cell::Integer(value) => value.to_string(),
        Cell::Real(value, decimals) => format!("{value:.decimals$}"),
        Cell::Scaled(value, unit) => format!("{:.0}", value / unit),
        Cell::Text(text) => Escaped(text).to_string(),
        Cell::Word(word) => word.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_analysis::table::Column;

    fn table() -> Table {
        let columns = vec![
            Column::number("pid", "PID"),
            Column::text("comm", "COMM"),
            Column::number("rss_bytes", "RSS"),
        ];
        let rows = vec![
            vec![
                Cell::Integer(7),
                Cell::text(Some(b"a\x1b[31m,b")),
                Cell::scaled(Some(4096.0), 1024.0),
            ],
            vec![Cell::Integer(1234), Cell::Absent, Cell::Absent],
        ];
        Table { columns, rows }
    }

    #[test]
    fn people_get_columns_and_no_terminal_escapes() {
        assert_eq!(
            columns(&table()),
            " PID COMM        RSS\n   7 a\\x1b[31m,b   4\n1234 -             -\n"
        );
    }

    #[test]
    fn json_says_exactly_what_was_recorded_and_is_safe_all_the_same() {
        let columns = vec![Column::text("comm", "COMM")];
        let name = "a\n\x1b[2J\u{202e}b".as_bytes();
        let rows = vec![
            vec![Cell::text(Some(name))],
            vec![Cell::text(Some(b"\xffz"))],
        ];
        let text = escaped_json(&json(&Table { columns, rows }));
        assert_eq!(
            text,
            r#"[{"comm":"a\n\u001b[2J\u202eb"},{"comm":"\\xffz"}]"#
        );
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed[0]["comm"].as_str().unwrap().as_bytes(), name);
    }

    #[test]
    fn absent_is_null_in_json_and_empty_in_csv() {
        let rows = json(&table());
        assert_eq!(rows[0]["rss_bytes"], json!(4096));
        assert_eq!(rows[1]["rss_bytes"], Value::Null);
        assert_eq!(
            csv(&table()),
            "pid,comm,rss_bytes\n7,\"a\\x1b[31m,b\",4096\n1234,,\n"
        );
    }
}
