//! A moment as people type it: `14:03`, `-10m`, `2026-11-22T14:03:07Z`, `start`, `end`.
//!
//! Reading the text needs no capture, so a typing error is known before a file is opened;
//! turning it into an instant needs the capture's span and its host's time zone.

use crate::time_axis::Span;
use crate::time_axis::zone::Zone;
use afterimage_format::time::WallTime;
use jiff::civil::{DateTime, Time};
use std::str::FromStr;
use std::time::Duration;

/// A moment of a capture that is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The first instant.
    Start,
    /// The last instant.
    End,
    /// So long after the first instant.
    AfterStart(Duration),
    /// So long before the last instant.
    BeforeEnd(Duration),
    /// The latest such time of day before the end, on the host's clock.
    Clock(Time),
    /// A date and time on the host's clock.
    Civil(DateTime),
    /// An instant, whatever the zone.
    Instant(WallTime),
}

/// The text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a time: write 14:03, 14:03:07, 2026-11-22 14:03, 2026-11-22T14:03:07Z, -10m (before the end), +5m (after the start), start or end"
)]
pub struct NotAMoment(pub String);

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let text = text.trim();
        let wrong = || NotAMoment(text.to_owned());
        match text {
            "start" => return Ok(Self::Start),
            "end" => return Ok(Self::End),
            _ => {}
        }
        if let Some(ago) = text.strip_prefix('-') {
            return duration(ago).map(Self::BeforeEnd).ok_or_else(wrong);
        }
        if let Some(after) = text.strip_prefix('+') {
            return duration(after).map(Self::AfterStart).ok_or_else(wrong);
        }
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::Instant(WallTime(instant.as_microsecond())));
        }
        if !text.contains('-') {
            return clock(text).map(Self::Clock).ok_or_else(wrong);
        }
        text.parse().ok().map(Self::Civil).ok_or_else(wrong)
    }
}

impl Moment {
    /// The instant that is meant, kept within the capture.
    pub fn resolve(self, capture: Span, zone: &Zone) -> WallTime {
        let at = match self {
            Self::Start => capture.from,
            Self::End => capture.to,
            Self::AfterStart(after) => capture.from.plus(after),
            Self::BeforeEnd(ago) => capture.to.minus(ago),
            Self::Clock(time) => latest_before(capture.to, time, zone),
            Self::Civil(civil) => instant(civil, zone).unwrap_or(capture.to),
            Self::Instant(at) => at,
        };
        capture.nearest(at)
    }
}

/// The latest instant at or before `end` at which the host's clock showed `time`.
fn latest_before(end: WallTime, time: Time, zone: &Zone) -> WallTime {
    let today = zone.civil(end).date();
    [Some(today), today.yesterday().ok()]
        .into_iter()
        .flatten()
        .filter_map(|date| instant(date.to_datetime(time), zone))
        .find(|at| *at <= end)
        .unwrap_or(end)
}

fn instant(civil: DateTime, zone: &Zone) -> Option<WallTime> {
    let zoned = civil.to_zoned(zone.time_zone().clone()).ok()?;
    Some(WallTime(zoned.timestamp().as_microsecond()))
}

/// `14:03` or `14:03:07`.
fn clock(text: &str) -> Option<Time> {
    let digits = |part: &str| -> Option<i8> {
        let all = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| part.parse().ok()).flatten()
    };
    let parts: Vec<i8> = text.split(':').map(digits).collect::<Option<_>>()?;
    match parts[..] {
        [hour, minute] => Time::new(hour, minute, 0, 0).ok(),
        [hour, minute, second] => Time::new(hour, minute, second, 0).ok(),
        _ => None,
    }
}

/// `90s`, `10m`, `2h`, `1d`, or several: `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    let mut seconds: u64 = 0;
    let mut number = String::new();
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            number.push(letter);
            continue;
        }
        let each = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(each)?)?;
        number.clear();
    }
    (number.is_empty() && !text.is_empty()).then_some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 22 November 2026, from 20:00 to 12:00 of the next day, in Berlin.
    fn night() -> Span {
        let at = |text: &str| WallTime(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        Span {
            from: at("2026-11-22T19:00:00Z"),
            to: at("2026-11-23T11:00:00Z"),
        }
    }

    fn told(text: &str) -> String {
        let zone = Zone::named("Europe/Berlin");
        let moment: Moment = text.parse().unwrap();
        zone.date_and_clock(moment.resolve(night(), &zone))
    }

    #[test]
    fn a_time_of_day_is_the_latest_one_before_the_end() {
        assert_eq!(told("09:30"), "Mon 23 Nov 2026  09:30:00");
        assert_eq!(told("23:15:07"), "Sun 22 Nov 2026  23:15:07");
    }

    #[test]
    fn a_sign_counts_from_the_end_or_from_the_start() {
        assert_eq!(told("-10m"), "Mon 23 Nov 2026  11:50:00");
        assert_eq!(told("+1h30m"), "Sun 22 Nov 2026  21:30:00");
    }

    #[test]
    fn an_instant_with_a_zone_is_shown_on_the_hosts_clock() {
        assert_eq!(told("2026-11-23T05:00:00Z"), "Mon 23 Nov 2026  06:00:00");
        assert_eq!(told("2026-11-23 05:00"), "Mon 23 Nov 2026  05:00:00");
    }

    #[test]
    fn a_moment_outside_the_capture_is_its_nearest_end() {
        assert_eq!(told("-9d"), "Sun 22 Nov 2026  20:00:00");
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        for text in ["", "25:00", "10", "-10", "noon", "-5x", "14:3a", "+"] {
            let error = text.parse::<Moment>().unwrap_err();
            assert!(error.to_string().contains("14:03:07"), "{text}");
        }
    }
}
