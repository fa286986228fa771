//! What could come next while a filter is typed.

use super::condition::example;
use super::{Column, Quality};
use crate::processes::column::Kind;

/// The most that are offered at once.
const MOST: usize = 8;

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The whole text with it.
    pub text: String,
    /// What is added, as it is offered.
    pub shown: String,
    /// The column it is about.
    pub column: Option<Column>,
}

/// What could come next, best first. `values` gives what a column of text holds at the moment,
/// most frequent first.
pub fn complete(text: &str, values: impl Fn(Column) -> Vec<String>) -> Vec<Completion> {
    if text.matches('"').count() % 2 == 1 {
        return vec![];
    }
    let start = text
        .rfind(|c: char| c.is_whitespace() || c == '(')
        .map_or(0, |at| at + 1);
    // A blank may be wider than a byte.
    let start = (start..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    let (before, last) = text.split_at(start);
    let (minus, last) = match last.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", last),
    };
    let offered = match last.find([':', '=']) {
        Some(at) => of_value(&last[..at], &last[at..=at], &last[at + 1..], values),
        None if last.is_empty() || last.contains(['<', '>', '!']) => vec![],
        None => of_name(last),
    };
    let whole = |(shown, column): (String, Option<Column>)| Completion {
        text: format!("{before}{minus}{shown}"),
        shown,
        column,
    };
    offered.into_iter().take(MOST).map(whole).collect()
}

/// Columns and qualities whose name begins like this, then those that have it in them.
fn of_name(typed: &str) -> Vec<(String, Option<Column>)> {
    let typed = typed.to_ascii_lowercase();
    let columns = || {
        Column::ALL
            .into_iter()
            .filter(|column| column.changes_of().is_none() && column.kind() != Kind::Instant)
    };
    let begins = columns().filter(|column| column.key().starts_with(&typed));
    let named = columns().filter(|column| {
        let titled = column.title().to_ascii_lowercase().contains(&typed);
        !column.key().starts_with(&typed) && (titled || Column::named(&typed) == Some(*column))
    });
    let qualities = Quality::ALL.map(|(word, _)| (format!("is:{word}"), None));
    let qualities = qualities.into_iter().filter(|_| "is".starts_with(&typed));
    let columns = begins.chain(named);
    qualities
        .chain(columns.map(|column| (example(column), Some(column))))
        .collect()
}

/// Values of a column that go on like this.
fn of_value(
    name: &str,
    operator: &str,
    typed: &str,
    values: impl Fn(Column) -> Vec<String>,
) -> Vec<(String, Option<Column>)> {
    if name == "is" {
        let words = Quality::ALL.into_iter().map(|(word, _)| word);
        let fitting = words.filter(|word| word.starts_with(typed) && *word != typed);
        return fitting.map(|word| (format!("is:{word}"), None)).collect();
    }
    let Some(column) = Column::named(name).filter(|column| !column.is_numeric()) else {
        return vec![];
    };
    let (listed, typed) = match typed.rfind(',') {
        Some(at) => typed.split_at(at + 1),
        None => ("", typed),
    };
    let low = typed.to_lowercase();
    let fitting = values(column).into_iter().filter(|value| {
        let value = value.to_lowercase();
        value.starts_with(&low) && value != low
    });
    let quoted = |value: String| {
        if value.contains(|c: char| c.is_whitespace() || "()".contains(c)) && listed.is_empty() {
            format!("\"{}\"", value.replace('"', ""))
        } else {
            value
        }
    };
    fitting
        .map(|value| {
            (
                format!("{name}{operator}{listed}{}", quoted(value)),
                Some(column),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let values = |column| match column {
            Column::User => vec![
                "root".to_owned(),
                "www-data".to_owned(),
                "Root 2".to_owned(),
            ],
            _ => vec![],
        };
        let offered = complete(text, values);
        offered
            .into_iter()
            .map(|completion| completion.text)
            .collect()
    }

    #[test]
    fn the_beginning_of_a_column_is_completed_with_an_example() {
        assert_eq!(shown("rs")[0], "rss>500M");
        assert_eq!(shown("state:D cp")[0], "state:D cpu>10");
        assert_eq!(shown("mem")[0], "rss>500M");
        assert!(shown("i").contains(&"is:new".to_owned()));
    }

    #[test]
    fn what_a_column_holds_is_offered_behind_its_name() {
        assert_eq!(shown("user:r"), ["user:root", "user:\"Root 2\""]);
        assert_eq!(shown("-user:root,w"), ["-user:root,www-data"]);
        assert_eq!(shown("user:root,www-data"), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_offered_where_nothing_fits() {
        for text in ["", "cpu>1", "\"rs", "nonsense", "a "] {
            assert_eq!(shown(text), Vec::<String>::new(), "{text}");
        }
    }
}
