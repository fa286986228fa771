//! TIME of the command line: how people name a moment of a capture.
//!
//! A text becomes a [`When`] without knowing any capture; with a capture's span and zone it
//! becomes a moment. The moment may lie outside the span: whether that is an error is for the
//! command to say. There is no clock here: `-10m` is counted from the end of the capture.

use crate::amount::HumanDuration;
use crate::zone::{Moments, Zone, walltime};
use afterimage_format::time::WallTime;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use std::str::FromStr;
use std::time::Duration;

/// The first and the last moment of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first tick.
    pub start: WallTime,
    /// The last tick.
    pub end: WallTime,
}

/// A moment as it was named, before it is looked up in a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// `start`: the first tick.
    Start,
    /// `end`: the last tick.
    End,
    /// `-1h30m`: this long before the end.
    BeforeEnd(Duration),
    /// `+5m`: this long after the start.
    AfterStart(Duration),
    /// `2026-11-22T15:44:58+01:00`: a moment whatever the zone.
    Instant(WallTime),
    /// `2026-11-22 15:44`: what the recorded host's clock showed.
    DateTime(DateTime),
    /// `15:44:58`: the latest time at which the recorded host's clock showed this.
    TimeOfDay(Time),
}

/// Why a TIME is not one, or cannot be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhenError {
    /// Not in a form we take.
    #[error(
        "`{0}` is not a time: write 2026-11-22T15:44:58+01:00 (or Z), \
         \"2026-11-22 15:44[:58]\" or 15:44[:58[.123]] on the recorded host's clock, \
         -10m or -1h30m from the end, +5m from the start, start, or end"
    )]
    Malformed(String),
    /// The time of day never came before the end of the capture.
    #[error("the recorded host's clock did not show {0} in the days before the end of the capture")]
    NeverShown(Time),
    /// Too far from any real date.
    #[error("the time is outside the years 1 to 9999")]
    OutOfRange,
}

impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        parse(text.trim()).ok_or_else(|| {
            let shown = text.chars().take(40).flat_map(char::escape_debug);
            WhenError::Malformed(shown.collect())
        })
    }
}

impl When {
    /// Whether it is read off a clock that shows whole seconds: then it stands for all of that
    /// second, as it is shown beside whatever happened in it.
    pub fn names_a_second(&self) -> bool {
        match self {
            Self::DateTime(local) => local.subsec_nanosecond() == 0,
            Self::TimeOfDay(time) => time.subsec_nanosecond() == 0,
            // RFC 3339 is written by programs, which say what they mean.
            Self::Start
            | Self::End
            | Self::BeforeEnd(_)
            | Self::AfterStart(_)
            | Self::Instant(_) => false,
        }
    }

    /// The moment that is meant in a capture with this span, recorded in this zone.
    ///
    /// Where the clocks went back, a local time was shown twice: the later one is taken unless
    /// it is after the end. A full date and time that the clocks jumped over is taken by the
    /// rules on either side in the same manner; a time of day is then looked for a day earlier.
    pub fn resolve(&self, span: &Span, zone: &Zone) -> Result<WallTime, WhenError> {
        match *self {
            Self::Start => Ok(span.start),
            Self::End => Ok(span.end),
            Self::BeforeEnd(by) => Ok(span.end.minus(by)),
            Self::AfterStart(by) => Ok(span.start.plus(by)),
            Self::Instant(at) => Ok(at),
            Self::DateTime(local) => match zone.moments(local) {
                Moments::Once(at) => Ok(at),
                Moments::Twice(first, second) | Moments::Never(first, second) => {
                    Ok(if second <= span.end { second } else { first })
                }
                Moments::OutOfRange => Err(WhenError::OutOfRange),
            },
            Self::TimeOfDay(time) => latest(time, span.end, zone),
        }
    }
}

