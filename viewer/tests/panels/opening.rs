//! Opening, closing and choosing captures, as a person does it.

use crate::generated::Generated;
use crate::{settle, until};
use afterimage_format::capture::watch::{Stage, Watch as _, Work};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::{Command, DeskCommand};
use afterimage_viewer::data::worker::Opener;
use afterimage_viewer::data::{ReplayError, open};
use afterimage_viewer::state::Document;
use afterimage_viewer::state::desk::Chosen;
use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, PointerButton};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether the opener that ends only when it is told to has ended.
static ENDED: AtomicBool = AtomicBool::new(false);
static ENDED_AT_EXIT: AtomicBool = AtomicBool::new(false);

type Window = Harness<'static, Viewer>;

/// What tests open: names that begin with `no` cannot be opened, those with `slow` take until
/// they are cancelled, and all else is the generated capture.
fn opener(path: PathBuf) -> Opener {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with("no") {
        return Box::new(move |told| open(&path, told));
    }
    if name.starts_with("slow") {
        let is_first = name == "slow.afterimage";
        return Box::new(move |told| {
            told.reached(Stage {
                work: Work::CopyingLog,
                done: 1 << 20,
                total: 4 << 20,
            });
            while !told.is_over() {
                std::thread::yield_now();
            }
            let ended = if is_first { &ENDED } else { &ENDED_AT_EXIT };
            ended.store(true, Ordering::Relaxed);
            Err(ReplayError::Damaged)
        });
    }
    Box::new(|_told| Ok(Box::new(Generated::new())))
}

/// A window without a capture, in which the dialog answers so.
fn window_with(chosen: Chosen) -> Window {
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 800.0))
        .with_max_steps(40)
        .build_eframe(move |creation| {
            let viewer = Viewer::with_opener(&creation.egui_ctx, Box::new(opener));
            let chosen = chosen.clone();
            viewer.with_dialog(Arc::new(move || chosen.clone()))
        });
    harness.run();
    harness
}

fn window() -> Window {
    window_with(Chosen::Files(vec![]))
}

fn open_files(harness: &mut Window, names: &[&str]) {
    for name in names {
        let path = PathBuf::from(name);
        harness
            .state_mut()
            .perform(Command::Open { path, at: None });
    }
    settle(harness);
}

fn names(harness: &Window) -> Vec<String> {
    let documents = &harness.state().state().documents;
    documents.iter().map(Document::name).collect()
}

fn shown(harness: &Window) -> String {
    let document = harness.state().state().document();
    document.map(Document::name).unwrap_or_default()
}

fn type_path(harness: &mut Window, text: &str) {
    harness
        .get_by_role_and_label(Role::TextInput, "Path of a capture")
        .focus();
    harness.run();
    harness.event(Event::Text(text.to_owned()));
    harness.run();
    harness.key_press(Key::Enter);
    settle(harness);
}

#[test]
fn a_path_is_typed_into_the_empty_window_and_enter_opens_it() {
    let mut harness = window();
    type_path(&mut harness, " \"web-07.afterimage\" ");
    assert_eq!(shown(&harness), "web-07.afterimage");
    assert!(crate::document(&harness).facts().is_some());
}

#[test]
fn a_path_that_cannot_be_opened_stays_in_the_field_to_be_put_right() {
    let mut harness = window();
    type_path(&mut harness, "no such.afterimage");
    harness.get_by_label("no such.afterimage was not opened");
    assert_eq!(
        harness.state().state().desk.chooser.text,
        "no such.afterimage"
    );
    harness
        .state_mut()
        .perform(Command::Desk(DeskCommand::EditPath(
            "web-07.afterimage".to_owned(),
        )));
    harness.run();
    harness.get_by_label("Open").click();
    settle(&mut harness);
    assert_eq!(shown(&harness), "web-07.afterimage");
    assert_eq!(harness.state().state().desk.chooser.text, "");
}

