//! What of a damaged capture is told, and when that was.

use super::*;
use crate::data::{DAMAGED, Lane};
use afterimage_format::facts::Event;
use std::path::PathBuf;

#[test]
fn a_damaged_minute_is_a_gap_that_is_told_and_stepped_over() {
    let (folder, replay) = ended();
    drop(replay);
    let path = folder.path().join("web-07.afterimage");
    let db = rusqlite::Connection::open(&path).unwrap();
    // The second chunk: ticks 61 to 120, which are at 60 s to 149 s.
    let damage = "UPDATE chunk_body SET frames = zeroblob(500) WHERE id = 61";
    assert_eq!(db.execute(damage, []).unwrap(), 1);
    drop(db);
    let mut replay = CaptureReplay::open(&path).unwrap();
    let step = |from, by| Want::Step {
        from: Seq(from),
        by,
    };
    assert_eq!(seq(&mut replay, step(60, 1)), 121);
    assert_eq!(seq(&mut replay, step(121, -1)), 60);
    assert_eq!(seq(&mut replay, Want::At(wall(130))), 60);
    let facts = replay.facts();
    assert_eq!(facts.damage.time, Duration::from_secs(91));
    let damaged = facts.gaps.iter().find(|gap| gap.kind == DAMAGED).unwrap();
    assert_eq!((damaged.from, damaged.to), (wall(59), wall(150)));
    // Who looks through it knows the same before anybody has stepped there.
    let mut looked = CaptureReplay::open(&path).unwrap();
    assert!(matches!(looked.search(), Ok(Search::On { .. })));
    assert_eq!(looked.search().unwrap(), Search::Over);
    assert_eq!(looked.facts(), facts);
}

#[test]
fn a_stretch_that_is_met_from_its_middle_on_is_counted_once() {
    let (folder, replay) = ended();
    drop(replay);
    let path = folder.path().join("web-07.afterimage");
    let db = rusqlite::Connection::open(&path).unwrap();
    let damage = "UPDATE chunk_body SET frames = zeroblob(500)";
    assert!(db.execute(damage, []).unwrap() >= 2);
    drop(db);
    let mut replay = CaptureReplay::open(&path).unwrap();
    // From the end to the beginning, as the cursor of who opens it goes.
    assert!(matches!(
        replay.snapshot(Want::Last, &[]),
        Err(ReplayError::Damaged)
    ));
    let facts = replay.facts();
    let damaged = facts.gaps.iter().filter(|gap| gap.kind == DAMAGED);
    assert_eq!(damaged.count(), 1, "{:?}", facts.gaps);
    assert_eq!(facts.damage.time, facts.last.since(facts.first).unwrap());
}

/// A capture with a mark each 10 s, of which every third from the first on is damaged.
fn with_damaged_marks() -> (tempfile::TempDir, PathBuf) {
    let (folder, mut writer) = written(20);
    for seq in 21..=50 {
        let mark = Event {
            wall: wall(second_of(seq)),
            kind: "mark".to_owned(),
            text: format!("at tick {seq}"),
        };
        let marks = (seq % 10 == 0).then_some(Record::Event(mark));
        let records = marks.into_iter().collect();
        writer.commit(Some(&tick(seq)), records).unwrap();
    }
    writer.finish("signal").unwrap();
    let path = folder.path().join("web-07.afterimage");
    (folder, path)
}

#[test]
fn damaged_rows_are_placed_in_time_by_those_beside_them() {
    let (_folder, path) = with_damaged_marks();
    let db = rusqlite::Connection::open(&path).unwrap();
    let damage = "UPDATE event SET text = 'x' WHERE text = ?";
    for (tick, from, to) in [
        ("at tick 40", wall(29), wall(49)),
        ("at tick 50", wall(29), WallTime(i64::MAX)),
    ] {
        assert_eq!(db.execute(damage, [tick]).unwrap(), 1);
        let mut replay = CaptureReplay::open(&path).unwrap();
        while replay.events().unwrap().is_none() {}
        let damage = replay.facts().damage.clone();
        assert_eq!(damage.lost_of(Lane::Marks.tables()), [(from, to)]);
        assert_eq!(damage.lost_of(Lane::KernelLog.tables()), []);
    }
}
