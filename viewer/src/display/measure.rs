//! Values of curves in words, by their unit.

use super::{bytes, count, load, percent};
use crate::data::{SeriesId, Unit};
use afterimage_format::units::Bytes;

/// A value of a curve, as the legend shows it.
pub fn value(id: SeriesId, value: f64) -> String {
    match (id, id.unit()) {
        (SeriesId::LoadOne | SeriesId::LoadFive | SeriesId::LoadFifteen, _) => load(value),
        (_, Unit::Tasks | Unit::Count) => count(value),
        (_, Unit::Megahertz) => format!("{value:.0} MHz"),
        (_, Unit::Percent) => format!("{} %", percent(value)),
        (_, Unit::Bytes) => bytes(whole(value)),
        (_, Unit::BytesPerSecond) => format!("{}/s", bytes(whole(value))),
        (_, Unit::PerSecond) => format!("{}/s", thousands(value)),
    }
}

/// The widest value of a curve that is to be expected: room is kept for it, so that nothing
/// jumps while the cursor moves.
pub const fn widest(id: SeriesId) -> &'static str {
    match id.unit() {
        Unit::Tasks => match id {
            SeriesId::Runnable | SeriesId::Blocked | SeriesId::Uninterruptible => "000",
            _ => "00.00",
        },
        Unit::Percent => "00.0 %",
        Unit::Bytes => "000.0 MiB",
        Unit::BytesPerSecond => "000.0 MiB/s",
        Unit::PerSecond => "00000/s",
        Unit::Count => "00000",
        Unit::Megahertz => "0000 MHz",
    }
}

/// A mark on the vertical axis.
pub fn mark(unit: Unit, value: f64) -> String {
    let short = |text: String| text.replace(".0 ", " ");
    match unit {
        Unit::Tasks | Unit::Count => count(value),
        Unit::Megahertz => format!("{value:.0} MHz"),
        Unit::Percent => format!("{} %", count(value)),
        Unit::Bytes => short(bytes(whole(value))),
        Unit::BytesPerSecond => format!("{}/s", short(bytes(whole(value)))),
        Unit::PerSecond => format!("{}/s", thousands(value)),
    }
}

/// A number of things each second: whole from ten on, with a k from ten thousand on.
fn thousands(value: f64) -> String {
    if value >= 10_000.0 {
        format!("{:.1}k", value / 1000.0)
    } else if value >= 10.0 {
        format!("{value:.0}")
    } else {
        count(value)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an amount is not negative, and one that is too large saturates"
)]
fn whole(value: f64) -> Bytes {
    Bytes(value.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_its_unit_and_marks_have_no_needless_decimals() {
        assert_eq!(value(SeriesId::LoadOne, 2.5), "2.50");
        assert_eq!(value(SeriesId::PressureIo, 16.54), "16.5 %");
        assert_eq!(value(SeriesId::Received, 1_572_864.0), "1.5 MiB/s");
        assert_eq!(value(SeriesId::ContextSwitches, 12_340.0), "12.3k/s");
        assert_eq!(mark(Unit::Bytes, 5_368_709_120.0), "5 GiB");
        assert_eq!(mark(Unit::BytesPerSecond, 512.0), "512 B/s");
    }
}
