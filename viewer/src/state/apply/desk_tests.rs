//! What commands around the captures do; beside `desk.rs`, which would be too long with them.

use super::*;
use crate::command::Command;
use crate::data::worker::Reply;
use crate::state::apply;
use crate::state::apply::tests::open_state;
use crate::state::desk::Recent;
use crate::state::table::Column;
use afterimage_format::time::WallTime;

fn desk(state: &mut State, command: DeskCommand) -> Vec<Request> {
    apply(state, Command::Desk(command))
}

fn open_path(state: &mut State, path: &str) -> Vec<Request> {
    let path = path.into();
    apply(state, Command::Open { path, at: None })
}

fn names(state: &State) -> Vec<String> {
    state.documents.iter().map(Document::name).collect()
}

fn shown(state: &State) -> String {
    state.document().map(Document::name).unwrap_or_default()
}

fn fail(state: &mut State, id: u32) {
    let reply = Reply::NotOpened("it is empty".to_owned());
    apply(state, Command::Received(DocumentId(id), reply));
}

#[test]
fn a_file_that_is_open_is_shown_and_not_opened_again() {
    let mut state = open_state();
    assert!(!open_path(&mut state, "other.afterimage").is_empty());
    assert_eq!(shown(&state), "other.afterimage");
    let again = open_path(&mut state, "host.afterimage");
    assert!(again.is_empty(), "{again:?}");
    assert_eq!(names(&state), ["host.afterimage", "other.afterimage"]);
    assert_eq!(shown(&state), "host.afterimage");
}

#[test]
fn a_file_under_another_name_is_the_same_file() {
    let mut state = open_state();
    let file = PathBuf::from("/srv/host.afterimage");
    let is_at = |state: &mut State, id| {
        apply(
            state,
            Command::Received(DocumentId(id), Reply::IsAt(file.clone())),
        )
    };
    assert!(is_at(&mut state, 0).is_empty());
    open_path(&mut state, "link.afterimage");
    let requests = is_at(&mut state, 1);
    assert_eq!(requests, [Request::Run(Errand::Close(DocumentId(1)))]);
    assert_eq!(
        (names(&state).len(), shown(&state).as_str()),
        (1, "host.afterimage")
    );
}

#[test]
fn closing_ends_the_worker_shows_the_neighbour_and_no_number_is_given_twice() {
    let mut state = open_state();
    for name in ["b", "c"] {
        open_path(&mut state, name);
    }
    apply(&mut state, Command::Activate(DocumentId(1)));
    let closed = desk(&mut state, DeskCommand::CloseShown);
    assert_eq!(closed, [Request::Run(Errand::Close(DocumentId(1)))]);
    assert_eq!(shown(&state), "c");
    desk(&mut state, DeskCommand::CloseShown);
    assert_eq!(shown(&state), "host.afterimage");
    open_path(&mut state, "d");
    assert_eq!(state.active, Some(DocumentId(3)));
    desk(&mut state, DeskCommand::Close(DocumentId(0)));
    desk(&mut state, DeskCommand::CloseShown);
    assert!(state.document().is_none());
    // An answer that was on its way finds nobody.
    fail(&mut state, 3);
    assert!(names(&state).is_empty());
}

#[test]
fn the_tabs_go_round_and_each_keeps_its_own_cursor() {
    let mut state = open_state();
    open_path(&mut state, "b");
    desk(&mut state, DeskCommand::Next(1));
    assert_eq!(shown(&state), "host.afterimage");
    apply(&mut state, Command::SetCursor(WallTime(5_000_000)));
    desk(&mut state, DeskCommand::Next(-1));
    assert_eq!(shown(&state), "b");
    desk(&mut state, DeskCommand::Next(1));
    let cursor = state.document().map(|document| document.time.cursor);
    assert_eq!(cursor, Some(WallTime(5_000_000)));
    desk(&mut State::default(), DeskCommand::Next(1));
}

#[test]
fn what_could_not_be_opened_is_tried_again_in_its_place_and_gives_way() {
    let mut state = open_state();
    open_path(&mut state, "torn");
    fail(&mut state, 1);
    let again = desk(&mut state, DeskCommand::Retry(DocumentId(1)));
    assert_eq!(again, [Request::Open(DocumentId(1), "torn".into())]);
    assert!(matches!(state.document().unwrap().phase, Phase::Opening));
    fail(&mut state, 1);
    assert_eq!(open_path(&mut state, "torn"), again);
    fail(&mut state, 1);
    open_path(&mut state, "sound");
    assert_eq!(names(&state), ["host.afterimage", "sound"]);
}

