//! The table of processes: its order, its filter, a pinned moment, a process that is followed.

use super::*;

#[test]
fn absent_values_come_last_whichever_way_the_table_is_sorted() {
    let mut state = open_state();
    assert_eq!(pids(&state), [5, 1, 9]);
    apply(&mut state, Command::SortBy(Column::Cpu));
    assert_eq!(pids(&state), [1, 5, 9]);
}

#[test]
fn the_filter_wants_every_word_and_ignores_case() {
    let mut state = open_state();
    apply(&mut state, Command::Filter("ROOT ng".to_owned()));
    assert_eq!(pids(&state), [5]);
    apply(&mut state, Command::Filter("root 9".to_owned()));
    assert_eq!(pids(&state), [9]);
}

#[test]
fn pinning_keeps_the_moment_and_a_second_time_lets_it_go() {
    let mut state = open_state();
    apply(&mut state, Command::TogglePin);
    apply(&mut state, Command::Step(-1));
    answer(&mut state, 999);
    let pinned = |state: &State| {
        let pinned = state.documents[0].pinned.as_ref();
        pinned.map(|pinned| pinned.snapshot.seq)
    };
    assert_eq!(pinned(&state), Some(Seq(1000)));
    apply(&mut state, Command::SortBy(Column::CpuChange));
    apply(&mut state, Command::TogglePin);
    assert_eq!(
        (pinned(&state), state.documents[0].table.sort),
        (None, Column::Cpu)
    );
}

#[test]
fn following_a_process_asks_for_its_life_once_for_each_view() {
    let mut state = open_state();
    let key = state.documents[0].snapshot.as_ref().unwrap().rows[2].key;
    let asked = |requests: &[Request]| {
        let is_life = |request: &&Request| matches!(request, Request::Ask(_, Job::Life { .. }));
        requests.iter().filter(is_life).count()
    };
    assert_eq!(asked(&apply(&mut state, Command::Select(key))), 1);
    assert_eq!(asked(&apply(&mut state, Command::SortBy(Column::Pid))), 0);
    let zoom = Command::Zoom {
        at: at(500),
        factor: 0.5,
    };
    assert_eq!(asked(&apply(&mut state, zoom)), 1);
    assert!(state.is_waiting());
    assert_eq!(asked(&apply(&mut state, Command::Select(key))), 0);
    assert!(state.documents[0].page.is_none());
}

#[test]
fn a_page_stays_while_its_process_is_not_there() {
    let mut state = open_state();
    let key = state.documents[0].snapshot.as_ref().unwrap().rows[1].key;
    apply(&mut state, Command::Follow(key));
    apply(&mut state, Command::Step(-1));
    let generation = state.documents[0].owed_snapshot.unwrap();
    let mut without = (*snapshot(999)).clone();
    without.rows.remove(1);
    receive(&mut state, Reply::Snapshot(generation, Arc::new(without)));
    let page = state.documents[0].page.as_ref().unwrap();
    assert_eq!((page.is_there, page.row.comm.as_str()), (false, "java"));
}

#[test]
fn the_table_is_copied_as_it_is_shown() {
    let mut state = open_state();
    apply(&mut state, Command::Filter("nginx".to_owned()));
    let requests = apply(&mut state, Command::CopyTable(CopyAs::Csv));
    let [Request::Copy(text)] = requests.as_slice() else {
        panic!("nothing was copied")
    };
    assert_eq!(text.lines().count(), 2);
    assert!(
        text.lines()
            .nth(1)
            .unwrap()
            .starts_with("5,root,S,80,,4096,"),
        "{text}"
    );
}
