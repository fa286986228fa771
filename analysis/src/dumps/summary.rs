//! The few numbers of a dump that stand beside its text in a capture, for marks and filters.

use super::model::{Dump, State};
use super::report::{Around, Report};
use afterimage_format::thread_dump::DumpSummary;

/// Which rules they were made by; it rises when a dump may give others.
pub const PARSER_VERSION: u64 = 2;

/// The numbers of a dump.
pub fn summary(dump: &Dump) -> DumpSummary {
    let report = Report::of(dump, &Around::default());
    let count = |state| Some(report.count(state) as u64);
    let worst = report.locks.wanted.first();
    let holder = worst.and_then(|worst| worst.holder.thread());
    DumpSummary {
        threads: Some((report.total - report.count(State::Vm)) as u64),
        runnable: count(State::Runnable),
        blocked: count(State::Blocked),
        waiting: count(State::Waiting),
        timed_waiting: count(State::TimedWaiting),
        vm_threads: count(State::Vm),
        virtual_threads: Some(report.virtual_threads as u64),
        deadlocks: Some(report.deadlocks.len() as u64),
        unknown_lines: Some(dump.unknown.count as u64),
        top_blocker: holder.map(|holder| dump.threads[holder].called()),
        top_blocked: worst.map(|worst| worst.total as u64),
        parser_version: Some(PARSER_VERSION),
    }
}
