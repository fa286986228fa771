//! The table as text and as CSV, for a message to a colleague or for a spreadsheet.
//!
//! Text is written as it is shown; CSV has plain numbers in base units, which its header names,
//! and nothing at all where a value is absent.

use super::{Column, Rows, TableView, What};
use crate::display;
use afterimage_analysis::escape::csv_field;
use afterimage_analysis::processes::{Kind, Value};
use afterimage_analysis::zone::Zone;
use afterimage_format::reading::Reading;
use afterimage_format::time::WallTime;
use std::fmt::Write as _;

/// How the table is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyAs {
    /// In columns, as it is shown.
    Text,
    /// Comma-separated values.
    Csv,
}

/// The lines that are shown, in their order, with these columns.
pub fn export(
    view: &TableView,
    rows: &Rows<'_>,
    columns: &[Column],
    zone: &Zone,
    how: CopyAs,
) -> String {
    match how {
        CopyAs::Text => text(view, rows, columns, zone),
        CopyAs::Csv => csv(view, rows, columns, zone),
    }
}

/// The values of one line; `None` where a group has none.
fn values<'a>(
    view: &'a TableView,
    rows: &Rows<'a>,
    what: What,
    column: Column,
) -> Option<Reading<Value<'a>>> {
    match what {
        What::Process(place) => Some(rows.get(place)?.value(column)),
        What::Group(group) => {
            let group = view.groups.get(group)?;
            match (group.sum(column), column, &group.name) {
                (Some(sum), ..) => Some(sum.value().map(Value::Number)),
                (None, Column::Command, Ok(name)) => Some(Ok(Value::Text(name.as_str().into()))),
                _ => None,
            }
        }
    }
}

fn text(view: &TableView, rows: &Rows<'_>, columns: &[Column], zone: &Zone) -> String {
    let cell = |line: &super::Line, column: &Column| {
        let words = match values(view, rows, line.what, *column) {
            None => String::new(),
            Some(Err(_absent)) => display::ABSENT.to_owned(),
            Some(Ok(value)) => display::value(*column, &value, zone).join(),
        };
        let indent = if *column == Column::Command {
            2 * line.depth.min(40)
        } else {
            0
        };
        format!("{}{words}", " ".repeat(indent))
    };
    let mut table = vec![
        columns
            .iter()
            .map(|column| column.title().to_owned())
            .collect::<Vec<_>>(),
    ];
    table.extend(
        view.lines
            .iter()
            .map(|line| columns.iter().map(|column| cell(line, column)).collect()),
    );
    let width = |place: usize| {
        table
            .iter()
            .map(|row| row[place].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut out = String::new();
    for row in &table {
        let mut line = String::new();
        for ((cell, column), width) in row.iter().zip(columns).zip(&widths) {
            let blanks = " ".repeat(width - cell.chars().count());
            let (before, behind) = if column.is_numeric() {
                (blanks.as_str(), "")
            } else {
                ("", blanks.as_str())
            };
            line.extend([before, cell, behind, "  "]);
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

fn csv(view: &TableView, rows: &Rows<'_>, columns: &[Column], zone: &Zone) -> String {
    let heads: Vec<_> = columns.iter().map(|column| csv_name(*column)).collect();
    let mut out = heads.join(",") + "\n";
    for line in &view.lines {
        let cell = |column: &Column| match values(view, rows, line.what, *column) {
            Some(Ok(Value::Number(number))) if column.kind() == Kind::Instant => {
                zone.rfc3339(WallTime(crate::time_axis::whole(number)))
            }
            Some(Ok(Value::Number(number))) if number.is_finite() => format!("{number}"),
            Some(Ok(Value::Text(text))) => csv_field(text.as_bytes()),
            _ => String::new(),
        };
        let cells: Vec<_> = columns.iter().map(cell).collect();
        // Writing to a `String` cannot fail.
        let _infallible = writeln!(out, "{}", cells.join(","));
    }
    out
}

/// The column with its unit.
fn csv_name(column: Column) -> String {
    let unit = match column.kind() {
        Kind::Percent => "_percent",
        Kind::Bytes => "_bytes",
        Kind::ByteRate => "_bytes_per_second",
        Kind::Rate => "_per_second",
        Kind::Duration => "_seconds",
        Kind::Instant | Kind::Count | Kind::Text | Kind::State => "",
    };
    format!("{}{unit}", column.key().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ProcessRow, Snapshot};
    use afterimage_format::process::{Pid, ProcessKey};
    use afterimage_format::reading::Missing;
    use afterimage_format::time::Seq;
    use afterimage_format::units::{Bytes, Ticks};

    fn copied(how: CopyAs) -> String {
        let key = ProcessKey {
            pid: Pid(7),
            started: Ticks(1),
        };
        let row = ProcessRow {
            rss: Ok(Bytes(1536)),
            read_per_second: Err(Missing::PermissionDenied),
            command: Ok("=sum(1,2) 한글".to_owned()),
            ..ProcessRow::unknown(key)
        };
        let snapshot = Snapshot {
            seq: Seq(1),
            at: WallTime(0),
            previous: None,
            values: std::collections::BTreeMap::new(),
            machine: afterimage_analysis::machine::Pages::default(),
            rows: vec![row],
            gone: vec![],
        };
        let mut view = TableView::default();
        view.arrange(&snapshot, None);
        let columns = [Column::Pid, Column::Rss, Column::Read, Column::Command];
        export(
            &view,
            &view.rows(&snapshot, None),
            &columns,
            &Zone::utc(),
            how,
        )
    }

    #[test]
    fn text_stands_in_columns_and_what_is_absent_is_a_dash() {
        let expected = "PID      RSS  Read/s  Command\n  7  1.5 KiB       —  =sum(1,2) 한글\n";
        assert_eq!(copied(CopyAs::Text), expected);
    }

    #[test]
    fn csv_has_plain_numbers_nothing_for_what_is_absent_and_no_formulas() {
        let expected = "pid,rss_bytes,read_bytes_per_second,command\n7,1536,,\"'=sum(1,2) 한글\"\n";
        assert_eq!(copied(CopyAs::Csv), expected);
    }
}
