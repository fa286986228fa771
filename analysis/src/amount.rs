//! Durations, sizes and percentages as people write them on the command line, and as they read them.
//!
//! Each type takes a text by `FromStr` and gives one by `Display`. The text given is rounded to
//! what a person compares, and parses again to nearly the same amount. JSON never passes through
//! here: it carries plain numbers with the unit in the name.

use afterimage_format::units::Bytes;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::time::Duration;

/// A duration: `500ms`, `1h30m`, `7d`; printed as `2 h 05 m`.
///
/// Units are `d`, `h`, `m`, `s`, `ms` and `us`, each at most once and the larger ones first. A
/// number without a unit is refused: `10` means seconds to one tool and minutes to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HumanDuration(pub Duration);

/// A size: `64M`, `1GiB`, `512KiB`, `1073741824`; printed as `1.5 GiB`.
///
/// `K`, `M`, `G` and `T` are powers of 1024 in every spelling (`K`, `KB`, `KiB`), upper or lower
/// case, as in `df -h` and in systemd's limits. A number without a unit is bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HumanBytes(pub Bytes);

/// A share in percent: `3`, `3%`, `0.5%`. May exceed 100: of one core, two cores are 200.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(pub f64);

/// Why a text is not an amount. Each message shows what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a duration in the form we take.
    #[error("`{0}` is not a duration: write it like 500ms, 1s, 2m, 1h30m or 7d")]
    Duration(String),
    /// Not a size in the form we take.
    #[error(
        "`{0}` is not a size: write it like 64M, 1GiB, 512KiB (powers of 1024) or a number of bytes"
    )]
    Size(String),
    /// Not a percentage in the form we take.
    #[error("`{0}` is not a percentage: write it like 3% or 0.5%")]
    Percent(String),
    /// In the form we take, but more than can be held.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Largest first, as they must be written.
const DURATION_UNITS: [(&str, u128); 6] = [
    ("d", 86_400 * NANOS_PER_SECOND),
    ("h", 3_600 * NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("s", NANOS_PER_SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
];

const SIZE_UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

impl FromStr for HumanDuration {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let malformed = || AmountError::Duration(shortened(text));
        let too_large = || AmountError::TooLarge(shortened(text));
        let mut rest = text.trim();
        let mut units = DURATION_UNITS.iter();
        let mut nanos: u128 = 0;
        loop {
            let number = Decimal::take(&mut rest).ok_or_else(malformed)?;
            let unit = take_letters(&mut rest);
            let (_, scale) = units
                .find(|(name, _)| *name == unit)
                .ok_or_else(malformed)?;
            let part = number.times(*scale).ok_or_else(too_large)?;
            nanos = nanos.checked_add(part).ok_or_else(too_large)?;
            if rest.is_empty() {
                break;
            }
        }
        duration_from_nanos(nanos).map(Self).ok_or_else(too_large)
    }
}

impl FromStr for HumanBytes {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let malformed = || AmountError::Size(shortened(text));
        let mut rest = text.trim();
        let number = Decimal::take(&mut rest).ok_or_else(malformed)?;
        let unit = take_letters(&mut rest).to_ascii_lowercase();
        let scale = size_scale(&unit)
            .filter(|_| rest.is_empty())
            .ok_or_else(malformed)?;
        let bytes = number
            .times(scale)
            .and_then(|bytes| u64::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| AmountError::TooLarge(shortened(text)))?;
        Ok(Self(Bytes(bytes)))
    }
}

impl FromStr for Percent {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let malformed = || AmountError::Percent(shortened(text));
        let number = text.trim().trim_end_matches('%').trim_end();
        let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        let one_sign = text.matches('%').count() <= 1;
        if !one_sign || number.len() > 15 || !number.bytes().all(plain) {
            return Err(malformed());
        }
        number.parse().ok().map(Self).ok_or_else(malformed)
    }
}

fn duration_from_nanos(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).ok()?;
    let leftover = u32::try_from(nanos % NANOS_PER_SECOND).ok()?;
    Some(Duration::new(seconds, leftover))
}

