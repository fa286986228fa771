//! What the ledger makes of forks, ends and what they used, in any order.

use super::*;
use crate::source::taskstats::Use;
use std::time::Duration;

const PARENT: i32 = 7;

fn event(at_nanos: u64, what: What) -> Event {
    Event { at_nanos, what }
}

fn fork(at: u64, parent_tgid: i32, pid: i32, tgid: i32) -> Event {
    event(
        at,
        What::Fork {
            parent_tgid,
            pid,
            tgid,
        },
    )
}

fn exit(at: u64, pid: i32, tgid: i32, status: i32) -> Event {
    let parent_tgid = (pid == tgid).then_some(PARENT);
    event(
        at,
        What::Exit {
            pid,
            tgid,
            status,
            parent_tgid,
        },
    )
}

fn obituary(pid: i32, tgid: i32, is_last: bool, status: i32) -> Obituary {
    Obituary {
        pid,
        tgid: Some(tgid),
        ppid: PARENT,
        comm: b"name".to_vec(),
        uid: 0,
        status,
        flags: 0,
        is_last: Some(is_last),
        lifetime: Duration::from_secs(1),
        used: Use::default(),
        peak_rss_kib: None,
        process: None,
    }
}

fn settle(ledger: &mut Ledger, told_by: (bool, bool), alive: Alive) -> Vec<End> {
    let mut ends = Vec::new();
    ledger.settle(told_by, false, &mut |_| alive, &mut |end| ends.push(end));
    ends
}

const BOTH: (bool, bool) = (true, true);

#[test]
fn both_halves_of_an_end_make_one() {
    let mut ledger = Ledger::default();
    ledger.event(fork(10, PARENT, 42, 42));
    ledger.event(exit(20, 42, 42, 256));
    ledger.obituary(obituary(42, 42, true, 256));
    let ends = settle(&mut ledger, BOTH, Alive::No);
    assert_eq!(ends.len(), 1);
    assert_eq!((ends[0].at_nanos, ends[0].status), (Some(20), 256));
    assert!(ends[0].deceased.is_some() && ends[0].birth.is_some());
    assert_eq!(settle(&mut ledger, BOTH, Alive::No), []);
}

#[test]
fn the_other_half_is_waited_for_one_round_and_not_longer() {
    let mut ledger = Ledger::default();
    ledger.event(exit(20, 42, 42, 9));
    ledger.obituary(obituary(43, 43, true, 0));
    assert_eq!(settle(&mut ledger, BOTH, Alive::No), []);
    let ends = settle(&mut ledger, BOTH, Alive::No);
    let told: Vec<_> = ends
        .iter()
        .map(|end| (end.tgid, end.deceased.is_some()))
        .collect();
    assert_eq!(told, [(42, false), (43, true)]);
}

#[test]
fn the_end_of_the_first_thread_is_not_the_end_of_the_process() {
    let mut ledger = Ledger::default();
    ledger.event(fork(10, PARENT, 42, 42));
    ledger.event(fork(11, 42, 43, 42));
    ledger.event(exit(20, 42, 42, 0));
    assert_eq!(settle(&mut ledger, (true, false), Alive::No), []);
    ledger.event(exit(30, 43, 42, 3 << 8));
    let ends = settle(&mut ledger, (true, false), Alive::No);
    assert_eq!(ends.len(), 1);
    let end = &ends[0];
    assert_eq!(
        (end.tgid, end.at_nanos, end.status, end.parent),
        (42, Some(30), 768, Some(PARENT))
    );
    assert_eq!(ledger.threads(), 1);
}

#[test]
fn of_a_process_that_was_there_before_proc_knows_whether_it_goes_on() {
    let mut ledger = Ledger::default();
    ledger.event(exit(20, 42, 42, 0));
    assert_eq!(settle(&mut ledger, (true, false), Alive::Threads(3)), []);
    ledger.event(exit(30, 43, 42, 0));
    assert_eq!(settle(&mut ledger, (true, false), Alive::No), []);
    ledger.event(exit(40, 44, 42, 0));
    let ends = settle(&mut ledger, (true, false), Alive::No);
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0].at_nanos, Some(40));
}

#[test]
fn a_child_has_the_command_line_of_its_parent_until_it_calls_exec() {
    let command = |tgid, at_nanos, line: &[u8]| Command {
        tgid,
        at_nanos,
        line: Some(line.into()),
        comm: None,
        tty_nr: Some(5),
        started: None,
    };
    let mut ledger = Ledger::default();
    ledger.event(fork(10, PARENT, 42, 42));
    ledger.add_commands([command(42, 15, b"sh -c x"), command(43, 25, b"grep y")]);
    ledger.event(fork(20, 42, 43, 43));
    ledger.event(fork(21, 42, 44, 44));
    ledger.event(event(24, What::Exec { tgid: 43 }));
    ledger.event(event(26, What::Exec { tgid: 44 }));
    ledger.event(exit(30, 43, 43, 0));
    ledger.event(exit(31, 44, 44, 0));
    ledger.event(exit(32, 42, 42, 0));
    let ends = settle(&mut ledger, (true, false), Alive::No);
    let lines: Vec<_> = ends
        .iter()
        .map(|end| end.birth.as_ref().and_then(|birth| birth.line.as_deref()))
        .collect();
    // That of 44 came too late to be read: it is not that of its parent.
    assert_eq!(lines, [Some(&b"grep y"[..]), None, Some(&b"sh -c x"[..])]);
}

#[test]
fn a_command_line_goes_to_the_life_that_was_there_when_it_was_read() {
    let mut ledger = Ledger::default();
    ledger.event(fork(10, PARENT, 42, 42));
    ledger.event(exit(20, 42, 42, 0));
    ledger.event(fork(30, PARENT, 42, 42));
    let late = Command {
        tgid: 42,
        at_nanos: 15,
        line: Some(b"first".as_slice().into()),
        comm: None,
        tty_nr: None,
        started: None,
    };
    ledger.add_commands([late]);
    ledger.event(exit(40, 42, 42, 0));
    let ends = settle(&mut ledger, (true, false), Alive::No);
    let lines: Vec<_> = ends
        .iter()
        .map(|end| end.birth.as_ref().and_then(|birth| birth.line.as_deref()))
        .collect();
    assert_eq!(lines, [Some(&b"first"[..]), None]);
}

#[test]
fn without_the_connector_the_last_thread_is_the_end() {
    let mut ledger = Ledger::default();
    ledger.obituary(obituary(42, 42, false, 0));
    ledger.obituary(obituary(43, 42, true, 512));
    let ends = settle(&mut ledger, (false, true), Alive::No);
    assert_eq!(ends.len(), 1);
    assert_eq!(
        (ends[0].tgid, ends[0].status, ends[0].at_nanos),
        (42, 512, None)
    );
}

#[test]
fn when_the_level_changes_lines_that_were_read_are_forgotten() {
    let mut ledger = Ledger::default();
    ledger.event(fork(10, PARENT, 42, 42));
    let command = Command {
        tgid: 42,
        at_nanos: 11,
        line: Some(b"secret".as_slice().into()),
        comm: None,
        tty_nr: None,
        started: None,
    };
    ledger.add_commands([command]);
    ledger.event(exit(20, 42, 42, 0));
    ledger.forget_lines();
    let ends = settle(&mut ledger, (true, false), Alive::No);
    assert_eq!(ends[0].birth.as_ref().unwrap().line, None);
}