#[test]
fn the_empty_window_teaches_three_commands_and_copies_each() {
    let mut harness = window();
    for what in ["Record on the host", "Copy the file here", "Look at it"] {
        harness.get_by_label(&format!("Copy: {what}"));
    }
    harness.get_by_label("Copy: Record on the host").click();
    let is_copied = |harness: &mut Window| {
        harness.step();
        let commands = &harness.output().platform_output.commands;
        commands.iter().any(|command| {
            matches!(command, egui::OutputCommand::CopyText(text)
                if text == "afterimage record -o host.afterimage")
        })
    };
    assert!((0..3).any(|_| is_copied(&mut harness)));
}

#[test]
fn ctrl_o_opens_every_file_that_is_chosen_in_the_dialog() {
    let files = ["a.afterimage", "b.afterimage"].map(PathBuf::from);
    let mut harness = window_with(Chosen::Files(files.to_vec()));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    until(&mut harness, |viewer| viewer.state().documents.len() == 2);
    settle(&mut harness);
    assert_eq!(names(&harness), ["a.afterimage", "b.afterimage"]);
}

#[test]
fn without_a_dialog_the_field_stays_with_the_reason_and_can_be_used() {
    let mut harness = window_with(Chosen::Unavailable("No dialog here.".to_owned()));
    open_files(&mut harness, &["a.afterimage"]);
    harness.get_by_label("Open …").click();
    until(&mut harness, |viewer| {
        viewer.state().desk.chooser.problem.is_some()
    });
    harness.get_by_label_contains("No dialog here.");
    type_path(&mut harness, "b.afterimage");
    assert_eq!(shown(&harness), "b.afterimage");
    assert!(harness.query_by_label_contains("No dialog here.").is_none());
}

#[test]
fn the_same_file_is_not_opened_twice_and_escape_puts_the_field_away() {
    // Else the field goes with the dialog.
    let mut harness = window_with(Chosen::Unavailable("No dialog here.".to_owned()));
    open_files(&mut harness, &["a.afterimage", "b.afterimage"]);
    open_files(&mut harness, &["./a.afterimage"]);
    assert_eq!(names(&harness), ["a.afterimage", "b.afterimage"]);
    assert_eq!(shown(&harness), "a.afterimage");
    harness.get_by_label("Open …").click();
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, "Path of a capture");
    harness.key_press(Key::Escape);
    harness.run();
    let field = harness.query_by_role_and_label(Role::TextInput, "Path of a capture");
    assert!(field.is_none());
}

#[test]
fn tabs_are_gone_round_with_keys_and_closed_with_keys_buttons_and_the_middle_button() {
    let mut harness = window();
    open_files(
        &mut harness,
        &["a.afterimage", "b.afterimage", "c.afterimage"],
    );
    assert_eq!(shown(&harness), "c.afterimage");
    harness.key_press_modifiers(Modifiers::CTRL, Key::Tab);
    harness.run();
    assert_eq!(shown(&harness), "a.afterimage");
    harness.key_press_modifiers(Modifiers::CTRL | Modifiers::SHIFT, Key::Tab);
    harness.run();
    assert_eq!(shown(&harness), "c.afterimage");
    harness.get_by_label("Close web-07 · b.afterimage").click();
    harness.run();
    assert_eq!(names(&harness), ["a.afterimage", "c.afterimage"]);
    harness
        .get_by_label("web-07 · a.afterimage")
        .click_button(PointerButton::Middle);
    harness.run();
    assert_eq!(names(&harness), ["c.afterimage"]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::W);
    harness.run();
    assert!(names(&harness).is_empty());
    harness.get_by_role_and_label(Role::TextInput, "Path of a capture");
}

