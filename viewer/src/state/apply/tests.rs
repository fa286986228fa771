//! What commands do to the state.

mod table;
mod unreadable;

use super::*;
use crate::command::DocumentId;
use crate::data::dumps::DumpList;
use crate::data::events::{Events, Lane, LaneEvent};
use crate::data::worker::{Job, Reply};
use crate::data::{Damage, Facts, GapBand, ProcessRow, SeriesId, Snapshot};
use crate::state::table::Column;
use crate::state::table::export::CopyAs;
use afterimage_analysis::zone::Zone;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::reading::Missing;
use afterimage_format::time::Seq;
use afterimage_format::units::{Bytes, Ticks};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

const SECOND: i64 = 1_000_000;

pub(super) fn at(seconds: i64) -> WallTime {
    WallTime(seconds * SECOND)
}

fn row(pid: i32, comm: &str, cpu: Option<f64>) -> ProcessRow {
    let key = ProcessKey {
        pid: Pid(pid),
        started: Ticks(7),
    };
    ProcessRow {
        user: Ok("root".to_owned()),
        state: Ok('S'),
        cpu_percent: cpu.ok_or(Missing::NotRead),
        wait_percent: Err(Missing::NotSupported),
        rss: Ok(Bytes(4096)),
        read_per_second: Err(Missing::PermissionDenied),
        write_per_second: Err(Missing::PermissionDenied),
        threads: Ok(1),
        nice: Ok(0),
        started: Ok(at(0)),
        comm: comm.to_owned(),
        command: Ok(String::new()),
        ..ProcessRow::unknown(key)
    }
}

fn snapshot(seq: u64) -> Arc<Snapshot> {
    let rows = vec![
        row(1, "init", Some(0.5)),
        row(9, "java", None),
        row(5, "nginx", Some(80.0)),
    ];
    let seconds = i64::try_from(seq).unwrap();
    let (seq, at) = (Seq(seq), at(seconds));
    Arc::new(Snapshot {
        seq,
        at,
        previous: None,
        values: BTreeMap::new(),
        machine: afterimage_analysis::machine::Pages::default(),
        rows,
        gone: vec![],
    })
}

/// A capture of 1000 seconds, open, with the cursor at its end and the last snapshot shown.
pub(super) fn open_state() -> State {
    let mut state = State::default();
    let path = PathBuf::from("host.afterimage");
    apply(&mut state, Command::Open { path, at: None });
    let facts = Facts {
        host: "host".to_owned(),
        kernel: "6.1".to_owned(),
        zone: Zone::utc(),
        zone_name: Some("UTC".to_owned()),
        cpus: Some(4),
        ending: Ending::Clean,
        first: at(0),
        last: at(1000),
        gaps: vec![],
        damage: Damage::default(),
    };
    receive(&mut state, Reply::Opened(Arc::new(facts)));
    let asked = apply(&mut state, Command::Width(100));
    answer_timeline(&mut state, &asked);
    answer(&mut state, 1000);
    state
}

/// The worker answers what is asked for the overview and the lanes.
pub(super) fn answer_timeline(state: &mut State, asked: &[Request]) {
    for request in asked {
        let reply = match request {
            Request::Ask(_, Job::Overview { generation, .. }) => {
                Reply::Overview(*generation, vec![])
            }
            Request::Ask(_, Job::Rows { generation, .. }) => Reply::Rows(*generation, vec![]),
            Request::Ask(_, Job::Events { generation }) => {
                let event = |at_second: i64| LaneEvent {
                    at: at(at_second),
                    count: 1,
                    text: "a line".into(),
                };
                let log = vec![event(700), event(800)];
                let rows = [
                    (Lane::KernelLog, 0, log),
                    (Lane::Marks, 0, vec![event(500)]),
                ];
                Reply::Events(*generation, Arc::new(Events::new(rows, vec![])))
            }
            Request::Ask(_, Job::Dumps { generation }) => {
                Reply::Dumps(*generation, DumpList::default())
            }
            _ => continue,
        };
        receive(state, reply);
    }
}

/// The same, of a capture that is still being recorded and has come to this second.
fn recorded_until(state: &mut State, seconds: i64) -> Vec<Request> {
    let facts = state.documents[0].facts().unwrap().clone();
    let grown = Facts {
        ending: Ending::Recording,
        last: at(seconds),
        ..facts
    };
    receive(state, Reply::Changed(Arc::new(grown)))
}

