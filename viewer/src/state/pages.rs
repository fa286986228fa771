//! The pages of the machine and the kernel log as text and as CSV.
//!
//! As with the process table, text is written as it is shown, and CSV has plain numbers in the
//! units that its header names, and nothing at all where a number is absent.

use crate::data::LogEntry;
use crate::display::{self, figure};
use crate::state::log::LogView;
use crate::state::table::export::CopyAs;
use crate::state::tabs::Tab;
use afterimage_analysis::escape::csv_field;
use afterimage_analysis::machine::{Column, Pages, Sheet, Value};
use afterimage_analysis::zone::Zone;
use std::fmt::Write as _;

/// The sheets of a page, one under the other.
pub fn export(pages: &Pages, tab: Tab, how: CopyAs) -> String {
    let sheets: &[&Sheet] = match tab {
        Tab::Processes | Tab::Sockets | Tab::Waits | Tab::Log | Tab::Load | Tab::Threads => &[],
        Tab::Cpu => &[&pages.tasks, &pages.cpus],
        Tab::Memory => &[&pages.memory, &pages.parts, &pages.paging, &pages.lines],
        Tab::Disks => &[&pages.disks],
        Tab::Network => &[&pages.networks],
        Tab::Pressure => &[&pages.pressure],
    };
    let written = sheets.iter().map(|sheet| match how {
        CopyAs::Text => text(sheet),
        CopyAs::Csv => csv(sheet),
    });
    written.collect::<Vec<_>>().join("\n")
}

/// Whether its only row has no name: then each number has a line of its own.
fn is_single(sheet: &Sheet) -> bool {
    matches!(sheet.rows.as_slice(), [row] if row.name.is_empty())
}

fn shown(column: &Column, value: Value) -> String {
    value.map_or_else(
        |_absent| display::ABSENT.to_owned(),
        |value| figure::figure(column.measure, value).join(),
    )
}

fn text(sheet: &Sheet) -> String {
    let rows: Vec<Vec<String>> = if is_single(sheet) {
        let figures = sheet.figures();
        figures
            .map(|(column, value)| {
                let unit = figure::unit(column.measure);
                let value = format!("{} {unit}", shown(column, value));
                vec![column.heading.to_owned(), value.trim_end().to_owned()]
            })
            .collect()
    } else {
        let headings = sheet.columns.iter().map(|column| column.heading.to_owned());
        let mut rows = vec![[String::new()].into_iter().chain(headings).collect()];
        rows.extend(sheet.rows.iter().map(|row| {
            let values = sheet.columns.iter().zip(&row.values);
            let values = values.map(|(column, value)| shown(column, *value));
            let name = display::escape::escaped(&row.name);
            [name].into_iter().chain(values).collect::<Vec<_>>()
        }));
        rows
    };
    in_columns(&rows)
}

/// The first column to the left, the others to the right.
fn in_columns(rows: &[Vec<String>]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (place, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Writing to a `String` cannot fail.
            let _infallible = match place {
                0 => write!(line, "{cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

fn csv(sheet: &Sheet) -> String {
    let plain =
        |value: &Value| value.map_or_else(|_absent| String::new(), |value| value.to_string());
    let mut out = String::new();
    if is_single(sheet) {
        for (column, value) in sheet.figures() {
            let _infallible = writeln!(out, "{},{}", column.key, plain(&value));
        }
        return out;
    }
    let keys = sheet.columns.iter().map(|column| column.key);
    let keys: Vec<&str> = ["name"].into_iter().chain(keys).collect();
    out += &keys.join(",");
    out.push('\n');
    for row in &sheet.rows {
        let name = csv_field(row.name.as_bytes());
        let cells: Vec<String> = [name]
            .into_iter()
            .chain(row.values.iter().map(plain))
            .collect();
        out += &cells.join(",");
        out.push('\n');
    }
    out
}

/// The lines of the kernel log that are shown.
pub fn export_log(view: &LogView, log: &[LogEntry], zone: &Zone, how: CopyAs) -> String {
    let mut out = match how {
        CopyAs::Text => String::new(),
        CopyAs::Csv => "at,severity,text\n".to_owned(),
    };
    let lines = view.lines.iter().filter_map(|line| log.get(*line as usize));
    for entry in lines {
        let (at, severity) = (zone.rfc3339(entry.at), display::severity(entry.severity));
        // Writing to a `String` cannot fail.
        let _infallible = match how {
            CopyAs::Text => writeln!(out, "{at} {severity:<9} {}", entry.text),
            CopyAs::Csv => {
                let text = csv_field(entry.text.as_bytes());
                writeln!(out, "{at},{severity},{text}")
            }
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_analysis::machine::{Absent, Measure, Row};
    use afterimage_format::time::WallTime;

    const COLUMNS: [Column; 2] = [
        Column {
            key: "r_per_second",
            heading: "r/s",
            measure: Measure::PerSecond,
        },
        Column {
            key: "size_bytes",
            heading: "size",
            measure: Measure::Bytes,
        },
    ];

    fn pages(name: &str) -> Pages {
        let row = Row {
            name: name.into(),
            values: vec![Ok(12.25), Err(Absent::NoStep)],
        };
        let sheet = Sheet {
            columns: &COLUMNS,
            rows: vec![row],
        };
        Pages {
            disks: sheet,
            ..Pages::default()
        }
    }

    #[test]
    fn text_stands_in_columns_and_csv_has_nothing_where_a_number_is_absent() {
        let copied = |how| export(&pages("vda"), Tab::Disks, how);
        assert_eq!(copied(CopyAs::Text), "      r/s  size\nvda  12.2     —\n");
        assert_eq!(
            copied(CopyAs::Csv),
            "name,r_per_second,size_bytes\nvda,12.25,\n"
        );
    }

    #[test]
    fn numbers_without_rows_have_a_line_each() {
        let copied = |how| export(&pages(""), Tab::Disks, how);
        assert_eq!(copied(CopyAs::Text), "r/s   12.2 /s\nsize        —\n");
        assert_eq!(copied(CopyAs::Csv), "r_per_second,12.25\nsize_bytes,\n");
    }

    #[test]
    fn the_log_is_copied_with_words_for_severities_and_no_formulas() {
        let log = [LogEntry::new(WallTime(0), 3, "=1+1, error".to_owned())];
        let mut view = LogView::default();
        view.arrange(&log);
        let copied = |how| export_log(&view, &log, &Zone::utc(), how);
        let expected = "1970-01-01T00:00:00.000+00:00 error     =1+1, error\n";
        assert_eq!(copied(CopyAs::Text), expected);
        let expected = "at,severity,text\n1970-01-01T00:00:00.000+00:00,error,\"'=1+1, error\"\n";
        assert_eq!(copied(CopyAs::Csv), expected);
    }
}
