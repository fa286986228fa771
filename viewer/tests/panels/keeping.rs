//! What is told of damage, staying at the end, pictures, and what is remembered.

use crate::generated::Generated;
use crate::{document, settle, until};
use afterimage_format::time::WallTime;
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::data::{DAMAGED, Damage, Ending, Facts, GapBand, LostRows};
use afterimage_viewer::settings::{Settings, file};
use afterimage_viewer::state::ThemeChoice;
use afterimage_viewer::state::table::Column;
use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::path::PathBuf;
use std::time::Duration;

type Window = Harness<'static, Viewer>;

fn viewer_of(ctx: &egui::Context, change: fn(&mut Facts)) -> Viewer {
    let opener_for = move |_path| -> Opener {
        Box::new(move |_told| {
            let mut generated = Generated::new();
            generated.change_facts(change);
            Ok(Box::new(generated))
        })
    };
    let mut viewer = Viewer::with_opener(ctx, Box::new(opener_for));
    let path = PathBuf::from("web-07.afterimage");
    viewer.perform(Command::Open { path, at: None });
    viewer
}

fn window_of(change: fn(&mut Facts)) -> Window {
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 800.0))
        .with_max_steps(40)
        .build_eframe(move |creation| viewer_of(&creation.egui_ctx, change));
    settle(&mut harness);
    harness
}

/// A viewer of a damaged capture.
pub(crate) fn damaged_viewer(ctx: &egui::Context) -> Viewer {
    viewer_of(ctx, damaged)
}

fn damaged(facts: &mut Facts) {
    let from = WallTime(facts.first.0 + 600_000_000);
    facts.gaps.insert(
        0,
        GapBand {
            from,
            to: WallTime(from.0 + 60_000_000),
            kind: DAMAGED.to_owned(),
            detail: "its checksum does not match".to_owned(),
        },
    );
    facts.damage = Damage {
        time: Duration::from_mins(1),
        rows: 2,
        tables: vec![LostRows {
            table: "kernel_log",
            rows: 2,
            is_torn: false,
            when: vec![(
                WallTime(from.0 + 600_000_000),
                WallTime(from.0 + 660_000_000),
            )],
        }],
        behind: None,
        salvaged: None,
    };
}

/// A window with a damaged capture.
pub(crate) fn damaged_window() -> Window {
    window_of(damaged)
}

#[test]
fn damage_is_told_plainly_and_its_list_goes_there() {
    let mut harness = window_of(damaged);
    harness.get_by_label_contains(
        "This capture is damaged: 1 minute and 2 other records are damaged and left out.",
    );
    harness.get_by_label("What is missing").click();
    harness.run();
    harness.get_by_label("The kernel log: 2 rows left out, from 13:20:00 to 13:21:00");
    harness
        .get_by_label_contains("13:10:00 to 13:11:00")
        .click();
    settle(&mut harness);
    assert_eq!(crate::cursor(&harness), "13:10:00");
    harness.get_by_label("Put this notice away").click();
    harness.run();
    assert!(harness.query_by_label("Put this notice away").is_none());
    harness
        .get_by_label("1 minute and 2 other records are damaged and left out")
        .click();
    harness.run();
    harness.get_by_label("Put this notice away");
}

#[test]
fn a_copy_of_a_running_recording_says_how_far_behind_it_is() {
    let harness = window_of(|facts| {
        facts.ending = Ending::CopiedLive;
        facts.damage.behind = Some(Duration::from_secs(12));
    });
    harness.get_by_label_contains("the last 12 s before that are not in it");
}

#[test]
fn in_a_capture_of_several_days_the_tags_say_which_day_it_is() {
    let tags = |change| {
        let mut harness = window_of(change);
        harness.key_press(Key::Home);
        settle(&mut harness);
        harness.key_press(Key::P);
        settle(&mut harness);
        let plot = harness
            .get_by_label_contains("Load against wait over time")
            .rect();
        harness.hover_at(plot.center());
        harness.run();
        let name = harness.query_by_label_contains("Pinned moment ");
        let pin = name.and_then(|node| node.accesskit_node().label());
        let all = crate::painted(&harness);
        let cursor = all.iter().any(|text| text == "22 Nov 13:00:00");
        let hover = |text: &String| text.starts_with("23 Nov ") && text.len() == 15;
        (cursor, all.iter().any(hover), pin.unwrap_or_default())
    };
    let long = |facts: &mut Facts| facts.last = WallTime(facts.first.0 + 2 * 86_400_000_000);
    let pin = "Pinned moment 22 Nov 13:00:00: go there".to_owned();
    assert_eq!(tags(long), (true, true, pin));
    let pin = "Pinned moment 13:00:00: go there".to_owned();
    assert_eq!(tags(|_| ()), (false, false, pin));
}

#[test]
fn a_sound_capture_has_no_notice() {
    let harness = window_of(|_| ());
    assert!(harness.query_by_label("Put this notice away").is_none());
    assert!(harness.query_by_label("Live").is_none());
}