/// The same capture with a gap in it.
pub(super) fn facts_with_gap(state: &State, from: i64, to: i64) -> Facts {
    let gap = GapBand {
        from: at(from),
        to: at(to),
        kind: "killed".to_owned(),
        detail: String::new(),
    };
    Facts {
        gaps: vec![gap],
        ..state.documents[0].facts().unwrap().clone()
    }
}

pub(super) fn receive(state: &mut State, reply: Reply) -> Vec<Request> {
    apply(state, Command::Received(DocumentId(0), reply))
}

/// The worker answers the newest question with this snapshot.
pub(super) fn answer(state: &mut State, seq: u64) {
    let generation = state.documents[0].owed_snapshot.unwrap();
    receive(state, Reply::Snapshot(generation, snapshot(seq)));
}

pub(super) fn wanted(requests: &[Request]) -> Vec<Want> {
    let want = |request: &Request| match request {
        Request::Ask(_, Job::Snapshot { want, .. }) => Some(*want),
        _ => None,
    };
    requests.iter().filter_map(want).collect()
}

fn pids(state: &State) -> Vec<i32> {
    let document = state.document().unwrap();
    let rows = document.rows().unwrap();
    let lines = 0..document.table.lines.len();
    let process = |line| document.table.process_of(line, &rows);
    lines.filter_map(process).map(|key| key.pid.0).collect()
}

#[test]
fn an_opened_capture_shows_its_end_and_asks_for_it() {
    let state = open_state();
    let document = state.document().unwrap();
    assert_eq!(document.time.cursor, at(1000));
    assert!(document.time.view.contains(at(0)));
    assert!(document.owed_series.is_some());
}

#[test]
fn steps_faster_than_the_disk_add_up() {
    let mut state = open_state();
    apply(&mut state, Command::Step(-1));
    let requests = apply(&mut state, Command::Step(-10));
    assert_eq!(
        wanted(&requests),
        [Want::Step {
            from: Seq(1000),
            by: -11
        }]
    );
    answer(&mut state, 989);
    assert_eq!(state.documents[0].time.cursor, at(989));
    let requests = apply(&mut state, Command::Step(1));
    assert_eq!(
        wanted(&requests),
        [Want::Step {
            from: Seq(989),
            by: 1
        }]
    );
}

#[test]
fn an_overtaken_snapshot_is_shown_but_moves_no_cursor() {
    let mut state = open_state();
    apply(&mut state, Command::SetCursor(at(300)));
    let overtaken = state.documents[0].owed_snapshot.unwrap();
    apply(&mut state, Command::SetCursor(at(400)));
    receive(&mut state, Reply::Snapshot(overtaken, snapshot(300)));
    let document = state.document().unwrap();
    assert_eq!(
        (document.time.cursor, document.shown_at()),
        (at(400), Some(at(300)))
    );
    assert!(state.is_waiting());
}

#[test]
fn playing_moves_the_cursor_by_the_time_that_went_by_and_stops_at_the_end() {
    let mut state = open_state();
    apply(&mut state, Command::SetCursor(at(998)));
    apply(&mut state, Command::TogglePlay);
    apply(&mut state, Command::Advance(Duration::from_millis(1500)));
    assert_eq!(state.documents[0].time.cursor, WallTime(999_500_000));
    apply(&mut state, Command::Advance(Duration::from_millis(1500)));
    assert_eq!(state.documents[0].time.cursor, at(1000));
    assert!(!state.documents[0].time.playing);
}

#[test]
fn a_time_that_is_none_stays_in_the_field_with_the_reason() {
    let mut state = open_state();
    apply(&mut state, Command::BeginJump);
    apply(&mut state, Command::EditJump("noon".to_owned()));
    assert!(apply(&mut state, Command::Jump).is_empty());
    assert_eq!(state.documents[0].jump.as_deref(), Some("noon"));
    assert!(state.documents[0].problem.is_some());
    assert_eq!(state.focus, Some(Focus::Jump));
    apply(&mut state, Command::EditJump("00:05".to_owned()));
    assert_eq!(
        wanted(&apply(&mut state, Command::Jump)),
        [Want::At(WallTime(300_999_999))]
    );
    assert_eq!(
        (
            state.documents[0].jump.clone(),
            state.documents[0].problem.clone()
        ),
        (None, None)
    );
}

