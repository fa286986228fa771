//! A clip gives the same answers as what it was clipped from, and holds nothing else.

use super::{FakeHost, LARGE, exited, folder, instants, key, wall};
use crate::capture::remake::{Made, Maker};
use crate::capture::writer::Record;
use crate::capture::{Capture, Mode};
use crate::facts::{CLIPPED, Event, Gap, GapKind, Source};
use crate::group::{Group, ProcessField};
use crate::sample::Process;
use crate::tick::Key;
use crate::time::Seq;
use rusqlite::Connection;
use std::path::Path;

pub(super) fn maker() -> Maker {
    Maker {
        now: wall(9000),
        version: "clipper".to_owned(),
    }
}

pub(super) fn clip(capture: &mut Capture, (first, last): (u64, u64), to: &Path) -> Made {
    let range = (Seq(first), Seq(last));
    capture.clip(range, to, (&maker(), "clipped")).unwrap()
}

/// Every tick of the one is as it is in the other.
#[track_caller]
fn assert_same(original: &mut Capture, clip: &mut Capture, (first, last): (u64, u64)) {
    assert_eq!(clip.ends().unwrap(), Some((Seq(first), Seq(last))));
    for seq in (first..=last).map(Seq) {
        let [ours, theirs] = [&mut *original, &mut *clip].map(|capture| {
            let sample = capture.sample(seq).unwrap();
            format!("{:?}", sample.expect("the tick is there"))
        });
        assert_eq!(ours, theirs, "{seq:?}");
        let [ours, theirs] = [&mut *original, &mut *clip].map(|capture| {
            let sample = capture.sample(seq).unwrap().unwrap();
            let listing = capture.listing(seq).unwrap().unwrap();
            let counters: Vec<_> = listing.processes().map(|(now, _)| now.counters).collect();
            let same: Vec<_> = sample.processes.iter().map(Process::counters).collect();
            assert_eq!(counters, same, "a list of {seq:?}");
            counters
        });
        assert_eq!(ours, theirs, "{seq:?}");
    }
    clip.check().unwrap();
    assert_eq!(clip.damage(), []);
}

/// Processes that come and go, texts that change and sweeps.
fn lively(path: &Path, ticks: u32) -> FakeHost {
    let (mut host, _) = FakeHost::start(path, "boot-1", 0, LARGE);
    for number in 0..ticks {
        let mut tick = host.tick();
        let comm = ProcessField::Comm.column();
        if number.is_multiple_of(7) {
            let slot = 50 + number;
            tick.begin(Group::Process, slot, Key::Process(key(9000 - number)));
            let name = format!("visitor-{number}");
            tick.text(Group::Process, slot, comm, Ok(name.as_bytes()));
            if let Some(before) = slot.checked_sub(14).filter(|slot| *slot >= 50) {
                tick.end(Group::Process, before);
            }
        }
        let read = ProcessField::StatReadAt.column();
        tick.number(Group::Process, 0, read, Ok(tick.times.seq.0.cast_signed()));
        if number == 0 {
            tick.number(Group::Process, 1, read, Ok(1));
        }
        if number.is_multiple_of(11) {
            tick.text(
                Group::Process,
                1,
                comm,
                Ok(format!("new-{number}").as_bytes()),
            );
            tick.times.full_sweep = true;
        }
        host.writer.commit(Some(&tick), Vec::new()).unwrap();
    }
    host
}

