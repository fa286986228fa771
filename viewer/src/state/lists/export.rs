//! The lists of a page as text and as CSV, in the order in which they are shown.

use crate::display::{self, escape::escaped, figure};
use crate::state::lists::{ListView, Lists};
use crate::state::table::export::CopyAs;
use crate::state::tabs::Tab;
use afterimage_analysis::escape::csv_field;
use afterimage_analysis::lists::{Column, Field, List};

/// The lists, one under the other.
pub(crate) fn export(lists: &Lists, tab: Tab, how: CopyAs) -> String {
    let of = tab.things();
    let ids = of.map_or(&[][..], |of| of.lists());
    let known = ids.iter().filter_map(|id| lists.list(of?, *id));
    let written = known
        .filter(|(list, _)| !list.lines.is_empty())
        .map(|(list, view)| one(list, view, how));
    written.collect::<Vec<_>>().join("\n")
}

fn one(list: &List, view: &ListView, how: CopyAs) -> String {
    let head = list.columns.iter().map(|column| match how {
        CopyAs::Text => column.heading,
        CopyAs::Csv => column.key,
    });
    let mut rows: Vec<Vec<String>> = vec![head.map(str::to_owned).collect()];
    let lines = (0..view.lines.len()).filter_map(|place| view.line(list, place));
    rows.extend(lines.map(|line| {
        let fields = list.columns.iter().zip(&line.fields);
        fields
            .map(|(column, field)| cell(column, field, how))
            .collect()
    }));
    let rows = rows.iter();
    match how {
        CopyAs::Csv => rows.map(|row| row.join(",") + "\n").collect(),
        CopyAs::Text => rows.map(|row| row.join("\t") + "\n").collect(),
    }
}

fn cell(column: &Column, field: &Field, how: CopyAs) -> String {
    let measure = column.measure();
    match (field, how) {
        (Field::Text(text), CopyAs::Csv) => csv_field(text.as_bytes()).clone(),
        (Field::Text(text), CopyAs::Text) => escaped(text),
        (Field::Number(number) | Field::AtLeast(number), CopyAs::Csv) => number.to_string(),
        (Field::Number(number), CopyAs::Text) => figure::figure(measure, *number).join(),
        (Field::AtLeast(number), CopyAs::Text) => {
            format!("≥ {}", figure::figure(measure, *number).join())
        }
        (Field::Absent(_), CopyAs::Text) => display::ABSENT.to_owned(),
        (Field::Absent(_) | Field::Empty, _) => String::new(),
    }
}
