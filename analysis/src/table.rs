//! A table before it is printed: columns with their names, cells with their types.

use std::cmp::Ordering;

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in JSON and CSV: lower case, with its unit.
    pub key: &'static str,
    /// Its name in a table for people: as the tool they know has it.
    pub heading: &'static str,
    /// Whether its cells are numbers and stand to the right.
    pub is_number: bool,
}

impl Column {
    /// A column of numbers.
    pub const fn number(key: &'static str, heading: &'static str) -> Self {
        Self {
            key,
            heading,
            is_number: true,
        }
    }

    /// A column of text.
    pub const fn text(key: &'static str, heading: &'static str) -> Self {
        Self {
            key,
            heading,
            is_number: false,
        }
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// There is no value: never printed as 0.
    Absent,
    /// A whole number.
    Integer(i64),
    /// A number, with the decimals that are shown to people.
    Real(f64, usize),
    /// An amount that people are shown in another unit: its value, and that unit's size.
    Scaled(f64, f64),
    /// Text out of a capture: not safe to print as it is.
    Text(Box<[u8]>),
    /// Text of ours.
    Word(String),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// A number that may be absent.
    pub fn integer(value: Option<impl TryInto<i64>>) -> Self {
        let value = value.and_then(|value| value.try_into().ok());
        value.map_or(Self::Absent, Self::Integer)
    }

    /// A number with decimals that may be absent.
    pub fn real(value: Option<f64>, decimals: usize) -> Self {
        value
            .filter(|value| value.is_finite())
            .map_or(Self::Absent, |value| Self::Real(value, decimals))
    }

    /// An amount that people are shown in another unit.
    pub fn scaled(value: Option<f64>, unit: f64) -> Self {
        value
            .filter(|value| value.is_finite())
            .map_or(Self::Absent, |value| Self::Scaled(value, unit))
    }

    /// The order of lists: numbers with the largest first, text from A to Z, what is absent last.
    pub fn order(&self, other: &Self) -> Ordering {
        let number = |cell: &Self| match cell {
            Self::Integer(value) => Some(*value as f64),
            Self::Real(value, _) | Self::Scaled(value, _) => Some(*value),
            _ => None,
        };
        match (self, other) {
            (Self::Absent, Self::Absent) => Ordering::Equal,
            (Self::Absent, _) => Ordering::Greater,
            (_, Self::Absent) => Ordering::Less,
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            (a, b) => {
                let ordered = number(b).partial_cmp(&number(a));
                ordered.unwrap_or(Ordering::Equal)
            }
        }
    }

    /// Text out of a capture that may be absent.
    pub fn text(value: Option<&[u8]>) -> Self {
        value.map_or(Self::Absent, |text| Self::Text(text.into()))
    }
}

/// Columns and rows of cells.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Only the columns of these keys, in this order; the first that there is not is the error.
    pub fn select<'a>(&self, keys: &[&'a str]) -> Result<Self, &'a str> {
        let place = |key: &&'a str| {
            self.columns
                .iter()
                .position(|column| column.key == *key || column.heading.eq_ignore_ascii_case(key))
                .ok_or(*key)
        };
        let places = keys.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let rows = self
            .rows
            .iter()
            .map(|row| places.iter().map(|&place| row[place].clone()).collect());
        Ok(Self {
            columns: places.iter().map(|&place| self.columns[place]).collect(),
            rows: rows.collect(),
        })
    }
}
