//! What a cell of the process table holds, and which of two comes first.

use afterimage_format::reading::Reading;
use std::borrow::Cow;
use std::cmp::Ordering;

/// One value. The column says what a number counts.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A number in the base unit of its column's kind.
    Number(f64),
    /// Text.
    Text(Cow<'a, str>),
}

impl Value<'_> {
    /// The number, when it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }

    /// In order: numbers by size, text without regard to case.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => {
                fn lower(text: &str) -> impl Iterator<Item = char> {
                    text.chars().flat_map(char::to_lowercase)
                }
                lower(one).cmp(lower(other))
            }
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

/// Which of two values comes first. What is absent goes last whichever way they are sorted: it
/// is not the smallest value. What is no number (`NaN`) counts as absent.
pub fn order(left: &Reading<Value<'_>>, right: &Reading<Value<'_>>, descending: bool) -> Ordering {
    let known = |reading: &Reading<Value<'_>>| match reading {
        Ok(Value::Number(number)) => !number.is_nan(),
        Ok(Value::Text(_)) => true,
        Err(_) => false,
    };
    match (known(left), known(right), left, right) {
        (true, true, Ok(left), Ok(right)) => {
            let order = left.compare(right);
            if descending { order.reverse() } else { order }
        }
        (left, right, ..) => right.cmp(&left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::reading::Missing;

    #[test]
    fn what_is_absent_goes_last_whichever_way_it_is_sorted() {
        let number = |number| Ok(Value::Number(number));
        let absent = || Err(Missing::PermissionDenied);
        for descending in [false, true] {
            assert_eq!(order(&number(0.0), &absent(), descending), Ordering::Less);
            assert_eq!(
                order(&absent(), &number(0.0), descending),
                Ordering::Greater
            );
            assert_eq!(
                order(&number(1.0), &number(f64::NAN), descending),
                Ordering::Less
            );
            assert_eq!(
                order(&absent(), &number(f64::NAN), descending),
                Ordering::Equal
            );
        }
        assert_eq!(order(&number(1.0), &number(2.0), true), Ordering::Greater);
    }

    #[test]
    fn text_is_sorted_without_regard_to_case() {
        let text = |text: &'static str| Ok(Value::Text(text.into()));
        assert_eq!(
            order(&text("Älter"), &text("ältest"), false),
            Ordering::Less
        );
        assert_eq!(
            order(&text("Nginx"), &text("nginx"), false),
            Ordering::Equal
        );
    }
}
