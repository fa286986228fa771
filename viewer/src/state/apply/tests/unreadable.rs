//! Questions that are not answered.

use super::*;

#[test]
fn what_cannot_be_read_is_told_until_something_can_be() {
    let mut state = open_state();
    apply(&mut state, Command::Step(-1));
    receive(
        &mut state,
        Reply::Failed(None, "a damaged frame".to_owned()),
    );
    assert_eq!(
        state.documents[0].problem.as_deref(),
        Some("a damaged frame")
    );
    assert!(!state.is_waiting());
    apply(&mut state, Command::SetCursor(at(10)));
    answer(&mut state, 10);
    assert_eq!(state.documents[0].problem, None);
}

#[test]
fn what_one_question_fails_at_does_not_end_the_waiting_for_the_others() {
    let mut state = open_state();
    apply(&mut state, Command::Step(-1));
    apply(&mut state, Command::Pan(-5 * SECOND));
    apply(
        &mut state,
        Command::Zoom {
            at: at(500),
            factor: 0.5,
        },
    );
    let document = &state.documents[0];
    let (snapshot, series) = (document.owed_snapshot, document.owed_series);
    let why = "a damaged frame".to_owned();
    receive(&mut state, Reply::Failed(snapshot, why));
    assert!(state.is_waiting(), "for the curves");
    assert_eq!(state.documents[0].owed_series, series);
    receive(&mut state, Reply::Series(series.unwrap(), vec![]));
    assert!(!state.is_waiting());
    assert!(state.documents[0].problem.is_some());
}
