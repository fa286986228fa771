//! Which processes are shown: words, and conditions on columns.
//!
//! `nginx worker` are words that must both occur in the pid, user, name or command line.
//! `state:D`, `cpu>10`, `rss>=500M`, `age<5m`, `user:www-data,nobody` are conditions; `is:new`,
//! `is:gone`, `is:changed`, `is:kernel` ask what became of it. They are joined with blanks for
//! *and*, `or`, `not` or a leading `-`, and brackets. What is absent meets no condition: nothing
//! is known of it. [`parse()`] makes a [`Filter`] of a text, [`complete()`] what could come next.

mod complete;
mod condition;
mod parse;

use crate::processes::column::Column;
use crate::processes::seen::{Mark, Seen};
use crate::processes::value::Value;
use afterimage_format::process::Pid;
use afterimage_format::reading::Reading;
pub use complete::{Completion, complete};
pub use parse::{FilterError, parse};
use std::cmp::Ordering;

/// Which processes are shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these hold; with none, every process is shown.
    All(Vec<Self>),
    /// One of these holds.
    Any(Vec<Self>),
    /// This does not hold. It does not hold either for what is absent.
    Not(Box<Self>),
    /// The text occurs in the pid, the user, the name or the command line; in lower case.
    Word(String),
    /// A column is so.
    Is(Column, Test),
    /// It is so.
    Quality(Quality),
}

impl Default for Filter {
    fn default() -> Self {
        Self::All(vec![])
    }
}

/// What a column is held against.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A number, in the base unit of the column's kind.
    Number(Comparison, f64),
    /// The text occurs in it; in lower case.
    Contains(String),
    /// It is this text; in lower case.
    Equals(String),
}

/// How numbers are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// What a process can be, apart from its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// It began since the moment that is compared with.
    New,
    /// It is there no more.
    Gone,
    /// Something of it is different.
    Changed,
    /// It is a thread of the kernel.
    Kernel,
}

impl Quality {
    /// Every quality with the word for it.
    pub const ALL: [(&'static str, Self); 4] = [
        ("new", Self::New),
        ("gone", Self::Gone),
        ("changed", Self::Changed),
        ("kernel", Self::Kernel),
    ];
}

impl Filter {
    /// Whether a process is shown.
    pub fn matches(&self, seen: &Seen<'_>) -> bool {
        self.holds(seen) == Some(true)
    }

    /// Whether it holds; `None` when that cannot be known.
    fn holds(&self, seen: &Seen<'_>) -> Option<bool> {
        match self {
            Self::All(parts) => parts
                .iter()
                .try_fold(true, |all, part| {
                    // What does not hold decides, also next to what is not known.
                    Some(part.holds(seen)? && all)
                })
                .or_else(|| {
                    parts
                        .iter()
                        .any(|part| part.holds(seen) == Some(false))
                        .then_some(false)
                }),
            Self::Any(parts) => {
                let held: Vec<_> = parts.iter().map(|part| part.holds(seen)).collect();
                if held.contains(&Some(true)) {
                    Some(true)
                } else if held.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            Self::Not(part) => part.holds(seen).map(|holds| !holds),
            Self::Word(word) => Some(has_word(seen, word)),
            Self::Is(column, test) => test.holds(seen.value(*column)),
            Self::Quality(quality) => Some(quality.holds(seen)),
        }
    }

    /// Whether it shows everything.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }
}

impl Test {
    fn holds(&self, value: Reading<Value<'_>>) -> Option<bool> {
        match (self, value.ok()?) {
            (Self::Number(comparison, wanted), Value::Number(number)) => {
                Some(comparison.holds(number.partial_cmp(wanted)?))
            }
            (Self::Contains(text), Value::Text(value)) => Some(contains(&value, text)),
            (Self::Equals(text), Value::Text(value)) => Some(value.to_lowercase() == *text),
            _ => None,
        }
    }
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Equal => ordering.is_eq(),
            Self::AtLeast => ordering.is_ge(),
            Self::More => ordering.is_gt(),
        }
    }
}

