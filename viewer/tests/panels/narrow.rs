//! Small windows: what can be pressed neither overlaps nor leaves the window, and what one came for
//! is in sight: the curves of load and wait, and who it was.

use crate::generated::Generated;
use crate::{document, harness_of, settle};
use afterimage_viewer::app::Viewer;
use afterimage_viewer::command::Command;
use afterimage_viewer::data::Ending;
use afterimage_viewer::data::worker::Opener;
use egui::accesskit::Role;
use egui::{Key, Rect, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::path::PathBuf;

type Window = Harness<'static, Viewer>;

const SIZES: [Vec2; 4] = [
    vec2(640.0, 420.0),
    vec2(760.0, 500.0),
    vec2(900.0, 600.0),
    vec2(1280.0, 800.0),
];

/// A capture that is being recorded, opened so many times.
fn recorded(size: Vec2, captures: usize) -> Window {
    let opener_for = |_path| -> Opener {
        Box::new(|_told| {
            let mut generated = Generated::new();
            generated.change_facts(|facts| facts.ending = Ending::Recording);
            Ok(Box::new(generated))
        })
    };
    let mut harness = Harness::builder()
        .with_size(size)
        .with_max_steps(40)
        .build_eframe(move |creation| {
            let mut viewer = Viewer::with_opener(&creation.egui_ctx, Box::new(opener_for));
            for number in 0..captures {
                let path = PathBuf::from(format!("web-07-{number}.afterimage"));
                viewer.perform(Command::Open { path, at: None });
            }
            viewer
        });
    settle(&mut harness);
    harness
}

/// Everything that can be pressed or typed into, but for rows, headings and what stands in a part
/// that is scrolled: the captures and the tracks.
fn controls(harness: &Window) -> Vec<(String, Rect)> {
    let mut all = Vec::new();
    for role in [Role::Button, Role::Tab, Role::TextInput] {
        for node in harness.query_all_by_role(role) {
            let name = node.accesskit_node().label().unwrap_or_default();
            let is_capture = name.starts_with("web-07") || name.starts_with("Close web-07");
            // What stands on a page that is scrolled.
            let is_scrolled = name.starts_with("Copy: ");
            if !is_capture && !is_scrolled {
                all.push((name, node.rect()));
            }
        }
    }
    all
}

/// Fails when one of them lies on another one, or not wholly in the window.
fn check(harness: &Window, size: Vec2, what: &str) {
    let window = Rect::from_min_size(egui::Pos2::ZERO, size).expand(0.5);
    let all = controls(harness);
    assert!(all.len() >= 15, "{what} at {size}: {all:?}");
    for (place, (name, rect)) in all.iter().enumerate() {
        assert!(
            window.contains_rect(*rect),
            "{what} at {size}: `{name}` leaves the window: {rect:?}"
        );
        for (other, beside) in &all[place + 1..] {
            let both = rect.shrink(0.5).intersect(beside.shrink(0.5));
            assert!(
                !both.is_positive(),
                "{what} at {size}: `{name}` {rect:?} and `{other}` {beside:?} overlap"
            );
        }
    }
}

#[test]
fn no_control_overlaps_another_or_leaves_a_small_window() {
    for size in SIZES {
        let mut harness = harness_of(size, "13:57:03");
        check(&harness, size, "the processes");
        harness.key_press(Key::G);
        harness.run();
        check(&harness, size, "the field for a time");
        harness.key_press(Key::Escape);
        harness.run();
        harness.key_press(Key::P);
        settle(&mut harness);
        harness.key_press(Key::ArrowRight);
        settle(&mut harness);
        check(&harness, size, "a comparison");
        harness.key_press(Key::P);
        settle(&mut harness);
        let rows = document(&harness).rows().expect("they are loaded");
        let key = rows.get(0).expect("there is one").row.key;
        harness.state_mut().perform(Command::Follow(key));
        settle(&mut harness);
        harness.get_by_label("Close");
        check(&harness, size, "the page of a process");
    }
}

#[test]
fn no_tab_is_lost_in_a_narrow_window() {
    let titles = [
        "Processes",
        "CPU",
        "Memory",
        "Disks",
        "Network",
        "Sockets",
        "Waits",
        "Pressure",
        "Kernel log",
        "Load",
        "Threads",
    ];
    for size in SIZES {
        let mut harness = harness_of(size, "13:57:03");
        for title in titles {
            let is_in_sight =
                |harness: &Window| harness.query_by_role_and_label(Role::Tab, title).is_some();
            if is_in_sight(&harness) {
                harness.get_by_role_and_label(Role::Tab, title).click();
            } else {
                harness.get_by_label("More").click();
                harness.run();
                harness.get_by_role_and_label(Role::Button, title).click();
            }
            settle(&mut harness);
            assert_eq!(document(&harness).tab.title(), title);
            assert!(is_in_sight(&harness), "{title} at {size}");
            check(&harness, size, title);
        }
    }
}

#[test]
fn several_captures_that_are_being_recorded_leave_room_for_the_rest() {
    for size in SIZES {
        let harness = recorded(size, 3);
        check(&harness, size, "three captures");
        for name in [
            "Save as picture",
            "Whole capture",
            "Live",
            "Tracks",
            "Open …",
        ] {
            harness.get_by_label(name);
        }
    }
}

#[test]
fn who_it_was_is_in_sight_however_narrow_it_is() {
    for size in SIZES {
        let mut harness = harness_of(size, "13:57:03");
        let command = |harness: &Window| {
            let header = harness.get_by_role_and_label(Role::ColumnHeader, "Command");
            header.rect()
        };
        let seen = command(&harness);
        assert!(
            seen.left() + 120.0 <= size.x && seen.width() >= 120.0,
            "{size}: {seen:?}"
        );
        harness.key_press(Key::P);
        settle(&mut harness);
        harness.key_press(Key::ArrowRight);
        settle(&mut harness);
        let seen = command(&harness);
        assert!(
            seen.left() + 100.0 <= size.x,
            "compared at {size}: {seen:?}"
        );
    }
}

#[test]
fn columns_that_are_left_out_are_counted_and_those_that_were_chosen_stay() {
    let mut harness = harness_of(vec2(900.0, 600.0), "13:57:03");
    harness.get_by_label("Columns −3");
    assert!(
        harness
            .query_by_role_and_label(Role::ColumnHeader, "Nice")
            .is_none()
    );
    assert!(
        harness
            .query_by_role_and_label(Role::ColumnHeader, "PID")
            .is_some()
    );
    let column = afterimage_viewer::state::table::Column::Tty;
    harness.state_mut().perform(Command::ToggleColumn(column));
    harness.run();
    harness.get_by_label("Columns");
    harness.get_by_role_and_label(Role::ColumnHeader, "Nice");
    let harness = harness_of(vec2(1280.0, 800.0), "13:57:03");
    harness.get_by_label("Columns");
    harness.get_by_role_and_label(Role::ColumnHeader, "Nice");
}

#[test]
fn load_and_wait_are_in_sight_in_a_small_window() {
    for size in &SIZES[1..] {
        let harness = harness_of(*size, "13:57:03");
        let plot = harness
            .get_by_label_contains("Load against wait over time")
            .rect();
        assert!(plot.height() >= 49.5, "{size}: {plot:?}");
        let ruler = harness.get_by_label_contains("Shown: ").rect();
        assert!(plot.bottom() <= ruler.top(), "{size}: {plot:?} {ruler:?}");
        // The lanes are between them, or under them in a part that is scrolled.
        let kills = harness.get_by_label_contains("OOM kills: ").rect();
        assert!(plot.bottom() <= kills.top(), "{size}: {kills:?}");
        if size.y >= 600.0 {
            assert!(kills.bottom() <= ruler.top(), "{size}: {kills:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_time_is_told_once() {
    let mut harness = harness_of(vec2(900.0, 600.0), "13:57:03");
    harness.key_press(Key::G);
    harness.run();
    harness.get_by_label("Go to a time").type_text("yesterday");
    harness.run();
    harness.key_press(Key::Enter);
    settle(&mut harness);
    let problem = document(&harness).problem.clone().expect("it is no time");
    let painted = crate::painted(&harness);
    let told = painted
        .iter()
        .filter(|text| text.contains(&problem))
        .count();
    assert_eq!(told, 1, "{problem}: {painted:?}");
}

#[test]
fn what_is_available_of_memory_is_told_in_one_piece_under_the_bar() {
    for width in [640.0, 900.0, 1_100.0, 1_280.0] {
        let mut harness = harness_of(vec2(width, 800.0), "13:57:03");
        harness.key_press(Key::Num3);
        settle(&mut harness);
        assert_eq!(document(&harness).tab.title(), "Memory");
        let bar = harness.get_by_label_contains("RAM: ").rect();
        let told = harness.get_by_label_contains("Right of the line: ").rect();
        assert!(told.height() < 30.0, "{width}: {told:?}");
        assert!(
            told.left() >= bar.left() + 58.0 && told.right() <= bar.right() + 0.5,
            "{width}: {told:?} under {bar:?}"
        );
    }
}