/// The scale of a unit in lower case: none, `b`, `k`, `kb`, `kib`, and so on.
fn size_scale(unit: &str) -> Option<u128> {
    if matches!(unit, "" | "b") {
        return Some(1);
    }
    let exponent = "kmgtpe".find(unit.get(..1)?)? + 1;
    matches!(unit.get(1..)?, "" | "b" | "ib")
        .then(|| 1024_u128.pow(u32::try_from(exponent).unwrap_or(0)))
}

/// A number with at most nine places behind the point, held exactly.
#[derive(Debug, Clone, Copy)]
struct Decimal {
    billionths: u128,
}

impl Decimal {
    const ONE: u128 = 1_000_000_000;

    /// Takes digits, perhaps with a point and more digits, and the blanks behind them.
    fn take(rest: &mut &str) -> Option<Self> {
        let whole = take_while(rest, |c| c.is_ascii_digit());
        let fraction = if let Some(behind) = rest.strip_prefix('.') {
            *rest = behind;
            Some(take_while(rest, |c| c.is_ascii_digit())).filter(|digits| !digits.is_empty())?
        } else {
            ""
        };
        *rest = rest.trim_start();
        // Nine digits of fraction and twenty of whole number stay far from the end of a u128.
        if whole.is_empty() || whole.len() > 20 || fraction.len() > 9 {
            return None;
        }
        let whole: u128 = whole.parse().ok()?;
        let fraction: u128 = format!("{fraction:0<9}").parse().ok()?;
        Some(Self {
            billionths: whole * Self::ONE + fraction,
        })
    }

    fn times(self, scale: u128) -> Option<u128> {
        Some(self.billionths.checked_mul(scale)? / Self::ONE)
    }
}

/// Takes letters and the blanks behind them.
fn take_letters<'a>(rest: &mut &'a str) -> &'a str {
    let letters = take_while(rest, |c| c.is_ascii_alphabetic());
    *rest = rest.trim_start();
    letters
}

fn take_while<'a>(rest: &mut &'a str, wanted: impl Fn(char) -> bool) -> &'a str {
    let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    let (taken, behind) = rest.split_at(end);
    *rest = behind;
    taken
}

/// What a person typed, short enough to be repeated in a message.
fn shortened(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// The two largest units, cut and not rounded: `59 s` never becomes `60 s`.
impl Display for HumanDuration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 if self.0.is_zero() => f.write_str("0 s"),
            0 if self.0.as_micros() < 1_000 => write!(f, "{} us", self.0.as_micros()),
            0 => write!(f, "{} ms", self.0.as_millis()),
            1..60 => write!(f, "{seconds}.{} s", self.0.subsec_millis() / 100),
            60..3_600 => write!(f, "{} m {:02} s", seconds / 60, seconds % 60),
            3_600..86_400 => write!(f, "{} h {:02} m", seconds / 3_600, seconds / 60 % 60),
            _ => write!(f, "{} d {:02} h", seconds / 86_400, seconds / 3_600 % 24),
        }
    }
}

/// One place behind the point, rounded to the nearest, in the unit that leaves 1 to 1023.
impl Display for HumanBytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bytes = self.0.get();
        if bytes < 1024 {
            return write!(f, "{bytes} B");
        }
        let tenths_of = |power: u32| {
            let unit = 1024_u128.pow(power);
            (u128::from(bytes) * 10 + unit / 2) / unit
        };
        // 1023.96 KiB would be rounded to 1024.0 KiB: it is 1.0 MiB.
        let power = (1..6).find(|power| tenths_of(*power) < 10_240).unwrap_or(6);
        let (tenths, unit) = (tenths_of(power), SIZE_UNITS[power as usize - 1]);
        write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