impl Quality {
    fn holds(self, seen: &Seen<'_>) -> bool {
        match self {
            Self::New => seen.mark == Mark::Born,
            Self::Gone => seen.mark == Mark::Gone,
            Self::Changed => {
                let differs = |column| seen.before(column).is_some();
                seen.mark == Mark::Stayed && Column::ALL.into_iter().any(differs)
            }
            // Kernel threads are children of `kthreadd`, which is 2; older captures lack the flag.
            Self::Kernel => seen
                .row
                .kernel_thread
                .unwrap_or(seen.row.ppid == Ok(Pid(2))),
        }
    }
}

fn has_word(seen: &Seen<'_>, word: &str) -> bool {
    let row = seen.row;
    row.key.pid.0.to_string().contains(word)
        || row.user.as_deref().is_ok_and(|user| contains(user, word))
        || contains(&row.comm, word)
        || contains(&row.title(), word)
}

/// Whether `word`, in lower case, occurs in a text of any case.
fn contains(text: &str, word: &str) -> bool {
    if text.is_ascii() && word.is_ascii() {
        let (text, word) = (text.as_bytes(), word.as_bytes());
        return word.is_empty()
            || text
                .windows(word.len())
                .any(|part| part.eq_ignore_ascii_case(word));
    }
    text.to_lowercase().contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::row::Row;
    use afterimage_format::process::ProcessKey;
    use afterimage_format::reading::Missing;
    use afterimage_format::units::{Bytes, Ticks};
    use proptest::prelude::*;
    use std::time::Duration;

    fn row() -> Row {
        let key = ProcessKey {
            pid: Pid(1180),
            started: Ticks(1),
        };
        Row {
            state: Ok('D'),
            user: Ok("www-data".to_owned()),
            cpu_percent: Ok(12.5),
            rss: Ok(Bytes(600 << 20)),
            age: Ok(Duration::from_mins(3)),
            read_per_second: Err(Missing::PermissionDenied),
            comm: "java".to_owned(),
            command: Ok("/usr/bin/Java -jar 상점.jar".to_owned()),
            ..Row::unknown(key)
        }
    }

    fn shows(filter: &str) -> bool {
        let row = row();
        let seen = Seen {
            row: &row,
            was: None,
            mark: Mark::Born,
            is_compared: false,
        };
        parse(filter).unwrap().matches(&seen)
    }

    #[test]
    fn conditions_are_held_against_the_columns_in_their_units() {
        for filter in [
            "",
            "state:D",
            "state:blocked",
            "state:R,D",
            "cpu>10",
            "cpu<=12.5%",
            "rss>500M",
            "rss>=0.5G",
            "age<5m",
            "user:www-data",
            "user:nobody,www",
            "user=www-data",
            "mem>1M cpu>1",
            "is:new",
            "command:상점",
            "-state:R",
            "state!=R",
            "not is:gone",
            "(cpu>90 or rss>500M) java",
        ] {
            assert!(shows(filter), "{filter}");
        }
        for filter in [
            "state:R",
            "cpu>12.5",
            "rss<500M",
            "age>=5m",
            "user=www",
            "cpu>10 state:S",
            "-java",
            "is:gone",
            "not (cpu>10)",
            "cpu>90 or rss<1M",
        ] {
            assert!(!shows(filter), "{filter}");
        }
    }

    #[test]
    fn words_are_looked_for_without_regard_to_case() {
        assert!(shows("JAVA 1180") && shows("상점") && shows("\"-jar 상\""));
        assert!(!shows("nginx"));
    }

    #[test]
    fn what_is_absent_meets_no_condition_and_not_its_opposite_either() {
        for filter in ["read>0", "read<=0", "not read>0", "read!=5"] {
            assert!(!shows(filter), "{filter}");
        }
        assert!(shows("read>0 or cpu>1"));
        assert!(!shows("not (read>0 or cpu>1)"));
        assert!(shows("not (read>0 cpu>90)"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            drop(parse(&text));
            drop(complete(&text, |_| vec![]));
        }

        #[test]
        fn no_expression_panics(text in "[a-z:<>=!()\" ,.0-9-]{0,40}") {
            if let Ok(filter) = parse(&text) {
                let row = row();
                let seen = Seen { row: &row, was: None, mark: Mark::Stayed, is_compared: true };
                let _shown = filter.matches(&seen);
            }
        }
    }
}
