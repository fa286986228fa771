//! The dumps of the Tomcat one after the other.

use super::dump;
use crate::dumps::history;
use crate::dumps::model::{Dump, State};
use crate::dumps::report::{Around, By, Report};

#[test]
fn what_did_not_move_from_dump_to_dump_is_stuck() {
    let dumps = [
        "hotspot17-1.txt",
        "hotspot17-2.txt",
        "hotspot17-3.txt",
        "hotspot17-4.txt",
    ]
    .map(dump);
    let dumps: Vec<&Dump> = dumps.iter().collect();
    let series = history::series(&dumps);
    assert_eq!(series.len(), 1, "one life of one JVM");
    let series = &series[0];
    let last = dumps[3];
    let stuck: Vec<&str> = series
        .stuck
        .iter()
        .map(|stuck| series.rows[stuck.row].name.as_str())
        .collect();
    let still = |thread: &crate::dumps::Thread| {
        let mut frames = thread.stack.frames();
        let waits = frames.any(|frame| {
            frame.contains("HikariPool.getConnection") || frame.contains("holdConnection")
        });
        thread.state == State::Blocked || waits
    };
    let expected: Vec<_> = last.listed().filter(|thread| still(thread)).collect();
    assert_eq!(expected.len(), 40 + 25 + 5);
    for thread in expected {
        assert!(stuck.contains(&&*thread.name), "{}", thread.name);
    }
    assert!(!stuck.contains(&"pricing-recompute"), "it moves");
    let seconds = series.since_before[3].unwrap().as_secs_f64();
    assert!((4.0..7.0).contains(&seconds), "{seconds}");
    let around = Around {
        series: Some((series, &dumps)),
        ..Around::default()
    };
    let report = Report::of(last, &around);
    let lock = &report.findings[0];
    let reasons = lock.suspects[0].reasons.join("; ");
    assert!(reasons.contains("unchanged in"), "{reasons}");
    assert_eq!(report.cpu[0].name, "pricing-recompute");
    assert_eq!(report.cpu[0].by, By::Dumps);
}

#[test]
fn a_life_is_told_from_another_by_its_oldest_thread() {
    let (before, now) = (dump("hotspot17-1.txt"), dump("hotspot17-3.txt"));
    assert!(history::is_same_life(&before, &now));
    assert!(
        !history::is_same_life(&now, &dump("hotspot25-3.txt")),
        "another JVM"
    );
    assert!(
        !history::is_same_life(&now, &before),
        "threads do not become younger"
    );
}
