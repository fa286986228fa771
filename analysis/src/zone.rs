//! The time zone in which a capture's times are read and shown.
//!
//! Times are shown as the recorded host's clock showed them, wherever the capture is opened. A
//! capture stores the name of the host's zone and its offset; the rules behind the name come
//! from the machine that opens it. Nothing here asks for that machine's own zone.

use afterimage_format::time::WallTime;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use std::path::Path;

/// A time zone with its daylight saving rules, or a fixed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone a capture stores: an IANA name if the host had one, and its offset east of UTC.
    ///
    /// A name that this machine has no rules for falls back to the offset. Then times on the
    /// other side of a change to daylight saving are an hour off from what the host showed. An
    /// offset that no zone can have counts as UTC.
    pub fn from_capture(iana_name: Option<&str>, offset_seconds: i32) -> Self {
        iana_name.and_then(Self::from_iana_name).unwrap_or_else(|| {
            let offset = Offset::from_seconds(offset_seconds).unwrap_or(Offset::UTC);
            Self(TimeZone::fixed(offset))
        })
    }

    fn from_iana_name(name: &str) -> Option<Self> {
        // Files beside the zones that mean the zone of the machine that opens the capture.
        if matches!(name, "localtime" | "posixrules") {
            return None;
        }
        let zone = from_rules_file(name).or_else(|| TimeZone::get(name).ok())?;
        (!zone.is_unknown()).then_some(Self(zone))
    }

    /// The IANA name whose rules are used; `None` for a fixed offset.
    pub fn iana_name(&self) -> Option<&str> {
        self.0.iana_name()
    }

    /// `2026-11-22T15:44:58.123+01:00`, milliseconds cut and not rounded.
    pub fn rfc3339(&self, at: WallTime) -> String {
        let at = timestamp(at);
        let minutes = self.0.to_offset(at).seconds() / 60;
        // RFC 3339 has no seconds in an offset, which local times of the 19th century need.
        let offset = Offset::from_seconds(minutes * 60).unwrap_or(Offset::UTC);
        let local = offset.to_datetime(at);
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        format!(
            "{}T{}.{:03}{sign}{hours:02}:{minutes:02}",
            date(local),
            time(local),
            local.millisecond()
        )
    }

    /// `15:44:58`.
    pub fn time_of_day(&self, at: WallTime) -> String {
        time(self.local(at))
    }

    /// `2026-11-22 15:44:58`.
    pub fn date_and_time(&self, at: WallTime) -> String {
        let local = self.local(at);
        format!("{} {}", date(local), time(local))
    }

    /// A moment in a `strftime(3)` form of the program's own: `%Z` gives the zone's short name.
    pub fn format(&self, at: WallTime, form: &str) -> String {
        let zoned = timestamp(at).to_zoned(self.0.clone());
        zoned.strftime(form).to_string()
    }

    /// What the host's clocks showed beyond UTC at this moment.
    pub fn offset_seconds(&self, at: WallTime) -> i32 {
        self.0.to_offset(timestamp(at)).seconds()
    }

    /// What the clock on the wall showed at this moment.
    pub(crate) fn local(&self, at: WallTime) -> DateTime {
        self.0.to_datetime(timestamp(at))
    }

    /// When the clock on the wall showed `local`, the earlier moment first.
    pub(crate) fn moments(&self, local: DateTime) -> Moments {
        let at = |offset: Offset| offset.to_timestamp(local).ok().map(walltime);
        match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                at(offset).map_or(Moments::OutOfRange, Moments::Once)
            }
            AmbiguousOffset::Fold { before, after } => at(before)
                .zip(at(after))
                .map_or(Moments::OutOfRange, |(first, second)| {
                    Moments::Twice(first, second)
                }),
            // The offset of after the gap is the larger one, so it gives the earlier moment.
            AmbiguousOffset::Gap { before, after } => at(after)
                .zip(at(before))
                .map_or(Moments::OutOfRange, |(first, second)| {
                    Moments::Never(first, second)
                }),
        }
    }

    /// A zone by its rules in `tzset(3)` form, so that tests need no zone files.
    #[cfg(test)]
    pub(crate) fn from_rules(posix: &str) -> Self {
        Self(TimeZone::posix(posix).unwrap())
    }
}

/// The rules of a zone from their own file, where Linux keeps them. The calendar library lists
/// every zone there is before it looks one up, which costs as much as all else that is read to
/// show one moment; what is not found here it may still find.
fn from_rules_file(name: &str) -> Option<TimeZone> {
    let is_word = |word: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
        !word.is_empty() && word.bytes().all(plain)
    };
    // The library knows `UTC` without a file, and leaves out the two folders that hold every
    // zone once more.
    let mut words = name.split('/');
    let first = words.clone().next()?;
    if !words.all(is_word) || matches!(first, "UTC" | "posix" | "right") {
        return None;
    }
    // Where another folder is named, the library knows what that means.
    if std::env::var_os("TZDIR").is_some() {
        return None;
    }
    let rules = std::fs::read(Path::new("/usr/share/zoneinfo").join(name)).ok()?;
    TimeZone::tzif(name, &rules).ok()
}

/// How often the clock on the wall showed a date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moments {
    Once(WallTime),
    /// The clocks went back over it.
    Twice(WallTime, WallTime),
    /// The clocks went forward over it: what it would be by the rules after and before.
    Never(WallTime, WallTime),
    OutOfRange,
}

const FIRST_MICROS: i64 = -62_135_510_400_000_000; // 0001-01-02T00:00:00Z
const LAST_MICROS: i64 = 253_402_127_999_999_999; // 9999-12-29T23:59:59.999999Z