#[test]
fn curves_of_an_older_view_do_not_end_the_waiting_for_the_newer_one() {
    let mut state = open_state();
    let older = state.documents[0].owed_series.unwrap();
    apply(&mut state, Command::Pan(5 * SECOND));
    apply(
        &mut state,
        Command::Zoom {
            at: at(500),
            factor: 0.5,
        },
    );
    receive(&mut state, Reply::Series(older, vec![]));
    assert!(state.is_waiting());
    let newer = state.documents[0].owed_series.unwrap();
    receive(&mut state, Reply::Series(newer, vec![]));
    assert!(!state.is_waiting());
}

#[test]
fn the_same_curves_are_not_asked_for_twice() {
    let mut state = open_state();
    assert!(apply(&mut state, Command::Width(100)).is_empty());
    let zoom = Command::Zoom {
        at: at(500),
        factor: 0.5,
    };
    assert_eq!(apply(&mut state, zoom).len(), 1);
    assert_eq!(state.documents[0].time.view.micros(), 510 * SECOND);
}

#[test]
fn a_curve_is_hidden_and_shown_again() {
    let mut state = open_state();
    apply(&mut state, Command::ToggleSeries(SeriesId::Blocked));
    assert!(state.documents[0].hidden.contains(&SeriesId::Blocked));
    apply(&mut state, Command::ToggleSeries(SeriesId::Blocked));
    assert!(state.documents[0].hidden.is_empty());
}

#[test]
fn without_a_capture_every_command_is_harmless() {
    let mut state = State::default();
    for command in [
        Command::Step(1),
        Command::First,
        Command::TogglePlay,
        Command::Jump,
    ] {
        assert!(apply(&mut state, command).is_empty());
    }
    assert!(!state.is_waiting());
}

#[test]
fn the_cursor_goes_to_the_snapshot_that_was_pointed_at() {
    let mut state = open_state();
    apply(&mut state, Command::SetCursor(WallTime(300_700_000)));
    answer(&mut state, 300);
    let time = &state.documents[0].time;
    assert_eq!((time.cursor, time.wanted), (at(300), WallTime(300_700_000)));
}

#[test]
fn the_cursor_stays_in_a_gap_that_was_pointed_at() {
    let mut state = open_state();
    let facts = facts_with_gap(&state, 300, 400);
    receive(&mut state, Reply::Changed(Arc::new(facts)));
    apply(&mut state, Command::SetCursor(at(350)));
    answer(&mut state, 300);
    assert_eq!(state.documents[0].time.cursor, at(350));
}

#[test]
fn the_end_of_a_recording_is_followed_until_the_cursor_leaves_it() {
    let mut state = open_state();
    recorded_until(&mut state, 1001);
    // It was opened as an ended one: the End key begins to follow.
    apply(&mut state, Command::Last);
    answer(&mut state, 1001);
    let requests = recorded_until(&mut state, 1002);
    assert_eq!(wanted(&requests), [Want::Last]);
    answer(&mut state, 1002);
    assert_eq!(state.documents[0].time.cursor, at(1002));

    apply(&mut state, Command::Step(-1));
    answer(&mut state, 1001);
    assert_eq!(wanted(&recorded_until(&mut state, 1003)), []);
    let time = &state.documents[0].time;
    assert_eq!((time.cursor, time.capture.to), (at(1001), at(1003)));
    assert!(time.view.contains(at(1003)), "the whole stays whole");
}

#[test]
fn a_growing_capture_is_drawn_again_once_it_is_a_pixel_longer() {
    let mut state = open_state();
    let series = |requests: &[Request]| {
        let is_series = |request: &&Request| matches!(request, Request::Ask(_, Job::Series { .. }));
        requests.iter().filter(is_series).count()
    };
    // 1020 seconds are shown on 100 points: 10.2 seconds each.
    assert_eq!(series(&recorded_until(&mut state, 1009)), 0);
    assert_eq!(series(&recorded_until(&mut state, 1011)), 1);
    assert_eq!(series(&recorded_until(&mut state, 1012)), 0);
}

#[test]
fn a_time_outside_the_capture_is_refused_and_told() {
    let mut state = open_state();
    apply(&mut state, Command::EditJump("02:00".to_owned()));
    assert_eq!(wanted(&apply(&mut state, Command::Jump)), []);
    let problem = state.documents[0].problem.clone().unwrap();
    assert!(
        problem.contains("did not show") || problem.contains("outside"),
        "{problem}"
    );
}
