//! Prints rows as they come: columns for people, JSON, or CSV.
//!
//! In: rows of cells, one after the other, however many. Out: standard output. Nothing is held but
//! the first rows of a table for people, which say how wide its columns are.

use super::output::{OutputError, write_csv, write_json, write_shown};
use crate::cli::Format;
use afterimage_analysis::table::{Cell, Column};
use std::io::{self, BufWriter, StdoutLock, Write};

/// So many rows of a table say how wide its columns are.
const HELD: usize = 1000;

/// Where rows go.
#[derive(Debug)]
pub(crate) struct Printer<W: Write = StdoutLock<'static>> {
    format: Format,
    columns: Vec<Column>,
    /// In JSON: the columns in the order of their keys.
    order: Vec<usize>,
    /// The first rows of a table for people, until its columns have their widths.
    held: Vec<Held>,
    most_held: usize,
    widths: Vec<usize>,
    is_empty: bool,
    line: Vec<u8>,
    out: BufWriter<W>,
}

/// A row of a table for people.
#[derive(Debug)]
enum Held {
    Cells(Vec<String>),
    /// A line across all columns.
    Words(String),
}

impl Printer {
    /// For a table of any length.
    pub(crate) fn new(format: Format, columns: Vec<Column>) -> Self {
        Self::to(io::stdout().lock(), (format, columns), HELD)
    }

    /// For one whose columns are to be as wide as the widest of all cells.
    pub(super) fn exact(format: Format, columns: Vec<Column>) -> Self {
        Self::to(io::stdout().lock(), (format, columns), usize::MAX)
    }
}

impl<W: Write> Printer<W> {
    /// To anywhere, with at most so many rows held.
    pub(super) fn to(out: W, (format, columns): (Format, Vec<Column>), most_held: usize) -> Self {
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by_key(|&place| columns[place].key);
        let mut line = Vec::new();
        if format == Format::Csv {
            let keys: Vec<&str> = columns.iter().map(|column| column.key).collect();
            line.extend_from_slice(keys.join(",").as_bytes());
            line.push(b'\n');
        }
        Self {
            format,
            columns,
            order,
            held: Vec::new(),
            most_held,
            widths: Vec::new(),
            is_empty: true,
            line,
            out: BufWriter::with_capacity(1 << 16, out),
        }
    }

    /// Prints a row, which has a cell for each column.
    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<(), OutputError> {
        match self.format {
            Format::Table => {
                let shown = cells.iter().map(|cell| {
                    let mut text = Vec::new();
                    write_shown(&mut text, cell);
                    String::from_utf8_lossy(&text).into_owned()
                });
                let shown = Held::Cells(shown.collect());
                return self.hold(shown);
            }
            Format::Csv => {
                for (place, cell) in cells.iter().enumerate() {
                    if place > 0 {
                        self.line.push(b',');
                    }
                    write_csv(&mut self.line, cell);
                }
                self.line.push(b'\n');
            }
            Format::Json => {
                self.line.push(if self.is_empty { b'[' } else { b',' });
                for (number, &place) in self.order.iter().enumerate() {
                    self.line.push(if number == 0 { b'{' } else { b',' });
                    self.line.push(b'"');
                    self.line
                        .extend_from_slice(self.columns[place].key.as_bytes());
                    self.line.extend_from_slice(b"\":");
                    write_json(&mut self.line, &cells[place]);
                }
                self.line.push(b'}');
            }
        }
        self.is_empty = false;
        self.write_line()
    }

    /// Prints a line across all columns of a table for people, and nowhere else.
    pub(crate) fn words(&mut self, words: String) -> Result<(), OutputError> {
        if self.format != Format::Table {
            return Ok(());
        }
        self.hold(Held::Words(words))
    }

    /// The end: what is still held, and in JSON the bracket.
    pub(crate) fn finish(mut self) -> Result<(), OutputError> {
        match self.format {
            Format::Table => self.let_go()?,
            Format::Json if self.is_empty => self.line.extend_from_slice(b"[]\n"),
            Format::Json => self.line.extend_from_slice(b"]\n"),
            Format::Csv => {}
        }
        self.write_line()?;
        self.out.flush().map_err(OutputError)
    }

