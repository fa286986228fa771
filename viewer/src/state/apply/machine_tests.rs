//! Tabs, the kernel log and following a process by its number, without a screen.

use super::super::tests::{answer, at, open_state};
use crate::command::{Command, LogCommand};
use crate::state::tabs::Tab;
use crate::state::{Focus, State, apply};
use afterimage_format::process::Pid;

fn tab(state: &State) -> Tab {
    state.documents[0].tab
}

#[test]
fn a_pid_is_followed_once_its_moment_is_loaded_and_shown_among_the_processes() {
    let mut state = open_state();
    apply(&mut state, Command::ShowTab(Tab::Log));
    apply(&mut state, Command::FollowPid(Pid(9), at(500)));
    assert!(
        state.documents[0].page.is_none(),
        "nothing is known of 500 s yet"
    );
    answer(&mut state, 500);
    let page = state.documents[0].page.as_ref().unwrap();
    assert_eq!((page.key.pid, tab(&state)), (Pid(9), Tab::Processes));
}

#[test]
fn a_pid_that_is_not_there_is_told_and_the_page_stays() {
    let mut state = open_state();
    apply(&mut state, Command::ShowTab(Tab::Log));
    apply(&mut state, Command::FollowPid(Pid(77), at(500)));
    answer(&mut state, 500);
    let problem = state.documents[0].problem.clone().unwrap();
    assert!(
        problem.starts_with("No process 77 was there at 00:08:20"),
        "{problem}"
    );
    assert_eq!(tab(&state), Tab::Log);
}

#[test]
fn going_elsewhere_meanwhile_forgets_whom_to_follow() {
    let mut state = open_state();
    apply(&mut state, Command::FollowPid(Pid(9), at(500)));
    apply(&mut state, Command::SetCursor(at(600)));
    answer(&mut state, 600);
    assert!(state.documents[0].page.is_none());
}

#[test]
fn the_key_for_looking_goes_to_the_field_of_the_page() {
    let mut state = open_state();
    apply(&mut state, Command::ShowTab(Tab::Log));
    apply(&mut state, Command::FocusFilter);
    assert_eq!((state.focus, tab(&state)), (Some(Focus::Search), Tab::Log));
    apply(&mut state, Command::ShowTab(Tab::Cpu));
    apply(&mut state, Command::FocusFilter);
    assert_eq!(
        (state.focus, tab(&state)),
        (Some(Focus::Filter), Tab::Processes)
    );
}

#[test]
fn a_search_without_a_log_does_nothing() {
    let mut state = open_state();
    for command in [
        LogCommand::Search("x".to_owned()),
        LogCommand::NextMatch(1),
        LogCommand::ToggleOnlyMatches,
    ] {
        apply(&mut state, Command::Log(command));
    }
    let log = &state.documents[0].log;
    assert_eq!((log.lines.len(), log.current), (0, None));
}
