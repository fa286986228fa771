//! Where the ruler has marks, and what is written on them.

use crate::time_axis::{Span, TimeAxis};
use afterimage_analysis::zone::Zone;
use afterimage_format::time::WallTime;

/// A mark on the ruler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// When.
    pub at: WallTime,
    /// What to write on it.
    pub label: String,
    /// Whether a day begins here.
    pub begins_day: bool,
}

/// The distances between marks that people read easily, in seconds.
const STEPS: [i64; 22] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800, 2_592_000, 31_536_000,
];
const DAY: i64 = 86_400;
/// A hostile span of years must not make a million marks.
const MOST: usize = 200;

/// Marks at round times of the clock, at least about `apart` points from each other.
pub fn ticks(axis: &TimeAxis, zone: &Zone, apart: f64) -> Vec<Tick> {
    let least = axis.micros_per_point() * apart / 1e6;
    let step = STEPS.into_iter().find(|step| *step as f64 >= least);
    let step = step.unwrap_or(STEPS[STEPS.len() - 1]);
    let mut ticks: Vec<Tick> = Vec::new();
    let mut before: Option<Span> = None;
    for even in axis.evens() {
        let date = |at| zone.format(at, "%F");
        let is_another_day = before.is_some_and(|before| date(before.to) != date(even.from));
        for mut tick in within(even, step, zone) {
            let x = axis.x_from_time(tick.at);
            let room = ticks
                .last()
                .map_or(f64::INFINITY, |last| x - axis.x_from_time(last.at));
            // A folded stretch brings the marks on either side of it together.
            if room < apart * 0.8 || ticks.len() >= MOST {
                continue;
            }
            let is_first = ticks.last().is_none_or(|last| last.at < even.from);
            if is_another_day && is_first && step < DAY {
                tick.label = zone.format(tick.at, "%-d %b %H:%M");
                tick.begins_day = true;
            }
            ticks.push(tick);
        }
        before = Some(even);
    }
    ticks
}

/// The marks of one stretch of even time.
fn within(span: Span, step: i64, zone: &Zone) -> impl Iterator<Item = Tick> {
    // Round on the host's clock: one offset for all, so a change of summer time inside the
    // view leaves the marks evenly spaced, and their labels right.
    let offset = i64::from(zone.offset_seconds(span.from));
    let begin = span.from.0.div_euclid(1_000_000).saturating_add(offset);
    let first = begin.div_euclid(step).saturating_mul(step);
    (0..)
        .map(move |number: i64| first.saturating_add(number.saturating_mul(step)))
        .map(move |local| WallTime(local.saturating_sub(offset).saturating_mul(1_000_000)))
        .skip_while(move |at| *at < span.from)
        .take_while(move |at| *at <= span.to)
        .take(MOST)
        .map(move |at| tick(at, step, zone))
}

fn tick(at: WallTime, step: i64, zone: &Zone) -> Tick {
    let begins_day = zone.time_of_day(at) == "00:00:00";
    let form = match step {
        _ if begins_day || step >= DAY => "%a %-d %b",
        60.. => "%H:%M",
        _ => "%H:%M:%S",
    };
    Tick {
        at,
        label: zone.format(at, form),
        begins_day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_axis::Folds;

    fn axis(from: &str, to: &str, points: f64) -> TimeAxis {
        let at = |text: &str| {
            let instant: jiff::Timestamp = text.parse().unwrap();
            WallTime(instant.as_microsecond())
        };
        let span = Span {
            from: at(from),
            to: at(to),
        };
        TimeAxis::new(span, &Folds::default(), (0.0, points))
    }

    fn labels(axis: &TimeAxis, zone: &str) -> Vec<String> {
        ticks(axis, &Zone::from_capture(Some(zone), 0), 80.0)
            .into_iter()
            .map(|tick| tick.label)
            .collect()
    }

    #[test]
    fn marks_stand_at_round_times_of_the_hosts_clock() {
        // Kolkata is 5:30 ahead of UTC: 10:07 there is 04:37 here.
        let axis = axis("2026-11-22T04:37:00Z", "2026-11-22T06:07:00Z", 300.0);
        assert_eq!(labels(&axis, "Asia/Kolkata"), ["10:30", "11:00", "11:30"]);
    }

    #[test]
    fn the_first_mark_of_a_day_names_the_day() {
        let axis = axis("2026-11-22T20:00:00Z", "2026-11-23T04:00:00Z", 400.0);
        assert_eq!(
            labels(&axis, "UTC"),
            ["20:00", "22:00", "Mon 23 Nov", "02:00", "04:00"]
        );
    }

    #[test]
    fn marks_beside_folded_days_keep_apart_and_name_the_new_day() {
        let at = |text: &str| WallTime(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        let span = |from: &str, to: &str| Span {
            from: at(from),
            to: at(to),
        };
        let folds = Folds::new([span("2026-11-22T10:05:00Z", "2026-11-25T11:58:00Z")]);
        let whole = span("2026-11-22T10:00:00Z", "2026-11-25T12:03:00Z");
        let axis = TimeAxis::new(whole, &folds, (0.0, 1018.0));
        // Ten minutes on 1000 points: a mark each minute is 100 points apart. 10:05 is 82 points
        // before 11:58 with the fold between them.
        let labels: Vec<String> = ticks(&axis, &Zone::utc(), 80.0)
            .into_iter()
            .map(|tick| tick.label)
            .collect();
        let expected = [
            "10:00",
            "10:01",
            "10:02",
            "10:03",
            "10:04",
            "10:05",
            "25 Nov 11:59",
            "12:00",
            "12:01",
            "12:02",
            "12:03",
        ];
        assert_eq!(labels, expected);
    }

    #[test]
    fn a_damaged_span_of_ages_does_not_make_endless_marks() {
        let span = Span {
            from: WallTime(i64::MIN),
            to: WallTime(i64::MAX),
        };
        let axis = TimeAxis::new(span, &Folds::default(), (0.0, 1000.0));
        assert!(ticks(&axis, &Zone::utc(), 80.0).len() <= MOST);
    }
}