#[test]
fn two_captures_each_keep_their_own_cursor() {
    let mut harness = window();
    open_files(&mut harness, &["a.afterimage", "b.afterimage"]);
    harness.key_press(Key::Home);
    settle(&mut harness);
    assert_eq!(crate::cursor(&harness), "13:00:00");
    harness.get_by_label("web-07 · a.afterimage").click();
    settle(&mut harness);
    assert_eq!(crate::cursor(&harness), "14:59:59");
    harness.get_by_label("web-07 · b.afterimage").click();
    settle(&mut harness);
    assert_eq!(crate::cursor(&harness), "13:00:00");
}

#[test]
fn a_file_that_cannot_be_opened_says_why_and_can_be_tried_again_or_closed() {
    let mut harness = window();
    open_files(&mut harness, &["nothing.afterimage"]);
    harness.get_by_label("nothing.afterimage was not opened");
    harness.get_by_label_contains("cannot open");
    harness.get_by_label("Try again").click();
    settle(&mut harness);
    harness.get_by_label("nothing.afterimage was not opened");
    harness.get_by_label("Close").click();
    harness.run();
    assert!(names(&harness).is_empty());
}

#[test]
fn opening_says_what_it_is_doing_and_can_be_cancelled() {
    let mut harness = window();
    let path = PathBuf::from("slow.afterimage");
    harness
        .state_mut()
        .perform(Command::Open { path, at: None });
    assert!(harness.state_mut().wait(Duration::from_secs(30)));
    harness.run();
    harness.get_by_label_contains("write-ahead log aside");
    harness.get_by_label_contains("1.0 MiB of 4.0 MiB");
    harness.get_by_label("Cancel").click();
    harness.run();
    assert!(names(&harness).is_empty());
    // The work itself ends, not only the tab.
    while !ENDED.load(Ordering::Relaxed) {
        std::thread::yield_now();
    }
    harness.run();
    assert!(names(&harness).is_empty());
}

#[test]
fn closing_the_window_waits_until_workers_have_let_go() {
    let mut harness = window();
    let path = PathBuf::from("slow-exit.afterimage");
    harness
        .state_mut()
        .perform(Command::Open { path, at: None });
    eframe::App::on_exit(harness.state_mut(), None);
    assert!(ENDED_AT_EXIT.load(Ordering::Relaxed));
}

#[test]
fn what_was_open_is_on_the_list_and_what_is_gone_can_only_be_forgotten() {
    let mut harness = window();
    open_files(&mut harness, &["a.afterimage", "b.afterimage"]);
    for _ in 0..2 {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::W);
        harness.run();
    }
    let state = harness.state().state();
    let hosts: Vec<_> = state
        .desk
        .recent
        .iter()
        .map(|recent| &recent.host)
        .collect();
    assert_eq!(hosts, ["web-07", "web-07"]);
    until(&mut harness, |viewer| {
        let recent = &viewer.state().desk.recent;
        recent.iter().all(|recent| recent.is_missing)
    });
    let gone = harness.get_by_label_contains("b.afterimage not there any more");
    assert!(gone.accesskit_node().is_disabled());
    harness.get_by_label("Forget b.afterimage").click();
    harness.run();
    assert_eq!(harness.state().state().desk.recent.len(), 1);
    assert!(harness.query_by_label("Forget b.afterimage").is_none());
}

#[test]
fn files_held_over_the_window_are_named_and_dropping_opens_them() {
    let mut harness = window();
    open_files(&mut harness, &["a.afterimage"]);
    let held = |name: &str| egui::HoveredFile {
        path: Some(name.into()),
        mime: String::new(),
    };
    harness.input_mut().hovered_files = vec![held("b.afterimage"), held("c.afterimage")];
    // While files are held, each frame asks for another.
    harness.run_steps(3);
    harness.get_by_label("Drop to open these 2 captures");
    harness.get_by_label("c.afterimage");
    harness.input_mut().hovered_files.clear();
    harness.run();
    assert!(
        harness
            .query_by_label("Drop to open these 2 captures")
            .is_none()
    );
}
