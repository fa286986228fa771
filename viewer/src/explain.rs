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

/// What a number of the machine's pages means, or a row of one: `disk` and `r_await_ms`.
pub fn figure(page: &str, key: &str) -> Option<&'static Entry> {
    BOOK.get(&format!("{page}.{key}"))
}

/// What something means, by its whole name: `protocol.Tcp.RetransSegs`.
pub fn named(name: &str) -> Option<&'static Entry> {
    BOOK.get(name)
}

/// What a curve beside those of a process means.
pub fn page(name: &str) -> Option<&'static Entry> {
    BOOK.get(&format!("page.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_analysis::machine::pressure;
    use std::collections::BTreeSet;

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

    /// The columns of the machine's pages, by the name they are explained under.
    fn pages() -> Vec<(
        &'static str,
        &'static [afterimage_analysis::machine::Column],
    )> {
        use afterimage_analysis::machine::{cpu, disks, memory, network, pressure};
        vec![
            ("cpu", &cpu::CPUS),
            ("tasks", &cpu::TASKS),
            ("memory", &memory::FREE),
            ("parts", &memory::PARTS),
            ("meminfo", &memory::LINES),
            ("paging", &memory::PAGING),
            ("disk", &disks::COLUMNS),
            ("network", &network::COLUMNS),
            ("pressure", &pressure::COLUMNS),
        ]
    }

    #[test]
    fn every_number_of_the_machine_is_explained_and_nothing_else() {
        let mut rows = vec!["cpu.all".to_owned()];
        rows.extend(pressure::ORDER.map(|row| format!("pressure.{}", row.replace(' ', "-"))));
        for (page, columns) in pages() {
            for column in columns {
                let entry = figure(page, column.key);
                assert!(entry.is_some(), "{page}.{}", column.key);
            }
            let own = BOOK
                .keys()
                .filter(|name| name.starts_with(&format!("{page}.")));
            for name in own.filter(|name| !rows.contains(name)) {
                let key = &name[page.len() + 1..];
                assert!(columns.iter().any(|column| column.key == key), "{name}");
            }
        }
        for row in rows {
            assert!(BOOK.contains_key(&row), "{row}");
        }
    }

    #[test]
    fn every_list_its_columns_and_what_stands_in_its_lines_is_explained_and_nothing_else() {
        use afterimage_analysis::lists::{self, ListId};
        let columns = ListId::ALL.iter().flat_map(|id| {
            let columns = id.columns().iter();
            columns.map(|column| format!("{}.{}", id.key(), column.key))
        });
        let titles = ListId::ALL.iter().map(|id| format!("list.{}", id.key()));
        let lines = lists::meanings().map(str::to_owned);
        let all: BTreeSet<String> = columns.chain(titles).chain(lines).collect();
        for name in &all {
            assert!(named(name).is_some(), "{name}");
        }
        let kinds: BTreeSet<&str> = all
            .iter()
            .filter_map(|name| name.split('.').next())
            .collect();
        for name in BOOK.keys() {
            let kind = name.split('.').next().unwrap_or_default();
            assert!(!kinds.contains(kind) || all.contains(name), "{name}");
        }
    }

    #[test]
    fn nothing_is_explained_that_is_not_there() {
        for name in BOOK.keys().filter_map(|name| name.strip_prefix("column.")) {
            assert!(Column::named(name).is_some(), "{name}");
        }
    }
}
