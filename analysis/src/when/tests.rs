//! Every form of TIME, and the days on which clocks change.

use super::*;
use proptest::prelude::*;

/// Midnight of 2026-03-29 in UTC (day 20,541 of the epoch): clocks in Berlin go forward at 01:00Z.
const MARCH: i64 = 20_541 * 86_400;
/// Midnight of 2026-10-25 in UTC, 210 days later: they go back at 01:00Z.
const OCTOBER: i64 = MARCH + 210 * 86_400;

fn seconds(seconds: i64) -> WallTime {
    WallTime(seconds * 1_000_000)
}

fn berlin() -> Zone {
    Zone::from_rules("CET-1CEST,M3.5.0,M10.5.0/3")
}

/// Seconds of the epoch of `text` in a capture of Berlin that ends at `end`.
fn resolved(text: &str, end: i64) -> i64 {
    let span = Span {
        start: seconds(end - 7_200),
        end: seconds(end),
    };
    let at = text
        .parse::<When>()
        .unwrap()
        .resolve(&span, &berlin())
        .unwrap();
    assert_eq!(at.0 % 1_000_000, 0);
    at.0 / 1_000_000
}

#[test]
fn the_ends_and_what_is_counted_from_them() {
    let end = MARCH;
    assert_eq!(resolved("start", end), end - 7_200);
    assert_eq!(resolved("end", end), end);
    assert_eq!(resolved("-10m", end), end - 600);
    assert_eq!(resolved("-1h30m", end), end - 5_400);
    assert_eq!(resolved("-45s", end), end - 45);
    assert_eq!(resolved("+5m", end), end - 6_900);
}

#[test]
fn a_time_with_an_offset_is_a_moment_whatever_the_zone() {
    assert_eq!(resolved("2026-03-29T00:00:10Z", 0), MARCH + 10);
    assert_eq!(resolved("2026-03-29t05:30:10.000+05:30", 0), MARCH + 10);
    assert_eq!(resolved("2026-03-28 20:30:10-03:30", 0), MARCH + 10);
    assert_eq!(resolved("2026-03-29T01:00+0100", 0), MARCH);
}

#[test]
fn a_date_and_time_is_on_the_recorded_hosts_clock() {
    assert_eq!(resolved("2026-03-28 12:00", MARCH), MARCH - 13 * 3_600);
    assert_eq!(
        resolved("2026-03-29T12:00:05", MARCH),
        MARCH + 10 * 3_600 + 5
    );
}

#[test]
fn a_time_of_day_is_the_latest_one_before_the_end() {
    // The end is 2026-03-28 13:00 in Berlin.
    let end = MARCH - 12 * 3_600;
    assert_eq!(resolved("12:59:59", end), end - 1);
    assert_eq!(resolved("13:00", end), end, "the end itself counts");
    assert_eq!(resolved("13:00:01", end), end - 86_399);
    assert_eq!(resolved("9:00", end), end - 4 * 3_600);
}

#[test]
fn fractions_of_a_second_are_kept_to_the_microsecond() {
    let span = Span {
        start: seconds(0),
        end: seconds(86_400),
    };
    let when: When = "15:44:58.1234567".parse().unwrap();
    assert_eq!(
        when.resolve(&span, &Zone::utc()),
        Ok(WallTime(56_698_123_456))
    );
}

#[test]
fn a_clock_without_fractions_names_all_of_a_second() {
    for (text, all_of_it) in [
        ("15:44:58", true),
        ("15:44", true),
        ("2026-11-22 15:44:58", true),
        ("15:44:58.25", false),
        ("2026-11-22T15:44:58Z", false),
        ("end", false),
        ("-10s", false),
    ] {
        let when: When = text.parse().unwrap();
        assert_eq!(when.names_a_second(), all_of_it, "{text}");
    }
}

