//! The page of the kernel log: beside the cursor, searched, and from it to a process.

use crate::{cursor, document, harness, settle};
use afterimage_format::process::Pid;
use afterimage_viewer::app::Viewer;
use afterimage_viewer::state::tabs::Tab;
use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, Role, TouchPhase, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};

/// The kernel log of a viewer; a line every three minutes.
fn log(at: &'static str) -> Harness<'static, Viewer> {
    let mut harness = harness(at);
    harness.key_press(Key::Num9);
    settle(&mut harness);
    harness
}

/// The names of the lines in sight.
fn in_sight(harness: &Harness<'static, Viewer>) -> Vec<String> {
    let rows = harness.query_all(By::new().role(Role::Row));
    rows.filter_map(|row| row.accesskit_node().label())
        .collect()
}

fn sees(harness: &Harness<'static, Viewer>, words: &str) -> bool {
    in_sight(harness).iter().any(|line| line.contains(words))
}

fn type_search(harness: &mut Harness<'static, Viewer>, text: &str) {
    harness.key_press(Key::Slash);
    harness.run();
    harness
        .get_by_label("Search the kernel log")
        .type_text(text);
    settle(harness);
}

#[test]
fn the_list_goes_with_the_cursor_until_somebody_scrolls() {
    let mut harness = log("14:00:00");
    assert!(sees(&harness, "14:00:00.000"));
    assert!(!sees(&harness, "13:00:00.000"));
    harness.key_press(Key::Home);
    settle(&mut harness);
    assert!(sees(&harness, "13:00:00.000"), "{:?}", in_sight(&harness));
    let line = By::new().role(Role::Row).label_contains("13:00:00.000");
    harness.hover_at(harness.get(line).rect().center());
    harness.run();
    harness.event(Event::MouseWheel {
        source: MouseWheelSource::Unknown,
        unit: MouseWheelUnit::Point,
        delta: Vec2::new(0.0, -60.0),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
    });
    settle(&mut harness);
    assert!(!document(&harness).log.follows);
    harness.key_press(Key::End);
    settle(&mut harness);
    assert!(!sees(&harness, "14:57:00.000"));
    harness.get_by_label("Follow the cursor").click();
    settle(&mut harness);
    assert!(sees(&harness, "14:57:00.000"));
}

#[test]
fn a_click_on_a_line_goes_there_and_arrows_go_on() {
    let mut harness = log("14:00:00");
    let line = By::new().role(Role::Row).label_contains("13:57:00.000");
    harness.get(line).click();
    settle(&mut harness);
    assert_eq!(cursor(&harness), "13:57:00");
    assert_eq!(document(&harness).tab, Tab::Log);
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:00:00");
    harness.key_press(Key::ArrowUp);
    harness.key_press(Key::ArrowUp);
    settle(&mut harness);
    assert!(cursor(&harness).as_str() < "14:00:00");
}

#[test]
fn matches_are_counted_and_gone_through_with_enter() {
    let mut harness = log("14:00:00");
    type_search(&mut harness, "i/o ERROR");
    assert!(harness.query_by_label("2 matches").is_some());
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert!(
        harness.query_by_label("2 of 2").is_some(),
        "from the cursor on"
    );
    assert!(
        sees(&harness, "14:09:00.000 error"),
        "{:?}",
        in_sight(&harness)
    );
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert!(harness.query_by_label("1 of 2").is_some(), "and round");
    assert!(
        sees(&harness, "13:09:00.000 error"),
        "{:?}",
        in_sight(&harness)
    );
    harness.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    settle(&mut harness);
    assert!(harness.query_by_label("2 of 2").is_some());
    assert_eq!(cursor(&harness), "14:00:00", "looking moves no cursor");
    harness.get_by_label("Only matches").click();
    settle(&mut harness);
    assert_eq!(document(&harness).log.lines.len(), 2);
    type_search(&mut harness, " of which there is none");
    assert!(harness.query_by_label("no match").is_some());
}

#[test]
fn a_threshold_shows_only_what_is_as_severe() {
    let mut harness = log("14:00:00");
    harness.get_by_label("All lines").click();
    harness.run();
    harness.get_by_label("Errors and worse").click();
    settle(&mut harness);
    assert!(harness.query_by_label("3 of 41 lines").is_some());
    assert!(
        in_sight(&harness)
            .iter()
            .all(|line| line.contains(" error: "))
    );
}

#[test]
fn a_line_that_names_a_process_leads_to_it_as_it_was_then() {
    let mut harness = log("14:00:00");
    harness.get_by_label("pid 2013").click();
    settle(&mut harness);
    assert_eq!(cursor(&harness), "14:01:42");
    let document = document(&harness);
    assert_eq!(document.tab, Tab::Processes);
    let page = document.page.as_ref().expect("it is followed");
    assert_eq!(page.key.pid, Pid(2013));
}