#[test]
fn the_next_capture_is_shown_as_the_one_before_was() {
    let mut state = open_state();
    for command in [Command::SortBy(Column::Rss), Command::ToggleTree] {
        apply(&mut state, command);
    }
    open_path(&mut state, "b");
    let of_b = Preferences::of(state.document().unwrap());
    assert_eq!(of_b.sort, Column::Rss);
    assert_eq!(of_b, Preferences::of(&state.documents[0]));
    assert_ne!(of_b, Preferences::default());
    desk(&mut state, DeskCommand::Close(DocumentId(0)));
    desk(&mut state, DeskCommand::Close(DocumentId(1)));
    assert_eq!(state.desk.preferences, of_b);
}

#[test]
fn the_dialog_opens_all_that_was_chosen_and_where_there_is_none_a_path_is_asked_for() {
    let mut state = State::default();
    let asked = desk(&mut state, DeskCommand::Choose);
    assert_eq!(asked, [Request::Run(Errand::Choose)]);
    assert!(
        desk(&mut state, DeskCommand::Choose).is_empty(),
        "it is open"
    );
    let files = Chosen::Files(vec!["a".into(), "b".into()]);
    desk(&mut state, DeskCommand::Chosen(files));
    assert_eq!(names(&state), ["a", "b"]);
    assert!(!state.desk.chooser.is_open);
    desk(&mut state, DeskCommand::Choose);
    let none = Chosen::Unavailable("no portal".to_owned());
    desk(&mut state, DeskCommand::Chosen(none));
    let chooser = &state.desk.chooser;
    assert!(chooser.is_open && !chooser.is_choosing);
    assert_eq!(chooser.problem.as_deref(), Some("no portal"));
    desk(&mut state, DeskCommand::EditPath("~/c".to_owned()));
    let typed = desk(&mut state, DeskCommand::OpenPath);
    assert_eq!(typed, [Request::Run(Errand::OpenTyped("~/c".to_owned()))]);
    assert!(!state.desk.chooser.is_open);
    assert!(desk(&mut state, DeskCommand::OpenPath).is_empty());
}

#[test]
fn files_that_are_gone_are_known_to_be() {
    let mut state = State::default();
    for name in ["a", "b"] {
        let recent = Recent {
            path: name.into(),
            host: String::new(),
            opened: WallTime(0),
            is_missing: false,
        };
        desk(&mut state, DeskCommand::Remember(recent));
    }
    desk(&mut state, DeskCommand::Found(vec![("a".into(), true)]));
    let missing: Vec<bool> = state
        .desk
        .recent
        .iter()
        .map(|file| file.is_missing)
        .collect();
    assert_eq!(missing, [false, true]);
    desk(&mut state, DeskCommand::Forget("a".into()));
    assert_eq!(state.desk.recent.len(), 1);
}

#[test]
fn a_picture_is_named_by_host_and_time_and_replaces_nothing_unasked() {
    let mut state = open_state();
    desk(&mut state, DeskCommand::BeginPicture);
    let text = |state: &State| state.desk.saving.clone().unwrap().text;
    assert_eq!(text(&state), "host-1970-01-01-001640.png");
    let save = |state: &mut State, replaces| desk(state, DeskCommand::SavePicture { replaces });
    let to = text(&state);
    let asked = save(&mut state, false);
    let picture = |replaces| {
        let to = to.clone();
        [Request::Run(Errand::Picture { to, replaces })]
    };
    assert_eq!(asked, picture(false));
    assert!(save(&mut state, false).is_empty(), "it is being painted");
    desk(&mut state, DeskCommand::PictureSaved(Err(NotSaved::Exists)));
    assert!(state.desk.saving.as_ref().unwrap().exists);
    assert_eq!(save(&mut state, true), picture(true));
    desk(
        &mut state,
        DeskCommand::PictureSaved(Ok("/tmp/x.png".into())),
    );
    assert_eq!(state.desk.saving, None);
    let word = state.desk.word.unwrap();
    assert_eq!(
        (word.text.as_str(), word.is_problem),
        ("The picture is in /tmp/x.png", false)
    );
}
