//! Values as people read them: units, fixed decimals so that columns line up, words for letters.

pub mod escape;
pub mod figure;
pub mod measure;
mod value;

use crate::data::{DAMAGED, Damage, Ending};
use afterimage_analysis::zone::Zone;
use afterimage_format::time::WallTime;
use afterimage_format::units::Bytes;
use std::time::Duration;
pub use value::{Written, signed, value};

/// Stands where a value is absent. Never 0.
pub const ABSENT: &str = "—";

/// A percentage with one decimal: `12.3`.
pub fn percent(value: f64) -> String {
    format!("{value:.1}")
}

/// An amount of memory or data: `512 B`, `1.5 KiB`, `23.4 GiB`.
pub fn bytes(amount: Bytes) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if amount.get() < 1024 {
        return format!("{} B", amount.get());
    }
    let mut value = amount.get() as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be printed as 1024.0.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A load average with two decimals, as `uptime` prints it.
pub fn load(value: f64) -> String {
    format!("{value:.2}")
}

/// A number of things: whole when it is, else with one decimal.
pub fn count(value: f64) -> String {
    if value.fract().abs() < 0.05 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

/// A whole date and time: `Sun 22 Nov 2026  14:03:07`.
pub fn date_and_clock(zone: &Zone, at: WallTime) -> String {
    zone.format(at, "%a %-d %b %Y  %H:%M:%S")
}

/// How a recording stands.
pub const fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Recording => "recording",
        Ending::Clean => "ended cleanly",
        Ending::Unclean => "did not end cleanly",
        Ending::CopiedLive => "copied while it was recorded",
    }
}

/// The same in a sentence.
pub const fn ending_meaning(ending: Ending) -> &'static str {
    match ending {
        Ending::Recording => {
            "This host is recording into the file. What comes is shown as it comes; the cursor \
             stays at the end until you move it."
        }
        Ending::Clean => "The recorder was asked to stop and closed the file.",
        Ending::Unclean => {
            "Nothing says that the recorder stopped: it was killed, or the host crashed or lost \
             power. Everything up to then is here."
        }
        Ending::CopiedLive => {
            "The file was copied without the log beside it while it was recorded, so the last \
             seconds may be missing. `afterimage copy` takes them along."
        }
    }
}

/// What of a capture cannot be shown; `None` when that is nothing.
pub fn damage(damage: &Damage) -> Option<String> {
    let counted = |count: u64, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let seconds = damage.time.as_secs();
    let time = match seconds {
        0 => None,
        1..60 => Some(counted(seconds, "second")),
        _ => Some(counted((seconds + 30) / 60, "minute")),
    };
    let torn = damage.tables.iter().filter(|lost| lost.is_torn).count();
    let lost = damage.rows.saturating_sub(torn);
    let rows = (lost > 0).then(|| counted(lost as u64, "other record"));
    let tables = match torn {
        0 => None,
        1 => Some("the rest of 1 table".to_owned()),
        _ => Some(format!("the rest of {torn} tables")),
    };
    let is_one = matches!(
        (seconds, lost, torn),
        (1 | 60..90, 0, 0) | (0, 1, 0) | (0, 0, 1)
    );
    let what = [time, rows, tables]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    let verb = if is_one { "is" } else { "are" };
    (!what.is_empty()).then(|| format!("{} {verb} damaged and left out", what.join(" and ")))
}

/// How far a copy is behind what was recorded; `None` when it is not, or that is not known.
pub fn behind(damage: &Damage) -> Option<String> {
    let behind = damage
        .behind
        .filter(|behind| *behind >= Duration::from_secs(1))?;
    let behind = duration(behind);
    Some(format!(
        "It was copied while it was recorded: the last {behind} before that are not in it."
    ))
}

/// A stretch of time that need have no known ends: `from 14:03:07 to 14:03:09`.
pub fn stretch((from, to): (WallTime, WallTime), moment: impl Fn(WallTime) -> String) -> String {
    match (from.0 > i64::MIN, to.0 < i64::MAX) {
        (true, true) => format!("from {} to {}", moment(from), moment(to)),
        (true, false) => format!("from {} on", moment(from)),
        (false, true) => format!("up to {}", moment(to)),
        (false, false) => "at some time".to_owned(),
    }
}

/// What a table of a capture holds, in words.
pub fn table(name: &str) -> &str {
    match name {
        "capture" => "What the capture says of itself",
        "host" => "The host",
        "run" => "Runs of the recorder",
        "gap" => "Gaps",
        "clock" => "Settings of the clock",
        "source" => "What could be read on the host",
        "process" => "Lives of processes",
        "process_sum" => "Sums of short lives",
        "command" => "Command lines",
        "event" => "Marks and events",
        "kernel_log" => "The kernel log",
        "exited" => "Processes that ended",
        "thread_dump" => "Thread dumps",
        "pyramid" => "Summaries for long stretches of time",
        "tail" => "The last minute",
        "note" => "Notes",
        other => other,
    }
}

