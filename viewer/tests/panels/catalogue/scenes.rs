//! What is there before a command is given, and what is looked at before and after it.

use super::Window;
use crate::{document, harness, settle};
use afterimage_analysis::processes::group::GroupBy;
use afterimage_viewer::command::{Command, LogCommand, TrackCommand};
use afterimage_viewer::data::Lane;
use afterimage_viewer::state::ThemeChoice;
use afterimage_viewer::state::table::{Arrangement, Column};
use afterimage_viewer::state::tabs::Tab;
use afterimage_viewer::state::tracks::TrackId;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use std::path::PathBuf;

pub(super) fn plain() -> Window {
    harness("14:00:00")
}

/// With these done before.
pub(super) fn with(commands: &[Command]) -> Window {
    let mut harness = plain();
    for command in commands {
        harness.state_mut().perform(command.clone());
        settle(&mut harness);
    }
    harness
}

pub(super) fn pressed(keys: &[(Modifiers, Key)]) -> Window {
    let mut harness = plain();
    for (held, key) in keys {
        harness.key_press_modifiers(*held, *key);
        settle(&mut harness);
    }
    harness
}

const NONE: Modifiers = Modifiers::NONE;

pub(super) fn followed() -> Window {
    pressed(&[(NONE, Key::ArrowDown)])
}

pub(super) fn second() -> Window {
    pressed(&[(NONE, Key::ArrowDown), (NONE, Key::ArrowDown)])
}

pub(super) fn at_start() -> Window {
    pressed(&[(NONE, Key::Home)])
}

pub(super) fn back_from_start() -> Window {
    pressed(&[(NONE, Key::Home), (Modifiers::ALT, Key::ArrowLeft)])
}

pub(super) fn zoomed() -> Window {
    pressed(&[(NONE, Key::Plus)])
}

pub(super) fn filtered() -> Window {
    with(&[Command::Filter("nginx".to_owned())])
}

pub(super) fn at_group() -> Window {
    let by_user = Command::Arrange(Arrangement::By(GroupBy::User));
    with(&[by_user, Command::SelectNext(1)])
}

pub(super) fn at_marks() -> Window {
    with(&[Command::Track(TrackCommand::ChooseLane(Lane::Marks))])
}

pub(super) fn at_kill() -> Window {
    let choose = TrackCommand::ChooseLane(Lane::OomKills);
    with(&[
        Command::Track(choose),
        Command::Track(TrackCommand::NextEvent),
    ])
}

pub(super) fn other_columns() -> Window {
    with(&[Command::ToggleColumn(Column::Nice)])
}

pub(super) fn searched() -> Window {
    let search = LogCommand::Search("segfault".to_owned());
    with(&[Command::ShowTab(Tab::Log), Command::Log(search)])
}

pub(super) fn scrolled_log() -> Window {
    let follow = LogCommand::Follow(false);
    with(&[Command::ShowTab(Tab::Log), Command::Log(follow)])
}

pub(super) fn two() -> Window {
    with(&[Command::Open {
        path: PathBuf::from("db-01.afterimage"),
        at: None,
    }])
}

pub(super) fn light() -> Window {
    with(&[Command::SetTheme(ThemeChoice::Light)])
}

pub(super) fn dark() -> Window {
    with(&[Command::SetTheme(ThemeChoice::Dark)])
}

pub(super) fn shares(harness: &Window) -> [f64; 2] {
    let time = &document(harness).time;
    let (view, whole) = (time.view, time.whole());
    let all = whole.micros() as f64;
    let from = (view.from.0 - whole.from.0) as f64 / all;
    [from, view.micros() as f64 / all]
}

/// How much of the whole capture is shown, in percent.
pub(super) fn length(harness: &Window) -> String {
    format!("{:.0} %", shares(harness)[1] * 100.0)
}

/// Where the view begins, in tenths of the whole.
pub(super) fn begin(harness: &Window) -> String {
    let tenths = shares(harness)[0] * 10.0;
    let word = if tenths < 2.0 {
        "earlier"
    } else if tenths > 3.0 {
        "later"
    } else {
        "there"
    };
    word.to_owned()
}

pub(super) fn node_has_focus(harness: &Window, name: &str) -> bool {
    let mut all = harness.query_all(By::new().label(name));
    all.any(|node| node.accesskit_node().is_focused())
}

pub(super) fn part(harness: &Window) -> String {
    let parts = [
        "Captures and commands",
        "Curves and lanes",
        "Page under the curves",
        "Status and keys",
    ];
    let on = parts.into_iter().find(|part| node_has_focus(harness, part));
    on.unwrap_or("none").to_owned()
}

pub(super) fn has(harness: &Window, name: &str) -> String {
    let mut all = harness.query_all_by_label_contains(name);
    all.next().is_some().to_string()
}

/// The line of the process that is followed.
pub(super) fn line(harness: &Window) -> String {
    let document = document(harness);
    let rows = document.rows().expect("it is loaded");
    let table = &document.table;
    let mut lines = 0..table.lines.len();
    let found = table
        .selected
        .and_then(|key| lines.find(|line| table.process_of(*line, &rows) == Some(key)));
    format!("{found:?}")
}

pub(super) fn is_open(harness: &Window) -> String {
    let table = &document(harness).table;
    (table.lines.len() > table.groups.len()).to_string()
}

pub(super) fn copied(harness: &Window) -> String {
    let key = egui::Id::unique("what a test saw on the clipboard");
    let text: Option<String> = harness.ctx.data(|data| data.get_temp(key));
    text.map_or("nothing".to_owned(), |text| {
        let word = text.split([' ', ',']).find(|word| !word.is_empty());
        word.unwrap_or_default().to_owned()
    })
}

pub(super) fn two_tracks() -> Window {
    with(&[Command::Track(TrackCommand::Toggle(TrackId::Memory))])
}

pub(super) fn first_track(harness: &Window) -> String {
    let tracks = &document(harness).timeline.tracks.0;
    let first = tracks.first().map(|track| track.id.track().title);
    first.unwrap_or("none").to_owned()
}

pub(super) fn is_usually_high(harness: &Window) -> String {
    let tracks = &document(harness).timeline.tracks.0;
    tracks
        .iter()
        .all(|track| track.height.is_none())
        .to_string()
}

pub(super) fn columns(harness: &Window) -> String {
    document(harness).table.columns.len().to_string()
}