#[test]
fn a_time_shown_twice_is_the_later_one_unless_that_is_after_the_end() {
    // 02:30 came at 00:30Z (summer time) and again at 01:30Z.
    let (first, second) = (OCTOBER + 1_800, OCTOBER + 5_400);
    for text in ["02:30", "2026-10-25 02:30"] {
        assert_eq!(resolved(text, OCTOBER + 36_000), second, "{text}");
        assert_eq!(resolved(text, second), second, "{text}");
        assert_eq!(resolved(text, second - 1), first, "{text}");
        assert_eq!(resolved(text, first), first, "{text}");
    }
    // Before both: yesterday's for a time of day, the earlier one for a full date.
    assert_eq!(resolved("02:30", first - 1), first - 86_400);
    assert_eq!(resolved("2026-10-25 02:30", first - 1), first);
}

#[test]
fn a_time_of_day_the_clocks_jumped_over_is_the_one_of_the_day_before() {
    // 02:30 of the 28th was 01:30Z.
    assert_eq!(resolved("02:30", MARCH + 36_000), MARCH - 86_400 + 5_400);
}

#[test]
fn a_full_date_the_clocks_jumped_over_is_taken_by_the_rules_before_or_after() {
    // By winter time 02:30 is 01:30Z, by summer time 00:30Z.
    assert_eq!(resolved("2026-03-29 02:30", MARCH + 36_000), MARCH + 5_400);
    assert_eq!(resolved("2026-03-29 02:30", MARCH + 3_600), MARCH + 1_800);
}

#[test]
fn a_mistake_is_answered_with_the_accepted_forms() {
    let error = "tomorrow".parse::<When>().unwrap_err().to_string();
    assert!(
        error.starts_with("`tomorrow` is not a time: write 2026-11-22T15:44:58+01:00"),
        "{error}"
    );
    assert!(error.ends_with("start, or end"), "{error}");
}

#[test]
fn what_is_no_time_is_refused() {
    let wrong = [
        "",
        "-",
        "+",
        "-10",
        "10",
        "24:00",
        "12:60",
        "12:00:61",
        "1:2",
        "12:00.5",
        "12:00:00.",
        "12:00:00.1234567890",
        "2026-11-22",
        "2026-02-30 10:00",
        "2026-13-01 10:00",
        "26-11-22 10:00",
        "2026-11-22T10:00+1",
        "2026-11-22T10:00+24:00",
        "2026-11-22T",
        "12:00 Z",
        "+1:00",
        "−10m",
        "2026-11-22T10:00é",
    ];
    for text in wrong {
        assert!(text.parse::<When>().is_err(), "{text}");
    }
}

#[test]
fn an_end_beyond_every_calendar_gives_an_answer_all_the_same() {
    for end in [WallTime(i64::MIN), WallTime(i64::MAX)] {
        let span = Span { start: end, end };
        let moments = [
            "12:00",
            "-5m",
            "+5m",
            "9999-12-31 23:59",
            "0001-01-01 00:00",
        ];
        for text in moments {
            drop(text.parse::<When>().unwrap().resolve(&span, &berlin()));
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        drop(text.parse::<When>());
    }

    #[test]
    fn no_text_of_the_right_letters_panics(text in "[-+0-9:TZ. dhms]{0,30}", end in any::<i64>()) {
        if let Ok(when) = text.parse::<When>() {
            drop(when.resolve(&Span { start: WallTime(0), end: WallTime(end) }, &berlin()));
        }
    }

    #[test]
    fn what_a_zone_shows_is_read_again(second in 0_i64..4_000_000_000) {
        let span = Span { start: seconds(0), end: seconds(second) };
        let read = |text: String| text.parse::<When>().unwrap().resolve(&span, &berlin()).unwrap();
        prop_assert_eq!(read(berlin().rfc3339(seconds(second))), seconds(second));
        prop_assert_eq!(read(berlin().date_and_time(seconds(second))), seconds(second));
        prop_assert_eq!(read(berlin().time_of_day(seconds(second))), seconds(second));
    }
}