impl Display for Percent {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} %", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn duration(text: &str) -> Result<Duration, AmountError> {
        text.parse::<HumanDuration>().map(|duration| duration.0)
    }

    fn bytes(text: &str) -> Result<u64, AmountError> {
        text.parse::<HumanBytes>().map(|size| size.0.get())
    }

    #[test]
    fn durations_are_read_as_written() {
        assert_eq!(duration("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_mins(90)));
        assert_eq!(duration("7d"), Ok(Duration::from_hours(168)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(duration("250us"), Ok(Duration::from_micros(250)));
        assert_eq!(duration(" 2 h 05 m "), Ok(Duration::from_mins(125)));
    }

    #[test]
    fn a_number_without_a_unit_is_no_duration() {
        let message = duration("10").unwrap_err().to_string();
        assert_eq!(
            message,
            "`10` is not a duration: write it like 500ms, 1s, 2m, 1h30m or 7d"
        );
    }

    #[test]
    fn what_could_be_misread_is_refused() {
        for text in [
            "", "s", "-1s", "1x", "30m1h", "1m1m", "1.s", ".5s", "1e3s", "1h30", "1sé",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024_in_every_spelling() {
        assert_eq!(bytes("64M"), Ok(67_108_864));
        assert_eq!(bytes("1GiB"), Ok(1_073_741_824));
        assert_eq!(bytes("1GB"), Ok(1_073_741_824));
        assert_eq!(bytes("1073741824"), Ok(1_073_741_824));
        assert_eq!(bytes("512KiB"), Ok(524_288));
        assert_eq!(bytes("1.5k"), Ok(1_536));
        assert_eq!(bytes("2 TiB"), Ok(2_199_023_255_552));
        assert_eq!(bytes("7B"), Ok(7));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "", "M", "-1", "1 X", "1KK", "1iB", "1M2", "1.M", "0x10", "1é",
        ] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn more_than_can_be_held_is_said_to_be() {
        assert_eq!(bytes("16E"), Err(AmountError::TooLarge("16E".into())));
        assert_eq!(bytes("18446744073709551615"), Ok(u64::MAX));
        assert!(matches!(
            duration("99999999999999999999d"),
            Err(AmountError::TooLarge(_))
        ));
    }

    #[test]
    fn a_percentage_may_carry_its_sign() {
        for (text, value) in [("3", 3.0), ("3%", 3.0), ("0.5 %", 0.5), ("250%", 250.0)] {
            let Percent(read) = text.parse().unwrap();
            assert!((read - value).abs() < 1e-9, "{text}");
        }
        for text in ["", "%", "-3%", "inf", "NaN", "1e3", "3%%", "1.2.3", "."] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_printed_in_their_two_largest_units() {
        let printed = |nanos| HumanDuration(Duration::from_nanos(nanos)).to_string();
        assert_eq!(printed(0), "0 s");
        assert_eq!(printed(250_000), "250 us");
        assert_eq!(printed(999_999_999), "999 ms");
        assert_eq!(printed(1_560_000_000), "1.5 s");
        assert_eq!(printed(59_990_000_000), "59.9 s");
        assert_eq!(printed(125_000_000_000), "2 m 05 s");
        assert_eq!(printed(7_500_000_000_000), "2 h 05 m");
        assert_eq!(printed(273_600_000_000_000), "3 d 04 h");
    }

    #[test]
    fn sizes_are_printed_in_the_unit_that_leaves_less_than_1024() {
        let printed = |bytes| HumanBytes(Bytes(bytes)).to_string();
        assert_eq!(printed(0), "0 B");
        assert_eq!(printed(1_023), "1023 B");
        assert_eq!(printed(1_536), "1.5 KiB");
        assert_eq!(printed(1_610_612_736), "1.5 GiB");
        assert_eq!(printed(1_048_575), "1.0 MiB");
        assert_eq!(printed(u64::MAX), "16.0 EiB");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            drop(duration(&text));
            drop(bytes(&text));
            drop(text.parse::<Percent>());
        }

        #[test]
        fn what_is_printed_is_read_again(seconds in 0_u64..100_000_000, size in 0_u64..u64::MAX / 2) {
            let printed = HumanDuration(Duration::from_secs(seconds)).to_string();
            let read = duration(&printed).unwrap().as_secs();
            prop_assert!(read <= seconds && seconds - read < 3_600);
            let read = bytes(&HumanBytes(Bytes(size)).to_string()).unwrap();
            prop_assert!(read.abs_diff(size) <= size / 20);
        }
    }
}
