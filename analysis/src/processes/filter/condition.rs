//! A condition on a column: what its value is held against, in the units of the column.

use super::parse::{FilterError, wrong};
use super::{Comparison, Filter, Test};
use crate::amount::{HumanBytes, HumanDuration, Percent};
use crate::processes::column::{Column, Kind};

/// What to say of a column that there is not.
pub(super) fn unknown(name: &str, text: &str) -> String {
    let near = Column::ALL
        .into_iter()
        .map(|column| (distance(name, column.key()), column.key()))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let meant = near.map_or(String::new(), |(_, key)| format!(" Did you mean `{key}`?"));
    format!(
        "there is no column `{name}`.{meant} To look for the text itself, write it in quotes: \"{text}\""
    )
}

/// How many letters must be added, left out or changed.
fn distance(one: &str, other: &str) -> usize {
    if one.len() > 24 {
        return usize::MAX;
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.to_ascii_lowercase().chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = corner + usize::from(a != *b);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[other.len()]
}

/// A condition on a column.
pub(super) fn condition(
    column: Column,
    operator: &str,
    value: &str,
) -> Result<Filter, FilterError> {
    if value.is_empty() {
        return wrong(format!(
            "`{}{operator}` needs a value, as in `{}`",
            column.key(),
            example(column)
        ));
    }
    if operator == "!=" {
        return Ok(Filter::Not(Box::new(condition(column, "=", value)?)));
    }
    // `a,b` is either of them; one alone needs no list.
    let mut parts = value
        .split(',')
        .filter(|part| !part.is_empty())
        .map(|part| Ok(Filter::Is(column, test(column, operator, part)?)))
        .collect::<Result<Vec<_>, FilterError>>()?;
    Ok(match parts.len() {
        0 => {
            return wrong(format!(
                "`{}{operator}` needs a value, as in `{}`",
                column.key(),
                example(column)
            ));
        }
        1 => parts.remove(0),
        _ => Filter::Any(parts),
    })
}

fn test(column: Column, operator: &str, value: &str) -> Result<Test, FilterError> {
    let comparison = match operator {
        ">" => Comparison::More,
        ">=" => Comparison::AtLeast,
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        _ => Comparison::Equal,
    };
    if column.is_numeric() {
        return Ok(Test::Number(comparison, number(column, value)?));
    }
    if !matches!(operator, ":" | "=") {
        return wrong(format!(
            "`{}` is text: write `{}`",
            column.key(),
            example(column)
        ));
    }
    if column.kind() == Kind::State {
        return state(value).map(Test::Equals);
    }
    let value = value.to_lowercase();
    Ok(if operator == "=" {
        Test::Equals(value)
    } else {
        Test::Contains(value)
    })
}

fn number(column: Column, value: &str) -> Result<f64, FilterError> {
    let (sign, amount) = match value.strip_prefix('-') {
        Some(amount) => (-1.0, amount),
        None => (1.0, value.strip_prefix('+').unwrap_or(value)),
    };
    let amount = amount.strip_suffix("/s").unwrap_or(amount);
    let read = match column.kind() {
        Kind::Percent => amount.parse::<Percent>().map(|percent| percent.0),
        Kind::Bytes | Kind::ByteRate => amount.parse::<HumanBytes>().map(|size| size.0.0 as f64),
        Kind::Duration => amount
            .parse::<HumanDuration>()
            .map(|time| time.0.as_secs_f64()),
        Kind::Instant => {
            return wrong("`started` cannot be compared: use the age instead, as in `age<5m`");
        }
        Kind::Count | Kind::Rate | Kind::Text | Kind::State => {
            let plain =
                !amount.is_empty() && amount.chars().all(|c| c.is_ascii_digit() || c == '.');
            let number = amount.parse::<f64>().ok().filter(|_| plain);
            return number.map(|number| sign * number).ok_or_else(|| {
                FilterError(format!(
                    "`{value}` is not a number: write `{}`",
                    example(column)
                ))
            });
        }
    };
    read.map(|number| sign * number)
        .map_err(|error| FilterError(format!("{error}; for example `{}`", example(column))))
}

/// A state by its letter or by our word for it.
fn state(value: &str) -> Result<String, FilterError> {
    const WORDS: [(&str, &str); 9] = [
        ("runnable", "r"),
        ("running", "r"),
        ("sleeping", "s"),
        ("blocked", "d"),
        ("idle", "i"),
        ("zombie", "z"),
        ("stopped", "t"),
        ("dead", "x"),
        ("parked", "p"),
    ];
    let value = value.to_lowercase();
    let word = WORDS.iter().find(|(word, _)| *word == value);
    match (word, value.chars().count()) {
        (Some((_, letter)), _) => Ok((*letter).to_owned()),
        (None, 1) => Ok(value),
        _ => wrong(format!(
            "`{value}` is no state: write R (runnable), S (sleeping), D (blocked), I (idle), Z (zombie) or T (stopped)"
        )),
    }
}

/// A condition on a column, as one could write it.
pub(super) fn example(column: Column) -> String {
    let key = column.key();
    let rest = match column.kind() {
        Kind::State => ":D",
        Kind::Percent => ">10",
        Kind::Bytes => ">500M",
        Kind::ByteRate => ">1M",
        Kind::Rate => ">1000",
        Kind::Duration => "<5m",
        Kind::Count => ">1",
        Kind::Instant => "",
        Kind::Text => match column {
            Column::User => ":www-data",
            Column::Cgroup => ":docker",
            Column::Policy => ":batch",
            Column::Tty => ":pts",
            _ => ":text",
        },
    };
    format!("{key}{rest}")
}
