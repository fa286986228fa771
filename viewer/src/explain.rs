//! What every column, state and curve means, out of one data file.
//!
//! The words are in `data/explain.toml`, so that whoever improves them need not read code.

use crate::data::SeriesId;
use afterimage_analysis::processes::Column;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use toml::Table;

/// What one thing means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub what: String,
    /// Which kernel file and field it comes from.
    pub source: String,
    /// What a high value means, or what else one should know.
    pub high: String,
}

/// By kind and name: `column.rss`.
type Book = BTreeMap<String, Entry>;

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    let text = include_str!("../data/explain.toml");
    read(text).expect("a test reads the file that is built in")
});

fn read(text: &str) -> Option<Book> {
    let kinds: Table = text.parse().ok()?;
    let mut book = Book::new();
    for (kind, entries) in &kinds {
        for (name, entry) in entries.as_table()? {
            let words = |key| Some(entry.get(key)?.as_str()?.to_owned());
            let entry = Entry {
                what: words("what")?,
                source: words("source")?,
                high: words("high")?,
            };
            book.insert(format!("{kind}.{name}"), entry);
        }
    }
    Some(book)
}

/// What a column means.
pub fn column(column: Column) -> Option<&'static Entry> {
    BOOK.get(&format!("column.{}", column.key()))
}

/// What the letter of a state means; `None` for a letter that no kernel we know uses.
pub fn state(letter: char) -> Option<&'static Entry> {
    BOOK.get(&format!("state.{letter}"))
}

/// What a curve of the machine means.
pub fn series(id: SeriesId) -> Option<&'static Entry> {
    BOOK.get(&format!("series.{id:?}"))
}

/// What a curve beside those of a process means.
pub fn page(name: &str) -> Option<&'static Entry> {
    BOOK.get(&format!("page.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_state_and_curve_is_explained_in_sentences() {
        for of in Column::ALL {
            assert!(column(of).is_some(), "column {}", of.key());
        }
        for letter in "RSDIZTtXP".chars() {
            assert!(state(letter).is_some(), "state {letter}");
        }
        for id in SeriesId::ALL {
            assert!(series(id).is_some(), "series {id:?}");
        }
        for (name, entry) in BOOK.iter() {
            for words in [&entry.what, &entry.high] {
                assert!(words.ends_with('.') && words.len() < 240, "{name}: {words}");
            }
            assert!(!entry.source.is_empty(), "{name}");
        }
    }

    #[test]
    fn nothing_is_explained_that_is_not_there() {
        for name in BOOK.keys().filter_map(|name| name.strip_prefix("column.")) {
            assert!(Column::named(name).is_some(), "{name}");
        }
    }
}
