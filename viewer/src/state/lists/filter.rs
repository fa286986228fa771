//! The filter of a list: words, and conditions on columns: `state:close-wait`, `recv_q>0`.
//!
//! All of what stands in it must be so. `not:` before a word turns it round.

use afterimage_analysis::amount::{HumanBytes, HumanDuration};
use afterimage_analysis::lists::{Column, Field, Kind, Line};
use afterimage_analysis::machine::Measure;

/// What is asked of a line.
#[derive(Debug, Clone, PartialEq)]
enum Term {
    /// One of its texts has this in it.
    Word(String),
    /// That column's text has this in it, or is this number.
    Has(String, String),
    /// That column's number is like this.
    Than(String, Order, String),
    /// It is not so.
    Not(Box<Term>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    More,
    AtLeast,
    Less,
    AtMost,
}

/// What is asked of every line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter(Vec<Term>);

impl Filter {
    pub(super) fn new(text: &str) -> Self {
        Self(text.split_whitespace().map(Term::new).collect())
    }

    pub(super) fn matches(&self, columns: &[Column], line: &Line) -> bool {
        self.0.iter().all(|term| term.matches(columns, line))
    }
}

impl Term {
    fn new(word: &str) -> Self {
        if let Some(rest) = word.strip_prefix("not:") {
            return Self::Not(Box::new(Self::new(rest)));
        }
        let orders = [
            (">=", Order::AtLeast),
            ("<=", Order::AtMost),
            (">", Order::More),
            ("<", Order::Less),
        ];
        for (sign, order) in orders {
            if let Some((key, number)) = word.split_once(sign)
                && number.starts_with(|first: char| first.is_ascii_digit())
            {
                return Self::Than(key.to_lowercase(), order, number.to_owned());
            }
        }
        match word.split_once(':') {
            Some((key, text)) if !key.is_empty() && !text.is_empty() => {
                Self::Has(key.to_lowercase(), text.to_lowercase())
            }
            _ => Self::Word(word.to_lowercase()),
        }
    }

    fn matches(&self, columns: &[Column], line: &Line) -> bool {
        let named = |key: &str| {
            let place = columns.iter().position(|column| is_named(column, key))?;
            Some((&columns[place], line.fields.get(place)?))
        };
        match self {
            Self::Not(term) => !term.matches(columns, line),
            Self::Word(word) => line.fields.iter().any(|field| has(field, word)),
            Self::Has(key, text) => {
                if let Some((_, field)) = named(key) {
                    return has(field, text);
                }
                // An address has a colon in it, and is no condition.
                let word = format!("{key}:{text}");
                line.fields.iter().any(|field| has(field, &word))
            }
            Self::Than(key, order, than) => {
                let known = named(key)
                    .and_then(|(column, field)| Some((field.number()?, number_of(column, than)?)));
                known.is_some_and(|(number, than)| match order {
                    Order::More => number > than,
                    Order::AtLeast => number >= than,
                    Order::Less => number < than,
                    Order::AtMost => number <= than,
                })
            }
        }
    }
}

/// By its key, or by its heading without what is between its words.
fn is_named(column: &Column, key: &str) -> bool {
    let heading = column.heading.to_lowercase();
    let plain = |c: &char| c.is_alphanumeric();
    let (heading, key_plain): (String, String) = (
        heading.chars().filter(plain).collect(),
        key.chars().filter(plain).collect(),
    );
    column.key == key || (!key_plain.is_empty() && heading == key_plain)
}

fn has(field: &Field, word: &str) -> bool {
    match field {
        Field::Text(text) => text.to_lowercase().contains(word),
        Field::Number(number) | Field::AtLeast(number) => word
            .parse::<f64>()
            .is_ok_and(|word| (word - number).abs() < 1e-9),
        Field::Absent(_) | Field::Empty => false,
    }
}

/// `10`, `1.5`; of an amount `500M`, of a length of time `5m`.
fn number_of(column: &Column, text: &str) -> Option<f64> {
    let amount = || match column.kind {
        Kind::Figure(Measure::Bytes) => Some(text.parse::<HumanBytes>().ok()?.0.0 as f64),
        Kind::Figure(Measure::Seconds) => {
            let length = text.parse::<HumanDuration>().ok()?;
            Some(length.0.as_secs_f64())
        }
        _ => None,
    };
    text.trim_end_matches('%').parse().ok().or_else(amount)
}
