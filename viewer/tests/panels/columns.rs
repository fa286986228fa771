//! The columns that `ps` has, of a capture as the format's writer writes it.

use crate::written::{empty, instants, machine, process, write};
use afterimage_analysis::processes::{Column, Value};
use afterimage_format::capture::writer::Record;
use afterimage_format::facts::KernelLogLine;
use afterimage_format::group::{Group, LineField, ProcessField};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::{Key, Tick};
use afterimage_viewer::data::{Life, ProcessRow, Progress, Replay, Want, Whom, open};
use std::path::Path;
use std::sync::Arc;

fn opened(path: &Path) -> Box<dyn Replay> {
    open(path, &Arc::new(Progress::new(Box::new(|_stage| ())))).expect("it is sound")
}

/// A host with 64 MiB, or one of which that is not known, and a shell on it in a terminal.
fn shell(seq: u64, has_memory: bool) -> Tick {
    let mut tick = empty(seq, instants(i64::try_from(seq).expect("few")));
    machine(&mut tick, &[]);
    if has_memory {
        tick.begin(Group::Memory, 0, Key::name("MemTotal"));
        let kib = Ok(65_536);
        tick.number(Group::Memory, 0, LineField::Value.column(), kib);
    }
    let values = [
        (ProcessField::State, i64::from(b'S')),
        (ProcessField::Pgrp, 700),
        (ProcessField::Session, 700),
        (ProcessField::Tpgid, 700),
        (ProcessField::Nice, 5),
        (ProcessField::Threads, 2),
        (ProcessField::Rss, 4_096),
        (ProcessField::Uid, 1_000),
        (ProcessField::Euid, 0),
        (ProcessField::Gid, 100),
        (ProcessField::Utime, 9_000),
        (ProcessField::Stime, 1_010),
        (ProcessField::Cutime, 150),
        (ProcessField::Cstime, 50),
        (ProcessField::Majflt, 12),
    ];
    process(&mut tick, 0, (700, "bash"), &values);
    tick
}

fn row(has_memory: bool) -> ProcessRow {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("ps.afterimage");
    write(&path, (1..=2).map(|seq| (shell(seq, has_memory), vec![])));
    let mut replay = opened(&path);
    let snapshot = replay.snapshot(Want::First, &[]).expect("it is sound");
    snapshot.rows[0].clone()
}

#[test]
fn the_columns_of_ps_have_the_numbers_that_ps_would_print() {
    let row = row(true);
    let number = |column| -> Reading<f64> {
        row.value(column)
            .map(|value| value.number().expect("it is a number"))
    };
    // 4,096 pages of 4 KiB are 16 MiB, a quarter of 64.
    let near = |column, expected: f64| {
        let found = number(column).expect("it is known");
        assert!((found - expected).abs() < 1e-9, "{column:?}: {found}");
    };
    near(Column::Pmem, 25.0);
    near(Column::Uid, 1_000.0);
    near(Column::EffectiveUid, 0.0);
    near(Column::Gid, 100.0);
    near(Column::Tpgid, 700.0);
    // 100.1 s of 1,001 s: the host was up for 1,000 s when it all began, and it from the start.
    near(Column::LifeCpu, 10.0);
    near(Column::ChildTime, 2.0);
    near(Column::MajorFaultCount, 12.0);
    assert_eq!(number(Column::RtPriority), Err(Missing::NotRead));
    // Asleep, nice, the leader of its session, with threads, in the foreground.
    let stat = row.value(Column::PsState);
    assert_eq!(stat, Ok(Value::Text("SNsl+".into())));
}

#[test]
fn without_the_size_of_memory_no_share_of_it_is_told() {
    let row = row(false);
    assert!(row.rss.is_ok());
    assert_eq!(row.value(Column::Pmem), Err(Missing::NotSupported));
}

/// A kernel log line that names the shell's number, at a second.
fn killed(second: i64) -> Record {
    let at = instants(second);
    Record::KernelLog(KernelLogLine {
        sequence: 1,
        at: at.monotonic,
        wall: at.wall,
        severity: 3,
        facility: 0,
        text: b"Out of memory: Killed process 700 (bash) total-vm:9kB, anon-rss:9kB".to_vec(),
    })
}

/// The life of the first process with the number 700, of which there is another one from the
/// sixth second on; the kernel kills 700 at a second.
fn first_life(kill: i64) -> Life {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("lives.afterimage");
    let tick = |seq: u64| {
        let second = i64::try_from(seq).expect("few");
        let mut tick = empty(seq, instants(second));
        machine(&mut tick, &[]);
        process(&mut tick, u32::from(second >= 6), (700, "bash"), &[]);
        let records = if second == kill {
            vec![killed(kill)]
        } else {
            vec![]
        };
        (tick, records)
    };
    write(&path, (1..=9).map(tick));
    let mut replay = opened(&path);
    let row = replay.snapshot(Want::First, &[]).expect("it is sound").rows[0].clone();
    let facts = replay.facts();
    let whom = Whom {
        key: row.key,
        comm: row.comm,
        started: row.started.ok(),
    };
    let life = replay.life(&whom, facts.first, facts.last, 100);
    life.expect("it is sound")
}

#[test]
fn what_the_log_says_of_a_number_is_said_of_who_had_it_then() {
    assert_eq!(first_life(4).log.len(), 1);
    let last = first_life(4).seen.expect("it is known").1;
    assert_eq!(last, Some(instants(5).wall));
    assert_eq!(first_life(8).log, [], "another one had the number then");
}
