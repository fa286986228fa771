//! What the fuzzer calls of the parsers of what people type and of what runtimes write.
//!
//! In: bytes that mean nothing. Out: nothing; what must never happen is a panic. `fuzz/README.md`
//! says how to run it; a plain test goes over the inputs that are kept.

use crate::dumps::report::{Around, Report};
use crate::dumps::{history, read_bytes};
use crate::when::{Span, When};
use crate::zone::Zone;
use afterimage_format::time::WallTime;

/// TIME: the first line is the zone that a capture names, and its offset, start and end in 4, 8
/// and 8 bytes go before that.
///
/// # Panics
/// When a moment is shown as what is no time.
pub fn time(data: &[u8]) {
    let Some((&[a, b, c, d], data)) = data.split_first_chunk() else {
        return;
    };
    let Some((start, data)) = data.split_first_chunk() else {
        return;
    };
    let Some((end, data)) = data.split_first_chunk() else {
        return;
    };
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let (name, text) = text.split_once('\n').unwrap_or(("", text));
    let zone = Zone::from_capture(Some(name), i32::from_le_bytes([a, b, c, d]));
    let moment = |bytes: &[u8; 8]| WallTime::from_file(i64::from_le_bytes(*bytes));
    let span = Span {
        start: moment(start),
        end: moment(end),
    };
    for at in [span.start, span.end] {
        drop((zone.rfc3339(at), zone.time_of_day(at)));
        drop((zone.date_and_time(at), zone.offset_seconds(at)));
    }
    let Ok(when) = text.parse::<When>() else {
        return;
    };
    if let Ok(at) = when.resolve(&span, &zone) {
        // What is shown of a moment names it: to the second, and within the years that have names.
        let shown = zone.rfc3339(at);
        let again = shown.parse::<When>().map(|when| when.resolve(&span, &zone));
        assert!(
            again.is_err() || again.is_ok_and(|again| again.is_ok()),
            "{shown}"
        );
    }
}

/// A text with thread dumps, and all that follows from them.
///
/// # Panics
/// When what is counted does not add up, or a place is outside the text.
pub fn thread_dump(data: &[u8]) {
    let (text, found) = read_bytes(data);
    let dumps: Vec<_> = found.dumps.iter().collect();
    for series in history::series(&dumps) {
        let Some(last) = series.dumps.last().map(|last| dumps[*last]) else {
            continue;
        };
        let around = Around {
            series: Some((&series, &dumps)),
            ..Around::default()
        };
        let report = Report::of(last, &around);
        assert_eq!(report.total, report.states.values().sum::<usize>());
        let threads = last.threads.len();
        let mut totals = report.locks.wanted.iter().map(|wanted| wanted.total);
        assert!(totals.all(|total| total <= threads));
        let mut members = report
            .deadlocks
            .iter()
            .flat_map(|deadlock| &deadlock.members);
        assert!(members.all(|member| *member < threads));
    }
    for dump in dumps {
        assert!(text.get(dump.place.clone()).is_some());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn no_thread_dump_that_was_ever_found_is_found_again() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/thread_dump");
        let inputs = fs::read_dir(folder)
            .unwrap()
            .map(|input| input.unwrap().path());
        let run_all = inputs.map(|input| super::thread_dump(&fs::read(input).unwrap()));
        assert!(run_all.count() >= 8, "there are too few inputs");
    }

    #[test]
    fn nothing_that_was_ever_found_is_found_again() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/time");
        let inputs = fs::read_dir(folder)
            .unwrap()
            .map(|input| input.unwrap().path());
        let run_all = inputs.map(|input| super::time(&fs::read(input).unwrap()));
        assert!(run_all.count() >= 3, "there are too few inputs");
    }
}
