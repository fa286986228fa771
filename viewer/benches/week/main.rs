//! What the viewer costs with a week of samples open.
//!
//! `tests/bench/figures.py week` records ten minutes of a population and hands that capture over;
//! `cargo bench -p afterimage-viewer --bench week -- FILE [--days 7] [--out WEEK]` does it with
//! any capture. The week is made of it once, beside it, and kept: see [`generate`]. Every time is
//! CPU time. Prints one row a figure; exit code 1 if one is not as it must be.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a measurement")]

mod cpu;
mod ends;
mod generate;
mod measure;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

struct Arguments {
    recorded: PathBuf,
    days: u64,
    week: PathBuf,
}

fn main() -> ExitCode {
    let Some(arguments) = arguments() else {
        // `cargo test --benches` and `cargo bench` without arguments come here.
        println!(
            "name a capture of some minutes: cargo bench -p afterimage-viewer --bench week -- FILE"
        );
        return ExitCode::SUCCESS;
    };
    let Arguments {
        recorded,
        days,
        week,
    } = arguments;
    if !week.exists() {
        generate::generate(&recorded, days, &week);
    }
    if measure::all(&week) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn arguments() -> Option<Arguments> {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let recorded = PathBuf::from(words.next()?);
    let (mut days, mut week) = (7, None);
    while let Some(word) = words.next() {
        let value = words.next().expect("a value after each option");
        match word.as_str() {
            "--days" => days = value.parse().expect("a number of days"),
            "--out" => week = Some(PathBuf::from(value)),
            other => panic!("there is no option {other}"),
        }
    }
    let week = week.unwrap_or_else(|| beside(&recorded, days));
    Some(Arguments {
        recorded,
        days,
        week,
    })
}

fn beside(recorded: &Path, days: u64) -> PathBuf {
    recorded.with_extension(format!("{days}-days.afterimage"))
}
