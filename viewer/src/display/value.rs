//! A value of the process table as people read it: a number and its unit apart, so that numbers
//! stand under each other whatever their units are.

use super::{bytes, escape::escaped, state};
use afterimage_analysis::processes::{Column, Kind, Value};
use afterimage_analysis::zone::Zone;
use afterimage_format::time::WallTime;
use afterimage_format::units::Bytes;

/// A value as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// The number, or the text.
    pub number: String,
    /// What it counts; may be empty.
    pub unit: String,
}

impl Written {
    /// Both, as one reads them.
    pub fn join(&self) -> String {
        if self.unit.is_empty() {
            return self.number.clone();
        }
        format!("{} {}", self.number, self.unit)
    }

    fn plain(number: String) -> Self {
        Self {
            number,
            unit: String::new(),
        }
    }
}

/// What stands in a column, written out. An instant is written with its day when it needs one.
pub fn value(column: Column, value: &Value<'_>, zone: &Zone) -> Written {
    let number = match value {
        Value::Text(text) if column.kind() == Kind::State => {
            return Written::plain(state_word(text));
        }
        Value::Text(text) => return Written::plain(escaped(text)),
        Value::Number(number) => *number,
    };
    if column.kind() == Kind::Instant {
        let at = WallTime(crate::time_axis::whole(number));
        return Written::plain(zone.format(at, "%Y-%m-%d %H:%M:%S"));
    }
    let size = written(column.kind(), number.abs());
    // A difference says which way it went, and so does a negative number.
    let is_nothing = number.abs() < 0.05;
    let sign = match (number < 0.0, column.changes_of()) {
        _ if is_nothing => "",
        (true, _) => "−",
        (false, Some(_)) => "+",
        _ => "",
    };
    Written {
        number: format!("{sign}{}", size.number),
        unit: size.unit,
    }
}

/// The word for a state, or the letter when there is none.
fn state_word(letter: &str) -> String {
    let only = letter.chars().next().unwrap_or('?');
    match state(only) {
        "unknown" => escaped(letter),
        word => word.to_owned(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that is too large saturates, and it is not negative"
)]
fn written(kind: Kind, number: f64) -> Written {
    match kind {
        Kind::Percent => Written::plain(format!("{number:.1}")),
        Kind::Bytes | Kind::ByteRate => {
            let text = bytes(Bytes(number as u64));
            let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
            Written {
                number: number.to_owned(),
                unit: unit.to_owned(),
            }
        }
        Kind::Rate if number > 0.0 && number < 9.95 => Written::plain(format!("{number:.1}")),
        Kind::Duration => Written::plain(clock(number)),
        _ => Written::plain(format!("{number:.0}")),
    }
}

/// A length of time so that longer ones are wider: `0.42`, `7:03`, `2:07:03`, `3d 02:07`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that is too large saturates, and it is not negative"
)]
fn clock(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3_600 => format!("{}:{:02}", whole / 60, whole % 60),
        3_600..86_400 => format!("{}:{:02}:{:02}", whole / 3_600, whole / 60 % 60, whole % 60),
        _ => format!(
            "{}d {:02}:{:02}",
            whole / 86_400,
            whole / 3_600 % 24,
            whole / 60 % 60
        ),
    }
}

/// An amount with the sign of where it went: `+1.5 GiB`.
pub fn signed(column: Column, number: f64, zone: &Zone) -> String {
    value(column, &Value::Number(number), zone).join()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(column: Column, number: f64) -> String {
        value(column, &Value::Number(number), &Zone::utc()).join()
    }

    #[test]
    fn each_kind_has_its_own_way_of_writing_numbers() {
        assert_eq!(told(Column::Cpu, 12.34), "12.3");
        assert_eq!(told(Column::Rss, 1536.0), "1.5 KiB");
        assert_eq!(told(Column::Nice, -20.0), "−20");
        assert_eq!(told(Column::Switches, 1234.4), "1234");
        assert_eq!(told(Column::Switches, 0.5), "0.5");
        assert_eq!(told(Column::Age, 7_623.0), "2:07:03");
        assert_eq!(told(Column::Age, 266_823.0), "3d 02:07");
        assert_eq!(told(Column::CpuTime, 0.42), "0.4 s");
    }

    #[test]
    fn differences_carry_their_sign_and_nothing_has_none() {
        assert_eq!(told(Column::RssChange, 1536.0), "+1.5 KiB");
        assert_eq!(told(Column::RssChange, -1536.0), "−1.5 KiB");
        assert_eq!(told(Column::CpuChange, 0.0), "0.0");
        assert_eq!(told(Column::CpuChange, -0.04), "0.0");
    }

    #[test]
    fn giant_values_and_no_number_do_not_panic() {
        for column in Column::ALL {
            for number in [f64::MAX, f64::MIN, f64::NAN, f64::INFINITY] {
                let _written = told(column, number);
            }
        }
    }

    #[test]
    fn states_are_words() {
        let state = |letter: &'static str| {
            value(Column::State, &Value::Text(letter.into()), &Zone::utc()).number
        };
        assert_eq!([state("D"), state("?")], ["blocked", "?"]);
    }
}
