//! What commands about time, tracks and lanes do to the state; beside `navigate.rs`.

use super::super::tests::{
    answer, answer_timeline, at, facts_with_gap, open_state, receive, wanted,
};
use crate::command::{Command, Request, TimeCommand, TrackCommand};
use crate::data::worker::{Job, Reply};
use crate::data::{DAMAGED, Lane, SeriesId, Want};
use crate::state::time::{Grip, Speed, TimeView};
use crate::state::tracks::TrackId;
use crate::state::{State, apply};
use crate::time_axis::Span;
use std::sync::Arc;
use std::time::Duration;

fn time(state: &mut State, command: TimeCommand) {
    apply(state, Command::Time(command));
}

fn span(from: i64, to: i64) -> Span {
    Span {
        from: at(from),
        to: at(to),
    }
}

#[test]
fn a_drag_on_the_overview_is_a_preview_until_it_is_let_go() {
    let mut state = open_state();
    let before = state.documents[0].time.view;
    time(&mut state, TimeCommand::BeginBrush(Grip::New, at(200)));
    time(&mut state, TimeCommand::Brush(at(300)));
    let shown = &state.documents[0].time;
    assert_eq!((shown.view, shown.shown()), (before, span(200, 300)));
    time(&mut state, TimeCommand::Cancel);
    assert_eq!(state.documents[0].time.shown(), before);
    time(&mut state, TimeCommand::BeginBrush(Grip::New, at(300)));
    time(&mut state, TimeCommand::Brush(at(200)));
    time(&mut state, TimeCommand::Commit);
    assert_eq!(state.documents[0].time.view, span(200, 300));
    time(&mut state, TimeCommand::BeginBrush(Grip::Whole, at(250)));
    time(&mut state, TimeCommand::Brush(at(350)));
    time(&mut state, TimeCommand::Commit);
    assert_eq!(state.documents[0].time.view, span(300, 400));
    time(&mut state, TimeCommand::BeginBrush(Grip::To, at(400)));
    time(&mut state, TimeCommand::Brush(at(100)));
    time(&mut state, TimeCommand::Commit);
    // Its end cannot come before its beginning: five seconds are the least.
    assert_eq!(state.documents[0].time.view, span(300, 305));
}

#[test]
fn back_and_forward_go_through_views_and_cursors() {
    let mut state = open_state();
    let whole = state.documents[0].time.view;
    apply(&mut state, Command::SetCursor(at(300)));
    answer(&mut state, 300);
    time(&mut state, TimeCommand::Settle);
    apply(&mut state, Command::SetCursor(at(500)));
    answer(&mut state, 500);
    time(&mut state, TimeCommand::ZoomAtCursor(0.5));
    time(&mut state, TimeCommand::ZoomAtCursor(0.5));
    let zoomed = state.documents[0].time.view;
    time(&mut state, TimeCommand::Back);
    assert_eq!(state.documents[0].time.view, whole);
    time(&mut state, TimeCommand::Back);
    assert_eq!(state.documents[0].time.cursor, at(300));
    time(&mut state, TimeCommand::Forward);
    time(&mut state, TimeCommand::Forward);
    let shown = &state.documents[0].time;
    assert_eq!((shown.view, shown.cursor), (zoomed, at(500)));
}

#[test]
fn playing_at_sixty_passes_a_minute_in_a_second() {
    let mut state = open_state();
    apply(&mut state, Command::SetCursor(at(100)));
    time(&mut state, TimeCommand::SetSpeed(Speed::Sixty));
    apply(&mut state, Command::TogglePlay);
    apply(&mut state, Command::Advance(Duration::from_secs(1)));
    assert_eq!(state.documents[0].time.cursor, at(160));
}