#[test]
fn every_tick_of_a_clip_is_as_it_was_wherever_it_is_cut() {
    let (folder, path) = folder();
    // Two chunks and a tail, still being recorded.
    let host = lively(&path, 150);
    let mut original = Capture::open(&path).unwrap();
    let cuts = [
        (1, 150),
        (1, 1),
        (2, 59),
        (23, 80),
        (61, 120),
        (60, 61),
        (119, 149),
        (150, 150),
    ];
    for (number, range) in cuts.into_iter().enumerate() {
        let to = folder.path().join(format!("clip-{number}"));
        let made = clip(&mut original, range, &to);
        assert_eq!(
            (made.ends.unwrap(), made.lost),
            ((Seq(range.0), Seq(range.1)), vec![])
        );
        let mut clipped = Capture::open(&to).unwrap();
        assert_eq!(clipped.mode(), Mode::Whole);
        assert_same(&mut original, &mut clipped, range);
        let run = &clipped.runs().unwrap()[0];
        let end = (run.last, run.end.as_deref());
        assert_eq!(end, (Some(Seq(range.1)), Some(CLIPPED)));
    }
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    let clips = names.iter().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("clip-")
    });
    assert_eq!(clips.count(), cuts.len());
    drop(host);
}

#[test]
fn what_was_only_outside_the_range_is_not_in_the_file() {
    let (folder, path) = folder();
    let host = lively(&path, 60);
    host.writer.finish("signal").unwrap();
    let to = folder.path().join("clip");
    let mut original = Capture::open(&path).unwrap();
    clip(&mut original, (30, 40), &to);
    let mut clipped = Capture::open(&to).unwrap();
    let chunk = clipped.chunk_with(Seq(30)).unwrap().unwrap();
    let texts: Vec<_> = chunk
        .strings
        .iter()
        .map(|text| String::from_utf8_lossy(text))
        .collect();
    assert!(texts.contains(&"visitor-35".into()), "{texts:?}");
    // 28 came before the range and is there at its beginning; 14 had gone by then.
    for absent in ["visitor-14", "visitor-42", "new-0", "new-44"] {
        assert!(!texts.contains(&absent.into()), "{absent} in {texts:?}");
    }
    let lives = clipped.lives(Seq(0), Seq(99)).unwrap();
    let names: Vec<_> = lives
        .iter()
        .map(|life| String::from_utf8_lossy(&life.comm))
        .collect();
    assert!(!names.contains(&"visitor-14".into()), "{names:?}");
}

#[test]
fn the_plain_tables_say_what_belongs_to_the_range() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    for second in 0..120 {
        let tick = host.tick();
        let event = Event {
            wall: wall(second),
            kind: "mark".to_owned(),
            text: format!("mark {second}"),
        };
        let source = Source {
            name: "kmsg".to_owned(),
            state: format!("state {second}"),
            detail: String::new(),
        };
        let gap = Gap {
            kind: GapKind::Stalled,
            after: tick.times.seq,
            from: wall(second),
            to: wall(second + 1),
            missed: 0,
            detail: String::new(),
        };
        let records = vec![
            Record::Event(event),
            Record::Exited(exited(second)),
            Record::Source(source),
            Record::Gap(gap),
        ];
        host.writer.commit(Some(&tick), records).unwrap();
    }
    host.writer.finish("signal").unwrap();
    let mut original = Capture::open(&path).unwrap();
    let to = folder.path().join("clip");
    clip(&mut original, (11, 20), &to);
    let mut clipped = Capture::open(&to).unwrap();
    let marks = clipped.events(wall(0), wall(500)).unwrap();
    // Tick 11 was taken in second 10.
    let marks: Vec<_> = marks.iter().map(|event| event.wall).collect();
    assert_eq!(marks, (10..20).map(wall).collect::<Vec<_>>());
    let ended = clipped.exited(wall(0), wall(500)).unwrap();
    assert_eq!(ended, (10..20).map(exited).collect::<Vec<_>>());
    let gaps: Vec<_> = clipped
        .gaps()
        .unwrap()
        .iter()
        .map(|gap| gap.after.0)
        .collect();
    assert_eq!(gaps, (11..20).collect::<Vec<_>>());
    assert_eq!(clipped.sources().unwrap()[0].state, "state 19");
    assert_eq!(clipped.notes().unwrap(), ["clipped"]);
    let rows = Connection::open(&to).unwrap();
    let sources: i64 = rows
        .query_row("SELECT count(*) FROM source", [], |row| row.get(0))
        .unwrap();
    // What held at the first tick, and the nine that followed.
    assert_eq!(sources, 10);
}

