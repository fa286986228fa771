//! A number of the machine's pages as people read it, a number and its unit apart.

use super::{Written, bytes, duration};
use afterimage_analysis::machine::Measure;
use afterimage_format::units::Bytes;
use std::time::Duration;

/// A number with the unit that its heading does not say.
pub fn figure(measure: Measure, value: f64) -> Written {
    let (number, unit) = match measure {
        Measure::Percent | Measure::PerSecond | Measure::KibPerSecond => (decimals(value, 1), ""),
        Measure::Millis | Measure::Kib | Measure::Mean => (decimals(value, 2), ""),
        Measure::Count => (decimals(value, 0), ""),
        Measure::Seconds => (length(value), ""),
        Measure::Bytes => {
            let text = bytes(Bytes(whole(value)));
            let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
            return Written {
                number: number.to_owned(),
                unit: unit.to_owned(),
            };
        }
    };
    Written {
        number,
        unit: unit.to_owned(),
    }
}

/// A difference, which says which way it went.
pub fn change(measure: Measure, value: f64) -> Written {
    let size = figure(measure, value.abs());
    let is_nothing = !size.number.contains(|c: char| ('1'..='9').contains(&c));
    let sign = match value < 0.0 {
        _ if is_nothing => "",
        true => "−",
        false => "+",
    };
    Written {
        number: format!("{sign}{}", size.number),
        unit: size.unit,
    }
}

/// The unit of a number that stands alone, without a heading that says it.
pub const fn unit(measure: Measure) -> &'static str {
    match measure {
        Measure::Percent => "%",
        Measure::PerSecond => "/s",
        Measure::KibPerSecond => "KiB/s",
        Measure::Kib => "KiB",
        Measure::Millis => "ms",
        Measure::Bytes | Measure::Seconds | Measure::Count | Measure::Mean => "",
    }
}

/// So many decimals; what rounds to nothing has no sign.
fn decimals(value: f64, count: usize) -> String {
    let text = format!("{value:.count$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|digit| matches!(digit, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

/// Short lengths with their decimals, long ones with the two units that matter.
fn length(seconds: f64) -> String {
    match Duration::try_from_secs_f64(seconds) {
        Ok(length) => duration(length),
        Err(_no_length) => decimals(seconds, 1),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an amount is not negative, and one that is too large saturates"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_carries_its_sign_unless_it_is_nothing() {
        let told = |measure, value| change(measure, value).join();
        assert_eq!(told(Measure::Percent, 12.34), "+12.3");
        assert_eq!(told(Measure::Percent, -0.04), "0.0");
        assert_eq!(told(Measure::Bytes, -1536.0), "−1.5 KiB");
        assert_eq!(told(Measure::Seconds, -90_000.0), "−1 d 1 h");
    }

    #[test]
    fn each_measure_has_its_decimals_and_amounts_their_unit() {
        let told = |measure, value| figure(measure, value).join();
        assert_eq!(told(Measure::Percent, 12.345), "12.3");
        assert_eq!(told(Measure::Percent, -0.01), "0.0");
        assert_eq!(told(Measure::Millis, 1.239), "1.24");
        assert_eq!(told(Measure::Count, 7.0), "7");
        assert_eq!(told(Measure::Bytes, 1536.0), "1.5 KiB");
        assert_eq!(told(Measure::Seconds, 125.0), "2 m 5 s");
    }

    #[test]
    fn numbers_that_are_none_do_not_panic() {
        for value in [f64::NAN, f64::INFINITY, f64::MIN, f64::MAX] {
            let _length = figure(Measure::Seconds, value);
            let _amount = figure(Measure::Bytes, value);
        }
    }
}
