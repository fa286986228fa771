//! Instants as the recorded host's clock showed them.

use afterimage_format::time::WallTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The time zone that times are read and shown in.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    zone: TimeZone,
    known: bool,
}

impl Zone {
    /// A zone by its IANA name; UTC when this machine does not know the name.
    pub fn named(name: &str) -> Self {
        match TimeZone::get(name) {
            Ok(zone) => Self { zone, known: true },
            Err(_) => Self {
                zone: TimeZone::UTC,
                known: false,
            },
        }
    }

    /// Whether the name was known, so that the times are the host's own.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// The zone itself.
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The civil time at an instant; a damaged instant becomes the end of the calendar.
    pub fn civil(&self, at: WallTime) -> Zoned {
        let end = if at.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        Timestamp::from_microsecond(at.0)
            .unwrap_or(end)
            .to_zoned(self.zone.clone())
    }

    /// An instant in a `strftime` form.
    pub fn format(&self, at: WallTime, form: &str) -> String {
        self.civil(at).strftime(form).to_string()
    }

    /// A time of day: `14:03:07`.
    pub fn clock(&self, at: WallTime) -> String {
        self.format(at, "%H:%M:%S")
    }

    /// A whole date and time: `Sun 22 Nov 2026 14:03:07`.
    pub fn date_and_clock(&self, at: WallTime) -> String {
        self.format(at, "%a %-d %b %Y  %H:%M:%S")
    }

    /// The zone's short name at an instant: `CET`.
    pub fn abbreviation(&self, at: WallTime) -> String {
        self.format(at, "%Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_as_the_host_saw_them() {
        let berlin = Zone::named("Europe/Berlin");
        let at = WallTime(1_795_348_800_000_000);
        assert_eq!(berlin.date_and_clock(at), "Sun 22 Nov 2026  13:00:00");
        assert_eq!(berlin.abbreviation(at), "CET");
    }

    #[test]
    fn an_unknown_zone_is_utc_and_says_so() {
        let nowhere = Zone::named("Mars/Olympus");
        assert!(!nowhere.is_known());
        assert_eq!(nowhere.clock(WallTime(0)), "00:00:00");
    }

    #[test]
    fn a_damaged_instant_does_not_end_the_program() {
        assert!(
            Zone::named("UTC")
                .format(WallTime(i64::MAX), "%Y")
                .starts_with("9999")
        );
    }
}