/// The latest moment at or before `end` at which the clock showed `time`.
fn latest(time: Time, end: WallTime, zone: &Zone) -> Result<WallTime, WhenError> {
    // The day after counts where clocks went back over midnight. Two days back are enough for
    // any single change of the clocks.
    let newest = zone.local(end).date();
    let days = [newest.tomorrow(), Ok(newest), newest.yesterday()];
    let older = newest.yesterday().and_then(Date::yesterday);
    days.into_iter()
        .chain([older])
        .flatten()
        .filter_map(|day| match zone.moments(DateTime::from_parts(day, time)) {
            Moments::Once(at) | Moments::Twice(at, _) if at > end => None,
            Moments::Once(at) => Some(at),
            Moments::Twice(first, second) => Some(if second <= end { second } else { first }),
            Moments::Never(..) | Moments::OutOfRange => None,
        })
        .max()
        .ok_or(WhenError::NeverShown(time))
}

fn parse(text: &str) -> Option<When> {
    let duration = |text: &str| text.parse().ok().map(|HumanDuration(duration)| duration);
    match text {
        "start" => return Some(When::Start),
        "end" => return Some(When::End),
        _ => {}
    }
    if let Some(by) = text.strip_prefix('-') {
        return duration(by).map(When::BeforeEnd);
    }
    if let Some(by) = text.strip_prefix('+') {
        return duration(by).map(When::AfterStart);
    }
    match text.split_once(['T', 't', ' ']) {
        None => parse_time(text).map(When::TimeOfDay),
        Some((date, time)) => parse_date_time(parse_date(date)?, time),
    }
}

/// What stands behind the date: a time, perhaps with `Z` or an offset such as `+01:00`.
fn parse_date_time(date: Date, text: &str) -> Option<When> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return at_offset(date, time, Offset::UTC);
    }
    match text.rfind(['+', '-']) {
        None => Some(When::DateTime(DateTime::from_parts(
            date,
            parse_time(text)?,
        ))),
        Some(sign) => {
            let (time, offset) = text.split_at(sign);
            at_offset(date, time, parse_offset(offset)?)
        }
    }
}

fn at_offset(date: Date, time: &str, offset: Offset) -> Option<When> {
    let local = DateTime::from_parts(date, parse_time(time.trim_end())?);
    offset
        .to_timestamp(local)
        .ok()
        .map(walltime)
        .map(When::Instant)
}

/// `2026-11-22`.
fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4..=4)?;
    let month = number(parts.next()?, 2..=2)?;
    let day = number(parts.next()?, 2..=2)?;
    let month = i8::try_from(month).ok()?;
    let day = i8::try_from(day).ok()?;
    let date = Date::new(i16::try_from(year).ok()?, month, day).ok()?;
    parts.next().is_none().then_some(date)
}

/// `15:44`, `15:44:58` or `15:44:58.123`; what is finer than a microsecond is cut.
fn parse_time(text: &str) -> Option<Time> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let hour = i8::try_from(number(parts.next()?, 1..=2)?).ok()?;
    let minute = i8::try_from(number(parts.next()?, 2..=2)?).ok()?;
    let seconds = parts.next();
    // A fraction belongs to seconds: `15:44.5` is a mistake.
    if parts.next().is_some() || (fraction.is_some() && seconds.is_none()) {
        return None;
    }
    let second = seconds.map_or(Some(0), |text| number(text, 2..=2))?;
    let nanos = fraction.map_or(Some(0), nanos)?;
    Time::new(hour, minute, i8::try_from(second).ok()?, nanos).ok()
}

/// The digits behind the point of a second.
fn nanos(digits: &str) -> Option<i32> {
    number(digits, 1..=9)?;
    let micros: String = format!("{digits:0<9}").chars().take(6).collect();
    micros.parse::<i32>().ok().map(|micros| micros * 1_000)
}

/// `+01:00` or `-0330`.
fn parse_offset(text: &str) -> Option<Offset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?.replacen(':', "", 1);
    let (hours, minutes) = (digits.get(..2)?, digits.get(2..)?);
    let (hours, minutes) = (number(hours, 2..=2)?, number(minutes, 2..=2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// A number written with that many digits and nothing else.
fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i32> {
    let plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