/// A time as the calendar library holds it; a time outside the years 1 to 9999 becomes the
/// nearest one inside, since a damaged capture may hold any number.
fn timestamp(at: WallTime) -> Timestamp {
    Timestamp::from_microsecond(at.0.clamp(FIRST_MICROS, LAST_MICROS))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(crate) fn walltime(at: Timestamp) -> WallTime {
    WallTime(at.as_microsecond())
}

fn date(local: DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        local.year(),
        local.month(),
        local.day()
    )
}

fn time(local: DateTime) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        local.hour(),
        local.minute(),
        local.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-22T14:44:58.123456Z: day 20,779 of the epoch.
    const NOVEMBER: WallTime = WallTime((20_779 * 86_400 + 53_098) * 1_000_000 + 123_456);
    /// 144 days before, at the same time of day: 2026-07-01.
    const JULY: WallTime = WallTime(NOVEMBER.0 - 144 * 86_400_000_000);

    fn berlin() -> Zone {
        Zone::from_rules("CET-1CEST,M3.5.0,M10.5.0/3")
    }

    #[test]
    fn a_time_is_shown_with_its_offset_and_milliseconds() {
        assert_eq!(
            Zone::utc().rfc3339(NOVEMBER),
            "2026-11-22T14:44:58.123+00:00"
        );
        assert_eq!(berlin().rfc3339(NOVEMBER), "2026-11-22T15:44:58.123+01:00");
        assert_eq!(berlin().rfc3339(JULY), "2026-07-01T16:44:58.123+02:00");
        let st_johns = Zone::from_capture(None, -12_600);
        assert_eq!(st_johns.rfc3339(NOVEMBER), "2026-11-22T11:14:58.123-03:30");
    }

    #[test]
    fn the_short_forms_are_local_too() {
        assert_eq!(berlin().time_of_day(NOVEMBER), "15:44:58");
        assert_eq!(berlin().date_and_time(JULY), "2026-07-01 16:44:58");
    }

    #[test]
    fn a_form_of_ones_own_is_local_and_knows_summer_time() {
        assert_eq!(berlin().format(NOVEMBER, "%a %H:%M %Z"), "Sun 15:44 CET");
        assert_eq!(berlin().format(JULY, "%-d %b %Z"), "1 Jul CEST");
        assert_eq!(berlin().offset_seconds(JULY), 7_200);
        assert_eq!(berlin().format(WallTime(i64::MAX), "%Y"), "9999");
    }

    #[test]
    fn milliseconds_before_1970_are_cut_towards_the_past() {
        assert_eq!(
            Zone::utc().rfc3339(WallTime(-1)),
            "1969-12-31T23:59:59.999+00:00"
        );
    }

    #[test]
    fn an_offset_with_seconds_is_shown_with_a_time_that_fits_it() {
        let old_amsterdam = Zone::from_capture(None, 1_172);
        assert_eq!(
            old_amsterdam.rfc3339(WallTime(0)),
            "1970-01-01T00:19:00.000+00:19"
        );
    }

    #[test]
    fn a_name_unknown_here_falls_back_to_the_stored_offset() {
        for name in [
            "Mars/Olympus_Mons",
            "",
            "../../etc/passwd",
            "localtime",
            "Etc/Unknown",
        ] {
            let zone = Zone::from_capture(Some(name), 3_600);
            assert_eq!(
                zone.rfc3339(JULY),
                "2026-07-01T15:44:58.123+01:00",
                "{name}"
            );
            assert_eq!(zone.iana_name(), None);
        }
    }

    #[test]
    fn a_name_known_here_is_used_with_its_rules() {
        let zone = Zone::from_capture(Some("Europe/Berlin"), 0);
        // A build machine without zone files falls back to the offset, which is another test.
        if zone.iana_name().is_some() {
            assert_eq!(zone.rfc3339(JULY), "2026-07-01T16:44:58.123+02:00");
            assert_eq!(zone.rfc3339(NOVEMBER), "2026-11-22T15:44:58.123+01:00");
        }
    }

    #[test]
    fn the_file_of_a_zone_says_what_the_whole_list_of_zones_says() {
        for name in ["Europe/Berlin", "Etc/UTC", "America/Argentina/Ushuaia"] {
            let Some(zone) = from_rules_file(name) else {
                continue;
            };
            assert_eq!(zone, TimeZone::get(name).unwrap(), "{name}");
            assert_eq!(zone.iana_name(), Some(name));
        }
        for name in [
            "../../../etc/localtime",
            "/etc/localtime",
            "right/Etc/UTC",
            "Europe",
        ] {
            assert_eq!(from_rules_file(name), None, "{name}");
        }
    }

    #[test]
    fn an_offset_that_no_zone_can_have_counts_as_utc() {
        let zone = Zone::from_capture(None, i32::MIN);
        assert_eq!(zone.time_of_day(NOVEMBER), "14:44:58");
    }

    #[test]
    fn a_time_of_a_damaged_capture_is_shown_as_the_nearest_one_possible() {
        let zone = Zone::from_capture(None, 90_000);
        assert_eq!(
            zone.date_and_time(WallTime(i64::MIN)),
            "0001-01-03 01:00:00"
        );
        assert_eq!(
            zone.date_and_time(WallTime(i64::MAX)),
            "9999-12-31 00:59:59"
        );
    }

    proptest! {
        #[test]
        fn no_time_and_no_stored_zone_panics(micros in any::<i64>(), name in any::<String>(), offset in any::<i32>()) {
            let zone = Zone::from_capture(Some(&name), offset);
            prop_assert!(zone.rfc3339(WallTime(micros)).len() >= 29);
        }
    }
}