#[test]
fn what_is_derived_is_the_same_as_the_recorder_made() {
    let (folder, path) = folder();
    let mut host = lively(&path, 200);
    host.writer.finish("signal").unwrap();
    (host, _) = FakeHost::start(&path, "boot-2", 300, LARGE);
    host.record(90);
    host.writer.finish("signal").unwrap();
    let to = folder.path().join("clip");
    clip(&mut Capture::open(&path).unwrap(), (1, 290), &to);
    let dump = |file: &Path, table: &str, columns: &str| {
        let db = Connection::open(file).unwrap();
        let sql = format!("SELECT {columns} FROM {table} ORDER BY id");
        let mut rows = db.prepare(&sql).unwrap();
        let width = rows.column_count();
        let rows = rows.query_map([], |row| {
            let cells = (0..width).map(|cell| row.get::<_, rusqlite::types::Value>(cell));
            Ok(format!("{:?}", cells.collect::<Vec<_>>()))
        });
        rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    for (table, columns) in [
        (
            "process",
            "id, boot, pid, first_seq, last_seq, cpu_us, peak_rss_kib, comm, command",
        ),
        ("pyramid", "level_seconds, run, first_seq, ticks, machine"),
        ("minute", "from_unix_us, ticks, load1"),
        ("run", "boot, first_seq, last_seq, ended"),
        ("gap", "kind, after_seq, missed_ticks"),
        ("clock", "run, seq, unix_us"),
        ("chunk", "id, run, ticks"),
        ("host", "id, boot_id"),
    ] {
        let (ours, theirs) = (dump(&path, table, columns), dump(&to, table, columns));
        assert!(!ours.is_empty(), "{table}");
        assert_eq!(ours, theirs, "{table}");
    }
}

#[test]
fn a_damaged_chunk_becomes_a_gap() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(240);
    host.writer.finish("signal").unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute(
        "UPDATE chunk_body SET frames = zeroblob(99) WHERE id IN (61, 181)",
        [],
    )
    .unwrap();
    drop(db);
    let to = folder.path().join("clip");
    let mut original = Capture::open(&path).unwrap();
    let made = clip(&mut original, (50, 200), &to);
    assert_eq!(original.damage().len(), 2);
    assert_eq!(made.ticks, 11 + 60);
    let mut clipped = Capture::open(&to).unwrap();
    let gaps = clipped.gaps().unwrap();
    let gaps: Vec<_> = gaps
        .iter()
        .map(|gap| (gap.kind, gap.after.0, gap.missed, gap.from))
        .collect();
    let second = |second| instants(second, 0).wall;
    // 61 to 120, and 181 to the end of the range.
    let expected = [
        (GapKind::UnknownEnd, 60, 60, second(59)),
        (GapKind::UnknownEnd, 180, 20, second(179)),
    ];
    assert_eq!(gaps, expected);
    clipped.check().unwrap();
    assert_eq!(clipped.damage(), []);
}

#[test]
fn a_clip_writes_over_nothing_and_leaves_nothing_when_it_fails() {
    let (folder, path) = folder();
    let (mut host, _) = FakeHost::start(&path, "boot-1", 0, LARGE);
    host.record(10);
    host.writer.finish("signal").unwrap();
    let mut original = Capture::open(&path).unwrap();
    let there = folder.path().join("there");
    std::fs::write(&there, "mine").unwrap();
    let range = (Seq(1), Seq(5));
    let refused = original.clip(range, &there, (&maker(), ""));
    assert!(refused.is_err());
    assert_eq!(std::fs::read(&there).unwrap(), b"mine");
    let nothing = folder.path().join("nothing");
    let range = (Seq(500), Seq(600));
    let empty = original.clip(range, &nothing, (&maker(), ""));
    assert!(empty.is_err());
    assert!(!nothing.exists());
}
