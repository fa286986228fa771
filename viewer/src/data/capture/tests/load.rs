//! The load of a written capture: at one moment, and in pieces over a stretch.

use super::*;
use crate::data::{LoadQuestion, ThingsOf};
use afterimage_analysis::load::{By, Group};

#[test]
fn a_snapshot_has_its_tasks_in_groups_and_says_how_many_were_not_seen() {
    let (_folder, mut replay) = ended();
    let snapshot = replay.snapshot(Want::At(wall(10)), &[]).unwrap();
    let things = replay.things(ThingsOf::Load, snapshot.seq).unwrap();
    let load = things.load.unwrap();
    // Three run, of which one is the recorder; one of the others was seen.
    assert_eq!(
        (load.counts.running, load.counts.running_not_seen()),
        (1, Some(1))
    );
    for by in By::ALL {
        let tasks: u64 = load.by(by).iter().map(Group::tasks).sum();
        assert_eq!(tasks, 1, "{by:?}");
    }
    assert!(
        load.residual.contains("counted 2 running tasks"),
        "{}",
        load.residual
    );
}

#[test]
fn the_load_over_time_comes_in_pieces_and_has_a_hole_where_nothing_was_recorded() {
    let (_folder, mut replay) = ended();
    let question = LoadQuestion {
        by: By::Process,
        from: wall(0),
        to: wall(179),
        most: 240,
    };
    let mut pieces = 1;
    let data = loop {
        match replay.load(&question).unwrap() {
            Some(data) => break data,
            None => pieces += 1,
        }
    };
    assert!(
        pieces > 10,
        "something else may be asked in between: {pieces}"
    );
    assert_eq!(data.columns.len(), 150);
    assert_eq!(data.parts.len(), 1);
    for column in &data.columns {
        assert!((column.tasks[0] - 1.0).abs() < 1e-9 && (column.not_seen - 1.0).abs() < 1e-9);
        assert!((column.total() - 2.0).abs() < 1e-9);
        assert_eq!(column.load_one, Some(1.5));
    }
    let before = &data.columns[69];
    assert_eq!(
        (before.from, before.to),
        (wall(69), wall(70)),
        "it ends with its tick"
    );
    assert!(data.column_at(wall(80)).is_none());
    // Only one of the three averages is known: there is nothing to begin the formula with.
    assert_eq!(before.computed, None);
}