    fn hold(&mut self, row: Held) -> Result<(), OutputError> {
        if !self.widths.is_empty() {
            self.put(&row);
            return self.write_line();
        }
        self.held.push(row);
        if self.held.len() >= self.most_held {
            self.let_go()?;
        }
        Ok(())
    }

    /// Columns as wide as what is in them, and then the rows that said so.
    fn let_go(&mut self) -> Result<(), OutputError> {
        if !self.widths.is_empty() {
            return Ok(());
        }
        let headings = self.columns.iter().map(|column| column.heading.to_owned());
        let headings = Held::Cells(headings.collect());
        let held = std::mem::take(&mut self.held);
        self.widths = vec![0; self.columns.len()];
        for row in std::iter::once(&headings).chain(&held) {
            if let Held::Cells(cells) = row {
                for (width, cell) in self.widths.iter_mut().zip(cells) {
                    *width = cell.chars().count().max(*width);
                }
            }
        }
        for row in std::iter::once(&headings).chain(&held) {
            self.put(row);
            self.write_line()?;
        }
        Ok(())
    }

    /// All columns are filled up but the last, unless its cells stand to the right.
    fn put(&mut self, row: &Held) {
        let cells = match row {
            Held::Cells(cells) => cells,
            Held::Words(words) => {
                self.line.extend_from_slice(words.as_bytes());
                self.line.push(b'\n');
                return;
            }
        };
        let last = cells.len().saturating_sub(1);
        for (place, cell) in cells.iter().enumerate() {
            let fill = self.widths[place].saturating_sub(cell.chars().count());
            let fill = std::iter::repeat_n(b' ', fill);
            match (self.columns[place].is_number, place == last) {
                (true, _) => {
                    self.line.extend(fill);
                    self.line.extend_from_slice(cell.as_bytes());
                }
                (false, true) => self.line.extend_from_slice(cell.as_bytes()),
                (false, false) => {
                    self.line.extend_from_slice(cell.as_bytes());
                    self.line.extend(fill);
                }
            }
            self.line.push(if place == last { b'\n' } else { b' ' });
        }
    }

    fn write_line(&mut self) -> Result<(), OutputError> {
        let written = self.out.write_all(&self.line).map_err(OutputError);
        self.line.clear();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(format: Format, most_held: usize, rows: &[Vec<Cell>]) -> String {
        let columns = vec![
            Column::number("pid", "PID"),
            Column::text("comm", "COMM"),
            Column::number("rss_bytes", "RSS"),
        ];
        let mut out = Vec::new();
        let mut printer = Printer::to(&mut out, (format, columns), most_held);
        rows.iter().try_for_each(|row| printer.row(row)).unwrap();
        printer.words("- gap -".to_owned()).unwrap();
        printer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn rows() -> [Vec<Cell>; 2] {
        [
            vec![
                Cell::Integer(7),
                Cell::text(Some(b"a\x1b[31m,b")),
                Cell::scaled(Some(4096.0), 1024.0),
            ],
            vec![Cell::Integer(1234), Cell::Absent, Cell::Absent],
        ]
    }

    #[test]
    fn people_get_columns_and_no_terminal_escapes() {
        assert_eq!(
            printed(Format::Table, usize::MAX, &rows()),
            " PID COMM        RSS\n   7 a\\x1b[31m,b   4\n1234 -             -\n- gap -\n"
        );
    }

    #[test]
    fn columns_are_as_wide_as_the_rows_that_were_held_and_later_ones_are_not_cut() {
        assert_eq!(
            printed(Format::Table, 1, &rows()),
            "PID COMM        RSS\n  7 a\\x1b[31m,b   4\n1234 -             -\n- gap -\n"
        );
    }

    #[test]
    fn absent_is_null_in_json_and_empty_in_csv() {
        assert_eq!(
            printed(Format::Json, 1, &rows()),
            "[{\"comm\":\"a\\u001b[31m,b\",\"pid\":7,\"rss_bytes\":4096},{\"comm\":null,\"pid\":1234,\"rss_bytes\":null}]\n"
        );
        assert_eq!(
            printed(Format::Csv, 1, &rows()),
            "pid,comm,rss_bytes\n7,\"a\\x1b[31m,b\",4096\n1234,,\n"
        );
    }

    #[test]
    fn without_rows_json_is_an_empty_array() {
        assert_eq!(printed(Format::Json, 1, &[]), "[]\n");
    }
}
