//! Steps and gaps of the commands over time: a step is the average of its ticks, and nothing is
//! computed across a gap, which is a row of its own.

use crate::support::command::{ok, rows, ticks};
use crate::support::host::folder;
use crate::support::recorder::Recorder;
use rustix::process::Signal;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const OVER_TIME: [&[&str]; 6] = [
    &["vmstat"],
    &["iostat"],
    &["sar", "-s", "n"],
    &["free"],
    &["pidstat", "--all"],
    &["top", "--from", "start"],
];

/// A recording that was killed and went on.
fn killed() -> (TempDir, PathBuf) {
    let folder = folder();
    let file = folder.path().join("host.afterimage");
    let args = ["-i", "100ms", "--budget-cpu", "100"];
    let mut recorder = Recorder::start(&file, &args);
    recorder.wait_for_tick(25);
    recorder.signal(Signal::KILL);
    recorder.wait();
    let mut recorder = Recorder::start(&file, &args);
    recorder.wait_for_tick(60);
    recorder.stop();
    (folder, file)
}

fn number(row: &Value, key: &str) -> Option<f64> {
    assert!(row.get(key).is_some(), "no {key} in {row}");
    row[key].as_f64()
}

/// Context switches in all rows of a stretch, and over how long.
fn switches(rows: &[Value]) -> [f64; 2] {
    let counted = rows.iter().filter_map(|row| {
        let seconds = number(row, "over_seconds")?;
        Some([number(row, "cs_per_second")? * seconds, seconds])
    });
    counted.fold([0.0; 2], |sum, row| [sum[0] + row[0], sum[1] + row[1]])
}

#[test]
fn a_gap_is_a_row_that_says_its_cause_and_no_rate_reaches_across_it() {
    let (_folder, file) = killed();
    for step in [&["--step", "100ms"][..], &["--step", "1s"]] {
        for command in OVER_TIME {
            let words: Vec<&str> = command[1..].iter().chain(step).copied().collect();
            let rows = rows(command[0], &file, &words);
            let place = rows.iter().position(|row| row["gap"] == "killed");
            let place = place.unwrap_or_else(|| panic!("{command:?} tells of no kill"));
            let gap = &rows[place];
            assert!(number(gap, "gap_seconds") > Some(0.0), "{gap}");
            let others = ["at", "gap", "gap_seconds"];
            let told = gap.as_object().unwrap().iter();
            let mut told =
                told.filter(|(key, value)| !others.contains(&key.as_str()) && !value.is_null());
            assert_eq!(told.next(), None, "{command:?}");
            let after = &rows[place + 1];
            assert_eq!(after["over_seconds"], Value::Null, "{command:?}: {after}");
        }
    }
    let table = ok(&[OsStr::new("vmstat"), file.as_os_str()]).text();
    assert!(table.contains(" -- killed for "), "{table}");
}

#[test]
fn a_step_is_the_average_of_its_ticks() {
    let (_folder, file) = killed();
    let each = ticks("vmstat", &file, &[]);
    let steps = ticks("vmstat", &file, &["--step", "500ms"]);
    // No row covers more than five ticks; those before gaps cover less.
    let (rows, ticks) = (steps.len(), each.len());
    assert!(rows < ticks && rows * 5 >= ticks, "{rows} of {ticks}");
    let ([all, seconds], [in_steps, step_seconds]) = (switches(&each), switches(&steps));
    // Rates are printed to two decimals, times to three.
    assert!(
        (seconds - step_seconds).abs() < 0.1,
        "{seconds} and {step_seconds}"
    );
    assert!((all - in_steps).abs() < 0.02 * all, "{all} and {in_steps}");
}

#[test]
fn the_first_row_has_no_rates_rather_than_none_at_all() {
    let (_folder, file) = killed();
    let first = |words: &[&str]| rows(words[0], &file, &[&["--at", "start"], &words[1..]].concat());
    for (words, key) in [
        (&["vmstat"][..], "cs_per_second"),
        (&["iostat"], "r_per_second"),
        (&["sar"], "user_percent"),
        (&["pidstat", "--all"], "cpu_percent"),
    ] {
        let rows = first(words);
        assert!(!rows.is_empty(), "{words:?}");
        assert!(rows.iter().all(|row| row[key].is_null()), "{words:?}");
    }
    let at_end = |verb: &str, words: &[&str]| csv(verb, &file, words);
    assert_eq!(
        at_end("vmstat", &["--at", "end", "--columns", "at,cs,gap"])[0],
        "at,cs_per_second,gap"
    );
}

#[test]
fn a_time_as_a_table_shows_it_finds_what_was_shown_with_it() {
    let (_folder, file) = killed();
    let all = ticks("vmstat", &file, &["--utc"]);
    let at = |row: &Value| row["at"].as_str().unwrap().to_owned();
    // The last of each second but the last one, of which the last tick may not be the last.
    let second = |row: &Value| at(row)[..19].to_owned();
    let last_of_seconds = all
        .windows(2)
        .filter(|two| second(&two[0]) != second(&two[1]));
    let mut looked_at = 0;
    for [last, next] in last_of_seconds.map(|two| [at(&two[0]), at(&two[1])]) {
        let shown = &last[11..19];
        let found = rows("vmstat", &file, &["--utc", "--at", shown]);
        assert_eq!(at(&found[0]), last, "--at {shown}");
        let until = rows("vmstat", &file, &["--utc", "--to", shown]);
        let until = until.iter().rfind(|row| row["gap"].is_null()).unwrap();
        assert_eq!(at(until), last, "--to {shown}");
        // A program says which tick it means.
        let exact = rows("vmstat", &file, &["--utc", "--at", &next]);
        assert_eq!(at(&exact[0]), next);
        looked_at += 1;
    }
    assert!(looked_at > 0, "the recording is shorter than a second");
}

fn csv(verb: &str, file: &Path, words: &[&str]) -> Vec<String> {
    let mut all = vec![OsStr::new(verb), file.as_os_str()];
    all.extend(words.iter().chain(&["--format", "csv"]).map(OsStr::new));
    ok(&all).text().lines().map(str::to_owned).collect()
}