/// A number of things: `1 kill`, `3 births`.
pub fn counted(count: u64, what: &str) -> String {
    let plural = match (count, what.split_once(' ')) {
        (1, _) => what.to_owned(),
        (_, Some((first, rest))) => format!("{first}s {rest}"),
        (_, None) => format!("{what}s"),
    };
    format!("{count} {plural}")
}

/// The time between ticks: `1 s`, `0.1 s`, `2 m`.
pub fn interval(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    if length.subsec_nanos() > 0 {
        format!("{seconds:.1} s")
    } else if length.as_secs() < 120 {
        format!("{seconds:.0} s")
    } else {
        format!("{} m", length.as_secs() / 60)
    }
}

/// How many CPUs: `1 CPU`, `64 CPUs`.
pub fn cpus(cpus: f64) -> String {
    let what = if cpus > 1.0 { "CPUs" } else { "CPU" };
    format!("{} {what}", count(cpus))
}

/// How long something took: `0.4 s`, `37 s`, `2 m 5 s`, `3 h 0 m`, `4 d 2 h`.
pub fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", length.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} m {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// Field 3 (`state`) of `proc_pid_stat(5)` in a word.
pub const fn state(letter: char) -> &'static str {
    match letter {
        'R' => "runnable",
        'S' => "sleeping",
        'D' => "blocked",
        'I' => "idle",
        'Z' => "zombie",
        'T' => "stopped",
        't' => "traced",
        'X' | 'x' => "dead",
        'W' => "paging",
        'P' => "parked",
        _ => "unknown",
    }
}

/// How severe a line of the kernel log is.
pub const fn severity(level: u8) -> &'static str {
    match level {
        0 => "emergency",
        1 => "alert",
        2 => "critical",
        3 => "error",
        4 => "warning",
        5 => "notice",
        6 => "info",
        _ => "debug",
    }
}

/// The cause of a gap, as captures name it, in a sentence.
pub fn gap_cause(kind: &str) -> &str {
    match kind {
        "suspended" => "The host was suspended.",
        "stopped" => "The recorder was stopped.",
        "stalled" => "The recorder did not get to run.",
        "queue-full" => "The disk was too slow for the recorder.",
        "storage-outage" => "The capture could not be written.",
        "killed" => "The recorder was killed.",
        "power-lost" => "The host lost power or crashed.",
        "rebooted" => "The host was rebooted.",
        "clock-stepped" => "The host's clock was set.",
        DAMAGED => "This part of the capture is damaged.",
        "unknown-end" => "The recording ended without a word.",
        _ => "Nothing was recorded.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::LostRows;

    #[test]
    fn amounts_keep_one_decimal_and_never_reach_1024_of_a_unit() {
        assert_eq!(bytes(Bytes(0)), "0 B");
        assert_eq!(bytes(Bytes(1023)), "1023 B");
        assert_eq!(bytes(Bytes(1536)), "1.5 KiB");
        assert_eq!(bytes(Bytes(1024 * 1024 - 1)), "1.0 MiB");
        assert_eq!(bytes(Bytes(u64::MAX)), "16.0 EiB");
    }

    #[test]
    fn durations_show_the_two_units_that_matter() {
        let told = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!(
            [told(4), told(125), told(10_800)],
            ["4.0 s", "2 m 5 s", "3 h 0 m"]
        );
        assert_eq!(told(90_000), "1 d 1 h");
    }

    #[test]
    fn damage_is_told_as_time_and_nothing_is_told_without_it() {
        let told = |seconds, rows| {
            let time = Duration::from_secs(seconds);
            let damaged = Damage {
                time,
                rows,
                ..Damage::default()
            };
            damage(&damaged).unwrap_or_default()
        };
        let torn = |rows, tables| {
            let table = LostRows {
                table: "event",
                rows: 1,
                is_torn: true,
                when: vec![],
            };
            let damaged = Damage {
                rows,
                tables: vec![table; tables],
                ..Damage::default()
            };
            damage(&damaged).unwrap_or_default()
        };
        assert_eq!(torn(1, 1), "the rest of 1 table is damaged and left out");
        let more = "1 other record and the rest of 2 tables are damaged and left out";
        assert_eq!(torn(3, 2), more);
        assert_eq!(told(0, 0), "");
        assert_eq!(told(180, 0), "3 minutes are damaged and left out");
        assert_eq!(told(61, 0), "1 minute is damaged and left out");
        assert_eq!(told(0, 1), "1 other record is damaged and left out");
        assert_eq!(
            told(20, 2),
            "20 seconds and 2 other records are damaged and left out"
        );
    }

    #[test]
    fn whole_counts_have_no_decimals() {
        assert_eq!(
            (count(41.0), count(2.5)),
            ("41".to_owned(), "2.5".to_owned())
        );
    }
}