#[test]
fn what_is_being_recorded_is_followed_until_the_cursor_is_moved_and_then_again() {
    let mut harness = window_of(|facts| facts.ending = Ending::Recording);
    assert!(document(&harness).time.following);
    harness.get_by_label("Live");
    harness.key_press(Key::ArrowLeft);
    settle(&mut harness);
    assert!(!document(&harness).time.following);
    harness.get_by_label("Go live").click();
    settle(&mut harness);
    assert!(document(&harness).time.following);
    assert_eq!(crate::cursor(&harness), "14:59:59");
    harness.get_by_label("Live").click();
    settle(&mut harness);
    assert!(!document(&harness).time.following);
}

fn name_picture(harness: &mut Window, path: &std::path::Path) {
    let field = harness.get_by_role_and_label(Role::TextInput, "Name of the picture");
    field.focus();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.event(Event::Text(path.display().to_string()));
    harness.run();
}

#[test]
fn a_picture_is_saved_under_a_name_and_replaces_nothing_unasked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("what.png");
    let mut harness = window_of(|_| ());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::S);
    harness.run();
    let saving = harness.state().state().desk.saving.clone();
    assert_eq!(
        saving.expect("it is asked").text,
        "web-07-2026-11-22-145959.png"
    );
    name_picture(&mut harness, &path);
    harness.key_press(Key::Enter);
    until(&mut harness, |viewer| viewer.state().desk.saving.is_none());
    harness.get_by_label_contains("The picture is in ");
    let bytes = std::fs::read(&path).expect("it is there");
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info();
    let reader = reader.expect("it is a picture");
    assert_eq!((reader.info().width, reader.info().height), (1280, 800));

    std::fs::write(&path, "something else").expect("it is written");
    harness.get_by_label("Save as picture").click();
    harness.run();
    name_picture(&mut harness, &path);
    harness.get_by_label("Save").click();
    until(&mut harness, |viewer| {
        let saving = viewer.state().desk.saving.as_ref();
        saving.is_some_and(|saving| saving.exists)
    });
    harness.get_by_label("There is a file of that name already.");
    assert_eq!(
        std::fs::read(&path).expect("it is there"),
        b"something else"
    );
    harness.get_by_label("Replace it").click();
    until(&mut harness, |viewer| viewer.state().desk.saving.is_none());
    assert_eq!(std::fs::read(&path).expect("it is there"), bytes);
}

#[test]
fn what_was_chosen_is_there_again_the_next_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("viewer.toml");
    let begin = |path: PathBuf| -> Window {
        let opener_for = |_path| -> Opener { Box::new(|_told| Ok(Box::new(Generated::new()))) };
        let mut harness = Harness::builder()
            .with_size(egui::vec2(1280.0, 800.0))
            .with_max_steps(40)
            .build_eframe(move |creation| {
                let mut viewer = Viewer::with_opener(&creation.egui_ctx, Box::new(opener_for));
                viewer.keep_settings(path.clone(), &file::read(&path));
                let path = PathBuf::from("web-07.afterimage");
                viewer.perform(Command::Open { path, at: None });
                viewer
            });
        settle(&mut harness);
        harness
    };
    let mut harness = begin(path.clone());
    harness.state_mut().perform(Command::SortBy(Column::Rss));
    harness
        .state_mut()
        .perform(Command::ToggleColumn(Column::Nice));
    harness
        .state_mut()
        .perform(Command::SetTheme(ThemeChoice::Light));
    harness.ctx.set_zoom_factor(1.25);
    settle(&mut harness);
    let edge = harness.get_by_role_and_label(Role::Splitter, "Width of PID");
    let from = edge.rect().center();
    harness.drag_at(from);
    harness.run();
    let to = from + egui::vec2(30.0, 0.0);
    harness.hover_at(to);
    harness.run();
    harness.drop_at(to);
    settle(&mut harness);
    let before = Settings::of(harness.state().state());
    eframe::App::on_exit(harness.state_mut(), None);
    drop(harness);

    let harness = begin(path.clone());
    let table = &document(&harness).table;
    assert_eq!(table.sort, Column::Rss);
    assert!(!table.columns.contains(&Column::Nice));
    let width = table.widths[&Column::Pid];
    let heading = harness.get_by_role_and_label(Role::ColumnHeader, "PID");
    assert!((width - 106.0).abs() < 1.5 && (heading.rect().width() - width).abs() < 1.0);
    assert_eq!(harness.state().state().theme, Some(ThemeChoice::Light));
    assert!((harness.ctx.zoom_factor() - 1.25).abs() < 0.001);
    let after = Settings::of(harness.state().state());
    assert_eq!(after.recent.len(), 1);
    assert_eq!((after.table, after.tracks), (before.table, before.tracks));
    drop(harness);

    std::fs::write(&path, "theme = 7").expect("it is written");
    let harness = begin(path);
    harness.get_by_label_contains("The settings could not be understood");
    assert_eq!(document(&harness).table.sort, Column::Cpu);
}

#[test]
fn live_is_left_by_playing() {
    let mut harness = window_of(|facts| facts.ending = Ending::Recording);
    assert!(document(&harness).time.following);
    harness.get_by_label("Play").click();
    for _ in 0..3 {
        harness.step();
    }
    assert!(!document(&harness).time.following);
    harness.get_by_label("Go live");
}