#[test]
fn what_is_damaged_is_not_folded_and_never_is_everything() {
    let mut state = open_state();
    let mut facts = facts_with_gap(&state, 0, 1000);
    facts.gaps[0].kind = DAMAGED.to_owned();
    receive(&mut state, Reply::Changed(Arc::new(facts.clone())));
    let shown = |state: &State| state.documents[0].time.clone();
    let length = |time: &TimeView| time.folds.folded_span(time.capture).micros();
    // Nothing can be read, and still the lanes and the summaries have their thousand seconds.
    assert_eq!(length(&shown(&state)), 1_000_000_000);
    assert!(shown(&state).view.micros() >= 1_000_000_000);
    // Nor does folding it by hand leave nothing in sight.
    time(&mut state, TimeCommand::ToggleFold(at(0)));
    assert_eq!(length(&shown(&state)), 1_000_000_000);
    assert!(!shown(&state).fold_choices[&at(0)]);
    // A gap of another kind that is as long would leave nothing either.
    facts.gaps[0].kind = "killed".to_owned();
    let mut state = open_state();
    receive(&mut state, Reply::Changed(Arc::new(facts)));
    assert_eq!(length(&shown(&state)), 1_000_000_000);
}

#[test]
fn a_gap_that_is_long_beside_the_rest_is_folded_and_playing_passes_it() {
    let mut state = open_state();
    // 300 s of 1000 are missing: more than a fifth of the 700 that were recorded.
    let facts = facts_with_gap(&state, 300, 600);
    receive(&mut state, Reply::Changed(Arc::new(facts)));
    assert!(
        state.documents[0]
            .time
            .folds
            .beginning_at(at(300))
            .is_some()
    );
    apply(&mut state, Command::SetCursor(at(299)));
    apply(&mut state, Command::TogglePlay);
    apply(&mut state, Command::Advance(Duration::from_secs(2)));
    assert_eq!(state.documents[0].time.cursor, at(600));
    time(&mut state, TimeCommand::ToggleFold(at(300)));
    assert!(
        state.documents[0]
            .time
            .folds
            .beginning_at(at(300))
            .is_none()
    );
}

#[test]
fn the_next_event_is_counted_from_the_one_that_was_gone_to() {
    let mut state = open_state();
    apply(
        &mut state,
        Command::Track(TrackCommand::ChooseLane(Lane::KernelLog)),
    );
    apply(&mut state, Command::SetCursor(at(600)));
    answer(&mut state, 600);
    let next = Command::Track(TrackCommand::NextEvent);
    assert_eq!(
        wanted(&apply(&mut state, next.clone())),
        [Want::At(at(700))]
    );
    // The snapshot of it is an earlier one.
    answer(&mut state, 699);
    assert_eq!(
        wanted(&apply(&mut state, next.clone())),
        [Want::At(at(800))]
    );
    assert_eq!(wanted(&apply(&mut state, next)), []);
    let previous = Command::Track(TrackCommand::PreviousEvent);
    assert_eq!(wanted(&apply(&mut state, previous)), [Want::At(at(700))]);
}

#[test]
fn a_track_that_is_added_asks_for_its_curves_and_one_that_is_there_does_not() {
    let mut state = open_state();
    let memory = Command::Track(TrackCommand::Toggle(TrackId::Memory));
    let asked = apply(&mut state, memory.clone());
    assert_eq!(asked.len(), 1);
    assert!(format!("{asked:?}").contains(&format!("{:?}", SeriesId::MemoryUsed)));
    assert!(apply(&mut state, memory.clone()).is_empty());
    assert!(
        apply(&mut state, memory).is_empty(),
        "they are here already"
    );
    let heat = Command::Track(TrackCommand::Toggle(TrackId::Cpus));
    let asked = apply(&mut state, heat);
    assert!(state.is_waiting());
    answer_timeline(&mut state, &asked);
    assert_eq!(asked.len(), 1);
}

#[test]
fn sockets_that_become_a_track_are_asked_for_at_the_moment_that_is_shown() {
    let mut state = open_state();
    answer_if_owed(&mut state);
    let shown = state.documents[0].snapshot.as_ref().unwrap().at;
    let sockets = Command::Track(TrackCommand::Toggle(TrackId::Sockets));
    let asked = apply(&mut state, sockets);
    assert_eq!(wanted(&asked), [Want::At(shown)]);
    let curves = asked.iter().find_map(|request| match request {
        Request::Ask(_, Job::Snapshot { curves, .. }) => Some(curves.clone()),
        _ => None,
    });
    assert!(curves.unwrap().contains(&SeriesId::TcpCloseWait));
}

/// The snapshot that opening asked for has come.
fn answer_if_owed(state: &mut State) {
    if state.documents[0].owed_snapshot.is_some() {
        answer(state, 700);
    }
}
